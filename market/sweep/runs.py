"""One run of a sweep, from text to rows of the table: the work of the workers.

A run depends on the scenario's text, the values of its parameters and its seed, and not on the process that
makes it: linear algebra has one thread in workers and parent alike (with two, sums are taken in another
order), floating-point errors are handled in one way, and no state is kept between runs.

A mechanism that cannot be played or judged is recorded with its error and does not stop the others. A run
that fails because of the machine (a file that cannot be opened or read, too little memory) is tried again a
few times, and then left unfinished: that is no property of the scenario, and no result.

Neither Mesa, matplotlib nor pandas is imported here, so that workers start quickly.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.primitives import Economy, Money
from market.efficiency.contrast import contrast
from market.efficiency.producer_accounts import accounts, producers
from market.efficiency.report import Alignment, alignment
from market.efficiency.surplus import surplus
from market.errors import MarketError, ScenarioError, UnreadableError
from market.games.outcome import GameOutcome
from market.mechanisms import play
from market.outcome import Outcome
from market.results.summary_table import summarised
from market.scenario.building import build
from market.scenario.game_loading import GameScenario, build_game
from market.scenario.loading import Scenario, loads
from market.sweep.axes import Axis
from market.sweep.columns import OF_BOOKS, column, named
from market.sweep.design import Run
from market.sweep.game_runs import Ahead, game_row, learned
from market.workers import WAITS, alike_everywhere, of_the_machine, patiently

Row = dict[str, Any]

_ONE_AT_A_TIME = threading.Lock()  # in a process: a cluster's worker may have several threads


@dataclass(frozen=True)
class Task:
    """Common part of all runs of a sweep.

    Args:
        text: of the scenario.
        file: its name, for messages.
        folder: of its data files; None without any.
        files: paths of the data files in it, all of which were there when the sweep began.
        overrides: `path=value`, applied before the run's own values.
        axes: parameters varied.
        mechanisms: names of those to play.
        columns: of the table of runs.
    """

    text: str
    file: str
    folder: str | None
    files: tuple[str, ...]
    overrides: tuple[str, ...]
    axes: tuple[Axis, ...]
    mechanisms: tuple[str, ...]
    columns: tuple[str, ...]

    def scenario(self, values: Sequence[str]) -> Scenario | GameScenario:
        """Return the scenario at a point of the design.

        Raises:
            ScenarioError: it refuses these values together.
            UnreadableError: a data file cannot be read, or is gone.
        """
        own = (f"{axis.path}={value}" for axis, value in zip(self.axes, values, strict=True))
        folder = None if self.folder is None else Path(self.folder)
        try:
            return loads(self.text, self.file, folder, (*self.overrides, *own))
        except ScenarioError as error:
            if folder is not None and not all((folder / name).is_file() for name in self.files):
                raise UnreadableError(error.file, error.faults) from error
            raise


@dataclass(frozen=True)
class ChunkResult:
    """Rows of a chunk of runs.

    Args:
        columns: name -> values, one for each run and mechanism, in order; None where it has no value.
        seconds: time that the chunk took.
        unfinished: number -> error, of runs without rows: the machine did not let them be made.
    """

    columns: Mapping[str, list[Any]]
    seconds: float
    unfinished: Mapping[int, str] = field(default_factory=dict)


def execute(task: Task, chunk: Sequence[Run]) -> ChunkResult:
    """Play some runs, one after another.

    Args:
        task: their common part.
        chunk: the runs.
    """
    start = time.perf_counter()
    rows: list[Row] = []
    unfinished: dict[int, str] = {}
    with _ONE_AT_A_TIME, alike_everywhere():
        read = _Reader(task)
        ahead = _learned(task, chunk, read)
        for run in chunk:
            waits = () if unfinished else WAITS  # waited once, and it did not help
            try:
                rows += patiently(lambda run=run: list(_rows(task, run, read(run.values), ahead)), waits)  # type: ignore[misc]
            except Exception as error:
                what, _ = _described(error)
                unfinished[run.number] = what.removeprefix(f"{UnreadableError.__name__}: ")
    return ChunkResult(_by_column(task, rows), time.perf_counter() - start, unfinished)


def _learned(task: Task, chunk: Sequence[Run], read: _Reader) -> Ahead:
    """Return the outcomes of learners in games, whose runs make their steps together; none of economies.

    Where that fails all are played one by one, and errors are recorded run by run.
    """
    runs = []
    try:
        for run in chunk:
            scenario = read(run.values)
            if isinstance(scenario, Scenario):
                return {}
            if isinstance(scenario, GameScenario) and scenario.learns:
                runs.append((run.number, scenario, build_game(scenario, run.seed)))
        return learned(runs, task.mechanisms)
    except Exception:
        return {}


def failed_run(task: Task, run: Run, error: str) -> ChunkResult:
    """Return the rows of a run that could not be finished."""
    return ChunkResult(_by_column(task, list(_failed(task, run, error, None))), 0.0)


def _failed(task: Task, run: Run, error: str, trace: str | None) -> Iterator[Row]:
    for mechanism in task.mechanisms:
        yield _identity(task, run) | {"mechanism": mechanism, "error": error, "traceback": trace}


class _Reader:
    """Reads the scenario of a point once; the next point replaces it."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._values: tuple[str, ...] | None = None
        self._scenario: Scenario | GameScenario | Exception = MarketError("no scenario was read")

    def __call__(self, values: tuple[str, ...]) -> Scenario | GameScenario | Exception:
        """Return the scenario, or the error with which it refuses these values together."""
        if values != self._values:
            self._values = None
            try:
                self._scenario = self._task.scenario(values)
            except Exception as error:
                _raise_if_of_the_machine(error)
                self._scenario = error
            self._values = values
        return self._scenario


def _raise_if_of_the_machine(error: Exception) -> None:
    if of_the_machine(error):
        raise error


def _rows(task: Task, run: Run, scenario: Scenario | GameScenario | Exception, ahead: Ahead) -> Iterator[Row]:
    """Yield a row for each mechanism of a run; errors of the machine are raised."""
    try:
        if isinstance(scenario, Exception):
            raise scenario
        of_one = (
            _of_game(scenario, run, ahead)
            if isinstance(scenario, GameScenario)
            else _of_economy(scenario, run)
        )
    except Exception as error:
        _raise_if_of_the_machine(error)
        yield from _failed(task, run, *_described(error))
        return
    for name in task.mechanisms:
        row = _identity(task, run) | {"mechanism": name}
        try:
            row |= of_one(name)
        except Exception as error:
            _raise_if_of_the_machine(error)
            row["error"], row["traceback"] = _described(error)
        yield row


def _of_economy(scenario: Scenario, run: Run) -> Callable[[str], Row]:
    """Return a function from a mechanism to its columns in a run; it is called in the scenario's order."""
    economy = build(scenario, run.seed)
    baseline: Outcome | None = None

    def of_one(name: str) -> Row:
        nonlocal baseline
        outcome = play(scenario.mechanism(name), economy)
        row = _played(outcome) | _judged(economy, alignment(outcome)) | _against(outcome, baseline)
        if baseline is None and outcome.kind == "unmediated":
            baseline = outcome
        return row

    return of_one


def _of_game(scenario: GameScenario, run: Run, ahead: Ahead) -> Callable[[str], Row]:
    """Return a function from a mechanism to its columns in a run; it is called in the scenario's order."""
    game = build_game(scenario, run.seed)
    baseline: GameOutcome | None = None

    def of_one(name: str) -> Row:
        nonlocal baseline
        row, outcome = game_row(scenario, game, name, ahead.get((run.number, name)), baseline)
        if baseline is None and outcome.kind == "unmediated":
            baseline = outcome
        return row

    return of_one


def _identity(task: Task, run: Run) -> Row:
    """Return the identity of a run and the values of its parameters."""
    values = {axis.path: axis.value(text) for axis, text in zip(task.axes, run.values, strict=True)}
    return {"run": run.number, "point": run.point, "replicate": run.replicate, "seed": run.seed} | values


def _described(error: Exception) -> tuple[str, str]:
    """Return an error in one sentence, and its traceback."""
    what = " ".join(str(error).split())
    return f"{type(error).__name__}: {what}", "".join(traceback.format_exception(error))


def _played(outcome: Outcome) -> Row:
    """Return the columns of an outcome."""
    economy, utilities = outcome.economy, outcome.utilities
    summary = summarised(utilities[economy.wants_something])
    row: Row = {
        "kind": outcome.kind,
        "status": outcome.status.value,
        "settled": outcome.status.settled,
        "reason": outcome.reason,
        "rounds": outcome.rounds,
        "disequilibrium": outcome.disequilibrium,
        "auctioneer_payoff": outcome.auctioneer_payoff,
        "revenue": float(outcome.revenue),
        "agents": len(economy.agents),
        "finite_utilities": len(economy.agents) - summary.ruined,
        "infinite_utilities": summary.ruined,
        "lowest_utility": None if np.isnan(summary.lowest) else summary.lowest,
        "max_regret": outcome.max_regret,
    }
    levied = outcome.intervention
    if levied is not None:
        row["tax_revenue"], row["quota_rent"] = levied.tax_revenue, levied.quota_rent
        paid = zip(economy.goods, levied.buyer_prices.tolist(), strict=True)
        row |= {column("buyer_price", good): price for good, price in paid}
    if outcome.kind == "double_auction":
        row |= {name: outcome.evidence.get(name) for name in OF_BOOKS}
    split = surplus(outcome)
    if split is not None:
        row["total_surplus"] = split.total
        row["consumer_surplus"], row["producer_surplus"] = split.consumer, split.producer
        row["mean_finite_utility"] = None if np.isnan(summary.mean) else summary.mean
    for g, good in enumerate(economy.goods):
        row[column("price", good)] = None if outcome.prices is None else float(outcome.prices[g])
        row[column("consumption", good)] = float(outcome.consumption[:, g].sum())
        row[column("production", good)] = float(outcome.production[:, g].sum())
    return row | _by_group(outcome)


def _by_group(outcome: Outcome) -> Row:
    economy = outcome.economy
    groups = named(tuple(economy.groups))
    row: Row = {}
    if not groups:
        return row
    wants, makes, books = economy.wants_something, producers(economy), accounts(outcome)
    for group in groups:
        members = economy.groups[group]
        summary = summarised(outcome.utilities[members][wants[members]])
        row[column("lowest_utility", group)] = None if np.isnan(summary.lowest) else summary.lowest
        row[column("infinite_utilities", group)] = summary.ruined
        row[column("payment", group)] = float(outcome.payments[members].sum())
        row[column("payoff", group)] = _payoff(outcome, members)
        if books is not None and makes[members].any():
            row |= {
                column(what, group): None if values is None else float(values[members].sum())
                for what, values in books._asdict().items()
            }
        for g, good in enumerate(economy.goods):
            row[column("consumption", group, good)] = float(outcome.consumption[members, g].sum())
            row[column("production", group, good)] = float(outcome.production[members, g].sum())
    return row


def _payoff(outcome: Outcome, members: NDArray[np.intp]) -> float | None:
    """Return the sum of the payoffs of a group; None where they have no common unit."""
    economy = outcome.economy
    in_money = economy.money is Money.QUASILINEAR or (
        economy.money is Money.FISHER and not economy.wants_something[members].any()
    )
    return float(outcome.payoffs[members].sum()) if in_money or len(members) == 1 else None


def _judged(economy: Economy, report: Alignment) -> Row:
    """Return the columns of the alignment report."""
    row: Row = {
        "efficient": report.efficient,
        "degenerate": report.degenerate,
        "efficient_with_transfers": report.efficient_with_transfers,
        "surplus_gap": report.surplus_gap,
        "resource_utilisation": report.resource_utilisation,
        "residual": float(report.residual),
        "unknown": "; ".join(report.reasons) or None,
    }
    if report.negishi_weights is not None:
        for group in named(tuple(economy.groups)):
            row[column("weight", group)] = float(report.negishi_weights[economy.groups[group]].sum())
    return row


def _against(outcome: Outcome, baseline: Outcome | None) -> Row:
    """Return the numbers of agents that gain and lose compared with the first mechanism without prices."""
    if baseline is None:
        return {}
    against = contrast(outcome, baseline)
    return {
        "gain": int(against.winners.sum()),
        "lose": int(against.losers.sum()),
        "pareto_improvement": against.pareto_improvement,
    }


def _by_column(task: Task, rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Turn rows into columns."""
    return {name: [row.get(name) for row in rows] for name in task.columns}
