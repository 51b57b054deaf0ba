"""Answers that a utility family inherits: nothing linear, nothing needed, never satiated."""

from __future__ import annotations

import numpy as np

from market.economy.families.utilities import Leontief, Log, Log1p, Utility

WEIGHTS = np.array([[1.0, 0.0], [0.0, 0.0]])


def test_defaults_describe_a_smooth_family_without_satiation():
    x = np.ones((2, 2))
    assert Utility.bliss(weights=WEIGHTS).tolist() == [[np.inf, 0.0], [0.0, 0.0]]
    assert (Utility.subsistence(weights=WEIGHTS) == 0).all()
    assert (Utility.linear_weights(weights=WEIGHTS) == 0).all()
    assert np.isnan(Utility.indifference_prices(weights=WEIGHTS)).all()
    assert (Utility.kink(x, weights=WEIGHTS) == 0).all()


def test_defaults_claim_nothing_that_needs_a_proof():
    assert not Utility.gross_substitutes(weights=WEIGHTS).any()


def test_a_first_unit_of_money_is_worth_the_best_slope_at_nothing():
    """log(1 + x) weighted by 3 and 1 at prices 2 and 0.5: slopes at 0 per unit of money 1.5 and 2."""
    worth = Log1p.first_worth(np.array([2.0, 0.5]), 1e-9, weights=np.array([[3.0, 1.0]]))
    np.testing.assert_allclose(worth, [2.0], rtol=1e-6)
    assert Log.first_worth(np.ones(2), 1e-9, weights=np.array([[3.0, 1.0]])) == np.inf


def test_a_bundle_is_worth_nothing_at_infinite_slopes():
    x, weights = np.array([[0.0, 2.0]]), np.array([[1.0, 3.0]])
    assert Utility.worth.__func__(Log, x, weights=weights) == 3.0


def test_slopes_at_a_kink_follow_prices_and_support_the_bundle():
    """min(x, y / 2) at (1, 2): m with m_x + 2 m_y = 1; along p = (3, 1) it is p over 3 + 2 = 5."""
    along = Leontief.marginal_along(
        np.array([[1.0, 2.0]]), np.array([3.0, 1.0]), weights=np.array([[1.0, 2.0]])
    )
    np.testing.assert_allclose(along, [[0.6, 0.2]])
