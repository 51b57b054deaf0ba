"""The commons as a Mesa user writes it: one method call per agent and round, data collected by name.

The same economy as `scene` in `sweep.py`: each agent wants water by w log x, with w drawn from [0.5, 2], and
the auctioneer raises the price in proportion to what is lacking until demand is the stock.
"""

from __future__ import annotations

import math

import mesa

TOLERANCE = 1e-9
STEP = 0.5  # of the relative excess demand; near the end the distance halves each round


class Drinker(mesa.Agent):
    """Buys water until one more unit is worth its price."""

    def __init__(self, model: Commons, weight: float) -> None:
        super().__init__(model)
        self.weight = weight
        self.water = 0.0

    def buy(self) -> None:
        self.water = self.weight / self.model.price

    @property
    def utility(self) -> float:
        return self.weight * math.log(self.water)


class Commons(mesa.Model):
    """So many drinkers around a well."""

    def __init__(self, stock: float = 10.0, drinkers: int = 2, rng: int | None = None) -> None:
        super().__init__(rng=rng)
        self.stock = stock
        self.price = 1.0
        Drinker.create_agents(self, drinkers, [self.random.uniform(0.5, 2.0) for _ in range(drinkers)])
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "price": "price",
                "excess": lambda model: model.excess,
                "lowest utility": lambda model: model.agents.agg("utility", min),
                "total surplus": lambda model: model.agents.agg("utility", sum),
            }
        )

    def step(self) -> None:
        self.agents.do("buy")
        self.excess = self.agents.agg("water", sum) / self.stock - 1.0
        self.running = abs(self.excess) > TOLERANCE
        self.datacollector.collect(self)  # in every step: that is what `batch_run` looks for
        if self.running:
            self.price *= 1.0 + STEP * max(self.excess, -1.0)
