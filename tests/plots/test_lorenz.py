"""Lorenz curves are drawn of amounts that add up, and of nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, line, words
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError
from market.plots.lorenz import curve

SHARES = """
    schema = 1
    economy = "fisher"
    goods = ["bread"]
    commons = { bread = 12 }
    agents = [
      { name = "poor", budget = 1, utility = { family = "log", weights = { bread = 1 } } },
      { name = "middling", budget = 2, utility = { family = "log", weights = { bread = 1 } } },
      { name = "rich", budget = 5, utility = { family = "log", weights = { bread = 1 } } },
    ]
    mechanisms = [
      { name = "as a gift", kind = "unmediated", game = "gift" },
      { name = "prices", kind = "auctioneer" },
    ]
"""


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_the_curve_of_a_sum_known_by_heart():
    np.testing.assert_allclose(curve(np.array([5.0, 1.0, 2.0])), [0.0, 1 / 8, 3 / 8, 1.0])


@given(arrays(float, 7, elements=st.floats(0.0, 1e6)).filter(lambda a: a.sum() > 1e-3))
def test_a_curve_is_convex_below_the_diagonal_and_does_not_know_the_unit(amounts):
    at = curve(amounts)
    assert (np.diff(at, 2) >= -1e-9).all()
    assert (at <= np.linspace(0.0, 1.0, 8) + 1e-9).all()
    np.testing.assert_allclose(curve(1e-9 * amounts), at, atol=1e-9)


def test_with_budgets_it_is_of_what_bundles_cost(ax):
    """All agents spend their budgets, 1, 2 and 5 of 8; as a gift shares are equal."""
    plots.lorenz(compared(SHARES), ax)
    np.testing.assert_allclose(line(ax, "prices")[:, 1], [0.0, 1 / 8, 3 / 8, 1.0], rtol=1e-7)
    np.testing.assert_allclose(line(ax, "as a gift")[:, 1], [0.0, 1 / 3, 2 / 3, 1.0], rtol=1e-7)
    assert ax.get_legend().get_title().get_text() == "Consumption, at the prices of 'prices'"


def test_with_money_it_is_of_payoffs_and_the_penalty_of_war_has_no_share(ax):
    plots.lorenz(compared(stories.WAR), ax)
    np.testing.assert_allclose(line(ax, "one after another")[:, 1], [0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(line(ax, "prices, planner")[:, 1], [0.0, 1 / 3, 2 / 3, 1.0], rtol=1e-6)
    assert "not drawn: all at once (some payoffs are negative)" in words(ax)


def test_firms_are_not_among_the_poorest(ax):
    """A mill that consumes nothing has no share; two consumers' shares need no curve on a sheet."""
    mill = """
        [[agents]]
        name = "mill"
        cost = { family = "linear", unit_cost = { water = 9.0 } }
    """
    comparison = compared(stories.WAR + mill, "one after another", "prices")
    plots.lorenz(comparison, ax)
    np.testing.assert_allclose(line(ax, "prices")[:, 1], [0.0, 1 / 3, 2 / 3, 1.0], rtol=1e-6)
    assert "3 consumers" in ax.get_xlabel()
    two = compared((stories.WAR + mill).replace("count = 3", "count = 2"), "prices")
    assert plots.lorenz not in plots.applicable(two)


@pytest.mark.parametrize(
    ("text", "mechanism", "why"),
    [
        (stories.COMMONS, "prices", "utility of nothing is 0"),  # log 0 is not 0
        (stories.WAR, "all at once", "negative"),
        (stories.barter(2), "at home", "no auctioneer's markets cleared"),
    ],
)
def test_where_shares_mean_nothing_none_are_drawn(text, mechanism, why, ax):
    comparison = compared(text, mechanism)
    assert plots.lorenz not in plots.applicable(comparison)
    with pytest.raises(InputError, match=why):
        plots.lorenz(comparison, ax)
