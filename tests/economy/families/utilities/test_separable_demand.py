"""Terms on one good and under a budget, below the interface of the family."""

from __future__ import annotations

import numpy as np

from market.economy.families.utilities.separable_demand import Curved, Terms
from market.economy.families.utilities.separable_terms import LogForm, PowerForm, QuadraticForm


def curved(form, **parameters: float) -> Curved:
    """Return a term of one agent on one good."""
    return Curved(
        form, {key: np.full((1, 1), value) for key, value in parameters.items()}, np.full((1, 1), True)
    )


ROOT = curved(PowerForm, weight=1.0, exponent=0.5)
LOG = curved(LogForm, weight=1.0)
SATIABLE = curved(QuadraticForm, weight=3.0, slope=1.0)


def test_slopes_of_several_terms_add_and_their_amount_is_between_those_of_each():
    """1/x + 1/sqrt x = 3/4 at x = 4; alone at 3/4 they would have 4/3 and 16/9, at 3/8 8/3 and 64/9."""
    terms = Terms(np.zeros((1, 1)), (LOG, ROOT))
    np.testing.assert_allclose(np.exp(terms.log_slope(np.full((1, 1), 4.0))), [[0.75]])
    np.testing.assert_allclose(terms.amount(np.log(np.full((1, 1), 0.75))), [[4.0]], rtol=1e-14)


def test_the_bend_of_several_terms_is_their_mean_weighted_by_slopes():
    """At x = 4 slopes 1/4 and 1/2 bend by 1/4 and 1/8: (1/4 x 1/4 + 1/2 x 1/8) / (3/4) = 1/6."""
    terms = Terms(np.zeros((1, 1)), (LOG, ROOT))
    np.testing.assert_allclose(terms.bend(np.full((1, 1), 4.0)), [[1 / 6]])


def test_bliss_is_finite_only_if_all_terms_are_satiable():
    nothing, linear = np.zeros((1, 1)), np.ones((1, 1))
    assert Terms(nothing, (SATIABLE,)).bliss == 3.0
    assert Terms(nothing, (SATIABLE, LOG)).bliss == np.inf
    assert Terms(linear, (SATIABLE,)).bliss == np.inf
    assert Terms(linear, (SATIABLE,)).rest == 3.0
    assert Terms(nothing, ()).bliss == 0.0


def test_other_purchases_stop_where_the_linear_term_is_worth_as_much():
    """2 y in one good, log x in the other, prices 1: x = 1/2 at a marginal utility of money of 2."""
    log = Curved(LogForm, {"weight": np.ones((1, 2))}, np.array([[False, True]]))
    bought, left = Terms(np.array([[2.0, 0.0]]), (log,)).other_purchases(np.ones(2), np.array([3.0]), 0.0)
    np.testing.assert_allclose(bought, [[0.0, 0.5]])
    np.testing.assert_allclose(left, [2.5])
