"""Paths of prices and excess demand are the recorded ones, on axes that show all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, line, words
from matplotlib.figure import Figure

from market import plots


@pytest.fixture(scope="module")
def commons():
    return compared(stories.COMMONS)


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


def test_the_price_path_is_the_recorded_one_and_ends_at_the_planner_s_multiplier(commons, ax):
    plots.price_paths(commons, ax)
    path, multiplier = ax.get_lines()
    np.testing.assert_array_equal(path.get_ydata(), commons.rounds["price"])
    assert multiplier.get_ydata()[0] == pytest.approx(path.get_ydata()[-1], rel=1e-6)
    assert "shadow price, planner" in words(ax)


def test_unbounded_supply_is_marked_in_its_round(ax):
    gift = compared(stories.GIFT)
    unbounded = np.where(gift.rounds["round"] == 1, -np.inf, gift.rounds["excess_demand"])
    plots.excess_demand_paths(replace(gift, rounds=gift.rounds.assign(excess_demand=unbounded)), ax)
    assert "\N{MINUS SIGN}∞" in words(ax)


def test_diverging_prices_are_labelled_at_the_edge(commons, ax):
    rounds = commons.rounds.assign(price=np.geomspace(1.0, 1e250, len(commons.rounds)))
    plots.price_paths(replace(commons, rounds=rounds), ax)
    assert "▴ up to 1e250" in words(ax)
    assert ax.get_ylim()[1] == 1e150


def test_excess_demand_is_recorded_and_its_axis_says_that_it_is_symmetric_and_logarithmic(commons, ax):
    plots.excess_demand_paths(commons, ax)
    np.testing.assert_array_equal(line(ax, "water")[:, 1], commons.rounds["excess_demand"])
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylabel() == "excess demand (units, symmetric log scale)"


def test_without_excess_demand_the_axis_is_linear_and_says_so(commons, ax):
    plots.excess_demand_paths(replace(commons, rounds=commons.rounds.assign(excess_demand=0.0)), ax)
    assert ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "excess demand (units)"


def test_prices_over_a_wide_range_have_a_logarithmic_axis(commons, ax):
    rounds = commons.rounds.assign(price=np.geomspace(1.0, 201.0, len(commons.rounds)))
    assert plots.price_paths(replace(commons, rounds=rounds), ax).get_yscale() == "log"


@pytest.mark.parametrize(("goods", "named"), [(6, True), (7, False)])
def test_up_to_six_lines_are_named_and_more_are_counted(goods, named, ax):
    plots.price_paths(compared(stories.barter(goods), "prices"), ax)
    assert (f"{goods} goods" in words(ax)) is not named
    assert (ax.get_legend() is not None) is named
