"""The default rule: an adaptive step for each good.

Source: Arrow and Hurwicz (1958), "On the stability of the competitive equilibrium I", for tatonnement; the
adaptive step follows Jacobs (1988), "Increased rates of convergence through learning rate adaptation".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.interval import Array
from market.pricing.base import Memory, Rule, Seen, from_logs, logs
from market.registry import option


@dataclass(frozen=True)
class AdaptiveSteps(Memory):
    """One step size a good, and the relative excess demand that was seen last."""

    steps: Array
    seen: Array


@dataclass(frozen=True)
class Tatonnement(Rule):
    """Moves log p by step x relative excess demand; a good's step grows until its sign flips, then halves.

    With unit-elastic demand and fixed supply, log(demand / supply) is just the distance of log p from its
    equilibrium value, so a step of 1 lands there at once; other elasticities need other steps, and each
    good finds its own.
    """

    name = "tatonnement"
    step: float = option(1.0, "first step size, on log prices", low=0.0, open_low=True)
    growth: float = option(1.3, "factor on a good's step while its excess demand keeps its sign", low=1.0)
    shrink: float = option(
        0.5, "factor on a good's step when its excess demand changes sign", low=0.0, high=1.0
    )

    def start(self, p: Array) -> AdaptiveSteps:
        """Equal steps, nothing seen."""
        return AdaptiveSteps(np.full_like(p, self.step), np.zeros_like(p))

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """One step for each good; a good whose market clears stays where it is."""
        assert isinstance(memory, AdaptiveSteps)
        r = seen.r
        same, flipped = r * memory.seen > 0, r * memory.seen < 0
        factor = np.where(same, self.growth, np.where(flipped, self.shrink, 1.0))
        steps = np.clip(memory.steps * factor, 0.0, 32.0)
        moved = from_logs(logs(seen.p) + steps * r)
        return np.where(r == 0, seen.p, moved), AdaptiveSteps(steps, np.where(r == 0, memory.seen, r))
