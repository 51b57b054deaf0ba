"""The super-agent: chooses for all players what has the largest welfare (`welfare.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError, NumericalError
from market.games.base import StrategicGame
from market.games.in_order import best_in_order
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.smooth import Smooth
from market.games.stages import Stages
from market.games.table import Table
from market.games.welfare import Best, Welfare, best_amounts, best_in_table, refuse_disagreement
from market.outcome import Status, shown
from market.registry import option


@dataclass(frozen=True)
class PlannerState(GameState):
    """State before and after the choice.

    Args:
        round: 0 before, 1 after.
        play: the first play, then the best one.
        best: the choice with its bound, or why there is none.
    """

    best: Best | str | None = None


@dataclass(frozen=True)
class GamePlanner(GameMechanism):
    """A planner chooses for all players what has the largest weighted sum, product of gains, or minimum."""

    name = "planner"
    endings = (Status.OPTIMAL, Status.SETTLED, Status.FAILED)
    forms = (Table, Smooth, Stages)
    evidence = ("welfare", "gap", "starts")
    welfare: Welfare = option(
        "sum", "what is maximised: the sum of payoffs, the product of gains, or the least"
    )
    weights: dict[str, float] = option(
        {}, "weight of a player or group; 1 if not named", low=0.0, names="agents"
    )
    disagreement: dict[str, float] = option(
        {}, 'payoffs without agreement, under welfare = "nash"; 0 if not named', names="agents"
    )
    tolerance: float = option(
        1e-6,
        "the most that any play could add to welfare, relative to the range of payoffs",
        low=0.0,
        open_low=True,
    )

    def refuse(self, game: StrategicGame) -> None:
        """Refuse games of other forms, and sums of payoffs in different units without weights.

        Raises:
            InputError: with the reason.
        """
        super().refuse(game)
        refuse_disagreement(self.welfare, self.disagreement)
        if not self._weights(game).any():
            raise InputError(f"'{self.label}': all weights are 0")
        if self.welfare != "sum" and not (self._weights(game) > 0).all():
            raise InputError(f"'{self.label}': welfare = \"{self.welfare}\" needs weights above 0")
        if isinstance(game, Stages) and self.welfare != "sum":
            raise InputError(
                f"'{self.label}': of games with moves in order the planner knows welfare = \"sum\""
            )

    def _weights(self, game: StrategicGame) -> Array:
        return by_player(game, self.weights, 1.0)

    def start(self, game: StrategicGame) -> PlannerState:
        """Return a state without a choice."""
        return PlannerState(0, game.start())

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> PlannerState:  # noqa: ARG002
        """Choose."""
        weights, disagreement = self._weights(game), by_player(game, self.disagreement, 0.0)
        try:
            if isinstance(game, Table):
                best = best_in_table(game, self.welfare, weights, disagreement)
            elif isinstance(game, Stages):
                k, value = best_in_order(game, weights)
                best = Best(game.as_play(k), value, 0.0, 0)
            else:
                assert isinstance(game, Smooth)
                best = best_amounts(game, self.welfare, weights, disagreement)
        except NumericalError as error:
            return PlannerState(state.round + 1, state.play, str(error))
        return PlannerState(state.round + 1, best.play, best)

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the choice. Evidence: `welfare`, `gap`, the most that any play could add, `starts`."""
        assert isinstance(state, PlannerState)
        best = state.best
        if not isinstance(best, Best):
            return self.ended(game, state, Status.FAILED, f"No best play was found: {best}.", {})
        weights = self._weights(game)  # the product is judged by its logarithm, which has no unit
        size = float(weights.sum() if self.welfare == "nash" else game.scale @ weights)
        evidence = {"welfare": best.value, "starts": float(best.starts)}
        if best.gap is not None:
            evidence["gap"] = best.gap
        if not np.isfinite(best.value):
            return self.ended(
                game, state, Status.FAILED, "No play that was tried gives every player a gain.", {}
            )
        optimal = best.gap is not None and best.gap <= self.tolerance * size
        if optimal:
            reason = f"No play has a larger {_WHAT[self.welfare]} (at most {shown(best.gap or 0.0)} more)."
            return self.ended(game, state, Status.OPTIMAL, reason, evidence)
        limit = "" if best.gap is None else f"; no play has more than {best.value + best.gap:.6g}"
        reason = (
            f"The largest {_WHAT[self.welfare]} found from {best.starts} plays, {best.value:.6g}{limit}: "
            f"a larger one is not excluded."
        )
        return self.ended(game, state, Status.SETTLED, reason, evidence)


_WHAT = {"sum": "weighted sum of payoffs", "nash": "product of gains", "min": "least payoff"}


def by_player(game: StrategicGame, given: dict[str, float], absent: float) -> Array:
    """Return a number for each player, (n,), from numbers by name of a player or group."""
    numbers = np.full(game.size, absent)
    places = {name: i for i, name in enumerate(game.players)}
    for name, value in given.items():
        numbers[game.groups[name] if name in game.groups else places[name]] = value
    return numbers
