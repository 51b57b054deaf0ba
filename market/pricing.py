"""Price rules: how an auctioneer moves prices when it has seen the excess demand.

Symbols: p (goods,) prices; z (goods,) excess demand, demand minus supply; r (goods,) relative excess
demand, z over the mean of demand and supply, so that -2 <= r <= 2: it has no unit and, near balance,
equals log(demand / supply).

Every rule has the same small life: `start` gives its memory, `adjust` gives the next prices and memory from
what it was shown. A rule sees prices and excess demand, nothing else: no trader, no preference.

To add one: a class here and its name in `RULES`.

Source: Arrow and Hurwicz (1958), *On the stability of the competitive equilibrium I*, for tatonnement; the
adaptive step follows Jacobs (1988), "Increased rates of convergence through learning rate adaptation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from market.interval import Array
from market.registry import Family, Registry, option


@dataclass(frozen=True)
class Memory:
    """What a rule remembers from round to round; rules add what they need."""


@dataclass(frozen=True)
class Rule(Family):
    """Base of the price rules; every subclass is final and frozen."""

    name: ClassVar[str]

    def start(self, p: Array) -> Memory:
        """The memory before the first adjustment of prices p."""
        raise NotImplementedError

    def adjust(self, p: Array, z: Array, r: Array, memory: Memory) -> tuple[Array, Memory]:
        """The next prices.

        Args:
            p: (goods,), the prices that were announced.
            z: (goods,), excess demand, units; 0 where the market for the good clears.
            r: (goods,), relative excess demand, -2 to 2.
            memory: from the last call.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class AdaptiveSteps(Memory):
    """One step size a good, and the relative excess demand that was seen last."""

    steps: Array
    seen: Array


@dataclass(frozen=True)
class Tatonnement(Rule):
    """Move log p by step x relative excess demand; a good's step grows until the sign flips, then halves.

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

    def adjust(self, p: Array, z: Array, r: Array, memory: Memory) -> tuple[Array, Memory]:  # noqa: ARG002
        """One step for each good; a good whose market clears stays where it is."""
        assert isinstance(memory, AdaptiveSteps)
        same, flipped = r * memory.seen > 0, r * memory.seen < 0
        factor = np.where(same, self.growth, np.where(flipped, self.shrink, 1.0))
        steps = np.clip(memory.steps * factor, 0.0, 32.0)
        moved = np.exp(np.clip(np.log(np.maximum(p, 1e-300)) + steps * r, -690.0, 690.0))
        return np.where(r == 0, p, moved), AdaptiveSteps(steps, np.where(r == 0, memory.seen, r))


RULES: Registry[Rule] = Registry("rule", Tatonnement)
