"""Implicit steps of prices: the problem that they solve, and markets that need them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import market
from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Economy
from market.efficiency.report import alignment
from market.mechanisms import Auction
from market.mechanisms.auction.announcement import announce
from market.mechanisms.auction.corrections import Adjustment, anticipate_jumps
from market.mechanisms.auction.free_goods import FreeGoods
from market.mechanisms.auction.jumps.alternatives import possible
from market.mechanisms.auction.price_rules import Anderson, Newton, Tatonnement
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE
from market.mechanisms.base import play
from market.outcome import Status

LINEAR, CES, LEONTIEF, QUADRATIC = (UTILITIES[name] for name in ("linear", "ces", "leontief", "quadratic"))
WEIGHTS = st.floats(0.1, 10.0)
PRICES = st.lists(st.floats(0.2, 5.0), min_size=3, max_size=3).map(np.array)


def announced(primitives: Economy, p):
    """Return the announcement of these prices."""
    p = np.array(p, dtype=float)
    return announce(primitives, p, FreeGoods.at_first(p), primitives.answers)[0]


def step(primitives: Economy, seen, proposed):
    """Return the prices that the correction for jumps makes of a proposal."""
    free_goods = FreeGoods.at_first(seen.prices)
    return anticipate_jumps(Adjustment(primitives, seen, free_goods, possible(primitives), True), proposed)


def linear_fisher(weights, budget, commons):
    return with_utility("fisher", LINEAR, {"weights": weights}, budget=budget, commons=commons)


# --- the step --------------------------------------------------------------------------------------


def test_without_choices_the_proposal_of_the_rule_stands():
    """Log demand has no jumps, and the linear buyer has only one good to buy."""
    mixed = economy("fisher", log=[[1.0, 1.0]], linear=None, commons=[4.0, 4.0], budget=[3.0])
    assert possible(mixed) is None
    alone = linear_fisher([[1.0, 0.0], [0.0, 1.0]], [3.0, 2.0], [4.0, 4.0])
    seen = announced(alone, [1.0, 1.0])
    proposed = np.array([0.9, 0.8])
    assert step(alone, seen, proposed) == pytest.approx(proposed, rel=1e-9)


def test_goods_that_an_agent_mixes_at_equilibrium_are_tied():
    """A buys good 0 only, B both: it finds 2 of good 0 and 1 of good 1 as good as each other at p = (2, 1).

    Budgets 1 and 5 and one unit of good 0, four of good 1: p_0 = 2 p_1 and p_0 + 4 p_1 = 6, so p = (2, 1).
    """
    market = linear_fisher([[1.0, 0.0], [2.0, 1.0]], [1.0, 5.0], [1.0, 4.0])
    outcome = play(Auction("prices", Tatonnement(), max_rounds=100), market)
    assert outcome.status is Status.CLEARED
    assert outcome.prices == pytest.approx([2.0, 1.0], rel=1e-8)
    assert outcome.consumption == pytest.approx(np.array([[0.5, 0.0], [0.5, 4.0]]), rel=1e-6)


@given(
    st.lists(st.lists(WEIGHTS, min_size=3, max_size=3), min_size=2, max_size=5),
    PRICES,
    st.lists(st.floats(0.1, 1.4), min_size=3, max_size=3).map(np.array),
)
@settings(max_examples=25)
def test_the_step_minimises_the_rules_proximal_problem(weights, p, size):
    """No other move of log prices makes the objective, written out literally, smaller.

    The rule wishes for d = step x relative excess demand, less than the farthest move. With f = -p q (all
    demand depends on choices) and H = z p / d this is

        sum_g H_g m_g^2 / 2 - f.m + sum_i b_i max_g (log w_ig - log p_g - m_g).
    """
    agents = len(weights)
    market = linear_fisher(weights, np.linspace(1.0, 3.0, agents), [2.0, 3.0, 5.0])
    seen = announced(market, p)
    z, r = seen.imbalance.z * p, seen.imbalance.relative
    assume((np.abs(r) > 1e-3).all())
    move = np.log(step(market, seen, p * np.exp(size * r)) / p)
    hessian, fixed = z / (size * r), -p * market.resources
    log_worth = np.log(np.array(weights)) - np.log(p)

    def objective(m):
        spent = (market.budget * (log_worth - m).max(axis=1)).sum()
        return (hessian * m * m).sum() / 2.0 - fixed @ m + spent

    least = objective(move)
    rng = np.random.default_rng(0)
    for size_of_change in (1e-1, 1e-2, 1e-3):
        for _ in range(20):
            other = np.clip(move + size_of_change * rng.normal(size=3), -LARGEST_MOVE, LARGEST_MOVE)
            assert objective(other) >= least - 1e-7 * abs(least)


# --- markets that need it --------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [Tatonnement, Anderson, Newton])
@pytest.mark.parametrize("seed", range(3))
def test_large_linear_fisher_markets_clear(rule, seed):
    """Thirty buyers and ten goods: about nine buyers mix goods at equilibrium."""
    rng = np.random.default_rng(seed)
    market = linear_fisher(rng.uniform(0.2, 3.0, (30, 10)), rng.lognormal(size=30), rng.uniform(1.0, 9.0, 10))
    outcome = play(Auction("prices", rule(), max_rounds=300), market)
    assert outcome.status is Status.CLEARED, outcome.reason


@pytest.mark.parametrize("elasticity", [0.2, 0.8, 3.0, 20.0])
def test_utility_worth_just_its_price_is_bought_in_one_bundle(elasticity):
    """CES with quasilinear money and log demand: a unit of utility costs exactly 1 at the prices."""
    weights = np.array([[0.3, 0.5, 0.2], [0.2, 0.2, 0.6]])
    both = economy("quasilinear", log=[[0.1, 0.2, 0.3]] * 3, commons=[5.0, 6.0, 7.0])
    blocks = (
        Block(CES, slice(0, 2), {"weights": weights, "elasticity": np.full(2, elasticity)}),
        Block(both.utilities[0].family, slice(2, 3), {"weights": np.array([[0.1, 0.2, 0.3]])}),
    )
    market = replace(both, utilities=blocks)
    outcome = play(Auction("prices", Tatonnement(), max_rounds=500), market)
    assert outcome.status is Status.CLEARED, outcome.reason
    log_cost, _ = CES.unit_cost(outcome.prices, weights=weights, elasticity=np.full(2, elasticity))
    bought = outcome.consumption[:2].sum(axis=1) > 1e-6
    assert log_cost[bought] == pytest.approx(np.zeros(bought.sum()), abs=1e-9)
    assert (log_cost > -1e-9).all()
    assert bought.any()


def test_a_budget_caps_purchases_of_an_indifferent_buyer():
    """Linear worth 2, a budget of 3, and a log buyer: at p = 2 it buys what the other leaves, up to 1.5.

    Six units at p = 2: the log buyer with lambda = 10 takes 5, the linear one the last unit.
    """
    market = economy("quasilinear", log=[[10.0], [1.0]], commons=[6.0])
    blocks = (
        Block(market.utilities[0].family, slice(0, 1), {"weights": np.array([[10.0]])}),
        Block(LINEAR, slice(1, 2), {"weights": np.array([[2.0]])}),
    )
    market = replace(market, utilities=blocks, budget=np.array([np.inf, 3.0]))
    answer = market.answers(np.array([2.0])).demand
    assert answer.highest[1, 0] == pytest.approx(1.5)
    outcome = play(Auction("prices", Tatonnement()), market)
    assert outcome.status is Status.CLEARED
    assert outcome.prices == pytest.approx([2.0])
    assert outcome.consumption[:, 0] == pytest.approx([5.0, 1.0])


def test_quadratic_tastes_of_slope_zero_compete_with_constant_costs():
    """Always worth 3 a unit to the buyer, made at 1 up to 4 units and at 2 up to 5: all is made, at 3."""
    market = economy("quasilinear", log=[[1.0]] * 3, commons=[1.0])
    blocks = (Block(QUADRATIC, slice(0, 1), {"weights": np.array([[3.0]]), "slope": np.array([[0.0]])}),)
    costs = (
        Block(
            COSTS["linear"],
            slice(1, 3),
            {"unit_cost": np.array([[1.0], [2.0]]), "capacity": np.array([[4.0], [5.0]])},
        ),
    )
    outcome = play(
        Auction("prices", Tatonnement(), max_rounds=200), replace(market, utilities=blocks, costs=costs)
    )
    assert outcome.status is Status.CLEARED
    assert outcome.prices == pytest.approx([3.0])
    assert outcome.production[:, 0] == pytest.approx([0.0, 4.0, 5.0])


def test_a_step_beyond_all_bounds_is_not_taken_though_the_solver_calls_it_solved():
    """Found by playing random economies: prices went to 1e250 in the second round."""
    terms = ", ".join(
        f'{{ good = "{good}", form = "{form}", '
        f'weight = {{ dist = "uniform", low = {low}, high = {high} }}{end} }}'
        for good, form, low, high, end in (
            ("bread", "linear", 1.6672, 2.849, ""),
            ("bread", "power", 1.0489, 1.8998, ", exponent = -0.5"),
            ("honey", "linear", 0.4362, 2.1005, ""),
            ("honey", "power", 1.9811, 2.0151, ", exponent = 0.9"),
        )
    )
    scenario = market.loads(
        f"""
        schema = 1
        economy = "quasilinear"
        seed = 54
        goods = ["bread", "honey"]
        commons = {{ bread = 13.3916, honey = 26.1664 }}
        agents = [{{ name = "c0", count = 5, utility = {{ family = "separable", terms = [{terms}] }} }}]
        mechanisms = [{{ name = "prices", kind = "auctioneer", max_rounds = 2000 }}]
        """
    )
    outcome = play(scenario.mechanism("prices"), market.build(scenario))
    assert outcome.status is Status.CLEARED, outcome.reason


@pytest.mark.parametrize("short", [3e-4, 3e-7, 1e-8, -3e-7])
def test_a_price_just_below_a_unit_cost_is_found(short):
    """Demand (1 - s) / p meets a stock of 1 at p = 1 - s; for s > 0 a producer at unit cost 1 makes none."""
    two = economy("quasilinear", log=[[1.0 - short]], linear=([[1.0]], [[np.inf]]), commons=[1.0])
    outcome = play(Auction("prices", Tatonnement(), max_rounds=50), two)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [min(1.0 - short, 1.0)], rtol=1e-9)
    assert alignment(outcome).efficient is True
