"""Bounds proved without a program hold against the program, and are exact where prices support."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.strategies import economies
from hypothesis import given, settings
from hypothesis import strategies as st

import market.welfare.convex_program
from market.economy.primitives import Money
from market.efficiency.dual_bounds import least_utilisation, most_surplus_gap
from market.efficiency.report import alignment
from market.efficiency.resource_utilisation import resource_utilisation
from market.efficiency.surplus_gap import surplus_gap
from market.mechanisms import Auction, Planner, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.mechanisms.unmediated.seize import Seize

SLACK = 1e-6  # of the solver


@settings(max_examples=12)
@given(economies(money=Money.QUASILINEAR, producers=False, max_agents=4, max_goods=2), st.data())
def test_programs_stay_within_the_bounds_proved(economy, data):
    """At any split of the resources and any prices."""
    agents, goods = economy.shape
    size = agents * goods
    shares = np.array(data.draw(st.lists(st.floats(0.2, 1.0), min_size=size, max_size=size)))
    shares = shares.reshape(agents, goods)
    x = shares / shares.sum(axis=0) * economy.resources
    y = np.zeros_like(x)
    if not np.isfinite(economy.utility(x)).all():
        return
    p = np.array(data.draw(st.lists(st.floats(0.05, 5.0), min_size=goods, max_size=goods)))
    gap = surplus_gap(economy, x, y, np.zeros(agents)).value
    assert gap <= most_surplus_gap(economy, x, y, p) * (1.0 + SLACK) + SLACK
    share = resource_utilisation(economy, x, y).value
    assert share >= least_utilisation(economy, x, p) - SLACK


@pytest.fixture
def none_is_small(monkeypatch):
    """Any economy counts as too large for programs."""
    monkeypatch.setattr(market.welfare.convex_program, "LARGEST_PROGRAM", 0)


COMMONS = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons.water = 10.0
agents = [{ name = "a", count = 2, utility = { family = "log1p", weights = { water = 1.0 } } }]
mechanisms = [{ name = "prices", kind = "auctioneer" }]
"""


def test_a_cleared_market_is_proved_efficient_without_a_program(none_is_small):
    economy = market.build(market.loads(COMMONS))
    report = alignment(play(Auction("prices", Tatonnement()), economy))
    assert report.efficient
    assert report.surplus_gap == 0.0
    assert report.resource_utilisation == 1.0
    assert report.unknown == {}


def test_an_unknown_gap_is_reported_with_its_bound(none_is_small):
    """One has all ten units: 2 log 6 - log 11 is left on the table, and p = 1 / 6 proves it."""
    economy = market.build(market.loads(COMMONS))
    outcome = play(Unmediated("first", Seize(movers=("a[0]",))), economy)
    np.testing.assert_allclose(outcome.consumption.ravel(), [10.0, 0.0])
    report = alignment(outcome)
    assert report.efficient  # in goods alone: the agent that has all would lose
    assert report.surplus_gap is None
    assert report.efficient_with_transfers is None
    bounds = [sentence for sentence in report.reasons if "proved to be at most" in sentence]
    assert any("too large" in sentence for sentence in report.reasons)
    assert float(bounds[0].split()[-1]) == pytest.approx(2 * np.log(6) - np.log(11), rel=1e-5)


def test_an_unknown_gap_is_proved_infinite_where_equal_shares_prevent_ruin(none_is_small):
    economy = market.build(market.loads(COMMONS.replace("log1p", "log")))
    report = alignment(play(Unmediated("first", Seize(movers=("a[0]",))), economy))
    assert any("proved to be infinite" in sentence for sentence in report.reasons)


def test_a_planner_of_too_many_agents_fails_with_a_reason(none_is_small):
    outcome = play(Planner("planner"), market.build(market.loads(COMMONS)))
    assert outcome.status is market.Status.FAILED
    assert "2 agents and 1 goods is too large" in outcome.reason


def test_supporting_prices_need_all_resources():
    economy = market.build(market.loads(COMMONS))
    assert least_utilisation(economy, np.array([[5.0], [5.0]]), np.array([0.3])) == pytest.approx(1.0)
    waste = least_utilisation(economy, np.array([[3.0], [3.0]]), np.array([0.3]))
    assert waste == pytest.approx(0.6)  # six of ten would do
