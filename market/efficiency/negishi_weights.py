"""Super-agent weights: for which weighted sum of utilities would an allocation be the optimum?

The conditions of `first_order_conditions.py` are linear in the weights w and the prices p together. They are
solved as a linear programme that minimises their largest violation; a second one picks, among its solutions,
the most equal weights. To keep numbers near one whatever the units, the programme works with

    v_i = w_i k_i,   P_g = p_g / r_g,

where r_g is a reference price and k_i agent i's marginal utility per unit of value at reference prices.
With quasilinear money utilities are in money and comparable, so k_i is the same for all and "most equal"
means w itself; otherwise utilities have no common unit and it means v, the weight of a unit of value.

At a kink, where slopes are any m >= 0 with sum_g b_ig m_ig = 1, the conditions ask for w_i m_ig near p_g for
one of them. Summed with b that leaves w_i alone: with t the violation allowed, in units of r_g,

    sum over consumed g of b_ig (p_g - t r_g) <= w_i <= sum_g b_ig (p_g + t r_g),

and conversely, for p_g >= t r_g, such w_i can be split into w_i m_ig within these bounds good by good.

An agent with infinite marginal utility for something it lacks must weigh nothing: w_i * inf <= p_g.

Where a utility is not concave as stated, the conditions are those of a concave one that orders bundles in the
same way (`Economy.concave_form`), and its agent's weight is that of the latter: it says nothing of a weighted
sum of utilities as stated. A producer's, which is added to a cost, has no such form; there none are given.

Source: Negishi (1960); the linear programme is our own derivation from the first-order conditions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.production import supporting_conditions
from market.efficiency.dual_bounds import too_large, usual_prices
from market.efficiency.rates import determined, equal_weights
from market.welfare.first_order_conditions import Active, active, residual

PLAIN = 1e-8  # residual up to which weights that are plain to see are taken
SHARP = 1e-13  # residual that is rounding, and that no other weights of these agents would make less
ZERO = 1e-7  # weights below this share of the largest, in units of value, are zero
_TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Support(NamedTuple):
    """Weights and prices that come nearest to supporting an allocation.

    Args:
        weights: (agents,), w >= 0, sum 1.
        prices: (goods,), p >= 0, utils of the super-agent per unit.
        residual: the largest relative violation; inf if every agent would have to weigh nothing, or a
            producer's utility is not concave.
        zero: which agents weigh nothing, (agents,).
    """

    weights: Array
    prices: Array
    residual: float
    zero: NDArray[np.bool_]


def support(economy: Economy, x: Array, y: Array, own: Array | None = None) -> Support:
    """The Negishi weights of an allocation: the most equal among those that support it best.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        own: (goods,), the prices at which it came about, if any: tried where there are too many agents for
            the programme.
    """
    economy = economy.concave_form
    slopes, costs = economy.marginal_utility(x), economy.marginal_cost(y)
    binds = active(economy, x, y, slopes=slopes)
    infinite = np.asarray(np.isinf(slopes).any(axis=1))
    hopeless, idle = infinite | binds.empty, ~_at_stake(economy)
    agents, goods = economy.shape
    if (hopeless | idle).all() or economy.not_concave.any():
        return Support(np.full(agents, 1.0 / agents), np.zeros(goods), np.inf, hopeless)
    found = _without_programme(economy, x, y, slopes, costs, binds, hopeless, idle)
    if found is not None:
        return _weigh_the_empty_handed(economy, x, y, binds, found)
    if too_large(economy):
        tried = [usual_prices(economy)] + ([own] if own is not None and np.isfinite(own).all() else [])
        each = [_nearest(economy, x, y, p, hopeless, idle) for p in tried]
        return _weigh_the_empty_handed(economy, x, y, binds, min(each, key=lambda end: end.residual))
    problem = _scale(economy, x, y, slopes, costs, binds, hopeless | idle)
    scaled_weights, scaled_prices = problem.most_equal()
    weights = scaled_weights / problem.per_value
    weights = np.where(idle, weights[~idle].mean(), weights)
    zero = ~idle & (hopeless | (scaled_weights <= ZERO * scaled_weights.max()))
    total = weights[~zero].sum()
    weights = np.where(zero, 0.0, weights / total)
    tiny = scaled_prices <= ZERO * scaled_prices.max()
    candidates = []
    for none in (np.zeros_like(tiny), tiny, binds.left_over):  # the programme has no sharp zeros
        prices = np.where(none, 0.0, scaled_prices * problem.reference / total)
        prices = _highest_asked(binds, costs, weights, prices)
        candidates.append(Support(weights, prices, residual(economy, x, y, weights, prices), zero))
    found = min(candidates, key=lambda each: each.residual)
    return _weigh_the_empty_handed(economy, x, y, binds, _polish(economy, x, y, found))


def _without_programme(
    economy: Economy,
    x: Array,
    y: Array,
    slopes: Array,
    costs: Array,
    binds: Active,
    hopeless: NDArray[np.bool_],
    idle: NDArray[np.bool_],
) -> Support | None:
    """Weights that are plain to see: equal ones, or the only ones that can be; None if neither support it."""
    for find in range(2):  # the second is not looked for if the first will do
        candidate = (
            determined(slopes, costs, binds, ~(hopeless | idle), economy.kinks(x))
            if find
            else equal_weights(economy, slopes)
        )
        if candidate is None:
            continue
        weights, prices = candidate
        zero = hopeless & ~idle
        weights = np.where(zero, 0.0, np.where(idle, weights[~idle & ~zero].mean(), weights))
        total = weights.sum()
        weights, prices = weights / total, _highest_asked(binds, costs, weights / total, prices / total)
        found = Support(weights, prices, residual(economy, x, y, weights, prices), zero)
        found = _polish(economy, x, y, found)
        if found.residual <= PLAIN and not (found.weights <= ZERO * found.weights.max())[~zero].any():
            return found
    return None


def _nearest(
    economy: Economy,
    x: Array,
    y: Array,
    prices: Array,
    hopeless: NDArray[np.bool_],
    idle: NDArray[np.bool_],
) -> Support:
    """Weights for more agents than a programme can have: those that some prices would give each by itself.

    Sharpened by turns; others may come nearer, so the residual is an upper bound on the least.
    """
    zero = hopeless & ~idle
    slopes = economy.marginal_utility_along(x, prices)
    worth = np.multiply(slopes, x, out=np.zeros_like(x), where=(x > 0) & np.isfinite(slopes)).sum(axis=1)
    with np.errstate(over="ignore"):
        weights = np.divide(x @ prices, worth, out=np.zeros_like(worth), where=(worth > 0) & ~zero)
    some = weights[weights > 0]
    weights = np.where(zero, 0.0, np.where(weights > 0, weights, some.mean() if len(some) else 1.0))
    size = weights.max()  # first, so that the sum cannot overflow
    if not (0 < size < np.inf):
        return Support(np.full(len(zero), 1.0 / len(zero)), np.zeros(len(prices)), np.inf, zero)
    weights, prices = weights / size, prices / size
    total = weights.sum()
    weights, prices = weights / total, prices / total
    start = Support(weights, prices, residual(economy, x, y, weights, prices), zero)
    return _polish(economy, x, y, start)


def _at_stake(economy: Economy) -> NDArray[np.bool_]:
    """Whose weight means something: who wants something or bears a cost, (agents,); all if nobody does."""
    concerned = economy.wants_something
    if economy.costs:
        concerned = concerned | (economy.capacity > 0).any(axis=1)
    return concerned if concerned.any() else ~concerned


class _Problem(NamedTuple):
    """The conditions A (v, P) <= t sum(v) / count, with v = 0 for the hopeless."""

    rows: scipy.sparse.csr_matrix
    agents: int
    goods: int
    free: NDArray[np.bool_]
    per_value: Array
    reference: Array

    def _solve(self, cost: Array, slack: float | None, floor: Array, extra: int = 0) -> Array | None:
        """Minimise cost.(v, P, extras, t) under the conditions; t is fixed to `slack` if given.

        Args:
            cost: over all variables.
            slack: the violation allowed; None makes it a variable.
            floor: (agents, extras), coefficients of v_i >= floor_i.extras.
            extra: how many extra variables.
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
        bounds = [(0.0, None if free else 0.0) for free in self.free] + [(0.0, None)] * self.goods
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
            options=_TIGHT,
        )
        return answer.x if answer.status == 0 else None

    def most_equal(self) -> tuple[Array, Array]:
        """The v and P of least violation, and among them the most equal weights."""
        size = self.agents + self.goods
        cost = np.zeros(size + 1)
        cost[-1] = 1.0
        first = self._solve(cost, None, np.empty((self.agents, 0)))
        if first is None:
            return np.where(self.free, 1.0, 0.0), np.ones(self.goods)
        slack = first[-1] * (1.0 + 1e-6) + 1e-10
        best = self._highest_floor(slack, self.free)
        if best is None or not best[size] > ZERO:  # not everybody can count, so who can?
            able = self._able(slack)
            best = self._highest_floor(slack, able) if able.any() else None
        best = first if best is None else best
        return best[: self.agents], best[self.agents : size]

    def _highest_floor(self, slack: float, able: NDArray[np.bool_]) -> Array | None:
        """The solution in which the least v of those who are able is largest; that v comes after v and P."""
        cost = np.zeros(self.agents + self.goods + 2)
        cost[self.agents + self.goods] = -1.0
        return self._solve(cost, slack, able.astype(float)[:, None], extra=1)

    def _able(self, slack: float) -> NDArray[np.bool_]:
        """Which agents can have a positive weight: maximise the sum of min(v_i, 1)."""
        extra = self.agents
        cost = np.zeros(self.agents + self.goods + extra + 1)
        cost[self.agents + self.goods : -1] = -self.free.astype(float)
        found = self._solve(cost, slack, np.eye(self.agents), extra=extra)
        if found is None:
            return self.free
        return self.free & (found[: self.agents] > ZERO)


def _scale(
    economy: Economy,
    x: Array,
    y: Array,
    slopes: Array,
    costs: Array,
    binds: Active,
    hopeless: NDArray[np.bool_],
) -> _Problem:
    """Write the conditions as rows over (v, P), with coefficients near one."""
    there = economy.offered(y)
    reference = 1.0 / np.where(there > 0, there, 1.0)
    finite_slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    finite_costs = np.where(np.isfinite(costs), costs, 0.0)
    for _ in range(2):  # once with equal values, once with the prices that these suggest
        per_value = _per_value(economy, x, y, finite_slopes, finite_costs, reference)
        valued = np.where(hopeless[:, None], 0.0, finite_slopes / per_value[:, None]).max(axis=0)
        made = np.where(binds.made | binds.could_make, finite_costs / per_value[:, None], np.inf).min(axis=0)
        suggested = np.where(valued > 0, valued, np.where(np.isfinite(made), made, 0.0))
        reference = np.where(suggested > 0, suggested, reference)
    agents, goods = economy.shape
    kinks = np.where(hopeless[:, None], 0.0, economy.kinks(x))
    bent = np.asarray((kinks > 0).any(axis=1))[:, None]
    worth = finite_slopes / (per_value[:, None] * reference)
    cost = finite_costs / (per_value[:, None] * reference)
    alive = ~hopeless[:, None]
    prices_alone = scipy.sparse.hstack([scipy.sparse.csr_matrix((goods, agents)), scipy.sparse.eye(goods)])
    parts = [
        _pairs(worth, binds.wanting & alive & np.isfinite(slopes) & ~bent, +1.0),
        _pairs(worth, binds.consumed & alive & ~(kinks > 0), -1.0),
        *_kink_rows(kinks * per_value[:, None] * reference, binds.consumed),
        _pairs(cost, binds.could_make & np.isfinite(costs), -1.0),
        _pairs(cost, binds.made, +1.0),
        prices_alone.tocsr()[binds.left_over],
        _technology_rows(economy, y, reference),
    ]
    return _Problem(scipy.sparse.vstack(parts).tocsr(), agents, goods, ~hopeless, per_value, reference)


def _kink_rows(
    kinks: Array, consumed: NDArray[np.bool_]
) -> tuple[scipy.sparse.csr_matrix, scipy.sparse.csr_matrix]:
    """Weights at kinks are neither above nor below what the goods at the kink are worth, a row each.

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
    """Netputs pay most: one row over prices for each condition, both ways where it binds."""
    rows, binding = supporting_conditions(economy, y)
    scaled = rows * reference
    size = np.abs(scaled).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(scaled, size, out=np.zeros_like(scaled), where=size > 0)
    both = np.concatenate([scaled, -scaled[binding]])
    return scipy.sparse.hstack(
        [scipy.sparse.csr_matrix((len(both), len(economy.agents))), scipy.sparse.csr_matrix(both)]
    ).tocsr()


def _pairs(coefficients: Array, where: NDArray[np.bool_], sign: float) -> scipy.sparse.csr_matrix:
    """One row sign * (c_ig v_i - P_g) for each marked pair."""
    agents, goods = coefficients.shape
    i, g = np.nonzero(where)
    row = np.arange(len(i))
    data = np.concatenate([sign * coefficients[i, g], np.full(len(i), -sign)])
    return scipy.sparse.csr_matrix(
        (data, (np.concatenate([row, row]), np.concatenate([i, agents + g]))), shape=(len(i), agents + goods)
    )


def _per_value(economy: Economy, x: Array, y: Array, slopes: Array, costs: Array, reference: Array) -> Array:
    """k_i: marginal utility (or cost) per unit of value at reference prices, (agents,), > 0."""
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


def _weigh_the_empty_handed(economy: Economy, x: Array, y: Array, binds: Active, found: Support) -> Support:
    """Give those who consume nothing the largest weight up to the others' average at which nothing is best.

    At prices p that is one over the worth of a first unit of money; 0 where that is infinite. Producers
    among them are in the programme already through what they make.
    """
    candidates = binds.empty & ~(economy.capacity > 0).any(axis=1)
    others = found.weights[found.weights > 0]
    if not candidates.any() or not len(others):
        return found
    worth = economy.first_worth(found.prices)
    bound = np.divide(1.0, worth, out=np.full_like(worth, np.inf), where=worth > 0)
    given = np.where(candidates, np.minimum(bound, others.mean()), found.weights)
    total = given.sum()
    weights, prices = given / total, found.prices / total
    zero = np.where(candidates, weights == 0.0, found.zero)
    same = total == 1.0 and bool((given == found.weights).all())
    violation = found.residual if same else residual(economy, x, y, weights, prices)
    return Support(weights, prices, violation, zero)


def _highest_asked(binds: Active, costs: Array, weights: Array, prices: Array) -> Array:
    """Raise the price of a good that is neither consumed nor made to the least cost of making it.

    Up to there the conditions leave it open, and a positive price shows more: that nobody can have some
    of the good without costing somebody else.
    """
    if not binds.could_make.any():
        return prices
    with np.errstate(invalid="ignore"):
        asked = np.where(binds.could_make & np.isfinite(costs), weights[:, None] * costs, np.inf).min(axis=0)
    idle = ~binds.consumed.any(axis=0) & ~binds.made.any(axis=0) & ~binds.left_over & np.isfinite(asked)
    return np.where(idle, np.maximum(prices, asked), prices)


def _polish(economy: Economy, x: Array, y: Array, found: Support) -> Support:
    """Sharpen weights and prices where the equalities fix them: each in turn from the other."""
    if found.residual <= SHARP:
        return found
    consumed = active(economy, x, y).consumed
    best, weights, prices = found, found.weights, found.prices
    for _ in range(3):
        fixed = weights.copy()
        for rows, part in economy.parts:
            slopes, eats = _rates(part, x[rows], prices, consumed[rows], found.zero[rows])
            ratio = np.divide(prices, slopes, out=np.zeros_like(slopes), where=eats).sum(axis=1)
            np.divide(ratio, eats.sum(axis=1), out=fixed[rows], where=eats.any(axis=1))
        if not (fixed[~found.zero] > 0).all():
            break  # all that somebody eats has no price here: whoever weighs nothing was found before
        weights = fixed / fixed.sum()
        worth, eaters = np.zeros(len(prices)), np.zeros(len(prices))
        for rows, part in economy.parts:
            slopes, eats = _rates(part, x[rows], prices, consumed[rows], found.zero[rows])
            worth += np.multiply(weights[rows, None], slopes, out=np.zeros_like(slopes), where=eats).sum(
                axis=0
            )
            eaters += eats.sum(axis=0)
        prices = np.divide(worth, eaters, out=prices / fixed.sum(), where=eaters > 0)
        violation = residual(economy, x, y, weights, prices)
        if violation < best.residual:
            best = Support(weights, prices, violation, found.zero)
    return best


def _rates(
    part: Economy, x: Array, prices: Array, consumed: NDArray[np.bool_], zero: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """Marginal utilities of a part of the agents, and where they bind the weight to the price."""
    slopes = part.marginal_utility_along(x, prices)
    return slopes, consumed & np.isfinite(slopes) & (slopes > 0) & ~zero[:, None]
