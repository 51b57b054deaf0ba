"""Corners of `ces` and `crra`, with answers derived by hand, and their limits."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import Ces, CobbDouglas, Crra, Leontief, Linear, Log
from market.economy.families.utilities.power_means import log_mean
from market.errors import UnboundedDemandError

ONE = np.ones(1)
SIGMAS = (0.05, 0.5, 1.0 - 1e-7, 1.0, 1.0 + 1e-7, 2.0, 50.0)
AMOUNTS = np.array([[1e-9, 1.0, 1e9], [1e9, 2e9, 1e9], [1e-9, 1e-9, 3e-9], [0.1, 7.0, 2.0]])


def row(*numbers: float) -> np.ndarray:
    """One agent's numbers."""
    return np.array([numbers], dtype=float)


def sigma(elasticity: float, agents: int = 1) -> np.ndarray:
    return np.full(agents, elasticity)


# --- ces ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elasticity", SIGMAS)
def test_ces_with_weights_that_sum_to_one_is_a_mean_in_any_units(elasticity):
    weights = np.tile([0.2, 0.3, 0.5], (4, 1))
    mean = Ces.value(AMOUNTS, weights=weights, elasticity=sigma(elasticity, 4))
    assert (mean >= AMOUNTS.min(axis=1) * (1 - 1e-12)).all()
    assert (mean <= AMOUNTS.max(axis=1) * (1 + 1e-12)).all()
    slopes = Ces.marginal(AMOUNTS, weights=weights, elasticity=sigma(elasticity, 4))
    np.testing.assert_allclose((slopes * AMOUNTS).sum(axis=1), mean, rtol=1e-12)  # Euler


def test_near_an_elasticity_of_one_ces_is_the_product_of_normalised_weights():
    weights, shares = np.tile([0.2, 0.3, 0.5], (4, 1)), np.tile([0.2, 0.3, 0.5], (4, 1))
    exact = CobbDouglas.value(AMOUNTS, weights=shares)
    for away in (0.0, 1e-13, 1e-11, 1e-9, -1e-9):
        near = Ces.value(AMOUNTS, weights=weights, elasticity=sigma(1.0 + away, 4))
        np.testing.assert_allclose(near, exact, rtol=1e-12 + 1e3 * abs(away))
    doubled = Ces.value(AMOUNTS, weights=2 * weights, elasticity=sigma(1.0, 4))
    np.testing.assert_allclose(doubled, exact, rtol=1e-12)


def test_power_means_lose_no_digits_near_zero():
    """(1/rho) log(sum s x^rho) = mean of logs + rho variance of logs / 2 + ..."""
    x, weights = row(1.0, np.e), row(0.5, 0.5)
    for rho in (1e-3, 1e-6, 1e-9, 1e-12, -1e-9):
        expected = 0.5 + rho * 0.25 / 2.0
        assert log_mean(x, weights, np.array([rho]))[0] == pytest.approx(expected, abs=1e-15 + rho**2)


def test_ces_lies_between_perfect_complements_and_perfect_substitutes():
    """At 0.05 spending is nearly by a_g p_g / sum, as for Leontief; at 50 the better buy gets nearly all."""
    p, b, weights = np.array([1.0, 3.0]), 6 * ONE, row(1.0, 1.0)
    complements = Ces.budget_demand(p, b, weights=weights, elasticity=sigma(0.05)).lowest
    np.testing.assert_allclose(complements, Leontief.budget_demand(p, b, weights=weights).lowest, rtol=0.06)
    substitutes = Ces.budget_demand(p, b, weights=weights, elasticity=sigma(50.0)).lowest
    np.testing.assert_allclose(substitutes, Linear.budget_demand(p, b, weights=weights).lowest, atol=1e-9)


def test_without_a_wanted_good_ces_is_worth_nothing_if_goods_are_complements():
    x, weights = row(0.0, 4.0), row(1.0, 1.0)
    assert Ces.value(x, weights=weights, elasticity=sigma(0.5)) == 0.0
    assert Ces.value(x, weights=weights, elasticity=sigma(1.0)) == 0.0
    assert Ces.value(x, weights=weights, elasticity=sigma(2.0))[0] == pytest.approx(4.0)  # (4^(1/2))^2


def test_slopes_where_goods_are_missing():
    """sigma = 1/2, rho = -1: u = x y / (x + y), so du/dx = 1 at (0, y). At (0, 0), u <= (x + y) / 4."""
    weights = row(1.0, 1.0)
    assert Ces.marginal(row(0.0, 4.0), weights=weights, elasticity=sigma(0.5)).tolist() == [[1.0, 0.0]]
    np.testing.assert_allclose(
        Ces.marginal(row(0.0, 0.0), weights=weights, elasticity=sigma(0.5)), row(0.25, 0.25)
    )
    slopes = Ces.marginal(row(0.0, 4.0), weights=weights, elasticity=sigma(2.0))
    assert slopes[0, 0] == np.inf
    assert slopes[0, 1] == pytest.approx(1.0)
    # sigma = 2: u = (x^(1/2) + y^(1/2))^2 <= 2 (x + y), with equality at x = y
    np.testing.assert_allclose(
        Ces.marginal(row(0.0, 0.0), weights=weights, elasticity=sigma(2.0)), row(2.0, 2.0)
    )


@pytest.mark.parametrize(
    ("price", "lowest", "highest"),
    [(2.01, 0.0, 0.0), (2.0, 0.0, np.inf), (1.99, np.inf, np.inf)],
)
def test_quasilinear_demand_for_ces_is_zero_any_multiple_or_unbounded(price, lowest, highest):
    """sigma = 2: e(p) = 1 / (1/p + 1/p) = p / 2, and at p = 2 the bundle (1/4, 1/4) gives u = 1 for 1."""
    answer = Ces.quasilinear_demand(np.full(2, price), weights=row(1.0, 1.0), elasticity=sigma(2.0))
    assert answer.lowest.tolist() == [[lowest, lowest]]
    assert answer.highest.tolist() == [[highest, highest]]
    if price == 2.0:
        np.testing.assert_allclose(answer.joint.direction, row(0.25, 0.25))
        assert Ces.value(
            answer.joint.direction, weights=row(1.0, 1.0), elasticity=sigma(2.0)
        ) == pytest.approx(1)


@pytest.mark.parametrize("elasticity", SIGMAS)
def test_at_the_prices_that_a_bundle_supports_ces_is_bought_in_its_proportions(elasticity):
    """At p = du/dx the unit cost is 1, by homogeneity, and the ray is the one through x."""
    x, weights = row(0.7, 2.0, 5.0), row(0.5, 0.2, 0.3)
    p = Ces.marginal(x, weights=weights, elasticity=sigma(elasticity))[0]
    answer = Ces.quasilinear_demand(p, weights=weights, elasticity=sigma(elasticity))
    assert (answer.highest == np.inf).all()
    np.testing.assert_allclose(
        answer.joint.direction, x / Ces.value(x, weights=weights, elasticity=sigma(elasticity)), rtol=1e-9
    )


@pytest.mark.parametrize("elasticity", [0.05, 0.5, 1.0, 2.0, 50.0])
def test_a_free_good_is_wanted_without_bound(elasticity):
    given = {"weights": row(1.0, 1.0), "elasticity": sigma(elasticity)}
    for p in (np.array([0.0, 1.0]), np.array([0.0, 0.0])):
        with pytest.raises(UnboundedDemandError):
            Ces.budget_demand(p, ONE, **given)
        with pytest.raises(UnboundedDemandError):
            Ces.quasilinear_demand(p, **given)


@pytest.mark.parametrize("elasticity", SIGMAS)
def test_extreme_prices_leave_shares_of_income_that_add_up(elasticity):
    p, weights = np.array([1e-9, 1.0, 1e9]), row(1e-6, 1.0, 1e6)
    bought = Ces.budget_demand(p, 5 * ONE, weights=weights, elasticity=sigma(elasticity)).lowest
    assert float((bought @ p)[0]) == pytest.approx(5.0, rel=1e-12)


# --- crra -----------------------------------------------------------------------------------------------


def test_a_risk_aversion_of_one_is_log():
    x, weights = row(0.3, 5.0), row(2.0, 0.5)
    for away in (0.0, 1e-13):
        given = {"weights": weights, "risk_aversion": 1.0 + away * ONE}
        assert Crra.value(x, **given) == Log.value(x, weights=weights)
        np.testing.assert_allclose(Crra.marginal(x, **given), Log.marginal(x, weights=weights))
    p = np.array([1.0, 3.0])
    np.testing.assert_allclose(
        Crra.budget_demand(p, 4 * ONE, weights=weights, risk_aversion=ONE).lowest,
        Log.budget_demand(p, 4 * ONE, weights=weights).lowest,
    )


def test_the_square_root_utility_spends_by_the_inverse_of_prices():
    """eta = 1/2: u = 2 sqrt x, so x = (1/p)^2 with money; of 3 at prices 1 and 2 it spends 2 and 1."""
    given = {"weights": row(1.0, 1.0), "risk_aversion": 0.5 * ONE}
    p = np.array([1.0, 2.0])
    np.testing.assert_allclose(Crra.quasilinear_demand(p, **given).lowest, row(1.0, 0.25))
    np.testing.assert_allclose(Crra.budget_demand(p, 3 * ONE, **given).lowest, row(2.0, 0.5))
    assert Crra.value(row(0.0, 4.0), **given) == 4.0


def test_above_one_a_missing_good_is_minus_infinity_and_large_numbers_stay_silent():
    given = {"weights": row(1.0, 1.0), "risk_aversion": 50.0 * ONE}
    assert Crra.value(row(0.0, 4.0), **given) == -np.inf
    assert Crra.value(row(1e9, 1e9), **given)[0] == pytest.approx(0.0, abs=1e-300)
    assert Crra.marginal(row(1e-9, 1e9), **given)[0, 0] == np.inf  # 1e450 is more than any number
    ordinal = Crra.concave_value(
        np.array([[1e-9, 1e-9], [2e-9, 1e-9]]), **{k: np.repeat(v, 2, 0) for k, v in given.items()}
    )
    assert ordinal[1] > ordinal[0]


@pytest.mark.parametrize("eta", [1e-6, 0.1, 3.0, 50.0])
def test_shares_of_income_add_up_at_any_risk_aversion(eta):
    p = np.array([1e-9, 1.0, 1e9])
    bought = Crra.budget_demand(p, 5 * ONE, weights=row(1.0, 2.0, 3.0), risk_aversion=eta * ONE).lowest
    assert float((bought @ p)[0]) == pytest.approx(5.0, rel=1e-12)


def test_the_first_worth_of_what_is_needed_is_infinite_however_little_money_there_is():
    given = {"weights": np.array([[2.7], [0.7]]), "risk_aversion": np.array([2.165, 1 / 3])}
    worth = Crra.first_worth(np.ones(1), 1e-259, **given)
    assert worth[0] == np.inf
