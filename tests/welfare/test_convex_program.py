"""Convex programs over an economy, against optima known in closed form."""

from __future__ import annotations

from dataclasses import replace

import cvxpy
import numpy as np
import pytest
from helpers.economies import economy

from market.efficiency.report import alignment
from market.errors import NumericalError
from market.mechanisms import Planner, play
from market.outcome import Status
from market.welfare import convex_program
from market.welfare.convex_program import ConvexProgram, fit, refuse_large

COMMONS = economy("quasilinear", log=[[1.0], [3.0]], commons=[10.0])


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_multipliers_of_the_balance_are_prices_in_every_unit(unit):
    """Weighted logs: x_i = 10 a_i / 4, p = 4 / 10 a unit; in another unit prices change inversely."""
    known = replace(COMMONS, commons=COMMONS.commons * unit)
    program = ConvexProgram.for_allocation(known)
    utilities, bounds = program.utilities(stated=True)
    found = program.solve(cvxpy.sum(utilities), [*bounds, *program.limits()], program.balance())
    np.testing.assert_allclose(found.consumption / unit, [[2.5], [7.5]], rtol=1e-5)
    np.testing.assert_allclose(found.prices * unit, [0.4], rtol=1e-5)


def test_balance_limits_net_use_to_a_share_of_resources():
    program = ConvexProgram.for_allocation(COMMONS)
    half = program.balance(0.5)
    found = program.solve(cvxpy.sum(program.x), [], half)
    assert found.consumption.sum() == pytest.approx(5.0, rel=1e-6)


def test_fit_scales_consumption_down_to_resources_and_never_up():
    none = np.zeros((2, 1))
    np.testing.assert_allclose(fit(COMMONS, np.array([[8.0], [4.0]]), none), [[20.0 / 3.0], [10.0 / 3.0]])
    np.testing.assert_array_equal(fit(COMMONS, np.ones((2, 1)), none), np.ones((2, 1)))


@pytest.mark.parametrize("plants", [300, 1000])
def test_few_logarithms_with_many_capacities_are_solved(plants):
    """Demand 2700 / p meets five equal plants at their cost 5.5: 2700 / 5.5 = 491 units at that price.

    Newton's method leaves equal costs to the program, and at its other settings the solver stops early.
    """
    costs = np.concatenate([np.linspace(5.0, 90.0, plants), np.full(5, 5.5)])[:, None]
    room = np.concatenate([np.full(plants, 2.0), np.full(5, 200.0)])[:, None]
    outcome = play(Planner("planner"), economy("quasilinear", log=[[900.0]] * 3, linear=(costs, room)))
    assert outcome.status is Status.OPTIMAL
    np.testing.assert_allclose(outcome.prices, [5.5], rtol=1e-9)
    np.testing.assert_allclose(outcome.consumption.sum(), 2700.0 / 5.5, rtol=1e-9)
    assert alignment(outcome).surplus_gap == 0.0


def test_large_economies_are_refused(monkeypatch):
    monkeypatch.setattr(convex_program, "LARGEST_PROGRAM", 1)
    with pytest.raises(NumericalError, match="too large"):
        refuse_large(COMMONS)
