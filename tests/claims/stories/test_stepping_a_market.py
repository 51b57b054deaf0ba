"""Claims of the notebook "Stepping a market": traders that haggle, err and manipulate."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market

SCENARIO = market.load(Path(__file__).parents[3] / "scenarios" / "commons.toml")
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
TEXTBOOK = """
[[mechanisms]]
name = "textbook"
kind = "auctioneer"
rule = "additive"
step = STEP
initial_prices = { water = 0.3 }
"""


def scaled(factor):
    class Manipulator(market.Trader):
        def demand(self, prices):
            return factor * super().demand(prices)

    return Manipulator


def play(factors, scenario=SCENARIO):
    traders = {name: scaled(factor) for name, factor in factors.items()}
    return market.MarketModel(scenario, "prices", traders=traders).run()


@cache
def honest():
    return play({})


@cache
def haggled():
    return play({"alpha": 0.9})


def gain(factor):
    return play({"alpha": factor}).payoffs - honest().payoffs


def test_a_trader_would_buy_more_than_it_has_if_trade_stops():
    model = market.MarketModel(SCENARIO, "prices")
    model.step()
    alpha = model.trader("alpha")
    assert alpha.demand(np.array([0.1]))[0] == 10.0
    assert alpha.consumption[0] == 1.0


def test_payoffs_of_the_commons_at_prices():
    model = market.MarketModel(SCENARIO, "prices")
    model.run()
    total = model.agents_by_type[market.Trader].agg("payoff", sum)
    assert np.isclose(total, 2 * (np.log(5.0) - 1.0))


def textbook(step):
    model = market.MarketModel(market.loads(SCENARIO.text + TEXTBOOK.replace("STEP", str(step))), "textbook")
    for _ in range(24):
        model.step()
    return model


def test_a_step_a_little_too_large_jumps_from_side_to_side_and_comes_nearer():
    """The slope of excess demand at 0.2 is -50: a round multiplies the distance by 1 - 50 k = -0.8."""
    prices = textbook(0.036).datacollector.get_model_vars_dataframe()["price[water]"].to_numpy()
    assert (np.sign(prices[1:13] - 0.2) == [-1, 1] * 6).all()
    near = prices[-6:] - 0.2
    np.testing.assert_allclose(near[1:] / near[:-1], 1.0 - 50.0 * 0.036, atol=0.03)


def test_a_step_beyond_two_over_the_slope_cycles():
    assert textbook(0.045).run().status is market.Status.CYCLING


def test_haggling_pays_and_pays_the_other_more():
    alpha, beta = haggled().payoffs
    assert beta > alpha > honest().payoffs[0]
    assert market.alignment(haggled()).surplus_gap == pytest.approx(0.1**2 / 4, rel=0.15)


def test_two_hagglers_share_equally_and_cheaply():
    both = play({"alpha": 0.9, "beta": 0.9})
    np.testing.assert_allclose(both.consumption[:, 0], 5.0, rtol=1e-7)
    np.testing.assert_allclose(both.revenue, 0.9 * honest().revenue, rtol=1e-7)
    assert market.alignment(both).surplus_gap < 1e-9


def test_a_haggler_forgoes_what_it_would_like_at_the_price():
    assert haggled().regret[0] == pytest.approx(-0.1 - np.log(0.9), rel=1e-6)
    assert haggled().regret[1] < 1e-9
    assert haggled().reason.endswith("; alpha, which follows its own rule, forgoes 0.0054 in payoff.")


class Erring(market.Trader):
    def demand(self, prices):
        return super().demand(prices) * self.model.rng.lognormal(0.0, 0.1, len(prices))


def test_a_price_that_comes_to_rest_does_not_clear_the_market_of_a_trader_that_errs():
    def erring():
        short = market.load(SCENARIO.file, ["mechanisms.prices.max_rounds=200"])
        return market.MarketModel(short, "prices", traders={"alpha": Erring})

    model = erring()
    outcome = model.run()
    assert outcome.status is market.Status.MAX_ROUNDS
    np.testing.assert_array_equal(outcome.prices, erring().run().prices)
    late = model.datacollector.get_model_vars_dataframe()[100:]
    assert np.ptp(late["price[water]"]) < 1e-6
    assert late["excess_demand[water]"].std() > 0.3  # ten per cent of alpha's five units is half a unit
    assert abs(late["price[water]"].mean() - 0.2) < 0.02


@pytest.mark.parametrize("factor", [0.3, 0.5, 0.9, 1.2])
def test_payoff_of_a_misreport_is_that_of_the_formula(factor):
    known = np.log(10 * factor / (factor + 1)) - factor
    assert play({"alpha": factor}).payoffs[0] == pytest.approx(known, rel=1e-6)


def test_the_best_misreport_is_the_golden_ratio():
    best = gain(GOLDEN)[0]
    assert all(gain(factor)[0] < best for factor in (0.55, 0.6, 0.64, 0.7))


def test_reporting_too_little_or_too_much_does_not_pay():
    assert all(gain(factor)[0] < 0 for factor in (0.3, 0.35, 1.05, 1.2))
    assert all(gain(factor)[0] > 0 for factor in (0.37, 0.6, 0.95))


def crowd(n):
    return market.loads(f"""
        schema = 1
        economy = "quasilinear"
        goods = ["water"]
        commons = {{ water = {5 * n} }}
        mechanisms = [{{ name = "prices", kind = "auctioneer" }}]

        [[agents]]
        name = "villager"
        count = {n}
        utility = {{ family = "log", weights = {{ water = 1.0 }} }}
    """)


def test_among_many_buyers_misreporting_hardly_pays():
    """The best report solves k^2 + (n - 1) k = n - 1."""
    gains = []
    for n in (2, 3, 5, 10, 30, 100):
        truth = play({}, crowd(n)).payoffs[0]
        k = (np.sqrt((n - 1) ** 2 + 4 * (n - 1)) - (n - 1)) / 2
        gains.append(play({"villager[0]": k}, crowd(n)).payoffs[0] - truth)
        for other in (0.98 * k, 1.02 * k):
            assert play({"villager[0]": other}, crowd(n)).payoffs[0] - truth < gains[-1]
    assert min(gains) > 0
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] < 1e-4


def test_if_both_manipulate_the_outcome_is_efficient_and_cheap_and_stable():
    """Reports of k = (n - 1) / n = 1 / 2 are best replies to one another."""
    cunning = play({"alpha": 0.5, "beta": 0.5})
    np.testing.assert_allclose(cunning.consumption[:, 0], 5.0, rtol=1e-6)
    np.testing.assert_allclose(cunning.revenue, 0.5 * honest().revenue, rtol=1e-6)
    for other in (0.45, 0.55):
        assert play({"alpha": other, "beta": 0.5}).payoffs[0] < cunning.payoffs[0]
