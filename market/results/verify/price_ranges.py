"""Ranges of prices that clear markets with the recorded quantities, found from these alone.

Symbols: p prices; w weights; m marginal utilities; b kinks; c marginal costs; x, y the recorded quantities.
Prices support them if for some w, agent by agent and good by good,

    w m <= p, equal where x > 0;  at a kink  sum over consumed of b p <= w <= sum b p;
    p <= c where more could be made, p >= c where some is made;  p = 0 where some is left over;

if netputs of technologies are most profitable at p, and in markets if agents can pay at p, and those that
spend all they have still do. The conditions are written down one by one, apart from the code that reported
the ranges, each divided by its size at the recorded prices. The range of a price is that of linear programs,
and both ends are put into the supporting conditions again (`alignment_claims.violation`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import scipy

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.production import supporting_conditions
from market.outcome import Status
from market.tolerances import NEGLIGIBLE_AMOUNT, SOLVER_AMOUNT, VIOLATION_THAT_PROVES

if TYPE_CHECKING:
    from market.results.verify.record import Record

Violation = Callable[[Array, Array], float]

MOST_AMOUNTS = 20_000  # agents times goods; no ranges are reported of more
NARROW = 1e-5  # relative width of a range that counts as one price
HIGHEST = 1e7  # relative to recorded prices: the bound that stands for none
NEGLIGIBLE_PRICE = 1e-6  # relative to the recorded price: the rounding of a price of 0
SLACK = 1e-10  # the feasibility tolerance of linear programs


def price_ranges(
    economy: Economy, record: Record, violation: Violation
) -> dict[str, tuple[float, float]] | None:
    """Return the ranges of all prices that have one, by good; None if they do not apply or are unknown.

    Args:
        economy: in its concave form.
        record: of the mechanism.
        violation: of the supporting conditions by weights and prices.
    """
    p, settled = record.prices, record.status in (Status.CLEARED, Status.OPTIMAL)
    if p is None or not settled or record.consumption.size > MOST_AMOUNTS or economy.not_concave.any():
        return None
    planned = record.status is Status.OPTIMAL
    if planned and not violation(np.ones(len(economy.agents)), p) <= VIOLATION_THAT_PROVES:
        return None
    if record.economy.not_concave.any() and (planned or economy.money is Money.QUASILINEAR):
        return None
    some = NEGLIGIBLE_AMOUNT * economy.offered(record.production) / len(economy.agents)
    if not (record.consumption > some).any() and not economy.has_producers:
        return None  # no trade is possible
    conditions = _Conditions(economy, record, p, planned)
    if (np.isnan(conditions.weights) & (economy.capacity > 0).any(axis=1)).any():
        return None  # a cost has weight 1, and utility another one
    least = conditions.optimum(conditions.goal(-1), None)
    if least is None or not least[-1] <= SOLVER_AMOUNT:
        return None
    slack = 2.0 * float(least[-1]) + SLACK
    if conditions.unique(slack):
        return {}
    found = {}
    for g, good in enumerate(economy.goods):
        ends = [conditions.optimum(conditions.goal(g, sign), slack) for sign in (1.0, -1.0)]
        if not all(_supports(conditions, end, violation) for end in ends):
            return None
        low, high = (float(conditions.parts(end)[0][g]) for end in ends if end is not None)
        high = np.inf if high >= 0.5 * HIGHEST * conditions.unit[g] else high
        if low < (1.0 - NARROW) * high and high > NARROW * float(p.max()):
            found[good] = (0.0 if low <= NARROW * p[g] else low, high)
    return found


def _supports(conditions: _Conditions, end: Array | None, violation: Violation) -> bool:
    """Return True if the prices and weights of a solution support the quantities."""
    if end is None:
        return False
    prices, weights = conditions.parts(end)
    tiny = prices <= NEGLIGIBLE_PRICE * conditions.unit
    return violation(weights, np.where(tiny, 0.0, prices)) <= VIOLATION_THAT_PROVES


class _Conditions:
    """Rows `a.(p, w) <= d`, written one by one; the unknowns are prices and free weights in `unit`s.

    Args:
        economy: in its concave form.
        record: of the mechanism.
        p: (goods,), recorded prices.
        planned: True for a planner of equal weights, whose agents pay nothing.
    """

    def __init__(self, economy: Economy, record: Record, p: Array, planned: bool) -> None:
        self.economy, self.x, self.y, self.p = economy, record.consumption, record.production, p
        agents, goods = economy.shape
        self.size = goods + agents
        self.slopes, self.kinks = economy.marginal_utility(self.x), economy.kinks(self.x)
        self.last = economy.marginal_utility_of_last(self.x)
        self.weights = np.ones(agents)
        self.highest = np.full(agents, np.inf)
        self.rows: list[tuple[dict[int, float], float]] = []
        self.equation: Array | None = None
        if not planned:
            self._payments()
        usual = float(p.max()) if p.max() > 0 else 1.0
        worth = np.where(np.isfinite(self.slopes), self.slopes, 0.0).max(axis=0)
        in_money = planned or economy.money is not Money.EXCHANGE
        self.unit = np.where(p > 0, p, np.where((worth > 0) & in_money, worth, usual))
        self._agents()
        for g in np.flatnonzero(
            economy.offered(self.y) - economy.taken(self.x, self.y) > SOLVER_AMOUNT * economy.offered(self.y)
        ):
            self.rows.append(({int(g): 1.0}, 0.0))
        rows, binding = supporting_conditions(economy, self.y)
        for row, binds in zip(rows, binding, strict=True):
            self._at_most(row, 0.0)
            if binds:
                self._at_most(-row, 0.0)

    def goal(self, place: int, sign: float = 1.0) -> Array:
        """Return the goal of the least unknown in this place, for sign 1, or of the greatest, for -1."""
        goal = np.zeros(self.size + 1)
        goal[place] = sign
        return goal

    def unique(self, slack: float) -> bool:
        """Return True if a sum of prices with factors of both signs is extreme at the same prices."""
        goods = len(self.p)
        goal = np.zeros(self.size + 1)
        goal[:goods] = np.cos(1.0 + 2.0 * np.arange(goods))
        ends = [self.optimum(sign * goal, slack) for sign in (1.0, -1.0)]
        return all(end is not None for end in ends) and bool(
            np.abs(ends[0][:goods] - ends[1][:goods]).max() <= NARROW  # type: ignore[index]
        )

    def _at_most(self, row: Array, bound: float) -> None:
        self.rows.append(({int(g): float(row[g]) for g in np.flatnonzero(row)}, bound))

    def _payments(self) -> None:
        """State what agents can pay, and free the weights of those whose money has another worth than 1."""
        economy, x, y = self.economy, self.x, self.y
        wants = economy.wants_something
        if economy.money is Money.EXCHANGE:
            profits = y if economy.ownership is None else np.asarray(economy.ownership @ y)
            spent = x - economy.endowment - np.outer(economy.commons_share, economy.commons)
            spent = spent - (profits if economy.technologies else 0.0)
            income, concerned = np.zeros(len(x)), wants
            size, self.weights = np.abs(spent) @ self.p, np.where(wants, np.nan, 1.0)
            one = economy.numeraire
            self.equation = np.ones(len(self.p)) if one is None else np.eye(len(self.p))[one]
        elif economy.money is Money.FISHER:
            spent, income, concerned = x, economy.budget, wants
            size, self.weights = np.abs(income), np.where(wants, np.nan, 1.0)
        else:
            spent, concerned = x - economy.endowment - y, np.isfinite(economy.budget)
            income = np.where(concerned, economy.budget, 0.0) - economy.cost(y)
            size = np.abs(income)
            self.highest = np.ones(len(x))
        paid = spent @ self.p
        all_spent = concerned & (paid >= income - SOLVER_AMOUNT * np.maximum(size, np.abs(paid)))
        if economy.money is Money.QUASILINEAR:
            self.weights = np.where(all_spent, np.nan, 1.0)
        for i in np.flatnonzero(concerned):
            self._at_most(spent[i], float(income[i]))
            if all_spent[i]:
                self._at_most(-spent[i], -float(income[i]))
        none = np.isinf(self.slopes).any(axis=1) | (~(x > 0).any(axis=1) & wants)
        self.weights = np.where(np.isnan(self.weights) & none, 0.0, self.weights)

    def _agents(self) -> None:
        """State each agent's conditions on prices and its weight."""
        economy, x, y, goods = self.economy, self.x, self.y, len(self.p)
        some = NEGLIGIBLE_AMOUNT * economy.offered(y) / len(x)
        costs, capacity = economy.marginal_cost(y), economy.capacity
        last_costs = economy.marginal_cost_of_last(y)
        eats = x > some
        makes = (y > some) & ~economy.turns_goods_into_goods[:, None]
        can_more = (capacity > 0) & (y < capacity * (1.0 - NEGLIGIBLE_AMOUNT))
        for i in range(len(x)):
            bent = np.flatnonzero(self.kinks[i])
            if len(bent):
                self._weighed(i, {int(g): -float(self.kinks[i, g]) for g in bent}, -1.0)
                self._weighed(i, {int(g): float(self.kinks[i, g]) for g in bent if eats[i, g]}, 1.0)
            for g in range(goods):
                slope = float(self.slopes[i, g]) if np.isfinite(self.slopes[i, g]) and not len(bent) else 0.0
                if slope > 0:
                    self._weighed(i, {g: -1.0}, -slope)
                if eats[i, g] and not self.kinks[i, g]:
                    last = float(self.last[i, g])
                    self._weighed(i, {g: 1.0}, last if np.isfinite(last) and not len(bent) else 0.0)
                if can_more[i, g] and np.isfinite(costs[i, g]):
                    self.rows.append(({g: 1.0}, float(costs[i, g])))
                if makes[i, g]:
                    self.rows.append(({g: -1.0}, -float(last_costs[i, g])))

    def _weighed(self, agent: int, prices: dict[int, float], factor: float) -> None:
        """State `prices.p <= factor w` of an agent's weight w."""
        weight = float(self.weights[agent])
        if np.isnan(weight):
            self.rows.append((prices | {len(self.p) + agent: -factor}, 0.0))
        else:
            self.rows.append((prices, factor * weight))

    def parts(self, found: Array) -> tuple[Array, Array]:
        """Return prices and weights of a solution."""
        goods = len(self.p)
        weights = np.where(np.isnan(self.weights), found[goods:-1] * self._weight_units, self.weights)
        return found[:goods] * self.unit, weights

    @cached_property
    def _weight_units(self) -> Array:
        """Weights at the recorded prices, (agents,), > 0."""
        value = self.x @ self.p
        slopes = self.economy.marginal_utility_along(self.x, self.p)
        worth = (np.where(np.isfinite(slopes), slopes, 0.0) * self.x).sum(axis=1)
        usual = np.divide(value, worth, out=np.ones_like(value), where=(worth > 0) & (value > 0))
        return np.where(np.isfinite(usual) & (usual > 0), usual, 1.0)

    @cached_property
    def _matrix(self) -> tuple[scipy.sparse.csr_matrix, list[float]]:
        """The rows in units, each divided by its largest number, with the violation as last unknown."""
        units = np.concatenate([self.unit, self._weight_units])
        data, row, column, bound = [], [], [], []
        for number, (coefficients, most) in enumerate(self.rows):
            scaled = {key: value * float(units[key]) for key, value in coefficients.items()}
            largest = max([abs(value) for value in scaled.values()] + [abs(most)]) or 1.0
            data += [*(value / largest for value in scaled.values()), -1.0]
            row += [number] * (len(scaled) + 1)
            column += [*scaled, self.size]
            bound.append(most / largest)
        shape = (len(self.rows), self.size + 1)
        return scipy.sparse.csr_matrix((data, (row, column)), shape=shape), bound

    def optimum(self, goal: Array, slack: float | None) -> Array | None:
        """Minimise a goal over prices, weights and the violation, which is at most `slack` if given."""
        from scipy.optimize import linprog  # deferred: an eighth of a second

        goods, free = len(self.p), np.isnan(self.weights)
        matrix, bound = self._matrix
        if not (np.isfinite(matrix.data).all() and np.isfinite(bound).all()):
            return None  # amounts or prices that no economy has
        tops = np.where(free, self.highest / self._weight_units, 0.0)
        limits: list[tuple[float, float | None]] = [(0.0, HIGHEST)] * goods
        limits += [(0.0, None if np.isinf(top) else float(top)) for top in tops]
        equal = None if self.equation is None else np.zeros((1, self.size + 1))
        if equal is not None and self.equation is not None:
            equal[0, :goods] = self.equation * self.unit
        answer = linprog(
            goal,
            A_ub=matrix,
            b_ub=bound,
            A_eq=equal,
            b_eq=None if self.equation is None else [float(self.equation @ self.p)],
            bounds=[*limits, (0.0, slack)],
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        return answer.x if answer.status == 0 else None
