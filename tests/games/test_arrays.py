"""Tables from and to the arrays of other packages."""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.errors import InputError

A = [[3, 0, 2], [5, 1, 4]]
B = [[3, 5, 7], [0, 1, 6]]


def test_pairs_of_matrices_keep_rows_and_columns():
    """The row player's payoff of (second, first) is 5 and the column player's 0; 2 and 3 actions."""
    game = market.from_payoffs([A, B], player_axis="first")
    assert game.sizes == (2, 3)
    np.testing.assert_array_equal(game.to_payoffs()[1, 0], [5, 0])
    first, second = game.to_payoffs("first")
    np.testing.assert_array_equal(first, A)
    np.testing.assert_array_equal(second, B)


@pytest.mark.parametrize("sizes", [(2,), (2, 2), (2, 3), (3, 2, 4), (3, 3, 3)])
@pytest.mark.parametrize("axis", ["first", "last"])
def test_arrays_come_back_as_they_were(sizes, axis):
    n = len(sizes)
    payoffs = np.random.default_rng(7).normal(size=(n, *sizes) if axis == "first" else (*sizes, n))
    game = market.from_payoffs(payoffs, player_axis=axis)
    assert game.sizes == sizes
    np.testing.assert_array_equal(game.to_payoffs(axis), payoffs)
    again = market.from_payoffs(game.to_payoffs())
    np.testing.assert_array_equal(again.outcomes, game.outcomes)


def test_a_copy_is_returned():
    game = market.from_payoffs([A, B], player_axis="first")
    game.to_payoffs()[:] = 0
    assert game.outcomes.any()
    given = np.ones((2, 2, 2))
    game = market.from_payoffs(given)
    given[:] = 0
    assert game.outcomes.all()


@pytest.mark.parametrize(
    ("payoffs", "axis", "message"),
    [
        ([A, B], "last", r"shape \(2, 2, 3\)"),
        ([[1, 2], [3]], "last", "not an array of numbers"),
        ("word", "last", "not an array of numbers"),
        (1.0, "first", r"shape \(\)"),
        ([A, B], "middle", "'first' or 'last'"),
        (np.full((2, 2, 2), np.nan), "last", "not a finite number"),
        (np.zeros((101, 100, 100, 3)), "last", "1,010,000 profiles; at most 1,000,000"),
    ],
)
def test_wrong_arrays_have_a_readable_message(payoffs, axis, message):
    with pytest.raises(InputError, match=message):
        market.from_payoffs(payoffs, player_axis=axis)
