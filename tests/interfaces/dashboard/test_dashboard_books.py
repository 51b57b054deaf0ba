"""The order book of a day on the page, trade by trade."""

from __future__ import annotations

from helpers.books import EXCHANGE, SMITH, unit_market

import market
from market.interfaces.dashboard.pictures import FIRST_TRADE
from market.interfaces.dashboard.scene import Choice, set_up


def pictures(scene):
    """Return the pictures of a scene by title."""
    return {picture.title: picture for picture in scene.pictures(scene.compared())}


def test_the_book_of_the_day_grows_with_each_trade_and_begins_anew():
    """Before the first trade it is awaited; afterwards what moves grows until the day is over."""
    scene = set_up(Choice(market.loads(unit_market(*SMITH, 400, "days = 2")), "pit"), lambda name: None)
    assert pictures(scene)["Order book of the day"].awaited == FIRST_TRADE
    sizes, days = [], []
    while not scene.play.over:
        scene.play.step()
        shown = pictures(scene)["Order book of the day"]
        days.append(scene.play.model.state.day.number)
        sizes.append(len(shown.moving))
    first = days.count(1)
    assert sizes[:first] == sorted(set(sizes[:first]))
    assert sizes[first] < sizes[first - 1]
    assert pictures(scene)["Order book of the day"].still
    assert pictures(scene)["Lots and trades"].still


def test_exchange_has_a_book_without_steps():
    """Values of lots depend on what is paid, so there is no staircase to draw."""
    scene = set_up(Choice(market.loads(EXCHANGE.replace("LOT", "0.5")), "pit"), lambda name: None)
    scene.play.step()
    shown = pictures(scene)
    assert shown["Order book of the day"].moving
    assert "Lots and trades" not in shown
