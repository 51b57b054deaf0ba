"""Claims of the notebook "When prices fail", on the scenarios that it plays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market

SCENARIOS = Path(__file__).parents[3] / "scenarios"
MILL = """
    schema = 1
    economy = "quasilinear"
    goods = ["flour"]
    agents = [
      { name = "miller", cost = { family = "linear", unit_cost = { flour = 1.0 } } },
      { name = "village", utility = { family = "log1p", weights = { flour = 9.0 } } },
    ]
    mechanisms = [{ name = "prices", kind = "auctioneer" }]
"""


def load(name, *changes):
    return market.load(SCENARIOS / f"{name}.toml", changes)


@cache
def scarf():
    """The textbook's auctioneer and one that learns."""
    names = load("scarf").mechanism_names
    rules = {getattr(load("scarf").mechanism(name), "rule", None): name for name in names}
    by_rule = {rule.name: name for rule, name in rules.items() if rule is not None}
    textbook, learning = by_rule["additive"], by_rule["anderson"]
    played = market.compare(load("scarf", f"mechanisms.{textbook}.max_rounds=1500"), [textbook, learning])
    return played, textbook, learning


def test_small_steps_go_round_and_hardly_move_and_never_come_near():
    played, textbook, _ = scarf()
    assert played.outcomes[textbook].status is market.Status.CYCLING
    seen = played.rounds[played.rounds["mechanism"] == textbook]
    prices = seen.pivot(index="round", columns="good", values="price")
    assert np.abs(np.diff(prices.to_numpy(), axis=0)).max() < 0.005
    assert seen["disequilibrium"].min() > 0.1
    assert (np.abs(prices.mean() - 1 / 3) < 0.03).all()  # the mean would nearly clear the markets


def test_neither_the_length_nor_the_product_of_prices_changes_under_tatonnement():
    economy = market.build(load("scarf"))
    for p in np.random.default_rng(0).uniform(0.1, 2.0, (100, 3)):
        z = economy.answers(p).demand.lowest.sum(axis=0) - economy.resources
        assert abs(p @ z) < 1e-12  # Walras' law
        assert abs((z / p).sum()) < 1e-12


def test_a_rule_that_learns_clears_at_equal_prices():
    played, _, learning = scarf()
    assert played.outcomes[learning].status is market.Status.CLEARED
    np.testing.assert_allclose(played.outcomes[learning].prices, 1 / 3, rtol=1e-6)


@cache
def fruit():
    return market.equilibria(load("three_equilibria"), starts=60)


def excess_demand_for_apples(price):
    economy = fruit().economy
    demand = economy.answers(np.array([price, 1.0 - price])).demand.lowest[:, 0].sum()
    return demand - economy.resources[0]


def test_demand_for_apples_rises_with_the_price_at_the_equilibrium_of_index_minus_one():
    assert len(fruit().found) == 3
    assert fruit().index_sum == 1
    for each in fruit().found:
        p = each.prices[0]
        rises = excess_demand_for_apples(p + 1e-4) > excess_demand_for_apples(p - 1e-4)
        assert abs(excess_demand_for_apples(p)) < 1e-6
        assert rises == (each.index == -1) == (not each.stable)


def test_where_the_auctioneer_begins_decides_who_is_rich():
    low, _, high = (each.prices[0] for each in fruit().found)
    both = market.compare(load("three_equilibria"), ["apples first", "pears first"])
    apples, pears = both.outcomes.values()
    np.testing.assert_allclose([apples.prices[0], pears.prices[0]], [high, low], rtol=1e-5)
    assert all(report.efficient for report in both.alignments.values())
    assert apples.utilities[0] > pears.utilities[0]
    assert apples.utilities[1] < pears.utilities[1]


@pytest.mark.parametrize(("start", "place"), [(0.49, 0), (0.51, 2)])
def test_from_either_side_of_one_half_another_equilibrium_is_found(start, place):
    first = f"mechanisms.apples first.initial_prices={{ apples = {start}, pears = {1 - start} }}"
    end = market.MarketModel(load("three_equilibria", first), "apples first").run()
    assert np.isclose(end.prices[0], fruit().found[place].prices[0], rtol=1e-5)


def offering(bags):
    class Withholding(market.Trader):
        def supply(self, prices):
            return np.where(prices > 1.0, bags, 0.0)

    return market.MarketModel(market.loads(MILL), "prices", traders={"miller": Withholding}).run()


def test_a_miller_that_takes_the_price_sells_at_cost():
    taking = market.MarketModel(market.loads(MILL), "prices").run()
    np.testing.assert_allclose([taking.prices[0], taking.production.sum()], [1.0, 8.0], rtol=1e-6)


@pytest.mark.parametrize("bags", [0.5, 1.5, 2.0, 2.5, 7.5])
def test_profit_of_holding_back_is_that_of_the_formula_and_largest_at_two_bags(bags):
    profit = offering(bags).payoffs[0]
    assert profit == pytest.approx((9 / (1 + bags) - 1) * bags, rel=1e-6)
    assert profit <= 4.0 * (1 + 1e-9)


def test_holding_back_costs_surplus_and_the_miller_could_gain_without_limit_at_its_price():
    making = offering(2.0)
    report = market.alignment(making)
    assert making.status is market.Status.CLEARED
    assert report.efficient_with_transfers is False
    np.testing.assert_allclose(report.surplus_gap, 9 * np.log(9.0 / 3.0) - 6.0, rtol=1e-5)
    assert np.isinf(making.regret[0])
    assert making.reason.endswith("; miller, which follows its own rule, could gain without limit.")


def test_without_equilibrium_excess_demand_for_honey_vanishes_and_wax_is_left_over():
    hopeless = market.compare(load("exceptional"), ["prices"])
    assert hopeless.outcomes["prices"].status is market.Status.NO_EQUILIBRIUM
    last = hopeless.rounds.tail(2).set_index("good")
    assert last.loc["wax", "price"] < 1e-3
    assert abs(last.loc["honey", "excess_demand"]) < 1e-3
    assert last.loc["wax", "excess_demand"] < -0.9
