"""Newton's method on the first-order conditions of the planner's problem, from either of two starts.

    max sum_i w_i (u_i(x_i) - C_i(y_i))  subject to  sum_i x_i <= r + sum_i y_i,  0 <= y <= K.

With `m_i` the slopes of `u_i`, `c_i` those of `C_i` and `s_i` subsistence, an optimum without goods left over
satisfies (Gossen's second law; `first_order_conditions.py` has all conditions)

    w_i m_ig(x_i) = p_g  where x_ig > s_ig,    w_i c_ig(y_i) = p_g  where 0 < y_ig < K_ig,
    sum_i x_ig = r_g + sum_i y_ig              where p_g > 0.

Slopes of m and c are taken by differences (`_change`): those of an agent depend on its own bundle only, so
one more evaluation for each good gives them for all agents.

*From equal shares* (`optimum`). Unknown are the logarithms of `x - s`, y and p, and the equations are
compared by their logarithms: for logarithmic and power utilities the first is then linear, and a step or two
suffices whatever the weights. After each step consumption is scaled to what there is, and prices are mean
worths. Amounts that are better at a bound are put there on the way. Producers of a good at constant cost
enter in the order of their costs: the last meets the remaining demand, and its cost is the price. (A program
finds most of these too, but in 4 s instead of 0.1 s for 90,000 producers, and not all across many powers of
ten.) A solution is returned only where no other optimum can be: curvatures are clearly negative, and moving
from a bound clearly loses. Goods left over, kinks, equal costs and technologies are left to convex programs.

*From a solver's answer* (`sharpen`). An interior-point method stops when its objective is right to about
1e-12; at a flat maximum that leaves amounts right to 1e-6 only. The conditions that bind there are solved in
relative steps, and a step is kept only if the residual, recomputed from the primitives, falls. At a kink,
where slopes are any `m >= 0` with `sum_g b_ig m_ig = 1`, the conditions are one on prices, and fixed
proportions:

    sum_g b_ig p_g = w_i,    x_ig / b_ig equal for all g with b_ig > 0.

*Two linear systems.* The first start has many agents and regular curvatures, so each agent's block is
eliminated and a system of one row a good remains. The second also faces ties, where the system is singular
and elimination fails, so it takes the shortest least-squares solution of the whole system. One of them for
both would lose either the size (10 million slopes) or the ties. Callers recompute what either claims.

Source: Gossen (1854), *Entwickelung der Gesetze des menschlichen Verkehrs*; Nocedal and Wright (2006),
*Numerical Optimization*, chapters 11 (Newton's method for nonlinear equations) and 18 (equality-constrained
Newton steps).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.tolerances import PLENTY
from market.welfare.convex_program import Solution, fit, typical_amounts
from market.welfare.first_order_conditions import active, residual

Entries = tuple[Array, NDArray[np.intp], NDArray[np.intp]]
"""Values of a matrix, and their rows and columns."""

DIFFERENCE_STEP = 1e-7
"""Relative to an amount: steps of differences, between their rounding and their curvature."""

LARGEST_SLOPES = 10_000_000
"""Slopes, agents times goods times goods, of `optimum`: beyond, a convex program takes less memory."""

MOST_STEPS = 40
"""Steps of `optimum` from equal shares; most economies take fewer than ten."""

LARGEST_LOG_CHANGE = 5.0
"""The largest change of a logarithm in one step of `optimum`."""

ROUNDED_GAP = 4e-15
"""Relative gap of a first-order condition that is rounding."""

STALLED_GAP = 1e-11
"""Relative gap that is accepted once another step does not halve it."""

CLEAR_CURVATURE = 1e-6
"""Relative curvature, and relative loss at a bound: below it another optimum may be near."""

NEAR_BOUND = 1e-3
"""Share of an equal share: smaller amounts are tested for being better at 0."""

LARGEST_SYSTEM = 20_000
"""Unknowns of `sharpen`: beyond, the solver's answer is left unchanged."""

DENSE_SYSTEM = 60
"""Unknowns up to which dense matrices take less time than sparse ones."""


def optimum(economy: Economy, weights: Array, near: Solution | None = None) -> Solution | None:
    """Find the optimum of weighted welfare from equal shares, with its prices.

    Args:
        economy: the primitives.
        weights: (agents,), welfare weights w >= 0.
        near: an allocation to start from instead, such as the optimum of nearly this economy.

    Returns:
        The optimum; None where it is not found, or may not be the only one.

    Example:
        >>> from market.scenario.building import build
        >>> from market.scenario.loading import load
        >>> commons = build(load("scenarios/commons.toml"))
        >>> found = optimum(commons, np.array([3.0, 1.0]))
        >>> found.consumption.ravel().round(12), found.prices.round(12)
        (array([7.5, 2.5]), array([0.4]))
    """
    agents, goods = economy.shape
    if economy.technologies or agents * goods * goods > LARGEST_SLOPES:
        return None
    with np.errstate(all="ignore"):
        return _FromEqualShares(economy, weights, (economy.bliss > 0) & (weights > 0)[:, None]).end(near)


def sharpen(economy: Economy, found: Solution, weights: Array, steps: int = 8) -> Solution:
    """Lower the residual of a solution as far as Newton's method takes it.

    Args:
        economy: the primitives.
        found: near an optimum, with exact zeros where bounds bind.
        weights: (agents,), welfare weights w >= 0.
        steps: the most steps.

    Returns:
        The solution of least residual, which may be `found` itself.
    """
    if found.production[economy.turns_goods_into_goods].any():  # their conditions are not solved here
        return found
    valued = replace(found, prices=_with_mean_worth(economy, found, weights))
    ends = [_newton(economy, start, weights, steps) for start in (found, valued)]
    return min(ends, key=lambda end: end[1])[0]


def _change(marginal: Callable[[Array], Array], amounts: Array, by: Array, good: int, here: Array) -> Array:
    """Return the change of marginal amounts per relative change of one good, (agents, goods).

    Args:
        marginal: marginal utilities or costs, (agents, goods), as a function of amounts.
        amounts: (agents, goods), units.
        by: (agents,), units, the amounts of `good` to which changes are relative.
        good: index of the good.
        here: (agents, goods), `marginal` at `amounts`.
    """
    more = amounts.copy()
    more[:, good] += DIFFERENCE_STEP * by
    return (marginal(more) - here) / DIFFERENCE_STEP


class _Point(NamedTuple):
    """An allocation on the way, all (agents, goods).

    Args:
        x: consumption.
        y: production.
        eats: mask of consumption above its bound.
        makes: mask of production between its bounds.
    """

    x: Array
    y: Array
    eats: NDArray[np.bool_]
    makes: NDArray[np.bool_]


class _Slopes(NamedTuple):
    """Weighted marginal utilities and costs at a point, and their changes.

    Args:
        worth: (agents, goods), w m.
        cost: (agents, goods), w c.
        prices: (goods,), p.
        gap: (agents, goods), log w m - log p where `eats`.
        cost_gap: (agents, goods), log w c - log p where `makes`.
        bends: (agents, goods, goods), d log m / d log (x - s); -1 on the diagonal elsewhere.
        rises: (agents, goods), d log c / d log y; 1 elsewhere.
    """

    worth: Array
    cost: Array
    prices: Array
    gap: Array
    cost_gap: Array
    bends: Array
    rises: Array


class _FromEqualShares:
    """The steps from equal shares to the optimum.

    Args:
        economy: the primitives.
        weights: (agents,), w.
        wanted: (agents, goods), mask of goods wanted by agents of positive weight.
    """

    def __init__(self, economy: Economy, weights: Array, wanted: NDArray[np.bool_]) -> None:
        self.economy, self.weights, self.wanted = economy, weights, wanted
        self.vital = np.where(wanted, economy.subsistence, 0.0)
        self.priced: NDArray[np.bool_] = np.asarray(wanted.any(axis=0))
        self.share = np.zeros(len(self.priced))
        self.flat = np.zeros(wanted.shape, dtype=bool)

    def end(self, near: Solution | None = None) -> Solution | None:
        """Return the optimum that the steps reach; None without one, or where another may be."""
        at, before = self._start(), np.inf
        if at is not None and near is not None:
            at = self._started_near(at, near)
        for _ in range(MOST_STEPS):
            if at is None:
                return None
            here = self._slopes(at)
            gap = float(max(np.abs(here.gap).max(), np.abs(here.cost_gap).max()))
            if not np.isfinite(gap):
                return None
            if gap <= ROUNDED_GAP or (gap <= STALLED_GAP and gap > before / 2.0):
                settled = self._bounded(at, here.prices)
                if (settled.makes == at.makes).all():
                    return self._solution(at, here) if self._is_unique(at, here) else None
                at, before = settled, np.inf
                continue
            at, before = self._stepped(at, here), gap
        return None

    def _start(self) -> _Point | None:
        """Return subsistence and equal shares of the rest; None where there is no rest."""
        economy, wanted = self.economy, self.wanted
        nothing, eaters = np.zeros(economy.shape), np.maximum(wanted.sum(axis=0), 1)
        y, makes = nothing, np.zeros(economy.shape, dtype=bool)
        if economy.costs:
            makes = (economy.capacity > 0) & self.priced
            typical = typical_amounts(economy, nothing, nothing, self.weights)
            each = typical * eaters / np.maximum(makes.sum(axis=0), 1)
            y = np.where(makes, np.minimum(each, economy.capacity / 2.0), 0.0)
            self.flat = makes & (self._cost(y) == self._cost(nothing))
            makes, y = makes & ~self.flat, np.where(self.flat, 0.0, y)
            for good in np.flatnonzero(self.flat.any(axis=0)):
                y, makes = self._in_order_of_cost(int(good), y, makes, each)
        if not (self.priced.any() and (self._rest(y)[self.priced] > 0).all()):
            return None
        self.share = self._rest(y) / eaters
        return _Point(self._shared(y), y, wanted, makes)

    def _started_near(self, equal: _Point, near: Solution) -> _Point:
        """Return an allocation scaled to what there is; equal shares where that leaves nothing to share."""
        x, y = near.consumption, near.production
        eats, makes = self.wanted & (x > self.vital), (y > 0) & (y < self.economy.capacity) & self.priced
        rest, eaten = self._rest(y), np.asarray(eats.any(axis=0))
        if (rest[self.priced] <= 0).any() or not eaten[self.priced].all():
            return equal
        alone = (makes & self.flat).sum(axis=0) <= 1
        return self._scaled(_Point(x, y, eats, makes)) if alone.all() else equal

    def _rest(self, y: Array) -> Array:
        """Return resources and output beyond subsistence, (goods,), units."""
        return self.economy.resources + y.sum(axis=0) - self.vital.sum(axis=0)

    def _shared(self, y: Array) -> Array:
        """Return subsistence and equal shares of the rest, (agents, goods), units."""
        return np.where(self.wanted, self.vital + self._rest(y) / np.maximum(self.wanted.sum(axis=0), 1), 0.0)

    def _in_order_of_cost(
        self, good: int, y: Array, makes: NDArray[np.bool_], each: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Let producers of a good at constant cost enter in the order of their costs, up to its worth.

        The first whose cost exceeds the worth, in equal shares, of its own capacity with that of all cheaper
        producers is between bounds; found by halving.
        """
        cost, capacity = self._cost(y)[:, good], self.economy.capacity[:, good]
        rows = np.flatnonzero(self.flat[:, good])
        rows = rows[np.argsort(cost[rows], kind="stable")]

        def filled(until: int) -> Array:
            made = y.copy()
            made[rows[:until], good] = capacity[rows[:until]]
            return made

        low, high = 0, len(rows) - 1
        while low < high:
            middle = (low + high) // 2
            worth = self._worth(self._shared(np.minimum(filled(middle + 1), PLENTY)))[:, good]
            low, high = (middle + 1, high) if worth.max() > cost[rows[middle]] else (low, middle)
        made, row = filled(low), rows[low]
        made[row, good] = min(each[good], capacity[row] / 2.0)
        makes = makes.copy()
        makes[row, good] = True
        return made, makes

    def _beyond(self, at: _Point) -> Array:
        """Return consumption beyond subsistence where `eats`, (agents, goods), units; 0 elsewhere."""
        return np.where(at.eats, at.x - self.vital, 0.0)

    def _worth(self, x: Array) -> Array:
        return np.where(self.wanted, self.weights[:, None] * self.economy.marginal_utility(x), 0.0)

    def _cost(self, y: Array) -> Array:
        return self.weights[:, None] * self.economy.marginal_cost(y)

    def _slopes(self, at: _Point) -> _Slopes:
        beyond, worth, cost = self._beyond(at), self._worth(at.x), self._cost(at.y)
        valued = np.where(at.eats, beyond * worth, 0.0).sum(axis=0)
        prices = np.where(self.priced, valued / beyond.sum(axis=0), 0.0)
        bends = np.empty((*at.x.shape, len(prices)))
        for good in range(len(prices)):
            bends[:, :, good] = _change(self._worth, at.x, beyond[:, good], good, worth) / worth
        both = at.eats[:, :, None] & at.eats[:, None, :]
        gap, cost_gap, rises = np.log(worth / prices), np.zeros_like(worth), np.ones_like(worth)
        if at.makes.any():
            cost_gap = np.where(at.makes, np.log(cost / prices), 0.0)
            steep = at.makes & ~self.flat
            rises = np.where(
                steep, np.log(self._cost(at.y * (1.0 + DIFFERENCE_STEP)) / cost) / DIFFERENCE_STEP, 1.0
            )
        gap = np.where(at.eats, gap, 0.0)
        return _Slopes(worth, cost, prices, gap, cost_gap, np.where(both, bends, -np.eye(len(prices))), rises)

    def _stepped(self, at: _Point, here: _Slopes) -> _Point | None:
        """Return the point after one step, scaled to what there is; None where the system is singular.

        log (x - s) moves by `B^-1 (d - gap)`, log y by `(d - gap) / rise`, with d the move of log p at which
        consumption and production change by equal amounts. Where a producer at constant cost is between
        its bounds, d leads to that cost, and it meets the remaining demand.
        """
        marginal = at.makes & self.flat
        beyond, made = self._beyond(at), np.where(at.makes & ~marginal, at.y / here.rises, 0.0)
        one = np.where(at.eats[:, :, None], np.eye(len(here.prices)), 0.0)
        try:
            answer = np.linalg.solve(here.bends, np.concatenate([here.gap[:, :, None], one], axis=2))
            fixed, turned = answer[:, :, 0], answer[:, :, 1:]
            system = (beyond[:, :, None] * turned).sum(axis=0) - np.diag(made.sum(axis=0))
            right = (beyond * fixed).sum(axis=0) - (made * here.cost_gap).sum(axis=0)
            known = marginal.any(axis=0) | ~self.priced
            system[known] = np.eye(len(known))[known]
            d = np.linalg.solve(system, np.where(known, (marginal * here.cost_gap).sum(axis=0), right))
        except np.linalg.LinAlgError:
            return None
        x = np.where(at.eats, self.vital + beyond * _factor(turned @ d - fixed), at.x)
        y = np.where(at.makes & ~marginal, at.y * _factor((d - here.cost_gap) / here.rises), at.y)
        asked = x.sum(axis=0) - self.economy.resources - np.where(marginal, 0.0, y).sum(axis=0)
        y = np.clip(np.where(marginal, asked, y), 0.0, self.economy.capacity)
        near = at._replace(x=x, y=y)
        return self._scaled(self._bounded(near, here.prices * _factor(d)))

    def _bounded(self, at: _Point, prices: Array) -> _Point:
        """Return the point with amounts moved to a bound where that is better at these prices."""
        x, y, eats, makes = at
        low = eats & (x < NEAR_BOUND * self.share) & (self.vital == 0)
        if low.any():
            gone = low & (self._worth(np.where(low, 0.0, x)) < prices)
            x, eats = np.where(gone, 0.0, x), eats & ~gone
        if makes.any() or self.flat.any():
            cost, some, room = self._cost(y), y > 0, y < self.economy.capacity
            idle = (
                makes & ~self.flat & (y < NEAR_BOUND * self.share) & (self._cost(np.zeros_like(y)) > prices)
            )
            full = makes & ~self.flat & ~room & (cost < prices)
            y, makes = np.where(idle, 0.0, y), makes & ~idle & ~full & (~self.flat | (some & room))
            alone = self.flat & ~(makes & self.flat).any(axis=0)
            makes = makes | _first(np.where(alone & ~some & room & (cost < prices), cost, np.inf))
            alone = self.flat & ~(makes & self.flat).any(axis=0)
            makes = makes | _first(np.where(alone & ~room & (cost > prices), -cost, np.inf))
        return _Point(x, y, eats, makes)

    def _scaled(self, at: _Point) -> _Point:
        """Return the point with consumption beyond subsistence scaled to what there is."""
        beyond = self._beyond(at)
        scale = self._rest(at.y) / beyond.sum(axis=0)
        return at._replace(x=np.where(at.eats, self.vital + beyond * scale, at.x))

    def _is_unique(self, at: _Point, here: _Slopes) -> bool:
        """Return True if curvatures and losses at bounds are so clear that no other optimum exists.

        The slopes of `log m` with `log (x - s)`, weighted by `p (x - s)`, are symmetric, as those of m are.
        """
        bends: Array = here.bends
        if not np.isfinite(bends).all():  # a slope that jumps, as at a kink
            return False
        if bends.shape[2] > 1:
            size = np.sqrt(np.where(at.eats, here.prices * self._beyond(at), 1.0))
            bends = size[:, :, None] * bends / size[:, None, :]
            bends = np.asarray(np.linalg.eigvalsh((bends + bends.transpose(0, 2, 1)) / 2.0), dtype=float)
        if not ((bends < -CLEAR_CURVATURE).all() and (here.rises > CLEAR_CURVATURE).all()):
            return False
        out = self.wanted & ~at.eats
        could = (self.economy.capacity > 0) & ~at.makes & self.priced
        idle, full = could & (at.y == 0), could & (at.y > 0)
        lower, higher = (1.0 - CLEAR_CURVATURE) * here.prices, (1.0 + CLEAR_CURVATURE) * here.prices
        near = (out & (here.worth > lower)) | (idle & (here.cost < higher)) | (full & (here.cost > lower))
        return not near.any()

    def _solution(self, at: _Point, here: _Slopes) -> Solution:
        x, counts = fit(self.economy, at.x, at.y), self.weights > 0
        value = float(self.weights[counts] @ self.economy.welfare(x, at.y)[counts])
        return Solution(x, at.y, here.prices, value)


def _first(costs: Array) -> NDArray[np.bool_]:
    """Return the mask, (agents, goods), of the agent with the least finite cost of each good, if any."""
    rows = np.arange(len(costs))[:, None]
    return np.isfinite(costs) & (rows == np.argmin(costs, axis=0))


def _factor(change: Array) -> Array:
    """Return the factor of a change of a logarithm, limited to `LARGEST_LOG_CHANGE`."""
    return np.exp(np.clip(change, -LARGEST_LOG_CHANGE, LARGEST_LOG_CHANGE))


def _newton(economy: Economy, start: Solution, weights: Array, steps: int) -> tuple[Solution, float]:
    """Take steps as long as they lower the residual; return the last solution and its residual."""
    best, least = start, residual(economy, start.consumption, start.production, weights, start.prices)
    for _ in range(steps):
        with np.errstate(all="ignore"):
            tried = _newton_step(economy, best, weights)
        if tried is None:
            break
        violation = residual(economy, tried.consumption, tried.production, weights, tried.prices)
        if not violation < least:
            break
        best, least = tried, violation
    return best, least


def _with_mean_worth(economy: Economy, found: Solution, weights: Array) -> Array:
    """Return the mean worth of goods to their consumers, (goods,), as prices; free goods stay free.

    A price that is tiny next to the others is lost in the rounding of an interior-point method's multipliers.
    """
    x, p = found.consumption, found.prices
    slopes = economy.marginal_utility_along(x, p)
    eats = (x > 0) & np.isfinite(slopes)
    worth = np.multiply(weights[:, None] * x, slopes, out=np.zeros_like(x), where=eats).sum(axis=0)
    amounts = np.where(eats, x, 0.0).sum(axis=0)
    return np.where(p > 0, np.divide(worth, amounts, out=p.copy(), where=(amounts > 0) & (worth > 0)), p)


def _newton_step(economy: Economy, at: Solution, weights: Array) -> Solution | None:
    """Take one step in all amounts that are not at a bound and all positive prices; None if it fails."""
    x, y, p = at.consumption, at.production, at.prices
    binds = active(economy, x, y)
    priced = p > 0
    kinks = np.where((x > 0) & (weights[:, None] > 0), economy.kinks(x), 0.0)
    kinks[kinks @ p <= 0] = 0.0
    bent = kinks > 0
    eats = (x > 0) & (weights[:, None] > 0) & priced & ~bent
    makes = (y > 0) & binds.could_make & (weights[:, None] > 0) & priced
    size = int(eats.sum() + bent.sum() + makes.sum() + priced.sum())
    if size > LARGEST_SYSTEM or not (eats.any() or bent.any()):
        return None
    gap, slopes = _first_order(weights, p, eats, x, economy.marginal_utility)
    cost_gap, cost_slopes = _first_order(weights, p, makes, y, economy.marginal_cost)
    there = np.maximum(economy.resources + y.sum(axis=0), x.sum(axis=0))
    short = (x.sum(axis=0) - y.sum(axis=0) - economy.resources) / np.where(there > 0, there, 1.0)
    # Unknowns: relative changes of x where eaten, of y where made, of p where positive; as many conditions.
    first_bent, first_y = len(gap), len(gap) + int(bent.sum())
    first_p = first_y + len(cost_gap)
    price_of = first_p + np.cumsum(priced) - 1
    kink_gap, proportions, (of_prices, row, good) = _at_kinks(kinks, weights, x, p)
    system = [slopes, _moved(cost_slopes, first_y), _moved(proportions, first_bent)]
    system += [(of_prices, first_bent + row, price_of[good])]
    for where, first in ((eats, 0), (makes, first_y)):
        own = first + np.arange(int(where.sum()))
        system += [(-np.ones(len(own)), own, price_of[np.nonzero(where)[1]])]
    for used, where, first in ((x, eats, 0), (x, bent, first_bent), (-y, makes, first_y)):
        i, g = np.nonzero(where)
        own, paid = first + np.arange(len(g)), priced[g]
        system += [((used[i, g] / there[g])[paid], price_of[g][paid], own[paid])]
    step = _least_squares(system, -np.concatenate([gap, kink_gap, cost_gap, short[priced]]))
    if step is None:
        return None
    step *= min(
        1.0, 0.5 / max(float(np.abs(step).max()), 0.5)
    )  # no amount changes by more than half in one step
    changes = np.split(step, [first_bent, first_y, first_p])
    x, y, p = x.copy(), y.copy(), p.copy()
    x[eats] *= 1.0 + changes[0]
    x[bent] *= 1.0 + changes[1]
    y[makes] *= 1.0 + changes[2]
    p[priced] *= 1.0 + changes[3]
    return Solution(x, np.minimum(y, economy.capacity), p, at.value)


def _least_squares(system: list[Entries], right: Array) -> Array | None:
    """Return the shortest least-squares solution; None if a number is not finite.

    Small systems are solved as dense ones, in less time than sparse matrices take to be set up.
    """
    values, rows, columns = (np.concatenate(part) for part in zip(*system, strict=True))
    size = len(right)
    if not (np.isfinite(values).all() and np.isfinite(right).all()):
        return None
    if size <= DENSE_SYSTEM:
        matrix = np.zeros((size, size))
        matrix[rows, columns] = values
        try:
            step = np.linalg.lstsq(matrix, right, rcond=None)[0]
        except np.linalg.LinAlgError:  # no singular values were found
            return None
    else:
        from scipy.sparse.linalg import lsmr  # deferred: a fourteenth of a second, and few need it

        matrix = scipy.sparse.csr_matrix((values, (rows, columns)), shape=(size, size))
        step = lsmr(matrix, right, atol=1e-15, btol=1e-15, maxiter=20 * size)[0]
    return np.asarray(step, dtype=float) if np.isfinite(step).all() else None


def _moved(entries: Entries, first: int) -> Entries:
    """Move the entries of a block along the diagonal to begin at `first`."""
    values, rows, columns = entries
    return values, rows + first, columns + first


def _at_kinks(kinks: Array, weights: Array, x: Array, p: Array) -> tuple[Array, Entries, Entries]:
    """Return the gaps of the conditions at kinks, with as many rows as amounts, and their slopes.

    The row of an agent's first good has `w / sum_g b_g p_g - 1`, those of its other goods their log deviation
    from proportion to the first; slopes by relative changes of amounts, and of prices (columns are goods).
    """
    i, g = np.nonzero(kinks)
    own, first, cost = np.arange(len(i)), np.searchsorted(i, i), kinks @ p
    other = own != first
    units = np.log(x[i, g] / kinks[i, g])
    gap = np.where(other, units - units[first], weights[i] / cost[i] - 1.0)
    ones = np.ones(int(other.sum()))
    rows, columns = np.tile(own[other], 2), np.concatenate([own[other], first[other]])
    return gap, (np.concatenate([ones, -ones]), rows, columns), (-(kinks * p)[i, g] / cost[i], first, g)


def _first_order(
    weights: Array, p: Array, where: NDArray[np.bool_], amounts: Array, marginal: Callable[[Array], Array]
) -> tuple[Array, Entries]:
    """Return `(w m - p) / p` at `where`, and its slopes by relative changes of the amounts."""
    goods = len(p)
    number = np.full(where.shape, -1)
    number[where] = np.arange(int(where.sum()))
    here = marginal(amounts)
    gap = (weights[:, None] * here / p - 1.0)[where]
    rows, columns, values = [], [], []
    for h in range(goods):
        change = _change(marginal, amounts, np.where(where[:, h], amounts[:, h], 0.0), h, here)
        scaled = weights[:, None] * change / p
        moved = where & where[:, h : h + 1] & np.isfinite(scaled) & (scaled != 0)
        i, g = np.nonzero(moved)
        rows.append(number[i, g])
        columns.append(number[i, h])
        values.append(scaled[i, g])
    return gap, (np.concatenate(values), np.concatenate(rows), np.concatenate(columns))
