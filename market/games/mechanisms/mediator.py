"""A mediator without power: it draws a profile and advises each player, who may disobey.

The advice is a correlated equilibrium (no player gains by disobeying any advice) or a coarse one (no player
gains by one action in the place of all advice), the best or the worst of them for a figure: the sum of
payoffs, or the least payoff. Both are linear programs (`correlated.py`); the gains are computed anew from the
distribution.

Source: Aumann (1974), "Subjectivity and correlation in randomized strategies"; Moulin and Vial (1978),
"Strategically zero-sum games".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.base import StrategicGame
from market.games.correlated import extreme, extreme_least
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.plays import Joint
from market.games.table import Table, external
from market.outcome import Status, shown
from market.registry import option


@dataclass(frozen=True)
class AdviceState(GameState):
    """State before and after the advice.

    Args:
        round: 0 before, 1 after.
        play: the first play, then the advice.
        fault: why there is no advice; None if there is.
    """

    fault: str | None = None


@dataclass(frozen=True)
class Mediator(GameMechanism):
    """A mediator advises each player in private; none gains by disobeying."""

    name = "mediator"
    endings = (Status.CORRELATED, Status.COARSE, Status.FAILED)
    forms = (Table,)
    evidence = ("relative_regret", "coarse_regret")
    equilibrium: Literal["correlated", "coarse"] = option(
        "correlated", "what players may do with advice: disobey it, or refuse to hear it (coarse)"
    )
    select: Literal["best", "worst"] = option("best", "which equilibrium is advised")
    figure: Literal["sum", "least"] = option("sum", "what is best: the sum of payoffs, or the least payoff")
    tolerance: float = option(
        1e-7, "largest gain from disobeying, relative to the range of payoffs, that counts as none", low=0.0
    )

    def start(self, game: StrategicGame) -> AdviceState:
        """Return a state without advice."""
        return AdviceState(0, game.start())

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> AdviceState:  # noqa: ARG002
        """Find the advice."""
        assert isinstance(game, Table)
        try:
            found = self._advice(game)
        except NumericalError as error:
            return AdviceState(state.round + 1, state.play, str(error))
        return AdviceState(state.round + 1, Joint(found))

    def _advice(self, game: Table) -> Array:
        if self.figure == "least" and self.select == "best":
            return extreme_least(game, self.equilibrium)
        figure = game.outcomes.sum(axis=-1) if self.figure == "sum" else game.outcomes.min(axis=-1)
        return extreme(game, figure if self.select == "best" else -figure, self.equilibrium).probabilities

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the advice. Evidence: gains from disobedience, and from one action in its place."""
        assert isinstance(state, AdviceState)
        assert isinstance(game, Table)
        if state.fault is not None or not isinstance(state.play, Joint):
            why = f"No advice was found: {state.fault}."
            return self.ended(game, state, Status.FAILED, why, {}, regret=game.regret(state.play)[0])
        regret, _ = game.regret(state.play)
        relative = float((regret / game.scale).max(initial=0.0))
        p = state.play.probabilities
        coarse = float(np.maximum(external(game.choices, p) / game.scale, 0.0).max(initial=0.0))
        evidence = {"relative_regret": relative, "coarse_regret": coarse}
        if self.equilibrium == "correlated" and relative <= self.tolerance:
            gain = shown(relative)
            why = f"No player gains by another action than it is advised to take (largest gain {gain})."
            return self.ended(game, state, Status.CORRELATED, why, evidence, regret=regret)
        if coarse <= self.tolerance:
            why = f"No player gains by one action in the place of all advice (largest gain {shown(coarse)})."
            return self.ended(game, state, Status.COARSE, why, evidence, regret=regret)
        why = f"A player could gain {shown(max(relative, coarse))} of its payoffs' range by disobeying."
        return self.ended(game, state, Status.FAILED, why, evidence, regret=regret)
