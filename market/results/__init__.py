"""Comparison of mechanisms on one economy, its files, and their verification.

Entry points: `comparison.compare` plays the mechanisms and returns a `Comparison`; `run_folder.write_run` and
`read_run` keep it; `verify.verify` proves a folder again; `equilibria.equilibria` searches for all
equilibria.

Reading order: `comparison`, `schema` (the layout of `result.json` and `manifest.json`), `tables` (a
comparison as JSON and tables), `summary_table` (the table with one row per mechanism), `run_folder`,
`equilibria`, `verify`.

Imports `simulation`, `scenario`, `efficiency` and `equilibrium`; matplotlib only inside `Comparison.plot`.

To add a figure of an outcome: a field in `schema`, its value in `tables.mechanism_result`, a claim in
`verify`; to show it in the table, one line in `summary_table.row`.
"""
