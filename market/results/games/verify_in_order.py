"""Recomputation of games in order by code of its own: forward, and one statistic at a time.

A player's gain is the best of all its amounts, with what follows found by recursion over statistics; the
largest sum by the best way *to* each statistic, for each end, where a run finds it backwards.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from market.economy.correspondences import Array
from market.games.stages import Integers, Stages

TIE = 1e-12
"""Part of a payoff's scale below which two amounts are equally good."""

MOST_PROFILES = 100_000
MOST_EVALUATIONS = 300_000_000


class Walk:
    """A play in order, walked again.

    Args:
        game: with the rewards by which players choose.
        k: (n,), what they chose, in steps.
        ties: "least" or "most" of equally good amounts.

    After it `gains` are the largest gains of each player; `follows` is True if each did what backward
    induction finds; `ties` is the number of statistics at which amounts are equally good.
    """

    def __init__(self, game: Stages, k: Any, ties: str) -> None:
        self.game, self.choice = game, 0 if ties == "least" else -1
        self._found = cache(self._search)
        self.follows, state = True, 0
        gains: list[float] = []
        met: list[tuple[int, int, int]] = []
        for i, own in enumerate(k.tolist()):
            met.append((i, state, own))
            state = self._next(state, own)
        for i, seen, own in met:
            values, _, best, _ = self._found(i, seen)
            got = float(game.reward(i, *(np.array(each, dtype=np.int64) for each in (seen, own, state))))
            gains.append(max(float(values.max()) - got, 0.0))
            self.follows &= best == own
        self.gains = np.array(gains)
        self.ties = self._count()

    def _next(self, seen: int, own: int) -> int:
        return seen + own if self.game.family.statistic == "sum" else own

    def _search(self, i: int, seen: int) -> tuple[Array, bool, int, int]:
        """Return the value of each amount, if there is a tie, the amount chosen, and the end it leads to."""
        own = range(int(self.game.least[i]), int(self.game.most[i]) + 1)
        ends = np.array([self._end(i + 1, self._next(seen, each)) for each in own])
        values = self.game.reward(i, np.full(1, seen, dtype=np.int64), np.arange(own.start, own.stop), ends)
        good = np.flatnonzero(values >= values.max() - TIE * self.game.scale[i])
        place = int(good[self.choice])
        return values, len(good) > 1, own[place], int(ends[place])

    def _end(self, i: int, seen: int) -> int:
        return seen if i == self.game.size else self._found(i, seen)[3]

    def _count(self) -> int:
        """Return the number of statistics with ties, of all that may be reached."""
        reached, count = {0}, 0
        for i in range(self.game.size):
            count += sum(self._found(i, seen)[1] for seen in reached)
            own = range(int(self.game.least[i]), int(self.game.most[i]) + 1)
            if self.game.family.statistic == "sum":
                reached = set(range(min(reached) + own.start, max(reached) + own.stop))
            else:
                reached = set(own)
        return count


def gains_at_once(game: Stages, k: Any) -> Array:
    """Return the largest gain of each player by another amount, (n,), the others' as they are."""
    gains = np.zeros(game.size)
    for i in range(game.size):
        values = []
        for own in range(int(game.least[i]), int(game.most[i]) + 1):
            changed = k.copy()
            changed[i] = own
            values.append(game.rewards_of(changed)[i])
        gains[i] = max(values) - game.rewards_of(k)[i]
    return np.maximum(gains, 0.0)


def best_sum(game: Stages, weights: Array) -> float | None:
    """Return the largest weighted sum of payoffs, by the best way to each statistic; None if too many."""
    ends, zero = game.statistics[-1], np.zeros(1, dtype=np.int64)
    if game.family.separable:
        parts = [
            game.payoff(i, zero, zero, ends) - game.payoff(i, zero, zero, zero) for i in range(game.size)
        ]
        return float((_ways(game, weights, zero)[:, 0] + weights @ np.array(parts)).max())
    many = sum(len(seen) for seen in game.statistics[:-1]) * int((game.most - game.least + 1).max())
    if many * len(ends) > MOST_EVALUATIONS:
        return None
    return float(np.diagonal(_ways(game, weights, ends)).max())


def _ways(game: Stages, weights: Array, ends: Integers) -> Array:
    """Return the largest sum on the way to each last statistic, with payoffs at each end, (last, ends)."""
    sums = np.zeros((1, len(ends)))
    for i, seen in enumerate(game.statistics[:-1]):
        low = int(game.least[i])
        following = np.full((len(game.statistics[i + 1]), len(ends)), -np.inf)
        for own in range(low, int(game.most[i]) + 1):
            chosen = np.full((1, 1), own, dtype=np.int64)
            worth = sums + weights[i] * game.payoff(i, seen[:, None], chosen, ends[None, :])
            if game.family.statistic == "sum":
                part = following[own - low : own - low + len(seen)]
                np.maximum(part, worth, out=part)
            else:
                following[own - low] = worth.max(axis=0)
        sums = following
    return sums


def dominated(game: Stages, v: Array) -> bool | None:
    """Return True if a profile is better for some and worse for none; None if there are too many profiles."""
    if float(np.prod((game.most - game.least + 1).astype(float))) > MOST_PROFILES:
        return None
    grids = [np.arange(low, high + 1) for low, high in zip(game.least, game.most, strict=True)]
    for first in grids[0].tolist():
        rest = np.array(np.meshgrid(first, *grids[1:], indexing="ij")).reshape(game.size, -1).T
        gains = (game.payoffs_of(rest) - v) / game.scale
        if ((gains >= -1e-9).all(axis=1) & (gains.max(axis=1) > 1e-7)).any():
            return True
    return False
