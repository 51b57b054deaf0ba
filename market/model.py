"""The simulation: an economy under one mechanism as a `mesa.Model` that can be stepped.

One `model.step()` is one round of the mechanism's life (`mechanisms/base.py`): with an auctioneer, prices
are announced, answers given, excess demand seen, prices adjusted, data collected. `run()` steps to the end
and gives the same outcome as `mechanisms.play`.

Mesa appears here, in `agents.py` and nowhere below.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import mesa
import numpy as np
import pandas as pd

from market.agents import Auctioneer, Trader
from market.economy import Answers
from market.errors import InputError, MarketError, NumericalError, did_you_mean
from market.interval import Array, Interval
from market.outcome import Outcome
from market.scenario import Scenario, build


class MarketModel(mesa.Model):
    """An economy played under one mechanism.

    Args:
        scenario: what `market.load` returns.
        mechanism: the name of one of the scenario's mechanisms; the first one if not given.
        seed: for all draws; the scenario's own if not given.
        traders: agent or group name -> a subclass of `Trader` that answers prices in its own way.

    Raises:
        InputError: no mechanism, agent or group of that name, or an economy that cannot be built.

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
        if not isinstance(scenario, Scenario):
            raise InputError(f"a scenario is needed, not {scenario!r:.60}; use market.load(...)")
        self.economy = build(scenario, seed)
        super().__init__(rng=self.economy.seed)
        label = scenario.mechanism_names[0] if mechanism is None else mechanism
        self.mechanism = scenario.mechanism(label)
        self.state = self.mechanism.start(self.economy)
        self._outcome: tuple[int, Outcome] | None = None
        self.traders = self._create_traders(traders or {})
        self._own_answers = [trader for trader in self.traders if trader.answers_by_itself()]
        self.auctioneer = Auctioneer(self) if hasattr(self.state, "prices") else None
        self.datacollector = mesa.DataCollector(model_reporters=self._reporters())
        self.running = not self.mechanism.done(self.economy, self.state)

    def _create_traders(self, classes: Mapping[str, type[Trader]]) -> tuple[Trader, ...]:
        """One trader a row, of the class asked for."""
        kinds: dict[int, type[Trader]] = {}
        for name, kind in classes.items():
            known = (*self.economy.groups, *self.economy.agents)
            if name not in known:
                raise InputError(f"no agent or group '{name}'; {did_you_mean(name, known)}")
            if not (isinstance(kind, type) and issubclass(kind, Trader)):
                raise InputError(f"'{name}' needs a subclass of market.Trader, not {kind!r:.60}")
            kinds.update(dict.fromkeys(self.economy.rows(name).tolist(), kind))
        return tuple(kinds.get(row, Trader)(self, row) for row in range(len(self.economy.agents)))

    def trader(self, name: str) -> Trader:
        """The trader of that name."""
        rows = self.economy.rows(name)
        if len(rows) != 1:
            raise InputError(
                f"'{name}' is a group of {len(rows)}; name one of them, for instance '{name}[0]'"
            )
        return self.traders[int(rows[0])]

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
        """One round; nothing happens once the mechanism is done."""
        if self.mechanism.done(self.economy, self.state):
            self.running = False
            return
        self.state = self.mechanism.step(self.economy, self.state, self.answers)
        self.datacollector.collect(self)
        self.running = not self.mechanism.done(self.economy, self.state)

    def answers(self, prices: Array) -> Answers:
        """What everyone answers: built-in traders together, the others one by one."""
        answers = self.economy.answers(prices)
        if not self._own_answers:
            return answers
        demand, supply = ([part.copy() for part in both.bounds] for both in answers)
        for trader in self._own_answers:
            if type(trader).demand is not Trader.demand:
                _put(demand, trader, trader.demand(prices.copy()), "demand", self.state.round)
            if type(trader).supply is not Trader.supply:
                _put(supply, trader, trader.supply(prices.copy()), "supply", self.state.round)
        return Answers(Interval(demand[0], demand[1], answers.demand.joint), Interval(supply[0], supply[1]))

    def run(self) -> Outcome:
        """Step to the end and hand over the outcome.

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
        """What would come of it if the play ended now."""
        if self._outcome is None or self._outcome[0] != self.state.round:
            self._outcome = (self.state.round, self.mechanism.outcome(self.economy, self.state))
        return self._outcome[1]

    def _reporters(self) -> dict[str, object]:
        """A column a number that the mechanism observes: `price[water]`, ..., `disequilibrium`."""
        reporters: dict[str, object] = {
            f"{name}[{good}]": partial(_observed, name=name, good=g)
            for name in self.mechanism.observed_by_good
            for g, good in enumerate(self.goods)
        }
        return reporters | {
            name: partial(_observed, name=name, good=None) for name in self.mechanism.observed_once
        }


def _observed(model: MarketModel, name: str, good: int | None) -> float:
    value = model.state.observed()[name]
    return float(value) if good is None else float(value[good])


def _put(parts: list[Array], trader: Trader, answer: Array, what: str, done: int) -> None:
    """Put one trader's own answer into its row, after a look at it."""
    try:
        amounts = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise NumericalError(
            f"{trader.name} answered round {done + 1} with a {what} of {answer!r:.60}; it must be numbers"
        ) from None
    if amounts.shape != parts[0].shape[1:]:
        raise NumericalError(
            f"{trader.name} answered round {done + 1} with a {what} of shape {amounts.shape}; "
            f"it must be one amount a good, shape {parts[0].shape[1:]}"
        )
    if not (amounts >= 0).all():
        wrong = "not a number" if np.isnan(amounts).any() else "negative"
        raise NumericalError(
            f"{trader.name} answered round {done + 1} with a {what} of {amounts}; none may be {wrong}"
        )
    for part in parts:
        part[trader.row] = amounts
