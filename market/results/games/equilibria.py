"""The Nash equilibria of a game that a search finds, beside the best total and correlated equilibria.

*Tables*: all pure equilibria by enumeration, of two players all by their supports
(`games/equilibria.py`), and whether these are all; the least and the largest sum of payoffs over
correlated and coarse correlated equilibria, by linear programs. The coarse ones bound every Nash
equilibrium, found or not.

*Amounts*: fixed points of best replies, in turn, from the game's first play and from plays that are
drawn. Each is kept only if the players' largest gain from deviating, computed anew, is none, and is
exact. Other equilibria, unstable ones among them, may exist: no number of starts proves that all were
found.

The prices of anarchy and of stability, best total over that of the worst and of the best equilibrium, are
stated only where all equilibria are known and the best total is proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.errors import InputError, NumericalError
from market.games import correlated
from market.games.base import StrategicGame
from market.games.disclosure import Disclosure
from market.games.equilibria import find
from market.games.mechanisms.base import play
from market.games.mechanisms.best_replies import BestReplies
from market.games.plays import Actions, Play
from market.games.smooth import Smooth
from market.games.table import Table
from market.games.welfare import best_amounts, random_plays
from market.outcome import Status
from market.results.games.tables import play_result
from market.results.schema import LARGEST_MAP, SCHEMA
from market.results.tables import plain, scenario_reference
from market.scenario.game_loading import GameScenario, build_game

if TYPE_CHECKING:
    from collections.abc import Sequence

STARTS, MOST_STARTS = 20, 100_000

SECONDS = 60.0

SAME = 1e-6
"""Part of the reach of a number: nearer fixed points are one equilibrium."""

PROVED = 1e-7
"""Part of the ranges of payoffs, added up: a nearer bound proves the best total."""


@dataclass(frozen=True)
class GameEquilibria(Displayed):
    """Nash equilibria that were found.

    Args:
        game: that was searched.
        found: the equilibria, pure ones first.
        complete: True if these are all.
        scope: the way of the search, in words.
        payoffs: (equilibria, n).
        regret: (equilibria,), the largest gain from deviating, in parts of the player's range of payoffs.
        reached: number of starts that ended at each; None of tables.
        starts: number of starts; 0 of tables.
        stopped: the reason for which not all starts were tried; None if they were.
        best: the largest sum of payoffs known; None where payoffs have no common unit.
        best_proved: True if no sum is larger.
        correlated: the least and the largest sum over correlated equilibria; None if not computed.
        coarse: likewise over coarse ones.
    """

    game: StrategicGame
    found: tuple[Play, ...]
    complete: bool
    scope: str
    payoffs: Array
    regret: Array
    reached: tuple[int, ...] | None = None
    starts: int = 0
    stopped: str | None = None
    best: float | None = None
    best_proved: bool = False
    correlated: tuple[float, float] | None = None
    coarse: tuple[float, float] | None = None

    def __repr__(self) -> str:
        """Return the number of equilibria, on a line."""
        least = "" if self.complete else "at least "
        return f"<GameEquilibria: {least}{len(self.found)}>"

    @property
    def sums(self) -> Array:
        """Sum of payoffs at each equilibrium, (equilibria,)."""
        return np.asarray(self.payoffs.sum(axis=1))

    @property
    def anarchy(self) -> float | None:
        """Best total over that of the worst equilibrium; None unless all are known and sums are positive."""
        return self._ratio(self.sums.min(initial=np.inf))

    @property
    def stability(self) -> float | None:
        """Best total over that of the best equilibrium; likewise."""
        return None if self.anarchy is None else self._ratio(self.sums.max(initial=-np.inf))

    def _ratio(self, total: float) -> float | None:
        known = self.complete and self.best_proved and self.best is not None and len(self.found) > 0
        return float(self.best / total) if known and total > 0 else None  # type: ignore[operator]


def game_equilibria(
    scenario: GameScenario,
    *,
    starts: int | None = None,
    seed: int | None = None,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> GameEquilibria:
    """Search for the Nash equilibria of a game.

    Args:
        scenario: read by `market.load`; its mechanisms do not matter.
        starts: number of first plays of the search in a game of amounts, 20 if not given.
        seed: of all draws, of the game and of the starts; the scenario's own if not given.
        seconds: the longest processor time of the search from many starts, 60 if not given.
        progress: called with the number of starts done, and of all.

    Raises:
        InputError: a number is out of range, or the game has another kind of solution.
    """
    if starts is not None and not 1 <= starts <= MOST_STARTS:
        raise InputError(f"starts must be 1 to {MOST_STARTS:,}, not {starts}")
    if seconds is not None and not seconds > 0:
        raise InputError(f"seconds must be above 0, not {seconds}")
    game = build_game(scenario, seed)
    if isinstance(game, Disclosure):
        raise InputError(
            "equilibria of a game of information are those of a protocol: a mechanism of kind "
            '"together" or "best_ai" finds them, and "market run" shows them'
        )
    if isinstance(game, Table):
        return _of_table(game)
    if isinstance(game, Smooth):
        return _of_amounts(game, starts or STARTS, seconds or SECONDS, progress)
    raise InputError(
        'moves in order are solved backwards: a mechanism of kind "backward_induction" finds the subgame '
        'perfect equilibrium, and "market run" shows it'
    )


def _of_table(game: Table) -> GameEquilibria:
    known = find(game)
    payoffs = np.array([game.payoffs(each) for each in known.equilibria]).reshape(-1, game.size)
    sums = game.outcomes.sum(axis=-1)
    return GameEquilibria(
        game=game,
        found=known.equilibria,
        complete=known.complete,
        scope=known.scope,
        payoffs=payoffs,
        regret=_regrets(game, known.equilibria),
        best=float(sums.max()) if game.comparable else None,
        best_proved=game.comparable,
        correlated=_range(game, sums, "correlated"),
        coarse=_range(game, sums, "coarse"),
    )


def _range(game: Table, sums: Array, kind: correlated.Kind) -> tuple[float, float] | None:
    """Return the least and the largest sum of payoffs over a kind of equilibria."""
    if not game.comparable:
        return None
    try:
        rows = correlated.obedience(game, kind)
        ends = [correlated.extreme(game, sign * sums, kind, rows).probabilities for sign in (-1.0, 1.0)]
    except NumericalError:
        return None
    low, high = (float((each * sums).sum()) for each in ends)
    return low, high


def _regrets(game: StrategicGame, plays: Sequence[Play]) -> Array:
    return np.array([float((game.regret(each)[0] / game.scale).max(initial=0.0)) for each in plays])


def _of_amounts(
    game: Smooth, starts: int, seconds: float, progress: Callable[[int, int], None] | None
) -> GameEquilibria:
    replies, begun, stopped = BestReplies("search"), time.process_time(), None
    plays: list[Actions] = []
    reached: list[int] = []
    tried = 0
    for a in (game.first, *random_plays(game, starts - 1)):
        if progress:
            progress(tried, starts)
        if tried and time.process_time() - begun > seconds:
            stopped = f"{seconds:g} seconds of processor time were used up"
            break
        tried += 1
        outcome = play(replies, game.starting_at(a))
        if outcome.status is not Status.NASH:
            continue
        assert isinstance(outcome.play, Actions)
        near = [_near(game, outcome.play, other) for other in plays]
        if any(near):
            reached[near.index(True)] += 1
        else:
            plays.append(outcome.play)
            reached.append(1)
    ones, none = np.ones(game.size), np.zeros(game.size)
    best = best_amounts(game, "sum", ones, none) if game.comparable else None
    payoffs = np.array([game.payoffs(each) for each in plays]).reshape(-1, game.size)
    top = None if best is None else max(best.value, float(payoffs.sum(axis=1).max(initial=-np.inf)))
    proved = best is not None and best.gap is not None and best.gap <= PROVED * float(game.scale.sum())
    return GameEquilibria(
        game=game,
        found=tuple(plays),
        complete=False,
        scope="best replies in turn",
        payoffs=payoffs,
        regret=_regrets(game, plays),
        reached=tuple(reached),
        starts=tried,
        stopped=stopped,
        best=top,
        best_proved=proved,
    )


def _near(game: Smooth, one: Actions, other: Actions) -> bool:
    return bool((np.abs(one.values - other.values) <= SAME * game.reach).all())


def as_data(scenario: GameScenario, found: GameEquilibria) -> dict[str, Any]:
    """Return the equilibria as plain Python objects, ready for strict JSON.

    Maps of players are null above 1000 players, as in `result.json`.
    """
    game = found.game

    def by_player(values: Array) -> dict[str, Any] | None:
        if game.size > LARGEST_MAP:
            return None
        return dict(zip(game.players, plain(values.tolist()), strict=True))

    return {
        "schema": SCHEMA,
        "scenario": scenario_reference(scenario).model_dump(),
        "seed": game.seed,
        "game": scenario.document.game,
        "complete": found.complete,
        "scope": found.scope,
        "starts": found.starts,
        "stopped": found.stopped,
        "equilibria": [
            {
                "play": play_result(game, each),
                "payoffs": by_player(found.payoffs[k]),
                "relative_regret": float(found.regret[k]),
                "starts": None if found.reached is None else found.reached[k],
            }
            for k, each in enumerate(found.found)
        ],
        "best_total": plain(found.best),
        "best_proved": found.best_proved,
        "correlated_totals": None if found.correlated is None else list(found.correlated),
        "coarse_totals": None if found.coarse is None else list(found.coarse),
        "anarchy": found.anarchy,
        "stability": found.stability,
    }
