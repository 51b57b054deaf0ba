"""Inefficiency and welfare weights: bars, markers and words are those of the alignment report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, exchange, utility, words
from matplotlib.figure import Figure

import market
from market import plots

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def ax():
    return Figure().add_subplot()


def bars(ax):
    return [patch for patch in ax.patches if hasattr(patch, "get_width")]


def test_bars_are_the_surplus_lost_and_say_if_it_is_unbounded(ax):
    comparison = compared(stories.COMMONS)
    plots.comparison_bars(comparison, ax)
    unbounded, *none = bars(ax)
    assert unbounded.get_width() == pytest.approx(ax.get_xlim()[1])
    assert unbounded.get_hatch()
    assert [bar.get_width() for bar in none] == [0.0, 0.0]
    assert words(ax) == ["unbounded; some weight is zero", "none", "none"]
    assert "money" in ax.get_xlabel()


def test_war_loses_surplus_that_prices_do_not(ax):
    """Peace gives 3 log(1 + 10/3); war nothing, and one claimant alone only log 11."""
    plots.comparison_bars(compared(stories.WAR), ax)
    most = 3.0 * np.log(1.0 + 10.0 / 3.0)
    np.testing.assert_allclose(
        [bar.get_width() for bar in bars(ax)], [most - np.log(11.0), most, 0.0, 0.0], rtol=1e-6
    )


def test_without_money_bars_are_resources_that_could_be_saved(ax):
    comparison = compared(
        exchange(utility("cobb_douglas", 0.4, 0.6), utility("cobb_douglas", 0.5, 0.5), (9, 1), (1, 4))
    )
    plots.comparison_bars(comparison, ax)
    wasted = 1.0 - comparison.alignments["autarky"].resource_utilisation
    np.testing.assert_allclose([bar.get_width() for bar in bars(ax)], [100.0 * wasted, 0.0])
    assert wasted > 0.3
    assert "%" in ax.get_xlabel()


def test_weights_are_drawn_as_reported_with_a_line_at_equal_ones(ax):
    comparison = compared(stories.COMMONS)
    plots.negishi_weights(comparison, ax)
    points = [tuple(each.get_xdata()) for each in ax.get_lines() if len(each.get_xdata()) == 1]
    np.testing.assert_allclose(np.ravel(points), [1.0, 0.0, 0.5, 0.5, 0.5, 0.5], atol=1e-6)
    assert ax.get_lines()[0].get_xdata()[0] == 0.5


def test_inefficient_outcomes_have_no_weights(ax):
    comparison = compared(
        exchange(utility("cobb_douglas", 0.4, 0.6), utility("cobb_douglas", 0.5, 0.5), (9, 1), (1, 4))
    )
    plots.negishi_weights(comparison, ax)
    points = [each for each in ax.get_lines() if len(each.get_xdata()) == 1]
    drawn = [float(each.get_xdata()[0]) for each in points]
    np.testing.assert_allclose(drawn, comparison.alignments["prices"].negishi_weights, rtol=1e-12)
    assert words(ax).count("not efficient: no weights support it") == 1


def test_weights_are_those_of_the_table(ax):
    """A producer that bears a cost has one; a firm with a technology has none, its profit is its owners'."""
    gift = compared(stories.GIFT)
    assert plots.negishi_weights in plots.applicable(gift)
    plots.negishi_weights(gift, ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["equal", "baker", "guest"]
    firms = market.compare(market.load(SCENARIOS / "two_by_two.toml"), ["prices"])
    assert plots.negishi_weights not in plots.applicable(firms)  # one household alone


def test_where_nothing_is_lost_there_are_no_bars():
    assert plots.comparison_bars not in plots.applicable(compared(stories.COMMONS, "prices"))
    assert plots.comparison_bars in plots.applicable(compared(stories.COMMONS))


def test_an_inefficient_outcome_that_uses_all_resources_is_called_not_efficient(ax):
    """No resource could be saved, yet the chandler could gain."""
    comparison = market.compare(market.load(SCENARIOS / "exceptional.toml"))
    plots.comparison_bars(comparison, ax)
    assert words(ax) == ["not efficient", "not efficient", "none"]


def test_wasting_everything_is_said_so(ax):
    comparison = market.compare(market.load(SCENARIOS / "gale.toml"), ["autarky"])
    plots.comparison_bars(comparison, ax)
    assert words(ax) == ["100 %: everything is wasted"]
    assert max(ax.get_xticks()) == 100.0  # no share is larger


def test_no_weights_support_war(ax):
    plots.negishi_weights(compared(stories.WAR), ax)
    assert words(ax).count("not efficient: no weights support it") == 1


def test_many_weights_are_shown_by_their_spread(ax):
    plots.negishi_weights(compared(stories.crowd(40, "prices")), ax)
    assert ax.get_legend().get_title().get_text().startswith("40 agents")
    medians = [each.get_xdata()[0] for each in ax.get_lines() if each.get_marker() == "D"]
    np.testing.assert_allclose(medians, 1.0 / 40.0)
