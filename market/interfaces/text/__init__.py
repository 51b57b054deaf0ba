"""Text for a terminal or a pipe: the table of a run, its interpretation, and the other commands' reports.

Entry points: `report.comparison` (`market run`), `verification.verification` (`market verify`),
`shards.shared`, `sweeps.swept`, `equilibria.multiplicity`, `catalogue.catalogue`.

Read `sections` (the rows of the table) and `sentences` (the interpretation; names and numbers) first, then
`layout` (tables of any labels and cells), then the module of a command.

Imports: results, efficiency and economy, and rich; never matplotlib. The dashboard takes its rows and
sentences from here, so that both always agree.

To add a row to the table: a `Row` in the function of its section in `sections`, and a note in `notes` if it
uses a sign. To add a section: one more `Section` in `sections.sections`.
"""
