"""Docstrings are plain text with formulas in them; in reStructuredText x_ and |z| would be marks."""

from __future__ import annotations

import re
from typing import Any

SECTION = re.compile(r"^\s*(Args|Returns|Raises|Example|Attributes|Yields):\s*$")


def quoted(line: str) -> str:
    """Return a line in which everything but `code` and *emphasis* stands for itself."""
    parts = re.split(r"(`+[^`]*`+|(?<![\w*])\*\w[^*]*\*(?!\w))", line)
    return "".join(
        part if k % 2 else re.sub(r"([|*\\]|_(?!\w))", r"\\\1", part) for k, part in enumerate(parts)
    )


def quote(_app: Any, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Do so in all lines of a docstring but those of examples."""
    if what == "property":
        lines.insert(0, "")  # or napoleon takes what stands before a colon for the type
    session = literal = False
    for k, line in enumerate(lines):
        session = line.lstrip().startswith(">>>") or (session and bool(line.strip()))
        literal = line.rstrip().endswith("::") or (literal and (not line.strip() or line.startswith("    ")))
        if not (session or literal or SECTION.match(line)):
            lines[k] = quoted(line)
