"""A market as Mesa's users write one: an agent a trader, one method call a trader and round.

It is the peer that `benchmarks.market` measures against. Traders keep their own numbers and answer prices;
the model adds up what they ask for. Prices are moved by the package's own default rule, so that both need the
same number of rounds.
"""

from __future__ import annotations

import mesa
import numpy as np

from market.mechanisms.auction.price_rules import Seen, Tatonnement


class LogTrader(mesa.Agent):
    """Maximises sum_g a_g log x_g - p.x."""

    def __init__(self, model: PlainMarket, weights: np.ndarray) -> None:
        super().__init__(model)
        self.weights = weights
        self.bundle = np.zeros(len(weights))

    def trade(self) -> None:
        self.bundle = self.weights / self.model.prices


class CesTrader(mesa.Agent):
    """Maximises (sum_g a_g x_g^rho)^(1/rho), rho = (sigma - 1)/sigma, with a budget."""

    def __init__(self, model: PlainMarket, weights: np.ndarray, elasticity: float, budget: float) -> None:
        super().__init__(model)
        self.weights = weights
        self.elasticity = elasticity
        self.budget = budget
        self.bundle = np.zeros(len(weights))

    def trade(self) -> None:
        prices = self.model.prices
        spent = self.weights**self.elasticity * prices ** (1.0 - self.elasticity)
        self.bundle = self.budget * spent / spent.sum() / prices


class PlainMarket(mesa.Model):
    """Prices, a stock of each good, and the traders.

    Args:
        stock: (goods,), what there is of each good.
        rng: the seed.
    """

    def __init__(self, stock: np.ndarray, rng: int = 0) -> None:
        super().__init__(rng=rng)
        self.stock = stock
        self.prices = np.ones(len(stock))
        self.rule = Tatonnement()
        self.memory = self.rule.start(self.prices)
        self.relative = np.full(len(stock), np.inf)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "prices": lambda m: m.prices.copy(),
                "disequilibrium": lambda m: m.disequilibrium,
            }
        )

    @property
    def disequilibrium(self) -> float:
        return float(np.abs(self.relative).max())

    def step(self) -> None:
        self.agents.do("trade")
        wanted = np.sum([trader.bundle for trader in self.agents], axis=0)
        excess = wanted - self.stock
        self.relative = 2.0 * excess / (wanted + self.stock)
        self.datacollector.collect(self)
        seen = Seen(self.prices, excess, self.relative)
        self.prices, self.memory = self.rule.adjust(seen, self.memory)

    def run(self, tolerance: float, most: int = 10_000) -> int:
        """Rounds until the market clears."""
        for done in range(1, most + 1):
            self.step()
            if self.disequilibrium <= tolerance:
                return done
        raise RuntimeError("the plain market did not clear")


def log_market(agents: int, goods: int) -> PlainMarket:
    """The plain twin of `benchmarks.scenes.log_market`, up to its random numbers."""
    model = PlainMarket(np.arange(1.0, goods + 1) * agents)
    LogTrader.create_agents(model, agents, list(model.rng.uniform(0.5, 2.0, (agents, goods))))
    return model


def ces_market(agents: int, goods: int) -> PlainMarket:
    """The plain twin of `benchmarks.scenes.ces_market`, up to its random numbers."""
    model = PlainMarket(np.arange(1.0, goods + 1) * agents)
    weights = list(model.rng.uniform(0.5, 2.0, (agents, goods)))
    budgets = model.rng.uniform(1.0, 2.0, agents).tolist()
    CesTrader.create_agents(model, agents, weights, 2.0, budgets)
    return model
