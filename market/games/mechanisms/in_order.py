"""Moves in order by players who foresee what follows: subgame perfection on the grid (`in_order.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.errors import InputError
from market.games.base import StrategicGame
from market.games.in_order import Policy, Ties, chosen, deviations, gains_on_path, induction
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.plays import Actions
from market.games.stages import Stages
from market.outcome import Status, shown
from market.registry import option


@dataclass(frozen=True)
class InOrderState(GameState):
    """State after the first players moved.

    Args:
        round: how many have moved.
        play: what they did; of the others the least.
        rules: the game with the rewards by which players choose.
        policy: what each does at each statistic.
    """

    rules: Stages
    policy: Policy


@dataclass(frozen=True)
class BackwardInduction(GameMechanism):
    """Players move in order, see the running statistic, and foresee the best replies of those who follow."""

    name = "backward_induction"
    endings = (Status.SUBGAME_PERFECT, Status.SETTLED)
    asks_players = True
    forms = (Stages,)
    evidence = ("relative_regret", "ties", "nodes")
    ties: Ties = option("least", "which of equally good amounts is chosen")
    redesign: dict[str, float] = option(
        {}, "numbers of the game by which rewards differ from payoffs, in the place of its own", names=None
    )
    tolerance: float = option(
        1e-9, "largest gain from deviating, relative to the range of payoffs, that counts as none", low=0.0
    )

    def refuse(self, game: StrategicGame) -> None:
        """Refuse games of other forms, and a redesign that the family does not have.

        Raises:
            InputError: with the reason.
        """
        super().refuse(game)
        assert isinstance(game, Stages)
        try:
            game.redesigned(self.redesign)
        except InputError as error:
            raise InputError(f"'{self.label}': {error}") from error

    def start(self, game: StrategicGame) -> InOrderState:
        """Return the state before the first move, with the policy."""
        assert isinstance(game, Stages)
        rules = game.redesigned(self.redesign)
        return InOrderState(0, game.start(), rules, induction(rules, self.ties))

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> InOrderState:
        """Let the next player move."""
        assert isinstance(state, InOrderState)
        player, rules = state.round, state.rules
        seen = rules.walked(rules.in_steps(state.play))[0][player]
        own = chosen(rules, state.policy, player, seen)
        action = acting(player, state.play, np.array([own / rules.steps]))
        return InOrderState(
            player + 1, game.with_action(state.play, player, action), state.rules, state.policy
        )

    def done(self, game: StrategicGame, state: GameState) -> bool:
        """Return True after the last player's move."""
        return state.round >= game.size

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return what was done, with gains from deviating on the path and, of the policy, at every statistic.

        Evidence: `relative_regret`; `ties`, of `nodes` pairs of a player and a statistic.
        """
        assert isinstance(state, InOrderState)
        assert isinstance(state.play, Actions)
        rules, policy = state.rules, state.policy
        regret = gains_on_path(rules, policy, rules.in_steps(state.play))
        regret = np.maximum(regret, np.maximum(deviations(rules, policy), 0.0))
        relative = float((regret / game.scale).max(initial=0.0))
        evidence = {
            "relative_regret": relative,
            "ties": float(policy.ties),
            "nodes": float(policy.nodes),
        }
        utilities = rules.utilities(state.play)
        if relative > self.tolerance:
            return self.ended(
                game, state, Status.SETTLED,
                f"A player did not follow the policy; one would gain {shown(relative)} of its range.",
                evidence, regret=regret, utilities=utilities,
            )  # fmt: skip
        unique = (
            "unique on the grid" if policy.ties == 0 else f"ties at {policy.ties:,}, not shown to be unique"
        )
        reason = (
            f"No player gains by another amount at any of {policy.nodes:,} pairs of a player and what it may "
            f"see (largest gain {shown(relative)} of its payoffs' range); {unique}."
        )
        return self.ended(
            game, state, Status.SUBGAME_PERFECT, reason, evidence, regret=regret, utilities=utilities
        )
