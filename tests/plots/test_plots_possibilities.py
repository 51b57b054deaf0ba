"""The frontier passes through efficient outcomes, and transfers are a line of slope -1."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, exchange, line, utility, words
from helpers.pairs import pair
from helpers.strategies import SOAK
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError, MarketError, NumericalError


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


@pytest.fixture(scope="module")
def commons():
    return compared(stories.COMMONS)


@pytest.mark.parametrize("weight", [0.2, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 5.0])
def test_the_frontier_is_that_of_theory_and_reaches_beyond_every_efficient_outcome(weight, ax):
    """Weights a and 1 on log x: exp(u_1 / a) + exp(u_2) = 10."""
    comparison = compared(stories.COMMONS.replace("water = 1.0", f"water = {weight}", 1))
    plots.frontier(comparison, ax)
    first, second = line(ax, "Pareto frontier").T
    np.testing.assert_allclose(np.exp(first / weight) + np.exp(second), 10.0, rtol=1e-6)
    for name in ("prices", "planner"):
        u = comparison.outcomes[name].utilities
        assert first[0] < u[0] < first[-1]
        assert second[-1] < u[1] < second[0]


def curve(ax):
    """The points of the frontier that is drawn, (points, 2); None if none is."""
    drawn = [each for each in ax.get_lines() if str(each.get_label()).startswith("Pareto frontier")]
    return np.stack(drawn[0].get_data(), axis=1).astype(float) if drawn else None


def within(u, points):
    """Return True if a pair of utilities is on the line through the points, or below it.

    Rounding: 1e-6 of the utilities, and 2e-8 of the span of the line.
    """
    slack = 1e-6 * np.maximum(np.abs(u), 1e-3) + 2e-8 * np.ptp(points, axis=0)
    if (points >= u - slack).all(axis=1).any():
        return True
    first, second = points.T
    inside = first[0] <= u[0] <= first[-1] and second[-1] <= u[1] <= second[0]
    above = np.interp(u[0], first, second) >= u[1] - slack[1]
    right = np.interp(u[1], second[::-1], first[::-1]) >= u[0] - slack[0]
    return bool(inside and (above or right))


def assert_true(comparison, ax):
    """Check the numbers drawn: a falling line of feasible points, at or beyond each finite outcome.

    Returns:
        True if there is a line; False if the panel says why not.
    """
    plots.frontier(comparison, ax)
    points = curve(ax)
    if points is None:
        assert any(text.startswith("frontier not found: ") for text in words(ax))
        return False
    assert (np.diff(points[:, 0]) > 0).all()
    assert (np.diff(points[:, 1]) < 0).all()
    for name, outcome in comparison.outcomes.items():
        if np.isfinite(outcome.utilities).all():
            assert within(outcome.utilities, points), (name, outcome.utilities)
    return True


WEIGHTS = [0.2, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0]


@pytest.mark.parametrize("alpha", WEIGHTS)
def test_the_frontier_is_at_or_beyond_every_outcome_for_all_weights_of_the_commons(alpha):
    """Exercise 1 of notebook 1, and the sliders of the dashboard."""
    for beta in WEIGHTS:
        text = stories.COMMONS.replace("water = 1.0", f"water = {alpha}", 1).replace(
            '"beta"\nutility = { family = "log", weights = { water = 1.0 }',
            f'"beta"\nutility = {{ family = "log", weights = {{ water = {beta} }}',
        )
        assert f"water = {beta}" in text
        assert assert_true(compared(text), Figure().add_subplot())


FAMILY = {
    "log": "",
    "log1p": "",
    "stone_geary": ", subsistence = { bread = 0.2, wine = 0.1 }",
    "cobb_douglas": "",
    "ces": ", elasticity = 0.5",
    "crra": ", risk_aversion = 3.0",
    "linear": "",
    "leontief": "",
    "quadratic": ", slope = { bread = 0.02, wine = 0.02 }",
}


OWNED = (((9.0, 1.0), (1.0, 4.0)), ((2.0, 2.0), (7.0, 0.5)))


@pytest.mark.parametrize("ann", FAMILY)
def test_the_frontier_is_at_or_beyond_every_outcome_for_all_pairs_of_families(ann):
    names = list(FAMILY)
    for place, bob in enumerate(names[names.index(ann) :]):
        text = exchange(
            utility(ann, 0.4, 0.6, FAMILY[ann]),
            utility(bob, 0.5, 0.3, FAMILY[bob]),
            *OWNED[place % 2],
            mechanisms=("autarky", "prices", "planner"),
        )
        assert assert_true(compared(text), Figure().add_subplot()), bob


@settings(max_examples=25 * SOAK, deadline=None)
@given(st.integers(0, 10**6))
def test_the_frontier_is_at_or_beyond_every_outcome_of_random_pairs_or_says_why_not(seed):
    """All kinds of money, families, costs and technologies, also without equilibrium or finite utility."""
    try:
        comparison = compared(pair(seed))
    except MarketError:
        assume(False)
    assert_true(comparison, Figure().add_subplot())


def test_the_gift_s_curve_reaches_its_outcome(ax):
    """The baker bears 4 and the guest has log 0.5 + 3 log 0.6 = -2.2."""
    comparison = compared(stories.GIFT)
    assert assert_true(comparison, ax)
    points = curve(ax)
    assert np.interp(-4.0, *points.T) == pytest.approx(np.log(0.5) + 3.0 * np.log(0.6), abs=1e-6)


def test_no_division_of_the_resources_is_beyond_the_frontier(ax):
    """The frontier is not drawn too low either, but for the chords between its points."""
    comparison = compared(
        exchange(utility("ces", 1, 2, ", elasticity = 0.5"), utility("log1p", 3, 1), (6, 2), (4, 8))
    )
    plots.frontier(comparison, ax)
    points, economy = curve(ax), comparison.economy
    shares = np.random.default_rng(1).random((500, 2))
    size = np.ptp(points, axis=0)
    for share in shares:
        u = economy.utility(np.stack([share, 1.0 - share]) * economy.resources)
        assert u[0] > points[-1, 0] or u[1] > points[0, 1] or within(u - 2e-3 * size, points)


def test_where_agents_do_not_conflict_the_frontier_is_one_point(ax):
    comparison = compared(exchange(utility("log", 1, 0), utility("log", 0, 1), (1, 2), (3, 4)))
    plots.frontier(comparison, ax)
    np.testing.assert_allclose(
        line(ax, "Pareto frontier (one point)"), [[np.log(4.0), np.log(6.0)]], rtol=1e-6
    )


def test_the_search_is_remembered_from_round_to_round(commons, monkeypatch):
    plots.frontier(commons, Figure().add_subplot())
    monkeypatch.setattr("market.plots.possibilities.frontier_search", None)  # would fail if it were called
    assert assert_true(commons, Figure().add_subplot())


def test_the_frontier_of_linear_utilities_has_a_kink_where_each_has_its_good(ax):
    """Ann gets 2 a unit of wine and Bob 3 of bread, 10 units of each: (20, 30) is on the frontier."""
    comparison = compared(exchange(utility("linear", 1, 2), utility("linear", 3, 1), (6, 2), (4, 8)))
    plots.frontier(comparison, ax)
    first, second = line(ax, "Pareto frontier").T
    assert np.interp(20.0, first, second) == pytest.approx(30.0, rel=0.02)  # the kink is between two points
    assert np.interp(10.0, first, second) == pytest.approx(35.0, rel=1e-6)  # wine for half its price in u


def test_transfers_reach_all_divisions_of_the_largest_surplus(commons, ax):
    plots.frontier(commons, ax)
    np.testing.assert_allclose(line(ax, "attainable with transfers").sum(axis=1), 2 * np.log(5), rtol=1e-6)


def test_there_is_no_frontier_of_three_agents(ax):
    with pytest.raises(InputError, match="two agents; there are 3"):
        plots.frontier(compared(stories.WAR, "prices"), ax)


def test_outcomes_are_at_their_utilities(commons, ax):
    plots.frontier(commons, ax)
    np.testing.assert_allclose(line(ax, "prices, planner"), [[np.log(5), np.log(5)]], rtol=1e-6)


def test_a_frontier_that_is_not_found_is_named_with_the_reason(commons, ax, monkeypatch):
    def fail(*_):
        raise NumericalError("the solver failed")

    monkeypatch.setattr("market.plots.possibilities.floors", fail)
    plots.frontier(commons, ax)
    assert "frontier not found: the solver failed" in words(ax)
    assert "prices, planner" in words(ax)


def test_the_frontier_names_agents_at_minus_infinity_and_points_out_of_view(commons, ax):
    plots.frontier(commons, ax)
    said = words(ax)
    assert "first mover (beta: \N{MINUS SIGN}∞)" in said
    assert "prices, planner" in said  # at the same place, so one marker
    arrows = [text for text in ax.texts if text.arrow_patch is not None]
    assert len(arrows) == 1
    assert arrows[0].xy[1] == pytest.approx(ax.get_ylim()[0])


def test_axes_name_costs_and_harm(ax):
    """A mill that makes at a cost, and a neighbour that its output harms."""
    text = """
        schema = 1
        economy = "quasilinear"
        goods = ["steel"]
        agents = [
          { name = "mill", cost = { family = "linear", unit_cost = { steel = 1.0 } } },
          { name = "town", harm = { steel = 1.0 }, utility = { family = "log1p", weights = { steel = 9 } } },
        ]
        mechanisms = [{ name = "prices", kind = "auctioneer" }]
    """
    plots.frontier(compared(text), ax)
    assert ax.get_xlabel() == "utility minus cost of mill"
    assert ax.get_ylabel() == "utility minus harm of town"
