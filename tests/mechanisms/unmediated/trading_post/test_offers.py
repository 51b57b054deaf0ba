"""Strategic sellers (Cournot, monopoly) and strategic buyers of a good that is made (monopsony).

Firms i with cost c_i y + d y^2 / 2 face inverse demand a - b Q. From `a - b Q - b y_i = c_i + d y_i`: equal
firms make `(a - c) / (b (n + 1) + d)`, firms with d = 0 `(a - (n + 1) c_i + sum c) / ((n + 1) b)`, and with
equal constant costs the share of the surplus that is left is `1 - 1/(n + 1)^2`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import INF, economy
from helpers.posts import JointCost, firms, played, quadratic_buyers
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.economy.primitives import Block
from market.outcome import Status


def loss(outcome, best):
    return best - outcome.utilities.sum()


@pytest.mark.parametrize(
    ("n", "each", "price", "lost"),
    [
        (1, 5.0, 7.0, 12.5),
        (2, 10 / 3, 16 / 3, 5.555556),
        (3, 2.5, 4.5, 3.125),
        (5, 5 / 3, 11 / 3, 1.388889),
        (10, 10 / 11, 32 / 11, 0.413223),
    ],
)
def test_firms_sell_what_cournot_says(n, each, price, lost):
    outcome = played(firms(n), strategic="sellers")
    assert outcome.status is Status.NASH
    assert outcome.production[1:, 0] == pytest.approx(np.full(n, each), abs=1e-8)
    assert outcome.prices[0] == pytest.approx(price, abs=1e-8)
    assert loss(outcome, 50.0) == pytest.approx(lost, abs=1e-6)
    assert outcome.utilities.sum() / 50.0 == pytest.approx(1.0 - 1.0 / (n + 1) ** 2, abs=1e-9)
    assert outcome.evidence["lerner_index[good0]"] == pytest.approx((price - 2.0) / price)
    assert outcome.payments.sum() == pytest.approx(0.0, abs=1e-9)


def test_rising_costs_and_unequal_costs_follow_their_formulas():
    rising = played(firms(2, d=1.0), strategic="sellers")
    assert rising.production[1:, 0] == pytest.approx([2.5, 2.5])
    costs = np.array([1.0, 2.0, 3.0])
    unequal = played(firms(3, c=costs), strategic="sellers")
    assert unequal.production[1:, 0] == pytest.approx((12.0 - 4.0 * costs + costs.sum()) / 4.0, abs=1e-8)


def test_profile_of_firms_maximises_slades_objective():
    """Slade (1994): outputs maximise `sum (a - c_i) q_i - b/2 (Q^2 + sum q_i^2)`.

    Its gradient `a - c_i - b Q - b q_i` is that of each firm's own profit; it is concave.
    """
    costs = np.array([1.0, 2.0, 3.0])
    q = played(firms(3, c=costs), strategic="sellers").production[1:, 0]
    best = np.linalg.solve(np.ones((3, 3)) + np.eye(3), 12.0 - costs)
    assert q == pytest.approx(best, abs=1e-8)


@pytest.mark.parametrize(("n", "rounds"), [(2, 18), (3, 24), (5, 40), (10, 96)])
def test_sequential_replies_settle_within_the_known_number_of_rounds(n, rounds):
    """From outputs of 0 to 1e-10; the error of the slowest mode falls by a constant factor each round."""
    outcome = played(firms(n), strategic="sellers", first=0.0)
    assert outcome.status is Status.NASH
    assert 0.8 * rounds <= outcome.rounds <= rounds + 3


def test_simultaneous_replies_of_two_firms_settle():
    outcome = played(firms(2), strategic="sellers", schedule="simultaneous", first=0.0)
    assert outcome.status is Status.NASH
    assert 33 <= outcome.rounds <= 37


@pytest.mark.parametrize("n", [3, 4])
def test_simultaneous_replies_of_three_or_more_firms_cycle(n):
    """Theocharis (1960): the reply is (10 - Y)/2, so that total output changes by -(n - 1)/2 of itself.

    At n = 3 that is -1: outputs return every two rounds. Beyond, they end at all nothing and all 5.
    """
    outcome = played(firms(n), strategic="sellers", schedule="simultaneous", first=0.3)
    assert outcome.status is Status.CYCLING
    assert outcome.evidence["period"] == 2.0
    assert f"{n} Cournot firms overshoot" in outcome.reason


def test_three_firms_from_one_each_swing_to_four():
    """first = 0.3 of the competitive 10 in all is one each; the replies are 4, and then 1 again."""
    primitives = firms(3)
    one = played(primitives, max_rounds=1, strategic="sellers", schedule="simultaneous", first=0.3)
    assert one.production[1:, 0] == pytest.approx([4.0, 4.0, 4.0])
    assert one.prices.tolist() == [0.0]
    assert one.consumption[0, 0] == pytest.approx(12.0)


def test_monopsony_buys_less_at_a_lower_price():
    """Against supply c + s Q a buyer with a x - k x^2 / 2 takes (a - c)/(k + 2 s)."""
    monopsony = quadratic_buyers([[12.0]], [[1.0]], ([[2.0]], [[1.0]], [[INF]]))
    outcome = played(monopsony, strategic="buyers")
    assert outcome.status is Status.NASH
    assert outcome.consumption[0, 0] == pytest.approx(10 / 3, abs=1e-9)
    assert outcome.prices[0] == pytest.approx(16 / 3, abs=1e-9)
    assert loss(outcome, 25.0) == pytest.approx(25 / 9, abs=1e-8)


@pytest.mark.parametrize(("n", "lost"), [(2, 0.193147), (3, 0.072132)])
def test_firms_facing_log_demand_charge_their_cost_over_their_number(n, lost):
    """p = Lam / Q: each makes Lam (n - 1)/(c n^2), p = c n/(n - 1), lost Lam (ln(n/(n - 1)) - 1/n)."""
    outcome = played(
        economy("quasilinear", log=[[1.0]], linear=([[1.0]] * n, [[INF]] * n)), strategic="sellers"
    )
    assert outcome.status is Status.NASH
    assert outcome.production[1:, 0] == pytest.approx(np.full(n, (n - 1) / n**2), abs=1e-8)
    assert outcome.prices[0] == pytest.approx(n / (n - 1), abs=1e-8)
    assert loss(outcome, -1.0) == pytest.approx(lost, abs=1e-6)


def test_monopoly_with_log_demand_has_no_largest_profit():
    """Revenue is Lam whatever is sold, so that less is always better."""
    outcome = played(economy("quasilinear", log=[[1.0]], linear=([[1.0]], [[INF]])), strategic="sellers")
    assert outcome.status is Status.NO_EQUILIBRIUM
    assert "the only seller of good0" in outcome.reason
    assert "ever smaller offer" in outcome.reason


def test_monopoly_with_log1p_demand_charges_the_geometric_mean():
    """p = lam/(1 + q), so that lam/(1 + q)^2 = c: p = sqrt(c lam) = 4 and q = 1; lost 8 ln 2 - 4."""
    outcome = played(economy("quasilinear", log1p=[[8.0]], linear=([[2.0]], [[INF]])), strategic="sellers")
    assert outcome.status is Status.NASH
    assert outcome.production[1, 0] == pytest.approx(1.0, abs=1e-9)
    best = 8.0 * np.log(4.0) - 2.0 * 3.0
    assert loss(outcome, best) == pytest.approx(8.0 * np.log(2.0) - 4.0, abs=1e-9)


def test_single_good_of_quantecon():
    """QuantEcon, "Supply and demand with many goods": demand 10 - c, supply h + J q, h = 0.5, J = 1.

    Competitive 4.75 at 5.25; a monopoly equates 10 - 2 q and 0.5 + q.
    """
    outcome = played(firms(1, a=10.0, c=0.5, d=1.0), strategic="sellers")
    assert outcome.evidence["price_taking_price[good0]"] == pytest.approx(5.25)
    assert outcome.production[1, 0] == pytest.approx(3.166667, abs=1e-6)
    assert outcome.prices[0] == pytest.approx(6.833333, abs=1e-6)


def test_two_goods_of_quantecon_with_a_joint_cost():
    """Inverse demand 10 - c_1 and 12 - 1.44 c_2, inverse supply h + J q with J = ((1, 1/2), (1/2, 1))."""
    alike = quadratic_buyers([[10.0, 12.0]], [[1.0, 1.44]], ([[0.5, 0.5]], [[1.0, 1.0]], [[INF, INF]]))
    parameters = {
        "unit_cost": np.full((1, 2), 0.5),
        "slope": np.ones((1, 2)),
        "capacity": np.full((1, 2), INF),
    }
    joint = replace(alike, costs=(Block(JointCost, slice(1, 2), parameters),))
    outcome = played(joint, strategic="sellers")
    assert outcome.status is Status.NASH
    assert outcome.production[1] == pytest.approx([2.731343, 2.611940], abs=1e-6)
    assert outcome.prices == pytest.approx([7.268657, 8.238806], abs=1e-6)
    competitive = [outcome.evidence[f"price_taking_price[good{g}]"] for g in (0, 1)]
    assert competitive == pytest.approx([6.235421, 6.323974], abs=1e-6)


def test_two_players_of_a_classroom_experiment_earn_400_each():
    """oTree's sample `cournot`: p = 60 - Q, no cost, at most 30 each; equilibrium 20 each at 20."""
    outcome = played(firms(2, a=60.0, c=0.0, capacity=30.0), strategic="sellers")
    assert outcome.production[1:, 0] == pytest.approx([20.0, 20.0], abs=1e-8)
    assert outcome.payoffs[1:] == pytest.approx([400.0, 400.0], abs=1e-6)


def test_capacity_binds():
    outcome = played(firms(2, capacity=2.0), strategic="sellers")
    assert outcome.status is Status.NASH
    assert outcome.production[1:, 0] == pytest.approx([2.0, 2.0])


def test_conduct_moves_firms_from_competition_to_cournot():
    """`a - b Q - theta b q = c` with n firms: q = (a - c)/(b (n + theta))."""
    for theta in (0.25, 0.5, 1.0):
        outcome = played(firms(3), strategic="sellers", conduct=theta)
        assert outcome.production[1:, 0] == pytest.approx(np.full(3, 10.0 / (3.0 + theta)), abs=1e-8)
        assert outcome.status is (Status.NASH if theta == 1.0 else Status.SETTLED)
        assert (outcome.regret.max() > 1e-3) == (theta < 1.0)


def test_search_agrees_with_the_formula():
    """A second buyer that drops out at a low price makes a kink far away, so that replies are searched."""
    line = played(firms(2), strategic="sellers")
    kinked = quadratic_buyers([[12.0], [0.5]], [[1.0], [1.0]], ([[2.0]] * 2, [[0.0]] * 2, [[INF]] * 2))
    found = played(kinked, strategic="sellers")
    assert found.status is Status.NASH
    assert found.production[2:, 0] == pytest.approx(line.production[1:, 0], abs=1e-8)


def test_firms_with_demand_that_depends_on_both_prices():
    """A buyer with x^0.3 y^0.4 wants each good the more the cheaper the other is; two firms make both.

    With C = c y + d y^2 / 2 and equal firms: `p_g + q . dP/dq_g = c + d q_g`, where P is the buyer's marginal
    utility; u is homogeneous of degree 0.7, so `sum_h x_h u_hg = -0.3 u_g` and the condition is
    `p_g (1 - 0.3/2) = c + d q_g`.
    """
    buyer = economy(
        "quasilinear",
        cobb_douglas=[[0.3, 0.4]],
        quadratic=([[0.1, 0.1]] * 2, [[0.01, 0.01]] * 2, [[INF, INF]] * 2),
    )
    outcome = played(buyer, strategic="sellers")
    assert outcome.status is Status.NASH
    q = outcome.production[1]
    assert outcome.prices * 0.85 == pytest.approx(0.1 + 0.01 * q, rel=1e-8)


@settings(max_examples=3, deadline=None)
@given(st.floats(5.0, 20.0), st.floats(0.2, 3.0), st.floats(0.0, 4.0), st.floats(0.0, 2.0), st.integers(1, 5))
def test_surplus_rises_with_the_number_of_sellers(a, b, c, d, n):
    fewer, more = (played(firms(k, a=a, b=b, c=c, d=d), strategic="sellers") for k in (n, n + 1))
    assert fewer.status is more.status is Status.NASH
    assert more.utilities.sum() > fewer.utilities.sum()


def test_elastic_supply_keeps_the_known_share_of_surplus():
    """Johari, Mannor and Tsitsiklis (2005): at least 4 sqrt 2 - 5 = 0.657 of the surplus."""
    rng = np.random.default_rng(5)
    for _ in range(1):
        n = int(rng.integers(1, 4))
        weights, slopes = rng.uniform(3.0, 12.0, (n, 1)), rng.uniform(0.2, 2.0, (n, 1))
        made = ([[float(rng.uniform(0.0, 2.0))]], [[float(rng.uniform(0.2, 2.0))]], [[INF]])
        primitives = quadratic_buyers(weights, slopes, made)
        ours = played(primitives, strategic="buyers")
        best = played(primitives, strategic="buyers", conduct=0.0)
        assert ours.status is Status.NASH
        assert ours.utilities.sum() >= (4.0 * np.sqrt(2.0) - 5.0) * best.utilities.sum()


STEPS = """
schema = 1
economy = "quasilinear"
goods = ["power"]
[[agents]]
name = "town"
utility = { family = "steps", bids = { power = [[10.0, 2.0], [6.0, 2.0], [3.0, 2.0]] } }
[[agents]]
name = "plant"
cost = { family = "quadratic", unit_cost = { power = 1.0 }, slope = { power = 0.5 } }
[[mechanisms]]
name = "monopoly"
kind = "unmediated"
game = "trading_post"
strategic = "sellers"
"""


def test_monopoly_against_steps_of_demand_serves_the_best_step():
    """2 units at 10, 4 at 6 or 6 at 3, at a cost of y + y^2 / 4: profits 17, 16 and 3."""
    outcome = market.compare(market.loads(STEPS)).outcomes["monopoly"]
    assert outcome.status is Status.NASH
    assert outcome.production[1, 0] == pytest.approx(2.0, abs=1e-8)
    assert outcome.prices[0] == pytest.approx(10.0, abs=1e-8)
