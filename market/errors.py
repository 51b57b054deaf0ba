"""Everything that the program raises on purpose, and the exit codes that go with it.

MarketError
├── InputError                  the input is at fault: exit code 2
│   ├── ScenarioError           a scenario file, with a `Fault` for each thing wrong in it
│   └── RunError                a run folder that `market verify` cannot read
├── UnboundedDemandError        a wanted good is free, so there is no largest bundle
└── NumericalError              a number that should be finite is not: names who, what and when
    └── InfeasibleError         a programme was found to have no solution, which is an answer too
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice


class ExitCode(IntEnum):
    """What the command line returns to the shell."""

    DONE = 0
    INPUT_AT_FAULT = 2
    NOT_IN_EQUILIBRIUM = 3
    INTERRUPTED = 130
    OUR_FAULT = 1

    @property
    def meaning(self) -> str:
        """What it says, as the end of a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.INPUT_AT_FAULT: "the input is at fault",
    ExitCode.NOT_IN_EQUILIBRIUM: "done, but some mechanism did not reach an equilibrium or some claim does "
    "not hold",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.OUR_FAULT: "internal error: please report",
}


class MarketError(Exception):
    """Base of everything that the program raises on purpose."""


class InputError(MarketError):
    """The input is at fault; the message says what would be right."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file: where, what, and what would be right."""

    message: str
    field: str = ""
    line: int | None = None

    def describe(self, file: str) -> str:
        """The fault as one line, `FILE:LINE: FIELD: what is wrong; what would be right.`."""
        place = file if self.line is None else f"{file}:{self.line}"
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class ScenarioError(InputError):
    """A scenario that cannot be played; carries every fault that was found."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.describe(file) for fault in self.faults))


class RunError(InputError):
    """A run folder that is missing, unreadable or does not belong to its scenario."""


class UnboundedDemandError(MarketError):
    """A wanted good is free, so there is no largest bundle."""

    def __init__(self, goods: Iterable[int]) -> None:
        self.goods = tuple(goods)
        super().__init__(f"a wanted good is free, so there is no largest bundle: goods {self.goods}")


class NumericalError(MarketError):
    """A number that should be finite is not."""


class InfeasibleError(NumericalError):
    """A programme was found to have no solution, which is an answer too."""


_COMPARED = 300  # words; each takes some 20 microseconds


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that was probably meant; None if none is near.

    Of very many words only some that begin alike and are about as long are compared.
    """
    known = list(words)
    if len(known) > _COMPARED:
        alike = (w for w in known if w[:1] == word[:1] and abs(len(w) - len(word)) <= 2)
        known = list(islice(alike, _COMPARED))
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """The words that would be right, and the nearest of them if one is near.

    Example:
        >>> did_you_mean("watr", ["water", "bread"])
        "one of: water, bread. Did you mean 'water'?"
    """
    known = list(words)
    listed = ", ".join(known[:12]) + (f", ... ({len(known)} in all)" if len(known) > 12 else "")
    near = nearest(word, known)
    hint = "" if near is None else f" Did you mean '{near}'?"
    return f"one of: {listed or '(none)'}.{hint}"
