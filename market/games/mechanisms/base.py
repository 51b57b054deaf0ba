"""The life of a mechanism that plays a game: as in economies, start, steps of one round each, an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import StrategicGame
from market.games.outcome import GameOutcome
from market.games.plays import Play
from market.outcome import Status
from market.registry import Family

Acting = Callable[[int, Play, Array], Array]
"""Player, play and the mechanism's own choice for it to what the player does: that choice, unless the player
follows a rule of its own."""


@dataclass(frozen=True)
class GameState:
    """State of a mechanism after a number of rounds; mechanisms add what they need."""

    round: int
    play: Play

    def observed(self) -> Mapping[str, Any]:
        """Return a number for each name in `GameMechanism.observed_once`; none before the first round."""
        return {}


@dataclass(frozen=True)
class GameMechanism(Family):
    """Base of the mechanisms; every subclass is final and frozen.

    A class declares `forms`, the forms of games that it can play, `evidence`, the names of the numbers that
    may stand behind its status, and `endings`, the statuses with which it can end.

    Args:
        label: the name that the scenario gives it.
    """

    label: str
    name: ClassVar[str]
    forms: ClassVar[tuple[type[StrategicGame], ...]] = ()
    observed_once: ClassVar[tuple[str, ...]] = ()
    asks_players: ClassVar[bool] = False
    """True if players are asked for their actions; a planner, a mediator or a search chooses for all."""
    evidence: ClassVar[tuple[str, ...]] = ()
    endings: ClassVar[tuple[Status, ...]] = ()
    """How it can end, besides being in play."""

    def refuse(self, game: StrategicGame) -> None:
        """Refuse a game that the mechanism cannot play.

        Raises:
            InputError: with the reason.
        """
        if not isinstance(game, self.forms):
            fits = " or ".join(WORDS[form.__name__] for form in self.forms)
            raise InputError(f"'{self.label}': kind = \"{self.name}\" is for games of {fits}")

    def start(self, game: StrategicGame) -> GameState:
        """Return the state before the first round."""
        raise NotImplementedError

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> GameState:
        """Play one round."""
        raise NotImplementedError

    def done(self, game: StrategicGame, state: GameState) -> bool:
        """Return True if no further round is to be played."""
        raise NotImplementedError

    def going_on(self, state: GameState) -> GameState:
        """Return the state as that of players who learn: what they did tells nothing of what they will do.

        That nothing moved in a round, or came back after some, then proves neither rest nor a cycle.
        """
        return state

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the outcome, its status recomputed from the primitives."""
        raise NotImplementedError

    def ended(
        self,
        game: StrategicGame,
        state: GameState,
        status: Status,
        reason: str,
        evidence: Mapping[str, float],
        **more: Any,
    ) -> GameOutcome:
        """Return an outcome with payoffs computed from the play."""
        payoffs = game.payoffs(state.play)
        transfers = more.pop("transfers", np.zeros(game.size))
        utilities = more.pop("utilities", None)
        return GameOutcome(
            game=game,
            name=self.label,
            kind=self.name,
            status=status,
            reason=reason,
            rounds=state.round,
            play=more.pop("play", state.play),
            payoffs=payoffs,
            utilities=game.utilities(state.play) if utilities is None else utilities,
            transfers=transfers,
            evidence=evidence,
            **more,
        )


WORDS = {
    "Disclosure": "information",
    "Panel": "panels",
    "Table": "finitely many actions",
    "Smooth": "amounts",
    "Stages": "moves in order",
}
"""Form of a game, by its class -> its actions in words."""


def as_told(player: int, play: Play, action: Array) -> Array:  # noqa: ARG001
    """Return the mechanism's own choice: a player without a rule of its own."""
    return action


def play(mechanism: GameMechanism, game: StrategicGame, acting: Acting = as_told) -> GameOutcome:
    """Play a game to its end.

    Args:
        mechanism: the mechanism.
        game: the game.
        acting: what players do; by default what the mechanism chooses for them.

    Raises:
        InputError: the mechanism cannot play this game.
    """
    mechanism.refuse(game)
    state = mechanism.start(game)
    while not mechanism.done(game, state):
        state = mechanism.step(game, state, acting)
    return mechanism.outcome(game, state)


def outcome_so_far(mechanism: GameMechanism, game: StrategicGame, state: GameState) -> GameOutcome:
    """Return the outcome; while rounds remain, that of stopping now, with the status `in_play`.

    Args:
        mechanism: the mechanism.
        game: the game.
        state: that has been reached.
    """
    found = mechanism.outcome(game, state)
    if mechanism.done(game, state):
        return found
    why = "Rounds remain to be played; the outcome is that of stopping now."
    return replace(found, status=Status.IN_PLAY, reason=why)
