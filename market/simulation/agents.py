"""The agents of the simulation: traders, who answer prices, and the auctioneer, who sets them.

A `Trader` is a view of one row of the economy's arrays, made when somebody asks for it. Built-in traders
answer together, on arrays; one whose class overrides `demand` or `supply` is asked by itself and its answer
takes the place of its row.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

import mesa
import numpy as np

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Answers

if TYPE_CHECKING:
    from market.simulation.model import MarketModel


class _Numbers(weakref.WeakKeyDictionary[mesa.Model, Iterator[int]]):
    """Model -> the numbers that its next agents get, from 1; kept no longer than the model itself."""

    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        if model not in self:
            self[model] = itertools.count(1)
        return super().__getitem__(model)


class Numbered(mesa.Agent):
    """An agent that does not keep its model alive: Mesa 3.3 holds each in a table of its own for ever."""

    _ids = _Numbers()


class Trader(Numbered):
    """Somebody who wants, owns or makes goods. Subclass it and override how it answers prices.

    Args:
        model: the simulation it lives in.
        row: its row in the economy's arrays.

    Example:
        A buyer that asks for a tenth less than it wants, hoping for a lower price::

            class Haggler(market.Trader):
                def demand(self, prices):
                    return 0.9 * super().demand(prices)

            model = market.MarketModel(scenario, "prices", traders={"alpha": Haggler})
    """

    model: MarketModel

    def __init__(self, model: MarketModel, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def name(self) -> str:
        """Its name in the scenario."""
        return self.model.economy.agents[self.row]

    @property
    def endowment(self) -> Array:
        """What it owns, (goods,), units."""
        return self.model.economy.endowment[self.row].copy()

    @property
    def consumption(self) -> Array:
        """What it could really consume if the play ended now, (goods,), units."""
        return self.model.outcome().consumption[self.row].copy()

    @property
    def production(self) -> Array:
        """What it would really make if the play ended now, (goods,), units."""
        return self.model.outcome().production[self.row].copy()

    @property
    def utility(self) -> float:
        """u(x) - C(y) if the play ended now."""
        return float(self.model.outcome().utilities[self.row])

    @property
    def payoff(self) -> float:
        """Its payoff in the game, money included, if the play ended now."""
        return float(self.model.outcome().payoffs[self.row])

    def demand(self, prices: Array) -> Array:
        """What it would consume at these prices: the bundle its preferences imply.

        Args:
            prices: (goods,), money per unit.

        Returns:
            (goods,), units, >= 0. If several bundles are equally good, the smallest.

        Raises:
            UnboundedDemandError: a good that it wants is free.
        """
        return self._answers(prices).demand.lowest[0].copy()

    def supply(self, prices: Array) -> Array:
        """What it would make at these prices: the outputs with the largest profit.

        Args:
            prices: (goods,), money per unit.

        Returns:
            (goods,), units, >= 0; inf where there is no largest. If it is indifferent, nothing.
        """
        return self._answers(prices).supply.lowest[0].copy()

    def _answers(self, prices: Array) -> Answers:
        """Its row of what the economy answers."""
        economy, row = self.model.economy, self.row
        if not economy.technologies:  # through which incomes depend on what others do
            return economy.part(row, row + 1).answers(prices)
        all_answers = economy.answers(prices)
        return Answers(
            *(
                Correspondence(a.lowest[[row]], a.highest[[row]])
                for a in (all_answers.demand, all_answers.supply)
            )
        )

    @classmethod
    def answers_by_itself(cls) -> bool:
        """Whether this class overrides how it answers prices."""
        return cls.demand is not Trader.demand or cls.supply is not Trader.supply


class Auctioneer(Numbered):
    """Sets prices; its payoff is minus the total of what is lacking and left over.

    The adjustment itself is the price rule's (`price_rules.py`); this agent shows what it has seen.
    """

    model: MarketModel

    name = "auctioneer"

    def __init__(self, model: MarketModel) -> None:
        super().__init__(model)

    @property
    def prices(self) -> Array:
        """The prices announced last, (goods,), money per unit."""
        return np.asarray(self.model.prices, dtype=float)

    @property
    def excess_demand(self) -> Array | None:
        """Demand minus supply at those prices, (goods,), units; None before the first round."""
        seen = self.model.state.observed().get("excess_demand")
        return None if seen is None else np.array(seen, dtype=float)

    @property
    def payoff(self) -> float | None:
        """-sum_g |z_g|, units of goods; None before the first round."""
        seen = self.model.state.observed().get("auctioneer_payoff")
        return None if seen is None else float(seen)
