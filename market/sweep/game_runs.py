"""Rows of the table for a run of a game: what came of each mechanism, and how far it is from the best.

Learners of several runs whose games differ in seed and first play alone make their steps together, as one
pass over an array (`games/mechanisms/population.py`), with the same results as one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from market.economy.correspondences import Array
from market.games.base import StrategicGame
from market.games.mechanisms.base import play
from market.games.mechanisms.learning import Learning
from market.games.mechanisms.population import alike, learn_together
from market.games.outcome import GameOutcome
from market.games.plays import Actions
from market.games.report import GameReport, report
from market.scenario.game_loading import GameScenario
from market.sweep.columns import column, named

PROVED = 1e-7
"""Part of the players' ranges of payoffs, added up: a bound that is nearer to the best total proves it."""

GAINS = 1e-9
"""Part of a player's range of payoffs: a smaller change is rounding."""

Ahead = Mapping[tuple[int, str], GameOutcome]
"""Outcomes played before, by the number of the run and the mechanism's name."""


def game_row(
    scenario: GameScenario,
    game: StrategicGame,
    name: str,
    played: GameOutcome | None,
    baseline: GameOutcome | None,
) -> tuple[dict[str, Any], GameOutcome]:
    """Return the columns of one mechanism after its name, and the outcome.

    Args:
        scenario: of the game.
        game: drawn for the run.
        name: of the mechanism.
        played: its outcome, if it was played before.
        baseline: the outcome of the first mechanism that leaves players alone; None if there is none yet.
    """
    outcome = play(scenario.mechanism(name), game) if played is None else played
    if baseline is None and outcome.kind == "unmediated":
        baseline = outcome
    found = report(outcome)
    row = _played(outcome) | _judged(found) | _sums(outcome, found, baseline) | _by_group(outcome, found)
    return row | _against(outcome, baseline), outcome


def _played(outcome: GameOutcome) -> dict[str, Any]:
    """Return the columns of an outcome."""
    return {
        "kind": outcome.kind,
        "status": outcome.status.value,
        "settled": outcome.status.settled,
        "reason": outcome.reason,
        "rounds": outcome.rounds,
        "players": outcome.game.size,
        "lowest_payoff": float(outcome.payoffs.min()),
        "revenue": float(outcome.revenue),
        "max_regret": outcome.max_regret,
        "relative_regret": outcome.relative_regret,
        "regret_exact": None if outcome.regret is None else bool(outcome.regret_exact),
    }


def _judged(found: GameReport) -> dict[str, Any]:
    """Return the verdicts of the report."""
    return {
        "efficient": found.efficient,
        "efficient_among_profiles": found.efficient_among_profiles,
        "equality": found.equality,
        "residual": float(found.residual),
        "unknown": "; ".join(f"{figure}: {why}" for figure, why in found.unknown.items()) or None,
    }


def _sums(outcome: GameOutcome, found: GameReport, baseline: GameOutcome | None) -> dict[str, Any]:
    """Return sums of payoffs, and ratios to the best where a bound proves it."""
    totals, game = found.totals, outcome.game
    if totals is None:
        return {}
    row: dict[str, Any] = {
        "total_payoff": totals.own,
        "best_total": totals.best,
        "most_total": totals.most,
        "mean_payoff": float(outcome.payoffs.mean()),
        "anarchy": totals.anarchy,
        "stability": totals.stability,
    }
    least = PROVED * float(game.scale.sum())
    if totals.most is None or totals.most - totals.best > least:
        return row
    row["shortfall"] = max(totals.best - totals.own, 0.0)
    if totals.best > least:
        row["share_of_best"] = totals.own / totals.best
    if baseline is not None:
        left = float(baseline.payoffs.sum())
        if totals.best - left > least:
            row["gain_realised"] = (totals.own - left) / (totals.best - left)
    return row


def _by_group(outcome: GameOutcome, found: GameReport) -> dict[str, Any]:
    """Return the columns of each group of players."""
    game, row = outcome.game, {}
    amounts = outcome.play.values if isinstance(outcome.play, Actions) else None
    for group in named(tuple(game.groups)):
        members = game.groups[group]
        added = game.comparable or len(members) == 1
        own: dict[str, Array | None] = {"regret": outcome.regret, "weight": found.weights}
        known = {name: None if v is None else v[members] for name, v in own.items()}
        row[column("payoff", group)] = float(outcome.payoffs[members].sum()) if added else None
        row[column("transfer", group)] = float(outcome.transfers[members].sum()) if added else None
        row[column("lowest_payoff", group)] = float(outcome.payoffs[members].min())
        row[column("regret", group)] = None if known["regret"] is None else float(known["regret"].max())
        row[column("weight", group)] = None if known["weight"] is None else float(known["weight"].sum())
        single = amounts is not None and amounts.shape[1] == 1
        row[column("amount", group)] = float(amounts[members].mean()) if single else None  # type: ignore[index]
    return row


def _against(outcome: GameOutcome, baseline: GameOutcome | None) -> dict[str, Any]:
    """Return the numbers of players that gain and lose payoff compared with being left alone."""
    if baseline is None or baseline is outcome:
        return {}
    change = (outcome.payoffs - baseline.payoffs) / outcome.game.scale
    gain, lose = int((change > GAINS).sum()), int((change < -GAINS).sum())
    return {"gain": gain, "lose": lose, "pareto_improvement": gain > 0 and lose == 0}


def learned(
    runs: Iterable[tuple[int, GameScenario, StrategicGame]], names: Iterable[str]
) -> dict[tuple[int, str], GameOutcome]:
    """Return the outcomes of all learners, those of like games played together.

    Args:
        runs: number, scenario and game of each run.
        names: of the mechanisms that are played.
    """
    found: dict[tuple[int, str], GameOutcome] = {}
    every = list(runs)
    for name in names:
        for mechanism, some in _populations(every, name):
            outcomes = learn_together(mechanism, [game for _, game in some])
            found |= {(run, name): each for (run, _), each in zip(some, outcomes, strict=True)}
    return found


def _populations(
    runs: Iterable[tuple[int, GameScenario, StrategicGame]], name: str
) -> Iterator[tuple[Learning, list[tuple[int, StrategicGame]]]]:
    """Yield learners with the runs of like games that they play; runs of other mechanisms are left out."""
    together: list[tuple[Learning, list[tuple[int, StrategicGame]]]] = []
    for run, scenario, game in runs:
        mechanism = scenario.mechanism(name)
        if not isinstance(mechanism, Learning):
            continue
        for other, some in together:
            if other == mechanism and alike(some[0][1], game):
                some.append((run, game))
                break
        else:
            together.append((mechanism, [(run, game)]))
    yield from together
