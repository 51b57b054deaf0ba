"""Public goods: closed forms under every mechanism that knows them.

Symbols: u_i = a_i ln G + money, A = sum a, unit cost c, n agents.
"""

from dataclasses import replace

import numpy as np
import pytest
from helpers.parks import (
    CLARKE,
    LINDAHL,
    PLANNER,
    VOLUNTARY,
    cobb_douglas,
    logs,
    outcome,
    quasilinear,
    scenario,
    taxed,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.efficiency.report import alignment
from market.mechanisms import play
from market.mechanisms.trading import clarke
from market.outcome import Status
from market.scenario.building import build

REFERENCE = logs([1.0, 2.0, 3.0])
RULES = ("tatonnement", "multiplicative", "newton", "anderson", "leader")


def amount(found, good=-1):
    """The amount of the last good, which all agents consume."""
    assert np.ptp(found.consumption[:, good]) == 0
    return found.consumption[0, good]


def test_planner_meets_samuelsons_condition():
    """sum a_i / G = c: G = 6. The multiplier is c, and its personal parts are a_i / G."""
    found = outcome(REFERENCE, PLANNER)
    assert found.status is Status.OPTIMAL
    assert amount(found) == pytest.approx(6.0, rel=1e-13)
    np.testing.assert_allclose(found.personal_prices[:3, 0], [1 / 6, 1 / 3, 1 / 2], rtol=1e-12)


def test_the_keenest_alone_pays_in_nash_and_the_gap_is_proved():
    """max a / c = 3 by the keenest; W(6) - W(3) = 6 ln 6 - 6 - (6 ln 3 - 3) = 6 ln 2 - 3."""
    found = outcome(REFERENCE, VOLUNTARY)
    assert found.status is Status.NASH
    assert amount(found) == pytest.approx(3.0, rel=1e-13)
    np.testing.assert_allclose(found.payments, [0, 0, 3, -3], atol=1e-12)
    report = alignment(found)
    assert report.surplus_gap == pytest.approx(6 * np.log(2) - 3, abs=1e-9)
    assert report.efficient_with_transfers is False


@pytest.mark.parametrize("rule", RULES)
def test_lindahl_prices_are_shares_of_the_cost_under_every_rule(rule):
    """p_i = a_i / G with sum c: 1/6, 1/3, 1/2; payments a_i; surplus is largest, regret 0."""
    found = outcome(REFERENCE, f'{LINDAHL}, rule = "{rule}"')
    assert found.status is Status.CLEARED
    np.testing.assert_allclose(found.personal_prices[:3, 0], [1 / 6, 1 / 3, 1 / 2], rtol=1e-9)
    np.testing.assert_allclose(found.payments, [1, 2, 3, -6], rtol=1e-8)
    assert found.max_regret == pytest.approx(0, abs=1e-9)
    report = alignment(found)
    assert report.efficient is True
    assert report.surplus_gap == 0


def test_clarke_payments_are_equal_shares_and_what_others_lose():
    """tax_i = max_G (A_-i ln G - c G (n-1)/n) - the same at G = 6: 5 ln(5/4) - 1, 0, 3 ln(3/4) + 1."""
    found = outcome(REFERENCE, CLARKE)
    taxes = [5 * np.log(5 / 4) - 1, 0.0, 3 * np.log(3 / 4) + 1]
    np.testing.assert_allclose(taxes, [0.115718, 0, 0.136954], atol=1e-6)
    np.testing.assert_allclose(found.payments[:3], 2.0 + np.array(taxes), atol=1e-10)
    assert found.revenue == pytest.approx(0.252672, abs=1e-6)
    assert found.evidence["truth_regret"] == pytest.approx(0, abs=1e-12)
    assert found.status is Status.OPTIMAL


def test_an_inexact_optimum_of_the_others_fails_clarkes_payments(monkeypatch):
    """Payments rest on the optima without each as well: a wrong amount of one of them is no `optimal`.

    With a = 1, 2, 3 and c = 1 the others of agent 3 would choose 3 / (2 / 3) = 4.5, here 1 % more.
    """
    exact = clarke.public_amounts

    def inexact(economy, weights, near):
        found = exact(economy, weights, near)
        more = 1.01 if weights[2] == 0 else 1.0
        return replace(found, consumption=found.consumption * more, production=found.production * more)

    assert outcome(REFERENCE, CLARKE).evidence["residual"] <= 1e-9
    monkeypatch.setattr(clarke, "public_amounts", inexact)
    found = outcome(REFERENCE, CLARKE)
    assert found.evidence["residual"] == pytest.approx(0.01 / 1.01, rel=0.1)
    assert found.status is Status.FAILED


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_equal_agents_provide_one_nth(n):
    """Nash 1 / c, optimum n / c, so the price of anarchy has no bound; n > 1 agents: a continuum, said."""
    text = logs([1.0] * n)
    found = outcome(text, VOLUNTARY)
    assert amount(found) == pytest.approx(1.0, rel=1e-12)
    assert amount(outcome(text, PLANNER)) == pytest.approx(n, rel=1e-12)
    assert ("continuum" in found.reason) == (n > 1)


def test_no_agent_pays_where_the_first_unit_is_worth_less_than_its_cost_to_each():
    """log1p, a = 1, 1, c = 1.5: u'(0) = 1 < c, so Nash 0; 2 / (1 + G) = 1.5 gives the optimum 1/3."""
    text = quasilinear(['family = "log1p", weights = { park = 1.0 }'] * 2, unit_cost=1.5)
    assert amount(outcome(text, VOLUNTARY)) == 0
    for mechanism in (PLANNER, LINDAHL, CLARKE):
        assert amount(outcome(text, mechanism)) == pytest.approx(1 / 3, rel=1e-9)


def test_quadratic_wants_give_four_seven_and_nine():
    """10 - G = 6: Nash 4 by one; 2 (10 - G) = 6: optimum 7; gap (7 - 4)^2 * 2 / 2 = 9."""
    text = quasilinear(
        ['family = "quadratic", weights = { park = 10.0 }, slope = { park = 1.0 }'] * 2, unit_cost=6.0
    )
    found = outcome(text, VOLUNTARY)
    assert amount(found) == pytest.approx(4.0, rel=1e-12)
    assert amount(outcome(text, PLANNER)) == pytest.approx(7.0, rel=1e-12)
    assert alignment(found).surplus_gap == pytest.approx(9.0, abs=1e-8)


def test_linear_game_has_nothing_against_all_tokens():
    """u = 0.4 G + money, 20 tokens, n = 4: 0.4 < 1, so none pays: 20 each; at prices 1/4 all pay: 32 each."""
    text = quasilinear(['family = "linear", weights = { park = 0.4 }'] * 4, budget=20.0)
    found = outcome(text, VOLUNTARY)
    assert found.status is Status.NASH
    assert amount(found) == 0
    assert alignment(found).surplus_gap == pytest.approx(4 * (32 - 20), abs=1e-6)
    agreed = outcome(text, LINDAHL)
    assert amount(agreed) == pytest.approx(80.0, rel=1e-9)
    np.testing.assert_allclose(20.0 + agreed.payoffs[:4], 32.0, rtol=1e-9)


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0])
def test_groves_ledyard_settles_on_the_efficient_amount(gamma):
    """u_i' = c/n + gamma (m_i - 2) for n = 3 and G = 6: m = 2 + (a - 2) / (6 gamma); taxes balance."""
    found = outcome(REFERENCE, taxed(gamma))
    assert found.status is Status.NASH
    assert amount(found) == pytest.approx(6.0, rel=1e-9)
    np.testing.assert_allclose(found.actions[:3, 0], 2 + np.array([-1, 0, 1]) / (6 * gamma), rtol=1e-8)
    assert found.payments.sum() == pytest.approx(0, abs=1e-9)
    assert alignment(found).surplus_gap == pytest.approx(0, abs=1e-9)


def test_groves_ledyard_with_a_low_gamma_does_not_settle():
    """At 0.02 simultaneous replies overshoot for ever; one after the other they reach G = 6."""
    assert outcome(REFERENCE, taxed(0.02)).status is Status.CYCLING
    assert amount(outcome(REFERENCE, taxed(0.02, "sequential"))) == pytest.approx(6.0, rel=1e-8)


@pytest.mark.parametrize(("gamma", "rounds"), [(0.1, 20), (0.5, 47), (1.0, 98)])
def test_groves_ledyard_takes_longer_with_a_high_gamma(gamma, rounds):
    """Simultaneous replies from messages of 1, until none moves by 1e-12: 20, 47, 98 rounds."""
    read = scenario(REFERENCE, taxed(gamma))
    game, economy = read.mechanism("m0").game, build(read)
    messages, rows, count = game.start(economy), game.players(economy), 0
    while True:
        replies = messages.copy()
        replies[rows] = game.replies(economy, messages, rows)
        if np.abs(replies - messages).max() < 1e-12:
            break
        messages, count = replies, count + 1
    assert count == pytest.approx(rounds, abs=1)


# --- wealth (Bergstrom, Blume and Varian) ---------------------------------------------------------------


def test_contributors_have_equal_private_consumption_and_the_poor_give_nothing():
    """a = 1/2: G = W / (1 + k) for k givers of total wealth W, each left with G: 34/3 of 20, 14, 1."""
    found = outcome(cobb_douglas([20.0, 14.0, 1.0]), VOLUNTARY)
    assert found.status is Status.NASH
    np.testing.assert_allclose(found.consumption[:3, 0], [34 / 3, 34 / 3, 1.0], rtol=1e-9)
    np.testing.assert_allclose(found.consumption[:, 1], 34 / 3, rtol=1e-9)
    np.testing.assert_allclose(found.actions[:3, 1], [26 / 3, 8 / 3, 0.0], atol=1e-9)
    report = alignment(found)
    assert report.efficient is False
    assert report.resource_utilisation < 1


@given(moved=st.floats(-2.5, 8.5))
@settings(max_examples=5, deadline=None)
def test_redistribution_among_contributors_changes_nothing(moved):
    """Less than each one's gift, 26/3 and 8/3, moves between them: G and x stay (neutrality)."""
    found = outcome(cobb_douglas([20.0 - moved, 14.0 + moved, 1.0]), VOLUNTARY)
    np.testing.assert_allclose(found.consumption[:3, 0], [34 / 3, 34 / 3, 1.0], rtol=1e-8)
    assert amount(found) == pytest.approx(34 / 3, rel=1e-8)


def test_redistribution_beyond_a_gift_is_not_neutral():
    """With wealth 31, 3, 1 only the first gives: G = 31 / 2, above 34 / 3."""
    found = outcome(cobb_douglas([31.0, 3.0, 1.0]), VOLUNTARY)
    assert amount(found) == pytest.approx(15.5, rel=1e-10)


@pytest.mark.parametrize(("wealth", "gift"), [(9.0, 0.0), (10.0, 0.0), (12.0, 4 / 3)])
def test_threshold_of_wealth_is_exact(wealth, gift):
    """Beside one of 20 (G = 10 alone) another gives from wealth above 10; at 12: G = 32/3, gift 4/3."""
    found = outcome(cobb_douglas([20.0, wealth]), VOLUNTARY)
    assert found.status is Status.NASH
    assert found.actions[1, 1] == pytest.approx(gift, abs=1e-8)


def test_lindahl_amount_with_cobb_douglas_is_the_sum_of_spending_shares():
    """p_i G = (1 - a_i) w_i: G = 0.4 * 10 + 0.3 * 20 = 10 at prices 0.4 and 0.6."""
    found = outcome(cobb_douglas([10.0, 20.0], [0.6, 0.7]), LINDAHL)
    assert found.status is Status.CLEARED
    assert amount(found) == pytest.approx(10.0, rel=1e-9)
    np.testing.assert_allclose(found.personal_prices[:2, 1], [0.4, 0.6], rtol=1e-9)
    np.testing.assert_allclose(found.consumption[:2, 0], [6.0, 14.0], rtol=1e-9)
    assert alignment(found).efficient is True


# --- further cases ----------------------------------------------------------------------------------


def test_rising_cost_is_shared_at_the_margin():
    """6 / G = 1 + G / 2: G = sqrt(13) - 1 for the planner, Lindahl and Clarke; no unit cost to give at."""
    text = logs([1.0, 2.0, 3.0], "quadratic", slope=0.5)
    for mechanism in (PLANNER, LINDAHL, CLARKE):
        assert amount(outcome(text, mechanism)) == pytest.approx(np.sqrt(13) - 1, rel=1e-8)


def test_a_stock_of_a_public_good_is_not_divided():
    """10 units exist: all enjoy 10, more than 6, so nothing is made, and the price is sum a / 10 = 0.6."""
    found = outcome(logs([1.0, 2.0, 3.0]).replace("agents =", "commons.park = 10.0\nagents ="), LINDAHL)
    assert amount(found) == pytest.approx(10.0, rel=1e-9)
    assert found.prices[0] == pytest.approx(0.6, rel=1e-8)
    assert alignment(found).resource_utilisation == pytest.approx(1.0)


@given(
    weights=st.lists(st.floats(0.1, 10.0), min_size=2, max_size=5),
    unit_cost=st.floats(0.1, 10.0),
)
@settings(max_examples=10, deadline=None)
def test_lindahl_payments_cover_the_cost_and_nash_never_exceeds_the_optimum(weights, unit_cost):
    """Payments of consumers are c G; Nash has max a / c <= A / c; both follow from the sums of slopes."""
    text = logs(weights, unit_cost=unit_cost)
    agreed = outcome(text, LINDAHL)
    assert agreed.status is Status.CLEARED
    assert agreed.payments[:-1].sum() == pytest.approx(unit_cost * amount(agreed), rel=1e-8)
    assert amount(agreed) == pytest.approx(sum(weights) / unit_cost, rel=1e-8)
    assert amount(outcome(text, VOLUNTARY)) <= amount(agreed) * (1 + 1e-9)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_change_no_verdict(scale):
    """Money in other units: prices and the gap scale, statuses stay."""
    text = logs([scale, 2 * scale, 3 * scale], unit_cost=scale)
    found = outcome(text, VOLUNTARY)
    assert amount(found) == pytest.approx(3.0, rel=1e-9)
    assert alignment(found).surplus_gap == pytest.approx((6 * np.log(2) - 3) * scale, rel=1e-6)
    assert outcome(text, LINDAHL).status is Status.CLEARED


def test_two_public_goods_are_judged_apart():
    """Utilities are sums over goods, so each good has its own amount: 3 / 1 and 5 / 2."""
    text = quasilinear([])
    text = text.replace('goods = ["park"]', 'goods = ["park", "lamp"]').replace(
        'public = ["park"]', 'public = ["park", "lamp"]'
    )
    agents = (
        '{ name = "x", utility = { family = "log", weights = { park = 1.0, lamp = 3.0 } } },'
        '{ name = "y", utility = { family = "log", weights = { park = 2.0, lamp = 2.0 } } },'
    )
    text = text.replace("agents = [\n,", f"agents = [\n{agents}").replace(
        "park = 1.0 } }", "park = 1.0, lamp = 2.0 } }"
    )
    for mechanism in (PLANNER, LINDAHL):
        np.testing.assert_allclose(outcome(text, mechanism).consumption[0], [3.0, 2.5], rtol=1e-8)
    np.testing.assert_allclose(outcome(text, VOLUNTARY).consumption[0], [2.0, 1.5], rtol=1e-9)


def test_simultaneous_gifts_cycle_and_say_so():
    """All give as if alone, then none gives: period 2."""
    found = outcome(REFERENCE, f'{VOLUNTARY}, schedule = "simultaneous"')
    assert found.status is Status.CYCLING
    assert found.evidence["period"] == 2


def test_a_contraction_of_replies_is_no_cycle():
    """Gifts in constant proportions shrink towards Nash; only equal sizes are a return."""
    read = scenario(cobb_douglas([10.0, 20.0], [0.6, 0.7]), f'{VOLUNTARY}, schedule = "simultaneous"')
    found = play(read.mechanism("m0"), build(read))
    assert found.status is Status.NASH


def groves_ledyard_at_an_end(**ends):
    stated = "".join(f"{key} = {value}\n" for key, value in ends.items() if key != "cost")
    return market.loads(f"""
schema = 1
economy = "quasilinear"
goods = ["park"]
public = ["park"]
{stated}
agents = [
    {{ name = "a", utility = {{ family = "log", weights = {{ park = 1.0 }} }} }},
    {{ name = "b", utility = {{ family = "log", weights = {{ park = 2.0 }} }} }},
    {{ name = "c", utility = {{ family = "log", weights = {{ park = 3.0 }} }} }},
    {{ name = "maker", cost = {{ family = "linear", unit_cost = {{ park = 1.0 }}{ends.get("cost", "")} }} }},
]
mechanisms = [{{ name = "messages", kind = "unmediated", game = "groves_ledyard" }}]
""")


@pytest.mark.parametrize(
    "ends",
    [{"cost": ", capacity = { park = 2.0 }"}, {"commons": "{ park = 20.0 }"}],
    ids=["capacity", "stock"],
)
def test_where_the_amount_is_at_an_end_no_other_message_gains(ends):
    """The amount made stops at 0 and at the capacity; messages are tried on a grid."""
    scenario = groves_ledyard_at_an_end(**ends)
    outcome = market.compare(scenario).outcomes["messages"]
    assert outcome.status is market.Status.NASH
    game, economy = scenario.mechanism("messages").game, outcome.economy
    for i in range(3):
        for message in np.linspace(-25.0, 25.0, 1001):
            tried = outcome.actions.copy()
            tried[i, 0] = message
            assert game.result(economy, tried).payoffs[i] <= outcome.payoffs[i] + 1e-9
