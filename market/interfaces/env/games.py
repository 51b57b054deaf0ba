"""Rounds of a game that is stated directly: players left alone, or at prices for their actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import StrategicGame
from market.games.mechanisms import ActionPrices, BestReplies, GameMechanism
from market.games.mechanisms.auctioneer import PricedState
from market.games.mechanisms.base import GameState, outcome_so_far
from market.games.mechanisms.best_replies import own_action
from market.games.outcome import GameOutcome
from market.games.plays import Play
from market.games.smooth import Smooth
from market.games.table import Table
from market.interfaces.env.rounds import Amounts, OneOf, Rounds, chosen


class GameRounds(Rounds):
    """Rounds of a game in which some players' actions come from outside.

    Args:
        game: a table, or one of amounts.
        mechanism: that leaves players alone, or prices actions.
        agents: names of players or groups; all if None. The others do what the mechanism chooses for them.
        max_rounds: after which play stops; the mechanism's own if None.

    Raises:
        InputError: players cannot decide under this mechanism, or in such a game.
    """

    def __init__(
        self,
        game: StrategicGame,
        mechanism: GameMechanism,
        agents: Sequence[str] | None = None,
        max_rounds: int | None = None,
    ) -> None:
        mechanism.refuse(game)
        if not isinstance(mechanism, BestReplies | ActionPrices):
            raise InputError(
                f"'{mechanism.label}': under kind = \"{mechanism.name}\" no player decides for itself; an "
                f'environment needs a mechanism of kind = "unmediated" or "auctioneer"'
            )
        if not isinstance(game, Table | Smooth):
            raise InputError(
                f"'{mechanism.label}': in an environment all players act at once, and in this game they move "
                f"in order; take a game of finitely many actions, or of amounts"
            )
        self.game: Table | Smooth = game
        self.mechanism = mechanism if max_rounds is None else replace(mechanism, max_rounds=max_rounds)
        self.label, self.max_rounds = mechanism.label, self.mechanism.max_rounds
        self.rows = chosen(agents, game.groups, game.players, np.ones(game.size, dtype=bool))
        self.names = tuple(game.players[row] for row in self.rows)

    def choice(self, place: int) -> Amounts | OneOf:
        """Return the player's actions, or the bounds of its amounts."""
        row = int(self.rows[place])
        if isinstance(self.game, Table):
            return OneOf(self.game.actions[row])
        low, high = (bound[row].copy() for bound in self.game.limits)
        if self.game.total is not None:
            high = np.minimum(high, self.game.total[row])
        return Amounts(_numbered("amount", len(low)), low, high)

    def start(self) -> GameState:
        """Return the state with the first play."""
        return self.mechanism.start(self.game)

    def step(self, state: GameState, said: Mapping[int, Any]) -> GameState:
        """Play one round; amounts that must add up to a total are moved to the nearest that do."""
        actions = {int(self.rows[place]): self._as_array(place, each) for place, each in said.items()}

        def acting(player: int, play: Play, advised: Array) -> Array:  # noqa: ARG001
            return actions.get(player, advised)

        return self.mechanism.going_on(self.mechanism.step(self.game, state, acting))

    def _as_array(self, place: int, action: Any) -> Array:
        row = int(self.rows[place])
        if isinstance(self.game, Table):
            return np.eye(self.game.sizes[row])[int(action)]
        return self.game.projected(action, row)

    def over(self, state: GameState) -> bool:  # noqa: ARG002
        """Return False: players may always act otherwise."""
        return False

    def outcome(self, state: GameState) -> GameOutcome:
        """Return the outcome; while rounds remain, that of stopping now."""
        return outcome_so_far(self.mechanism, self.game, state)

    def received(self, outcome: GameOutcome, utility: bool) -> Array:
        """Return payoff or utility, with what the mechanism pays or charges, (names,)."""
        had = outcome.utilities if utility else outcome.payoffs
        return np.asarray((had + outcome.transfers)[self.rows])

    def seen(
        self,
        state: GameState,
        outcome: GameOutcome | None,  # noqa: ARG002
        place: int,
    ) -> Mapping[str, float]:
        """Return what all players did last, the own action first, and the prices of own amounts."""
        own = int(self.rows[place])
        found: dict[str, float] = {}
        for row in (own, *(row for row in range(self.game.size) if row != own)):
            did = own_action(state.play, row)
            what = self.game.actions[row] if isinstance(self.game, Table) else _numbered("amount", len(did))
            name = self.game.players[row]
            found |= {f"{name}: {each}": float(x) for each, x in zip(what, did, strict=True)}
        if isinstance(state, PricedState) and isinstance(self.game, Smooth):
            prices = state.prices[own]
            found |= dict(zip(_numbered("price", len(prices)), prices.tolist(), strict=True))
        return found


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return (name,) if count == 1 else tuple(f"{name} {k + 1}" for k in range(count))
