"""Figures of order books show the trades that were made, and the price at which price takers would trade."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.books import EXCHANGE, SMITH, book, unit_market
from helpers.figure_tests import compared, line, words
from matplotlib.figure import Figure

from market import plots
from market.plots import books


@pytest.fixture(scope="module")
def smith():
    """Three days of Smith's market with single units."""
    return compared(unit_market(*SMITH, 400, "days = 3"))


@pytest.fixture
def ax():
    """An empty axes."""
    return Figure().add_subplot()


def test_a_point_for_each_trade_and_a_guide_at_the_competitive_price(smith, ax):
    """Trades of day d lie between d - 1 and d."""
    plots.trade_prices(smith, ax)
    trades = smith.outcomes["pit"].trades
    drawn = line(ax, "pit")
    np.testing.assert_array_equal(drawn[:, 1], trades.price)
    np.testing.assert_array_equal(np.ceil(drawn[:, 0]), trades.day)
    assert any("competitive price 200" in each for each in words(ax))
    assert line(ax, "competitive price 200")[:, 1].tolist() == [200.0, 200.0]


def test_each_trade_joins_the_value_and_cost_of_its_lot(smith, ax):
    """With constraint every price is between them."""
    plots.steps_and_trades(smith, ax)
    today = smith.outcomes["pit"].trades.on_day(3)
    joined = [each for each in ax.lines if len(each.get_xdata()) == 2 and each.get_color() == "0.55"]
    assert len(joined) == len(today)
    for each, price, buyer, seller in zip(joined, today.price, today.buyer, today.seller, strict=True):
        value, cost = each.get_ydata()
        assert (value, cost) == (SMITH[0][buyer], SMITH[1][seller - 11])
        assert cost <= price <= value


def test_the_book_has_the_standing_quotes_of_the_last_day(smith, ax):
    """Each trade is at the standing bid or the standing offer."""
    plots.order_book(smith, ax)
    day = books.book_of_day(smith, "pit")
    today = smith.outcomes["pit"].trades.on_day(3)
    np.testing.assert_array_equal(day[:, 2], today.price)
    assert all(price in (bid, ask) for bid, ask, price in day)
    np.testing.assert_array_equal(line(ax, "standing bid")[:, 1], day[:, 0])


def test_steps_are_not_drawn_where_limits_depend_on_money():
    """Under exchange the value of a lot changes with what is paid."""
    comparison = compared(EXCHANGE.replace("LOT", "0.5"))
    assert books.has_books(comparison)
    assert not books.has_limits(comparison)
    figure = plots.overview(comparison)
    assert any("gold" in ax.get_ylabel() for ax in figure.axes)


def test_without_trades_there_is_no_figure():
    """Nothing to show where nothing was traded."""
    assert not books.has_books(compared(unit_market((10,), (30,), 50)))
    assert books.has_books(compared(book("")))
