"""Games that are stated directly: players, what each may do, and what each gets.

Entry points: `table.Table` and `table.table` (payoffs in an array), `report.report` (how far a play is from
the best that the players could do together), `mechanisms` (how a game is played).
Read base and plays, then table, then report; lotteries, correlated and equilibria are short;
stages, then in_order, for moves in order.
Imports economy arrays, outcome statuses and welfare measures only; used by scenario, simulation and results.
"""
