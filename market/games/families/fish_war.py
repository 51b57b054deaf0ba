"""The great fish war: each takes a share of a stock in every period, and the rest grows.

With a stock that grows to `S^alpha`, log utility of the catch and a discount factor beta, Markov strategies
are shares a_i of the stock, and their value is, but for constants and a factor,

    pi_i = log a_i + k log(1 - A),   A = sum a,   k = alpha beta / (1 - alpha beta).

The Nash equilibrium has a_i = 1 / (n + k); the largest sum A = 1 / (1 + k) = 1 - alpha beta, shared equally.
Payoffs are concave in all shares together. A reply to others who leave L of the stock is L / (1 + k).

Source: Levhari and Mirman (1980), "The great fish war: an example using a dynamic Cournot-Nash solution".
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.smooth import SmoothFamily
from market.registry import Parameter

LEAST = 1e-6
"""The least share of a player: its payoff at 0 is -inf."""


class FishWar(SmoothFamily):
    """pi_i = log a_i + k log(1 - sum a), k = growth discount / (1 - growth discount)."""

    name = "fish_war"
    amount = "share of the stock"
    own_concave = concave = sum_concave = True
    game_parameters: ClassVar = {
        "growth": Parameter("agent", "exponent of growth, alpha", "none", open_low=True, high=1.0,
        absent=0.8), "discount": Parameter("agent", "weight of the next period, beta", "none", open_low=True,
        high=1.0,
                              open_high=True, absent=0.95),
    }  # fmt: skip

    @staticmethod
    def patience(growth: float, discount: float) -> float:
        """Return k."""
        return growth * discount / (1.0 - growth * discount)

    @staticmethod
    def limits(n: int, **_: Any) -> tuple[Array, Array]:
        """Return the least share and the whole stock."""
        return np.full((n, 1), LEAST), np.full((n, 1), 1.0 - LEAST)

    @classmethod
    def payoffs(cls, a: Array, *, growth: float, discount: float) -> Array:  # type: ignore[override]
        """Return pi, (..., n); -inf where shares take the whole stock."""
        share = a[..., 0]
        left = 1.0 - share.sum(axis=-1, keepdims=True)
        k = cls.patience(growth, discount)
        rest = np.where(left > 0, k * np.log(np.where(left > 0, left, 1.0)), -np.inf)
        return np.asarray(np.log(share) + rest)

    @classmethod
    def slopes(cls, a: Array, *, growth: float, discount: float) -> Array:  # type: ignore[override]
        """Return J, (..., n, n, 1); large and negative where shares take the whole stock."""
        share = a[..., 0]
        n = share.shape[-1]
        left = np.maximum(1.0 - share.sum(axis=-1), 1e-12)
        cost = -cls.patience(growth, discount) / left
        return np.asarray(cost[..., None, None] + (1.0 / share)[..., None, :] * np.eye(n))[..., None]

    @classmethod
    def slopes_in(  # type: ignore[override]
        cls, a: Array, player: int, *, growth: float, discount: float
    ) -> Array:
        """Return a column of J, (n, 1)."""
        left = max(1.0 - float(a.sum()), 1e-12)
        column = np.full(a.shape, -cls.patience(growth, discount) / left)
        column[player] += 1.0 / a[player]
        return column

    @classmethod
    def slopes_along(cls, a: Array, v: Array, *, growth: float, discount: float) -> Array:  # type: ignore[override]
        """Return the derivative of J along v, (..., n, n, 1)."""
        share, d = a[..., 0], v[..., 0]
        n = share.shape[-1]
        left = np.maximum(1.0 - share.sum(axis=-1), 1e-12)
        cost = -cls.patience(growth, discount) / left**2 * d.sum(axis=-1)
        own = -d / share**2
        return np.asarray(cost[..., None, None] + own[..., None, :] * np.eye(n))[..., None]

    @classmethod
    def reply(  # type: ignore[override]
        cls, a: Array, player: int, weighs: Array, prices: Array, *, growth: float, discount: float
    ) -> Array | None:
        """Return the reply of a player without concern for others, at a price of 0."""
        if np.abs(weighs[player]).sum() != 1.0 or prices.any():
            return None
        left = 1.0 - (a[:, 0].sum() - a[player, 0])
        best = left / (1.0 + cls.patience(growth, discount))
        return np.clip(np.array([best]), LEAST, 1.0 - LEAST)

    @staticmethod
    def best_sum(n: int, *, growth: float, discount: float) -> Array:  # type: ignore[override]
        """Return the play of the largest sum, (n, 1): equal parts of 1 - alpha beta."""
        return np.full((n, 1), np.clip((1.0 - growth * discount) / n, LEAST, 1.0 - LEAST))
