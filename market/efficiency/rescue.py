"""Who lacks subsistence and is beyond help, by prices.

Symbols: x, y an allocation; N those at -inf for lack of subsistence s_i; p, w prices and weights that support
what the others have, with relative violation r (`first_order_conditions.py`); V = sum over i in N of p.x_i,
what N hold.

A reallocation (x', y') that hurts nobody outside N has, by the first-order conditions,

    0 <= sum_{j not in N} w_j d(u_j - C_j) <= p.(what the others get more of) + 4 r p.(all there is),

since u (or the concave form of it that `support` takes) is concave and every condition is violated by no more
than r p_g for each unit moved. So what N can
have is worth at most V + 4 r p.(all there is), and whoever needs more than that, p.s_i, cannot be saved. Nor
can anybody who needs more of a good than there can ever be.

Source: own derivation from the first-order conditions of `first_order_conditions.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.efficiency.negishi_weights import support

ROUNDING = 1e-12  # relative violation that is there at least


def cannot_reach_subsistence(economy: Economy, x: Array, y: Array) -> NDArray[np.bool_]:
    """Who of those without subsistence no reallocation can save that hurts nobody else, (agents,).

    Sure of those who are marked; of the others nothing is said.
    """
    vital = np.asarray((economy.subsistence > 0).any(axis=1))
    needy = vital & np.isneginf(economy.utility(x))
    if not needy.any():
        return needy
    too_much = np.asarray((economy.subsistence >= economy.most).any(axis=1) & vital)
    if needy.all():
        return needy & too_much
    held = np.where(needy[:, None], x, 0.0)
    others = replace(
        economy,
        commons=np.maximum(economy.resources - held.sum(axis=0), 0.0),
        endowment=np.zeros(economy.shape),
    )
    found = support(others, x - held, y)
    if not found.residual < 1.0:
        return needy & too_much
    p = found.prices
    spare = 4.0 * max(found.residual, ROUNDING) * float(economy.offered(y) @ p)
    too_dear = economy.subsistence @ p > float(held.sum(axis=0) @ p) + spare
    return needy & (too_much | too_dear)
