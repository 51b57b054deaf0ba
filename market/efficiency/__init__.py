"""Efficiency: how far an outcome is from Pareto efficiency, with a proof of each figure.

Entry points: `report.alignment` (the report on one outcome), `contrast.contrast` (gains and losses between
two outcomes) and `welfare_measures.variation` (these in money).

Reading order: `report`, which asks the others; `negishi_weights` (the weights and prices that support an
outcome prove it efficient), `pareto_improvement` (the search where none do), `resource_utilisation` (Debreu's
coefficient) with `expenditure_bound`, `surplus_gap` (the surplus lost), `dual_bounds` (proofs without a
program); `contrast`, `surplus` (of consumers and producers) and `producer_accounts` each by itself.

Imports `economy`, `welfare`, `outcome`, `tolerances` and `errors`; never `mechanisms`: a judge that knew how
an outcome came about could share an error with it.

To add a figure: a function in `report` that returns a `Finding`, a field of `Alignment`, its key in
`results/schema.py` and `results/tables.py`, and a claim in `results/verify` that proves it again.
"""
