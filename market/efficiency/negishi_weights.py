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

*Without a program.* Each pair of an agent and a good that it consumes, or makes and could make more of, fixes
`w_i m_ig = p_g` (`m_ig` the marginal utility or cost). Where agents and goods are linked by such pairs into
one whole, one price fixes all weights and prices up to a common factor, and no others can support the
allocation: they are found by going along the links. An agent at a kink links nothing, but the prices of its
goods give its weight, `sum_g b_ig p_g`. With quasilinear money equal weights are the most equal there can be,
so if they support the allocation no others are looked for.

Where a utility is not concave as stated, the conditions are those of a concave one that orders bundles in the
same way (`Economy.concave_form`), and its agent's weight is that of the latter: it says nothing of a weighted
sum of utilities as stated. A producer's, which is added to a cost, has no such form; there none are given.

Source: Negishi (1960); the linear programme is our own derivation from the first-order conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.production import supporting_conditions
from market.efficiency.dual_bounds import usual_prices
from market.welfare.convex_program import too_large
from market.welfare.first_order_conditions import Active, Margins, weights_from_prices

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


def support(at: Margins, own: Array | None = None) -> Support:
    """Return the Negishi weights of an allocation: the most equal among those that support it best.

    Args:
        at: margins of the allocation in the economy's concave form.
        own: (goods,), the prices at which it came about, if any: tried where there are too many agents for
            the program.
    """
    economy, agents, goods = at.economy, *at.economy.shape
    case = _Case(at, np.asarray(np.isinf(at.slopes).any(axis=1)) | at.binds.empty, ~_concerned(economy))
    if (case.hopeless | case.idle).all() or economy.not_concave.any():
        return Support(np.full(agents, 1.0 / agents), np.zeros(goods), np.inf, case.hopeless)
    found = case.equal() or case.determined()
    if found is None and too_large(economy):
        tried = [usual_prices(economy)] + ([own] if own is not None and np.isfinite(own).all() else [])
        found = min((case.nearest(p) for p in tried), key=lambda end: end.residual)
    return case.with_empty_handed(found or case.by_program())


def _concerned(economy: Economy) -> NDArray[np.bool_]:
    """Mask of agents whose weight affects the allocation, (agents,); all of them if there is none."""
    concerned = economy.wants_something
    if economy.costs:
        concerned = concerned | (economy.capacity > 0).any(axis=1)
    return concerned if concerned.any() else ~concerned


@dataclass(frozen=True)
class _Case:
    """An allocation whose weights are looked for, one way after the other.

    Args:
        at: its margins.
        hopeless: (agents,), agents that can only have a weight of zero: a slope is infinite, or they want
            something and consume nothing.
        idle: (agents,), agents whose weight affects nothing.
    """

    at: Margins
    hopeless: NDArray[np.bool_]
    idle: NDArray[np.bool_]

    @property
    def zero(self) -> NDArray[np.bool_]:
        """Agents with a weight of zero, (agents,)."""
        return self.hopeless & ~self.idle

    def equal(self) -> Support | None:
        """Return equal weights if they support the allocation; only sought where money is quasilinear."""
        return self._if_supporting(equal_weights(self.at.economy, self.at.slopes))

    def determined(self) -> Support | None:
        """Return the only weights that can support the allocation, if they do."""
        at, counts = self.at, ~(self.hopeless | self.idle)
        return self._if_supporting(determined(at.slopes, at.costs, at.binds, counts, at.kinks))

    def _if_supporting(self, candidate: tuple[Array, Array] | None) -> Support | None:
        """Return normalised, polished weights and prices; None if they do not support the allocation."""
        if candidate is None:
            return None
        weights, prices = candidate
        counted = ~self.idle & ~self.zero
        weights = np.where(self.zero, 0.0, np.where(self.idle, weights[counted].mean(), weights))
        total = weights.sum()
        found = self._polished(self._support(weights / total, self._raised(weights / total, prices / total)))
        vanishing = found.weights <= ZERO * found.weights.max()
        return found if found.residual <= PLAIN and not vanishing[~self.zero].any() else None

    def _support(self, weights: Array, prices: Array, zero: NDArray[np.bool_] | None = None) -> Support:
        none = self.zero if zero is None else zero
        return Support(weights, prices, self.at.residual(weights, prices), none)

    def by_program(self) -> Support:
        """Return weights by linear programs: the least violation, and among its solutions the most equal."""
        problem = _scale(self.at, self.hopeless | self.idle)
        scaled_weights, scaled_prices = problem.most_equal()
        weights = scaled_weights / problem.per_value
        weights = np.where(self.idle, weights[~self.idle].mean(), weights)
        zero = ~self.idle & (self.hopeless | (scaled_weights <= ZERO * scaled_weights.max()))
        total = weights[~zero].sum()
        weights = np.where(zero, 0.0, weights / total)
        tiny = scaled_prices <= ZERO * scaled_prices.max()
        candidates = []
        for free in (np.zeros_like(tiny), tiny, self.at.binds.left_over):  # a program has no sharp zeros
            prices = np.where(free, 0.0, scaled_prices * problem.reference / total)
            candidates.append(self._support(weights, self._raised(weights, prices), zero))
        return self._polished(min(candidates, key=lambda each: each.residual))

    def nearest(self, p: Array) -> Support:
        """Return weights for more agents than a program can have: those that prices p suggest, polished.

        Others may violate the conditions less, so that the residual is an upper bound on the least.
        """
        weights = np.where(self.zero, 0.0, weights_from_prices(self.at.along(p), self.at.x, p))
        some = weights[weights > 0]
        weights = np.where((weights > 0) | self.zero, weights, some.mean() if len(some) else 1.0)
        size = weights.max()  # first, so that the sum cannot overflow
        if not (0 < size < np.inf):
            return Support(np.full(len(weights), 1.0 / len(weights)), np.zeros(len(p)), np.inf, self.zero)
        weights, prices = weights / size, p / size
        total = weights.sum()
        return self._polished(self._support(weights / total, prices / total))

    def with_empty_handed(self, found: Support) -> Support:
        """Give agents that consume nothing the largest weight at which that is best, up to the mean.

        At prices p that is one over the worth of a first unit of money; 0 where that is infinite. Producers
        among them are in the program already through what they make.
        """
        economy = self.at.economy
        candidates = self.at.binds.empty & ~(economy.capacity > 0).any(axis=1)
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
        """Raise the price of a good neither consumed nor made to the least weighted cost of making it.

        Up to there the conditions leave it open, and a positive price shows more: that no agent can have some
        of the good without a cost to another.
        """
        binds, costs = self.at.binds, self.at.costs
        if not binds.could_make.any():
            return prices
        with np.errstate(invalid="ignore"):
            asked = np.where(binds.could_make & np.isfinite(costs), weights[:, None] * costs, np.inf).min(
                axis=0
            )
        unused = ~binds.consumed.any(axis=0) & ~binds.made.any(axis=0) & ~binds.left_over
        return np.where(unused & np.isfinite(asked), np.maximum(prices, asked), prices)

    def _polished(self, found: Support) -> Support:
        """Sharpen weights and prices where the equalities fix them: each in turn from the other."""
        if found.residual <= SHARP:
            return found
        economy, x, consumed = self.at.economy, self.at.x, self.at.binds.consumed
        best, weights, prices = found, found.weights, found.prices
        for _ in range(3):
            fixed = weights.copy()
            for rows, part in economy.parts:
                slopes, eats = _rates(part, x[rows], prices, consumed[rows], found.zero[rows])
                ratio = np.divide(prices, slopes, out=np.zeros_like(slopes), where=eats).sum(axis=1)
                np.divide(ratio, eats.sum(axis=1), out=fixed[rows], where=eats.any(axis=1))
            if not (fixed[~found.zero] > 0).all():
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


def _scale(at: Margins, hopeless: NDArray[np.bool_]) -> _Problem:
    """Write the conditions as rows over (v, P), with coefficients near one."""
    economy, y, slopes, costs, binds = at.economy, at.y, at.slopes, at.costs, at.binds
    there = economy.offered(y)
    reference = 1.0 / np.where(there > 0, there, 1.0)
    finite_slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    finite_costs = np.where(np.isfinite(costs), costs, 0.0)
    for _ in range(2):  # once with equal values, once with the prices that these suggest
        per_value = _per_value(at, finite_slopes, finite_costs, reference)
        valued = np.where(hopeless[:, None], 0.0, finite_slopes / per_value[:, None]).max(axis=0)
        made = np.where(binds.made | binds.could_make, finite_costs / per_value[:, None], np.inf).min(axis=0)
        suggested = np.where(valued > 0, valued, np.where(np.isfinite(made), made, 0.0))
        reference = np.where(suggested > 0, suggested, reference)
    agents, goods = economy.shape
    kinks = np.where(hopeless[:, None], 0.0, at.kinks)
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
    """Marginal utilities of a part of the agents, and where they bind the weight to the price."""
    slopes = part.marginal_utility_along(x, prices)
    return slopes, consumed & np.isfinite(slopes) & (slopes > 0) & ~zero[:, None]


# --- weights that need no program -------------------------------------------------------------------------


def equal_weights(economy: Economy, slopes: Array) -> tuple[Array, Array] | None:
    """Equal weights and the prices that go with them; None unless money is quasilinear.

    Args:
        economy: the primitives.
        slopes: (agents, goods), marginal utilities; may be inf.
    """
    if economy.money is not Money.QUASILINEAR or not np.isfinite(slopes).all():
        return None
    agents = len(economy.agents)
    return np.full(agents, 1.0 / agents), slopes.max(axis=0) / agents


def determined(
    slopes: Array, costs: Array, binds: Active, counts: NDArray[np.bool_], kinks: Array
) -> tuple[Array, Array] | None:
    """The only weights and prices that can support an allocation, up to a factor; None if there are several.

    Args:
        slopes: (agents, goods), marginal utilities.
        costs: (agents, goods), marginal costs.
        binds: who consumes and makes what.
        counts: (agents,), whose weights are looked for.
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
            told = new & linked[:, g]
            weights[told] = np.maximum(weights[told], prices[g] / rates[told, g])
        by_weight = np.zeros(len(prices))
        for good, column in enumerate(linked.T):
            told = column & (weights > 0)
            by_weight[good] = (weights[told] * rates[told, good]).max(initial=0.0)
        if ((by_weight > 0) == (prices > 0)).all():
            break
        prices = np.where(prices > 0, prices, by_weight)
    if not (weights[counts] > 0).all():
        return None
    if bent.any():
        needed = kinks[bent] > 0
        known = (prices > 0) | binds.left_over
        if not ((needed & binds.consumed[bent]).any(axis=1).all() and known[needed.any(axis=0)].all()):
            return None
        weights[bent] = kinks[bent] @ prices
    return weights, np.where(prices > 0, prices, _offered(weights, slopes, counts))


def _offered(weights: Array, slopes: Array, counts: NDArray[np.bool_]) -> Array:
    """The most that anyone who counts would give for each good, (goods,)."""
    wanted = counts[:, None] & np.isfinite(slopes)
    return np.asarray(
        np.multiply(weights[:, None], slopes, out=np.zeros_like(slopes), where=wanted).max(axis=0)
    )
