"""The auctioneer that is paid `p.z`: best replies, and where they lead."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from helpers.economies import economy
from hypothesis import given
from hypothesis import strategies as st

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import ArrowDebreu
from market.mechanisms.auction.price_rules.base import Memory, Seen
from market.outcome import Status

BOX = {"lowest": 0.5, "highest": 4.0}


def reply(rule, p, z):
    seen = Seen(np.array(p), np.array(z), np.array(z) / 10.0)
    return rule.adjust(seen, Memory())[0]


@given(st.lists(st.floats(-10.0, 10.0), min_size=3, max_size=3))
def test_no_price_in_the_box_pays_more_than_the_reply(z):
    """`p.z` is linear in `p`, so that its maximum is at a corner of the box."""
    paid = reply(ArrowDebreu(**BOX), [1.0, 1.0, 1.0], z) @ np.array(z)
    corners = [np.array(corner) @ np.array(z) for corner in product(BOX.values(), repeat=3)]
    assert paid == pytest.approx(max(corners), abs=1e-12)


def test_prices_of_markets_that_clear_stay():
    np.testing.assert_array_equal(
        reply(ArrowDebreu(**BOX), [1.0, 2.0, 3.0], [1.0, 0.0, -1.0]), [4.0, 2.0, 0.5]
    )


def test_bounds_in_the_wrong_order_make_one_box():
    swapped = ArrowDebreu(lowest=4.0, highest=0.5)
    np.testing.assert_array_equal(reply(swapped, [1.0, 1.0], [1.0, -1.0]), [4.0, 0.5])


def test_best_replies_jump_between_bounds_around_an_equilibrium():
    """Demand `2 / p` exceeds the stock of 10 at 0.1 and falls short of it at 0.4: no reply is 0.2."""
    prices = []
    rule = ArrowDebreu(lowest=0.1, highest=0.4)
    primitives = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    player = Auction("prices", rule, max_rounds=100, initial_prices={"good0": 0.3})
    outcome = play(player, primitives, observe=lambda state: prices.append(float(state.prices[0])))
    assert outcome.status is Status.CYCLING
    assert outcome.evidence["period"] == 2
    assert prices[:4] == [0.3, 0.1, 0.4, 0.1]


def test_market_clearing_is_a_best_reply_to_itself():
    primitives = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    player = Auction("prices", ArrowDebreu(), max_rounds=100, initial_prices={"good0": 0.2})
    assert play(player, primitives).status is Status.CLEARED
