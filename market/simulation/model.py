"""An economy under one mechanism as a `mesa.Model` that can be stepped.

One `model.step()` is one round of the mechanism (`mechanisms/base.py`): an auctioneer announces prices,
agents answer, excess demand is seen, prices are adjusted, data are collected. `run()` steps to the end and
returns the outcome of `mechanisms.play`.

The primitives of traders are rows of the economy's arrays. `Trader` objects are views of a row, made when
they are first used through `agents`, `agents_by_type`, `trader` or `traders`; only those of a user's class
are made at the start. Built-in traders answer prices together (`aggregate_demand.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

import mesa
import numpy as np
import pandas as pd

from market.economy.aggregate_demand import AggregateDemand, OwnAnswers
from market.economy.correspondences import Array
from market.economy.primitives import Answers
from market.errors import InputError, MarketError, NumericalError, did_you_mean
from market.mechanisms.base import begin, outcome_so_far
from market.mechanisms.trading.double_auction import Book
from market.outcome import Outcome
from market.scenario.building import build
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario
from market.simulation.agents import Auctioneer, Trader
from market.simulation.collector import Collector
from market.simulation.lazy_model import LazyModel

SUGGESTED = 1000  # names that a misspelt one is compared with


class MarketModel(LazyModel):
    """An economy played under one mechanism.

    Args:
        scenario: the scenario, read by `market.load`.
        mechanism: the name of the mechanism to play; the scenario's first one if not given.
        seed: the seed of all draws; the scenario's own if not given.
        traders: for the names of agents or groups, subclasses of `Trader` with their own answers to prices.

    Raises:
        InputError: there is no mechanism, agent or group of that name, or the economy cannot be built.

    Example:
        >>> import market
        >>> scenario = market.loads('''
        ... schema = 1
        ... economy = "quasilinear"
        ... goods = ["water"]
        ... commons = { water = 10.0 }
        ... agents = [{ name = "alpha", count = 2, utility = { family = "log", weights = { water = 1.0 } } }]
        ... mechanisms = [{ name = "prices", kind = "auctioneer" }]
        ... ''')
        >>> model = market.MarketModel(scenario, "prices")
        >>> model.step()
        >>> float(model.prices["water"])
        1.0
        >>> outcome = model.run()
        >>> outcome.status.value, round(float(model.prices["water"]), 8)
        ('cleared', 0.2)
    """

    def __init__(
        self,
        scenario: Scenario,
        mechanism: str | None = None,
        *,
        seed: int | None = None,
        traders: Mapping[str, type[Trader]] | None = None,
    ) -> None:
        if isinstance(scenario, GameScenario):
            raise InputError(f"'{scenario.title}' states a game; use market.GameModel")
        if not isinstance(scenario, Scenario):
            raise InputError(f"a scenario is needed, not {scenario!r:.60}; use market.load(...)")
        self.economy = build(scenario, seed)
        super().__init__(self.economy.seed)
        label = scenario.mechanism_names[0] if mechanism is None else mechanism
        self.mechanism = scenario.mechanism(label)
        self._outcome: tuple[int, Outcome] | None = None
        self._classes = self._classes_by_row(traders or {})
        if self._classes and self.economy.public_goods:
            raise InputError(
                "with public goods traders cannot answer by rules of their own; leave out traders"
            )
        quoting = {
            row: partial(_quote, self, row) for row, kind in self._classes.items() if kind.quotes_by_itself()
        }
        self.mechanism = self.mechanism.hearing(quoting)
        self.state = begin(self.mechanism, self.economy)
        self._own = [self._trader(row) for row, kind in self._classes.items() if kind.answers_by_itself()]
        self._together = AggregateDemand(
            self.economy, np.array([own.row for own in self._own], dtype=np.intp)
        )
        priced = hasattr(self.state, "prices")
        self.auctioneer = cast(Auctioneer, self.agent(len(self.economy.agents))) if priced else None
        self.datacollector = Collector(self.economy, self.mechanism, self._reporters())
        self.running = not self.mechanism.done(self.economy, self.state)

    def _classes_by_row(self, classes: Mapping[str, type[Trader]]) -> dict[int, type[Trader]]:
        """Return the rows of traders of another class, ascending -> class."""
        kinds: dict[int, type[Trader]] = {}
        for name, kind in classes.items():
            self._check_name(name)
            if not (isinstance(kind, type) and issubclass(kind, Trader)):
                raise InputError(f"'{name}' needs a subclass of market.Trader, not {kind!r:.60}")
            kinds.update(dict.fromkeys(self.economy.rows(name).tolist(), kind))
        return dict(sorted(kinds.items()))

    def _check_name(self, name: str) -> None:
        """Refuse a name that no agent or group has, and give the nearest that there is."""
        groups, agents = self.economy.groups, self.economy.agents
        if name not in groups and name not in agents:
            known = dict.fromkeys((*groups, *agents[:SUGGESTED]))  # a group of one has its agent's name
            raise InputError(f"no agent or group '{name}'; {did_you_mean(name, known)}")

    @property
    def size(self) -> int:
        """Number of agents, the auctioneer included, made or not."""
        return len(self.economy.agents) + hasattr(self.state, "prices")

    def make(self, place: int) -> mesa.Agent:
        """Return a new trader of that row; after the last one, the auctioneer."""
        if place == len(self.economy.agents):
            return Auctioneer(self)
        return self._classes.get(place, Trader)(self, place)

    def _trader(self, row: int) -> Trader:
        return cast(Trader, self.agent(row))

    @property
    def traders(self) -> tuple[Trader, ...]:
        """All traders in the order of their rows; they are made at the first call."""
        agents = self.make_all()
        return tuple(cast(list[Trader], agents[: len(self.economy.agents)]))

    def trader(self, name: str) -> Trader:
        """Return the trader of that name; no other is made."""
        self._check_name(name)
        rows = self.economy.rows(name)
        if len(rows) != 1:
            raise InputError(
                f"'{name}' is a group of {len(rows)}; name one of them, for instance '{name}[0]'"
            )
        return self._trader(int(rows[0]))

    @property
    def goods(self) -> tuple[str, ...]:
        """The names of the goods."""
        return self.economy.goods

    @property
    def prices(self) -> pd.Series | None:
        """The prices announced last, by good (the first ones before any round); None without prices."""
        prices = getattr(self.state, "prices", None)
        return None if prices is None else pd.Series(prices.copy(), index=list(self.goods), name="price")

    @property
    def disequilibrium(self) -> float | None:
        """The largest relative excess demand of the last round; None without prices."""
        seen = self.state.observed().get("disequilibrium")
        return None if seen is None else float(seen)

    def step(self) -> None:
        """Play one round, if the mechanism is not done."""
        if self.mechanism.done(self.economy, self.state):
            self.running = False
            return
        self.state = self.mechanism.step(self.economy, self.state, self.answers)
        self.datacollector.collect(self)
        self.running = not self.mechanism.done(self.economy, self.state)

    def answers(self, prices: Array) -> Answers:
        """Return the answers of all traders: built-in ones together, the others one by one."""
        if not self._own:
            return self._together(prices)
        demand, supply = (np.zeros((len(self._own), len(self.goods))) for _ in range(2))
        for place, trader in enumerate(self._own):
            demand[place] = _check_answer(trader.demand(prices.copy()), trader, "demand", self.state.round)
            supply[place] = _check_answer(trader.supply(prices.copy()), trader, "supply", self.state.round)
        return self._together(prices, OwnAnswers(self._together.apart, demand, supply))

    def run(self) -> Outcome:
        """Step to the end and return the outcome.

        Raises:
            MarketError: a step did not run, as after an exception or an interrupt inside an earlier one.
        """
        while not self.mechanism.done(self.economy, self.state):
            before = self.state.round
            self.step()
            if self.state.round != before + 1:
                raise MarketError(f"the model broke in round {before + 1} and cannot go on; make a new one")
        self.running = False
        return self.outcome()

    def outcome(self) -> Outcome:
        """Return the outcome; while rounds remain, that of stopping now, with the status `in_play`."""
        if self._outcome is None or self._outcome[0] != self.state.round:
            now = outcome_so_far(self.mechanism, self.economy, self.state, self.answers)
            self._outcome = (self.state.round, now)
        return self._outcome[1]

    def _reporters(self) -> dict[str, object]:
        """Return one column for each number observed: `price[water]`, ..., `disequilibrium`."""
        reporters: dict[str, object] = {
            f"{name}[{good}]": partial(_observed, name=name, good=g)
            for name in self.mechanism.seen_by_good()
            for g, good in enumerate(self.goods)
        }
        return reporters | {
            name: partial(_observed, name=name, good=None) for name in self.mechanism.observed_once
        }


def _quote(model: MarketModel, row: int, book: Book) -> float | None:
    """Return the quote of one trader of a user's class."""
    return model._trader(row).quote(book)


def _observed(model: MarketModel, name: str, good: int | None) -> float:
    value = model.state.observed()[name]
    return float(value) if good is None else float(value[good])


def _check_answer(answer: Array, trader: Trader, what: str, done: int) -> Array:
    """Return one trader's own answer, or raise if it is not one amount >= 0 per good."""
    said = f"{trader.name} answered round {done + 1} with a {what} of"
    try:
        amounts = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise NumericalError(f"{said} {answer!r:.60}; numbers are needed") from None
    goods = (len(trader.model.goods),)
    if amounts.shape != goods:
        raise NumericalError(f"{said} shape {amounts.shape}; one amount per good is needed, shape {goods}")
    if not (amounts >= 0).all():
        wrong = "not a number" if np.isnan(amounts).any() else "negative"
        raise NumericalError(f"{said} {amounts}; no amount may be {wrong}")
    return amounts
