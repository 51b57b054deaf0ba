"""Outcomes of games: what was played, what each player got, a status and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from market.display import Displayed
from market.economy.correspondences import Array
from market.games.base import StrategicGame
from market.games.plays import Play
from market.outcome import Status


@dataclass(frozen=True)
class GameOutcome(Displayed):
    """The outcome of a game under one mechanism.

    Args:
        game: the game that was played.
        name: the mechanism's name in the scenario.
        kind: the kind of the mechanism, for instance "planner".
        status: how the play ended, or that it is in play.
        reason: a sentence with the numbers behind the status.
        rounds: the number of rounds played.
        play: what players did.
        payoffs: (n,), material payoffs, before transfers; expected ones of mixtures.
        utilities: (n,), U: payoffs and, weighed by concern, those of others; by these players choose.
        transfers: (n,), what each player got from the mechanism, in units of payoffs; 0 without.
        revenue: what the mechanism keeps, the sum of -transfers.
        regret: (n,), the most that each could gain in U and transfers by deviating alone; None of a planner.
        regret_exact: False if a larger gain is possible.
        prices: (n, d), of a unit of each number that players choose; None without.
        evidence: the numbers behind the status, by name.
    """

    game: StrategicGame
    name: str
    kind: str
    status: Status
    reason: str
    rounds: int
    play: Play
    payoffs: Array
    utilities: Array
    transfers: Array
    revenue: float = 0.0
    regret: Array | None = None
    regret_exact: bool = True
    prices: Array | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return name, status and rounds, on a line."""
        rounds = f"{self.rounds:,} round{'' if self.rounds == 1 else 's'}"
        return f"<GameOutcome '{self.name}': {self.status.words} after {rounds}>"

    @property
    def max_regret(self) -> float | None:
        """Largest gain of any player from deviating alone; None of a planner."""
        return None if self.regret is None else float(self.regret.max(initial=0.0))

    @property
    def relative_regret(self) -> float | None:
        """Largest gain as a part of the player's scale of payoffs; None of a planner."""
        return None if self.regret is None else float((self.regret / self.game.scale).max(initial=0.0))
