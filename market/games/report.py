"""The alignment report on a game's outcome: could the players do better together?

Players are aligned when they could be one super-agent: no joint change would help one and hurt none. Judged
are material payoffs; regret is in what players choose by (`base.py`).

*Tables.* Efficient among pure profiles: by enumeration. Efficient, and weights: linear programs over
lotteries (`lotteries.py`). Best sum: by enumeration. The sums of coarse correlated equilibria bound those of
all Nash equilibria (`correlated.py`); the prices of anarchy and of stability are stated only where all Nash
equilibria are known: two players, nondegenerate (`equilibria.py`).

*Amounts.* Where all payoffs are concave first-order conditions prove efficiency, with weights. A play whose
sum of payoffs is the family's bound is efficient, with equal weights. Elsewhere weights are local, and an
outcome is called not efficient only with an improvement that was re-evaluated; otherwise it is unknown. Best
sum: of local searches, with a bound that proves it where the sum is concave (`welfare.py`).

*Moves in order.* Judged are amounts on the grid. The largest sum is exact, by dynamic programming, and proves
an outcome that has it efficient; few profiles are all tried; of many an improvement is looked for among plays
some steps away, and else it is unknown.

Sums are compared only where payoffs have one unit (`comparable`).

*Equality* is `1 - G` with the Gini coefficient G, where all payoffs are >= 0 and some positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games import correlated, equilibria, lotteries
from market.games.disclosure import Disclosure
from market.games.in_order import best_in_order
from market.games.outcome import GameOutcome
from market.games.plays import Actions, Joint, Mixtures, Play, pure
from market.games.smooth import Smooth
from market.games.stages import Integers, Stages
from market.games.table import Table, spread_of
from market.games.welfare import Best, best_amounts, first_order_gap, random_plays
from market.random_streams import generator

PROVED = 1e-7
"""Part of the range of payoffs: first-order conditions violated by no more prove efficiency."""

LEAST_WEIGHT = 1e-3
"""Violations of first-order conditions prove efficiency if they are below this part of every weight: a player
of a smaller weight could gain, as if its weight were 0."""

MOST_SEARCHED = 300
"""Numbers that all players choose together: with more of them only equal weights are tried, and improvements
on the way to the largest sum, since programs over all of them take minutes."""

MORE_STARTS = 4
"""Random plays from which an improvement is looked for, besides the outcome itself and the largest sum."""

IMPROVES = 1e-7
"""Part of the range of payoffs that some player gains by an improvement, at least."""

MOST_TRIED = 100_000
"""Profiles in order of which all are tried."""

AWAY = (1, 2, 4, 8, 16)
"""Units, in steps, of the changes by which an improvement on one of more profiles is looked for."""

MOST_CHANGES = 3125
"""Changes of each unit, at most: all of -2 to 2 units of five players, more units of fewer players; of more
players some that are drawn."""


@dataclass(frozen=True)
class Totals:
    """Sums of payoffs, where these have one unit.

    Args:
        own: of the outcome.
        best: the largest known.
        most: no sum is larger; None if no bound is known.
        worst_coarse: the least over coarse correlated equilibria; None if not computed.
        best_coarse: the largest.
        multipliers: of the conditions on coarse equilibria, which prove the least and the largest sum.
        anarchy: the best sum over that of the worst Nash equilibrium; None unless all are known.
        stability: the best sum over that of the best Nash equilibrium; likewise.
        best_play: (n, d), of the largest sum found, of amounts; None of tables.
    """

    own: float
    best: float
    most: float | None
    worst_coarse: float | None = None
    best_coarse: float | None = None
    multipliers: tuple[Array, Array] | None = None
    anarchy: float | None = None
    stability: float | None = None
    best_play: Array | None = None


@dataclass(frozen=True)
class GameReport(Displayed):
    """Distance of an outcome from the best that players could do together.

    Args:
        efficient: True if no play, or lottery over plays, is better for one and worse for none; None unknown.
        efficient_among_profiles: likewise among pure profiles alone; None of amounts, and if unknown.
        weights: (n,), of the super-agent that would choose it, sum 1; None if none support it.
        residual: how far the nearest weights are from supporting it, in units of ranges of payoffs.
        ratio: largest over least weight, in units of ranges; inf if one is 0, or without weights.
        improvement: a play that is better for one, worse for none; None if there is or is known none.
        gains: (n,), by the improvement.
        totals: sums of payoffs; None where payoffs have no common unit.
        equality: 1 - Gini of payoffs; None where some are negative or all 0.
        unknown: figure -> why it is not known.
        outcome: judged.
    """

    efficient: bool | None
    efficient_among_profiles: bool | None
    weights: Array | None
    residual: float
    ratio: float
    improvement: Play | None
    gains: Array | None
    totals: Totals | None
    equality: float | None
    unknown: Mapping[str, str] = field(default_factory=dict)
    outcome: GameOutcome | None = None

    def __repr__(self) -> str:
        """Return the verdict, on a line."""
        words = {True: "efficient", False: "not efficient", None: "unknown"}
        return f"<GameReport: {words[self.efficient]}>"


def report(outcome: GameOutcome) -> GameReport:
    """Report on an outcome of a game."""
    game = outcome.game
    if isinstance(game, Table):
        return _of_table(game, outcome)
    if isinstance(game, Stages):
        return _in_order(game, outcome)
    assert isinstance(game, Smooth)
    return _of_amounts(game, outcome)


def equality(v: Array) -> float | None:
    """Return 1 - Gini of payoffs, of two `1 - |v_1 - v_2| / (2 sum v)`; None where it is not defined."""
    if not np.isfinite(v).all() or (v < 0).any() or v.sum() <= 0:
        return None
    ordered, n = np.sort(v), len(v)
    return float(1.0 - 2.0 * (np.arange(1, n + 1) @ (ordered - v.mean())) / (n**2 * v.mean()))


# --- tables ---------------------------------------------------------------------------------------------


def _of_table(game: Table, outcome: GameOutcome) -> GameReport:
    points, v = game.outcomes.reshape(-1, game.size), outcome.payoffs
    r = spread_of(points)
    unknown: dict[str, str] = {}
    scaled, goal = points / r, v / r
    better = (scaled >= goal - lotteries.EXACT).all(axis=1) & (scaled > goal + IMPROVES).any(axis=1)
    efficient, improved, gains, weights, residual, ratio = None, None, None, None, np.inf, np.inf
    try:
        lottery = lotteries.improvement(points, v)
        efficient = lottery.slack <= IMPROVES * game.size
        if not efficient:
            q = np.zeros(len(points))
            q[lottery.profiles] = lottery.probabilities
            improved, gains = _play(game, q), lottery.gains
        found = lotteries.supporting(points, v)
        residual = found.residual
        weights, ratio = (found.weights, found.ratio) if efficient else (None, np.inf)
    except NumericalError as error:
        beyond = "no lottery over partitions gives all players as much; stochastic schemes are not searched"
        unknown["efficient"] = beyond if isinstance(game, Disclosure) else str(error)
    return GameReport(
        efficient=efficient,
        efficient_among_profiles=not bool(better.any()),
        weights=weights,
        residual=residual,
        ratio=ratio,
        improvement=improved,
        gains=gains,
        equality=equality(v) if game.comparable else None,
        totals=_totals(game, v, unknown) if game.comparable else None,
        unknown=unknown,
        outcome=outcome,
    )


def _play(game: Table, q: Array) -> Mixtures | Joint:
    """Return a lottery as a play; a profile of probability 1 as actions."""
    place = int(q.argmax())
    if q[place] >= 1.0 - lotteries.EXACT:
        return pure(game.profile(place), game.sizes)
    return Joint(q.reshape(game.sizes))


def _totals(game: Table, v: Array, unknown: dict[str, str]) -> Totals:
    """Return sums of payoffs and their comparison with the best."""
    sums = game.outcomes.sum(axis=-1)
    best = float(sums.max())
    found = Totals(float(v.sum()), best, best)
    try:
        rows = correlated.obedience(game, "coarse")
        worst, top = (correlated.extreme(game, sign * sums, "coarse", rows) for sign in (-1.0, 1.0))
        low, high = (float((each.probabilities * sums).sum()) for each in (worst, top))
        multipliers = (worst.multipliers, top.multipliers)
        found = replace(found, worst_coarse=low, best_coarse=high, multipliers=multipliers)
    except NumericalError as error:
        unknown["worst_coarse"] = str(error)
    known = equilibria.find(game)
    if not known.complete:
        unknown["anarchy"] = f"at least {len(known.equilibria)} Nash equilibria, by {known.scope}"
        return found
    nash = [float(game.payoffs(each).sum()) for each in known.equilibria]
    return replace(found, anarchy=best / min(nash), stability=best / max(nash)) if min(nash) > 0 else found


# --- amounts --------------------------------------------------------------------------------------------


def _of_amounts(game: Smooth, outcome: GameOutcome) -> GameReport:
    assert isinstance(outcome.play, Actions)
    a, v = outcome.play.values, outcome.payoffs
    unknown: dict[str, str] = {}
    weights, residual = local_weights(game, a)
    ones, none = np.ones(game.size), np.zeros(game.size)
    needed = game.comparable or not game.family.concave or a.size > MOST_SEARCHED
    best = best_amounts(game, "sum", ones, none) if needed else None
    efficient: bool | None = None
    improved, gains = None, None
    totals = None
    if game.comparable and not np.isfinite(v).all():
        unknown["totals"] = "some payoff is -inf, and so is their sum"
    elif game.comparable and best is not None:
        totals = _sums(game, best, a, v)
    sizes = weights * game.scale
    share = float(sizes.min() / sizes.sum())
    if game.family.concave and residual <= min(PROVED, LEAST_WEIGHT * share):
        efficient = True
    elif _has_the_largest_sum(game, v):
        efficient, weights = True, np.full(game.size, 1.0 / game.size)
        residual = max(first_order_gap(game, a, weights), 0.0) / float(weights @ game.scale)
        sizes = weights * game.scale
    else:
        better = improvement(game, a, [] if best is None else [best.play.values])  # type: ignore[union-attr]
        if better is not None:
            efficient, improved = False, Actions(better)
            gains = game.payoffs(improved) - v
        else:
            unknown["efficient"] = (
                "no better play was found, and payoffs are not concave"
                if not game.family.concave
                else "no better play was found, yet no weights support this one"
            )
    return GameReport(
        efficient=efficient,
        efficient_among_profiles=None,
        weights=weights if efficient else None,
        residual=residual,
        ratio=float(sizes.max() / sizes.min()) if efficient and sizes.min() > 0 else np.inf,
        improvement=improved,
        gains=gains,
        totals=totals,
        equality=equality(v) if game.comparable else None,
        unknown=unknown,
        outcome=outcome,
    )


def _has_the_largest_sum(game: Smooth, v: Array) -> bool:
    """Return True if the family proves that no play has a larger sum of payoffs."""
    most = game.family.bound(game.size, **game.parameters)
    return most is not None and bool(v.sum() >= most - lotteries.EXACT * game.scale.sum())


def _sums(game: Smooth, best: Best, a: Array, v: Array) -> Totals:
    """Return the sum of payoffs, the largest that is found, and a bound if there is one."""
    assert isinstance(best.play, Actions)
    own = float(v.sum())
    most = None if best.gap is None else max(best.value + best.gap, own)
    if best.value >= own:
        return Totals(own, best.value, most, best_play=best.play.values)
    if game.family.concave or game.family.sum_concave:  # the bound at the play that is the best
        most = own + max(first_order_gap(game, a, np.ones(game.size)), 0.0)
    return Totals(own, own, most, best_play=a)


def local_weights(game: Smooth, a: Array) -> tuple[Array, float]:
    """Return weights, (n,), under which a play fulfils first-order conditions best, and their violation.

    The violation is the largest gain to first order of the weighted sum, within the bounds, in units of the
    ranges of payoffs: `max over a' of sum_i w_i J_i . (a' - a)` with `sum_i w_i r_i = 1`. It is a linear
    program in w, and in a bound for each player's numbers.
    """
    from scipy.optimize import linprog  # deferred: an eighth of a second

    n, d = a.shape
    if a.size > MOST_SEARCHED:
        equal = np.full(n, 1.0 / n)
        return equal, max(first_order_gap(game, a, equal), 0.0) / float(equal @ game.scale)
    slopes = game.slopes(a) * game.scale[:, None, None] ** -1.0  # w r in the simplex
    low, high = game.limits
    parts = []  # gain of player j's numbers <= t_j, at each vertex of what it may choose
    if game.total is not None:
        for j in range(n):
            for k in range(d):
                vertex = game.total[j] * np.eye(d)[k] - a[j]
                parts.append((slopes[:, j] @ vertex, [j]))
        bounds_used = n
    else:
        for j in range(n):
            for k in range(d):
                ends = (low[j, k], high[j, k])
                parts += [(slopes[:, j, k] * (end - a[j, k]), [j * d + k]) for end in ends]
        bounds_used = n * d
    rows = np.zeros((len(parts), n + bounds_used))
    for row, (gain, places) in zip(rows, parts, strict=True):
        row[:n] = gain
        row[[n + place for place in places]] = -1.0
    if not np.isfinite(rows).all():
        return np.full(n, 1.0 / n), np.inf
    gains = np.concatenate([np.zeros(n), np.ones(bounds_used)])
    unit = np.concatenate([np.ones(n), np.zeros(bounds_used)])
    zero = np.zeros(len(rows))
    first = linprog(gains, A_ub=rows, b_ub=zero, A_eq=unit[None, :], b_eq=[1.0], method="highs")
    if first.status != 0:
        return np.full(n, 1.0 / n), np.inf
    # among the weights of least violation those whose least is largest
    least = np.hstack([-np.eye(n), np.zeros((n, bounds_used)), np.ones((n, 1))])
    held = np.hstack([np.vstack([rows, gains]), np.zeros((len(rows) + 1, 1))])
    second = linprog(
        np.append(np.zeros(n + bounds_used), -1.0),
        A_ub=np.vstack([held, least]),
        b_ub=np.concatenate([zero, [first.fun * (1.0 + 1e-9) + PROVED / 10.0], np.zeros(n)]),
        A_eq=np.append(unit, 0.0)[None, :],
        b_eq=[1.0],
        method="highs",
    )
    chosen = first if second.status != 0 else second
    w = np.maximum(chosen.x[:n], 0.0) / game.scale
    w = w / w.sum()
    return w, max(first_order_gap(game, a, w), 0.0) / float(w @ game.scale)


def improvement(game: Smooth, a: Array, others: Sequence[Array] = ()) -> Array | None:
    """Return a play that is better for some and worse for none, re-evaluated; None if none is found.

    Args:
        game: of amounts.
        a: (n, d), what is to be improved on.
        others: plays that may be better, or from which a better one may be found.
    """
    from scipy.optimize import minimize

    v, scale, shape = game.payoffs(Actions(a)), game.scale, a.shape
    if a.size > MOST_SEARCHED:
        ways = (a + part * (other - a) for other in others for part in 0.5 ** np.arange(12))
        return next((way for way in ways if _better(game, way, v)), None)
    if not np.isfinite(v).all():  # any play with payoffs will do
        plays = (*others, game.usual_first, *random_plays(game, MORE_STARTS))
        return next((each for each in plays if _better(game, each, v)), None)
    low, high = (bound.ravel() for bound in game.limits)

    def gains(x: Array) -> Array:
        return np.asarray((game.payoffs(Actions(x[:-1].reshape(shape))) - v) / scale - x[-1])

    def slopes(x: Array) -> Array:
        at = game.slopes(x[:-1].reshape(shape)).reshape(len(v), -1) / scale[:, None]
        return np.hstack([at, -np.ones((len(v), 1))])

    held = [{"type": "ineq", "fun": gains, "jac": slopes}]
    if game.total is not None:
        rows = np.hstack([np.kron(np.eye(shape[0]), np.ones(shape[1])), np.zeros((shape[0], 1))])
        held.append({"type": "eq", "fun": lambda x: rows @ x - game.total, "jac": lambda _: rows})
    inward = 0.98 * a + 0.02 * (
        game.first if game.total is None else np.full(shape, game.total.mean() / shape[1])
    )
    for start in (*others, a, inward, *random_plays(game, MORE_STARTS)):
        if _better(game, start, v):
            return start
        found = minimize(
            lambda x: -x[-1],
            np.append(start.ravel(), 0.0),
            jac=lambda x: np.append(np.zeros(x.size - 1), -1.0),
            bounds=[*zip(low, high, strict=True), (None, None)],
            constraints=held,
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        end = game.feasible(np.asarray(found.x[:-1]).reshape(shape))
        if _better(game, end, v):
            return end
    return None


def _better(game: Smooth, a: Array, v: Array) -> bool:
    """Return True if a play is better than payoffs v for some and worse for none."""
    there = game.payoffs(Actions(a))
    if not np.isfinite(there).all():
        return False
    gains = (there - v) / game.scale  # inf where v is -inf
    return bool((gains >= -lotteries.EXACT).all() and gains.max() > IMPROVES)


# --- moves in order -------------------------------------------------------------------------------------


def _in_order(game: Stages, outcome: GameOutcome) -> GameReport:
    k, v = game.in_steps(outcome.play), outcome.payoffs
    unknown: dict[str, str] = {}
    totals, efficient, improved = None, None, None
    plays = profiles_in_order(game)
    try:
        best, most = best_in_order(game, np.ones(game.size))
        totals = Totals(float(v.sum()), most, most, best_play=game.as_play(best).values)
        efficient = True if v.sum() >= most - lotteries.EXACT * game.scale.sum() else None
    except NumericalError as error:
        unknown["totals"] = str(error)
    weights = np.full(game.size, 1.0 / game.size) if efficient else None
    if efficient is None:
        candidates = _away(game, k) if plays is None else plays
        improved = _improving(game, candidates, v)
        efficient = False if improved is not None else None if plays is None else True
        if efficient is None:
            unknown["efficient"] = "no better play was found, and there are too many to try all"
    play = None if improved is None else game.as_play(improved)
    return GameReport(
        efficient=efficient,
        efficient_among_profiles=None,
        weights=weights,
        residual=0.0 if weights is not None else np.inf,
        ratio=1.0 if weights is not None else np.inf,
        improvement=play,
        gains=None if play is None else game.payoffs(play) - v,
        totals=totals if game.comparable else None,
        equality=equality(v) if game.comparable else None,
        unknown=unknown,
        outcome=outcome,
    )


def profiles_in_order(game: Stages) -> Integers | None:
    """Return all profiles of a game in order, (profiles, n) in steps; None if they are too many."""
    if float(np.prod((game.most - game.least + 1).astype(float))) > MOST_TRIED:
        return None
    return np.stack(np.meshgrid(*map(game.amounts, range(game.size)), indexing="ij"), -1).reshape(
        -1, game.size
    )


def _away(game: Stages, k: Integers) -> Integers:
    """Return plays some steps away from one, (plays, n), that are on the grid."""
    farthest = int((MOST_CHANGES ** (1.0 / game.size) - 1.0) / 2.0 + 1e-9)
    if farthest >= 2:
        farthest = min(farthest, 6)
        changes = np.stack(np.meshgrid(*[np.arange(-farthest, farthest + 1)] * game.size, indexing="ij"), -1)
        changes = changes.reshape(-1, game.size)
    else:
        changes = generator(game.seed, "changes").integers(-2, 3, size=(MOST_CHANGES, game.size))
    plays = np.concatenate([k + unit * changes for unit in AWAY])
    return plays[((plays >= game.least) & (plays <= game.most)).all(axis=1)]


def _improving(game: Stages, plays: Integers, v: Array) -> Integers | None:
    """Return the play, (n,), better for some and worse for none, in which the least gain is largest."""
    gains = (game.payoffs_of(plays) - v) / game.scale
    better = (gains >= -lotteries.EXACT).all(axis=1) & (gains.max(axis=1) > IMPROVES)
    if not better.any():
        return None
    least = np.where(better, gains.min(axis=1), -np.inf)
    return np.asarray(plays[int(least.argmax())])
