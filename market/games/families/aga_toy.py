"""The two-player example of altruistic gradient adjustment, whose collective payoff has several maxima.

    r_1 = sin(a_1 a_2 + a_2^2),   r_2 = cos(1 + a_1 - (1 + a_2)^2) + a_1 a_2^2,

within a window: the sum is unbounded above without one. Critical points and ends of learning rules are in the
tests.

Source: Li et al. (2024), "Aligning individual and collective objectives in multi-agent cooperation", arXiv
2402.12416, Example 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.family import Setting
from market.games.smooth import SmoothFamily
from market.registry import Parameter


class AgaToy(SmoothFamily):
    """r_1 = sin(a_1 a_2 + a_2^2), r_2 = cos(1 + a_1 - (1 + a_2)^2) + a_1 a_2^2."""

    name = "aga_toy"
    amount = "action"
    least_players = most_players = 2
    usual_players = ("first", "second")
    game_parameters: ClassVar = {
        "window": Parameter("agent", "actions are from -window to window", "none", open_low=True, absent=3.0),
        "start_first": Parameter("agent", "of the first player", "none", low=-np.inf, absent=0.15),
        "start_second": Parameter("agent", "of the second player", "none", low=-np.inf, absent=0.5),
    }

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[tuple[tuple[str | int, ...], str]]:
        """Return starts beyond the window."""
        p, window = setting.parameters, setting.parameters["window"]
        return [
            (("parameters", key), f"{p[key]:g} is beyond the window, {-window:g} to {window:g}")
            for key in ("start_first", "start_second")
            if abs(p[key]) > window
        ]

    @staticmethod
    def limits(n: int, *, window: float, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return the window."""
        return np.full((n, 1), -window), np.full((n, 1), window)

    @classmethod
    def start(cls, n: int, *, start_first: float, start_second: float, **_: Any) -> Array:  # type: ignore[override]
        """Return the two starts."""
        return np.array([[start_first], [start_second]])

    @staticmethod
    def payoffs(a: Array, **_: Any) -> Array:
        """Return r, (..., 2)."""
        x, y = a[..., 0, 0], a[..., 1, 0]
        return np.stack([np.sin(x * y + y**2), np.cos(1 + x - (1 + y) ** 2) + x * y**2], axis=-1)

    @staticmethod
    def slopes(a: Array, **_: Any) -> Array:
        """Return J, (..., 2, 2, 1)."""
        x, y = a[..., 0, 0], a[..., 1, 0]
        c, s = np.cos(x * y + y**2), np.sin(1 + x - (1 + y) ** 2)
        first = [y * c, (x + 2 * y) * c]
        second = [-s + y**2, 2 * (1 + y) * s + 2 * x * y]
        return np.stack([np.stack(first, -1), np.stack(second, -1)], axis=-2)[..., None]

    @staticmethod
    def slopes_along(a: Array, v: Array, **_: Any) -> Array:
        """Return the derivative of J along v, (..., 2, 2, 1)."""
        x, y, dx, dy = a[..., 0, 0], a[..., 1, 0], v[..., 0, 0], v[..., 1, 0]
        u, w = x * y + y**2, 1 + x - (1 + y) ** 2
        du, dw = dx * y + (x + 2 * y) * dy, dx - 2 * (1 + y) * dy
        c, su, s, cw = np.cos(u), np.sin(u), np.sin(w), np.cos(w)
        first = [dy * c - y * su * du, (dx + 2 * dy) * c - (x + 2 * y) * su * du]
        second = [
            -cw * dw + 2 * y * dy,
            2 * dy * s + 2 * (1 + y) * cw * dw + 2 * (dx * y + x * dy),
        ]
        return np.stack([np.stack(first, -1), np.stack(second, -1)], axis=-2)[..., None]
