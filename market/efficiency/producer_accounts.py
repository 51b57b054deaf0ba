"""Revenue, cost and profit of producers, money, apart from the utilities of consumers.

Producers are agents that make goods, and sellers, which own goods and want none. With p prices and y net
output, at prices

    revenue = p.max(y, 0) + value of own goods sold,  cost = C(y) + p.max(-y, 0),  profit = revenue - cost.

Without prices revenue is the money received, by whatever rules; a planner pays none, so that only costs are
known. Where goods are made from goods and none has a price, no cost in money is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Outcome


class Accounts(NamedTuple):
    """Accounts of all agents, money.

    Args:
        revenue: (agents,); None if no money is paid.
        cost: (agents,).
        profit: (agents,), revenue minus cost; None if no money is paid.
    """

    revenue: Array | None
    cost: Array
    profit: Array | None


def producers(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of agents that make goods, or own goods and want none, (agents,)."""
    makes: NDArray[np.bool_] = np.asarray((economy.capacity > 0).any(axis=1))
    for block in economy.technologies:
        makes[block.rows] = True
    return makes | (economy.endowment.any(axis=1) & ~economy.wants_something)


def accounts(outcome: Outcome) -> Accounts | None:
    """Return revenue, cost and profit of all agents; None where goods are made from goods without prices."""
    economy, y, cost = outcome.economy, outcome.production, outcome.economy.cost(outcome.production)
    if outcome.kind == "auctioneer" and outcome.prices is not None:
        own = np.where(economy.wants_something[:, None], 0.0, economy.endowment)
        sold = np.maximum(own - outcome.consumption, 0.0)
        revenue = (np.maximum(y, 0.0) + sold) @ outcome.prices
        cost = cost + np.maximum(-y, 0.0) @ outcome.prices
        return Accounts(revenue, cost, revenue - cost)
    if economy.technologies:
        return None
    if outcome.kind == "planner":
        return Accounts(None, cost, None)
    revenue = np.where(economy.wants_something, 0.0, -outcome.payments)
    return Accounts(revenue, cost, revenue - cost)
