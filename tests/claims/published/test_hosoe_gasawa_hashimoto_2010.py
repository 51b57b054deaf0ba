"""A general equilibrium of two goods and two factors, calibrated from its social accounting matrix.

Source: N. Hosoe, K. Gasawa and H. Hashimoto (2010), *Textbook of Computable General Equilibrium Modelling*,
Palgrave Macmillan, chapter 5: bread uses 5 of capital and 10 of labour, milk 20 and 15; the household
consumes 15 and 35, and owns 25 of each factor. The model reproduces the matrix at prices of one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import market
from market.efficiency.report import alignment
from market.equilibrium import search

FILE = Path(__file__).parents[3] / "scenarios" / "two_by_two.toml"
MATRIX = np.array([[5.0, 10.0], [20.0, 15.0]])  # by good: capital, labour


def prices(*overrides):
    return market.MarketModel(market.load(FILE, overrides), "prices").run()


@pytest.mark.parametrize("capital", ["0.05", "3", "40"])
def test_the_matrix_is_reproduced_from_any_start(capital):
    outcome = prices(f"mechanisms.prices.initial_prices.capital={capital}")
    assert outcome.status is market.Status.CLEARED
    np.testing.assert_allclose(outcome.prices, 1.0, rtol=1e-7)
    np.testing.assert_allclose(outcome.consumption[0], [15.0, 35.0, 0.0, 0.0], rtol=1e-7)
    np.testing.assert_allclose(outcome.production[1:, 2:], -MATRIX, rtol=1e-7)
    assert alignment(outcome).efficient is True


def test_more_capital_changes_prices_as_the_closed_form_says():
    """Cobb-Douglas throughout: factor g earns the share sum_j a_j s_jg of income, so p_K K / p_L L is fixed.

    With a = (0.3, 0.7) and shares 1/3, 4/7 capital earns one half, so p_K / p_L = L / K = 25 / 30.
    """
    outcome = prices("agents.household.endowment.capital=30")
    ratio = 25.0 / 30.0
    np.testing.assert_allclose(outcome.prices[2:], [ratio, 1.0], rtol=1e-7)
    np.testing.assert_allclose(outcome.prices[:2], [ratio ** (1 / 3), ratio ** (4 / 7)], rtol=1e-7)
    income = 30.0 * ratio + 25.0
    np.testing.assert_allclose(
        outcome.consumption[0, :2],
        [0.3 * income / outcome.prices[0], 0.7 * income / outcome.prices[1]],
        rtol=1e-7,
    )


def test_the_table_is_the_only_equilibrium_that_a_search_finds_with_index_one():
    [only] = search(market.build(market.load(FILE)), 20).found
    np.testing.assert_allclose(only.prices, 1.0, rtol=1e-12)
    np.testing.assert_allclose(only.production[1:, 2:], -MATRIX, rtol=1e-10)
    assert (only.index, only.stable) == (1, True)


def test_the_planner_finds_the_same_economy():
    """One household: what is best for it is what the market gives it."""
    outcome = market.MarketModel(market.load(FILE), "planner").run()
    assert outcome.status is market.Status.OPTIMAL
    np.testing.assert_allclose(outcome.consumption[0, :2], [15.0, 35.0], rtol=1e-5)
