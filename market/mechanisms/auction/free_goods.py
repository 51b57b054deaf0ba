"""Free goods: a good in excess supply at ever lower prices is announced at price 0.

Under a rule that moves log prices, the price of a good that is left over at every positive price tends to
zero and never gets there. So when it has become tiny, price 0 itself is announced. If nothing is lacking
there, the market clears by complementary slackness. If something is, the price goes back up, and 0 is tried
again only from a much lower one: until then other prices may have changed so much that the good is free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.tolerances import LEAST_POSITIVE

FIRST_TRY = 1e-13  # relative to the first price: low enough that no price at which a market clears is skipped
NEXT_TRY = 1e-6  # relative to the last try: fifty tries would be below every float, so that tries end


@dataclass(frozen=True)
class FreeGoods:
    """The memory of prices near zero.

    Args:
        last_positive: (goods,), the last price above zero that was announced for each good.
        zero_below: (goods,), the price below which a good in excess supply is announced at price 0.
    """

    last_positive: Array
    zero_below: Array

    @classmethod
    def at_first(cls, p: Array) -> FreeGoods:
        """Return the memory before prices p, (goods,), > 0, are announced first."""
        return cls(p, FIRST_TRY * p)

    def refused(self, p: Array, unbounded: NDArray[np.bool_]) -> tuple[Array, FreeGoods]:
        """Return prices at which goods without a largest bundle at price 0 cost something again.

        Half of the last positive price: at all of it, the rule would send the good to 0 once more.

        Args:
            p: (goods,), prices that were announced in vain.
            unbounded: (goods,), the goods at price 0 of which some agent wants more than any amount.
        """
        half = np.maximum(self.last_positive / 2.0, LEAST_POSITIVE)
        return np.where(unbounded, half, p), self._later(unbounded)

    def after(self, p: Array, z: Array) -> FreeGoods:
        """Return the memory after prices p were announced and excess demand z was seen, (goods,) each."""
        if p.min() > 0:  # nearly every round
            return FreeGoods(p, self.zero_below)
        return FreeGoods(np.where(p > 0, p, self.last_positive), self._later((p == 0) & (z > 0)).zero_below)

    def corrected(self, p: Array, z: Array, proposed: Array) -> Array:
        """Return proposed prices, with tiny ones in excess supply at 0 and lacking free goods above 0.

        Args:
            p: (goods,), the prices announced last.
            z: (goods,), excess demand at them.
            proposed: (goods,), prices for the next round.
        """
        if p.min() > 0 and (proposed >= self.zero_below).all():  # nearly every round
            return proposed
        raised = np.where(proposed > 0, proposed, self.last_positive)
        free = np.where((z <= 0) & (proposed < self.zero_below), 0.0, proposed)
        return np.where((p == 0) & (z > 0), raised, free)

    def _later(self, goods: NDArray[np.bool_]) -> FreeGoods:
        """Return the memory with the next try of some goods, marked in (goods,), put off."""
        return FreeGoods(self.last_positive, np.where(goods, NEXT_TRY * self.zero_below, self.zero_below))
