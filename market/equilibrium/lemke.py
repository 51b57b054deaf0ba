"""Linear complementarity problems by Lemke's method.

Symbols: `M` (n, n) and `q` (n,) given; find `z >= 0` with `w = M z + q >= 0` and `z.w = 0`. A variable `z_0`
that raises every `w_k` makes `z = 0` feasible; complementary pivots follow a path of almost complementary
bases until `z_0` leaves, which is a solution, or until no variable limits the entering one, a *ray*: then the
method found none. Ties in the ratio test are broken lexicographically, so that no basis comes back.

Source: Lemke (1965), "Bimatrix equilibrium points and mathematical programming", Management Science 11;
Cottle, Pang and Stone (1992), *The Linear Complementarity Problem*, section 4.4, for the lexicographic rule.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array

LEAST_PIVOT = 1e-11
"""Relative to the largest entry of its column: smaller pivots are the rounding of 0."""

PIVOTS_PER_VARIABLE = 20
"""Bound on the number of pivots, per variable: paths take one to three each."""

TIED_RATIOS = 1e-13  # absolute difference of ratios that are equal but for rounding, of scaled problems


def solve(matrix: Array, q: Array) -> Array | None:
    """Return `z`, (n,), that solves the problem; None if the path ends in a ray.

    Args:
        matrix: (n, n), `M`.
        q: (n,), scaled such that the entries of a solution are of the order of one.
    """
    n = len(q)
    if (q >= 0).all():
        return np.zeros(n)
    # Columns: w, z, z_0, right-hand side, in w - M z - z_0 = q.
    table = np.hstack([np.eye(n), -matrix, -np.ones((n, 1)), q[:, None]])
    basis = np.arange(n)
    row, entering = int(q.argmin()), 2 * n
    for _ in range(PIVOTS_PER_VARIABLE * n):
        leaving = int(basis[row])
        _pivot(table, row, entering)
        basis[row] = entering
        if leaving == 2 * n:
            z = np.zeros(2 * n)
            z[basis] = table[:, -1]
            return np.maximum(z[n:], 0.0)
        entering = leaving + n if leaving < n else leaving - n
        limiting = _find_limiting_row(table, basis, entering, n)
        if limiting is None:
            return None
        row = limiting
    return None


def _pivot(table: Array, row: int, column: int) -> None:
    """Make `column` the unit vector of `row`."""
    table[row] /= table[row, column]
    factors = table[:, column].copy()
    factors[row] = 0.0
    table -= np.outer(factors, table[row])
    table[:, column] = 0.0
    table[row, column] = 1.0


def _find_limiting_row(table: Array, basis: NDArray[np.intp], entering: int, n: int) -> int | None:
    """Return the row whose variable reaches 0 first as the entering one rises; None if none does.

    Among ties `z_0` leaves if it can, else the lexicographically smallest row.
    """
    column = table[:, entering]
    size = float(np.abs(column).max())
    rows = np.flatnonzero(column > LEAST_PIVOT * size)
    if not len(rows) or size == 0.0:
        return None
    ratios = np.maximum(table[rows, -1], 0.0) / column[rows]
    tied = rows[ratios <= ratios.min() + TIED_RATIOS]
    artificial = tied[basis[tied] == 2 * n]
    if len(artificial):
        return int(artificial[0])
    if len(tied) == 1:
        return int(tied[0])
    further = table[tied, :n] / column[tied, None]
    for k in np.flatnonzero(np.ptp(further, axis=0) > TIED_RATIOS):
        least = further[:, k] <= further[:, k].min() + TIED_RATIOS
        tied, further = tied[least], further[least]
    return int(tied[0])
