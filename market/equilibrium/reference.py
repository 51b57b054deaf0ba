"""One equilibrium by a method that suits the economy, as a second opinion on what the simulation found.

In order: total surplus or the Eisenberg-Gale programme where equilibria maximise something (`convex.py`), the
eigenvector of Cobb-Douglas exchange (`eigenvector.py`), else roots of excess demand from several starts
(`roots.py`). What comes of the first is sharpened by the last: an interior-point method leaves prices right
to perhaps eight digits. Nothing is believed: the residual is recomputed from everyone's answers at the
prices, and if no method brings it down, that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium import convex, eigenvector
from market.equilibrium.clearing import CLEARS, Clearing, better, clearing
from market.equilibrium.regularity import index
from market.equilibrium.roots import beside, first_guess, near, starts
from market.equilibrium.scan import scan
from market.equilibrium.search import out_of_reach
from market.equilibrium.ties import balanced, tied
from market.outcome import shown

ACCEPTED = 1e-7  # the largest residual of what is called an equilibrium here; most are below 1e-12
ROOTS = "roots of excess demand"
STARTS = 16
FREE_BELOW = 1e-7  # of the largest multiplier's worth: multipliers of goods that are left over


@dataclass(frozen=True)
class Reference:
    """An equilibrium, or why none was found.

    Args:
        prices: (goods,), as `Economy.normalise` has them; None if no equilibrium was found.
        consumption: (agents, goods), units; None likewise.
        production: (agents, goods), units; None likewise.
        residual: the largest relative excess demand, recomputed; of the best prices if none was found.
        method: by which it was found.
        reason: one sentence with the numbers.
        unique: whether it is known that there is no other; False if it is known that there are.
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
        """Whether there is an equilibrium here."""
        return self.prices is not None


def reference(economy: Economy) -> Reference:
    """One equilibrium of an economy by a method that suits it, or an honest failure."""
    method = convex.applies(economy)
    if method is not None:
        found = _by_programme(economy)
        if _good(found):
            return _told(economy, found, method, _single(economy, found))
    if eigenvector.applies(economy):
        spending = eigenvector.solve(economy)
        found = None if spending.prices is None else clearing(economy, spending.prices)
        if _good(found):
            return _told(economy, found, eigenvector.EIGENVECTOR, spending.classes == 1)
        if spending.prices is None:
            return _none(eigenvector.EIGENVECTOR, np.inf, f"There is no equilibrium: {spending.why}.")
    found = _by_roots(economy)
    convex_set = method is not None or _gross_substitutes(economy)
    if _good(found):
        return _told(economy, found, ROOTS, _single(economy, found) if convex_set else None)
    least = np.inf if found is None else found.residual
    why = out_of_reach(economy)
    return _none(
        ROOTS,
        least,
        f"None was found as roots of excess demand from {STARTS} starts; the least relative excess demand "
        f"was {shown(least)}{f': {why}' if why else ''}.",
    )


def _good(found: Clearing | None) -> bool:
    return found is not None and found.residual <= ACCEPTED


def _told(economy: Economy, found: Clearing | None, method: str, unique: bool | None) -> Reference:
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


def _none(method: str, residual: float, reason: str) -> Reference:
    return Reference(None, None, None, residual, method, reason, None)


def _by_programme(economy: Economy) -> Clearing | None:
    """The best of what the solver's settings give, each sharpened.

    Where some value goods linearly, prices at which they are indifferent are exact already (`ties.py`), and
    a root finder would only jump to and fro across them.
    """
    best = None
    for prices, allocation in convex.candidates(economy):
        p = _without_left_over(economy, prices, allocation[0], allocation[1])
        exact, bound = tied(economy, p, allocation[0])
        for tried in (exact, beside(economy, exact, bound)):
            best = better(best, clearing(economy, tried, balanced(economy, tried, allocation)))
        if not (economy.linear_weights.any() and _good(best)):
            best = better(best, near(economy, p))
        if best is not None and best.residual <= CLEARS:
            break
    return best


def _without_left_over(economy: Economy, p: Array, x: Array, y: Array) -> Array:
    """Multipliers with exact zeros where something is left over: an interior-point method leaves a little."""
    there = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    left = there - x.sum(axis=0)
    worth = p * np.where(there > 0, there, 0.0)
    return np.where((worth < FREE_BELOW * worth.max(initial=0.0)) & (left > 1e-6 * there), 0.0, p)


def _by_roots(economy: Economy) -> Clearing | None:
    best = None
    for start in starts(economy, STARTS, seed=0):
        best = better(best, near(economy, start))
        if best is not None and best.residual <= CLEARS:
            return best
    on_the_line, _ = scan(economy, first_guess(economy))
    for end in on_the_line:
        best = better(best, end)
    return best


def _single(economy: Economy, found: Clearing | None) -> bool | None:
    """Whether equilibrium prices that form a convex set are a single point; None if it cannot be told.

    They are if excess demand has full slope along the graph of supply: then no prices nearby clear the
    market, and between two equilibria all prices would. Slopes say nothing where consumers are indifferent.
    """
    assert found is not None
    if not economy.demand(found.prices, economy.supply(found.prices)).single_valued:
        return None
    return True if index(economy, found)[0] != 0 else None


def _gross_substitutes(economy: Economy) -> bool:
    """Whether a dearer good is known never to lower demand for another: equilibria are a convex set.

    Source: Arrow and Hurwicz (1960), "Competitive stability under weak gross substitutability: the Euclidean
    distance approach".
    """
    if economy.money is Money.QUASILINEAR or economy.technologies:
        return False
    return all(block.family.gross_substitutes(**block.parameters).all() for block in economy.utilities)
