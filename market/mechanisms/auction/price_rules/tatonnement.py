"""The default rule: an adaptive step for each good.

Three limits keep it safe far from equilibrium and where supply jumps: no price moves by more than a factor of
twenty in a round; where a sign change comes with a *larger* excess demand than before, the move back is at
most the share `shrink` of the last move, as in bisection; and while the sign holds a move is at most four
times the last one. So a price is hemmed in however steep the jump is.

Source: Arrow and Hurwicz (1958), "On the stability of the competitive equilibrium I", for tatonnement; the
adaptive step follows Jacobs (1988), "Increased rates of convergence through learning rate adaptation".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE, Memory, Rule, Seen, from_logs, logs
from market.registry import option

GATHERING = 4.0  # the largest factor by which a good's move grows from round to round
SMALLEST_STEP, LARGEST_STEP = 1e-16, 32.0  # moves of a log price over relative excess demand


@dataclass(frozen=True)
class AdaptiveSteps(Memory):
    """One step size a good, the relative excess demand seen last, and how far log p moved then, (goods,)."""

    steps: Array
    seen: Array
    moved: Array


@dataclass(frozen=True)
class Tatonnement(Rule):
    """Moves log p by step x relative excess demand; a good's step grows until its sign flips, then halves.

    With unit-elastic demand and fixed supply, log(demand / supply) is just the distance of log p from its
    equilibrium value, so a step of 1 lands there at once; other elasticities need other steps, and each
    good finds its own.
    """

    name = "tatonnement"
    step: float = option(1.0, "first step size, on log prices", low=0.0, open_low=True)
    growth: float = option(1.2, "factor on a good's step while its excess demand keeps its sign", low=1.0)
    shrink: float = option(
        0.5, "factor on a good's step when its excess demand changes sign", low=0.0, high=1.0
    )

    def start(self, p: Array) -> AdaptiveSteps:
        """Return equal steps, and no excess demand seen."""
        return AdaptiveSteps(np.full_like(p, self.step), np.zeros_like(p), np.full_like(p, LARGEST_MOVE))

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Make one step for each good; the price of a good whose market clears stays."""
        assert isinstance(memory, AdaptiveSteps)
        r, before = seen.r, memory.seen
        size_of_r, turn = np.abs(r), r * before
        same, flipped = turn > 0, turn < 0
        factor = np.where(same, self.growth, np.where(flipped, self.shrink, 1.0))
        steps = np.minimum(np.maximum(memory.steps * factor, SMALLEST_STEP), LARGEST_STEP)
        jumped = flipped & (size_of_r > np.abs(before))
        limit = np.where(jumped, self.shrink, np.where(same, GATHERING, np.inf)) * memory.moved
        size = np.minimum(steps * size_of_r, np.minimum(limit, LARGEST_MOVE))
        np.divide(size, size_of_r, out=steps, where=size >= LARGEST_MOVE)
        prices = from_logs(logs(seen.p) + np.sign(r) * size)
        if turn.all():  # excess demand everywhere, now and before
            return prices, AdaptiveSteps(steps, r, size)
        lacking = r != 0
        after = AdaptiveSteps(steps, np.where(lacking, r, before), np.where(lacking, size, memory.moved))
        return np.where(lacking, prices, seen.p), after


FALLBACK = Tatonnement()
"""The rule for rounds in which another rule finds nothing better."""
