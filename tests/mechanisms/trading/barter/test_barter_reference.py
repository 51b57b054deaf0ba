"""Reference answers of barter: distributions against their standard errors, and exact cases.

Axtell's economy has Cobb-Douglas weights U(.01, .99) and endowments U(50, 150). Two who meet take about the
mean of their ln MRS, so that its variance halves in a round: the standard deviation falls by about
`sqrt(1/2)`, and the rounds until it is below a bound do not depend on the number of agents. The means and
standard errors below were measured with an independent program.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.bazaars import axtell, bartered, feldman, owners, until_alike

from market.efficiency.report import alignment
from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Newton
from market.outcome import Status

EACH = 3.0  # standard errors


def rounds(seeds, agents, goods, **options):
    return np.array([until_alike(axtell(agents, goods, seed), **options).round for seed in range(seeds)])


@pytest.mark.parametrize(
    ("agents", "seeds", "mean", "error"),
    [(10, 40, 10.65, 0.48), (100, 20, 15.15, 0.20), (1000, 8, 15.75, 0.10), (10_000, 2, 16.0, 0.3)],
)
def test_rounds_hardly_depend_on_the_number_of_agents(agents, seeds, mean, error):
    found = rounds(seeds, agents, 2)
    assert abs(found.mean() - mean) <= EACH * np.hypot(error, found.std() / np.sqrt(seeds))


def test_trades_are_linear_in_agents():
    """About 14 trades of each agent until rates differ by less than a hundredth."""
    for agents in (300, 1000):
        state = until_alike(axtell(agents, 2, 1))
        assert 6.5 <= state.count / agents <= 8.5


@pytest.mark.parametrize(("goods", "mean", "error"), [(3, 43.8, 2.0), (10, 269.0, 10.0)])
def test_two_goods_of_several_take_about_as_many_logarithms_as_there_are_prices(goods, mean, error):
    found = rounds(3, 100, goods)
    assert abs(found.mean() - mean) <= EACH * error


@pytest.mark.parametrize(("goods", "mean", "error"), [(2, 15.1, 0.3), (10, 20.6, 0.4)])
def test_nash_over_all_goods_is_hardly_slower_with_more_goods(goods, mean, error):
    found = [
        until_alike(axtell(100, goods, seed, "log"), bargain="nash", goods="all").round for seed in range(3)
    ]
    assert abs(np.mean(found) - mean) <= EACH * error


@pytest.mark.parametrize("rule", ["nash", "mrs"])
def test_other_rules_take_as_long_as_walras(rule):
    found = rounds(4, 100, 2, bargain=rule)
    assert abs(found.mean() - 16.0) <= EACH * 0.5


def test_random_trade_is_much_slower():
    state = until_alike(axtell(100, 2, 0), spread=0.3, bargain="random")
    assert state.round > 100


@pytest.mark.parametrize(
    ("meets", "agents", "mean", "error"),
    [
        ({"graph": "ring"}, 16, 211.0, 35.0),
        ({"graph": "grid"}, 64, 93.0, 10.0),
        ({"graph": "star"}, 16, 185.0, 25.0),
        ({"graph": "regular", "degree": 4}, 64, 70.0, 6.0),
        ({"graph": "regular", "degree": 4}, 256, 81.0, 6.0),
    ],
)
def test_networks_take_their_time(meets, agents, mean, error):
    found = rounds(4, agents, 2, meets=meets)
    assert abs(found.mean() - mean) <= EACH * error


def test_final_prices_are_near_the_competitive_one_and_depend_on_the_path():
    """Final ln prices are off the competitive one by about a hundredth."""
    finals, competitive = [], []
    for seed in range(12):
        economy = axtell(100, 2, seed)
        finals.append(until_alike(economy).seen.mean_ln_price)
        p = play(Auction("prices", Newton()), economy).prices
        competitive.append(np.log(p[0] / p[1]))
    off = np.array(finals) - np.array(competitive)
    assert abs(off.mean() - 0.0042) <= EACH * 0.014 / np.sqrt(12)
    assert 0.005 <= off.std() <= 0.03


def test_prices_of_the_first_round_differ_widely():
    first = [until_alike(axtell(100, 2, seed), spread=9.0).seen.sd_ln_price for seed in range(10)]
    assert abs(np.mean(first) - 0.84) <= EACH * np.hypot(0.01, np.std(first) / np.sqrt(10))


def test_agents_end_better_or_worse_than_at_competitive_prices():
    economy = axtell(100, 2, 3, "log")
    start = economy.utility(economy.endowment)
    prices = play(Auction("prices", Newton()), economy)
    met = bartered(economy, tolerance=1e-7)
    gains, at_prices = met.utilities - start, prices.utilities - start
    assert 0.9 <= gains.mean() / at_prices.mean() <= 1.05
    assert 0.3 <= (gains > at_prices).mean() <= 0.75


# --- stuck, exactly -----------------------------------------------------------------------------------------


def test_three_who_want_each_others_goods_in_a_circle_are_stuck():
    """No pair can gain; all three can, each from 1 to 2: half of the resources would do."""
    outcome = bartered(feldman())
    report = alignment(outcome)
    assert outcome.status is Status.SETTLED
    np.testing.assert_array_equal(outcome.utilities, 1.0)
    assert report.efficient is False
    assert report.resource_utilisation == pytest.approx(0.5, abs=1e-7)
    assert "Three could gain together" in outcome.reason
    assert "agent0 from 1 to 2, agent1 from 1 to 2" in outcome.reason


@pytest.mark.parametrize(
    ("rule", "gold"),
    [
        ("walras", (1, 1, 1)),
        ("walras", (0.1, 0.1, 0.1)),
        ("walras", (0.3, 0, 0)),
        ("mrs", (0, 0, 0.3)),
        ("nash", (1, 1, 1)),
    ],
)
def test_a_little_gold_frees_them(gold, rule):
    outcome = bartered(feldman(gold), bargain=rule)
    assert outcome.status is Status.SETTLED
    assert outcome.utilities.sum() == pytest.approx(6.0 + sum(gold))
    np.testing.assert_allclose(outcome.consumption[:, :3], np.roll(np.eye(3), 1, axis=1), atol=1e-12)
    assert alignment(outcome).efficient


def test_with_a_unit_of_gold_each_those_who_buy_before_they_sell_pay_less():
    """A pair clears at 1 if the buyer has one gold, and at 2 if it has sold and has two.

    At p from 1 to 2 the buyer spends all its gold, m, on m / p units, and the seller sells one: p = m. The
    last buyer has two gold in every order, so that the three end at 2, 3 and 4; each had 2.
    """
    for seed in range(5):
        outcome = bartered(replace(feldman((1, 1, 1)), seed=seed), against="d")
        np.testing.assert_allclose(np.sort(outcome.utilities), [2.0, 3.0, 4.0])


def test_a_middle_that_wants_neither_good_keeps_the_ends_apart():
    """On a line the ends want each other's good and the middle neither: settled, not efficient."""
    middle_first = owners("linear", np.eye(3)[[2, 0, 1]], weights=[[0, 0, 1], [1, 2, 0], [2, 1, 0]])
    line = bartered(middle_first, meets={"graph": "star"})
    assert line.status is Status.SETTLED
    assert alignment(line).efficient is False
    assert "Two that may not trade could gain together" in line.reason


def coalitions(agents: int, with_all: int, goods: int, held_by_all: int) -> int:
    """Return Fisher's t*, the size of coalitions that suffice for Pareto optimality."""
    return max(2, min(agents - with_all, goods - held_by_all))


def test_coalitions_of_the_size_that_suffices_find_the_exchange():
    """A circle of n agents, n goods: no two to n - 1 can gain, and n can. `t* = min(h - k, m - n) = n`."""
    for n in (3, 4, 5):
        own = np.eye(n)
        economy = owners("linear", own, weights=own + 2.0 * np.roll(own, 1, axis=1))
        outcome = bartered(economy)
        assert coalitions(n, 0, n, 0) == n
        assert outcome.status is Status.SETTLED
        assert outcome.reason.count(" gives 1 ") == n
    assert coalitions(3, 0, 4, 1) == 3
    assert coalitions(2, 0, 2, 2) == 2
