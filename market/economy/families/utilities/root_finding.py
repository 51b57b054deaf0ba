"""Roots of falling functions, many at once: Newton's method kept within a bracket by bisection.

A step that leaves the bracket, or is more than half of the one before the last, is replaced by bisection.
`scipy.optimize.elementwise.find_root` cannot take its place: it needs a function of single elements, while
spending is a sum over goods, and a sign change, which brackets lack whose ends are roots up to rounding.

Source: Press et al. (2007), *Numerical Recipes*, section 9.4, for the safeguard.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from market.economy.correspondences import Array

MOST_STEPS = 300


def falling_root(function: Callable[[Array], tuple[Array, Array]], low: Array, high: Array) -> Array:
    """Return the points z at which falling functions cross zero, element by element.

    Args:
        function: maps z to values, scaled to be of order one, and their slopes.
        low: points with values >= 0, up to rounding; the first points tried.
        high: points with values <= 0.

    Returns:
        z, of the shape of `low`, with an error of 4e-16 relative to max(|z|, 1), or a value within 8e-16.

    Example:
        >>> falling_root(lambda z: (2.0 - z**2, -2.0 * z), np.array([1.0]), np.array([2.0])).round(12)
        array([1.41421356])
    """
    z, done = low.copy(), np.zeros(low.shape, dtype=bool)
    before = last = high - low
    for _ in range(MOST_STEPS):
        value, slope = function(z)
        low, high = np.where(value >= 0, z, low), np.where(value <= 0, z, high)
        with np.errstate(over="ignore"):
            ahead = -np.divide(value, slope, out=np.full_like(z, np.inf), where=slope < 0)
        close = 4e-16 * np.maximum(np.abs(z), 1.0)
        done = done | (np.abs(value) <= 8e-16) | (np.abs(ahead) <= close) | (high - low <= close)
        if done.all():
            break
        inside = (z + ahead > low) & (z + ahead < high)
        shrinking = 2.0 * np.abs(ahead) <= np.abs(before)
        moved = np.where(inside & shrinking, ahead, low + (high - low) / 2.0 - z)
        before, last = last, np.where(done, 0.0, moved)
        z = z + last
    return z
