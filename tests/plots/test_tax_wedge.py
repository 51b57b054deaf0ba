"""The figure of wedge, incidence and deadweight triangle, against the numbers of the outcome.

At a tax of 2 in the market 12 - Q against 2 + Q: prices 8 and 6, 4 traded, free 7 and 5; both sides bear 4 of
the revenue of 8, and the triangle is 1.
"""

from pathlib import Path

import numpy as np
import pytest
from helpers.taxed_markets import TWO_BUYERS, edgeworth, one_each, text
from matplotlib.figure import Figure

import market
from market import plots
from market.errors import InputError
from market.plots.interventions import has_wedge
from market.plots.markets import has_one_price

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def drawn(scenario, mechanism=None):
    compared = market.compare(market.loads(scenario))
    ax = plots.tax_wedge(compared, Figure().add_subplot(), mechanism)
    return ax, [label.get_text().replace("\n", " ") for label in ax.get_legend().get_texts()]


def line(ax, words):
    return next(each for each in ax.lines if words in str(each.get_label()).replace("\n", " "))


def test_tax_is_drawn_as_a_wedge_with_its_incidence_and_the_triangle():
    ax, labels = drawn(one_each("tax.bread = 2"))
    wedge = line(ax, "wedge")
    assert wedge.get_xdata() == pytest.approx([4, 4])
    assert wedge.get_ydata() == pytest.approx([6, 8])
    assert line(ax, "without").get_xydata() == pytest.approx(np.array([[5, 7]]), abs=1e-6)
    assert "tax revenue, borne by buyers: 4" in labels
    assert "tax revenue, borne by sellers: 4" in labels
    assert "deadweight triangle: 1" in labels
    assert "consumer surplus: 8" in labels
    triangle = next(each for each in ax.collections if "deadweight" in str(each.get_label()))
    corners = triangle.get_paths()[0].get_extents()
    assert (corners.x0, corners.x1, corners.y0, corners.y1) == pytest.approx((4, 5, 6, 8), abs=1e-2)


def test_subsidy_and_quota_are_named_as_such():
    _, labels = drawn(one_each("tax.bread = -2"))
    assert "subsidy, to buyers: 6" in labels
    assert "deadweight triangle: 1" in labels
    ax, labels = drawn(one_each("quota.bread = 4"))
    assert "quota rent, borne by buyers: 4" in labels
    assert ax.get_title(loc="left").startswith("Quota")


def test_cap_shows_what_is_wanted_in_vain_and_what_the_triangle_leaves_out():
    ax, labels = drawn(text(TWO_BUYERS, "price_cap.bread = 4"))
    assert line(ax, "cap 4").get_xydata() == pytest.approx(np.array([[4, 4], [12, 4]]))
    assert "deadweight loss: 7.11 (triangle: 5.33)" in labels
    assert "consumer surplus: 22.2 (area: 24)" in labels


def test_figure_applies_to_interventions_alone():
    assert not has_wedge(market.compare(market.loads(one_each(""))))
    assert not has_wedge(market.compare(market.loads(edgeworth("tax_rate.bread = 0.5"))))
    taxed = market.compare(market.loads(one_each("tax.bread = 2")))
    assert has_wedge(taxed)
    assert not has_one_price(taxed)  # one price for both sides, as the figure of supply and demand shows
    with pytest.raises(InputError, match="no interventions of 'free' can be drawn"):
        plots.tax_wedge(taxed, Figure().add_subplot(), "free")


def test_overview_shows_the_wedge_beside_the_free_market():
    free = 'tax.bread = 2\n[[mechanisms]]\nname = "free"\nkind = "auctioneer"'
    compared = market.compare(market.loads(one_each(free)))
    titles = [ax.get_title(loc="left") for ax in plots.overview(compared).axes]
    assert "Supply and demand" in titles
    assert "Tax: taxed" in titles


def test_wedge_with_constant_costs_starts_from_the_amount_that_is_traded_without():
    """Supply at the price 3 of foreign steel is any amount, so that demand, 12 - 3, is what is traded."""
    compared = market.compare(market.load(SCENARIOS / "tariff.toml"))
    ax = plots.tax_wedge(compared, Figure().add_subplot(), "tax on all")
    assert line(ax, "without").get_xydata() == pytest.approx(np.array([[9, 3]]), abs=1e-6)
    assert "deadweight triangle: 2" in [words.get_text() for words in ax.get_legend().get_texts()]


def test_wedge_of_a_tax_on_harm_has_no_deadweight_triangle():
    """With smoke of 3 a unit the tax of 3 loses nothing, while 7 instead of 10 are made."""
    compared = market.compare(market.load(SCENARIOS / "smoke.toml"))
    ax = plots.tax_wedge(compared, Figure().add_subplot(), "tax")
    assert line(ax, "without").get_xydata() == pytest.approx(np.array([[10, 2]]), abs=1e-6)
    assert not any("deadweight" in words.get_text() for words in ax.get_legend().get_texts())
    assert "none may be sold" in compared.outcomes["ban"].reason
