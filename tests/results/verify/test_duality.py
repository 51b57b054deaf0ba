"""Bounds that prices prove hold for every allocation, and are reached at the right prices."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import LINEAR, economy, with_utility
from helpers.strategies import SOAK, economies
from hypothesis import given, settings
from hypothesis import strategies as st

from market.economy.primitives import Money
from market.efficiency.resource_utilisation import resource_utilisation
from market.efficiency.surplus_gap import surplus_gap
from market.mechanisms.auction.rationing import settle
from market.results.verify.duality import least_share, most_surplus, most_surplus_with_caps


@settings(max_examples=25 * SOAK)
@given(economies(money=Money.QUASILINEAR), st.lists(st.floats(0.05, 20.0), min_size=8, max_size=8))
def test_no_allocation_has_more_surplus_than_any_prices_bound(primitives, prices):
    goods = len(primitives.goods)
    p, q = np.array(prices[:goods]), np.array(prices[4 : 4 + goods])
    x, y = settle(primitives, primitives.answers(q), q)
    total = primitives.welfare(x, y).sum()
    bound = most_surplus(primitives, p)
    assert not np.isfinite(total) or total <= bound + 1e-9 * (1 + abs(bound))


def test_surplus_is_bounded_exactly_by_the_price_of_the_commons():
    """Two agents with log x share 10: at p = 0.2 the most that there can be is 2 log 5."""
    commons = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    assert most_surplus(commons, np.array([0.2])) == pytest.approx(2 * np.log(5))
    assert most_surplus(commons, np.array([0.3])) > 2 * np.log(5) + 0.1


def test_a_price_a_hair_below_what_a_good_is_worth_bounds_surplus_too():
    """Linear demand is without end below its worth, so the price is moved up by a hair."""
    primitives = with_utility("quasilinear", LINEAR, {"weights": [[3.0], [2.0]]}, commons=[4.0])
    assert most_surplus(primitives, np.array([3.0 * (1 - 1e-14)])) == pytest.approx(12.0)
    assert most_surplus(primitives, np.array([2.0])) == np.inf


def test_with_caps_the_multipliers_of_the_programme_bound_what_it_found():
    """Agent 1 owns all and would sell for more than agent 0 may pay."""
    primitives = economy("quasilinear", log1p=[[9.0], [1.0]], endowment=[[0.0], [10.0]], budget=[0.5, 0.0])
    x, y, payments = primitives.endowment, np.zeros((2, 1)), np.zeros(2)
    found = surplus_gap(primitives, x, y, payments)
    now = primitives.welfare(x, y)
    most = most_surplus_with_caps(primitives, found.prices, found.kept, found.capped, now, payments)
    assert 0.1 < found.value < 15.0
    assert most - now.sum() == pytest.approx(found.value, rel=1e-6)
    free = most_surplus(primitives, found.prices / (1 + found.kept.max())) - now.sum()
    assert free > found.value + 0.1  # without the cap more could be had


def test_a_share_of_resources_is_bounded_where_goods_are_made_at_a_cost():
    """What is wasted of the commons could be spared, and costs too: the bound knows both."""
    primitives = economy(
        "fisher",
        log=[[2.0], [1.0]],
        quadratic=([[0.1]], [[0.5]], [[5.0]]),
        commons=[6.0],
        budget=[1.0, 1.0, 0.0],
    )
    x, y = np.array([[2.0], [1.0], [0.0]]), np.array([[0.0], [0.0], [1.0]])
    found = resource_utilisation(primitives, x, y)
    assert found.value == pytest.approx(2.0 / 6.0, abs=1e-7)
    low = least_share(primitives, found.prices, x, y, (found.consumption, found.production))
    assert low == pytest.approx(found.value, abs=1e-5)


@settings(max_examples=25 * SOAK)
@given(economies(money=Money.EXCHANGE), st.lists(st.floats(0.05, 20.0), min_size=8, max_size=8))
def test_nobody_could_do_with_a_smaller_share_than_prices_allow(primitives, prices):
    """Whatever anybody has, all of the resources are enough for it."""
    goods = len(primitives.goods)
    p, q = np.array(prices[:goods]), primitives.normalise(np.array(prices[4 : 4 + goods]))
    x, y = settle(primitives, primitives.answers(q), q)
    assert least_share(primitives, p, x, y, (x, y)) <= 1.0 + 1e-9
