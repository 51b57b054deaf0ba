"""Cobb-Douglas and one-input technologies, with answers derived by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.technologies import CobbDouglasTechnology, PowerTechnology

EVEN = {"scale": np.array([2.0]), "shares": np.array([[0.0, 0.5, 0.5]])}
OUTPUT = np.array([[1.0, 0.0, 0.0]])


def test_unit_cost_at_constant_returns_is_the_dual_product():
    """F = 2 sqrt(z_1 z_2) at prices 4 and 9: z_1 = 3/4, z_2 = 1/3 make one unit for 3 + 3 = 6."""
    cost, inputs = CobbDouglasTechnology.unit_cost(np.array([7.0, 4.0, 9.0]), **EVEN)
    np.testing.assert_allclose(cost, [6.0])
    np.testing.assert_allclose(inputs, [[0.0, 0.75, 1 / 3]])
    np.testing.assert_allclose(CobbDouglasTechnology.production(inputs, **EVEN), [1.0])


def test_output_at_decreasing_returns_equates_marginal_product_and_relative_price():
    """F = 2 z^(1/2), p_o = 3, w = 1: z^(-1/2) = 1/3, z = 9, y = 6."""
    given = {"scale": np.array([2.0]), "shares": np.array([[0.0, 0.5]])}
    made, inputs = CobbDouglasTechnology.best(np.array([3.0]), np.array([3.0, 1.0]), **given)
    np.testing.assert_allclose(made, [6.0])
    np.testing.assert_allclose(inputs, [[0.0, 9.0]])


@pytest.mark.parametrize("name", ["production", "product", "in_units"])
def test_the_power_technology_is_cobb_douglas_with_one_share(name):
    z = np.array([[0.0, 4.0]])
    power = {"input": np.array([[0.0, 1.0]]), "scale": np.array([2.0]), "exponent": np.array([0.5])}
    shares = {"scale": np.array([2.0]), "shares": np.array([[0.0, 0.5]])}
    if name == "in_units":
        power["output"] = shares["output"] = np.array([[1.0, 0.0]])
        z = np.array([12.0, 60.0])
        ours, theirs = PowerTechnology.in_units(z, **power), CobbDouglasTechnology.in_units(z, **shares)
        assert ours["scale"] == theirs["scale"] == pytest.approx(2 * 60**0.5 / 12)
        assert ours["input"] is power["input"]
        assert ours["exponent"] is power["exponent"]
        return
    expected = {"production": [4.0], "product": [[np.inf, 0.5]]}[name]
    np.testing.assert_allclose(getattr(CobbDouglasTechnology, name)(z, **shares), expected)
    np.testing.assert_array_equal(getattr(PowerTechnology, name)(z, **power), expected)


def test_shares_that_sum_to_one_up_to_rounding_are_constant_returns():
    shares = np.array([[0.7, 0.2, 0.1], [0.6, 0.2, 0.1], [0.8, 0.2, 0.1]])
    assert shares[0].sum() < 1.0
    assert CobbDouglasTechnology.constant(scale=np.ones(3), shares=shares).tolist() == [True, False, False]
    faults = CobbDouglasTechnology.faults(output=np.zeros((3, 3)), scale=np.ones(3), shares=shares)
    assert [agent for agent, _ in faults] == [2]


def test_slack_is_relative_to_the_larger_of_output_and_what_inputs_allow():
    """Inputs of 4 and 9 allow 2 sqrt(36) = 12."""
    for made, slack in ((12.0, 0.0), (6.0, 0.5), (24.0, -0.5)):
        y = np.array([[made, -4.0, -9.0]])
        assert CobbDouglasTechnology.slack(y, output=OUTPUT, **EVEN) == pytest.approx(slack)
    assert CobbDouglasTechnology.slack(np.array([[-1.0, -4.0, -9.0]]), output=OUTPUT, **EVEN) == -np.inf


def test_conditions_hold_at_prices_that_are_marginal_products_and_fail_elsewhere():
    """At z = (4, 9), F = 12: dF/dz = (s F / z) = (3/2, 2/3)."""
    y = np.array([[12.0, -4.0, -9.0]])
    held = CobbDouglasTechnology.conditions(y, output=OUTPUT, **EVEN)
    assert held.binding.all()
    np.testing.assert_allclose(held.rows @ np.array([1.0, 1.5, 2 / 3]), 0.0, atol=1e-15)
    assert np.abs(held.rows @ np.array([1.0, 1.5, 1.0])).max() > 0.3
