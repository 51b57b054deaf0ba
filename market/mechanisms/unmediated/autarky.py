"""Autarky: each agent consumes its own endowment and its own output.

max u_i(e_i + y_i) - C_i(y_i) over outputs up to capacity, or over netputs of a technology: Robinson Crusoe's
problem, solved for all agents at once since none concerns another. The commons stay untouched. It is the
outcome without trade, which a trade must beat.

Source: Mas-Colell, Whinston and Green (1995), section 15.C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.unmediated.best_response import Game, GameOutcome
from market.mechanisms.unmediated.own_production import best_outputs


@dataclass(frozen=True)
class Autarky(Game):
    """Each agent consumes its own endowment and its own output."""

    name = "autarky"
    schedule = "simultaneous"

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Consume endowments and own outputs."""
        x = np.maximum(economy.endowment + profile, 0.0)  # rounding, where all of an input is used
        return GameOutcome(x, profile, economy.welfare(x, profile))

    def best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        """Return best outputs, which do not depend on other agents, and their gains, (agents,)."""
        keeps = ((economy.bliss > 0) | economy.turns_goods_into_goods[:, None]).astype(float)
        return best_outputs(economy, economy.endowment, keeps, profile)
