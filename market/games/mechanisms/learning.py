"""Players learn: by a rule each changes what it does in small steps.

*Amounts.* All move at once, `a -> a - step_t g` (`learning/gradients.py`), within bounds; `decay` makes steps
smaller, `step_t = step / (1 + t / decay)`, and no number moves by more than `cap` of its reach in a round.

*Tables.* Mixtures change by what each action would have got (`learning/mixtures.py`). Judged is what `judged`
says: the distribution of play averaged over time, or the last mixtures; the gains of both are evidence.

*How it ends.* Settled if a round moves nothing beyond `tolerance`; then, and only then, gains from deviating
say if it is a Nash equilibrium. An average whose external regret is at most `regret` is a coarse correlated
equilibrium to that accuracy. Amounts that go on swinging are said to swing, with their amplitude, never to
converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import StrategicGame
from market.games.learning.base import GradientRule, LearningRule, MixtureRule
from market.games.learning.gradients import stepped
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.plays import Actions, Joint, Mixtures, joint
from market.games.smooth import Smooth
from market.games.table import Table, external
from market.outcome import Status, shown
from market.random_streams import generator
from market.registry import option

MOST_AVERAGED = 100_000
"""Profiles of a distribution that is averaged over time; of larger tables averages of mixtures are kept."""

SWINGS = 200
"""Last rounds whose plays show whether amounts swing."""


@dataclass(frozen=True)
class LearningState(GameState):
    """State of learners.

    Args:
        round: how many rounds were played.
        play: what players do.
        moved: the largest change in the last round, relative to the reach of a number.
        memory: of the rule.
        total: sum of the distributions of play so far, (A_1, ..., A_n), or of mixtures; None of amounts.
        last: the last amounts, (n, d) each; none of tables.
        left: True if the next step would have left the bounds.
    """

    moved: float
    memory: Any = None
    total: Any = None
    last: tuple[Array, ...] = ()
    left: bool = False

    def observed(self) -> Mapping[str, Any]:
        """Return how far the last round moved."""
        return {"movement": self.moved}


@dataclass(frozen=True)
class Learning(GameMechanism):
    """Players learn by a rule, in small steps."""

    name = "learning"
    endings = (Status.NASH, Status.COARSE, Status.SETTLED, Status.MAX_ROUNDS)
    asks_players = True
    forms = (Smooth, Table)
    observed_once = ("movement",)
    evidence = ("relative_regret", "last_regret", "average_regret", "amplitude", "movement")
    rule: LearningRule
    step_size: float = option(0.0, "the size of a step; 0: the rule's own", low=0.0, key="step")
    decay: float = option(
        0.0, "rounds after which steps have half their size; 0: they stay as they are", low=0.0
    )
    cap: float = option(
        1.0, "the most that an amount moves in a round, in parts of its reach", low=0.0, open_low=True
    )
    at_bounds: Literal["project", "stop"] = option(
        "project", "what is done at a bound: players are kept within, or the play ends"
    )
    start_at: Literal["first", "random"] = option(
        "first", "the first play: the game's own, or drawn from the seed", key="start"
    )
    judged: Literal["average", "last"] = option(
        "average", "what is judged in tables: play averaged over time, or the last mixtures"
    )
    max_rounds: int = option(2000, "rounds after which the play stops", low=1)
    tolerance: float = option(
        1e-9, "largest movement of a round, relative to the reach of a number, that counts as none", low=0.0
    )
    regret_that_is_none: float = option(
        0.01,
        "largest gain, relative to the range of payoffs, that counts as none in an average",
        low=0.0,
        key="regret",
    )

    def refuse(self, game: StrategicGame) -> None:
        """Refuse rules that do not go with the game.

        Raises:
            InputError: with the reason.
        """
        super().refuse(game)
        if isinstance(game, Table) and not isinstance(self.rule, MixtureRule):
            raise InputError(
                f"'{self.label}': rule = \"{self.rule.name}\" follows slopes, and a table has none; "
                f'play it as game = "mixed"'
            )
        if isinstance(game, Smooth) and not isinstance(self.rule, GradientRule):
            raise InputError(
                f"'{self.label}': rule = \"{self.rule.name}\" is for games of finitely many actions"
            )

    @property
    def _step(self) -> float:
        return self.step_size or self.rule.default_step

    def start(self, game: StrategicGame) -> LearningState:
        """Return the state with the first play; of tables equal mixtures unless it is drawn."""
        rng = generator(game.seed, self.label, "start")
        if isinstance(game, Smooth):
            a = game.first
            if self.start_at == "random":
                low, high = game.limits
                a = game.feasible(low + (high - low) * rng.random(low.shape))
            return LearningState(0, Actions(a), np.inf, last=(a,))
        assert isinstance(game, Table)
        assert isinstance(self.rule, MixtureRule)
        drawn = self.start_at == "random"
        of = tuple(
            rng.dirichlet(np.ones(size)) if drawn else np.full(size, 1.0 / size) for size in game.sizes
        )
        return LearningState(0, Mixtures(of), np.inf, memory=self.rule.start(game))

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> LearningState:
        """Let all players make a step at once."""
        assert isinstance(state, LearningState)
        if isinstance(game, Smooth):
            return self._moved(game, state, acting)
        assert isinstance(game, Table)
        return self._mixed(game, state, acting)

    def _moved(self, game: Smooth, state: LearningState, acting: Acting) -> LearningState:
        assert isinstance(self.rule, GradientRule)
        assert isinstance(state.play, Actions)
        a = state.play.values
        after, left = self.moved(game, a, state.round)
        if left:
            return replace(state, round=state.round + 1, moved=0.0, left=True)
        after = np.stack([acting(i, state.play, row) for i, row in enumerate(after)])
        moved = float((np.abs(after - a) / game.reach).max())
        return LearningState(state.round + 1, Actions(after), moved, last=(*state.last, after)[-SWINGS:])

    def moved(self, game: Smooth, a: Array, done: int) -> tuple[Array, NDArray[np.bool_]]:
        """Return the amounts after a step, and a mask of plays that end since they would leave the bounds.

        Args:
            game: of amounts.
            a: (..., n, d), plays.
            done: rounds played so far.

        Returns:
            (..., n, d); (...).
        """
        assert isinstance(self.rule, GradientRule)
        step = self.step_in(done)
        g = self.rule.direction(game, a)
        low, high = game.limits
        beyond = (a - step * g < low) | (a - step * g > high)
        left = np.asarray((beyond & (self.at_bounds == "stop")).any(axis=(-2, -1)))
        return stepped(game, a, g, step, self.cap), left

    def step_in(self, done: int) -> float:
        """Return the size of a step after a number of rounds."""
        return self._step / (1.0 + done / self.decay) if self.decay else self._step

    def _mixed(self, game: Table, state: LearningState, acting: Acting) -> LearningState:
        assert isinstance(self.rule, MixtureRule)
        assert isinstance(state.play, Mixtures)
        play = state.play
        values = tuple(game.against_each(i, play.of) for i in range(game.size))
        step = self.step_in(state.round)
        mixtures, memory = self.rule.update(game, play.of, values, state.memory, step)
        after = Mixtures(tuple(acting(i, play, x) for i, x in enumerate(mixtures)))
        moved = max(float(np.abs(x - y).max()) for x, y in zip(play.of, after.of, strict=True))
        if game.outcomes[..., 0].size <= MOST_AVERAGED:
            total: Any = joint(play) + (0.0 if state.total is None else state.total)
        else:
            before = state.total or tuple(np.zeros(size) for size in game.sizes)
            total = tuple(t + x for t, x in zip(before, play.of, strict=True))
        return LearningState(state.round + 1, after, moved, memory=memory, total=total)

    def done(self, game: StrategicGame, state: GameState) -> bool:
        """Return True if nothing moves, a bound ends the play, or the rounds are used up."""
        assert isinstance(state, LearningState)
        still = state.moved <= self.tolerance and not (isinstance(game, Table) and self.judged == "average")
        return still or state.left or state.round >= self.max_rounds

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return what is judged, with gains from deviating computed anew."""
        assert isinstance(state, LearningState)
        if isinstance(game, Smooth):
            return self._of_amounts(game, state)
        assert isinstance(game, Table)
        return self._of_mixtures(game, state)

    def _of_amounts(self, game: Smooth, state: LearningState) -> GameOutcome:
        regret, exact = game.regret(state.play)
        relative = float((regret / game.scale).max(initial=0.0))
        amplitude = float((np.ptp(np.stack(state.last), axis=0) / game.reach).max())
        movement = state.moved if np.isfinite(state.moved) else 0.0
        evidence = {"relative_regret": relative, "amplitude": amplitude, "movement": movement}
        gain = f"a player would gain {shown(relative)} of its payoffs' range by deviating"
        small = relative <= 1e-6
        if state.left:
            status, why = Status.SETTLED, f"The play ended at a bound after {state.round} rounds; {gain}."
        elif state.moved <= self.tolerance and small and exact:
            status, why = (
                Status.NASH,
                f"Nothing moves, and no player would gain by deviating ({shown(relative)}).",
            )
        elif state.moved <= self.tolerance:
            status, why = Status.SETTLED, f"The rule has nothing left to change; {gain}."
        else:
            status = Status.MAX_ROUNDS
            why = (
                f"After {state.round} rounds amounts still move (by {shown(state.moved)} of their reach in "
                f"the last round, within {shown(amplitude)} in the last ones); {gain}."
            )
        return self.ended(game, state, status, why, evidence, regret=regret, regret_exact=exact)

    def _of_mixtures(self, game: Table, state: LearningState) -> GameOutcome:
        assert isinstance(state.play, Mixtures)
        last, _ = game.regret(state.play)
        of_last = float((last / game.scale).max(initial=0.0))
        average = self._average(state)
        p = joint(average)
        gains = np.maximum(external(game.choices, p), 0.0)
        of_average = float((gains / game.scale).max(initial=0.0))
        evidence = {"last_regret": of_last, "average_regret": of_average}
        said = (
            f"Gains from deviating, of the range of payoffs: {shown(of_last)} from the last mixtures, "
            f"{shown(of_average)} by one action in the place of all play so far."
        )
        if self.judged == "last":
            still, few = state.moved <= self.tolerance, of_last <= self.regret_that_is_none
            status = (
                Status.NASH if few and of_last <= 1e-6 else Status.SETTLED if still else Status.MAX_ROUNDS
            )
            evidence["relative_regret"] = of_last
            return self.ended(game, state, status, said, evidence, regret=last)
        status = Status.COARSE if of_average <= self.regret_that_is_none else Status.MAX_ROUNDS
        evidence["relative_regret"] = of_average
        judged = LearningState(state.round, average, state.moved)
        return self.ended(game, judged, status, said, evidence, regret=gains)

    def _average(self, state: LearningState) -> Joint | Mixtures:
        """Return the distribution of play averaged over time."""
        if state.total is None:
            return state.play  # type: ignore[return-value]
        if isinstance(state.total, tuple):
            return Mixtures(tuple(t / t.sum() for t in state.total))
        return Joint(state.total / state.total.sum())
