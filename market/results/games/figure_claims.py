"""Recomputation of the figures about a game's outcome from the recorded play, and of both files' agreement.

Symbols: v payoffs; P payoffs of all profiles; r their ranges; w weights; n the number of players.

- *Equality* is `1 - sum_ij |v_i - v_j| / (2 n sum v)`, the mean difference of all pairs; a run takes it from
  the order of payoffs.
- *Residual* of weights: `max_p w.(p - v) / w.r`; of an outcome that no weights support the least of all.
- *Statuses* are those that a mechanism of the kind can end with, and that gains from deviating allow.
- *Prices of anarchy and stability*, and numbers of equilibria, by enumerating supports again.
- *Largest welfare*: `prod (v_i - d_i)` is concave in logarithms, so that `max_p g.(p - v)` with
  `g_i = w_i / (v_i - d_i)` bounds what any lottery adds; the least payoff by a linear program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from market.economy.correspondences import Array
from market.games.base import StrategicGame
from market.games.equilibria import Found
from market.games.lotteries import EXACT, supporting
from market.games.mechanisms.planner import by_player
from market.games.plays import Actions, Play
from market.games.report import PROVED, local_weights
from market.games.smooth import Smooth
from market.games.stages import Stages
from market.games.table import Table, spread_of
from market.games.welfare import gradient, level
from market.outcome import Status
from market.results.schema import LARGEST_MAP, SCHEMA, number
from market.results.verify.claim import difference
from market.tolerances import ROUNDING_OF_RESULTS

Check = tuple[str, bool | None, str]

IN_BOTH = (
    ("payoffs", "payoff"),
    ("utilities", "utility"),
    ("transfers", "transfer"),
    ("regret", "regret"),
)
OF_REPORT = (("weights", "weight"), ("gains", "gain"))
"""Maps by player in result.json, and the columns of players.parquet that have the same numbers."""

NEARLY = 1e-6
"""Largest difference of a residual, in units of ranges, whose weights are found again by a linear program."""


def agreements(
    game: StrategicGame, stated: Mapping[str, Any], own: pd.DataFrame, play: Play
) -> Iterator[Check]:
    """Yield that maps by player in `result.json` have the numbers of `players.parquet`.

    Args:
        game: that was played.
        stated: the mechanism's part of `result.json`.
        own: its rows of `players.parquet`.
        play: that was recorded.
    """
    kept, report = game.size <= LARGEST_MAP, stated["report"]
    for part, names in ((stated, IN_BOTH), (report, OF_REPORT)):
        for key, column in names:
            values = own[column].to_numpy(dtype=float)
            due = kept and not np.isnan(values).all()
            if (part[key] is not None) != due:
                yield f"{key} in both files", False, "only one of them has it"
            elif due:
                listed = np.array([number(part[key][player]) for player in game.players])
                fine = bool(np.array_equal(listed, values, equal_nan=True))
                yield f"{key} in both files", fine, "in every number" if fine else "different"
    if isinstance(play, Actions):
        there = {
            "improvement": report["improvement"] is not None,
            "best": report["totals"] is not None,
            "price": stated["kind"] == "auctioneer",
        }
        empty = [f"{name}[{k}]" for k in range(play.values.shape[1]) for name in there if not there[name]]
        extra = [name for name in empty if not np.isnan(own[name].to_numpy(dtype=float)).all()]
        yield "no column is filled without need", not extra, ", ".join(extra) or "empty where nothing is due"
    if isinstance(play, Actions) and kept:
        for name, part, column in (
            ("amounts", stated["play"], "amount"),
            ("improvement", report["improvement"], "improvement"),
        ):
            if part is None:
                continue
            listed = np.array([part["amounts"][player] for player in game.players], dtype=float)
            columns = [f"{column}[{k}]" for k in range(listed.shape[1])]
            fine = bool(np.array_equal(listed, own[columns].to_numpy(dtype=float)))
            yield f"{name} in both files", fine, "in every number" if fine else "different"


def rounds(
    stated: Mapping[str, Any], options: Any, seen: pd.DataFrame, total: float | None
) -> Iterator[Check]:
    """Yield that rounds are numbered, are no more than allowed, and end with the play that is judged.

    Args:
        stated: the mechanism's part of `result.json`.
        options: of the mechanism.
        seen: its rows of `rounds.parquet`.
        total: the sum of payoffs of the play; None if the last round's play is not what is judged.
    """
    count, status = stated["rounds"], Status(stated["status"])
    measures = ("total_payoff", *options.observed_once)
    fine: bool | None = (not count or set(measures) <= set(seen["measure"])) and all(
        list(of["round"]) == list(range(1, count + 1)) for _, of in seen.groupby("measure")
    )
    elsewhere = options.asks_players and seen.empty and type(count) is int and count > 0
    fine = None if elsewhere else type(count) is int and fine
    how = f"{count} rounds" if fine is not None else "no round is recorded, as of what learners did elsewhere"
    yield "rounds are all recorded", fine, how
    most = getattr(options, "max_rounds", None)
    if most is not None:
        fine = count <= most and (status is not Status.MAX_ROUNDS or count == most or elsewhere)
        yield "rounds are within the limit", fine, f"{count} of at most {most}"
    moved = seen.loc[seen["measure"] == "movement", "value"].to_numpy()
    if "movement" in stated["evidence"] and len(moved):
        said = number(stated["evidence"]["movement"])
        yield "the last movement", bool(said == moved[-1]), f"{said:.3g}"
    totals = seen.loc[seen["measure"] == "total_payoff", "value"].to_numpy()
    if total is not None and len(totals):
        apart = difference(totals[-1], total)
        fine = apart <= ROUNDING_OF_RESULTS or abs(totals[-1] - total) <= ROUNDING_OF_RESULTS
        yield "the last round has the payoffs that are judged", bool(fine), f"{totals[-1]:.6g}"


def endings(
    game: StrategicGame, stated: Mapping[str, Any], options: Any, relative: float | None
) -> Iterator[Check]:
    """Yield that the mechanism can end like that, and has the evidence for it.

    Args:
        game: that was played.
        stated: the mechanism's part of `result.json`.
        options: of the mechanism.
        relative: the largest gain from deviating, as a part of the range of payoffs; None if none is stated.
    """
    kind, status = stated["kind"], Status(stated["status"])
    evidence = stated["evidence"]
    fine = status in options.endings
    if kind == "planner":
        weights = by_player(game, options.weights, 1.0)
        size = float(weights.sum() if options.welfare == "nash" else game.scale @ weights)
        proved = "gap" in evidence and number(evidence["gap"]) <= options.tolerance * size
        fine &= status is Status.FAILED or (status is Status.OPTIMAL) == proved
    elif kind == "backward_induction" and relative is not None:
        fine &= (status is Status.SUBGAME_PERFECT) == (relative <= options.tolerance)
    elif kind == "mediator":
        fine &= status is not Status.CORRELATED or options.equilibrium == "correlated"
        if options.equilibrium == "correlated" and relative is not None and relative <= options.tolerance:
            fine &= status is Status.CORRELATED or not evidence
    elif kind == "unmediated" and relative is not None:
        small, exact = relative <= options.tolerance, bool(stated["regret_exact"])
        fine &= (status is Status.NASH) == (small and exact)
        fine &= (status is Status.SETTLED) == (small and not exact)
    elif kind == "auctioneer":
        gap, enough = number(evidence["disequilibrium"]), 100 * options.tolerance
        if status is Status.CLEARED:
            fine &= isinstance(game, Smooth) and gap <= enough and bool(stated["regret_exact"])
        if isinstance(game, Table):
            fine &= gap == 0.0 and relative is not None
            fine &= (status is Status.SETTLED) == (relative is not None and relative <= options.tolerance)
        elif status is Status.SETTLED:
            fine &= gap <= enough and not stated["regret_exact"]
    yield f"'{status.words}' is how such a mechanism ends", bool(fine), f'kind = "{kind}"'
    if relative is not None and evidence:
        yield "the regret is in the evidence", "relative_regret" in evidence, "as a part of the range"


def evidence_again(
    game: StrategicGame,
    stated: Mapping[str, Any],
    options: Any,
    v: Array,
    found: Found | None,
    coarse: float | None,
) -> Iterator[Check]:
    """Yield further numbers of the evidence that follow from the play alone.

    Args:
        game: that was played.
        stated: the mechanism's part of `result.json`.
        options: of the mechanism.
        v: (n,), payoffs.
        found: equilibria of a table, searched again; None of other games.
        coarse: the largest gain by one action in the place of all play, as a part of the range of payoffs, of
            a table; None of other games.
    """
    evidence, kind = stated["evidence"], stated["kind"]
    again: dict[str, float] = {}
    if coarse is not None:
        again |= {"coarse_regret": coarse}
        if kind == "learning":
            again |= {f"{options.judged}_regret": coarse}
    if kind == "equilibria" and found is not None:
        again |= {"equilibria": float(len(found.equilibria)), "complete": float(found.complete)}
    if kind == "planner" and "welfare" in evidence:
        weights, d = by_player(game, options.weights, 1.0), by_player(game, options.disagreement, 0.0)
        again |= {"welfare": level(options.welfare, v, weights, d)}
    for key, value in again.items():
        if key in evidence:
            said = number(evidence[key])
            fine = difference(said, value, 1.0) <= ROUNDING_OF_RESULTS
            yield key.replace("_", " "), fine, f"{value:.6g}, recomputed"


def figures(
    game: StrategicGame, stated: Mapping[str, Any], play: Play, v: Array, w: Array
) -> Iterator[Check]:
    """Yield equality, the residual of weights and their ratio, and that figures are where they belong.

    Args:
        game: that was played.
        stated: the mechanism's part of `result.json`.
        play: that was recorded.
        v: (n,), payoffs.
        w: (n,), weights; NaN without.
    """
    report = stated["report"]
    due = mean_difference(v) if game.comparable else None
    said = report["equality"]
    fine = (said is None) == (due is None)
    if fine and due is not None:
        fine = difference(said, due, 1.0) <= ROUNDING_OF_RESULTS
    yield "equality", fine, "not defined" if due is None else f"{due:.6g}, of all pairs"
    bare = report["efficient"] is not True
    fine = bool(np.isnan(w).all()) if bare else bool(np.isfinite(w).all()) or isinstance(game, Stages)
    yield "weights belong to what is efficient", fine, f"{int(np.isfinite(w).sum())} weights"
    fine = (report["efficient"] is False) == (report["improvement"] is not None)
    yield (
        "improvements belong to what is not",
        fine and (report["gains"] is None or report["improvement"] is not None),
        "and to no other",
    )
    residual, ratio = number(report["residual"]), number(report["ratio"])
    none = report["efficient"] is None and isinstance(game, Table)  # its programs were not solved
    again, most = (np.inf, 0.0) if none else _residual(game, play, v, w)
    fine = residual == again or abs(residual - again) <= most
    yield "residual of weights", bool(fine), f"{again:.6g}, recomputed"
    again = _ratio(game, v, w)
    yield "ratio of weights", bool(difference(ratio, again) <= NEARLY), f"{again:.6g}, recomputed"


def _residual(game: StrategicGame, play: Play, v: Array, w: Array) -> tuple[float, float]:
    """Return the residual of weights, or the least of all, and how far a recorded one may be from it."""
    known = bool(np.isfinite(w).all())
    if isinstance(game, Table):
        points = game.outcomes.reshape(-1, game.size)
        if not known:
            return supporting(points, v).residual, NEARLY
        beyond = float(((points - v) @ w).max()) / float(w @ spread_of(points))
        return (0.0 if beyond <= EXACT else beyond), NEARLY
    if isinstance(game, Stages):
        return (0.0 if known else np.inf), 0.0
    assert isinstance(game, Smooth)
    assert isinstance(play, Actions)
    return (0.0, PROVED) if known else (local_weights(game, play.values)[1], NEARLY)


def _ratio(game: StrategicGame, v: Array, w: Array) -> float:
    """Return the largest over the least weight, in units of ranges; inf without weights, or if one is 0."""
    if not np.isfinite(w).all():
        return np.inf
    if isinstance(game, Stages):
        return 1.0
    sizes = w * (spread_of(game.outcomes.reshape(-1, len(v))) if isinstance(game, Table) else game.scale)
    return float(sizes.max() / sizes.min()) if sizes.min() > EXACT * sizes.sum() else np.inf


def mean_difference(v: Array) -> float | None:
    """Return 1 - Gini of payoffs from the differences of all pairs; None where it is not defined."""
    if not np.isfinite(v).all() or (v < 0).any() or v.sum() <= 0:
        return None
    apart = sum(float(np.abs(each - v).sum()) for each in v)
    return 1.0 - apart / (2.0 * len(v) * float(v.sum()))


def regret_is_exact(
    game: StrategicGame, stated: Mapping[str, Any], play: Play, prices: Array | None = None
) -> Check:
    """Return the check that gains are called exact only where no larger one is possible.

    Args:
        game: that was played.
        stated: the mechanism in the result.
        play: recorded.
        prices: (n, d), of amounts, at which gains are stated; 0 by default.
    """
    if isinstance(game, Smooth) and isinstance(play, Actions) and stated["max_regret"] is not None:
        a = play.values
        t = np.zeros(a.shape) if prices is None else prices
        due = all(game.answers_exactly(player, a, t[player]) for player in range(game.size))
    else:
        due = stated["kind"] != "quantal" or stated["status"] == Status.FAILED.value
    words = "exact" if due else "the largest gains found"
    return "whether regret is exact", stated["regret_exact"] is due, words


def prices_of(stated: Mapping[str, Any], best: float, nash: list[float] | None) -> Check:
    """Return the check of the prices of anarchy and stability.

    Args:
        stated: sums of payoffs, from the report.
        best: the largest sum.
        nash: the sum of each Nash equilibrium; None if these are not all known.
    """
    due: tuple[float | None, float | None] = (None, None)
    if nash and min(nash) > 0:
        due = (best / min(nash), best / max(nash))
    fine = all(
        said is again or (said is not None and again is not None and difference(said, again) <= NEARLY)
        for said, again in zip((stated["anarchy"], stated["stability"]), due, strict=True)
    )
    words = "not all equilibria are known" if due[0] is None else f"{due[0]:.6g} and {due[1]:.6g}"
    return "prices of anarchy and stability", fine, words


def welfare_bound(game: Table, kind: str, v: Array, weights: Array, d: Array) -> float:
    """Return how much more welfare a lottery could have than payoffs v, at most.

    Args:
        game: a table.
        kind: "nash" or "min".
        v: (n,), payoffs.
        weights: (n,), of players.
        d: (n,), the disagreement point.
    """
    points = game.outcomes.reshape(-1, game.size)
    if kind == "nash":
        return float(((points - v) @ gradient("nash", v, weights, d)).max())
    unit = float(np.abs(points * weights).max()) or 1.0
    rows = np.hstack([-(points * weights).T / unit, np.ones((game.size, 1))])  # t <= w_i (P'q)_i
    solved = linprog(
        np.append(np.zeros(len(points)), -1.0),
        A_ub=rows,
        b_ub=np.zeros(game.size),
        A_eq=np.append(np.ones(len(points)), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0.0, None)] * len(points) + [(None, None)],
        method="highs",
    )
    return -float(solved.fun) * unit - float((weights * v).min()) if solved.status == 0 else np.inf


def stated_game(game: StrategicGame, scenario: Any, result: Mapping[str, Any], seed: int) -> Check:
    """Return the check that the result's own words about the game are those of the scenario."""
    due = {
        "schema": SCHEMA,
        "seed": seed,
        "game": scenario.document.game,
        "comparable": game.comparable,
        "players": list(game.players) if game.size <= LARGEST_MAP else None,
    }
    wrong = [key for key, value in due.items() if result[key] != value]
    if scenario.document.title and result["scenario"]["title"] != scenario.document.title:
        wrong.append("title")
    return (
        "the result is about this game",
        not wrong,
        f"different: {', '.join(wrong)}" if wrong else "all keys",
    )
