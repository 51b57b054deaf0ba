"""Untrusted TOML text: read within bounds, parsed, with the line of every key.

A *place* is the path of a value in the parsed text, for instance ("agents", 0, "utility", "weights",
"water"), written `agents[0].utility.weights.water` for people. All quotations from the text go through
`escape` before they are printed: keys and strings may hold control characters and escape sequences.

The standard library's parser has no bounds of its own: a dotted key of 40 KB can take gigabytes, a thousand
brackets exhaust its stack, and it gives no line for a value. Hence the checks before it, and a second parser,
tree-sitter, only for lines, and only for texts with a fault.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market.errors import Fault, InputError, ScenarioError, did_you_mean

if TYPE_CHECKING:
    from tree_sitter import Node

Place = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_LINE = 1 << 16
MAX_NESTING = 32
MAX_KEY_PARTS = 16
MAX_KEY = 1000  # characters, unquoted parts and dots together
MAX_DIGITS = 250  # in any base: such an integer is below 1e302 and fits a float


# --- words for people -----------------------------------------------------------------------------------


def escape(text: str, most: int = 80) -> str:
    r"""Return text fit to be printed: short, on one line, no control characters or escape sequences.

    Example:
        >>> escape("a\x1b[31mred")
        'a\\x1b[31mred'
    """
    cut = text if len(text) <= most else text[: most - 3] + "..."
    if cut.isprintable():  # most texts, and at once
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def format_place(place: Place) -> str:
    """Return a place as people write it.

    Example:
        >>> format_place(("agents", 0, "utility", "sweet water"))
        'agents[0].utility."sweet water"'
    """
    written = ""
    for part in place:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            word = part if re.fullmatch(r"[\w-]{1,80}", part) else f'"{escape(part)}"'
            written += f".{word}" if written else word
    return written


def describe(value: object) -> str:
    """Return a value in words, for messages.

    Example:
        >>> describe("7"), describe(True), describe([1])
        ('the text "7"', 'true', 'a list')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'the text "{escape(value, 40)}"'
    if isinstance(value, int | float):
        return f"the number {escape(str(value), 40)}"
    if isinstance(value, list | tuple):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or time"


# --- reading and parsing --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """TOML text with a name for messages."""

    name: str
    text: str

    def parse(self) -> dict[str, Any]:
        """Return the values.

        Raises:
            ScenarioError: the text is not TOML, or exceeds the limits.
        """
        fault = beyond_bounds(self.text)
        if fault is None:
            try:
                return tomllib.loads(self.text)
            except tomllib.TOMLDecodeError as error:
                fault = _not_toml(str(error), self.text)
            except (RecursionError, ValueError) as error:
                fault = Fault(f"not valid TOML: {escape(str(error))}")
        raise ScenarioError(escape(self.name, MAX_KEY), [fault])

    @cached_property
    def lines(self) -> dict[Place, int]:
        """The line of every key, table and list element, from 1."""
        return dict(_positions(self.text))

    def line(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest place around it; None for the text as a whole."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file of bounded size.

    Raises:
        InputError: no such file, not a file, not readable, or too large.
    """
    try:
        if not path.is_file():
            raise InputError(not_a_file(path) or f"no such file{_nearest_file(path)}")
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot be read: {reason.lower()}") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"larger than {MAX_BYTES // 1024} KiB; put long tables into a data file")
    return content


def not_a_file(path: Path) -> str | None:
    """Describe what stands in the place of a file; None if nothing does."""
    if path.is_symlink() and not path.exists():
        return "this link leads to no file"
    if path.is_dir():
        return "this is a folder, not a file"
    return "this is a device or pipe, not a file" if path.exists() else None


def decode(content: bytes) -> str:
    """Return bytes as text.

    Raises:
        InputError: the bytes are not UTF-8 text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and not content.startswith(b"\xff\xfe\0\0"):  # UTF-32
        raise InputError("this is UTF-16 text; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start + 1}); save it as UTF-8") from None
    if "\0" in text:
        raise InputError("this is not a text file (it contains zero bytes); save it as UTF-8 text")
    return text


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return "; its folder does not exist either"
    known = sorted(
        other.name
        for other in path.parent.glob("*.toml")
        if other.is_file() and other.name != "pyproject.toml"
    )
    where = "here" if path.parent == Path() else "in that folder"
    return f"; {did_you_mean(path.name, map(escape, known), f'scenarios {where}')}" if known else ""


# Strings end exactly where the standard library's parser ends them; otherwise a text could exceed the limits
# for the parser in a part that is a string for these checks. A long string may hold up to two quotes just
# before the three that end it. No alternative backtracks, so that the time is linear.
_TOKENS = re.compile(
    r'(?P<long>"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)'
    r"|'{3}(?:[^']|'(?!''))*+(?:'{3,5}|\Z))"
    r'|(?P<short>"(?:[^"\\\n]|\\[^\n])*+(?:"|\\?$)|\'[^\'\n]*+(?:\'|$))'
    r"|(?P<comment>\#[^\n]*)",
    re.DOTALL | re.MULTILINE,
)


def beyond_bounds(text: str) -> Fault | None:
    """Return the first fault of a text that is too large to be parsed safely, or None."""
    depth = 0
    bare = _TOKENS.sub(_blank, text).split("\n")
    for number, (line, outside) in enumerate(zip(text.split("\n"), bare, strict=True), start=1):
        if len(line) > MAX_LINE:
            return Fault(f"a line of {len(line)} characters; at most {MAX_LINE} are read", line=number)
        for bracket in re.findall(r"[][{}]", outside):
            depth += 1 if bracket in "[{" else -1
            if depth > MAX_NESTING:
                return Fault(f"brackets nested more than {MAX_NESTING} deep", line=number)
        if message := _long_word(outside):
            return Fault(message, line=number)
    return None


def _blank(token: re.Match[str]) -> str:
    """Return an empty string for a string, which is one part of a key at most; keep its line breaks."""
    return "" if token.lastgroup == "comment" else '""' + "\n" * token[0].count("\n")


def _long_word(line: str) -> str | None:
    """Describe a key or a number, on a line without strings, that is too long to be meant."""
    joined = ".".join(part.strip(" \t") for part in line.split("."))  # blanks may stand around a dot
    for word in re.split(r"[^\w.\"'+-]+", joined):
        if word.count(".") >= MAX_KEY_PARTS or len(word) > MAX_KEY:
            limits = f"{MAX_KEY_PARTS} parts and {MAX_KEY} characters"
            return f"a key or number is too long; at most {limits} are read"
        if re.search(rf"(?<![0-9A-Fa-f_])[0-9A-Fa-f_]{{{MAX_DIGITS + 1}}}", word):
            return f"a number of more than {MAX_DIGITS} digits; write it like 1e99"
    return None


_PLAINLY = {
    "Cannot overwrite a value": "this key is given twice",
    "Cannot declare": "this table is given twice",
    "Invalid value": "no value can be read here; texts need quotes, decimals a digit before the point",
    "Unclosed array": "a list is not closed; ']' or ',' is missing",
    "Unclosed inline table": "a table is not closed; '}' or ',' is missing",
    "Expected newline or end of document after a statement": "something is left over at the end of a line",
    "Illegal character '\\n'": "a text is not closed; its quote is missing",
}


def _not_toml(message: str, text: str) -> Fault:
    """Return the parser's message with its line, and common mistakes in plain words."""
    where = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    what = message[: where.start()] if where else message
    plain = escape(next((words for start, words in _PLAINLY.items() if what.startswith(start)), what), 200)
    if where is None or where[1] is None:
        return Fault(f"not valid TOML: {plain} (noticed at the end)", line=text.rstrip().count("\n") + 1)
    return Fault(f"not valid TOML: {plain} (column {where[2]})", line=int(where[1]))


# --- lines ----------------------------------------------------------------------------------------------


def _positions(text: str) -> Iterator[tuple[Place, int]]:
    """Yield every place with its line; a table that is opened more than once has its first line."""
    import tree_sitter_toml  # deferred: needed only when something is wrong
    from tree_sitter import Language, Parser

    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    found: dict[Place, int] = {}
    elements: dict[Place, int] = {}  # arrays of tables: how many so far
    for node in tree.root_node.named_children:
        if node.type == "pair":
            _pair(node, (), found)
        elif node.type in ("table", "table_array_element"):
            key, *pairs = node.named_children
            place: Place = ()
            parts = _key_parts(key)
            for depth, part in enumerate(parts, start=1):
                place = (*place, part)
                found.setdefault(place, _line(key))
                if node.type == "table_array_element" and depth == len(parts):
                    elements[place] = elements.get(place, 0) + 1
                if place in elements:
                    place = (*place, elements[place] - 1)
                    found.setdefault(place, _line(key))
            for pair in pairs:
                if pair.type == "pair":
                    _pair(pair, place, found)
    yield from found.items()


def _pair(node: Node, place: Place, found: dict[Place, int]) -> None:
    key = node.named_children[0]
    for part in _key_parts(key):
        place = (*place, part)
        found.setdefault(place, _line(key))
    _value(node.named_children[-1], place, found)


def _value(node: Node, place: Place, found: dict[Place, int]) -> None:
    if node.type == "inline_table":
        for pair in node.named_children:
            if pair.type == "pair":
                _pair(pair, place, found)
    elif node.type == "array":
        for index, element in enumerate(child for child in node.named_children if child.type != "comment"):
            found[*place, index] = _line(element)
            _value(element, (*place, index), found)


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1


def _key_parts(node: Node) -> list[str]:
    """Return the parts of a key, dotted or quoted, as the standard library parses it."""
    written = (node.text or b"").decode()
    if re.fullmatch(r"[A-Za-z0-9_-]+", written):  # most keys, and at once
        return [written]
    value: Any = tomllib.loads(f"{written} = 0")
    parts = []
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)
    return parts
