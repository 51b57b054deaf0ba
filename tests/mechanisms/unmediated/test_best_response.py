"""The games without prices, their schedules, and the check that nobody would deviate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import INF, economy

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block
from market.mechanisms import Autarky, Claims, Gift, Seize, Unmediated, play
from market.outcome import Status


def war(agents: int):
    return economy("quasilinear", log1p=[[1.0]] * agents, commons=[10.0])


def test_in_a_random_order_somebody_gets_all_and_the_seed_says_who():
    winners = set()
    for seed in range(12):
        primitives = dataclasses.replace(war(3), seed=seed)
        outcome = play(Unmediated("claims", Claims(schedule="random")), primitives)
        assert outcome.status is Status.NASH
        assert outcome.consumption.sum() == pytest.approx(10.0)
        winners.add(int(outcome.consumption[:, 0].argmax()))
    assert winners == {0, 1, 2}


@pytest.mark.parametrize("start", [0.0, 2.0, 5.0, 10.0])
@pytest.mark.parametrize("schedule", ["sequential", "random"])
def test_one_after_another_claims_always_end_in_a_nash_equilibrium_of_peace_for_two(start, schedule):
    outcome = play(Unmediated("claims", Claims(schedule=schedule, first_claims=start)), war(2))
    assert outcome.status is Status.NASH
    assert outcome.consumption.sum() == pytest.approx(10.0)


def test_war_once_begun_among_three_never_ends_by_single_steps():
    outcome = play(Unmediated("claims", Claims(schedule="sequential", first_claims=10.0)), war(3))
    assert outcome.status is Status.NASH
    assert (outcome.consumption == 0).all()


@pytest.mark.parametrize("last", ["moves", "waits"])
def test_the_rounding_of_what_others_took_is_nothing_to_live_on(last):
    """0.8 - (0.1 + 0.7) is 1e-16 in floats: a utility of log 1e-16 = -37 instead of -inf."""
    survivor = economy("quasilinear", log=[[1.0]], commons=[0.8])
    quadratic = {"weights": np.array([[0.1], [0.7]]), "slope": np.ones((2, 1))}  # sated at 0.1 and 0.7
    primitives = dataclasses.replace(
        survivor,
        agents=("a", "b", "c"),
        groups={name: np.array([row]) for row, name in enumerate("abc")},
        endowment=np.zeros((3, 1)),
        budget=np.full(3, INF),
        commons_share=np.full(3, 1 / 3),
        utilities=(
            Block(UTILITIES["quadratic"], slice(0, 2), quadratic),
            Block(UTILITIES["log"], slice(2, 3), {"weights": np.ones((1, 1))}),
        ),
    )
    movers = ("a", "b", "c") if last == "moves" else ("a", "b")
    outcome = play(Unmediated("first", Seize(movers=movers)), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[0.1], [0.7], [0.0]])
    assert np.isneginf(outcome.utilities[2])


def test_any_number_of_goods_can_be_fought_over():
    """Two goods, and nobody claims what it does not want."""
    primitives = economy("quasilinear", log1p=[[1.0, 0.0], [0.0, 1.0]], commons=[3.0, 4.0])
    outcome = play(Unmediated("claims", Claims(schedule="simultaneous")), primitives)
    assert outcome.status is Status.NASH
    np.testing.assert_array_equal(outcome.consumption, [[3.0, 0.0], [0.0, 4.0]])


def test_a_penalty_of_1e99_does_not_hide_which_claim_is_better():
    """In float64 log(11) - 1e99 == log(1) - 1e99: a naive comparison would call any profile of war Nash."""
    claims = Claims(schedule="sequential")
    profile = np.array([[8.0], [8.0], [8.0]])
    regret = claims.regret(war(3), profile)
    np.testing.assert_allclose(regret, np.log(11.0) - np.log(9.0))


def test_a_peaceful_profile_short_of_the_stock_is_no_equilibrium():
    regret = Claims().regret(war(2), np.array([[4.0], [4.0]]))
    np.testing.assert_allclose(regret, np.log(7.0) - np.log(5.0))


def test_the_second_mover_gets_what_the_first_does_not_want():
    primitives = economy("quasilinear", log=[[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], commons=[3.0, 4.0])
    outcome = play(Unmediated("seize", Seize(movers=("agent0", "agent1"))), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    assert outcome.status is Status.NASH


def test_whoever_does_not_move_gets_an_equal_share_of_the_rest():
    primitives = economy("quasilinear", log=[[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], commons=[3.0, 4.0])
    outcome = play(Unmediated("seize", Seize(movers=("agent0",))), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[3.0, 0.0], [0.0, 2.0], [0.0, 2.0]])


def test_robinson_makes_what_is_worth_its_cost_to_him():
    """max 3 log y - 2 y: y = 3/2; and with the endowment 1: max 3 log(1 + y) - 2 y: y = 1/2."""
    for endowment, made in ((0.0, 1.5), (1.0, 0.5)):
        primitives = economy("quasilinear", log=[[3.0]], linear=([[2.0]], [[INF]]))
        # One agent with both a utility and a cost: the producer's row is the consumer's.
        primitives = dataclasses.replace(
            primitives,
            agents=("robinson",),
            endowment=np.array([[endowment]]),
            budget=np.array([np.inf]),
            commons_share=np.ones(1),
            costs=(dataclasses.replace(primitives.costs[0], rows=slice(0, 1)),),
        )
        outcome = play(Unmediated("alone", Autarky()), primitives)
        assert outcome.status is Status.NASH, outcome.reason
        assert outcome.production[0, 0] == pytest.approx(made, rel=1e-6)


def test_a_giver_who_wants_the_good_itself_makes_too_little_for_all():
    """u = log(1 + x) for both, shares of a half, unit cost 0.25: 0.5 / (1 + Y / 2) = 0.25, so Y = 2.

    The efficient amount counts both: 2 * 0.5 / (1 + Y / 2) = 0.25, Y = 6.
    """
    primitives = economy("quasilinear", log1p=[[1.0], [1.0]], linear=([[0.25]], [[INF]]))
    primitives = dataclasses.replace(
        primitives,
        agents=("giver", "guest"),
        endowment=np.zeros((2, 1)),
        budget=np.full(2, np.inf),
        commons_share=np.full(2, 0.5),
        costs=(dataclasses.replace(primitives.costs[0], rows=slice(0, 1)),),
    )
    outcome = play(Unmediated("gift", Gift()), primitives)
    assert outcome.status is Status.NASH, outcome.reason
    assert outcome.production.sum() == pytest.approx(2.0, rel=1e-5)
    np.testing.assert_allclose(outcome.consumption, 1.0, rtol=1e-5)


def test_rounds_that_run_out_are_said():
    outcome = play(Unmediated("claims", Claims(schedule="simultaneous"), max_rounds=1), war(2))
    assert outcome.status is Status.MAX_ROUNDS
    assert "war" in outcome.reason
