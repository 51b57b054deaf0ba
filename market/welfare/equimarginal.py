"""An optimum found from marginal utilities alone, without a programme.

    max sum_i w_i (u_i(x_i) - C_i(y_i))  subject to  sum x <= r + sum y, 0 <= y <= K.

Where everything is used up, the last unit of a good is worth the same to all who have some of it (Gossen's
second law): with m_i the slopes of u_i, c_i those of C_i, and s_i what i cannot do without,

    w_i m_ig(x_i) = p_g  where x_ig > s_ig,    w_i c_ig(y_i) = p_g  where 0 < y_ig < K_ig,
    sum_i x_ig = r_g + sum_i y_ig.

Solved by Newton's method on logarithms: unknown are those of x - s, y and p, and the equations above are
compared by theirs. For logarithmic and power utilities the first is then linear, and a step or two is enough
whatever the weights. After each step consumption is scaled to what there is, and prices are what goods are
worth on average. Slopes of m and c are taken by differences; an agent's depend on its own bundle only, so
that an evaluation a good gives them for everybody. Whoever is better off with nothing of a good, or at
capacity, is put there on the way. Those who make a good at a constant cost do so in the order of their costs:
the last of them makes what is asked for, and its cost is the price.

What is found is not to be believed: whoever uses it recomputes what it claims. And it is found only where no
other optimum can be, so that it is what any other method finds: curvatures at it are clearly negative, and
what is at a bound is clearly better there. Goods left over, kinks, equal costs and technologies are for
programmes (`convex_program.py`).

Source: Gossen (1854), *Entwickelung der Gesetze des menschlichen Verkehrs*; Nocedal and Wright (2006),
*Numerical Optimization*, chapter 11, Newton's method for nonlinear equations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.welfare.convex_program import Solution, fit, typical_amounts

LARGEST = 10_000_000  # slopes, agents times goods times goods: beyond that a programme takes less memory
MOST_STEPS = 40
FURTHEST = 5.0  # the most that a logarithm may change in one step
STEP = 1e-7  # relative, of differences
EXACT = 4e-15  # a relative gap that is rounding
CLOSE = 1e-11  # a relative gap that is small enough if another step does not make it smaller
FLAT = 1e-6  # relative curvature, or loss at the margin, below which other optima may be near
LITTLE = 1e-3  # of an equal share: below that it is seen whether nothing is better


def optimum(economy: Economy, weights: Array) -> Solution | None:
    """The allocation at which weighted marginal utilities and costs are equal, and the prices that they are.

    Args:
        economy: the primitives.
        weights: (agents,), w >= 0.

    Returns:
        None where it is not found, or may not be the only optimum.

    Example:
        >>> from market.scenario.building import build
        >>> from market.scenario.loading import load
        >>> commons = build(load("scenarios/commons.toml"))
        >>> found = optimum(commons, np.array([3.0, 1.0]))
        >>> found.consumption.ravel().round(12), found.prices.round(12)
        (array([7.5, 2.5]), array([0.4]))
    """
    agents, goods = economy.shape
    if economy.technologies or agents * goods * goods > LARGEST:
        return None
    with np.errstate(all="ignore"):
        return _Search(economy, weights, (economy.bliss > 0) & (weights > 0)[:, None]).end()


class _Place(NamedTuple):
    """Where the search stands, all (agents, goods).

    Args:
        x: consumption.
        y: production.
        eats: whose consumption is between bounds.
        makes: whose production is.
    """

    x: Array
    y: Array
    eats: NDArray[np.bool_]
    makes: NDArray[np.bool_]


class _Slopes(NamedTuple):
    """What goods are worth and cost at a place, and how that changes.

    Args:
        worth: (agents, goods), w m.
        cost: (agents, goods), w c.
        prices: (goods,), p.
        gap: (agents, goods), log w m - log p of those who eat.
        cost_gap: (agents, goods), log w c - log p of those who make.
        bends: (agents, goods, goods), how log m changes with log (x - s); -1 where nothing does.
        rises: (agents, goods), how log c changes with log y; 1 where nothing does.
    """

    worth: Array
    cost: Array
    prices: Array
    gap: Array
    cost_gap: Array
    bends: Array
    rises: Array


class _Search:
    """The steps from equal shares to the optimum.

    Args:
        economy: the primitives.
        weights: (agents,), w.
        wanted: (agents, goods), who wants what, of those that count.
    """

    def __init__(self, economy: Economy, weights: Array, wanted: NDArray[np.bool_]) -> None:
        self.economy, self.weights, self.wanted = economy, weights, wanted
        self.vital = np.where(wanted, economy.subsistence, 0.0)
        self.priced: NDArray[np.bool_] = np.asarray(wanted.any(axis=0))
        self.share = np.zeros(len(self.priced))
        self.flat = np.zeros(wanted.shape, dtype=bool)

    def end(self) -> Solution | None:
        """Where the steps end, if that is the optimum and no other can be."""
        at, before = self._start(), np.inf
        for _ in range(MOST_STEPS):
            if at is None:
                return None
            here = self._slopes(at)
            gap = float(max(np.abs(here.gap).max(), np.abs(here.cost_gap).max()))
            if not np.isfinite(gap):
                return None
            if gap <= EXACT or (gap <= CLOSE and gap > before / 2.0):
                settled = self._bounded(at, here.prices)
                if (settled.makes == at.makes).all():
                    return self._solution(at, here) if self._alone(at, here) else None
                at, before = settled, np.inf
                continue
            at, before = self._stepped(at, here), gap
        return None

    def _start(self) -> _Place | None:
        """Everybody has what is vital to it, and of the rest as much as all others who want it."""
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
        return _Place(self._shared(y), y, wanted, makes)

    def _rest(self, y: Array) -> Array:
        """What there is beyond what is vital, (goods,)."""
        return self.economy.resources + y.sum(axis=0) - self.vital.sum(axis=0)

    def _shared(self, y: Array) -> Array:
        """What is vital, and equal shares of the rest."""
        return np.where(self.wanted, self.vital + self._rest(y) / np.maximum(self.wanted.sum(axis=0), 1), 0.0)

    def _in_order_of_cost(
        self, good: int, y: Array, makes: NDArray[np.bool_], each: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Those whose cost is constant make a good in the order of their costs, up to what that is worth.

        The first whose cost is more than all that it and the cheaper ones can make is worth, in equal shares,
        is between bounds; found by halving.
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
            worth = self._worth(self._shared(np.minimum(filled(middle + 1), 1e100)))[:, good]
            low, high = (middle + 1, high) if worth.max() > cost[rows[middle]] else (low, middle)
        made, row = filled(low), rows[low]
        made[row, good] = min(each[good], capacity[row] / 2.0)
        makes = makes.copy()
        makes[row, good] = True
        return made, makes

    def _beyond(self, at: _Place) -> Array:
        """Consumption beyond what is vital, of those who eat, (agents, goods)."""
        return np.where(at.eats, at.x - self.vital, 0.0)

    def _worth(self, x: Array) -> Array:
        return np.where(self.wanted, self.weights[:, None] * self.economy.marginal_utility(x), 0.0)

    def _cost(self, y: Array) -> Array:
        return self.weights[:, None] * self.economy.marginal_cost(y)

    def _slopes(self, at: _Place) -> _Slopes:
        beyond, worth, cost = self._beyond(at), self._worth(at.x), self._cost(at.y)
        valued = np.where(at.eats, beyond * worth, 0.0).sum(axis=0)
        prices = np.where(self.priced, valued / beyond.sum(axis=0), 0.0)
        bends = np.empty((*at.x.shape, len(prices)))
        for good in range(len(prices)):
            more = at.x.copy()
            more[:, good] += STEP * beyond[:, good]
            bends[:, :, good] = np.log(self._worth(more) / worth) / STEP
        both = at.eats[:, :, None] & at.eats[:, None, :]
        gap, cost_gap, rises = np.log(worth / prices), np.zeros_like(worth), np.ones_like(worth)
        if at.makes.any():
            cost_gap = np.where(at.makes, np.log(cost / prices), 0.0)
            steep = at.makes & ~self.flat
            rises = np.where(steep, np.log(self._cost(at.y * (1.0 + STEP)) / cost) / STEP, 1.0)
        gap = np.where(at.eats, gap, 0.0)
        return _Slopes(worth, cost, prices, gap, cost_gap, np.where(both, bends, -np.eye(len(prices))), rises)

    def _stepped(self, at: _Place, here: _Slopes) -> _Place | None:
        """A step, with consumption scaled to what there is; None where there is no telling whereto.

        log (x - s) moves by B^-1 (d - gap) and log y by (d - gap) / rise, d being the move of log p, and d is
        such that what is consumed more is what is made more. Where somebody makes more at a constant cost, d
        leads to that cost, and it makes what is asked for.
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

    def _bounded(self, at: _Place, prices: Array) -> _Place:
        """The place with those at a bound for whom that is better at these prices."""
        x, y, eats, makes = at
        low = eats & (x < LITTLE * self.share) & (self.vital == 0)
        if low.any():
            gone = low & (self._worth(np.where(low, 0.0, x)) < prices)
            x, eats = np.where(gone, 0.0, x), eats & ~gone
        if makes.any() or self.flat.any():
            cost, some, room = self._cost(y), y > 0, y < self.economy.capacity
            idle = makes & ~self.flat & (y < LITTLE * self.share) & (self._cost(np.zeros_like(y)) > prices)
            full = makes & ~self.flat & ~room & (cost < prices)
            y, makes = np.where(idle, 0.0, y), makes & ~idle & ~full & (~self.flat | (some & room))
            alone = self.flat & ~(makes & self.flat).any(axis=0)
            makes = makes | _first(np.where(alone & ~some & room & (cost < prices), cost, np.inf))
            alone = self.flat & ~(makes & self.flat).any(axis=0)
            makes = makes | _first(np.where(alone & ~room & (cost > prices), -cost, np.inf))
        return _Place(x, y, eats, makes)

    def _scaled(self, at: _Place) -> _Place:
        """The place with what is consumed beyond what is vital scaled to what there is."""
        beyond = self._beyond(at)
        scale = self._rest(at.y) / beyond.sum(axis=0)
        return at._replace(x=np.where(at.eats, self.vital + beyond * scale, at.x))

    def _alone(self, at: _Place, here: _Slopes) -> bool:
        """Whether curvatures are so negative, and losses at bounds so clear, that nothing else is as good.

        The slopes of p log m with log (x - s), weighed as here, are symmetric: those of m are.
        """
        bends: Array = here.bends
        if not np.isfinite(bends).all():  # a slope that jumps, as at a kink
            return False
        if bends.shape[2] > 1:
            size = np.sqrt(np.where(at.eats, here.prices * self._beyond(at), 1.0))
            bends = size[:, :, None] * bends / size[:, None, :]
            bends = np.asarray(np.linalg.eigvalsh((bends + bends.transpose(0, 2, 1)) / 2.0), dtype=float)
        if not ((bends < -FLAT).all() and (here.rises > FLAT).all()):
            return False
        out = self.wanted & ~at.eats
        could = (self.economy.capacity > 0) & ~at.makes & self.priced
        idle, full = could & (at.y == 0), could & (at.y > 0)
        lower, higher = (1.0 - FLAT) * here.prices, (1.0 + FLAT) * here.prices
        near = (out & (here.worth > lower)) | (idle & (here.cost < higher)) | (full & (here.cost > lower))
        return not near.any()

    def _solution(self, at: _Place, here: _Slopes) -> Solution:
        x, counts = fit(self.economy, at.x, at.y), self.weights > 0
        value = float(self.weights[counts] @ self.economy.welfare(x, at.y)[counts])
        return Solution(x, at.y, here.prices, value)


def _first(costs: Array) -> NDArray[np.bool_]:
    """Who has the least finite cost of each good; nobody where there is none, (agents, goods)."""
    rows = np.arange(len(costs))[:, None]
    return np.isfinite(costs) & (rows == np.argmin(costs, axis=0))


def _factor(change: Array) -> Array:
    """What a change of a logarithm multiplies by, no more than `FURTHEST` at a time."""
    return np.exp(np.clip(change, -FURTHEST, FURTHEST))
