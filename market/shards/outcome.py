"""What came of a market in shards, as far as sums and extremes tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from market.economy.agent_names import AgentNames
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.report import Alignment
from market.outcome import Status
from market.scenario.loading import Scenario
from market.shards.shard import Ended, Written


@dataclass(frozen=True)
class SharedOutcome:
    """What came of an auction in shards: what an `Outcome` tells, as far as sums tell it.

    Args:
        name: of the mechanism.
        kind: "auctioneer".
        status: how it ended.
        reason: the numbers behind it.
        rounds: how many were played.
        prices: (goods,), those that are reported.
        disequilibrium: the largest relative excess demand at them, from every trader's own answer.
        auctioneer_payoff: -sum |z|, units.
        revenue: what the auctioneer took for the commons, money.
        max_regret: the largest gain that anybody could make by another bundle, in its payoff.
        evidence: the residuals behind the status, by name.
        ended: what is told of all agents, in sums and extremes.
        consumption: (agents, goods), units; None above `LARGEST_MAP` agents, as are the next four.
        production: (agents, goods), units.
        payments: (agents,), net money paid.
        utilities: (agents,), u - C.
        payoffs: (agents,), in the game.
        weights: the smallest and the largest weight in the report, normalised; None if none support it.
        alignment: the report.
        path: prices and excess demand, one row a round and good, as in `record.rounds_of`.
        files: what the shards wrote.
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
    ended: Ended
    consumption: Array | None
    production: Array | None
    payments: Array | None
    utilities: Array | None
    payoffs: Array | None
    weights: tuple[float, float] | None
    alignment: Alignment
    path: pd.DataFrame
    files: tuple[Written, ...]


@dataclass(frozen=True)
class Shared:
    """What came of a scenario whose agents were in shards.

    Args:
        scenario: what was played.
        seed: of all draws.
        agents: the names of all.
        economy: without agents, and with all that they own in common; `resources`, `goods` and `money` are
            everybody's.
        shards: how many there were.
        outcomes: mechanism name -> outcome.
    """

    scenario: Scenario
    seed: int
    agents: AgentNames
    economy: Economy
    shards: int
    outcomes: Mapping[str, SharedOutcome]

    @property
    def settled(self) -> bool:
        """Whether every mechanism reached what it looks for."""
        return all(outcome.status.settled for outcome in self.outcomes.values())

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """One row a mechanism, round and good, as in `Comparison.rounds`."""
        rounds: pd.DataFrame = pd.concat(
            [outcome.path for outcome in self.outcomes.values()], ignore_index=True
        )
        return rounds

    def total_surplus(self, name: str) -> float | None:
        """sum_i u_i - C_i of an outcome, money; -inf if anybody is. None without quasilinear money."""
        if self.economy.money is not Money.QUASILINEAR:
            return None
        ended = self.outcomes[name].ended
        return -np.inf if ended.ruined else ended.utility
