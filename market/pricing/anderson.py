"""Anderson's acceleration of tatonnement on log prices.

Tatonnement with step 1 is the fixed-point iteration log p -> log p + r(p), r relative excess demand. From the
last m differences of log p (columns of D) and of r (columns of E), the next point is

    log p + r - (D + E) c,   c = argmin |r - E c|,

the point where the secant model of r vanishes, plus the model's residual: a secant method for many unknowns
that asks for excess demand once a round. Steps are bounded. Where the last rounds came no nearer to clearing,
the adaptive steps of the default rule are taken for a while, from which the secants are learnt anew.

Source: Anderson (1965), "Iterative procedures for nonlinear integral equations"; Walker and Ni (2011),
"Anderson acceleration for fixed-point iterations", for the form used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.interval import Array
from market.pricing.base import Memory, Rule, Seen, from_logs, logs
from market.pricing.tatonnement import AdaptiveSteps, Tatonnement
from market.registry import option

LONGEST = 2.0  # largest change of a log price in one round
PATIENCE = 6  # rounds without coming nearer, after which adaptive steps are taken
ADAPTIVE = 30  # for so many rounds
PLAIN = Tatonnement()


@dataclass(frozen=True)
class Secants(Memory):
    """The last points and residuals, newest last; the least residual, how long ago it was; adaptive steps."""

    plain: AdaptiveSteps
    points: tuple[Array, ...] = ()
    residuals: tuple[Array, ...] = ()
    least: float = np.inf
    stalled: int = 0


@dataclass(frozen=True)
class Anderson(Rule):
    """Accelerated tatonnement on log prices: secants through the last rounds; one demand query a round."""

    name = "anderson"
    memory: int = option(8, "how many rounds are remembered", low=1, high=100)

    def start(self, p: Array) -> Secants:
        """Nothing seen."""
        return Secants(PLAIN.start(p))

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """One accelerated step, or an adaptive one while the accelerated ones do not help."""
        assert isinstance(memory, Secants)
        size = float(np.abs(seen.r).max())
        stalled = 0 if size < memory.least else memory.stalled + 1
        adapted, plain = PLAIN.adjust(seen, memory.plain)
        assert isinstance(plain, AdaptiveSteps)
        points = (*memory.points, logs(seen.p))[-(self.memory + 1) :]
        residuals = (*memory.residuals, seen.r)[-(self.memory + 1) :]
        kept = Secants(plain, points, residuals, min(size, memory.least), stalled)
        if stalled % (PATIENCE + ADAPTIVE) >= PATIENCE:
            return adapted, kept
        return _accelerated(points, residuals), kept


def _accelerated(points: tuple[Array, ...], residuals: tuple[Array, ...]) -> Array:
    """The step of the secant model, bounded."""
    here, r = points[-1], residuals[-1]
    step = r
    if len(points) > 1:
        moved = np.diff(np.array(points), axis=0).T
        changed = np.diff(np.array(residuals), axis=0).T
        weights = np.linalg.lstsq(changed, r, rcond=1e-10)[0]
        step = r - changed @ weights - moved @ weights
    return from_logs(here + np.clip(step, -LONGEST, LONGEST))
