"""A search for all equilibria from many starting points, each with its index and stability.

If it is proved that there is no equilibrium (`economy.nonexistence`; `eigenvector.py`), that is the answer.
Otherwise, where only one price is unknown, the whole line of prices is scanned (`scan.py`). From every
starting point the method that suits the economy runs then (`starts.py`). If none leads to an equilibrium, and
equilibria maximise something, the maximum is taken (`convex.py`). Prices at which recomputed excess demand
vanishes are equilibria; those of one equilibrium or of one continuum are grouped (`continua.py`).

The search keeps a budget (`budget.py`): when it is used up, the result is that of the starting points so far,
and their number is part of it.

No search from finitely many starting points proves that it found all; the sum of the indices
(`regularity.py`) can prove that it did not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Economy
from market.equilibrium import complementarity, eigenvector, roots
from market.equilibrium.budget import Budget, size_for, spending
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing
from market.equilibrium.continua import DistinctEquilibrium, group_ends, is_on_continuum
from market.equilibrium.reference import find_by_programme
from market.equilibrium.regularity import compute_index, is_stable
from market.equilibrium.scan import scan
from market.equilibrium.starts import Progress, explain_out_of_reach, name_method, solve_from
from market.random_streams import generator

SEARCH_EVALUATIONS = 100_000
"""Evaluations of excess demand that a search may take in a small economy: some ten seconds."""

SEARCH_SECONDS = 60.0  # of processor time, if these evaluations take longer than expected


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
        economy: the primitives.
        found: every distinct equilibrium, by ascending price of the first good.
        near_misses: prices (goods,) at which all markets clear nearly, and the largest relative excess
            demand.
        starts: number of starting points asked for.
        searched: number of starting points from which the search ran: `starts`, unless the budget was used
            up, or there is a proof.
        evaluations: evaluations of excess demand that it took.
        stopped: the limit that ended the search, in words; None if none did.
        no_equilibrium: the proof that there is no equilibrium, a sentence without full stop; None if there is
            none.
    """

    economy: Economy
    found: tuple[Equilibrium, ...]
    near_misses: tuple[tuple[Array, float], ...]
    starts: int
    searched: int
    evaluations: int = 0
    stopped: str | None = None
    no_equilibrium: str | None = None

    def __repr__(self) -> str:
        """Return the number found and the number of starting points, on a line."""
        return f"<Equilibria: {len(self.found)} found from {self.starts:,} starting points>"

    @property
    def index_sum(self) -> int | None:
        """Sum of the indices; None if some equilibrium has none, or none was found."""
        indices = [each.index for each in self.found]
        return None if 0 in indices or not indices else sum(indices)

    @property
    def method(self) -> str:
        """Name of the method that ran from the starting points."""
        return name_method(self.economy)

    @property
    def beyond_reach(self) -> str | None:
        """Reason why equilibria may exist that no starting point can reach; None if none is known."""
        return explain_out_of_reach(self.economy)


def prove_there_is_none(economy: Economy) -> str | None:
    """Return why no prices clear all markets, a sentence without full stop; None if that is not known."""
    impossible = no_equilibrium(economy)
    if impossible is None and eigenvector.applies(economy):
        spent = eigenvector.solve(economy)
        return spent.reason if spent.prices is None else None
    return impossible


def search(
    economy: Economy, many: int = 200, limit: Budget | None = None, progress: Progress | None = None
) -> Equilibria:
    """Look for all equilibria of an economy.

    Args:
        economy: the primitives; its seed is that of the starting points.
        many: number of starting points, >= 1.
        limit: the budget; by default one of `SEARCH_EVALUATIONS`, fewer in a large economy.
        progress: called before every starting point.
    """
    impossible = prove_there_is_none(economy)
    if impossible is not None:
        return Equilibria(economy, (), (), many, 0, no_equilibrium=impossible)
    limit = limit or Budget(size_for(economy, SEARCH_EVALUATIONS), SEARCH_SECONDS)
    grouping = Budget(limit.evaluations, limit.seconds)
    begun = roots.draw_starts(economy, many, int(generator(economy.seed, "equilibria").integers(2**31)))
    scanned, missed = _scan(economy, begun[0], limit)
    ends, searched = _run(solve_from, economy, begun, limit, progress)
    clear = [(end, 0) for end in scanned] + [(end, 1) for end in ends]
    if not clear:
        best = find_by_programme(economy, limit)
        clear = [] if best is None or best.residual > CLEARING_EXCESS else [(best, 0)]
    found = _group(economy, clear, grouping)
    stopped = limit.exhausted
    if stopped is None and _may_lack_unstable_ones(economy, found):
        more, again = _run(roots.solve_from, economy, begun, limit, progress)
        found = _group(economy, clear + [(end, 0) for end in more], grouping)
        if limit.exhausted:
            stopped = f"{limit.exhausted}, after {again} of these a second time, by roots of excess demand"
    return Equilibria(
        economy,
        tuple(sorted(found, key=lambda each: tuple(each.prices.tolist()))),
        tuple((economy.normalise(miss.prices), miss.residual) for miss in missed),
        many,
        searched,
        limit.used + grouping.used,
        stopped or grouping.exhausted,
    )


def _scan(economy: Economy, guess: Array, limit: Budget) -> tuple[list[Clearing], list[Clearing]]:
    """Scan the line of prices, if there is one, with at most a quarter of the budget."""
    with spending(limit):
        return scan(economy, guess, limit.evaluations // 4)
    return [], []


def _run(
    method: Callable[[Economy, Array], Clearing | None],
    economy: Economy,
    begun: Array,
    limit: Budget,
    progress: Progress | None,
) -> tuple[list[Clearing], int]:
    """Run a method from starting points until the budget is used up.

    Returns:
        The ends at which markets clear, and the number of starting points.
    """
    ends, done = [], 0
    with spending(limit):
        for start in begun:
            if progress:
                progress(done, len(begun))
            end = method(economy, start)
            done += 1
            if end is not None and end.residual <= CLEARING_EXCESS:
                ends.append(end)
    return ends, done


def _group(economy: Economy, clear: list[tuple[Clearing, int]], limit: Budget) -> list[Equilibrium]:
    with spending(limit):
        groups = group_ends(economy, clear)
    return [_describe(economy, each) for each in groups]


def _may_lack_unstable_ones(economy: Economy, found: list[Equilibrium]) -> bool:
    """Return True if equilibria of index -1 may exist that complementary pairs do not lead to.

    Lemke's method ends at solutions of index +1 of each linear problem. But with one equilibrium of index -1
    there are at least two of index +1. So if all starting points lead to one equilibrium, and its index is
    +1, a second method is not called for.
    """
    if not complementarity.applies(economy) or economy.has_ties:
        return False
    return [each.index for each in found] != [1]


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
        each.isolated and not (sign == 0 and is_on_continuum(economy, at)),
        why_not,
    )
