"""Learners of many runs at once: the steps of all runs are one pass over an array.

Symbols: R runs of one game that differ in their first play; a (R, n, d) amounts, or x_i (R, A_i) mixtures.
All runs make a step together, `a -> a - step g(a)` or `x -> rule(x)`, as `learning.py` has them; a run that
has ended keeps its play and takes no part. The functions of a rule take leading axes of runs and compute
each run's numbers by themselves, so that results are those of single runs.

Populations are cut so that none keeps more than `MOST_NUMBERS` numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.games.base import StrategicGame
from market.games.learning.base import MixtureRule
from market.games.mechanisms.learning import MOST_AVERAGED, SWINGS, Learning, LearningState
from market.games.outcome import GameOutcome
from market.games.plays import Actions, Mixtures, together
from market.games.smooth import Smooth
from market.games.table import Table

MOST_NUMBERS = 10_000_000
"""Of all runs of a population: amounts of the last rounds, or profiles that are averaged."""


def alike(one: StrategicGame, other: StrategicGame) -> bool:
    """Return True if two games differ in their seed and first play at most."""
    if isinstance(one, Smooth) and isinstance(other, Smooth):
        same = one.family is other.family and _equal(one.parameters, other.parameters)
    elif type(one) is Table and type(other) is Table:
        same = np.array_equal(one.outcomes, other.outcomes)
    else:
        return False
    care = (one.concern, other.concern)
    return (
        same and one.players == other.players and (care[0] is care[1] or _equal({"": care[0]}, {"": care[1]}))
    )


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def learn_together(mechanism: Learning, games: Sequence[StrategicGame]) -> list[GameOutcome]:
    """Play like games with learners to their ends, each as by `play` alone.

    Args:
        mechanism: of all runs.
        games: that are `alike`, one a run.

    Raises:
        InputError: the mechanism cannot play such games.
    """
    mechanism.refuse(games[0])
    starts = [mechanism.start(game) for game in games]
    size = _numbers(games[0])
    many = max(1, MOST_NUMBERS // size)
    states: list[LearningState] = []
    for first in range(0, len(games), many):
        some = starts[first : first + many]
        if isinstance(games[0], Smooth):
            states += _amounts(mechanism, games[0], some)
        else:
            assert isinstance(games[0], Table)
            states += _mixtures(mechanism, games[0], some)
    return [mechanism.outcome(game, state) for game, state in zip(games, states, strict=True)]


def _numbers(game: StrategicGame) -> int:
    """Return how many numbers a run keeps."""
    if isinstance(game, Smooth):
        return SWINGS * game.first.size
    assert isinstance(game, Table)
    profiles = int(game.outcomes[..., 0].size)
    return max(profiles, *game.sizes)


def _amounts(mechanism: Learning, game: Smooth, starts: Sequence[LearningState]) -> list[LearningState]:
    """Return the last states of learners who choose amounts."""
    a = np.stack([start.play.values for start in starts])  # type: ignore[union-attr]
    running = np.ones(len(a), dtype=bool)
    rounds, moved, left = np.zeros(len(a), dtype=int), np.full(len(a), np.inf), np.zeros(len(a), dtype=bool)
    last: deque[Array] = deque([a.copy()], maxlen=SWINGS + 1)
    ends: list[LearningState | None] = [None] * len(a)
    done = 0
    while running.any():
        recent = list(last)  # a run that left keeps its play before
        for run in np.flatnonzero(running & (left | _done(mechanism, moved, done, average=False))).tolist():
            kept = tuple(each[run] for each in recent[: len(recent) - int(left[run])][-SWINGS:])
            ends[run] = LearningState(
                int(rounds[run]), Actions(a[run].copy()), float(moved[run]), last=kept, left=bool(left[run])
            )
            running[run] = False
        places = np.flatnonzero(running)
        if not len(places):
            break
        before = a[places]
        after, out = mechanism.moved(game, before, done)
        after = np.where(out[:, None, None], before, after)
        moved[places] = np.where(out, 0.0, (np.abs(after - before) / game.reach).max(axis=(-2, -1)))
        left[places] = out
        a[places] = after
        done += 1
        rounds[places] = done
        last.append(a.copy())
    return [end for end in ends if end is not None]


def _done(mechanism: Learning, moved: Array, done: int, average: bool) -> NDArray[np.bool_]:
    """Return a mask of the runs that are at rest or have no rounds left, as `Learning.done` has it of one."""
    still = (moved <= mechanism.tolerance) & (not average)
    return np.asarray(still | (done >= mechanism.max_rounds))


def _mixtures(mechanism: Learning, game: Table, starts: Sequence[LearningState]) -> list[LearningState]:
    """Return the last states of learners who choose mixtures."""
    rule = mechanism.rule
    assert isinstance(rule, MixtureRule)
    of = tuple(
        np.stack([start.play.of[i] for start in starts])  # type: ignore[union-attr]
        for i in range(game.size)
    )
    memory, places = rule.start(game), np.arange(len(starts))
    full = game.outcomes[..., 0].size <= MOST_AVERAGED
    total: Any = 0.0 if full else tuple(np.zeros_like(x) for x in of)
    moved = np.full(len(starts), np.inf)
    ends: list[LearningState | None] = [None] * len(starts)
    done, average = 0, mechanism.judged == "average"
    while True:
        ended = _done(mechanism, moved, done, average)
        for k in np.flatnonzero(ended).tolist():
            ends[places[k]] = LearningState(
                done, Mixtures(tuple(x[k] for x in of)), float(moved[k]),
                total=None if not done else total[k] if full else tuple(t[k] for t in total),
            )  # fmt: skip
        if ended.all():
            return [end for end in ends if end is not None]
        if ended.any():
            kept = ~ended
            places, moved, of = places[kept], moved[kept], tuple(x[kept] for x in of)
            total = total[kept] if full else tuple(t[kept] for t in total)
            memory = _kept(memory, kept)
        values = tuple(game.against_each(i, of) for i in range(game.size))
        after, memory = rule.update(game, of, values, memory, mechanism.step_in(done))
        moved = np.max([np.abs(x - y).max(axis=-1) for x, y in zip(of, after, strict=True)], axis=0)
        total = together(of) + total if full else tuple(t + x for t, x in zip(total, of, strict=True))
        of, done = after, done + 1


def _kept(memory: Any, kept: NDArray[np.bool_]) -> Any:
    """Return the memory of some runs: its arrays have an axis of runs first, other parts are common."""
    if isinstance(memory, tuple):
        return tuple(_kept(part, kept) for part in memory)
    return memory[kept] if isinstance(memory, np.ndarray) and memory.ndim > 1 else memory
