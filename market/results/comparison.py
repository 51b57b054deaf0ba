"""Comparison of several mechanisms on one drawn economy: one seed, one set of endowments and preferences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.contrast import Contrast, contrast
from market.efficiency.report import Alignment, alignment
from market.efficiency.surplus import payoffs_with_revenue
from market.efficiency.welfare_measures import Variation, variation
from market.errors import InputError, did_you_mean
from market.outcome import Outcome
from market.results.summary_table import AgentNumbers, Gains, counted, row, table
from market.results.tables import (
    BUYER_PRICE,
    OBSERVATIONS,
    mechanism_result,
    no_observations,
    no_rounds,
    rounds_of,
    trades_table,
)
from market.scenario.loading import Scenario
from market.simulation.model import MarketModel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from market.equilibrium import Check
    from market.simulation.agents import Trader


@dataclass(frozen=True)
class Comparison(Displayed):
    """Outcomes of one economy under several mechanisms, with their alignment reports.

    Args:
        scenario: the scenario that was played.
        economy: its economy, drawn once for all mechanisms.
        outcomes: the outcome under each mechanism, by name, in the scenario's order.
        alignments: the alignment report on each outcome, by the mechanism's name.
        rounds: one row per mechanism, round and good, with columns `mechanism`, `round`, `good`, `price`,
            `excess_demand`, `disequilibrium`, `auctioneer_payoff`, and with interventions `buyer_price`; only
            mechanisms with prices have rows.
        observations: one row per round and measure that a mechanism without announced prices observes once a
            round (`Mechanism.observed_once`), with columns `mechanism`, `round`, `measure`, `value`.
        checks: mechanism name -> comparison of its prices with a reference solution; of auctioneers, if
            requested.
    """

    scenario: Scenario
    economy: Economy
    outcomes: Mapping[str, Outcome]
    alignments: Mapping[str, Alignment]
    rounds: pd.DataFrame
    checks: Mapping[str, Check] = field(default_factory=dict)
    observations: pd.DataFrame = field(default_factory=no_observations)

    def __repr__(self) -> str:
        """Return title and statuses on one line."""
        ended = ", ".join(f"{name}: {outcome.status.words}" for name, outcome in self.outcomes.items())
        return f"<Comparison of '{self.scenario.title}': {ended}>"

    @property
    def baseline(self) -> str | None:
        """Name of the first mechanism without prices or planner, with which the others are compared."""
        kinds = ((name, outcome.kind) for name, outcome in self.outcomes.items())
        return next((name for name, kind in kinds if kind == "unmediated"), None)

    def contrasts(self) -> dict[str, Contrast]:
        """Compare every other mechanism with the baseline; empty without one."""
        if self.baseline is None:
            return {}
        against = self.outcomes[self.baseline]
        return {
            name: contrast(outcome, against)
            for name, outcome in self.outcomes.items()
            if name != self.baseline
        }

    def variation(self, before: str, after: str, prices: Mapping[str, float] | None = None) -> Variation:
        """Return the change from one outcome to another in money: equivalent and compensating variation.

        Args:
            before: name of the mechanism before the change.
            after: name of the mechanism after it.
            prices: of all goods, to measure at; by default EV at the prices before and CV at those after.
                Not with quasilinear money, where both are differences of payoffs.

        Raises:
            InputError: no such mechanism, or prices that are of no use here.
        """
        for name in (before, after):
            if name not in self.outcomes:
                raise InputError(f"no mechanism '{name}' was played; {did_you_mean(name, self.outcomes)}")
        return variation(self.outcomes[before], self.outcomes[after], prices)

    @property
    def settled(self) -> bool:
        """True if every mechanism cleared, or reached a Nash equilibrium or an optimum."""
        return all(outcome.status.settled for outcome in self.outcomes.values())

    @property
    def contradicted(self) -> bool:
        """True if some outcome and its reference solution contradict each other."""
        return any(check.agrees is False for check in self.checks.values())

    @property
    def payoffs_differ(self) -> bool:
        """True if some payoff differs from the utility, by money or a penalty."""
        return any((outcome.payoffs != outcome.utilities).any() for outcome in self.outcomes.values())

    @property
    def keeps_revenue(self) -> bool:
        """True if an auctioneer keeps the revenue of a common stock, in the money that payoffs are in."""
        economy = self.economy
        keeps = economy.money is Money.QUASILINEAR and not economy.shares_revenue
        return keeps and bool(economy.commons.any()) and self.payoffs_differ

    @property
    def trades(self) -> pd.DataFrame:
        """Single trades of the mechanisms that record them, one row each, as in `trades.parquet`."""
        return trades_table(self)

    def total_surplus(self, name: str) -> float | None:
        """Return the sum of `u_i - C_i - D_i`, money; -inf if an agent is. None unless quasilinear."""
        if self.economy.money is not Money.QUASILINEAR:
            return None
        return float(self.outcomes[name].utilities.sum())

    def table(self) -> pd.DataFrame:
        """Return one row per mechanism, numbers as numbers.

        Up to 20 agents each have a column for their utility, weight and (if it differs) payoff, and for their
        payoff with the revenue of the commons handed back if the auctioneer keeps it. Above, utilities of
        consumers are summarised by the lowest, the mean of those above -inf and the number at -inf: -inf is
        never averaged away, and never averaged in. A value that does not apply is missing.
        """
        contrasts = self.contrasts()
        return table([self._row(name, contrasts.get(name)) for name in self.outcomes])

    def _row(self, name: str, against: Contrast | None) -> dict[str, object]:
        outcome, report = self.outcomes[name], self.alignments[name]
        goods, baseline = self.economy.goods, self.baseline
        payoffs = outcome.payoffs if self.payoffs_differ else None
        numbers = AgentNumbers(
            self.economy.agents,
            outcome.utilities,
            payoffs,
            counted(self.economy, report.negishi_weights),
            payoffs_with_revenue(outcome) if self.keeps_revenue else None,
            self.economy.wants_something,
        )
        gains = None
        if against is not None and baseline is not None:
            gain, lose = int(against.winners.sum()), int(against.losers.sum())
            gains = Gains(baseline, gain, lose, against.pareto_improvement)
        mechanism = mechanism_result(outcome, report, goods, ())
        return row(mechanism, goods, numbers, self.total_surplus(name), gains)

    def with_outcome(
        self, outcome: Outcome, name: str | None = None, rounds: pd.DataFrame | None = None
    ) -> Comparison:
        """Return the comparison with one more outcome, judged by a report as the others are.

        Args:
            outcome: of the same economy, as of an environment's episode (`market.env(...).outcome()`).
            name: of its column; that of its mechanism, whose outcome it then replaces, if not given.
            rounds: of its prices, as in `rounds` (`market.env(...).history()`); none by default.

        Raises:
            InputError: it is an outcome of another economy.
        """
        if not isinstance(outcome, Outcome) or not _same(outcome.economy, self.economy):
            raise InputError(f"{outcome!r:.60} is not an outcome of the economy of '{self.scenario.title}'")
        label = outcome.name if name is None else name
        named = replace(outcome, name=label)
        paths = [self.rounds[self.rounds["mechanism"] != label]]
        if rounds is not None and len(rounds):
            paths.append(rounds.assign(mechanism=label))
        return replace(
            self,
            outcomes={**self.outcomes, label: named},
            alignments={**self.alignments, label: alignment(named)},
            rounds=pd.concat(paths, ignore_index=True),
            observations=self.observations[self.observations["mechanism"] != label],
            checks={key: check for key, check in self.checks.items() if key != label},
        )

    def plot(self) -> Figure:
        """Draw the comparison."""
        from market import plots  # deferred: matplotlib takes half a second, and `plots` knows this module

        return plots.overview(self)


def compare(
    scenario: Scenario,
    mechanisms: Sequence[str] | None = None,
    seed: int | None = None,
    progress: Callable[[str], None] | None = None,
    traders: Mapping[str, type[Trader]] | None = None,
    *,
    check: bool = False,
    checking: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Play a scenario under its mechanisms and report on each outcome.

    Args:
        scenario: the scenario, read by `market.load`.
        mechanisms: the names of the mechanisms to play; all of them by default.
        seed: the seed of all draws; the scenario's own if not given.
        progress: a function that is called with a mechanism's name before it is played.
        traders: for the names of agents or groups, subclasses of `Trader` with their own answers to prices.
        check: compare the prices of auctioneers with a reference solution.
        checking: called during a check with the mechanism's name, the starting points done, and all of them.

    Raises:
        InputError: a mechanism is unknown, or the economy cannot be built.
    """
    if not isinstance(scenario, Scenario):
        raise InputError(f"a scenario is needed, not {scenario!r:.60}; use market.load(...)")
    names = list(scenario.mechanism_names) if mechanisms is None else list(dict.fromkeys(mechanisms))
    for name in names:
        if name not in scenario.mechanism_names:
            raise InputError(f"no mechanism '{name}'; {did_you_mean(name, scenario.mechanism_names)}")
    outcomes, alignments, checks, economy = {}, {}, {}, None
    paths, seen = [], []
    for name in names:
        if progress:
            progress(name)
        model = MarketModel(scenario, name, seed=seed, traders=traders)
        economy = model.economy
        outcomes[name] = model.run()
        alignments[name] = alignment(outcomes[name])
        paths.append(path_of(name, model))
        seen.append(observations_of(name, model))
        if check and model.auctioneer is not None and outcomes[name].intervention is None:
            from market.equilibrium.against_reference import (
                check as against_reference,  # deferred: a quarter second
            )

            checks[name] = against_reference(outcomes[name], partial(checking, name) if checking else None)
    if economy is None:
        raise InputError("there is no mechanism to play")
    rounds, observations = (pd.concat(parts, ignore_index=True) for parts in (paths, seen))
    return Comparison(scenario, economy, outcomes, alignments, rounds, checks, observations)


def _same(one: Economy, other: Economy) -> bool:
    """Return True if two economies have the same agents, goods, money, seed and resources of each agent."""
    named = all(getattr(one, key) == getattr(other, key) for key in ("goods", "money", "seed"))
    return (
        named
        and tuple(one.agents) == tuple(other.agents)
        and np.array_equal(one.endowment, other.endowment)
        and np.array_equal(one.budget, other.budget)
        and np.array_equal(one.commons, other.commons)
    )


def observations_of(name: str, model: MarketModel) -> pd.DataFrame:
    """Return what a model without an auctioneer observes once a round, as in `Comparison.observations`.

    Args:
        name: of its mechanism.
        model: the simulation, after any number of rounds.
    """
    measures = model.mechanism.observed_once
    if model.auctioneer is not None or not measures:
        return no_observations()
    collected = model.datacollector.get_model_vars_dataframe()[list(measures)]
    table = collected.reset_index(drop=True).rename_axis("round").reset_index()
    table["round"] += 1
    long = table.melt("round", var_name="measure", value_name="value")
    long.insert(0, "mechanism", name)
    return long.astype(OBSERVATIONS)


def path_of(name: str, model: MarketModel) -> pd.DataFrame:
    """Return the rounds that a model has collected, as in `Comparison.rounds`.

    Args:
        name: of its mechanism.
        model: the simulation, after any number of rounds.
    """
    if model.auctioneer is None:
        return no_rounds()
    collected = model.datacollector.get_model_vars_dataframe()

    def by_good(name: str) -> Array:
        return collected[[f"{name}[{good}]" for good in model.goods]].to_numpy()

    seen = [by_good("price"), by_good("excess_demand")]
    seen += [collected[what].to_numpy() for what in ("disequilibrium", "auctioneer_payoff")]
    seen += [by_good(what) for what in model.mechanism.seen_by_good() if what == BUYER_PRICE]
    return rounds_of(name, model.goods, *seen)
