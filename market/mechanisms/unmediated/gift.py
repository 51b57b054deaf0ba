"""Gifts: producers choose outputs at their own cost, which go to the agents who want them.

Producer i chooses outputs y_ig up to its capacity and pays C_i(y_i). Good g, what is made of it and the
commons, goes in equal shares to the k_g agents who want it; endowments are consumed by their owners. So i
maximises

    u_i(e_i + s_g (q_g + Y_g)) - C_i(y_i),  s_g = 1 / k_g if i wants g, else 0,  Y_g = sum_j y_jg.

A producer who wants nothing that it can make sees only its cost: with c >> 0 its dominant choice is 0, and a
consumer with log utility is left at -inf. One who wants some itself makes the y at which a unit is worth its
cost to it, s_g du_i/dx_g = dC_i/dy_g, too little for all: others' shares do not count for it.

Best replies of the first kind are exact; those of the second kind are solved for (`own_production.py`).

Source: own derivation; Mas-Colell, Whinston and Green (1995), section 11.C, for private provision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.unmediated.best_response import Game, GameOutcome, Schedule
from market.mechanisms.unmediated.own_production import best_outputs
from market.registry import option


@dataclass(frozen=True)
class Gift(Game):
    """Producers choose what to make and pay for it; it goes in equal shares to those who want it."""

    name = "gift"
    schedule: Schedule = option("sequential", "order of replies within a round")

    def players(self, economy: Economy) -> NDArray[np.intp]:
        """Return the rows of producers."""
        return np.flatnonzero((economy.capacity > 0).any(axis=1))

    def best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        """Return best outputs against those of the others, (agents, goods), and their gains, (agents,)."""
        shares = _shares(economy)
        others = profile.sum(axis=0) - profile
        return best_outputs(economy, economy.endowment + shares * (economy.commons + others), shares, profile)

    def most(self, economy: Economy) -> Array:
        """Return the capacities."""
        return economy.capacity.copy()

    def within(self, economy: Economy, profile: Array, row: int, asked: Array) -> Array:  # noqa: ARG002
        """Make at most what the capacity allows."""
        return np.clip(asked, 0.0, economy.capacity[row])

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Consume endowments and shares of outputs and commons."""
        x = economy.endowment + _shares(economy) * (economy.commons + profile.sum(axis=0))
        return GameOutcome(x, profile, economy.welfare(x, profile))


def _shares(economy: Economy) -> Array:
    """Return the share of each good that goes to each agent, (agents, goods)."""
    wants = economy.bliss > 0
    return wants / np.maximum(wants.sum(axis=0), 1)
