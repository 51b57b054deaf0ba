"""Competitive equilibria found without an auctioneer: an independent check of the simulation.

*Entry points.*

- `find_reference` solves for one equilibrium by a method that suits the economy;
- `search` looks for all equilibria, each with its index and stability;
- `check` compares the outcome of an auctioneer with both.

*Reading order.* `clearing` says when prices clear the markets, and every result passes through it. The
methods are `convex` (maxima of surplus or of the Eisenberg-Gale programme, with `ties` for linear utilities),
`eigenvector` (Cobb-Douglas exchange), `complementarity` (linear tastes and `constant_returns`, as a sequence
of linear problems that `lemke` solves), and `roots` of excess demand (on a `staircase` where supply is a set,
and a `scan` where only one price is unknown). `starts` chooses between the last two, `reference` between all.
`search` runs from many starts; `continua` groups the ends; `regularity` and `activities` compute index and
stability. `against_reference` compares. A `budget` limits each of them.

*Imports.* The primitives (`economy`: demand and supply at given prices), the convex programmes of `welfare`,
and `outcome`. The room shares nothing that solves with the mechanisms or with the report on efficiency, so
that an error there cannot confirm itself here. An equilibrium is reported only if excess demand, recomputed
from demand and supply at its prices, is zero up to rounding; that a solver stopped proves nothing.

*To add a method*, write a module with `applies(economy)` and `solve(economy)`, return prices, and call it in
`reference.find_reference` ahead of the starts; `evaluate_prices` then measures the excess demand. Add its
name to the table in `docs/explanation/equilibria.md`, and to `METHODS` in
`tests/equilibrium/test_reference.py` an economy whose equilibrium is known by hand.
"""

from market.equilibrium.against_reference import Check, check
from market.equilibrium.reference import Reference, find_reference
from market.equilibrium.search import Equilibria, Equilibrium, search

__all__ = ["Check", "Equilibria", "Equilibrium", "Reference", "check", "find_reference", "search"]
