"""The best that players could do together: largest welfare, with a bound that proves it.

Symbols: v payoffs; d a disagreement point, what players have without agreement; weights w >= 0. Welfare is

    sum: sum_i w_i v_i,    nash: sum_i w_i log(v_i - d_i),    min: min_i w_i v_i.

*Tables.* Players may toss coins together, so v is a point of the hull of the pure profiles' payoffs P. For
`sum` a pure profile is best. For the others the gradient g of welfare at v bounds what any other point adds,
since welfare is concave: `W(p) - W(v) <= max_p g.(p - v)`, a maximum over profiles. `nash` and `min` are
solved as convex programs, and accepted by that bound alone (for `min` g are the multipliers of the program).

*Amounts.* Local searches from several plays; where welfare is concave, `max over plays of
grad W . (a' - a)` (Frank and Wolfe 1956) bounds what any other play adds, and proves an optimum. Otherwise
the best play found is reported as that, with a bound of the family if there is one. A family may also
find a play of the largest sum by itself, from which searches start, too.

Source: Nash (1950), "The bargaining problem"; Boyd and Vandenberghe (2004), *Convex Optimization*.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError, NumericalError
from market.games.plays import Actions, Joint, Mixtures, pure
from market.games.smooth import Smooth
from market.games.table import Table
from market.random_streams import generator

Welfare = Literal["sum", "nash", "min"]

LARGEST_LOTTERY = 20_000
"""Profiles: a convex program over more of them takes seconds."""

STARTS = 20
"""Random plays from which a search begins."""

MANY = 100
"""Numbers that all players choose together: with more of them a concave welfare is climbed once."""

PROVED = 1e-12
"""Part of the range of payoffs: a play that near the bound of its family's sums needs no search."""

USED = 1e-7
"""Probability below which a profile of a lottery is the solver's rounding."""


@dataclass(frozen=True)
class Best:
    """The best play found.

    Args:
        play: of largest welfare found.
        value: its welfare.
        gap: how much more any play could have; None where no bound is known.
        starts: number of plays from which it was searched; 0 by enumeration or a convex program.
    """

    play: Mixtures | Joint | Actions
    value: float
    gap: float | None
    starts: int


def level(kind: Welfare, v: Array, weights: Array, disagreement: Array) -> float:
    """Return the welfare of payoffs; -inf under `nash` where some are not above the disagreement point.

    Args:
        kind: of welfare.
        v: (n,), payoffs.
        weights: (n,), w.
        disagreement: (n,), d.
    """
    counted = weights > 0
    if kind == "sum":
        return float(weights[counted] @ v[counted])
    if kind == "min":
        return float((weights * v).min()) if np.isfinite(v).all() else -np.inf
    gains = v - disagreement
    return float(weights @ np.log(gains)) if (gains > 0).all() else -np.inf


def gradient(kind: Welfare, v: Array, weights: Array, disagreement: Array) -> Array:
    """Return the slopes of welfare in payoffs, (n,); of `min` those of the worst off, shared."""
    if kind == "sum":
        return weights
    if kind == "nash":
        return np.asarray(weights / (v - disagreement))
    if not np.isfinite(v).all():
        return np.where(np.isfinite(v), 0.0, weights)
    weighed = weights * v
    worst = weighed <= weighed.min() + 1e-12 * np.abs(weighed).max()
    return np.asarray(np.where(worst, weights, 0.0) / worst.sum())


def best_in_table(game: Table, kind: Welfare, weights: Array, disagreement: Array) -> Best:
    """Return the lottery over profiles of largest welfare.

    Raises:
        NumericalError: no lottery is better for all than the disagreement point, or it was not found.
    """
    points = game.outcomes.reshape(-1, game.size)
    if kind == "sum":
        totals = points @ weights
        place = int(totals.argmax())
        return Best(pure(game.profile(place), game.sizes), float(totals[place]), 0.0, 0)
    q, g = _lottery(points, kind, weights, disagreement)
    v = points.T @ q
    slope = gradient(kind, v, weights, disagreement) if kind == "nash" else g
    gap = max(
        float(
            (points @ slope).max() - (slope @ v if kind == "nash" else level(kind, v, weights, disagreement))
        ),
        0.0,
    )
    play = Joint(q.reshape(game.sizes))
    alone = np.flatnonzero(q == 1.0)
    found = pure(game.profile(int(alone[0])), game.sizes) if len(alone) else play
    return Best(found, level(kind, v, weights, disagreement), gap, 0)


def _lottery(points: Array, kind: Welfare, weights: Array, disagreement: Array) -> tuple[Array, Array]:
    """Return the lottery of largest welfare, (profiles,), and the multipliers of the program, (n,)."""
    import cvxpy  # deferred: takes a second to import

    if len(points) > LARGEST_LOTTERY:
        raise NumericalError(f"a convex program over {len(points):,} profiles is too large to be solved")
    if kind == "nash" and not (points > disagreement).any(axis=0).all():
        raise NumericalError("some player never gets more than at the disagreement point")
    scale = np.where(np.ptp(points, axis=0) > 0, np.ptp(points, axis=0), 1.0)
    q = cvxpy.Variable(len(points), nonneg=True)
    gains = ((points - disagreement) / scale).T @ q
    held = []
    if kind == "nash":
        objective = weights @ cvxpy.log(gains)
    else:
        least = cvxpy.Variable()
        size = float(np.abs(points).max()) or 1.0
        held = [cvxpy.multiply(weights, (points / size).T @ q) >= least]
        objective = least
    problem = cvxpy.Problem(cvxpy.Maximize(objective), [cvxpy.sum(q) == 1, *held])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "may be inaccurate": the gap is recomputed
            problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
    except cvxpy.SolverError as error:
        raise NumericalError(f"the convex program over lotteries was not solved: {error}") from error
    if q.value is None:
        raise NumericalError("no lottery gives every player more than the disagreement point")
    p = np.where(q.value > USED, q.value, 0.0)
    multipliers = np.maximum(np.asarray(held[0].dual_value), 0.0) if held else np.zeros(points.shape[1])
    total = multipliers.sum()
    return p / p.sum(), weights * (multipliers / total if total > 0 else multipliers)


def best_amounts(game: Smooth, kind: Welfare, weights: Array, disagreement: Array) -> Best:
    """Return the play of largest welfare that local searches find, with a bound where there is one."""
    starts = [inside(game, game.first), *random_plays(game, STARTS)]
    by_family = game.family.best_sum(game.size, **game.parameters)
    if by_family is not None:
        starts.append(by_family)

    def value(a: Array) -> float:
        return level(kind, game.payoffs(Actions(a)), weights, disagreement)

    plain = kind == "sum" and np.ptp(weights) == 0
    known = game.family.bound(game.size, **game.parameters) if plain else None
    if known is not None and by_family is not None:
        missing = max(known * float(weights[0]) - value(by_family), 0.0)
        if missing <= PROVED * float(weights @ game.scale):
            return Best(Actions(by_family), value(by_family), missing, 1)

    concave = game.family.concave or (plain and game.family.sum_concave)
    if concave and game.first.size > MANY:
        starts = starts[:1]  # there is one maximum
    best = max((_climbed(game, a, kind, weights, disagreement) for a in starts), key=value)
    gap: float | None = None
    if concave and kind != "min":
        gap = first_order_gap(game, best, gradient(kind, game.payoffs(Actions(best)), weights, disagreement))
    elif known is not None:
        gap = max(known * float(weights[0]) - value(best), 0.0)
    return Best(Actions(best), value(best), gap, len(starts))


def random_plays(game: Smooth, count: int) -> list[Array]:
    """Return plays of finite payoffs, drawn within the bounds; of shares half of them at corners."""
    rng = generator(game.seed, "plays", game.family.name)
    low, high = game.limits
    if game.total is None:
        drawn = [low + (high - low) * rng.random(low.shape) for _ in range(count)]
    else:
        n, d, total = *low.shape, game.total[:, None]
        drawn = [total * rng.dirichlet(np.ones(d), n) for _ in range(count - count // 2)]
        drawn += [total * np.eye(d)[rng.integers(d, size=n)] for _ in range(count // 2)]
    return [inside(game, a) for a in drawn]


def inside(game: Smooth, a: Array) -> Array:
    """Return a play, (n, d), or one on the way to the family's own first play whose payoffs are finite."""
    for _ in range(60):
        if np.isfinite(game.payoffs(Actions(a))).all():
            return a
        a = (a + game.usual_first) / 2.0
    return game.usual_first


def first_order_gap(game: Smooth, a: Array, slopes: Array) -> float:
    """Return `max over plays a' of sum_i g_i J_i . (a' - a)`, which bounds gains where welfare is concave.

    Args:
        game: of amounts.
        a: (n, d), a play.
        slopes: (n,), g, of welfare in payoffs.
    """
    upward = np.tensordot(slopes, game.slopes(a), axes=(0, 0))  # (n, d)
    low, high = game.limits
    if game.total is not None:
        return float((game.total * upward.max(axis=1)).sum() - (upward * a).sum())
    return float((np.where(upward > 0, upward * (high - a), upward * (low - a))).sum())


def _climbed(game: Smooth, a: Array, kind: Welfare, weights: Array, disagreement: Array) -> Array:
    """Return the end of a local search from a play, (n, d)."""
    from scipy.optimize import minimize  # deferred: an eighth of a second

    shape = a.shape

    def loss(x: Array) -> tuple[float, Array]:
        at = x.reshape(shape)
        v = game.payoffs(Actions(at))
        if kind == "nash" and not (v > disagreement).all():
            return 1e10 + float(np.maximum(disagreement - v, 0.0).sum()), np.zeros(x.size)
        if not np.isfinite(v).all():
            return 1e10, np.zeros(x.size)
        g = gradient(kind, v, weights, disagreement)
        return -level(kind, v, weights, disagreement), -np.tensordot(g, game.slopes(at), axes=(0, 0)).ravel()

    low, high = (bound.ravel() for bound in game.limits)
    bounds = list(zip(low, high, strict=True))
    if game.total is None:
        found = minimize(loss, a.ravel(), jac=True, bounds=bounds, method="L-BFGS-B",
                         options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 5000})  # fmt: skip
    else:
        rows = np.kron(np.eye(shape[0]), np.ones(shape[1]))
        sums = {"type": "eq", "fun": lambda x: rows @ x - game.total, "jac": lambda _: rows}
        found = minimize(loss, a.ravel(), jac=True, bounds=bounds, constraints=[sums], method="SLSQP",
                         options={"ftol": 1e-15, "maxiter": 500})  # fmt: skip
    end = game.feasible(np.asarray(found.x).reshape(shape))
    before, after = (level(kind, game.payoffs(Actions(x)), weights, disagreement) for x in (a, end))
    return end if after >= before else a


def refuse_disagreement(kind: Welfare, disagreement: object) -> None:
    """Refuse a product of gains without a point from which gains count, and a point that nothing counts from.

    Raises:
        InputError: with the reason.
    """
    if kind == "nash" and not disagreement:
        raise InputError(
            'welfare = "nash" multiplies gains over a disagreement point: '
            "write disagreement = { name = payoff }"
        )
    if kind != "nash" and disagreement:
        raise InputError(
            f'welfare = "{kind}" has no disagreement point: write welfare = "nash", or leave disagreement out'
        )
