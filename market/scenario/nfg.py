"""Reader of strategic games in the text format of Gambit, `.nfg`, within limits of size.

A file has the word `NFG`, the version 1, `R` or `D`, a title, the players' names, their actions, perhaps a
text of comment, and a body. Blanks, line ends and commas only separate. Actions are named, a list for each
player, or counted. The body has one of two forms:

- payoffs: a number for each player, profile by profile;
- outcomes: `{ { "name" 1, 2 } ... }`, then for each profile the number of its outcome, from 1; 0 is the
  outcome in which each gets 0.

In both the first player's action changes fastest from profile to profile. Numbers are decimals or fractions.
Names that are empty or repeated become numbers, and commas in them, which separate the actions of a profile
in a scenario, semicolons.

Source: the description of the format in Gambit's manual, "Game representation formats".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.table import MOST_PROFILES
from market.scenario.toml_text import escape

MOST_BYTES = 50_000_000
MOST_PLAYERS = 30
MOST_NAME = 100  # characters

_TOKEN = re.compile(r'(\s+|,)|"((?:[^"\\]|\\.)*)"|([{}])|([^\s,{}"]+)', re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?", re.ASCII)


@dataclass(frozen=True)
class StrategicForm:
    """A game as a file states it.

    Args:
        players: their names, all different.
        actions: the names of each player's actions, all different.
        payoffs: (A_1, ..., A_n, n), finite.
    """

    players: tuple[str, ...]
    actions: tuple[tuple[str, ...], ...]
    payoffs: Array


def read_nfg(text: str) -> StrategicForm:
    """Return the game of a file's text.

    Raises:
        InputError: it is not in the format, too large, or has payoffs that are not finite; with the line.
    """
    return _Reader(text).game()


class _Token(NamedTuple):
    kind: str  # "text", "brace", "word", or "end"
    value: str
    line: int

    def __str__(self) -> str:
        """Return the token as messages call it."""
        if self.kind == "end":
            return "the end of the file"
        return (
            f'the text "{escape(self.value, 40)}"' if self.kind == "text" else f"'{escape(self.value, 40)}'"
        )


def _tokens(text: str) -> Iterator[_Token]:
    """Yield texts in quotes, braces and words, with their lines; at the end one token that says so."""
    place, line = 0, 1
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise InputError(f"line {line}: a quote is not closed")
        _, quoted, brace, word = found.groups()
        if quoted is not None:
            yield _Token("text", re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL), line)
        elif brace or word:
            yield _Token("brace" if brace else "word", brace or word, line)
        line += text.count("\n", place, found.end())
        place = found.end()
    yield _Token("end", "", line)


class _Reader:
    """One reading: the token that comes next, and those after it."""

    def __init__(self, text: str) -> None:
        self.rest = _tokens(text)
        self.next = next(self.rest)

    def game(self) -> StrategicForm:
        self._word("NFG", "a file of this format begins with it")
        self._word("1", "the only version that is known")
        if self._take("word").value not in ("R", "D"):
            raise InputError("line 1: 'R' or 'D' is needed after the version")
        self._take("text")
        players = _names(self._list("text"), "player")
        if not 0 < len(players) <= MOST_PLAYERS:
            raise InputError(f"{len(players)} players; there must be 1 to {MOST_PLAYERS}")
        actions = self._actions(len(players))
        sizes = tuple(map(len, actions))
        if self.next.kind == "text":
            self._take("text")
        count = math.prod(sizes)
        listed = self._outcomes(len(players), count) if self.next.value == "{" else self._payoffs(sizes)
        if self.next.kind != "end":
            raise InputError(f"line {self.next.line}: {self.next} after the last of {count:,} profiles")
        n = len(sizes)
        payoffs = listed.reshape(*sizes[::-1], n).transpose(*reversed(range(n)), n)
        return StrategicForm(players, actions, np.ascontiguousarray(payoffs))

    # --- parts ---

    def _actions(self, n: int) -> tuple[tuple[str, ...], ...]:
        """Read the names of each player's actions, or their numbers."""
        line = self._take("brace", "{").line
        named: list[tuple[str, ...]] = []
        total = 1
        while self.next.value != "}" or self.next.kind != "brace":
            if self.next.kind == "word":
                count = self._count(1, MOST_PROFILES, "the number of a player's actions")
                own: Sequence[str] = ("",) * count
            else:
                own = self._list("text")
            total *= len(own)
            if not 0 < total <= MOST_PROFILES:
                wrong = f"{total:,} profiles; at most {MOST_PROFILES:,} fit a table"
                raise InputError(f"line {line}: {wrong if own else 'a player without actions'}")
            named.append(_names(own, ""))
        self._take("brace", "}")
        if len(named) != n:
            raise InputError(f"line {line}: actions of {len(named)} players; there are {n}")
        return tuple(named)

    def _payoffs(self, sizes: tuple[int, ...]) -> Array:
        """Read a number for each player and profile, (profiles, n)."""
        n, count = len(sizes), math.prod(sizes)
        numbers = np.empty(count * n)
        for place in range(len(numbers)):
            if self.next.kind == "end":
                profile = [k + 1 for k in np.unravel_index(place // n, sizes, order="F")]
                which = ", ".join(map(str, profile))
                raise InputError(
                    f"line {self.next.line}: {place:,} payoffs; {len(numbers):,} are needed, {n} for each of "
                    f"{count:,} profiles. The first one missing is of the profile ({which})"
                )
            numbers[place] = self._number()
        return numbers.reshape(count, n)

    def _outcomes(self, n: int, count: int) -> Array:
        """Read outcomes, and that of each profile, (profiles, n)."""
        self._take("brace", "{")
        outcomes = [np.zeros(n)]
        while self.next.value != "}" or self.next.kind != "brace":
            line = self._take("brace", "{").line
            if self.next.kind == "text":
                self._take("text")
            own = []
            while self.next.kind == "word":
                own.append(self._number())
            self._take("brace", "}")
            if len(own) != n:
                raise InputError(f"line {line}: an outcome with {len(own)} payoffs for {n} players")
            outcomes.append(np.array(own))
        self._take("brace", "}")
        chosen = np.empty(count, dtype=np.int64)
        for place in range(count):
            if self.next.kind == "end":
                raise InputError(
                    f"line {self.next.line}: outcomes of {place:,} profiles; there are {count:,}"
                )
            chosen[place] = self._count(0, len(outcomes) - 1, "the number of an outcome")
        return np.stack(outcomes)[chosen]

    # --- tokens ---

    def _take(self, kind: str, value: str | None = None) -> _Token:
        """Return the next token, which must be of a kind, and go on."""
        token = self.next
        if token.kind != kind or value not in (None, token.value):
            needed = f"'{value}'" if value else {"text": "a text in quotes", "word": "a word"}[kind]
            raise InputError(f"line {token.line}: {needed} is needed, found {token}")
        if token.kind != "end":
            self.next = next(self.rest)
        return token

    def _word(self, word: str, why: str) -> None:
        token = self.next
        if token.kind != "word" or token.value != word:
            raise InputError(f"line {token.line}: '{word}' is needed, {why}; found {token}")
        self._take("word")

    def _list(self, kind: str) -> list[str]:
        """Read a list in braces."""
        self._take("brace", "{")
        found = []
        while self.next.kind != "brace":
            found.append(self._take(kind).value)
        self._take("brace", "}")
        return found

    def _count(self, low: int, high: int, what: str) -> int:
        token = self._take("word")
        value = int(token.value) if re.fullmatch(r"\d{1,9}", token.value, re.ASCII) else -1
        if not low <= value <= high:
            raise InputError(f"line {token.line}: {what} is {low} to {high:,}, found {token}")
        return value

    def _number(self) -> float:
        token = self.next
        if token.kind != "word" or not _NUMBER.fullmatch(token.value):
            raise InputError(f"line {token.line}: a number is needed, found {token}")
        above, _, below = self._take("word").value.partition("/")
        divisor = float(below or 1)
        value = float(above) / divisor if divisor else math.nan
        if not math.isfinite(value):
            raise InputError(f"line {token.line}: {token} is not a finite number")
        return value


def _names(given: Sequence[str], start: str) -> tuple[str, ...]:
    """Return names that a scenario can have: not empty, all different, printable, short and without commas.

    Args:
        given: names of the file, perhaps empty or repeated.
        start: of the number that stands in the place of such a name.
    """
    found: list[str] = []
    taken: set[str] = set()
    for place, name in enumerate(given):
        fine = "".join(c for c in name if c.isprintable()).replace(",", ";").strip()[:MOST_NAME].strip()
        number = place + 1
        while not fine or fine in taken:
            fine, number = f"{start}{number}", number + 1
        found.append(fine)
        taken.add(fine)
    return tuple(found)
