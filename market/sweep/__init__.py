"""Many runs of one scenario: a design, runs in parallel, tidy results that survive anything.

    from market.sweep import sweep
    swept = sweep("scenarios/commons.toml", ["commons.water=5:20:4"], seeds=10, out="sweeps/water")
    swept.runs      # a DataFrame, one row a run and mechanism
    swept.summary   # mean and interval over seeds, a row a point, mechanism and measure

What is varied is read in `axes.py` and combined in `design.py`; `planning.py` checks it against the scenario.
A run is made in `runs.py`, in a process of `backends.py`, given out by `execution.py` and kept by `store.py`;
`summary.py` sums up; `run.py` puts it all together. Workers import `runs.py` and nothing above it, which
is why the names here are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market.sweep.run import Options, Progress, Sweep, sweep

__all__ = ["Options", "Progress", "Sweep", "sweep"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'market.sweep' has no attribute '{name}'")
    return getattr(import_module("market.sweep.run"), name)
