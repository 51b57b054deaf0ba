"""The alignment report: verdicts that do not depend on units, names, order or the scale of utility."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import INF, economy, references, with_utility
from helpers.outcomes import given, with_weights

from market.economy.families.utilities import UTILITIES
from market.efficiency.contrast import contrast
from market.efficiency.pareto_improvement import improvement, improves
from market.efficiency.report import alignment
from market.efficiency.resource_utilisation import resource_utilisation
from market.mechanisms import Auction, Autarky, Gift, Planner, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status

PRICES = Auction("prices", Tatonnement())


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
    """An agent that wants, owns and makes nothing."""
    with_nobody = dataclasses.replace(
        EDGEWORTH,
        agents=(*EDGEWORTH.agents, "null"),
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


def test_a_market_with_a_spending_cap_is_efficient_within_caps():
    """One rich, one with a budget of 0.5: it would spend 1. No agent can gain without new money for it.

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


def test_an_unequal_planner_loses_surplus():
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


def test_an_agent_at_minus_infinity_in_every_allocation_leaves_total_surplus_undefined():
    hopeless = economy("quasilinear", log=[[1.0, 0.0], [0.0, 1.0]], commons=[1.0, 0.0])
    report = alignment(given(hopeless, [[1.0, 0.0], [0.0, 0.0]]))
    assert report.surplus_gap is None
    assert report.efficient_with_transfers is None
    assert any("-inf in every allocation" in line for line in report.reasons)


def test_first_worth_is_infinite_where_a_wanted_good_is_free():
    """Log1p agents: a / p at most, inf for those who want good 1 (log) or good 2 (log1p), free here."""
    primitives = economy(
        "quasilinear",
        log=[[1.0, 1.0, 0.0]],
        log1p=[[3.0, 0.0, 1.0], [3.0, 0.0, 0.0]],
        commons=[1.0, 1.0, 1.0],
    )
    worth = primitives.first_worth(np.array([0.5, 0.0, 0.0]))
    np.testing.assert_allclose(worth, [np.inf, np.inf, 6.0], rtol=1e-6)


def test_first_worth_is_finite_at_any_positive_price():
    """a_0 / p_0 for log1p; an amount that is tiny elsewhere would buy plenty of good 0."""
    keen = economy("quasilinear", log1p=[[1.0, 1.0]], commons=[1.0, 1e6])
    np.testing.assert_allclose(keen.first_worth(np.array([1e-10, 1.0])), [1e10], rtol=1e-2)


def test_an_efficient_outcome_has_no_improvement():
    outcome = play(PRICES, EDGEWORTH)
    assert improvement(EDGEWORTH, outcome.consumption, outcome.production) is None
    needed = resource_utilisation(EDGEWORTH, outcome.consumption, outcome.production)
    assert needed.value == pytest.approx(1.0, abs=1e-8)


def test_a_false_improvement_is_not_confirmed():
    from market.efficiency.pareto_improvement import Reallocation

    x = play(PRICES, EDGEWORTH).consumption
    y = np.zeros_like(x)
    assert not improves(EDGEWORTH, x, y, Reallocation(x * 1.01, y))  # not feasible
    assert not improves(EDGEWORTH, x, y, Reallocation(x, y))  # no gain
    assert not improves(EDGEWORTH, x, y, Reallocation(x * [[1.1], [0.8]], y))  # a loss


def test_equal_shares_of_unlike_tastes_can_be_improved():
    unlike = economy("fisher", cobb_douglas=[[0.2, 0.8], [0.8, 0.2]], commons=[10.0, 10.0], budget=[1.0, 1.0])
    outcome = play(Unmediated("equal shares", Gift()), unlike)
    np.testing.assert_allclose(outcome.consumption, 5.0)
    report = alignment(outcome)
    assert report.efficient is False
    assert improves(unlike, outcome.consumption, outcome.production, report.improvement)


@pytest.mark.parametrize(("remainder", "efficient"), [(0.0, True), (1e-16, True), (5e-8, False)])
def test_a_remainder_wanted_by_an_agent_with_nothing_is_inefficient(remainder, efficient):
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


def test_unbounded_quantities_have_no_figures():
    """What any amount is worth 5 of costs 1 without a limit: no equilibrium, and no verdict on efficiency."""
    given = {"weights": [[5.0]]}
    pump = with_utility("quasilinear", UTILITIES["linear"], given, linear=([[1.0]], [[np.inf]]))
    outcome = play(Auction("prices", Tatonnement(), max_rounds=5), pump)
    assert outcome.status is Status.NO_EQUILIBRIUM
    report = alignment(outcome)
    assert report.efficient is None
    assert report.surplus_gap is None
    assert "unbounded" in report.unknown["efficient"]
