"""Arithmetic that stays right at zero prices, absent goods and numbers beyond floats.

Shared by utilities, costs and technologies. Arrays are (agents, goods) unless a shape is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import UnboundedDemandError

Expression = Any  # a cvxpy expression; cvxpy is imported only where a programme is solved
Unit = Array | float  # amounts of each good, (goods,), or of all of them alike
Held = tuple[Expression, list[Expression]]
"""A bound as a cvxpy expression, and the constraints under which the optimiser makes it tight."""


def divide_where(wanted: NDArray[np.bool_], numerator: Array, denominator: Array) -> Array:
    """Return the quotient of wanted goods and 0 of others; a positive number over 0 is inf."""
    result = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape, wanted.shape))
    with np.errstate(divide="ignore", over="ignore"):
        np.divide(numerator, denominator, out=result, where=wanted)
    return result


def log_where(wanted: NDArray[np.bool_], numbers: Array) -> Array:
    """Return the logarithm of wanted goods and 0 of others; -inf of 0."""
    with np.errstate(divide="ignore"):
        if numbers.shape == wanted.shape and wanted.all():  # three times as fast as one by one
            return np.log(numbers)
        result = np.zeros(np.broadcast_shapes(numbers.shape, wanted.shape))
        np.log(numbers, out=result, where=wanted)
    return result


def exp(exponents: Array) -> Array:
    """Return the exponential; inf beyond floats."""
    with np.errstate(over="ignore"):
        return np.exp(exponents)


def at_most_one(wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of agents that want no more than one good."""
    return np.asarray(wanted.sum(axis=1) <= 1)


def refuse_free_goods(p: Array, wanted: NDArray[np.bool_]) -> None:
    """Raise `UnboundedDemandError` if a wanted good has price zero."""
    free = p <= 0
    if free.any() and wanted[:, free].any():
        raise UnboundedDemandError(np.flatnonzero(free & wanted.any(axis=0)).tolist())


def sum_by_agent(terms: Expression, rows: NDArray[np.intp], agents: int) -> Expression:
    """Return the sums, (agents,), of a vector of cvxpy terms, each belonging to the agent in `rows`."""
    entries = np.arange(len(rows))
    return scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, entries)), shape=(agents, len(rows))) @ terms
