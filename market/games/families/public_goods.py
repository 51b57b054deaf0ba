"""Contributions to a public good: each pays for what it gives, and all share what is made of it.

    pi_i = budget - cost_i a_i - (curvature_i / 2) a_i^2 + (multiplier / n) sum_j a_j,   0 <= a_i <= high.

With `curvature` 0 the game is linear: where `multiplier / n < cost < multiplier` giving nothing is dominant
and giving all is best for the sum. With a curvature the one Nash equilibrium is
`a_i = (multiplier / n - cost_i) / curvature_i` within the bounds, and the sum is largest at
`(multiplier - cost_i) / curvature_i`: n times as much where costs are 0.

Source: Apt and Schaefer (2014), "Selfishness level of strategic games", for the linear game.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.smooth import SmoothFamily
from market.registry import Parameter


class PublicGoods(SmoothFamily):
    """pi_i = budget - cost a_i - (curvature / 2) a_i^2 + (multiplier / n) sum a."""

    name = "public_goods"
    amount = "contribution"
    own_concave = concave = sum_concave = True
    game_parameters: ClassVar = {
        "multiplier": Parameter("agent", "worth to all together of a unit given", "payoff per unit")
    }
    player_parameters: ClassVar = {
        "budget": Parameter("agent", "payoff before any contribution", "payoff", low=-np.inf, absent=0.0),
        "cost": Parameter("agent", "cost of the first unit given", "payoff per unit", absent=0.0),
        "curvature": Parameter("agent", "rise of the cost of a unit", "payoff per unit squared", absent=0.0),
        "high": Parameter("agent", "the most that can be given", "units", open_low=True, absent=1.0),
    }

    @staticmethod
    def limits(n: int, *, high: Array, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and the most that can be given."""
        return np.zeros((n, 1)), high[:, None]

    @staticmethod
    def payoffs(  # type: ignore[override]
        a: Array, *, multiplier: float, budget: Array, cost: Array, curvature: Array, **_: Any
    ) -> Array:
        """Return pi, (..., n)."""
        given = a[..., 0]
        shared = multiplier / given.shape[-1] * given.sum(axis=-1, keepdims=True)
        return np.asarray(budget - cost * given - curvature / 2.0 * given**2 + shared)

    @staticmethod
    def slopes(  # type: ignore[override]
        a: Array, *, multiplier: float, cost: Array, curvature: Array, **_: Any
    ) -> Array:
        """Return J, (..., n, n, 1)."""
        given = a[..., 0]
        n = given.shape[-1]
        slopes, own = np.full((*given.shape, n), multiplier / n), np.arange(n)
        slopes[..., own, own] -= cost + curvature * given
        return slopes[..., None]

    @staticmethod
    def slopes_in(  # type: ignore[override]
        a: Array, player: int, *, multiplier: float, cost: Array, curvature: Array, **_: Any
    ) -> Array:
        """Return a column of J, (n, 1)."""
        column = np.full(a.shape, multiplier / len(a))
        column[player] -= cost[player] + curvature[player] * a[player]
        return column

    @staticmethod
    def slopes_along(a: Array, v: Array, *, curvature: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return the derivative of J along v, (..., n, n, 1)."""
        n = a.shape[-2]
        return np.asarray(-(curvature * v[..., 0])[..., None, :] * np.eye(n))[..., None]
