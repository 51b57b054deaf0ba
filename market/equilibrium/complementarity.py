"""Equilibria as complementary pairs: prices and excess supply, levels and losses, purchases and dearness.

Symbols: `p` (goods,) prices; `r` (goods,) resources and the output of decreasing returns; `d(p)` (goods,)
demand, without the purchases `x` below; `v_j(p)` the cheapest unit netput of a producer `j` with constant
returns, `t_j` its level; `i` consumers who value several goods linearly, with weights `a_ig`, `x_ig` their
purchases of these goods, `m_i(p)` the money that they spend on them, and `q_i` the price of a unit of
utility. An equilibrium is

    r_g(p) + sum_j t_j v_jg(p) - d_g(p) - sum_i x_ig >= 0,    p_g >= 0,
    -p.v_j(p) >= 0,                                           t_j >= 0,
    p_g - a_ig q_i >= 0,                                      x_ig >= 0,
    sum_g a_ig x_ig - m_i(p) / q_i >= 0,                      q_i >= 0,

each pair with product zero. The last two lines are the best choices of consumer `i`: it buys the goods that
cost least for a unit of utility, and spends its money. They have the form of the first two, with a good
"utility of i" of which `m_i / q_i` is demanded and an activity for each good that yields it. So neither
consumers nor producers that are indifferent need a treatment of their own: the amounts that they choose from
a set are unknowns. Of other goods a consumer buys as much as it does at a marginal utility of money of `max_g
a_ig / p_g`, and `m_i` is what is left of its income.

*Method.* The functions are linearised at the present point, the linear complementarity problem is solved by
Lemke's method (`lemke.py`), and prices move to its solution, at most by a factor: Newton's method, in which
producers start and stop in one step. In an exchange the price of one good is held, and by Walras' law its
market clears with the others. Away from an equilibrium the linear problem may have no solution with one good
held, and one with another, so that goods are tried in turn. Prices are measured by the present ones and
amounts by their value as a share of all income, so that units do not matter.

*Evidence.* Ties among the prices reached are made exact (`ties.py`), and excess demand is recomputed from
demand and supply (`clearing.py`); that the method stopped proves nothing.

Source: Mathiesen (1985), "Computation of economic equilibria by a sequence of linear complementarity
problems", Mathematical Programming Study 23; Josephy (1979) for Newton's method. Linear consumers as
activities: own derivation, after Eaves (1976), "A finite algorithm for the linear exchange model".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.utilities.base import Utility
from market.economy.primitives import Economy, Money
from market.equilibrium import budget, lemke
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing, choose_better, evaluate_prices
from market.equilibrium.constant_returns import ConstantReturns
from market.equilibrium.ties import balance_allocation, tie_prices
from market.errors import UnboundedDemandError

MOST_UNKNOWNS = 300  # a pivot takes as many multiplications as their square

MOST_STEPS = 60  # linearisations from one starting point; near an equilibrium six are enough

LARGEST_CHANGE = 8.0  # factor by which a step may change a price: a linearisation says little further away

LEAST_PRICE = 1e-9
"""Relative to its starting price and to the level of prices: one that solutions set to 0 falls so far."""

DIFFERENCE = 1e-6  # relative change of a price for slopes: errors of 1e-10 from rounding, 1e-6 from curvature

CONVERGED = 1e-12  # relative change of all prices in a step at which they have converged


class Point(NamedTuple):
    """Prices (goods,), levels (producers,), linear purchases (pairs,), prices of utility (consumers,)."""

    p: Array
    t: Array
    x: Array
    q: Array


class LinearProblem(NamedTuple):
    """The linearisation `matrix z + vector` of the functions; `z` are the unknowns over their `scales`."""

    matrix: Array
    vector: Array
    scales: Array


@dataclass(frozen=True)
class Complementarity:
    """The unknowns and the functions above.

    Args:
        economy: the primitives.
    """

    economy: Economy

    @cached_property
    def constant_returns(self) -> ConstantReturns:
        """Producers with constant returns."""
        return ConstantReturns(self.economy)

    @cached_property
    def linear(self) -> NDArray[np.intp]:
        """Rows of consumers who value several goods linearly."""
        return np.flatnonzero((self.economy.linear_weights > 0).sum(axis=1) > 1)

    @cached_property
    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Place among linear consumers, and good, of each possible purchase, (pairs,) both."""
        places, goods = np.nonzero(self.economy.linear_weights[self.linear] > 0)
        return places, goods

    @cached_property
    def weights(self) -> Array:
        """`a_ig` of each possible purchase, (pairs,)."""
        places, goods = self.pairs
        return np.asarray(self.economy.linear_weights[self.linear[places], goods])

    @cached_property
    def parts(self) -> tuple[int, int, int]:
        """Places at which the parts of a point end in the vector of all unknowns, but for the last."""
        ends = np.cumsum([len(self.economy.goods), len(self.constant_returns.rows), len(self.weights)])
        return int(ends[0]), int(ends[1]), int(ends[2])

    @property
    def unknowns(self) -> int:
        """Number of unknowns."""
        return self.parts[2] + len(self.linear)

    def split(self, z: Array) -> Point:
        """Return the vector of all unknowns as a point."""
        return Point(*np.split(z, self.parts))

    def start(self, p: Array) -> Point:
        """Return the point at prices `p`, without production and linear purchases."""
        idle = np.zeros(len(self.constant_returns.rows)), np.zeros(len(self.weights))
        return Point(p, *idle, self.cheapest(p))

    def cheapest(self, p: Array) -> Array:
        """Return the lowest price of a unit of utility, (consumers,)."""
        places, goods = self.pairs
        lowest = np.full(len(self.linear), np.inf)
        np.minimum.at(lowest, places, p[goods] / self.weights)
        return lowest

    def evaluate(self, p: Array, t: Array) -> tuple[Array, Array, float]:
        """Return excess supply without linear purchases, (goods,), `m`, (consumers,), and all income."""
        budget.count()
        economy = self.economy
        made = self.constant_returns.set_idle(economy.supply(p))
        income = economy.spending_power(p, made)
        d, left = economy.demand(p, made).lowest, np.zeros(len(income))
        if len(self.linear):
            base = d.copy()
            for block in economy.utilities:
                if block.family.linear_weights is Utility.linear_weights:
                    continue
                own = income[block.rows]
                base[block.rows], left[block.rows] = block.family.other_purchases(
                    p, own, 0.0, **block.parameters
                )
            chosen = self.linear[left[self.linear] > 0]
            d = d.copy()
            d[chosen] = base[chosen]
        netputs = t @ self.constant_returns.units(p)
        excess = economy.resources + made.lowest.sum(axis=0) + netputs - d.sum(axis=0)
        return excess, left[self.linear], float(income.sum())

    def linearise(self, at: Point) -> LinearProblem:
        """Linearise the functions at a point; each is multiplied by the scale of its unknown."""
        p, t, x, q = at
        places, goods = self.pairs
        units = self.constant_returns.units(p)
        cost = np.maximum(-units, 0.0) @ p
        excess, money, total = self.evaluate(p, t)
        of_p, of_t, of_x, of_q = np.split(np.arange(self.unknowns), self.parts)
        matrix = np.zeros((self.unknowns, self.unknowns))
        for h in range(len(p)):
            higher = p.copy()
            higher[h] *= 1.0 + DIFFERENCE
            moved, spent, _ = self.evaluate(higher, t)
            matrix[of_p, h] = (moved - excess) / DIFFERENCE * p / total
            matrix[of_q, h] = -(spent - money) / DIFFERENCE / total
        in_values, yields = units * p / cost[:, None], self.weights * q[places] / p[goods]
        matrix[np.ix_(of_p, of_t)], matrix[np.ix_(of_t, of_p)] = in_values.T, -in_values
        matrix[goods, of_x], matrix[of_x, goods] = -1.0, 1.0
        matrix[of_x, of_q[places]], matrix[of_q[places], of_x] = -yields, yields
        matrix[of_q, of_q] = money / total
        bought = np.bincount(goods, x, len(p))
        useful = np.bincount(places, self.weights * x, len(q))
        values = [
            (excess - bought) * p / total,
            -in_values.sum(axis=1),
            1.0 - yields,
            (useful * q - money) / total,
        ]
        scales = np.concatenate([p, total / cost, total / p[goods], q])
        return LinearProblem(matrix, np.concatenate(values) - matrix @ (np.concatenate(at) / scales), scales)


def applies(economy: Economy) -> bool:
    """Return True if some best choices are sets, all of these are unknowns here, and not too many."""
    if economy.money is Money.QUASILINEAR or any(map(len, economy.indifference_prices)):
        return False
    if not (economy.technologies or economy.has_ties):
        return False
    conditions = Complementarity(economy)
    some = len(conditions.constant_returns.rows) + len(conditions.linear) > 0
    return some and conditions.unknowns <= MOST_UNKNOWNS


def solve_from(economy: Economy, start: Array) -> Clearing | None:
    """Run the method from starting prices; return the equilibrium, or the prices nearest to one.

    Args:
        economy: to which the method applies.
        start: (goods,), prices; 0 for goods that no agent wants or uses.
    """
    conditions = Complementarity(economy)
    usual = np.where(start > 0, start, start.max(initial=1.0))
    at, free = conditions.start(np.where(start > 0, start, LEAST_PRICE * usual)), start == 0
    for _ in range(MOST_STEPS):
        to = _solve_linear(conditions, at)
        if to is None:
            break
        free = to.p == 0
        change = float(np.abs(to.p / at.p - 1.0)[~free].max(initial=0.0))
        at = _move(conditions, at, to)
        relative = at.p / usual
        if change <= CONVERGED and (relative[free] <= LEAST_PRICE * relative.max()).all():
            break
    return _recompute(conditions, at._replace(p=np.where(free, 0.0, at.p)))


def _solve_linear(conditions: Complementarity, at: Point) -> Point | None:
    """Return the solution of the linearisation at a point; None if it has none that Lemke's method finds."""
    try:
        with np.errstate(all="ignore"):
            matrix, vector, scales = conditions.linearise(at)
    except UnboundedDemandError:
        return None
    if not (np.isfinite(matrix).all() and np.isfinite(vector).all()):
        return None
    for held in _list_anchors(conditions.economy, at.p):
        free = np.flatnonzero(np.arange(len(vector)) != held)
        known = vector[free] + (0.0 if held is None else matrix[free, held])
        found = lemke.solve(matrix[np.ix_(free, free)], known)
        if found is not None:
            z = np.ones(len(vector))
            z[free] = found
            return conditions.split(z * scales)
    return None


def _list_anchors(economy: Economy, p: Array) -> Iterator[int | None]:
    """Yield goods whose price may be held, that of the stock with the largest value first; else None."""
    if economy.money is not Money.EXCHANGE:
        yield None
        return
    yield from np.argsort(-p * economy.resources, kind="stable").tolist()


def _move(conditions: Complementarity, at: Point, to: Point) -> Point:
    """Return the point to which a step leads: prices change at most by a factor."""
    p = np.clip(to.p, at.p / LARGEST_CHANGE, at.p * LARGEST_CHANGE)
    lowest = conditions.cheapest(p)
    return Point(p, to.t, to.x, np.clip(to.q, lowest / LARGEST_CHANGE, lowest * LARGEST_CHANGE))


def _recompute(conditions: Complementarity, at: Point) -> Clearing | None:
    """Recompute demand and supply at a point, with prices at which consumers are indifferent made exact."""
    economy = conditions.economy
    places, goods = conditions.pairs
    try:
        made = conditions.constant_returns.set_idle(economy.supply(at.p))
        x, y = economy.demand(at.p, made).lowest.copy(), made.lowest.copy()
    except UnboundedDemandError:
        return None
    x[conditions.linear[places], goods] = at.x
    y[conditions.constant_returns.rows] = at.t[:, None] * conditions.constant_returns.units(at.p)
    p, _ = tie_prices(economy, at.p, x)
    found = choose_better(evaluate_prices(economy, at.p, (x, y)), evaluate_prices(economy, p, (x, y)))
    if found is None or found.residual <= CLEARING_EXCESS:
        return found
    return choose_better(found, evaluate_prices(economy, p, balance_allocation(economy, p, (x, y))))
