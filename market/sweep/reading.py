"""A finished sweep, read from its folder: for figures and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from market.errors import InputError, RunError
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario, load
from market.sweep.axes import Axis
from market.sweep.design import Design, design
from market.sweep.run import Sweep
from market.sweep.store import as_frame, read_design
from market.sweep.summary import measures, summarise
from market.sweep.table import columns_of


def read(folder: str | Path) -> Sweep:
    """Return the sweep in a folder, without playing anything.

    Args:
        folder: as `market sweep --out` made it.

    Raises:
        InputError: it is not the folder of a sweep, or the sweep has not ended.

    Example:
        >>> # market.sweep.read("sweeps/water").summary
    """
    folder = Path(folder)
    if not (folder / "sweep.json").is_file():
        raise InputError(f"'{folder}' is not a folder of a sweep: it has no sweep.json. {_remedy(folder)}")
    if not (folder / "runs.parquet").is_file():
        raise InputError(
            f"the sweep in '{folder}' has not ended: it has no runs.parquet. Repeat the command that it was "
            f"made with"
        )
    _, described = read_design(folder / "sweep.json")
    made = _design(folder, described)
    scenario = _scenario(folder, described, made.axes)
    runs = _runs(folder / "runs.parquet", made, scenario)
    names = measures(columns_of(scenario, made.axes), made.axes)
    table = summarise(runs, made.axes, [name for name in names if name in runs])
    return Sweep(scenario, made, folder, runs, table)


def _remedy(folder: Path) -> str:
    if not folder.exists():
        return "There is no such folder; `market sweep --out` makes one"
    if (folder / "result.json").is_file():
        return "It is the folder of one run, whose figures `market run --figures` draws"
    return "Name a folder that `market sweep --out` made"


def _design(folder: Path, described: Mapping[str, Any]) -> Design:
    """Make the design anew from what the folder says of it."""
    try:
        vary = [f"{path}={written}" for path, written in described["vary"].items()]
        kind = described["design"]
        points = None if kind == "grid" else described["points"]
        return design(vary, kind, points, described["seeds"], described["seed"])
    except (KeyError, TypeError, AttributeError, InputError) as error:
        raise RunError(f"'{folder / 'sweep.json'}' does not describe a sweep ({error})") from error


def _scenario(folder: Path, described: Mapping[str, Any], axes: Sequence[Axis]) -> Scenario | GameScenario:
    """Return the scenario with the first value of every axis."""
    first = [f"{axis.path}={axis.tried[0]}" for axis in axes]
    return load(folder / "input" / "scenario.toml", (*described.get("set", ()), *first))


def _runs(path: Path, made: Design, scenario: Scenario | GameScenario) -> pd.DataFrame:
    """Read the table of runs, and check that it has the columns that any sweep has."""
    try:
        frame = as_frame(pq.read_table(path))
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"'{path}' cannot be read ({error}); repeat the command of the sweep") from error
    needed = ("run", "point", "replicate", "mechanism", "settled", "error", *(a.path for a in made.axes))
    lacking = [name for name in needed if name not in frame]
    if lacking or not set(frame["mechanism"]) <= set(scenario.mechanism_names):
        what = f"it has no column '{lacking[0]}'" if lacking else "its mechanisms are others"
        raise RunError(f"'{path}' does not belong to this sweep: {what}; repeat the command of the sweep")
    return frame
