"""Supporting prices where goods are equally scarce to agents that want them in fixed proportions.

At a bundle k a of u = min x_g / a_g slopes are any m >= 0 with a.m = 1, so at prices p the weight is w = a.p,
the cost of a unit of utility; a good of which some agent has more than goes with the others must be free.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.economies import INF, LEONTIEF, economy, with_utility
from helpers.published_economies import scarf

import market
from market.economy.families.utilities import Leontief
from market.economy.primitives import Block, Economy
from market.efficiency.dual_bounds import least_utilisation
from market.efficiency.report import alignment
from market.efficiency.surplus_gap import nothing_to_gain
from market.mechanisms import Auction, Autarky, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Newton, Tatonnement
from market.outcome import Outcome, Status
from market.results.run_folder import write_run
from market.results.verify import verify
from market.results.verify.alignment_claims import zero_in_all_supports
from market.results.verify.record import Record
from market.welfare.first_order_conditions import residual

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PRICES = Auction("prices", Tatonnement())
SHOES = with_utility(  # of the second good 10 - 3 - 1.5 are left over: it is free, and the first costs 1 / 3
    "fisher", LEONTIEF, {"weights": [[1.0, 1.0], [2.0, 1.0]]}, commons=[6.0, 10.0], budget=[1.0, 1.0]
)


def given(economy: Economy, x) -> Outcome:
    """An outcome with this consumption and nothing else."""
    x = np.array(x, dtype=float)
    nothing = np.zeros(len(x))
    u = economy.utility(x)
    return Outcome(
        economy, "given", "given", Status.MAX_ROUNDS, "", 0, x, np.zeros_like(x), nothing, 0.0, u, u
    )


def mixed(money: str, log, leontief, **others) -> Economy:
    """One agent with utility sum a log x, and one with min x / a."""
    both = economy(money, log=[log, log], **others)
    blocks = (
        Block(both.utilities[0].family, slice(0, 1), {"weights": np.array([log], dtype=float)}),
        Block(LEONTIEF, slice(1, 2), {"weights": np.array([leontief], dtype=float)}),
    )
    return replace(both, utilities=blocks)


# --- slopes ---------------------------------------------------------------------------------------------


def test_slopes_at_a_kink_are_proportional_to_prices():
    """a = (2, 1), p = (3, 4): a unit costs 10, and m = p / 10; 2 * 0.3 + 0.4 = 1."""
    at = {"weights": np.array([[2.0, 1.0, 0.0]])}
    kink, slack = np.array([[4.0, 2.0, 7.0]]), np.array([[4.0, 1.0, 7.0]])
    p = np.array([3.0, 4.0, 5.0])
    np.testing.assert_allclose(Leontief.marginal_along(kink, p, **at), [[0.3, 0.4, 0.0]])
    np.testing.assert_array_equal(Leontief.kink(kink, **at), [[2.0, 1.0, 0.0]])
    np.testing.assert_array_equal(Leontief.marginal_along(slack, p, **at), [[0.0, 1.0, 0.0]])
    assert not Leontief.kink(slack, **at).any()


def test_slopes_at_a_kink_of_free_goods_are_those_without_prices():
    at, x = {"weights": np.array([[2.0, 1.0]])}, np.array([[4.0, 2.0]])
    np.testing.assert_array_equal(Leontief.marginal_along(x, np.zeros(2), **at), Leontief.marginal(x, **at))


# --- cleared markets ------------------------------------------------------------------------------------


def test_scarfs_agents_have_equal_weights():
    outcome = play(Auction("asks", Newton(), initial_prices={"good0": 1.5, "good2": 0.7}), scarf())
    report = alignment(outcome)
    assert (outcome.status, report.efficient, report.degenerate) == (Status.CLEARED, True, False)
    np.testing.assert_allclose(report.negishi_weights, 1.0 / 3.0, rtol=1e-9)


def test_weights_with_a_free_good_are_the_cost_of_the_others():
    """Units of the first good: 1 and 2; the second is left over, and costs nothing."""
    outcome = play(PRICES, SHOES)
    np.testing.assert_allclose(outcome.consumption, [[3.0, 3.0], [3.0, 1.5]], rtol=1e-8)
    report = alignment(outcome)
    assert report.efficient is True
    assert report.supporting_prices[1] == 0.0
    np.testing.assert_allclose(report.negishi_weights, [1.0 / 3.0, 2.0 / 3.0], rtol=1e-9)


def test_an_agent_without_a_kink_fixes_prices_and_they_the_weight_of_an_agent_with_one():
    """Log utility at (2, 1) values the goods 1 : 2; at w m = (1/2, 1) a unit of both costs 3/2."""
    traders = mixed("exchange", [1.0, 1.0], [1.0, 1.0], endowment=[[2.0, 1.0], [3.0, 3.0]])
    report = alignment(given(traders, [[2.0, 1.0], [3.0, 3.0]]))
    assert report.efficient is True
    np.testing.assert_allclose(report.negishi_weights, [0.4, 0.6], rtol=1e-9)
    np.testing.assert_allclose(report.supporting_prices, [0.2, 0.4], rtol=1e-9)


def test_weights_are_the_most_equal_where_prices_are_open():
    """w = (2 p + q, p + 2 q) for any p, q; worth 9 p + 9 q together, most equally at p = q."""
    farmers = with_utility(
        "exchange", LEONTIEF, {"weights": [[2.0, 1.0], [1.0, 2.0]]}, endowment=9.0 * np.eye(2)
    )
    report = alignment(given(farmers, [[6.0, 3.0], [3.0, 6.0]]))
    assert report.efficient is True
    np.testing.assert_allclose(report.negishi_weights, 0.5, rtol=1e-8)
    assert report.residual <= 1e-12


def test_a_stock_in_fixed_proportions_leaves_no_surplus_gap():
    shared = with_utility("quasilinear", LEONTIEF, {"weights": [[1.0, 2.0], [1.0, 2.0]]}, commons=[4.0, 8.0])
    for outcome in (play(PRICES, shared), given(shared, [[1.0, 2.0], [3.0, 6.0]])):
        report = alignment(outcome)
        assert (report.efficient, report.efficient_with_transfers) == (True, True)
        assert report.surplus_gap == pytest.approx(0.0, abs=1e-6)
        np.testing.assert_allclose(report.negishi_weights, 0.5, rtol=1e-9)


def test_a_spending_cap_lowers_the_weight_at_a_kink():
    """The second good is free, so a unit costs p and p / 4; who has spent its 0.1 weighs a quarter."""
    tastes = {"weights": [[1.0, 1.0], [0.25, 0.25]]}
    capped = with_utility("quasilinear", LEONTIEF, tastes, commons=[2.0, 3.0], budget=[INF, 0.1])
    outcome = play(PRICES, capped)
    assert outcome.status is Status.CLEARED
    assert outcome.prices[1] == 0.0
    report = alignment(outcome)
    assert (report.efficient, report.efficient_with_transfers, report.surplus_gap) == (True, True, 0.0)
    weights = nothing_to_gain(
        capped, outcome.consumption, outcome.production, outcome.payments, outcome.prices, 1e-6
    )
    np.testing.assert_allclose(weights, [1.0, 0.25], rtol=1e-8)


def test_prices_of_the_outcome_give_the_weights_without_a_program(monkeypatch):
    """With equal shares the second would lack the second good, but in the market that is left over."""
    tastes = {"weights": [[1.0, 1.0], [1.0, 3.0]]}
    clogs = with_utility("fisher", LEONTIEF, tastes, commons=[6.0, 10.0], budget=[3.0, 1.0])
    monkeypatch.setattr("market.welfare.convex_program.LARGEST_PROGRAM", 0)
    outcome = play(PRICES, clogs)
    assert outcome.prices[1] == 0.0
    report = alignment(outcome)
    assert report.efficient is True
    np.testing.assert_allclose(report.negishi_weights, 0.5, rtol=1e-7)


def test_prices_prove_that_all_of_a_good_is_needed_though_another_is_free():
    x = np.array([[3.0, 3.0], [3.0, 1.5]])
    assert least_utilisation(SHOES, x, np.array([1.0, 0.0])) == pytest.approx(1.0, abs=1e-12)


# --- the planner, and games without prices ----------------------------------------------------------------


@pytest.mark.parametrize("weights", [{}, {"agent0": 0.7}, {"agent1": 1.3, "agent2": 0.6}])
def test_a_plan_for_fixed_proportions_is_optimal_by_its_own_prices(weights):
    plan = play(Planner("planner", welfare_weights=weights), scarf())
    assert plan.status is Status.OPTIMAL, plan.reason
    assert alignment(plan).efficient is True


def test_a_plan_with_a_negligible_bundle_is_optimal():
    """The scarce goods that a solver leaves to the two agents in the middle are negligible."""
    tastes = [[2.3, 2.6, 0.9, 0.0], [2.1, 2.2, 0.7, 1.3], [2.7, 1.8, 1.8, 0.0], [1.7, 1.7, 0.4, 2.9]]
    plenty = with_utility("fisher", LEONTIEF, {"weights": tastes}, commons=[8.3, 13.7, 10.0, 8.1])
    plan = play(Planner("planner"), plenty)
    assert plan.status is Status.OPTIMAL, plan.reason
    assert (plan.utilities == 0.0).any()


def test_a_plan_near_a_kink_is_sharpened():
    """The optimum for log utility is flat, so an interior-point method leaves a violation of 2e-6."""
    both = mixed("quasilinear", [0.05, 1.05], [0.05078125, 0.05], commons=[0.25, 0.25])
    plan = play(Planner("planner"), both)
    assert plan.status is Status.OPTIMAL
    assert plan.evidence["residual"] <= 1e-12
    assert plan.consumption[1, 0] / plan.consumption[1, 1] == pytest.approx(0.05078125 / 0.05, rel=1e-12)


def test_autarky_with_fixed_proportions_is_improved_by_trade():
    report = alignment(play(Unmediated("alone", Autarky()), scarf()))
    assert report.efficient is False
    better = report.improvement.consumption
    assert (scarf().utility(better) > 0).any()
    assert (better.sum(axis=0) <= 1.0 + 1e-12).all()


def test_seizure_at_a_kink_is_efficient_unless_the_mover_takes_goods_without_use():
    """All of one good and as much of the other as goes with it: no other agent has a use for what is left."""
    first = play(Unmediated("first", Seize(movers=("agent0",))), SHOES)
    np.testing.assert_allclose(first.utilities, [6.0, 0.0])
    report = alignment(first)
    assert (report.efficient, report.degenerate) == (True, False)


@pytest.mark.parametrize(
    "x",
    [
        [[6.0, 3.5], [3.0, 5.5]],  # half a pear too many, which the other lacks
        [[5.9, 3.0], [3.0, 6.0]],  # a tenth of an apple thrown away
        [[5.0, 4.0], [4.0, 5.0]],  # each has too much of what the other wants more of
    ],
)
def test_waste_near_a_kink_is_found_and_undone(x):
    farmers = with_utility(
        "exchange", LEONTIEF, {"weights": [[2.0, 1.0], [1.0, 2.0]]}, endowment=9.0 * np.eye(2)
    )
    report = alignment(given(farmers, x))
    assert report.efficient is False
    after, before = farmers.utility(report.improvement.consumption), farmers.utility(np.array(x))
    assert (after >= before).all()
    assert (after > before).any()


# --- verified in other code -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gale", "scarf"])
def test_efficiency_at_a_kink_is_verified_from_the_record(name, tmp_path):
    folder = write_run(market.compare(market.load(SCENARIOS / f"{name}.toml")), tmp_path)
    checked = verify(folder)
    assert checked.holds
    efficient = {claim.name: claim.detail for claim in checked.claims if claim.name.endswith(": efficient")}
    assert efficient["asks: efficient"] == "weights and prices prove it"
    assert not any("not checked" in detail for detail in efficient.values())


def test_one_free_good_of_several_that_are_equally_scarce_does_not_make_a_weight_zero():
    """Log utility of nothing has weight 0; an agent that wants a free good with a dear one still counts."""
    traders = mixed("exchange", [1.0, 0.0], [1.0, 1.0], endowment=[[0.0, 1.0], [3.0, 3.0]])
    x = np.array([[0.0, 0.0], [3.0, 3.0]])
    none, u = np.zeros(2), traders.utility(x)
    record = Record(traders, "", "", Status.MAX_ROUNDS, "", 0, x, np.zeros_like(x), none, 0.0, u, u)
    assert zero_in_all_supports(traders, record).tolist() == [True, False]
    report = alignment(given(traders, x))
    assert (report.efficient, report.degenerate) == (True, True)
    np.testing.assert_array_equal(report.negishi_weights, [0.0, 1.0])


@pytest.mark.parametrize("factor", [1.0 - 1e-5, 1.0 + 1e-5])
def test_a_weight_that_is_not_the_cost_of_a_unit_supports_nothing(factor):
    """The other weight being right, one that is off by 1e-5 violates the conditions by 1e-5."""
    w, p = np.array([1.0, 2.0 * factor]), np.array([1.0, 0.0])
    x = np.array([[3.0, 3.0], [3.0, 1.5]])
    assert residual(SHOES, x, np.zeros_like(x), w, p) == pytest.approx(1e-5, rel=1e-6)
    assert residual(SHOES, x, np.zeros_like(x), np.array([1.0, 2.0]), p) <= 1e-15
