"""Lines along which a function of two variables changes sign, exact at their points.

The function is evaluated on a grid. `contourpy` joins the places on the grid's edges at which the sign
changes to lines, and each place is then moved to the root on its edge by bisection. So every point of a line
is a root up to `2^-HALVINGS` of an edge, or a jump through zero, as where a correspondence is horizontal.
Interpolation between values of the grid would be off wherever the function is steep or jumps.

Where the function is 0 on an area, its edges with positive and with negative values are separate lines.
"""

from __future__ import annotations

from collections.abc import Callable

import contourpy  # matplotlib brings it along
import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array

HALVINGS = 24
ZERO = 1e-9  # of the function: smaller values are 0, its rounding

Sign = Callable[[float, float], float]


def level_lines(value: Callable[[float, float], float], first: Array, second: Array) -> list[Array]:
    """Return lines, (points, 2) each, along which a function changes sign.

    Args:
        value: the function; NaN where it has no value.
        first: (m,), ascending, of the grid.
        second: (n,), ascending.
    """

    def sign(x: float, y: float) -> float:
        at = value(x, y)
        return at if np.isnan(at) else 0.0 if abs(at) <= ZERO else float(np.sign(at))

    on_grid = np.array([[sign(x, y) for x in first] for y in second])
    lines = _edges(sign, on_grid, -0.5, first, second) if _has_area(on_grid == 0) else []
    return _edges(sign, on_grid, 0.5, first, second) + lines


def _has_area(zero: NDArray[np.bool_]) -> bool:
    """Return True if the function is 0 at all corners of some cell of the grid."""
    return bool((zero[1:, 1:] & zero[1:, :-1] & zero[:-1, 1:] & zero[:-1, :-1]).any())


def _edges(sign: Sign, on_grid: Array, level: float, first: Array, second: Array) -> list[Array]:
    """Return the lines between signs above and below a level, every point exact on its edge of the grid."""

    def side(x: float, y: float) -> float:
        return 1.0 if sign(x, y) > level else -1.0

    sides = np.where(np.isnan(on_grid), np.nan, np.where(on_grid > level, 1.0, -1.0))
    found = contourpy.contour_generator(first, second, np.ma.masked_invalid(sides)).lines(0.0)
    return [np.array([_exact(side, point, first, second) for point in np.asarray(line)]) for line in found]


def _exact(sign: Sign, point: Array, first: Array, second: Array) -> Array:
    """Return the place on an edge of the grid at which the sign changes."""
    across = not np.isclose(first, point[0], rtol=1e-12, atol=0.0).any()  # the edge of which x varies
    grid = first if across else second
    end = int(np.clip(np.searchsorted(grid, point[0 if across else 1]), 1, len(grid) - 1))
    low, high = float(grid[end - 1]), float(grid[end])
    other = float(point[1 if across else 0])

    def at(moved: float) -> float:
        return sign(moved, other) if across else sign(other, moved)

    below = at(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if at(middle) == below else (low, middle)
    root = 0.5 * (low + high)
    return np.array([root, other] if across else [other, root])
