"""Measurement of times and memory: the least of several runs, in this process or in one of its own.

Times are processor time, user and system, of one core: on a quiet machine that is what the clock on the wall
says, and on a busy one it does not make long work look slower than short work. Only what is about waiting
(from the shell to a table) is timed by the clock.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def least(work: Callable[[], object], repeats: int) -> float:
    """The least processor time of several calls, seconds: what other processes disturb least."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def side_by_side(
    ours: Callable[[], object], peer: Callable[[], object], repeats: int, more: int = 1
) -> tuple:
    """Least times of ours and of the peer, seconds, taken in turns.

    Args:
        ours: called `more` times for each time that the peer is.
        peer: what it is compared with.
        repeats: of the peer.
        more: see ours.
    """
    best, other = float("inf"), float("inf")
    for _ in range(repeats):
        other = min(other, least(peer, 1))
        best = min(best, least(ours, more))
    return best, other


def bandwidth(goods: int = 10, agents: int = 1_000_000) -> float:
    """Bytes a second that one core moves, reading and writing: the best of several copies."""
    source = np.ones((agents, goods))
    target = np.empty_like(source)
    return 2.0 * source.nbytes / least(lambda: np.copyto(target, source), 9)


def in_a_process(code: str) -> tuple[float, dict]:
    """Processor seconds of a Python process of its own, and the JSON object that it prints last."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **THREADS},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}


def until_output(command: Sequence[str]) -> tuple[float, float]:
    """Seconds from the start of a command to its first output, and to its end."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **THREADS}, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        running.stdout.read(1)
        first = time.perf_counter() - start
        running.stdout.read()
        if running.wait():
            raise RuntimeError(f"{' '.join(command)} ended with exit code {running.returncode}")
    return first, time.perf_counter() - start


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent b of the power law value = a size^b that fits best."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(values, 1e-12)), 1)[0])
