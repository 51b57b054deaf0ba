"""Correlated and coarse correlated equilibria of a table: linear programs over distributions on profiles.

Symbols: P (A_1, ..., A_n) a probability for each profile; U choices. A mediator draws a profile from P and
advises each player its action, in private. P is a *correlated equilibrium* if no player gains by another
action than advised (Aumann 1974), for all i, a, a':

    sum_{s_-i} P(a, s_-i) (U_i(a', s_-i) - U_i(a, s_-i)) <= 0,

and a *coarse* one if none gains by one action in the place of all advice (Moulin and Vial 1978):

    sum_s P(s) (U_i(a', s_-i) - U_i(s)) <= 0.

Every Nash equilibrium is both, so the least and the largest value of a figure over coarse equilibria bound it
over all Nash equilibria, found or not. Both sets are polytopes, and never empty (Hart and Schmeidler 1989).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.table import Table, spread_of

MOST_VARIABLES = 200_000
"""Profiles: a linear program over more of them takes minutes."""

SAME = 1e-8
"""Part of the ranges of payoffs: points that are nearer are one, and what is no farther out is on a side."""

Kind = Literal["correlated", "coarse"]

_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def obedience(game: Table, kind: Kind) -> scipy.sparse.csr_matrix:
    """Return the conditions on P, a row each: `rows @ P <= 0`.

    Args:
        game: the table.
        kind: a row for each pair of actions of a player, or for each action.
    """
    places = np.arange(game.outcomes[..., 0].size).reshape(game.sizes)
    rows = []
    for player, size in enumerate(game.sizes):
        values = np.moveaxis(game.choices[..., player], player, 0).reshape(size, -1) / game.scale[player]
        where = np.moveaxis(places, player, 0).reshape(size, -1)
        for other in range(size):
            gains = values[other] - values  # (advised, the others' profiles)
            if kind == "coarse":
                rows.append(_row(gains.ravel(), where.ravel(), places.size))
                continue
            rows += [
                _row(gains[advised], where[advised], places.size)
                for advised in range(size)
                if advised != other
            ]
    empty = scipy.sparse.csr_matrix((0, places.size))  # players with one action each have no conditions
    return scipy.sparse.vstack([empty, *rows]).tocsr()


def _row(values: Array, where: NDArray[np.intp], size: int) -> scipy.sparse.csr_matrix:
    return scipy.sparse.csr_matrix((values, (np.zeros(len(where), dtype=int), where)), shape=(1, size))


class Extreme(NamedTuple):
    """The equilibrium with the largest expectation of a figure, and the proof that none has a larger one.

    For any multipliers y >= 0 of the conditions `rows @ P <= 0`, every equilibrium has an expectation of at
    most `max over profiles of (figure - rows' y)`: weak duality. At these multipliers that is the largest.

    Args:
        probabilities: (A_1, ..., A_n), P.
        multipliers: (conditions,), y.
    """

    probabilities: Array
    multipliers: Array


def extreme(game: Table, figure: Array, kind: Kind, rows: scipy.sparse.csr_matrix | None = None) -> Extreme:
    """Return the equilibrium with the largest expectation of a figure.

    Args:
        game: the table.
        figure: (A_1, ..., A_n), a number for each profile, to be maximised.
        kind: of equilibrium.
        rows: its conditions, if they are known already.

    Raises:
        NumericalError: there are too many profiles, or the linear program was not solved.
    """
    from scipy.optimize import linprog  # deferred: an eighth of a second

    count = figure.size
    if count > MOST_VARIABLES:
        raise NumericalError(f"a linear program over {count:,} profiles is too large to be solved")
    known = obedience(game, kind) if rows is None else rows
    size = float(np.ptp(figure)) or 1.0
    answer = linprog(
        (figure.max() - figure.ravel()) / size,  # a distribution sums to 1: what is added changes nothing
        A_ub=known,
        b_ub=np.zeros(known.shape[0]),
        A_eq=np.ones((1, count)),
        b_eq=[1.0],
        method="highs",
        options=_OPTIONS,
    )
    if answer.status != 0:
        raise NumericalError(f"the linear program over distributions was not solved: {answer.message}")
    p = np.maximum(answer.x, 0.0)
    multipliers = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0) * size
    return Extreme((p / p.sum()).reshape(game.sizes), multipliers)


def extreme_least(game: Table, kind: Kind) -> Array:
    """Return the equilibrium in which the least expected payoff is largest, (A_1, ..., A_n).

    Args:
        game: the table.
        kind: of equilibrium.

    Raises:
        NumericalError: there are too many profiles, or the linear program was not solved.
    """
    from scipy.optimize import linprog

    count = game.outcomes[..., 0].size
    if count > MOST_VARIABLES:
        raise NumericalError(f"a linear program over {count:,} profiles is too large to be solved")
    rows = obedience(game, kind)
    points = game.outcomes.reshape(count, -1)
    points = (points - points.min()) / (float(np.ptp(points)) or 1.0)
    least = scipy.sparse.hstack([scipy.sparse.csr_matrix(-points.T), np.ones((points.shape[1], 1))])
    held = scipy.sparse.hstack([rows, scipy.sparse.csr_matrix((rows.shape[0], 1))])
    answer = linprog(
        np.concatenate([np.zeros(count), [-1.0]]),
        A_ub=scipy.sparse.vstack([held, least]).tocsr(),
        b_ub=np.zeros(rows.shape[0] + points.shape[1]),
        A_eq=np.concatenate([np.ones(count), [0.0]])[None, :],
        b_eq=[1.0],
        bounds=[(0.0, None)] * count + [(None, None)],
        method="highs",
        options=_OPTIONS,
    )
    if answer.status != 0:
        raise NumericalError(f"the linear program over distributions was not solved: {answer.message}")
    p = np.maximum(answer.x[:-1], 0.0)
    return (p / p.sum()).reshape(game.sizes)


def payoff_polygon(game: Table, kind: Kind) -> Array:
    """Return the corners of the payoffs of all equilibria of two players, (corners, 2), anticlockwise.

    Payoffs are linear in P, so that they are a polygon. Its farthest point in a direction is the answer of a
    linear program. Beyond each side between two corners that are known a program in the direction across
    it finds either a corner that is farther out, or that the side belongs to the polygon; there are about
    twice as many programs as corners. A segment has two corners, a point one.

    Args:
        game: a table of two players.
        kind: of equilibrium.

    Raises:
        NumericalError: there are too many profiles, or a linear program was not solved.
    """
    rows, spread = obedience(game, kind), spread_of(game.outcomes.reshape(-1, 2))
    points = game.outcomes / spread

    def farthest(direction: Array) -> Array:
        p = extreme(game, points @ direction, kind, rows).probabilities
        return np.tensordot(p, points, axes=2)

    def between(first: Array, last: Array) -> list[Array]:
        """Return the corners from one to another, without the first, to the right of the way."""
        way = last - first
        length = float(np.hypot(*way))
        if length <= SAME:
            return []
        across = np.array([way[1], -way[0]]) / length
        found = farthest(across)
        if across @ (found - first) <= SAME:
            return [last]
        return between(first, found) + between(found, last)

    ends = [farthest(np.array(way)) for way in ((-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0))]
    around = [
        point
        for first, last in zip(ends, [*ends[1:], ends[0]], strict=True)
        for point in between(first, last)
    ]
    return _corners(around or ends[:1]) * spread


def _corners(around: list[Array]) -> Array:
    """Return points around a convex polygon without those that are on a side, (corners, 2)."""
    kept = list(around)
    for point in around:
        place = next(i for i, each in enumerate(kept) if each is point)
        to, on = point - kept[place - 1], kept[(place + 1) % len(kept)] - point
        turn = to[0] * on[1] - to[1] * on[0]
        if len(kept) > 2 and to @ on > 0 and abs(turn) <= SAME * float(np.hypot(*to) + np.hypot(*on)):
            del kept[place]
    return np.array(kept)
