"""Claims of the notebook "Trade as alignment", on the scenarios that it plays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market

SCENARIOS = Path(__file__).parents[3] / "scenarios"


@cache
def compared(name, *changes):
    return market.compare(market.load(SCENARIOS / f"{name}.toml", changes))


def run(name, mechanism, *changes, traders=None):
    scenario = market.load(SCENARIOS / f"{name}.toml", changes)
    return market.MarketModel(scenario, mechanism, traders=traders).run()


def charging(share):
    """A trader that pays this share of the price."""

    class Charged(market.Trader):
        def demand(self, prices):
            return super().demand(share * prices)

    return Charged


def test_the_unpaid_baker_makes_nothing_and_has_all_the_weight():
    played = compared("gift")
    alone, report = played.outcomes["gift"], played.alignments["gift"]
    assert alone.status is market.Status.NASH
    assert (alone.production == 0).all()
    assert np.isneginf(alone.utilities[1])
    assert report.efficient
    assert report.degenerate
    assert report.negishi_weights.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("k", [0.01, 0.25, 0.5, 1.0, 2.0])
def test_more_weight_on_the_guest_leads_along_a_ray_of_efficient_outcomes(k):
    planned = run("gift", "planner", f"mechanisms.planner.weights={{ baker = 1.0, guest = {k} }}")
    assert market.alignment(planned).efficient
    np.testing.assert_allclose(planned.production[0], [k * 1.0 / 2.0, k * 3.0 / 5.0], rtol=1e-5)


def test_the_first_mover_takes_all_in_a_degenerate_nash_equilibrium():
    first = compared("commons").outcomes["first mover"]
    assert first.consumption[:, 0].tolist() == [10.0, 0.0]
    assert first.utilities[0] == np.log(10.0)
    assert np.isneginf(first.utilities[1])
    assert first.max_regret == 0
    assert compared("commons").alignments["first mover"].degenerate


def test_three_tribes_that_claim_at_once_are_at_war_and_two_do_not_settle():
    outcomes, reports = compared("war").outcomes, compared("war").alignments
    war = outcomes["all at once"]
    assert {outcomes[name].status for name in ("one after another", "all at once")} == {market.Status.NASH}
    assert (war.actions == 10.0).all()
    assert (war.consumption == 0.0).all()
    assert reports["all at once"].efficient is False
    assert run("war", "all at once", "agents.tribe.count=2").status is market.Status.CYCLING


def test_at_prices_the_two_buy_what_the_planner_gives_them():
    outcome, planned = (compared("commons").outcomes[name] for name in ("prices", "planner"))
    np.testing.assert_allclose(outcome.consumption, planned.consumption, rtol=1e-6)
    np.testing.assert_allclose(outcome.prices, 2.0 / 10.0, rtol=1e-8)
    assert outcome.max_regret < 1e-9


@pytest.mark.parametrize("name", ["gift", "commons", "war"])
def test_prices_are_the_planners_multipliers(name):
    played = compared(name)
    np.testing.assert_allclose(played.outcomes["prices"].prices, played.outcomes["planner"].prices, rtol=1e-6)
    assert played.alignments["prices"].efficient_with_transfers


def test_charges_decide_whose_super_agent_it_is():
    charged = run("commons", "prices", traders={"alpha": charging(0.5), "beta": charging(2.0)})
    np.testing.assert_allclose(charged.consumption[:, 0], [8.0, 2.0], rtol=1e-6)
    weights = market.alignment(charged).negishi_weights
    np.testing.assert_allclose(weights, np.array([2.0, 0.5]) / 2.5, rtol=1e-6)


def taken(p):
    return compared("commons").economy.answers(np.array([p])).demand.lowest[:, 0]


def payoffs(x, p):
    """Of alpha, beta and the auctioneer, when all three have moved."""
    return np.array([*(np.log(x) - p * x), -abs(x.sum() - 10.0)])


def regrets(x, p):
    """The most that each of the three could gain by moving otherwise alone."""
    others = np.linspace(0.01, 60.0, 6000)
    alpha = max(payoffs(np.array([y, x[1]]), p)[0] for y in others)
    beta = max(payoffs(np.array([x[0], y]), p)[1] for y in others)
    auctioneer = max(payoffs(x, other)[2] for other in np.linspace(0.01, 2.0, 200))
    return np.array([alpha, beta, auctioneer]) - payoffs(x, p)


@pytest.mark.parametrize("p", [0.05, 0.2, 1.0])
def test_if_all_move_at_once_every_price_is_a_nash_equilibrium(p):
    assert regrets(taken(p), p).max() < 1e-9


def test_a_bundle_that_is_not_best_at_the_price_is_regretted():
    assert regrets(np.array([5.0, 5.0]), 0.05)[0] > 0.5


def test_a_leading_auctioneer_has_one_best_price():
    grid = np.linspace(0.05, 0.6, 1101)
    leading = np.array([-abs(taken(p).sum() - 10.0) for p in grid])
    assert np.isclose(grid[leading.argmax()], 0.2)


@pytest.mark.parametrize("p", [0.05, 0.2, 1.0])
def test_an_auctioneer_paid_for_excess_demand_has_no_better_price_only_where_markets_clear(p):
    z = taken(p).sum() - 10.0
    gain = max(other * z - p * z for other in (0.5 * p, 2.0 * p))
    assert (gain > 1e-6) == (not np.isclose(p, 0.2))


def test_the_indifferent_baker_is_assigned_what_balances():
    answers = compared("gift").economy.answers(np.array([2.0, 5.0]))
    assert answers.supply.lowest[0].tolist() == [0.0, 0.0]
    assert np.isinf(answers.supply.highest[0]).all()
    np.testing.assert_allclose(compared("gift").outcomes["prices"].production[0], [0.5, 0.6])


def test_alpha_loses_by_prices():
    change = compared("commons").contrasts()["prices"]
    assert change.losers.tolist() == [True, False]
    assert not change.pareto_improvement
    np.testing.assert_allclose(change.gains[0], (np.log(5.0) - 1.0) - np.log(10.0))


def test_where_nothing_is_worth_nothing_revenue_can_make_up_for_the_loss():
    """Payoffs log(1 + x) - p x; p = 1 / 6, so each pays 5 / 6, and alpha loses log 11 - log 6 + 5 / 6."""
    gentler = [f"agents.{name}.utility.family='log1p'" for name in ("alpha", "beta")]
    outcomes = compared("commons", *gentler).outcomes
    before, after = outcomes["first mover"], outcomes["prices"]
    loss = before.payoffs[0] - after.payoffs[0]
    assert loss == pytest.approx(np.log(11 / 6) + 5 / 6, rel=1e-7)
    assert after.revenue == pytest.approx(10 / 6, rel=1e-7)
    assert (after.payoffs + np.array([1.5, 0.0]) > before.payoffs).all()
    assert round(after.revenue - 1.5, 2) == 0.17


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.8, 0.2)])
def test_revenue_paid_back_by_purchases_distorts_unless_shares_are_equal(shares):
    traders = {name: charging(1.0 - share) for name, share in zip(("alpha", "beta"), shares, strict=True)}
    lost = market.alignment(run("commons", "prices", traders=traders)).surplus_gap
    assert (lost < 1e-9) == (shares[0] == shares[1])
