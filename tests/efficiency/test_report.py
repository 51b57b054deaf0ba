"""The alignment report: verdicts that do not depend on units, names, order or the scale of utility."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import CES, INF, economy, references, with_utility

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Economy
from market.efficiency.contrast import contrast
from market.efficiency.pareto_improvement import improvement, improves
from market.efficiency.report import alignment
from market.efficiency.resource_utilisation import resource_utilisation
from market.efficiency.surplus_gap import surplus_gained
from market.errors import NumericalError
from market.mechanisms import Auction, Autarky, Gift, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Outcome, Status
from market.welfare.convex_program import ConvexProgram, Solution

PRICES = Auction("prices", Tatonnement())


def given(economy: Economy, x, y=None, payments=None) -> Outcome:
    """An outcome with this allocation."""
    x = np.array(x, dtype=float)
    y = np.zeros_like(x) if y is None else np.array(y, dtype=float)
    paid = np.zeros(len(x)) if payments is None else np.array(payments, dtype=float)
    welfare = economy.welfare(x, y)
    return Outcome(
        economy=economy,
        name="given",
        kind="given",
        status=Status.MAX_ROUNDS,
        reason="",
        rounds=0,
        consumption=x,
        production=y,
        payments=paid,
        revenue=float(paid.sum()),
        utilities=welfare,
        payoffs=welfare - paid,
    )


def with_weights(economy: Economy, change) -> Economy:
    """The economy with every utility's weights changed."""
    blocks = tuple(
        Block(block.family, block.rows, {"weights": change(block.parameters["weights"])})
        for block in economy.utilities
    )
    return dataclasses.replace(economy, utilities=blocks)


EDGEWORTH = references()["exchange of two"].economy


def test_trade_is_efficient_and_autarky_is_not():
    alone, traded = play(Unmediated("alone", Autarky()), EDGEWORTH), play(PRICES, EDGEWORTH)
    assert alone.status is Status.NASH
    assert alignment(traded).efficient is True
    report = alignment(alone)
    assert report.efficient is False
    assert report.improvement is not None
    assert improves(EDGEWORTH, alone.consumption, alone.production, report.improvement)
    assert contrast(traded, alone).pareto_improvement


def test_debreus_coefficient_is_what_a_hand_calculation_says():
    """Two agents with u = sqrt(x1 x2), bundles (1, 4) and (4, 1) of resources (5, 5).

    Each has u = 2, which the bundle (2, 2) gives too; (4, 4) of (5, 5) would do, so 4/5.
    """
    primitives = economy(
        "exchange", cobb_douglas=[[0.5, 0.5], [0.5, 0.5]], endowment=[[1.0, 4.0], [4.0, 1.0]]
    )
    report = alignment(given(primitives, [[1.0, 4.0], [4.0, 1.0]]))
    assert report.resource_utilisation == pytest.approx(0.8, abs=1e-7)
    assert report.efficient is False


def test_waste_of_one_good_is_inefficient_though_no_share_of_all_goods_can_be_saved():
    """Good 0 is used up by agent 0, who wants nothing else; half of good 1 lies idle."""
    primitives = economy("fisher", log=[[1.0, 0.0], [0.0, 1.0]], commons=[4.0, 4.0], budget=[1.0, 1.0])
    report = alignment(given(primitives, [[4.0, 0.0], [0.0, 2.0]]))
    assert report.resource_utilisation == pytest.approx(1.0, abs=1e-7)
    assert report.efficient is False


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e9])
@pytest.mark.parametrize("bundles", [[[5.0, 2.0], [5.0, 3.0]], [[6.0, 3.0], [4.0, 2.0]]])
def test_verdicts_do_not_depend_on_the_scale_of_utility(scale, bundles):
    """u -> 1e-9 u changes nothing that is ordinal."""
    primitives = economy("exchange", log=[[1.0, 2.0], [2.0, 1.0]], endowment=bundles)
    one, other = (
        alignment(given(e, bundles)) for e in (primitives, with_weights(primitives, lambda a: scale * a))
    )
    assert one.efficient is other.efficient
    assert other.resource_utilisation == pytest.approx(one.resource_utilisation, rel=1e-6)
    np.testing.assert_allclose(other.negishi_weights, one.negishi_weights, rtol=1e-5)


def test_verdicts_are_ordinal_where_only_order_matters():
    """exp(log utility) is Cobb-Douglas: the same preferences, the same verdicts, though weights differ."""
    bundles = [[6.0, 1.0], [4.0, 4.0]]
    weights = [[1.5, 2.0], [2.0, 1.0]]
    for x in (bundles, [[3.0, 5.0 * 2 / 3], [7.0, 5.0 / 3]]):
        logs = economy("exchange", log=weights, endowment=x)
        powers = economy("exchange", cobb_douglas=weights, endowment=x)
        one, other = alignment(given(logs, x)), alignment(given(powers, x))
        assert one.efficient is other.efficient
        assert other.resource_utilisation == pytest.approx(one.resource_utilisation, rel=1e-6)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_verdicts_do_not_depend_on_units_of_goods(unit):
    for x in ([[6.0, 1.0], [4.0, 4.0]], [[5.0, 2.5], [5.0, 2.5]]):
        x = np.array(x)
        one = economy("exchange", log=[[1.0, 2.0], [2.0, 1.0]], endowment=x)
        other = economy("exchange", log=[[1.0, 2.0], [2.0, 1.0]], endowment=x * [unit, 1.0])
        mine, theirs = alignment(given(one, x)), alignment(given(other, x * [unit, 1.0]))
        assert mine.efficient is theirs.efficient
        assert theirs.resource_utilisation == pytest.approx(mine.resource_utilisation, rel=1e-6)


def test_verdicts_do_not_depend_on_the_order_of_agents_and_goods():
    x = np.array([[6.0, 1.0, 2.0], [4.0, 4.0, 1.0], [1.0, 1.0, 1.0]])
    weights = np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 1.0], [1.0, 1.0, 3.0]])
    agents, goods = [2, 0, 1], [1, 2, 0]
    one = alignment(given(economy("exchange", log=weights, endowment=x), x))
    swapped = x[agents][:, goods]
    other = alignment(given(economy("exchange", log=weights[agents][:, goods], endowment=swapped), swapped))
    assert one.efficient is other.efficient is False
    assert other.resource_utilisation == pytest.approx(one.resource_utilisation, rel=1e-6)


def test_a_null_agent_changes_nothing():
    """Somebody who wants, owns and makes nothing."""
    with_nobody = dataclasses.replace(
        EDGEWORTH,
        agents=(*EDGEWORTH.agents, "nobody"),
        endowment=np.vstack([EDGEWORTH.endowment, [0.0, 0.0]]),
        budget=np.zeros(3),
        commons_share=np.full(3, 1 / 3),
    )
    one, other = play(PRICES, EDGEWORTH), play(PRICES, with_nobody)
    np.testing.assert_allclose(other.consumption[:2], one.consumption, rtol=1e-8)
    mine, theirs = alignment(one), alignment(other)
    assert theirs.efficient is True
    assert not theirs.degenerate
    ratio = theirs.negishi_weights[0] / theirs.negishi_weights[1]
    assert ratio == pytest.approx(mine.negishi_weights[0] / mine.negishi_weights[1], rel=1e-6)


def test_replicas_of_every_agent_get_what_the_originals_got():
    twice = economy(
        "exchange", cobb_douglas=[[0.4, 0.6], [0.5, 0.5]] * 2, endowment=[[9.0, 1.0], [1.0, 4.0]] * 2
    )
    once = economy("exchange", cobb_douglas=[[0.4, 0.6], [0.5, 0.5]], endowment=[[9.0, 1.0], [1.0, 4.0]])
    one, other = play(PRICES, once), play(PRICES, twice)
    np.testing.assert_allclose(other.consumption, np.tile(one.consumption, (2, 1)), rtol=1e-8)
    assert alignment(other).efficient is True


def test_with_a_spending_cap_the_market_is_efficient_for_money_that_may_not_go_negative():
    """One rich, one with a budget of 0.5: it would spend 1. Nobody can be helped without new money for it.

    Demand at p: 1/p and 0.5/p of q = 10, so p = 0.15. With unlimited money half each would be better.
    """
    capped = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0], budget=[INF, 0.5])
    outcome = play(PRICES, capped)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [0.15], rtol=1e-8)
    np.testing.assert_allclose(outcome.consumption[:, 0], [20 / 3, 10 / 3], rtol=1e-8)
    report = alignment(outcome)
    assert report.efficient is True
    assert report.efficient_with_transfers is True
    assert report.surplus_gap == pytest.approx(0.0, abs=1e-7)


def test_an_unequal_planner_leaves_surplus_on_the_table():
    """Weights 3 and 1 on log: 7.5 and 2.5; the gap is 2 log 5 - log 7.5 - log 2.5."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    report = alignment(play(Planner("planner", welfare_weights={"agent0": 3.0}), two))
    assert report.efficient_with_transfers is False
    assert report.surplus_gap == pytest.approx(2 * np.log(5) - np.log(7.5) - np.log(2.5), rel=1e-7)


def test_equal_weights_prove_nothing_where_they_support_nothing():
    """Of ten units each has two and the rest is lying there: 2 log (5 / 2) could be gained."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    report = alignment(given(two, [[2.0], [2.0]]))
    assert report.negishi_weights.tolist() == [0.5, 0.5]
    assert report.efficient_with_transfers is False
    assert report.surplus_gap == pytest.approx(2 * np.log(2.5), rel=1e-7)


def test_an_agent_without_hope_makes_total_surplus_undefined_and_that_is_said():
    hopeless = economy("quasilinear", log=[[1.0, 0.0], [0.0, 1.0]], commons=[1.0, 0.0])
    report = alignment(given(hopeless, [[1.0, 0.0], [0.0, 0.0]]))
    assert report.surplus_gap is None
    assert report.efficient_with_transfers is None
    assert any("-inf whatever is done" in line for line in report.reasons)


def test_the_most_equal_weights_are_chosen_where_many_support():
    """log1p with one agent priced out: weights w1 / 11 = p >= 0.05 w2 leave w2 free up to 1.8 w1."""
    corner = economy("quasilinear", log1p=[[1.0], [0.05]], commons=[10.0])
    report = alignment(play(Unmediated("first", Seize(movers=("agent0",))), corner))
    assert not report.degenerate
    np.testing.assert_allclose(report.negishi_weights, [0.5, 0.5], atol=1e-9)


def test_weights_are_zero_only_where_they_must_be():
    """The first takes all of good 0, the second all of good 1, the third gets nothing."""
    three = economy("quasilinear", log=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], commons=[2.0, 3.0])
    report = alignment(play(Unmediated("in turn", Seize(movers=("agent0", "agent1"))), three))
    assert report.efficient is True
    assert report.degenerate
    np.testing.assert_allclose(report.negishi_weights, [0.5, 0.5, 0.0], atol=1e-9)


def test_a_first_unit_of_money_buys_no_end_of_a_free_good_only_for_who_wants_it():
    """Log1p agents: a / p at most, inf for those who want good 1 (log) or good 2 (log1p), free here."""
    primitives = economy(
        "quasilinear",
        log=[[1.0, 1.0, 0.0]],
        log1p=[[3.0, 0.0, 1.0], [3.0, 0.0, 0.0]],
        commons=[1.0, 1.0, 1.0],
    )
    worth = primitives.first_worth(np.array([0.5, 0.0, 0.0]))
    np.testing.assert_allclose(worth, [np.inf, np.inf, 6.0], rtol=1e-6)


def test_a_first_unit_of_money_is_worth_a_number_however_cheap_a_good_is():
    """a_0 / p_0 for log1p; an amount that is tiny elsewhere would buy plenty of good 0."""
    keen = economy("quasilinear", log1p=[[1.0, 1.0]], commons=[1.0, 1e6])
    np.testing.assert_allclose(keen.first_worth(np.array([1e-10, 1.0])), [1e10], rtol=1e-2)


def test_nothing_is_better_than_what_is_already_efficient():
    outcome = play(PRICES, EDGEWORTH)
    assert improvement(EDGEWORTH, outcome.consumption, outcome.production) is None
    needed = resource_utilisation(EDGEWORTH, outcome.consumption, outcome.production)
    assert needed.value == pytest.approx(1.0, abs=1e-8)


def test_a_false_improvement_is_not_confirmed():
    from market.efficiency.pareto_improvement import Reallocation

    x = play(PRICES, EDGEWORTH).consumption
    y = np.zeros_like(x)
    assert not improves(EDGEWORTH, x, y, Reallocation(x * 1.01, y))  # not feasible
    assert not improves(EDGEWORTH, x, y, Reallocation(x, y))  # helps nobody
    assert not improves(EDGEWORTH, x, y, Reallocation(x * [[1.1], [0.8]], y))  # hurts somebody


def test_equal_shares_of_unlike_tastes_can_be_improved():
    unlike = economy("fisher", cobb_douglas=[[0.2, 0.8], [0.8, 0.2]], commons=[10.0, 10.0], budget=[1.0, 1.0])
    outcome = play(Unmediated("equal shares", Gift()), unlike)
    np.testing.assert_allclose(outcome.consumption, 5.0)
    report = alignment(outcome)
    assert report.efficient is False
    assert improves(unlike, outcome.consumption, outcome.production, report.improvement)


def test_a_pareto_improvement_must_not_cost_the_auctioneer():
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x = [[5.0], [5.0]]
    free, paid = given(two, x), given(two, x, payments=[1.0, 1.0])
    assert not contrast(free, paid).pareto_improvement  # buyers gain 2, revenue falls by 2
    assert contrast(free, paid).winners.all()
    assert not contrast(free, free).pareto_improvement


def traded(drawn: Economy, prices, x, y=None, status=Status.CLEARED, disequilibrium=0.0) -> Outcome:
    """What a market with these prices would be said to have made."""
    found = given(drawn, x, y)
    p = np.array(prices, dtype=float)
    paid = drawn.payments(p, found.consumption, found.production)
    return dataclasses.replace(
        found,
        kind="auctioneer",
        status=status,
        prices=p,
        disequilibrium=disequilibrium,
        payments=paid,
        revenue=float(paid.sum()),
        payoffs=drawn.payoff(found.utilities, p, found.consumption, found.production),
    )


SWAP = economy("quasilinear", log=[[1.0, 1.0], [1.0, 1.0]], endowment=[[0.7, 0.1], [0.1, 0.7]])


def test_what_a_cleared_market_leaves_unbalanced_is_no_loss_of_the_auctioneer():
    alone, prices = play(Unmediated("alone", Autarky()), SWAP), play(PRICES, SWAP)
    assert prices.revenue != 0.0  # demand equals supply up to the tolerance, and payments likewise
    found = contrast(prices, alone)
    assert found.winners.all()
    assert found.pareto_improvement


@pytest.mark.parametrize("seed", range(20))
def test_trade_of_what_agents_own_is_a_pareto_improvement(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 5, 2))
    drawn = economy("quasilinear", log=rng.uniform(0.3, 3, shape), endowment=rng.uniform(0.05, 2, shape))
    drawn = with_weights(drawn, lambda weights: weights * 10.0 ** rng.integers(-6, 7))
    prices = play(PRICES, drawn)
    assert prices.status is Status.CLEARED
    assert contrast(prices, play(Unmediated("alone", Autarky()), drawn)).pareto_improvement


def test_a_loss_of_revenue_that_is_not_rounding_is_one():
    alone = play(Unmediated("alone", Autarky()), SWAP)
    swapped = traded(SWAP, [2.5, 2.5], [[0.4, 0.4], [0.4, 0.4]])
    assert contrast(swapped, alone).pareto_improvement
    given_more = dataclasses.replace(swapped, revenue=-1e-6)
    assert not contrast(given_more, alone).pareto_improvement
    hurried = dataclasses.replace(given_more, disequilibrium=1e-6)
    assert contrast(hurried, alone).pareto_improvement  # the market cleared no better than that
    assert not contrast(dataclasses.replace(hurried, status=Status.MAX_ROUNDS), alone).pareto_improvement


def test_what_the_auctioneer_lacks_must_not_be_what_agents_gain():
    alone = play(Unmediated("alone", Autarky()), SWAP)
    kept = traded(SWAP, [2.5, 2.5], SWAP.endowment, disequilibrium=1e-6)
    given_away = dataclasses.replace(kept, payoffs=alone.payoffs + np.array([1e-6, 0.0]), revenue=-2e-6)
    found = contrast(given_away, alone)
    assert found.winners.tolist() == [True, False]
    assert not found.pareto_improvement


def test_profits_of_rounding_are_neither_gains_nor_losses():
    """A mill that sells ten loaves at cost is paid 20 and spends 20, but for the last digits."""
    drawn = economy("quasilinear", log=[[20.0]], linear=([[2.0]], [[INF]]))
    alone = given(drawn, [[1e-3], [0.0]], [[0.0], [1e-3]])
    alone = dataclasses.replace(alone, payoffs=np.array([alone.payoffs[0], 0.0]))
    for off in (1e-12, -1e-12):
        sold = traded(drawn, [2.0 * (1.0 + off)], [[10.0], [0.0]], [[0.0], [10.0]])
        assert sold.payoffs[1] != 0.0
        found = contrast(sold, alone)
        assert found.gains[1] == 0.0
        assert found.winners[0]
        assert found.pareto_improvement


def test_utilities_near_zero_have_no_digits_to_be_held_against():
    """log 1 is 0: what comes of an amount that differs from 1 by rounding is rounding."""
    two = economy("exchange", log=[[1.0], [1.0]], endowment=[[1.0], [1.0]])
    found = contrast(given(two, [[1.0 - 1e-12], [1.0 + 1e-12]]), given(two, [[1.0], [1.0]]))
    assert not found.winners.any()
    assert not found.losers.any()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_gains_are_seen_whatever_the_unit_of_utility(scale):
    unit = economy("fisher", cobb_douglas=[[0.2, 0.8], [0.8, 0.2]], commons=[10.0, 10.0], budget=[1.0, 1.0])
    two = with_utility(
        "fisher", CES, {"weights": np.array([[1.0, 2.0], [2.0, 1.0]]) * scale, "elasticity": [2.0, 2.0]},
        commons=[10.0, 10.0], budget=[scale**2, scale**2],
    )  # fmt: skip
    for drawn in (unit, two):
        equal, prices = given(drawn, [[5.0, 5.0], [5.0, 5.0]]), play(PRICES, drawn)
        assert contrast(prices, equal).winners.all()
        assert contrast(prices, equal).pareto_improvement


def test_a_programme_that_ends_at_less_surplus_than_there_is_proves_no_gap_of_zero():
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x, y = np.array([[5.0], [5.0]]), np.zeros((2, 1))
    for worse in (np.array([[8.0], [2.0]]), np.array([[10.0], [0.0]])):
        with pytest.raises(NumericalError, match="less surplus"):
            surplus_gained(two, x, y, worse, y)
    assert surplus_gained(two, worse * 0.8 + 1.0, y, x, y) > 0


def test_a_share_that_the_solver_says_is_enough_is_not_reported_if_somebody_is_worse_off(monkeypatch):
    """As it did of amounts of 1e200, of which all that others had was rounding."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x, y = np.array([[5.0], [5.0]]), np.zeros((2, 1))
    assert resource_utilisation(two, x, y).value == pytest.approx(1.0, abs=1e-6)
    lost = Solution(np.array([[5.0], [0.0]]), y, np.ones(1), -0.5)
    monkeypatch.setattr(ConvexProgram, "solve", lambda *_: lost)
    with pytest.raises(NumericalError, match="not enough for everybody"):
        resource_utilisation(two, x, y)


def test_a_share_is_enough_for_utilities_beyond_floats_too():
    """u = A^(1/rho) M with A = 0.5 and rho = -1e-5 is infinite."""
    two = with_utility(
        "exchange", CES, {"weights": [[0.5], [0.5]], "elasticity": [1.0, 0.99999]}, endowment=[[1.0], [1.0]]
    )
    found = resource_utilisation(two, np.array([[0.5], [1.0]]), np.zeros((2, 1)))
    assert found.value == pytest.approx(0.75, abs=1e-6)


def test_whoever_has_a_tiny_weight_is_not_said_to_weigh_nothing():
    """The second values a unit a thousand million times as much, so it counts that much less."""
    rich = economy("exchange", log1p=[[1.0], [1e9]], commons=[2.0])
    report = alignment(play(Unmediated("first", Seize(movers=("agent0",))), rich))
    np.testing.assert_allclose(report.negishi_weights, [1.0, 1e-9 / 3.0], rtol=1e-6)
    assert not report.degenerate


@pytest.mark.parametrize(("remainder", "efficient"), [(0.0, True), (1e-16, True), (5e-8, False)])
def test_a_remainder_that_an_agent_with_nothing_wants_is_no_rounding(remainder, efficient):
    """u = 2 sqrt(x): 5e-8 units more are worth 4.5e-4 to an agent with nothing, whatever its weight."""
    roots = with_utility(
        "exchange",
        UTILITIES["crra"],
        {"weights": [[1.0], [1.0]], "risk_aversion": [0.5, 0.5]},
        endowment=[[1.0], [0.0]],
    )
    outcome = given(roots, [[1.0 - remainder], [0.0]])
    report = alignment(outcome)
    assert report.efficient is efficient
    if not efficient:
        gained = roots.utility(report.improvement.consumption) - roots.utility(outcome.consumption)
        assert gained.min() >= 0.0
        assert gained.max() > 1e-5
