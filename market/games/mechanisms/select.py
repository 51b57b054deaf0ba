"""The Nash equilibria that can be found, and one of them: the best, the worst, or the first.

All pure equilibria are found by enumeration, of two players all by their supports (`equilibria.py`). The
reason says how many there are, and whether these are all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from market.games.base import StrategicGame
from market.games.equilibria import Found, find
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.table import Table
from market.outcome import Status, shown
from market.registry import option


@dataclass(frozen=True)
class SelectState(GameState):
    """State before and after the search.

    Args:
        round: 0 before, 1 after.
        play: the first play, then the equilibrium that is chosen.
        found: what the search found; None before.
    """

    found: Found | None = None


@dataclass(frozen=True)
class Equilibria(GameMechanism):
    """All Nash equilibria that a search finds; the worst, or the best, by sum of payoffs is played."""

    name = "equilibria"
    endings = (Status.NASH, Status.FAILED)
    forms = (Table,)
    evidence = ("relative_regret", "equilibria", "complete")
    select: Literal["best", "worst", "first"] = option(
        "worst", "which equilibrium is played, by the sum of payoffs"
    )
    tolerance: float = option(
        1e-7, "largest gain from deviating, relative to the range of payoffs, that counts as none", low=0.0
    )

    def start(self, game: StrategicGame) -> SelectState:
        """Return a state before the search."""
        return SelectState(0, game.start())

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> SelectState:  # noqa: ARG002
        """Search, and choose."""
        assert isinstance(game, Table)
        found = find(game)
        if not found.equilibria:
            return SelectState(state.round + 1, state.play, found)
        ordered = list(found.equilibria)
        if self.select != "first":
            ordered.sort(key=lambda each: float(game.payoffs(each).sum()), reverse=self.select == "best")
        return SelectState(state.round + 1, ordered[0], found)

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the equilibrium. Evidence: gains from deviating, the number found, 1 if these are all."""
        assert isinstance(state, SelectState)
        regret, _ = game.regret(state.play)
        relative = float((regret / game.scale).max(initial=0.0))
        found = state.found
        if found is None or not found.equilibria:
            scope = "the search" if found is None else found.scope
            why = f"No Nash equilibrium was found by {scope}."
            return self.ended(game, state, Status.FAILED, why, {"relative_regret": relative}, regret=regret)
        many = len(found.equilibria)
        which = {"best": "that of the largest sum of payoffs", "worst": "that of the least sum of payoffs"}
        chosen = which.get(self.select, "the first")
        count = f"{many} Nash equilibri{'um' if many == 1 else 'a'}"
        others = "there is no other" if found.complete else "there may be others"
        gain = f"largest gain from deviating {shown(relative)}"
        why = f"{count} by {found.scope}, and {others}; {chosen} is played ({gain})."
        evidence = {"relative_regret": relative, "equilibria": float(many), "complete": float(found.complete)}
        status = Status.NASH if relative <= self.tolerance else Status.FAILED
        return self.ended(game, state, status, why, evidence, regret=regret)
