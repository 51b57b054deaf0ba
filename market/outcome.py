"""Outcomes of mechanisms: an allocation, prices if there are any, a status and its evidence.

A status claims only what its evidence shows. The evidence is recomputed from the primitives when the outcome
is made, never taken from a solver's report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.economy.public_goods import narrowed, personal_prices, wide_prices, widened
from market.intervention import Intervention
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
        utilities: each agent's `u_i(x_i) - C_i(y_i)`, less harm by others, (agents,); may be -inf.
        payoffs: each agent's payoff in the game that was played, (agents,).
        prices: the prices, (goods,); None of a game without prices.
        disequilibrium: the largest relative excess demand over goods, no unit; None without prices.
        auctioneer_payoff: the auctioneer's payoff `-sum_g |z_g|`, units of goods; None without one.
        regret: the most that each agent could gain by deviating alone, (agents,); None of a planner.
        actions: amounts taken, claimed or made in a game, (agents, goods), units; None without a game.
        evidence: the numbers behind the status, by name.
        trades: single trades, where the mechanism makes and records them; None elsewhere.
        intervention: the accounts of taxes, caps, floors and quotas; None without them.
        personal_prices: what each agent pays for a unit of each good, (agents, goods), where public goods
            have a price for each agent (Lindahl); None elsewhere.
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
    intervention: Intervention | None = None
    personal_prices: Array | None = None

    def __repr__(self) -> str:
        """Return name, status and rounds, on a line."""
        rounds = f"{self.rounds:,} round{'' if self.rounds == 1 else 's'}"
        return f"<Outcome '{self.name}': {self.status.words} after {rounds}>"

    @property
    def public_revenue(self) -> float:
        """Money that agents paid and none of them got: for the commons, in taxes and as rents of quotas."""
        return self.revenue + (0.0 if self.intervention is None else self.intervention.transfers)

    @property
    def max_regret(self) -> float | None:
        """Largest gain of any agent from deviating alone; None without choices."""
        return None if self.regret is None else float(self.regret.max(initial=0.0))


def narrow_outcome(economy: Economy, had: Outcome) -> Outcome:
    """Return an outcome of the personalised economy as one of its economy with public goods."""
    agents = len(economy.agents)
    x, y = narrowed(economy, had.consumption, had.production)
    p, each = (None, None) if had.prices is None else personal_prices(economy, had.prices)
    return replace(
        had,
        economy=economy,
        consumption=x,
        production=y,
        payments=had.payments[:agents],
        revenue=float(had.payments[:agents].sum()),
        utilities=had.utilities[:agents],
        payoffs=had.payoffs[:agents],
        prices=p,
        personal_prices=each,
        regret=None if had.regret is None else had.regret[:agents],
    )


def widen_outcome(outcome: Outcome) -> Outcome:
    """Return an outcome of an economy with public goods as one of its personalised economy.

    Prices are left out where no personal ones are known: a seller's price alone supports nothing.
    """
    economy, each = outcome.economy, outcome.personal_prices
    x, y = widened(economy, outcome.consumption, outcome.production)
    known = outcome.prices is not None and each is not None

    def taller(values: Array) -> Array:
        return np.append(values, np.zeros(len(x) - len(values)))

    return replace(
        outcome,
        economy=economy.personalised,
        consumption=x,
        production=y,
        payments=taller(outcome.payments),
        utilities=taller(outcome.utilities),
        payoffs=taller(outcome.payoffs),
        prices=wide_prices(economy, outcome.prices, each) if known else None,  # type: ignore[arg-type]
        personal_prices=None,
        regret=None if outcome.regret is None else taller(outcome.regret),
        actions=None,
    )


def shown(value: float) -> str:
    """Return a mostly small number as text: two digits, with a power of ten if it is not between 0.01 and 99.

    Example:
        >>> shown(0.0), shown(6.8e-10), shown(0.213)
        ('0', '6.8e-10', '0.21')
    """
    if value == 0:
        return "0"
    return f"{value:.2g}" if 0.01 <= abs(value) < 99.5 else f"{value:.1e}"
