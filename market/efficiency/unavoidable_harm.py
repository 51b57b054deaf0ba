"""Victims that no Pareto improvement can help, because the output that harms them cannot fall.

Weights w and prices p support (x, y), and agent i, harmed by good g, has a weight of zero. In a Pareto
improvement (x', y') the weighted sum cannot rise, so each agent of positive weight is as well off as before,
and its x' maximises `w_k u_k - p.x` as x does. Where u_k depends on g apart from other goods and bends
strictly at x_kg, that maximum fixes `x'_kg = x_kg`. If all of g goes to such agents and nothing is left over,
the output of g is `sum x_g - r_g` at least, as it is now; and if i makes none itself, `Y_-ig` does not fall.

Source: own derivation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.tolerances import ROUNDING_OF_SUMS

LESS = 1e-3
"""Share by which an amount is lowered to see if its marginal utility bends."""


def cannot_be_relieved(
    economy: Economy, x: Array, y: Array, positive: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return a mask of agents, (agents,), whose harm is as small as in any Pareto improvement.

    True of agents that nothing harms; False means undecided.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        positive: (agents,), agents with a positive weight in a support of the allocation.
    """
    if economy.harm is None:
        return np.ones(len(x), dtype=bool)
    harmful = (economy.harm.rate != 0) | (economy.harm.slope != 0)
    there = economy.offered(y)
    wasted = there - economy.taken(x, y) > ROUNDING_OF_SUMS * there
    safe = np.ones(len(x), dtype=bool)
    for g in np.flatnonzero(harmful.any(axis=0)):
        fixed = not wasted[g] and _all_bend(economy, x, int(g), positive)
        alone = (economy.capacity[:, g] == 0) & (economy.harm.rate[:, g] >= 0)
        safe &= ~harmful[:, g] | (alone & fixed)
    return safe


def _all_bend(economy: Economy, x: Array, good: int, positive: NDArray[np.bool_]) -> bool:
    """Return True if each consumer of a good has a positive weight, and a utility strictly concave in it."""
    eats = x[:, good] > 0
    if not positive[eats].all():
        return False
    less = x.copy()
    less[:, good] *= 1.0 - LESS
    now, then = economy.marginal_utility(x)[eats], economy.marginal_utility(less)[eats]
    others = np.arange(x.shape[1]) != good
    return bool((then[:, good] > now[:, good]).all() and (then[:, others] == now[:, others]).all())
