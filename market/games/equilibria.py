"""Nash equilibria of a table: pure ones by enumeration, of two players all by their supports.

Symbols: A, B (m, k) payoffs of two players; I, J supports; x, y mixtures. In an equilibrium with supports
I, J all actions of I are best replies to y, and of J to x:

    A_IJ y_J = v 1,  sum y_J = 1,    B_IJ' x_I = w 1,  sum x_I = 1,  x, y >= 0.

In a *nondegenerate* game no mixture with k actions has more than k best replies. Then I and J have equal
sizes and the systems have one solution each, so that the search through all pairs finds every equilibrium. It
is certified on the way: where some system has many solutions, or a mixture has more best replies than
actions, equilibria may be missing, and "at least" these were found.

With three or more players only pure equilibria are searched, all of them.

Source: Osborne and Rubinstein (1994), section 3.2; von Stengel (2002), "Computing equilibria for two-person
games", Handbook of Game Theory 3, for nondegenerate games.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.games.plays import Mixtures, pure
from market.games.table import Table

MOST_SUPPORTS = 200_000
"""Pairs of supports of two players: twice ten actions have 184,755."""

AT_A_TIME = 20_000
"""Linear systems solved together."""

ROUNDING = 1e-9
"""Part of the range of payoffs up to which two are equal, and of 1 up to which a probability is 0."""


@dataclass(frozen=True)
class Found:
    """Nash equilibria of a table.

    Args:
        equilibria: mixtures, pure ones first.
        complete: True if these are all.
        scope: what was searched, for instance "all pairs of supports".
    """

    equilibria: tuple[Mixtures, ...]
    complete: bool
    scope: str


def pure_equilibria(game: Table) -> list[tuple[int, ...]]:
    """Return all profiles in which no player gains by another action, in the order of the array."""
    stable = np.ones(game.sizes, dtype=bool)
    for player in range(game.size):
        values = game.choices[..., player]
        best = values.max(axis=player, keepdims=True)
        stable &= values >= best - ROUNDING * game.scale[player]
    return [tuple(int(a) for a in place) for place in np.argwhere(stable)]


def find(game: Table) -> Found:
    """Return the Nash equilibria of a table that a search finds, and whether these are all."""
    profiles = pure_equilibria(game)
    certain = tuple(pure(profile, game.sizes) for profile in profiles)
    if game.size == 1:
        return Found(certain, len(certain) == 1, "all actions")
    if game.size != 2:
        return Found(certain, False, "pure profiles")
    pairs = sum(
        math.comb(game.sizes[0], k) * math.comb(game.sizes[1], k) for k in range(2, min(game.sizes) + 1)
    )
    if pairs > MOST_SUPPORTS:
        return Found(certain, False, f"pure profiles; {pairs:,} pairs of supports are too many")
    a, b = (game.choices[..., player] / game.scale[player] for player in (0, 1))
    mixed, unique = [], _isolated(a, b)
    for size in range(2, min(game.sizes) + 1):
        for x, y, alone in _of_size(a, b, size):
            unique &= alone
            if x is not None and y is not None:
                mixed.append(Mixtures((x, y)))
    return Found((*certain, *mixed), unique, "all pairs of supports")


def _isolated(a: Array, b: Array) -> bool:
    """Return True if each pure action has one best reply, as in a nondegenerate game."""
    one = [(values >= values.max(axis=0) - ROUNDING).sum(axis=0).max() == 1 for values in (a, b.T)]
    return bool(all(one))


def _of_size(a: Array, b: Array, size: int) -> Iterator[tuple[Array | None, Array | None, bool]]:
    """Yield equilibria with supports of a size, and for each batch whether it shows no degeneracy."""
    rows, columns = (np.array(list(itertools.combinations(range(many), size))) for many in a.shape)
    pairs = np.stack(np.meshgrid(np.arange(len(rows)), np.arange(len(columns)), indexing="ij"), -1).reshape(
        -1, 2
    )
    for start in range(0, len(pairs), AT_A_TIME):
        some = pairs[start : start + AT_A_TIME]
        i, j = rows[some[:, 0]], columns[some[:, 1]]
        y, fits_y, alone_y = _indifferent(a, i, j)
        x, fits_x, alone_x = _indifferent(b.T, j, i)
        yield None, None, alone_x and alone_y
        for place in np.flatnonzero(fits_x & fits_y):
            yield x[place], y[place], True


def _indifferent(
    values: Array, own: NDArray[np.intp], others: NDArray[np.intp]
) -> tuple[Array, NDArray[np.bool_], bool]:
    """Return mixtures over `others` at which all of `own` are best replies.

    Args:
        values: (m, k), payoffs of the player that is made indifferent.
        own: (pairs, size), its support.
        others: (pairs, size), the other's support.

    Returns:
        (pairs, k), mixtures; (pairs,), a mask of those that exist with all of `others` in use; True if no
        system has many solutions and no mixture has more best replies than actions.
    """
    count, size = own.shape
    matrix = np.zeros((count, size + 1, size + 1))
    matrix[:, :size, :size] = values[own[:, :, None], others[:, None, :]]
    matrix[:, :size, size] = -1.0
    matrix[:, size, :size] = 1.0
    right = np.zeros((count, size + 1))
    right[:, size] = 1.0
    sharp = np.abs(np.linalg.det(matrix)) > ROUNDING**1.25
    answer = np.full((count, size + 1), -1.0)
    answer[sharp] = np.linalg.solve(matrix[sharp], right[sharp][..., None])[..., 0]
    loose = np.flatnonzero(~sharp)
    consistent = False
    for place in loose:
        found, *_ = np.linalg.lstsq(matrix[place], right[place], rcond=None)
        consistent |= bool(np.abs(matrix[place] @ found - right[place]).max() <= ROUNDING)
    mixture = np.zeros((count, values.shape[1]))
    np.put_along_axis(mixture, others, answer[:, :size], axis=1)
    possible = (answer[:, :size] > ROUNDING).all(axis=1)
    worth = mixture @ values.T
    best = worth.max(axis=1, keepdims=True)
    fits = possible & (answer[:, size] >= best[:, 0] - ROUNDING)
    replies = (worth >= best - ROUNDING).sum(axis=1)
    return np.maximum(mixture, 0.0), fits, not consistent and not bool((replies[fits] > size).any())
