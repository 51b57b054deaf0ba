"""Numbers that a scenario does not write down: drawn from a distribution, or read from a data file.

A distribution declares its parameters as a utility family does, so the scenario's keys, range checks and
schema follow from the class. To add one: a class here and its name in `DISTRIBUTIONS`.

A data file is CSV or Parquet with one agent a row, in the scenario's folder or below it.
"""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from market.errors import InputError, did_you_mean
from market.interval import Array
from market.registry import Family, Parameter, Registry

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 10_000_000


def _real(meaning: str) -> Parameter:
    return Parameter("agent", meaning, unit="", low=-math.inf)


def _positive(meaning: str) -> Parameter:
    return Parameter("agent", meaning, unit="", open_low=True)


# --- distributions --------------------------------------------------------------------------------------


class Distribution(Family):
    """Base of the distributions; all functions are pure but for the generator."""

    parameters: ClassVar[dict[str, Parameter]]

    @staticmethod
    def draw(rng: np.random.Generator, size: int, **parameters: float) -> Array:
        """Independent draws, (size,)."""
        raise NotImplementedError

    @staticmethod
    def fault(**parameters: float) -> str | None:  # noqa: ARG004
        """What is wrong with the parameters taken together, or None."""
        return None


class Uniform(Distribution):
    """Uniform from low to high."""

    name = "uniform"
    parameters: ClassVar[dict[str, Parameter]] = {
        "low": _real("the least value"),
        "high": _real("the greatest"),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, low: float, high: float) -> Array:  # type: ignore[override]
        """In [low, high)."""
        return rng.uniform(low, high, size)

    @staticmethod
    def fault(*, low: float, high: float) -> str | None:  # type: ignore[override]
        """Low beyond high."""
        if low > high:
            return f"low = {low:g} is above high = {high:g}"
        return None if math.isfinite(high - low) else "low and high are too far apart"


class Normal(Distribution):
    """Normal with a mean and a standard deviation."""

    name = "normal"
    parameters: ClassVar[dict[str, Parameter]] = {
        "mean": _real("the mean"),
        "sd": Parameter("agent", "the standard deviation", unit=""),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, mean: float, sd: float) -> Array:  # type: ignore[override]
        """May be negative."""
        return rng.normal(mean, sd, size)


class Lognormal(Distribution):
    """Lognormal: the logarithm is normal with the mean and standard deviation given."""

    name = "lognormal"
    parameters: ClassVar[dict[str, Parameter]] = {
        "mean": _real("the mean of the logarithm; exp(mean) is the median"),
        "sigma": Parameter("agent", "the standard deviation of the logarithm", unit=""),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, mean: float, sigma: float) -> Array:  # type: ignore[override]
        """Always positive."""
        return rng.lognormal(mean, sigma, size)


class Exponential(Distribution):
    """Exponential with a mean."""

    name = "exponential"
    parameters: ClassVar[dict[str, Parameter]] = {"mean": _positive("the mean")}

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, mean: float) -> Array:  # type: ignore[override]
        """Never negative."""
        return rng.exponential(mean, size)


class Pareto(Distribution):
    """Pareto: P(X > x) = (scale / x)^shape for x >= scale."""

    name = "pareto"
    parameters: ClassVar[dict[str, Parameter]] = {
        "shape": _positive("how thin the tail is; the mean is finite above 1"),
        "scale": _positive("the least value"),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, shape: float, scale: float) -> Array:  # type: ignore[override]
        """At least `scale`; numpy draws what lies above it, in units of it."""
        with np.errstate(over="ignore"):
            return (rng.pareto(shape, size) + 1.0) * scale


DISTRIBUTIONS: Registry[Distribution] = Registry(
    "distribution", Uniform, Normal, Lognormal, Exponential, Pareto
)


# --- data files -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Data:
    """What a scenario uses of a data file.

    Args:
        file: the path as the scenario gives it.
        rows: how many, one an agent.
        columns: name -> numbers, (rows,), all finite.
    """

    file: str
    rows: int
    columns: Mapping[str, Array]


def read_data(folder: Path | None, file: str, wanted: Iterable[str]) -> tuple[Data, dict[str, str]]:
    """The columns that are wanted of a data file, and what is wrong with the others, by column.

    Raises:
        InputError: the file as a whole cannot be used.
    """
    path = _inside(folder, file)
    known = [name for name in _column_names(path) if name.isprintable()]
    wanted = list(dict.fromkeys(wanted))
    present = [name for name in wanted if name in known]
    faults = {name: _no_column(name, known) for name in wanted if name not in known}
    faults |= {name: "two columns have this name" for name in present if f"{name}.1" in known}
    present = [name for name in present if name not in faults]
    frame = _read(path, present or known[:1])
    if not len(frame):
        raise InputError("there are no rows in it; it needs one an agent")
    if len(frame) > MAX_ROWS:
        raise InputError(f"more than {MAX_ROWS} rows")
    columns = {}
    for name in present:
        try:
            columns[name] = _numbers(path, frame[name])
        except InputError as error:
            faults[name] = str(error)
    return Data(file, len(frame), columns), faults


def row_name(folder: Path | None, file: str, row: int) -> str:
    """Where a row, from 0, is in its data file: by line in a CSV file, else counted from 1."""
    try:
        return _row_name(_inside(folder, file), row)
    except InputError:  # the file has gone since it was read
        return f"row {row + 1}"


def _inside(folder: Path | None, file: str) -> Path:
    """The path of a data file, which must lie in the folder or below, links followed."""
    if folder is None:
        raise InputError("a scenario given as text has no folder to look for it in; give `folder`")
    if not file or not file.isprintable():
        raise InputError("not the name of a file")
    if Path(file).is_absolute():
        raise InputError("an absolute path; write it relative to the scenario's folder")
    try:
        path, root = (folder / file).resolve(), folder.resolve()
        if not path.is_relative_to(root):
            raise InputError("outside the scenario's folder; move it there, or below")
        if not path.is_file():
            raise InputError(f"no such file{_nearest(path)}")
    except (OSError, RuntimeError):
        raise InputError("cannot be read") from None
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError("data files end in .csv or .parquet")
    return path


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return "; nor is there such a folder"
    beside = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in (".csv", ".parquet"))
    printable = [name for name in beside if name.isprintable()]
    return f"; {did_you_mean(path.name, printable)}" if printable else " and no other data file beside it"


def _no_column(name: str, known: Iterable[str]) -> str:
    known = list(known)
    if len(known) == 1 and ";" in known[0]:
        return "the cells are apart by semicolons; a CSV file needs commas"
    return f"no such column; {did_you_mean(name, known)}"


def _column_names(path: Path) -> list[str]:
    """The names of the columns."""
    if path.suffix.lower() == ".csv":
        return [str(name) for name in _parse(path, nrows=0).columns]
    import pyarrow.parquet  # deferred: only where such a file is used

    try:
        return [str(name) for name in pyarrow.parquet.read_schema(path).names]
    except (OSError, ValueError) as error:
        raise InputError(f"not a Parquet file: {_first_line(error)}") from None


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    """Columns of a data file as they are."""
    if path.suffix.lower() == ".csv":
        return _parse(path, nrows=MAX_ROWS + 1)[columns]
    import pandas as pd  # deferred: only where a data file is used

    try:
        return pd.read_parquet(path, columns=columns)
    except (OSError, ValueError) as error:
        raise InputError(f"not a Parquet file: {_first_line(error)}") from None


def _parse(path: Path, nrows: int) -> pd.DataFrame:
    """A CSV file; a row that is longer than the header is refused, not shifted."""
    import pandas as pd  # deferred: only where a data file is used

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, nrows=nrows, index_col=False, encoding="utf-8-sig", low_memory=False)
    except pd.errors.EmptyDataError:
        raise InputError("the file is empty; its first line names the columns") from None
    except pd.errors.ParserWarning:
        raise InputError("not a table: rows are longer than the first line, the columns' names") from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise InputError(f"not a table: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """What another library says, fit to be printed."""
    line = (str(error).splitlines() or [""])[0]
    return "".join(c for c in line if c.isprintable())[:200]


def _numbers(path: Path, series: pd.Series[Any]) -> Array:
    """A column as finite numbers; names the first cell that is none."""
    import pandas as pd  # deferred: only where a data file is used

    types = pd.api.types
    if types.is_bool_dtype(series) or not (
        types.is_numeric_dtype(series) or types.is_string_dtype(series) or types.is_object_dtype(series)
    ):
        raise InputError(f"{_row_name(path, 0)}: a number is needed, found '{series.iloc[0]}'")
    try:
        numbers = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:
        raise InputError("some number in it is too large") from None
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if not len(wrong):
        return numbers
    row = int(wrong[0])
    cell = series.iloc[row]
    found = "the cell is empty" if pd.isna(cell) else f"a number is needed, found {str(cell)[:40]!a}"
    more = f" (and {len(wrong) - 1} more such rows)" if len(wrong) > 1 else ""
    raise InputError(f"{_row_name(path, row)}: {found}{more}")


def _row_name(path: Path, row: int) -> str:
    if path.suffix.lower() != ".csv":
        return f"row {row + 1}"
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as opened:
        reader = csv.reader(opened)
        ends = (reader.line_num for cells in reader if len(cells) > 1 or "".join(cells).strip())
        return f"line {next(islice(ends, row + 1, None), row + 2)}"
