"""A market in shards is the market in one piece."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from helpers.towns import BAKERS, town
from rich.console import Console

from market import compare, loads, plots
from market.economy.reductions import Largest, add_up, run_locally
from market.interfaces.text.shards import shared as printed
from market.shards import Here, play_in_shards


def in_shards(scenario, shards):
    """The outcome of its auctioneer in so many shards of this process."""
    return play_in_shards(scenario, Here(), shards).outcomes["prices"]


@pytest.mark.parametrize("shards", [1, 7])
@pytest.mark.parametrize(
    ("money", "more"), [("quasilinear", ""), ("quasilinear", BAKERS), ("fisher", BAKERS), ("exchange", "")]
)
@pytest.mark.parametrize("rule", ['rule = "newton"', "max_rounds = 2"])
def test_a_market_in_shards_is_the_market_in_one_piece(money, more, shards, rule):
    scenario = town(money, more=more, buyers=60, tasters=30, rule=rule)
    whole = compare(scenario)
    one, report = whole.outcomes["prices"], whole.alignments["prices"]
    many = in_shards(scenario, shards)
    assert (many.status, many.rounds) == (one.status, one.rounds)
    assert many.prices == pytest.approx(one.prices, rel=1e-12)
    assert many.disequilibrium == pytest.approx(one.disequilibrium, rel=1e-9, abs=1e-13)
    for name in ("consumption", "production", "payments", "utilities", "payoffs"):
        size = np.abs(getattr(one, name)).max() or 1.0
        if name == "payments":
            size = float((one.consumption @ one.prices).max())
        assert getattr(many, name) == pytest.approx(getattr(one, name), rel=1e-12, abs=1e-12 * size), name
    assert many.revenue == pytest.approx(one.revenue, rel=1e-12, abs=1e-10)
    assert many.max_regret == pytest.approx(one.max_regret, rel=1e-9, abs=1e-12)
    assert many.ended.consumed == pytest.approx(one.consumption.sum(axis=0), rel=1e-12)
    assert many.ended.utilities.lowest == pytest.approx(one.utilities.min(), rel=1e-12)
    assert many.alignment.efficient in (report.efficient, None)
    if many.status.settled and many.alignment.efficient:
        assert many.alignment.negishi_weights == pytest.approx(report.negishi_weights, rel=1e-6)


def test_a_free_good_clears_in_shards():
    text = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
commons = { water = 1000.0, bread = 5.0 }
mechanisms = [{ name = "prices", kind = "auctioneer" }]
[[agents]]
name = "a"
count = 9
[agents.utility]
family = "quadratic"
weights = { water = 1.0, bread = 2.0 }
slope = { water = 1.0, bread = 1.0 }
"""
    one, many = compare(loads(text)).outcomes["prices"], in_shards(loads(text), 4)
    assert many.prices[0] == one.prices[0] == 0.0
    assert many.status == one.status == "cleared"
    assert many.consumption == pytest.approx(one.consumption, rel=1e-12)


@pytest.mark.parametrize("rule", ["", "max_rounds = 2"])
def test_the_rounds_of_a_market_in_shards_are_those_of_the_market_in_one_piece(rule):
    scenario = town(buyers=60, tasters=30, more=BAKERS, rule=rule)
    one, many = compare(scenario).rounds, play_in_shards(scenario, Here(), 4).rounds
    pd.testing.assert_frame_equal(many, one, rtol=1e-9, atol=1e-9)


def test_the_figure_of_a_market_in_shards_shows_its_rounds():
    second = '[[mechanisms]]\nname = "slowly"\nkind = "auctioneer"\nmax_rounds = 4'
    shared = play_in_shards(town(buyers=20, tasters=4, more=second), Here(), 3)
    prices, excess = plots.shards_overview(shared).axes
    assert (prices.get_title(loc="left"), excess.get_title(loc="left")) == ("Prices", "Excess demand")
    for axes, column in ((prices, "price"), (excess, "excess_demand")):
        panels = {panel.get_title(loc="left"): panel for panel in axes.child_axes}
        assert sorted(panels) == ["prices", "slowly"]
        for mechanism, panel in panels.items():
            lines = {line.get_label(): line.get_ydata() for line in panel.get_lines()}
            for good in ("water", "bread"):
                rows = (shared.rounds["mechanism"] == mechanism) & (shared.rounds["good"] == good)
                assert np.array_equal(lines[good], shared.rounds[rows][column])


def test_prices_of_more_goods_than_are_printed_are_counted():
    goods = [f"g{k}" for k in range(22)]
    each = ", ".join(f"{good} = 1.0" for good in goods)
    text = f"""
schema = 1
economy = "quasilinear"
goods = {json.dumps(goods)}
commons = {{ {each} }}
mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
agents = [{{ name = "a", count = 3, utility = {{ family = "log", weights = {{ {each} }} }} }}]
"""
    console = Console(width=80)
    with console.capture() as captured:
        console.print(printed(play_in_shards(loads(text), Here(), 2), 80))
    assert "price of g19 " in captured.get()
    assert "price of g20 " not in captured.get()
    assert "prices of 2 other goods" in captured.get()


def test_sums_are_added_in_their_order():
    parts = [(0.1,), (0.2,), (0.3,)]
    assert add_up(parts) == ((0.1 + 0.2) + 0.3,)
    assert add_up(parts[::-1]) != add_up(parts)
    assert add_up([(Largest(2.0),), (Largest(5.0),), (Largest(1.0),)])[0].value == 5.0


def test_a_local_reduction_is_sent_its_own_sums():
    def work():
        first = yield (1.0,)
        second = yield (first[0] + 1.0, 7.0)
        return first, second

    assert run_locally(work()) == ((1.0,), (2.0, 7.0))
