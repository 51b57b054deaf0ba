"""Left alone: players answer one another with best replies, in rounds.

Schedules of a round:

- "sequential": players in their order, each after it has seen the replies before its own;
- "random": one after the other, in an order drawn anew each round;
- "simultaneous": all at once, each against the round before;
- "asynchronous": each player moves with probability 1/2, against a round up to `delay` rounds ago.

With `step` below 1 players who choose amounts go that part of the way. The play ends when a round changes
nothing beyond `tolerance`, when a profile comes back under a fixed order (a cycle; judged by regret first,
since rounding makes exact cycles near an equilibrium), or after `max_rounds`.

Source: Fudenberg and Levine (1998), *The Theory of Learning in Games*, section 1.2; totally asynchronous play
as in Bertsekas and Tsitsiklis (1989), *Parallel and Distributed Computation*, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from market.economy.correspondences import Array
from market.games.base import StrategicGame
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.plays import Actions, Mixtures, Play
from market.games.smooth import Smooth
from market.games.stages import Stages
from market.games.table import Table
from market.outcome import Status, shown
from market.random_streams import generator
from market.registry import option

Schedule = Literal["sequential", "simultaneous", "random", "asynchronous"]


@dataclass(frozen=True)
class ReplyState(GameState):
    """State of play by best replies.

    Args:
        round: how many rounds were played.
        play: what players do.
        settled: True if the last round changed nothing beyond the tolerance.
        past: the plays so far, as keys, in order; under "asynchronous" play none.
        recent: the last plays, the latest last, which delayed replies answer.
    """

    settled: bool = False
    past: tuple[bytes, ...] = ()
    recent: tuple[Play, ...] = ()

    @property
    def period(self) -> int | None:
        """Number of rounds after which the last play came back; None if it is new."""
        earlier = self.past[:-1]
        return (
            len(self.past) - 1 - earlier.index(self.past[-1])
            if self.past[-1:] and self.past[-1] in earlier
            else None
        )


@dataclass(frozen=True)
class BestReplies(GameMechanism):
    """Players are left alone: each answers the others with a best reply, in rounds."""

    name = "unmediated"
    endings = (Status.NASH, Status.SETTLED, Status.CYCLING, Status.MAX_ROUNDS, Status.FAILED)
    asks_players = True
    forms = (Table, Smooth, Stages)
    evidence = ("relative_regret", "period")
    schedule: Schedule = option("sequential", "who moves when")
    step_size: float = option(
        1.0,
        "part of the way to the best reply that a player goes; 1 in tables",
        low=0.0,
        open_low=True,
        key="step",
    )
    delay: int = option(3, 'the oldest round that a player may answer, under "asynchronous"', low=0)
    max_rounds: int = option(10_000, "rounds after which the play stops", low=1)
    tolerance: float = option(
        1e-9,
        "largest gain from deviating alone, relative to the range of payoffs, that counts as none",
        low=0.0,
    )

    def start(self, game: StrategicGame) -> ReplyState:
        """Return the state with the first play."""
        first = game.start()
        return ReplyState(0, first, past=(game.key(first),), recent=(first,))

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> ReplyState:
        """Let players reply once."""
        assert isinstance(state, ReplyState)
        play = self._replied(game, state, acting)
        delayed = self.schedule == "asynchronous"
        key = b"" if delayed else game.key(play)
        return ReplyState(
            state.round + 1,
            play,
            settled=self._same(game, state.play, play) if not delayed else self._at_rest(game, play),
            past=() if delayed else (*state.past, key),
            recent=(*state.recent, play)[-(self.delay + 1) :] if delayed else (play,),
        )

    def _replied(self, game: StrategicGame, state: ReplyState, acting: Acting) -> Play:
        """Return the play after a round."""
        play, players = state.play, np.arange(game.size)
        rng = generator(game.seed, self.label, f"round {state.round}")
        if self.schedule == "random":
            players = rng.permutation(players)
        if self.schedule == "asynchronous":
            players = players[rng.random(game.size) < 0.5]
        for player in players.tolist():
            seen = play
            if self.schedule == "simultaneous":
                seen = state.play
            elif self.schedule == "asynchronous":
                seen = state.recent[-1 - int(rng.integers(len(state.recent)))]
                seen = game.with_action(seen, player, own_action(state.play, player))
            action = game.reply(player, seen).action
            action = acting(player, seen, self._part_of_the_way(own_action(seen, player), action))
            play = game.with_action(play, player, action)
        return play

    def _part_of_the_way(self, now: Array, reply: Array) -> Array:
        return reply if self.step_size >= 1.0 else now + self.step_size * (reply - now)

    def _same(self, game: StrategicGame, before: Play, after: Play) -> bool:
        """Return True if a round changed nothing but for rounding."""
        if isinstance(game, Smooth):
            assert isinstance(after, Actions)
            assert isinstance(before, Actions)
            return bool((np.abs(after.values - before.values) <= 1e-13 * game.reach).all())
        return game.key(before) == game.key(after)

    def _at_rest(self, game: StrategicGame, play: Play) -> bool:
        """Return True if no player would gain beyond the tolerance."""
        regret, _ = game.regret(play)
        return bool((regret <= self.tolerance * game.scale).all())

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True if nothing changed, profiles repeat, or the rounds are used up."""
        assert isinstance(state, ReplyState)
        return state.settled or self._cycles(state) or state.round >= self.max_rounds

    def _cycles(self, state: ReplyState) -> bool:
        fixed = self.schedule in ("sequential", "simultaneous")
        return fixed and not state.settled and state.period is not None

    def going_on(self, state: GameState) -> ReplyState:
        """Return the state without what shows rest or a cycle of best replies."""
        assert isinstance(state, ReplyState)
        return replace(state, settled=False, past=state.past[-1:])

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the last play with every player's gain from deviating, computed anew."""
        assert isinstance(state, ReplyState)
        regret, exact = game.regret(state.play)
        relative = float((regret / game.scale).max(initial=0.0))
        period = state.period if self._cycles(state) else None
        status, reason = self._verdict(state, relative, exact, period)
        evidence = {"relative_regret": relative}
        if status is Status.CYCLING and period:
            evidence["period"] = float(period)
        return self.ended(game, state, status, reason, evidence, regret=regret, regret_exact=exact)

    def _verdict(
        self, state: ReplyState, relative: float, exact: bool, period: int | None
    ) -> tuple[Status, str]:
        gain = shown(relative)
        if relative <= self.tolerance and exact:
            return (
                Status.NASH,
                f"No player would gain by deviating alone (largest gain {gain} of its payoffs' range).",
            )
        if relative <= self.tolerance:
            return Status.SETTLED, (
                f"No better reply was found (largest gain {gain} of its payoffs' range), but replies were "
                f"searched locally, so that this is not proved to be a Nash equilibrium."
            )
        if period:
            return Status.CYCLING, (
                f"Best replies do not converge: the actions of all players come back every {period} rounds; "
                f"the last round is shown (largest gain {gain} of its payoffs' range)."
            )
        if state.settled:
            return (
                Status.FAILED,
                f"No player moved, yet one could gain {gain} of its payoffs' range by deviating.",
            )
        return (
            Status.MAX_ROUNDS,
            f"Not settled after {state.round} rounds (largest gain {gain} of its payoffs' range).",
        )


def own_action(play: Play, player: int) -> Array:
    """Return what one player does: a mixture or numbers."""
    return play.of[player] if isinstance(play, Mixtures) else play.values[player]  # type: ignore[union-attr]
