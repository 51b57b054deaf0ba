"""Claims on the commons: peace, war, and the penalty."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy

from market.mechanisms import Claims, Unmediated, play
from market.outcome import Status


def war(agents: int):
    return economy("quasilinear", log1p=[[1.0]] * agents, commons=[10.0])


@pytest.mark.parametrize("start", [0.0, 2.0, 5.0, 10.0])
@pytest.mark.parametrize("schedule", ["sequential", "random"])
def test_sequential_claims_of_two_end_in_peaceful_nash_equilibrium(start, schedule):
    outcome = play(Unmediated("claims", Claims(schedule=schedule, first_claims=start)), war(2))
    assert outcome.status is Status.NASH
    assert outcome.consumption.sum() == pytest.approx(10.0)


def test_war_of_three_is_an_equilibrium():
    outcome = play(Unmediated("claims", Claims(schedule="sequential", first_claims=10.0)), war(3))
    assert outcome.status is Status.NASH
    assert (outcome.consumption == 0).all()


def test_agents_claim_only_goods_that_they_want():
    primitives = economy("quasilinear", log1p=[[1.0, 0.0], [0.0, 1.0]], commons=[3.0, 4.0])
    outcome = play(Unmediated("claims", Claims(schedule="simultaneous")), primitives)
    assert outcome.status is Status.NASH
    np.testing.assert_array_equal(outcome.consumption, [[3.0, 0.0], [0.0, 4.0]])


def test_a_penalty_of_1e99_does_not_hide_gains():
    """In float64 log(11) - 1e99 == log(1) - 1e99: a naive comparison would call any profile of war Nash."""
    claims = Claims(schedule="sequential")
    profile = np.array([[8.0], [8.0], [8.0]])
    regret = claims.regret(war(3), profile)
    np.testing.assert_allclose(regret, np.log(11.0) - np.log(9.0))


def test_regret_of_claims_short_of_the_stock_is_the_gain_from_the_rest():
    regret = Claims().regret(war(2), np.array([[4.0], [4.0]]))
    np.testing.assert_allclose(regret, np.log(7.0) - np.log(5.0))
