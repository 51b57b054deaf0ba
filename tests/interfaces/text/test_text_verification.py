"""Text of `market verify`: it fits narrow terminals, and says what fails with its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from market.interfaces.text.verification import WORDS, verification
from market.results.verify import Claim, Verification

CLAIMS = (
    Claim("the scenario is the one that was played", True, "sha256 0123"),
    Claim("one after another: regret", True, "largest relative difference: 0"),
    Claim("one after another: cleared, within 1e-09", None, "not checked: the rules are not known"),
    Claim("all at once: efficient", False, "in the improvement 3 gain and 0 lose"),
)


def printed(checked: Verification, width: int, verbose: bool = False) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(verification(checked, verbose))
    return captured.get()


CHECKED = Verification(Path(), CLAIMS, ("one after another", "all at once"))


def test_a_line_a_mechanism_and_what_fails_in_full():
    assert [line.rstrip() for line in printed(CHECKED, 100).splitlines()] == [
        "one after another  1 of 2 claims hold, 1 could not be checked",
        "all at once        0 of 1 claims hold, 1 DOES NOT HOLD",
        "run folder         the only claim holds",
        "",
        "one after another",
        "not checked  the status: cleared, within 1e-09 (the rules are not known)",
        "",
        "all at once",
        "DOES NOT HOLD  Pareto efficient (goods)? (in the improvement 3 gain and 0 lose)",
        "",
        "2 of 4 claims hold. 1 could not be checked.",
    ]


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_text_fits_the_terminal(width, verbose):
    text = printed(CHECKED, width, verbose)
    assert max(map(len, text.splitlines())) <= width
    assert ("gain from deviating of each agent" in " ".join(text.split())) is verbose


def test_words_are_not_those_of_the_code():
    for words in WORDS.values():
        assert not {"regret", "evidence has", "degenerate", "numbers are numbers"} & {words}
        assert "_" not in words
