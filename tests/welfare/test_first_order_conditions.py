"""First-order conditions of the planner's problem, against slopes and weights known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy

from market.welfare.first_order_conditions import Margins, largest_weights, residual, weights_from_prices

COMMONS = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
NO_OUTPUT = np.zeros((2, 1))


def test_margins_of_log_utility_are_inverse_amounts():
    """m_i = 1 / x_i, and a value at the margin of 1 for each agent."""
    margins = Margins.at(COMMONS, np.array([[8.0], [2.0]]), NO_OUTPUT)
    np.testing.assert_allclose(margins.slopes, [[0.125], [0.5]])
    assert margins.turnover == pytest.approx(2.0)
    assert margins.binds.consumed.all()
    assert not margins.binds.left_over.any()


def test_residual_is_relative_to_prices():
    """At weights (8, 2) both worths are p = 1; a second weight of 3 makes its worth 1.5."""
    x, p = np.array([[8.0], [2.0]]), np.ones(1)
    margins = Margins.at(COMMONS, x, NO_OUTPUT)
    assert margins.residual(np.array([8.0, 2.0]), p) == pytest.approx(0.0, abs=1e-15)
    assert margins.residual(np.array([8.0, 3.0]), p) == pytest.approx(0.5)
    assert residual(COMMONS, x, NO_OUTPUT, np.array([8.0, 3.0]), p) == pytest.approx(0.5)


def test_left_over_good_with_a_price_is_a_violation():
    x = np.array([[4.0], [4.0]])
    margins = Margins.at(COMMONS, x, NO_OUTPUT)
    assert margins.binds.left_over.all()
    assert margins.residual(np.full(2, 4.0), np.ones(1)) == pytest.approx(1.0)


def test_weights_from_prices_leave_out_infinite_slopes():
    """w = p.x / m.x: (2 * 3 + 1 * 1) / (1 * 3 + 4 * 1) = 1; without a finite slope of a good consumed, 0."""
    slopes = np.array([[1.0, 4.0], [np.inf, np.inf]])
    x = np.array([[3.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(weights_from_prices(slopes, x, np.array([2.0, 1.0])), [1.0, 0.0])


def test_largest_weights_are_the_least_ratio_of_price_to_slope():
    slopes = np.array([[1.0, 4.0], [np.inf, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(largest_weights(slopes, np.array([2.0, 1.0])), [0.25, 0.0, np.inf])
