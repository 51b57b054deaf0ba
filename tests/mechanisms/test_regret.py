"""Regret: gains between finite and infinite utilities, and their share of the worth of trades."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy

from market.mechanisms.regret import gain, regret, relative_regret


def test_a_gain_from_minus_infinity_is_infinite_and_to_it_is_none():
    before = np.array([-np.inf, -np.inf, 1.0, 1.0])
    after = np.array([-np.inf, 0.0, -np.inf, 3.0])
    np.testing.assert_array_equal(gain(before, after), [0.0, np.inf, 0.0, 2.0])


def rationed():
    """Return an economy in which an agent wants 2 units at p = 1 and has 1; and its payoff then."""
    primitives = economy("quasilinear", log=[[2.0]], commons=[1.0])
    p, x, y = np.ones(1), np.ones((1, 1)), np.zeros((1, 1))
    return primitives, p, x, y, primitives.payoff(primitives.welfare(x, y), p, x, y)


def test_regret_of_a_rationed_agent_is_its_gain_from_the_bundle_that_it_wants():
    """2 log 2 - 2 less 2 log 1 - 1."""
    primitives, p, _, _, payoffs = rationed()
    assert regret(primitives, p, payoffs)[0] == pytest.approx(2.0 * np.log(2.0) - 1.0)


def test_relative_regret_does_not_depend_on_the_unit_of_utility():
    """The bundle is worth 2 a unit at the margin, so the share is regret over 2, also in cents."""
    primitives, p, x, y, payoffs = rationed()
    own = relative_regret(primitives, p, x, y, regret(primitives, p, payoffs))
    assert own == pytest.approx((2.0 * np.log(2.0) - 1.0) / 2.0)
    cents = economy("quasilinear", log=[[200.0]], commons=[1.0])
    paid = cents.payoff(cents.welfare(x, y), 100.0 * p, x, y)
    assert relative_regret(cents, 100.0 * p, x, y, regret(cents, 100.0 * p, paid)) == pytest.approx(own)
