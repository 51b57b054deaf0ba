"""Cycles of announced prices, as distinct from slow convergence.

Under a rule without memory the next prices follow from the last ones alone, so that prices that come back
prove a cycle. Otherwise, and for cycles that never come back exactly, a sustained amplitude is looked for
when the rounds are over: in the second half of the window markets came no nearer to clearing than in the
first, and prices kept moving. A cycle is never averaged away: its mean may clear markets that the cycle does
not clear.

Only the last `WINDOW` rounds are kept, whatever the number of rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array

WINDOW = 400  # rounds that are kept
SHORTEST_HALF = 50  # rounds in each half of the window, for an amplitude to be looked for
RETURNED = 1e-9  # relative to the path's length: prices closer than this count as equal
NO_NEARER = 0.9  # least disequilibrium in the second half over that in the first: above, there is no progress
LEAST_AMPLITUDE = 1e-4  # of a log price
TREND = 0.95  # share of the amplitude: a price that moved farther from start to end has a trend, not a cycle


@dataclass(frozen=True)
class Trail:
    """The last announced prices, (goods,) each, and how far markets were from clearing; the newest last."""

    prices: tuple[Array, ...] = ()
    disequilibrium: tuple[float, ...] = ()

    def with_round(self, p: Array, disequilibrium: float) -> Trail:
        """Return the trail after another round."""
        return Trail((*self.prices, p)[-WINDOW:], (*self.disequilibrium, disequilibrium)[-WINDOW:])

    @property
    def period(self) -> int | None:
        """Number of rounds after which the last prices came back; None if they are new.

        Prices came back if each differs by at most a billionth of how far prices went in between: a change so
        small in a period will not clear markets in a million of them, and slow convergence changes far more.
        """
        if len(self.prices) < 2:
            return None
        past, last = np.array(self.prices[:-1]), self.prices[-1]
        larger = np.maximum(past, last)
        shares = np.divide(np.abs(past - last), larger, out=np.zeros_like(past), where=larger > 0)
        apart = shares.max(axis=1)
        furthest = np.maximum.accumulate(apart[::-1])[::-1]
        again = np.flatnonzero(apart <= RETURNED * furthest)
        return len(past) - int(again[-1]) if len(again) else None

    @property
    def amplitude(self) -> float | None:
        """Range of log prices that oscillate while markets come no nearer to clearing; None if they do."""
        half = len(self.prices) // 2
        if half < SHORTEST_HALF:
            return None
        first, second = min(self.disequilibrium[:half]), min(self.disequilibrium[half:])
        with np.errstate(divide="ignore", invalid="ignore"):
            paths = np.log(np.array(self.prices[half:]))
        spans = np.ptp(np.where(np.isfinite(paths), paths, 0.0), axis=0)
        trend = np.abs(paths[-1] - paths[0]) if np.isfinite(paths[[0, -1]]).all() else spans * 0.0
        widest = float(spans.max())
        returns = bool((trend[spans > LEAST_AMPLITUDE] < TREND * spans[spans > LEAST_AMPLITUDE]).any())
        return widest if second >= NO_NEARER * first and widest > LEAST_AMPLITUDE and returns else None
