"""One equilibrium by a method that suits the economy, independent of the simulation.

In order: total surplus or the Eisenberg-Gale programme where equilibria maximise something (`convex.py`), the
eigenvector of Cobb-Douglas exchange (`eigenvector.py`), else roots of excess demand from several starting
points (`roots.py`). The result of the first is refined by the last: an interior-point method leaves prices
right to perhaps eight digits. The residual is recomputed from demand and supply at the prices; if no method
makes it small, no equilibrium is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium import convex, eigenvector
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing, choose_better, evaluate_prices
from market.equilibrium.regularity import compute_index
from market.equilibrium.roots import draw_starts, guess_prices, solve_with_held
from market.equilibrium.scan import scan
from market.equilibrium.search import explain_out_of_reach, solve_from
from market.equilibrium.ties import balance_allocation, tie_prices
from market.outcome import shown

ROOTS = "roots of excess demand"

ACCEPTED_EXCESS = 1e-7
"""Relative excess demand up to which prices are reported as an equilibrium; most reach 1e-12. Larger than
`CLEARING_EXCESS`, since steep demand amplifies the rounding of prices."""

REFERENCE_STARTS = 16  # starting points of the root finder, the first guess included

FREE_GOOD_WORTH = 1e-7
"""Value of a stock relative to the most valuable one: a multiplier below it is the solver's rounding of 0 if
the good is left over."""

FREE_GOOD_REMAINDER = 1e-6
"""Share of a stock left over from which such a good is free: ten times `SOLVER_AMOUNT`."""


@dataclass(frozen=True)
class Reference:
    """An equilibrium, or the reason why none was found.

    Args:
        prices: (goods,), as `Economy.normalise` returns them; None if no equilibrium was found.
        consumption: (agents, goods), units; None likewise.
        production: (agents, goods), units; None likewise.
        residual: the largest relative excess demand, recomputed; of the best prices if none was found.
        method: by which it was computed, or tried.
        reason: one sentence with the numbers.
        unique: True if it is known that there is no other equilibrium, False if that there is; else None.
    """

    prices: Array | None
    consumption: Array | None
    production: Array | None
    residual: float
    method: str
    reason: str
    unique: bool | None

    @property
    def found(self) -> bool:
        """True if an equilibrium was found."""
        return self.prices is not None


def find_reference(economy: Economy) -> Reference:
    """Find one equilibrium of an economy by a method that suits it; without one, return the reason."""
    method = convex.applies(economy)
    if method is not None:
        found = _by_programme(economy)
        if _is_accepted(found):
            return _report(economy, found, method, _is_single(economy, found))
    if eigenvector.applies(economy):
        spending = eigenvector.solve(economy)
        found = None if spending.prices is None else evaluate_prices(economy, spending.prices)
        if _is_accepted(found):
            return _report(economy, found, eigenvector.EIGENVECTOR, spending.classes == 1)
        if spending.prices is None:
            return _report_failure(
                eigenvector.EIGENVECTOR, np.inf, f"There is no equilibrium: {spending.reason}."
            )
    found = _by_roots(economy)
    convex_set = method is not None or _has_gross_substitutes(economy)
    if _is_accepted(found):
        return _report(economy, found, ROOTS, _is_single(economy, found) if convex_set else None)
    least = np.inf if found is None else found.residual
    why = explain_out_of_reach(economy)
    return _report_failure(
        ROOTS,
        least,
        f"No equilibrium was found as a root of excess demand from {REFERENCE_STARTS} starting points; the "
        f"smallest relative excess demand was {shown(least)}{f': {why}' if why else ''}.",
    )


def _is_accepted(found: Clearing | None) -> bool:
    return found is not None and found.residual <= ACCEPTED_EXCESS


def _report(economy: Economy, found: Clearing | None, method: str, unique: bool | None) -> Reference:
    assert found is not None
    reason = f"Found as {method}; largest relative excess demand {shown(found.residual)}."
    return Reference(
        economy.normalise(found.prices),
        found.consumption,
        found.production,
        found.residual,
        method,
        reason,
        unique,
    )


def _report_failure(method: str, residual: float, reason: str) -> Reference:
    return Reference(None, None, None, residual, method, reason, None)


def _by_programme(economy: Economy) -> Clearing | None:
    """Solve the programme with one setting of the solver after another, refine each, and return the best.

    Where agents value goods linearly, `ties.py` makes them exactly indifferent, and a root finder would only
    jump to and fro across these prices.
    """
    best = None
    for prices, allocation in convex.solve(economy):
        p = _set_free_goods(economy, prices, allocation[0], allocation[1])
        exact, bound = tie_prices(economy, p, allocation[0])
        for tried in (exact, solve_with_held(economy, exact, bound)):
            best = choose_better(
                best, evaluate_prices(economy, tried, balance_allocation(economy, tried, allocation))
            )
        if not (economy.linear_weights.any() and _is_accepted(best)):
            best = choose_better(best, solve_from(economy, p))
        if best is not None and best.residual <= CLEARING_EXCESS:
            break
    return best


def _set_free_goods(economy: Economy, p: Array, x: Array, y: Array) -> Array:
    """Set multipliers of goods in excess supply to exact zeros: interior-point methods leave a little."""
    there = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    left = there - x.sum(axis=0)
    worth = p * np.where(there > 0, there, 0.0)
    return np.where(
        (worth < FREE_GOOD_WORTH * worth.max(initial=0.0)) & (left > FREE_GOOD_REMAINDER * there), 0.0, p
    )


def _by_roots(economy: Economy) -> Clearing | None:
    best = None
    for start in draw_starts(economy, REFERENCE_STARTS, seed=0):
        best = choose_better(best, solve_from(economy, start))
        if best is not None and best.residual <= CLEARING_EXCESS:
            return best
    on_the_line, _ = scan(economy, guess_prices(economy))
    for end in on_the_line:
        best = choose_better(best, end)
    return best


def _is_single(economy: Economy, found: Clearing | None) -> bool | None:
    """Return True if equilibrium prices, known to form a convex set, are a single point; None if undecided.

    They are if excess demand has full rank along the graph of supply: then no prices nearby clear the market,
    while between two equilibria all prices would. Where consumers are indifferent there are no slopes.
    """
    assert found is not None
    if not economy.demand(found.prices, economy.supply(found.prices)).single_valued:
        return None
    return True if compute_index(economy, found)[0] != 0 else None


def _has_gross_substitutes(economy: Economy) -> bool:
    """Return True if a higher price never lowers demand for another good: equilibria are a convex set.

    Source: Arrow and Hurwicz (1960), "Competitive stability under weak gross substitutability: the Euclidean
    distance approach".
    """
    if economy.money is Money.QUASILINEAR or economy.technologies:
        return False
    return all(block.family.gross_substitutes(**block.parameters).all() for block in economy.utilities)
