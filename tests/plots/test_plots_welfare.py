"""Utilities and payoffs are drawn at their values, or at the edge with their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, words
from matplotlib.figure import Figure

from market import plots


@pytest.fixture(scope="module")
def commons():
    return compared(stories.COMMONS)


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


def markers(ax, hollow):
    """The places of single markers, hollow or full."""
    single = [each for each in ax.get_lines() if len(each.get_xdata()) == 1]
    return sorted(each.get_xdata()[0] for each in single if (each.get_markerfacecolor() == "white") is hollow)


def test_full_markers_are_utilities_and_hollow_ones_payoffs(commons, ax):
    """At prices both have log 5 and pay 1; under the planner nothing is paid."""
    plots.utilities_by_mechanism(commons, ax)
    np.testing.assert_allclose(markers(ax, hollow=True), [np.log(5) - 1] * 2)
    np.testing.assert_allclose(markers(ax, hollow=False)[1:], [np.log(5)] * 4 + [np.log(10)])
    assert "payoff" in words(ax)


def test_producers_are_not_among_the_consumers(ax):
    """The baker of the gift wants nothing: its cost is no utility."""
    plots.utilities_by_mechanism(compared(stories.GIFT), ax)
    assert ax.get_xlabel() == "utility"
    assert "guest" in words(ax)
    assert "baker" not in words(ax)


def test_the_axis_of_consumers_that_produce_is_utility_minus_cost(ax):
    own = stories.COMMONS.replace(
        'name = "alpha"', 'name = "alpha"\ncost = { family = "linear", unit_cost = { water = 3.0 } }'
    )
    assert plots.utilities_by_mechanism(compared(own, "prices"), ax).get_xlabel() == "utility minus cost"


def test_an_unbounded_utility_is_drawn_at_the_edge_and_labelled(commons, ax):
    plots.utilities_by_mechanism(commons, ax)
    assert words(ax).count("\N{MINUS SIGN}∞") == 1  # beta, whose payoff is its utility
    low = ax.get_xlim()[0]
    at_edge = [line for line in ax.get_lines() if len(line.get_xdata()) == 1 and line.get_xdata()[0] == low]
    assert len(at_edge) == 1


def test_many_agents_are_shown_by_their_spread_and_those_at_minus_infinity_counted(ax):
    crowd = compared(stories.crowd(235, "first mover", "prices"))
    plots.utilities_by_mechanism(crowd, ax)
    said = words(ax)
    assert any(text.startswith("◂ 34 at") for text in said)
    assert ax.get_legend().get_title().get_text() == "235 consumers"


def test_the_penalty_of_war_does_not_flatten_everything_else(ax):
    """All three pay it: labels for each would overlap, and markers say whose it is."""
    war = compared(stories.WAR)
    plots.utilities_by_mechanism(war, ax)
    assert words(ax).count("war penalty") == 1
    assert not any("1e99" in text for text in words(ax))
    assert -5.0 < ax.get_xlim()[0] < ax.get_xlim()[1] < 10.0


def test_names_are_shown_as_they_are_written(ax):
    text = stories.COMMONS.replace('"alpha"', '"$x_1$"').replace('"beta"', '"_hidden"')
    plots.utilities_by_mechanism(compared(text), ax)
    assert {r"\$x_1\$", " _hidden"} <= set(words(ax))
