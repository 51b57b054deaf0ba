"""Games stated directly: `python -m benchmarks.games` prints what their parts take, in one run.

Other libraries are peers where they are installed; where they are not, a line says so. Rules and searches do
the same work on the same tables: regret matching and fictitious play for equally many rounds, and all
equilibria of a table by its supports. A plain Mesa model has an agent for each learner, which computes its
own slope and steps; the same learners are `descend` on one array here. Times are processor seconds on one
core, the least of several repeats.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import mesa
import numpy as np

import market
from benchmarks.measuring import least, side_by_side
from market.economy.correspondences import Array
from market.games import correlated, equilibria
from market.games.learning.base import MixtureRule
from market.games.learning.gradients import Individual, descend
from market.games.learning.mixtures import FictitiousPlay, RegretMatching
from market.games.mechanisms.base import play
from market.games.mechanisms.learning import Learning
from market.games.smooth import Smooth
from market.games.table import Table
from market.scenario.game_loading import build_game

LEARNERS, STEPS, STEP = 10_000, 20, 0.01
ROUNDS = 1000
SIZES = (3, 5, 7)

Work = Callable[[], object]

PUBLIC_GOODS = """
schema = 1
game = "public_goods"
parameters = { multiplier = 1.5 }
[[players]]
name = "player"
count = 2
budget = 1.0
cost = 1.0
[[mechanisms]]
name = "left alone"
kind = "unmediated"
"""


class Learner(mesa.Agent):
    """Gives to a public good and follows the slope of its own payoff, within [0, 1]."""

    def __init__(self, model: Learners, given: float) -> None:
        super().__init__(model)
        self.given = given
        self.other: Learner = self

    def payoff(self, given: float) -> float:
        return 1.0 - given + 0.75 * (given + self.other.given)

    def see(self) -> None:
        self.slope = (self.payoff(self.given + 1e-6) - self.payoff(self.given - 1e-6)) / 2e-6

    def learn(self) -> None:
        self.given = min(max(self.given + STEP * self.slope, 0.0), 1.0)


class Learners(mesa.Model):
    """Pairs of learners."""

    def __init__(self, starts: Array) -> None:
        super().__init__(rng=0)
        for first, second in starts[..., 0]:
            pair = Learner(self, float(first)), Learner(self, float(second))
            pair[0].other, pair[1].other = pair[1], pair[0]

    def step(self) -> None:
        self.agents.do("see")
        self.agents.do("learn")


def _random(sizes: tuple[int, ...], seed: int = 0) -> Table:
    rng = np.random.default_rng([seed, *sizes])
    return market.from_payoffs(rng.normal(size=(*sizes, len(sizes))))


def rows() -> Iterator[tuple[str, str]]:
    """Yield what was measured, and the figure with its aim."""
    yield from _learners()
    yield from _correlated()
    yield from _supports()
    yield from _rules()


def _learners() -> Iterator[tuple[str, str]]:
    game = build_game(market.loads(PUBLIC_GOODS))
    assert isinstance(game, Smooth)
    starts = np.random.default_rng(0).random((LEARNERS // 2, 2, 1))
    model = Learners(starts)

    def mesa_steps() -> None:
        for _ in range(STEPS):
            model.step()

    ours, theirs = side_by_side(
        lambda: descend(game, starts, Individual(), STEP, STEPS, "project"), mesa_steps, 3
    )
    ends, _ = descend(game, starts, Individual(), STEP, STEPS * 3)
    apart = np.abs(ends.ravel() - np.array([each.given for each in model.agents])).max()
    what = f"{LEARNERS:,} learners, a step of all (same ends to {apart:.0e})"
    times = f"{ours / STEPS * 1e3:.2f} ms, Mesa {theirs / STEPS * 1e3:.0f} ms"
    yield what, f"{times}: {theirs / ours:.0f} times (aim 100)"


def _correlated() -> Iterator[tuple[str, str]]:
    game = _random((5, 5, 5))
    total = game.outcomes.sum(axis=-1)
    for kind in ("correlated", "coarse"):
        seconds = least(lambda kind=kind: correlated.extreme(game, total, kind), 5)  # type: ignore[misc]
        yield f"best {kind} equilibrium of 5 x 5 x 5", f"{seconds:.3f} s (aim below 0.1)"


def _beside(peer: str, ours: Work, theirs: Work | None) -> str:
    """Return our time, and that of a library with the ratio; theirs is None where it is not installed."""
    if theirs is None:
        return f"{least(ours, 3):.4f} s; {peer} is not installed"
    own, other = side_by_side(ours, theirs, 3)
    return f"{own:.4f} s, {peer} {other:.4f} s: {other / own:.1f} times (aim: above 1 from 5 x 5 on)"


def _library(module: str) -> Any:
    """Return a module that is no dependency of the package; None where it is not installed."""
    return import_module(module) if find_spec(module.split(".")[0]) else None


def _supports() -> Iterator[tuple[str, str]]:
    nashpy = _library("nashpy")
    for size in SIZES:
        game = _random((size, size))
        other = nashpy and nashpy.Game(*game.to_payoffs("first"))
        theirs = other and (lambda other=other: list(other.support_enumeration()))
        figure = _beside("Nashpy", lambda game=game: equilibria.find(game), theirs)
        yield f"all equilibria of {size} x {size} by supports", figure


def _rules() -> Iterator[tuple[str, str]]:
    nashpy = _library("nashpy")
    spiel = _library("open_spiel.python.algorithms.regret_matching")
    for size in SIZES:
        game = _random((size, size))
        payoffs = game.to_payoffs("first")
        what = f"{ROUNDS} rounds of {size} x {size}"
        theirs = spiel and (lambda p=payoffs: spiel.regret_matching(list(p), iterations=ROUNDS))
        yield (
            f"regret matching, {what}",
            _beside("OpenSpiel", lambda game=game: _learn(game, RegretMatching()), theirs),
        )
        other = nashpy and nashpy.Game(*payoffs)
        theirs = other and (lambda other=other: list(other.fictitious_play(iterations=ROUNDS, seed=0)))
        yield (
            f"fictitious play, {what}",
            _beside("Nashpy", lambda game=game: _learn(game, FictitiousPlay()), theirs),
        )


def _learn(game: Table, rule: MixtureRule) -> None:
    play(Learning("learners", rule=rule, max_rounds=ROUNDS), game)


if __name__ == "__main__":
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for what, figure in rows():
        print(f"{what:64} {figure}", flush=True)
