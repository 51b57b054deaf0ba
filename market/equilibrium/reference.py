"""One equilibrium by a method that suits the economy, independent of the simulation.

In order: total surplus or the Eisenberg-Gale programme where equilibria maximise something (`convex.py`), the
eigenvector of Cobb-Douglas exchange (`eigenvector.py`), else roots of excess demand from several starting
points (`roots.py`). Where consumers, or producers with constant returns, may be indifferent, complementary
pairs (`complementarity.py`) take the place of roots. The result of a programme is refined by the last: an
interior-point method leaves prices right to perhaps eight digits. The residual is recomputed from demand and
supply at the prices; if no method makes it small, no equilibrium is reported. A proof that there is none
(`economy.nonexistence`) ends the search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Economy, Money
from market.equilibrium import convex, eigenvector
from market.equilibrium.budget import Budget, size_for, spending
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing, choose_better, evaluate_prices
from market.equilibrium.continua import is_on_continuum
from market.equilibrium.regularity import compute_index
from market.equilibrium.roots import draw_starts, guess_prices, solve_with_held
from market.equilibrium.scan import scan
from market.equilibrium.starts import Progress, explain_out_of_reach, name_method, solve_from
from market.equilibrium.ties import balance_allocation, tie_prices
from market.outcome import shown

PROOF = "proof of non-existence"

ACCEPTED_EXCESS = 1e-7
"""Relative excess demand up to which prices are reported as an equilibrium; most reach 1e-12. Larger than
`CLEARING_EXCESS`, since steep demand amplifies the rounding of prices."""

CHECK_EVALUATIONS = 30_000
"""Evaluations of excess demand that a check may take in a small economy: some five seconds."""

CHECK_SECONDS = 30.0  # of processor time, if these evaluations take longer than expected

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
        unique: True if it is known that there is no other equilibrium, False if there is one of other
            prices; else None.
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


def find_reference(
    economy: Economy, limit: Budget | None = None, progress: Progress | None = None
) -> Reference:
    """Find one equilibrium of an economy by a method that suits it; without one, return the reason.

    Args:
        economy: the primitives.
        limit: the budget; by default one of `CHECK_EVALUATIONS`, fewer in a large economy.
        progress: called before every starting point.
    """
    limit = limit or budget_for_check(economy)
    method = convex.applies(economy)
    if method is not None:
        found = find_by_programme(economy, limit)
        if _is_accepted(found):
            return _report(economy, found, method, _is_unique(economy, found, in_convex_set=True))
    if eigenvector.applies(economy):
        spent = eigenvector.solve(economy)
        found = None if spent.prices is None else evaluate_prices(economy, spent.prices)
        if _is_accepted(found):
            return _report(economy, found, eigenvector.EIGENVECTOR, spent.classes == 1)
        if spent.prices is None:
            return _report_failure(
                eigenvector.EIGENVECTOR, np.inf, f"There is no equilibrium: {spent.reason}."
            )
    impossible = no_equilibrium(economy)
    if impossible is not None:
        return _report_failure(PROOF, np.inf, f"There is no equilibrium: {impossible}.")
    name = name_method(economy)
    found, starts = _from_starts(economy, limit, progress)
    convex_set = method is not None or _has_gross_substitutes(economy)
    if _is_accepted(found):
        return _report(economy, found, name, _is_unique(economy, found, convex_set))
    least = np.inf if found is None else found.residual
    closest = f"the smallest relative excess demand was {shown(least)}" if np.isfinite(least) else ""
    reasons = "; ".join(filter(None, [closest, limit.exhausted, explain_out_of_reach(economy)]))
    return _report_failure(
        name,
        least,
        f"The {name} led to no equilibrium from {starts} starting points{f': {reasons}' if reasons else ''}.",
    )


def budget_for_check(economy: Economy) -> Budget:
    """Return the budget of a check."""
    return Budget(size_for(economy, CHECK_EVALUATIONS), CHECK_SECONDS)


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


def find_by_programme(economy: Economy, limit: Budget) -> Clearing | None:
    """Solve the programme with one setting of the solver after another, refine each, and return the best.

    Returns None where equilibria maximise nothing.

    Where agents value goods linearly, `ties.py` makes them exactly indifferent, and a root finder would only
    jump to and fro across these prices.
    """
    best = None
    if convex.applies(economy) is None:
        return None
    with spending(limit):
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


def _from_starts(economy: Economy, limit: Budget, progress: Progress | None) -> tuple[Clearing | None, int]:
    """Run the method from starting points until one leads to an equilibrium, then scan the line of prices.

    Returns:
        The prices nearest to an equilibrium, and the number of starting points.
    """
    best, done = None, 0
    with spending(limit):
        for start in draw_starts(economy, REFERENCE_STARTS, seed=0):
            if progress:
                progress(done, REFERENCE_STARTS)
            best = choose_better(best, solve_from(economy, start))
            done += 1
            if best is not None and best.residual <= CLEARING_EXCESS:
                return best, done
        on_the_line, _ = scan(economy, guess_prices(economy), limit.evaluations // 4)
        for end in on_the_line:
            best = choose_better(best, end)
    return best, done


def _is_unique(economy: Economy, found: Clearing | None, in_convex_set: bool) -> bool | None:
    """Return True if an equilibrium is known to be the only one, False if prices may move; else None.

    Args:
        economy: the primitives.
        found: the equilibrium.
        in_convex_set: True if equilibrium prices are known to form a convex set.
    """
    assert found is not None
    if in_convex_set and _is_single(economy, found):
        return True
    return False if is_on_continuum(economy, found) else None


def _is_single(economy: Economy, found: Clearing) -> bool | None:
    """Return True if equilibrium prices, known to form a convex set, are a single point; None if undecided.

    They are if excess demand has full rank along the graph of supply: then no prices nearby clear the market,
    while between two equilibria all prices would. Where consumers are indifferent there are no slopes.
    """
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
