"""Anderson's acceleration of tatonnement on log prices.

Tatonnement with step 1 is the fixed-point iteration log p -> log p + r(p), r relative excess demand. From the
last m differences of log p (columns of D) and of r (columns of E), the next point is

    log p + r - (D + E) c,   c = argmin |r - E c|,

the point where the secant model of r vanishes, plus the model's residual: a secant method for many unknowns
that asks for excess demand once a round. Steps are bounded; when the residual has grown a lot, the memory
is dropped and a damped step taken from the best point.

Source: Anderson (1965), "Iterative procedures for nonlinear integral equations"; Walker and Ni (2011),
"Anderson acceleration for fixed-point iterations", for the form used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.interval import Array
from market.pricing.base import Memory, Rule, Seen, from_logs, logs
from market.registry import option

LONGEST = 2.0  # largest change of a log price in one round


@dataclass(frozen=True)
class Secants(Memory):
    """The last points and residuals, newest last, the best of all, and what restarts have taught."""

    points: tuple[Array, ...] = ()
    residuals: tuple[Array, ...] = ()
    best: tuple[Array, float] | None = None
    damping: float = 1.0


@dataclass(frozen=True)
class Anderson(Rule):
    """Accelerated tatonnement on log prices: secants through the last rounds; one demand query a round."""

    name = "anderson"
    memory: int = option(8, "how many rounds are remembered", low=1, high=100)

    def start(self, p: Array) -> Secants:  # noqa: ARG002
        """Nothing seen."""
        return Secants()

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """One accelerated step, or a damped one from the best point after a bad one."""
        assert isinstance(memory, Secants)
        here, r = logs(seen.p), seen.r
        size = float(np.abs(r).max())
        best = memory.best if memory.best is not None and memory.best[1] <= size else (here, size)
        if memory.best is not None and size > 4.0 * memory.best[1] and len(memory.points) > 2:
            damping = max(0.5 * memory.damping, 1.0 / 64.0)
            kept = Secants((), (), best, damping)
            return from_logs(best[0] + damping * np.clip(r, -0.5, 0.5)), kept
        points = (*memory.points, here)[-(self.memory + 1) :]
        residuals = (*memory.residuals, r)[-(self.memory + 1) :]
        step = memory.damping * r
        if len(points) > 1:
            moved = np.diff(np.array(points), axis=0).T
            changed = np.diff(np.array(residuals), axis=0).T
            weights = np.linalg.lstsq(changed, r, rcond=1e-10)[0]
            step = memory.damping * (r - changed @ weights) - moved @ weights
        return from_logs(here + np.clip(step, -LONGEST, LONGEST)), Secants(
            points, residuals, best, min(1.0, 1.05 * memory.damping)
        )
