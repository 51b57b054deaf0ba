"""Data files: CSV or Parquet with one agent a row, in the scenario's folder or below it.

A file is read piece by piece and only what is wanted of it is kept, so that neither other columns nor more
rows than there may be agents take memory.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

MAX_ROWS = 10_000_000
MAX_FILE = 2_000_000_000  # bytes
_PIECE = 100_000  # rows


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
    header = _read_header(path)
    wanted = dict.fromkeys(wanted)
    faults = {name: wrong for name in wanted if (wrong := _describe_column_fault(name, header))}
    reading = {name: _ColumnReader() for name in wanted if name not in faults}
    rows = 0
    for piece in _read_pieces(path, header, list(reading) or header[:1]):
        for name, column in reading.items():
            column.add(piece[name], rows)
        rows += len(piece)
        if rows > MAX_ROWS:
            raise InputError(f"more than {MAX_ROWS} rows")
    if not rows:
        raise InputError("there are no rows in it; it needs one an agent")
    faults |= {name: column.fault(path) for name, column in reading.items() if column.wrong}
    columns = {name: np.concatenate(column.parts) for name, column in reading.items() if not column.wrong}
    return Data(file, rows, columns), faults


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
        size = path.stat().st_size
    except (OSError, RuntimeError):
        raise InputError("cannot be read") from None
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError("data files end in .csv or .parquet")
    if size > MAX_FILE:
        raise InputError(f"larger than {MAX_FILE // 1_000_000} MB")
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


# --- columns --------------------------------------------------------------------------------------------


def _describe_column_fault(name: str, header: Sequence[str]) -> str | None:
    """Why a name is not that of exactly one column."""
    if header.count(name) == 1 and name.isprintable():
        return None
    if name in header and name.isprintable():
        return "two columns have this name"
    known = [other for other in header if other and other.isprintable()]
    if len(known) == 1 and ";" in known[0]:
        return "the cells are apart by semicolons; a CSV file needs commas"
    return f"no such column; {did_you_mean(name, known)}"


@dataclass
class _ColumnReader:
    """A column while it is read: its numbers so far, and the first cell that is none."""

    parts: list[Array] = field(default_factory=list)
    wrong: int = 0
    row: int = -1
    cell: Any = None

    def add(self, series: pd.Series[Any], start: int) -> None:
        """Append a piece that begins with row `start`."""
        numbers = _numbers(series)
        wrong = np.flatnonzero(~np.isfinite(numbers))
        if len(wrong) and not self.wrong:
            self.row, self.cell = start + int(wrong[0]), series.iloc[int(wrong[0])]
        self.wrong += len(wrong)
        self.parts.append(numbers)

    def fault(self, path: Path) -> str:
        """Where there is no number, and what is there instead."""
        import pandas as pd  # deferred: only where a data file is used

        empty = pd.api.types.is_scalar(self.cell) and pd.isna(self.cell)
        found = "the cell is empty" if empty else f"a number is needed, found {str(self.cell)[:40]!a}"
        more = f" (and {self.wrong - 1} more such rows)" if self.wrong > 1 else ""
        return f"{_row_name(path, self.row)}: {found}{more}"


def _numbers(series: pd.Series[Any]) -> Array:
    """A piece of a column as numbers; NaN or infinite where there is none."""
    import pandas as pd  # deferred: only where a data file is used

    types = pd.api.types
    if types.is_bool_dtype(series) or not (
        types.is_numeric_dtype(series) or types.is_string_dtype(series) or types.is_object_dtype(series)
    ):
        return np.full(len(series), np.nan)
    try:
        return pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    except (OverflowError, TypeError, ValueError):  # integers beyond all bounds, lists, maps
        return np.array([_number(cell) for cell in series], dtype=np.float64)


def _number(cell: object) -> float:
    try:
        return float(str(cell))
    except ValueError:
        return np.nan


# --- files ----------------------------------------------------------------------------------------------


def _read_header(path: Path) -> list[str]:
    """The names of the columns as they are in the file."""
    if path.suffix.lower() == ".csv":
        first = next(_csv(path, 1, header=None, dtype=str, keep_default_na=False))
        return [str(name) for name in first.iloc[0]]
    with _parquet(path) as opened:
        if opened.metadata.num_rows > MAX_ROWS:
            raise InputError(f"more than {MAX_ROWS} rows")
        return [str(name) for name in opened.schema_arrow.names]


def _read_pieces(path: Path, header: Sequence[str], wanted: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Some columns of a data file, as they are, some rows at a time."""
    if path.suffix.lower() == ".csv":
        for piece in _csv(path, _PIECE):
            piece.columns = list(header)  # instead of what pandas makes of names that are there twice
            yield piece[wanted]
        return
    import pyarrow as pa  # deferred: only where such a file is used

    with _parquet(path) as opened:
        for batch in opened.iter_batches(_PIECE, columns=wanted):
            yield pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)


@contextmanager
def _parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """An open Parquet file, with whatever goes wrong with it as one error."""
    import pyarrow as pa  # deferred: only where such a file is used
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as opened:
            yield opened
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise InputError(f"not a Parquet file that can be read: {_first_line(error)}") from None


def _csv(path: Path, rows: int, **how: Any) -> Iterator[pd.DataFrame]:
    """A CSV file, some rows at a time; a row that is longer than the first line is refused, not shifted."""
    import pandas as pd  # deferred: only where a data file is used

    reading = {"index_col": False, "encoding": "utf-8-sig", "low_memory": False, **how}
    try:
        with pd.read_csv(path, chunksize=rows, **reading) as reader:
            while True:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", pd.errors.ParserWarning)
                    piece = next(reader, None)
                if piece is None:
                    return
                yield piece
    except pd.errors.EmptyDataError:
        raise InputError("the file is empty; its first line names the columns") from None
    except pd.errors.ParserWarning:
        raise InputError("not a table: rows are longer than the first line, the columns' names") from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise InputError(f"not a table: {_no_table(error)}") from None


def _no_table(error: Exception) -> str:
    """Why a text is no table, in our words where pandas has a mistake of its own for it."""
    longer = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if longer:
        return f"line {longer[2]} has {longer[3]} cells, but the first line names {longer[1]} columns"
    return "a quote is not closed" if "EOF inside string" in str(error) else _first_line(error)


def _first_line(error: Exception) -> str:
    """What another library says, fit to be printed."""
    line = (str(error).splitlines() or [""])[0]
    return "".join(c for c in line if c.isprintable())[:200]


def _row_name(path: Path, row: int) -> str:
    if path.suffix.lower() != ".csv":
        return f"row {row + 1}"
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as opened:
            reader = csv.reader(opened)
            ends = (reader.line_num for cells in reader if len(cells) > 1 or "".join(cells).strip())
            return f"line {next(islice(ends, row + 1, None), row + 2)}"
    except (OSError, csv.Error):  # a cell of more than 128 KiB
        return f"row {row + 1}"
