"""Run folder: written whole or not at all, and read back with every file checked.

It has `result.json`, `agents.parquet` and `bounds.parquet` (see `tables.py`; of a market in shards `agents/`,
that table in files by mechanism and shard), the scenario as `input/scenario.toml` (with the data files that
it reads in the same folder), `comparison.csv` (one row per mechanism), `rounds.parquet` (mechanism, round,
good, price, excess_demand, disequilibrium, auctioneer_payoff), where they have rows `trades.parquet` and
`observations.parquet`, figures, and `manifest.json`, written last:
seed, versions, the scenario's hash, overrides, and a checksum of every other file.

The folder is made under a temporary name in its parent and renamed when all its files are on the disk.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import signal
import stat
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import market
from market.economy.correspondences import Array
from market.errors import InputError, RunError
from market.results.schema import SCHEMA, ListedFile, Manifest, Result, check_layout, number
from market.results.tables import agents_table, as_json, bounds_table, result, scenario_reference

if TYPE_CHECKING:
    from market.results.comparison import Comparison
    from market.results.games.comparison import GameComparison
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario

__all__ = [
    "UNFINISHED",
    "Drawing",
    "RunFolder",
    "as_json",
    "check_listed",
    "check_writable",
    "copy_scenario",
    "data_files",
    "number",
    "read_json",
    "read_run",
    "read_table",
    "refusals",
    "result",
    "sha256",
    "slug",
    "to_disk",
    "write_folder",
    "write_run",
]

PACKAGES = ("mesa", "numpy", "scipy", "pandas", "cvxpy", "clarabel", "pyarrow", "matplotlib")

AGENTS = "agents.parquet"
TRADES = "trades.parquet"  # this and the next only where a mechanism records them
OBSERVATIONS = "observations.parquet"
PARTS = "agents/"  # of the same table, in the order of their names
NEEDED = (
    "result.json",
    "bounds.parquet",
    "rounds.parquet",
    "comparison.csv",
    "input/scenario.toml",
)
LARGEST_JSON = 10**9  # bytes
TRIES = 20  # to make a folder whose parents other runs make and remove
STOPPED_BY = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

FULL = (errno.ENOSPC, errno.EDQUOT)
UNFINISHED = "nothing unfinished is left there"

Drawing = Callable[[Path], None]
"""Writes a figure to a path."""


def check_writable(scenario: Scenario | GameScenario, parent: Path) -> None:
    """Check that a run of a scenario can be written to a folder, before it is played.

    Raises:
        InputError: it cannot.
    """
    if not str(parent).strip():
        raise InputError("--out names no folder")
    try:
        str(parent).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"--out '{parent}' is not UTF-8, and not every file can be written there") from error
    data_files(scenario)
    with refusals(parent):
        missing = _missing(parent)
        probe = parent / f".{secrets.token_hex(8)}.part"
        try:
            _make(probe)
            probe.rmdir()
        finally:
            _remove_empty(missing)


def write_run(comparison: Comparison, parent: Path, figures: Mapping[str, Drawing] | None = None) -> Path:
    """Write a run folder, whole or not at all.

    Args:
        comparison: to be kept.
        parent: the folder in which a new folder is made; made itself if need be.
        figures: file name -> function that writes it.

    Returns:
        The new folder.

    Raises:
        InputError: it cannot be written there.
        NumericalError: a number is NaN.
    """
    tables = {
        "agents.parquet": agents_table(comparison),
        "bounds.parquet": bounds_table(comparison),
        "rounds.parquet": comparison.rounds,
    }
    single = {TRADES: comparison.trades, OBSERVATIONS: comparison.observations}
    tables |= {file: table for file, table in single.items() if len(table)}
    text, seed = as_json(result(comparison)), comparison.economy.seed
    return write_folder(comparison, seed, text, tables, parent, figures)


def write_folder(
    comparison: Comparison | GameComparison,
    seed: int,
    text: str,
    tables: Mapping[str, pd.DataFrame],
    parent: Path,
    figures: Mapping[str, Drawing] | None = None,
) -> Path:
    """Write the files of a run, whole or not at all, and return the new folder.

    Args:
        comparison: what was played.
        seed: of all draws.
        text: of `result.json`.
        tables: file name -> table, beside `comparison.csv`.
        parent: the folder in which a new folder is made; made itself if need be.
        figures: file name -> function that writes it.

    Raises:
        InputError: it cannot be written there.
    """
    now = datetime.now(UTC)
    scenario = comparison.scenario
    name = name_of_run(scenario, now)
    with refusals(parent, kept=UNFINISHED), whole_folder(parent, name) as folder:
        (folder / "result.json").write_text(text, encoding="utf-8")
        for file, table in tables.items():
            table.to_parquet(folder / file, index=False)
        comparison.table().to_csv(folder / "comparison.csv", index=False, encoding="utf-8")
        copy_scenario(scenario, folder / "input")
        for file, draw in (figures or {}).items():
            draw(folder / file)
        manifest = manifest_of(scenario, seed, list(comparison.outcomes), now, folder)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return parent / name


def name_of_run(scenario: Scenario | GameScenario, now: datetime) -> str:
    """Return a new name for the folder of a run; it ends in a random number."""
    return f"{slug(Path(scenario.file).stem)}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def slug(name: str) -> str:
    """Turn a name into part of a file name: ASCII letters, digits and single hyphens.

    Example:
        >>> slug("../Who gets the water?"), slug("...")
        ('who-gets-the-water', 'run')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-") or "run"


@contextmanager
def whole_folder(parent: Path, name: str) -> Iterator[Path]:
    """Open a folder to write into; it gets its name when it is on the disk, and is removed otherwise."""
    missing = _missing(parent)
    unfinished = parent / f".{name}.part"
    try:
        _make(unfinished)
        yield unfinished
        for path in (
            *_files(unfinished),
            *(path for path in unfinished.rglob("*") if path.is_dir()),
            unfinished,
        ):
            to_disk(path)
        unfinished.rename(parent / name)
    except BaseException as error:  # an interrupt too must remove the folder
        with _undisturbed():
            shutil.rmtree(unfinished, ignore_errors=True)
            _remove_empty(missing)
        if unfinished.exists():
            error.add_note(f"'{unfinished}' is unfinished and could not be removed.")
        raise
    to_disk(parent)


def _make(folder: Path) -> None:
    """Make a folder and its parents, which another run may remove before they are used."""
    for _ in range(TRIES):
        try:
            folder.mkdir(parents=True)
        except (FileNotFoundError, FileExistsError):
            continue
        return
    folder.mkdir(parents=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore signals meanwhile; only the main thread receives them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {each: signal.signal(each, signal.SIG_IGN) for each in STOPPED_BY}
    try:
        yield
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)


def _missing(folder: Path) -> list[Path]:
    """Return the folder and those of its parents that do not exist, innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that are empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # never made, or in use by another run
            return


def to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk; Windows has no such call for folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def refusals(parent: Path, content: str = "a run folder", kept: str = "") -> Iterator[None]:
    """Turn errors of the operating system into a message.

    Args:
        parent: the folder that is written to.
        content: of the folder, for the message.
        kept: what is left there after a failure, as the end of a sentence.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {content} in '{parent}': {error.strerror or error}; {kept and f'{kept}; '}"
            f"{'make room, or ' if error.errno in FULL else ''}name another folder with --out"
        ) from error


def copy_scenario(scenario: Scenario | GameScenario, folder: Path) -> None:
    """Copy the scenario byte for byte and its data files, so that the folder can be verified on its own."""
    folder.mkdir()
    text = scenario.text.encode()
    marked = codecs.BOM_UTF8 + text  # a byte order mark is not part of the text
    same = hashlib.sha256(marked).hexdigest() == scenario.sha256
    (folder / "scenario.toml").write_bytes(marked if same else text)
    for source, place in data_files(scenario).items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / place)


def data_files(scenario: Scenario | GameScenario) -> dict[Path, Path]:
    """Return data file -> its path in a copy of the scenario's folder."""
    if scenario.folder is None:
        return {}
    places = {}
    for file in scenario.files:
        place = _inside(os.path.normpath(file))
        if place is None:
            raise InputError(f"the data file '{file}' is in its folder; write it without '..'")
        places[scenario.folder / file] = place
    return places


def _inside(name: str) -> Path | None:
    """Return a relative path that stays inside its folder; None if it leaves it."""
    path = PurePosixPath(name)
    return None if path.is_absolute() or ".." in path.parts or not path.parts else Path(*path.parts)


def manifest_of(
    scenario: Scenario | GameScenario,
    seed: int,
    mechanisms: Sequence[str],
    now: datetime,
    folder: Path,
    known: Mapping[str, Mapping[str, Any]] | None = None,
    shards: int | None = None,
) -> dict[str, Any]:
    """Return the content of `manifest.json`.

    Args:
        scenario: that was played.
        seed: of all draws.
        mechanisms: that were played.
        now: time of writing.
        folder: with all other files in it.
        known: file name -> bytes and checksum, of files that need not be read again.
        shards: number of shards that wrote the table of agents; None if it is one file.
    """
    known = known or {}
    return Manifest(
        schema=SCHEMA,
        created=now.isoformat(timespec="seconds"),
        seed=seed,
        scenario=scenario_reference(scenario),
        overrides=list(scenario.overrides),
        mechanisms=list(mechanisms),
        **({} if shards is None else {"shards": shards}),
        versions={"python": platform.python_version(), "market": market.__version__, **_versions()},
        files={
            name: ListedFile(**(known.get(name) or {"bytes": path.stat().st_size, "sha256": sha256(path)}))
            for path in _files(folder)
            for name in (path.relative_to(folder).as_posix(),)
        },
    ).model_dump(by_alias=True, exclude_unset=True)


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # not installed, so not used
            continue
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sha256(path: Path) -> str:
    """Return the checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- reading it back -------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunFolder:
    """Content of a run folder.

    Args:
        folder: its path.
        manifest: `manifest.json`.
        result: `result.json`; `number` turns its infinities into floats.
        agents: `agents.parquet`, complete also above 1000 agents.
        bounds: `bounds.parquet`, proofs of some figures from both sides.
    """

    folder: Path
    manifest: Mapping[str, Any]
    result: Mapping[str, Any]
    agents: pd.DataFrame
    bounds: pd.DataFrame

    @property
    def scenario_file(self) -> Path:
        """Path of the copy of the scenario in the folder."""
        return self.folder / "input" / "scenario.toml"

    @property
    def overrides(self) -> tuple[str, ...]:
        """Changes of the scenario by `--set`."""
        return tuple(self.manifest["overrides"])

    def by_good(self, mechanism: str, name: str) -> Array:
        """Return amounts of one mechanism, (agents, goods), for instance "consumption"; NaN where missing."""
        columns = [f"{name}[{good}]" for good in self.result["goods"]]
        return self.agents.loc[self.agents["mechanism"] == mechanism, columns].to_numpy(dtype=float)

    def by_agent(self, mechanism: str, name: str) -> Array:
        """Return numbers of one mechanism, (agents,), for instance "payoff"; NaN where missing."""
        return self.agents.loc[self.agents["mechanism"] == mechanism, name].to_numpy(dtype=float)


def read_run(path: Path) -> RunFolder:
    """Read a run folder, after checking that it is complete and unchanged.

    Raises:
        RunError: it is not a run folder, or a file in it is missing, changed or unreadable.
    """
    if not path.is_dir():
        raise RunError(f"'{path}' is not a folder; give a run folder, as `market run` writes it")
    if not (path / "manifest.json").exists():
        raise RunError(f"'{path}' is not a run folder: it has no manifest.json")
    manifest = read_json(path, "manifest.json")
    check_layout(path / "manifest.json", manifest, Manifest)
    _check_files(path, manifest)
    read = read_json(path, "result.json")
    check_layout(path / "result.json", read, Result)
    _check_names(path, manifest, read)
    return RunFolder(path, manifest, read, _agents(path, manifest), read_table(path / "bounds.parquet"))


def _agents(folder: Path, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Read the table of agents, in one file or in parts."""
    parts = sorted(name for name in manifest["files"] if name.startswith(PARTS))
    if AGENTS in manifest["files"]:
        return read_table(folder / AGENTS)
    return pd.concat([read_table(folder / part) for part in parts], ignore_index=True)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of a run folder, its columns as they are in the file.

    Raises:
        RunError: it cannot be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        if len(set(table.column_names)) < len(table.column_names):
            raise ValueError("it has a column twice")
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    except (OSError, ValueError, OverflowError, pa.ArrowException) as error:
        raise RunError(f"'{path}' cannot be read: {error}") from error
    return frame


def _check_names(folder: Path, manifest: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Check that manifest and result name one set of mechanisms, one seed and one scenario."""
    names = [mechanism["name"] for mechanism in result["mechanisms"]]
    if names != manifest["mechanisms"] or len(set(names)) < len(names):
        raise RunError(f"'{folder}': the mechanisms of result.json are not those of manifest.json")
    for key in ("seed", "scenario"):
        if result[key] != manifest[key]:
            raise RunError(f"'{folder}': result.json and manifest.json differ in the {key}")


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Check the files of the run of an economy."""
    agents = () if any(name.startswith(PARTS) for name in manifest["files"]) else (AGENTS,)
    check_listed(folder, manifest, (*agents, *NEEDED))


def check_listed(folder: Path, manifest: Mapping[str, Any], needed: Sequence[str]) -> None:
    """Check that every file of the manifest is as it was written, and that no needed file is missing there.

    Raises:
        RunError: a file is missing or changed.
    """
    listed = manifest["files"]
    for name in needed:
        if name not in listed:
            raise RunError(f"'{folder / 'manifest.json'}' does not list {name}")
    for name, recorded in listed.items():
        file = _regular(folder, name)
        if file.stat().st_size != recorded["bytes"] or recorded["sha256"] != sha256(file):
            raise RunError(
                f"'{file}' is not what the run wrote: its size or checksum differs from manifest.json"
            )


def _regular(folder: Path, name: str) -> Path:
    """Return the path of a plain file inside the folder; refuse links."""
    place = None if "\0" in name else _inside(name)
    if place is None:
        raise RunError(f"'{folder / 'manifest.json'}' lists '{name}', which is not inside the folder")
    file = folder / place
    try:
        mode = file.lstat().st_mode
    except (OSError, ValueError) as error:
        raise RunError(f"'{folder}' is incomplete: {name} is missing") from error
    linked = any((folder / part).is_symlink() for part in (place, *place.parents[:-1]))
    if linked or not stat.S_ISREG(mode):
        raise RunError(f"'{file}' is not a plain file inside the folder")
    return file


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Read a strict JSON object."""
    path = _regular(folder, name)
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise ValueError(f"it has more than {LARGEST_JSON:,} bytes")
        read = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"'{path}' cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise RunError(f"'{path}' cannot be read: it is not an object")
    return read


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")
