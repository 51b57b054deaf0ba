"""One choice of scenario, mechanism and numbers, set up: the model to step and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from market.efficiency.report import Alignment, alignment
from market.errors import InputError
from market.interfaces.dashboard.dials import Dial, dials, draws
from market.interfaces.dashboard.play import Play, told
from market.outcome import Outcome
from market.results.comparison import Comparison, compare, path_of
from market.scenario.loading import Scenario, load


@dataclass(frozen=True)
class Choice:
    """What somebody wants to see.

    Args:
        file: the scenario.
        mechanism: which one to step; by default the first with prices, else the first.
        values: (path, value) of each dial that was turned.
        seed: for all draws; the scenario's own if not given.
    """

    file: Path
    mechanism: str | None = None
    values: tuple[tuple[str, float], ...] = ()
    seed: int | None = None

    @property
    def overrides(self) -> tuple[str, ...]:
        """As `--set` takes them."""
        return tuple(f"{path}={value!r}" for path, value in self.values)

    def turned(self, path: str, value: float) -> Choice:
        """The same with one dial turned."""
        return replace(self, values=tuple({**dict(self.values), path: value}.items()))


@dataclass
class Scene:
    """A choice that was set up, or why it could not be.

    Args:
        choice: what was wanted.
        written: the scenario as its file is; None if that cannot be played.
        scenario: the same with its dials turned; None if that cannot be played.
        refused: why there is nothing to play.
        dials: what can be turned.
        mechanism: the one that is stepped.
        play: its model.
        others: what came of all other mechanisms; None if there are none.
    """

    choice: Choice
    written: Scenario | None = None
    scenario: Scenario | None = None
    refused: str = ""
    dials: tuple[Dial, ...] = ()
    mechanism: str = ""
    play: Play | None = None
    others: Comparison | None = None
    _judged: tuple[int, Outcome, Alignment] | None = field(default=None, repr=False)

    @property
    def random(self) -> bool:
        """Whether the seed makes a difference: something in the file is drawn."""
        return self.written is not None and draws(self.written)

    def compared(self) -> Comparison | None:
        """All mechanisms side by side, the stepped one as far as it is; None if there is nothing yet."""
        if self.scenario is None or self.play is None:
            return None
        outcomes = {} if self.others is None else dict(self.others.outcomes)
        alignments = {} if self.others is None else dict(self.others.alignments)
        rounds = [] if self.others is None else [self.others.rounds]
        if self.play.round > 0:
            outcomes[self.mechanism], alignments[self.mechanism] = self._judge(self.play)
            rounds.append(path_of(self.mechanism, self.play.model))
        if not outcomes:
            return None
        names = [name for name in self.scenario.mechanism_names if name in outcomes]
        return Comparison(
            self.scenario,
            self.play.model.economy,
            {name: outcomes[name] for name in names},
            {name: alignments[name] for name in names},
            _in_order(rounds, names),
        )

    def _judge(self, play: Play) -> tuple[Outcome, Alignment]:
        """What would come of it if it ended now, and how aligned that is."""
        if self._judged is None or self._judged[0] != play.round:
            outcome = play.model.outcome()
            self._judged = play.round, outcome, alignment(outcome)
        return self._judged[1:]


def _in_order(rounds: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """The rounds of all mechanisms, in the scenario's order, so that each keeps its colour."""
    together = pd.concat(rounds, ignore_index=True)
    place = together["mechanism"].map({name: at for at, name in enumerate(names)})
    return together.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def set_up(choice: Choice, progress: Callable[[str], None]) -> Scene:
    """Read a scenario, make the model to step, and play all other mechanisms to their end.

    Args:
        choice: what is wanted.
        progress: called with a mechanism's name before it is played; may raise to give up.

    Returns:
        The scene; what is wrong with the scenario is said in `refused`, never raised.
    """
    scene = Scene(choice)
    try:
        scene.written = load(choice.file)
        scene.mechanism = _mechanism(scene.written, choice.mechanism)
        scene.dials = dials(scene.written, scene.mechanism)
        scenario = load(choice.file, choice.overrides) if choice.values else scene.written
        scene.play = Play(scenario, scene.mechanism, choice.seed)
        others = [name for name in scenario.mechanism_names if name != scene.mechanism]
        if others:
            scene.others = compare(scenario, others, choice.seed, progress)
        scene.scenario = scenario
    except InputError as error:
        scene.refused, scene.play = str(error), None
    except (MemoryError, OSError) as error:
        scene.refused, scene.play = f"This scenario cannot be played here. {told(error)}", None
    return scene


def _mechanism(scenario: Scenario, wanted: str | None) -> str:
    """The mechanism to step: the one that is wanted, the first with prices, or the first."""
    if wanted in scenario.mechanism_names:
        return str(wanted)
    kinds = {name: scenario.mechanism(name).name for name in scenario.mechanism_names}
    return next((name for name, kind in kinds.items() if kind == "auctioneer"), scenario.mechanism_names[0])
