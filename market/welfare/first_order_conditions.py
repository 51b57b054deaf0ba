"""Supporting prices: do weights and prices turn an allocation into the optimum of one super-agent?

Symbols: w (agents,) weights >= 0; p (goods,) prices >= 0, in utils of the super-agent per unit; m_ig =
du_i/dx_ig; c_ig = dC_i/dy_ig; K capacity. The allocation maximises sum w_i (u_i - C_i) if

    w_i m_ig <= p_g,  equality where x_ig > 0;
    w_i c_ig >= p_g,  equality where 0 < y_ig < K_ig (at capacity w_i c_ig <= p_g);
    p_g = 0 where something of g is left over;
    netputs of technologies pay most at p (`production.foregone_profit`).

Where u_i has a kink (goods that are equally scarce to whoever wants them in fixed proportions) m_i may be any
of several, and those along p serve best: violations are then relatively the same in all of its goods, so that
no others have a smaller one (`Utility.marginal_along`).

For concave u_i and convex C_i these conditions are also enough: they are the first-order conditions of a
concave programme. Of a u_i that is not concave they prove nothing (at a bundle that lacks one good every
slope of x y^2 is 0), so that no weights and prices support it unless it counts for nothing; efficiency in
goods is judged by concave utilities that order bundles in the same way (`Economy.concave_form`).

The *residual* is their largest violation relative to p_g, or to the price at which all of g would be worth a
share `NEGLIGIBLE` of everything, if that is more. An agent with w_i = 0 and 0 * inf (an infinite slope at
nothing) violates nothing, but if it consumes a good with p_g > 0 it does.

At an empty bundle slopes in the direction of single goods may not tell (Cobb-Douglas at nothing: 0 along
every axis, though a little of everything is worth something). There the condition is on all directions
d >= 0 at once, w_i u_i'(0; d) <= p.d, that is w_i times the worth of a first unit of money
(`Economy.first_worth`) <= 1.

Source: Negishi (1960); Mas-Colell, Whinston and Green (1995), section 16.E.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, sum_over_agents
from market.economy.primitives import Economy
from market.economy.production import foregone_profit
from market.economy.reductions import Largest, Reduction, run_locally

NEGLIGIBLE = 1e-12  # share of the value of all there is below which the worth of a good is rounding
NOTHING = 1e-9  # amounts below this share of the average are none at all
LEFT_OVER = 1e-7  # a share of what there is that counts as left over


class Active(NamedTuple):
    """Which inequalities bind at an allocation, by (agents, goods) or (goods,).

    Args:
        consumed: i consumes g.
        wanting: i has a positive slope for g.
        made: i makes g, more or less than nothing.
        could_make: i could make more of g.
        left_over: something of g is left, (goods,).
        empty: i wants something and consumes nothing, (agents,).
    """

    consumed: NDArray[np.bool_]
    wanting: NDArray[np.bool_]
    made: NDArray[np.bool_]
    could_make: NDArray[np.bool_]
    left_over: NDArray[np.bool_]
    empty: NDArray[np.bool_]


@dataclass(frozen=True)
class Margins:
    """Slopes, costs, kinks and binding conditions of an allocation, made once and handed to all who judge it.

    Args:
        economy: the primitives; the figures about efficiency take its `concave_form`.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        slopes: (agents, goods), marginal utilities, utility per unit; may be inf.
        costs: (agents, goods), marginal costs, money per unit.
        binds: the conditions that bind.
    """

    economy: Economy
    x: Array
    y: Array
    slopes: Array
    costs: Array
    binds: Active

    @classmethod
    def at(cls, economy: Economy, x: Array, y: Array) -> Margins:
        """Return the margins of an allocation."""
        slopes = economy.marginal_utility(x)
        binds = active(economy, x, y, slopes=slopes)
        return cls(economy, x, y, slopes, economy.marginal_cost(y), binds)

    @cached_property
    def kinks(self) -> Array:
        """Coefficients of fixed proportions where goods are equally scarce, (agents, goods); 0 elsewhere."""
        return self.economy.kinks(self.x)

    @cached_property
    def turnover(self) -> float:
        """Value at the margin of all that is consumed and made, money: the scale of sums over agents."""
        worth = np.multiply(
            self.slopes, self.x, out=np.zeros_like(self.x), where=(self.x > 0) & np.isfinite(self.slopes)
        )
        made = np.multiply(self.costs, self.y, out=np.zeros_like(self.y), where=self.y > 0)
        return float(worth.sum() + made.sum())

    def along(self, p: Array) -> Array:
        """Slopes, (agents, goods), at kinks those in the direction of prices p, (goods,)."""
        return self.economy.marginal_utility_along(self.x, p)

    def residual(self, w: Array, p: Array) -> float:
        """Return the largest relative violation by weights w, (agents,), and prices p, (goods,)."""
        return run_locally(residuals(self.economy, self.x, self.y, w, p, self.slopes))


def active(
    economy: Economy, x: Array, y: Array, tolerance: float = LEFT_OVER, slopes: Array | None = None
) -> Active:
    """Who consumes and makes what, and what is left over by more than a share `tolerance`.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        tolerance: a share of what there is.
        slopes: (agents, goods), marginal utilities, if they are known.
    """
    there = economy.offered(y)
    left_over = there - economy.taken(x, y) > tolerance * there
    some = NOTHING * there / len(economy.agents)
    found = []
    for rows, part in economy.parts:
        own = part.marginal_utility(x[rows]) if slopes is None else slopes[rows]
        found.append(_active(part, x[rows], y[rows], some, left_over, own))
    if len(found) == 1:
        return found[0]
    by_agent = {name: [getattr(each, name) for each in found] for name in Active._fields}
    joined = {name: np.concatenate(parts) for name, parts in by_agent.items() if name != "left_over"}
    return Active(**joined, left_over=left_over)


def _active(
    economy: Economy, x: Array, y: Array, some: Array, left_over: NDArray[np.bool_], slopes: Array
) -> Active:
    """The same for a part of an economy; `some` is the least amount of each good that is any, (goods,)."""
    could_make: NDArray[np.bool_] = np.broadcast_to(np.False_, economy.shape)
    made = could_make
    if economy.costs:
        could_make = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NOTHING))
        made = (y > some) & ~economy.turns_goods_into_goods[:, None]
    return Active(
        consumed=x > some,
        wanting=slopes > 0,
        made=made,
        could_make=could_make,
        left_over=left_over,
        empty=~(x > 0).any(axis=1) & economy.wants_something,
    )


def weights_from_prices(slopes: Array, x: Array, p: Array) -> Array:
    """Return the weights at which bundles are worth their prices: `w_i = p.x_i / m_i.x_i`, (agents,).

    Where prices support the allocation these are the weights that go with them. 0 where a bundle tells
    nothing.

    Args:
        slopes: (agents, goods), marginal utilities m along p; infinite ones are passed over.
        x: (agents, goods), consumption.
        p: (goods,), prices.
    """
    worth = np.multiply(slopes, x, out=np.zeros_like(x), where=(x > 0) & np.isfinite(slopes)).sum(axis=1)
    with np.errstate(over="ignore"):
        return np.divide(x @ p, worth, out=np.zeros_like(worth), where=worth > 0)


def largest_weights(slopes: Array, p: Array) -> Array:
    """Return the largest weights at which no good is worth more than its price: `min_g p_g / m_ig`.

    0 where a slope is infinite, inf where an agent wants nothing that has a price.

    Args:
        slopes: (agents, goods), marginal utilities m along p.
        p: (goods,), prices.
    """
    wants = (slopes > 0) & np.isfinite(slopes)
    ratio = np.divide(p, slopes, out=np.full_like(slopes, np.inf), where=wants)
    return np.asarray(np.where(np.isinf(slopes), 0.0, ratio).min(axis=1))


def residual(economy: Economy, x: Array, y: Array, w: Array, p: Array) -> float:
    """The largest violation of the conditions above, relative to prices; 0 is full support.

    inf of weights or prices that are not finite, and where a utility that counts is not concave: they
    support nothing.
    """
    return run_locally(residuals(economy, x, y, w, p))


def residuals(
    economy: Economy, x: Array, y: Array, w: Array, p: Array, slopes: Array | None = None
) -> Reduction[float]:
    """Residual of part of an economy without technologies, as a reduction over all parts.

    Args:
        economy: that part.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        w: (agents,), weights.
        p: (goods,), prices.
        slopes: (agents, goods), marginal utilities if they are known.
    """
    nothing = np.zeros(len(p))
    eaten, used, owned, made, agents, strange = yield (
        sum_over_agents(x),
        np.maximum(-y, 0.0).sum(axis=0) if economy.technologies else nothing,
        economy.owned,
        np.maximum(y, 0.0).sum(axis=0) if economy.costs or economy.technologies else nothing,
        float(len(economy.agents)),
        float(_prove_nothing(economy, w, p)),
    )
    if strange:
        return np.inf
    there = economy.commons + owned + made
    left_over = there - (eaten + used) > LEFT_OVER * there
    some = NOTHING * there / agents
    size = yield from _sizes(economy, x, w, p, there)
    with np.errstate(over="ignore"):
        largest = float((np.where(left_over, p, 0.0) / size).max(initial=0.0))
    empty = np.zeros(len(economy.agents), dtype=bool)
    for rows, part in economy.parts:
        own = part.marginal_utility(x[rows]) if slopes is None else slopes[rows]
        binds = _active(part, x[rows], y[rows], some, left_over, own)
        empty[rows] = binds.empty & (w[rows] > 0)
        along = part.marginal_utility_along(x[rows], p) if part.has_kinks else own
        largest = max(largest, _violation(part, along, y[rows], w[rows], p, binds, size))
    if empty.any():
        first = np.where(empty, w, 0.0) * np.where(empty, economy.first_worth(p), 0.0)
        largest = max(largest, float((first - 1.0).max()))
    (everywhere,) = yield (Largest(max(largest, foregone_profit(economy, y, p))),)
    return float(everywhere.value)


def _prove_nothing(economy: Economy, w: Array, p: Array) -> bool:
    """Whether weights or prices are not finite, or some utility that counts is not concave."""
    finite = np.isfinite(w).all() and np.isfinite(p).all()
    return not finite or bool((economy.not_concave & (w > 0)).any())


def _sizes(economy: Economy, x: Array, w: Array, p: Array, there: Array) -> Reduction[Array]:
    """What violations are relative to, (goods,): the price; of a free good what it is worth to somebody.

    At least the price at which all of the good would be worth next to nothing beside everything.
    """
    worth = np.zeros(len(p))
    for rows, part in economy.parts if (p <= 0).any() else ():
        slopes = part.marginal_utility_along(x[rows], p)
        worth = np.maximum(worth, _worth(slopes, w[rows]).max(axis=0, initial=0.0))
    (everywhere,) = yield (Largest(worth),)
    worth = everywhere.value
    size = np.where(p > 0, p, np.where(worth > 0, worth, 1.0))
    least = NEGLIGIBLE * float(there @ p)
    return np.maximum(size, np.divide(least, there, out=np.zeros_like(p), where=there > 0))


def _worth(slopes: Array, w: Array) -> Array:
    """w_i m_ig, (agents, goods); 0 for who does not count."""
    with np.errstate(invalid="ignore"):
        worth = np.nan_to_num(w[:, None] * slopes, nan=0.0)
    return np.where(w[:, None] > 0, worth, 0.0)


def _violation(
    economy: Economy, slopes: Array, y: Array, w: Array, p: Array, binds: Active, size: Array
) -> float:
    """The largest violation of the conditions on what agents consume and make; slopes are those along p."""
    empty = binds.empty & (w > 0)
    worth = np.where(empty[:, None], 0.0, _worth(slopes, w))
    parts = [
        np.maximum(worth - p, 0.0),
        np.where(binds.consumed & (binds.wanting | (p > 0)), np.abs(p - worth), 0.0),
    ]
    if economy.costs:
        with np.errstate(invalid="ignore"):
            cost = np.nan_to_num(w[:, None] * economy.marginal_cost(y), nan=0.0, posinf=np.inf)
        parts.append(np.where(binds.could_make, np.maximum(p - cost, 0.0), 0.0))
        parts.append(np.where(binds.made, np.maximum(cost - p, 0.0), 0.0))
    with np.errstate(over="ignore"):
        return max(float((part / size).max(initial=0.0)) for part in parts)
