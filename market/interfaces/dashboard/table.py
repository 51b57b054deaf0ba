"""The comparison as an HTML table, with the rows and words that `market run` prints.

Every name comes from a file, so control characters and markup are escaped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from market.interfaces.text.layout import STYLES, Section
from market.interfaces.text.sections import notes, sections
from market.interfaces.text.sentences import NOT_HERE, visible, yes

if TYPE_CHECKING:
    from market.results.comparison import Comparison

UNKNOWN = yes(None)  # of a mechanism in play: it was not judged yet
NEAREST = " ~"  # the mark of prices that are those of another round
TONES = {"": "", "green": "good", "yellow": "doubtful", "red": "bad"}  # colour in a terminal -> class


def table(compared: Comparison, stepped: str, status: str | None) -> str:
    """Return the table as HTML.

    Args:
        compared: the comparison.
        stepped: the mechanism that is being stepped; its column is marked.
        status: of the stepped mechanism, as long as it has not come to its end.
    """
    names, parts = list(compared.outcomes), sections(compared)
    marked = names.index(stepped) if stepped in names else -1
    rows = [_heading(names, marked)]
    for part in parts:
        if part.title:
            rows.append(f'<tr class="part"><th colspan="{len(names) + 1}">{_text(part.title)}</th></tr>')
        rows += _rows(part, marked, status)
    below = "".join(f'<p class="market-notes">{_text(note)}</p>' for note in notes(compared, parts))
    return f"<table>{''.join(rows)}</table>{below}"


def _heading(names: Sequence[str], marked: int) -> str:
    cells = [
        f'<th scope="col"{_class("stepped" if at == marked else "")}>{_text(name)}</th>'
        for at, name in enumerate(names)
    ]
    return f"<tr><th></th>{''.join(cells)}</tr>"


def _rows(part: Section, marked: int, status: str | None) -> list[str]:
    rows = []
    for row in part.rows:
        cells = list(row.cells)
        if marked >= 0 and status is not None:
            cells[marked] = _in_play(row.label, cells[marked], status)
        written = [
            f"<td{_class(TONES[STYLES.get(cell, '')], 'stepped' if at == marked else '')}>{_text(cell)}</td>"
            for at, cell in enumerate(cells)
        ]
        rows.append(f'<tr><th scope="row">{_text(row.label)}</th>{"".join(written)}</tr>')
    return rows


def _in_play(label: str, cell: str, status: str) -> str:
    """Return a cell of a mechanism that is not over: prices are those of its round, not a verdict's."""
    if label == "Status":
        return status
    return NOT_HERE if cell == UNKNOWN else cell.removesuffix(NEAREST)


def _class(*names: str) -> str:
    given = " ".join(name for name in names if name)
    return f' class="{given}"' if given else ""


def _text(said: str) -> str:
    return html.escape(visible(said))
