"""How gains move with log prices: a matrix of which most entries are zero, with the few products it needs.

Kept as plain arrays: for a handful of agents a general sparse matrix takes longer to make than to use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array


@dataclass(frozen=True)
class Slopes:
    """A matrix (alternatives, goods) by its entries.

    Args:
        row: (entries,), which alternative.
        good: (entries,), which good.
        value: (entries,).
        shape: (alternatives, goods).
    """

    row: NDArray[np.intp]
    good: NDArray[np.intp]
    value: Array
    shape: tuple[int, int]

    @classmethod
    def of(cls, dense: Array) -> Slopes:
        """From a matrix (alternatives, goods)."""
        row, good = np.nonzero(dense)
        return cls(row, good, dense[row, good], dense.shape)

    @classmethod
    def stacked(cls, parts: list[Slopes]) -> Slopes:
        """One above the other."""
        above = np.cumsum([0, *(part.shape[0] for part in parts)])
        return cls(
            np.concatenate([part.row + start for part, start in zip(parts, above[:-1], strict=True)]),
            np.concatenate([part.good for part in parts]),
            np.concatenate([part.value for part in parts]),
            (int(above[-1]), parts[0].shape[1]),
        )

    def along(self, move: Array) -> Array:
        """What a move of log prices, (goods,), does to each alternative."""
        return np.asarray(
            np.bincount(self.row, self.value * move[self.good], minlength=self.shape[0]), dtype=float
        )

    def total(self, money: Array) -> Array:
        """The sum over alternatives, weighted by money, (goods,)."""
        return np.asarray(
            np.bincount(self.good, self.value * money[self.row], minlength=self.shape[1]), dtype=float
        )

    def reach(self, move: Array) -> Array:
        """How far each alternative can be moved at most by moves up to these, (goods,), of either sign."""
        return np.asarray(
            np.bincount(self.row, np.abs(self.value) * move[self.good], minlength=self.shape[0]), dtype=float
        )

    def largest(self) -> Array:
        """The largest size of an entry for each good, (goods,)."""
        most = np.zeros(self.shape[1])
        np.maximum.at(most, self.good, np.abs(self.value))
        return most

    def chosen(self, rows: NDArray[np.intp]) -> Slopes:
        """Some of the rows, in ascending order."""
        place = np.full(self.shape[0], -1)
        place[rows] = np.arange(len(rows))
        kept = place[self.row] >= 0
        return Slopes(place[self.row[kept]], self.good[kept], self.value[kept], (len(rows), self.shape[1]))

    def of_goods(self, kept: NDArray[np.bool_]) -> Slopes:
        """Only the columns of some goods, marked in (goods,)."""
        place, entries = np.cumsum(kept) - 1, kept[self.good]
        return Slopes(
            self.row[entries],
            place[self.good[entries]],
            self.value[entries],
            (self.shape[0], int(kept.sum())),
        )

    def dense(self) -> Array:
        """(alternatives, goods)."""
        matrix = np.zeros(self.shape)
        matrix[self.row, self.good] = self.value
        return matrix
