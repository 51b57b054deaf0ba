"""Equilibria that belong to one continuum, found in groups of neighbours.

A search ends at many prices that clear the markets. Two ends are one equilibrium if their log prices differ
by rounding, or if prices between them clear the markets as well. Then they lie on a continuum, or near an
equilibrium at which excess demand is so flat that its place is not sharp, for instance where it touches zero.

*Between two ends* prices are looked for by halving: at the geometric mean of both, then half way to either.
On a straight line of log prices they may clear at once. A continuum may also be curved: then the one price
that differs most is held at its mean, and the others, with the levels of constant returns, are where a root
finder takes them from the means of both ends, amounts made being means too. A root finder that fails proves
nothing, so several pairs of neighbours are tried before two groups are held to be apart, the nearest first.

*A continuum, or flat?* Along a continuum markets clear exactly, that is up to `EXACT`. Where excess demand of
the form c d^2 touches zero, prices off by d clear up to `CLEARS` without being equilibria. So the extent of a
continuum is the sum of the distances between neighbours between whom markets clear exactly.

The groups are the components of a minimum spanning tree (Kruskal): they do not depend on the order of the
ends, and hardly on which of many points of a continuum a root finder ends at.

Source: own construction; Kruskal (1956), "On the shortest spanning subtree of a graph".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARS, Clearing, better, clearing
from market.equilibrium.regularity import constant_returns
from market.equilibrium.roots import held_at
from market.equilibrium.staircase import staircase

SAME = 1e-6  # log prices that differ by less are those of one equilibrium
WIDE = 1e-2  # extent in log prices from which equilibria that clear exactly are a continuum
EXACT = 1e-11  # relative excess demand that is rounding
HALVINGS = 2  # so that three prices between two ends are looked at
MANY = 60  # points from which on another is joined to the nearest at once
TRIES = 3  # pairs of neighbours for which two groups are tried to be joined


@dataclass(frozen=True)
class Distinct:
    """An equilibrium, or one of a continuum.

    Args:
        at: that of the least residual.
        starts: how many starts led to it.
        extent: how far the continuum reaches, in log prices; 0 of an isolated equilibrium.
    """

    at: Clearing
    starts: int
    extent: float

    @property
    def isolated(self) -> bool:
        """Whether it belongs to no continuum."""
        return self.extent <= WIDE


def distinct(economy: Economy, ends: Sequence[tuple[Clearing, int]]) -> list[Distinct]:
    """The distinct equilibria among prices that clear the markets.

    Args:
        economy: the primitives.
        ends: each with the number of starts that led to it.
    """
    points = _merged(economy, ends)
    group = list(range(len(points)))
    extent = [0.0] * len(points)
    tried: Counter[tuple[int, int]] = Counter()
    for apart, j, k in _by_distance(economy, points):
        pair = (min(group[j], group[k]), max(group[j], group[k]))
        if pair[0] == pair[1] or tried[pair] >= TRIES:
            continue
        between = worst_between(economy, points[j].at, points[k].at, HALVINGS)
        if between > 10 * CLEARS:
            tried[pair] += 1
            continue
        extent[pair[0]] += extent[pair[1]] + (apart if between <= EXACT else 0.0)
        group = [pair[0] if each == pair[1] else each for each in group]
    return [
        Distinct(
            min((points[m].at for m in members), key=lambda at: at.residual),
            sum(points[m].starts for m in members),
            extent[name],
        )
        for name in dict.fromkeys(group)
        for members in [[m for m, each in enumerate(group) if each == name]]
    ]


def _merged(economy: Economy, ends: Sequence[tuple[Clearing, int]]) -> list[Distinct]:
    """The ends, those with equal log prices put together; of many, those of one continuum too."""
    known: list[Distinct] = []
    for end, starts in ends:
        k = _known_as(economy, end, known)
        if k is None:
            known.append(Distinct(end, starts, 0.0))
        else:
            best = better(known[k].at, end)
            assert best is not None
            known[k] = Distinct(best, known[k].starts + starts, 0.0)
    return known


def _known_as(economy: Economy, end: Clearing, known: Sequence[Distinct]) -> int | None:
    """The place of an end among those known, or, of `MANY` known, of one that it is joined to; else None."""
    apart = [distance(economy, end.prices, other.at.prices) for other in known]
    k = int(np.argmin(apart)) if apart else 0
    if apart and apart[k] <= SAME:
        return k
    if len(known) < MANY or not np.isfinite(apart[k]):
        return None
    return k if worst_between(economy, end, known[k].at, HALVINGS) <= 10 * CLEARS else None


def _by_distance(economy: Economy, points: Sequence[Distinct]) -> list[tuple[float, int, int]]:
    """All pairs with the same free goods, the nearest first."""
    pairs = [
        (distance(economy, points[j].at.prices, points[k].at.prices), j, k)
        for k in range(len(points))
        for j in range(k)
    ]
    return sorted(pair for pair in pairs if np.isfinite(pair[0]))


def distance(economy: Economy, p: Array, other: Array) -> float:
    """The largest difference in log prices, up to scale under `exchange`; inf if free goods differ."""
    priced = p > 0
    if ((other > 0) != priced).any():
        return np.inf
    apart = np.log(p[priced]) - np.log(other[priced])
    if economy.money is Money.EXCHANGE and len(apart):
        apart = apart - (apart.max() + apart.min()) / 2
    return float(np.abs(apart).max(initial=0.0))


def worst_between(economy: Economy, one: Clearing, other: Clearing, halvings: int) -> float:
    """The largest relative excess demand at the prices found between two equilibria; inf without any."""
    middle = _half_way(economy, one, other)
    if middle is None or not halvings or middle.residual > 10 * CLEARS:
        return np.inf if middle is None else middle.residual
    if halvings == 1:
        return middle.residual
    ways = (worst_between(economy, end, middle, halvings - 1) for end in (one, other))
    return max(middle.residual, *ways)


def _half_way(economy: Economy, one: Clearing, other: Clearing) -> Clearing | None:
    """Prices between two equilibria: their geometric means, or near these if that clears better."""
    priced = one.prices > 0
    here, there = np.where(priced, one.prices, 1.0), np.where(priced, other.prices, 1.0)
    between = np.where(priced, np.sqrt(here * there), 0.0)
    apart = np.log(here) - np.log(there)
    if economy.money is Money.EXCHANGE:  # relative to the price that is held anyway
        apart = apart - apart[staircase(economy, between).held > 0].sum()
    made = (one.production + other.production) / 2.0
    straight = None if constant_returns(economy) else clearing(economy, between)
    if straight is not None and straight.residual <= EXACT:
        return straight
    held = np.zeros(len(between), dtype=bool)
    held[np.where(priced, np.abs(apart), -1.0).argmax()] = True
    return better(straight, held_at(economy, between, held, made))
