"""The quadratic program of an implicit step, against solutions by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.mechanisms.auction.jumps.quadratic_program import QuadraticProgram
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE


def program(**changes) -> QuadraticProgram:
    """One good with Q = 1 and one chooser, with money 1 and one alternative of slope -1."""
    given = {
        "hessian": np.eye(1),
        "fixed": np.zeros(1),
        "slopes": np.array([[-1.0]]),
        "log_gain": np.zeros(1),
        "chooser": np.zeros(1, dtype=np.intp),
        "money": np.ones(1),
        "outside": np.ones(1, dtype=bool),
    }
    return QuadraticProgram(**given | changes)


def test_money_goes_where_the_gain_is_until_it_is_used_up():
    """Least m^2 / 2 + max(h - m, 0): m = 1 with all the money if h = 2, m = h with half of it if h = 1/2."""
    for log_gain, move, money in ((2.0, 1.0, 1.0), (0.5, 0.5, 0.5)):
        found = program(log_gain=np.array([log_gain])).solve()
        assert found[0][0] == pytest.approx(move, abs=1e-6)
        assert found[1][0] == pytest.approx(money, abs=1e-6)
        assert found[2][0] == pytest.approx(1.0 - money, abs=1e-6)


def test_no_alternative_of_a_chooser_with_unlimited_money_has_a_gain():
    found = program(log_gain=np.array([0.7]), money=np.array([np.inf])).solve()
    assert found[0][0] == pytest.approx(0.7, abs=1e-6)


def test_no_move_is_farther_than_the_largest():
    found = program(fixed=np.array([100.0])).solve()
    assert found[0][0] == pytest.approx(LARGEST_MOVE, rel=1e-6)


def test_gains_that_no_move_removes_are_made_small():
    """Gains 1 - m and 1 + m of two choosers with unlimited money cannot both be 0."""
    found = program(
        slopes=np.array([[-1.0], [1.0]]),
        log_gain=np.ones(2),
        chooser=np.arange(2),
        money=np.full(2, np.inf),
        outside=np.ones(2, dtype=bool),
    ).solve()
    assert found is not None
    assert np.abs(found[0][0]) <= 1.0 + 1e-6
