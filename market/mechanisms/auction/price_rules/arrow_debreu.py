"""The auctioneer of Arrow and Debreu: it is paid p.z, and answers each round with its best reply.

Its payoff p.z is linear in p, so that its best reply is the highest price where something is lacking and
the lowest where something is left over. Market clearing is the only Nash equilibrium of the game in which
all move at once (it is indifferent there), but best replies do not lead to it: prices jump from bound to
bound.

Source: Arrow and Debreu (1954), "Existence of an equilibrium for a competitive economy"; the statement
about best replies follows from the payoff.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import Memory, Rule, Seen
from market.registry import option


@dataclass(frozen=True)
class ArrowDebreu(Rule):
    """The best reply of an auctioneer that is paid p.z: the highest or the lowest price. Does not settle."""

    name = "arrow_debreu"
    lowest: float = option(0.01, "lowest price of its price set", low=0.0, open_low=True)
    highest: float = option(10.0, "highest price of its price set", low=0.0, open_low=True)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Return a bound for goods whose market does not clear; where it clears any price is a best reply."""
        reply = np.where(seen.z > 0, max(self.highest, self.lowest), min(self.lowest, self.highest))
        return np.where(seen.r == 0, seen.p, reply), memory
