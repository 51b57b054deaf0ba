"""Excess demand at given prices, against arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import references

from market.equilibrium.clearing import choose_better, evaluate_prices

REFERENCES = references()


def test_excess_demand_of_a_cobb_douglas_exchange_is_that_of_its_incomes():
    """At `p = (1, 1)` incomes are 10 and 5: demand is `4 + 2.5` and `6 + 2.5`, supply 10 and 5."""
    at = evaluate_prices(REFERENCES["exchange of two"].economy, np.ones(2))
    np.testing.assert_allclose(at.consumption, [[4.0, 6.0], [2.5, 2.5]], rtol=1e-14)
    np.testing.assert_allclose(at.excess, [-3.5 / 8.25, 3.5 / 6.75], rtol=1e-13)
    assert at.residual == pytest.approx(3.5 / 6.75, rel=1e-13)


def test_leftovers_clear_at_price_zero_only():
    """7 units that no agent wants: demand less supply over their mean is -2 at any positive price."""
    unwanted = REFERENCES["an unwanted good is free"].economy
    for price, excess in ((0.0, 0.0), (1e-9, -2.0)):
        at = evaluate_prices(unwanted, np.array([0.2, price]))
        np.testing.assert_allclose(at.excess, [0.0, excess], atol=1e-14)


@pytest.mark.parametrize("p", [[0.0], [np.nan], [np.inf]])
def test_unbounded_demand_and_prices_that_are_not_finite_have_no_clearing(p):
    assert evaluate_prices(REFERENCES["commons of two"].economy, np.array(p)) is None


def test_indifferent_producers_make_what_balances_the_market():
    """At `p = 3` demand is 4; plants below cost 3 give 2.5, so the indifferent one makes 1.5 of its 10."""
    at = evaluate_prices(REFERENCES["merit order"].economy, np.array([3.0]))
    assert at.indifferent
    np.testing.assert_allclose(at.production[:, 0], [0.0, 1.0, 1.5, 1.5, 0.0], rtol=1e-14)


def test_a_given_allocation_is_projected_on_best_choices():
    """At `p = c = 2.5` supply is 0 to 2: 5 becomes 2, supply is 3 against a demand of 2.4."""
    near = (np.array([[9.0], [9.0]]), np.array([[9.0], [5.0]]))
    at = evaluate_prices(REFERENCES["stock, cost and capacity"].economy, np.array([2.5]), near)
    np.testing.assert_allclose(at.production[:, 0], [0.0, 2.0])
    np.testing.assert_allclose(at.excess, [-0.6 / 2.7])


def test_the_better_of_two_clearings_has_the_smaller_residual():
    primitives = REFERENCES["commons of two"].economy
    near, far = (evaluate_prices(primitives, np.array([p])) for p in (0.21, 0.3))
    assert choose_better(far, near) is near
    assert choose_better(None, far) is far
