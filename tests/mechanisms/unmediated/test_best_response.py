"""Best replies in rounds: schedules, rounds, and the check that no agent would deviate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import economy

from market.mechanisms import Claims, Unmediated, play
from market.mechanisms.unmediated.best_response import left_of
from market.outcome import Status


def war(agents: int):
    return economy("quasilinear", log1p=[[1.0]] * agents, commons=[10.0])


def test_a_random_order_depends_on_the_seed():
    winners = set()
    for seed in range(12):
        primitives = dataclasses.replace(war(3), seed=seed)
        outcome = play(Unmediated("claims", Claims(schedule="random")), primitives)
        assert outcome.status is Status.NASH
        assert outcome.consumption.sum() == pytest.approx(10.0)
        winners.add(int(outcome.consumption[:, 0].argmax()))
    assert winners == {0, 1, 2}


def test_rounds_that_are_used_up_are_reported():
    outcome = play(Unmediated("claims", Claims(schedule="simultaneous"), max_rounds=1), war(2))
    assert outcome.status is Status.MAX_ROUNDS
    assert "war" in outcome.reason


def test_simultaneous_claims_of_two_cycle_with_period_two():
    """Both claim all, then nothing, then all again: no equilibrium, and never averaged into one."""
    outcome = play(Unmediated("claims", Claims(schedule="simultaneous")), war(2))
    assert outcome.status is Status.CYCLING
    assert outcome.evidence["period"] == 2.0
    assert "come back every 2 rounds" in outcome.reason


def test_the_rest_of_a_stock_is_zero_up_to_rounding():
    np.testing.assert_array_equal(left_of(np.array([0.8, 1.0]), np.array([0.1 + 0.7, 0.5])), [0.0, 0.5])
