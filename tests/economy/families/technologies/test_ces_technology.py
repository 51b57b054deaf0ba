"""Technologies with a constant elasticity of substitution, with answers derived by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.technologies import CesTechnology, CobbDouglasTechnology


def given(elasticity: float, *weights: float, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Return the parameters of one agent."""
    return {"scale": np.array([scale]), "weights": np.array([weights]), "elasticity": np.array([elasticity])}


def test_production_and_marginal_products_of_a_harmonic_mean():
    """sigma = 1/2, rho = -1, A = 3: F = 3 z_1 z_2 / (z_1 + z_2), dF/dz_1 = 3 z_2^2 / (z_1 + z_2)^2."""
    z, harmonic = np.array([[2.0, 4.0]]), given(0.5, 1.0, 1.0, scale=3.0)
    np.testing.assert_allclose(CesTechnology.production(z, **harmonic), [4.0])
    np.testing.assert_allclose(CesTechnology.product(z, **harmonic), [[4 / 3, 1 / 3]])


def test_unit_cost_is_that_of_the_cheapest_inputs():
    """sigma = 2: c = 1 / (1/p_1 + 1/p_2) = 2 at (3, 6), and z_h = (c / p_h)^2 = 4/9 and 1/9."""
    cost, inputs = CesTechnology.unit_cost(np.array([3.0, 6.0]), **given(2.0, 1.0, 1.0))
    np.testing.assert_allclose(cost, [2.0])
    np.testing.assert_allclose(inputs, [[4 / 9, 1 / 9]])


@pytest.mark.parametrize("elasticity", [1.0, 1.0 + 1e-9])
def test_at_an_elasticity_of_one_it_is_cobb_douglas_with_shares_of_weights(elasticity):
    z, p = np.array([[2.0, 5.0]]), np.array([3.0, 6.0])
    shares = {"scale": np.array([2.0]), "shares": np.array([[0.25, 0.75]])}
    ces = given(elasticity, 1.0, 3.0, scale=2.0)
    np.testing.assert_allclose(
        CesTechnology.production(z, **ces), CobbDouglasTechnology.production(z, **shares)
    )
    np.testing.assert_allclose(CesTechnology.product(z, **ces), CobbDouglasTechnology.product(z, **shares))
    for ours, theirs in zip(
        CesTechnology.unit_cost(p, **ces), CobbDouglasTechnology.unit_cost(p, **shares), strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize("elasticity", [0.5, 1.0, 2.0])
def test_parameters_in_other_units_give_the_same_output(elasticity):
    output, unit = np.array([[0.0, 0.0, 1.0]]), np.array([60.0, 1.0, 12.0])
    own = given(elasticity, 1.0, 3.0, 0.0, scale=2.0)
    counted = CesTechnology.in_units(unit, output=output, **own)
    counted.pop("output")
    z = np.array([[7.0, 2.0, 0.0]])
    made = CesTechnology.production(z, **own)
    np.testing.assert_allclose(12.0 * CesTechnology.production(z / unit, **counted), made)
