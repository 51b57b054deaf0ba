"""Continuous double auctions: exact answers, published markets, roles, budgets, days, and what is refused."""

import itertools
import math
from functools import cache

import numpy as np
import pytest
from helpers.books import EXCHANGE, SMITH, book, by_day, mean_and_error, played, unit_market
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.errors import InputError, ScenarioError
from market.mechanisms.base import played as states_of
from market.outcome import Status

VALUES, COSTS, LOW, HIGH = (40, 25), (10, 30), 1, 50
ALL_TRADE = (tuple(range(325, 224, -10)), tuple(range(75, 176, 10)))  # no extramarginal traders


@cache
def expected_surplus(bid=0, bidder=None, ask=HIGH + 1, asker=None):
    """Expected surplus of two buyers and two sellers with integer prices, from a state of the book.

    One of the four is drawn, then an integer of its range. A quote that is not better is lost, so that the
    state stays: `E = sum over other quotes / (1 - probability of staying)`. After the first trade one pair is
    left, and trades if it gains.
    """
    total, stays = 0.0, 0.0
    for agent, value in enumerate(VALUES):
        for price in range(LOW, value + 1):
            weight = 0.25 / (value - LOW + 1)
            if asker is not None and price >= ask:
                total += weight * first_trade(agent, asker)
            elif price > bid:
                total += weight * expected_surplus(price, agent, ask, asker)
            else:
                stays += weight
    for agent, cost in enumerate(COSTS):
        for price in range(cost, HIGH + 1):
            weight = 0.25 / (HIGH - cost + 1)
            if bidder is not None and price <= bid:
                total += weight * first_trade(bidder, agent)
            elif price < ask:
                total += weight * expected_surplus(bid, bidder, price, agent)
            else:
                stays += weight
    return total / (1.0 - stays)


def first_trade(buyer, seller):
    """The surplus of a first trade, and of the pair that it leaves."""
    return VALUES[buyer] - COSTS[seller] + max(VALUES[1 - buyer] - COSTS[1 - seller], 0)


def test_expected_surplus_agrees_with_a_dynamic_programme():
    """Whole prices from 1 to 50: 28.05050909 of 30, both by the programme and within 4 standard errors."""
    assert expected_surplus() == pytest.approx(28.05050909, abs=1e-8)
    outcome = played(unit_market(VALUES, COSTS, HIGH, "tick = 1.0\ndays = 4000"), seed=1)
    shares = [gains / 30.0 for gains, _, _ in by_day(outcome)]
    mean, error = mean_and_error(shares)
    assert mean == pytest.approx(0.93501697, abs=4.0 * error)
    assert error < 0.002
    assert outcome.evidence["mean_efficiency"] == pytest.approx(mean, rel=1e-12)
    assert (outcome.trades.price == np.round(outcome.trades.price)).all()


def test_traders_without_constraint_leave_no_surplus_in_smiths_market():
    """All 22 trade: the sum of values is that of costs, so the surplus is 0 to the last bit."""
    outcome = played(unit_market(*SMITH, 400, 'traders = "zi_u"\ndays = 60'))
    days = by_day(outcome)
    assert {gains for gains, _, _ in days} == {0.0}
    assert {count for _, _, count in days} == {11}
    assert outcome.utilities.sum() == 0.0
    assert outcome.evidence["efficiency"] == 0.0
    price, error = mean_and_error([prices.mean() for _, prices, _ in days])
    assert price == pytest.approx(200.6, abs=4.0 * math.hypot(error, 0.8))


@pytest.mark.parametrize(
    ("values", "costs", "competitive", "most", "efficiency", "price", "alpha"),
    [
        (*SMITH, 200, 750, (0.9637, 0.0010), (200.3, 0.3), (19.8, 0.2)),
        ((300,) * 11, (100,) * 6, 300, 1200, (1.0, 0.0), (232.5, 0.5), (28.0, 0.3)),
        ((300,) * 6, (100,) * 11, 100, 1200, (1.0, 0.0), (166.6, 0.5), (82.7, 0.5)),
        (*ALL_TRADE, 200, 1650, (1.0, 0.0), (199.7, 0.5), (23.0, 0.2)),
    ],
)  # fmt: skip
def test_constrained_traders_as_measured(values, costs, competitive, most, efficiency, price, alpha):
    """Efficiency, mean price and alpha of 2,000 days; here of 150, within 4 standard errors of both."""
    outcome = played(unit_market(values, costs, 400, "tick = 1.0\ndays = 150"), seed=3)
    days = by_day(outcome)
    found = (
        [gains / most for gains, _, _ in days],
        [prices.mean() for _, prices, _ in days],
        [100 * np.sqrt(np.mean((prices - competitive) ** 2)) / competitive for _, prices, _ in days],
    )
    for numbers, (measured, its_error) in zip(found, (efficiency, price, alpha), strict=True):
        mean, error = mean_and_error(numbers)
        assert mean == pytest.approx(measured, abs=4.0 * math.hypot(error, its_error) + 1e-9)


def test_a_pair_without_gain_does_not_trade():
    """The sixth buyer and seller of Smith's market, 200 and 200: days end with strict gains, not with them.

    With eleven sellers at 200 five pairs gain: the mean price of their trades is (6 * 215.1 - 200) / 5 where
    215.1 counts the sixth trade, at 200.
    """
    outcome = played(unit_market(SMITH[0], (200,) * 11, 400, "days = 150"))
    days = by_day(outcome)
    assert {count for _, _, count in days} == {5}
    assert outcome.evidence["mean_efficiency"] == pytest.approx(1.0)
    mean, error = mean_and_error([prices.mean() for _, prices, _ in days])
    assert mean == pytest.approx((6 * 215.1 - 200) / 5, abs=4.0 * math.hypot(error, 0.25))


@pytest.mark.parametrize(
    ("values", "costs", "high", "competitive", "price", "alpha"),
    [
        (*SMITH, 400, 200, (199.98, 0.10), (1.28, 0.04)),
        (*ALL_TRADE, 400, 200, (192.2, 0.8), (8.4, 0.8)),
        ((100,) * 5, (80,) * 5, 200, 90, (88.5, 0.3), (5.1, 0.3)),
    ],
)
def test_zip_traders_come_near_the_competitive_price(values, costs, high, competitive, price, alpha):
    """The tenth day: all gains are made, at prices that alpha says are near, in 12 runs."""
    runs = []
    for seed in range(12):
        outcome = played(unit_market(values, costs, high, 'traders = "zip"\ndays = 10'), seed=seed)
        runs.append(by_day(outcome)[-1])
        assert outcome.status is Status.SETTLED
        assert outcome.evidence["efficiency"] == pytest.approx(1.0)
    found = (
        [prices.mean() for _, prices, _ in runs],
        [100 * np.sqrt(np.mean((prices - competitive) ** 2)) / competitive for _, prices, _ in runs],
    )
    for numbers, (measured, its_error) in zip(found, (price, alpha), strict=True):
        mean, error = mean_and_error(numbers)
        assert mean == pytest.approx(measured, abs=4.0 * math.hypot(error, its_error))


def test_zip_margins_are_kept_from_day_to_day():
    """On the first day prices are farther from the competitive one than on the tenth."""
    keys = 'traders = "zip"\ndays = 10'
    runs = [by_day(played(unit_market(*SMITH, 400, keys), seed=seed)) for seed in range(3)]
    first, last = (np.mean([np.std(days[day][1] - 200.0) for days in runs]) for day in (0, -1))
    assert last < 0.5 * first


@pytest.mark.parametrize(
    ("lot", "share", "error"), [(2.0, 0.9567, 0.0007), (1.0, 0.9893, 0.0002), (0.5, 0.9964, 0.0002)]
)
def test_smaller_lots_raise_efficiency_and_not_the_price(lot, share, error):
    """Divisible goods: p* = 26/3 and W* = 200/3, while prices stay near 8.12, 20 % off."""
    outcome = played(book("days = 40", lot=lot), seed=2)
    days = np.arange(1, 41)
    economy = outcome.economy
    surplus = []
    for day in days:
        bought, _ = outcome.trades.on_day(int(day)).net(*economy.shape)
        made = np.maximum(-bought, 0.0)
        surplus.append((economy.utility(np.maximum(bought, 0.0)) - economy.cost(made)).sum())
    mean, own = mean_and_error(np.array(surplus) / (200.0 / 3.0))
    assert mean == pytest.approx(share, abs=4.0 * math.hypot(own, error))
    if lot < 2.0:
        assert outcome.trades.price.mean() == pytest.approx(8.12, abs=0.15)
    assert outcome.evidence["mean_alpha"] == pytest.approx(20.0, abs=1.5)
    assert outcome.evidence["efficiency_divisible"] == pytest.approx(surplus[-1] / (200.0 / 3.0), rel=1e-9)


def test_the_price_range_moves_prices_where_first_lots_are_worth_infinitely_much():
    """Two log agents and 10 units in lots of 0.1: the competitive price is 0.2, the mean price 0.357."""
    text = """
    schema = 1
    economy = "quasilinear"
    goods = ["water"]
    commons = { water = 10.0 }
    agents = [{ name = "x", count = 2, utility = { family = "log", weights = { water = 1.0 } } }]
    [[mechanisms]]
    name = "pit"
    kind = "double_auction"
    price_range = [0.0, 1.0]
    lot = 0.1
    days = 30
    """
    outcome = played(text)
    means = [outcome.trades.on_day(day).price.mean() for day in range(1, 31)]
    mean, error = mean_and_error(means)
    assert mean == pytest.approx(0.357, abs=4.0 * error)
    assert outcome.utilities.sum() == pytest.approx(2.0 * math.log(5.0), abs=2e-3)
    assert outcome.consumption.sum() == pytest.approx(10.0)
    assert "efficiency" not in outcome.evidence  # gains from an empty hand have no upper limit
    assert outcome.evidence["loss_in_lots"] < 2e-3
    assert outcome.revenue == pytest.approx(outcome.payments.sum())
    assert outcome.revenue == pytest.approx(0.1 * outcome.trades.on_day(30).price.sum())


integers = st.integers(1, 60)


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(integers, min_size=1, max_size=5),
    costs=st.lists(integers, min_size=1, max_size=5),
    kind=st.sampled_from(("zi_c", "zip", "truthful")),
    clearing=st.sampled_from(("continuous", "call")),
    tick=st.sampled_from((0.0, 1.0)),
    seed=st.integers(0, 99),
)
def test_constrained_traders_never_lose(values, costs, kind, clearing, tick, seed):
    """No trade is a loss, money is conserved, and no surplus exceeds the best in lots."""
    kind = "zi_c" if clearing == "call" and kind == "zip" else kind
    keys = f'clearing = "{clearing}"\ntraders = "{kind}"\ntick = {tick}\ndays = 2\npatience = 200'
    outcome = played(unit_market(values, costs, 60, keys), seed=seed)
    all_costs = np.concatenate([np.zeros(len(values)), costs])
    all_values = np.concatenate([values, np.zeros(len(costs))])
    trades = outcome.trades
    assert (trades.price <= all_values[trades.buyer] * (1 + 1e-12)).all()
    assert (trades.price >= all_costs[trades.seller] * (1 - 1e-12)).all()
    assert (outcome.payoffs >= -1e-9).all()
    assert outcome.payments.sum() == pytest.approx(0.0, abs=1e-9)
    best = sum(max(v - c, 0) for v, c in zip(sorted(values)[::-1], sorted(costs), strict=False))
    assert outcome.utilities.sum() <= best + 1e-9
    assert outcome.evidence.get("efficiency", 0.0) <= 1.0 + 1e-12
    assert outcome.evidence["loss_in_lots"] == pytest.approx(best - outcome.utilities.sum(), abs=1e-9)


def test_units_of_money_and_goods_do_not_matter():
    """Prices in cents and goods in thousandths: the same trades, verdict and efficiency."""
    plain = played(book("days = 3", lot=0.5))
    agents = (
        '[[agents]]\nname = "x"\ncount = 4\n'
        'utility = { family = "quadratic", weights = { g = 1.2 }, slope = { g = 1e-4 } }\n'
        '[[agents]]\nname = "y"\ncount = 2\n'
        'cost = { family = "quadratic", unit_cost = { g = 0.2 }, slope = { g = 1e-4 } }\n'
    )  # 100 cents, 1,000 parts: values 100 / 1,000, slopes 100 / 1,000^2
    text = book("days = 3", lot=500.0, agents=agents).replace("[0.0, 12.0]", "[0.0, 1.2]")
    other = played(text)
    assert other.status is plain.status
    assert (other.trades.buyer == plain.trades.buyer).all()
    assert other.trades.price == pytest.approx(plain.trades.price * 100 / 1000, rel=1e-9)
    assert other.evidence["efficiency"] == pytest.approx(plain.evidence["efficiency"], rel=1e-9)
    assert other.evidence["alpha"] == pytest.approx(plain.evidence["alpha"], rel=1e-6)
    keys = 'traders = "zip"\ndays = 3'
    zip_plain, zip_cents = (
        played(unit_market(*(np.multiply(side, scale) for side in SMITH), 400 * scale, keys, scale))
        for scale in (1.0, 100.0)
    )
    assert zip_cents.trades.price == pytest.approx(100 * zip_plain.trades.price, rel=1e-9)


def test_a_role_is_kept_for_a_day():
    """Who has bought a good does not sell it, and who has sold does not buy it back, however values fall."""
    agents = (
        '[[agents]]\nname = "rich"\ncount = 3\nendowment = { g = 4.0 }\n'
        'utility = { family = "log1p", weights = { g = 2.0 } }\n'
        '[[agents]]\nname = "poor"\ncount = 3\nutility = { family = "log1p", weights = { g = 9.0 } }\n'
    )
    outcome = played(book("days = 20", agents=agents))
    for day in range(1, 21):
        own = outcome.trades.on_day(day)
        assert not set(own.buyer) & set(own.seller)
    assert outcome.consumption.sum() == pytest.approx(12.0)
    free = played(book('days = 5\ntraders = "zi_u"', agents=agents))
    assert free.rounds < 5 * 13


def test_budgets_cap_bids():
    """A buyer with 5 of money never pays more, though its value is 12."""
    agents = (
        '[[agents]]\nname = "x"\ncount = 2\nbudget = 5.0\n'
        'utility = { family = "quadratic", weights = { g = 12.0 }, slope = { g = 1.0 } }\n'
        '[[agents]]\nname = "y"\n'
        'cost = { family = "quadratic", unit_cost = { g = 2.0 }, slope = { g = 0.1 } }\n'
    )
    for keys in ("days = 10", 'days = 10\ntraders = "zi_u"', 'clearing = "call"'):
        outcome = played(book(keys, agents=agents))
        for day in range(1, round(outcome.evidence["days"]) + 1):
            _, paid = outcome.trades.on_day(day).net(*outcome.economy.shape)
            assert (paid[:2] <= 5.0 + 1e-9).all()


def test_several_goods_have_a_book_each():
    """Two goods with lots of their own; a good that the table does not name is not traded."""
    agents = (
        '[[agents]]\nname = "x"\ncount = 3\n'
        'utility = { family = "quadratic", weights = { g = 10.0, h = 6.0, i = 5.0 }, '
        "slope = { g = 1.0, h = 1.0, i = 1.0 } }\n"
        '[[agents]]\nname = "y"\ncost = { family = "linear", unit_cost = { g = 3.0, h = 2.0, i = 1.0 } }\n'
    )
    text = book("days = 3", lot="{ g = 1.0, h = 0.5 }", agents=agents, goods='goods = ["g", "h", "i"]')
    outcome = played(text)
    assert outcome.status is Status.SETTLED
    assert set(outcome.trades.good) == {0, 1}
    assert set(outcome.trades.amount[outcome.trades.good == 1]) == {0.5}
    assert outcome.evidence["efficiency"] == pytest.approx(1.0)  # constant cost: no lot displaces another
    assert outcome.consumption[:, 2].sum() == 0.0


def test_the_best_in_lots_of_two_goods_is_known_of_every_sum_over_goods():
    """`u = -4 / g - 4 / h`, crra with rho = 2, is a sum over goods, whose lots are sorted good by good.

    One lot of each is worth 4 - 2 = 2, above its cost of 1, and a second 2 - 4/3 is not.
    """
    agents = (
        '[[agents]]\nname = "x"\ncount = 2\nutility = { family = "crra", weights = { g = 4.0, h = 4.0 }, '
        "risk_aversion = 2.0 }\nendowment = { g = 1.0, h = 1.0 }\n"
        '[[agents]]\nname = "y"\ncost = { family = "linear", unit_cost = { g = 1.0, h = 1.0 } }\n'
    )
    outcome = played(book("", agents=agents, goods='goods = ["g", "h"]'))
    assert outcome.evidence["efficiency"] == pytest.approx(1.0)
    assert outcome.consumption[:2] == pytest.approx(2.0)


def test_a_state_can_be_stepped_twice():
    """A step does not change the state, and a second one from it gives an equal trade."""
    scenario = market.loads(unit_market(*SMITH, 400, 'traders = "zip"\ndays = 2'))
    mechanism, economy = scenario.mechanism("pit"), market.build(scenario)
    states = [mechanism.start(economy)]
    states_of(mechanism, economy, None, states.append)
    for before, after in itertools.pairwise(states[:6]):
        again = mechanism.step(economy, before, None)
        assert dict(again.observed()) == dict(after.observed())
    assert len(mechanism.outcome(economy, states[3]).trades) == 3


def test_patience_ends_a_day_with_gains_left():
    """With a patience of one quote nothing is ever traded; the reason says what could be gained."""
    outcome = played(unit_market(VALUES, COSTS, HIGH, "patience = 1"))
    assert outcome.status is Status.MAX_ROUNDS
    assert outcome.rounds == 1
    assert len(outcome.trades) == 0
    assert outcome.evidence["lot_gain"] == pytest.approx(30.0)
    assert "The day ended after 1 quote without a trade: two could gain" in outcome.reason


def test_no_gain_at_all_is_settled_without_a_round():
    """Buyers at 10 and sellers at 30 have nothing to trade."""
    outcome = played(unit_market((10, 10), (30, 30), HIGH, "days = 3"))
    assert (outcome.status, outcome.rounds, len(outcome.trades)) == (Status.SETTLED, 0, 0)


def test_settled_speaks_of_those_that_may_still_trade_today():
    """An agent that sold may not buy back, whatever it would gain: the reason says who is meant."""
    settled = played(unit_market((10, 10), (30, 30), HIGH))
    assert "No two that may still trade today could gain from one more lot" in settled.reason
    called = played(unit_market((40, 25), (10, 30), HIGH, 'clearing = "call"\ntraders = "truthful"'))
    assert called.status is Status.CLEARED
    assert "no two that may still trade today could gain from one more lot" in called.reason


@pytest.mark.parametrize("kind", ["zi_c", "zip", "truthful"])
def test_a_gain_without_a_price_that_can_be_said_is_not_waited_for(kind):
    """Value 10.4, cost 10.1, tick 1: no whole price lies between, so that no quote can ever trade."""
    keys = f'traders = "{kind}"\ntick = 1.0'
    text = unit_market((10.4,), (10.1,), 60, keys)
    outcome = played(text)
    assert (outcome.status, outcome.rounds) == (Status.SETTLED, 0)
    assert outcome.evidence["lot_gain"] == outcome.evidence["quotes"] == 0.0
    between = played(text.replace("tick = 1.0", "tick = 0.1"))
    assert len(between.trades) == 1


def test_the_best_pair_is_one_that_has_a_price():
    """A gain of 0.3 without a whole price between (10.4, 10.1), and 0.2 with one (11.1, 10.9): it trades.

    Both pairs are of different goods, so that neither seller can serve the other's buyer.
    """
    agents = "\n".join(
        f'[[agents]]\nname = "b{g}"\nutility = {{ family = "steps", bids = {{ {g} = [[{value}, 1.0]] }} }}\n'
        f'[[agents]]\nname = "s{g}"\ncost = {{ family = "linear", unit_cost = {{ {g} = {cost} }}, '
        f"capacity = {{ {g} = 1.0 }} }}"
        for g, value, cost in (("g", 10.4, 10.1), ("h", 11.1, 10.9))
    )
    outcome = played(book("tick = 1.0", agents=agents, goods='goods = ["g", "h"]'))
    assert list(outcome.trades.price) == [11.0]
    assert outcome.evidence["lot_gain"] == 0.0


@pytest.mark.parametrize("kind", ["zi_c", "zi_u", "zip", "truthful"])
def test_exchange_conserves_goods_and_hurts_none(kind):
    """Lots of 0.5 for gold: sums are kept, no amount is negative, and constrained traders gain."""
    outcome = played(EXCHANGE.replace("LOT", "0.5") + f'traders = "{kind}"\n')
    economy, x = outcome.economy, outcome.consumption
    assert x.sum(axis=0) == pytest.approx(economy.resources, rel=1e-12)
    assert (x >= 0).all()
    assert outcome.prices is None
    assert set(outcome.trades.paid_in) == {1}
    if kind != "zi_u":
        assert (outcome.utilities >= economy.utility(economy.endowment) - 1e-9).all()
        assert outcome.status is Status.SETTLED


def test_limits_in_exchange_leave_utility_as_it_is():
    """At the limit `(x + l)(m - p l) = x m`, so p = m / (x + l) for a buyer and m / (x - l) for a seller."""
    scenario = market.loads(EXCHANGE.replace("LOT", "0.5"))
    floor = scenario.mechanism("pit").start(market.build(scenario)).day.floor
    limits = dict(zip(floor.limits.seats, floor.limits.opening, strict=True))
    assert limits[(0, 0, True)] == pytest.approx(1.0 / 8.5, rel=1e-12)
    assert limits[(0, 0, False)] == pytest.approx(1.0 / 7.5, rel=1e-12)
    assert limits[(3, 0, True)] == pytest.approx(8.0 / 1.5, rel=1e-12)
    assert limits[(3, 0, False)] == math.inf  # 8 / 0.5 = 16 is more than can be said


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("price_range = [5.0, 5.0]", "price_range = [5.0, 5.0] is empty"),
        ("price_range = [9.0]", "price_range = [9.0] is empty"),
        ("price_range = [0.0, 9.0]\ntick = 10.0", "tick = 10 is wider than price_range"),
        ('price_range = [0.0, 9.0]\nclearing = "call"\ntraders = "zip"', "zip learns from quotes"),
    ],
)
def test_options_that_do_not_go_together_are_refused(keys, message):
    """One message, which names the mechanism and the key."""
    text = book("").replace("price_range = [0.0, 12.0]", keys)
    with pytest.raises(InputError) as refused:
        played(text)
    assert message in str(refused.value)
    assert "'pit'" in str(refused.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("lot = 0.0", "0"),
        ("lot = { bread = 1.0 }", "bread"),
        ("k = 1.5", "1.5"),
        ("k = -0.5", "-0.5"),
        ('traders = "clever"', "clever"),
        ('traders = { stranger = "zip" }', "stranger"),
        ("days = 0", "0"),
        ("patience = 0", "0"),
        ("tick = -1.0", "-1"),
    ],
)
def test_values_out_of_range_are_refused(keys, message):
    """One message each, with the value and the key."""
    text = book(keys) if not keys.startswith("lot") else book("").replace("lot = 1.0", keys)
    with pytest.raises(ScenarioError) as refused:
        market.loads(text)
    assert message in str(refused.value)
    assert keys.split(" =")[0] in str(refused.value)


BARTER = EXCHANGE.replace("LOT", "1.0")
WANTS = 'agents = [{ name = "x", budget = 1.0, utility = { family = "log", weights = { g = 1.0 } } }]'
MAKES = WANTS.replace(" } } }", ' } }, cost = { family = "linear", unit_cost = { g = 1.0 } } }')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BARTER.replace('numeraire = "gold"', ""), "name both"),
        (BARTER.replace("[[agents]]", "[commons]\nbread = 1.0\n[[agents]]", 1), "commons"),
        (EXCHANGE.replace("LOT", "{ gold = 1.0 }"), "numeraire"),
        (BARTER + 'clearing = "call"\n', "quasilinear"),
        (book("", agents=WANTS).replace('"quasilinear"', '"fisher"'), "fisher"),
        (book("", agents=MAKES), "both wants and makes g"),
    ],
)
def test_economies_without_a_book_are_refused(text, message):
    """The reason is given once."""
    with pytest.raises(InputError) as refused:
        played(text)
    assert message in str(refused.value)
