"""A search for all equilibria from many starting points, each with its index and stability.

A root finder runs from every starting point (`roots.py`); where only one price is unknown the whole line is
scanned as well (`scan.py`). Prices at which recomputed excess demand vanishes are equilibria; those of one
equilibrium or of one continuum are grouped (`continua.py`).

No search from finitely many starting points proves that it found all; the sum of the indices
(`regularity.py`) can prove that it did not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARING_EXCESS
from market.equilibrium.continua import DistinctEquilibrium, group_ends
from market.equilibrium.regularity import compute_index, is_stable
from market.equilibrium.roots import draw_starts, solve_from
from market.equilibrium.scan import scan
from market.random_streams import generator


@dataclass(frozen=True)
class Equilibrium:
    """A competitive equilibrium with its index and stability.

    Args:
        prices: (goods,), as `Economy.normalise` returns them.
        consumption: (agents, goods), units.
        production: (agents, goods), units.
        residual: the largest relative excess demand, recomputed from demand and supply.
        index: +1 or -1; 0 if it has none.
        stable: True if locally stable under `dp/dt = z`; None where the slopes do not decide.
        starts: number of starting points that converged to it.
        isolated: False if it represents a continuum of equilibria.
        no_index: the reason why it has no index; None if it has one.
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

    def __repr__(self) -> str:
        """Return prices and index, on a line."""
        with np.printoptions(precision=4, threshold=6):
            return f"<Equilibrium: prices {self.prices}, index {self.index:+d}>"


@dataclass(frozen=True)
class Equilibria(Displayed):
    """The result of a search for all equilibria.

    Args:
        economy: the primitives. found: every distinct equilibrium, by ascending price of the first good.
        near_misses: prices (goods,) at which all markets clear nearly, and the largest relative excess
        demand. starts: number of starting points.
    """

    economy: Economy
    found: tuple[Equilibrium, ...]
    near_misses: tuple[tuple[Array, float], ...]
    starts: int

    def __repr__(self) -> str:
        """Return the number found and the number of starting points, on a line."""
        return f"<Equilibria: {len(self.found)} found from {self.starts:,} starting points>"

    @property
    def index_sum(self) -> int | None:
        """Sum of the indices; None if some equilibrium has none, or none was found."""
        indices = [each.index for each in self.found]
        return None if 0 in indices or not indices else sum(indices)

    @property
    def beyond_reach(self) -> str | None:
        """Reason why equilibria may exist that no starting point can reach; None if none is known."""
        return explain_out_of_reach(self.economy)


def explain_out_of_reach(economy: Economy) -> str | None:
    """Return a reason why a root finder may miss equilibria of an economy; None if none is known.

    With linear utility demand is a set at prices at which an agent is indifferent. With two priced goods
    these prices are tried one by one (`scan.py`); with more goods they are not.
    """
    several = (economy.linear_weights > 0).sum(axis=1) > 1
    if economy.money is Money.QUASILINEAR or len(economy.goods) <= 2 or not several.any():
        return None
    return (
        "some agent values several goods linearly (perfect substitutes); where it is indifferent its demand "
        "is a set, and with three or more goods this search cannot find equilibria at such prices"
    )


def search(economy: Economy, many: int = 200) -> Equilibria:
    """Look for all equilibria of an economy.

    Args:
        economy: the primitives; its seed is that of the starting points.
        many: number of starting points, >= 1.
    """
    seed = int(generator(economy.seed, "equilibria").integers(2**31))
    begun = draw_starts(economy, many, seed)
    ends = [end for start in begun if (end := solve_from(economy, start)) is not None]
    scanned, missed = scan(economy, begun[0])
    clear = [(end, 1) for end in ends if end.residual <= CLEARING_EXCESS] + [(end, 0) for end in scanned]
    found = [_describe(economy, each) for each in group_ends(economy, clear)]
    return Equilibria(
        economy,
        tuple(sorted(found, key=lambda each: tuple(each.prices.tolist()))),
        tuple((economy.normalise(miss.prices), miss.residual) for miss in missed),
        many,
    )


def _describe(economy: Economy, each: DistinctEquilibrium) -> Equilibrium:
    at = each.at
    sign, why_not = compute_index(economy, at)
    return Equilibrium(
        economy.normalise(at.prices),
        at.consumption,
        at.production,
        at.residual,
        sign,
        is_stable(economy, at),
        each.starts,
        each.isolated,
        why_not,
    )
