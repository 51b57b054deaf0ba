"""Interfaces: the command line, its text, and the dashboard.

Entry points: `cli.main.main` (the script `market`), `text.report.comparison` (the printed table) and
`dashboard.server.serve`.

Read `text` first, then `cli`, then `dashboard`, which shows the rows and sentences of `text`.

Imports: all other rooms; no room imports this one.

To add an interface: a folder here that imports `results.comparison` and takes its words from `text`.
"""
