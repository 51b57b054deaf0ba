"""Outcomes of a market in shards: sums and extremes over agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from market.display import Displayed
from market.economy.agent_names import AgentNames
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.intervention import Intervention
from market.outcome import Status

if TYPE_CHECKING:
    from market.efficiency.report import Alignment
    from market.efficiency.surplus import Surplus
    from market.scenario.loading import Scenario
    from market.shards.shard import AgentTotals, WrittenFile


@dataclass(frozen=True)
class SharedOutcome:
    """Outcome of an auction in shards: the parts of an `Outcome` that are sums or extremes over agents.

    Args:
        name: of the mechanism.
        kind: "auctioneer".
        status: how it ended.
        reason: the numbers behind it.
        rounds: number of rounds played.
        prices: (goods,), those that are reported.
        disequilibrium: the largest relative excess demand at them, from the answers of all agents.
        auctioneer_payoff: -sum |z|, units.
        revenue: what the auctioneer took for the commons, money.
        max_regret: the largest gain in payoff that another bundle would give an agent.
        evidence: the residuals behind the status, by name.
        ended: sums and extremes over all agents.
        consumption: (agents, goods), units; None above `LARGEST_MAP` agents, as is everything of each agent.
        production: (agents, goods), units.
        payments: (agents,), net money paid.
        utilities: (agents,), u - C.
        payoffs: (agents,), in the game.
        surplus: consumer, producer and total surplus, summed over shards; None without quasilinear money.
        payoffs_with_revenue: (agents,), payoffs with the revenue of the commons handed back.
        weights: the smallest and the largest weight in the report, normalised; None if none support it.
        alignment: the report.
        path: prices and excess demand, one row per round and good (`tables.rounds_of`).
        files: written by the shards.
        intervention: the accounts of taxes, caps, floors and quotas; None without them.
    """

    name: str
    kind: str
    status: Status
    reason: str
    rounds: int
    prices: Array
    disequilibrium: float
    auctioneer_payoff: float
    revenue: float
    max_regret: float
    evidence: Mapping[str, float]
    ended: AgentTotals
    consumption: Array | None
    production: Array | None
    payments: Array | None
    utilities: Array | None
    payoffs: Array | None
    surplus: Surplus | None
    payoffs_with_revenue: Array | None
    weights: tuple[float, float] | None
    alignment: Alignment
    path: pd.DataFrame
    files: tuple[WrittenFile, ...]
    intervention: Intervention | None = None


@dataclass(frozen=True)
class Shared(Displayed):
    """Outcomes of a scenario whose agents are in shards.

    Args:
        scenario: that was played.
        seed: of all draws.
        agents: the names of all.
        economy: without agents, all their endowments counted as commons; its `resources`, `goods` and `money`
            are those of all.
        shards: their number.
        outcomes: mechanism name -> outcome.
    """

    scenario: Scenario
    seed: int
    agents: AgentNames
    economy: Economy
    shards: int
    outcomes: Mapping[str, SharedOutcome]

    def __repr__(self) -> str:
        """Return title, size and statuses, on a line."""
        ended = ", ".join(f"{name}: {outcome.status.words}" for name, outcome in self.outcomes.items())
        return (
            f"<Shared '{self.scenario.title}', {len(self.agents):,} agents in {self.shards} shards: {ended}>"
        )

    @property
    def settled(self) -> bool:
        """True if every mechanism cleared."""
        return all(outcome.status.settled for outcome in self.outcomes.values())

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """One row per mechanism, round and good, as in `Comparison.rounds`."""
        rounds: pd.DataFrame = pd.concat(
            [outcome.path for outcome in self.outcomes.values()], ignore_index=True
        )
        return rounds

    @property
    def keeps_revenue(self) -> bool:
        """True if an auctioneer keeps the revenue of a common stock, in the money that payoffs are in."""
        in_money = self.economy.money is Money.QUASILINEAR
        keeps = in_money and not self.scenario.commons_shares and any(self.scenario.commons.values())
        return bool(keeps)

    def total_surplus(self, name: str) -> float | None:
        """Return the sum of `u_i - C_i`, money; -inf if any agent is. None without quasilinear money."""
        if self.economy.money is not Money.QUASILINEAR:
            return None
        return self.outcomes[name].ended.total_surplus
