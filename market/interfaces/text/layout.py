"""Tables, lists of points and pairs for a terminal or a pipe, out of labels and cells that are plain text.

Columns stand side by side as far as the width allows; further ones follow in tables below. Nothing that comes
from a file is read as markup.
"""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

CELL = 13  # columns that a column of cells needs at least, with its gap
WIDER = 16  # the most that it needs so that words of its cells are not cut
SHORTEST = 24  # columns of labels; narrower ones are hard to read
LONGEST = 36  # columns of labels; longer ones are folded, so that cells stand near the others
STYLES = {
    "cleared": "green", "Nash": "green", "optimal": "green", "settled": "green", "rationed": "green",
    "correlated": "green", "coarse": "green", "subgame perfect": "green",
    "cycling": "yellow", "max rounds": "yellow", "unknown": "yellow",
    "diverged": "red", "no equilibrium": "red", "failed": "red", "-inf": "red", "unbounded": "red",
}  # fmt: skip


class Row(NamedTuple):
    """A label and a cell for each column."""

    label: str
    cells: Sequence[str]


class Section(NamedTuple):
    """Rows under a title."""

    title: str
    rows: list[Row]

    @property
    def cells(self) -> list[str]:
        """All of its cells."""
        return [cell for row in self.rows for cell in row.cells]


def frameless() -> Table:
    """Return an empty table with a rule below its heading and no frame."""
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 2))


def tables(names: Sequence[str], sections: Sequence[Section], width: int, corner: str = "") -> list[Table]:
    """Return the sections in tables, each with as many columns of cells as fit.

    Args:
        names: the headings of the columns of cells.
        sections: with a cell for each name in every row.
        width: columns of the terminal.
        corner: the heading of the labels.
    """
    indents = {part.title: 2 * bool(part.title) for part in sections}
    labels = [len(row.label) + indents[part.title] for part in sections for row in part.rows]
    longest = max(labels + [len(part.title) for part in sections])
    words = [word for part in sections for cell in part.cells for word in cell.split()]
    cell = min(max(CELL, 3 + max(map(len, words), default=0)), WIDER)
    room_for_labels = max(SHORTEST, width - 1 - cell * len(names))  # rather folded labels than one more table
    label = min(longest, LONGEST, width // 2, room_for_labels)
    room = width - label - 1
    count = math.ceil(len(names) / max(1, room // cell))
    even = math.ceil(len(names) / count)
    found = []
    for start in range(0, len(names), even):
        chosen = range(start, min(start + even, len(names)))
        table = frameless()
        table.add_column(corner, width=label, overflow="fold")
        for i in chosen:
            heading = Text(names[i], overflow="fold")
            most = max(room // even - 3, 1)
            table.add_column(heading, justify="right", min_width=CELL - 3, max_width=most, overflow="fold")
        for part in sections:
            if part.title:
                table.add_row(Text(part.title, style="bold"))
            for row in part.rows:
                cells = (Text(row.cells[i], style=STYLES.get(row.cells[i], "")) for i in chosen)
                indent = indents[part.title]
                table.add_row(Padding(_hanging(row.label, label - indent), (0, 0, 0, indent)), *cells)
        found.append(table)
    return found


def _hanging(label: str, width: int) -> Text:
    """Return a label whose further lines are indented, so that none is taken for another row."""
    lines = textwrap.wrap(label, max(width, 3), subsequent_indent="  ", break_on_hyphens=False)
    return Text("\n".join(lines))


def pairs(rows: Iterable[tuple[str, Text]]) -> Table:
    """Return names with a text each, the texts one below the other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold", max_width=24)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(Text(name), text)
    return grid


def points(sentences: Iterable[str]) -> Table:
    """Return sentences with a dash before each."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row("-", Text(sentence))
    return grid


def paragraphs(text: str) -> list[tuple[bool, str]]:
    r"""Return the paragraphs of a description, each with True if it is a point of a list.

    A blank line ends a paragraph, and a line that begins with `- ` begins a point; other line breaks are
    blanks.

    Example:
        >>> paragraphs("Who pays?\nNo agent.\n\n- 'gift': the baker\n  stays idle.")
        [(False, 'Who pays? No agent.'), (True, "'gift': the baker stays idle.")]
    """
    found: list[tuple[bool, str]] = []
    ended = True
    for line in (each.strip() for each in text.splitlines()):
        if line.startswith("- "):
            found.append((True, line[2:].strip()))
        elif line and ended:
            found.append((False, line))
        elif line:
            is_point, so_far = found[-1]
            found[-1] = (is_point, f"{so_far} {line}")
        ended = not line
    return found


def story(description: str) -> list[RenderableType]:
    """Return a description as paragraphs and points, between blank lines; empty without one."""
    parts: list[RenderableType] = []
    for is_point, group in itertools.groupby(paragraphs(description), lambda each: each[0]):
        sentences = [sentence for _, sentence in group]
        parts.append(points(sentences) if is_point else Text("\n\n".join(sentences)))
    return [Text(), *parts, Text()] if parts else []


def heading(title: str) -> Text:
    """Return a line in bold."""
    return Text(title, style="bold")


def folded(title: str) -> Text:
    """Return a heading whose part is folded in a notebook."""
    return Text(title, style="bold italic")
