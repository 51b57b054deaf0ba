"""Printed results agree with the terminal; their HTML has the same cells."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

import market
from market.interfaces.text import views

SCENARIOS = Path(__file__).parents[3] / "scenarios"

HAGGLE = """
schema = 1
title = "Water & <wine>"
economy = "quasilinear"
goods = ["water"]
commons = { water = 10.0 }
agents = [
  { name = "alpha", utility = { family = "log", weights = { water = 1.0 } } },
  { name = "beta", utility = { family = "log", weights = { water = 1.0 } } },
]
mechanisms = [
  { name = "first mover", kind = "unmediated", game = "seize", movers = ["alpha"] },
  { name = "prices", kind = "auctioneer" },
]
"""


@pytest.fixture(scope="module")
def compared():
    return market.compare(market.loads(HAGGLE))


def test_printed_comparison_is_the_text_of_the_command(shell, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "haggle.toml"
    file.write_text(HAGGLE)
    _, printed, _ = shell("run", str(file), "--out", str(tmp_path), "--no-figures")
    assert str(market.compare(market.load(file))) in printed


def test_printed_comparison_is_as_wide_as_the_terminal(compared, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, str(compared).splitlines())) <= 60
    monkeypatch.setenv("COLUMNS", "3")  # a wrong setting: 80
    assert 60 < max(map(len, str(compared).splitlines())) <= 80
    assert "\x1b" not in str(compared)


def test_html_has_the_cells_of_the_text(compared):
    page = compared._repr_html_()
    cells = set(map(html.unescape, re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page)))
    for word in ("Status", "cleared", "Consumption of water", "beta", "-inf", "Pareto improvement?", "0.2"):
        assert word in cells, word
    assert "Water &amp; &lt;wine&gt;" in page
    assert page.count("<table") == 1


def test_profit_that_is_rounding_of_revenue_is_zero():
    """Constant returns: the dairy sells for 35 what costs 35, up to the last digits."""
    printed = str(market.compare(market.load(SCENARIOS / "two_by_two.toml"), ["prices"]))
    profits = printed.split("Profit of producers")[1].splitlines()[1:3]
    assert [line.split() for line in profits] == [["bakery", "0"], ["dairy", "0"]]


def test_no_range_of_prices_is_shown_for_a_good_that_no_agent_wants():
    """Any price of it clears, as there is none of it: the range would say nothing."""
    unwanted = HAGGLE.replace('goods = ["water"]', 'goods = ["water", "sand"]')
    compared = market.compare(market.loads(unwanted), ["prices"])
    assert compared.alignments["prices"].price_interval["sand"] == (0.0, float("inf"))
    assert "or more]" not in str(compared)


def test_repr_stays_one_line(compared):
    found = market.equilibria(market.loads(HAGGLE), starts=5)
    for shown in (
        compared,
        compared.outcomes["prices"],
        compared.alignments["prices"],
        found,
        found.found[0],
    ):
        assert len(repr(shown)) < 120, repr(shown)
        assert "\n" not in repr(shown)


@pytest.mark.parametrize("name", sorted(views._VIEWS))
def test_every_view_is_of_a_class_that_asks_for_it(name):
    from market import shards, sweep
    from market.display import Displayed
    from market.efficiency.welfare_measures import Variation
    from market.equilibrium import Equilibria
    from market.results.contributions import Contributions
    from market.results.games.contributions import GameContributions
    from market.results.games.equilibria import GameEquilibria

    homes = {
        "Shared": shards.Shared, "Sweep": sweep.Sweep, "Equilibria": Equilibria, "Variation": Variation,
        "Contributions": Contributions, "GameContributions": GameContributions,
        "GameEquilibria": GameEquilibria,
    }  # fmt: skip
    kind = homes.get(name) or getattr(market, name)
    assert issubclass(kind, Displayed)


def test_equilibria_are_printed_as_by_their_command():
    found = market.equilibria(market.loads(HAGGLE), starts=5)
    assert str(found).startswith("Competitive equilibria\n2 agents, 1 good (water); ")
    assert "Index" in found._repr_html_()
