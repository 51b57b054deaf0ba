"""All equilibria that a search from many starts finds, each with its index and stability.

From every start a root finder is sent off (`roots.py`); where there is only one price to look for the whole
line is scanned as well (`scan.py`). What clears the markets when everyone is asked anew is an equilibrium.
Two of them are the same if their log prices are, or if the prices between them all clear the markets: then
they belong to a continuum, or to one equilibrium at which excess demand is so flat that its place is not
sharp.

No search from finitely many starts proves that it found all; the sum of the indices (`regularity.py`) can
prove that it did not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARS, Clearing, clearing
from market.equilibrium.regularity import constant_returns, index, stable
from market.equilibrium.roots import held_at, near, starts
from market.equilibrium.scan import scan
from market.equilibrium.staircase import staircase
from market.random_streams import generator

SAME = 1e-6  # log prices that differ by less are those of one equilibrium
WIDE = 1e-2  # equilibria that hang together over more than this in log prices are a continuum
BETWEEN = (0.25, 0.5, 0.75)  # of the way from one equilibrium to another


@dataclass(frozen=True)
class Found:
    """One equilibrium.

    Args:
        prices: (goods,), as `Economy.normalise` has them.
        consumption: (agents, goods), units.
        production: (agents, goods), units.
        residual: the largest relative excess demand, recomputed from everyone's answers.
        index: +1 or -1; 0 where it cannot be told.
        stable: locally, under dp/dt = z; None where the slopes do not tell.
        starts: how many starts led to it.
        isolated: False if it is one of a continuum of equilibria.
        no_index: why it has no index; None if it has one.
    """

    prices: Array
    consumption: Array
    production: Array
    residual: float
    index: int
    stable: bool | None
    starts: int
    isolated: bool
    no_index: str | None = None


@dataclass(frozen=True)
class Equilibria:
    """What a search found.

    Args:
        economy: the primitives. found: every distinct equilibrium, by ascending price of the first good.
        near_misses: prices (goods,) at which all markets clear nearly, and the largest relative excess
        demand. starts: from how many prices the search started.
    """

    economy: Economy
    found: tuple[Found, ...]
    near_misses: tuple[tuple[Array, float], ...]
    starts: int

    @property
    def index_sum(self) -> int | None:
        """The sum of the indices; None where some equilibrium has none, or none was found."""
        indices = [each.index for each in self.found]
        return None if 0 in indices or not indices else sum(indices)

    @property
    def perhaps_incomplete(self) -> bool:
        """Whether the indices say that some are missing or the economy is not regular."""
        return self.index_sum != 1


@dataclass(frozen=True)
class _Distinct:
    """An equilibrium, how many starts led to it, and how far what hangs together with it reaches."""

    at: Clearing
    starts: int
    reach: float


def search(economy: Economy, many: int = 200) -> Equilibria:
    """Look for all equilibria of an economy.

    Args:
        economy: the primitives; its seed is that of the starts.
        many: from how many prices to start, >= 1.
    """
    seed = int(generator(economy.seed, "equilibria").integers(2**31))
    begun = starts(economy, many, seed)
    ends = [end for start in begun if (end := near(economy, start)) is not None]
    scanned, missed = scan(economy, begun[0])
    distinct = _distinct(economy, [end for end in ends if end.residual <= CLEARS], 1, [])
    distinct = _distinct(economy, scanned, 0, distinct)
    found = [_found(economy, each) for each in distinct]
    return Equilibria(
        economy,
        tuple(sorted(found, key=lambda each: tuple(each.prices.tolist()))),
        tuple((economy.normalise(miss.prices), miss.residual) for miss in missed),
        many,
    )


def _distinct(
    economy: Economy, ends: Iterable[Clearing], counts: int, known: list[_Distinct]
) -> list[_Distinct]:
    """Those known and those new ones that are none of them."""
    known = list(known)
    for end in ends:
        k = _which(economy, end, known)
        if k is None:
            known.append(_Distinct(end, counts, 0.0))
        else:
            other = known[k]
            best = end if end.residual < other.at.residual else other.at
            apart = distance(economy, end.prices, other.at.prices)
            known[k] = _Distinct(best, other.starts + counts, max(other.reach, apart))
    return known


def _which(economy: Economy, end: Clearing, known: list[_Distinct]) -> int | None:
    """Which of those known an equilibrium is, or hangs together with; None if it is a new one."""
    apart = [distance(economy, end.prices, other.at.prices) for other in known]
    if known and min(apart) <= SAME:
        return int(np.argmin(apart))
    together = (k for k, other in enumerate(known) if _hang_together(economy, end.prices, other.at.prices))
    return next(together, None)


def distance(economy: Economy, p: Array, other: Array) -> float:
    """The largest difference in log prices, up to scale under `exchange`; inf if free goods differ."""
    priced = p > 0
    if ((other > 0) != priced).any():
        return np.inf
    apart = np.log(p[priced]) - np.log(other[priced])
    if economy.money is Money.EXCHANGE and len(apart):
        apart = apart - (apart.max() + apart.min()) / 2
    return float(np.abs(apart).max(initial=0.0))


def _hang_together(economy: Economy, p: Array, other: Array) -> bool:
    """Whether the prices between two equilibria clear the markets too."""
    if ((other > 0) != (p > 0)).any():
        return False
    priced = p > 0
    here, there = np.where(priced, p, 1.0), np.where(priced, other, 1.0)
    between = [np.where(priced, here ** (1.0 - share) * there**share, 0.0) for share in BETWEEN]
    if constant_returns(economy):
        apart = np.log(here / there)
        ends = [_on_the_way(economy, each, apart) for each in between]
    else:
        ends = [clearing(economy, each) for each in between]
    return all(at is not None and at.residual <= 10 * CLEARS for at in ends)


def _on_the_way(economy: Economy, between: Array, apart: Array) -> Clearing | None:
    """What prices between two equilibria lead to when all but one of them may move aside to follow costs.

    That one price is held between those of the two equilibria, the price that differs most. If its market
    clears nevertheless there is an equilibrium between them.

    Args:
        economy: with constant returns.
        between: (goods,), prices.
        apart: (goods,), how the log prices of the two equilibria differ.
    """
    anchor = staircase(economy, between).held > 0
    held = np.zeros(len(between), dtype=bool)
    held[np.abs(apart - apart[anchor].sum()).argmax()] = True
    return held_at(economy, between, held)


def _found(economy: Economy, each: _Distinct) -> Found:
    at = each.at
    sign, why_not = index(economy, at)
    return Found(
        economy.normalise(at.prices),
        at.consumption,
        at.production,
        at.residual,
        sign,
        stable(economy, at),
        each.starts,
        each.reach <= WIDE,
        why_not,
    )
