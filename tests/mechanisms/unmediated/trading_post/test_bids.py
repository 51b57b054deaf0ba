"""Kelly's game: bids for a stock C that no agent owns, w_i buys w_i / p with p = sum w / C.

An agent that knows how it moves the price maximises u(w C / (w + W)) - w against others' bids W, so that in
equilibrium `u_i'(x_i) (1 - x_i / C) = p`. For u = lam log x and M = p C this is x_i = C lam_i / (M + lam_i)
and `sum lam_i / (M + lam_i) = 1`.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from helpers.posts import played

from market.economy.families.utilities import UTILITIES
from market.outcome import Status

SCHEDULES = ("sequential", "simultaneous", "random")


def log_bidders(*weights, stock=10.0):
    return economy("quasilinear", log=[[weight] for weight in weights], commons=[stock])


def linear_bidders(weights, stock=1.0):
    return with_utility(
        "quasilinear", UTILITIES["linear"], {"weights": [[weight] for weight in weights]}, commons=[stock]
    )


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_two_equal_bidders_pay_half_of_the_competitive_price(schedule):
    """Of n equal agents p is (n - 1)/n of the competitive price, and the allocation is the efficient one."""
    outcome = played(log_bidders(1.0, 1.0), strategic="buyers", schedule=schedule)
    assert outcome.status is Status.NASH
    assert outcome.prices == pytest.approx([0.1], abs=1e-12)
    assert outcome.consumption[:, 0] == pytest.approx([5.0, 5.0], abs=1e-9)
    assert outcome.payments == pytest.approx([0.5, 0.5])
    assert outcome.revenue == pytest.approx(1.0)
    assert outcome.evidence["price_taking_price[good0]"] == pytest.approx(0.2)


@pytest.mark.parametrize("first", [0.0, 1e-6, 0.5, 2.0])
def test_bidders_with_weights_one_and_two_arrive_from_any_first_bids(first):
    """1/(M + 1) + 2/(M + 2) = 1 has the root M = sqrt 2; some surplus is lost."""
    outcome = played(log_bidders(1.0, 2.0), strategic="buyers", first=first, schedule="simultaneous")
    assert outcome.status is Status.NASH
    assert outcome.rounds <= 40
    assert outcome.prices[0] == pytest.approx(np.sqrt(2.0) / 10.0, abs=1e-11)
    assert outcome.consumption[:, 0] == pytest.approx([4.142136, 5.857864], abs=1e-6)
    best = np.log(10 / 3) + 2.0 * np.log(20 / 3)
    assert best - outcome.utilities.sum() == pytest.approx(0.041431, abs=1e-6)


def test_bids_of_price_takers_reach_the_competitive_price():
    outcome = played(log_bidders(1.0, 2.0), strategic="buyers", conduct=0.0)
    assert outcome.prices == pytest.approx([0.3])
    assert outcome.status is Status.SETTLED
    assert outcome.regret.max() == pytest.approx(0.424636, abs=1e-6)  # of an agent that knew


def test_conduct_between_meets_its_condition():
    """With conjecture theta, `u'(x) = p + theta x dP/dx` with `P = W / (C - x)`, so `dP/dx = p / (C - x)`."""
    theta = 0.5
    outcome = played(log_bidders(1.0, 2.0), strategic="buyers", conduct=theta)
    x, p = outcome.consumption[:, 0], outcome.prices[0]
    assert np.array([1.0, 2.0]) / x == pytest.approx(p * (1.0 + theta * x / (10.0 - x)), rel=1e-8)
    assert 0.1414 < p < 0.3


@pytest.mark.parametrize(
    ("agents", "gamma", "ratio"),
    [
        (2, np.sqrt(2.0) - 1.0, 2.0 * np.sqrt(2.0) - 2.0),
        (3, None, 0.797959),
        (5, None, 0.777088),
        (10, None, 0.762994),
    ],
)
def test_linear_bidders_keep_the_share_of_surplus_of_the_worst_case(agents, gamma, ratio):
    """One agent u = x and n - 1 agents u = gamma x share one unit.

    With p = 1 - x_1 = gamma (1 - x) for the others and x = (1 - x_1)/(n - 1),
    1 - x_1 = gamma (1 - (1 - x_1)/(n - 1)),
    so that s = 1 - x_1 = gamma (n - 1)/(n - 1 + gamma) and welfare is 1 - s + gamma s. It is least for
    gamma^2 + 2 (n - 1) gamma - (n - 1) = 0.
    """
    others = agents - 1
    worst = -others + np.sqrt(others * others + others)
    if gamma is not None:
        assert worst == pytest.approx(gamma)
    outcome = played(linear_bidders([1.0] + [worst] * others), strategic="buyers")
    assert outcome.status is Status.NASH
    assert outcome.utilities.sum() == pytest.approx(ratio, abs=1e-6)


def test_worst_case_approaches_three_quarters():
    """s = gamma (n - 1)/(n - 1 + gamma) with gamma near 1/2, and 1 - s + gamma s near 3/4."""
    gamma = -99.0 + np.sqrt(99.0 * 99.0 + 99.0)
    s = gamma * 99.0 / (99.0 + gamma)
    assert 1.0 - s + gamma * s == pytest.approx(0.751255, abs=1e-6)


def test_four_linear_bidders_keep_eleven_fourteenths():
    outcome = played(linear_bidders([1.0, 0.5, 0.5, 0.5]), strategic="buyers")
    assert outcome.consumption[:, 0] == pytest.approx([4 / 7, 1 / 7, 1 / 7, 1 / 7], abs=1e-9)
    assert outcome.utilities.sum() == pytest.approx(11 / 14, abs=1e-9)


def test_random_bidders_keep_three_quarters_of_the_surplus():
    """Johari and Tsitsiklis (2004): at least 3/4 for concave utilities >= 0.

    Of random economies with `a log(1 + x)`, n uniform in 2..10, weights lognormal and a stock uniform, the
    mean ratio is near one; the bound holds in each of them, and the optimum is by equal marginal utilities.
    """
    rng = np.random.default_rng(13)
    ratios = []
    for _ in range(25):
        n = int(rng.integers(2, 11))
        weights = rng.lognormal(0.0, 1.0, n)
        stock = float(rng.uniform(0.5, 10.0))
        outcome = played(
            economy("quasilinear", log1p=weights[:, None].tolist(), commons=[stock]),
            strategic="buyers",
            max_rounds=3000,
        )
        ratios.append(outcome.utilities.sum() / _optimum(weights, stock))
        assert outcome.status is Status.NASH, outcome.reason
    assert min(ratios) >= 0.75
    assert max(ratios) <= 1.0 + 1e-12
    assert np.mean(ratios) == pytest.approx(0.97, abs=0.03)


def _optimum(weights, stock):
    """Return max sum a log(1 + x): x = (a / mu - 1)^+ with mu such that the stock is used."""
    low, high = 1e-12, float(weights.max())
    for _ in range(200):
        mu = np.sqrt(low * high)
        low, high = (mu, high) if np.maximum(weights / mu - 1.0, 0.0).sum() > stock else (low, mu)
    return float((weights * np.log1p(np.maximum(weights / high - 1.0, 0.0))).sum())


def test_one_bidder_alone_has_no_equilibrium():
    """Any bid gets everything, so half of it is better: there is no best bid."""
    outcome = played(log_bidders(1.0), strategic="buyers")
    assert outcome.status is Status.NO_EQUILIBRIUM
    assert "the only buyer of good0, gets all that is offered for any bid" in outcome.reason
    assert outcome.consumption[0, 0] == 10.0
    assert outcome.payments[0] <= 1e-11


def test_a_budget_caps_bids():
    """With lam = 1, 2 bids are 0.5858 and 0.8284; a budget of 0.3 binds, and then W = 0.3 for the other.

    Its best bid solves 2 W = w (w + W).
    """
    limited = economy("quasilinear", log=[[1.0], [2.0]], commons=[10.0], budget=[0.3, np.inf])
    outcome = played(limited, strategic="buyers")
    assert outcome.status is Status.NASH
    assert outcome.actions[:, 0] == pytest.approx([0.3, (-0.3 + np.sqrt(0.09 + 2.4)) / 2.0], abs=1e-9)


def test_buyers_with_budgets_alone_spend_them():
    """In a Fisher market with one good money has no other use: every agent bids all of it."""
    outcome = played(
        economy("fisher", log=[[1.0], [2.0]], commons=[1.0], budget=[1.0, 2.0]), strategic="buyers"
    )
    assert outcome.status is Status.NASH
    assert outcome.consumption[:, 0] == pytest.approx([1 / 3, 2 / 3])


def test_fisher_buyers_of_two_goods_spend_their_budgets_and_could_not_gain():
    """At a best reply `u_g' (Q_g - x_g) / (p_g Q_g)` is the same for all goods."""
    weights = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 1.0]])
    outcome = played(
        economy("fisher", log=weights.tolist(), commons=[1.0, 1.0], budget=[1.0, 2.0, 3.0]),
        strategic="buyers",
    )
    x, p = outcome.consumption, outcome.prices
    assert outcome.status is Status.NASH
    assert (x @ p) == pytest.approx([1.0, 2.0, 3.0], rel=1e-9)
    worth = weights / x * (1.0 - x) / p
    assert worth[:, 0] == pytest.approx(worth[:, 1], rel=1e-6)


@pytest.mark.parametrize(("family", "parameters"), [
    ("log", {"weights": [[1.0], [2.0]]}),
    ("log1p", {"weights": [[1.0], [2.0]]}),
    ("linear", {"weights": [[1.0], [2.0]]}),
    ("stone_geary", {"weights": [[1.0], [2.0]], "subsistence": [[0.5], [0.2]]}),
    ("cobb_douglas", {"weights": [[0.5], [0.7]]}),
    ("crra", {"weights": [[1.0], [2.0]], "risk_aversion": [2.0, 0.5]}),
    ("quadratic", {"weights": [[4.0], [5.0]], "slope": [[1.0], [1.0]]}),
    ("leontief", {"weights": [[1.0], [2.0]]}),
])  # fmt: skip
def test_best_bids_of_every_family_meet_the_condition_of_nash(family, parameters):
    """`u_i'(x_i) (1 - x_i / C) = p` where an agent bids."""
    primitives = with_utility("quasilinear", UTILITIES[family], parameters, commons=[3.0])
    outcome = played(primitives, strategic="buyers")
    assert outcome.status is Status.NASH, outcome.reason
    x = outcome.consumption
    slopes = primitives.marginal_utility(x)
    assert (slopes * (1.0 - x / 3.0))[:, 0] == pytest.approx(outcome.prices[[0, 0]], rel=1e-7)
