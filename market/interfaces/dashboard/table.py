"""The comparison as an HTML table, with the rows and words that `market run` prints.

Every name comes from a file, so control characters and markup are escaped.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from market.interfaces.text import games
from market.interfaces.text.layout import STYLES, Row, Section
from market.interfaces.text.sections import notes, sections
from market.interfaces.text.sentences import NOT_HERE, visible, yes
from market.results.games.comparison import GameComparison

if TYPE_CHECKING:
    from market.results.comparison import Comparison

UNKNOWN = yes(None)  # of a mechanism in play: it was not judged yet
NEAREST = " ~"  # the mark of prices that are those of another round
TONES = {"": "", "green": "good", "yellow": "doubtful", "red": "bad"}  # colour in a terminal -> class


def table(compared: Comparison | GameComparison, stepped: str, status: str | None) -> str:
    """Return the table as HTML.

    Args:
        compared: the comparison.
        stepped: the mechanism that is being stepped; its column is marked.
        status: of the stepped mechanism, as long as it has not come to its end.
    """
    names = list(compared.outcomes)
    marked = names.index(stepped) if stepped in names else -1
    parts = games.sections(compared) if isinstance(compared, GameComparison) else sections(compared)
    if marked >= 0 and status is not None:
        parts = [_of_the_round(part, marked, status) for part in parts]
    rows = [_heading(names, marked)]
    for part in parts:
        if part.title:
            rows.append(f'<tr class="part"><th colspan="{len(names) + 1}">{_text(part.title)}</th></tr>')
        rows += _rows(part, marked)
    said = games.notes(compared, parts) if isinstance(compared, GameComparison) else notes(compared, parts)
    below = "".join(f'<p class="market-notes">{_text(note)}</p>' for note in said)
    return f"<table>{''.join(rows)}</table>{below}"


def _of_the_round(part: Section, marked: int, status: str) -> Section:
    """Return a section with a mechanism in play, and a title that speaks of marks only if there are some."""
    rows = [_in_play(row, marked, status) for row in part.rows]
    noted = any(cell.endswith(NEAREST) for row in rows for cell in row.cells)
    return Section(part.title if noted else part.title.partition(" (~")[0], rows)


def _in_play(row: Row, marked: int, status: str) -> Row:
    """Return a row with the cell of a mechanism that is not over: prices are those of its round."""
    cells = list(row.cells)
    cell = cells[marked]
    cells[marked] = NOT_HERE if cell == UNKNOWN else cell.removesuffix(NEAREST)
    if row.label == "Status":
        cells[marked] = status
    return row._replace(cells=cells)


def _heading(names: Sequence[str], marked: int) -> str:
    cells = [
        f'<th scope="col"{_class("stepped" if at == marked else "")}>{_text(name)}</th>'
        for at, name in enumerate(names)
    ]
    return f"<tr><th></th>{''.join(cells)}</tr>"


def _rows(part: Section, marked: int) -> list[str]:
    rows = []
    for row in part.rows:
        written = [
            f"<td{_class(TONES[STYLES.get(cell, '')], 'stepped' if at == marked else '')}>{_text(cell)}</td>"
            for at, cell in enumerate(row.cells)
        ]
        rows.append(f'<tr><th scope="row">{_text(row.label)}</th>{"".join(written)}</tr>')
    return rows


def _class(*names: str) -> str:
    given = " ".join(name for name in names if name)
    return f' class="{given}"' if given else ""


def _text(said: str) -> str:
    return html.escape(visible(said))
