"""Values of coalitions in a table: the sum of payoffs that each can secure against all others.

Symbols: N players; S a coalition, R the others; s and r joint actions of S and of R; M(s, r) the
sum of the payoffs of S; x and y lotteries over s and over r. Payoffs can be handed on (they have one
unit), so what counts of S is the sum, and what S can secure whatever the others do is the value of a game
of two parties:

    v(S) = max_x min_y x' M y = min_y max_x x' M y,    v(N) = max M,    v(empty) = 0.

By the minimax theorem securing a sum and not being held below it are one number (alpha and beta value). S
and T apart can use together what each secures alone, so v is superadditive: v(S u T) >= v(S) + v(T).

The linear program for x has the lottery y as its multipliers; both are evaluated again, and the value is
accepted only if `max_s (M y)_s - min_r (x' M)_r` is rounding.

Source: von Neumann and Morgenstern (1944), *Theory of Games and Economic Behavior*, chapter 6; Aumann and
Peleg (1960), "Von Neumann-Morgenstern solutions to cooperative games without side payments", for alpha
and beta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.table import Table

MOST_PLAYERS = 12
"""2^12 = 4,096 coalitions, each with a linear program."""

MOST_PROFILES = 20_000
"""Numbers of a linear program."""

EXACT = 1e-8
"""Part of the range of a coalition's payoffs: a larger gap between both bounds is no rounding."""


def secured(game: Table, members: Sequence[int]) -> float:
    """Return v(S), the largest sum of payoffs that a coalition secures.

    Args:
        game: the table; judged are material payoffs.
        members: rows of the players of S, at least one.

    Raises:
        NumericalError: the linear program was not solved.
    """
    from scipy.optimize import linprog  # deferred: an eighth of a second

    inside = sorted(members)
    sums = game.outcomes[..., inside].sum(axis=-1)
    if len(inside) == game.size:
        return float(sums.max())
    own = int(np.prod([game.sizes[i] for i in inside]))
    matrix = np.moveaxis(sums, inside, range(len(inside))).reshape(own, -1)
    low, size = float(matrix.min()), float(np.ptp(matrix)) or 1.0
    scaled = (matrix - low) / size
    rows, columns = scaled.shape
    answer = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.hstack([-scaled.T, np.ones((columns, 1))]),  # the value is at most (x' M)_r, for each r
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None, :],
        b_eq=[1.0],
        method="highs",
    )
    if answer.status != 0:
        raise NumericalError(f"the value of a coalition was not found: {answer.message}")
    x = np.maximum(answer.x[:-1], 0.0)
    y = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
    least, most = float((x @ scaled).min() / x.sum()), float((scaled @ y).max() / y.sum())
    if most - least > EXACT:
        raise NumericalError(f"the value of a coalition is only known to {(most - least) * size:g}")
    return low + size * least


def values_of(game: Table, progress: Callable[[int, int], None] | None = None) -> Array:
    """Return v of all coalitions, (2, ..., 2), at index 1 of the axes of its members.

    Args:
        game: the table.
        progress: called with the number of coalitions done, and of all.

    Raises:
        NumericalError: a linear program was not solved.
    """
    values = np.zeros((2,) * game.size)
    for done, place in enumerate(np.ndindex(*values.shape)):
        if progress:
            progress(done, values.size)
        if any(place):
            values[place] = secured(game, np.flatnonzero(place).tolist())
    return values
