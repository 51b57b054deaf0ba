"""Payoffs in a table beside contributions: Shapley values, marginal contributions, and the core.

v(S) is the sum of payoffs that a coalition S secures against all others (`games/coalitions.py`), v(N) the
best total. The *Shapley value* is what a player adds on average to those before it, the *marginal
contribution* `v(N) - v(N without i)` what it adds last. The *core* holds the divisions of v(N) that give
every coalition at least what it secures. It may be empty, also in a game whose v is superadditive.

Each mechanism's payoffs, transfers included, are compared with the core: the coalition that could gain
most by leaving is named. Where payoffs add up to less than the best total, all players together are such
a coalition.

Source: Shapley (1953), "A value for n-person games"; von Neumann and Morgenstern (1944), for v.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.efficiency.shapley import Blocking, blocking, core_range, shapley
from market.errors import InputError, MarketError, NumericalError
from market.games.coalitions import MOST_PLAYERS, MOST_PROFILES, values_of
from market.games.disclosure import Disclosure
from market.games.mechanisms.base import play
from market.games.table import Table
from market.results.schema import SCHEMA
from market.results.tables import scenario_reference
from market.scenario.game_loading import GameScenario, build_game

COALITIONS = 2000


@dataclass(frozen=True)
class GameContributions(Displayed):
    """Payoffs of mechanisms beside what players contribute.

    Args:
        game: the table.
        values: v of all coalitions, (2, ..., 2), at index 1 of the axes of its members.
        shapley: (n,), Shapley values.
        marginal: (n,), marginal contributions.
        core: (n,) each, the least and the greatest payoff of each player in the core; None if it is empty.
        blocks_shapley: the coalition of largest excess at Shapley values.
        payoffs: mechanism -> (n,), payoffs and transfers.
        blocks: mechanism -> the coalition of largest excess at its payoffs.
        failed: mechanism -> why it has no payoffs here.
    """

    game: Table
    values: Array
    shapley: Array
    marginal: Array
    core: tuple[Array, Array] | None
    blocks_shapley: Blocking
    payoffs: Mapping[str, Array]
    blocks: Mapping[str, Blocking]
    failed: Mapping[str, str]

    def __repr__(self) -> str:
        """Return the number of players and the best total, on a line."""
        return f"<GameContributions of {self.game.size} players to {self.best:.6g}>"

    @property
    def best(self) -> float:
        """v(N), the best total."""
        return float(self.values[(1,) * self.game.size])

    @property
    def alone(self) -> Array:
        """(n,), what each player secures alone."""
        return np.array([self.values[tuple(place)] for place in np.eye(self.game.size, dtype=int)])

    @property
    def size(self) -> float:
        """Size of the numbers that are compared, > 0: the largest v."""
        return float(np.abs(self.values).max()) or 1.0


def game_contributions(
    scenario: GameScenario,
    *,
    most: int = COALITIONS,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> GameContributions:
    """Return payoffs of a game's mechanisms beside Shapley values, marginal contributions and the core.

    Args:
        scenario: of a table, read by `market.load`.
        most: the largest number of coalitions whose value is computed.
        seed: of all draws; the scenario's own if not given.
        progress: called with the number of coalitions done, and of all.

    Raises:
        InputError: it is no table, its payoffs have no common unit, or it is too large.
    """
    game = build_game(scenario, seed)
    refuse(game, most)
    assert isinstance(game, Table)
    try:
        values = values_of(game, progress)
    except NumericalError as error:
        raise InputError(str(error)) from error
    value = shapley(values)
    all_players = (1,) * game.size
    without = [values[tuple(1 - row)] for row in np.eye(game.size, dtype=int)]
    payoffs, failed = {}, {}
    for name in scenario.mechanism_names:
        try:
            outcome = play(scenario.mechanism(name), game)
        except MarketError as error:
            failed[name] = str(error)
            continue
        payoffs[name] = outcome.payoffs + outcome.transfers
    return GameContributions(
        game=game,
        values=values,
        shapley=value,
        marginal=values[all_players] - np.array(without),
        core=core_range(values),
        blocks_shapley=blocking(values, value),
        payoffs=payoffs,
        blocks={name: blocking(values, each) for name, each in payoffs.items()},
        failed=failed,
    )


def refuse(game: object, most: int) -> None:
    """Refuse a game in which coalitions have no value that could be computed.

    Raises:
        InputError: with the reason.
    """
    if not isinstance(game, Table) or isinstance(game, Disclosure):
        raise InputError(
            "contributions of players are computed for tables: what a coalition secures against all others "
            'is a linear program over profiles; state the game as game = "table", on a grid of amounts'
        )
    if not game.comparable:
        raise InputError(
            "a coalition adds up its members' payoffs, which needs one unit: write comparable = true if "
            "payoffs are in money, or in another unit that can be handed on"
        )
    many, profiles = 2**game.size, int(game.outcomes[..., 0].size)
    if game.size > MOST_PLAYERS or profiles > MOST_PROFILES:
        raise InputError(
            f"{game.size} players with {profiles:,} profiles: contributions are exact for up to "
            f"{MOST_PLAYERS} players and {MOST_PROFILES:,} profiles"
        )
    if many > most:
        raise InputError(f"{game.size} players form {many:,} coalitions; allow them with --coalitions {many}")


def as_data(scenario: GameScenario, found: GameContributions) -> dict[str, Any]:
    """Return the contributions as plain Python objects, ready for strict JSON."""
    players = found.game.players

    def by_player(values: Array) -> dict[str, float]:
        return dict(zip(players, values.tolist(), strict=True))

    def block(best: Blocking) -> dict[str, Any]:
        members = [name for name, inside in zip(players, best.members, strict=True) if inside]
        return {"excess": best.excess, "members": members}

    core = found.core
    return {
        "schema": SCHEMA,
        "scenario": scenario_reference(scenario).model_dump(),
        "seed": found.game.seed,
        "game": scenario.document.game,
        "best_total": found.best,
        "alone": by_player(found.alone),
        "shapley": by_player(found.shapley),
        "marginal": by_player(found.marginal),
        "core": None if core is None else {"least": by_player(core[0]), "greatest": by_player(core[1])},
        "best_coalition_against_shapley": block(found.blocks_shapley),
        "mechanisms": [
            {"name": name, "payoffs": by_player(v), "best_coalition_against": block(found.blocks[name])}
            for name, v in found.payoffs.items()
        ],
        "failed": dict(found.failed),
        "coalitions_evaluated": int(found.values.size) - 1,
    }
