"""The fixed-step rules: exactly when they converge in the commons, and what they do when they do not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from helpers.economies import economy
from helpers.published_economies import scarf
from hypothesis import given
from hypothesis import strategies as st

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Additive, Multiplicative
from market.mechanisms.auction.price_rules.base import Memory, Seen
from market.outcome import Status

NOTHING = Memory()


def commons(weights=(1.0, 1.0), stock=10.0):
    """p* = Lambda / q: 0.2."""
    return economy("quasilinear", log=[[weight] for weight in weights], commons=[stock])


def additive(k, start, rounds=5000, primitives=None):
    """The additive rule in the commons of two."""
    player = Auction("prices", Additive(step=k), max_rounds=rounds, initial_prices={"good0": start})
    return play(player, commons() if primitives is None else primitives)


def multiplicative(k, start, rounds=3000):
    """The multiplicative rule in the commons of two."""
    player = Auction("prices", Multiplicative(step=k), max_rounds=rounds, initial_prices={"good0": start})
    return play(player, commons())


# --- additive: near p* it converges if and only if k < 2 Lambda / q^2 ------------------------------


@pytest.mark.parametrize(("weights", "stock"), [((1.0, 1.0), 10.0), ((1.0, 3.0, 0.5), 2.0)])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_additive_converges_from_nearby_below_the_threshold(weights, stock, share):
    """2 Lambda / q^2; for two equal agents 4 / q^2."""
    threshold = 2.0 * sum(weights) / stock**2
    near = 1.001 * sum(weights) / stock
    outcome = additive(share * threshold, near, primitives=commons(weights, stock))
    assert outcome.status is Status.CLEARED


@pytest.mark.parametrize("share", [1.02, 1.1, 1.3])
def test_additive_ends_in_a_cycle_above_the_threshold(share):
    outcome = additive(share * 4.0 / 10.0**2, 0.2002)
    assert outcome.status is Status.CYCLING


def test_just_above_the_threshold_the_cycle_has_period_two():
    outcome = additive(1.02 * 4.0 / 10.0**2, 0.2002)
    assert outcome.evidence["period"] == 2
    assert "every 2 rounds" in outcome.reason
    assert outcome.rounds < 5000  # it was stopped as soon as that was certain


def test_the_error_shrinks_by_one_minus_k_times_the_slope_of_demand():
    """p' - p* = (1 - k q^2 / Lambda)(p - p*) near p*: here 1 - 0.01 * 50 = 0.5."""
    p = np.array([0.2 * (1 + 1e-6)])
    z = 2.0 / p - 10.0
    after, _ = Additive(step=0.01).adjust(Seen(p, z, z / 10.0), NOTHING)
    assert (after[0] - 0.2) / (p[0] - 0.2) == pytest.approx(0.5, rel=1e-4)


@given(st.floats(0.01, 100.0), st.floats(0.0, 10.0), st.floats(-1e3, 1e3))
def test_additive_never_goes_below_zero_and_rises_from_it(k, p, z):
    (after,), _ = Additive(step=k).adjust(Seen(np.array([p]), np.array([z]), np.array([0.0])), NOTHING)
    assert after == max(p + k * z, 0.0)


def test_a_price_that_fell_to_zero_rises_again():
    """From 0.9 the step leads below zero, where log demand has no bound: half the price comes instead."""
    prices = []
    player = Auction("prices", Additive(step=0.2), max_rounds=200, initial_prices={"good0": 0.9})
    play(player, commons(), observe=lambda state: prices.append(state.prices[0]))
    assert prices[1] == 0.45
    falls = [after < before for before, after in pairwise(prices)]
    assert any(falls)
    assert not all(falls)


def test_an_offer_without_bound_halves_the_price():
    """A producer with constant cost below the price offers any amount: z = -inf."""
    (after,), _ = Additive().adjust(Seen(np.array([3.0]), np.array([-np.inf]), np.array([-2.0])), NOTHING)
    assert after == 1.5
    gift = economy("quasilinear", log=[[6.0]], linear=([[2.0]], [[np.inf]]))
    outcome = additive(0.01, 7.0, primitives=gift)
    assert outcome.status is Status.CLEARED
    assert outcome.prices[0] == 2.0


# --- additive under exchange: every step leads outward ---------------------------------------------


@given(st.lists(st.floats(0.1, 10.0), min_size=3, max_size=3), st.floats(1e-4, 0.1))
def test_before_normalising_the_length_of_prices_grows_by_walras_law(prices, k):
    """|p'|^2 = |p|^2 + k^2 |z|^2, since p.z = 0."""
    primitives = scarf()
    p = np.array(prices) / sum(prices)
    answers = primitives.answers(p)
    z = answers.demand.lowest.sum(axis=0) - primitives.resources
    after, _ = Additive(step=k).adjust(Seen(p, z, z), NOTHING)
    unclipped = p + k * z
    if (unclipped >= 0).all():
        assert after @ after == pytest.approx(p @ p + k * k * (z @ z), rel=1e-12)


def test_normalising_scales_all_prices_alike_and_changes_no_demand():
    primitives = scarf()
    p = np.array([0.5, 1.0, 2.0])
    before, after = (primitives.answers(q).demand.lowest for q in (p, primitives.normalise(p)))
    np.testing.assert_allclose(before, after, rtol=1e-14)


# --- multiplicative: from anywhere it converges if and only if k <= 2 ------------------------------


@pytest.mark.parametrize("k", [0.3, 1.0, 1.5, 1.97])
@pytest.mark.parametrize("start", [1e-6, 0.19, 1e6])
def test_multiplicative_converges_from_anywhere_below_two(k, start):
    assert multiplicative(k, start).status is Status.CLEARED


@pytest.mark.parametrize("k", [2.1, 2.5, 3.0])
def test_multiplicative_ends_in_the_cycle_that_theory_gives_above_two(k):
    """E = k tanh(e / 2), e = log(p / p*), and back to -e."""
    prices = []
    player = Auction("prices", Multiplicative(step=k), max_rounds=3000, initial_prices={"good0": 0.21})
    outcome = play(player, commons(), observe=lambda state: prices.append(state.prices[0]))
    assert outcome.status is Status.CYCLING
    assert outcome.evidence["period"] == 2
    e = np.log(np.array(prices[-2:]) / 0.2)
    assert e[0] == pytest.approx(-e[1], rel=1e-6)
    assert abs(e[0]) == pytest.approx(k * np.tanh(abs(e[0]) / 2.0), rel=1e-6)


@given(st.floats(0.01, 1.0), st.floats(-5.0, 5.0))
def test_in_the_commons_relative_excess_demand_is_a_hyperbolic_tangent(step, e):
    """R = -2 tanh(e / 2) with e = log(p / p*), so that e' = e - 2 k tanh(e / 2)."""
    p = 0.2 * np.exp(np.array([e]))
    demand, supply = 2.0 / p, 10.0
    r = (demand - supply) / (demand / 2 + supply / 2)
    after, _ = Multiplicative(step=step).adjust(Seen(p, demand - supply, r), NOTHING)
    assert np.log(after[0] / 0.2) == pytest.approx(e - 2 * step * np.tanh(e / 2), abs=1e-9)
