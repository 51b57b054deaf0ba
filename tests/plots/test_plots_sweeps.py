"""Curves of a sweep are its means and intervals, in words, and infinite values are marked."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from matplotlib.figure import Figure

from market import plots
from market.sweep import Options, sweep
from market.sweep.summary import curve


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "commons.toml").write_text(stories.COMMONS)
    return sweep(
        folder / "commons.toml",
        ["commons.water=5,10,20", "agents.alpha.utility.family=log,log1p"],
        seeds=2,
        out=folder / "out",
        mechanisms=["first mover", "prices"],
        options=Options("serial"),
    )


def test_the_curve_that_is_drawn_is_the_mean_over_seeds(swept):
    ax = Figure().add_subplot()
    assert plots.sweep_curve(swept, "commons.water", "price[water]", ax) is ax
    (container,) = ax.containers
    line = container.lines[0]
    table = curve(swept.runs, "commons.water", "price[water]")
    expected = table[table["mechanism"] == "prices"]
    np.testing.assert_array_equal(line.get_xdata(), expected["value"].astype(float))
    np.testing.assert_array_equal(line.get_ydata(), expected["mean"])
    assert ax.get_xlabel() == "commons.water"
    assert ax.get_title(loc="left") == "Price of water"


def test_runs_at_minus_infinity_are_marked_at_the_edge_and_counted_in_the_legend(swept):
    ax = plots.sweep_curve(swept, "commons.water", "lowest_utility", Figure().add_subplot())
    (label,) = (text.get_text() for text in ax.get_legend().get_texts() if "first" in text.get_text())
    assert label == "first mover (\N{MINUS SIGN}∞ in 12 of 12)"
    marks = [
        line for line in ax.get_lines() if line.get_marker() == "v" and list(line.get_ydata()) == [0.0] * 3
    ]
    assert len(marks) == 1
    assert list(marks[0].get_xdata()) == [5.0, 10.0, 20.0]


def test_values_that_are_words_stand_side_by_side(swept):
    ax = plots.sweep_curve(swept, "agents.alpha.utility.family", "price[water]", Figure().add_subplot())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["log", "log1p"]
    assert ax.get_xlabel() == "agents.alpha.utility.family"


def test_the_sheet_has_a_column_a_parameter_and_draws_without_a_warning(swept, tmp_path):
    figure = plots.sweep_overview(swept)
    assert len({ax.get_xlabel() for ax in figure.axes}) == 2
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    plots.save(figure, one)
    plots.save(plots.sweep_overview(swept), other)
    assert one.read_bytes() == other.read_bytes()


def test_where_nothing_varies_there_is_nothing_to_draw(commons, tmp_path):
    still = sweep(commons, out=tmp_path / "out", mechanisms=["prices"], options=Options("serial"))
    assert plots.sweep_overview(still) is None
