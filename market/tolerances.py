"""Tolerances that several modules mean: each named by what it bounds, with what it is relative to, and why.

A verdict and its verification share these numbers, so that neither can change without the other. A number
that one module alone needs stands there. Options of a scenario (`tolerance` of a mechanism) have their
defaults where the option is declared.

Three sizes recur. Sums in another order differ by `ROUNDING_OF_SUMS`; results of short calculations on such
sums by `ROUNDING_OF_RESULTS`; and what an interior-point method reports is right to about `SOLVER_AMOUNT`.
"""

from __future__ import annotations

ROUNDING_OF_SUMS = 1e-12
"""Relative difference of two sums of the same numbers: about 4,000 units in the last
place, enough for sums over 1e6 agents in any order."""

TIED = 1e-12
"""Relative difference up to which two amounts of money, or of utility for money, count as equal,
so that an agent is indifferent: the rounding of a sum over goods, and below any difference that a price rule
leaves."""

ROUNDING_OF_RESULTS = 1e-9
"""Relative difference of two calculations of a figure from recorded quantities: some thousand times
`ROUNDING_OF_SUMS`, since differences of sums lose digits, and far below any tolerance that a scenario asks
for."""

SOLVER_AMOUNT = 1e-7
"""Share of what there is of a good: less of it left over, or missing, is the inaccuracy
of a convex program or of an auction cleared to 1e-9. Goods of fixed proportions are equally scarce up to it
as well, since what is less than left over must not make a good free."""

NEGLIGIBLE_AMOUNT = 1e-9
"""Share of an equal share of a good: an amount below it is none. A first-order
condition holds with equality only where an amount is not negligible."""

VIOLATION_THAT_PROVES = 1e-6
"""Relative violation of the supporting conditions up to which they prove
efficiency: the loss is of second order in the violation, so less than 1e-12 of the resources can be
wasted."""

VIOLATION_BELOW_SEARCH = 3e-4
"""Relative violation up to which the loss, of second order and so below 1e-7,
is less than a search for a Pareto improvement can see: where the search finds none, the outcome is efficient
as far as can be known."""

NO_SURPLUS_GAP = 1e-7
"""Share of the turnover: a smaller gap of total surplus is the solver's rounding and counts as none."""

REGRET_THAT_IS_NONE = 1e-8
"""Share of the worth of an agent's trades: the least that counts as a gain from
another bundle at the same prices. Prices that clear up to a tolerance leave regrets of ten times that
tolerance."""

UNBOUNDED = 1e199
"""Amounts from here on stand for more than any amount."""

STANDS_FOR_UNBOUNDED = 1e200
"""Replaces an infinite amount or income in sums and products, so that 0 times it
is 0 and differences are not NaN."""

PLENTY = 1e100
"""Replaces an infinite capacity where amounts are multiplied by prices and slopes: the product
stays a float."""

LEAST_POSITIVE = 1e-300
"""Lower bound of a divisor or of the argument of a logarithm that may be 0: the least
power of ten well within normal floats."""
