"""Claims of the notebook "Engel's households", on its data."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import market

SCENARIO = Path(__file__).parents[3] / "scenarios" / "engel.toml"


@cache
def households():
    return pd.read_csv(SCENARIO.parent / "data" / "engel.csv")


@cache
def compared():
    return market.compare(market.load(SCENARIO))


@cache
def mean_income():
    return float(households()["income"].mean())


@cache
def equal_incomes():
    level = market.load(SCENARIO, [f"agents.household.budget={mean_income()!r}"])
    return market.MarketModel(level, "prices").run()


def test_food_spending_grows_less_than_in_proportion_to_income():
    data = households()
    assert len(data) == 235
    np.testing.assert_allclose(data["food_share"], data["foodexp"] / data["income"], rtol=1e-9)
    thirds = data.groupby(pd.qcut(data["income"], 3), observed=True)["food_share"].mean()
    assert thirds.is_monotonic_decreasing
    elasticity = np.polyfit(np.log(data["income"]), np.log(data["foodexp"]), 1)[0]
    assert round(elasticity, 2) == 0.86


def test_prices_are_what_is_spent_over_what_there_is():
    prices, data = compared().outcomes["prices"], households()
    spent = [data["foodexp"].sum(), (data["income"] - data["foodexp"]).sum()]
    assert prices.status is market.Status.CLEARED
    np.testing.assert_allclose(prices.prices, np.array(spent) / 100_000, rtol=1e-8)
    np.testing.assert_allclose(prices.payments, data["income"], rtol=1e-8)  # all spend all they have
    np.testing.assert_allclose(prices.consumption[:, 0] * prices.prices[0], data["foodexp"], rtol=1e-7)


def test_equal_shares_leave_gains_from_exchange_and_prices_none():
    equal, report = compared().outcomes["equal shares"], compared().alignments["equal shares"]
    at_prices = compared().alignments["prices"]
    assert report.efficient is False
    assert at_prices.efficient is True
    assert round(report.resource_utilisation, 2) == 0.98
    assert np.isclose(at_prices.resource_utilisation, 1.0)
    economy, better = compared().economy, report.improvement.consumption
    before, after = economy.utility(equal.consumption), economy.utility(better)
    assert (after >= before * (1 - 1e-9)).all()
    assert (after > before * 1.0001).any()
    assert (better.sum(axis=0) <= economy.resources * (1 + 1e-9)).all()


def test_the_rich_prefer_prices_and_the_poor_equal_shares():
    outcomes = compared().outcomes
    gains = pd.Series(outcomes["prices"].utilities > outcomes["equal shares"].utilities)
    by_fifth = gains.groupby(pd.qcut(households()["income"], 5), observed=True).sum()
    assert gains.sum() == 88
    assert by_fifth.is_monotonic_increasing
    assert by_fifth.iloc[0] == 0


def test_with_equal_incomes_no_household_loses_against_equal_shares():
    gain = equal_incomes().utilities / compared().outcomes["equal shares"].utilities - 1
    assert equal_incomes().status is market.Status.CLEARED
    assert (gain > -1e-9).all()
    assert (gain > 1e-4).sum() > 200
    assert market.alignment(equal_incomes()).efficient


def test_with_equal_incomes_no_household_envies_another():
    bundles, own = equal_incomes().consumption, equal_incomes().utilities
    for i in range(0, 235, 10):
        swapped = np.tile(bundles[i], (235, 1))
        assert (compared().economy.utility(swapped) <= own * (1 + 1e-9)).all()


def test_moving_income_to_the_poor_raises_the_price_of_food():
    price = equal_incomes().prices[0]
    assert price > compared().outcomes["prices"].prices[0]
    np.testing.assert_allclose(price * 100_000, (households()["food_share"] * mean_income()).sum(), rtol=1e-7)


@pytest.mark.parametrize("equal", [False, True])
def test_with_one_straight_engel_curve_the_distribution_does_not_matter(equal):
    """Gorman (1953)."""
    data = households()
    b, intercept = np.polyfit(data["income"], data["foodexp"], 1)
    s = intercept / (1 - b)
    assert 0 < b < 1
    assert 0 < s < data["income"].min()
    food, income = float(data["foodexp"].sum()), float(data["income"].sum())
    text = f"""
        schema = 1
        economy = "fisher"
        goods = ["food", "other"]
        commons = {{ food = {food}, other = {income - food} }}
        mechanisms = [{{ name = "prices", kind = "auctioneer" }}]

        [[agents]]
        name = "household"
        data = "data/engel.csv"
        budget = {{ column = "income" }}
        utility.family = "stone_geary"
        utility.weights = {{ food = {b}, other = {1 - b} }}
        utility.subsistence = {{ food = {s} }}
    """
    changes = [f"agents.household.budget={mean_income()!r}"] if equal else []
    alike = market.loads(text, folder=SCENARIO.parent, overrides=changes)
    np.testing.assert_allclose(market.MarketModel(alike, "prices").run().prices, 1.0, rtol=1e-6)
