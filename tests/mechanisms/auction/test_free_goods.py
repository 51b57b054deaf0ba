"""Free goods: when price 0 is announced, and how a price comes back from it."""

from __future__ import annotations

import numpy as np

from market.mechanisms.auction.free_goods import FIRST_TRY, NEXT_TRY, FreeGoods

FIRST = np.array([1.0, 2.0])


def test_a_tiny_price_in_excess_supply_becomes_zero_and_one_in_excess_demand_does_not():
    tiny = 0.5 * FIRST_TRY * FIRST
    corrected = FreeGoods.at_first(FIRST).corrected(FIRST, np.array([-1.0, 1.0]), tiny)
    np.testing.assert_array_equal(corrected, [0.0, tiny[1]])


def test_a_price_above_the_bound_stays_in_excess_supply():
    low = 2.0 * FIRST_TRY * FIRST
    np.testing.assert_array_equal(
        FreeGoods.at_first(FIRST).corrected(FIRST, np.array([-1.0, -1.0]), low), low
    )


def test_a_good_lacking_at_price_zero_gets_its_last_price_again():
    memory = FreeGoods.at_first(FIRST).after(np.array([1e-14, 3.0]), np.array([-1.0, 0.0]))
    zero = np.array([0.0, 3.0])
    memory = memory.after(zero, np.array([5.0, 0.0]))
    np.testing.assert_array_equal(memory.corrected(zero, np.array([5.0, 0.0]), zero), [1e-14, 3.0])


def test_each_try_in_vain_puts_off_the_next():
    """Once by excess demand at price 0, once by demand without a largest bundle there."""
    memory, zero = FreeGoods.at_first(FIRST), np.array([0.0, 2.0])
    memory = memory.after(zero, np.array([1.0, 0.0]))
    np.testing.assert_allclose(memory.zero_below, FIRST_TRY * FIRST * [NEXT_TRY, 1.0])
    p, memory = memory.refused(zero, np.array([True, False]))
    np.testing.assert_allclose(memory.zero_below, FIRST_TRY * FIRST * [NEXT_TRY**2, 1.0])
    np.testing.assert_array_equal(p, [0.5, 2.0])
