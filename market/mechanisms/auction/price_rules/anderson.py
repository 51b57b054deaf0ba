"""Anderson acceleration of multiplicative tatonnement: slopes of demand are estimated from past rounds.

Let x = log p and f(x) = log(demand / supply), so that plain tatonnement is x' = x + f. With the last
differences dX = (x_k - x_{k-1}, ...) and dF = (f_k - f_{k-1}, ...) of `memory` rounds, choose the combination
gamma that makes |f_k - dF gamma| least and step from there,

    x' = x_k + step f_k - (dX + step dF) gamma.

That is a quasi-Newton step with the slopes seen on the way. Under `exchange` the slope is singular, since
only relative prices matter; differences have no part in what f does not see, and least squares takes the
shortest gamma.

It is guarded, since far from equilibrium or where supply jumps the slopes mislead. Where |f| is five times
the least that was seen, or has not fallen for eight rounds, it goes back to the best prices, forgets, and
takes half the step; after six such failures the adaptive tatonnement takes over for a while, each time for
longer. So it converges wherever `tatonnement` does, and also where that goes round in circles (Scarf's
economy).

Cost: one announcement a round. Locally it converges faster than linearly in practice; near joint demand it
needs a tenth of tatonnement's rounds.

Source: Anderson (1965), "Iterative procedures for nonlinear integral equations"; Walker and Ni (2011),
"Anderson acceleration for fixed-point iterations"; the safeguards are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE, Memory, Rule, Seen, from_logs, log_ratio
from market.mechanisms.auction.price_rules.tatonnement import FALLBACK, AdaptiveSteps
from market.registry import option

TOO_FAR, TOO_LONG, TOO_OFTEN = 5.0, 8, 6  # times the least |f|; rounds without a smaller one; failures
FIRST_REST = 5  # rounds of tatonnement after the first failure of mixing
STUCK = 1e-2  # share of the plain step: where mixing goes less far, it would stand still


@dataclass(frozen=True)
class Mixing(Memory):
    """Memory of mixing.

    Args:
        steady: the memory of the tatonnement that takes over.
        points: the last log prices and their f, oldest first, (goods,) each.
        best: the pair with the least f since tatonnement ended; None before the first.
        waited: rounds since then.
        failures: the number of returns to the best prices.
        resting: rounds of tatonnement still to come.
        rest: rounds of tatonnement after the next failures.
    """

    steady: AdaptiveSteps
    points: tuple[tuple[Array, Array], ...] = ()
    best: tuple[Array, Array] | None = None
    waited: int = 0
    failures: int = 0
    resting: int = 0
    rest: int = FIRST_REST


@dataclass(frozen=True)
class Anderson(Rule):
    """Multiplicative tatonnement, accelerated by slopes of demand from past rounds (Anderson mixing)."""

    name = "anderson"
    step: float = option(
        1.0, "step along log(demand / supply) where past rounds show no slope", low=0.0, open_low=True
    )
    memory: int = option(5, "past rounds from which slopes are estimated", low=1)

    def start(self, p: Array) -> Mixing:
        """Return an empty memory."""
        return Mixing(FALLBACK.start(p))

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Mixing]:
        """Mix, go back to the best prices, or make a round of tatonnement."""
        assert isinstance(memory, Mixing)
        priced = seen.p > 0
        x = np.where(priced, np.log(np.where(priced, seen.p, 1.0)), -np.inf)
        f = np.where(priced, log_ratio(seen.r), 0.0)
        seen_so_far = _noted(memory, x, f, self.memory)
        if seen_so_far.resting > 0:
            return _rest(seen, seen_so_far)
        assert seen_so_far.best is not None
        best_x, best_f = seen_so_far.best
        if _size(f) > TOO_FAR * _size(best_f) or seen_so_far.waited > TOO_LONG:
            failures = seen_so_far.failures + 1
            if failures > TOO_OFTEN:
                return _rest(seen, replace(seen_so_far, resting=memory.rest, rest=2 * memory.rest))
            back = _moved_from_logs(best_x, _bounded(self.step * 0.5**failures * best_f))
            return back, replace(
                seen_so_far, points=((best_x, best_f),), best=(best_x, best_f), waited=0, failures=failures
            )
        if len(seen_so_far.points) == 1:
            return _moved_from_logs(x, _bounded(self.step * f)), seen_so_far
        step = self.step * 0.5**seen_so_far.failures
        return _moved_from_logs(x, _bounded(_mixed(seen_so_far.points, step))), seen_so_far


def _moved_from_logs(x: Array, move: Array) -> Array:
    """Return prices from their logarithms x, -inf for a price of 0, after a move."""
    return np.where(np.isfinite(x), from_logs(np.where(np.isfinite(x), x, 0.0) + move), 0.0)


def _size(f: Array) -> float:
    return float(np.linalg.norm(f))


def _bounded(move: Array) -> Array:
    return np.clip(move, -LARGEST_MOVE, LARGEST_MOVE)


def _noted(memory: Mixing, x: Array, f: Array, length: int) -> Mixing:
    """Return the memory with the newest point; it starts anew where a price became zero or positive."""
    if memory.best is not None and not np.array_equal(np.isinf(memory.best[0]), np.isinf(x)):
        memory = replace(memory, points=(), best=None)
    points = (*memory.points, (x, f))[-length - 1 :]
    if memory.best is not None and not _size(f) < _size(memory.best[1]):
        return replace(memory, points=points, waited=memory.waited + 1)
    halved = memory.best is not None and _size(f) < 0.5 * _size(memory.best[1])
    return replace(memory, points=points, best=(x, f), waited=0, failures=0 if halved else memory.failures)


def _rest(seen: Seen, memory: Mixing) -> tuple[Array, Mixing]:
    """Make a round of tatonnement; afterwards mixing starts anew from where it led."""
    proposed, steady = FALLBACK.adjust(seen, memory.steady)
    assert isinstance(steady, AdaptiveSteps)
    return proposed, replace(
        memory, steady=steady, points=(), best=None, waited=0, failures=0, resting=memory.resting - 1
    )


def _mixed(points: tuple[tuple[Array, Array], ...], step: float) -> Array:
    """Return the move `step f - (dX + step dF) gamma` of log prices, or `step f` where mixing stands still.

    It does where f turns x by a right angle, as in Scarf's economy.
    """
    priced = np.isfinite(points[-1][0])
    x, f = (np.array([point[part][priced] for point in points]) for part in (0, 1))
    dx, df, last = np.diff(x, axis=0).T, np.diff(f, axis=0).T, f[-1]
    gamma = np.linalg.lstsq(df, last, rcond=1e-10)[0]
    move = np.zeros(len(priced))
    mixed = step * last - (dx + step * df) @ gamma
    stuck = np.linalg.norm(mixed) < STUCK * step * np.linalg.norm(last)
    move[priced] = step * last if stuck else mixed
    return move
