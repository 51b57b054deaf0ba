"""Gifts: producers who pay for outputs that all share."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import INF, economy

from market.mechanisms import Gift, Unmediated, play
from market.outcome import Status
from market.scenario.building import build
from market.scenario.loading import loads


def test_a_giver_that_wants_the_good_itself_makes_too_little_for_all():
    """u = log(1 + x) for both, shares of a half, unit cost 0.25: 0.5 / (1 + Y / 2) = 0.25, so Y = 2.

    The efficient amount counts both: 2 * 0.5 / (1 + Y / 2) = 0.25, Y = 6.
    """
    primitives = economy("quasilinear", log1p=[[1.0], [1.0]], linear=([[0.25]], [[INF]]))
    primitives = dataclasses.replace(
        primitives,
        agents=("giver", "guest"),
        endowment=np.zeros((2, 1)),
        budget=np.full(2, np.inf),
        commons_share=np.full(2, 0.5),
        costs=(dataclasses.replace(primitives.costs[0], rows=slice(0, 1)),),
    )
    outcome = play(Unmediated("gift", Gift()), primitives)
    assert outcome.status is Status.NASH, outcome.reason
    assert outcome.production.sum() == pytest.approx(2.0, rel=1e-11)
    np.testing.assert_allclose(outcome.consumption, 1.0, rtol=1e-11)


def test_producers_without_a_use_for_their_output_make_nothing():
    """The consumer with log utility is left at -inf, and no producer would gain by giving."""
    primitives = economy("quasilinear", log=[[1.0]], linear=([[0.1]], [[INF]]))
    outcome = play(Unmediated("gift", Gift()), primitives)
    assert outcome.status is Status.NASH
    assert not outcome.production.any()
    assert np.isneginf(outcome.utilities[0])


def test_commons_go_in_equal_shares_to_agents_that_want_them():
    primitives = economy("quasilinear", log=[[1.0, 0.0], [1.0, 1.0]], commons=[4.0, 3.0])
    outcome = play(Unmediated("gift", Gift()), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[2.0, 0.0], [2.0, 3.0]])


def test_costs_at_which_the_solver_sees_no_bound_are_solved():
    """A producer keeps half of y: the maximum of log(y / 2) - 1e-8 y^1.5 is at y = (1e8 / 1.5)^(2/3)."""
    two = loads(
        """
schema = 1
economy = "fisher"
goods = ["g"]
[[agents]]
name = "maker"
utility = { family = "crra", weights = { g = 1.0 }, risk_aversion = 1.0 }
budget = 1.0
cost = { family = "power", unit_cost = { g = 1e-08 }, exponent = { g = 1.5 } }
[[agents]]
name = "other"
utility = { family = "leontief", weights = { g = 1.0 } }
budget = 1.25377e-05
[[mechanisms]]
name = "gift"
kind = "unmediated"
game = "gift"
"""
    )
    outcome = play(two.mechanism("gift"), build(two))
    assert outcome.status is Status.NASH
    np.testing.assert_allclose(outcome.production.sum(), (1e8 / 1.5) ** (2.0 / 3.0), rtol=1e-9)
