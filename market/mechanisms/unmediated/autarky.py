"""Autarky: everyone lives on its own endowment and on what it makes for itself.

max u_i(e_i + y_i) - C_i(y_i) over outputs up to capacity, or over netputs of a technology: Robinson Crusoe's
problem, solved for all agents at once since none concerns another. Nobody touches the commons. It is what
agents have if they do not trade, and so what a trade must beat.

Source: Mas-Colell, Whinston and Green (1995), section 15.C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.unmediated.best_response import Game, GameOutcome
from market.mechanisms.unmediated.own_production import best_outputs


@dataclass(frozen=True)
class Autarky(Game):
    """Everyone lives on its own endowment and on what it makes for itself."""

    name = "autarky"
    schedule = "simultaneous"

    def replies(self, economy: Economy, profile: Array, rows: NDArray[np.intp]) -> Array:
        """The best outputs of each row; they depend on nobody else."""
        best, gains = self._best(economy, profile)
        return np.where((gains > 0)[:, None], best, profile)[rows]

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Endowments and own outputs are consumed."""
        x = np.maximum(economy.endowment + profile, 0.0)  # rounding, where all of an input is used
        return GameOutcome(x, profile, economy.welfare(x, profile))

    def regret(self, economy: Economy, profile: Array) -> Array:
        """The most that each could gain by making something else, (agents,)."""
        return self._best(economy, profile)[1]

    def _best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        keeps = ((economy.bliss > 0) | economy.turns_goods_into_goods[:, None]).astype(float)
        return best_outputs(economy, economy.endowment, keeps, profile)
