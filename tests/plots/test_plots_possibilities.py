"""The frontier passes through efficient outcomes, and transfers are a line of slope -1."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, exchange, line, utility, words
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError, NumericalError


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


@pytest.fixture(scope="module")
def commons():
    return compared(stories.COMMONS)


@pytest.mark.parametrize("weight", [0.2, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 5.0])
def test_the_frontier_is_that_of_theory_and_reaches_beyond_every_efficient_outcome(weight, ax):
    """Weights a and 1 on log x: exp(u_1 / a) + exp(u_2) = 10."""
    comparison = compared(stories.COMMONS.replace("water = 1.0", f"water = {weight}", 1))
    plots.frontier(comparison, ax)
    first, second = line(ax, "Pareto frontier").T
    np.testing.assert_allclose(np.exp(first / weight) + np.exp(second), 10.0, rtol=1e-6)
    for name in ("prices", "planner"):
        u = comparison.outcomes[name].utilities
        assert first[0] < u[0] < first[-1]
        assert second[-1] < u[1] < second[0]


def test_the_frontier_of_linear_utilities_has_a_kink_where_each_has_its_good(ax):
    """Ann gets 2 a unit of wine and Bob 3 of bread, 10 units of each: (20, 30) is on the frontier."""
    comparison = compared(exchange(utility("linear", 1, 2), utility("linear", 3, 1), (6, 2), (4, 8)))
    plots.frontier(comparison, ax)
    first, second = line(ax, "Pareto frontier").T
    assert np.interp(20.0, first, second) == pytest.approx(30.0, rel=0.02)  # the kink is between two points
    assert np.interp(10.0, first, second) == pytest.approx(35.0, rel=1e-6)  # wine for half its price in u


def test_transfers_reach_all_divisions_of_the_largest_surplus(commons, ax):
    plots.frontier(commons, ax)
    np.testing.assert_allclose(line(ax, "attainable with transfers").sum(axis=1), 2 * np.log(5), rtol=1e-6)


def test_there_is_no_frontier_of_three_agents(ax):
    with pytest.raises(InputError, match="two agents; there are 3"):
        plots.frontier(compared(stories.WAR, "prices"), ax)


def test_outcomes_are_at_their_utilities(commons, ax):
    plots.frontier(commons, ax)
    np.testing.assert_allclose(line(ax, "prices, planner"), [[np.log(5), np.log(5)]], rtol=1e-6)


def test_a_frontier_that_is_not_found_is_named_with_the_reason(commons, ax, monkeypatch):
    def fail(*_):
        raise NumericalError("the solver failed")

    monkeypatch.setattr("market.plots.possibilities.floors", fail)
    plots.frontier(commons, ax)
    assert "frontier not found: the solver failed" in words(ax)
    assert "prices, planner" in words(ax)


def test_the_frontier_names_agents_at_minus_infinity_and_points_out_of_view(commons, ax):
    plots.frontier(commons, ax)
    said = words(ax)
    assert "first mover (beta: \N{MINUS SIGN}∞)" in said
    assert "prices, planner" in said  # at the same place, so one marker
    arrows = [text for text in ax.texts if text.arrow_patch is not None]
    assert len(arrows) == 1
    assert arrows[0].xy[1] == pytest.approx(ax.get_ylim()[0])
