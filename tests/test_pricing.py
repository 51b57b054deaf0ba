"""Price rules, one by one; what all of them promise is in every/test_every_rule.py."""

from __future__ import annotations

import numpy as np
import pytest
from economies import economy

from market.mechanisms import Auctioneer, play
from market.outcome import Status
from market.pricing import Seen, Tatonnement


def test_a_step_grows_while_the_sign_holds_and_halves_when_it_flips():
    rule = Tatonnement(step=1.0, growth=1.3, shrink=0.5)
    p = np.array([1.0, 1.0, 1.0])
    memory = rule.start(p)
    p, memory = rule.adjust(Seen(p, np.ones(3), np.array([0.5, 0.5, 0.0])), memory)
    np.testing.assert_allclose(p, [np.exp(0.5), np.exp(0.5), 1.0])
    before = p
    p, memory = rule.adjust(Seen(p, np.ones(3), np.array([0.1, -0.1, 0.0])), memory)
    np.testing.assert_allclose(np.log(p / before), [1.3 * 0.1, -0.5 * 0.1, 0.0])


@pytest.mark.parametrize("goods", [2, 10, 100])
@pytest.mark.parametrize("agents", [3, 60])
def test_cobb_douglas_exchange_clears_in_few_rounds(goods, agents):
    """A promise of the default rule: 2 to 100 goods, 1e-9, at most 200 rounds."""
    draw = np.random.default_rng(goods * 1000 + agents)
    primitives = economy(
        "exchange",
        cobb_douglas=draw.dirichlet(np.ones(goods), agents),
        endowment=draw.exponential(size=(agents, goods)) * 10.0 ** draw.integers(-3, 4, size=goods),
    )
    outcome = play(Auctioneer("prices", Tatonnement()), primitives)
    assert outcome.status is Status.CLEARED
    assert outcome.rounds <= 200


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e6, 1e9])
@pytest.mark.parametrize("money", [1e-9, 1.0, 1e9])
def test_units_of_goods_and_money_do_not_matter(unit, money):
    """Grams or tonnes, cents or millions: the same allocation in other units."""
    one = economy("quasilinear", log=[[1.0, 2.0], [3.0, 1.0]], commons=[4.0, 6.0])
    other = economy(
        "quasilinear",
        log=money * np.array([[1.0, 2.0], [3.0, 1.0]]),
        commons=[4.0 * unit, 6.0],
    )
    rule = Auctioneer("prices", Tatonnement())
    mine, theirs = play(rule, one), play(rule, other)
    assert theirs.status is Status.CLEARED
    np.testing.assert_allclose(theirs.consumption, mine.consumption * [unit, 1.0], rtol=1e-8)
    np.testing.assert_allclose(theirs.prices, mine.prices * money / [unit, 1.0], rtol=1e-8)


@pytest.mark.parametrize("plants", [2, 30, 300])
def test_a_staircase_of_constant_costs_clears_exactly_on_a_step_or_a_riser(plants):
    """Merit order: at the price either nobody is indifferent, or the marginal plant's cost is hit exactly."""
    draw = np.random.default_rng(plants)
    costs, capacity = draw.uniform(10, 100, (plants, 1)), draw.uniform(1.0, 10.0, (plants, 1))
    primitives = economy("quasilinear", log=[[200.0 * plants]], linear=(costs, capacity))
    outcome = play(Auctioneer("prices", Tatonnement()), primitives)
    assert outcome.status is Status.CLEARED
    assert outcome.rounds <= 100
    p, supplied = outcome.prices[0], outcome.production.sum()
    cheaper = capacity[costs < p].sum()
    assert cheaper - 1e-6 <= supplied <= capacity[costs <= p].sum() + 1e-6
    assert supplied * p == np.float64(200.0 * plants) or abs(supplied * p / (200.0 * plants) - 1) < 1e-8


def test_of_a_wanted_good_that_nobody_has_it_is_proved_that_no_price_clears():
    primitives = economy("quasilinear", log=[[1.0, 1.0]], commons=[1.0, 0.0])
    outcome = play(Auctioneer("prices", Tatonnement()), primitives)
    assert outcome.status is Status.NO_EQUILIBRIUM
    assert "nobody has or can make good1, and agent0 would buy some at every price" in outcome.reason


def test_too_few_rounds_are_said_and_the_best_prices_are_given_with_a_feasible_outcome():
    primitives = economy(
        "exchange", cobb_douglas=[[0.4, 0.6], [0.5, 0.5]], endowment=[[9.0, 1.0], [1.0, 4.0]]
    )
    outcome = play(Auctioneer("prices", Tatonnement(), max_rounds=2), primitives)
    assert outcome.status is Status.MAX_ROUNDS
    assert outcome.rounds == 2
    assert outcome.disequilibrium > 1e-3
    assert (outcome.consumption.sum(axis=0) <= primitives.resources * (1 + 1e-12)).all()
