"""Firms that create value together and compete for it.

    pi_i = e_i - a_i + f(a_i) + share_i synergy g(a),   g = (prod_j a_j)^(1/n),

with `f = scale log(1 + a)` or `f = a^exponent`. Actions are investments of 0.01 to 100. How much a firm
depends on another is its `concern`: with a dependence of 1 for all the Nash equilibrium is the planner's
optimum. f and the geometric mean are concave, so that payoffs are concave in all actions together. With equal
firms the largest sum is at `scale / (1 - synergy / n) - 1`, or `(exponent / (1 - synergy / n))^(1 / (1 -
exponent))`, if shares sum to 1.

Source: Pant and Yu (2025), arXiv 2510.18802, for the payoffs; derivation of the optima is our own.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from market.economy.correspondences import Array
from market.games.family import Key
from market.games.smooth import SmoothFamily
from market.registry import Parameter

LEAST, MOST = 0.01, 100.0


class Coopetition(SmoothFamily):
    """pi_i = endowment_i - a_i + f(a_i) + share_i synergy (prod a)^(1/n)."""

    name = "coopetition"
    amount = "investment"
    own_concave = concave = sum_concave = True
    least_players = 2
    file_keys: ClassVar[dict[str, Key]] = {
        "own_value": (Literal["log", "power"], Field("log", description="the form of f"))
    }
    game_parameters: ClassVar = {
        "synergy": Parameter("agent", "worth of the geometric mean of actions", "payoff", absent=0.65),
        "scale": Parameter("agent", 'of own value, under own_value = "log"', "payoff", open_low=True,
        absent=20.0), "exponent": Parameter("agent", 'of own value, under own_value = "power"', "none",
        open_low=True, high=1.0,
                              open_high=True, absent=0.75),
    }  # fmt: skip
    player_parameters: ClassVar = {
        "endowment": Parameter("agent", "payoff before any action", "payoff", absent=100.0),
        "share": Parameter("agent", "part of the joint value", "none"),
    }

    @staticmethod
    def limits(n: int, **_: Any) -> tuple[Array, Array]:
        """Return 0.01 and 100."""
        return np.full((n, 1), LEAST), np.full((n, 1), MOST)

    @staticmethod
    def payoffs(  # type: ignore[override]
        a: Array,
        *,
        own_value: str,
        synergy: float,
        scale: float,
        exponent: float,
        endowment: Array,
        share: Array,
    ) -> Array:
        """Return pi, (..., n)."""
        x = a[..., 0]
        own = scale * np.log1p(x) if own_value == "log" else x**exponent
        joint = np.exp(np.log(x).mean(axis=-1, keepdims=True))
        return np.asarray(endowment - x + own + share * synergy * joint)

    @staticmethod
    def slopes(  # type: ignore[override]
        a: Array, *, own_value: str, synergy: float, scale: float, exponent: float, share: Array, **_: Any
    ) -> Array:
        """Return J, (..., n, n, 1)."""
        x = a[..., 0]
        n = x.shape[-1]
        own = -1.0 + (scale / (1.0 + x) if own_value == "log" else exponent * x ** (exponent - 1.0))
        joint = np.exp(np.log(x).mean(axis=-1, keepdims=True))
        cross = synergy * share[:, None] * (joint / (n * x))[..., None, :]
        return np.asarray(cross + own[..., None, :] * np.eye(n))[..., None]

    @staticmethod
    def slopes_in(  # type: ignore[override]
        a: Array,
        player: int,
        *,
        own_value: str,
        synergy: float,
        scale: float,
        exponent: float,
        share: Array,
        **_: Any,
    ) -> Array:
        """Return a column of J, (n, 1)."""
        x = a[player]
        joint = np.exp(np.log(a).mean())
        column = synergy * share[:, None] * (joint / (len(a) * x))
        column[player] -= 1.0
        column[player] += scale / (1.0 + x) if own_value == "log" else exponent * x ** (exponent - 1.0)
        return np.asarray(column)

    @staticmethod
    def slopes_along(  # type: ignore[override]
        a: Array,
        v: Array,
        *,
        own_value: str,
        synergy: float,
        scale: float,
        exponent: float,
        share: Array,
        **_: Any,
    ) -> Array:
        """Return the derivative of J along v, (..., n, n, 1)."""
        x, d = a[..., 0], v[..., 0]
        n = x.shape[-1]
        bend = (
            -scale / (1.0 + x) ** 2
            if own_value == "log"
            else exponent * (exponent - 1.0) * x ** (exponent - 2.0)
        )
        joint = np.exp(np.log(x).mean(axis=-1, keepdims=True))
        growth = joint * (d / x).mean(axis=-1, keepdims=True)
        cross = synergy * share[:, None] * (growth / (n * x) - joint * d / (n * x**2))[..., None, :]
        return np.asarray(cross + (bend * d)[..., None, :] * np.eye(n))[..., None]
