"""A sweep from beginning to end: plan, folder, runs, summary."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from market.errors import InputError
from market.outcome import Status
from market.scenario.loading import Scenario, load
from market.sweep.backends import Backend, Dask, Loky, Serial, Work
from market.sweep.design import Design, Kind, Run, design
from market.sweep.execution import carry_out
from market.sweep.planning import Plan, plan
from market.sweep.runs import Done, execute, given_up
from market.sweep.store import Store, opened, write_whole
from market.sweep.summary import measures, summary

BackendName = Literal["loky", "dask", "serial"]
MOST_WORKERS = 1024


@dataclass(frozen=True)
class Options:
    """Where the runs of a sweep are made; none of this changes a result.

    Args:
        backend: "loky", processes of this machine; "dask", a cluster; "serial", this process.
        workers: how many processes of this machine; by default as many as it has processors.
        address: of a Dask scheduler.

    Raises:
        InputError: they do not go together.
    """

    backend: BackendName = "loky"
    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if (self.backend == "dask") is not (self.address is not None):
            raise InputError("--backend dask and --address tcp://HOST:PORT of its scheduler go together")
        if self.workers is not None and self.backend != "loky":
            raise InputError("--workers is for processes of this machine, --backend loky")
        if self.workers is not None and not 1 <= self.workers <= MOST_WORKERS:
            raise InputError(f"--workers {self.workers}: it must be 1 to {MOST_WORKERS}")

    def start(self, work: Work, runs: int) -> Backend:
        """The backend, with no more workers than runs."""
        if self.backend == "serial":
            return Serial(work)
        if self.address is not None:
            return Dask(work, self.address)
        return Loky(work, min(self.workers or _processors(), runs))


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Args:
        total: runs of the design.
        reused: of these, found on the disk when it began.
        made: since then.
    """

    total: int
    reused: int
    made: int


@dataclass(frozen=True)
class Sweep:
    """A sweep that has ended.

    Args:
        scenario: with the first value of every axis.
        design: which runs there are.
        folder: where everything is.
        runs: the table of runs, see `columns.py`.
        summary: see `summary.py`.
        reused: how many runs were on the disk before.
    """

    scenario: Scenario
    design: Design
    folder: Path
    runs: pd.DataFrame
    summary: pd.DataFrame
    reused: int

    def __repr__(self) -> str:
        """Its size, on a line."""
        return f"<Sweep of '{self.scenario.title}': {len(self.design)} runs, {self.failed} failed>"

    @property
    def failed(self) -> int:
        """How many runs have an error."""
        return int(self.runs.loc[self.runs["error"].notna(), "run"].nunique())

    @property
    def unsettled(self) -> int:
        """How many runs have a mechanism that was played and did not reach what it looks for."""
        settled = [status.value for status in Status if status.settled]
        lacking = self.runs["error"].isna() & ~self.runs["status"].isin(settled)
        return int(self.runs.loc[lacking, "run"].nunique())


def sweep(
    scenario: str | Path,
    vary: Sequence[str] = (),
    *,
    out: str | Path,
    seeds: int = 1,
    kind: Kind = "grid",
    points: int | None = None,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    mechanisms: Sequence[str] | None = None,
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Sweep:
    """Play a scenario many times, and keep every run.

    The same call again continues where the last one stopped.

    Args:
        scenario: path of the file.
        vary: `path=v1,v2,...` or `path=low:high:n`, see `axes.py`.
        out: the sweep's folder, made if need be.
        seeds: how many replicates each point has.
        kind: "grid", "latin" or "sobol".
        points: how many, for "latin" and "sobol".
        seed: the root of all seeds; the scenario's own if not given.
        overrides: `path=value`, for all runs.
        mechanisms: names of those to play; all of them by default.
        options: where the runs are made.
        progress: called at the beginning and after every chunk.

    Raises:
        InputError: scenario, design, folder or backend is at fault; says what would be right.
        KeyboardInterrupt: it was interrupted; what was finished is kept, and a note says how much.

    Example:
        >>> # sweep("scenarios/commons.toml", ["commons.water=5,10,20"], seeds=10, out="sweeps/water").runs
    """
    root = load(scenario, overrides).seed if seed is None else seed
    planned = plan(scenario, design(vary, kind, points, seeds, root), overrides, mechanisms)
    options, folder = options or Options(), Path(out)
    with opened(folder, planned.record(), planned.columns, planned.scenarios) as store:
        finished = store.finished()
        _make(planned, store, finished, options, progress)
        runs = store.gather()
        axes = planned.design.axes
        table = summary(runs, axes, measures(planned.columns, axes))
        write_whole(folder / "summary.csv", lambda path: table.to_csv(path, index=False, encoding="utf-8"))
    return Sweep(planned.base, planned.design, folder, runs, table, len(finished))


def _make(
    planned: Plan,
    store: Store,
    finished: set[int],
    options: Options,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Make the runs that are not finished, each on the disk as soon as its chunk is."""
    task, total, made = planned.task(store.input), len(planned.design), 0

    def tell(more: int) -> None:
        nonlocal made
        made += more
        if progress:
            progress(Progress(total, len(finished), made))

    def keep(done: Done) -> None:
        store.add(done)
        tell(len(set(done.columns["run"])))

    def give_up(run: Run, why: str) -> None:
        store.add(given_up(task, run, f"the worker that made it died, twice: {why}"), lost=True)
        tell(1)

    tell(0)
    missing = total - len(finished)
    if not missing:
        return
    backend = options.start(functools.partial(execute, task), missing)
    left = (run for run in planned.design.runs() if run.number not in finished)
    try:
        carry_out(backend, left, missing, keep, give_up)
    except KeyboardInterrupt as stopped:
        kept = len(finished) + made
        stopped.add_note(
            f"{kept:,} of {total:,} runs are kept in '{store.folder}'; the same command continues."
        )
        raise
    finally:
        backend.close()
