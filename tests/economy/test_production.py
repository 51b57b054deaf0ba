"""Technologies of an economy: feasibility, foregone profit, and prices without profit."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.technologies import CHAIN, activity, economy, wants

from market.economy.production import (
    foregone_profit,
    producible,
    supporting_conditions,
    used_as_input,
    zero_profit_prices,
)
from market.scenario.building import build
from market.scenario.loading import loads

# Labour is the numeraire; wheat costs 2, flour 2 + 1, bread 3 + 1.
PRICES = np.array([1.0, 2.0, 3.0, 4.0])
Y = np.array([[0, 0, 0, 0], [-6, 3, 0, 0], [-3, -3, 3, 0], [-3, 0, -3, 3]], dtype=float)


MILL = ("mill", activity(b=1.0, c=1.0, a=-1.0))


@pytest.fixture
def chain():
    return build(loads(CHAIN))


def test_costs_are_passed_on_through_a_chain_of_products(chain):
    np.testing.assert_allclose(zero_profit_prices(chain, np.array([1.0, 9.0, 9.0, 9.0])), PRICES)
    below = np.array([1.0, 1.0, 1.0, 1.0])
    assert zero_profit_prices(chain, below).tolist() == below.tolist()


def test_profit_is_foregone_unless_prices_equal_costs(chain):
    assert foregone_profit(chain, Y, PRICES) == pytest.approx(0.0, abs=1e-12)
    assert foregone_profit(chain, Y, PRICES * [1, 1, 1, 1.01]) > 0.004
    assert foregone_profit(chain, Y, PRICES * [1, 1, 1, 0.99]) > 0.004
    idle = np.zeros((4, 4))
    assert foregone_profit(chain, idle, PRICES * [1, 1, 1, 0.9]) == 0.0
    assert foregone_profit(chain, idle, PRICES * [1, 1, 1, 1.1]) > 0.05


def test_output_beyond_the_technology_is_not_producible(chain):
    assert producible(chain, Y).tolist() == [True] * 4
    more = Y.copy()
    more[3, 3] = 3.01
    assert producible(chain, more).tolist() == [True, True, True, False]
    more[0, 0] = 1.0  # the household has no technology
    assert producible(chain, more).tolist() == [False, True, True, False]


def test_conditions_of_active_technologies_hold_with_equality_at_costs(chain):
    rows, binding = supporting_conditions(chain, Y)
    assert binding.all()
    np.testing.assert_allclose(rows @ PRICES, 0.0, atol=1e-12)


def test_bread_is_the_only_good_that_is_no_input(chain):
    assert used_as_input(chain).tolist() == [True, True, True, False]


def test_an_unbounded_netput_of_an_idle_firm_is_no_number():
    """An activity makes b and c from a at half their price: its best netput is unbounded, and c is free."""
    mill = build(loads(economy(["a", "b", "c"], ("one", "endowment = { a = 1.0 }\n" + wants(b=1.0)), MILL)))
    assert foregone_profit(mill, np.zeros((2, 3)), np.array([1.0, 2.0, 0.0])) == pytest.approx(0.5)
