"""Backends that make the runs: this process, processes of this machine, or a cluster.

A backend takes chunks of runs and returns, as they end, a `ChunkResult` for each, or `WorkerDied` if the
worker is gone. The results do not depend on the backend.

- `Serial`: in this process, one chunk after another.
- `Loky`: in processes of this machine (joblib's loky). Each worker is a pool of its own, so that one that is
  killed loses only its own chunk; it is replaced. Workers ignore Ctrl-C, which the parent handles, and exit
  when the parent is gone, however it ended.
- `Dask`: on a cluster, through `Client.map` and `as_completed` of dask.distributed. Before anything is sent,
  the versions of every worker are compared with those here.

To add one: a class here with the methods of `Backend`, and its name in `run.Options`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from market.errors import InputError
from market.sweep.design import Run
from market.sweep.runs import ChunkResult
from market.workers import connect, of_the_machine

Chunk = tuple[Run, ...]
Work = Callable[[Chunk], ChunkResult]

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS")}
WATCH = 0.5  # seconds between checks that the parent still runs
LONELY = 60.0  # seconds that a cluster may be without any worker
POLL = 0.01  # seconds


@dataclass(frozen=True)
class WorkerDied:
    """Reply for a chunk whose worker is gone.

    Args:
        why: the cause, as far as is known.
    """

    why: str


class Backend(Protocol):
    """Interface between the loop over runs and the processes that make them."""

    def workers(self) -> int:
        """Return the number of chunks that are made at the same time."""

    def room(self) -> int:
        """Return the number of chunks that can be submitted now."""

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Submit chunks."""

    def next(self) -> tuple[Chunk, ChunkResult | WorkerDied]:
        """Wait for a chunk to end, in whatever order."""

    def close(self) -> None:
        """Stop the chunks under way, and leave no process behind."""


class Serial:
    """Makes runs in this process."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[Chunk] = deque()

    def workers(self) -> int:
        """Return 1, this process."""
        return 1

    def room(self) -> int:
        """Return 1 if no chunk waits, else 0."""
        return 1 - len(self._waiting)

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Queue chunks; `next` makes them."""
        self._waiting.extend(chunks)

    def next(self) -> tuple[Chunk, ChunkResult | WorkerDied]:
        """Make the runs of the next chunk."""
        chunk = self._waiting.popleft()
        return chunk, self._work(chunk)

    def close(self) -> None:
        """Drop the chunks that wait."""
        self._waiting.clear()


class Loky:
    """Makes runs in processes of this machine.

    Args:
        work: function of a chunk that makes its runs; can be pickled.
        workers: how many there are.
    """

    def __init__(self, work: Work, workers: int) -> None:
        self._work, self._workers = work, workers
        self._idle: list[Any] = [self._pool() for _ in range(workers)]
        self._busy: dict[Any, tuple[Any, Chunk]] = {}

    def _pool(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor  # deferred: needed with workers only

        return ProcessPoolExecutor(1, initializer=_exit_with_parent, initargs=(os.getpid(),), env=ONE_THREAD)

    def workers(self) -> int:
        """Return the number of worker processes."""
        return self._workers

    def room(self) -> int:
        """Return the number of idle workers."""
        return len(self._idle)

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Submit each chunk to an idle worker."""
        with _ctrl_c_blocked():
            for chunk in chunks:
                pool = self._idle.pop()
                self._busy[pool.submit(self._work, chunk)] = pool, chunk

    def next(self) -> tuple[Chunk, ChunkResult | WorkerDied]:
        """Wait for any chunk; replace a worker that died."""
        from joblib.externals.loky import FIRST_COMPLETED, BrokenProcessPool, wait

        ended, _ = wait(list(self._busy), return_when=FIRST_COMPLETED)
        future = next(iter(ended))
        pool, chunk = self._busy.pop(future)
        try:
            done: ChunkResult = future.result()
        except BrokenProcessPool as error:
            pool.shutdown(wait=True, kill_workers=True)
            self._idle.append(self._pool())
            return chunk, WorkerDied(" ".join(str(error).split()))
        except Exception as error:
            if not of_the_machine(error):
                raise  # else a module that the worker could not open, for instance
            self._idle.append(pool)
            return chunk, WorkerDied(" ".join(str(error).split()))
        self._idle.append(pool)
        return chunk, done

    def close(self) -> None:
        """Kill all workers."""
        for pool in (*self._idle, *(pool for pool, _ in self._busy.values())):
            pool.shutdown(wait=True, kill_workers=True)
        self._idle, self._busy = [], {}


def _exit_with_parent(parent: int) -> None:
    """End this process when its parent is gone, and leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, name="watches the parent", daemon=True).start()


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, which a terminal sends to all of them; it stays pending here."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Dask:
    """Makes runs on a cluster.

    Args:
        work: function of a chunk that makes its runs; can be pickled.
        address: of the scheduler, for instance "tcp://10.0.0.1:8786".

    Raises:
        InputError: see `workers.connect`.
    """

    def __init__(self, work: Work, address: str) -> None:
        self._work, self._address = work, address
        self._client = connect(address)
        from distributed import as_completed  # deferred: needed with a cluster only

        self._ended = as_completed(loop=self._client.loop)
        self._busy: dict[str, Chunk] = {}

    def workers(self) -> int:
        """Return the present number of workers: a cluster grows and shrinks."""
        return len(self._client.nthreads())  # threads of a worker take turns

    def room(self) -> int:
        """Return the number of chunks that are missing to two per worker, so that no worker waits."""
        return max(2 * self.workers(), 1) - len(self._busy)

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Send them to the cluster."""
        futures = self._client.map(self._work, list(chunks), pure=False, retries=0)
        for future, chunk in zip(futures, chunks, strict=True):
            self._busy[future.key] = chunk
            self._ended.add(future)

    def next(self) -> tuple[Chunk, ChunkResult | WorkerDied]:
        """Wait for any chunk."""
        from distributed import KilledWorker

        self._wait()
        future = next(self._ended)
        chunk = self._busy.pop(future.key)
        try:
            done: ChunkResult = future.result()
        except KilledWorker as error:
            return chunk, WorkerDied(" ".join(str(error).split()))
        finally:
            future.release()
        return chunk, done

    def _wait(self) -> None:
        """Wait until a chunk has ended; give up on a cluster that has no workers for a minute."""
        alone = time.monotonic()
        looked = 0.0
        while not self._ended.has_ready():
            time.sleep(POLL)
            now = time.monotonic()
            if now - looked > 1.0:
                looked = now
                alone = now if self.workers() else alone
                if now - alone > LONELY:
                    raise InputError(
                        f"the cluster at '{self._address}' has had no workers for {LONELY:.0f} seconds; "
                        f"start some and repeat the command"
                    )

    def close(self) -> None:
        """Cancel what is under way and leave the cluster as it was."""
        self._client.cancel(list(self._ended.futures))
        self._client.close()
