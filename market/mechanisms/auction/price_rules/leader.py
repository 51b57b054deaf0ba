"""The auctioneer as in the statement of the game: it leads, and announces the prices with the least |z|.

Its payoff is -sum_g |z_g(p)|, traders answering x(p): it is maximal, 0, exactly where markets clear. Here it
minimises the sum of squares of log(demand / supply), which has the same zeros in any units, by a
trust-region method that asks for excess demand as often as it likes at prices within a factor of twenty, and
announces what it has found. Where that is not much better (far from clearing, or at a jump of supply) it
makes an adaptive step of the default rule, and looks on from there in the next round.

Source: the game as stated by the project's texts; Branch, Coleman and Li (1999) for the method, scipy's
"trf".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import Knows, Memory, Rule, Seen, from_logs, log_ratio, logs
from market.mechanisms.auction.price_rules.tatonnement import LARGEST_MOVE, AdaptiveSteps, Tatonnement
from market.registry import option

BETTER = 0.1  # the least part of |log(demand / supply)| that a search must do away with
PLAIN = Tatonnement()


@dataclass(frozen=True)
class Leader(Rule):
    """Chooses the prices with the least excess demand directly, asking for demand as often as it likes."""

    name = "leader"
    knows = Knows.ANY_PRICES
    evaluations: int = option(50, "how many prices it tries between two announcements", low=1, high=100_000)

    def start(self, p: Array) -> AdaptiveSteps:
        """Adaptive steps for where the search finds nothing much better."""
        return PLAIN.start(p)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """The best prices that were found."""
        from scipy.optimize import least_squares  # deferred: a fifth of a second, and only this rule needs it

        assert seen.ask is not None
        ask, priced = seen.ask, seen.p > 0

        def excess(log_p: Array) -> Array:
            return log_ratio(ask(self._prices(seen.p, priced, log_p)))

        here = logs(seen.p[priced])
        found = least_squares(
            excess,
            here,
            bounds=(here - LARGEST_MOVE, here + LARGEST_MOVE),
            max_nfev=self.evaluations,
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
        )
        if np.linalg.norm(found.fun) < (1.0 - BETTER) * np.linalg.norm(log_ratio(seen.r)):
            return self._prices(seen.p, priced, found.x), memory
        return PLAIN.adjust(seen, memory)

    @staticmethod
    def _prices(p: Array, priced: NDArray[np.bool_], log_p: Array) -> Array:
        prices = p.copy()
        prices[priced] = from_logs(log_p)
        return prices
