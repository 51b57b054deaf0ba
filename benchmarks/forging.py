"""Forged run folders: each figure of a result is changed, checksums put right, and verified.

A figure is a number, a truth value or a status of `result.json`, or a number of `agents.parquet` or
`rounds.parquet`. Figures of one kind (the same keys, other names of agents and goods) are one; of each kind
in each mechanism one is drawn and changed by more than any tolerance: a number by a hundredth of the largest
of its kind, or from 0 or infinity to 1; a truth value or a status to another; what is missing to a number.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from market.errors import MarketError
from market.results.verify import verify

BY = 0.01  # of the largest number of its kind
SMALL = 1e-6  # numbers up to that are residuals, which may be anything small
NEAREST = (["weights"], ["supporting_prices"])
STATUSES = ("cleared", "nash", "optimal", "max_rounds", "cycling")


@dataclass(frozen=True)
class Forgery:
    """One changed figure.

    Args:
        file: in which file.
        kind: of figure: its keys without names of agents and goods.
        change: old and new value.
        refused: by a claim that does not hold, or because the folder cannot be read any more.
        unchecked: not refused, but said to be not checked.
    """

    file: str
    kind: str
    change: str
    refused: bool
    unchecked: bool


def forgeries(folder: Path, work: Path, rng: np.random.Generator) -> Iterator[Forgery]:
    """Forge each kind of figure of a run folder, one at a time.

    Args:
        folder: an honest run folder; it stays as it is.
        work: an empty folder for the copy.
        rng: draws the figures.
    """
    stated = json.loads((folder / "result.json").read_text())
    names = {*stated["goods"], *stated["agents"]}
    for kind, places in _kinds(stated, names).items():
        place = places[int(rng.integers(len(places)))]
        changed = json.loads(json.dumps(stated))
        old = _at(changed, place[:-1])[place[-1]]
        new = _other(old, kind, [_at(stated, each[:-1])[each[-1]] for each in places])
        _at(changed, place[:-1])[place[-1]] = new
        copy = _copy(folder, work)
        (copy / "result.json").write_text(json.dumps(changed))
        yield _judged(copy, "result.json", kind, f"{old} -> {new}")
    for file in ("agents.parquet", "rounds.parquet"):
        if not (folder / file).is_file():
            continue
        frame = pd.read_parquet(folder / file)
        for column in frame.columns:
            numbers = pd.api.types.is_numeric_dtype(frame[column])
            for name, rows in frame.groupby("mechanism").groups.items():
                filled = [row for row in rows if pd.notna(frame.loc[row, column])]
                if not numbers or not filled:
                    continue
                row = filled[int(rng.integers(len(filled)))]
                old = float(frame.loc[row, column])
                changed_frame = frame.copy()
                if pd.api.types.is_integer_dtype(frame[column]):
                    new: float = old + 1
                else:
                    new = _number(old, frame.loc[filled, column].astype(float).tolist())
                    changed_frame[column] = changed_frame[column].astype(float)
                changed_frame.loc[row, column] = new
                copy = _copy(folder, work)
                changed_frame.to_parquet(copy / file, index=False)
                kind = f"{column.split('[')[0]} of {name}"
                yield _judged(copy, file, kind, f"{old} -> {new}")


def _kinds(stated: Any, names: set[str]) -> dict[str, list[tuple[Any, ...]]]:
    """List the places of figures of each kind: mechanism, then keys with agents and goods left open."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for k, mechanism in enumerate(stated["mechanisms"]):
        for place in _leaves(mechanism, ("mechanisms", k)):
            keys = ["*" if key in names else str(key) for key in place[2:]]
            if keys[-1] in ("name", "kind", "reason") or "unknown" in keys:
                continue  # words
            if keys[-1].startswith("improvement") and _at(stated, place) is None:
                continue  # a better allocation has many figures; the verdict is forged by itself
            if keys[-2:-1] in NEAREST and mechanism["alignment"]["efficient"] is not True:
                continue  # nothing supports the outcome, and nothing is claimed of the nearest ones
            found.setdefault(f"{mechanism['name']}: {'.'.join(keys)}", []).append(place)
    return found


def _leaves(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*place, key))
    elif isinstance(value, list):
        for k, each in enumerate(value):
            yield from _leaves(each, (*place, k))
    else:
        yield place


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def _other(old: Any, kind: str, alike: list[Any]) -> Any:
    if kind.endswith(": status"):
        return next(status for status in STATUSES if status != old)
    if isinstance(old, bool):
        return not old
    if old is None:
        return 0.5
    if isinstance(old, int) or kind.endswith("demand_queries"):
        return old + 1
    if isinstance(old, str):  # an infinity
        return 1.0
    return _number(old, [each for each in alike if isinstance(each, (int, float))])


def _number(old: float, alike: list[float]) -> float:
    if not np.isfinite(old):
        return 1.0
    largest = max((abs(each) for each in alike if np.isfinite(each)), default=0.0)
    return old + BY * (largest if largest > SMALL else 1.0)


def _copy(folder: Path, work: Path) -> Path:
    copy = work / "forged"
    shutil.rmtree(copy, ignore_errors=True)
    return Path(shutil.copytree(folder, copy))


def _judged(copy: Path, file: str, kind: str, change: str) -> Forgery:
    manifest = json.loads((copy / "manifest.json").read_text())
    for name, stated in manifest["files"].items():
        content = (copy / name).read_bytes()
        stated |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    try:
        checked = verify(copy)
    except MarketError:
        return Forgery(file, kind, change, True, False)
    return Forgery(file, kind, change, not checked.holds, checked.holds and bool(checked.unchecked))
