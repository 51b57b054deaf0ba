"""A choice of scenario, mechanism and parameters, set up: the model to step, and outcomes to compare with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import pandas as pd

from market.efficiency.report import Alignment, alignment
from market.errors import InputError
from market.games.report import GameReport, Totals, report
from market.interfaces.dashboard.dials import Dial, dials, draws
from market.interfaces.dashboard.game_pictures import GameAlbum
from market.interfaces.dashboard.pictures import Album, Picture
from market.interfaces.dashboard.play import GamePlay, Play, described
from market.outcome import Outcome
from market.results.comparison import Comparison, compare, observations_of, path_of
from market.results.games.comparison import GameComparison, compare_games, rounds_of_model
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario, load, loads

if TYPE_CHECKING:
    from market.games.outcome import GameOutcome
    from market.interfaces.dashboard.offer import Offer


Stepped = TypeVar("Stepped", Play, GamePlay)
Report = TypeVar("Report", Alignment, GameReport)

MOST_JUDGED = 100  # agents of an economy that is judged in play too; with more it takes seconds


@dataclass(frozen=True)
class Choice:
    """A scenario, mechanism, parameters and seed chosen by a user.

    Args:
        source: the scenario, or its file, which is read again.
        mechanism: which one to step; by default the first with prices, else the first.
        values: (path, value) of each dial that was turned.
        seed: for all draws; the scenario's own if not given.
    """

    source: Path | Scenario | GameScenario
    mechanism: str | None = None
    values: tuple[tuple[str, float], ...] = ()
    seed: int | None = None

    @property
    def label(self) -> str:
        """Name of the scenario while its title is not known."""
        return Path(self.source if isinstance(self.source, Path) else self.source.file).stem

    def read(self, turned: bool) -> Scenario | GameScenario:
        """Return the scenario, with its dials turned or as it was given.

        Raises:
            ScenarioError: with all faults of the scenario.
        """
        more = self.overrides if turned else ()
        if isinstance(self.source, Path):
            return load(self.source, more)
        given = self.source
        return loads(given.text, given.file, given.folder, (*given.overrides, *more))

    @property
    def overrides(self) -> tuple[str, ...]:
        """The turned dials as arguments of `--set`."""
        return tuple(f"{path}={value!r}" for path, value in self.values)

    def turned(self, path: str, value: float) -> Choice:
        """Return the choice with one dial turned."""
        return replace(self, values=tuple({**dict(self.values), path: value}.items()))


@dataclass
class SceneOf(Generic[Stepped, Report]):
    """Base of the scenes of economies and games.

    Args:
        choice: the choice.
        written: the scenario as its file is; None if that cannot be played.
        refused: the reason why there is no play; empty if there is one.
        dials: the parameters that can be turned.
        mechanism: the one that is stepped.
        play: its model.
    """

    choice: Choice
    written: Scenario | GameScenario | None = None
    refused: str = ""
    dials: tuple[Dial, ...] = ()
    mechanism: str = ""
    play: Stepped | None = None
    _judged: tuple[int, Report] | None = field(default=None, repr=False)

    @property
    def random(self) -> bool:
        """True if something in the file is drawn, so that the seed makes a difference."""
        return self.written is not None and draws(self.written)

    @property
    def in_play(self) -> bool:
        """True if the stepped mechanism has begun and is not over."""
        return self.play is not None and self.play.round > 0 and not self.play.over


@dataclass
class Scene(SceneOf[Play, Alignment]):
    """A choice of an economy that was set up, or the reason why it could not be.

    Args:
        scenario: the scenario with its dials turned; None if that cannot be played.
        others: the outcomes of all other mechanisms; None if there are none.
        album: the pictures.
    """

    scenario: Scenario | None = None
    others: Comparison | None = None
    album: Album | None = None

    def pictures(self, compared: Comparison | None) -> tuple[Picture, ...]:
        """Return the pictures of the scene as far as it is."""
        if self.album is None or self.play is None:
            return ()
        return self.album.pictures(compared, self.play.model.economy, self.in_play)

    def compared(self, judged: bool = True) -> Comparison | None:
        """Return the comparison, with the stepped mechanism as far as it is; None before any outcome.

        Args:
            judged: False if a mechanism in play need not be judged, which takes longer than its round. Large
                economies are judged at the end only.
        """
        if self.scenario is None or self.play is None:
            return None
        outcomes = {} if self.others is None else dict(self.others.outcomes)
        alignments = {} if self.others is None else dict(self.others.alignments)
        rounds = [] if self.others is None else [self.others.rounds]
        seen = [] if self.others is None else [self.others.observations]
        if self.play.round > 0:
            outcome = self.play.outcome()
            judged = not self.in_play or (judged and len(outcome.economy.agents) <= MOST_JUDGED)
            outcomes[self.mechanism] = outcome
            alignments[self.mechanism] = self._judge(outcome) if judged else _unjudged(outcome)
            rounds.append(path_of(self.mechanism, self.play.model))
            seen.append(observations_of(self.mechanism, self.play.model))
        if not outcomes:
            return None
        names = [name for name in self.scenario.mechanism_names if name in outcomes]
        return Comparison(
            self.scenario,
            self.play.model.economy,
            {name: outcomes[name] for name in names},
            {name: alignments[name] for name in names},
            _in_order(rounds, names),
            observations=pd.concat(seen, ignore_index=True),
        )

    def _judge(self, outcome: Outcome) -> Alignment:
        """Return the alignment report of the present outcome."""
        if self._judged is None or self._judged[0] != outcome.rounds:
            self._judged = outcome.rounds, alignment(outcome)
        return self._judged[1]


def _unjudged(outcome: Outcome) -> Alignment:
    """Return a report that leaves everything open."""
    return Alignment(
        efficient=None,
        degenerate=False,
        negishi_weights=None,
        supporting_prices=np.zeros(len(outcome.economy.goods)),
        residual=math.inf,
        resource_utilisation=None,
        efficient_with_transfers=None,
        surplus_gap=None,
    )


def _in_order(rounds: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """Return the rounds of all mechanisms in the scenario's order, so that each keeps its colour."""
    together = pd.concat(rounds, ignore_index=True)
    place = together["mechanism"].map({name: at for at, name in enumerate(names)})
    return together.iloc[place.argsort(kind="stable")].reset_index(drop=True)


@dataclass
class GameScene(SceneOf[GamePlay, GameReport]):
    """A choice of a game that was set up, or the reason why it could not be; the same as for an economy."""

    scenario: GameScenario | None = None
    others: GameComparison | None = None
    album: GameAlbum | None = None

    def pictures(self, compared: GameComparison | None) -> tuple[Picture, ...]:
        """Return the pictures of the scene as far as it is."""
        return () if self.album is None or compared is None else self.album.pictures(compared, self.in_play)

    def compared(self, judged: bool = True) -> GameComparison | None:  # noqa: ARG002
        """Return the comparison, with the stepped mechanism as far as it is; None before any outcome.

        Args:
            judged: has no effect: efficiency is judged at the end alone, and regret in every round.
        """
        if self.scenario is None or self.play is None:
            return None
        outcomes = {} if self.others is None else dict(self.others.outcomes)
        reports = {} if self.others is None else dict(self.others.reports)
        rounds = [] if self.others is None else [self.others.rounds]
        if self.play.round > 0:
            outcome = self.play.outcome()
            outcomes[self.mechanism] = outcome
            reports[self.mechanism] = self._open(outcome) if self.in_play else self._judge(outcome)
            rounds.append(rounds_of_model(self.mechanism, self.play.model))
        if not outcomes:
            return None
        names = [name for name in self.scenario.mechanism_names if name in outcomes]
        return GameComparison(
            self.scenario,
            self.play.model.game,
            {name: outcomes[name] for name in names},
            {name: reports[name] for name in names},
            _in_order(rounds, names),
        )

    def _judge(self, outcome: GameOutcome) -> GameReport:
        """Return the report on the present outcome."""
        if self._judged is None or self._judged[0] != outcome.rounds:
            self._judged = outcome.rounds, report(outcome)
        return self._judged[1]

    def _open(self, outcome: GameOutcome) -> GameReport:
        """Return a report that leaves open all but the sum of payoffs."""
        known = [] if self.others is None else [each.totals for each in self.others.reports.values()]
        sums = [each for each in known if each is not None]
        own = float(outcome.payoffs.sum())
        totals = None
        if outcome.game.comparable:
            best = max([own, *(each.best for each in sums)])
            totals = replace(sums[0], own=own, best=best) if sums else Totals(own, best, None)
        return GameReport(None, None, None, math.inf, math.inf, None, None, totals, None, outcome=outcome)


AnyScene = Scene | GameScene


def set_up(choice: Choice, progress: Callable[[str], None], offered: Offer | None = None) -> AnyScene:
    """Read a scenario, make the model to step, and play all other mechanisms to their end.

    Args:
        choice: the choice.
        progress: called with a mechanism's name before it is played; may raise to give up.
        offered: traders and players of one's own.

    Returns:
        The scene; errors of the scenario are in `refused`, never raised.
    """
    scene: AnyScene = Scene(choice)
    try:
        written = choice.read(turned=False)
        if isinstance(written, GameScenario):
            scene = GameScene(choice)
        scene.written = written
        scene.mechanism = _mechanism(written, choice.mechanism)
        scene.dials = dials(written, scene.mechanism)
        scenario = choice.read(turned=True) if choice.values else written
        if isinstance(scene, Scene):
            assert isinstance(scenario, Scenario)
            _set_economy(scene, scenario, progress, offered)
        else:
            assert isinstance(scenario, GameScenario)
            _set_game(scene, scenario, progress, offered)
    except InputError as error:
        scene.refused, scene.play = str(error), None
    except (MemoryError, OSError) as error:
        scene.refused, scene.play = f"This scenario cannot be played here. {described(error)}", None
    return scene


def _set_economy(
    scene: Scene, scenario: Scenario, progress: Callable[[str], None], offered: Offer | None
) -> None:
    traders = None if offered is None else offered.traders
    scene.play = Play(scenario, scene.mechanism, scene.choice.seed, traders)
    others = [name for name in scenario.mechanism_names if name != scene.mechanism]
    if others:
        scene.others = compare(scenario, others, scene.choice.seed, progress, traders)
    model = scene.play.model
    scene.album = Album(scene.mechanism, model.auctioneer is not None, model.mechanism.name)
    scene.scenario = scenario


def _set_game(
    scene: GameScene, scenario: GameScenario, progress: Callable[[str], None], offered: Offer | None
) -> None:
    players = None if offered is None else offered.players
    scene.play = GamePlay(scenario, scene.mechanism, scene.choice.seed, players)
    others = [name for name in scenario.mechanism_names if name != scene.mechanism]
    if others:
        scene.others = compare_games(scenario, others, scene.choice.seed, progress, players)
    scene.album = GameAlbum(scene.mechanism, scene.others)
    scene.scenario = scenario


def _mechanism(scenario: Scenario | GameScenario, wanted: str | None) -> str:
    """Return the mechanism to step: the wanted one, else the first with prices, else the first.

    Of a game it is the first one: what players do when they are left alone comes before prices.
    """
    if wanted in scenario.mechanism_names:
        return str(wanted)
    if isinstance(scenario, GameScenario):
        return scenario.mechanism_names[0]
    kinds = {name: scenario.mechanism(name).name for name in scenario.mechanism_names}
    return next((name for name, kind in kinds.items() if kind == "auctioneer"), scenario.mechanism_names[0])
