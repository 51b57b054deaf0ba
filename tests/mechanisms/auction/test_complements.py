"""The auctioneer where a good that is made at a constant cost is wanted together with one that is owned."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import transformations

import market
from market.mechanisms import Auction, Planner, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status
from market.scenario.building import build

TEXT = """schema = 1
title = "Power and permits"
economy = "quasilinear"
goods = ["power", "permit"]
[[agents]]
name = "buyer"
endowment = {{ permit = 12.0 }}
utility = {{ {utility} }}
[[agents]]
name = "seller"
cost = {{ family = "linear", unit_cost = {{ power = {cost} }} }}
[[mechanisms]]
name = "planner"
kind = "planner"
"""
LEONTIEF = 'family = "leontief", weights = { power = 0.5, permit = 0.1 }'
CES = 'family = "ces", weights = { power = 1.0, permit = 1.0 }, elasticity = 0.6'
UNITS = [1.0, 1e3, 1e6, 1e-3]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("utility", [LEONTIEF, CES])
def test_owners_of_a_complement_buy_a_good_worth_more_than_its_cost(utility, unit):
    """Its price is its cost, and the permit has what is left of the worth of both."""
    original = build(market.loads(TEXT.format(utility=utility, cost=0.1)))
    economy = transformations.change_units_of_goods(original, [unit, 1.0])
    outcome = play(Auction("prices", Tatonnement(), max_rounds=500), economy.economy)
    assert outcome.status is Status.CLEARED, outcome.reason
    planned = play(Planner("planner"), economy.economy)
    assert outcome.prices[0] * unit == pytest.approx(0.1)
    assert outcome.prices[1] > 0
    np.testing.assert_allclose(outcome.consumption, planned.consumption, rtol=1e-6)


@pytest.mark.parametrize("unit", UNITS)
def test_a_dear_complement_leaves_the_permit_free(unit):
    """No price of power between its worth, 1 / 0.5, and its cost moves anything."""
    economy = build(market.loads(TEXT.format(utility=LEONTIEF, cost=3.0)))
    changed = transformations.change_units_of_goods(economy, [unit, 1.0])
    outcome = play(Auction("prices", Tatonnement(), max_rounds=500), changed.economy)
    assert outcome.status is Status.CLEARED, outcome.reason
    assert outcome.prices[1] == 0
    assert 2.0 * (1 - 1e-9) <= outcome.prices[0] * unit <= 3.0 * (1 + 1e-9)
    assert not outcome.production.any()
