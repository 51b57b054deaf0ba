"""A round of the rule walras among agents of log kinds, in passes over arrays of one good each.

Symbols: i, j the two of a pair; 1, 2 the goods traded; `w = a_1 / (a_1 + a_2)`. At price p of good 1 in
units of good 2 agent i buys up to `w_i (x_i1 + x_i2 / p)`, so the market of two clears at

    p = (w_i x_i2 + w_j x_j2) / ((1 - w_i) x_i1 + (1 - w_j) x_j1).

Agents that hold and want all goods always trade inside their boxes, and at p both have MRS = p. Goods are
conserved pair by pair: the other gets what both had less what the first has.

A permutation of a million agents leaves the cache, and so do the gathers that follow. Above `FEW` agents the
population is therefore dealt once at random into blocks that fit a cache. In a round blocks are paired at
random, one of the two is permuted, and its members meet those of the other in their order; one permutation
serves all blocks of a size. Each agent so meets a random agent of a random other block; of two blocks that
differ by one agent, one of the larger sits out.

Source: the price is that of Edgeworth's two traders with Cobb-Douglas utilities, Mas-Colell, Whinston and
Green (1995), example 15.B.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.mechanisms.trading.barter.pairs import MOVES

BLOCK = 8_192  # agents: three arrays of them and a permutation fit a core's cache
LEAST_BLOCKS = 16  # so that few agents share a block, in which they cannot meet
FEW = 4_096  # agents: up to here all are matched at once

Rows = NDArray[np.intp]


class Swaps(NamedTuple):
    """Trades of a round: the first agent of each pair buys `amount` of g (sells if negative) at p units of h.

    Args:
        first: (trades,), rows.
        other: (trades,), rows.
        g: (trades,), columns.
        h: (trades,), columns.
        amount: (trades,), units of g.
        price: (trades,), units of h for a unit of g.
    """

    first: Rows
    other: Rows
    g: Rows
    h: Rows
    amount: Array
    price: Array


class Sums(NamedTuple):
    """Sums over the trades of a round, of ln p: how many, sum, sum of squares, least and largest."""

    number: int
    total: float
    squares: float
    least: float
    largest: float

    @classmethod
    def of(cls, log_price: Array) -> Sums:
        """Return the sums of these prices."""
        if not len(log_price):
            return cls(0, 0.0, 0.0, np.inf, -np.inf)
        total, squares = float(log_price.sum()), float(log_price @ log_price)
        return cls(len(log_price), total, squares, float(log_price.min()), float(log_price.max()))

    def plus(self, other: Sums) -> Sums:
        """Return the sums over both sets of trades."""
        return Sums(
            self.number + other.number,
            self.total + other.total,
            self.squares + other.squares,
            min(self.least, other.least),
            max(self.largest, other.largest),
        )


def two_good_round(rng: np.random.Generator, x: Array, share: Array) -> tuple[Array, Sums]:
    """Return holdings after a round in which blocks of agents meet, and sums of ln p.

    Args:
        rng: the round's.
        x: (2, agents), holdings, all > 0, agents in the order in which they were dealt.
        share: (agents,), w, strictly between 0 and 1.
    """
    agents = x.shape[1]
    blocks = max(2 * round(agents / (2 * BLOCK)), LEAST_BLOCKS)
    bounds = np.linspace(0, agents, blocks + 1).astype(int)
    after = np.empty_like(x)
    sums = Sums.of(np.zeros(0))
    orders = {int(size): rng.permutation(size) for size in np.unique(np.diff(bounds))}
    for pair in rng.permutation(blocks).reshape(-1, 2):
        smaller, larger = sorted((slice(bounds[k], bounds[k + 1]) for k in pair), key=_size)
        order, met = orders[_size(larger)], _size(smaller)
        idle, order = larger.start + order[met:], order[:met]
        after[:, idle] = x[:, idle]
        x1, x2, w = x[0, larger][order], x[1, larger][order], share[larger][order]
        y1, y2, v = x[0, smaller], x[1, smaller], share[smaller]
        p = _price(x1, x2, w, y1, y2, v)
        held1, held2 = w * (x1 + x2 / p), (1.0 - w) * (p * x1 + x2)
        after[0, larger][order], after[1, larger][order] = held1, held2
        np.subtract(x1 + y1, held1, out=after[0, smaller])
        np.subtract(x2 + y2, held2, out=after[1, smaller])
        sums = sums.plus(Sums.of(np.log(p)))
    return after, sums


def _size(part: slice) -> int:
    return int(part.stop - part.start)


def pairs_round(x: Array, weights: Array, first: Rows, other: Rows, g: Rows, h: Rows) -> tuple[Array, Swaps]:
    """Return holdings after pairs have met, and their trades.

    Args:
        x: (goods, agents), holdings, all > 0.
        weights: (goods, agents), all > 0.
        first: (pairs,), rows.
        other: (pairs,), rows.
        g: (pairs,), goods traded.
        h: (pairs,), goods that they are traded against.
    """
    agents = x.shape[1]
    flat, a = x.ravel(), weights.ravel()
    i1, i2, j1, j2 = g * agents + first, h * agents + first, g * agents + other, h * agents + other
    x1, x2, y1, y2 = flat[i1], flat[i2], flat[j1], flat[j2]
    w, v = a[i1] / (a[i1] + a[i2]), a[j1] / (a[j1] + a[j2])
    p = _price(x1, x2, w, y1, y2, v)
    held1, held2 = w * (x1 + x2 / p), (1.0 - w) * (p * x1 + x2)
    after = x.copy()
    new = after.ravel()
    new[i1], new[i2] = held1, held2
    new[j1], new[j2] = (x1 + y1) - held1, (x2 + y2) - held2
    amount = held1 - x1
    some = np.abs(amount) > MOVES * (x1 + y1)
    return after, Swaps(*(part[some] for part in (first, other, g, h, amount, p)))


def _price(x1: Array, x2: Array, w: Array, y1: Array, y2: Array, v: Array) -> Array:
    """Return p, (pairs,)."""
    return np.asarray((w * x2 + v * y2) / ((1.0 - w) * x1 + (1.0 - v) * y1))


def largest_gap(x: Array, weights: Array, swaps: Swaps) -> float:
    """Return the largest difference of ln MRS of two that met, before they traded."""
    rates = [
        np.log(weights[swaps.g, rows] * x[swaps.h, rows] / (weights[swaps.h, rows] * x[swaps.g, rows]))
        for rows in (swaps.first, swaps.other)
    ]
    return float(np.abs(rates[0] - rates[1]).max(initial=0.0))


def swaps_of(gets: Array, first: Rows, other: Rows) -> Iterator[Swaps]:
    """Yield the trades that explain what first agents get, (pairs, goods): each good got for each given.

    A good that is got is paid for in each good that is given, in proportion to both; without goods given it
    is a gift, which has no price and is left out.
    """
    goods = gets.shape[1]
    got, given = np.maximum(gets, 0.0), np.maximum(-gets, 0.0)
    kinds = (given > 0).sum(axis=1)
    for g in range(goods):
        for h in range(goods):
            rows = np.flatnonzero((got[:, g] > 0) & (given[:, h] > 0))
            if g == h or not len(rows):
                continue
            amount = got[rows, g] / kinds[rows]
            paid = given[rows, h] / (got[rows] > 0).sum(axis=1)
            low, high = min(g, h), max(g, h)
            columns = (np.full(len(rows), low), np.full(len(rows), high))
            if g < h:
                yield Swaps(first[rows], other[rows], *columns, amount, paid / amount)
            else:
                yield Swaps(first[rows], other[rows], *columns, -paid, amount / paid)
