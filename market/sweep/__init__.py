"""Many runs of one scenario: a design, runs in parallel, and a folder of results that survives interruptions.

    from market.sweep import sweep
    swept = sweep("scenarios/commons.toml", ["commons.water=5:20:4"], seeds=10, out="sweeps/water")
    swept.runs      # a DataFrame, one row per run and mechanism
    swept.summary   # mean and interval over seeds, one row per point, mechanism and measure

Entry points: `sweep`, with `Options`; it returns a `Sweep`, and so does `read` of a folder.

Reading order: `axes` (the parameters varied), `design` (their combinations), `columns` (the table of runs),
`runs` (one run), `backends` (processes that make runs), `execution` (chunks given out and taken back),
`store` (the folder), `planning` (checks before the first run), `summary`, `run`, which puts them together,
and `reading`, of a finished folder.

Imports `scenario`, `mechanisms`, `efficiency`, and of `results` the folder's helpers and the summary of
utilities. Workers import `runs` and nothing above it, so the names here are imported on first use.

To add a backend: a class with the methods of `backends.Backend`, and its name in `run.Options`. To add a
figure of a run: its column in `columns` and its value in `runs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market.sweep.reading import read
    from market.sweep.run import Options, Progress, Sweep, sweep

__all__ = ["Options", "Progress", "Sweep", "read", "sweep"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'market.sweep' has no attribute '{name}'")
    return getattr(import_module(f"market.sweep.{'reading' if name == 'read' else 'run'}"), name)
