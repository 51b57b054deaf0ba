"""The auctioneer as in the statement of the game: it leads, and announces the prices with the least |z|.

Its payoff is `-sum_g |z_g(p)|`, traders answering x(p): it is maximal, 0, exactly where markets clear. Here
it minimises the sum of squares of log(demand / supply), which has the same zeros in any units, by a
trust-region method that asks for excess demand as often as it likes at prices within a factor of twenty, and
announces what it has found. Where that is not much better (far from clearing, or at a jump of supply), or the
last prices that it found did not turn out as they were to (`newton.Promised`), it makes an adaptive step of the default rule, and looks on from there in the next round.

Source: own statement of the game; Branch, Coleman and Li (1999) for the method, scipy's "trf".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import (
    LARGEST_MOVE,
    Knows,
    Memory,
    Rule,
    Seen,
    log_ratio,
    logs,
    moved,
)
from market.mechanisms.auction.price_rules.newton import Promised
from market.mechanisms.auction.price_rules.tatonnement import FALLBACK, AdaptiveSteps
from market.registry import option

BETTER = 0.1  # the least share of |log(demand / supply)| that a search must remove


@dataclass(frozen=True)
class Leader(Rule):
    """Chooses the prices with the least excess demand directly, asking for demand as often as it likes."""

    name = "leader"
    knows = Knows.ANY_PRICES
    evaluations: int = option(50, "how many prices it tries between two announcements", low=1, high=100_000)

    def start(self, p: Array) -> Promised:
        """Return adaptive steps, for rounds in which the search finds nothing much better."""
        return Promised.by(FALLBACK.start(p), np.inf)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Return the best prices that were found."""
        from scipy.optimize import least_squares  # deferred: a fifth of a second, and only this rule needs it

        assert seen.ask is not None
        assert isinstance(memory, Promised)
        size = float(np.linalg.norm(log_ratio(seen.r)))
        if memory.broken(size):
            return self._adapted(seen, memory)
        ask, here = seen.ask, logs(seen.p[seen.p > 0])

        def excess(log_p: Array) -> Array:
            return log_ratio(ask(moved(seen.p, log_p - here)))

        found = least_squares(
            excess,
            here,
            bounds=(here - LARGEST_MOVE, here + LARGEST_MOVE),
            max_nfev=self.evaluations,
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
        )
        promised = float(np.linalg.norm(found.fun))
        if promised < (1.0 - BETTER) * size:
            return moved(seen.p, found.x - here), Promised.by(memory, promised)
        return self._adapted(seen, memory)

    def _adapted(self, seen: Seen, memory: Promised) -> tuple[Array, Memory]:
        """Return an adaptive step, which promises nothing."""
        prices, steps = FALLBACK.adjust(seen, memory)
        assert isinstance(steps, AdaptiveSteps)
        return prices, Promised.by(steps, np.inf)
