"""Figures: what is drawn is what was played, and nothing that is without bound disappears."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, words
from matplotlib.figure import Figure

from market import plots
from market.plots.style import limits


@pytest.fixture(scope="module")
def commons():
    return compared(stories.COMMONS)


@pytest.fixture(scope="module")
def gift():
    return compared(stories.GIFT)


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


def test_every_figure_returns_its_axes_with_title_and_labels(commons, ax):
    drawn = [plots.price_paths, plots.excess_demand_paths, plots.utilities_by_mechanism, plots.frontier]
    for draw in drawn:
        ax = Figure().add_subplot()
        assert draw(commons, ax) is ax
        assert ax.get_title(loc="left")
        assert ax.get_xlabel()
    assert "money" in plots.price_paths(commons, Figure().add_subplot()).get_ylabel()
    assert "units" in plots.excess_demand_paths(commons, Figure().add_subplot()).get_ylabel()


def test_the_price_path_is_the_recorded_one_and_ends_at_the_planner_s_multiplier(commons, ax):
    plots.price_paths(commons, ax)
    path, multiplier = ax.get_lines()
    np.testing.assert_array_equal(path.get_ydata(), commons.rounds["price"])
    assert multiplier.get_ydata()[0] == pytest.approx(path.get_ydata()[-1], rel=1e-6)
    assert "shadow price, planner" in words(ax)


def test_an_unbounded_utility_is_drawn_at_the_edge_and_labelled(commons, ax):
    plots.utilities_by_mechanism(commons, ax)
    assert words(ax).count("\N{MINUS SIGN}∞") == 1  # beta, whose payoff is its utility
    low = ax.get_xlim()[0]
    at_edge = [line for line in ax.get_lines() if len(line.get_xdata()) == 1 and line.get_xdata()[0] == low]
    assert len(at_edge) == 1


def test_the_frontier_names_who_is_ruined_and_points_out_of_view(commons, ax):
    plots.frontier(commons, ax)
    said = words(ax)
    assert "first mover (beta: \N{MINUS SIGN}∞)" in said
    assert "prices, planner" in said  # at the same place, so one marker
    arrows = [text for text in ax.texts if text.arrow_patch is not None]
    assert len(arrows) == 1
    assert arrows[0].xy[1] == pytest.approx(ax.get_ylim()[0])


def test_an_endless_offer_is_marked_where_it_happened(gift, ax):
    endless = np.where(gift.rounds["round"] == 1, -np.inf, gift.rounds["excess_demand"])
    plots.excess_demand_paths(replace(gift, rounds=gift.rounds.assign(excess_demand=endless)), ax)
    assert "\N{MINUS SIGN}∞" in words(ax)


def test_prices_that_left_every_bound_are_told_at_the_edge(commons, ax):
    rounds = commons.rounds.assign(price=np.geomspace(1.0, 1e250, len(commons.rounds)))
    plots.price_paths(replace(commons, rounds=rounds), ax)
    assert "▴ up to 1e250" in words(ax)
    assert ax.get_ylim()[1] == 1e150


def test_many_agents_are_told_by_their_spread_and_those_at_minus_infinity_are_counted(ax):
    crowd = compared(stories.crowd(235, "first mover", "prices"))
    plots.utilities_by_mechanism(crowd, ax)
    said = words(ax)
    assert any(text.startswith("◂ 34 at") for text in said)
    assert ax.get_legend().get_title().get_text() == "235 agents"


def test_the_penalty_of_war_does_not_flatten_everything_else(ax):
    war = compared(stories.WAR)
    plots.utilities_by_mechanism(war, ax)
    assert "\N{MINUS SIGN}1e99" in words(ax)
    assert -5.0 < ax.get_xlim()[0] < ax.get_xlim()[1] < 10.0


def test_names_are_shown_as_they_are_written(ax):
    text = stories.COMMONS.replace('"alpha"', '"$x_1$"').replace('"beta"', '"_hidden"')
    plots.utilities_by_mechanism(compared(text), ax)
    assert {r"\$x_1\$", " _hidden"} <= set(words(ax))


def test_an_overview_has_what_applies():
    def titles(figure):
        return [ax.get_title(loc="left") for ax in figure.axes]

    paths = ["Prices", "Excess demand", "Supply and demand"]
    judged = ["What is wasted", "Weights in the super-agent"]
    two = plots.overview(compared(stories.COMMONS))
    assert titles(two) == [*paths, "Utility by mechanism", "What is possible together", *judged]
    war = plots.overview(compared(stories.WAR))
    assert titles(war) == [*paths, "Utility by mechanism", *judged, "Lorenz curve"]
    without = plots.overview(compared(stories.WAR, "all at once"))
    assert titles(without) == ["Utility by mechanism", *judged]


def test_every_figure_that_applies_has_a_title_and_says_what_its_axes_are(commons, gift):
    for comparison in (commons, gift, compared(stories.WAR), compared(stories.barter(2))):
        for draw in plots.applicable(comparison):
            ax = Figure().add_subplot()
            assert draw(comparison, ax) is ax
            assert ax.get_title(loc="left")
            assert ax.get_xlabel()
            assert getattr(plots, draw.__name__) is draw


def test_all_figures_take_a_crowd_one_agent_and_one_mechanism_without_prices():
    alone = stories.COMMONS.replace(
        '[[agents]]\nname = "beta"\nutility = { family = "log", weights = { water = 1.0 } }\n', ""
    )
    crowd = stories.crowd(235, "first mover", "prices")
    for comparison in (
        compared(alone),
        compared(crowd),
        compared(crowd, "first mover"),
        compared(stories.barter(9)),
    ):
        plots.overview(comparison).draw_without_rendering()


def test_rounding_is_not_drawn_as_if_it_were_a_difference():
    """Two of three nearly equal numbers must not decide what is near."""
    low, high = limits(np.array([10.0, 20.0, 30.0 - 1e-9, 30.0]))
    assert low < 10.0
    assert high > 30.0


def test_drawing_leaves_the_global_style_alone(commons):
    before = dict(matplotlib.rcParams)
    plots.overview(commons)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_the_same_comparison_gives_the_same_file(commons, tmp_path, ending):
    one, other = tmp_path / f"one.{ending}", tmp_path / f"other.{ending}"
    for path in (one, other):
        figure = Figure(layout="constrained")
        plots.frontier(commons, figure.add_subplot(1, 2, 1))
        plots.supply_and_demand(commons, figure.add_subplot(1, 2, 2))
        plots.save(figure, path)
    assert one.read_bytes() == other.read_bytes()
