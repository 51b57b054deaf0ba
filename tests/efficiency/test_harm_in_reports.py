"""The report on efficiency where production harms others: no shortcut of the first welfare theorem holds.

Demand 12 - Q and a cost of 2 make Q = 10 in a market. *Constant harm 3*: the optimum is 12 - Q = 2 + 3, that
is Q = 7; the triangle lost has base 3 and height 3, 4.5; a ban loses all, 12*7 - 49/2 - 5*7 = 24.5.
*Rising harm Q^2/2*: 12 - Q = 2 + Q, Q = 5; surplus 12*5 - 25/2 - 2*5 - 25/2 = 25 at it and 0 at Q = 10.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.smoky import BUYER, COASE, MILL, RISING, SMOKE, smoky, victim

import market
from market.efficiency.dual_bounds import most_surplus_gap
from market.efficiency.surplus import surplus
from market.errors import InputError
from market.results.contributions import contributions
from market.scenario.building import build
from market.scenario.loading import loads
from market.shards.limits import refuse
from market.welfare.possibility_frontier import frontier_search


def played(text, name):
    outcome = market.MarketModel(loads(text), name).run()
    return outcome, market.alignment(outcome)


@pytest.mark.parametrize(
    ("text", "best", "lost", "price"), [(SMOKE, 7.0, 4.5, 5.0), (RISING, 5.0, 25.0, 7.0)]
)
def test_a_market_makes_too_much_and_the_gap_is_the_triangle(text, best, lost, price):
    outcome, report = played(text, "market")
    assert outcome.status is market.Status.CLEARED
    assert outcome.production.sum() == pytest.approx(10.0, abs=1e-9)
    assert report.surplus_gap == pytest.approx(lost, abs=1e-9)
    assert report.efficient_with_transfers is False
    assert not np.allclose(report.negishi_weights, 1 / 3)  # equal weights would prove a gap of 0
    planned, optimal = played(text, "planner")
    assert planned.production.sum() == pytest.approx(best, abs=1e-9)
    assert planned.prices[0] == pytest.approx(price, abs=1e-9)
    assert optimal.efficient_with_transfers
    assert optimal.surplus_gap == 0.0
    assert optimal.negishi_weights == pytest.approx([1 / 3] * 3)


def test_no_regret_is_for_harm_which_no_agent_can_avoid_alone():
    outcome, _ = played(SMOKE, "market")
    assert outcome.regret.tolist() == [0.0, 0.0, 0.0]
    assert outcome.payoffs.tolist() == [50.0, 0.0, -30.0]


def test_a_ban_loses_the_surplus_of_the_optimum():
    outcome, _ = played(SMOKE, "market")
    nothing = np.zeros_like(outcome.production)
    welfare = outcome.economy.welfare(nothing, nothing)
    banned = replace(
        outcome,
        consumption=nothing,
        production=nothing,
        payments=nothing[:, 0],
        utilities=welfare,
        payoffs=welfare,
    )
    assert market.alignment(banned).surplus_gap == pytest.approx(24.5, abs=1e-9)


def test_total_surplus_is_less_harm_which_is_no_buyers_or_sellers():
    outcome, _ = played(SMOKE, "market")
    split = surplus(outcome)
    assert (split.consumer, split.producer, split.harm, split.total) == (50.0, 0.0, 30.0, 20.0)
    assert split.utility_minus_payments == pytest.approx(50.0)


def test_prices_that_clear_are_judged_without_the_harm():
    _, report = played(SMOKE, "market")
    assert report.price_interval == {"steel": None}
    _, planned = played(SMOKE, "planner")
    assert planned.price_interval is None  # no prices lead agents to the optimum


def test_several_victims_count_each_and_a_producer_not_its_own_harm():
    """Two mills with C = y^2/2, each harmed at 1 by the other's output, a town at 2 by both.

    At the optimum demand 12 - Q equals y + 2 + 1 for each: Q = 6, y = 3. Were own output counted, y + 4 would
    be the cost, and Q = 16/3. A market has 12 - Q = y: Q = 8.
    """
    mill = '\n[[agents]]\nname = "mill"\ncount = 2\ncost = { family = "quadratic", unit_cost = { steel = 0.0 }, slope = { steel = 1.0 } }\nharm = { steel = 1.0 }\n'  # noqa: E501
    text = smoky(BUYER, mill, victim("{ steel = 2.0 }"))
    planned, _ = played(text, "planner")
    assert planned.production.ravel() == pytest.approx([0.0, 3.0, 3.0, 0.0], abs=1e-9)
    outcome, report = played(text, "market")
    assert outcome.production.ravel() == pytest.approx([0.0, 4.0, 4.0, 0.0], abs=1e-8)
    assert report.surplus_gap == pytest.approx(planned.utilities.sum() - outcome.utilities.sum(), abs=1e-8)


def test_a_benefit_calls_for_more_than_a_market_makes():
    """Benefit 1 a unit: 12 - Q = 2 - 1, Q = 11, and the market loses 1/2."""
    text = smoky(BUYER, MILL, victim("{ steel = -1.0 }"))
    planned, _ = played(text, "planner")
    assert planned.production.sum() == pytest.approx(11.0, abs=1e-9)
    assert played(text, "market")[1].surplus_gap == pytest.approx(0.5, abs=1e-9)


def test_a_consumer_may_be_a_victim_of_what_it_buys_and_want_none():
    """At an empty bundle a victim keeps its weight, which the producers' conditions need."""
    text = smoky(
        BUYER,
        '\n[[agents]]\nname = "small"\nutility = { family = "quadratic", weights = { steel = 3.0 }, slope = { steel = 1.0 } }\nharm = { steel = 2.0 }\n',  # noqa: E501
        MILL,
        mechanisms='[[mechanisms]]\nname = "planner"\nkind = "planner"\n',
    )
    planned, report = played(text, "planner")
    assert planned.consumption.ravel() == pytest.approx([8.0, 0.0, 0.0], abs=1e-9)
    assert report.efficient
    assert report.negishi_weights == pytest.approx([1 / 3] * 3)


def test_an_outcome_that_pollutes_for_nothing_is_not_efficient():
    outcome, _ = played(SMOKE, "market")
    more = outcome.production + np.array([[0.0], [5.0], [0.0]])
    wasteful = replace(outcome, production=more, utilities=outcome.economy.welfare(outcome.consumption, more))
    report = market.alignment(wasteful)
    assert report.efficient is False
    assert report.improvement.production.sum() < more.sum()


def test_a_mill_at_its_bliss_is_efficient_in_goods_with_a_weight_of_zero_on_its_victim():
    outcome, report = played(COASE, "market")
    assert outcome.production.sum() == pytest.approx(12.0)
    assert report.efficient
    assert report.degenerate
    assert report.surplus_gap == pytest.approx(36.0, abs=1e-9)


def test_any_prices_bound_the_gap_from_above():
    economy = build(loads(RISING))
    x, y = np.array([[10.0], [0.0], [0.0]]), np.array([[0.0], [10.0], [0.0]])
    bounds = [most_surplus_gap(economy, x, y, np.array([p])) for p in np.linspace(0.5, 12.0, 24)]
    assert min(bounds) >= 25.0
    best = np.array([[5.0], [0.0], [0.0]]), np.array([[0.0], [5.0], [0.0]])
    assert most_surplus_gap(economy, *best, np.array([7.0])) == pytest.approx(0.0, abs=1e-12)


def test_spending_caps_leave_the_gap_at_what_victims_can_pay():
    """Without money the resident cannot pay for less steel, and no agent can be made better off."""
    text = smoky(BUYER, MILL, victim("{ steel = 3.0 }", more="budget = 0.0"))
    _, report = played(text, "market")
    assert 0.0 <= report.surplus_gap <= 4.5
    rich = smoky(BUYER, MILL, victim("{ steel = 3.0 }", more="budget = 100.0"))
    assert played(rich, "market")[1].surplus_gap == pytest.approx(4.5, abs=1e-6)


def test_the_frontier_of_a_mill_and_its_victim():
    """Utilities (12 z - z^2/2, -z^2/2) for z from 0 to 12, z the output."""
    outcomes = [played(COASE, name)[0] for name in ("market", "planner")]
    found = frontier_search(outcomes[0].economy, outcomes).through(outcomes)
    mill, resident = found.utilities.T
    z = np.sqrt(np.maximum(-2.0 * resident, 0.0))
    assert mill == pytest.approx(12 * z - z * z / 2, abs=1e-4)
    assert found.surplus == pytest.approx(36.0, abs=1e-6)


def test_weights_move_the_planner_along_the_efficient_outputs():
    """With weight v on the resident 12 - Q = 2 + 3 v."""
    text = smoky(
        BUYER,
        MILL,
        victim("{ steel = 3.0 }"),
        mechanisms='[[mechanisms]]\nname = "planner"\nkind = "planner"\nweights = { resident = 2.0 }\n',
    )
    planned, report = played(text, "planner")
    assert planned.production.sum() == pytest.approx(4.0, abs=1e-9)
    assert report.efficient
    assert report.surplus_gap == pytest.approx(4.5, abs=1e-9)


def test_units_of_money_and_goods_change_no_verdict():
    """Prices in cents and steel in grams: rates in cents a gram."""
    text = SMOKE.replace("12.0", "1.2").replace("slope = { steel = 1.0 }", "slope = { steel = 1e-4 }")
    text = text.replace("2.0 }", "0.2 }").replace("3.0 }", "0.3 }")
    outcome, report = played(text, "market")
    assert outcome.production.sum() == pytest.approx(1e4)
    assert report.surplus_gap == pytest.approx(450.0)
    assert played(text, "planner")[0].production.sum() == pytest.approx(7e3)


def test_a_monopoly_loses_less_than_a_market_where_each_unit_harms():
    """The mill alone sells 5 at 7: less than the optimum of 7 by 2, and (7 - 5)^2 / 2 = 2 are lost."""
    game = '[[mechanisms]]\nname = "alone"\nkind = "unmediated"\ngame = "trading_post"\n'
    game += 'strategic = "sellers"\n'
    outcome, report = played(smoky(BUYER, MILL, victim("{ steel = 3.0 }"), mechanisms=game), "alone")
    assert outcome.production.sum() == pytest.approx(5.0, abs=1e-6)
    assert outcome.payoffs == pytest.approx([12.5, 25.0, -15.0], abs=1e-5)
    assert report.surplus_gap == pytest.approx(2.0, abs=1e-5)


@pytest.mark.parametrize("kind", ['"pivot"', '"double_auction"\nprice_range = [0.0, 20.0]'])
def test_a_mechanism_that_knows_no_harm_refuses_it_with_the_reason(kind):
    tables = f'[[mechanisms]]\nname = "m"\nkind = {kind}\n'
    text = smoky(BUYER, MILL, victim("{ steel = 3.0 }"), mechanisms=tables)
    with pytest.raises(InputError, match="harm"):
        market.MarketModel(loads(text), "m").run()


def test_contributions_and_shards_refuse_harm_with_the_reason():
    with pytest.raises(InputError, match="what others make, which harms its members"):
        contributions(loads(SMOKE))
    with pytest.raises(InputError, match="harm depends on the output of all agents"):
        refuse(loads(SMOKE), ["market"])
