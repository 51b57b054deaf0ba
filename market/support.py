"""Supporting prices: do weights and prices turn an allocation into the optimum of one super-agent?

Symbols: w (agents,) weights >= 0; p (goods,) prices >= 0, in utils of the super-agent per unit; m_ig =
du_i/dx_ig; c_ig = dC_i/dy_ig; K capacity. The allocation maximises sum w_i (u_i - C_i) if

    w_i m_ig <= p_g,  equality where x_ig > 0;
    w_i c_ig >= p_g,  equality where 0 < y_ig < K_ig (at capacity w_i c_ig <= p_g);
    p_g = 0 where something of g is left over;
    netputs of technologies pay most at p (`netputs.violation`).

For concave u_i and convex C_i these conditions are also enough: they are the first-order conditions of a
concave programme. The *residual* is their largest violation relative to p_g. An agent with w_i = 0 and
0 * inf (an infinite slope at nothing) violates nothing, but if it consumes a good with p_g > 0 it does.

At an empty bundle slopes in the direction of single goods may not tell (Cobb-Douglas at nothing: 0 along
every axis, though a little of everything is worth something). There the condition is on all directions
d >= 0 at once, w_i u_i'(0; d) <= p.d, that is w_i times the worth of a first unit of money
(`Economy.first_worth`) <= 1.

Source: Negishi (1960); Mas-Colell, Whinston and Green (1995), section 16.E.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy import Economy
from market.interval import Array
from market.netputs import violation

NOTHING = 1e-9  # amounts below this share of the average are none at all


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


def active(economy: Economy, x: Array, y: Array, tolerance: float = 1e-7) -> Active:
    """Who consumes and makes what, and what is left over by more than a share `tolerance`."""
    there = economy.offered(y)
    some = NOTHING * there / len(economy.agents)
    by_technology = economy.turns_goods_into_goods[:, None]
    could_make = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NOTHING))
    consumed = x > some
    nothing = np.asarray(~(x > 0).any(axis=1))
    return Active(
        consumed=consumed,
        wanting=economy.marginal_utility(x) > 0,
        made=(y > some) & ~by_technology,
        could_make=could_make,
        left_over=there - economy.taken(x, y) > tolerance * there,
        empty=nothing & (economy.bliss > 0).any(axis=1),
    )


def residual(economy: Economy, x: Array, y: Array, w: Array, p: Array) -> float:
    """The largest violation of the conditions above, relative to prices; 0 is full support."""
    binds = active(economy, x, y)
    with np.errstate(invalid="ignore"):
        worth = np.nan_to_num(w[:, None] * economy.marginal_utility(x), nan=0.0)
        worth = np.where(w[:, None] > 0, worth, 0.0)
        cost = np.nan_to_num(w[:, None] * economy.marginal_cost(y), nan=0.0, posinf=np.inf)
    size = np.where(
        p > 0, p, np.where(worth.max(axis=0, initial=0.0) > 0, worth.max(axis=0, initial=0.0), 1.0)
    )
    empty = binds.empty & (w > 0)
    worth = np.where(empty[:, None], 0.0, worth)
    first = (
        np.where(empty, w, 0.0) * np.where(empty, economy.first_worth(p), 0.0) if empty.any() else np.zeros(1)
    )
    parts = [
        np.maximum(worth - p, 0.0),
        np.where(binds.consumed & (binds.wanting | (p > 0)), np.abs(p - worth), 0.0),
        np.where(binds.could_make, np.maximum(p - cost, 0.0), 0.0),
        np.where(binds.made, np.maximum(cost - p, 0.0), 0.0),
        np.where(binds.left_over, p, 0.0)[None, :],
    ]
    with np.errstate(over="ignore"):
        largest = max(float((part / size).max(initial=0.0)) for part in parts)
    return max(largest, float(np.maximum(first - 1.0, 0.0).max()), violation(economy, y, p))
