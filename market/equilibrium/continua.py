"""Grouping of market-clearing prices into isolated equilibria and continua.

A search ends at many prices that clear the markets. Two ends are one equilibrium if their log prices differ
by rounding, or if prices between them clear the markets as well. Then they lie on a continuum, or near an
equilibrium at which excess demand is so flat that it is poorly determined, for instance where it touches
zero.

*Between two ends* prices are sought by halving: at the geometric mean of both, then half way to either. On a
straight line of log prices they may clear at once. A continuum may also be curved: then the price that
differs most is held at its mean, and a root finder solves for the others and for the levels of constant
returns, starting from the means of both ends. A root finder that fails proves nothing, so several pairs of
neighbours are tried, the nearest first, before two groups count as distinct.

*A continuum, or flat?* Along a continuum markets clear exactly, that is up to `EXACT_EXCESS`. Where excess
demand of the form `c d^2` touches zero, prices off by `d` clear up to `CLEARING_EXCESS` without being
equilibria. So the extent of a continuum is the sum of the distances between neighbours between which markets
clear exactly.

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
from market.equilibrium.budget import BudgetUsedUp
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing, choose_better, evaluate_prices
from market.equilibrium.regularity import has_constant_returns
from market.equilibrium.roots import evaluate_with_held
from market.equilibrium.staircase import build_staircase
from market.equilibrium.ties import balance_allocation

ROOT_DISTANCE = 1e-6
"""Difference of log prices below which two ends are one equilibrium: how far apart a root finder that stops
at `CLEARING_EXCESS` may end, with slopes of 1e-3."""

LEAST_EXTENT = 1e-2
"""Extent in log prices from which equilibria that clear exactly are a continuum: ends around one flat root
lie closer together."""

EXACT_EXCESS = 1e-11
"""Relative excess demand that is rounding: a hundredth of `CLEARING_EXCESS`."""

EXCESS_BETWEEN_ENDS = 10 * CLEARING_EXCESS
"""Relative excess demand up to which prices between two ends join them: they are less exact than ends."""

STEP_ALONG = 0.02
"""Change of a log price that shows a continuum if markets clear exactly there: excess demand that only
touches zero, `c d^2` or `c d^3`, exceeds `EXACT_EXCESS` there unless `c` is below 1e-6."""

HALVINGS_BETWEEN_ENDS = 2  # so that three prices between two ends are evaluated
MOST_SEPARATE_ENDS = 60  # further ends are joined to the nearest at once, since pairs grow with the square
PAIRS_TRIED = 3  # pairs of neighbours at which joining two groups is tried


@dataclass(frozen=True)
class DistinctEquilibrium:
    """An isolated equilibrium, or a representative of a continuum.

    Args:
        at: the end with the smallest residual.
        starts: number of starting points that converged to it.
        extent: length of the continuum in log prices; 0 of an isolated equilibrium.
    """

    at: Clearing
    starts: int
    extent: float

    @property
    def isolated(self) -> bool:
        """True if it belongs to no continuum."""
        return self.extent <= LEAST_EXTENT


def group_ends(economy: Economy, ends: Sequence[tuple[Clearing, int]]) -> list[DistinctEquilibrium]:
    """Group prices that clear the markets into distinct equilibria.

    Args:
        economy: the primitives.
        ends: each with the number of starting points that converged to it.
    """
    points = _merge_equal(economy, ends)
    group = list(range(len(points)))
    extent = [0.0] * len(points)
    tried: Counter[tuple[int, int]] = Counter()
    for apart, j, k in _sort_pairs(economy, points):
        pair = (min(group[j], group[k]), max(group[j], group[k]))
        if pair[0] == pair[1] or tried[pair] >= PAIRS_TRIED:
            continue
        between = measure_between(economy, points[j].at, points[k].at, HALVINGS_BETWEEN_ENDS)
        if between > EXCESS_BETWEEN_ENDS:
            tried[pair] += 1
            continue
        extent[pair[0]] += extent[pair[1]] + (apart if between <= EXACT_EXCESS else 0.0)
        group = [pair[0] if each == pair[1] else each for each in group]
    return [
        DistinctEquilibrium(
            min((points[m].at for m in members), key=lambda at: at.residual),
            sum(points[m].starts for m in members),
            extent[name],
        )
        for name in dict.fromkeys(group)
        for members in [[m for m, each in enumerate(group) if each == name]]
    ]


def is_on_continuum(economy: Economy, at: Clearing) -> bool:
    """Return True if markets clear exactly at other prices nearby too; False proves nothing.

    The price that moves most along the flattest direction of the gap is changed and held, to either side, and
    a root finder solves for the others.
    """
    stairs = build_staircase(economy, at.prices)
    goods = stairs.sought
    if not len(goods) or at.indifferent:
        return False
    with np.errstate(all="ignore"):
        slopes = stairs.slopes(stairs.position(at.prices, at.production))
    if not np.isfinite(slopes).all():
        return False
    flattest = np.abs(np.linalg.svd(slopes)[2][-1])[: len(goods)]
    moves = np.arange(len(at.prices)) == goods[int(flattest.argmax())]
    held = moves | (stairs.held > 0)  # in an exchange one price is held in any case
    for change in (STEP_ALONG, -STEP_ALONG):
        p = np.where(moves, at.prices * np.exp(change), at.prices)
        found = evaluate_with_held(economy, p, held, at.production)
        if found is not None and found.residual <= EXACT_EXCESS:
            return True
    return False


def _merge_equal(economy: Economy, ends: Sequence[tuple[Clearing, int]]) -> list[DistinctEquilibrium]:
    """Merge ends with equal log prices; beyond `MOST_SEPARATE_ENDS`, those of one continuum too."""
    known: list[DistinctEquilibrium] = []
    for end, starts in ends:
        k = _find_known(economy, end, known)
        if k is None:
            known.append(DistinctEquilibrium(end, starts, 0.0))
        else:
            best = choose_better(known[k].at, end)
            assert best is not None
            known[k] = DistinctEquilibrium(best, known[k].starts + starts, 0.0)
    return known


def _find_known(economy: Economy, end: Clearing, known: Sequence[DistinctEquilibrium]) -> int | None:
    """Return the number of the known point that an end equals, or is joined to among many; or None."""
    apart = [measure_distance(economy, end.prices, other.at.prices) for other in known]
    k = int(np.argmin(apart)) if apart else 0
    if apart and apart[k] <= ROOT_DISTANCE:
        return k
    if len(known) < MOST_SEPARATE_ENDS or not np.isfinite(apart[k]):
        return None
    between = measure_between(economy, end, known[k].at, HALVINGS_BETWEEN_ENDS)
    return k if between <= EXCESS_BETWEEN_ENDS else None


def _sort_pairs(economy: Economy, points: Sequence[DistinctEquilibrium]) -> list[tuple[float, int, int]]:
    """Return all pairs with the same free goods, as (distance, j, k), the nearest first."""
    pairs = [
        (measure_distance(economy, points[j].at.prices, points[k].at.prices), j, k)
        for k in range(len(points))
        for j in range(k)
    ]
    return sorted(pair for pair in pairs if np.isfinite(pair[0]))


def measure_distance(economy: Economy, p: Array, other: Array) -> float:
    """Return the largest difference in log prices, up to scale in an exchange; inf if free goods differ."""
    priced = p > 0
    if ((other > 0) != priced).any():
        return np.inf
    apart = np.log(p[priced]) - np.log(other[priced])
    if economy.money is Money.EXCHANGE and len(apart):
        apart = apart - (apart.max() + apart.min()) / 2
    return float(np.abs(apart).max(initial=0.0))


def measure_between(economy: Economy, one: Clearing, other: Clearing, halvings: int) -> float:
    """Return the largest relative excess demand at prices found between two equilibria; inf if none is."""
    try:
        middle = _find_half_way(economy, one, other)
    except BudgetUsedUp:  # nothing shows that they belong together
        return np.inf
    if middle is None or not halvings or middle.residual > EXCESS_BETWEEN_ENDS:
        return np.inf if middle is None else middle.residual
    if halvings == 1:
        return middle.residual
    ways = (measure_between(economy, end, middle, halvings - 1) for end in (one, other))
    return max(middle.residual, *ways)


def _find_half_way(economy: Economy, one: Clearing, other: Clearing) -> Clearing | None:
    """Find prices between two equilibria: their geometric means, or nearby if that clears better."""
    priced = one.prices > 0
    here, there = np.where(priced, one.prices, 1.0), np.where(priced, other.prices, 1.0)
    between = np.where(priced, np.sqrt(here * there), 0.0)
    apart = np.log(here) - np.log(there)
    held = build_staircase(economy, between).held > 0  # in an exchange, one price
    if economy.money is Money.EXCHANGE:
        apart = apart - apart[held].sum()
    made = (one.production + other.production) / 2.0
    straight = None
    if one.indifferent and other.indifferent:  # a mean of best choices is one, if prices between leave them
        mean = (one.consumption + other.consumption) / 2.0, made
        straight = evaluate_prices(economy, between, balance_allocation(economy, between, mean))
    elif not has_constant_returns(economy):
        straight = evaluate_prices(economy, between)
    if straight is not None and straight.residual <= EXACT_EXCESS:
        return straight
    held[np.where(priced, np.abs(apart), -1.0).argmax()] = True
    return choose_better(straight, evaluate_with_held(economy, between, held, made))
