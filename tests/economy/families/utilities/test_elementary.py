"""Elementary utilities as numbers and as solver expressions, in any unit."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities.elementary import (
    fallen,
    geometric_mean,
    power_terms,
    powers_in_cones,
    sum_of_logs,
    up_to_bliss,
    weighted_log1ps,
    weighted_logs,
)

WEIGHTS = np.array([[1.0, 3.0, 0.0], [0.5, 0.0, 0.25]])
X = np.array([[2.0, 5.0, 7.0], [0.1, 3.0, 4.0]])


def largest(expression, constraints, x, at):
    """Return the largest values of a concave expression with `x` fixed to `at`."""
    import cvxpy

    cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(expression)), [*constraints, x == at]).solve(solver=cvxpy.CLARABEL)
    return expression.value


@pytest.mark.parametrize("unit", [1.0, np.array([1e-3, 1.0, 1e4])])
@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
def test_solver_expressions_of_counts_are_the_numbers_of_amounts(unit):
    import cvxpy

    x = cvxpy.Variable(X.shape)
    rho = np.array([[0.5, -2.0, 1.0], [0.3, 1.0, -1.0]])
    below_one = WEIGHTS / 4.0
    for (expression, constraints), expected in (
        ((weighted_logs(x, WEIGHTS, unit), []), sum_of_logs(X, WEIGHTS)),
        ((weighted_log1ps(x, WEIGHTS, unit), []), (WEIGHTS * np.log1p(X)).sum(axis=1)),
        (powers_in_cones(x, WEIGHTS, rho, unit), power_terms(X, WEIGHTS, rho).sum(axis=1)),
        (geometric_mean(x, below_one, unit), np.prod(X**below_one, axis=1)),
    ):
        np.testing.assert_allclose(largest(expression, constraints, x, X / unit), expected, rtol=1e-5)


def test_logs_of_missing_goods_are_minus_infinity_only_if_wanted():
    x = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert sum_of_logs(x, WEIGHTS).tolist() == [0.0, -np.inf]


def test_negative_powers_of_nothing_are_minus_infinity():
    assert power_terms(np.zeros((1, 3)), WEIGHTS[:1], np.array([[0.5, -1.0, 0.5]])).tolist() == [
        [0, -np.inf, 0]
    ]


def test_quadratic_terms_keep_their_maximum_beyond_bliss():
    """4 x - x^2 / 2 is 8 at x = 4; the slope there is rounding and counts as 0."""
    x, weights, slope = np.array([3.0, 4.0, 9.0]), np.full(3, 4.0), np.ones(3)
    np.testing.assert_allclose(up_to_bliss(x, weights, slope, weights / slope), [7.5, 8.0, 8.0])
    assert fallen(weights, np.array([3.0, 4.0 * (1 - 1e-16), 9.0])).tolist() == [1.0, 0.0, 0.0]
