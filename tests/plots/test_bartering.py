"""Figures of barter against the numbers that they show."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.figure_tests import line
from matplotlib.figure import Figure

import market
from market import plots
from market.interfaces.dashboard.scene import Choice, set_up
from market.plots.bartering import has_barter_prices, has_dispersion

TWO = """
schema = 1
economy = "exchange"
goods = ["bread", "wine"]
numeraire = "wine"
agents = [
    { name = "ann", endowment = { bread = 9.0, wine = 1.0 }, utility = { family = "log", weights = { bread = 0.4, wine = 0.6 } } },
    { name = "bob", endowment = { bread = 1.0, wine = 4.0 }, utility = { family = "log", weights = { bread = 0.5, wine = 0.5 } } },
]
mechanisms = [
    { name = "prices", kind = "auctioneer" },
    { name = "swaps", kind = "barter", rule = "random", tolerance = 0.05 },
]
"""  # noqa: E501


@pytest.fixture(scope="module")
def comparison():
    return market.compare(market.loads(TWO))


def axes():
    return Figure(figsize=(5, 4)).add_subplot()


def test_prices_of_single_trades_are_those_of_the_table(comparison):
    ax = plots.barter_prices(comparison, axes())
    trades = comparison.trades
    np.testing.assert_allclose(line(ax, "swaps"), trades[["round", "price"]].to_numpy(dtype=float))
    p = comparison.outcomes["prices"].prices
    assert line(ax, "competitive price")[0, 1] == pytest.approx(p[0] / p[1])
    assert ax.get_ylabel() == "price of bread (wine)"


def test_dispersion_is_what_was_observed(comparison):
    ax = plots.dispersion(comparison, axes())
    seen = comparison.observations.query("measure == 'sd_ln_mrs'")["value"]
    np.testing.assert_allclose(line(ax, "swaps")[:, 1], seen)
    assert ax.get_yscale() == "log"


def test_the_path_in_the_box_leads_from_the_endowment_to_the_outcome(comparison):
    ax = plots.edgeworth_box(comparison, axes())
    path = line(ax, "trades, swaps")
    np.testing.assert_allclose(path[0], [9.0, 1.0])
    np.testing.assert_allclose(path[-1], comparison.outcomes["swaps"].consumption[0])
    assert len(path) == len(comparison.trades) + 1


def test_prices_of_several_goods_are_relative():
    text = TWO.replace('["bread", "wine"]', '["bread", "wine", "oil"]').replace(
        "wine = 1.0 }", "wine = 1.0, oil = 2.0 }"
    )
    text = text.replace("wine = 0.6", "wine = 0.6, oil = 1.0").replace("wine = 0.5", "wine = 0.5, oil = 0.3")
    found = market.compare(market.loads(text.replace('"random", tolerance = 0.05', '"walras"')))
    ax = plots.barter_prices(found, axes())
    p, trades = found.outcomes["prices"].prices, found.outcomes["swaps"].trades
    expected = trades.price * p[trades.paid_in] / p[trades.good]
    np.testing.assert_allclose(line(ax, "swaps")[:, 1], expected)
    alone = market.compare(market.loads(text.replace('"random", tolerance = 0.05', '"walras"')), ["swaps"])
    assert plots.barter_prices(alone, axes()).get_ylabel() == "price / that of last trades"


def test_figures_of_barter_need_barter(comparison):
    alone = market.compare(market.loads(TWO), ["prices"])
    assert not has_barter_prices(alone)
    assert not has_dispersion(alone)
    assert has_barter_prices(comparison)
    assert has_dispersion(comparison)


def test_the_dashboard_steps_barter():
    """Both figures are drawn anew in every round, and those of the box move."""
    scene = set_up(Choice(market.loads(TWO), "swaps"), lambda _: None)
    seen = []
    for _ in range(3):
        scene.play.step()
        pictures = scene.pictures(scene.compared())
        by_title = {picture.title: picture for picture in pictures}
        assert "Edgeworth box" in by_title
        seen.append(by_title["Dispersion of marginal rates of substitution"].still)
    assert len(set(seen)) == 3
    assert all(seen)
