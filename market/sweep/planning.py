"""Plan of a sweep: the design, checked against the scenario before the first run.

Each value of each axis is tried, with the others at their first value; a sweep does not begin if one of them
is refused. Combinations that are refused only together are found when they are played, and recorded as
failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from market.errors import InputError, ScenarioError, did_you_mean
from market.results.run_folder import data_files
from market.scenario.building import build
from market.scenario.game_loading import GameScenario, build_game
from market.scenario.loading import Scenario, load
from market.scenario.models import Dist
from market.scenario.toml_text import escape
from market.sweep.axes import ColumnType
from market.sweep.design import Design
from market.sweep.runs import Task
from market.sweep.table import columns_of
from market.workers import versions

RANDOM = ("random", "asynchronous")  # schedules whose order is drawn, and first plays that are
UNREAD = (
    "text",
    "title",
    "file",
    "goods",
    "overrides",
    "places",
    "data",
)  # of a scenario: no draws


@dataclass(frozen=True)
class Plan:
    """A design whose values the scenario accepts.

    Args:
        design: all runs.
        scenarios: the scenario with each value that was tried; the first has the first value of every axis.
        overrides: `path=value`, for all runs.
        mechanisms: names of those that are played.
    """

    design: Design
    scenarios: tuple[Scenario | GameScenario, ...]
    overrides: tuple[str, ...]
    mechanisms: tuple[str, ...]

    @property
    def base(self) -> Scenario | GameScenario:
        """Scenario with the first value of every axis."""
        return self.scenarios[0]

    @property
    def draws(self) -> bool:
        """True if some number is drawn, so that seeds matter."""
        parts = (each.document if isinstance(each, GameScenario) else each for each in self.scenarios)
        return any(map(_draws, parts))

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Columns of the table of runs: name -> type."""
        return columns_of(self.base, self.design.axes)

    def task(self, folder: Path) -> Task:
        """Return the task of the workers.

        Args:
            folder: with copies of the data files.
        """
        places = (place for scenario in self.scenarios for place in data_files(scenario).values())
        files = tuple(dict.fromkeys(place.as_posix() for place in places))
        where = str(folder.resolve()) if files else None
        base, axes = self.base, self.design.axes
        return Task(
            base.text, base.file, where, files, self.overrides, axes, self.mechanisms, tuple(self.columns)
        )

    def description(self) -> dict[str, Any]:
        """Return everything that determines the runs, as plain data."""
        files: dict[str, str] = {}
        for scenario in self.scenarios:
            for source, place in data_files(scenario).items():
                files[place.as_posix()] = hashlib.sha256(source.read_bytes()).hexdigest()
        return {
            "scenario": self.base.sha256,
            "data": files,
            "set": list(self.overrides),
            "vary": {axis.path: axis.written for axis in self.design.axes},
            "design": self.design.kind,
            "points": len(self.design.points),
            "seed": self.design.root,
            "seeds": self.design.seeds,
            "mechanisms": list(self.mechanisms),
            "versions": versions(),
        }


def _draws(part: object) -> bool:
    """Return True if a part of a scenario has a distribution, or a random schedule."""
    if isinstance(part, Dist):
        return True
    if isinstance(part, BaseModel):
        return any(_draws(each) for name, each in part.__dict__.items() if name not in UNREAD)
    if isinstance(part, Mapping):
        return any(map(_draws, part.values()))
    if isinstance(part, list | tuple):
        return any(map(_draws, part))
    return isinstance(part, str) and part in RANDOM


def plan(
    scenario: str | Path,
    design: Design,
    overrides: Sequence[str] = (),
    mechanisms: Sequence[str] | None = None,
    data_dir: str | Path | None = None,
) -> Plan:
    """Check that the scenario accepts every value of a design.

    Args:
        scenario: path of the file.
        design: all runs.
        overrides: `path=value`, for all runs.
        mechanisms: names of those to play; all of them by default.
        data_dir: the folder of the data files; by default that of the scenario.

    Raises:
        InputError: a value, a path or a name is wrong.
    """
    tried = tuple(_load(scenario, overrides, values, data_dir) for values in _to_try(design))
    base = tried[0]
    _refuse_same_place(base, design)
    for other in tried[1:]:
        _refuse_other_names(base, other)
    if isinstance(base, GameScenario):
        build_game(base)
    else:
        build(base)
    _refuse_taken(base, design)
    names = base.mechanism_names if mechanisms is None else tuple(dict.fromkeys(mechanisms))
    for name in names:
        if name not in base.mechanism_names:
            raise InputError(f"no mechanism '{escape(name)}'; {did_you_mean(name, base.mechanism_names)}")
    return Plan(design, tried, tuple(overrides), names)


def _load(
    scenario: str | Path, overrides: Sequence[str], varied: Sequence[str], data_dir: str | Path | None
) -> Scenario | GameScenario:
    """Return the scenario with values of the axes; faults of these name the option `--vary`."""
    try:
        return load(scenario, (*overrides, *varied), data_dir)
    except ScenarioError as error:
        paths = tuple(f"--set {escape(value.split('=')[0])}" for value in varied)
        raise type(error)(
            error.file,
            [
                replace(fault, field=f"--vary{fault.field.removeprefix('--set')}")
                if fault.field.startswith(paths)
                else fault
                for fault in error.faults
            ],
        ) from None


def _to_try(design: Design) -> Iterator[tuple[str, ...]]:
    """Yield the first values of all axes, and then each other value in place of the first."""
    first = [f"{axis.path}={axis.tried[0]}" for axis in design.axes]
    yield tuple(first)
    for place, axis in enumerate(design.axes):
        for text in axis.tried[1:]:
            yield (*first[:place], f"{axis.path}={text}", *first[place + 1 :])


def _refuse_taken(base: Scenario | GameScenario, design: Design) -> None:
    """Refuse a path that is also the name of another column."""
    others = columns_of(base, ())
    for axis in design.axes:
        if axis.path in others:
            raise InputError(
                f"--vary {escape(axis.path)}: a column of that name has results; vary a part of it, such as "
                f"{escape(axis.path)}.NAME..."
            )


def _refuse_same_place(base: Scenario | GameScenario, design: Design) -> None:
    """Refuse two paths that are written differently and lead to one number."""
    varied = base.places[len(base.places) - len(design.axes) :]
    seen: dict[object, str] = {}
    for override in varied:
        if override.place in seen:
            raise InputError(
                f"--vary {escape(seen[override.place])} and --vary {escape(override.written)} "
                f"are the same parameter; give it once"
            )
        seen[override.place] = override.written


def _refuse_other_names(base: Scenario | GameScenario, other: Scenario | GameScenario) -> None:
    """Refuse values that change names: the table of runs has one set of columns and rows."""
    names_there = _names(other)
    for what, here in _names(base).items():
        there = names_there.get(what, ())
        if list(here) != list(there):
            raise InputError(
                f"--vary may not change the names of {what}: each has its place in the table of runs"
            )


def _names(scenario: Scenario | GameScenario) -> Mapping[str, Sequence[str]]:
    """Return the names that have a place in the table of runs, by what they are of."""
    mechanisms: Mapping[str, Sequence[str]] = {"mechanisms": scenario.mechanism_names}
    if isinstance(scenario, GameScenario):
        return {"players": scenario.group_names, **mechanisms}
    return {"goods": scenario.goods, "agents": [group.name for group in scenario.agents], **mechanisms}
