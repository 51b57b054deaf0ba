"""Demand and supply correspondences: set-valued answers to prices, as (lowest, highest) per good.

At a price equal to its constant unit cost a producer is indifferent about any output up to its capacity,
so its supply is an interval. Amounts may be infinite: the supply of a producer with constant cost and no
capacity is unbounded at a price above its cost.

Amounts of several goods may be coupled (`Coupling`): an agent that is indifferent between two goods spends a
fixed sum on both; an agent that wants goods in fixed proportions takes more or less of all.

Two properties of arrays are read from how they are stored, at no cost for a million agents:

- *single-valued*: `lowest` and `highest` are one object. To compare all amounts would take as long as a
  round of an auction. Equal bounds in two arrays count as an interval, which is slower and as right.
- *zero* (`is_broadcast_zero`): `np.broadcast_to(0.0, shape)` stores one number, repeated by strides of 0
  bytes. Where no agent can produce, supply is this array, and sums over it are skipped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Coupling(NamedTuple):
    """Coupling between the goods of a correspondence: a range of total spending, and a ray.

    Args:
        least_spent: (agents,), lower bound of p.x, money; -inf without one.
        most_spent: (agents,), upper bound of p.x; inf without one.
        direction: (agents, goods), added to `lowest` for each unit of a common level t >= 0; 0 where goods
            vary independently.
    """

    least_spent: Array
    most_spent: Array
    direction: Array


class Correspondence(NamedTuple):
    """Amounts between `lowest` and `highest`, both (agents, goods), units, with their coupling `joint`."""

    lowest: Array
    highest: Array
    joint: Coupling | None = None

    @classmethod
    def exactly(cls, amounts: Array) -> Correspondence:
        """Return a single-valued correspondence."""
        return cls(amounts, amounts)

    @property
    def single_valued(self) -> bool:
        """True if single-valued by construction: both bounds are one array."""
        return self.lowest is self.highest and self.joint is None

    @property
    def bounds(self) -> tuple[Array, Array]:
        """(lowest, highest), without coupling."""
        return self.lowest, self.highest

    def total(self) -> Correspondence:
        """Return the sum over agents, (goods,) each."""
        lowest = sum_over_agents(self.lowest)
        return Correspondence(lowest, lowest if self.single_valued else sum_over_agents(self.highest))


def uncoupled(shape: tuple[int, ...]) -> Coupling:
    """Return a coupling without constraints, for amounts of this shape, (agents, goods)."""
    return Coupling(np.full(shape[0], -np.inf), np.full(shape[0], np.inf), np.zeros(shape))


def select(first: NDArray[np.bool_], one: Correspondence, other: Correspondence) -> Correspondence:
    """Return the answers of `one` for agents where `first` is True, else those of `other`."""

    def chosen(a: Array, b: Array) -> Array:
        return np.where(first if a.ndim == 1 else first[:, None], a, b)

    lowest = chosen(one.lowest, other.lowest)
    if one.single_valued and other.single_valued:
        return Correspondence.exactly(lowest)
    highest = chosen(one.highest, other.highest)
    if one.joint is None and other.joint is None:
        return Correspondence(lowest, highest)
    free = uncoupled(lowest.shape)
    pairs = zip(one.joint or free, other.joint or free, strict=True)
    return Correspondence(lowest, highest, Coupling(*(chosen(a, b) for a, b in pairs)))


def is_broadcast_zero(amounts: Array) -> bool:
    """Return True if amounts, (agents, goods), are one stored 0; tests the strides, not the values."""
    return amounts.strides == (0, 0) and not amounts[:1, :1].any()


def sum_over_agents(amounts: Array) -> Array:
    """Return the sum of the rows, (goods,).

    Up to 64 rows are taken as one long row, which keeps a vector unit busy where goods are few: six times as
    fast as adding rows one by one, and with less rounding. The order depends on the shape alone.
    """
    agents, goods = amounts.shape
    together = max(1, min(64, 512 // max(goods, 1), agents // 16))
    if is_broadcast_zero(amounts):
        return np.zeros(goods)
    if together == 1 or not amounts.flags.c_contiguous:
        return np.asarray(amounts.sum(axis=0))
    whole = agents - agents % together
    total = amounts[:whole].reshape(-1, together * goods).sum(axis=0).reshape(together, goods).sum(axis=0)
    return np.asarray(total + amounts[whole:].sum(axis=0))


def good_by_good(operation: np.ufunc, amounts: Array, by_good: Array, out: Array | None = None) -> Array:
    """Apply an operation to amounts (agents, goods) and one number a good, (goods,).

    As many rows as make a few hundred numbers are taken as one long row: with few goods twice as fast.

    Args:
        operation: of two arguments, such as `np.multiply`.
        amounts: (agents, goods).
        by_good: (goods,).
        out: for the result; may be `amounts` itself.
    """
    agents, goods = amounts.shape
    result = np.empty_like(amounts) if out is None else out
    together = max(1, min(512 // max(goods, 1), agents))
    contiguous = amounts.flags.c_contiguous and result.flags.c_contiguous
    whole = agents - agents % together if contiguous else 0
    if whole:
        long = (-1, together * goods)
        operation(amounts[:whole].reshape(long), np.tile(by_good, together), out=result[:whole].reshape(long))
    operation(amounts[whole:], by_good, out=result[whole:])
    return result
