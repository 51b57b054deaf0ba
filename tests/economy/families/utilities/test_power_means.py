"""Power means: known means, dual costs, and totals without arrays per agent."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import power_means as means

ONE = np.ones(1)


@pytest.mark.parametrize(
    ("rho", "expected"), [(-1.0, 8 / 3), (0.0, np.sqrt(8.0)), (0.5, (3 + np.sqrt(8)) / 2)]
)
def test_harmonic_geometric_and_root_means_of_two_and_four(rho, expected):
    """2 / (1/2 + 1/4) = 8/3; sqrt(2 x 4); ((sqrt 2 + sqrt 4) / 2)^2 = (3 + sqrt 8) / 2."""
    mean = np.exp(means.log_mean(np.array([[2.0, 4.0]]), np.ones((1, 2)), rho * ONE))
    np.testing.assert_allclose(mean, [expected], rtol=1e-14)


@pytest.mark.parametrize("rho", [-3.0, -1.0, 0.0, 0.5, 0.9])
def test_slopes_add_up_to_the_mean_and_the_unit_cost_is_dual_to_it(rho):
    """Euler: x.dM/dx = M. At p = dM/dx the least cost of M = 1 is 1."""
    x, weights = np.array([[0.7, 2.0, 5.0]]), np.array([[1.0, 2.0, 0.5]])
    slopes = means.marginal(x, weights, rho * ONE)
    np.testing.assert_allclose((x * slopes).sum(axis=1), np.exp(means.log_mean(x, weights, rho * ONE)))
    np.testing.assert_allclose(means.log_unit_cost(slopes[0], weights, rho * ONE), [0.0], atol=1e-14)


def test_a_missing_good_ruins_the_mean_only_if_rho_is_not_positive():
    x, weights = np.tile([0.0, 4.0], (3, 1)), np.ones((3, 2))
    logs = means.log_mean(x, weights, np.array([-1.0, 0.0, 0.5]))
    assert logs[:2].tolist() == [-np.inf, -np.inf]
    np.testing.assert_allclose(np.exp(logs[2]), 1.0)  # (sqrt(4) / 2)^2
    slopes = means.ordinal_marginal(x, weights, np.array([-1.0, 0.0, 0.5]))
    assert np.isposinf(slopes[:, 0]).all()


@pytest.mark.parametrize("sigma", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("goods", [3, means.FEW])
def test_budgets_are_spent_in_either_layout_and_the_prepared_total_is_their_sum(sigma, goods):
    rng = np.random.default_rng(goods)
    weights, p, b = rng.random((5, goods)), rng.uniform(0.5, 2.0, goods), rng.uniform(1.0, 9.0, 5)
    weights[0] = 0.0
    bought = means.budget_demand(p, b, weights, np.full(5, sigma)).lowest
    np.testing.assert_allclose(bought @ p, [0.0, *b[1:]], rtol=1e-13)
    total = means.prepared_total(b, weights, np.full(5, sigma))
    np.testing.assert_allclose(total(p), bought.sum(axis=0), rtol=1e-12)
    assert means.prepared_total(b, weights, np.linspace(0.5, 2.0, 5)) is None


def test_the_mean_in_units_has_shares_that_sum_to_one():
    x, weights, unit = np.array([[3.0, 0.2]]), np.array([[1.0, 2.0]]), np.array([10.0, 0.1])
    for rho in (-2.0, 0.5):
        log_m, s = means.in_units(weights, rho * ONE, unit)
        np.testing.assert_allclose(s.sum(axis=1), 1.0)
        counted = (s * (x / unit) ** rho).sum(axis=1) ** (1 / rho)
        np.testing.assert_allclose(np.exp(log_m) * counted, np.exp(means.log_mean(x, weights, rho * ONE)))
