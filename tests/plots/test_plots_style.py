"""Numbers, names, limits and legends of figures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from market.plots.style import legend_below, limits, number, plain, spread, styled, together


def test_rounding_is_not_drawn_as_if_it_were_a_difference():
    """Two of three nearly equal numbers must not decide what is near."""
    low, high = limits(np.array([10.0, 20.0, 30.0 - 1e-9, 30.0]))
    assert low < 10.0
    assert high > 30.0


def test_limits_leave_out_values_far_below_the_others_and_make_room_for_their_marker():
    low, high = limits(np.array([-1e99, 1.0, 2.0, 3.0]))
    assert -1.0 < low < 1.0
    assert 3.0 < high < 4.0
    assert low < limits(np.array([1.0, 2.0, 3.0]))[0]


def test_limits_show_agents_of_different_wealth():
    """Ann has 4.25 wherever she trades, and Bob some 17: that is no ruin."""
    low, _ = limits(np.array([3.51, 4.25, 16.8, 16.97, 16.97]))
    assert low < 3.51


def test_limits_show_a_line_and_the_values_no_further_below_than_its_height():
    line = np.array([1.0, 2.0])
    assert limits(np.array([0.5, 1.0, 2.0]), line)[0] < 0.5
    assert limits(np.array([-5.0, 1.0, 2.0]), line)[0] > -1.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(-np.inf, "\N{MINUS SIGN}∞"), (1032.4, "1,032"), (0.2, "0.2"), (-1e99, "\N{MINUS SIGN}1e99")],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_names_are_no_formulas_and_not_too_long():
    assert plain("$x$") == r"\$x\$"
    assert plain("_hidden") == " _hidden"
    assert plain("x" * 30, 10) == "x" * 9 + "…"


def test_places_that_look_alike_share_an_entry_and_infinite_ones_are_compared():
    places = {"a": np.array([1.0, -np.inf]), "b": np.array([1.001, -np.inf]), "c": np.array([1.0, 0.0])}
    assert [names for names, _ in together(places, np.ones(2))] == [["a", "b"], ["c"]]


@pytest.mark.parametrize(("length", "columns"), [(10, 4), (33, 2), (60, 1)])
def test_a_legend_has_as_many_columns_as_fit(length, columns):
    ax = Figure().add_subplot()
    for k in range(5):
        ax.plot([], [], label=str(k) * length)
    assert legend_below(ax).get_legend()._ncols == columns


def test_a_spread_counts_agents_beyond_the_view():
    ax = Figure().add_subplot()
    spread(np.array([1.0, 2.0, 3.0, 99.0, 98.0]), 0.0, (0.0, 10.0), "black", list("abcde"), ax)
    assert [text.get_text() for text in ax.texts] == ["2 beyond ▸"]
    [median] = [each for each in ax.get_lines() if each.get_marker() == "D"]
    assert median.get_xdata()[0] == 2.0


def test_thousands_are_separated_on_axes():
    @styled
    def draw(ax):
        ax.plot([0.0, 2500.0], [-12000.0, 12000.0])
        return ax

    ax = draw(Figure().add_subplot())
    ax.figure.draw_without_rendering()
    across, along = ([each.get_text() for each in axis.get_ticklabels()] for axis in (ax.xaxis, ax.yaxis))
    assert "1,000" in across
    assert "500" in across
    assert "\N{MINUS SIGN}10,000" in along
