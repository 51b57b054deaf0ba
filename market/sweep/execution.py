"""Loop over the runs of a sweep: chunks are given out, results written, and runs that kill workers isolated.

Chunks take about a second each, so that the cost of handing one over and of writing its file is spread over
many runs, and a crash loses seconds at most. Towards the end chunks become smaller, down to a tenth of a
second, so that all workers end together. The division into chunks changes no result.

A run that the machine did not let be made (files, memory) is given up for this time, without a result.

When a worker dies (killed for lack of memory, say) its chunk is tried again run by run, to find the run at
fault; a run on which workers died twice is given up likewise, without effect on the others.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import islice, takewhile

from market.errors import InputError
from market.sweep.backends import Backend, Chunk
from market.sweep.design import Run
from market.sweep.runs import ChunkResult

SECONDS = 1.0  # that a chunk is to take
SHORTEST = 0.1  # seconds that a chunk takes even at the end: to hand one over costs some milliseconds
FIRST = 4  # runs in a chunk, before it is known what a run costs
MOST_RUNS = 2000  # runs in a chunk
TRIES = 2  # of a run on which workers die
HOPELESS = 4  # deaths before any chunk has come back

Keep = Callable[[ChunkResult], None]
GiveUp = Callable[[Run, str], None]


def carry_out(backend: Backend, runs: Iterable[Run], many: int, keep: Keep, give_up: GiveUp) -> None:
    """Make runs, and keep the result of each chunk as soon as it is there.

    Args:
        backend: makes the runs.
        runs: in the order in which they are given out.
        many: their number.
        keep: called with the result of each chunk.
        give_up: called with a run that cannot be finished now, and the cause.

    Raises:
        InputError: workers die and no chunk has ever come back.
    """
    queue = _Queue(runs, many)
    under_way = _feed(backend, queue)
    came_back = deaths = 0
    while under_way:
        chunk, answer = backend.next()
        under_way -= 1
        if isinstance(answer, ChunkResult):
            came_back += 1
            queue.learn(answer.seconds / len(chunk))
            under_way += _feed(backend, queue)  # before the file is written, so that no worker waits for it
            keep(answer)
            for run in chunk:
                if run.number in answer.unfinished:
                    give_up(run, answer.unfinished[run.number])
            continue
        deaths += 1
        if not came_back and deaths >= HOPELESS:
            raise InputError(
                f"every worker died on its first runs ({answer.why}); "
                f"try fewer --workers, or a smaller economy"
            )
        for run in queue.suspect(chunk):
            give_up(run, f"the worker that made it died, twice: {answer.why}")
        under_way += _feed(backend, queue)


def _feed(backend: Backend, queue: _Queue) -> int:
    """Submit as many chunks as there is room for; return their number."""
    chunks = list(takewhile(len, (queue.cut(backend.workers()) for _ in range(backend.room()))))
    if chunks:
        backend.submit(chunks)
    return len(chunks)


class _Queue:
    """Runs that wait, cut into chunks of about equal time; runs that workers died on come first, alone."""

    def __init__(self, runs: Iterable[Run], many: int) -> None:
        self._runs = iter(runs)
        self._left = many
        self._seconds: float | None = None  # that a run took lately
        self._suspects: deque[Run] = deque()
        self._deaths: Counter[int] = Counter()

    def learn(self, seconds: float) -> None:
        """Note the time that a run takes."""
        self._seconds = max(seconds, 1e-6)

    def suspect(self, chunk: Chunk) -> Chunk:
        """Note that a worker died on a chunk; return those of its runs that are not tried again."""
        self._deaths.update(run.number for run in chunk)
        if len(chunk) == 1 and self._deaths[chunk[0].number] >= TRIES:
            return chunk
        self._suspects.extend(chunk)
        return ()

    def cut(self, workers: int) -> Chunk:
        """Return the next runs; fewer towards the end, so that all workers end together."""
        if self._suspects:
            return (self._suspects.popleft(),)
        most, least = FIRST, 1
        if self._seconds is not None:
            most, least = (max(1, min(MOST_RUNS, int(end / self._seconds))) for end in (SECONDS, SHORTEST))
        fair = -(-self._left // (2 * max(workers, 1)))
        chunk = tuple(islice(self._runs, min(most, max(fair, least))))
        self._left -= len(chunk)
        return chunk
