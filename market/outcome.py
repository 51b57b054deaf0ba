"""Outcomes of mechanisms: an allocation, prices if there are any, a status and its evidence.

A status claims only what its evidence shows. The evidence is recomputed from the primitives when the outcome
is made, never taken from a solver's report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.trades import Trades


class Status(StrEnum):
    """The way in which a mechanism ended, or that it has not."""

    CLEARED = "cleared"
    NASH = "nash"
    OPTIMAL = "optimal"
    SETTLED = "settled"
    RATIONED = "rationed"
    CORRELATED = "correlated"
    COARSE = "coarse"
    SUBGAME_PERFECT = "subgame_perfect"
    CYCLING = "cycling"
    MAX_ROUNDS = "max_rounds"
    DIVERGED = "diverged"
    NO_EQUILIBRIUM = "no_equilibrium"
    FAILED = "failed"
    IN_PLAY = "in_play"

    @property
    def settled(self) -> bool:
        """True if the mechanism reached its goal: an equilibrium, an optimum, or no move that it allows."""
        return self in _REACHED

    @property
    def words(self) -> str:
        """The status in words, for instance `in play`."""
        return self.value.replace("_", " ")

    @property
    def meaning(self) -> str:
        """Meaning of the status, with a remedy."""
        return _MEANINGS[self]


_REACHED = (
    Status.CLEARED, Status.NASH, Status.OPTIMAL, Status.SETTLED, Status.RATIONED, Status.CORRELATED,
    Status.COARSE, Status.SUBGAME_PERFECT,
)  # fmt: skip

_MEANINGS = {
    Status.CLEARED: "Demand equals supply within the tolerance, and no agent would choose another bundle, "
    "except traders that follow a rule of their own.",
    Status.NASH: "No agent could gain by deviating alone.",
    Status.OPTIMAL: "No feasible allocation has a larger weighted sum of utilities, within the tolerance.",
    Status.SETTLED: "No move is left that the mechanism allows; agents may still gain in other ways.",
    Status.RATIONED: "A cap, floor or quota binds: one side of a market trades all that it wants, "
    "the other is rationed.",
    Status.CORRELATED: "No player gains by another action than it is advised to take.",
    Status.COARSE: "No player gains by one action in the place of all that it does.",
    Status.SUBGAME_PERFECT: "No player gains by another action at any point of the game that can be reached.",
    Status.CYCLING: "Prices or actions oscillate and do not converge; try another rule, step or schedule.",
    Status.MAX_ROUNDS: "max_rounds was reached before convergence; raise it or try another rule.",
    Status.DIVERGED: "Prices diverged; look for a wanted good that no agent owns, or reduce the step.",
    Status.NO_EQUILIBRIUM: "There is provably no equilibrium; change the economy.",
    Status.FAILED: "No outcome was found: a calculation failed or is impossible; the reason says which.",
    Status.IN_PLAY: "Rounds remain to be played; the outcome is that of stopping now.",
}


@dataclass(frozen=True)
class Outcome(Displayed):
    """The outcome of an economy under one mechanism; all quantities are feasible.

    Args:
        economy: the economy that was played.
        name: the mechanism's name in the scenario.
        kind: the kind of the mechanism, for instance "auctioneer".
        status: how the play ended, or that it is in play.
        reason: a sentence with the numbers behind the status.
        rounds: the number of rounds played.
        consumption: each agent's consumption x, (agents, goods), units.
        production: each agent's production y, (agents, goods), units.
        payments: the net money that each agent paid, (agents,).
        revenue: the auctioneer's revenue from the common stock, money.
        utilities: each agent's `u_i(x_i) - C_i(y_i)`, (agents,); may be -inf.
        payoffs: each agent's payoff in the game that was played, (agents,).
        prices: the prices, (goods,); None of a game without prices.
        disequilibrium: the largest relative excess demand over goods, no unit; None without prices.
        auctioneer_payoff: the auctioneer's payoff `-sum_g |z_g|`, units of goods; None without one.
        regret: the most that each agent could gain by deviating alone, (agents,); None of a planner.
        actions: amounts taken, claimed or made in a game, (agents, goods), units; None without a game.
        evidence: the numbers behind the status, by name.
        trades: single trades, where the mechanism makes and records them; None elsewhere.
    """

    economy: Economy
    name: str
    kind: str
    status: Status
    reason: str
    rounds: int
    consumption: Array
    production: Array
    payments: Array
    revenue: float
    utilities: Array
    payoffs: Array
    prices: Array | None = None
    disequilibrium: float | None = None
    auctioneer_payoff: float | None = None
    regret: Array | None = None
    actions: Array | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    trades: Trades | None = None

    def __repr__(self) -> str:
        """Return name, status and rounds, on a line."""
        rounds = f"{self.rounds:,} round{'' if self.rounds == 1 else 's'}"
        return f"<Outcome '{self.name}': {self.status.words} after {rounds}>"

    @property
    def max_regret(self) -> float | None:
        """Largest gain of any agent from deviating alone; None without choices."""
        return None if self.regret is None else float(self.regret.max(initial=0.0))


def shown(value: float) -> str:
    """Return a small number as text: "0", or two digits and a power of ten.

    Example:
        >>> shown(0.0), shown(6.8e-10)
        ('0', '6.8e-10')
    """
    return "0" if value == 0 else f"{value:.1e}"
