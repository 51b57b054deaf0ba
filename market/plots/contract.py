"""The contract curve and the core of two agents and two goods in fixed supply.

For each level of agent 1's utility agent 2's utility is maximised along agent 1's indifference curve

    x_12 = f(x_11),  u_1(x_11, f(x_11)) = u_1(t Q),  0 < t < 1,

Q being the resources of both goods. The indifference curve is the graph of a convex function, and the bundles
of agent 1 that leave agent 2 at least some utility lie below the graph of a concave one. So the bundles that
do both are an interval of x_11 for any level of that utility: u_2(Q - x_1) has a single peak along the curve,
which a one-dimensional search finds, inside the box or on its edges, with slopes or without. Levels are
spread by t, along the diagonal, and not by utility, whose scale may be steep. If several allocations are
equally good for both, one is found.

Source: Mas-Colell, Whinston and Green (1995), section 15.B; the search is ours.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from market.economy.correspondences import Array
from market.economy.primitives import Economy

LEAST_SHARE = 0.003  # of the resources: the least and, from above, the largest share of agent 1
LEVELS = 31
BOTTOM = -1e300  # stands for -inf where numbers are subtracted
EXACT = 1e-12  # of the resources: tolerance of a root
ENOUGH = 1.0 + 1e-9  # factor on the least amount, against rounding below the level of utility
PEAK = 1e-8  # of the resources: tolerance of a maximum, which is flat


def contract_curve(economy: Economy) -> Array:
    """Return agent 1's bundles in efficient allocations, from its worst to its best, (points, 2), units."""
    shares = np.linspace(LEAST_SHARE, 1.0 - LEAST_SHARE, LEVELS)
    found = [_best_for_the_other(economy, share * economy.resources, 0) for share in shares]
    return np.array([x for x in found if x is not None]).reshape(-1, 2)


def core(economy: Economy, start: Array, whole: Array) -> Array:
    """Return the part of the contract curve that both agents weakly prefer to their endowment.

    Args:
        economy: of two agents and two goods in fixed supply.
        start: (2, goods), endowments, which add up to the resources.
        whole: (points, 2), the contract curve.

    Returns:
        Agent 1's bundles, from its worst to its best, (points, 2), units.
    """
    bottom = _best_for_the_other(economy, start[0], 0)
    top = _best_for_the_other(economy, start[1], 1)
    at_start = economy.utility(start)
    inside = [x for x in whole if (both(economy, x) > at_start).all()]
    found = [bottom, *inside, None if top is None else economy.resources - top]
    return np.array([x for x in found if x is not None]).reshape(-1, 2)


def both(economy: Economy, x: Array) -> Array:
    """Return the utilities of both, (2,), if agent 1 has x and agent 2 the rest."""
    return economy.utility(np.maximum(np.stack([x, economy.resources - x]), 0.0))


def _best_for_the_other(economy: Economy, bundle: Array, agent: int) -> Array | None:
    """Return the bundle as good to an agent as the given one that is best for the other; None at -inf."""
    there = economy.resources

    def utility(of: int, first: float, second: float) -> float:
        x = np.empty((2, 2))
        x[agent] = first, second
        x[1 - agent] = there - x[agent]
        return max(float(economy.utility(np.maximum(x, 0.0))[of]), BOTTOM)

    level = utility(agent, *bundle)
    if level <= BOTTOM:
        return None

    def least(good: int, other: float) -> float:
        """Return the least amount of a good that gives the agent its level, given the other good."""

        def gain(amount: float) -> float:
            pair = (amount, other) if good == 0 else (other, amount)
            return utility(agent, *pair) - level

        if gain(0.0) >= 0:
            return 0.0
        if gain(there[good]) <= 0:
            return float(there[good])
        root = float(brentq(gain, 0.0, there[good], xtol=EXACT * there[good]))
        return min(root * ENOUGH, float(there[good]))

    low, high = least(0, there[1]), least(0, 0.0)
    if high - low <= EXACT * there[0]:
        return np.array([low, least(1, low)])
    best = minimize_scalar(
        lambda first: -utility(1 - agent, first, least(1, first)), bounds=(low, high), method="bounded",
        options={"xatol": PEAK * there[0]},
    ).x  # fmt: skip
    ends = [low, float(best), high]
    found = max(ends, key=lambda first: utility(1 - agent, first, least(1, first)))
    return np.array([found, least(1, found)])
