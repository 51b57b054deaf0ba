"""Zeros of falling functions, many at once, from their values alone: they may jump.

Chandrupatla's method: inverse quadratic interpolation where three points say that it is safe, else
bisection. A jump is enclosed as surely as a zero.

Source: Chandrupatla (1997), "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear
function without using derivatives", *Advances in Engineering Software* 28.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from market.economy.correspondences import Array

MOST_STEPS = 150
CLOSE = 2e-16  # of the larger end: half the width of a bracket that is not divided any more
NOUGHT = 2e-15  # a value of a function, of order one, that is 0
SMALLEST = 1e-300


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
    at_low, at_high = function(low), function(high)
    one, at_one, other, at_other = low, at_low, high, at_high
    done = (at_low <= 0) | (at_high >= 0)
    one, at_one = np.where(at_low <= 0, low, high), np.where(at_low <= 0, at_low, at_high)
    other, at_other = np.where(done, one, low), np.where(done, at_one, at_low)
    share = np.full(low.shape, 0.5)
    for _ in range(MOST_STEPS):
        middle = one + share * (other - one)
        value = function(middle)
        zero = np.abs(value) <= NOUGHT
        beyond = (value > 0) == (at_one > 0)
        third, at_third = np.where(beyond, one, other), np.where(beyond, at_one, at_other)
        new, at_new = np.where(beyond, other, one), np.where(beyond, at_other, at_one)
        other = np.where(done, other, np.where(zero, middle, new))
        at_other = np.where(done, at_other, np.where(zero, value, at_new))
        one, at_one = np.where(done, one, middle), np.where(done, at_one, value)
        width = np.abs(other - one)
        close = CLOSE * np.maximum(np.abs(one), np.abs(other)) + SMALLEST
        done |= zero | (width <= 2.0 * close)
        if done.all():
            break
        with np.errstate(all="ignore"):
            xi, phi = (one - other) / (third - other), (at_one - at_other) / (at_third - at_other)
            quadratic = at_one / (at_other - at_one) * at_third / (at_other - at_third) + (third - one) / (
                other - one
            ) * at_one / (at_third - at_one) * at_other / (at_third - at_other)
            safe = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi) & np.isfinite(quadratic)
            least = np.where(width > 0, np.minimum(close / width, 0.5), 0.5)
        share = np.clip(np.where(safe, quadratic, 0.5), least, 1.0 - least)
    swapped = one > other
    return (
        np.where(swapped, other, one),
        np.where(swapped, one, other),
        np.where(swapped, at_other, at_one),
        np.where(swapped, at_one, at_other),
    )


def find(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Return the zeros, or jumps through zero, of falling functions; arguments as for `enclose`."""
    left, right, *_ = enclose(function, low, high)
    return 0.5 * (left + right)
