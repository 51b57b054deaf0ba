"""Quantities on one market: each firm's output lowers the price for all (Cournot).

    pi_i = (a - b Q) q_i - c_i q_i - (d_i / 2) q_i^2,   Q = sum q.

With equal constant costs the Nash equilibrium is q = (a - c) / ((n + 1) b). The largest sum of payoffs is
that of a cartel, Q = (a - c) / (2 b): consumers are no players here, and what is best for the firms is worst
for them. An economy with buyers counts them (`game = "trading_post"` under `economy`).

Source: Cournot (1838); Mas-Colell, Whinston and Green (1995), section 12.C.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.smooth import SmoothFamily
from market.registry import Parameter


class Cournot(SmoothFamily):
    """pi_i = (intercept - slope Q) q_i - cost_i q_i - (curvature_i / 2) q_i^2."""

    name = "cournot"
    amount = "output"
    own_concave = sum_concave = True
    game_parameters: ClassVar = {
        "intercept": Parameter("agent", "price at which nothing is bought", "payoff per unit", open_low=True),
        "slope": Parameter("agent", "fall of the price with a unit sold", "payoff per unit squared",
                           open_low=True, absent=1.0),
    }  # fmt: skip
    player_parameters: ClassVar = {
        "cost": Parameter("agent", "of a unit", "payoff per unit", absent=0.0),
        "curvature": Parameter("agent", "rise of the cost of a unit", "payoff per unit squared", absent=0.0),
        "high": Parameter("agent", "capacity", "units", open_low=True, absent=np.inf),
    }

    @staticmethod
    def limits(n: int, *, intercept: float, slope: float, high: Array, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and capacity, at most what is bought at a price of 0."""
        return np.zeros((n, 1)), np.minimum(high, intercept / slope)[:, None]

    @staticmethod
    def payoffs(  # type: ignore[override]
        a: Array, *, intercept: float, slope: float, cost: Array, curvature: Array, **_: Any
    ) -> Array:
        """Return pi, (..., n)."""
        q = a[..., 0]
        price = intercept - slope * q.sum(axis=-1, keepdims=True)
        return np.asarray((price - cost) * q - curvature / 2.0 * q**2)

    @staticmethod
    def slopes(  # type: ignore[override]
        a: Array, *, intercept: float, slope: float, cost: Array, curvature: Array, **_: Any
    ) -> Array:
        """Return J, (..., n, n, 1)."""
        q = a[..., 0]
        n = q.shape[-1]
        own = intercept - slope * q.sum(axis=-1, keepdims=True) - cost - curvature * q
        slopes, same = np.repeat(-slope * q[..., :, None], n, axis=-1), np.arange(n)
        slopes[..., same, same] += own
        return slopes[..., None]

    @staticmethod
    def slopes_in(  # type: ignore[override]
        a: Array, player: int, *, intercept: float, slope: float, cost: Array, curvature: Array, **_: Any
    ) -> Array:
        """Return a column of J, (n, 1)."""
        column = -slope * a
        column[player] += intercept - slope * a.sum() - cost[player] - curvature[player] * a[player]
        return column

    @staticmethod
    def slopes_along(a: Array, v: Array, *, slope: float, curvature: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return the derivative of J along v, (..., n, n, 1)."""
        n = a.shape[-2]
        d = v[..., 0]
        own = -slope * d.sum(axis=-1, keepdims=True) - curvature * d
        return np.asarray(-slope * d[..., :, None] + own[..., None, :] * np.eye(n))[..., None]
