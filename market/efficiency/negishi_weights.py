"""Negishi weights: the welfare weights under which an allocation is the optimum of one super-agent.

The conditions of `first_order_conditions.py` are linear in the weights w and the prices p together. They are
solved as a linear program that minimises their largest violation; a second one picks, among its solutions,
the most equal weights. To keep numbers near one in all units, the program works with

    v_i = w_i k_i,   P_g = p_g / r_g,

where r_g is a reference price and k_i agent i's marginal utility per unit of value at reference prices.
Equal weights w are the most equal there can be, so they are reported wherever they support the allocation.
Otherwise "most equal" refers to v: with quasilinear money utilities are in money and comparable, so k_i is
one number for all agents, and v is proportional to w; without it utilities have no common unit, and v_i is
the weight of a unit of value. An agent that wants nothing and bears no cost has no weight (it is 0, and not
counted): nothing would change with it.

At a kink, where slopes are any m >= 0 with sum_g b_ig m_ig = 1, the conditions require w_i m_ig near p_g for
one such m. Summed with b they are conditions on w_i: with t the violation allowed, in units of r_g,

    sum over consumed g of b_ig (p_g - t r_g) <= w_i <= sum_g b_ig (p_g + t r_g),

and conversely, for p_g >= t r_g, such w_i can be split into w_i m_ig within these bounds good by good.

Where agents are harmed by what others make (`economy/harm.py`), the condition of a producer has the weights
of its victims as well, and is linear in w all the same.

*Where nothing supports the allocation* of many agents (`MANY_AGENTS`), because two of them would swap, the
least violation is not looked for: weights are those that the usual prices suggest.

An agent with infinite marginal utility of a good has a weight of zero, since `w_i * inf <= p_g`. So has an
agent that wants some good and consumes none, unless `with_empty_bundles` finds a weight for it.

*Without a program.* Each pair of an agent and a good that it consumes, or makes and could make more of, fixes
`w_i m_ig = p_g` (`m_ig` the marginal utility or cost). Where such pairs connect all agents and goods, one
price fixes all weights and prices up to a common factor, and no others can support the allocation: they are
found along the links. An agent at a kink links no goods, but the prices of its goods give its weight,
`sum_g b_ig p_g`.

Where a utility is not concave as stated, the conditions are those of a concave one that orders bundles in the
same way (`Economy.concave_form`), and its agent's weight is for the latter, not for a weighted sum of
utilities as stated. A producer's utility, to which a cost is added, has no such form; then there are no
weights.

Source: Negishi (1960); the linear program is our own derivation from the first-order conditions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.production import supporting_conditions
from market.efficiency.dual_bounds import usual_prices
from market.tolerances import VIOLATION_BELOW_SEARCH
from market.welfare.convex_program import too_large
from market.welfare.first_order_conditions import Active, Margins, weights_from_prices

VIOLATION_WITHOUT_PROGRAM = 1e-8
"""Relative violation up to which weights found without a program are taken: a hundredth of
`VIOLATION_THAT_PROVES`. Above, a program may find better ones."""

VIOLATION_OF_ROUNDING = 1e-13
"""Relative violation that is rounding of slopes and prices: polishing cannot make it less."""

MANY_AGENTS = 500
"""Agents above which no program is solved for an allocation that two of them would clearly improve on: its
weights support nothing, and the nearest ones take most of a second to find."""

CLEARLY_GAIN = 1.1
"""Product of the marginal rates of substitution of two agents that would swap, 1 where they are equal. Then
the violation under any weights is above 1e-2."""

NEGLIGIBLE_WEIGHT = 1e-7
"""Relative to the largest weight, in units of value: a smaller one is zero. It is above the program's
tolerances of 1e-10, times a thousand."""

MOST_TIES = 3_000_000
"""Weights of victims in the conditions of producers: beyond, the program takes too long."""

_LINPROG_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Support(NamedTuple):
    """Weights and prices that come nearest to supporting an allocation.

    Args:
        weights: (agents,), w >= 0, sum 1; 0 of agents without one (`Economy.has_weight`).
        prices: (goods,), p >= 0, utils of the super-agent per unit.
        residual: the largest relative violation; inf if every weight would have to be zero, or a producer's
            utility is not concave.
        zero: (agents,), mask of agents with a weight of zero.
    """

    weights: Array
    prices: Array
    residual: float
    zero: NDArray[np.bool_]


def support(at: Margins, own: Array | None = None) -> Support:
    """Return the Negishi weights of an allocation, the most equal among those of least violation.

    Args:
        at: margins of the allocation in the economy's concave form.
        own: (goods,), prices of the outcome, if any: tried where there are too many agents for the program.
    """
    economy, agents, goods = at.economy, *at.economy.shape
    empty = at.binds.empty & ~economy.harmed  # a victim's weight has to meet the conditions of producers too
    case = _Case(at, np.asarray(np.isinf(at.slopes).any(axis=1)) | empty, ~economy.has_weight)
    if (case.only_zero | case.idle).all() or economy.not_concave.any():
        return Support(np.full(agents, 1.0 / agents), np.zeros(goods), np.inf, case.only_zero)
    found = case.equal() or case.determined()
    large = too_large(economy) or _ties(at) > MOST_TIES
    if found is None and (large or (agents > MANY_AGENTS and case.two_would_swap())):
        tried = [usual_prices(economy)] + ([own] if own is not None and np.isfinite(own).all() else [])
        found = min((case.nearest(p) for p in tried), key=lambda end: end.residual)
    return case.with_empty_bundles(found or case.by_program())


@dataclass(frozen=True)
class _Case:
    """An allocation and the ways to find its weights.

    Args:
        at: its margins.
        only_zero: (agents,), agents that can only have a weight of zero: a slope is infinite, or they want
            something and consume nothing.
        idle: (agents,), agents whose weight affects nothing.
    """

    at: Margins
    only_zero: NDArray[np.bool_]
    idle: NDArray[np.bool_]

    @property
    def zero(self) -> NDArray[np.bool_]:
        """Mask of agents with a weight of zero, (agents,)."""
        return self.only_zero & ~self.idle

    def equal(self) -> Support | None:
        """Return equal weights if they support the allocation."""
        candidate = equal_weights(self.at.slopes)
        if candidate is not None and self.at.economy.has_steps:  # a price may be anywhere between two steps
            made = np.where(self.at.binds.made, self.at.last_costs, 0.0).max(axis=0)
            candidate = candidate[0], np.maximum(candidate[1], made / len(self.at.slopes))
        return self._if_supporting(candidate)

    def determined(self) -> Support | None:
        """Return the only weights that can support the allocation, if they do."""
        if self.at.economy.harm is not None:  # a producer's condition has the weights of its victims too
            return None
        at, counts = self.at, ~(self.only_zero | self.idle)
        if at.economy.has_steps:
            return None  # next and last unit differ in worth, and weights are rarely unique
        return self._if_supporting(determined(at.slopes, at.costs, at.binds, counts, at.kinks))

    def _if_supporting(self, candidate: tuple[Array, Array] | None) -> Support | None:
        """Return normalised, polished weights and prices; None if they do not support the allocation."""
        if candidate is None:
            return None
        weights, prices = candidate
        counted = ~(self.zero | self.idle)
        weights = np.where(counted, weights, 0.0)
        total = weights.sum()
        found = self._polished(self._support(weights / total, self._raised(weights / total, prices / total)))
        vanishing = found.weights <= NEGLIGIBLE_WEIGHT * found.weights.max()
        fine = found.residual <= VIOLATION_WITHOUT_PROGRAM and not vanishing[counted].any()
        return found if fine else None

    def _support(self, weights: Array, prices: Array, zero: NDArray[np.bool_] | None = None) -> Support:
        none = self.zero if zero is None else zero
        return Support(weights, prices, self.at.residual(weights, prices), none)

    def by_program(self) -> Support:
        """Return weights by linear programs: the least violation, and among its solutions the most equal."""
        problem = _scale(self.at, self.only_zero | self.idle)
        scaled_weights, scaled_prices = problem.most_equal()
        weights = scaled_weights / problem.per_value
        zero = ~self.idle & (self.only_zero | (scaled_weights <= NEGLIGIBLE_WEIGHT * scaled_weights.max()))
        weights = np.where(zero | self.idle, 0.0, weights)
        total = weights.sum()
        weights = weights / total
        tiny = scaled_prices <= NEGLIGIBLE_WEIGHT * scaled_prices.max()
        candidates = []
        for free in (np.zeros_like(tiny), tiny, self.at.binds.left_over):  # a program's zeros are rounded
            prices = np.where(free, 0.0, scaled_prices * problem.reference / total)
            candidates.append(self._support(weights, self._raised(weights, prices), zero))
        return self._polished(min(candidates, key=lambda each: each.residual))

    def two_would_swap(self) -> bool:
        """Return True if two agents clearly gain by giving each other some of two goods that they consume.

        Who consumes g gives up to `m_ih / m_ig` of it for a unit of h. If the most that one agent gives of
        g for h times the most that another gives of h for g is above 1, both gain, and no prices and weights
        support the allocation.
        """
        at = self.at
        smooth = ~(self.only_zero | self.idle) & ~(at.kinks > 0).any(axis=1)
        slopes = at.slopes[smooth]
        eats = at.binds.consumed[smooth] & (slopes > 0)
        gives = np.zeros((slopes.shape[1],) * 2)
        for g, own in enumerate(eats.T):
            if own.any():
                gives[g] = (slopes[own] / slopes[own, g][:, None]).max(axis=0)
        return bool((gives * gives.T > CLEARLY_GAIN).any())

    def nearest(self, p: Array) -> Support:
        """Return weights from prices p, polished, where no program is solved.

        Other weights may violate the conditions less, so that the residual is an upper bound on the least.
        """
        none = self.zero | self.idle
        weights = np.where(none, 0.0, weights_from_prices(self.at.along(p), self.at.x, p))
        some = weights[weights > 0]
        weights = np.where((weights > 0) | none, weights, some.mean() if len(some) else 1.0)
        size = weights.max()  # first, so that the sum cannot overflow
        if not (0 < size < np.inf):
            return Support(np.full(len(weights), 1.0 / len(weights)), np.zeros(len(p)), np.inf, self.zero)
        weights, prices = weights / size, p / size
        total = weights.sum()
        return self._polished(self._support(weights / total, prices / total))

    def with_empty_bundles(self, found: Support) -> Support:
        """Give agents that consume nothing the largest weight at which that is best, up to the mean.

        At prices p that weight is the reciprocal of the worth of a first unit of money, 0 where that is
        infinite. The weights of producers are bounded by what they make already.
        """
        economy = self.at.economy
        candidates = self.at.binds.empty & ~(economy.capacity > 0).any(axis=1) & ~economy.harmed
        others = found.weights[found.weights > 0]
        if not candidates.any() or not len(others):
            return found
        worth = economy.first_worth(found.prices)
        bound = np.divide(1.0, worth, out=np.full_like(worth, np.inf), where=worth > 0)
        given = np.where(candidates, np.minimum(bound, others.mean()), found.weights)
        total = given.sum()
        zero = np.where(candidates, given == 0.0, found.zero)
        if total == 1.0 and bool((given == found.weights).all()):
            return found._replace(zero=zero)
        return self._support(given / total, found.prices / total, zero)

    def _raised(self, weights: Array, prices: Array) -> Array:
        """Raise the price of a good neither consumed, used nor made to the least weighted cost of making it.

        Up to that cost the conditions leave the price open, and a positive one shows more: that no agent can
        get some of the good without a cost to another.
        """
        binds, costs = self.at.binds, self.at.costs
        if not binds.could_make.any():
            return prices
        economy, y = self.at.economy, self.at.y
        external = np.zeros_like(y) if economy.harm is None else economy.harm.external(y, weights)
        with np.errstate(invalid="ignore"):
            weighted = weights[:, None] * costs + external
            asked = np.where(binds.could_make & np.isfinite(costs), weighted, np.inf).min(axis=0)
        idle = ~binds.consumed.any(axis=0) & ~binds.made.any(axis=0) & ~(y < 0).any(axis=0)
        unused = idle & ~binds.left_over
        return np.where(unused & np.isfinite(asked), np.maximum(prices, asked), prices)

    def _polished(self, found: Support) -> Support:
        """Sharpen weights and prices where the equalities fix them: each in turn from the other."""
        if found.residual <= VIOLATION_OF_ROUNDING:
            return found
        economy, x, consumed = self.at.economy, self.at.x, self.at.binds.consumed
        best, weights, prices = found, found.weights, found.prices
        for _ in range(3):
            fixed = weights.copy()
            for rows, part in economy.parts:
                slopes, eats = _rates(part, x[rows], prices, consumed[rows], found.zero[rows])
                ratio = np.divide(prices, slopes, out=np.zeros_like(slopes), where=eats).sum(axis=1)
                np.divide(ratio, eats.sum(axis=1), out=fixed[rows], where=eats.any(axis=1))
            if not (fixed[~(found.zero | self.idle)] > 0).all():
                break  # all that some agent consumes is free here: agents of weight zero were found before
            weights = fixed / fixed.sum()
            worth, eaters = np.zeros(len(prices)), np.zeros(len(prices))
            for rows, part in economy.parts:
                slopes, eats = _rates(part, x[rows], prices, consumed[rows], found.zero[rows])
                valued = np.multiply(weights[rows, None], slopes, out=np.zeros_like(slopes), where=eats)
                worth += valued.sum(axis=0)
                eaters += eats.sum(axis=0)
            prices = np.divide(worth, eaters, out=prices / fixed.sum(), where=eaters > 0)
            candidate = self._support(weights, prices, found.zero)
            best = candidate if candidate.residual < best.residual else best
        return best


class _Problem(NamedTuple):
    """The conditions `A (v, P) <= t`, with `sum v = count` over the agents that may have a positive weight.

    Args:
        rows: A, (conditions, agents + goods).
        agents: their number.
        goods: their number.
        free: (agents,), mask of agents whose weight may be positive; v = 0 for the others.
        per_value: (agents,), k.
        reference: (goods,), r.
    """

    rows: scipy.sparse.csr_matrix
    agents: int
    goods: int
    free: NDArray[np.bool_]
    per_value: Array
    reference: Array

    def _solve(
        self, cost: Array, slack: float | None, floor: Array, extra: int = 0, given: Array | None = None
    ) -> Array | None:
        """Minimise cost.(v, P, extras, t) under the conditions; t is fixed to `slack` if given.

        Args:
            cost: over all variables.
            slack: the violation allowed; None makes it a variable.
            floor: (agents, extras), coefficients of v_i >= floor_i.extras.
            extra: how many extra variables.
            given: (agents,), the v, if they are not free.
        """
        from scipy.optimize import linprog  # deferred: an eighth of a second, and few need it

        counted = self.free.astype(float)
        count = counted.sum()
        rows = scipy.sparse.hstack(
            [
                self.rows,
                scipy.sparse.csr_matrix((self.rows.shape[0], extra)),
                -np.ones((self.rows.shape[0], 1)),
            ]
        )
        floors = scipy.sparse.hstack(
            [
                -scipy.sparse.eye(self.agents),
                scipy.sparse.csr_matrix((self.agents, self.goods)),
                scipy.sparse.csr_matrix(floor.reshape(self.agents, extra)),
                scipy.sparse.csr_matrix((self.agents, 1)),
            ]
        ).tocsr()[self.free]
        unit = np.concatenate([counted, np.zeros(self.goods + extra + 1)])[None, :]
        least = np.zeros(self.agents) if given is None else given
        most = np.where(self.free, np.inf, 0.0) if given is None else given
        bounds = [*zip(least, most, strict=True), *[(0.0, None)] * self.goods]
        bounds += [(0.0, 1.0)] * extra + [(0.0, slack)]
        upper = scipy.sparse.vstack([rows, floors]) if extra else rows
        answer = linprog(
            cost,
            A_ub=upper,
            b_ub=np.zeros(upper.shape[0]),
            A_eq=unit,
            b_eq=[count],
            bounds=bounds,
            method="highs",
            options=_LINPROG_OPTIONS,
        )
        return answer.x if answer.status == 0 else None

    def most_equal(self) -> tuple[Array, Array]:
        """Return the v, (agents,), and P, (goods,), of least violation, those of equal w or most equal v."""
        size = self.agents + self.goods
        cost = np.zeros(size + 1)
        cost[-1] = 1.0
        first = self._solve(cost, None, np.empty((self.agents, 0)))
        if first is None:
            return np.where(self.free, 1.0, 0.0), np.ones(self.goods)
        slack = first[-1] * (1.0 + 1e-6) + 1e-10
        best = self._equal(slack) if slack <= VIOLATION_BELOW_SEARCH else None
        if best is not None:
            return best[: self.agents], best[self.agents : size]
        best = self._highest_floor(slack, self.free)
        if best is None or not best[size] > NEGLIGIBLE_WEIGHT:  # some weights are zero
            positive = self._can_be_positive(slack)
            best = self._highest_floor(slack, positive) if positive.any() else None
        best = first if best is None else best
        return best[: self.agents], best[self.agents : size]

    def _equal(self, slack: float) -> Array | None:
        """Return a solution with equal w; None if there is none, or v would range over too many digits."""
        counted = np.where(self.free, self.per_value, 0.0)
        equal = counted * self.free.sum() / counted.sum()
        if not equal[self.free].min(initial=np.inf) > np.sqrt(NEGLIGIBLE_WEIGHT):
            return None
        cost = np.zeros(self.agents + self.goods + 1)
        return self._solve(cost, slack, np.empty((self.agents, 0)), given=equal)

    def _highest_floor(self, slack: float, positive: NDArray[np.bool_]) -> Array | None:
        """Maximise the least v among agents in `positive`, (agents,); the solution has it after v and P."""
        cost = np.zeros(self.agents + self.goods + 2)
        cost[self.agents + self.goods] = -1.0
        return self._solve(cost, slack, positive.astype(float)[:, None], extra=1)

    def _can_be_positive(self, slack: float) -> NDArray[np.bool_]:
        """Return a mask of agents that can have a positive weight, by maximising `sum min(v_i, 1)`."""
        extra = self.agents
        cost = np.zeros(self.agents + self.goods + extra + 1)
        cost[self.agents + self.goods : -1] = -self.free.astype(float)
        found = self._solve(cost, slack, np.eye(self.agents), extra=extra)
        if found is None:
            return self.free
        return self.free & (found[: self.agents] > NEGLIGIBLE_WEIGHT)


def _scale(at: Margins, excluded: NDArray[np.bool_]) -> _Problem:
    """Write the conditions over (v, P) with coefficients near one; `excluded`, (agents,), have v = 0."""
    economy, y, slopes, costs, binds = at.economy, at.y, at.slopes, at.costs, at.binds
    there = economy.offered(y)
    reference = 1.0 / np.where(there > 0, there, 1.0)
    finite_slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    finite_costs = np.where(np.isfinite(costs), costs, 0.0)
    last_slopes = np.where(np.isfinite(at.last_slopes), at.last_slopes, 0.0)
    last_costs = np.where(np.isfinite(at.last_costs), at.last_costs, 0.0)
    for _ in range(2):  # once with equal values, once with the prices that these suggest
        per_value = _per_value(at, finite_slopes, finite_costs, reference)
        valued = np.where(excluded[:, None], 0.0, finite_slopes / per_value[:, None]).max(axis=0)
        made = np.where(binds.made | binds.could_make, finite_costs / per_value[:, None], np.inf).min(axis=0)
        suggested = np.where(valued > 0, valued, np.where(np.isfinite(made), made, 0.0))
        reference = np.where(suggested > 0, suggested, reference)
    agents, goods = economy.shape
    kinks = np.where(excluded[:, None], 0.0, at.kinks)
    bent = np.asarray((kinks > 0).any(axis=1))[:, None]
    worth, last_worth, cost, last_cost = (
        each / (per_value[:, None] * reference)
        for each in (finite_slopes, last_slopes, finite_costs, last_costs)
    )
    counted = ~excluded[:, None]
    prices_alone = scipy.sparse.hstack([scipy.sparse.csr_matrix((goods, agents)), scipy.sparse.eye(goods)])
    parts = [
        _pairs(worth, binds.wanting & counted & np.isfinite(slopes) & ~bent, +1.0),
        _pairs(last_worth, binds.consumed & counted & ~(kinks > 0), -1.0),
        *_kink_rows(kinks * per_value[:, None] * reference, binds.consumed),
        *_cost_rows(at, (cost, last_cost), per_value[:, None] * reference),
        prices_alone.tocsr()[binds.left_over],
        _technology_rows(economy, y, reference),
    ]
    return _Problem(scipy.sparse.vstack(parts).tocsr(), agents, goods, ~excluded, per_value, reference)


def _kink_rows(
    kinks: Array, consumed: NDArray[np.bool_]
) -> tuple[scipy.sparse.csr_matrix, scipy.sparse.csr_matrix]:
    """Bound weights at kinks from above and below by the values of the goods at the kink, a row each.

    Args:
        kinks: (agents, goods), b_ig r_g k_i, so that v_i = sum_g b_ig P_g.
        consumed: (agents, goods).
    """
    rows = []
    for part, sign in ((kinks, 1.0), (np.where(consumed, kinks, 0.0), -1.0)):
        size = part.sum(axis=1)
        bent = np.flatnonzero(size > 0)
        own = scipy.sparse.csr_matrix(
            (sign / size[bent], (np.arange(len(bent)), bent)), shape=(len(bent), len(kinks))
        )
        rows.append(
            scipy.sparse.hstack([own, scipy.sparse.csr_matrix(-sign * part[bent] / size[bent, None])]).tocsr()
        )
    return rows[0], rows[1]


def _technology_rows(economy: Economy, y: Array, reference: Array) -> scipy.sparse.csr_matrix:
    """Return the conditions that netputs maximise profits, a row over prices each; two if it binds."""
    rows, binding = supporting_conditions(economy, y)
    scaled = rows * reference
    size = np.abs(scaled).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(scaled, size, out=np.zeros_like(scaled), where=size > 0)
    both = np.concatenate([scaled, -scaled[binding]])
    return scipy.sparse.hstack(
        [scipy.sparse.csr_matrix((len(both), len(economy.agents))), scipy.sparse.csr_matrix(both)]
    ).tocsr()


def _pairs(coefficients: Array, where: NDArray[np.bool_], sign: float) -> scipy.sparse.csr_matrix:
    """Return one row `sign * (c_ig v_i - P_g)` for each marked pair (agents, goods)."""
    agents, goods = coefficients.shape
    i, g = np.nonzero(where)
    row = np.arange(len(i))
    data = np.concatenate([sign * coefficients[i, g], np.full(len(i), -sign)])
    return scipy.sparse.csr_matrix(
        (data, (np.concatenate([row, row]), np.concatenate([i, agents + g]))), shape=(len(i), agents + goods)
    )


def _ties(at: Margins) -> int:
    """Return the number of weights of victims in the conditions of producers."""
    if at.economy.harm is None:
        return 0
    return int(at.binds.could_make.sum() + at.binds.made.sum()) * int(at.economy.harmed.sum())


def _cost_rows(at: Margins, costs: tuple[Array, Array], unit: Array) -> Iterator[scipy.sparse.csr_matrix]:
    """Yield the conditions that goods are worth their costs where agents could make more, and make some.

    With harm a row has the weights of the victims too: `P_g <= c_jg v_j + sum_{i != j} D'_ig v_i`.

    Args:
        at: margins of the allocation.
        costs: (agents, goods) each, marginal costs of the next and of the last unit, in units of `unit`.
        unit: (agents, goods), money per v and P.
    """
    binds, harm = at.binds, at.economy.harm
    masks = (binds.could_make & np.isfinite(at.costs), -1.0), (binds.made, +1.0)
    for cost, (where, sign) in zip(costs, masks, strict=True):
        rows = _pairs(cost, where, sign)
        if harm is None:
            yield rows
            continue
        makers, goods = np.nonzero(where)
        victims = np.flatnonzero(harm.victims)
        caused = (harm.marginal(at.y) / unit)[np.ix_(victims, goods)].T  # (conditions, victims)
        caused[makers[:, None] == victims[None, :]] = 0.0
        place, which = np.nonzero(caused)
        data = sign * caused[place, which]
        yield rows + scipy.sparse.csr_matrix((data, (place, victims[which])), shape=rows.shape)


def _per_value(at: Margins, slopes: Array, costs: Array, reference: Array) -> Array:
    """Return k_i: marginal utility (or cost) per unit of value at reference prices, (agents,), > 0."""
    economy, x, y = at.economy, at.x, at.y
    value = x @ reference + np.maximum(y, 0.0) @ reference
    earned = (slopes * x).sum(axis=1) + (costs * np.maximum(y, 0.0)).sum(axis=1)
    offered = np.maximum((slopes / reference).max(axis=1), 0.0)
    asked = np.where(economy.capacity > 0, costs / reference, np.inf).min(axis=1)
    otherwise = np.where(offered > 0, offered, np.where(np.isfinite(asked) & (asked > 0), asked, 1.0))
    own = np.where(
        (value > 0) & (earned > 0),
        np.divide(earned, value, out=np.ones_like(value), where=value > 0),
        otherwise,
    )
    if economy.money is Money.QUASILINEAR:
        return np.full_like(own, np.median(own))
    return own


def _rates(
    part: Economy, x: Array, prices: Array, consumed: NDArray[np.bool_], zero: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """Return marginal utilities of some agents, and a mask of those that tie a weight to a price."""
    slopes = part.marginal_utility_along(x, prices)
    return slopes, consumed & np.isfinite(slopes) & (slopes > 0) & ~zero[:, None]


# --- weights that need no program -------------------------------------------------------------------------


def equal_weights(slopes: Array) -> tuple[Array, Array] | None:
    """Return equal weights with their prices; None unless slopes are finite.

    Weights have sum 1; a price is the largest weighted marginal utility of the good.

    Args:
        slopes: (agents, goods), marginal utilities; may be inf.
    """
    if not np.isfinite(slopes).all():
        return None
    agents = len(slopes)
    return np.full(agents, 1.0 / agents), slopes.max(axis=0) / agents


def determined(
    slopes: Array, costs: Array, binds: Active, counts: NDArray[np.bool_], kinks: Array
) -> tuple[Array, Array] | None:
    """Return weights and prices, up to a factor, if no others can support an allocation; else None.

    Args:
        slopes: (agents, goods), marginal utilities.
        costs: (agents, goods), marginal costs.
        binds: the goods that each agent consumes and makes.
        counts: (agents,), mask of agents whose weights are sought.
        kinks: (agents, goods), b.
    """
    bent = counts & (kinks > 0).any(axis=1)
    counts = counts & ~bent
    eats = binds.consumed & np.isfinite(slopes) & (slopes > 0) & counts[:, None]
    linked, rates = eats, slopes
    if binds.made.any():
        makes = binds.made & binds.could_make & np.isfinite(costs) & (costs > 0) & counts[:, None] & ~eats
        linked, rates = eats | makes, np.where(eats, slopes, costs)
    if not (counts.any() and linked[counts].any(axis=1).all()):
        return None
    weights, prices = np.zeros(len(slopes)), np.zeros(slopes.shape[1])
    prices[linked.any(axis=0).argmax()] = 1.0
    for _ in range(2 * slopes.shape[1]):
        new = weights <= 0
        for g in np.flatnonzero(prices > 0):
            reached = new & linked[:, g]
            weights[reached] = np.maximum(weights[reached], prices[g] / rates[reached, g])
        by_weight = np.zeros(len(prices))
        for good, column in enumerate(linked.T):
            known = column & (weights > 0)
            by_weight[good] = (weights[known] * rates[known, good]).max(initial=0.0)
        if ((by_weight > 0) == (prices > 0)).all():
            break
        prices = np.where(prices > 0, prices, by_weight)
    if not (weights[counts] > 0).all():
        return None
    if bent.any():
        needed = kinks[bent] > 0
        priced = (prices > 0) | binds.left_over
        if not ((needed & binds.consumed[bent]).any(axis=1).all() and priced[needed.any(axis=0)].all()):
            return None
        weights[bent] = kinks[bent] @ prices
    return weights, np.where(prices > 0, prices, _offered(weights, slopes, counts))


def _offered(weights: Array, slopes: Array, counts: NDArray[np.bool_]) -> Array:
    """Return the largest weighted marginal utility of each good among agents that count, (goods,)."""
    wanted = counts[:, None] & np.isfinite(slopes)
    return np.asarray(
        np.multiply(weights[:, None], slopes, out=np.zeros_like(slopes), where=wanted).max(axis=0)
    )
