"""The root finder and its starts: known systems, held prices, free goods."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import references

from market.equilibrium.roots import (
    SPREAD,
    can_be_free,
    draw_starts,
    guess_prices,
    solve_from,
    solve_with_held,
)

EXCHANGE = references()["exchange of two"].economy
UNWANTED = references()["an unwanted good is free"].economy


@pytest.mark.parametrize("start", [[1.0, 1.0], [1e-3, 1.0], [1.0, 1e-3]])
def test_the_root_of_a_known_system_is_found_from_afar(start):
    """Bread clears: `2.4 = 5.9 p`."""
    end = solve_from(EXCHANGE, np.array(start))
    assert end.prices[0] / end.prices[1] == pytest.approx(24.0 / 59.0, rel=1e-9)


def test_a_good_left_over_at_any_price_ends_at_zero():
    np.testing.assert_allclose(solve_from(UNWANTED, np.ones(2)).prices, [0.2, 0.0], rtol=1e-9)


def test_held_prices_stay_and_others_are_solved_for():
    """Three goods in three separate markets: `p_g = Lambda_g / q_g` for those that are not held."""
    primitives = references()["commons, three goods"].economy
    found = solve_with_held(primitives, np.full(3, 7.0), np.array([False, True, False]))
    np.testing.assert_allclose(found, [1.0, 7.0, 2.5], rtol=1e-9)


def test_a_good_can_be_free_only_if_demand_for_it_is_bounded():
    assert [can_be_free(UNWANTED, np.ones(2), g) for g in (0, 1)] == [False, True]


def test_starts_spread_around_a_guess_that_values_stocks_alike():
    """Stocks 10 and 5."""
    starts = draw_starts(EXCHANGE, 9, 4)
    np.testing.assert_allclose(starts[0], [1.0, 2.0])
    np.testing.assert_array_equal(starts[0], guess_prices(EXCHANGE))
    assert SPREAD / 2 < np.abs(np.log(starts / starts[0])).max() <= SPREAD
    np.testing.assert_array_equal(draw_starts(EXCHANGE, 9, 4), starts)
