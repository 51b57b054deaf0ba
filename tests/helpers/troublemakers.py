"""Tasks for workers in the tests of backends: importable, so that they can be sent to other processes."""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_info

from market.sweep.runs import ChunkResult, Task, execute
from market.workers import alike_everywhere


def rows(chunk, **columns):
    """A result with the runs' numbers and the same value in every other column."""
    return ChunkResult(
        {"run": [run.number for run in chunk], **{k: [v] * len(chunk) for k, v in columns.items()}}, 0.01
    )


def who(chunk):
    """Report the number of the process."""
    return rows(chunk, process=os.getpid())


def version_of_its_own():
    """A version of numpy that no other process has."""
    return {"numpy": f"1.{os.getpid()}"}


def threads(chunk):
    """The most threads that a library for linear algebra would use in a run; what numpy does on overflow."""
    with alike_everywhere():
        most = max(each["num_threads"] for each in threadpool_info())
        return rows(chunk, threads=most, over=np.geterr()["over"])


@dataclass(frozen=True)
class KilledOn:
    """Kills its process on some runs, each of them once by a mark in a folder, and on others always."""

    task: Task
    runs: tuple[int, ...]
    once: Path
    always: tuple[int, ...] = ()

    def __call__(self, chunk):
        for run in chunk:
            mark = self.once / f"killed-{run.number}"
            if run.number in self.runs and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if run.number in self.always:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(self.task, chunk)


@dataclass(frozen=True)
class FailsOn:
    """Lets the first opening of a data file fail in each worker; marks the workers in a folder."""

    task: Task
    marks: Path

    def __call__(self, chunk):
        mark = self.marks / str(os.getpid())
        if not mark.exists():
            mark.touch()
            opened, left = pd.read_csv, [1]

            def fails(*args, **kwargs):
                if left:
                    left.pop()
                    raise OSError(errno.EIO, "Input/output error")
                return opened(*args, **kwargs)

            pd.read_csv = fails
        return execute(self.task, chunk)


@dataclass(frozen=True)
class WithoutModules(FailsOn):
    """Fails as a whole in the first chunk of a worker, as if a module could not be opened."""

    def __call__(self, chunk):
        mark = self.marks / str(os.getpid())
        if not mark.exists():
            mark.touch()
            raise ImportError("cannot open shared object file: Too many open files")
        return execute(self.task, chunk)
