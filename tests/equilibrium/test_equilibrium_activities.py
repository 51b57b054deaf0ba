"""Slopes at an equilibrium with constant returns, against derivatives by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.technologies import activity, economy, wants

import market
from market.equilibrium.activities import Linearisation, linearise
from market.equilibrium.clearing import evaluate_prices


def linearised(*others):
    """10 hours, 5 of them spent on 2.5 loaves of two hours each at `p = (2, 1)`."""
    text = economy(
        ["bread", "labour"],
        ("household", "endowment = { labour = 10.0 }\n" + wants(bread=0.5, labour=0.5)),
        ("bakery", activity(bread=1.0, labour=-2.0)),
        *others,
    )
    primitives = market.build(market.loads(text))
    made = np.zeros(primitives.shape)
    made[1] = [2.5, -5.0]
    return linearise(primitives, evaluate_prices(primitives, np.array([2.0, 1.0]), made=made))


def test_a_used_activity_makes_zero_profit():
    """Its netput (1, -2) is worth (2, -2) at `p = (2, 1)`."""
    there = linearised()
    np.testing.assert_allclose(there.active[:, 0] / there.active[0, 0], [1.0, -1.0], rtol=1e-12)


def test_slopes_are_those_of_consumers():
    """`x = (5 w / p, 5)`: in values `dz / dlog p` is (-5, 5) for bread and (0, 0) for labour."""
    np.testing.assert_allclose(linearised().slopes, [[-5.0, 5.0], [0.0, 0.0]], atol=1e-6)


def test_an_idle_twin_is_no_entrant():
    """Its netput is three times that of the bakery, so that it adds no direction."""
    there = linearised(("twin", activity(bread=3.0, labour=-6.0)))
    assert there.even.shape == (2, 1)
    assert not there.another_could_enter()
    assert dataclasses.replace(there, active=there.active[:, :0]).another_could_enter()


def test_slopes_are_taken_along_zero_profits_and_orthogonally_to_prices():
    """`p = (1, 1, 2)`, netput (1, -1, 0): `N` is (1, 1, -1) / sqrt(3), `J` diag(-1, -2, -3), `N'JN` -2."""
    p, active = np.array([1.0, 1.0, 2.0]), np.array([[1.0], [-1.0], [0.0]])
    there = Linearisation(p, np.ones(3), np.diag([-1.0, -2.0, -12.0]), active, np.zeros((3, 0)))
    assert there.in_prices()[0, 0] == pytest.approx(-2.0, rel=1e-12)
    # in shares `N` is (1, 1, -2) / sqrt(6): -(1 + 2 + 4 * 12) / 6
    assert there.in_shares()[0, 0] == pytest.approx(-8.5, rel=1e-12)
