"""All agents together against each by itself: totals, quantities, own answers, pieces of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.strategies import concave_with_money, economies, parameters
from hypothesis import given, settings
from hypothesis import strategies as st

import market.economy.primitives
from market.economy.aggregate_demand import AggregateDemand, AnswersInTotal, OwnAnswers
from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Economy, Money
from market.efficiency.report import alignment
from market.errors import UnboundedDemandError
from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.mechanisms.auction.rationing import settle
from market.mechanisms.regret import regret
from market.outcome import Status
from market.welfare.first_order_conditions import residual

AGENTS, GOODS = 7, 3
families_and_money = pytest.mark.parametrize(
    ("family", "money"),
    [(family, money) for family in UTILITIES for money in Money],
    ids=lambda value: getattr(value, "name", str(value)).lower(),
)


def one_family(draw, family, money: Money, capped: bool) -> Economy:
    """Consumers of one family, some with a spending cap if `capped`, and a producer where there can be."""
    given = concave_with_money(family, draw(parameters(family, AGENTS, GOODS)))
    amounts = np.array(draw(st.lists(st.floats(0.1, 5.0), min_size=24, max_size=24))).reshape(8, 3)
    budget = np.full(AGENTS + 1, np.inf if money is Money.QUASILINEAR else 0.0)
    if money is Money.FISHER:
        budget = amounts[:, 0].copy()
    elif money is Money.QUASILINEAR and capped:
        budget[:4] = amounts[:4, 0]
    costs = ()
    if money is not Money.EXCHANGE:
        cost = {"unit_cost": np.ones((1, GOODS)), "capacity": np.full((1, GOODS), 2.0)}
        costs = (Block(COSTS["linear"], slice(AGENTS, AGENTS + 1), cost),)
    return Economy(
        money=money,
        goods=("a", "b", "c"),
        agents=tuple(f"agent{i}" for i in range(AGENTS + 1)),
        groups={},
        commons=np.array([9.0, 1.0, 4.0]),
        endowment=amounts if money is not Money.FISHER else np.zeros_like(amounts),
        budget=budget,
        commons_share=np.full(AGENTS + 1, 1.0 / (AGENTS + 1)),
        utilities=(Block(family, slice(0, AGENTS), given),),
        costs=costs,
    )


def same_totals(answers, plain) -> None:
    pairs = ((answers.total_demand, plain.demand), (answers.total_supply, plain.supply))
    for total, each in pairs:
        for had, right in zip(total.bounds, each.bounds, strict=True):
            np.testing.assert_allclose(had, right.sum(axis=0), rtol=1e-12, atol=1e-300)


def refused(answering, p):
    """Answers, or None where there is no largest bundle."""
    try:
        return answering(p)
    except UnboundedDemandError:
        return None


@families_and_money
@settings(max_examples=6)
@given(data=st.data(), capped=st.booleans(), in_pieces=st.booleans())
def test_totals_are_the_sums_of_what_every_trader_answers(family, money, data, capped, in_pieces):
    economy = one_family(data.draw, family, money, capped)
    prices = st.floats(0.05, 20.0).flatmap(lambda p: st.sampled_from([p, 1.0, 0.0]))
    p = np.array(data.draw(st.lists(prices, min_size=GOODS, max_size=GOODS)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("market.economy.primitives.PIECE", 2 * GOODS if in_pieces else 1 << 16)
        patch.setattr("market.economy.aggregate_demand.PIECE", 2 * GOODS if in_pieces else 1 << 16)
        together = AggregateDemand(economy)
        plain = refused(economy.answers, p)
        answers = refused(together, p)
        assert (plain is None) == (answers is None)
        if plain is None:
            return
        same_totals(answers, plain)
        assert answers.is_coupled == plain.is_coupled
        for had, right in ((answers.demand, plain.demand), (answers.supply, plain.supply)):
            for part, whole in zip(had.bounds, right.bounds, strict=True):
                np.testing.assert_array_equal(part, whole)


@families_and_money
@settings(max_examples=3)
@given(data=st.data())
def test_work_in_pieces_gives_every_trader_the_same(family, money, data):
    """Answers, values, settlement, regret and support do not depend on how many are worked on at a time."""
    economy = one_family(data.draw, family, money, capped=True)
    p = np.array(data.draw(st.lists(st.floats(0.1, 9.0), min_size=GOODS, max_size=GOODS)))

    def everything():
        fresh = replace(economy)  # nothing remembered
        answers = fresh.answers(p)
        bounds = (*answers.demand.bounds, *answers.supply.bounds)
        x = np.minimum(answers.demand.lowest, 9.0)
        y = np.minimum(answers.supply.lowest, 2.0)
        settled = ()
        if np.isfinite(bounds).all() and not answers.is_coupled:
            payoffs = fresh.payoff(fresh.welfare(x, y), p, x, y)
            settled = (*settle(fresh, answers, p), regret(fresh, p, payoffs))
        w = np.full(len(fresh.agents), 0.1)
        return (
            *bounds, *settled, fresh.utility(x), fresh.marginal_utility(x), fresh.concave_utility(x),
            fresh.bliss, fresh.cost(y), fresh.payments(p, x, y), residual(fresh, x, y, w, p),
        )  # fmt: skip

    whole = everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("market.economy.primitives.PIECE", 2 * GOODS)
        pieces = everything()
    for part, right in zip(pieces, whole, strict=True):
        np.testing.assert_allclose(part, right, rtol=1e-12, atol=1e-12)


@settings(max_examples=25)
@given(economies(max_agents=6), st.integers(0, 5), st.floats(0.1, 3.0))
def test_own_answers_replace_only_their_rows(economy, row, share):
    rows = np.array([row % len(economy.agents)])
    p = np.full(len(economy.goods), 0.7)
    plain = economy.answers(p)
    own = OwnAnswers(rows, share * np.minimum(plain.demand.lowest[rows], 1e6), np.zeros((1, len(p))))
    answers = AggregateDemand(economy, rows)(p, own)
    demand, supply = plain.demand.lowest.copy(), plain.supply.lowest.copy()
    demand[rows], supply[rows] = own.demand, own.supply
    np.testing.assert_allclose(answers.total_demand.lowest, demand.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(answers.total_supply.lowest, supply.sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(answers.demand.lowest, demand)
    np.testing.assert_array_equal(answers.supply.lowest, supply)


@settings(max_examples=15)
@given(economies(max_agents=6))
def test_a_play_by_totals_ends_as_one_trader_by_trader(economy):
    auctioneer = Auction("prices", Tatonnement(), max_rounds=300)
    fast, plain = play(auctioneer, economy), play(auctioneer, economy, economy.answers)
    assert fast.status == plain.status
    if fast.status.settled:
        np.testing.assert_allclose(fast.prices, plain.prices, rtol=1e-7)
        np.testing.assert_allclose(fast.consumption, plain.consumption, rtol=1e-6, atol=1e-9)


def log_economy(agents: int) -> Economy:
    weights = np.linspace(0.5, 2.0, agents * 2).reshape(agents, 2)
    return Economy(
        money=Money.QUASILINEAR,
        goods=("a", "b"),
        agents=tuple(f"agent{i}" for i in range(agents)),
        groups={},
        commons=np.array([2.0, 3.0]) * agents,
        endowment=np.zeros((agents, 2)),
        budget=np.full(agents, np.inf),
        commons_share=np.full(agents, 1.0 / agents),
        utilities=(Block(UTILITIES["log"], slice(0, agents), {"weights": weights}),),
    )


def test_answers_per_trader_are_computed_only_when_read(monkeypatch):
    economy = log_economy(50)
    together = AggregateDemand(economy)
    together(np.ones(2))
    asked = []
    monkeypatch.setattr(Economy, "answers", lambda self, p: asked.append(p) or original(self, p))
    answers = together(np.array([0.5, 0.25]))
    assert isinstance(answers, AnswersInTotal)
    weights = economy.utilities[0].parameters["weights"]
    np.testing.assert_allclose(answers.total_demand.lowest, weights.sum(axis=0) * [2, 4])
    assert not asked
    assert answers.demand.lowest.shape == (50, 2)
    assert answers.supply.lowest.shape == (50, 2)
    assert len(asked) == 1


original = Economy.answers


def test_the_evidence_is_added_up_from_every_trader_at_the_end(monkeypatch):
    """Were totals wrong, the markets would clear by them, and the outcome would say that they do not."""
    economy = log_economy(50)
    wrong = staticmethod(lambda p, *sums: 1.5 * sums[0] / p)
    monkeypatch.setattr(UTILITIES["log"], "quasilinear_total", wrong)
    outcome = play(Auction("prices", Tatonnement()), economy)
    assert outcome.disequilibrium == pytest.approx(0.4, rel=1e-6)
    assert outcome.status is Status.FAILED


def test_replicated_economy_has_the_same_report():
    """Ten economies side by side are one with ten times the agents and resources: the same report."""
    few, many = log_economy(10), log_economy(10)
    weights = np.tile(few.utilities[0].parameters["weights"], (4000, 1))
    many = replace(
        log_economy(40_000),
        commons=few.commons * 4000,
        utilities=(Block(UTILITIES["log"], slice(0, 40_000), {"weights": weights}),),
    )
    assert len(many.pieces) > 1
    outcomes = [play(Auction("prices", Tatonnement()), each) for each in (few, many)]
    reports = [alignment(outcome) for outcome in outcomes]
    np.testing.assert_allclose(outcomes[1].prices, outcomes[0].prices, rtol=1e-9)
    np.testing.assert_allclose(outcomes[1].consumption[:10], outcomes[0].consumption, rtol=1e-8)
    for report in reports:
        assert report.efficient
        assert report.surplus_gap == 0.0
        assert report.resource_utilisation == 1.0
        assert report.residual < 1e-9
    np.testing.assert_allclose(reports[1].negishi_weights, 1.0 / 40_000, rtol=1e-9)


def test_pieces_partition_the_rows():
    economy = log_economy(70_001)
    rows = np.concatenate([np.arange(piece.start, piece.stop) for piece in economy.pieces])
    np.testing.assert_array_equal(rows, np.arange(70_001))
    assert max(piece.stop - piece.start for piece in economy.pieces) * 2 <= market.economy.primitives.PIECE
