"""Utilities of degree one with money: demand is unbounded at low prices, zero at high ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import CES, INF, economy

from market.economy.primitives import Block
from market.efficiency.report import alignment
from market.mechanisms import Auction, Planner, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status

PRICES = Auction("prices", Tatonnement(), max_rounds=200)


def two(elasticity, linear=None):
    """Two agents with CES utilities, the second with smaller weights; producers at constant cost or none."""
    alike = economy("quasilinear", log=[[1.0, 1.0], [1.0, 1.0]], linear=linear, commons=[2.0, 3.0])
    given = {"weights": np.array([[1.0, 2.0], [0.4, 0.3]]), "elasticity": np.full(2, elasticity)}
    return replace(alike, utilities=(Block(CES, slice(0, 2), given),))


@pytest.mark.parametrize("elasticity", [0.5, 3.0])
@pytest.mark.parametrize("cost", [0.1, 1.5])
@pytest.mark.parametrize("capacity", [None, INF, 3.0])
def test_auction_ends_with_a_feasible_allocation_and_a_true_status(elasticity, cost, capacity):
    makers = None if capacity is None else ([[cost, cost]], [[capacity, capacity]])
    primitives = two(elasticity, makers)
    outcome = play(PRICES, primitives)
    assert np.isfinite(outcome.consumption).all()
    assert (outcome.consumption.sum(axis=0) <= primitives.offered(outcome.production) * (1 + 1e-12)).all()
    assert not np.isnan(outcome.regret).any()
    if outcome.status is Status.CLEARED:
        assert alignment(outcome).efficient_with_transfers is True


@pytest.mark.parametrize(("elasticity", "winner"), [(0.5, 1), (3.0, 0)])
def test_planner_gives_all_to_the_agent_of_highest_value(elasticity, winner):
    """u = A^(1/rho) M: with sigma < 1 the smaller weights make more of it."""
    plan = play(Planner("planner"), two(elasticity))
    assert plan.status is Status.OPTIMAL, plan.reason
    np.testing.assert_allclose(plan.consumption[winner], [2.0, 3.0], rtol=1e-6)
    report = alignment(plan)
    assert report.efficient_with_transfers is True
    assert report.surplus_gap == pytest.approx(0.0, abs=1e-7)
