"""Weights and prices that common marginal rates of substitution determine, without a programme.

Symbols: w (agents,) weights; p (goods,) prices; m_ig = du_i/dx_ig where i consumes g, dC_i/dy_ig where it
makes some and could make more. Each such pair fixes w_i m_ig = p_g. Where agents and goods are linked by
pairs into one whole, one price fixes all weights and prices up to a common factor, and no others can support
the allocation. They are found by going along the links, whatever the number of agents. An agent at a kink,
whose slopes are any m >= 0 with sum_g b_ig m_ig = 1, links nothing, but once the prices of its goods are
known so is its weight, sum_g b_ig p_g.

With quasilinear money equal weights are the most equal there can be: if they support the allocation no others
need to be looked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.welfare.first_order_conditions import Active


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
