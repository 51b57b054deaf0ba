"""The default rule: each good finds its own step, and what that promises."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import CES, economy, with_utility
from hypothesis import given
from hypothesis import strategies as st

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE, Seen
from market.outcome import Status


def test_a_step_grows_while_the_sign_holds_and_halves_when_it_flips():
    rule = Tatonnement(step=1.0, growth=1.3, shrink=0.5)
    p = np.array([1.0, 1.0, 1.0])
    memory = rule.start(p)
    p, memory = rule.adjust(Seen(p, np.ones(3), np.array([0.5, 0.5, 0.0])), memory)
    np.testing.assert_allclose(p, [np.exp(0.5), np.exp(0.5), 1.0])
    before = p
    p, memory = rule.adjust(Seen(p, np.ones(3), np.array([0.1, -0.1, 0.0])), memory)
    np.testing.assert_allclose(np.log(p / before), [1.3 * 0.1, -0.5 * 0.1, 0.0])


@given(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=30))
def test_no_price_moves_by_more_than_a_factor_of_twenty_in_a_round(history):
    rule = Tatonnement(step=30.0)
    p = np.ones(1)
    memory = rule.start(p)
    for r in history:
        after, memory = rule.adjust(Seen(p, np.array([r]), np.array([r])), memory)
        assert abs(np.log(after[0] / p[0])) <= LARGEST_MOVE + 1e-12
        p = after


@pytest.mark.parametrize(("lacking", "offered"), [(0.05, 1.9), (1.9, 0.05), (0.001, 2.0), (0.5, 0.5)])
def test_a_jump_of_supply_is_hemmed_in_as_by_bisection(lacking, offered):
    """Below the price 1 a little is lacking, above it ever so much is offered, or the other way round."""
    rule, p = Tatonnement(), np.array([0.3])
    memory = rule.start(p)
    for _ in range(200):
        r = np.where(p < 1.0, lacking, -offered)
        p, memory = rule.adjust(Seen(p, r, r), memory)
    assert abs(p[0] - 1.0) < 1e-9


SUBSTITUTES = [
    (money, goods, elasticity)
    for money in ("exchange", "fisher")
    for goods in (2, 20, 100)
    for elasticity in (0.5, 0.9, 2.0, 10.0)
]


@pytest.mark.parametrize(("money", "goods", "elasticity"), SUBSTITUTES)
def test_ces_economies_clear_from_any_start(money, goods, elasticity):
    """Elasticities 0.5 to 10, first prices 1e-6 to 1e6, to 1e-9 within 2000 rounds (far fewer as a rule)."""
    draw = np.random.default_rng([goods, int(10 * elasticity)])
    agents = 12
    stock = {"endowment": draw.exponential(size=(agents, goods)) * 10.0 ** draw.integers(-3, 4, size=goods)}
    if money == "fisher":
        stock = {"commons": stock["endowment"].sum(axis=0), "budget": draw.exponential(size=agents)}
    weights = draw.dirichlet(np.ones(goods), agents) + 1e-3
    primitives = with_utility(
        money, CES, {"weights": weights, "elasticity": np.full(agents, elasticity)}, **stock
    )
    start = dict(zip(primitives.goods, 10.0 ** draw.uniform(-6, 6, goods), strict=True))
    outcome = play(Auction("prices", Tatonnement(), max_rounds=2000, initial_prices=start), primitives)
    assert outcome.status is Status.CLEARED, outcome.reason


@pytest.mark.parametrize("total", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("goods", [2, 20, 100])
def test_nearly_joint_demand_clears_too(total, goods):
    """Quasilinear Cobb-Douglas, elasticity 1 / (1 - sum a) of all goods together: up to 100."""
    draw = np.random.default_rng(goods)
    primitives = economy(
        "quasilinear",
        cobb_douglas=total * draw.dirichlet(np.ones(goods), 4),
        commons=draw.exponential(size=goods) + 0.1,
    )
    outcome = play(Auction("prices", Tatonnement(), max_rounds=2000), primitives)
    assert outcome.status is Status.CLEARED, outcome.reason


@pytest.mark.parametrize("seed", range(4))
def test_joint_demand_and_producers_with_rising_costs_clear(seed):
    """A little stock and many producers: supply rises almost at once where their costs begin."""
    draw, goods = np.random.default_rng(seed), 40
    primitives = economy(
        "quasilinear",
        cobb_douglas=0.9 * draw.dirichlet(np.ones(goods), 4),
        commons=draw.exponential(size=goods) * 0.01,
        quadratic=(
            draw.uniform(0.1, 2.0, (3, goods)),
            draw.uniform(0.1, 2.0, (3, goods)),
            draw.exponential(size=(3, goods)) * 3,
        ),
    )
    outcome = play(Auction("prices", Tatonnement(), max_rounds=2000), primitives)
    assert outcome.status is Status.CLEARED, outcome.reason


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
    outcome = play(Auction("prices", Tatonnement()), primitives)
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
    rule = Auction("prices", Tatonnement())
    mine, theirs = play(rule, one), play(rule, other)
    assert theirs.status is Status.CLEARED
    np.testing.assert_allclose(theirs.consumption, mine.consumption * [unit, 1.0], rtol=1e-8)
    np.testing.assert_allclose(theirs.prices, mine.prices * money / [unit, 1.0], rtol=1e-8)


@pytest.mark.parametrize("plants", [2, 30, 300])
def test_a_staircase_of_constant_costs_clears_exactly_on_a_step_or_a_riser(plants):
    """Merit order: at the price no producer is indifferent, or the marginal plant's cost is hit exactly."""
    draw = np.random.default_rng(plants)
    costs, capacity = draw.uniform(10, 100, (plants, 1)), draw.uniform(1.0, 10.0, (plants, 1))
    primitives = economy("quasilinear", log=[[200.0 * plants]], linear=(costs, capacity))
    outcome = play(Auction("prices", Tatonnement()), primitives)
    assert outcome.status is Status.CLEARED
    assert outcome.rounds <= 100
    p, supplied = outcome.prices[0], outcome.production.sum()
    cheaper = capacity[costs < p].sum()
    assert cheaper - 1e-6 <= supplied <= capacity[costs <= p].sum() + 1e-6
    assert supplied * p == np.float64(200.0 * plants) or abs(supplied * p / (200.0 * plants) - 1) < 1e-8


@pytest.mark.parametrize("slope", [1e-3, 1e-6, 1e-9, 1e-12])
def test_nearly_flat_supply_is_not_jumped_over(slope):
    """All of supply, 0 to 100, lies within prices that differ by 100 slope; the last ones are not floats."""
    primitives = economy("quasilinear", log=[[50.0]], quadratic=([[1.0]], [[slope]], [[100.0]]))
    outcome = play(Auction("prices", Tatonnement(), max_rounds=500), primitives)
    assert outcome.status is Status.CLEARED
    assert outcome.prices[0] == pytest.approx(0.5 + np.sqrt(0.25 + 50.0 * slope))
    assert outcome.production[1, 0] == pytest.approx(50.0 / outcome.prices[0])
