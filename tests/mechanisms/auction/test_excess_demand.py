"""Excess demand, and settlement of indifferent agents and of the long side."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import INF, LINEAR, economy, with_utility
from helpers.strategies import economies
from hypothesis import given
from hypothesis import strategies as st

from market.economy.families.costs import COSTS
from market.economy.primitives import Answers, Block
from market.mechanisms import Auction
from market.mechanisms.auction.excess_demand import imbalance
from market.mechanisms.auction.price_rules import Tatonnement
from market.mechanisms.auction.rationing import settle
from market.mechanisms.base import play
from market.mechanisms.regret import regret
from market.outcome import Status


def regretted(primitives, p, x, y):
    """Return the regret of agents after trades at prices p."""
    return regret(primitives, p, primitives.payoff(primitives.welfare(x, y), p, x, y))


def test_at_unit_cost_the_market_clears_because_the_interval_contains_zero():
    """Demand 6/3 = 2 and stock 1, with two indifferent producers of capacity 4: any 1 from them will do."""
    primitives = economy("quasilinear", log=[[6.0]], linear=([[3.0], [3.0]], [[4.0], [4.0]]), commons=[1.0])
    p = np.array([3.0])
    answers = primitives.answers(p)
    assert imbalance(primitives, answers, p).disequilibrium == 0.0
    x, y = settle(primitives, answers, p)
    np.testing.assert_allclose(x[0], [2.0])
    np.testing.assert_allclose(y[1:, 0], [0.5, 0.5])  # both the same share of the way


def test_indifferent_producers_without_capacity_share_demand():
    primitives = economy("quasilinear", log=[[6.0]], linear=([[3.0], [3.0]], [[INF], [INF]]))
    p = np.array([3.0])
    x, y = settle(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(x[0], [2.0])
    np.testing.assert_allclose(y[1:, 0], [1.0, 1.0])


def test_above_unit_cost_an_unlimited_producer_offers_without_bound_and_is_rationed():
    primitives = economy("quasilinear", log=[[6.0]], linear=([[3.0]], [[INF]]))
    p = np.array([6.0])
    answers = primitives.answers(p)
    seen = imbalance(primitives, answers, p)
    assert seen.z[0] < 0
    assert seen.relative[0] == -2.0
    x, y = settle(primitives, answers, p)
    np.testing.assert_allclose([x[0, 0], y[1, 0]], [1.0, 1.0])
    assert np.isinf(regretted(primitives, p, x, y)[1])  # it would make any amount at this price


def test_buyers_are_rationed_in_proportion_when_too_much_is_wanted():
    """At p = 0.1 two agents want 10 and 30 of a stock of 20: they get 5 and 15."""
    primitives = economy("quasilinear", log=[[1.0], [3.0]], commons=[20.0])
    p = np.array([0.1])
    x, _ = settle(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(x[:, 0], [5.0, 15.0])


def test_owners_keep_what_they_cannot_sell():
    """Too dear a good: its owner wants to sell more than is bought, and eats the rest."""
    primitives = economy(
        "exchange", cobb_douglas=[[0.5, 0.5], [0.5, 0.5]], endowment=[[10.0, 0.0], [0.0, 10.0]]
    )
    p = np.array([2.0, 1.0])
    answers = primitives.answers(p)
    np.testing.assert_allclose(answers.demand.lowest, [[5.0, 10.0], [2.5, 5.0]])
    x, _ = settle(primitives, answers, p)
    # Of good0, agent0 offers 5 and 2.5 are bought; of good1, agent0 wants 10 and 5 are offered.
    np.testing.assert_allclose(x, [[7.5, 5.0], [2.5, 5.0]])


def test_a_free_good_left_over_clears_by_complementary_slackness():
    primitives = economy("quasilinear", log=[[1.0, 0.0]], commons=[1.0, 5.0])
    p = np.array([1.0, 0.0])
    assert imbalance(primitives, primitives.answers(p), p).disequilibrium == 0.0
    assert imbalance(primitives, primitives.answers(p), np.array([1.0, 1e-9])).disequilibrium == 2.0


@given(economies(), st.lists(st.floats(0.05, 20.0), min_size=4, max_size=4))
def test_settlement_is_feasible_at_any_prices(primitives, prices):
    p = primitives.normalise(np.array(prices[: len(primitives.goods)]))
    x, y = settle(primitives, primitives.answers(p), p)
    assert (x >= 0).all()
    assert (y >= 0).all()
    assert (y <= primitives.capacity * (1 + 1e-12)).all()
    assert (x.sum(axis=0) <= (primitives.resources + y.sum(axis=0)) * (1 + 1e-12)).all()


@given(economies(), st.lists(st.floats(0.05, 20.0), min_size=4, max_size=4))
def test_no_agent_trades_against_its_will(primitives, prices):
    """Buyers get between their endowment and their demand; sellers keep as much."""
    p = primitives.normalise(np.array(prices[: len(primitives.goods)]))
    answers = primitives.answers(p)
    wanted = answers.demand.lowest
    x, _ = settle(primitives, answers, p)
    slack = 1e-9 * (1 + np.maximum(wanted, primitives.endowment))
    assert (x >= np.minimum(wanted, primitives.endowment) - slack).all()
    assert (x <= np.maximum(wanted, primitives.endowment) + slack).all()


def test_an_indifferent_buyer_takes_output_that_is_certain():
    """At its worth of 3 any amount is as good to the buyer; the producer, at cost 2, makes all it can."""
    buyer = with_utility("quasilinear", LINEAR, {"weights": [[3.0]]})
    producer = economy("quasilinear", log=[[0.0]], linear=([[2.0]], [[5.0]]), commons=[4.0])
    primitives = dataclasses.replace(producer, utilities=buyer.utilities)
    p = np.array([3.0])
    answers = primitives.answers(p)
    assert imbalance(primitives, answers, p).disequilibrium == 0.0
    x, y = settle(primitives, answers, p)
    np.testing.assert_allclose([x[0, 0], y[1, 0]], [9.0, 5.0])
    np.testing.assert_allclose(regretted(primitives, p, x, y), 0.0)


def test_unbounded_supply_does_not_balance_unbounded_demand():
    """Worth 3 to one, made at 1 by another, both without limit: at p = 2 both want more than any amount."""
    market = with_utility("quasilinear", LINEAR, {"weights": [[3.0], [0.0]]}, commons=[1.0])
    cost = {"unit_cost": np.array([[1.0]]), "capacity": np.array([[INF]])}
    market = dataclasses.replace(market, costs=(Block(COSTS["linear"], slice(1, 2), cost),))
    p = np.array([2.0])
    seen = imbalance(market, market.answers(p), p)
    assert seen.z[0] == INF
    assert seen.disequilibrium == 2.0
    outcome = play(Auction("prices", Tatonnement()), market)
    assert outcome.status is Status.NO_EQUILIBRIUM
    assert "unbounded" in outcome.reason


@pytest.mark.parametrize("range_of_second", [0.0, 5.0])
def test_demand_of_the_smallest_float_is_twice_its_mean_with_supply(range_of_second):
    """Of good 0 a demand of 5e-324, whose half is 0, meets no supply; good 2 is neither there nor wanted."""
    primitives = economy("quasilinear", log=[[1.0, 1.0, 0.0]], commons=[0.0, 10.0, 0.0])
    p = np.ones(3)
    answers = primitives.answers(p)
    lowest = np.array([[5e-324, 10.0, 0.0]])
    highest = lowest + np.array([[0.0, range_of_second, 0.0]])
    demand = answers.demand._replace(lowest=lowest, highest=highest)
    found = imbalance(primitives, Answers(demand, answers.supply), p)
    np.testing.assert_array_equal(found.relative, [2.0, 0.0, 0.0])
