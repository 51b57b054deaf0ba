"""Text for a terminal as HTML for a notebook: headings, tables, pairs and lists of points.

What `layout` makes is read back: a table with a heading becomes a table with scopes, so that a screen reader
can name row and column; a list of points a list; names with their texts a list of definitions that is folded.
All text is escaped. Colours are those of the page, so that it can be read on a dark one too; a word says what
a terminal shows by colour.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

STYLE = (
    "<style>"
    ".market-view table { border-collapse: collapse; margin: 0.5em 0; } "
    ".market-view th { text-align: left; font-weight: normal; } "
    ".market-view thead th, .market-view th[scope=rowgroup] { font-weight: bold; } "
    ".market-view thead th { border-bottom: 1px solid currentColor; } "
    ".market-view th, .market-view td { padding: 0.1em 0.6em; font-variant-numeric: tabular-nums; } "
    ".market-view td, .market-view thead th.right { text-align: right; } "
    ".market-view td.left { text-align: left; } "
    ".market-view th.of-section { padding-left: 2em; } "
    ".market-view p { margin: 0.2em 0; }"
    "</style>"
)


RIGHT = ' class="right"'


def as_html(shown: object) -> str:
    """Return what `Console.print` would print of a group, table or text, as HTML.

    Args:
        shown: of rich; made by the modules of this room.

    Example:
        >>> page = as_html(Group(Text("a < b", style="bold"), Text(""), Text("and so on")))
        >>> page.removeprefix(STYLE)
        '<div class="market-view"><p><strong>a &lt; b</strong></p><p>and so on</p></div>'
    """
    first, *others = _sections(shown)
    title = _plain(first[0]) if first else ""
    written = "".join(_written(part, title) for part in first) + "".join(map(_section, others))
    return f'{STYLE}<div class="market-view">{written}</div>'


def _sections(shown: object) -> list[list[object]]:
    """Return all parts, those after each further heading apart."""
    found: list[list[object]] = [[]]
    for part in _parts(shown):
        if _is_heading(part) and found[0]:
            found.append([])
        found[-1].append(part)
    return found


def _parts(shown: object) -> Iterator[object]:
    if isinstance(shown, Group):
        for part in shown.renderables:
            yield from _parts(part)
    else:
        yield shown


def _is_heading(part: object) -> bool:
    return isinstance(part, Text) and part.style in ("bold", "bold italic")


def _section(parts: Sequence[object]) -> str:
    """Return a heading with what follows; names with their texts are folded, and parts that ask for it."""
    heading, *rest = parts
    title = _escaped(heading)
    written = "".join(_written(part, _plain(heading)) for part in rest)
    if written.startswith("<dl") or (isinstance(heading, Text) and heading.style == "bold italic"):
        return f"<details><summary>{title}</summary>{written}</details>"
    return f"<p><strong>{title}</strong></p>{written}"


def _written(part: object, title: str) -> str:
    if isinstance(part, Table):
        return _table(part, title) if part.show_header else _list(part)
    if not isinstance(part, str | Text | Padding):
        raise TypeError(f"no HTML is known of {type(part).__name__}")
    text = _escaped(part)
    if _is_heading(part):
        return f"<p><strong>{text}</strong></p>"
    return "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n") if paragraph)


def _plain(cell: object) -> str:
    inside = cell.renderable if isinstance(cell, Padding) else cell
    return inside.plain if isinstance(inside, Text) else str(inside)


def _escaped(cell: object) -> str:
    """Return the text of a cell, escaped."""
    return html.escape(_plain(cell))


def _rows(table: Table) -> list[list[object]]:
    return [list(row) for row in zip(*(column.cells for column in table.columns), strict=True)]


def _table(table: Table, title: str) -> str:
    """Return a table; a row with a label alone is the title of the rows below it."""
    right = [column.justify == "right" for column in table.columns]
    heading = "".join(
        f'<th scope="col"{RIGHT * side}>{_escaped(column.header)}</th>'
        for column, side in zip(table.columns, right, strict=True)
    )
    bodies = "".join(f"<tbody>{body}</tbody>" for body in _bodies(_rows(table), right[1:]))
    label = html.escape(title)
    return f'<table aria-label="{label}"><thead><tr>{heading}</tr></thead>{bodies}</table>'


def _bodies(rows: Sequence[Sequence[object]], right: Sequence[bool]) -> Iterator[str]:
    """Yield the rows of each section, its title first.

    Args:
        rows: a label and its cells each.
        right: for each column of cells, True if it is flush right.
    """
    body = ""
    for label, *cells in rows:
        written = [_escaped(cell) for cell in cells]
        if not any(written):
            if body:
                yield body
            body = f'<tr><th scope="rowgroup" colspan="{1 + len(cells)}">{_escaped(label)}</th></tr>'
            continue
        indented = isinstance(label, Padding) and label.left > 0
        if not indented and "rowgroup" in body:  # a section without a title follows
            yield body
            body = ""
        of_section = ' class="of-section"' * indented
        numbers = "".join(
            f"<td>{cell}</td>" if side else f'<td class="left">{cell}</td>'
            for cell, side in zip(written, right, strict=True)
        )
        body += f'<tr><th scope="row"{of_section}>{_escaped(label)}</th>{numbers}</tr>'
    if body:
        yield body


def _list(grid: Table) -> str:
    """Return a list of points, or names with their texts."""
    rows = [[_escaped(cell) for cell in row] for row in _rows(grid)]
    if all(row[0] == "-" for row in rows):
        return f"<ul>{''.join(f'<li>{point}</li>' for _, point in rows)}</ul>"
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{text}</dd>' for name, text in rows)}</dl>"
