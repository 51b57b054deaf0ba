"""Assignment: coupled amounts of indifferent agents that balance as many markets as they can."""

from __future__ import annotations

import numpy as np
from helpers.economies import LEONTIEF, LINEAR, with_utility

from market.economy.primitives import Answers
from market.mechanisms.auction.assignment import assign, needs_assignment


def test_a_buyer_indifferent_between_goods_spends_its_budget_on_the_supply():
    """Budget 3 at p = (1, 1), equally good, of which there are 1 and 2."""
    primitives = with_utility("fisher", LINEAR, {"weights": [[1.0, 1.0]]}, budget=[3.0], commons=[1.0, 2.0])
    p = np.ones(2)
    assigned = assign(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(assigned.consumption, [[1.0, 2.0]], rtol=1e-9)


def test_two_indifferent_buyers_share_so_that_both_markets_balance():
    """The first can only buy good 0; the second fills up what is left of both."""
    weights = [[1.0, 0.0], [1.0, 1.0]]
    primitives = with_utility("fisher", LINEAR, {"weights": weights}, budget=[1.0, 3.0], commons=[2.0, 2.0])
    p = np.ones(2)
    assigned = assign(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(assigned.consumption, [[1.0, 0.0], [1.0, 2.0]], rtol=1e-9)


def test_goods_in_fixed_proportions_balance_at_the_price_of_their_worth():
    """A unit of utility takes half of each good and costs its worth of 1; there is one unit of each."""
    weights = [[0.5, 0.5]]
    primitives = with_utility("quasilinear", LEONTIEF, {"weights": weights}, commons=[1.0, 1.0])
    p = np.ones(2)
    answers = primitives.answers(p)
    assert needs_assignment(answers)
    np.testing.assert_allclose(assign(primitives, answers, p).consumption, [[1.0, 1.0]], rtol=1e-9)


def test_single_valued_answers_need_no_assignment():
    primitives = with_utility("fisher", LINEAR, {"weights": [[2.0, 1.0]]}, budget=[3.0], commons=[1.0, 2.0])
    assert not needs_assignment(primitives.answers(np.array([1.0, 1.0])))


def test_a_market_near_the_smallest_float_is_no_obstacle():
    """A pair of buyers: what one demands of good 1 at a price of 7e31 is 6e-319; its inverse is no float."""
    primitives = with_utility("quasilinear", LEONTIEF, {"weights": [[1.6, 0.0]]}, commons=[30.0, 0.0])
    p = np.array([1.0 / 1.6, 7e31])
    answers = primitives.answers(p)
    demand = answers.demand._replace(lowest=np.array([[0.0, 5.6e-319]]))
    assigned = assign(primitives, Answers(demand, answers.supply), p)
    np.testing.assert_allclose(assigned.consumption[0, 0], 30.0, rtol=1e-9)
