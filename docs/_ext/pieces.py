"""Sections, tables and text as docutils nodes, for what is generated from the program itself.

Text comes from docstrings and descriptions, in which `code` and *emphasis* are the only marks, and the signs
of a formula stand for themselves. So it is made into nodes here and not handed to a parser of Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes
from formulas import formula, is_formula

MARKS = re.compile(r"`+([^`]+)`+|(?<![\w*])\*(\w[^*]*)\*(?!\w)")


def inline(text: str, formulas: bool = False) -> Iterator[nodes.Node]:
    """Return a run of text with its `code` and *emphasis*; with formulas, code that is one as mathematics."""
    end = 0
    for mark in MARKS.finditer(text):
        if mark.start() > end:
            yield nodes.Text(text[end : mark.start()])
        code, stressed = mark.groups()
        if code and formulas and is_formula(code):
            yield from formula(code)
        else:
            yield nodes.literal(text=code) if code else nodes.emphasis(text=stressed)
        end = mark.end()
    if end < len(text):
        yield nodes.Text(text[end:])


def paragraph(text: str, formulas: bool = False) -> nodes.paragraph:
    """Text that is folded as the page is wide."""
    return nodes.paragraph("", "", *inline(" ".join(text.split()), formulas))


def prose(text: str, formulas: bool = False) -> Iterator[nodes.Node]:
    """Return a docstring: paragraphs, lists whose points begin with "- ", and indented lines as they are."""
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if block.startswith("    "):
            yield nodes.literal_block(
                text="\n".join(line[4:] for line in block.splitlines()), language="text"
            )
        elif block.lstrip().startswith("- "):
            points = re.split(r"\n?^- ", block, flags=re.MULTILINE)
            yield nodes.bullet_list("", *(nodes.list_item("", paragraph(point)) for point in points if point))
        else:
            yield paragraph(block, formulas)


def section(title: str, anchor: str, *content: nodes.Node, code: bool = False) -> nodes.section:
    """Return a section that can be linked to as `#anchor`."""
    heading = nodes.title("", "", nodes.literal(text=title) if code else nodes.Text(title))
    anchor = nodes.make_id(anchor)
    return nodes.section("", heading, *content, ids=[anchor], names=[anchor])


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> nodes.table:
    """Return a table; in the cells `code` and *emphasis* are marked."""
    group = nodes.tgroup("", cols=len(headings))
    group += [nodes.colspec(colwidth=1) for _ in headings]
    group += nodes.thead("", _row(headings))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["reference-table"])


def _row(cells: Sequence[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *inline(cell))) for cell in cells))


def code(text: str) -> str:
    """Text marked as code, or nothing."""
    return f"`{text}`" if text else ""
