"""Effort on a shared stock: the steady state of a fishery that all fish in (Gordon and Schaefer).

A stock grows by `r S (1 - S / K)` and effort E catches `q E S`: in the steady state `S = K (1 - q E / r)`,
and

    pi_i = e_i (p q S - c_i) = e_i (p q K - c_i - B E),   B = p q^2 K / r,   E = sum e.

With equal costs and A = p q K - c the Nash equilibrium is e_i = A / ((n + 1) B), the largest sum is at E = A
/ (2 B), and under open access entry goes on until E = A / B, where no player earns anything. Efforts are at
most r / (q n) each, so that the stock is never below 0; no reply or optimum is beyond that.

Source: Gordon (1954), "The economic theory of a common-property resource"; Schaefer (1957).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.smooth import SmoothFamily
from market.registry import Parameter


class Commons(SmoothFamily):
    """pi_i = e_i (price catchability stock - cost_i), stock = capacity (1 - catchability E / growth)."""

    name = "commons"
    amount = "effort"
    own_concave = sum_concave = True
    game_parameters: ClassVar = {
        "price": Parameter("agent", "of a unit of catch", "payoff per unit", open_low=True, absent=1.0),
        "catchability": Parameter("agent", "part of the stock that a unit of effort catches", "1 per effort",
                                  open_low=True, absent=0.01),
        "capacity": Parameter("agent", "the stock without fishing", "units", open_low=True, absent=100.0),
        "growth": Parameter("agent", "of a small stock", "1 per period", open_low=True, absent=0.5),
    }  # fmt: skip
    player_parameters: ClassVar = {
        "cost": Parameter("agent", "of a unit of effort", "payoff per effort", absent=0.0)
    }

    @staticmethod
    def limits(n: int, *, catchability: float, growth: float, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and the effort with which n players exhaust the stock."""
        return np.zeros((n, 1)), np.full((n, 1), growth / (catchability * n))

    @staticmethod
    def _worth(price: float, catchability: float, capacity: float, growth: float) -> tuple[float, float]:
        """Return p q K and B."""
        first = price * catchability * capacity
        return first, first * catchability / growth

    @classmethod
    def payoffs(  # type: ignore[override]
        cls, a: Array, *, cost: Array, price: float, catchability: float, capacity: float, growth: float
    ) -> Array:
        """Return pi, (..., n)."""
        effort = a[..., 0]
        first, slope = cls._worth(price, catchability, capacity, growth)
        return np.asarray(effort * (first - cost - slope * effort.sum(axis=-1, keepdims=True)))

    @classmethod
    def slopes(  # type: ignore[override]
        cls, a: Array, *, cost: Array, price: float, catchability: float, capacity: float, growth: float
    ) -> Array:
        """Return J, (..., n, n, 1)."""
        effort = a[..., 0]
        first, slope = cls._worth(price, catchability, capacity, growth)
        own = first - cost - slope * effort.sum(axis=-1, keepdims=True)
        n = effort.shape[-1]
        return np.asarray(-slope * effort[..., :, None] + own[..., None, :] * np.eye(n))[..., None]

    @classmethod
    def slopes_in(  # type: ignore[override]
        cls,
        a: Array,
        player: int,
        *,
        cost: Array,
        price: float,
        catchability: float,
        capacity: float,
        growth: float,
    ) -> Array:
        """Return a column of J, (n, 1)."""
        first, slope = cls._worth(price, catchability, capacity, growth)
        column = -slope * a
        column[player] += first - cost[player] - slope * a.sum()
        return column

    @classmethod
    def slopes_along(  # type: ignore[override]
        cls,
        a: Array,
        v: Array,
        *,
        price: float,
        catchability: float,
        capacity: float,
        growth: float,
        **_: Any,
    ) -> Array:
        """Return the derivative of J along v, (..., n, n, 1)."""
        n = a.shape[-2]
        slope = cls._worth(price, catchability, capacity, growth)[1]
        d = v[..., 0]
        own = -slope * d.sum(axis=-1, keepdims=True)
        return np.asarray(-slope * d[..., :, None] + own[..., None, :] * np.eye(n))[..., None]
