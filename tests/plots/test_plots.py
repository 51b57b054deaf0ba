"""Figures: drawn numbers are those of the comparison, and unbounded values are shown."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from helpers import stories
from helpers.figure_tests import compared
from matplotlib.figure import Figure
from matplotlib.text import Text

import market
from market import plots

SCENARIOS = Path(__file__).parents[2] / "scenarios"


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
    "Prices", "Excess demand", "Supply and demand", "Deadweight loss", "Welfare weights (Negishi)",
    "Utility by mechanism", "Producers: revenue, cost, profit", "Utility possibility frontier",
    "Lorenz curve",
}  # fmt: skip


def test_an_overview_has_what_applies():
    def titles(figure):
        shown = [ax.get_title(loc="left") for ax in figure.axes]
        return [title for title in shown if title in SHIPPED]  # figures that were added are not counted

    paths = ["Prices", "Excess demand", "Supply and demand"]
    judged = ["Deadweight loss", "Welfare weights (Negishi)"]
    two = plots.overview(compared(stories.COMMONS))
    assert titles(two) == [*paths, "Utility by mechanism", "Utility possibility frontier", *judged]
    war = plots.overview(compared(stories.WAR))
    assert titles(war) == [*paths, "Utility by mechanism", *judged, "Lorenz curve"]
    without = plots.overview(compared(stories.WAR, "all at once"))
    assert titles(without) == ["Utility by mechanism", "Deadweight loss"]


@pytest.mark.parametrize(
    "text", [stories.COMMONS, stories.GIFT, stories.WAR, stories.barter(2), stories.barter(9)]
)
def test_a_sheet_has_no_empty_places(text):
    figure = plots.overview(compared(text))
    figure.draw_without_rendering()
    rows = {}
    for ax in figure.axes:
        rows.setdefault(ax.get_subplotspec().get_topmost_subplotspec().rowspan.start, []).append(ax)
    for in_row in rows.values():
        columns = in_row[0].get_subplotspec().get_gridspec().ncols
        assert len(in_row) == columns


@pytest.mark.parametrize(
    "name", ["commons", "gift", "edgeworth", "gale", "exceptional", "war", "two_by_two", "merit_order"]
)
def test_every_figure_is_legible_in_a_panel_of_a_page(name):
    """420 x 320 pixels: letters of 8 points at least, legends inside, and axes of a fifth of the panel."""
    comparison = market.compare(market.load(SCENARIOS / f"{name}.toml"))
    for draw in plots.applicable(comparison):
        with matplotlib.rc_context(plots.STYLE):
            figure = Figure(figsize=(4.2, 3.2), dpi=100, layout="constrained")
            ax = draw(comparison, figure.add_subplot())
            figure.draw_without_rendering()
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text().strip():
                assert text.get_fontsize() >= 8.0, (draw.__name__, text)
        size = ax.get_window_extent()
        assert size.width * size.height > 0.2 * 420 * 320 or draw is plots.edgeworth_box, draw.__name__
        legend = ax.get_legend()
        if legend is not None:
            box = legend.get_window_extent()
            assert box.x0 > -1.0, draw.__name__
            assert box.y0 > -6.0, draw.__name__


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
