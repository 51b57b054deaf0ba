"""Tables from and to arrays of payoffs, in the orders of axes that packages have.

n players with A_i actions have n payoffs in each profile. Packages differ in where the player stands:

- "last": (A_1, ..., A_n, n), a list of payoffs in each profile; this package, QuantEcon;
- "first": (n, A_1, ..., A_n), or a list of n arrays, one for each player; Nashpy's pair of matrices, Gambit's
  `to_arrays`, OpenSpiel's matrix and tensor games.

The other axes always follow the order of the players. The shape of an array does not tell the two apart (in
a game of two players with two actions both are 2 x 2 x 2), so that the order is named, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from market.errors import InputError
from market.games.table import Table, table

Axis = Literal["first", "last"]


def from_payoffs(
    payoffs: Any,
    players: Sequence[str] | None = None,
    actions: Sequence[Sequence[str]] | None = None,
    *,
    player_axis: Axis = "last",
    comparable: bool = False,
) -> Table:
    """Return the table of an array of payoffs.

    Args:
        payoffs: (A_1, ..., A_n, n), or (n, A_1, ..., A_n) with `player_axis="first"`.
        players: their names; player1, player2, ... by default.
        actions: the names of each player's actions; 1, 2, ... by default.
        player_axis: where the axis of the players stands, "first" or "last".
        comparable: True if payoffs are in one unit, so that sums make sense.

    Raises:
        InputError: the array has another shape, a number that is not finite, or too many profiles.

    Example:
        >>> a, b = [[3, 0], [5, 1]], [[3, 5], [0, 1]]  # a pair of matrices
        >>> game = from_payoffs([a, b], player_axis="first")
        >>> game.to_payoffs()[0, 1]
        array([0., 5.])
    """
    if player_axis not in ("first", "last"):
        raise InputError(f"player_axis = {player_axis!r:.40}; it is 'first' or 'last'")
    try:
        given = np.array(payoffs, dtype=float)
    except (TypeError, ValueError):
        raise InputError("payoffs are not an array of numbers, one for each player and profile") from None
    if player_axis == "first" and given.ndim:
        given = np.moveaxis(given, 0, -1)
    return table(given, players, actions, comparable=comparable)
