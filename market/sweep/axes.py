"""Parameters that a sweep varies: `--vary path=v1,v2,...`, a list, or `--vary path=low:high:n`, a range.

A path is written as for `--set` (`scenario/overrides.py`). A list holds TOML values, separated by commas
outside of brackets and quotes. A range is two numbers; in a grid, n values lie evenly from low to high,
both included, and are whole numbers if that is how low, high and the step between them are written. In a
random design (Latin hypercube, Sobol) a range has no n: values are drawn from all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from market.errors import InputError
from market.scenario.overrides import parse_value, split_path
from market.scenario.toml_text import escape

ColumnType = Literal["whole", "number", "truth", "text"]
"""Type of the values of an axis, and so of its column in the table of runs."""

MOST_VALUES = 100_000  # of one axis

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*:\s*({_NUMBER})\s*(?::\s*(.*?)\s*)?")
_OPENING, _CLOSING = "[{(", "]})"


@dataclass(frozen=True)
class Span:
    """A range of numbers, as written.

    Args:
        low: the least.
        high: the greatest.
        count: how many values of a grid; None in a random design.
    """

    low: str
    high: str
    count: int | None

    @property
    def written(self) -> str:
        """As on the command line."""
        return f"{self.low}:{self.high}" + ("" if self.count is None else f":{self.count}")

    def at(self, share: float) -> str:
        """Return the value at a share of the way from low to high, as TOML."""
        low, high = float(self.low), float(self.high)
        return repr(min(max(low + (high - low) * share, low), high))

    def even(self, count: int) -> tuple[str, ...]:
        """Return `count` values, evenly from low to high, as TOML; exact before they are rounded once."""
        low, high = Fraction(self.low), Fraction(self.high)
        exact = [low + (high - low) * Fraction(k, max(count - 1, 1)) for k in range(count)]
        whole = all(re.fullmatch(r"[+-]?\d+", end) for end in (self.low, self.high))
        if whole and all(value.denominator == 1 for value in exact):
            return tuple(str(value) for value in exact)
        return tuple(repr(float(value)) for value in exact)


@dataclass(frozen=True)
class Axis:
    """One parameter that a sweep varies.

    Args:
        path: of the parameter in the scenario, as for `--set`.
        choices: its values as TOML, in order; empty for a range in a random design.
        span: the range; None if the values were listed.
    """

    path: str
    choices: tuple[str, ...]
    span: Span | None = None

    @property
    def written(self) -> str:
        """Values as on the command line."""
        return ",".join(self.choices) if self.span is None else self.span.written

    @property
    def tried(self) -> tuple[str, ...]:
        """Values that must be valid for all to be: each of a list, the ends of a range."""
        if self.span is None:
            return self.choices
        return (self.choices[0], self.choices[-1]) if self.choices else (self.span.at(0.0), self.span.at(1.0))

    @cached_property
    def kind(self) -> ColumnType:
        """Type of its values."""
        if not self.choices:
            return "number"
        values = [parse_value(text) for text in self.choices]
        if all(isinstance(value, bool) for value in values):
            return "truth"
        if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
            return "text"
        return "whole" if all(isinstance(value, int) for value in values) else "number"

    def value(self, text: str) -> int | float | bool | str:
        """Return a value as it stands in the table of runs: a number, a truth value, or else its text."""
        read = parse_value(text)
        if self.kind == "text":
            return read if isinstance(read, str) else text
        return float(read) if self.kind == "number" else read  # type: ignore[arg-type,return-value]


def parse_axis(assignment: str, drawn: bool = False) -> Axis:
    """Read one `--vary path=...`.

    Args:
        assignment: text after `--vary`.
        drawn: True if values of a range are drawn, so that it has no n.

    Raises:
        InputError: it has another form; says which is right.

    Example:
        >>> parse_axis("agents.alpha.utility.weights.water=0.5:2:4").choices
        ('0.5', '1.0', '1.5', '2.0')
        >>> parse_axis("agents.alpha.utility.family=log,log1p").choices
        ('log', 'log1p')
    """
    _, end = split_path(assignment)
    path, values = assignment[:end].strip(), assignment[end + 1 :].strip()
    if not path or assignment[end : end + 1] != "=" or not values:
        raise InputError(
            f"--vary {escape(assignment)}: not of the form path=v1,v2,... or path=low:high:n, "
            f"such as commons.water=5,10,20"
        )
    said = f"--vary {escape(path)}"
    spanned = _RANGE.fullmatch(values)
    if spanned:
        span = _span(spanned, said, drawn)
        return Axis(path, () if span.count is None else span.even(span.count), span)
    choices = tuple(_split(values))
    if not all(choices):
        raise InputError(f"{said}: a value between two commas is missing; list values as v1,v2,v3")
    _refuse_twins(choices, said)
    return Axis(path, choices)


def _span(spanned: re.Match[str], said: str, drawn: bool) -> Span:
    low, high, count = spanned.groups()
    if not (math.isfinite(float(low)) and math.isfinite(float(high)) and float(low) < float(high)):
        raise InputError(f"{said}: the range {low}:{high} must go from a smaller number to a larger one")
    if drawn:
        if count is not None:
            raise InputError(
                f"{said}: values are drawn from all of the range, so write {low}:{high} without n"
            )
        return Span(low, high, None)
    if count is None or not re.fullmatch(r"\d{1,7}", count) or not 2 <= int(count) <= MOST_VALUES:
        raise InputError(
            f"{said}: in a grid a range is low:high:n with n from 2 to {MOST_VALUES:,} values, "
            f"such as {low}:{high}:5"
        )
    return Span(low, high, int(count))


def _split(values: str) -> Sequence[str]:
    """Split at commas outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for sign in values:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "," and depth == 0:
            parts.append("")
            continue
        depth += 0 if quote else (sign in _OPENING) - (sign in _CLOSING)
        parts[-1] += sign
    return [part.strip() for part in parts]


def _refuse_twins(choices: Sequence[str], said: str) -> None:
    """Refuse a value that is listed twice: its runs would be repeated."""
    seen: dict[object, str] = {}
    for text in choices:
        read = parse_value(text)
        numeric = isinstance(read, int | float) and not isinstance(read, bool)
        key = read if numeric else repr(read)  # 2 and 2.0 are one key
        if key in seen:
            raise InputError(
                f"{said}: {escape(seen[key])} and {escape(text)} are the same value; list it once"
            )
        seen[key] = text
