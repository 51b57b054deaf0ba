"""Utilities that are not concave as stated: nothing is concluded from their first-order conditions.

Verdicts are held against a search for better allocations that has no code in common with the report.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import scipy
from helpers.economies import economy
from helpers.strategies import SOAK, economies
from hypothesis import given, settings

import market
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Economy
from market.economy.reductions import run_locally
from market.efficiency.report import Alignment, alignment
from market.interfaces.text.sections import notes, sections
from market.mechanisms import Auction, Autarky, Planner, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Outcome, Status
from market.results.run_folder import RunFolder
from market.results.tables import agents_table, bounds_table, result
from market.results.verify.alignment_claims import check_alignment
from market.results.verify.record import Record, read_outcomes
from market.results.verify.run import KINDS
from market.shards.alignment import judge as judging_in_shards
from market.welfare.first_order_conditions import residual

ECONOMIES = range(40)
NONE = 1e-9  # of what there is of a good: less is rounding, however much a first bit of it is worth
TOLERANCE = 1e-5  # of the sum of utilities: below, a search cannot tell a gain from its rounding

TWO_OWNERS = economy("exchange", cobb_douglas=[[1.0, 2.0], [2.0, 1.0]], endowment=[[1.0, 0.0], [0.0, 1.0]])


def random_economy(seed: int) -> Economy:
    """Two or three agents, as many goods, exponents that sum to 1.2 to 6: in barter or a Fisher market."""
    rng = np.random.default_rng(seed)
    agents, goods = rng.integers(2, 4), rng.integers(2, 4)
    weights = rng.uniform(0.05, 1.0, (agents, goods)) * (rng.random((agents, goods)) < 0.85)
    weights[np.arange(agents), rng.integers(0, goods, agents)] = 1.0
    weights *= (rng.uniform(1.2, 6.0, agents) / weights.sum(axis=1))[:, None]
    there = rng.uniform(0.5, 20.0, goods)
    if seed % 2:
        return economy("fisher", cobb_douglas=weights, commons=there, budget=rng.uniform(0.5, 3.0, agents))
    owner = rng.integers(0, agents, goods)  # each good has one owner
    endowment = np.where(np.arange(agents)[:, None] == owner, there, 0.0)
    return economy("exchange", cobb_douglas=weights, endowment=endowment)


def allocations(market_: Economy, seed: int) -> list[Outcome]:
    """Yield endowments, a market outcome, and allocations in which many have nothing of some good."""
    rng = np.random.default_rng(seed)
    outcomes = [play(Auction("prices", Tatonnement(), max_rounds=300), market_)]
    if market_.endowment.any():
        outcomes.append(play(Unmediated("autarky", Autarky()), market_))
    for _ in range(3):
        shares = rng.random(market_.shape) * (rng.random(market_.shape) < 0.6)
        shares[rng.integers(0, len(shares)), shares.sum(axis=0) == 0] = 1.0
        outcomes.append(held(market_, market_.resources * shares / shares.sum(axis=0)))
    return outcomes


def held(market_: Economy, x) -> Outcome:
    """An outcome in which agents have this."""
    x, nothing = np.array(x, dtype=float), np.zeros(market_.shape)
    utility = market_.utility(x)
    return Outcome(
        market_, "held", "planner", Status.MAX_ROUNDS, "", 0, x, nothing, nothing[:, 0], 0.0, utility, utility
    )


def homogeneous(market_: Economy, x) -> np.ndarray:
    """prod_g x_g^(a_g / A), (agents,)."""
    weights = market_.utilities[0].parameters["weights"]
    return np.prod(x ** (weights / weights.sum(axis=1, keepdims=True)), axis=1)


def largest(market_: Economy, weights, now) -> tuple[float, np.ndarray]:
    """The most that w.v is found to be where no agent is worse off as now, and the allocation, by scipy.

    Those whom rounding leaves worse off keep what they have, and the others share the rest.
    """
    shape, there, least = market_.shape, market_.resources, homogeneous(market_, now)
    best, where = -np.inf, np.zeros(shape)
    rng = np.random.default_rng(0)
    for _ in range(6):
        start = rng.dirichlet(np.ones(shape[0]), shape[1]).T * there
        found = scipy.optimize.minimize(
            lambda z: -float(weights @ homogeneous(market_, np.maximum(z.reshape(shape), 0.0))),
            start.ravel(),
            method="SLSQP",
            bounds=[(0.0, float(most)) for most in np.tile(there, shape[0])],
            constraints=[
                {"type": "ineq", "fun": lambda z: there - z.reshape(shape).sum(axis=0)},
                {
                    "type": "ineq",
                    "fun": lambda z: homogeneous(market_, np.maximum(z.reshape(shape), 0)) - least,
                },
            ],
            options={"maxiter": 200, "ftol": 1e-12},
        )
        x = np.clip(found.x.reshape(shape), 0.0, None)
        x *= np.minimum(1.0, there / np.maximum(x.sum(axis=0), 1e-300))
        x = np.where(x < NONE * there, 0.0, x)
        hurt = homogeneous(market_, x) < least
        left, rest = there - now[hurt].sum(axis=0), x[~hurt].sum(axis=0)
        x = np.where(
            hurt[:, None], now, x * np.minimum(1.0, np.maximum(left, 0.0) / np.maximum(rest, 1e-300))
        )
        v = homogeneous(market_, x)
        if (v >= least).all() and weights @ v > best:
            best, where = float(weights @ v), x
    return best, where


@pytest.mark.parametrize("seed", ECONOMIES)
def test_verdicts_hold_against_a_search_for_better_allocations(seed):
    drawn = random_economy(seed)
    for outcome in allocations(drawn, seed):
        report = alignment(outcome)
        now = homogeneous(drawn, outcome.consumption)
        if report.efficient:
            best, better = largest(drawn, np.ones(len(now)), outcome.consumption)
            assert best <= now.sum() + TOLERANCE * (1.0 + now.sum()), (outcome, better)
        elif report.efficient is False:
            after = drawn.utility(report.improvement.consumption)
            assert (after >= outcome.utilities).all()
            assert (after > outcome.utilities).any()
        if report.negishi_weights is not None and report.residual <= 1e-6:
            w = report.negishi_weights
            best, better = largest(drawn, w, np.zeros(drawn.shape))
            assert best <= w @ now * (1.0 + TOLERANCE), better


def test_autarky_of_two_who_each_own_one_good_is_not_efficient():
    """Both have nothing with x y^2 and x^2 y, and both would have something of a half of each."""
    report = alignment(play(Unmediated("autarky", Autarky()), TWO_OWNERS))
    assert report.efficient is False
    assert report.negishi_weights is None
    assert not report.degenerate


def test_slopes_of_zero_do_not_support_weights():
    x, nothing = TWO_OWNERS.endowment, np.zeros((2, 2))
    assert not TWO_OWNERS.marginal_utility(x).any()
    assert residual(TWO_OWNERS, x, nothing, np.ones(2), np.zeros(2)) == np.inf
    assert residual(TWO_OWNERS, x, nothing, np.zeros(2), np.zeros(2)) == 0.0  # no utility counts


@settings(max_examples=40 * SOAK)
@given(economies(max_agents=4, max_goods=3))
def test_utilities_of_the_concave_form_are_concave(drawn):
    rng = np.random.default_rng(len(drawn.agents))
    form, spread = drawn.concave_form, np.maximum(drawn.resources, 1.0)
    assert not form.not_concave.any()
    for _ in range(10):
        a, b = rng.uniform(0.01, 2.0, (2, *drawn.shape)) * spread
        u, v, middle = form.utility(a), form.utility(b), form.utility((a + b) / 2)
        known = np.isfinite(u) & np.isfinite(v)
        size = np.maximum(np.abs(u), np.abs(v))
        assert (middle[known] >= ((u + v) / 2 - 1e-9 * size)[known]).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_concave_form_orders_bundles_as_stated(seed):
    drawn = random_economy(seed)
    assert drawn.not_concave.all()
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0.0, 3.0, (2, *drawn.shape)) * (rng.random((2, *drawn.shape)) < 0.8)
    stated = np.sign(drawn.utility(a) - drawn.utility(b))
    np.testing.assert_array_equal(
        np.sign(drawn.concave_form.utility(a) - drawn.concave_form.utility(b)), stated
    )
    np.testing.assert_allclose(drawn.concave_form.utility(a), homogeneous(drawn, a))
    concave = economy("exchange", cobb_douglas=[[0.3, 0.7], [0.1, 0.2]], endowment=[[1.0, 1.0]] * 2)
    assert concave.concave_form is concave


def bent_maker() -> Outcome:
    """A producer of the second good at a cost values both by x^2 y^2: order alone is not enough."""
    drawn = economy(
        "fisher",
        cobb_douglas=[[2.0, 2.0], [0.5, 0.5]],
        linear=([[INF, 1.0]], [[0.0, 3.0]]),
        commons=[4.0, 4.0],
        budget=[1.0, 1.0, 0.0],
    )
    cost = dataclasses.replace(drawn.costs[0], rows=slice(0, 1))
    return held(dataclasses.replace(drawn, costs=(cost,)), [[2.0, 2.0], [2.0, 2.0], [0.0, 0.0]])


INF = np.inf


def test_a_producer_with_a_utility_not_concave_leaves_efficiency_unproved():
    outcome = bent_maker()
    assert outcome.economy.concave_form is outcome.economy
    report = alignment(outcome)
    assert report.efficient is None
    assert report.negishi_weights is None
    assert any("not concave" in why for why in report.reasons)


# --- the planner -----------------------------------------------------------------------------------


def test_a_planner_refuses_a_utility_that_counts_and_is_not_concave():
    outcome = play(Planner("planner"), TWO_OWNERS)
    assert outcome.status is Status.FAILED
    assert "not concave" in outcome.reason
    mixed = economy("exchange", cobb_douglas=[[1.0, 2.0], [0.5, 0.5]], endowment=[[1.0, 0.0], [0.0, 1.0]])
    alone_counts = play(Planner("planner", welfare_weights={"agent0": 0.0}), mixed)
    assert alone_counts.status is Status.OPTIMAL
    np.testing.assert_allclose(alone_counts.consumption, [[0.0, 0.0], [1.0, 1.0]], atol=1e-6)


# --- verification ----------------------------------------------------------------------------------


class Folder:
    """Outcomes on one economy, as `Record` reads them."""

    class scenario:  # noqa: N801
        title, file, sha256 = "", "", ""

    def __init__(self, outcome: Outcome, report: Alignment) -> None:
        self.outcomes, self.alignments, self.checks = {outcome.name: outcome}, {outcome.name: report}, {}
        self.economy, self.scenario = outcome.economy, Folder.scenario


def recorded(outcome: Outcome, report: Alignment) -> Record:
    """The record of one outcome."""
    folder = Folder(outcome, report)
    run = RunFolder(Path(), {}, result(folder), agents_table(folder), bounds_table(folder))
    return read_outcomes(run, outcome.economy)[0]


def refused(outcome: Outcome, report: Alignment) -> set[str]:
    """The claims of the report that do not hold, by name."""
    record = recorded(outcome, report)
    prices = [p for p in (record.prices, record.supporting_prices) if p is not None]
    claims = check_alignment(outcome.economy, record, prices, [record])
    return {claim.name for claim in claims if claim.holds is False}


def forged(report: Alignment, weights, prices) -> Alignment:
    """The report of slopes that are taken for a proof."""
    return dataclasses.replace(
        report,
        efficient=True,
        improvement=None,
        unknown={figure: why for figure, why in report.unknown.items() if figure != "efficient"},
        negishi_weights=np.array(weights),
        supporting_prices=np.array(prices),
        residual=0.0,
    )


def test_verification_does_not_take_slopes_of_zero_for_a_proof():
    outcome = dataclasses.replace(play(Unmediated("autarky", Autarky()), TWO_OWNERS), name="autarky")
    report = alignment(outcome)
    assert not refused(outcome, report)
    wrong = refused(outcome, forged(report, [0.5, 0.5], [0.0, 0.0]))
    assert {"autarky: efficient", "autarky: residual of the weights"} <= wrong


def test_verification_does_not_take_slopes_of_a_producer_for_a_proof():
    outcome = bent_maker()
    report = alignment(outcome)
    assert not refused(outcome, report)
    assert "held: efficient" in refused(outcome, forged(report, [1 / 3] * 3, [1.0, 1.0]))


@pytest.mark.parametrize("seed", range(12))
def test_verification_confirms_reports_on_random_economies(seed):
    drawn = random_economy(seed)
    for outcome in allocations(drawn, seed):
        assert not refused(outcome, alignment(outcome)), outcome


def test_verification_does_not_take_a_planners_slopes_for_an_optimum():
    planner = Planner("planner")
    nothing = play(planner, TWO_OWNERS)
    claimed = dataclasses.replace(
        nothing, status=Status.OPTIMAL, prices=np.zeros(2), evidence={"residual": 0.0}, rounds=1
    )
    record = recorded(claimed, alignment(claimed))
    assert any(claim.holds is False for claim in KINDS["planner"].claims(TWO_OWNERS, record, planner))


def test_verification_does_not_take_slopes_for_a_best_output():
    outcome = bent_maker()
    autarky = Unmediated("held", Autarky())
    said = dataclasses.replace(
        outcome,
        kind="unmediated",
        status=Status.NASH,
        consumption=np.zeros((3, 2)),
        utilities=np.zeros(3),
        payoffs=np.zeros(3),
        regret=np.zeros(3),
        actions=np.zeros((3, 2)),
        evidence={"relative_regret": 0.0},
    )
    claims = list(KINDS["unmediated"].claims(said.economy, recorded(said, alignment(said)), autarky))
    assert [claim.name for claim in claims if claim.holds is False] == ["held: nash"]


# --- existence -------------------------------------------------------------------------------------


def test_a_good_without_supply_and_with_demand_at_every_price_rules_out_an_equilibrium():
    """x y^2 has a slope of 0 at y = 0, and two thirds of income are spent on y."""
    drawn = economy("fisher", cobb_douglas=[[1.0, 2.0], [1.0, 0.0]], commons=[1.0, 0.0], budget=[1.0, 1.0])
    assert "no agent has or can make good1" in no_equilibrium(drawn)


# --- shards and print ------------------------------------------------------------------------------


def test_weights_in_shards_are_those_of_the_concave_form():
    x = np.array([[1.0, 2.0], [2.0, 1.0]]) / 3.0
    found = run_locally(judging_in_shards(TWO_OWNERS, x, np.zeros((2, 2)), np.array([0.5, 0.5])))
    assert found.proved
    np.testing.assert_allclose(found.weights / found.total, [0.5, 0.5])
    alone_ = run_locally(
        judging_in_shards(TWO_OWNERS, TWO_OWNERS.endowment, np.zeros((2, 2)), np.array([0.5, 0.5]))
    )
    assert not alone_.proved


SCENARIO = """
schema = 1
economy = "fisher"
goods = ["x", "y"]
commons = { x = 1.0, y = 1.0 }
agents = [
    { name = "one", budget = 1.0, utility = { family = "cobb_douglas", weights = { x = 1.0, y = 2.0 } } },
    { name = "two", budget = 1.0, utility = { family = "cobb_douglas", weights = { x = 0.5, y = 0.5 } } },
]
mechanisms = [{ name = "prices", kind = "auctioneer" }]
"""


def test_a_note_states_which_utility_weights_refer_to():
    compared = market.compare(market.loads(SCENARIO))
    said = notes(compared, sections(compared))
    assert any("The weights of one apply to v = u^(1/A)" in note for note in said)
    concave = market.compare(market.loads(SCENARIO.replace("y = 2.0", "y = 0.0")))
    assert not notes(concave, sections(concave))
