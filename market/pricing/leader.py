"""The auctioneer as in the statement of the game: it leads, and announces the prices with the least |z|.

Its payoff is -sum_g |z_g(p)|, traders answering x(p): it is maximal, 0, exactly where markets clear. Here
it minimises the sum of squares of relative excess demand, which has the same zeros in any units, by a
trust-region method that asks for excess demand as often as it likes, and announces what it has found. Where
it finds no zero it announces the least it found, and looks on from there in the next round.

Source: the game as stated by the project's texts; Branch, Coleman and Li (1999) for the method, scipy's
"trf".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.interval import Array
from market.pricing.base import Knows, Memory, Rule, Seen, from_logs, logs
from market.registry import option


@dataclass(frozen=True)
class Leader(Rule):
    """Chooses the prices with the least excess demand directly, asking for demand as often as it likes."""

    name = "leader"
    knows = Knows.ANY_PRICES
    evaluations: int = option(50, "how many prices it tries between two announcements", low=1, high=100_000)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """The best prices that were found."""
        from scipy.optimize import least_squares  # deferred: a fifth of a second, and only this rule needs it

        assert seen.ask is not None
        ask, priced = seen.ask, seen.p > 0

        def excess(log_p: Array) -> Array:
            return ask(self._prices(seen.p, priced, log_p))

        found = least_squares(
            excess, logs(seen.p[priced]), max_nfev=self.evaluations, xtol=1e-15, ftol=1e-15, gtol=1e-15
        )
        best = self._prices(seen.p, priced, found.x)
        if float(np.abs(found.fun).max()) < float(np.abs(seen.r).max()):
            return best, memory
        return from_logs(logs(seen.p) + 0.5 * seen.r), memory  # stuck: somewhere else, as tatonnement would

    @staticmethod
    def _prices(p: Array, priced: NDArray[np.bool_], log_p: Array) -> Array:
        prices = p.copy()
        prices[priced] = from_logs(log_p)
        return prices
