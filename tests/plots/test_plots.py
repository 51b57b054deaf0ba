"""Figures: drawn numbers are those of the comparison, and unbounded values are shown."""

from __future__ import annotations

import matplotlib
import pytest
from helpers import stories
from helpers.figure_tests import compared
from matplotlib.figure import Figure

from market import plots


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


SHIPPED = {
    "Prices", "Excess demand", "Supply and demand", "Surplus lost", "Welfare weights (Negishi)",
    "Utility by mechanism", "Utility possibilities", "Lorenz curve",
}  # fmt: skip


def test_an_overview_has_what_applies():
    def titles(figure):
        shown = [ax.get_title(loc="left") for ax in figure.axes]
        return [title for title in shown if title in SHIPPED]  # figures that were added are not counted

    paths = ["Prices", "Excess demand", "Supply and demand"]
    judged = ["Surplus lost", "Welfare weights (Negishi)"]
    two = plots.overview(compared(stories.COMMONS))
    assert titles(two) == [*paths, "Utility by mechanism", "Utility possibilities", *judged]
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
