"""Claims of the notebook "Trade without an auctioneer", on the scenarios that it plays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def load(name, *changes):
    return market.load(SCENARIOS / f"{name}.toml", changes)


@cache
def played(name, *changes):
    return market.compare(load(name, *changes))


def of_days(measure):
    """Return a mean over the days of Smith's market, by kind of traders."""
    kinds = ("random", "constrained", "zip")
    return {name: played("smith").outcomes[name].evidence[measure] for name in kinds}


def test_without_gold_nothing_moves_and_the_report_names_an_exchange_of_three():
    outcome = played("gold").outcomes["without gold"]
    assert outcome.status is market.Status.SETTLED
    assert len(outcome.trades) == 0
    for gift in (
        "baker gives 1 bread to fisher",
        "dairy gives 1 cheese to baker",
        "fisher gives 1 fish to dairy",
    ):
        assert gift in outcome.reason
    assert not played("gold").alignments["without gold"].efficient


def test_half_of_all_goods_would_leave_everybody_as_well_off():
    """u = own + other for who holds one of the own and wants the other: 1.1 of 2.1 reaches what all have."""
    assert played("gold").alignments["without gold"].resource_utilisation == pytest.approx(
        1.1 / 2.1, rel=1e-6
    )


def test_with_a_little_gold_pairs_reach_what_no_joint_change_improves():
    for name in ("barter", "everything for gold"):
        assert played("gold").outcomes[name].status is market.Status.SETTLED
        assert played("gold").alignments[name].efficient


def test_prices_of_the_bazaar_disagree_at_first_and_agree_in_the_end():
    outcome = played("bazaar").outcomes["anyone"]
    trades = outcome.trades
    order = np.argsort(trades.round, kind="stable")
    price = trades.price[order]
    some = max(len(price) // 20, 5)
    assert np.log(price[:some]).std() > 10 * np.log(price[-some:]).std()


def test_traders_who_know_nothing_make_nothing_and_those_who_refuse_a_loss_nearly_all():
    made = {
        name: played("smith").outcomes[name].evidence["mean_efficiency"]
        for name in ("random", "constrained", "zip")
    }
    assert made["random"] == pytest.approx(
        0.0, abs=1e-9
    )  # in the end all have traded: values less costs are 0
    assert 0.95 < made["constrained"] < 1.0
    assert made["zip"] > 0.99


def test_their_prices_are_off_and_only_traders_who_learn_come_near():
    off = {
        name: played("smith").outcomes[name].evidence["mean_alpha"]
        for name in ("random", "constrained", "zip")
    }
    assert off["random"] > off["constrained"] > off["zip"]
    assert 10 < off["constrained"] < 30
    assert off["zip"] < 6


def test_a_seller_of_ones_own_asks_what_its_class_says():
    class Believer(market.Trader):
        def quote(self, book):
            return max(200.0, book.limit)

    outcome = market.MarketModel(load("smith"), "constrained", traders={"seller 75": Believer}).run()
    own = outcome.trades.seller == outcome.economy.agents.index("seller 75")
    assert own.any()
    assert (outcome.trades.price[own] >= 200.0).all()
    assert len(np.unique(outcome.trades.day[own])) < 20  # who waits sometimes waits in vain


def test_three_firms_that_know_their_power_leave_a_sixteenth_of_the_surplus():
    """Cournot: each sells (12 - 2) / (3 + 1) = 2.5; lost is (10 - 7.5)^2 / 2 = 3.125 of 10^2 / 2 = 50."""
    firms = played("cournot").outcomes["firms"]
    assert firms.status is market.Status.NASH
    assert firms.prices[0] == pytest.approx(4.5, rel=1e-6)
    assert played("cournot").alignments["firms"].surplus_gap == pytest.approx(3.125, rel=1e-6)


def test_more_firms_lose_less_with_the_square_of_their_number():
    """(10 / (n + 1))^2 / 2."""
    for n in (1, 5, 10):
        compared = market.compare(load("cournot", f"agents.firm.count={n}"), ["firms", "planner"])
        assert compared.alignments["firms"].surplus_gap == pytest.approx((10 / (n + 1)) ** 2 / 2, rel=1e-5)


def test_firms_that_all_reply_at_once_never_settle():
    assert played("cournot").outcomes["all at once"].status is market.Status.CYCLING
