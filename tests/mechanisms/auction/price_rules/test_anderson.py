"""Anderson acceleration: what mixing does, and that its guard leaves it no worse than tatonnement."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import CES, economy, with_utility

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Anderson, Tatonnement
from market.mechanisms.auction.price_rules.base import Seen, log_ratio
from market.outcome import Status


def rounds(rule, primitives, start=None):
    """Return the rounds that it takes to clear."""
    outcome = play(Auction("prices", rule, max_rounds=3000, initial_prices=start or {}), primitives)
    assert outcome.status is Status.CLEARED, outcome.reason
    return outcome.rounds


def log_linear(slopes, right):
    """Demand over supply with constant elasticities: f = slopes (x - right)."""

    def answer(p):
        f = slopes @ (np.log(p) - right)
        return Seen(p, f, 2.0 * np.tanh(f / 2.0))

    return answer


@pytest.mark.parametrize("goods", [1, 2, 3, 4])
def test_where_demand_is_log_linear_it_ends_after_as_many_rounds_as_goods_and_two(goods):
    """With exact slopes from as many differences as goods, the next step is Newton's."""
    draw = np.random.default_rng(goods)
    slopes = -np.eye(goods) + 0.2 * draw.uniform(-1.0, 1.0, (goods, goods))
    answer = log_linear(slopes, draw.uniform(-1.0, 1.0, goods))
    rule, p = Anderson(memory=goods), np.ones(goods)
    memory = rule.start(p)
    for _ in range(goods + 2):
        p, memory = rule.adjust(answer(p), memory)
    assert np.abs(log_ratio(answer(p).r)).max() < 1e-9


def test_it_goes_round_no_rotation():
    """F turns x by a quarter: plain steps spiral outward, mixing ends at once."""
    answer = log_linear(np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([0.3, -0.2]))
    rule, p = Anderson(), np.ones(2)
    memory = rule.start(p)
    for _ in range(5):
        p, memory = rule.adjust(answer(p), memory)
    assert np.abs(log_ratio(answer(p).r)).max() < 1e-9


def test_joint_demand_takes_a_fraction_of_tatonnements_rounds():
    draw, goods = np.random.default_rng(1), 20
    primitives = economy(
        "quasilinear",
        cobb_douglas=0.95 * draw.dirichlet(np.ones(goods), 4),
        commons=draw.uniform(0.5, 2, goods),
    )
    assert rounds(Anderson(), primitives) < 0.3 * rounds(Tatonnement(), primitives)


@pytest.mark.parametrize("elasticity", [0.5, 2.0, 10.0])
def test_ces_exchange_clears_from_far_away(elasticity):
    draw = np.random.default_rng(3)
    agents, goods = 10, 30
    primitives = with_utility(
        "exchange",
        CES,
        {"weights": draw.dirichlet(np.ones(goods), agents) + 1e-3, "elasticity": np.full(agents, elasticity)},
        endowment=draw.exponential(size=(agents, goods)),
    )
    start = dict(zip(primitives.goods, 10.0 ** draw.uniform(-6, 6, goods), strict=True))
    assert rounds(Anderson(), primitives, start) <= 1000


@pytest.mark.parametrize("plants", [3, 40])
def test_jumps_of_supply_are_left_to_tatonnement(plants):
    draw = np.random.default_rng(plants)
    costs, capacity = draw.uniform(10, 100, (plants, 1)), draw.uniform(1.0, 10.0, (plants, 1))
    assert rounds(Anderson(), economy("quasilinear", log=[[200.0 * plants]], linear=(costs, capacity))) <= 300


def test_a_price_that_becomes_zero_starts_the_learning_anew():
    primitives = economy("quasilinear", log=[[1.0, 2.0, 0.0], [3.0, 2.0, 0.0]], commons=[4.0, 8.0, 2.0])
    outcome = play(Auction("prices", Anderson(), max_rounds=200), primitives)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [1.0, 0.5, 0.0], rtol=1e-8)
