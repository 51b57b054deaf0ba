"""Transmitters that share carriers: each splits its power, and the others' power is noise to it.

    R_i = sum_k log2(1 + p_i(k) / n_i(k)),   n_i(k) = (noise + sum_{j != i} g_ji(k) p_j(k)) / g_ii(k),

with `sum_k p_i(k) = power_i`. The reply to the others is *water-filling*: `p_i(k) = max(level - n_i(k), 0)`,
exact by sorting, the projection of -n_i on the powers that may be chosen. So a change of the others by dp
changes the reply by at most S |dp|, `S_ij = max_k g_ji / g_ii`: where the spectral radius of S is below 1 the
Nash equilibrium is unique, and reached in turn, at once, and with delays.

Rates are concave in one's own power and convex in the others': the sum is not concave, and its largest value
is known only from below, and from above by the rates without interference.

Source: Yu, Ginis and Cioffi (2002), "Distributed multiuser power control for digital subscriber lines";
Scutari, Palomar and Barbarossa (2008), "Asynchronous iterative water-filling".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field

from market.economy.correspondences import Array
from market.games.family import Key, Setting
from market.games.smooth import Smooth, SmoothFamily, to_simplex
from market.registry import Parameter


def _rows(value: object) -> object:
    return tuple(map(_rows, value)) if isinstance(value, list) else value


Rows = Annotated[tuple[tuple[float, ...], ...], BeforeValidator(_rows)]
Matrices = Annotated[tuple[tuple[tuple[float, ...], ...], ...], BeforeValidator(_rows)]


class WaterFilling(SmoothFamily):
    """R_i = sum over carriers of log2(1 + own power / (noise and interference))."""

    name = "water_filling"
    amount = "power, carrier 1"
    own_concave = True
    game_parameters: ClassVar = {
        "carriers": Parameter("agent", "their number", "none", low=1.0, high=1000.0, absent=2.0),
        "cross_gain": Parameter("agent", "part of another's power that is heard", "none", absent=0.0),
        "noise": Parameter("agent", "power of the noise on a carrier", "power", open_low=True, absent=0.1),
    }
    player_parameters: ClassVar = {
        "power": Parameter("agent", "total power", "power", open_low=True, absent=1.0),
    }
    file_keys: ClassVar[dict[str, Key]] = {
        "gains": (
            Matrices,
            Field((), description="a matrix a carrier: what the column hears of the row's power"),
        ),
        "noises": (Rows, Field((), description="a row for each player, a noise for each carrier")),
    }  # fmt: skip

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[tuple[tuple[str | int, ...], str]]:
        """Return a number of carriers that is not whole, and matrices of other shapes or with numbers < 0."""
        n, k = len(setting.players), setting.parameters["carriers"]
        found: list[tuple[tuple[str | int, ...], str]] = []
        if k != int(k):
            found.append((("parameters", "carriers"), f"{k:g} carriers; a whole number is needed"))
        for key, shape in (("gains", (int(k), n, n)), ("noises", (n, int(k)))):
            given = setting.keys[key]
            if not given:
                continue
            try:
                array = np.array(given, dtype=float)
            except ValueError:
                array = np.zeros(0)
            if array.shape != shape:
                found.append(((key,), f"lists of the shape {' x '.join(map(str, shape))} are needed"))
            elif not (np.isfinite(array).all() and (array >= 0).all()):
                found.append(((key,), "numbers >= 0 are needed"))
            elif key == "gains" and not (np.diagonal(array, axis1=1, axis2=2) > 0).all():
                found.append(((key,), "a transmitter must hear itself: numbers > 0 on the diagonal"))
            elif key == "noises" and not (array > 0).all():
                found.append(((key,), "noise must be > 0"))
        return found

    @classmethod
    def made(cls, setting: Setting) -> Smooth:
        """Return the game, with gains and noises as arrays."""
        n, given = len(setting.players), dict(setting.parameters)
        k, cross, noise = int(given.pop("carriers")), given.pop("cross_gain"), given.pop("noise")
        gains = np.array(setting.keys["gains"], dtype=float) if setting.keys["gains"] else None
        if gains is None:
            gains = np.broadcast_to(np.where(np.eye(n) > 0, 1.0, cross), (k, n, n))
        noises = (
            np.array(setting.keys["noises"], dtype=float)
            if setting.keys["noises"]
            else np.full((n, k), noise)
        )
        return cls.game(setting, {**given, "gains": gains, "noises": noises})

    @staticmethod
    def limits(n: int, *, power: Array, gains: Array, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and all of one's power."""
        shape = (n, len(gains))
        return np.zeros(shape), np.broadcast_to(power[:, None], shape)

    @staticmethod
    def total(n: int, *, power: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return all powers."""
        return power

    @staticmethod
    def heard(a: Array, gains: Array, noises: Array) -> tuple[Array, Array]:
        """Return own gains, (n, k), and noise with the others' power, (..., n, k)."""
        own = np.diagonal(gains, axis1=1, axis2=2).T
        everything = np.einsum("...jk,kji->...ik", a, gains)
        return own, noises + everything - own * a

    @classmethod
    def payoffs(cls, a: Array, *, gains: Array, noises: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return rates, (..., n), bits."""
        own, noise = cls.heard(a, gains, noises)
        return np.asarray(np.log2(1.0 + own * np.maximum(a, 0.0) / noise).sum(axis=-1))

    @classmethod
    def slopes(cls, a: Array, *, gains: Array, noises: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return J, (..., n, n, k)."""
        own, noise = cls.heard(a, gains, noises)
        signal = own * a
        n = a.shape[-2]
        lost = -signal / (noise * (noise + signal)) / np.log(2.0)  # of R_i for a unit heard, (..., n, k)
        heard = np.moveaxis(gains, 0, -1).swapaxes(0, 1)  # (i hears, j sends, k)
        cross = lost[..., :, None, :] * heard
        direct = (own / (noise + signal) / np.log(2.0))[..., :, None, :] * np.eye(n)[:, :, None]
        return np.asarray(np.where(np.eye(n)[:, :, None] > 0, direct, cross))

    @classmethod
    def slopes_along(cls, a: Array, v: Array, *, gains: Array, noises: Array, **_: Any) -> Array:  # type: ignore[override]
        """Return the derivative of J along v, (..., n, n, k)."""
        own, noise = cls.heard(a, gains, noises)
        signal, d_signal = own * a, own * v
        d_noise = np.einsum("...jk,kji->...ik", v, gains) - d_signal
        n = a.shape[-2]
        both, d_both = noise + signal, d_noise + d_signal
        # lost = 1/both - 1/noise
        d_lost = (-d_both / both**2 + d_noise / noise**2) / np.log(2.0)
        heard = np.moveaxis(gains, 0, -1).swapaxes(0, 1)
        cross = d_lost[..., :, None, :] * heard
        direct = (-own * d_both / both**2 / np.log(2.0))[..., :, None, :] * np.eye(n)[:, :, None]
        return np.asarray(np.where(np.eye(n)[:, :, None] > 0, direct, cross))

    @classmethod
    def reply(  # type: ignore[override]
        cls, a: Array, player: int, weighs: Array, prices: Array, *, power: Array, gains: Array, noises: Array
    ) -> Array | None:
        """Return the water-filling of a player without concern for others.

        With prices t: `p(k) = max(1 / ((mu + t(k)) ln 2) - n(k), 0)`, mu by bisection of the sum.
        """
        if np.abs(weighs[player]).sum() != 1.0:
            return None
        own, noise = cls.heard(a, gains, noises)
        quiet, total = (noise / own)[player], float(power[player])
        if not prices.any():
            return to_simplex(-quiet, total)
        low, high = -float(prices.min()), -float(prices.min()) + 1.0 / (quiet.min() * np.log(2.0))
        for _ in range(200):
            mu = (low + high) / 2.0
            filled = np.maximum(1.0 / (np.maximum(mu + prices, 1e-300) * np.log(2.0)) - quiet, 0.0)
            low, high = (mu, high) if filled.sum() > total else (low, mu)
        return np.asarray(filled * total / filled.sum())

    @classmethod
    def bound(cls, n: int, *, power: Array, gains: Array, noises: Array) -> float:  # type: ignore[override]
        """Return the sum of rates without interference, which no play exceeds."""
        own = np.diagonal(gains, axis1=1, axis2=2).T
        quiet = noises / own
        alone = np.stack([to_simplex(-quiet[i], float(power[i])) for i in range(n)])
        return float(np.log2(1.0 + alone / quiet).sum())
