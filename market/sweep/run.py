"""A sweep from its plan to its summary."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from market.display import Displayed
from market.errors import InputError, UnfinishedError
from market.outcome import Status
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario, load
from market.sweep.backends import Backend, Dask, Loky, Serial, Work
from market.sweep.design import Design, DesignKind, Run, design
from market.sweep.execution import carry_out
from market.sweep.planning import Plan, plan
from market.sweep.runs import ChunkResult, execute, failed_run
from market.sweep.store import Store, is_full, opened
from market.sweep.summary import measures, summarise

BackendName = Literal["loky", "dask", "serial"]
MOST_WORKERS = 1024


@dataclass(frozen=True)
class Options:
    """Choice of the processes that make the runs; results do not depend on it.

    Args:
        backend: "loky", processes of this machine; "dask", a cluster; "serial", this process.
        workers: number of processes of this machine; by default its number of processors.
        address: of a Dask scheduler.

    Raises:
        InputError: they contradict each other.
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
        """Start the backend, with no more workers than runs."""
        if self.backend == "serial":
            return Serial(work)
        if self.address is not None:
            return Dask(work, self.address)
        return Loky(work, min(self.workers or _processors(), runs))


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Progress:
    """Progress of a sweep, in runs.

    Args:
        total: of the design.
        reused: found on the disk at the start.
        made: since then.
    """

    total: int
    reused: int
    made: int


@dataclass(frozen=True)
class Sweep(Displayed):
    """Result of a sweep.

    Args:
        scenario: with the first value of every axis.
        design: all runs.
        folder: with all files.
        runs: the table of runs, see `columns.py`.
        summary: see `summary.py`.
        reused: number of runs that were on the disk before.
        unfinished: numbers of the runs that the machine did not let be finished; the same call tries them
            again.
    """

    scenario: Scenario | GameScenario
    design: Design
    folder: Path
    runs: pd.DataFrame
    summary: pd.DataFrame
    reused: int = 0
    unfinished: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        """Return title and size on one line."""
        return f"<Sweep of '{self.scenario.title}': {len(self.design)} runs, {self.failed} failed>"

    @property
    def failed(self) -> int:
        """Number of runs with an error of the scenario."""
        return int(self.runs.loc[self.errors, "run"].nunique())

    @property
    def errors(self) -> pd.Series:
        """Mask of rows with an error of the scenario."""
        return self.runs["error"].notna() & ~self.runs["run"].isin(self.unfinished)

    @property
    def unsettled(self) -> int:
        """Number of runs with a mechanism that was played and did not settle."""
        settled = [status.value for status in Status if status.settled]
        lacking = self.runs["error"].isna() & ~self.runs["status"].isin(settled)
        return int(self.runs.loc[lacking, "run"].nunique())


def sweep(
    scenario: str | Path,
    vary: Sequence[str] = (),
    *,
    out: str | Path,
    seeds: int = 1,
    kind: DesignKind = "grid",
    points: int | None = None,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    mechanisms: Sequence[str] | None = None,
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
    data_dir: str | Path | None = None,
    once: Callable[[], None] | None = None,
) -> Sweep:
    """Play a scenario many times, and keep every run.

    Repeating the call continues an interrupted sweep.

    Args:
        scenario: path of the file.
        vary: `path=v1,v2,...` or `path=low:high:n`, see `axes.py`.
        out: the sweep's folder, made if need be.
        seeds: number of replicates of each point.
        kind: "grid", "latin" or "sobol".
        points: their number, for "latin" and "sobol".
        seed: the root of all seeds; the scenario's own if not given.
        overrides: `path=value`, for all runs.
        mechanisms: names of those to play; all of them by default.
        options: the processes that make the runs.
        progress: called at the beginning and after every chunk.
        data_dir: the folder of the data files; by default that of the scenario.
        once: called if several seeds were asked for and nothing is drawn; each point is then played once. By
            default it is played with every seed.

    Raises:
        InputError: scenario, design, folder or backend is at fault; says how to correct it.
        UnfinishedError: files cannot be read or written; says which, and what is kept.
        KeyboardInterrupt: it was interrupted; finished runs are kept, and a note gives their number.

    Example:
        >>> # sweep("scenarios/commons.toml", ["commons.water=5,10,20"], seeds=10, out="sweeps/water").runs
    """
    root = load(scenario, overrides, data_dir).seed if seed is None else seed
    planned = plan(scenario, design(vary, kind, points, seeds, root), overrides, mechanisms, data_dir)
    if once and seeds > 1 and not planned.draws:
        once()
        planned = replace(planned, design=design(vary, kind, points, 1, root))
    options, folder = options or Options(), Path(out)
    with opened(folder, planned.description(), planned.columns, planned.scenarios) as store:
        finished: set[int] = set()
        made: list[int] = []
        total = len(planned.design)
        with _saying_what_is_kept(folder, total, lambda: len(finished) + len(made)):
            finished |= store.finished()
            _make(planned, store, finished, made, options, progress)
            runs, lost = store.gather(), frozenset(store.lost())
            axes = planned.design.axes
            table = summarise(runs, axes, measures(planned.columns, axes))
            store.write("summary.csv", lambda path: table.to_csv(path, index=False, encoding="utf-8"))
    return Sweep(planned.base, planned.design, folder, runs, table, len(finished), lost)


@contextmanager
def _saying_what_is_kept(folder: Path, total: int, kept: Callable[[], int]) -> Iterator[None]:
    """Add to an interrupt or a failure of the machine what is kept and how to go on."""

    def note(first: str = "") -> str:
        return f"{kept():,} of {total:,} runs are kept in '{folder}'; {first}the same command continues."

    try:
        yield
    except KeyboardInterrupt as stopped:
        stopped.add_note(note())
        raise
    except UnfinishedError as stopped:
        full = isinstance(stopped.__cause__, OSError) and is_full(stopped.__cause__)
        raise UnfinishedError(f"{stopped}. {note('make room, and ' if full else '')}") from stopped
    except MemoryError as stopped:
        raise UnfinishedError(f"not enough memory. {note('with fewer --workers, say, ')}") from stopped
    except OSError as stopped:  # a process that cannot be started, for instance
        where = "" if stopped.filename is None else f" '{stopped.filename}'"
        raise UnfinishedError(f"{stopped.strerror or stopped}{where}. {note()}") from stopped


def _make(
    planned: Plan,
    store: Store,
    finished: set[int],
    made: list[int],
    options: Options,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Make the missing runs; each chunk is written as soon as it is made, and added to `made`."""
    task, total, lost = planned.task(store.input), len(planned.design), 0

    def report() -> None:
        if progress:
            progress(Progress(total, len(finished), len(made) + lost))

    def keep(done: ChunkResult) -> None:
        if done.columns["run"]:
            store.add(done)
            made.extend(set(done.columns["run"]))
        report()

    def give_up(run: Run, why: str) -> None:
        nonlocal lost
        store.add(failed_run(task, run, why), lost=True)
        lost += 1
        report()

    report()
    missing = total - len(finished)
    if not missing:
        return
    backend = options.start(functools.partial(execute, task), missing)
    left = (run for run in planned.design.runs() if run.number not in finished)
    try:
        carry_out(backend, left, missing, keep, give_up)
    finally:
        backend.close()
