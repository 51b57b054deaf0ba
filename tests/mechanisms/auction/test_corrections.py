"""Corrections: one signature, one order, and what each of them does to a proposal."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import economy

import market
from market.mechanisms.auction.announcement import announce
from market.mechanisms.auction.corrections import (
    CORRECTIONS,
    Adjustment,
    announce_free_goods,
    corrected,
    left_the_bounds,
    normalise,
    remove_profit,
)
from market.mechanisms.auction.free_goods import FreeGoods
from market.mechanisms.auction.jumps.alternatives import possible
from market.scenario.building import build

MILL = """schema = 1
title = "A mill"
economy = "exchange"
goods = ["wheat", "flour"]
[[agents]]
name = "miller"
endowment = { wheat = 2.0 }
utility = { family = "log", weights = { wheat = 1.0, flour = 1.0 } }
[[agents]]
name = "mill"
technology = { family = "activity", netput = { wheat = -2.0, flour = 1.0 } }
owners = { miller = 1.0 }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def adjustment(primitives, p):
    """Return the adjustment after an announcement of p."""
    p = np.array(p)
    announced, memory = announce(primitives, p, FreeGoods.at_first(p), primitives.answers)
    return Adjustment(primitives, announced, memory, possible(primitives), joint=True)


def exchange():
    return economy("exchange", cobb_douglas=[[0.5, 0.5]] * 2, endowment=[[1.0, 0.0], [0.0, 1.0]])


def test_a_product_is_never_announced_above_its_unit_cost():
    """A unit of flour takes two of wheat: at a price of wheat of 1 it costs 2."""
    mill = build(market.loads(MILL))
    proposed = np.array([1.0, 5.0])
    np.testing.assert_allclose(remove_profit(adjustment(mill, [1.0, 1.0]), proposed), [1.0, 2.0])


def test_corrected_prices_of_an_exchange_economy_sum_to_one_after_all_other_corrections():
    mill = build(market.loads(MILL))
    p = corrected(adjustment(mill, [1.0, 1.0]), np.array([1.0, 5.0]))
    assert p.sum() == pytest.approx(1.0)
    assert p[1] == pytest.approx(2.0 * p[0])


def test_each_correction_leaves_prices_alone_that_need_none():
    primitives = exchange()
    here = adjustment(primitives, [0.4, 0.6])
    for correction in CORRECTIONS:
        np.testing.assert_array_equal(correction(here, np.array([0.25, 0.75])), [0.25, 0.75])


def test_a_tiny_price_in_excess_supply_is_announced_as_zero():
    primitives = economy("quasilinear", log=[[1.0, 0.0]], commons=[1.0, 5.0])
    here = adjustment(primitives, [1.0, 1.0])
    np.testing.assert_array_equal(announce_free_goods(here, np.array([1.0, 1e-14])), [1.0, 0.0])


@pytest.mark.parametrize("price", [1e251, 1e-251, np.inf, np.nan])
def test_prices_outside_the_bounds_are_named_and_not_normalised(price):
    primitives = exchange()
    p = np.array([price, 1.0])
    assert left_the_bounds(primitives, p) == "The price of good0 left the range from 1e-250 to 1e+250"
    np.testing.assert_array_equal(normalise(adjustment(primitives, [0.5, 0.5]), p), p)


def test_a_price_of_zero_is_within_the_bounds():
    assert left_the_bounds(exchange(), np.array([0.0, 1.0])) is None


def test_the_numeraire_has_price_one():
    primitives = dataclasses.replace(exchange(), numeraire=1)
    p = corrected(adjustment(primitives, [1.0, 1.0]), np.array([3.0, 2.0]))
    np.testing.assert_allclose(p, [1.5, 1.0])
