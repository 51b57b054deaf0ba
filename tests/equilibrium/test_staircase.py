"""Positions on the graph of supply: every price and, where a producer is indifferent, every amount."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import INF, economy

from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.staircase import BOUNDED, STEP_WIDTH, Staircase, build_staircase

PLANTS = economy(
    "quasilinear", log=[[12.0]], linear=([[1.0], [2.0], [3.0]], [[1.0], [1.5], [10.0]])
)  # demand 12 / p; supply 1, 2.5, 12.5 above prices 1, 2, 3


def test_a_walk_along_the_staircase_passes_every_price_and_every_amount():
    stairs = build_staircase(PLANTS, np.array([1.0]))
    walk = np.linspace(-1.0, 6.0, 2001)
    passed = [stairs.prices(np.array([s])) for s in walk]
    prices = np.array([p[0] for p, _ in passed])
    shares = np.array([share[0] for _, share in passed])
    assert (np.diff(prices) >= 0).all()
    for cost in (1.0, 2.0, 3.0):
        on_it = shares[prices == cost]
        assert len(on_it) == pytest.approx(STEP_WIDTH / (walk[1] - walk[0]), abs=1)
        assert (np.diff(on_it) > 0).all()
    assert (shares[~np.isin(prices, [1.0, 2.0, 3.0])] == 0).all()


def test_the_gap_has_no_jumps_along_the_staircase_and_one_root():
    stairs = build_staircase(PLANTS, np.array([1.0]))
    walk = np.linspace(0.1, 6.0, 5901)  # below 0 nothing is made, and the gap is at its bound
    gaps = np.array([stairs.gap(np.array([s]))[0] for s in walk])
    assert np.abs(np.diff(gaps)).max() < 0.02
    assert (np.diff(gaps) < 0).all()
    [crossing] = np.flatnonzero(gaps[:-1] * gaps[1:] <= 0)[:1]
    price, share = stairs.prices(walk[crossing : crossing + 1])
    assert price[0] == 3.0  # at 3 demand is 4, the cheaper two give 2.5, the third 1.5 of its 10
    assert share[0] == pytest.approx(0.15, abs=1e-3)


@pytest.mark.parametrize("price", [0.3, 1.5, 2.5, 40.0])
def test_prices_have_a_position_that_leads_back_to_them(price):
    stairs = build_staircase(PLANTS, np.array([price]))
    back, share = stairs.prices(stairs.position(np.array([price])))
    assert back[0] == pytest.approx(price, rel=1e-14)
    assert share[0] == 0.0


def test_a_price_next_to_a_unit_cost_is_taken_for_it():
    stairs = build_staircase(PLANTS, np.array([2.0]))
    back, share = stairs.prices(stairs.position(np.array([2.0 * (1.0 + 1e-8)])))
    assert (back[0], share[0]) == (2.0, 0.5)


def test_supply_without_bound_still_slopes():
    """Above its cost a producer without capacity offers any amount: the gap must tell which way is down."""
    gift = economy("quasilinear", log=[[1.0]], linear=([[2.0]], [[INF]]))
    stairs = build_staircase(gift, np.array([2.0]))
    above = np.array([stairs.gap(np.log([p]) + STEP_WIDTH)[0] for p in (2.5, 5.0, 50.0)])
    assert (above < 0).all()
    assert (np.diff(above) < 0).all()


def test_the_gap_is_the_log_of_demand_over_supply_near_balance():
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    stairs = Staircase(two, np.array([np.nan]))
    for p in (0.19, 0.2, 0.21):
        exact = np.log(2.0 / p / 10.0)
        gap = stairs.gap(np.log([p]))[0]
        assert gap == pytest.approx(exact * (1 - BOUNDED) / (1 + BOUNDED), rel=1e-3, abs=1e-15)


def test_free_goods_are_left_over_and_wanted_ones_have_no_answer_at_price_zero():
    unwanted = economy("quasilinear", log=[[1.0, 0.0]], commons=[10.0, 7.0])
    at = evaluate_prices(unwanted, np.array([0.1, 0.0]))
    assert at is not None
    assert at.residual == 0.0
    assert evaluate_prices(unwanted, np.array([0.0, 0.1])) is None
    overpriced = evaluate_prices(unwanted, np.array([0.1, 0.1]))
    assert overpriced is not None
    assert overpriced.residual == 2.0  # 7 units offered at a price, none wanted: slackness is in quantities
