"""Exceptions of the package, and the exit codes of the command line.

MarketError
├── InputError                  the input is at fault: exit code 2
│   ├── ScenarioError           a scenario that cannot be played, with all its faults (`Fault`)
│   │   └── UnreadableError     a file of it could not be read; tried again, it may be
│   ├── RunError                a run folder that `market verify` cannot read
│   └── UnfinishedError         the machine did not let a sweep finish, which may be continued: exit code 4
├── UnboundedDemandError        demand is unbounded: a wanted good is free
└── NumericalError              a number that should be finite is not: names agent, quantity and round
    └── InfeasibleError         a program was found to have no solution
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    DONE = 0
    INPUT_AT_FAULT = 2
    NOT_IN_EQUILIBRIUM = 3
    UNFINISHED = 4
    INTERRUPTED = 130
    OUR_FAULT = 1

    @property
    def meaning(self) -> str:
        """Meaning, as the end of a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.INPUT_AT_FAULT: "the input is at fault",
    ExitCode.NOT_IN_EQUILIBRIUM: "done, but some mechanism did not reach an equilibrium or some claim does "
    "not hold",
    ExitCode.UNFINISHED: "unfinished, since files or memory failed: the same command continues",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.OUR_FAULT: "internal error: please report",
}


class MarketError(Exception):
    """Base of the exceptions of the package."""


class InputError(MarketError):
    """The input is at fault; the message gives a remedy."""

    exit_code = ExitCode.INPUT_AT_FAULT


@dataclass(frozen=True)
class Fault:
    """One fault of a file: place, description and remedy."""

    message: str
    field: str = ""
    line: int | None = None

    def describe(self, file: str) -> str:
        """Return the fault as one line, `FILE:LINE: FIELD: fault; remedy`."""
        place = file if self.line is None else f"{file}:{self.line}"
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class ScenarioError(InputError):
    """A scenario that cannot be played, with all its faults."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.describe(file) for fault in self.faults))


class UnreadableError(ScenarioError):
    """A scenario of which the operating system did not let a file be read; it may be readable later."""


class RunError(InputError):
    """A run folder that is missing, unreadable or does not belong to its scenario."""


class UnfinishedError(InputError):
    """The operating system did not let a sweep finish; the same command continues it."""

    exit_code = ExitCode.UNFINISHED


class UnboundedDemandError(MarketError):
    """Demand is unbounded, because a wanted good is free."""

    def __init__(self, goods: Iterable[int]) -> None:
        self.goods = tuple(goods)
        super().__init__(f"a wanted good is free, so there is no largest bundle: goods {self.goods}")


class NumericalError(MarketError):
    """A number that should be finite is not."""


class InfeasibleError(NumericalError):
    """A program was found to have no solution; that is an answer, unlike a failed solver."""


_COMPARED = 300  # words; each takes some 20 microseconds


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word that was probably meant; None if no word is near.

    Of very many words only some with one first letter and about one length are compared.
    """
    known = list(words)
    if len(known) > _COMPARED:
        of_its_length = (w for w in known if w[:1] == word[:1] and abs(len(w) - len(word)) <= 2)
        known = list(islice(of_its_length, _COMPARED))
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    begun = [w for w in known if len(word) >= 3 and w.startswith(word)]
    if not near and begun:  # the word and more: price for price[water]
        return min(begun, key=len)
    alike = [w for w in known if w[:1] == word[:1]]
    if not near and alike:  # of a short word half the letters may be wrong: rool for rule
        near = difflib.get_close_matches(word, alike, n=1, cutoff=0.5)
    return near[0] if near else None


def did_you_mean(word: str, words: Iterable[str], lead: str = "one of") -> str:
    """Return the valid words in a phrase after `lead`, with the nearest of them if one is near.

    Example:
        >>> did_you_mean("watr", ["water", "bread"])
        "one of: water, bread. Did you mean 'water'?"
    """
    known = list(words)
    listed = ", ".join(known[:12]) + (f", ... ({len(known)} in all)" if len(known) > 12 else "")
    near = nearest(word, known)
    hint = "" if near is None else f" Did you mean '{near}'?"
    return f"{lead}: {listed or '(none)'}.{hint}"
