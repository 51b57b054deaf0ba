"""All equilibria that a search from many starts finds, each with its index and stability.

From every start a root finder is sent off (`roots.py`); where there is only one price to look for the whole
line is scanned as well (`scan.py`). Prices that clear the markets, by answers asked for anew, are those of an
equilibrium; several of one equilibrium or of one continuum are put together (`continua.py`).

No search from finitely many starts proves that it found all; the sum of the indices (`regularity.py`) can
prove that it did not.
"""

from __future__ import annotations

from dataclasses import dataclass

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARS
from market.equilibrium.continua import Distinct, distinct
from market.equilibrium.regularity import index, stable
from market.equilibrium.roots import near, starts
from market.equilibrium.scan import scan
from market.random_streams import generator


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
    def beyond_reach(self) -> str | None:
        """A reason why equilibria may exist that no start can lead to; None without any."""
        return out_of_reach(self.economy)

    @property
    def perhaps_incomplete(self) -> bool:
        """Whether the indices say that some are missing or the economy is not regular."""
        return self.index_sum != 1


def out_of_reach(economy: Economy) -> str | None:
    """A reason why a root finder may miss equilibria of an economy; None without any.

    With linear tastes demand is a set at prices at which an agent is indifferent. Of two priced goods these
    prices are tried one by one (`scan.py`); of more goods they are not.
    """
    several = (economy.linear_weights > 0).sum(axis=1) > 1
    if economy.money is Money.QUASILINEAR or len(economy.goods) <= 2 or not several.any():
        return None
    return (
        "an agent values several goods linearly, so that demand is set-valued where it is indifferent, and "
        "equilibria at such prices are beyond a search by roots of excess demand"
    )


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
    clear = [(end, 1) for end in ends if end.residual <= CLEARS] + [(end, 0) for end in scanned]
    found = [_found(economy, each) for each in distinct(economy, clear)]
    return Equilibria(
        economy,
        tuple(sorted(found, key=lambda each: tuple(each.prices.tolist()))),
        tuple((economy.normalise(miss.prices), miss.residual) for miss in missed),
        many,
    )


def _found(economy: Economy, each: Distinct) -> Found:
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
        each.isolated,
        why_not,
    )
