"""The agents of the simulation: traders, who answer prices, and the auctioneer, who sets them.

A `Trader` is a view of one row of the economy's arrays, made when it is first used. Built-in traders answer
together, on arrays; a trader whose class overrides `demand` or `supply` answers by itself, and its answer
replaces that of its row.
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
    from market.mechanisms.trading.double_auction import Book
    from market.simulation.model import MarketModel


class _Numbers(weakref.WeakKeyDictionary[mesa.Model, Iterator[int]]):
    """Model -> the numbers of its next agents, from 1; kept no longer than the model itself."""

    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        if model not in self:
            self[model] = itertools.count(1)
        return super().__getitem__(model)


class Numbered(mesa.Agent):
    """An agent that does not keep its model alive, as the table of all models in Mesa 3.3 would."""

    _ids = _Numbers()


class Placed(Numbered):
    """An agent that is a view of one place in the model's arrays, and has the name that is there."""

    def __init__(self, model: mesa.Model, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def name(self) -> str:
        """Name in the scenario."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return class and name, for instance `<Trader 'alpha'>`."""
        return f"<{type(self).__name__} '{self.name}'>"


class Trader(Placed):
    """An agent that consumes, owns or produces goods; subclass it to change its answers to prices.

    Args:
        model: the simulation that it is an agent of.
        row: its row in the economy's arrays.

    Example:
        A buyer that asks for a tenth less than it wants, hoping for a lower price::

            class Haggler(market.Trader):
                def demand(self, prices):
                    return 0.9 * super().demand(prices)

            model = market.MarketModel(scenario, "prices", traders={"alpha": Haggler})
    """

    model: MarketModel

    @property
    def name(self) -> str:
        """Name in the scenario."""
        return self.model.economy.agents[self.row]

    @property
    def endowment(self) -> Array:
        """Endowment, (goods,), units."""
        return self.model.economy.endowment[self.row].copy()

    @property
    def consumption(self) -> Array:
        """Consumption if trade stopped now, after rationing, (goods,), units."""
        return self.model.outcome().consumption[self.row].copy()

    @property
    def production(self) -> Array:
        """Production if trade stopped now, after rationing, (goods,), units."""
        return self.model.outcome().production[self.row].copy()

    @property
    def payment(self) -> float:
        """Net money paid if trade stopped now; negative if it earns more than it pays."""
        return float(self.model.outcome().payments[self.row])

    @property
    def utility(self) -> float:
        """Utility minus cost, `u(x) - C(y)`, and minus harm by others, if trade stopped now."""
        return float(self.model.outcome().utilities[self.row])

    @property
    def payoff(self) -> float:
        """Payoff in the game, money included, if trade stopped now."""
        return float(self.model.outcome().payoffs[self.row])

    def demand(self, prices: Array) -> Array:
        """Return the consumption demanded at these prices, as its preferences imply.

        Args:
            prices: (goods,), money per unit.

        Returns:
            The amounts, (goods,), units, >= 0; the smallest bundle where several are best.

        Raises:
            UnboundedDemandError: a good that it wants is free.
        """
        return self._answers(prices).demand.lowest[0].copy()

    def supply(self, prices: Array) -> Array:
        """Return the most profitable production at these prices.

        Args:
            prices: (goods,), money per unit.

        Returns:
            The amounts, (goods,), units, >= 0; inf where unbounded, the smallest where several are best.
        """
        return self._answers(prices).supply.lowest[0].copy()

    def quote(self, book: Book) -> float | None:
        """Return the price that it says for its next lot in a double auction, or None if it says nothing.

        Unless a class overrides it, its limit: the truth.

        Args:
            book: its side, the limit of its next lot, the standing bid and offer, and the range of prices.
        """
        return min(max(book.limit, book.low), book.high)

    def _answers(self, prices: Array) -> Answers:
        """Return its row of the economy's answers."""
        economy, row = self.model.economy, self.row
        if not economy.technologies:  # with technologies incomes depend on other agents
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
        """Return True if this class overrides `demand` or `supply`."""
        return cls.demand is not Trader.demand or cls.supply is not Trader.supply

    @classmethod
    def quotes_by_itself(cls) -> bool:
        """Return True if this class overrides `quote`."""
        return cls.quote is not Trader.quote


class Auctioneer(Numbered):
    """The agent that sets prices; its payoff is minus the sum of absolute excess demands.

    Prices are adjusted by the mechanism's price rule (`mechanisms/auction/price_rules`); this agent shows the
    prices and excess demands seen.
    """

    model: MarketModel

    name = "auctioneer"

    def __init__(self, model: MarketModel) -> None:
        super().__init__(model)

    def __repr__(self) -> str:
        """Return `<Auctioneer>`; a model has one."""
        return "<Auctioneer>"

    @property
    def prices(self) -> Array:
        """Prices announced last, (goods,), money per unit."""
        return np.asarray(self.model.prices, dtype=float)

    @property
    def excess_demand(self) -> Array | None:
        """Demand minus supply at those prices, (goods,), units; None before the first round."""
        seen = self.model.state.observed().get("excess_demand")
        return None if seen is None else np.array(seen, dtype=float)

    @property
    def payoff(self) -> float | None:
        """Payoff, `-sum_g |z_g|`, units of goods; None before the first round."""
        seen = self.model.state.observed().get("auctioneer_payoff")
        return None if seen is None else float(seen)
