"""Pivot payments: known answers, truth as a best report, deficits, corners and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy, own_producers, with_utility
from helpers.strategies import SOAK, economies
from hypothesis import given, settings

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Money
from market.efficiency.report import alignment
from market.errors import InputError
from market.mechanisms import Pivot, play
from market.mechanisms.trading import pivot
from market.mechanisms.trading.largest_surplus import LargestSurplus, best_allocation, largest_surplus
from market.mechanisms.trading.pivot import best_of_others
from market.outcome import Status
from market.welfare.convex_program import Solution

PIVOT = Pivot("pivot")
INF = np.inf
LOG1P = UTILITIES["log1p"]
ALONE = {"weights": [[3.0]]}, [[1.0]]


def traders(buyers, sellers, a=12.0, k=1.0, c=2.0, s=1.0):
    """Return buyers with `u = a x - k x^2 / 2` and sellers with `C = c y + s y^2 / 2`."""
    cost = ([[c]] * sellers, [[s]] * sellers, [[INF]] * sellers)
    alike = economy("quasilinear", log=[[1.0]] * buyers, quadratic=cost)
    given = {"weights": np.full((buyers, 1), a), "slope": np.full((buyers, 1), k)}
    return replace(alike, utilities=(Block(UTILITIES["quadratic"], slice(0, buyers), given),))


def shared(weights, commons, family="log", **others):
    """Return consumers of one family, and commons."""
    return with_utility("quasilinear", UTILITIES[family], {"weights": weights}, commons=commons, **others)


def test_two_equal_agents_with_log_utility_pay_the_logarithm_of_two():
    """`t_i = L_-i ln(L / L_-i)`: without i the others have 2 lam_j ln q more less ln(q / 2), so ln 2 each."""
    outcome = play(PIVOT, shared([[1.0], [1.0]], [10.0]))
    assert outcome.status is Status.OPTIMAL
    np.testing.assert_allclose(outcome.consumption, [[5.0], [5.0]], rtol=1e-14)
    np.testing.assert_allclose(outcome.payments, np.log(2.0), rtol=1e-14)
    assert outcome.revenue == pytest.approx(2 * 0.693147, abs=1e-6)
    assert outcome.evidence["deficit"] == 0
    assert outcome.evidence["truth_regret"] == pytest.approx(0.0, abs=1e-14)


def test_ten_equal_agents_with_log_utility_pay_nine_times_ln_ten_ninths():
    """`9 ln(10 / 9) = 0.948245`, near the price-taking payment of 1 each (L_i), below it by half of 1 / n."""
    outcome = play(PIVOT, shared([[1.0]] * 10, [3.0]))
    np.testing.assert_allclose(outcome.payments, 9 * np.log(10 / 9), rtol=1e-13)
    np.testing.assert_allclose(outcome.payments, 0.948245, atol=1e-6)


def test_a_buyer_pays_the_costs_and_a_seller_gets_the_utility_that_it_makes_possible():
    """u = 12 x - x^2 / 2, C = 2 y + y^2 / 2: Q = 5, u = 47.5, C = 22.5, W = 25.

    Without either there is no trade and nothing is gained, so each gets W: the buyer pays C = 22.5 and the
    seller gets u = 47.5, a deficit of 25 = W, as 1 / (2 n - 1) says at n = 1.
    """
    outcome = play(PIVOT, traders(1, 1))
    np.testing.assert_allclose(outcome.payments, [22.5, -47.5], rtol=1e-12)
    assert outcome.evidence["deficit"] == pytest.approx(25.0)


def test_an_owner_who_trades_gets_eight_and_the_buyer_pays_two():
    """A unit worth 8 to the buyer and 2 to its owner: deficit 6, all of the gain from trade."""
    outcome = play(PIVOT, shared([[8.0], [2.0]], [0.0], "linear", endowment=[[0.0], [1.0]]))
    np.testing.assert_allclose(outcome.consumption, [[1.0], [0.0]], atol=1e-9)
    np.testing.assert_allclose(outcome.payments, [2.0, -8.0], rtol=1e-9)
    assert outcome.evidence["deficit"] == pytest.approx(6.0)
    assert "a deficit that money from outside must cover" in outcome.reason


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10])
def test_the_deficit_of_equal_traders_is_one_over_two_n_minus_one_of_the_surplus(n):
    """With n buyers and m sellers V = (a - c)^2 n m / (2 (n s + m k)), here k = s = 1.

    W = A n / 2 with A = 50, V without one = A n (n - 1) / (2 n - 1), so i's marginal contribution is
    A n / (2 (2 n - 1)); 2 n of these are A n^2 / (2 n - 1), and the deficit is that less W, W / (2 n - 1).
    """
    outcome = play(PIVOT, traders(n, n))
    surplus = outcome.utilities.sum()
    assert surplus == pytest.approx(25.0 * n)
    assert outcome.evidence["deficit"] / surplus == pytest.approx(1 / (2 * n - 1), rel=1e-9)


def test_one_indivisible_good_costs_the_second_highest_value():
    """Vickrey: linear utilities 5, 3, 1 of one unit; the first has it and pays 3."""
    outcome = play(PIVOT, shared([[3.0], [5.0], [1.0]], [1.0], "linear"))
    np.testing.assert_allclose(outcome.consumption, [[0.0], [1.0], [0.0]], atol=1e-9)
    np.testing.assert_allclose(outcome.payments, [0.0, 3.0, 0.0], atol=1e-9)


def test_one_agent_alone_pays_nothing():
    for alone in (shared([[2.0]], [3.0]), shared([[2.0]], [3.0], "log1p"), own_producers(LOG1P, *ALONE)):
        outcome = play(PIVOT, alone)
        assert outcome.status is Status.OPTIMAL
        np.testing.assert_allclose(outcome.payments, 0.0, atol=1e-12)


def test_payoffs_are_marginal_contributions_and_cover_what_an_owner_could_do_alone():
    """log1p utilities and owners: each gets V(N) - V(N without i), at least the utility of its endowment."""
    owners = shared(
        [[1.0, 2.0], [3.0, 1.0], [1.0, 1.0]], [1.0, 0.0], "log1p", endowment=[[1, 2], [3, 0], [0, 4]]
    )
    outcome = play(PIVOT, owners)
    best = largest_surplus(owners)
    np.testing.assert_allclose(outcome.payoffs, best.value - best_of_others(owners, best).values, rtol=1e-12)
    assert (outcome.payoffs >= owners.utility(owners.endowment) - 1e-12).all()


def test_the_closed_form_is_what_optima_without_each_agent_give():
    """Log utilities, commons and endowments, a good that one agent alone wants, one that none wants."""
    mixed = shared(
        [[1.0, 2.0, 0.0, 0.0], [3.0, 0.5, 0.0, 2.0], [0.7, 1.0, 0.0, 0.0]],
        [2.0, 0.0, 1.0, 5.0],
        endowment=[[1.0, 1.0, 0.0, 0.0], [0.0, 3.0, 2.0, 0.0], [0.5, 0.5, 0.0, 1.0]],
    )
    closed = play(PIVOT, mixed)
    best = largest_surplus(mixed)
    payments = pivot.pivot_payments(closed.utilities, best_of_others(mixed, best).values)
    np.testing.assert_allclose(closed.payments, payments, rtol=1e-11)


@settings(max_examples=12 * SOAK)
@given(economies(max_agents=4, max_goods=2))
def test_no_report_on_a_grid_beats_the_truth(primitives):
    """The payoff of a false report, with its own allocation and payments stated as the rules say."""
    primitives = unlimited(primitives)
    outcome = play(PIVOT, primitives)
    if outcome.status is not Status.OPTIMAL:
        return
    try:
        others = best_of_others(primitives, LargestSurplus(0.0, None, 0.0)).values
    except pivot.NumericalError:
        return
    true = primitives.welfare
    for agent in range(len(primitives.agents)):
        for scale in (0.1, 0.7, 1.5, 10.0):
            weights = np.ones(len(primitives.agents))
            weights[agent] = scale
            try:
                led_to = best_allocation(primitives, weights)
            except pivot.NumericalError:
                continue
            value = true(led_to.consumption, led_to.production)
            paid = others[agent] - (value.sum() - value[agent])
            size = np.abs(outcome.utilities).sum() + abs(others[agent]) + 1e-9
            assert value[agent] - paid <= outcome.payoffs[agent] + 1e-7 * size


def unlimited(primitives):
    """Return the economy with quasilinear money and no budgets."""
    return replace(
        primitives, money=Money.QUASILINEAR, budget=np.full(len(primitives.agents), INF), shares_revenue=False
    )


def test_a_report_that_would_pay_at_another_price_is_seen(monkeypatch):
    """With an allocation that is not the optimum some report gains, and the outcome is no optimum."""
    world = shared([[1.0], [1.0]], [10.0], "log1p")
    right = largest_surplus(world).found
    wrong = Solution(np.array([[9.0], [1.0]]), right.production, right.prices, 0.0)
    settled = pivot.Settled(wrong, np.zeros(2), 0.0, 3)
    monkeypatch.setattr(pivot, "_settled", lambda _: settled)
    outcome = play(PIVOT, world)
    assert outcome.status is Status.FAILED
    assert outcome.evidence["truth_regret"] > 0.1
    assert "no optimum" in outcome.reason


def test_an_agent_whose_absence_ruins_another_is_owed_more_than_any_amount():
    """The only owner of water, and a log consumer of it: V without the owner is -inf."""
    for family, name in (("log", "agent1"), ("stone_geary", "agent1")):
        given = {"weights": [[1.0], [0.0]]} | ({} if family == "log" else {"subsistence": [[0.1], [0.0]]})
        world = with_utility("quasilinear", UTILITIES[family], given, endowment=[[0.0], [2.0]])
        outcome = play(PIVOT, world)
        assert outcome.status is Status.FAILED
        assert f"Without {name} another agent is at -inf" in outcome.reason
        np.testing.assert_array_equal(outcome.payments, 0.0)


def test_an_agent_at_minus_infinity_in_every_allocation_leaves_no_best_one():
    outcome = play(PIVOT, shared([[1.0, 1.0], [1.0, 0.0]], [1.0, 0.0]))
    assert outcome.status is Status.FAILED
    assert "Some agent is at -inf in every allocation" in outcome.reason


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (
            economy("fisher", log=[[1.0]], commons=[1.0], budget=[1.0]),
            'economy = "quasilinear", not "fisher"',
        ),
        (economy("quasilinear", log=[[1.0]], commons=[1.0], budget=[5.0]), "agent0 has a budget"),
        (replace(economy("quasilinear", log=[[1.0]], commons=[1.0]), shares_revenue=True), "commons_shares"),
        (shared(np.linspace(1, 2, 1001)[:, None], [5.0], "log1p"), "1,001 different agents"),
    ],
)
def test_an_economy_in_which_truth_is_not_safe_or_that_is_too_large_is_refused(world, why):
    with pytest.raises(InputError, match=why):
        PIVOT.start(world)


def test_many_agents_of_few_types_need_few_optima():
    """Two thousand agents of two types: three optima."""
    weights = np.where(np.arange(2000) % 2 == 0, 1.0, 3.0)[:, None]
    outcome = play(PIVOT, shared(weights, [1000.0], "log1p"))
    assert outcome.status is Status.OPTIMAL
    assert "by 3 optima" in outcome.reason
    assert len(np.unique(outcome.payments)) == 2


def test_the_report_counts_payments_as_revenue():
    """Total surplus is maximal with revenue; a deficit is no Pareto improvement over having no trade."""
    outcome = play(PIVOT, traders(1, 1))
    report = alignment(outcome)
    assert report.efficient is True
    assert report.efficient_with_transfers is True
    assert outcome.utilities.sum() == pytest.approx(outcome.payoffs.sum() + outcome.revenue)
