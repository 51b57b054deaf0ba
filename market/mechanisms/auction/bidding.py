"""Bids of buyers with budgets: the only information that the rule of proportional response has of them.

See `price_rules.proportional_response` for the dynamic. Bids on goods that no agent has are lost; a
buyer that got nothing of use bids as before.
"""

from __future__ import annotations

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy


def respond(economy: Economy, bids: Array | None) -> tuple[Array, Array]:
    """Return the prices that the next bids make, (goods,), and these bids, (agents, goods), money.

    Args:
        economy: of buyers with budgets and goods in fixed supply.
        bids: the last ones, (agents, goods); None to begin with: budgets are spread over wanted goods.
    """
    wanted = economy.bliss > 0
    budget = economy.budget[:, None]
    if bids is None:
        bids = np.where(wanted, budget / np.maximum(wanted.sum(axis=1, keepdims=True), 1), 0.0)
    prices = _prices(economy, bids)
    x = np.divide(bids, prices, out=np.zeros_like(bids), where=(bids > 0) & (prices > 0))
    slopes = economy.marginal_utility(x)
    contributed = np.multiply(x, slopes, out=np.zeros_like(x), where=(x > 0) & np.isfinite(slopes))
    total = contributed.sum(axis=1, keepdims=True)
    answered = np.divide(budget * contributed, total, out=bids.copy(), where=total > 0)
    return _prices(economy, answered), answered


def _prices(economy: Economy, bids: Array) -> Array:
    """Return the sum of bids for each good over its amount, (goods,)."""
    there = economy.resources
    return np.divide(bids.sum(axis=0), there, out=np.zeros(len(there)), where=there > 0)
