"""Interfaces: the command line, its text, the dashboard, and environments for learners.

Entry points: `cli.main.main` (the script `market`), `text.report.comparison` (the printed table),
`dashboard.server.serve` and `env.entry.env`.

Read `text` first, then `cli`, then `dashboard`, which shows the rows and sentences of `text`; `env`
stands by itself.

Imports: all other rooms; no room imports this one.

To add an interface: a folder here that imports `results.comparison` and takes its words from `text`.
"""
