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

from market.economy import Economy, Money
from market.equilibrium.clearing import CLEARS, Clearing, clearing
from market.equilibrium.regularity import index, stable
from market.equilibrium.roots import near, starts
from market.equilibrium.scan import scan
from market.interval import Array
from market.randomness import generator

SAME = 1e-6  # log prices that differ by less are those of one equilibrium
WIDE = 1e-2  # equilibria that hang together over more than this in log prices are a continuum


@dataclass(frozen=True)
class Found:
    """One equilibrium.

    Args:
        prices: (goods,), as `Economy.normalise` has them.
        consumption: (agents, goods), units.
        production: (agents, goods), units.
        residual: the largest relative excess demand, recomputed from everyone's answers.
        index: +1 or -1; 0 where the slopes of excess demand do not have full rank.
        stable: locally, under dp/dt = z; None where the slopes do not tell.
        starts: how many starts led to it.
        isolated: False if it is one of a continuum of equilibria.
    """

    prices: Array
    consumption: Array
    production: Array
    residual: float
    index: int
    stable: bool | None
    starts: int
    isolated: bool


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
        for k, other in enumerate(known):
            apart = distance(economy, end.prices, other.at.prices)
            if apart <= SAME or _hang_together(economy, end.prices, other.at.prices):
                best = end if end.residual < other.at.residual else other.at
                known[k] = _Distinct(best, other.starts + counts, max(other.reach, apart))
                break
        else:
            known.append(_Distinct(end, counts, 0.0))
    return known


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
    for share in (0.25, 0.5, 0.75):
        priced = p > 0
        between = np.zeros_like(p)
        between[priced] = p[priced] ** (1.0 - share) * other[priced] ** share
        at = clearing(economy, between)
        if at is None or at.residual > 10 * CLEARS:
            return False
    return True


def _found(economy: Economy, each: _Distinct) -> Found:
    at = each.at
    return Found(
        economy.normalise(at.prices),
        at.consumption,
        at.production,
        at.residual,
        index(economy, at.prices),
        stable(economy, at),
        each.starts,
        each.reach <= WIDE,
    )
