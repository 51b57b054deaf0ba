"""Traders of a user's class that quote in a book: what they see, and what is refused."""

from typing import ClassVar

import pytest
from helpers.books import SMITH, book, unit_market

import market
from market.errors import NumericalError
from market.outcome import Status

PAIR = unit_market((40,), (10,), 50)


class Noting(market.Trader):
    """Notes what it sees, and says its limit."""

    seen: ClassVar[list] = []

    def quote(self, book):
        """Return the limit."""
        self.seen.append(book)
        return super().quote(book)


class Saying(market.Trader):
    """Says one thing."""

    words: object = None

    def quote(self, book):
        """Return the words."""
        return self.words


def saying(words):
    """A class of traders that say this."""
    return type("Said", (Saying,), {"words": words})


def test_a_trader_sees_its_side_limit_and_the_standing_quotes():
    """The seller offers at least 10; the buyer sees its value 40 and takes the standing offer."""
    Noting.seen.clear()
    model = market.MarketModel(market.loads(PAIR), traders={"b0": Noting})
    outcome = model.run()
    view = Noting.seen[-1]
    assert (view.good, view.buys, view.limit, view.low, view.high, view.lot) == (
        "g",
        True,
        40.0,
        1.0,
        50.0,
        1.0,
    )
    assert (view.traded, view.last, view.day) == (0, None, 1)
    assert outcome.status is Status.SETTLED
    price = float(outcome.trades.price[0])
    assert price in (40.0, view.ask)  # its own standing bid, or the offer that it took


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("forty", "a price from 1 to 50, or None, is needed"),
        (float("nan"), "a price from 1 to 50"),
        (0.5, "a price from 1 to 50"),
        (51.0, "a price from 1 to 50"),
        (45.0, "the bid 45, above the 40 that is its limit"),
    ],
)
def test_invalid_quotes_are_refused(words, message):
    """The message names the trader and what it said."""
    model = market.MarketModel(market.loads(PAIR), traders={"b0": saying(words)})
    with pytest.raises(NumericalError) as refused:
        model.run()
    assert message in str(refused.value)
    assert "b0" in str(refused.value)


def test_a_trader_without_constraint_may_trade_at_a_loss():
    """In a group of zi_u a quote beyond the limit is its own affair."""
    scenario = market.loads(unit_market((40,), (45,), 50, 'traders = { b0 = "zi_u" }'))
    outcome = market.MarketModel(scenario, traders={"b0": saying(50.0)}).run()
    assert len(outcome.trades) == 1
    assert outcome.payoffs[0] < 0


def test_a_silent_trader_waits_until_patience_is_over():
    """None is a quote that is none."""
    scenario = market.loads(unit_market((40,), (10,), 50, "patience = 30"))
    outcome = market.MarketModel(scenario, traders={"b0": saying(None)}).run()
    assert (outcome.status, len(outcome.trades)) == (Status.MAX_ROUNDS, 0)


def test_without_an_own_quote_traders_are_built_in():
    """A class that overrides demand alone leaves the book as it is."""

    class Demanding(market.Trader):
        def demand(self, prices):
            return super().demand(prices)

    scenario = market.loads(unit_market(*SMITH, 400))
    plain = market.MarketModel(scenario).run()
    other = market.MarketModel(scenario, traders={"b0": Demanding}).run()
    assert other.trades.price.tolist() == plain.trades.price.tolist()


def test_stepping_trade_by_trade_shows_agents_and_rounds():
    """Each step is a trade; holdings, payments and the collected rounds follow."""
    model = market.MarketModel(market.loads(book("days = 2")))
    model.step()
    outcome = model.outcome()
    assert len(outcome.trades) == 1
    assert outcome.status.value == "in_play"
    buyer = int(outcome.trades.buyer[0])
    assert model.traders[buyer].consumption.tolist() == [1.0]
    assert model.traders[buyer].payment == pytest.approx(float(outcome.trades.price[0]))
    model.run()
    collected = model.datacollector.get_model_vars_dataframe()
    assert collected["day"].tolist() == sorted(collected["day"])
    assert collected["quotes"].sum() == model.outcome().evidence["quotes"]
    quoted = collected.dropna()
    assert (quoted["bid"] <= quoted["ask"]).all()
