"""Data files: CSV or Parquet with one agent a row, in one folder or below it.

The folder is the scenario's own, or one that the user names (`--data-dir`); a scenario file cannot name
another. Blanks around the names of columns are ignored. A file is read piece by piece and only the columns in
use are kept, so that neither other columns nor more rows than the limit take memory.
"""

from __future__ import annotations

import csv
import errno
import os
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
from market.scenario.toml_text import decode, escape, not_a_file

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

MAX_ROWS = 10_000_000
MAX_FILE = 2_000_000_000  # bytes
MAX_NAME = 100  # characters
TABLES = (".csv", ".parquet")
_PIECE = 100_000  # rows


@dataclass(frozen=True, eq=False)
class Data:
    """The columns of a data file that a scenario uses.

    Args:
        file: the path as the scenario gives it.
        rows: their number, one per agent.
        columns: name -> numbers, (rows,), all finite.
        names: of the agents, all different; None if no column has them.
    """

    file: str
    rows: int
    columns: Mapping[str, Array]
    names: tuple[str, ...] | None = None


def read_data(
    folder: Path | None, file: str, wanted: Iterable[str], names: str | None = None
) -> tuple[Data, dict[str, str]]:
    """Return the wanted columns of a data file that are sound, and the faults of the others by column.

    Args:
        folder: in which the file lies, or below.
        file: its path in the folder.
        wanted: columns of numbers.
        names: the column of the agents' names, if there is one.

    Raises:
        InputError: the file as a whole cannot be used.
        OSError: the operating system does not let it be read.
    """
    path = _inside(folder, file)
    header = _read_header(path)
    wanted = dict.fromkeys(wanted)
    used = [*wanted, *([] if names is None or names in wanted else [names])]
    faults = {name: wrong for name in used if (wrong := _describe_column_fault(name, header))}
    if faults:
        _refuse_other_separators(header)
    words = None if names in faults else names
    reading = {name: _ColumnReader() for name in wanted if name not in faults}
    cells: list[Any] = []
    rows = 0
    for piece in _read_pieces(
        path, header, [name for name in used if name not in faults] or header[:1], words
    ):
        for name, column in reading.items():
            column.add(piece[name], rows)
        if words is not None:
            cells += piece[words].tolist()
        rows += len(piece)
        if rows > MAX_ROWS:
            raise InputError(f"more than {MAX_ROWS} rows")
    if not rows:
        raise InputError("no rows below the names of its columns")
    faults |= {name: column.fault(path) for name, column in reading.items() if column.wrong}
    columns = {
        name: np.concatenate(column.parts) + 0.0 for name, column in reading.items() if not column.wrong
    }
    if words is not None and (wrong := _describe_name_fault(path, cells)):
        faults[words], words = wrong, None
    own = None if words is None else tuple(str(cell).strip() for cell in cells)
    return Data(file, rows, columns, own), faults


def read_pairs(
    folder: Path | None, file: str, columns: tuple[str, str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the names in two columns of a data file, row by row, and how messages call each row.

    Args:
        folder: in which the file lies, or below.
        file: its path in the folder.
        columns: the names of the columns.

    Raises:
        InputError: the file cannot be used.
        OSError: the operating system does not let it be read.
    """
    one, other = read_words(folder, file, columns)
    if not one:
        raise InputError("no rows; it needs one per edge")
    csv_lines = Path(file).suffix.lower() == ".csv"
    places = tuple(f"line {row + 2}" if csv_lines else f"row {row + 1}" for row in range(len(one)))
    return tuple(zip(one, other, strict=True)), places


def read_steps(
    folder: Path | None, file: str, price: str, amount: str, agent: str | None, name: str
) -> list[list[float]]:
    """Return the steps [price, amount] of an agent in a data file with a row for each step, in its order.

    Args:
        folder: in which the file lies, or below.
        file: its path in the folder.
        price: the column of prices.
        amount: the column of amounts.
        agent: the column with agents' names, of which the rows of `name` are taken; None for all rows.
        name: of the agent.

    Raises:
        InputError: the file, a column or a cell of it cannot be used, or it has no row of the agent.
        OSError: the operating system does not let it be read.
    """
    path = _inside(folder, file)
    header = _read_header(path)
    wrong = _describe_column_fault(agent, header) if agent is not None else None
    if wrong is not None:
        raise InputError(f"column '{escape(str(agent), 40)}': {wrong}")
    data, faults = read_data(folder, file, (price, amount))
    for column, fault in faults.items():
        raise InputError(f"column '{escape(column, 40)}': {fault}")
    owners = [name] * data.rows
    if agent is not None:
        pieces = _read_pieces(path, header, [agent], agent)
        owners = [str(cell).strip() for piece in pieces for cell in piece[agent]]
    rows = zip(owners, data.columns[price].tolist(), data.columns[amount].tolist(), strict=True)
    steps = [[cost, size] for owner, cost, size in rows if owner == name]
    if not steps:
        raise InputError(f"no row of '{escape(name, 40)}' in column '{escape(str(agent), 40)}'")
    return steps


def row_name(folder: Path | None, file: str, row: int) -> str:
    """Return the name of a row, from 0, in its file: its line in a CSV file, else its number from 1."""
    try:
        return _row_name(_inside(folder, file), row)
    except (InputError, OSError):  # the file was removed after it was read
        return f"row {row + 1}"


def read_text(folder: Path | None, file: str, most: int) -> str:
    """Return the text of a file that is no table, such as a game of another package.

    Args:
        folder: in which the file lies, or below.
        file: its path in the folder.
        most: bytes.

    Raises:
        InputError: the file cannot be used.
        OSError: the operating system does not let it be read.
    """
    path = _inside(folder, file, (Path(file).suffix.lower(),))
    if path.stat().st_size > most:
        raise InputError(f"larger than {most // 1_000_000} MB")
    return decode(path.read_bytes())


def read_words(folder: Path | None, file: str, columns: Sequence[str]) -> list[list[str]]:
    """Return the texts in some columns of a data file, a list for each column.

    Args:
        folder: in which the file lies, or below.
        file: its path in the folder.
        columns: their names; all must be there.

    Raises:
        InputError: the file cannot be used.
        OSError: the operating system does not let it be read.
    """
    path = _inside(folder, file)
    header = _read_header(path)
    for name in columns:
        if wrong := _describe_column_fault(name, header):
            _refuse_other_separators(header)
            raise InputError(f"column '{escape(name, 40)}': {wrong}")
    return [
        [str(cell).strip() for piece in _read_pieces(path, header, [name], name) for cell in piece[name]]
        for name in columns
    ]


def read_columns(folder: Path | None, file: str) -> list[str]:
    """Return the names of the columns of a data file, in its order.

    Raises:
        InputError: the file cannot be used.
        OSError: the operating system does not let it be read.
    """
    return _read_header(_inside(folder, file))


def _inside(folder: Path | None, file: str, endings: Sequence[str] = TABLES) -> Path:
    """Return the path of a data file, which must lie in the folder or below, links followed."""
    if folder is None:
        raise InputError("a scenario given as text has no folder; give `folder`")
    if not file or not file.isprintable():
        raise InputError("not the name of a file")
    if Path(file).is_absolute():
        raise InputError(f"an absolute path; {_WHERE}")
    try:
        path, root = (folder / file).resolve(), folder.resolve()
        if not path.is_relative_to(root):
            raise InputError(f"outside its folder; {_WHERE}")
        if not path.is_file():
            raise InputError(not_a_file(path) or not_a_file(folder / file) or f"no such file{_nearest(path)}")
        size = path.stat().st_size
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
            raise
        raise InputError(f"cannot be read: {os.strerror(error.errno).lower()}") from None
    except (RuntimeError, ValueError):  # a circle of links
        raise InputError("cannot be read") from None
    if path.suffix.lower() not in endings:
        raise InputError("data files end in .csv or .parquet; save the table as one of these")
    if size > MAX_FILE:
        raise InputError(f"larger than {MAX_FILE // 1_000_000} MB")
    return path


_WHERE = "a data file lies in or below the scenario's folder, or the folder that --data-dir names"


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return "; its folder does not exist either; name the folder of data with --data-dir"
    there = (p for p in path.parent.iterdir() if p.suffix.lower() in (".csv", ".parquet"))
    files = sorted(p.name for p in there if p.is_file())
    known = [name for name in files if name.isprintable()]
    return (
        f"; {did_you_mean(path.name, known, 'data files there')}"
        if known
        else " and no other data file in its folder; name the folder of data with --data-dir"
    )


# --- columns --------------------------------------------------------------------------------------------


def _describe_column_fault(name: str, header: Sequence[str]) -> str | None:
    """Return why a name is not that of exactly one column, or None."""
    if header.count(name) == 1 and name.isprintable():
        return None
    if name in header and name.isprintable():
        return "two columns have this name"
    known = [escape(other, 40) for other in header if other and other.isprintable()]
    return f"no such column; {did_you_mean(name[:100], known)}"


def _refuse_other_separators(header: Sequence[str]) -> None:
    """Refuse a table as spreadsheets save it where the decimal mark is a comma, or with tabs."""
    for sign, word in ((";", "semicolons"), ("\t", "tabs")):
        if sum(name.count(sign) for name in header) >= max(len(header) - 1, 1):
            raise InputError(
                f"line 1: looks separated by {word}; save it comma-separated, with decimal points "
                f"(1.5, not 1,5)"
            )


@dataclass
class _ColumnReader:
    """A column while it is read: its numbers so far, and the first cell that is not a number."""

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
        """Return the row of the first cell that is not a number, and its content."""
        import pandas as pd  # deferred: only where a data file is used

        empty = pd.api.types.is_scalar(self.cell) and pd.isna(self.cell)
        found = "the cell is empty" if empty else f"a number is needed, found {str(self.cell)[:40]!a}"
        if re.fullmatch(r"\s*[-+]?\d+([,' \xa0]\d+)+(\.\d*)?\s*", str(self.cell)):
            found += "; write decimals with a point, and thousands without a sign between"
        more = f" (and {self.wrong - 1} more such rows)" if self.wrong > 1 else ""
        return f"{_row_name(path, self.row)}: {found}{more}"


def _numbers(series: pd.Series[Any]) -> Array:
    """Return a piece of a column as numbers; NaN or infinite where a cell is not a number."""
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


def _describe_name_fault(path: Path, cells: Sequence[object]) -> str | None:
    """Return the first cell that cannot be the name of an agent, and why; None if all names are sound."""
    first: dict[str, int] = {}
    for row, cell in enumerate(cells):
        wrong = _describe_cell_fault(cell)
        if wrong is None and (before := first.setdefault(str(cell).strip(), row)) != row:
            wrong = (
                f"'{str(cell).strip()}' is the name in {_row_name(path, before)} already; names must differ"
            )
        if wrong is not None:
            return f"{_row_name(path, row)}: {wrong}"
    return None


def _describe_cell_fault(cell: object) -> str | None:
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        empty = cell is None or cell != cell  # NaN is unequal to itself
        return "the cell is empty; every agent needs a name" if empty else f"a name is needed, found {cell!a}"
    name = str(cell).strip()
    if not name:
        return "the cell is empty; every agent needs a name"
    if len(name) > MAX_NAME:
        return f"a name of {len(name)} characters; at most {MAX_NAME} are allowed"
    return None if name.isprintable() else f"{name[:40]!a} has control characters, which cannot be in a name"


# --- files ----------------------------------------------------------------------------------------------


def _read_header(path: Path) -> list[str]:
    """Return the names of the columns in the file's order, without blanks around them."""
    if path.suffix.lower() == ".csv":
        first = next(_csv(path, 1, header=None, dtype=str, keep_default_na=False))
        return [str(name).strip() for name in first.iloc[0]]
    with _parquet(path) as opened:
        if opened.metadata.num_rows > MAX_ROWS:
            raise InputError(f"more than {MAX_ROWS} rows")
        return [str(name).strip() for name in opened.schema_arrow.names]


def _read_pieces(
    path: Path, header: Sequence[str], wanted: Sequence[str], words: str | None
) -> Iterator[pd.DataFrame]:
    """Yield some columns of a data file, some rows at a time; the column `words` as texts, as written."""
    if path.suffix.lower() == ".csv":
        # pandas takes a text such as NA for a missing value, unless a sign stands before it
        as_written = {} if words is None else {"converters": {header.index(words): "={}".format}}
        for piece in _csv(path, _PIECE, **as_written):
            piece.columns = list(header)  # pandas would rename repeated names
            if words is not None:
                piece[words] = [str(cell)[1:] for cell in piece[words]]
            yield piece[wanted]
        return
    import pyarrow as pa  # deferred: only where such a file is used

    with _parquet(path) as opened:
        written = [opened.schema_arrow.names[header.index(name)] for name in wanted]
        for batch in opened.iter_batches(_PIECE, columns=written):
            table = pa.Table.from_batches([batch])
            named = table.rename_columns([name.strip() for name in table.column_names])
            yield named.to_pandas(ignore_metadata=True)


@contextmanager
def _parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, and raise all its errors as InputError."""
    import pyarrow as pa  # deferred: only where such a file is used
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as opened:
            yield opened
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputError(f"not a Parquet file that can be read: {_first_line(error)}") from None


def _csv(path: Path, rows: int, **how: Any) -> Iterator[pd.DataFrame]:
    """Yield a CSV file, some rows at a time; a row longer than the first line is refused, not shifted."""
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
        raise InputError("the file is empty; its first line must name the columns") from None
    except pd.errors.ParserWarning:
        raise InputError(
            "not a table: rows are longer than the first line, which names the columns"
        ) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text; save it as UTF-8 (some spreadsheets call it CSV UTF-8)") from None
    except ValueError as error:
        raise InputError(f"not a table: {_no_table(error)}") from None


def _no_table(error: Exception) -> str:
    """Describe why a text is not a table, in plain words for known errors of pandas."""
    longer = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if longer:
        return f"line {longer[2]} has {longer[3]} cells, but the first line names {longer[1]} columns"
    return "a quote is not closed" if "EOF inside string" in str(error) else _first_line(error)


def _first_line(error: Exception) -> str:
    """Return the first line of another library's message, without control characters."""
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
