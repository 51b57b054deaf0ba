"""The primitives of a game that is stated directly: players, what each may do, and what each gets.

Symbols: players i = 1..n; a play (`plays.py`); material payoffs pi_i(play); concern c_ij, how much i's choice
weighs j's payoff, c_ii = 0; U_i = pi_i + sum_j c_ij pi_j, by which i chooses. Without concern U = pi.

A game has one of three forms: `Table` (finite actions, payoffs in an array), `Smooth` (amounts within bounds,
payoffs and slopes as functions) or `Stages` (moves in order, on a grid of amounts). What all can do is stated
here, and mechanisms and judges use no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.games.plays import Play


class Reply(NamedTuple):
    """A player's best reply to the others.

    Args:
        action: a mixture (A_i,) or numbers (d,).
        gain: what the player gains by it over what it does, in U, >= 0.
        exact: True if no other action gains more; False if it was only the best found.
    """

    action: Array
    gain: float
    exact: bool


@dataclass(frozen=True)
class StrategicGame:
    """Base of the three forms.

    Args:
        players: their names, (n,).
        groups: group name -> rows of its members; a single player is a group of one.
        comparable: True if payoffs are in one unit, such as money, so that sums make sense.
        concern: (n, n), c, with a diagonal of 0; None without.
        seed: the root of every random draw that a mechanism makes.
    """

    players: tuple[str, ...]
    groups: Mapping[str, NDArray[np.intp]]
    comparable: bool
    concern: Array | None
    seed: int

    @property
    def size(self) -> int:
        """n, the number of players."""
        return len(self.players)

    @cached_property
    def weighs(self) -> Array:
        """`1 + c`, (n, n): what a unit of the column's payoff adds to the row's U."""
        return np.eye(self.size) + (0.0 if self.concern is None else self.concern)

    def start(self) -> Play:
        """Return the play before the first round."""
        raise NotImplementedError

    def payoffs(self, play: Play) -> Array:
        """Return material payoffs, (n,); expected ones of mixtures and distributions."""
        raise NotImplementedError

    def utilities(self, play: Play) -> Array:
        """Return U, (n,): own payoffs and, weighed by concern, those of others."""
        return self.cared_for(self.payoffs(play))

    def cared_for(self, v: Array) -> Array:
        """Return own payoffs and, weighed by concern, those of others, (..., n).

        Args:
            v: (..., n), payoffs; may be -inf. U is -inf where one's own is, or that of another whom one
                wishes well, whatever else one grudges.
        """
        if self.concern is None:
            return v
        if np.isfinite(v).all():
            return np.asarray(v @ self.weighs.T)
        lost = ((self.weighs > 0) & np.isneginf(v)[..., None, :]).any(axis=-1)
        grudged = ((self.weighs < 0) & np.isneginf(v)[..., None, :]).any(axis=-1)
        u = np.where(grudged, np.inf, np.where(np.isneginf(v), 0.0, v) @ self.weighs.T)
        return np.where(lost, -np.inf, u)

    def reply(self, player: int, play: Play) -> Reply:
        """Return a best reply of a player to what the others do; the play itself where nothing gains."""
        raise NotImplementedError

    def with_action(self, play: Play, player: int, action: Array) -> Play:
        """Return the play after one player changed its action."""
        raise NotImplementedError

    def key(self, play: Play) -> bytes:
        """Return a key that is equal for plays which differ by rounding."""
        raise NotImplementedError

    @cached_property
    def scale(self) -> Array:
        """Size of payoffs, (n,), > 0, to which gains are compared; it changes with the unit of payoffs."""
        raise NotImplementedError

    def regret(self, play: Play) -> tuple[Array, bool]:
        """Return the most that each player could gain in U by deviating alone, (n,), and if that is exact."""
        replies = [self.reply(player, play) for player in range(self.size)]
        return np.array([each.gain for each in replies]), all(each.exact for each in replies)
