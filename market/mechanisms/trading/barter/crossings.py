"""Zeros of falling functions, many at once, from their values alone: they may jump.

Regula falsi with halved weights of an end that stays (Illinois), and every third step a bisection, so that a
jump is enclosed as surely as a zero.

Source: Dowell and Jarratt (1971), "A modified regula falsi method", BIT 11.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from market.economy.correspondences import Array

MOST_STEPS = 150
CLOSE = 1e-15  # of the bracket at first, or of its ends: its width at the end


def enclose(function: Callable[[Array], Array], low: Array, high: Array) -> tuple[Array, Array, Array, Array]:
    """Return brackets of the zeros of falling functions, and the values at their ends.

    Args:
        function: maps points to values, element by element, finite.
        low: the left ends.
        high: the right ends, not below.

    Returns:
        Ends and values `(low, high, at_low, at_high)`: both ends are `low` where the function is not positive
        there, both are `high` where it is not negative there.

    Example:
        >>> low, high, *_ = enclose(lambda z: 2.0 - z**2, np.array([0.0]), np.array([2.0]))
        >>> low.round(12), high.round(12)
        (array([1.41421356]), array([1.41421356]))
    """
    low, high = low.copy(), high.copy()
    below, above = function(low), function(high)
    left, right = below <= 0, above >= 0
    high[left], above[left] = low[left], below[left]
    right &= ~left
    low[right], below[right] = high[right], above[right]
    width, one, other = high - low, below.copy(), above.copy()  # one, other: values with halved weights
    for step in range(MOST_STEPS):
        close = CLOSE * np.maximum(np.maximum(np.abs(low), np.abs(high)), width)
        active = high - low > close
        if not active.any():
            break
        middle = 0.5 * (low + high)
        if step % 3 != 2:
            with np.errstate(divide="ignore", invalid="ignore"):
                secant = low + (high - low) * one / (one - other)
            middle = np.where((secant > low) & (secant < high), secant, middle)
        value = function(middle)
        rises, falls = active & (value >= 0), active & (value <= 0)
        other = np.where(rises & ~falls, 0.5 * other, other)
        one = np.where(falls & ~rises, 0.5 * one, one)
        low, below, one = (np.where(rises, a, b) for a, b in ((middle, low), (value, below), (value, one)))
        high, above, other = (
            np.where(falls, a, b) for a, b in ((middle, high), (value, above), (value, other))
        )
    return low, high, below, above


def find(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Return the zeros, or jumps through zero, of falling functions; arguments as for `enclose`."""
    left, right, *_ = enclose(function, low, high)
    return 0.5 * (left + right)
