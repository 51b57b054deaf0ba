"""Paths of prices and excess demand are the recorded ones, on axes that show all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, line, words
from matplotlib.figure import Figure

from market import plots
from market.plots.style import COLOURS

TWO_RULES = """
    schema = 1
    economy = "quasilinear"
    goods = ["bread", "wine"]
    commons = { bread = 10, wine = 4 }
    agents = [{ name = "ann", count = 3, utility = { family = "log", weights = { bread = 1, wine = 2 } } }]
    mechanisms = [
      { name = "patient", kind = "auctioneer", rule = "tatonnement" },
      { name = "quick", kind = "auctioneer", rule = "newton" },
    ]
"""


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


@pytest.mark.parametrize(
    ("last", "words_for_it"), [(1e250, "rises to 1e250"), (1e-220, "falls to 1e\N{MINUS SIGN}220")]
)
def test_prices_far_from_their_start_leave_the_axis_and_the_legend_says_so(last, words_for_it, commons, ax):
    rounds = commons.rounds.assign(price=np.geomspace(1.0, last, len(commons.rounds)))
    plots.price_paths(replace(commons, rounds=rounds), ax)
    assert any(words_for_it in text.replace("-", "\N{MINUS SIGN}") for text in words(ax))
    low, high = ax.get_ylim()
    assert 1e-7 < low < 1.0 < high < 1e7 or high == pytest.approx(1.5)


def test_each_mechanism_has_a_panel_and_each_good_a_colour(ax):
    comparison = compared(TWO_RULES)
    plots.excess_demand_paths(comparison, ax)
    first, second = ax.child_axes
    assert [panel.get_title(loc="left") for panel in (first, second)] == ["patient", "quick"]
    for panel, name in ((first, "patient"), (second, "quick")):
        rounds = comparison.rounds[comparison.rounds["mechanism"] == name]
        for good, colour in zip(comparison.economy.goods, COLOURS, strict=False):
            path = line(panel, good)
            np.testing.assert_array_equal(path[:, 1], rounds[rounds["good"] == good]["excess_demand"])
            [drawn] = [each for each in panel.get_lines() if each.get_label() == good]
            assert drawn.get_color() == colour
    assert first.get_ylim() == second.get_ylim()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["bread", "wine"]
    assert not ax.texts


def test_excess_demand_is_recorded_and_its_axis_says_that_it_is_symmetric_and_logarithmic(commons, ax):
    plots.excess_demand_paths(commons, ax)
    np.testing.assert_array_equal(line(ax, "water")[:, 1], commons.rounds["excess_demand"])
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylabel() == "excess demand\n(units, symmetric log scale)"


def test_without_excess_demand_the_axis_is_linear_and_says_so(commons, ax):
    plots.excess_demand_paths(replace(commons, rounds=commons.rounds.assign(excess_demand=0.0)), ax)
    assert ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "excess demand\n(units)"


def test_prices_over_a_wide_range_have_a_logarithmic_axis(commons, ax):
    rounds = commons.rounds.assign(price=np.geomspace(1.0, 201.0, len(commons.rounds)))
    assert plots.price_paths(replace(commons, rounds=rounds), ax).get_yscale() == "log"


@pytest.mark.parametrize(("goods", "named"), [(6, True), (7, False)])
def test_up_to_six_lines_are_named_and_more_are_counted(goods, named, ax):
    plots.price_paths(compared(stories.barter(goods), "prices"), ax)
    assert (ax.get_title(loc="left") == f"Prices ({goods} goods)") is not named
    assert (ax.get_legend() is not None) is named


def test_prices_near_one_another_are_below_the_top_of_the_axis(commons, ax):
    rounds = commons.rounds.assign(price=np.linspace(1.0, 1.01, len(commons.rounds)))
    plots.price_paths(replace(commons, rounds=rounds), ax)
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_ylim()[1] > 1.03
