"""`--set path=value`: a scenario changed from the command line, before it is validated.

A path is written `agents.alpha.utility.weights.water` or `agents[0].budget`; names with dots or brackets go
in quotes. The value is TOML; a value that is not, such as a bare word, is a text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Any, NamedTuple

from market.errors import Fault, did_you_mean
from market.scenario.toml_text import Place, beyond_bounds, describe, escape, format_place


class Override(NamedTuple):
    """One `--set path=value`: its path as written, and the place that it sets."""

    written: str
    place: Place


_PART = re.compile(
    r"""\.?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^.\[\]"'=]+))|\[(?P<index>\d{1,9})\]"""
)


def apply_overrides(values: dict[str, Any], assignments: Iterable[str]) -> tuple[list[Override], list[Fault]]:
    """Change parsed values in place by assignments `path=value`.

    Lists are addressed by index or, if their entries are tables, by the entries' `name`.

    Returns:
        The overrides made, and a fault for each assignment without a valid path.
    """
    done, faults = [], []
    for assignment in assignments:
        try:
            done.append(_assign(values, assignment))
        except _NoSuchPathError as error:
            faults.append(Fault(str(error), field=f"--set {escape(error.written)}"))
    return done, faults


class _NoSuchPathError(Exception):
    """An assignment without a valid path."""

    def __init__(self, written: str, message: str) -> None:
        self.written = written
        super().__init__(message)


def _assign(values: dict[str, Any], assignment: str) -> Override:
    if re.search("[\ud800-\udfff]", assignment):  # bytes of the command line that are no UTF-8
        raise _NoSuchPathError(assignment, "not UTF-8 text")
    parts, end = split_path(assignment)
    written = assignment[:end].strip()
    if not parts or assignment[end : end + 1] != "=":
        shown = assignment.split("=")[0]
        raise _NoSuchPathError(shown, "not of the form path=value, such as agents.alpha.count=3")
    at: Any = values
    place: Place = ()
    for part in parts[:-1]:
        step = _step(at, part, place, written)
        at, place = at[step], (*place, step)
    last = _step(at, parts[-1], place, written, new=True)
    at[last] = _override_value(assignment[end + 1 :].strip(), written)
    return Override(written, (*place, last))


def split_path(assignment: str) -> tuple[list[str | int], int]:
    """Return the parts of the path that an assignment begins with, and the position of its end."""
    parts: list[str | int] = []
    end = 0
    while match := _PART.match(assignment, end):
        kind = str(match.lastgroup)
        word = match[kind].strip() if kind == "bare" else match[kind]
        parts.append(int(word) if kind == "index" else word)
        end = match.end()
    return parts, end


def _step(at: object, part: str | int, place: Place, written: str, new: bool = False) -> str | int:
    """Return the key or index of a part of a path within a table or list."""
    here = format_place(place) or "the scenario"
    if isinstance(at, dict) and isinstance(part, str):
        if part in at or new:
            return part
        raise _NoSuchPathError(
            written, f"there is no '{escape(part)}' in {here}; {did_you_mean(part[:100], map(escape, at))}"
        )
    if isinstance(at, list) and isinstance(part, int):
        if part < len(at):
            return part
        raise _NoSuchPathError(written, f"{here} has {len(at)} entries, counted from 0")
    if isinstance(at, list):
        names = [entry.get("name") if isinstance(entry, dict) else None for entry in at]
        if part in names:
            return names.index(part)
        known = [escape(name) for name in names if isinstance(name, str)]
        hint = did_you_mean(str(part), known) if known else f"write an index, such as {here}[0]"
        raise _NoSuchPathError(written, f"no entry of that name in {here}; {hint}")
    raise _NoSuchPathError(written, f"{here} is {describe(at)}; it has no part '{escape(str(part))}'")


def _override_value(text: str, written: str) -> object:
    """Return the assigned value, unless it is too large to be parsed safely."""
    fault = beyond_bounds(text)
    if fault:
        raise _NoSuchPathError(written, fault.message)
    return parse_value(text)


def parse_value(text: str) -> object:
    """Return a TOML value of moderate size; a text that is not TOML, such as a bare word, as it is.

    Example:
        >>> parse_value("2.5"), parse_value("[1, 2]"), parse_value("log")
        (2.5, [1, 2], 'log')
    """
    try:
        values = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text
