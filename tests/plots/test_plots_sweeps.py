"""Figures of a sweep are its means and intervals, in words; what did not converge is told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import stories
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError
from market.plots.sweep_maps import mean_by_cell
from market.plots.sweep_measures import not_drawn, sweep_measures
from market.plots.sweep_sheets import sweep_figure
from market.sweep import Options, read, sweep
from market.sweep.summary import curve

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SCARF = ["mechanisms.small steps.step=0.01,0.05", "agents.apple farmer.endowment.apples=0.8,1,1.2"]


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


@pytest.fixture(scope="module")
def plants(tmp_path_factory):
    """Sweep of gas plants, whose costs are drawn: prices and planner agree in each run."""
    return sweep(
        SCENARIOS / "merit_order.toml",
        ["agents.gas.count=2:8:4"],
        seeds=3,
        out=tmp_path_factory.mktemp("plants"),
        options=Options("serial"),
    )


@pytest.fixture(scope="module")
def spiral(tmp_path_factory):
    """Sweep of Scarf's economy, in which small steps never converge and other rules do."""
    return sweep(
        SCENARIOS / "scarf.toml",
        SCARF,
        out=tmp_path_factory.mktemp("spiral"),
        overrides=["mechanisms.small steps.max_rounds=200"],
        mechanisms=["small steps", "asks"],
        options=Options("serial"),
    )


def by_label(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def test_the_curve_that_is_drawn_is_the_mean_over_seeds(swept):
    ax = Figure().add_subplot()
    assert plots.sweep_curve(swept, "commons.water", "price[water]", ax) is ax
    (container,) = ax.containers
    line = container.lines[0]
    table = curve(swept.runs, "commons.water", "price[water]")
    expected = table[table["mechanism"] == "prices"]
    np.testing.assert_array_equal(line.get_xdata(), expected["value"].astype(float))
    np.testing.assert_array_equal(line.get_ydata(), expected["mean"])
    assert ax.get_xlabel() == "Common stock of water (units)"
    assert ax.get_ylabel() == "Price of water (money per unit)"


def test_intervals_that_are_drawn_are_those_of_the_mean_over_seeds(plants):
    ax = plots.sweep_curve(plants, "agents.gas.count", "profit[gas]", Figure().add_subplot())
    table = curve(plants.runs, "agents.gas.count", "profit[gas]")
    expected = table[table["mechanism"] == "prices"]
    (bars,) = next(c for c in ax.containers if list(c.lines[0].get_ydata()) == list(expected["mean"])).lines[
        2
    ]
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, expected[["ci_low", "ci_high"]])
    assert ax.get_legend().get_title().get_text().replace("\n", " ") == (
        "Mean and 95 % confidence interval of 3 runs with different seeds"
    )
    low, high = ax.get_ylim()
    assert low < ends.min()
    assert high > ends.max()


def test_runs_at_minus_infinity_are_marked_at_the_edge_and_counted_in_the_legend(swept):
    ax = plots.sweep_curve(swept, "commons.water", "lowest_utility", Figure().add_subplot())
    (label,) = (text.get_text() for text in ax.get_legend().get_texts() if "first" in text.get_text())
    assert label == "first mover (\N{MINUS SIGN}∞ in 12 of 12 runs)"
    marks = [
        line for line in ax.get_lines() if line.get_marker() == "v" and list(line.get_ydata()) == [0.0] * 3
    ]
    assert len(marks) == 1
    assert list(marks[0].get_xdata()) == [5.0, 10.0, 20.0]


def test_values_that_are_words_stand_side_by_side(swept):
    ax = plots.sweep_curve(swept, "agents.alpha.utility.family", "price[water]", Figure().add_subplot())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["log", "log1p"]
    assert ax.get_xlabel() == "Utility of alpha"


def test_counts_have_ticks_at_whole_numbers(plants):
    ax = plots.sweep_curve(plants, "agents.gas.count", "price[power]", Figure().add_subplot())
    assert list(ax.get_xticks()) == [2, 4, 6, 8]
    assert ax.get_xlabel() == "Number of gas producers"


def test_mechanisms_on_one_another_have_marks_apart_and_one_mean(plants):
    ax = plots.sweep_curve(plants, "agents.gas.count", "price[power]", Figure().add_subplot())
    one, other = (container.lines[0] for container in ax.containers)
    np.testing.assert_allclose(one.get_ydata(), other.get_ydata(), rtol=1e-6)
    at = [line.get_transform().transform((4.0, 57.0))[0] for line in (one, other)]
    assert at[1] - at[0] == pytest.approx(6.0 / 72.0 * ax.figure.dpi)
    joined = [line for line in ax.get_lines() if line.get_linewidth() > 0 and line.get_marker() == "None"]
    assert len({line.get_linewidth() for line in joined}) == 2


def test_prices_of_runs_that_did_not_converge_are_crosses_and_not_in_the_mean(spiral):
    parameter = "mechanisms.small steps.step"
    ax = plots.sweep_curve(spiral, parameter, "price[apples]", Figure().add_subplot())
    lines = by_label(ax)
    crosses = lines["small steps: did not converge (6 of 6 runs)"]
    assert crosses.get_marker() == "x"
    assert crosses.get_linestyle() == "None"
    runs = spiral.runs[spiral.runs["mechanism"] == "small steps"]
    np.testing.assert_allclose(
        crosses.get_ydata(), runs.groupby(parameter)["price[apples]"].mean(), rtol=1e-12
    )
    (drawn,) = ax.containers  # the only mechanism with equilibrium prices
    asks = spiral.runs[spiral.runs["mechanism"] == "asks"]
    np.testing.assert_allclose(
        drawn.lines[0].get_ydata(), asks.groupby(parameter)["price[apples]"].mean(), rtol=1e-12
    )
    assert ax.get_ylabel() == "Price of apples (prices sum to 1)"


def test_the_cells_of_a_heat_map_are_the_means_of_runs_that_converged(spiral):
    over = ("agents.apple farmer.endowment.apples", "mechanisms.small steps.step")
    ax = plots.sweep_heat_map(spiral, over, "price[apples]", "asks", Figure().add_subplot())
    drawn = np.asarray(ax.collections[0].get_array()).reshape(2, 3)
    asks = spiral.runs[spiral.runs["mechanism"] == "asks"]
    expected = asks.pivot_table("price[apples]", over[1], over[0]).to_numpy()
    np.testing.assert_allclose(drawn, expected, rtol=1e-12)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.8", "1", "1.2"]
    circling = plots.sweep_heat_map(spiral, over, "price[apples]", "small steps", Figure().add_subplot())
    assert circling.collections[0].get_array().mask.all()
    (crosses,) = circling.get_lines()
    assert crosses.get_label() == "no run converged"
    assert sorted(zip(*crosses.get_data(), strict=True)) == [(x, y) for x in range(3) for y in range(2)]


def test_an_infinite_value_is_written_into_its_cell(swept):
    over = ("commons.water", "agents.alpha.utility.family")
    ax = plots.sweep_heat_map(swept, over, "lowest_utility", "first mover", Figure().add_subplot())
    assert [text.get_text() for text in ax.texts] == ["\N{MINUS SIGN}∞"] * 6
    assert np.isinf(mean_by_cell(swept, over, "lowest_utility", "first mover").to_numpy()).all()


def test_panels_are_of_one_size_and_a_bar_has_the_words_of_the_measure(spiral, plants):
    for figure in (plots.sweep_overview(spiral), plots.sweep_overview(plants)):
        figure.draw_without_rendering()
        sizes = [ax.get_position().width for ax in figure.axes if ax.get_label() != "<colorbar>"]
        assert np.ptp(sizes) < 1e-6 * max(sizes)
    bars = [ax for ax in plots.sweep_overview(spiral).axes if ax.get_label() == "<colorbar>"]
    assert bars[0].get_ylabel() == "Price of apples (prices sum to 1)"


def test_legends_are_outside_of_the_data(plants):
    figure = plots.sweep_overview(plants)
    figure.draw_without_rendering()
    for ax in figure.axes:
        assert ax.get_legend().get_window_extent().y1 <= ax.get_window_extent().y0


def test_a_measure_that_is_zero_everywhere_has_no_panel(plants):
    assert sweep_measures(plants) == ["price[power]", "total_surplus", "lowest_utility"]
    assert not_drawn(plants, ["surplus_gap"]) == {
        "surplus_gap": "it is 0 in all runs but 12 of 'gift', where it is infinite"
    }
    with pytest.raises(InputError, match=r"nothing to draw: surplus_gap: it is 0 in all runs but 12"):
        sweep_figure(plants, ["surplus_gap"])
    assert len(sweep_figure(plants, ["surplus_gap", "price[power]"]).axes) == 1


def test_captions_name_intervals_and_what_is_averaged(swept, plants, spiral):
    said = sweep_figure(plants, ["price[power]"])._supxlabel.get_text().replace("\n", " ")
    assert said.startswith("Mean and 95 % confidence interval of 3 runs with different seeds. Marks of ")
    said = sweep_figure(swept, ["price[water]"], ["commons.water"])._supxlabel.get_text().replace("\n", " ")
    assert said == (
        "Mean and 95 % confidence interval of 2 runs with different seeds, "
        "over the values of: utility of alpha."
    )
    assert sweep_figure(spiral, ["price[apples]"])._supxlabel.get_text() == "One run at each point."


@pytest.mark.parametrize(
    ("measures", "x", "message"),
    [
        (["price[watr]"], [], r"no measure 'price\[watr\]'; .* Did you mean 'price\[water\]'\?"),
        (["seed"], [], "'seed'"),
        (["price[water]"], ["commons.watr"], "no axis 'commons.watr'; .* Did you mean 'commons.water'?"),
        (["price[water]"], ["commons.water"] * 2, "one axis for curves, or two different ones"),
    ],
)
def test_unknown_measures_and_axes_are_refused_with_the_nearest(swept, measures, x, message):
    with pytest.raises(InputError, match=message):
        sweep_figure(swept, measures, x)


def test_a_sheet_is_drawn_without_a_warning_and_to_the_same_bytes(swept, tmp_path):
    figure = plots.sweep_overview(swept)
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    plots.save(figure, one)
    plots.save(plots.sweep_overview(read(swept.folder)), other)
    assert one.read_bytes() == other.read_bytes()


def test_a_figure_has_the_size_that_is_asked_for(swept):
    assert tuple(sweep_figure(swept, ["price[water]"], size=(6.5, 4.0)).get_size_inches()) == (6.5, 4.0)


def test_where_nothing_varies_there_is_nothing_to_draw(commons, tmp_path):
    still = sweep(commons, out=tmp_path / "out", mechanisms=["prices"], options=Options("serial"))
    assert plots.sweep_overview(still) is None
    with pytest.raises(InputError, match="nothing was varied"):
        sweep_figure(still)


def test_points_of_a_random_design_are_not_said_to_be_averages(commons, tmp_path):
    drawn = sweep(
        commons,
        ["commons.water=5:20", "agents.alpha.utility.weights.water=1:2"],
        out=tmp_path / "out",
        kind="latin",
        points=4,
        mechanisms=["prices"],
        options=Options("serial"),
    )
    figure = plots.sweep_overview(drawn)
    assert len(figure.axes) == 2 * len(sweep_measures(drawn))
    assert figure._supxlabel.get_text() == "One run at each point."
    with pytest.raises(InputError, match="heat maps need a grid, and this is a latin design"):
        sweep_figure(drawn, x=[axis.path for axis in drawn.design.axes])
