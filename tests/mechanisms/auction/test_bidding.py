"""Bids of buyers with budgets: proportional response to the contributions of goods."""

from __future__ import annotations

import numpy as np
from helpers.economies import LINEAR, economy, with_utility

from market.mechanisms.auction.bidding import respond


def test_bids_add_up_to_budgets_and_prices_are_bids_over_stocks():
    primitives = economy("fisher", log=[[1.0, 2.0], [3.0, 1.0]], budget=[2.0, 4.0], commons=[3.0, 5.0])
    prices, bids = respond(primitives, None)
    np.testing.assert_allclose(bids.sum(axis=1), [2.0, 4.0])
    np.testing.assert_allclose(prices, bids.sum(axis=0) / [3.0, 5.0])


def test_log_utility_bids_its_weights_at_once():
    """Contributions x u' of log utility are its weights, whatever was bid before."""
    primitives = economy("fisher", log=[[1.0, 3.0]], budget=[2.0], commons=[3.0, 5.0])
    np.testing.assert_allclose(respond(primitives, np.array([[1.9, 0.1]]))[1], [[0.5, 1.5]])


def test_a_buyer_that_gets_nothing_of_use_bids_as_before():
    """It wants only good 1, of which there is none."""
    primitives = with_utility("fisher", LINEAR, {"weights": [[0.0, 1.0]]}, budget=[2.0], commons=[3.0, 0.0])
    before = np.array([[0.0, 2.0]])
    np.testing.assert_array_equal(respond(primitives, before)[1], before)
