"""Barter as Mesa's users write it: an object an agent, one method call a meeting.

It is the peer that `benchmarks.trading_barter` measures against: Cobb-Douglas traders with two goods who meet
in pairs drawn anew each round, and trade at the price that clears the market of the two.
"""

from __future__ import annotations

import mesa
import numpy as np


class Trader(mesa.Agent):
    """Maximises x^w y^(1 - w)."""

    def __init__(self, model: PlainBazaar, x: float, y: float, w: float) -> None:
        super().__init__(model)
        self.x, self.y, self.w = x, y, w

    def meet(self, other: Trader) -> None:
        p = (self.w * self.y + other.w * other.y) / ((1.0 - self.w) * self.x + (1.0 - other.w) * other.x)
        wealth = p * self.x + self.y
        x, y = self.w * wealth / p, (1.0 - self.w) * wealth
        other.x += self.x - x
        other.y += self.y - y
        self.x, self.y = x, y


class PlainBazaar(mesa.Model):
    """Traders with endowments U(50, 150) and weights U(.01, .99)."""

    def __init__(self, agents: int, rng: int = 0) -> None:
        super().__init__(rng=rng)
        drawn = np.random.default_rng(rng)
        x, y = drawn.uniform(50.0, 150.0, (2, agents)).tolist()
        Trader.create_agents(self, agents, x, y, drawn.uniform(0.01, 0.99, agents).tolist())
        self.order = list(self.agents)

    def step(self) -> None:
        self.random.shuffle(self.order)
        half = len(self.order) // 2
        for one, other in zip(self.order[:half], self.order[half:], strict=False):
            one.meet(other)
