"""The share of resources that prices prove to be needed is a lower bound, and exact at the right prices."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy

from market.efficiency.expenditure_bound import share_needed

TWO = economy("exchange", cobb_douglas=[[0.5, 0.5], [0.5, 0.5]], endowment=[[1.0, 4.0], [4.0, 1.0]])
ENDOWMENT = np.array([[1.0, 4.0], [4.0, 1.0]])


def test_equal_prices_prove_the_coefficient_of_symmetric_agents():
    """u = sqrt(x1 x2) = 2 costs e = 2 u = 4 at prices of 1, so that 8 of the 10 units are needed."""
    assert share_needed(TWO, np.ones(2), ENDOWMENT) == pytest.approx(0.8, rel=1e-9)


@pytest.mark.parametrize("price", [0.0, 1e-6, 0.3, 3.0, 1e6])
def test_other_prices_prove_less(price):
    """e = 2 u sqrt(p1 p2), so that the bound is 8 sqrt(p) / (5 (1 + p)) at prices (p, 1)."""
    bound = share_needed(TWO, np.array([price, 1.0]), ENDOWMENT)
    assert bound <= 0.8
    assert bound >= 8.0 * np.sqrt(price) / (5.0 * (1.0 + price)) * (1.0 - 1e-9)


@pytest.mark.parametrize("prices", [(0.0, 0.0), (np.nan, np.nan), (-1.0, 0.0)])
def test_prices_that_value_nothing_prove_nothing(prices):
    assert share_needed(TWO, np.array(prices), ENDOWMENT) == 0.0


def test_an_agent_at_minus_infinity_needs_nothing():
    pair = economy("exchange", log=[[1.0, 1.0], [1.0, 1.0]], endowment=[[5.0, 5.0], [0.0, 0.0]])
    bound = share_needed(pair, np.ones(2), np.array([[2.0, 2.0], [0.0, 3.0]]))
    assert bound == pytest.approx(0.4, rel=1e-9)
