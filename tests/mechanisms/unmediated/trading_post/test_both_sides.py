"""Shapley and Shubik: n sellers and n buyers who all know that they move the price.

An agent that takes z of a good pays z W / (Y - z) against others' bids W and offers Y, so its marginal
price is W Y / (Y - z)^2. In a symmetric equilibrium that is p n/(n - 1) for a buyer and p (n - 1)/n for a
seller: market power is a tax, and the marginal rates of substitution have the ratio (n/(n - 1))^2.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.posts import bread_and_wine, firms, mirror_images, played

from market.efficiency.report import alignment
from market.mechanisms import TradingPost
from market.outcome import Status

PRICE, SOLD, UTILITIES_OF_TRADE = 24 / 59, 4.416667, (1.226015, 1.239739)


@pytest.mark.parametrize(("n", "alpha"), [(2, 0.5), (3, 0.5), (5, 0.5), (10, 0.5), (2, 0.3), (4, 0.7)])
def test_mirror_images_sell_what_the_formula_says(n, alpha):
    """q = E (1 - alpha)(n - 1)/(n - 1 + alpha)."""
    outcome = played(mirror_images(n, alpha), strategic="both")
    assert outcome.status is Status.NASH
    sold = (1.0 - alpha) * (n - 1) / (n - 1 + alpha)
    assert -outcome.actions[:n, 0] == pytest.approx(np.full(n, sold), abs=1e-8)
    assert outcome.prices[0] == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize(("n", "coefficient"), [(2, 0.942809), (3, 0.979796)])
def test_resources_of_mirror_images_are_used_to_the_known_share(n, coefficient):
    """Debreu's coefficient is 2 sqrt(n (n - 1))/(2 n - 1): utility sqrt(q (1 - q)) of 1/2."""
    outcome = played(mirror_images(n), strategic="both")
    assert 2.0 * np.sqrt(n * (n - 1)) / (2 * n - 1) == pytest.approx(coefficient, abs=1e-6)
    assert alignment(outcome).resource_utilisation == pytest.approx(coefficient, abs=1e-6)


def equilibrium(n):
    """Return bread sold and its price among n farmers and n vintners (f = (n - 1)/n)."""
    f = (n - 1) / n
    q = (36.0 * f - 2.0 / (3.0 * f)) / (2.0 / 3.0 * (1.0 + 1.0 / f) + 4.0 * f + 8.0 / 3.0)
    return q, (2.0 / 3.0) / (9.0 * f - (f + 2.0 / 3.0) * q)


@pytest.mark.parametrize(
    ("n", "sold", "price", "logs"),
    [
        (2, 2.5, 0.421053, (1.180194, 1.166838)),
        (3, 3.285714, 0.411765, (1.210587, 1.214368)),
        (5, 3.796380, 0.408503, (1.221594, 1.231805)),
    ],
)
def test_farmers_and_vintners_trade_as_tabled(n, sold, price, logs):
    outcome = played(bread_and_wine(n), strategic="both")
    assert outcome.status is Status.NASH
    assert equilibrium(n) == pytest.approx((sold, price), abs=1e-6)
    assert -outcome.actions[:n, 0] == pytest.approx(np.full(n, sold), abs=1e-6)
    assert outcome.prices[0] == pytest.approx(price, abs=1e-6)
    assert np.log(outcome.utilities[[0, -1]]) == pytest.approx(logs, abs=1e-6)
    x = outcome.consumption
    ratio = (x[-1, 1] / x[-1, 0]) / (2.0 / 3.0 * x[0, 1] / x[0, 0])
    assert ratio == pytest.approx((n / (n - 1)) ** 2, rel=1e-7)


def test_one_of_each_withdraws():
    """Alone on its side an agent gains by ever less: the only equilibrium is no trade."""
    outcome = played(bread_and_wine(1), strategic="both")
    assert outcome.status is Status.NASH
    assert outcome.rounds <= 3
    assert not outcome.actions.any()
    assert outcome.prices is None
    assert outcome.consumption.tolist() == [[9.0, 1.0], [1.0, 4.0]]


def test_no_trade_is_an_equilibrium_on_purpose():
    outcome = played(bread_and_wine(3), strategic="both", first=0.0)
    assert outcome.status is Status.NASH
    assert outcome.regret.max() == 0.0
    assert "No trade" in outcome.reason
    assert "on purpose (first = 0)" in outcome.reason
    assert not outcome.actions.any()


@pytest.mark.parametrize("n", [2, 3])
def test_the_smallest_first_bids_lead_away_from_no_trade(n):
    outcome = played(bread_and_wine(n), strategic="both", first=1e-6)
    assert outcome.status is Status.NASH
    assert outcome.rounds <= 25
    assert -outcome.actions[0, 0] == pytest.approx(equilibrium(n)[0], abs=1e-8)


def test_replicas_approach_competitive_prices_as_one_over_their_number():
    """The error of the amount sold times n settles: 4.416667 - q falls as 1/n."""
    errors = {n: SOLD - -played(bread_and_wine(n), strategic="both").actions[0, 0] for n in (5, 10)}
    assert errors[10] == pytest.approx(SOLD - 4.125483, abs=1e-5)
    assert errors[5] / errors[10] == pytest.approx(2.0, rel=0.1)
    prices = played(bread_and_wine(10), strategic="both").prices
    assert prices[0] == pytest.approx(0.407313, abs=1e-6)
    assert abs(prices[0] - PRICE) < 1e-3


def test_price_takers_at_the_post_are_walras():
    outcome = played(bread_and_wine(2), strategic="both", conduct=0.0)
    assert outcome.prices[0] == pytest.approx(PRICE, abs=1e-7)
    assert outcome.status is Status.SETTLED


def test_one_strategic_side_turns_the_price_its_way():
    sellers, buyers, both = (
        played(bread_and_wine(2), strategic=side).prices[0] for side in ("sellers", "buyers", "both")
    )
    assert buyers < PRICE < sellers
    assert buyers < both < sellers


def test_firms_and_buyers_with_power_on_both_sides():
    """Two buyers 12 - 2 x and two firms 2 + y: 12 - 2 x = 2 p and 2 + x = p/2, so x = 2/3 and p = 16/3."""
    outcome = played(firms(2, d=1.0, buyers=2), strategic="both")
    assert outcome.status is Status.NASH
    assert outcome.production[2:, 0] == pytest.approx([2 / 3, 2 / 3], abs=1e-8)
    assert outcome.prices[0] == pytest.approx(16 / 3, abs=1e-8)


def test_a_second_round_of_trade_adds_nothing():
    """With one role each the first round ends at the edge of the band in which no agent trades."""
    primitives = bread_and_wine(2)
    again = replace(primitives, endowment=played(primitives, strategic="both").consumption)
    outcome = played(again, strategic="both", first=1e-3, max_rounds=6)
    start = TradingPost(first=1e-3).start(again)
    assert (np.abs(outcome.actions) <= np.abs(start)).all()
