"""Placing a facility: each reports where it lives, a rule decides, and nearer is better.

    pi_i = 1 - |place(x) - home_i|,   reports x and homes in [0, 1].

Rules: the mean of reports; their median; *uniform phantoms*, the median of the n reports and 1/n, ...,
(n-1)/n. Under the last two no report is better than the truth. Under the mean players exaggerate: the reply
is `clip(n home_i - sum of the others', 0, 1)`, and the Nash outcome is where uniform phantoms place the
facility for true reports: lying under one rule is truth under the other.

Source: Moulin (1980), "On strategy-proofness and single peakedness"; Freeman, Pennock, Peters and Wortman
Vaughan (2021), "Truthful aggregation of budget proposals", for uniform phantoms.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from market.economy.correspondences import Array
from market.games.family import Key
from market.games.smooth import SmoothFamily
from market.registry import Parameter


class Facility(SmoothFamily):
    """pi_i = 1 - |place of the facility - home_i|, by the mean, median or uniform phantoms of reports."""

    name = "facility"
    amount = "report"
    file_keys: ClassVar[dict[str, Key]] = {
        "rule": (Literal["mean", "median", "phantoms"], Field("mean", description="how reports place it"))
    }
    player_parameters: ClassVar = {"home": Parameter("agent", "where the player lives", "none", high=1.0)}

    @staticmethod
    def limits(n: int, **_: Any) -> tuple[Array, Array]:
        """Return 0 and 1."""
        return np.zeros((n, 1)), np.ones((n, 1))

    @classmethod
    def start(cls, n: int, *, home: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return true reports."""
        return home[:, None].copy()

    @staticmethod
    def place(a: Array, rule: str) -> Array:
        """Return where the facility is built, (...)."""
        x = a[..., 0]
        if rule == "mean":
            return np.asarray(x.mean(axis=-1))
        points = Facility.points(x, rule)
        middle = (points.shape[-1] - 1) // 2  # the lower of two medians
        return np.asarray(np.sort(points, axis=-1)[..., middle])

    @staticmethod
    def points(x: Array, rule: str) -> Array:
        """Return the points whose median is taken, (..., points): reports, and phantoms beside them."""
        n = x.shape[-1]
        if rule != "phantoms":
            return x
        phantoms = np.broadcast_to(np.arange(1, n) / n, (*x.shape[:-1], n - 1))
        return np.concatenate([x, phantoms], axis=-1)

    @classmethod
    def payoffs(cls, a: Array, *, rule: str, home: Array) -> Array:  # type: ignore[override]
        """Return pi, (..., n)."""
        return np.asarray(1.0 - np.abs(cls.place(a, rule)[..., None] - home))

    @classmethod
    def slopes(cls, a: Array, *, rule: str, home: Array) -> Array:  # type: ignore[override]
        """Return J, (..., n, n, 1); at kinks the mean of the slopes to both sides.

        A report at the median moves it up if it is the last one there, and down if it is the first.
        """
        x = a[..., 0]
        n = x.shape[-1]
        place = cls.place(a, rule)[..., None]
        rising = np.where(place >= home, -1.0, 1.0)  # of payoffs if the place moves up a little
        falling = np.where(place <= home, 1.0, -1.0)  # minus the change if it moves down
        if rule == "mean":
            up = down = np.full(x.shape, 1.0 / n)
        else:
            points = cls.points(x, rule)
            middle = (points.shape[-1] - 1) // 2
            up = 1.0 * ((x == place) & ((points <= place).sum(axis=-1, keepdims=True) == middle + 1))
            down = 1.0 * ((x == place) & ((points < place).sum(axis=-1, keepdims=True) == middle))
        both = rising[..., :, None] * up[..., None, :] + falling[..., :, None] * down[..., None, :]
        return np.asarray(both / 2.0)[..., None]

    @classmethod
    def slopes_along(cls, a: Array, v: Array, **_: Any) -> Array:
        """Return 0: payoffs are linear but for kinks."""
        n = a.shape[-2]
        return np.zeros((*v.shape[:-2], n, n, 1))

    @classmethod
    def reply(  # type: ignore[override]
        cls, a: Array, player: int, weighs: Array, prices: Array, *, rule: str, home: Array
    ) -> Array | None:
        """Return the exaggeration under the mean, and the truth under the others; without concern alone."""
        if np.abs(weighs[player]).sum() != 1.0 or prices.any():
            return None
        if rule != "mean":
            return home[player : player + 1].copy()
        others = a[:, 0].sum() - a[player, 0]
        return np.clip(np.array([len(home) * home[player] - others]), 0.0, 1.0)
