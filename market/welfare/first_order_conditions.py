"""First-order conditions of the planner's problem: do welfare weights and prices support an allocation?

Symbols: `w` (agents,) welfare weights >= 0; `p` (goods,) prices >= 0, weighted utility per unit;
`m_ig = du_i/dx_ig`; `c_ig = dC_i/dy_ig`; `K` capacity. The allocation maximises `sum_i w_i (u_i - C_i)` if

    w_i m_ig <= p_g,  equality where x_ig > 0;
    w_i c_ig + h_ig >= p_g,  equality where 0 < y_ig < K_ig (at capacity <=);
    p_g = 0 where some of g is left over;
    netputs of technologies maximise profit at p (`production.foregone_profit`),

where h_ig, 0 without harm, is what one more unit made by i costs all others by their weights (`harm.py`).

Where `u_i` has a kink (goods wanted in fixed proportions and equally scarce) `m_i` may be any element of the
superdifferential. The one along `p` is taken (`Utility.marginal_along`): its relative violation is equal in
all goods of the agent, so that no other element has a smaller one.

Where marginal utility or cost falls or rises in steps, `m_ig` and `c_ig` in the inequalities above are those
of the next unit, and in the opposite ones (where some is consumed, or made) those of the last unit.

For concave `u_i` and convex `C_i` these conditions are also sufficient: they are the first-order conditions
of a concave program. Of a `u_i` that is not concave they prove nothing (where one good is absent every
slope of `x y^2` is 0), so no weights and prices support it unless its weight is 0; efficiency in goods is
judged by concave utilities of equal preferences (`Economy.concave_form`).

The *residual* is their largest violation relative to `p_g`, or to the price at which all of g would be worth
a share `NEGLIGIBLE_WORTH` of all resources, if that is more. An agent with `w_i = 0` and an infinite slope
(`0 * inf`) violates nothing, unless it consumes a good with `p_g > 0`.

At an empty bundle slopes along single goods may not suffice (Cobb-Douglas: 0 along every axis, although a
little of every good has utility). There the condition is on all directions `d >= 0` at once,
`w_i u_i'(0; d) <= p.d`: the weighted worth of a first unit of money (`Economy.first_worth`) is at most 1.

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
from market.tolerances import NEGLIGIBLE_AMOUNT, SOLVER_AMOUNT

NEGLIGIBLE_WORTH = 1e-12
"""Share of the value of all resources: the worth of all of a good below it is rounding of sums over goods."""


class Active(NamedTuple):
    """Masks of the inequalities that bind at an allocation.

    Args:
        consumed: (agents, goods), i consumes g.
        wanting: (agents, goods), i has a positive slope for g.
        made: (agents, goods), i makes g at a cost.
        could_make: (agents, goods), i could make more of g at a cost.
        left_over: (goods,), some of g is left over.
        empty: (agents,), i has wants and consumes nothing.
    """

    consumed: NDArray[np.bool_]
    wanting: NDArray[np.bool_]
    made: NDArray[np.bool_]
    could_make: NDArray[np.bool_]
    left_over: NDArray[np.bool_]
    empty: NDArray[np.bool_]


@dataclass(frozen=True)
class Margins:
    """Slopes, costs, kinks and binding conditions of an allocation, computed once for all its judges.

    Args:
        economy: the primitives; the figures about efficiency take its `concave_form`.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        slopes: (agents, goods), marginal utilities, utility per unit; may be inf.
        costs: (agents, goods), marginal costs, money per unit.
        binds: masks of the conditions that bind.
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
    def last_slopes(self) -> Array:
        """Marginal utilities of the last unit, (agents, goods): `slopes`, unless utility bends there."""
        return self.economy.marginal_utility_of_last(self.x) if self.economy.has_steps else self.slopes

    @cached_property
    def last_costs(self) -> Array:
        """Marginal costs of the last unit, (agents, goods): `costs`, unless the cost bends there."""
        return self.economy.marginal_cost_of_last(self.y) if self.economy.has_steps else self.costs

    @cached_property
    def turnover(self) -> float:
        """Value at the margin of consumption and production, money: the scale of sums over agents."""
        slopes = self.last_slopes
        worth = np.multiply(
            slopes, self.x, out=np.zeros_like(self.x), where=(self.x > 0) & np.isfinite(slopes)
        )
        at_a_cost = (self.y > 0) & np.isfinite(self.costs)  # not that of technologies, which use goods
        made = np.multiply(self.costs, self.y, out=np.zeros_like(self.y), where=at_a_cost)
        return float(worth.sum() + made.sum())

    def along(self, p: Array) -> Array:
        """Return slopes, (agents, goods), at kinks those along prices p, (goods,)."""
        return self.economy.marginal_utility_along(self.x, p)

    def residual(self, w: Array, p: Array) -> float:
        """Return the largest relative violation by weights w, (agents,), and prices p, (goods,)."""
        return run_locally(residuals(self.economy, self.x, self.y, w, p, self.slopes))


def active(
    economy: Economy, x: Array, y: Array, tolerance: float = SOLVER_AMOUNT, slopes: Array | None = None
) -> Active:
    """Return the masks of the conditions that bind at an allocation.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        tolerance: share of resources and output; more of a good than that is left over.
        slopes: (agents, goods), marginal utilities, if they are known.
    """
    there = economy.offered(y)
    left_over = there - economy.taken(x, y) > tolerance * there
    some = NEGLIGIBLE_AMOUNT * there / len(economy.agents)
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
    """Return the masks for part of an economy; amounts up to `some`, (goods,), count as none."""
    could_make: NDArray[np.bool_] = np.broadcast_to(np.False_, economy.shape)
    made = could_make
    if economy.costs:
        could_make = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NEGLIGIBLE_AMOUNT))
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
    """Return the weights at which bundles are worth their cost: `w_i = p.x_i / m_i.x_i`, (agents,).

    Where prices support the allocation, these weights do so with them. 0 where `m_i.x_i` is 0.

    Args:
        slopes: (agents, goods), marginal utilities m along p; infinite ones are left out.
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
    """Return the largest violation of the first-order conditions, relative to prices; 0 is full support.

    inf if weights or prices are not finite, or a utility with a positive weight is not concave: they support
    no allocation. Arguments as of `residuals`, of a whole economy.
    """
    return run_locally(residuals(economy, x, y, w, p))


def residuals(
    economy: Economy, x: Array, y: Array, w: Array, p: Array, slopes: Array | None = None
) -> Reduction[float]:
    """Residual of part of an economy, as a reduction over all parts.

    Args:
        economy: that part; with technologies the only one.
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
    left_over = there - (eaten + used) > SOLVER_AMOUNT * there
    some = NEGLIGIBLE_AMOUNT * there / agents
    size = yield from _sizes(economy, x, w, p, there)
    with np.errstate(over="ignore"):
        largest = float((np.where(left_over, p, 0.0) / size).max(initial=0.0))
    external = None if economy.harm is None else economy.harm.external(y, w)  # shards have no harm
    empty = np.zeros(len(economy.agents), dtype=bool)
    for rows, part in economy.parts:
        own = part.marginal_utility(x[rows]) if slopes is None else slopes[rows]
        binds = _active(part, x[rows], y[rows], some, left_over, own)
        empty[rows] = binds.empty & (w[rows] > 0)
        along = part.marginal_utility_along(x[rows], p) if part.has_kinks else own
        last, caused = _last(part, along, own, x[rows]), None if external is None else external[rows]
        largest = max(largest, _violation(part, (along, last), y[rows], w[rows], p, binds, size, caused))
    if empty.any():
        first = np.where(empty, w, 0.0) * np.where(empty, economy.first_worth(p), 0.0)
        largest = max(largest, float((first - 1.0).max()))
    (everywhere,) = yield (Largest(max(largest, foregone_profit(economy, y, p))),)
    return float(everywhere.value)


def _last(economy: Economy, along: Array, slopes: Array, x: Array) -> Array:
    """Return slopes towards less, (agents, goods): those along prices unless a utility has steps."""
    if not economy.has_steps:
        return along
    last = economy.marginal_utility_of_last(x)
    return np.where(last == slopes, along, last)


def _prove_nothing(economy: Economy, w: Array, p: Array) -> bool:
    """Return True if weights or prices are not finite, or a utility of positive weight is not concave."""
    finite = np.isfinite(w).all() and np.isfinite(p).all()
    return not finite or bool((economy.not_concave & (w > 0)).any())


def _sizes(economy: Economy, x: Array, w: Array, p: Array, there: Array) -> Reduction[Array]:
    """Return the scale of violations, (goods,): the price, or of a free good its largest worth to an agent.

    At least the price at which all of the good would be worth a share `NEGLIGIBLE_WORTH` of all resources.
    """
    worth = np.zeros(len(p))
    for rows, part in economy.parts if (p <= 0).any() else ():
        slopes = part.marginal_utility_along(x[rows], p)
        worth = np.maximum(worth, _worth(slopes, w[rows]).max(axis=0, initial=0.0))
    (everywhere,) = yield (Largest(worth),)
    worth = everywhere.value
    size = np.where(p > 0, p, np.where(worth > 0, worth, 1.0))
    least = NEGLIGIBLE_WORTH * float(there @ p)
    return np.maximum(size, np.divide(least, there, out=np.zeros_like(p), where=there > 0))


def _worth(slopes: Array, w: Array) -> Array:
    """Return `w_i m_ig`, (agents, goods); 0 where the weight is 0."""
    with np.errstate(invalid="ignore"):
        worth = np.nan_to_num(w[:, None] * slopes, nan=0.0)
    return np.where(w[:, None] > 0, worth, 0.0)


def _violation(
    economy: Economy,
    slopes: tuple[Array, Array],
    y: Array,
    w: Array,
    p: Array,
    binds: Active,
    size: Array,
    external: Array | None,
) -> float:
    """Return the largest violation of agents' conditions; `slopes` are along p, of next and last unit."""
    empty = binds.empty & (w > 0)
    worth, last = (np.where(empty[:, None], 0.0, _worth(each, w)) for each in slopes)
    parts = [
        np.maximum(worth - p, 0.0),
        np.where(binds.consumed & (binds.wanting | (p > 0)), np.maximum(p - last, 0.0), 0.0),
    ]
    if economy.costs:
        caused = 0.0 if external is None else external
        next_asked = _asked(w, economy.marginal_cost(y)) + caused
        parts.append(np.where(binds.could_make, np.maximum(p - next_asked, 0.0), 0.0))
        last_asked = _asked(w, economy.marginal_cost_of_last(y)) + caused if economy.has_steps else next_asked
        parts.append(np.where(binds.made, np.maximum(last_asked - p, 0.0), 0.0))
    with np.errstate(over="ignore"):
        return max(float((part / size).max(initial=0.0)) for part in parts)


def _asked(w: Array, costs: Array) -> Array:
    """Return `w_i c_ig`, (agents, goods); 0 times infinity is 0."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(w[:, None] * costs, nan=0.0, posinf=np.inf)
