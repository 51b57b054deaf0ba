"""Where runs are made: in this process, in processes of this machine, or on a cluster.

A backend takes chunks of runs and hands back, as they end, what came of each: `Done`, or `Died` if the worker
that had it is no more. None of them touches a result.

- `Serial`: in this process, one chunk after another.
- `Loky`: in processes of this machine (joblib's loky). Each worker is a pool of its own, so that one that is
  killed takes nothing but its own chunk with it; it is replaced. Workers hear nothing of Ctrl-C, which is the
  parent's business, and end by themselves when the parent is gone, however it ended.
- `Dask`: on a cluster, through `Client.map` and `as_completed` of dask.distributed. Before anything is sent,
  every worker says which versions it has.

To add one: a class here with the same methods, and its name in `sweeping.BACKENDS`.
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
from market.sweep.runs import Done
from market.workers import connect

Chunk = tuple[Run, ...]
Work = Callable[[Chunk], Done]

ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS")}
WATCH = 0.5  # seconds between two looks whether the parent is still there
LONELY = 60.0  # seconds that a cluster may be without any worker
POLL = 0.01  # seconds


@dataclass(frozen=True)
class Died:
    """The worker that had a chunk is no more.

    Args:
        why: as far as is known.
    """

    why: str


class Backend(Protocol):
    """What the loop over a sweep's runs asks of a backend."""

    def workers(self) -> int:
        """How many chunks are done at the same time."""

    def room(self) -> int:
        """How many more chunks can be given now."""

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Give chunks to be done."""

    def next(self) -> tuple[Chunk, Done | Died]:
        """Wait for a chunk to end, in whatever order."""

    def close(self) -> None:
        """Stop whatever is under way, and leave no process behind."""


class Serial:
    """In this process."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[Chunk] = deque()

    def workers(self) -> int:
        """Only this process."""
        return 1

    def room(self) -> int:
        """One chunk at a time."""
        return 1 - len(self._waiting)

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Put them aside; they are done when asked for."""
        self._waiting.extend(chunks)

    def next(self) -> tuple[Chunk, Done | Died]:
        """Do the next one."""
        chunk = self._waiting.popleft()
        return chunk, self._work(chunk)

    def close(self) -> None:
        """Nothing is left."""
        self._waiting.clear()


class Loky:
    """In processes of this machine.

    Args:
        work: what a worker does with a chunk; can be pickled.
        workers: how many there are.
    """

    def __init__(self, work: Work, workers: int) -> None:
        self._work, self._workers = work, workers
        self._idle: list[Any] = [self._pool() for _ in range(workers)]
        self._busy: dict[Any, tuple[Any, Chunk]] = {}

    def _pool(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor  # deferred: only who has workers needs it

        return ProcessPoolExecutor(1, initializer=_live_with, initargs=(os.getpid(),), env=ONE_THREAD)

    def workers(self) -> int:
        """As many as asked for."""
        return self._workers

    def room(self) -> int:
        """A chunk for each idle worker."""
        return len(self._idle)

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Give each to an idle worker."""
        with _deaf_children():
            for chunk in chunks:
                pool = self._idle.pop()
                self._busy[pool.submit(self._work, chunk)] = pool, chunk

    def next(self) -> tuple[Chunk, Done | Died]:
        """Wait for any; a worker that died is replaced."""
        from joblib.externals.loky import FIRST_COMPLETED, BrokenProcessPool, wait

        ended, _ = wait(list(self._busy), return_when=FIRST_COMPLETED)
        future = next(iter(ended))
        pool, chunk = self._busy.pop(future)
        try:
            done: Done = future.result()
        except BrokenProcessPool as error:
            pool.shutdown(wait=True, kill_workers=True)
            self._idle.append(self._pool())
            return chunk, Died(" ".join(str(error).split()))
        self._idle.append(pool)
        return chunk, done

    def close(self) -> None:
        """Kill all workers."""
        for pool in (*self._idle, *(pool for pool, _ in self._busy.values())):
            pool.shutdown(wait=True, kill_workers=True)
        self._idle, self._busy = [], {}


def _live_with(parent: int) -> None:
    """End this process when its parent is gone, and leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, name="watches the parent", daemon=True).start()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started here do not hear Ctrl-C, which comes to all of a terminal's; it is kept for us."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Dask:
    """On a cluster.

    Args:
        work: what a worker does with a chunk; can be pickled.
        address: of the scheduler, for instance "tcp://10.0.0.1:8786".

    Raises:
        InputError: as `processes.connect` says.
    """

    def __init__(self, work: Work, address: str) -> None:
        self._work, self._address = work, address
        self._client = connect(address)
        from distributed import as_completed  # deferred: only who has a cluster needs it

        self._ended = as_completed(loop=self._client.loop)
        self._busy: dict[str, Chunk] = {}

    def workers(self) -> int:
        """As many as there are now: a cluster grows and shrinks."""
        return len(self._client.nthreads())  # threads of a worker take turns

    def room(self) -> int:
        """Two chunks a worker, so that none waits for us."""
        return max(2 * self.workers(), 1) - len(self._busy)

    def submit(self, chunks: Sequence[Chunk]) -> None:
        """Send them to the cluster."""
        futures = self._client.map(self._work, list(chunks), pure=False, retries=0)
        for future, chunk in zip(futures, chunks, strict=True):
            self._busy[future.key] = chunk
            self._ended.add(future)

    def next(self) -> tuple[Chunk, Done | Died]:
        """Wait for any."""
        from distributed import KilledWorker

        self._wait()
        future = next(self._ended)
        chunk = self._busy.pop(future.key)
        try:
            done: Done = future.result()
        except KilledWorker as error:
            return chunk, Died(" ".join(str(error).split()))
        finally:
            future.release()
        return chunk, done

    def _wait(self) -> None:
        """Wait until a chunk has ended, but not for a cluster without workers."""
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
