"""Subsistence, tiny incomes and shares of income, with answers derived by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import Log1p, StoneGeary

ONE = np.ones(1)


def row(*numbers: float) -> np.ndarray:
    """Return the numbers of one agent."""
    return np.array([numbers], dtype=float)


def test_a_tiny_income_buys_a_tiny_amount_of_the_best_good_exactly():
    """x = b / p as long as the second good, worth 1 against 2, is out of reach."""
    bought = Log1p.budget_demand(np.array([1.0, 1.0]), np.array([1e-13]), weights=row(2.0, 1.0)).lowest
    assert bought.tolist() == [[1e-13, 0.0]]


NEEDY = {"weights": row(1.0, 3.0, 0.0), "subsistence": row(2.0, 1.0, 9.0)}


def test_income_above_subsistence_is_spent_by_weights():
    """p.s = 2 x 1 + 1 x 2 = 4; of the other 8 a quarter goes to the first good, 2 at a price of 1."""
    bought = StoneGeary.budget_demand(np.array([1.0, 2.0, 1.0]), 12 * ONE, **NEEDY).lowest
    np.testing.assert_allclose(bought, row(2 + 2, 1 + 3, 0))


@pytest.mark.parametrize("b", [4.0, 4.0 - 1e-9, 4.0 + 1e-9])
def test_demand_is_continuous_where_income_just_covers_subsistence(b):
    bought = StoneGeary.budget_demand(np.array([1.0, 2.0, 1.0]), b * ONE, **NEEDY).lowest
    np.testing.assert_allclose(bought, row(2.0, 1.0, 0.0), atol=2e-9)


def test_income_below_subsistence_buys_a_part_of_it_at_utility_minus_infinity():
    bought = StoneGeary.budget_demand(np.array([1.0, 2.0, 1.0]), 1 * ONE, **NEEDY).lowest
    np.testing.assert_allclose(bought, row(0.5, 0.25, 0.0))
    assert StoneGeary.value(bought, **NEEDY) == -np.inf
    assert StoneGeary.value(row(2.0, 5.0, 0.0), **NEEDY) == -np.inf  # exactly at subsistence
    assert np.isfinite(StoneGeary.value(row(2.0 + 1e-9, 5.0, 0.0), **NEEDY))


def test_marginal_utility_is_infinite_at_subsistence_and_below():
    slopes = StoneGeary.marginal(row(2.0, 0.5, 0.0), **NEEDY)
    assert slopes.tolist() == [[np.inf, np.inf, 0.0]]


def test_quasilinear_demand_contains_subsistence_at_any_price():
    bought = StoneGeary.quasilinear_demand(np.array([0.5, 6.0, 1.0]), **NEEDY).lowest
    np.testing.assert_allclose(bought, row(2 + 2, 1 + 0.5, 0))
