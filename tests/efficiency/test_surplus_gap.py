"""Surplus lost: bounds on total surplus, and money that may not go negative."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import INF, economy, references

from market.efficiency import surplus_gap as surplus
from market.efficiency.dual_bounds import most_surplus_gap
from market.efficiency.report import alignment
from market.efficiency.surplus_gap import surplus_gained, surplus_gap
from market.errors import NumericalError
from market.mechanisms import Auction, Gift, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status
from market.welfare.convex_program import Solution
from market.welfare.first_order_conditions import Margins

PRICES = Auction("prices", Tatonnement())
PLANNER = Planner("planner")
GIFTS = Unmediated("gifts", Gift())
NOTHING = np.zeros(2)


@pytest.mark.parametrize("stock", [1e-9, 1e-3, 1.0])
@pytest.mark.parametrize("cost", [1e-6, 1e-2, 1e2])
def test_a_gap_is_exact_at_a_stock_tiny_relative_to_output(stock, cost):
    """Gifts leave x = q; the best is x = 1 / c made of c: log(1 / (c q)) - (1 - c q) is left on the table."""
    primitives = economy("quasilinear", log=[[1.0]], linear=([[cost]], [[INF]]), commons=[stock])
    best = max(1.0 / cost, stock)
    expected = np.log(best / stock) - cost * (best - stock)
    report = alignment(play(GIFTS, primitives))
    assert report.surplus_gap == pytest.approx(expected, rel=1e-6, abs=1e-9)
    plan = play(PLANNER, primitives)
    assert plan.status is Status.OPTIMAL, plan.reason
    assert plan.consumption[0, 0] == pytest.approx(best, rel=1e-6)
    assert alignment(plan).efficient_with_transfers is True


def test_a_plan_is_exact_at_a_capacity_huge_relative_to_demand():
    primitives = economy("quasilinear", log1p=[[3.0]], quadratic=([[1.0]], [[0.0]], [[1e12]]))
    plan = play(PLANNER, primitives)
    assert plan.status is Status.OPTIMAL, plan.reason
    assert plan.consumption[0, 0] == pytest.approx(2.0, rel=1e-7)


@pytest.mark.parametrize(
    "name", [name for name, known in references().items() if known.economy.budget[0] == INF]
)
def test_equilibrium_prices_prove_that_no_surplus_is_lost(name):
    """Theorem of duality: at clearing prices the bound is met, at any others it is not less."""
    known = references()[name]
    outcome = play(PRICES, known.economy)
    x, y = outcome.consumption, outcome.production
    turnover = Margins.at(known.economy, x, y).turnover
    assert most_surplus_gap(known.economy, x, y, outcome.prices) == pytest.approx(0.0, abs=1e-7 * turnover)
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert most_surplus_gap(known.economy, x, y, factor * outcome.prices) >= -1e-9 * turnover


def test_a_price_above_unit_cost_without_capacity_still_proves_a_bound():
    """`log x - x` has its maximum at x = 1; at a price above the unit cost of 1 supply would be infinite."""
    primitives = economy("quasilinear", log=[[1.0]], linear=([[1.0]], [[INF]]), commons=[0.0])
    x, y = np.array([[0.5], [0.0]]), np.array([[0.0], [0.5]])
    bound = most_surplus_gap(primitives, x, y, np.array([1.0 + 1e-9]))
    assert bound == pytest.approx(np.log(2.0) - 0.5, rel=1e-9)


def test_a_gap_without_meeting_bounds_is_not_reported(monkeypatch):
    """Their allocation is half as good as it could be: bounds do not meet, so nothing is said."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x = np.array([[7.0], [3.0]])

    def wrong(*_):
        return Solution(0.5 * x, np.zeros_like(x), np.array([0.2]), 0.0)

    monkeypatch.setattr(surplus, "optimum", wrong)
    right = surplus_gap(two, x, np.zeros_like(x), NOTHING).value  # the program is tried next
    assert right == pytest.approx(2 * np.log(5) - np.log(21), rel=1e-6)
    monkeypatch.setattr(surplus, "_largest_surplus", wrong)
    with pytest.raises(NumericalError, match="the least upper bound"):
        surplus_gap(two, x, np.zeros_like(x), NOTHING)


def test_the_gap_of_smooth_utilities_needs_no_program(monkeypatch):
    """Of ten units one has seven and the other three; five each would be worth log 25/21 more."""

    def refused(*_):
        raise AssertionError("a program was solved")

    monkeypatch.setattr(surplus, "ConvexProgram", refused)
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x = np.array([[7.0], [3.0]])
    assert surplus_gap(two, x, np.zeros_like(x), NOTHING).value == pytest.approx(np.log(25 / 21), rel=1e-12)


def capped(*budgets):
    return economy("quasilinear", log=[[1.0]] * len(budgets), commons=[10.0], budget=list(budgets))


def test_an_agent_at_minus_infinity_without_money_leaves_no_gap():
    """Goods and money that may not go negative: no other agent would give up any for nothing."""
    outcome = play(PRICES, capped(INF, 0.0))
    assert outcome.status is Status.CLEARED
    assert outcome.utilities[1] == -np.inf
    report = alignment(outcome)
    assert report.surplus_gap == pytest.approx(0.0, abs=1e-7)
    assert report.efficient_with_transfers is True


def test_the_program_with_caps_agrees_where_no_prices_prove():
    """Seized by one without limits: the other has nothing to offer, or half a unit of money."""
    first = Unmediated("first", Seize(movers=("agent0",)))
    poor, rich = (alignment(play(first, capped(INF, budget))) for budget in (0.0, 0.5))
    assert poor.efficient_with_transfers is True
    assert poor.surplus_gap == pytest.approx(0.0, abs=1e-6)
    assert rich.efficient_with_transfers is False
    assert rich.surplus_gap == np.inf


def test_a_gap_with_caps_is_found_where_money_is_left():
    """Both could pay, and one of them has too much: x = (8, 2) can be traded towards (5, 5)."""
    primitives = capped(4.0, 4.0)
    x = np.array([[8.0], [2.0]])
    gap = surplus_gap(primitives, x, np.zeros_like(x), NOTHING)
    assert gap.value == pytest.approx(2 * np.log(5) - np.log(16), rel=1e-6)
    poor = dataclasses.replace(primitives, budget=np.array([4.0, 0.0]))
    assert surplus_gap(poor, x, np.zeros_like(x), NOTHING).value == pytest.approx(0.0, abs=1e-7)


def test_a_gap_is_infinite_where_equal_shares_prevent_ruin(monkeypatch):
    """One has all the water and the other -inf: the gap is infinite, and half for each is the proof."""

    def refused(*_):
        raise AssertionError("a program was solved")

    monkeypatch.setattr("market.efficiency.surplus_gap.ConvexProgram", refused)
    thirsty = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    bound = surplus_gap(thirsty, np.array([[10.0], [0.0]]), np.zeros((2, 1)), np.zeros(2))
    assert bound.value == np.inf
    np.testing.assert_array_equal(bound.consumption, [[5.0], [5.0]])
    assert np.isfinite(thirsty.welfare(bound.consumption, bound.production)).all()


def test_a_program_that_ends_at_less_surplus_proves_no_gap_of_zero():
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x, y = np.array([[5.0], [5.0]]), np.zeros((2, 1))
    for worse in (np.array([[8.0], [2.0]]), np.array([[10.0], [0.0]])):
        with pytest.raises(NumericalError, match="less surplus"):
            surplus_gained(two, x, y, worse, y)
    assert surplus_gained(two, worse * 0.8 + 1.0, y, x, y) > 0
