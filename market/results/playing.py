"""Playing any scenario under its mechanisms: of an economy, or of a game."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from market.errors import InputError
from market.results.comparison import Comparison
from market.results.comparison import compare as compare_economies
from market.results.games.comparison import GameComparison, compare_games
from market.scenario.game_loading import GameScenario


def compare(
    scenario: Any,
    mechanisms: Sequence[str] | None = None,
    seed: int | None = None,
    progress: Callable[[str], None] | None = None,
    traders: Mapping[str, Any] | None = None,
    *,
    players: Mapping[str, Any] | None = None,
    check: bool = False,
    checking: Callable[[str, int, int], None] | None = None,
) -> Comparison | GameComparison:
    """Play a scenario under its mechanisms and report on each outcome.

    Args:
        scenario: the scenario, read by `market.load`.
        mechanisms: the names of the mechanisms to play; all of them by default.
        seed: the seed of all draws; the scenario's own if not given.
        progress: a function that is called with a mechanism's name before it is played.
        traders: of an economy: for names of agents or groups, subclasses of `Trader` with their own answers.
        players: of a game: for names of players or groups, subclasses of `Player` with their own decisions.
        check: of an economy: compare the prices of auctioneers with a reference solution.
        checking: called during a check with the mechanism's name, the starting points done, and all of them.

    Raises:
        InputError: a mechanism is unknown, or the economy or game cannot be built or played.
    """
    if isinstance(scenario, GameScenario):
        if traders or check:
            raise InputError("a game has players, and no prices to check; leave out traders and check")
        return compare_games(scenario, mechanisms, seed, progress, players)
    if players:
        raise InputError("an economy has traders; leave out players")
    return compare_economies(scenario, mechanisms, seed, progress, traders, check=check, checking=checking)
