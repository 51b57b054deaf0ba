"""Newton's method on log prices, with slopes of excess demand from further demand queries.

Solves J d = -r for the step d of log p, J_gh = dr_g / dlog p_h by differences: one query for each good with
a price. J is singular where only relative prices matter (J (1, ..., 1) = 0, up to the error of the
differences, which no cut-off of singular values tells from a small slope): there J + c 1 1' is solved, which
changes the solution by a common factor of all prices. The step is halved until the largest relative excess
demand falls; if it never does, an adaptive step of the default rule is made instead.

Source: Smale (1976), "A convergent process of price adjustment and global Newton methods"; the damping is
standard, Nocedal and Wright (2006), *Numerical Optimization*, chapter 11.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import Knows, Memory, Rule, Seen, moved
from market.mechanisms.auction.price_rules.tatonnement import FALLBACK, AdaptiveSteps
from market.registry import option

LONGEST_STEP = 2.0  # a factor of seven: the largest change of a log price in one round
KEPT = 1.01  # times the promised size: a larger excess demand breaks the promise
ONLY_RELATIVE = 1e-3  # relative to the largest slope: if all prices together change less, they change nothing


@dataclass(frozen=True)
class Promised(AdaptiveSteps):
    """Adaptive steps, and the size of relative excess demand that the last prices were to have."""

    size: float = np.inf

    def broken(self, size: float) -> bool:
        """Return True if excess demand turned out larger than it was to be."""
        return size > KEPT * self.size

    @classmethod
    def by(cls, memory: AdaptiveSteps, size: float) -> Promised:
        """Return the memory of adaptive steps with a promise; inf promises nothing."""
        return cls(memory.steps, memory.seen, memory.moved, size)


@dataclass(frozen=True)
class Newton(Rule):
    """Uses the slope of demand, from one more demand query for each good."""

    name = "newton"
    knows = Knows.ANY_PRICES
    halvings: int = option(8, "how often a step is halved until it helps", low=0, high=60)
    difference: float = option(
        1e-6, "relative change of a price by which slopes are taken", low=1e-12, high=0.1
    )

    def start(self, p: Array) -> Promised:
        """Return adaptive steps, for rounds in which Newton's do not help."""
        return Promised.by(FALLBACK.start(p), np.inf)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Make one damped Newton step."""
        assert seen.ask is not None
        assert isinstance(memory, Promised)
        adapted, kept = FALLBACK.adjust(seen, memory)
        assert isinstance(kept, AdaptiveSteps)
        size = float(np.abs(seen.r).max())
        step = None if memory.broken(size) else self._step(seen.p, seen.r, seen.ask)
        if step is not None:
            for power in range(self.halvings + 1):
                tried = moved(seen.p, 0.5**power * step)
                promised = float(np.abs(seen.ask(tried)).max())
                if promised < (1.0 - 0.1 * 0.5**power) * size:
                    return tried, Promised.by(kept, promised)
        return adapted, Promised.by(kept, np.inf)

    def _step(self, p: Array, r: Array, ask: Callable[[Array], Array]) -> Array | None:
        """Return the full step of the log prices of goods with a price; None if there is none."""
        moves = self.difference * np.eye(int((p > 0).sum()))
        found = np.array([(ask(moved(p, move)) - r) / self.difference for move in moves]).T
        if not (found.size and np.isfinite(found).all()):
            return None
        return np.clip(np.linalg.lstsq(_regular(found), -r, rcond=1e-9)[0], -LONGEST_STEP, LONGEST_STEP)


def _regular(slopes: Array) -> Array:
    """Return the slopes, with a number added to each where only relative prices matter."""
    largest = float(np.abs(slopes).max(initial=0.0))
    if np.abs(slopes.sum(axis=1)).max(initial=0.0) > ONLY_RELATIVE * largest:
        return slopes
    return slopes - largest
