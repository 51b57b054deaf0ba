"""Supply of cost families at ties, capacities and slopes near zero, with answers derived by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.costs import LinearCost, PowerCost, QuadraticCost


def row(*numbers: float) -> np.ndarray:
    """Return the numbers of one agent."""
    return np.array([numbers], dtype=float)


@pytest.mark.parametrize(("price", "lowest", "highest"), [(1.9, 0, 0), (2.0, 0, 3), (2.1, 3, 3)])
def test_linear_supply_is_any_amount_up_to_capacity_where_price_is_cost(price, lowest, highest):
    answer = LinearCost.supply(np.array([price]), unit_cost=row(2), capacity=row(3))
    assert (answer.lowest, answer.highest) == (lowest, highest)


def test_linear_supply_without_capacity_is_unbounded_above_cost():
    answer = LinearCost.supply(np.array([2.1]), unit_cost=row(2), capacity=row(np.inf))
    assert np.isposinf(answer.lowest).all()


def test_quadratic_supply_equates_marginal_cost_and_price_up_to_capacity():
    """2 + y / 2 = 3 at y = 2; at a price of 9 it would be 14, but only 5 can be made."""
    given = {"unit_cost": row(2, 2), "slope": row(0.5, 0.5), "capacity": row(5, 5)}
    answer = QuadraticCost.supply(np.array([3.0, 9.0]), **given)
    assert answer.single_valued
    np.testing.assert_allclose(answer.lowest, row(2, 5))


def test_a_slope_below_the_resolution_of_prices_makes_supply_an_interval():
    """At 1e-15 a change of the price by rounding, 4e-16, changes supply by 0.4: all of it is supply."""
    given = {"unit_cost": row(1), "slope": row(1e-15), "capacity": row(1e9)}
    answer = QuadraticCost.supply(np.array([1 + 1e-15]), **given)
    assert answer.lowest < 1.0 < answer.highest


def test_power_supply_inverts_marginal_cost():
    """C = 2 y^3 has marginal cost 6 y^2: at a price of 24 two units are made."""
    given = {"unit_cost": row(2), "exponent": row(3), "capacity": row(np.inf)}
    np.testing.assert_allclose(PowerCost.marginal(row(2), **given), row(24))
    np.testing.assert_allclose(PowerCost.supply(np.array([24.0]), **given).lowest, row(2))


def test_a_power_of_one_is_linear():
    given = {"unit_cost": row(2), "capacity": row(3)}
    for price in (1.0, 2.0, 3.0):
        power = PowerCost.supply(np.array([price]), exponent=row(1), **given)
        linear = LinearCost.supply(np.array([price]), **given)
        np.testing.assert_array_equal(power.bounds, linear.bounds)


def test_indifference_prices_are_constant_unit_costs_of_goods_that_can_be_made():
    """Of four goods one has a slope, one no unit cost, one no capacity; only the first is left."""
    given = {
        "unit_cost": row(2, 2, np.inf, 2),
        "slope": row(0, 1, 0, 0),
        "capacity": row(3, 3, 3, 0),
    }
    np.testing.assert_array_equal(QuadraticCost.indifference_prices(**given), row(2, np.nan, np.nan, np.nan))
    assert QuadraticCost.limit(**given).tolist() == [[3, 3, 0, 0]]


def test_output_beyond_capacity_costs_infinity():
    given = {"unit_cost": row(2, 1), "capacity": row(3, 3)}
    assert LinearCost.value(row(3, 1), **given) == 7.0
    assert LinearCost.value(row(3.1, 0), **given) == np.inf
