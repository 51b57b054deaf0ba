"""Folder of a sweep: every finished chunk of runs is written at once, whole or not at all.

    sweep.json          the design, compared with the one asked for before a sweep is continued
    input/              the scenario byte for byte, with the data files that it reads
    parts/              one Parquet file for each finished chunk of runs, in the order in which they ended
    runs.parquet        all of them in order, when the sweep has ended (see `columns.py`)
    summary.csv         see `summary.py`

A file is written under another name in its folder, brought to the disk and renamed, and then the folder is
brought to the disk: after a crash it is there whole, or not there. The name of a part ends in the checksum of
what it holds; a part that does not match its name is removed and its runs are made again. Runs that the
machine did not let be finished (their worker died, files or memory failed) have parts of their own, named
`lost-...`; the scenario is not at fault, so the next command tries them again.

What the operating system refuses is tried again a few times. If that does not help, the sweep stops with a
message that names the file; every part on the disk stays.

The process that writes holds a lock on the folder, which the operating system releases however it ends.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from market.errors import InputError, RunError, UnfinishedError
from market.results.run_folder import FULL, copy_scenario, data_files, refusals, sha256, to_disk
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario
from market.sweep.runs import ChunkResult
from market.workers import patiently

SCHEMA = 2  # of columns and summary; sweeps of schema 1 are read and drawn, but not continued
KNOWN = (1, SCHEMA)
TYPES = {"whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_(), "text": pa.string()}
NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
OURS = {"sweep.json", "input", "parts", ".lock"}  # may stand in a folder without a finished sweep.json

Description = Mapping[str, Any]


@dataclass(frozen=True)
class Store:
    """An open folder of a sweep.

    Args:
        folder: its path.
        schema: of the table of runs.
    """

    folder: Path
    schema: pa.Schema

    @property
    def input(self) -> Path:
        """Folder of the scenario and copies of its data files."""
        return self.folder / "input"

    @property
    def parts(self) -> Path:
        """Folder of finished chunks."""
        return self.folder / "parts"

    def finished(self) -> set[int]:
        """Return the numbers of the runs on the disk; remove parts that are damaged or half-written."""
        found: set[int] = set()
        for path in sorted(self.parts.iterdir()):
            with stopping(path, "read"):
                whole = path.name.startswith("part-") and path.name.endswith(f"-{_checksum(path)}.parquet")
                if whole:
                    found.update(patiently(lambda path=path: _read_part(path, ["run"]))["run"].to_pylist())  # type: ignore[misc]
                else:
                    path.unlink()
        return found

    def lost(self) -> set[int]:
        """Return the numbers of the runs that the machine did not let be finished."""
        with stopping(self.parts, "read"):
            parts = [_read_part(path, ["run"]) for path in sorted(self.parts.glob("lost-*"))]
        return {run for part in parts for run in part["run"].to_pylist()}

    def add(self, done: ChunkResult, lost: bool = False) -> None:
        """Write a finished chunk to the disk.

        Args:
            done: its rows.
            lost: True if its run could not be finished, so that the next command tries it again.

        Raises:
            UnfinishedError: the operating system refuses to write it.
        """
        table = pa.table(dict(done.columns), schema=self.schema)
        first = int(table["run"][0].as_py())
        kind = "lost" if lost else "part"

        def write() -> None:
            unfinished = self.parts / f".{kind}-{secrets.token_hex(8)}"
            with _removed_on_failure(unfinished):
                pq.write_table(table, unfinished)
                to_disk(unfinished)
                unfinished.replace(self.parts / f"{kind}-{first:08d}-{_checksum(unfinished)}.parquet")
                to_disk(self.parts)

        with stopping(self.parts, "write to"):
            patiently(write)

    def gather(self) -> pd.DataFrame:
        """Write all runs into one file, in order, and return them."""
        files = sorted(path for path in self.parts.iterdir() if not path.name.startswith("."))
        with stopping(self.parts, "read"):
            table = pa.concat_tables([patiently(lambda path=path: _read_part(path)) for path in files])  # type: ignore[misc]
        order = np.argsort(table["run"].to_numpy(), kind="stable")
        table = table.take(pa.array(order)).combine_chunks()
        self.write("runs.parquet", lambda path: pq.write_table(table, path))
        return as_frame(table)

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Write a file of the folder, whole or not at all.

        Raises:
            UnfinishedError: the operating system refuses to write it.
        """
        with stopping(self.folder / name, "write"):
            patiently(lambda: write_whole(self.folder / name, write))


def as_frame(table: pa.Table) -> pd.DataFrame:
    """Return the table of runs with types that allow for missing values."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=NULLABLE.get)
    return frame


@contextmanager
def stopping(path: Path, verb: str, kept: str = "") -> Iterator[None]:
    """Turn errors of the operating system into one that names the path, and stops the sweep.

    Args:
        path: of the file or folder.
        verb: "read" or "write", for the message.
        kept: what is kept, if no caller adds it.
    """
    try:
        yield
    except OSError as error:
        said = f"cannot {verb} '{path}': {_described(error)}"
        kept = kept and f"{kept}; {'make room, and ' if is_full(error) else ''}the same command continues"
        raise UnfinishedError(f"{said}. {kept}" if kept else said) from error


@contextmanager
def _opening(folder: Path) -> Iterator[None]:
    """Turn errors of the operating system into a message, which says what a sweep in the folder keeps."""
    with refusals(folder, "a sweep"):
        begun = (folder / "sweep.json").is_file()
    if begun:
        with stopping(folder, "write to", "All finished runs there are kept"):
            yield
    else:
        with refusals(folder, "a sweep"):
            yield


def _number(error: OSError) -> int | None:
    """Return the number of an error; pyarrow has it in the text."""
    return error.errno or next((int(n) for n in re.findall(r"errno (\d+)", str(error))), None)


def _described(error: OSError) -> str:
    """Return the error in the system's words."""
    known = _number(error)
    return os.strerror(known) if known else str(error)


def is_full(error: OSError) -> bool:
    """Return True if there was no room on the disk."""
    return _number(error) in FULL


def _checksum(path: Path) -> str:
    return patiently(lambda: sha256(path))[:32]


@contextmanager
def opened(
    folder: Path,
    description: Description,
    columns: Mapping[str, str],
    scenarios: Sequence[Scenario | GameScenario],
) -> Iterator[Store]:
    """Open the folder of a sweep, new or as it was left, and lock it.

    Args:
        folder: its path.
        description: the design, as plain data.
        columns: of the table of runs: name -> "whole", "number", "truth" or "text".
        scenarios: the first is copied, and the data files of all.

    Raises:
        InputError: the folder holds other files, another sweep is writing there, or it cannot be written.
    """
    store = Store(folder, pa.schema([(name, TYPES[kind]) for name, kind in columns.items()]))
    with _opening(folder):
        if not str(folder).isprintable():  # bytes that are not UTF-8 among others
            raise InputError(
                f"--out {str(folder)!a} is not a name that every file system takes; name another one"
            )
        if folder.exists() and not folder.is_dir():
            raise InputError(f"--out '{folder}' is a file; name a folder")
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        with _opening(folder):
            _prepare(store, description, scenarios)
        yield store


def _prepare(store: Store, description: Description, scenarios: Sequence[Scenario | GameScenario]) -> None:
    described = store.folder / "sweep.json"
    if described.exists():
        schema, there = read_design(described)
        if schema != SCHEMA:
            raise InputError(
                f"'{store.folder}' holds a sweep of an older version, whose tables have other columns; it "
                f"can be drawn with `market plot`, but not continued: name a new folder with --out"
            )
        _refuse_another(store.folder, there, description)
    else:
        unfinished = {path.name for path in store.folder.glob(".*.part.*")}
        foreign = {path.name for path in store.folder.iterdir()} - unfinished - OURS
        if foreign:
            raise InputError(
                f"'{store.folder}' holds other files than those of a sweep ('{min(foreign)}'); "
                f"name a new folder with --out"
            )
        for path in (store.input, store.parts):
            shutil.rmtree(path, ignore_errors=True)
        _copy_input(store.input, scenarios)
        store.parts.mkdir()
        text = json.dumps({"schema": SCHEMA, "design": description}, indent=2) + "\n"
        write_whole(described, lambda path: path.write_text(text, encoding="utf-8"))
    for path in store.folder.glob(".*.part.*"):
        path.unlink()


def _copy_input(folder: Path, scenarios: Sequence[Scenario | GameScenario]) -> None:
    copy_scenario(scenarios[0], folder)
    for scenario in scenarios[1:]:
        for source, place in data_files(scenario).items():
            if not (folder / place).exists():
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / place)
    for path in (*folder.rglob("*"), folder):
        to_disk(path)


def _refuse_another(folder: Path, there: Description, here: Description) -> None:
    """Check that a folder holds the sweep that is asked for.

    Raises:
        InputError: it holds another one; names every difference.
    """
    flat_there, flat_here = _flat(there), _flat(here)
    differing = [
        f"{key} is {flat_there.get(key, 'absent')} there and {flat_here.get(key, 'absent')} here"
        for key in dict.fromkeys((*flat_here, *flat_there))
        if flat_there.get(key) != flat_here.get(key)
    ]
    if differing:
        raise InputError(
            f"'{folder}' holds another sweep: {'; '.join(differing)}. "
            f"Repeat the command that it was made with, or name a new folder with --out"
        )


def _flat(description: Description, prefix: str = "") -> dict[str, str]:
    """Return the leaves of a nested description by their paths."""
    flat: dict[str, str] = {}
    for key, value in description.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key} ")
        else:
            flat[f"{prefix}{key}"] = json.dumps(value, ensure_ascii=False)
    return flat


def read_design(path: Path) -> tuple[int, Description]:
    """Read `sweep.json`: its schema, and the design as plain data.

    Raises:
        RunError: it is damaged.
        UnfinishedError: the operating system does not let it be read.
    """
    try:
        with stopping(path, "read", "All finished runs there are kept"):
            read = json.loads(patiently(lambda: path.read_text(encoding="utf-8")))
        if not isinstance(read["design"], dict) or read["schema"] not in KNOWN:
            raise ValueError(f"its schema is not {SCHEMA}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"'{path}' cannot be read ({error}); name a new folder with --out") from error
    design: Description = read["design"]
    return read["schema"], design


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or as it was before, even after a crash.

    Args:
        path: of the file.
        write: writes the new content to the path that it is given.
    """
    unfinished = path.with_name(f".{path.stem}-{secrets.token_hex(8)}.part{path.suffix}")
    with _removed_on_failure(unfinished):
        write(unfinished)
        to_disk(unfinished)
        unfinished.replace(path)
    to_disk(path.parent)


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one part; `pq.read_table`, which looks for a data set of many files, takes three times as long."""
    with pq.ParquetFile(path) as file:
        return file.read(columns)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder."""
    with _opening(folder):
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"another sweep is writing to '{folder}'; wait until it ends, or name another folder with "
                f"--out"
            ) from error
        yield
    finally:
        os.close(handle)
