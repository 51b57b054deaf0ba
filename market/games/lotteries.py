"""Lotteries over the profiles of a table: improvements on an outcome, and the weights that support it.

Symbols: P the payoffs of all pure profiles, (profiles, n); v an outcome's; r_i the range of i's payoffs; q a
lottery, (profiles,). The payoffs that lotteries reach are the convex hull of P. Two linear programs:

1. *Improvement*: `max sum_i s_i / r_i` subject to `P'q = v + s`, `s >= 0`. If it is 0 no lottery is better
   for one and worse for none: v is Pareto efficient in lotteries. Otherwise q is the improvement.
2. *Weights*: the least eps with `w.(p - v) <= eps` for all profiles, weights in units `w_i r_i` that sum
   to 1; among these the largest `min_i w_i r_i`. Where eps is 0 the weights support v.

By Arrow, Barankin and Blackwell (1953) an efficient point of a polytope maximises a sum with weights that are
all positive: unlike in economies an efficient outcome of a table is never degenerate.

Both have a row or column for each profile. They are solved with a few of them, and those that violate the
answer are added until none does, which is exact and reaches tables of a million profiles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.table import spread_of
from market.tolerances import ROUNDING_OF_SUMS

FIRST = 200
"""Profiles in the first program."""

ADDED = 200
"""Profiles added at a time, those that violate an answer most."""

ROUNDING_OF_A_SUM = 2e-15
"""Part of a payoff: by so much rounding puts an expectation out of the hull."""

SHARED = 1e-6
"""Weight of the least gain next to their sum: of lotteries with equal sums that with the most equal gains."""

EXACT = 1e-9
"""Part of the ranges of payoffs: violations and gains below it are rounding of the linear program."""

_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Lottery(NamedTuple):
    """A lottery that is better for some and worse for none.

    Args:
        slack: `sum_i s_i / r_i`, the gain in units of ranges; 0 if there is no such lottery.
        profiles: places of the profiles in P, those of positive probability.
        probabilities: of these.
        gains: (n,), s.
    """

    slack: float
    profiles: NDArray[np.intp]
    probabilities: Array
    gains: Array


class Weights(NamedTuple):
    """Weights that come nearest to supporting an outcome.

    Args:
        weights: (n,), w, sum 1.
        residual: eps, the largest gain in weighted payoffs over v, in units of ranges.
        ratio: largest over least weight, in units of ranges; inf if one is 0.
    """

    weights: Array
    residual: float
    ratio: float


def improvement(points: Array, v: Array) -> Lottery:
    """Return the lottery of largest gain among those in which no player is worse off.

    Args:
        points: (profiles, n), P.
        v: (n,), an outcome's payoffs, in the hull.

    Raises:
        NumericalError: the linear program was not solved.
    """
    from scipy.optimize import linprog  # deferred: an eighth of a second

    r = spread_of(points)
    scaled, rounding = (points - v) / r, ROUNDING_OF_SUMS + ROUNDING_OF_A_SUM * np.abs(v) / r
    n, chosen = len(v), _first(scaled, np.zeros(len(v)))
    while True:
        some = scaled[chosen]
        upper = np.block(  # s - (P - v)'q <= 0, and t <= s
            [[-some.T, np.eye(n), np.zeros((n, 1))], [np.zeros_like(some.T), -np.eye(n), np.ones((n, 1))]]
        )
        answer = linprog(
            np.concatenate([np.zeros(len(chosen)), -np.ones(n), [-SHARED]]),
            A_ub=upper,
            b_ub=np.concatenate([rounding, np.zeros(n)]),
            A_eq=np.concatenate([np.ones(len(chosen)), np.zeros(n + 1)])[None, :],
            b_eq=[1.0],
            method="highs",
            options=_OPTIONS,
        )
        if answer.status != 0:
            raise NumericalError(f"the linear program over lotteries was not solved: {answer.message}")
        prices, level = -answer.ineqlin.marginals[:n], -answer.eqlin.marginals[0]
        new = _worst(scaled @ prices - level, chosen)
        if not len(new):
            break
        chosen = np.concatenate([chosen, new])
    q = answer.x[: len(chosen)]
    used = q > EXACT
    q = q[used] / q[used].sum()
    gains = np.maximum((points[chosen[used]] - v).T @ q, 0.0)
    slack = float((gains / r).sum())
    if slack <= EXACT * n + rounding.sum():
        return Lottery(0.0, np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(n))
    return Lottery(slack, chosen[used], q, gains)


def supporting(points: Array, v: Array) -> Weights:
    """Return the weights of least residual, and among these the most equal in units of ranges.

    Args:
        points: (profiles, n), P.
        v: (n,), an outcome's payoffs.

    Raises:
        NumericalError: the linear program was not solved.
    """
    r = spread_of(points)
    scaled = (points - v) / r
    n = len(v)
    eps = _least(scaled, np.concatenate([np.zeros(n), [1.0]]), None)[-1]
    allowed = max(float(eps), 0.0) * (1.0 + 1e-9) + 1e-12
    most = _least(scaled, np.concatenate([np.zeros(n), [-1.0]]), allowed)
    w = np.maximum(most[:n], 0.0)
    w = w / w.sum()
    residual = max(float((scaled @ w).max()), 0.0)
    ratio = float(w.max() / w.min()) if w.min() > EXACT else np.inf
    weights = w / r
    return Weights(weights / weights.sum(), 0.0 if residual <= EXACT else residual, ratio)


def _least(scaled: Array, cost: Array, allowed: float | None) -> Array:
    """Minimise a cost over (w, t), with w in the simplex.

    Args:
        scaled: (profiles, n), `(p - v) / r`.
        cost: (n + 1,).
        allowed: None: t bounds `w.(p - v)` from above. Else that is bounded by it, and t by the w from below.
    """
    from scipy.optimize import linprog

    n = scaled.shape[1]
    chosen = _first(scaled, np.zeros(n))
    while True:
        some = scaled[chosen]
        rows = np.hstack([some, np.full((len(some), 1), -1.0 if allowed is None else 0.0)])
        limits = np.full(len(some), 0.0 if allowed is None else allowed)
        if allowed is not None:
            rows = np.vstack([rows, np.hstack([-np.eye(n), np.ones((n, 1))])])
            limits = np.concatenate([limits, np.zeros(n)])
        answer = linprog(
            cost,
            A_ub=rows,
            b_ub=limits,
            A_eq=np.concatenate([np.ones(n), [0.0]])[None, :],
            b_eq=[1.0],
            bounds=[(0.0, None)] * (n + 1),
            method="highs",
            options=_OPTIONS,
        )
        if answer.status != 0:
            raise NumericalError(f"the linear program for weights was not solved: {answer.message}")
        bound = answer.x[-1] if allowed is None else allowed
        new = _worst(scaled @ answer.x[:-1] - bound, chosen)
        if not len(new):
            return np.asarray(answer.x)
        chosen = np.concatenate([chosen, new])


def _first(scaled: Array, goal: Array) -> NDArray[np.intp]:
    """Return places of profiles to begin with: the best of each player, and those of largest sums."""
    if len(scaled) <= 2 * FIRST:
        return np.arange(len(scaled))
    best = [int(place) for place in scaled.argmax(axis=0)]
    gains = np.minimum(scaled - goal, 0.0).sum(axis=1)
    large = np.argpartition(-(gains + 1e-3 * scaled.sum(axis=1)), FIRST)[:FIRST]
    return np.unique(np.concatenate([best, large]))


def _worst(violations: Array, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return places of the profiles that violate an answer most; none if it holds for all."""
    violations[chosen] = 0.0
    if violations.max() <= EXACT:
        return np.zeros(0, dtype=np.intp)
    most = min(ADDED, len(violations) - 1)
    worst = np.argpartition(-violations, most)[:most] if most else np.zeros(1, dtype=np.intp)
    return worst[violations[worst] > EXACT]
