"""Intervals of the prices that support an outcome: where several clear markets, none of them is the price.

Symbols: p (goods,) prices; x, y (agents, goods) consumption and production; m_i marginal utilities; c_i
marginal costs; w (agents,) weights, the inverse of agents' marginal utility of money. The prices that
support (x, y) are those p >= 0 for which some w satisfies

    w_i m_ig <= p_g, the value of one more unit; equality where x_ig > 0, the value of the last unit;
    p_g <= c_ig where i could make more; p_g >= c_ig where it makes some;
    p_g = 0 where some of g is left over; netputs of technologies maximise profit;

where worth or cost jumps at an amount (`steps`), more is worth less than the last unit, and the price lies
between; at a kink of fixed proportions `w_i m_ig` stands for some supergradient
(`first_order_conditions.py`), so that with coefficients b `sum over consumed g of b_ig p_g <= w_i <= sum_g
b_ig p_g`. All of it is linear in (p, w). *Markets* add what agents can pay, also linear in p: incomes are the
values of what agents own, and who spends all of it spends all of it at each of the prices. With quasilinear
money w_i = 1, except for an agent that has spent its whole budget, `w_i <= 1`; in a Fisher market and in
exchange each w_i is free. A *planner* whose weights are equal has w = 1 and no incomes. In exchange, prices
are relative: to the numeraire, or they sum to one.

So the supporting prices form a convex set, and the interval of each good is found by two linear programs.
It is the range of one price, the other prices adjusting: the set is in general no box. Where goods and
agents are connected through equalities, all prices are unique and no program is solved. The prices found at
both ends are put into the first-order conditions (`residual`), computed from the primitives: an end that
they do not confirm makes the intervals unknown.

Source: Mas-Colell, Whinston and Green (1995), sections 10.C and 16.F; the linear programs are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Money
from market.economy.production import supporting_conditions
from market.outcome import Outcome, Status
from market.tolerances import SOLVER_AMOUNT, VIOLATION_THAT_PROVES
from market.welfare.first_order_conditions import Margins

Interval = tuple[float, float]
_Add = Callable[[Any, Any, Array], None]  # of rows: coefficients of weights, of prices, and right sides

MOST_AMOUNTS = 20_000
"""Agents times goods: with more, the programs would take seconds, and intervals are not looked for."""

NARROW = 1e-5
"""Relative width up to which an interval is one price: a slack of 1e-9 in the conditions make
intervals of some thousand times that width where prices depend on several goods and weights in turn."""

SLACK = 1e-10
"""Relative violation of the conditions that the programs allow besides twice the least one: the feasibility
tolerance of the solver of linear programs."""

UNBOUNDED_PRICE = 1e7
"""Relative to the price of the outcome: a price that can be so high has no upper limit."""


def price_intervals(outcome: Outcome, at: Margins) -> Mapping[str, Interval | None] | None:
    """Return the range of supporting prices of each good: good -> (least, greatest), None if unique.

    Args:
        outcome: with prices that clear markets, or a planner's with equal weights.
        at: its margins in the economy's concave form.

    Returns:
        None if intervals do not apply (no prices, or prices that support nothing) or are unknown.
    """
    economy, p = at.economy, outcome.prices
    settled = outcome.status in (Status.CLEARED, Status.OPTIMAL)
    if p is None or not settled or at.x.size > MOST_AMOUNTS or not np.isfinite(p).all():
        return None
    case = _case(outcome, at, p)
    if case is None:
        return None
    unique = case.pinned()
    if unique.all():
        return dict.fromkeys(economy.goods)
    ends = case.ends(np.flatnonzero(~unique))
    if ends is None:
        return None
    return {good: _range(ends[g]) if g in ends else None for g, good in enumerate(economy.goods)}


def _range(ends: Interval) -> Interval | None:
    """Return an interval, or None if it is one price up to `NARROW`."""
    low, high = ends
    return (low, high) if low < (1.0 - NARROW) * high else None


@dataclass(frozen=True)
class _Case:
    """Supporting conditions of an outcome.

    Args:
        at: its margins.
        p: (goods,), its prices.
        weights: (agents,), the weights that are known; nan where a weight is free.
        most: (agents,), upper bounds of free weights.
        spending: (conditions, goods), rows whose product with p is what agents spend beyond their income.
        income: (conditions,), fixed money in these incomes.
        all_spent: (conditions,), mask of those that hold with equality.
        relative: True if prices are relative to a numeraire or a sum.
    """

    at: Margins
    p: Array
    weights: Array
    most: Array
    spending: Array
    income: Array
    all_spent: NDArray[np.bool_]
    relative: bool

    @property
    def free(self) -> NDArray[np.bool_]:
        """Mask of agents with a free weight, (agents,)."""
        return np.isnan(self.weights)

    def _equalities(self) -> NDArray[np.bool_]:
        """Return a mask, (agents, goods), of goods whose price an agent's slope or cost determines."""
        binds = self.at.binds
        bent = np.asarray((self.at.kinks > 0).any(axis=1))[:, None]
        return binds.consumed & ~bent & (self.at.last_slopes == self.at.slopes)

    def pinned(self) -> NDArray[np.bool_]:
        """Return a mask, (goods,), of prices that equalities show to be unique.

        Goods and free weights are nodes of a graph, with an edge where an agent consumes a good. A fixed
        weight, a constant cost, an excess and a numeraire determine a price, and with it those of all goods
        connected to it. If only one group of goods is not determined, prices that sum to one, or a budget
        of which more is spent if those prices rise together, determine it.
        """
        agents, goods = self.at.economy.shape
        at_a_cost = self.at.binds.made & self.at.binds.could_make & (self.at.last_costs == self.at.costs)
        known = self.at.binds.left_over | at_a_cost.any(axis=0)
        if self.relative and self.at.economy.numeraire is not None:
            known = known | (np.arange(goods) == self.at.economy.numeraire)
        linked = self._equalities()
        known = known | linked[~self.free].any(axis=0)
        i, g = np.nonzero(linked & self.free[:, None])
        size = agents + goods
        edges = scipy.sparse.csr_matrix((np.ones(len(i)), (i, agents + g)), shape=(size, size))
        _, group = scipy.sparse.csgraph.connected_components(edges, directed=False)
        own = group[agents:]
        unique = np.isin(own, own[known])
        if len(np.unique(own[~unique])) != 1:
            return unique
        sums_to_one = self.relative and self.at.economy.numeraire is None
        value = self.spending * self.p
        moved, scale = value[:, ~unique].sum(axis=1), np.abs(value).sum(axis=1)
        by_budget = self.all_spent & (np.abs(moved) > SOLVER_AMOUNT * scale)
        return unique | bool(sums_to_one or by_budget.any())

    def ends(self, goods: NDArray[np.intp]) -> dict[int, Interval] | None:
        """Return the least and the greatest price of each of these goods; None if they are unknown."""
        program = _Program(self)
        slack = program.least_slack()
        if slack is None or not slack <= SOLVER_AMOUNT:
            return None
        found = {}
        for g in goods:
            both = []
            for sign in (1.0, -1.0):
                end = program.extreme(int(g), sign, 2.0 * slack + SLACK)
                if end is None or not self.at.residual(*end) <= VIOLATION_THAT_PROVES:
                    return None
                both.append(float(end[1][g]))
            low, high = both
            if high >= 0.5 * UNBOUNDED_PRICE * program.reference[g]:
                high = np.inf
            found[int(g)] = (0.0 if low <= NARROW * self.p[g] else low, high)
        return found


class _Program:
    """The conditions as `A (w, p) <= b + t s`, with prices in units of `reference` and weights of their own.

    Args:
        case: the conditions.
    """

    def __init__(self, case: _Case) -> None:
        self.case = case
        p, at = case.p, case.at
        worth = np.where(np.isfinite(at.slopes), at.slopes, 0.0).max(axis=0)
        positive = p[p > 0]
        usual = float(positive.max()) if len(positive) else 1.0
        self.reference = np.where(p > 0, p, np.where((worth > 0) & (not case.relative), worth, usual))
        self.per_value = self._per_value()
        rows, right = self._conditions()
        self.rows, self.right = rows, right
        self.equal, self.equal_right = self._normalisation()

    def _per_value(self) -> Array:
        """Return the weight that each agent has at the outcome's prices, (agents,), > 0: a unit for it."""
        at, p = self.case.at, self.case.p
        value = at.x @ p
        finite = np.where(np.isfinite(at.slopes), at.slopes, 0.0)
        earned = np.einsum("ig,ig->i", at.x, at.along(p) if at.economy.has_kinks else finite)
        known = np.isfinite(earned) & (earned > 0) & (value > 0)
        weight = np.divide(value, earned, out=np.ones_like(value), where=known)
        return np.where(self.case.free & (weight > 0) & np.isfinite(weight), weight, 1.0)

    def _conditions(self) -> tuple[scipy.sparse.csr_matrix, Array]:
        """Return rows over (w, p) and their right sides; a row's size is about 1."""
        case, at = self.case, self.case.at
        binds, agents, goods = at.binds, *at.economy.shape
        rows: list[scipy.sparse.csr_matrix] = []
        right: list[Array] = []

        def add(of_weights: Any, of_prices: Any, bound: Array) -> None:
            rows.append(
                scipy.sparse.hstack([scipy.sparse.csr_matrix(of_weights), scipy.sparse.csr_matrix(of_prices)])
            )
            right.append(bound)

        def pair(where: NDArray[np.bool_], values: Array, sign: float) -> None:
            i, g = np.nonzero(where)
            each, size = np.arange(len(i)), self.reference[g]
            shape = (len(i), agents), (len(i), goods)
            free = case.free[i]
            fixed = np.where(free, 0.0, np.where(free, 0.0, case.weights[i]) * values[i, g])
            coefficient = np.where(free, values[i, g] * self.per_value[i], 0.0) / size
            add(
                scipy.sparse.csr_matrix((sign * coefficient, (each, i)), shape=shape[0]),
                scipy.sparse.csr_matrix((np.full(len(i), -sign), (each, g)), shape=shape[1]),
                -sign * fixed / size,
            )

        bent = np.asarray((at.kinks > 0).any(axis=1))[:, None]
        pair(binds.wanting & np.isfinite(at.slopes) & ~bent, at.slopes, 1.0)
        last = np.where(np.isfinite(at.last_slopes), at.last_slopes, 0.0)
        pair(binds.consumed & ~(at.kinks > 0), last, -1.0)
        self._add_kinks(add)
        self._add_costs(add, binds.could_make & np.isfinite(at.costs), at.costs, -1.0)
        self._add_costs(add, binds.made, at.last_costs, 1.0)
        add(np.zeros((goods, agents)), np.eye(goods), np.where(binds.left_over, 0.0, UNBOUNDED_PRICE))
        technology, binding = supporting_conditions(at.economy, at.y)
        for part in (technology, -technology[binding]):
            self._add_scaled(add, part, np.zeros(len(part)))
        self._add_scaled(add, case.spending, case.income)
        self._add_scaled(add, -case.spending[case.all_spent], -case.income[case.all_spent])
        return scipy.sparse.vstack(rows).tocsr(), np.concatenate(right)

    def _add_kinks(self, add: _Add) -> None:
        """Bound weights at kinks from both sides by the values of the goods at the kink."""
        case, at, agents = self.case, self.case.at, len(self.case.at.x)
        for part, sign in ((at.kinks, 1.0), (np.where(at.binds.consumed, at.kinks, 0.0), -1.0)):
            bent = np.flatnonzero((part > 0).any(axis=1))
            values = part[bent] * self.reference
            size = values.max(axis=1, initial=0.0)
            free = case.free[bent]
            own = np.where(free, sign * self.per_value[bent] / size, 0.0)
            fixed = np.where(free, 0.0, np.where(free, 0.0, case.weights[bent]) / size)
            weights = scipy.sparse.csr_matrix((own, (np.arange(len(bent)), bent)), shape=(len(bent), agents))
            add(weights, -sign * values / size[:, None], -sign * fixed)

    def _add_costs(self, add: _Add, where: NDArray[np.bool_], costs: Array, sign: float) -> None:
        """Bound prices by costs, (agents, goods), of weight 1: from above for sign -1, from below for 1."""
        i, g = np.nonzero(where)
        agents, goods = self.case.at.economy.shape
        of_prices = scipy.sparse.csr_matrix(
            (np.full(len(i), -sign), (np.arange(len(i)), g)), shape=(len(i), goods)
        )
        bound = -sign * costs[i, g] / self.reference[g]
        add(scipy.sparse.csr_matrix((len(i), agents)), of_prices, bound)

    def _add_scaled(self, add: _Add, rows: Array, right: Array) -> None:
        """Add conditions on prices alone, each divided by its largest coefficient."""
        values = rows * self.reference
        size = np.maximum(np.abs(values).max(axis=1, initial=0.0), np.abs(right))
        some = size > 0
        agents = len(self.case.at.x)
        add(np.zeros((int(some.sum()), agents)), values[some] / size[some, None], right[some] / size[some])

    def _normalisation(self) -> tuple[Array | None, Array | None]:
        """Return the equation that fixes relative prices; None where prices are in money."""
        case, (agents, goods) = self.case, self.case.at.economy.shape
        if not case.relative:
            return None, None
        one = case.at.economy.numeraire
        counted = np.ones(goods) if one is None else (np.arange(goods) == one).astype(float)
        row = np.concatenate([np.zeros(agents), counted * self.reference, [0.0]])[None, :]
        return row, np.array([float(counted @ case.p)])

    def _solve(self, cost: Array, slack: float | None) -> Array | None:
        """Minimise `cost.(w, p, t)`; t is at most `slack` if given."""
        from scipy.optimize import linprog  # deferred: an eighth of a second, and few need it

        case = self.case
        upper = scipy.sparse.hstack([self.rows, -np.ones((self.rows.shape[0], 1))])
        most = np.where(case.free, np.divide(case.most, self.per_value), 0.0)
        bounds = [(0.0, None if np.isinf(each) else each) for each in most]
        bounds += [(0.0, None)] * len(case.p) + [(0.0, slack)]
        answer = linprog(
            cost,
            A_ub=upper,
            b_ub=self.right,
            A_eq=self.equal,
            b_eq=self.equal_right,
            bounds=bounds,
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        return answer.x if answer.status == 0 else None

    def least_slack(self) -> float | None:
        """Return the least violation t at which some prices support the outcome; None if that is unknown."""
        cost = np.zeros(self.rows.shape[1] + 1)
        cost[-1] = 1.0
        found = self._solve(cost, None)
        return None if found is None else float(found[-1])

    def extreme(self, good: int, sign: float, slack: float) -> tuple[Array, Array] | None:
        """Return weights and prices with the least price of a good, for sign 1, or the greatest, for -1."""
        agents = len(self.case.at.x)
        cost = np.zeros(self.rows.shape[1] + 1)
        cost[agents + good] = sign
        found = self._solve(cost, slack)
        if found is None:
            return None
        weights = np.where(self.case.free, found[:agents] * self.per_value, self.case.weights)
        prices = found[agents:-1] * self.reference
        tiny = prices <= 1e3 * slack * self.reference
        return weights, np.where(tiny, 0.0, prices)


def _case(outcome: Outcome, at: Margins, p: Array) -> _Case | None:
    """Return the conditions of an outcome; None where its weights or incomes are not those stated above."""
    economy, (agents, goods) = at.economy, at.economy.shape
    if economy.not_concave.any() or (not at.binds.consumed.any() and not economy.has_producers):
        return None
    nothing = np.zeros((0, goods)), np.zeros(0), np.zeros(0, dtype=bool)
    unlimited = np.full(agents, np.inf)
    if outcome.status is Status.OPTIMAL:
        if outcome.economy.not_concave.any():
            return None
        ones = np.ones(agents)
        return _Case(at, p, ones, unlimited, *nothing, False) if _support(at, ones, p) else None
    if economy.money is Money.EXCHANGE:
        return _in_exchange(at, p)
    if economy.money is Money.FISHER:
        weights = _free(at, economy.wants_something)
        spending = at.x[economy.wants_something]
        income = economy.budget[economy.wants_something]
        case = _Case(at, p, weights, unlimited, spending, income, _spent(spending @ p, income), False)
    elif outcome.economy.not_concave.any():
        return None
    else:
        case = _with_money(at, p)
    return case if _costs_have_weight_one(case) else None


def _costs_have_weight_one(case: _Case) -> bool:
    """Return True if no agent that bears a cost, of weight 1 in a market, has another weight for utility."""
    return not (case.free & (case.at.economy.capacity > 0).any(axis=1)).any()


def _free(at: Margins, agents: NDArray[np.bool_]) -> Array:
    """Return weights, (agents,): nan, for free, of these agents, and 1 of the others.

    0 of those that can have no other, since a slope is infinite, or need none, since they consume nothing.
    """
    none = np.isinf(at.slopes).any(axis=1) | at.binds.empty
    return np.where(agents, np.where(none, 0.0, np.nan), 1.0)


def _with_money(at: Margins, p: Array) -> _Case:
    """Return the conditions of a market with quasilinear money."""
    economy, capped = at.economy, np.flatnonzero(np.isfinite(at.economy.budget))
    spending = (at.x - economy.endowment - at.y)[capped]
    income = economy.budget[capped] - economy.cost(at.y)[capped]
    all_spent = _spent(spending @ p, income)
    weights = _free(at, np.isin(np.arange(len(at.x)), capped[all_spent]))
    return _Case(at, p, weights, np.ones(len(at.x)), spending, income, all_spent, False)


def _in_exchange(at: Margins, p: Array) -> _Case:
    """Return the conditions of an exchange economy: the value of what agents own is their income."""
    economy = at.economy
    profits = at.y if economy.ownership is None else np.asarray(economy.ownership @ at.y)
    owned = economy.endowment + np.outer(economy.commons_share, economy.commons)
    owned = owned + (profits if economy.technologies else 0.0)
    wants = economy.wants_something
    spending = (at.x - owned)[wants]
    none = np.zeros(len(spending))
    scale = np.abs(spending) @ p
    all_spent = np.abs(spending @ p) <= SOLVER_AMOUNT * scale
    return _Case(at, p, _free(at, wants), np.full(len(at.x), np.inf), spending, none, all_spent, True)


def _spent(spent: Array, income: Array) -> NDArray[np.bool_]:
    """Return a mask of agents that spend their whole income, up to the inaccuracy of amounts."""
    return np.asarray(spent >= income - SOLVER_AMOUNT * np.maximum(np.abs(income), np.abs(spent)))


def _support(at: Margins, w: Array, p: Array) -> bool:
    return at.residual(w, p) <= VIOLATION_THAT_PROVES
