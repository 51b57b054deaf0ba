"""Proportional response: bids in proportion to what goods contributed, and where they lead."""

from __future__ import annotations

from functools import partial

import numpy as np
from helpers.economies import LINEAR, references, with_utility

from market.mechanisms import Auction, play
from market.mechanisms.auction.bidding import respond
from market.mechanisms.auction.price_rules import ProportionalResponse
from market.mechanisms.auction.price_rules.base import Knows, Seen
from market.mechanisms.auction.price_rules.proportional_response import Bids
from market.outcome import Status

RULE = ProportionalResponse()


def adjust(primitives, bids):
    """One round of the rule; what it sees of excess demand does not matter to it."""
    goods = np.ones(len(primitives.goods))
    seen = Seen(goods, 7.0 * goods, goods, respond=partial(respond, primitives))
    prices, memory = RULE.adjust(seen, Bids(bids))
    return prices, memory.bids


def linear(weights, budget, commons):
    return with_utility("fisher", LINEAR, {"weights": weights}, budget=budget, commons=commons)


def test_bids_are_in_proportion_to_contributions():
    """Bids (1, 1) for stocks (1, 2): `p = (1, 1/2)`, `x = (1, 2)`, `x u' = (1, 6)`, bids `2 (1, 6) / 7`."""
    prices, bids = adjust(linear([[1.0, 3.0]], [2.0], [1.0, 2.0]), np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(bids, [[2.0 / 7.0, 12.0 / 7.0]], rtol=1e-14)
    np.testing.assert_allclose(prices, [2.0 / 7.0, 6.0 / 7.0], rtol=1e-14)


def test_the_first_bids_spread_budgets():
    assert RULE.start(np.ones(2)).bids is None
    primitives = linear([[1.0, 3.0]], [2.0], [1.0, 2.0])
    np.testing.assert_array_equal(adjust(primitives, None)[1], adjust(primitives, np.array([[1.0, 1.0]]))[1])


def test_equilibrium_bids_are_answered_by_themselves():
    """Each buyer spends all on the good that it likes better, at `p = (1, 1)`."""
    prices, bids = adjust(linear([[2.0, 1.0], [1.0, 2.0]], [1.0, 1.0], [1.0, 1.0]), np.eye(2))
    np.testing.assert_array_equal(bids, np.eye(2))
    np.testing.assert_array_equal(prices, [1.0, 1.0])


def test_linear_buyers_come_to_equilibrium_from_any_positive_bids():
    """Zhang (2011); near `p = (1, 1)` a bid on the wrong good shrinks by `u_2 / u_1 = 1 / 2` a round."""
    primitives = linear([[2.0, 1.0], [1.0, 2.0]], [1.0, 1.0], [1.0, 1.0])
    bids = np.array([[0.01, 0.99], [0.7, 0.3]])
    for _ in range(60):
        prices, bids = adjust(primitives, bids)
    np.testing.assert_allclose(prices, [1.0, 1.0], rtol=1e-9)
    np.testing.assert_allclose(bids, np.eye(2), atol=1e-9)


def test_constant_shares_clear_after_one_round_of_bids():
    """Contributions of Cobb-Douglas utility are its shares: `p_g = sum_i B_i a_ig / q_g`."""
    known = references()["fisher, constant shares"]
    outcome = play(Auction("prices", RULE, max_rounds=10, initial_prices={"good0": 5.0}), known.economy)
    assert outcome.status is Status.CLEARED
    assert outcome.rounds <= 3
    np.testing.assert_allclose(outcome.prices, known.prices, rtol=1e-12)


def test_the_rule_is_for_buyers_with_budgets_and_knows_their_spending():
    assert RULE.economies == ("fisher",)
    assert RULE.knows is Knows.SPENDING
