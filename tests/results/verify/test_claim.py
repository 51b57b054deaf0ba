"""Differences that claims are decided by: relative, and exact at infinities."""

from pathlib import Path

import numpy as np
import pytest

from market.results.verify.claim import Claim, Verification, difference


@pytest.mark.parametrize(
    ("recorded", "again", "size", "expected"),
    [
        (2.0, 2.0, 0.0, 0.0),
        (1.0, 2.0, 0.0, 0.5),
        (1.0, 2.0, 4.0, 0.25),
        (-np.inf, -np.inf, 0.0, 0.0),
        (-np.inf, 0.0, 0.0, np.inf),
        (np.nan, np.nan, 0.0, np.inf),
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_a_difference_is_relative_to_the_numbers_and_their_size(recorded, again, size, expected):
    assert difference(recorded, again, size) == expected


def test_claims_of_a_verification_are_parted_by_the_longest_name_of_a_mechanism():
    claims = tuple(Claim(name, True, "") for name in ("a: kind", "a: b: kind", "a: b: clears", "table"))
    parts = {name: len(part) for name, part in Verification(Path(), claims, ("a", "a: b")).parts}
    assert parts == {"a": 1, "a: b": 2, "run folder": 1}


def test_a_verification_holds_unless_a_claim_is_false():
    proved, undecided, refuted = (Claim("c", holds, "") for holds in (True, None, False))
    assert Verification(Path(), (proved, undecided)).holds
    assert Verification(Path(), (proved, undecided)).unchecked == (undecided,)
    assert not Verification(Path(), (proved, refuted)).holds
