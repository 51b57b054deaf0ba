"""Trade without an auctioneer: barter, order books, and mechanisms with payments of their own.

Entry points: one file or small room for each mechanism, registered in `MECHANISMS`; `largest_surplus`, the
optimum of an economy or of a coalition, serves several of them.
Reading order: any; each module's docstring has its rules, derivation and sources.
Imports economy, welfare, outcome, mechanisms.base and the planner; no other mechanism.
To add one: a file here and its class in `MECHANISMS`.
"""
