"""Accounts of trade at different prices of buyers and sellers: payments, revenue, and what each side gains.

Symbols: B purchases and S sales, (agents, goods), units; p_b and p_s what an agent pays and gets for a unit;
m the rent of a quota. With money

    payment_i = sum_g p_b B_ig - p_s S_ig,

and all payments together are the revenue of the commons, the tax revenue and the rents of quotas:

    sum_i payment_i = sum_g p (sum_i B_ig - sum_i S_ig) + tax + rent.

Each of them is a transfer, part of total surplus and counted once. An agent that has a good and wants it buys
or sells the difference; where trade is gross (`Policy.gross`) it sells all and buys what it consumes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Money

if TYPE_CHECKING:
    from market.mechanisms.auction.interventions.policy import Policy
    from market.mechanisms.auction.interventions.wedge import Seen


class Flows(NamedTuple):
    """Purchases and sales of each agent, (agents, goods) each, units."""

    bought: Array
    sold: Array

    def collected(self, policy: Policy, seen: Seen) -> float:
        """Return the tax revenue, money, without the rents of quotas."""
        if policy.taxed:
            margin = seen.sellers - seen.taxed
            return float(self.sold[policy.taxed_rows].sum(axis=0) @ margin)
        return float(self.bought.sum(axis=0) @ (seen.buyers - policy.rents(seen) - seen.sellers))

    def paid(self, policy: Policy, seen: Seen) -> Array:
        """Return net payments for goods, (agents,), money."""
        return np.asarray(self.bought @ seen.buyers - (self.sold * policy.sell_prices(seen)).sum(axis=1))


def flows(policy: Policy, x: Array, y: Array) -> Flows:
    """Return purchases and sales where agents consume x and make y, (agents, goods) each."""
    economy = policy.economy
    net = x - economy.endowment - y
    bought, sold = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    both = policy.trades_both_ways & policy.gross
    if economy.money is Money.FISHER or both.any():
        bought = np.where(both, x, bought)
        sold = np.where(both, economy.endowment + y, sold)
    return Flows(bought, sold)
