"""The reference answers of the project, each with its derivation, by the auctioneer and by the planner."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import INF, economy, references

import market
from market.economy.primitives import Money
from market.efficiency.report import alignment
from market.mechanisms import Auction, Claims, Gift, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status

PRICES = Auction("prices", Tatonnement())
REFERENCES = references()


@pytest.mark.parametrize("name", REFERENCES)
def test_the_auctioneer_finds_the_reference_prices_and_quantities(name):
    known = REFERENCES[name]
    outcome = play(PRICES, known.economy)
    assert outcome.status is Status.CLEARED, outcome.reason
    np.testing.assert_allclose(outcome.prices, known.prices, rtol=1e-7, atol=1e-12, err_msg=known.why)
    np.testing.assert_allclose(
        outcome.consumption, known.consumption, rtol=1e-7, atol=1e-12, err_msg=known.why
    )
    if known.production is not None:
        np.testing.assert_allclose(outcome.production, known.production, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_reference_outcome_is_efficient_and_supported(name):
    report = alignment(play(PRICES, REFERENCES[name].economy))
    assert report.efficient is True
    assert report.residual < 1e-8
    assert not report.degenerate
    if REFERENCES[name].economy.money is Money.QUASILINEAR:
        assert report.efficient_with_transfers is True
        assert report.surplus_gap == pytest.approx(0.0, abs=1e-9)


QUASILINEAR = [name for name, known in REFERENCES.items() if known.economy.money is Money.QUASILINEAR]


@pytest.mark.parametrize("name", QUASILINEAR)
def test_the_planner_with_equal_weights_agrees_with_the_market(name):
    """With quasilinear money the market maximises total surplus, and its prices are the multipliers."""
    known = REFERENCES[name]
    outcome = play(Planner("planner"), known.economy)
    assert outcome.status is Status.OPTIMAL, outcome.reason
    scale = max(float(np.max(known.consumption)), 1e-12)
    np.testing.assert_allclose(outcome.consumption, known.consumption, rtol=1e-7, atol=1e-7 * scale)
    np.testing.assert_allclose(outcome.prices, known.prices, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("agents", [2, 50])
def test_first_mover_takes_all_and_has_all_the_weight(agents):
    """Commons without prices: q to the mover, 0 and -inf to the rest; efficient with weights 1, 0, ..."""
    alone = economy("quasilinear", log=[[1.0]] * agents, commons=[10.0])
    outcome = play(Unmediated("first mover", Seize(movers=("agent0",))), alone)
    assert outcome.status is Status.NASH
    assert outcome.max_regret == 0.0
    assert outcome.consumption[0, 0] == 10.0
    assert (outcome.consumption[1:] == 0.0).all()
    assert outcome.utilities[0] == np.log(10.0)
    assert np.isneginf(outcome.utilities[1:]).all()
    report = alignment(outcome)
    assert report.efficient is True
    assert report.degenerate
    assert report.negishi_weights is not None
    np.testing.assert_array_equal(report.negishi_weights, [1.0] + [0.0] * (agents - 1))
    assert report.efficient_with_transfers is False
    assert report.surplus_gap == np.inf


@pytest.mark.parametrize("agents", [2, 50])
def test_commons_at_a_price_has_equal_weights(agents):
    """p = Lambda / q, x = q / n; the supporting weights are equal, 1 / n each."""
    together = economy("quasilinear", log=[[1.0]] * agents, commons=[10.0])
    outcome = play(PRICES, together)
    np.testing.assert_allclose(outcome.prices, [agents / 10.0], rtol=1e-7)
    np.testing.assert_allclose(outcome.payments, 1.0, rtol=1e-7)  # each spends lambda = 1
    assert outcome.revenue == pytest.approx(agents, rel=1e-7)
    report = alignment(outcome)
    assert report.negishi_weights is not None
    np.testing.assert_allclose(report.negishi_weights, 1.0 / agents, rtol=1e-7)
    assert report.resource_utilisation == 1.0


def test_without_payment_nothing_is_given_and_that_is_efficient_only_degenerately():
    """Gift: the producer sees only its cost. Nash; efficient in goods alone; not once money can move."""
    giving = economy("quasilinear", log=[[1.0, 3.0]], linear=([[2.0, 5.0]], [[INF, INF]]))
    outcome = play(Unmediated("gift", Gift()), giving)
    assert outcome.status is Status.NASH
    assert (outcome.production == 0.0).all()
    assert np.isneginf(outcome.utilities[0])
    report = alignment(outcome)
    assert report.efficient is True
    assert report.degenerate
    assert report.negishi_weights is not None
    np.testing.assert_array_equal(report.negishi_weights, [0.0, 1.0])
    assert report.resource_utilisation is None  # there are no resources to scale
    assert report.efficient_with_transfers is False
    assert report.surplus_gap == np.inf


@pytest.mark.parametrize("k", [0.3, 1.0, 2.5])
def test_in_goods_alone_the_pareto_set_of_the_gift_is_a_ray(k):
    """x_g = k lambda_g / c_g is efficient for every k; with transfers only k = 1 (theory, Prop S).

    Surplus at k: sum lambda log(k lambda / c) - k sum lambda, so the gap is sum lambda (k - 1 - log k).
    """
    giving = economy("quasilinear", log=[[1.0, 3.0]], linear=([[2.0, 5.0]], [[INF, INF]]))
    made = k * np.array([0.5, 0.6])
    report = alignment(_outcome(giving, [[*made], [0.0, 0.0]], [[0.0, 0.0], [*made]]))
    assert report.efficient is True
    assert report.efficient_with_transfers is (k == 1.0)
    assert report.surplus_gap == pytest.approx(4.0 * (k - 1.0 - np.log(k)), abs=1e-7)


def test_off_the_ray_the_gift_is_inefficient_and_the_improvement_improves():
    giving = economy("quasilinear", log=[[1.0, 3.0]], linear=([[2.0, 5.0]], [[INF, INF]]))
    outcome = _outcome(giving, [[1.0, 0.2], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.2]])
    report = alignment(outcome)
    assert report.efficient is False
    assert report.improvement is not None
    after = giving.welfare(report.improvement.consumption, report.improvement.production)
    assert (after >= outcome.utilities).all()
    assert (after > outcome.utilities).any()


def _outcome(primitives, x, y):
    """An outcome with this allocation and nothing else that matters to the report."""
    from market.outcome import Outcome

    x, y = np.array(x), np.array(y)
    nothing = np.zeros(len(primitives.agents))
    welfare = primitives.welfare(x, y)
    return Outcome(
        primitives, "given", "given", Status.MAX_ROUNDS, "", 0, x, y, nothing, 0.0, welfare, welfare
    )  # fmt: skip


def test_war_at_once_between_two_cycles_and_is_no_equilibrium():
    """Simultaneous best replies from nothing: both claim Q, then both claim 0, and so on."""
    two = economy("quasilinear", log1p=[[1.0], [1.0]], commons=[10.0])
    outcome = play(Unmediated("war", Claims(schedule="simultaneous")), two)
    assert outcome.status is Status.CYCLING
    assert "every 2 rounds" in outcome.reason
    assert outcome.max_regret is not None
    assert outcome.max_regret > 1.0


@pytest.mark.parametrize("agents", [3, 50])
def test_war_among_three_or_more_is_nash_and_dominated(agents):
    """No one alone can restore peace; all would prefer any peaceful split."""
    many = economy("quasilinear", log1p=[[1.0]] * agents, commons=[10.0])
    outcome = play(Unmediated("war", Claims(schedule="simultaneous")), many)
    assert outcome.status is Status.NASH
    assert "war" in outcome.reason
    assert outcome.max_regret == 0.0
    assert (outcome.consumption == 0.0).all()
    np.testing.assert_array_equal(outcome.payoffs, np.log(11.0) - 1e99)
    report = alignment(outcome)
    assert report.efficient is False
    assert report.resource_utilisation == pytest.approx(0.0, abs=1e-9)
    assert report.surplus_gap == pytest.approx(agents * np.log1p(10.0 / agents), rel=1e-7)


@pytest.mark.parametrize("agents", [2, 3, 50])
def test_claims_one_after_another_give_everything_to_the_first(agents):
    """A peaceful Nash equilibrium: sum x = Q."""
    several = economy("quasilinear", log1p=[[1.0]] * agents, commons=[10.0])
    outcome = play(Unmediated("claims", Claims(schedule="sequential")), several)
    assert outcome.status is Status.NASH
    assert outcome.consumption.sum() == 10.0
    assert outcome.consumption[0, 0] == 10.0


def test_war_between_two_is_nash_if_both_may_claim_more_than_there_is():
    """(n - 1) M > Q with M = 12, Q = 10."""
    two = economy("quasilinear", log1p=[[1.0], [1.0]], commons=[10.0])
    outcome = play(Unmediated("war", Claims(max_claim=12.0, first_claims=12.0)), two)
    assert outcome.status is Status.NASH
    assert "war" in outcome.reason


def test_a_small_penalty_makes_war_worth_it():
    """With a penalty below log 11 - log 1, the second of two prefers war over claiming nothing."""
    two = economy("quasilinear", log1p=[[1.0], [1.0]], commons=[10.0])
    outcome = play(Unmediated("war", Claims(penalty=1.0)), two)
    assert outcome.status is Status.NASH
    assert "war" in outcome.reason
    np.testing.assert_allclose(outcome.payoffs, np.log(11.0) - 1.0)


def test_the_price_of_anarchy_of_the_commons_with_log1p():
    """2 log(1 + q/2) / log(1 + q): best total utility over that of the first mover's equilibrium."""
    two = economy("quasilinear", log1p=[[1.0], [1.0]], commons=[10.0])
    alone = play(Unmediated("first mover", Seize(movers=("agent0",))), two)
    traded = play(PRICES, two)
    assert traded.utilities.sum() / alone.utilities.sum() == pytest.approx(
        2 * np.log(6.0) / np.log(11.0), rel=1e-8
    )


@pytest.mark.parametrize("weights", [{"agent0": 3.0}, {"agent0": 0.2, "agent1": 5.0}])
def test_the_planner_reaches_every_point_of_the_frontier(weights):
    """x_i = w_i lambda_i q / sum w lambda, p = sum w lambda / q; the Negishi weights give w back."""
    unequal = economy("quasilinear", log=[[1.0], [2.0]], commons=[10.0])
    planner = Planner("planner", welfare_weights=weights)
    outcome = play(planner, unequal)
    w = planner.weights(unequal)
    share = w * [1.0, 2.0] / (w * [1.0, 2.0]).sum()
    np.testing.assert_allclose(outcome.consumption[:, 0], 10.0 * share, rtol=1e-7)
    np.testing.assert_allclose(outcome.prices, [(w * [1.0, 2.0]).sum() / 10.0], rtol=1e-7)
    report = alignment(outcome)
    assert report.efficient is True
    assert report.negishi_weights is not None
    np.testing.assert_allclose(report.negishi_weights, w / w.sum(), rtol=1e-6)
    assert report.efficient_with_transfers is False  # with money only equal weights are efficient


def commons_with(agents, answer):
    """The commons of log utilities with weights 1, 2, ...; each is a price taker."""
    weights = {f"a{i}": 1.0 + i for i in range(agents)}
    written = "\n".join(
        f'[[agents]]\nname = "{name}"\nutility = {{ family = "log", weights = {{ water = {w} }} }}'
        for name, w in weights.items()
    )
    text = (
        'schema = 1\neconomy = "quasilinear"\ngoods = ["water"]\ncommons = { water = 10.0 }\n'
        + written
        + '\n[[mechanisms]]\nname = "prices"\nkind = "auctioneer"\n'
    )
    model = market.MarketModel(market.loads(text), "prices", traders=dict.fromkeys(weights, answer))
    return np.array(list(weights.values())), model.run()


@pytest.mark.parametrize("agents", [2, 50])
def test_a_higher_charge_per_unit_lowers_the_welfare_weight(agents):
    """Charged theta_i p per unit, i wants lambda_i / (theta_i p): the maximum of sum u_i / theta_i."""

    class Charged(market.Trader):
        @property
        def theta(self):
            return 0.5 + self.row % 3

        def demand(self, prices):
            return super().demand(self.theta * prices)

    weights, outcome = commons_with(agents, Charged)
    theta = 0.5 + np.arange(agents) % 3
    share = weights / theta / (weights / theta).sum()
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.consumption[:, 0], 10.0 * share, rtol=1e-7)
    np.testing.assert_allclose(outcome.prices, [(weights / theta).sum() / 10.0], rtol=1e-7)
    plan = Planner("planner", welfare_weights={f"agent{i}": 1.0 / theta[i] for i in range(agents)})
    planned = play(plan, economy("quasilinear", log=weights[:, None], commons=[10.0]))
    np.testing.assert_allclose(outcome.consumption, planned.consumption, rtol=1e-7)
    report = alignment(outcome)
    assert report.efficient is True
    np.testing.assert_allclose(report.negishi_weights, (1.0 / theta) / (1.0 / theta).sum(), rtol=1e-6)


@pytest.mark.parametrize("agents", [2, 50])
@pytest.mark.parametrize("equal", [True, False])
def test_a_rebate_that_is_anticipated_distorts_unless_all_have_the_same_share(agents, equal):
    """Paid back the share s_i of the revenue, i pays p (1 - s_i): demand lambda_i / (p (1 - s_i))."""
    shares = np.full(agents, 1.0) if equal else 1.0 + np.arange(agents)
    shares = shares / shares.sum()

    class Rebated(market.Trader):
        def demand(self, prices):
            return super().demand(prices * (1.0 - shares[self.row]))

    weights, outcome = commons_with(agents, Rebated)
    wanted = weights / (1.0 - shares)
    np.testing.assert_allclose(outcome.consumption[:, 0], 10.0 * wanted / wanted.sum(), rtol=1e-7)
    np.testing.assert_allclose(outcome.prices, [wanted.sum() / 10.0], rtol=1e-7)
    assert alignment(outcome).efficient_with_transfers is equal
