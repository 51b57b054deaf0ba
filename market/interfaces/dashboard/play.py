"""A model that is stepped from outside, one round at a time, with a check of every step.

Since Mesa 3.5 a model that failed inside `step()` can be stepped on: its clock runs, its own step does not,
and prices that no longer move look like an equilibrium. So a step counts only if the round counter rose by
one, and a model that failed once stays broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from market.errors import MarketError
from market.mechanisms.auction.auctioneer import AuctionState
from market.outcome import Status
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario
from market.simulation.game_model import GameModel
from market.simulation.model import MarketModel

if TYPE_CHECKING:
    from market.games.outcome import GameOutcome
    from market.outcome import Outcome
    from market.simulation.agents import Trader
    from market.simulation.game_model import Player


class Stepped:
    """A model that is stepped from outside.

    Args:
        model: of an economy or a game, under one mechanism.
    """

    def __init__(self, model: MarketModel | GameModel) -> None:
        self.model = model
        self.broken: str | None = None
        """Why the model cannot be stepped any more; None as long as it can."""

    @property
    def round(self) -> int:
        """Number of rounds played."""
        return int(self.model.state.round)

    @property
    def over(self) -> bool:
        """True if the play has ended or broken."""
        return self.broken is not None or not self.model.running

    @property
    def unfinished(self) -> bool:
        """True if rounds were played but not all of them: it goes on, or it broke."""
        return self.round > 0 and bool(self.model.running)

    def outcome(self) -> Outcome | GameOutcome:
        """Return the outcome at the end; before, that of stopping now."""
        return self.model.outcome()

    def step(self) -> None:
        """Play one round; does nothing if the play is over."""
        if self.over:
            return
        before = self.round
        try:
            self.model.step()
        except Exception as error:  # an error in a user's own trader must not end the page
            self.broken = f"The model broke in round {before + 1}. {described(error)}"
            return
        if self.round != before + 1:
            self.broken = f"The model broke: round {before + 1} was not played."


class Play(Stepped):
    """One mechanism of an economy, played round by round.

    Args:
        scenario: the scenario.
        mechanism: the name of the mechanism.
        seed: for all draws; the scenario's own if not given.
        traders: as for `MarketModel`.

    Raises:
        InputError: the economy cannot be built.
    """

    model: MarketModel

    def __init__(
        self,
        scenario: Scenario,
        mechanism: str,
        seed: int | None = None,
        traders: Mapping[str, type[Trader]] | None = None,
    ) -> None:
        super().__init__(MarketModel(scenario, mechanism, seed=seed, traders=traders))
        self.mechanism = mechanism

    def outcome(self) -> Outcome:
        """Return the outcome at its end; before, if trade stopped at the prices of this round.

        A model's own outcome is at the prices that were closest to clearing, which need not be the last.
        """
        state = self.model.state
        if not self.unfinished or not isinstance(state, AuctionState):
            return self.model.outcome()
        now = replace(state, best=state.last, best_round=state.round)
        stopped = self.model.mechanism.outcome(self.model.economy, now)
        return replace(stopped, status=Status.IN_PLAY, reason="")


class GamePlay(Stepped):
    """One mechanism of a game, played round by round.

    Args:
        scenario: the scenario.
        mechanism: the name of the mechanism.
        seed: for all draws; the scenario's own if not given.
        players: as for `GameModel`.

    Raises:
        InputError: the game cannot be built or played.
    """

    model: GameModel

    def __init__(
        self,
        scenario: GameScenario,
        mechanism: str,
        seed: int | None = None,
        players: Mapping[str, type[Player]] | None = None,
    ) -> None:
        super().__init__(GameModel(scenario, mechanism, seed=seed, players=players))
        self.mechanism = mechanism

    def outcome(self) -> GameOutcome:
        """Return the outcome at its end; before, that of stopping now."""
        return self.model.outcome()


def described(error: Exception) -> str:
    """Return an exception as a sentence; messages of `MarketError` need no name of a class."""
    said = " ".join(str(error).split())[:500]
    if not isinstance(error, MarketError):
        said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return said if said.endswith(".") else f"{said}."
