"""Accounts of producers: revenue, cost and profit are those of prices, outputs and costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, words
from matplotlib.figure import Figure

import market
from market import plots
from market.efficiency.producer_accounts import accounts

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def ax():
    return Figure().add_subplot()


def drawn(ax):
    """Return the values of the single markers, from the top."""
    points = [
        (float(each.get_ydata()[0]), float(each.get_xdata()[0]))
        for each in ax.get_lines()
        if len(each.get_xdata()) == 1
    ]
    return [value for _, value in sorted(points)]


def test_the_baker_s_revenue_covers_its_cost_at_constant_unit_costs(ax):
    """At prices 2 and 5 the guest spends 1 on bread and 3 on cake; as a gift nothing is made."""
    plots.producers_by_mechanism(compared(stories.GIFT), ax)
    np.testing.assert_allclose(drawn(ax), [0.0, 0.0, 0.0, 4.0, 4.0, 0.0], atol=1e-6)
    assert {"revenue", "cost", "profit", "baker"} <= set(words(ax))


def test_profit_is_the_payoff_of_those_that_only_produce():
    comparison = market.compare(market.load(SCENARIOS / "merit_order.toml"), ["prices"])
    outcome = comparison.outcomes["prices"]
    firms = ~comparison.economy.wants_something
    found = accounts(outcome)
    np.testing.assert_allclose(found.profit[firms], outcome.payoffs[firms], atol=1e-9)
    np.testing.assert_allclose(found.cost, comparison.economy.cost(outcome.production))
    assert (found.revenue[firms] >= found.cost[firms] - 1e-9).all()


def test_inputs_are_costs_of_firms_that_make_goods_from_goods():
    """Constant returns: what inputs cost is what output earns."""
    comparison = market.compare(market.load(SCENARIOS / "two_by_two.toml"), ["prices"])
    outcome = comparison.outcomes["prices"]
    found = accounts(outcome)
    np.testing.assert_allclose(found.profit, 0.0, atol=1e-6)
    made = np.maximum(outcome.production, 0.0) @ outcome.prices
    np.testing.assert_allclose(found.revenue, made)


def test_without_prices_nothing_is_known_of_goods_made_from_goods(ax):
    comparison = market.compare(market.load(SCENARIOS / "two_by_two.toml"), ["planner"])
    assert accounts(comparison.outcomes["planner"]) is None
    plots.producers_by_mechanism(comparison, ax)
    assert "no prices: no revenue or cost in money" in words(ax)


def test_a_planner_pays_no_revenue():
    comparison = market.compare(market.load(SCENARIOS / "gift.toml"), ["planner"])
    found = accounts(comparison.outcomes["planner"])
    assert found.revenue is None
    assert found.profit is None
    assert found.cost[0] == pytest.approx(4.0, rel=1e-6)


def test_consumers_alone_have_no_accounts():
    assert plots.producers_by_mechanism not in plots.applicable(compared(stories.COMMONS, "prices"))
