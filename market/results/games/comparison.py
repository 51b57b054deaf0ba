"""Comparison of several mechanisms on one game: one seed, one set of payoffs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from market.display import Displayed
from market.errors import InputError, did_you_mean
from market.games.base import StrategicGame
from market.games.mechanisms.population import alike
from market.games.outcome import GameOutcome
from market.games.report import GameReport, report
from market.games.smooth import Smooth
from market.games.table import Table
from market.results.games.tables import comparison_table, no_observations
from market.scenario.game_loading import GameScenario
from market.simulation.game_model import GameModel, Player

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class GameComparison(Displayed):
    """Outcomes of one game under several mechanisms, with their reports.

    Args:
        scenario: that was played.
        game: drawn once for all mechanisms.
        outcomes: the outcome under each mechanism, by name, in the scenario's order.
        reports: how far each is from the best that players could do together, by the mechanism's name.
        rounds: one row per mechanism, round and measure, as in `rounds.parquet`.
    """

    scenario: GameScenario
    game: StrategicGame
    outcomes: Mapping[str, GameOutcome]
    reports: Mapping[str, GameReport]
    rounds: pd.DataFrame = field(default_factory=no_observations)

    def __repr__(self) -> str:
        """Return title and statuses on one line."""
        ended = ", ".join(f"{name}: {outcome.status.words}" for name, outcome in self.outcomes.items())
        return f"<GameComparison of '{self.scenario.title}': {ended}>"

    @property
    def settled(self) -> bool:
        """True if every mechanism reached its goal."""
        return all(outcome.status.settled for outcome in self.outcomes.values())

    @property
    def baseline(self) -> str | None:
        """Name of the first mechanism that leaves players alone, with which others are compared."""
        kinds = ((name, outcome.kind) for name, outcome in self.outcomes.items())
        return next((name for name, kind in kinds if kind == "unmediated"), None)

    def table(self) -> pd.DataFrame:
        """Return one row per mechanism, numbers as numbers."""
        return comparison_table(self.outcomes, self.reports)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the scenario's mechanisms, then of outcomes that were added."""
        return tuple(dict.fromkeys((*self.scenario.mechanism_names, *self.outcomes)))

    def with_outcome(self, outcome: GameOutcome, name: str | None = None) -> GameComparison:
        """Return the comparison with one more outcome, judged by a report as the others are.

        Args:
            outcome: of the same game, as of an environment's episode (`market.env(...).outcome()`).
            name: of its column; that of its mechanism, whose outcome it then replaces, if not given.

        Raises:
            InputError: it is an outcome of another game.
        """
        if not isinstance(outcome, GameOutcome) or not _same(outcome.game, self.game):
            raise InputError(f"{outcome!r:.60} is not an outcome of the game of '{self.scenario.title}'")
        label = outcome.name if name is None else name
        named = replace(outcome, name=label)
        return replace(
            self,
            outcomes={**self.outcomes, label: named},
            reports={**self.reports, label: report(named)},
            rounds=self.rounds[self.rounds["mechanism"] != label],
        )

    def plot(self) -> Figure:
        """Draw the comparison."""
        from market import plots  # deferred: matplotlib takes half a second

        return plots.game_overview(self)


def compare_games(
    scenario: GameScenario,
    mechanisms: Sequence[str] | None = None,
    seed: int | None = None,
    progress: Callable[[str], None] | None = None,
    players: Mapping[str, type[Player]] | None = None,
) -> GameComparison:
    """Play a game under its mechanisms and report on each outcome.

    Args:
        scenario: of a game, read by `market.load`.
        mechanisms: the names of the mechanisms to play; all of them by default.
        seed: the seed of all draws; the scenario's own if not given.
        progress: a function that is called with a mechanism's name before it is played.
        players: for the names of players or groups, subclasses of `Player` with their own decisions.

    Raises:
        InputError: a mechanism is unknown, or the game cannot be built or played.
    """
    names = list(scenario.mechanism_names) if mechanisms is None else list(dict.fromkeys(mechanisms))
    outcomes, reports, rounds, game = {}, {}, [], None
    for name in names:
        if name not in scenario.mechanism_names:
            raise InputError(f"no mechanism '{name}'; {did_you_mean(name, scenario.mechanism_names)}")
    for name in names:
        if progress:
            progress(name)
        model = GameModel(scenario, name, seed=seed, players=players)
        game = model.game
        outcomes[name] = model.run()
        reports[name] = report(outcomes[name])
        rounds.append(rounds_of_model(name, model))
    if game is None:
        raise InputError("there is no mechanism to play")
    return GameComparison(scenario, game, outcomes, reports, pd.concat(rounds, ignore_index=True))


def _same(one: StrategicGame, other: StrategicGame) -> bool:
    """Return True if two games have the same players and payoffs; of moves in order at their first play."""
    if one.players != other.players or one.seed != other.seed or type(one) is not type(other):
        return False
    if isinstance(one, Table) and isinstance(other, Table):
        return bool(np.array_equal(one.outcomes, other.outcomes))
    if isinstance(one, Smooth):
        return alike(one, other)
    return bool(np.array_equal(one.payoffs(one.start()), other.payoffs(other.start())))


def rounds_of_model(name: str, model: GameModel) -> pd.DataFrame:
    """Return what a model collected in its rounds, one row per round and measure.

    Args:
        name: of its mechanism.
        model: the simulation, after any number of rounds.
    """
    collected = model.datacollector.get_model_vars_dataframe()
    if collected.empty:
        return no_observations()
    table = collected.reset_index(drop=True).rename_axis("round").reset_index()
    table["round"] += 1
    long = table.melt("round", var_name="measure", value_name="value")
    long.insert(0, "mechanism", name)
    return long.astype(no_observations().dtypes.to_dict())
