"""Quasilinear demand under budgets that may bind.

Symbols: u utility, concave; p (goods,) prices; b (agents,) means, the most that each agent can pay, money;
x(p) the bundles that maximise `u(x) - p.x`; d(p, b) those that maximise u(x) subject to `p.x <= b`.

| case | demand |
| --- | --- |
| b infinite | x(p) |
| the cheapest of x(p) costs at most b, and x(p) is one bundle | x(p) |
| the cheapest of x(p) costs at most b, and x(p) is many bundles (ties) | those of x(p) that cost at most b |
| the cheapest of x(p) costs more than b, or has no finite cost | d(p, b) |
| the same, and b < 0 | d(p, 0), nothing but free goods |

In the fourth case the best affordable bundle is on the budget line: if it cost less, a step towards x(p)
could be paid for and, u being concave, would not lower `u - p.x`. On that line p.x is the constant b, so that
maximising `u - p.x` is maximising u.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array, Correspondence, Coupling, select, uncoupled

if TYPE_CHECKING:
    from market.economy.families.utilities import Utility


def demand_within_means(
    family: type[Utility], parameters: Mapping[str, Array], p: Array, means: Array
) -> Correspondence:
    """Return the quasilinear demand of agents of one family with limited means, (agents, goods).

    Args:
        family: of utilities.
        parameters: name -> array with the agents first.
        p: (goods,), prices.
        means: (agents,), b, money; inf without a limit.
    """
    free = family.quasilinear_demand(p, **parameters)
    if np.isinf(means).all():
        return free
    with np.errstate(invalid="ignore"):
        cost = np.nan_to_num(free.lowest @ p, nan=np.inf)  # an infinite amount of a free good
    binding = ~(cost <= means)
    paid = _keep_affordable(free, p, np.where(binding, np.inf, means))
    spent = family.budget_demand(p, np.where(binding, np.maximum(means, 0.0), 0.0), **parameters)
    return select(binding, spent, paid)


def _keep_affordable(free: Correspondence, p: Array, means: Array) -> Correspondence:
    """Restrict ties to the bundles that agents can pay for.

    Args:
        free: demand without a limit, of which the lowest amounts can be paid for.
        p: (goods,), prices, > 0 where a range of amounts is demanded.
        means: (agents,), money; inf without a limit.
    """
    if free.single_valued:
        return free
    coupling = free.joint or uncoupled(free.lowest.shape)
    on_ray = (coupling.direction != 0).any(axis=1)
    limited = np.isfinite(means) & (on_ray | (free.highest > free.lowest).any(axis=1))
    if not limited.any():
        return free
    least = np.where(limited[:, None], free.lowest, 0.0) @ p
    left = np.where(limited, np.maximum(means - least, 0.0), np.inf)
    most = free.lowest + np.divide(left[:, None], p, out=np.full_like(free.lowest, np.inf), where=p > 0)
    highest = np.where(limited[:, None], np.minimum(free.highest, most), free.highest)
    least_spent = np.where(limited & ~on_ray, least, -np.inf)
    most_spent = np.where(limited, np.maximum(means, least), np.inf)
    return Correspondence(free.lowest, highest, Coupling(least_spent, most_spent, coupling.direction))
