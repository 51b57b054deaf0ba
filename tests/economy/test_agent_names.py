"""Agent names, made when they are read, behave as a tuple of them would."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.agent_names import AgentNames

NAMES = AgentNames([("alpha", 3, True), ("baker", 1, False), ("c[0]", 1, False), ("d", 1, True)])
PLAIN = ("alpha[0]", "alpha[1]", "alpha[2]", "baker", "c[0]", "d[0]")


def test_names_are_read_as_from_a_tuple():
    assert tuple(NAMES) == PLAIN
    assert NAMES == PLAIN
    assert list(PLAIN) == NAMES
    assert PLAIN[:-1] != NAMES
    assert [NAMES[row] for row in range(-6, 6)] == [PLAIN[row] for row in range(-6, 6)]
    assert NAMES[np.intp(2)] == PLAIN[2]
    assert NAMES[1:5] == PLAIN[1:5]
    assert NAMES[::-2] == PLAIN[::-2]
    with pytest.raises(IndexError):
        NAMES[6]
    with pytest.raises(IndexError):
        NAMES[-7]


def test_index_finds_the_row_of_a_name():
    assert [NAMES.index(name) for name in PLAIN] == list(range(6))
    unknown = ("alpha", "alpha[3]", "alpha[01]", "alpha[-1]", "alpha[x]", "baker[0]", "d", "", "c", 7)
    for wrong in (*unknown, "alpha[\u0661]"):
        assert wrong not in NAMES
        with pytest.raises(ValueError, match="no agent is called"):
            NAMES.index(wrong)
    with pytest.raises(ValueError, match="no agent"):
        NAMES.index("alpha[0]", 1)


def test_slice_is_a_view_with_its_own_rows():
    view = NAMES[2:5]
    assert tuple(view) == PLAIN[2:5]
    assert view[0:2] == PLAIN[2:4]
    assert len(view) == 3
    assert (view.index("baker"), "alpha[1]" in view, view[-1]) == (1, False, "c[0]")


def test_repr_of_many_names_has_three():
    assert repr(NAMES) == "<6 names: alpha[0], alpha[1], ..., d[0]>"
    assert repr(AgentNames([("one", 1, False)])) == "('one',)"
