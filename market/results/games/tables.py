"""Outcomes of games as data: the table of mechanisms, of players, and `result.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.games.outcome import GameOutcome
from market.games.plays import Actions, Joint, Mixtures, Play
from market.games.report import GameReport
from market.games.table import Table
from market.results.schema import LARGEST_MAP, SCHEMA, number
from market.results.tables import plain

if TYPE_CHECKING:
    from market.games.base import StrategicGame
    from market.results.games.comparison import GameComparison

MOST_COLUMNS = 20  # players with columns of their own in the table of mechanisms
MOST_PROFILES = 100_000  # of positive probability, that result.json lists

OBSERVED = {"mechanism": "str", "round": "int64", "measure": "str", "value": "float64"}
"""The columns of the table of rounds, with their types."""

PLAYERS = ("payoff", "utility", "transfer", "regret", "weight", "gain")
"""The columns of numbers in the table of players, before those of their amounts."""


def no_observations() -> pd.DataFrame:
    """Return the table of rounds without rows."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in OBSERVED.items()})


def comparison_table(outcomes: Mapping[str, GameOutcome], reports: Mapping[str, GameReport]) -> pd.DataFrame:
    """Return one row per mechanism; up to 20 players have a column for their payoff and weight."""
    return pd.DataFrame([_row(outcome, reports[name]) for name, outcome in outcomes.items()])


def _row(outcome: GameOutcome, found: GameReport) -> dict[str, object]:
    totals = found.totals
    nothing = np.full(outcome.game.size, np.nan)
    stated = {
        "name": outcome.name,
        "kind": outcome.kind,
        "status": outcome.status.value,
        "rounds": outcome.rounds,
        "max_regret": outcome.max_regret,
        "revenue": outcome.revenue,
    }
    judged = {
        "efficient": found.efficient,
        "efficient_among_profiles": found.efficient_among_profiles,
        "equality": found.equality,
    }
    return summary(
        stated,
        judged,
        outcome.game.players,
        outcome.payoffs,
        nothing if found.weights is None else found.weights,
        relative_regret=outcome.relative_regret,
        totals=(None, None) if totals is None else (totals.own, totals.best),
    )


def summary(
    stated: Mapping[str, Any],
    judged: Mapping[str, Any],
    players: Sequence[str],
    v: Array,
    w: Array,
    *,
    relative_regret: float | None,
    totals: tuple[float | None, float | None],
) -> dict[str, object]:
    """Return a mechanism's row of the comparison, by column.

    Args:
        stated: name, kind, status, rounds, regret and revenue, with the keys of `result.json`.
        judged: what the report says, with the keys of `result.json`.
        players: their names.
        v: (n,), payoffs.
        w: (n,), weights; NaN without.
        relative_regret: the largest gain as a part of the range of payoffs; None without regret.
        totals: the sum of payoffs and the largest; None each where payoffs have no common unit.
    """
    row: dict[str, object] = {
        "mechanism": stated["name"],
        "kind": stated["kind"],
        "status": stated["status"],
        "rounds": stated["rounds"],
        "efficient": judged["efficient"],
        "efficient_among_profiles": judged["efficient_among_profiles"],
        "max_regret": None if stated["max_regret"] is None else number(stated["max_regret"]),
        "relative_regret": relative_regret,
        "total_payoff": totals[0],
        "best_total": totals[1],
        "lowest_payoff": float(v.min()),
        "mean_payoff": float(v.mean()),
        "equality": judged["equality"],
        "revenue": stated["revenue"],
    }
    if len(players) <= MOST_COLUMNS:
        row |= {f"payoff[{name}]": float(each) for name, each in zip(players, v, strict=True)}
        row |= {f"weight[{name}]": float(each) for name, each in zip(players, w, strict=True)}
    return row


def players_table(comparison: GameComparison) -> pd.DataFrame:
    """Return one row per mechanism and player: payoffs, regret, weight, gain, and amounts where there are."""
    return pd.concat(
        [_players_of(outcome, comparison.reports[name]) for name, outcome in comparison.outcomes.items()],
        ignore_index=True,
    )


def _players_of(outcome: GameOutcome, found: GameReport) -> pd.DataFrame:
    game = outcome.game
    known: dict[str, Array | None] = {
        "payoff": outcome.payoffs,
        "utility": outcome.utilities,
        "transfer": outcome.transfers,
        "regret": outcome.regret,
        "weight": found.weights,
        "gain": found.gains,
    }
    amounts: dict[str, Array | None] = {"amount": None, "improvement": None, "best": None, "price": None}
    if isinstance(outcome.play, Actions):
        amounts["amount"] = outcome.play.values
        amounts["price"] = outcome.prices
        if isinstance(found.improvement, Actions):
            amounts["improvement"] = found.improvement.values
        if found.totals is not None:
            amounts["best"] = found.totals.best_play
    table: dict[str, object] = {"mechanism": outcome.name, "player": list(game.players)}
    table |= {name: np.full(game.size, np.nan) if v is None else v for name, v in known.items()}
    if isinstance(outcome.play, Actions):
        for name, values in amounts.items():
            for k in range(outcome.play.values.shape[1]):
                table[f"{name}[{k}]"] = np.full(game.size, np.nan) if values is None else values[:, k]
    return pd.DataFrame(table)


def game_result(comparison: GameComparison) -> dict[str, Any]:
    """Return the result as plain Python objects, ready for strict JSON."""
    scenario, game = comparison.scenario, comparison.game
    return {
        "schema": SCHEMA,
        "scenario": {"title": scenario.title, "file": str(scenario.file), "sha256": scenario.sha256},
        "seed": game.seed,
        "game": scenario.document.game,
        "comparable": game.comparable,
        "players": list(game.players) if game.size <= LARGEST_MAP else None,
        "mechanisms": [
            _mechanism(outcome, comparison.reports[name]) for name, outcome in comparison.outcomes.items()
        ],
    }


def _mechanism(outcome: GameOutcome, found: GameReport) -> dict[str, Any]:
    game, totals = outcome.game, found.totals

    def by_player(values: Array | None) -> dict[str, Any] | None:
        if values is None or game.size > LARGEST_MAP:
            return None
        return dict(zip(game.players, plain(values.tolist()), strict=True))

    return {
        "name": outcome.name,
        "kind": outcome.kind,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "rounds": outcome.rounds,
        "play": play_result(game, outcome.play),
        "payoffs": by_player(outcome.payoffs),
        "utilities": by_player(outcome.utilities),
        "transfers": by_player(outcome.transfers),
        "revenue": plain(float(outcome.revenue)),
        "regret": by_player(outcome.regret),
        "regret_exact": outcome.regret_exact,
        "max_regret": plain(outcome.max_regret),
        "evidence": plain({key: float(value) for key, value in outcome.evidence.items()}),
        "report": {
            "efficient": found.efficient,
            "efficient_among_profiles": found.efficient_among_profiles,
            "weights": by_player(found.weights),
            "residual": plain(found.residual),
            "ratio": plain(found.ratio),
            "improvement": None if found.improvement is None else play_result(game, found.improvement),
            "gains": by_player(found.gains),
            "equality": found.equality,
            "totals": None
            if totals is None
            else {
                "own": totals.own,
                "best": totals.best,
                "most": totals.most,
                "worst_coarse": totals.worst_coarse,
                "best_coarse": totals.best_coarse,
                "multipliers": None
                if totals.multipliers is None
                else [each.tolist() for each in totals.multipliers],
                "anarchy": totals.anarchy,
                "stability": totals.stability,
            },
            "unknown": [f"{figure}: {why}" for figure, why in found.unknown.items()],
        },
    }


def play_result(game: StrategicGame, play: Play) -> dict[str, Any]:
    """Return what was played: mixtures by player and action, profiles with probabilities, or amounts."""
    if isinstance(play, Actions):
        few = game.size <= LARGEST_MAP
        rows = plain(play.values.tolist())
        return {"amounts": dict(zip(game.players, rows, strict=True)) if few else None}
    assert isinstance(game, Table)
    if isinstance(play, Mixtures):
        return {
            "mixtures": {
                player: {action: float(p) for action, p in zip(own, mixture, strict=True) if p > 0}
                for player, own, mixture in zip(game.players, game.actions, play.of, strict=True)
            }
        }
    return {"profiles": profiles(game, play)}


def profiles(game: Table, play: Joint) -> list[dict[str, Any]]:
    """Return the profiles of positive probability, the most probable first."""
    p = play.probabilities.ravel()
    places = np.flatnonzero(p > 0)
    places = places[np.argsort(-p[places], kind="stable")][:MOST_PROFILES]
    return [
        {"actions": list(game.named(game.profile(int(place)))), "probability": float(p[place])}
        for place in places
    ]
