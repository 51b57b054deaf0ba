"""Rewards add up to the payoff in the result, and an episode's outcome is judged like any other."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.errors import InputError
from market.games.table import table
from market.interfaces.env.economies import LeftAloneRounds
from market.plots.learners import way
from market.results.games.folder import write_game_run
from market.results.run_folder import write_run

SCENARIOS = Path(__file__).parents[3] / "scenarios"

PLAYED = [
    ("prisoners_dilemma", "left alone", {}),
    ("prisoners_dilemma", "each paid what the other gets", {}),
    ("fishing", "prices", {}),
    ("frequency", "in turn", {}),
    ("partners", "left alone", {}),
    ("commons", "prices", {}),
    ("war", "all at once", {}),
    ("park", "voluntary", {"most": 20.0}),
    ("edgeworth", "prices", {}),
]


@cache
def scenario(name, *overrides):
    return market.load(SCENARIOS / f"{name}.toml", list(overrides))


@cache
def made(place, floor, rounds, reward):
    name, mechanism, options = PLAYED[place]
    return market.env(scenario(name), mechanism, floor=floor, max_rounds=rounds, reward=reward, **options)


def played(env, rng):
    """The sum of each agent's rewards when all act at random; with zeros and bounds among the amounts."""
    env.reset()
    sums = np.zeros(len(env.possible_agents))
    last = {}
    while env.agents:
        actions = {}
        for agent in env.agents:
            space = env.action_space(agent)
            if hasattr(space, "n"):
                actions[agent] = int(rng.integers(space.n))
            else:
                part = rng.choice([0.0, 1.0, rng.random()], size=space.shape)
                actions[agent] = space.low + part * (space.high - space.low)
        _, rewards, *_, last = env.step(actions)
        assert all(np.isfinite(reward) for reward in rewards.values())
        sums += list(rewards.values())
    return sums, [each["payoff"] for each in last.values()]


@settings(max_examples=40, deadline=None)
@given(
    place=st.integers(0, len(PLAYED) - 1),
    seed=st.integers(0, 2**32 - 1),
    floor=st.sampled_from([-1e6, -3.0]),
    rounds=st.integers(1, 5),
    reward=st.sampled_from(["payoff", "utility"]),
)
def test_rewards_sum_to_the_payoff_in_the_result_or_to_the_floor(place, seed, floor, rounds, reward):
    env = made(place, floor, rounds, reward)
    sums, last = played(env, np.random.default_rng(seed))
    outcome = env.outcome()
    had = outcome.payoffs if reward == "payoff" else outcome.utilities
    had = had + getattr(outcome, "transfers", 0.0)
    had = had[env.rounds.rows]
    np.testing.assert_array_equal(last, had)
    if isinstance(env.rounds, LeftAloneRounds):
        assert env.rounds.mechanism.game.allowed(outcome.economy, outcome.actions)
    np.testing.assert_allclose(sums, np.maximum(had, floor), rtol=1e-12, atol=1e-9)


def test_a_payoff_of_minus_infinity_counts_as_the_floor_and_is_told_as_it_is():
    """With ln x and no water a utility is -inf; then 1 unit gives ln 1 = 0."""
    both = scenario("commons", 'mechanisms.first mover.movers=["alpha", "beta"]')
    env = market.env(both, "first mover", floor=-7.0, max_rounds=2)
    env.reset()
    _, rewards, *_, infos = env.step({"alpha": [0.0], "beta": [1.0]})
    assert rewards == {"alpha": -7.0, "beta": 0.0}
    assert infos["alpha"]["payoff"] == -np.inf
    _, rewards, *_ = env.step({"alpha": [np.e], "beta": [1.0]})
    np.testing.assert_allclose(list(rewards.values()), [8.0, 0.0], atol=1e-12)


def test_the_penalty_of_war_does_not_swallow_what_peace_is_worth():
    """1e99 added and taken away again would leave 0: the floor is what counts."""
    env = market.env(scenario("war"), "all at once", max_rounds=2)
    env.reset()
    first = env.step({agent: [9.0] for agent in env.agents})[1]
    second = env.step({agent: [3.0] for agent in env.agents})[1]
    payoffs = env.outcome().payoffs
    assert first["tribe[0]"] == -1e6
    assert (payoffs > 0).all()
    np.testing.assert_allclose([first[a] + second[a] for a in env.possible_agents], payoffs, atol=1e-9)


def test_prices_are_part_of_the_reward():
    """Each is paid what the other gets: both have the sum, 6 together and 5 if one defects."""
    env = market.env(scenario("prisoners_dilemma"), "each paid what the other gets", max_rounds=1)
    for actions, sum_of_both in [((0, 0), 6.0), ((0, 1), 5.0), ((1, 1), 2.0)]:
        env.reset()
        rewards = env.step(dict(zip(("row", "column"), actions, strict=True)))[1]
        assert set(rewards.values()) == {sum_of_both}


SHARED = """
schema = 1
economy = "quasilinear"
goods = ["park", "path"]
public = ["park", "path"]
[[agents]]
name = "anne"
budget = 4.0
utility = { family = "log1p", weights = { park = 9.0, path = 9.0 } }
[[agents]]
name = "bert"
budget = 90.0
utility = { family = "log1p", weights = { park = 9.0, path = 9.0 } }
[[agents]]
name = "gardener"
cost = { family = "linear", unit_cost = { park = 0.5, path = 1.0 }, capacity = { park = 10.0, path = 3.0 } }
[[mechanisms]]
name = "voluntary"
kind = "unmediated"
game = "voluntary"
"""


def test_contributions_are_cut_to_means_and_to_what_can_be_made():
    """anne asks for 8 and 4, 8 and 3 can be made, at 4 + 3; her 4 pay for 4/7 of them."""
    env = market.env(market.loads(SHARED), max_rounds=1)
    np.testing.assert_allclose(env.action_space("anne").high, [8.0, 3.0])
    np.testing.assert_allclose(env.action_space("bert").high, [10.0, 3.0])
    env.reset()
    env.step({"anne": [8.0, 4.0], "bert": [9.0, 3.0]})
    given = env.outcome().actions[:2]
    np.testing.assert_allclose(given, [[32 / 7, 12 / 7], [10 - 32 / 7, 3 - 12 / 7]], rtol=1e-12)


# --- what an episode proves, and what it does not ---------------------------------------------------------


def alike(action):
    """A game in which both always do the same."""
    env = market.env(scenario("prisoners_dilemma"), "left alone", max_rounds=4)
    env.reset()
    while env.agents:
        env.step({"row": action, "column": action})
    return env.outcome()


def test_learners_who_stand_still_are_called_nash_only_if_no_one_would_gain():
    assert alike(1).status is market.Status.NASH
    cooperation = alike(0)
    assert cooperation.status is market.Status.MAX_ROUNDS
    assert cooperation.max_regret == 2.0


def test_learners_who_come_back_to_a_profile_are_not_called_a_cycle():
    env = market.env(scenario("prisoners_dilemma"), "left alone", max_rounds=6)
    env.reset()
    for k in range(6):
        env.step({"row": k % 2, "column": 0})
    assert env.outcome().status is market.Status.MAX_ROUNDS


@pytest.mark.parametrize("claims", [(2.0, 2.0), (2.0, 3.0)])
def test_claims_that_stand_still_or_come_back_are_neither_called_a_cycle_nor_at_rest(claims):
    """Three claim 2 or 3 of 10 units each: there is peace, and each would gain by claiming what is left."""
    env = market.env(scenario("war"), "all at once", max_rounds=6)
    env.reset()
    while env.agents:
        done = env.outcome().rounds
        env.step({agent: [claims[done % 2]] for agent in env.agents})
    outcome = env.outcome()
    assert outcome.status is market.Status.MAX_ROUNDS
    assert (outcome.regret > 0).all()


def test_payments_to_learners_are_called_settled_only_if_no_single_change_raises_the_sum():
    env = market.env(scenario("prisoners_dilemma"), "each paid what the other gets", max_rounds=2)
    for action, status in [(0, market.Status.SETTLED), (1, market.Status.MAX_ROUNDS)]:
        env.reset()
        while env.agents:
            env.step({"row": action, "column": action})
        assert env.outcome().status is status


def test_prices_that_come_back_under_learners_are_not_called_a_cycle():
    """Traders who ask for nothing, then for all, let the price fall and rise."""
    env = market.env(scenario("commons", 'mechanisms.prices.rule="additive"'), "prices", max_rounds=8)
    env.reset()
    k = 0
    while env.agents:
        k += 1
        env.step({agent: [10.0 * (k % 2)] for agent in env.agents})
    assert env.outcome().status is market.Status.MAX_ROUNDS


# --- beside the other mechanisms -------------------------------------------------------------------------


def test_an_outcome_stands_in_the_table_of_a_game_with_a_report_of_its_own():
    comparison = market.compare(scenario("prisoners_dilemma"))
    wider = comparison.with_outcome(alike(0), "learners")
    row = wider.table().set_index("mechanism").loc["learners"]
    assert (row["total_payoff"], row["max_regret"], bool(row["efficient"])) == (6.0, 2.0, True)
    assert list(wider.outcomes) == [*comparison.outcomes, "learners"]
    assert "learners" not in comparison.outcomes
    assert "learners" in str(wider)
    labels = wider.plot().axes[0].get_legend_handles_labels()[1]
    assert "learners" in labels


def test_the_way_of_learners_who_were_not_observed_is_where_they_ended():
    """The picture shows no way from the mechanism's own first play to what learners did."""
    env = market.env(scenario("aga_toy"), "left alone", max_rounds=2)
    played(env, np.random.default_rng(0))
    outcome = env.outcome()
    wider = market.compare(scenario("aga_toy"), ["left alone"]).with_outcome(outcome)
    np.testing.assert_array_equal(way(wider, "left alone"), outcome.play.values.T)


def test_an_outcome_stands_in_the_table_of_an_economy_with_the_rounds_of_its_prices():
    """Both demand 1 / (2 p): the price that clears is 1 / 10, and each pays 1/2 for 5 units."""
    comparison = market.compare(scenario("commons"))
    env = market.env(scenario("commons"), "prices")
    observations, _ = env.reset()
    while env.agents:
        observations, *_ = env.step({agent: [0.5 / observations[agent][0]] for agent in env.agents})
    wider = comparison.with_outcome(env.outcome(), "learners", env.history())
    row = wider.table().set_index("mechanism").loc["learners"]
    assert row["status"] == "cleared"
    np.testing.assert_allclose(wider.outcomes["learners"].payoffs, np.log(5.0) - 0.5, rtol=1e-8)
    path = wider.rounds[wider.rounds["mechanism"] == "learners"]
    assert len(path) == env.outcome().rounds
    np.testing.assert_allclose(path["price"].iloc[-1], 0.1, rtol=1e-8)
    assert wider.alignments["learners"].efficient


@pytest.mark.parametrize("other", ["war", "prisoners_dilemma"])
def test_an_outcome_of_something_else_is_refused(other):
    env = market.env(scenario(other), max_rounds=1)
    env.reset()
    with pytest.raises(InputError, match="is not an outcome of the economy of 'Who gets the water"):
        market.compare(scenario("commons"), ["prices"]).with_outcome(env.outcome())


def test_an_outcome_of_another_game_is_refused():
    comparison = market.compare(scenario("prisoners_dilemma"), ["left alone"])
    outcome = alike(0)
    for payoffs in (np.zeros((2, 2, 2)), np.zeros((2, 2, 2, 3))):
        changed = dataclasses.replace(outcome, game=table(payoffs))
        with pytest.raises(InputError, match="is not an outcome of the game of 'Who talks"):
            comparison.with_outcome(changed)


@pytest.mark.parametrize(
    ("name", "mechanism", "others"),
    [
        ("prisoners_dilemma", "left alone", ["planner"]),
        ("commons", "first mover", ["prices"]),
    ],
)
def test_a_run_folder_with_what_learners_did_is_verified(name, mechanism, others, tmp_path):
    from market.interfaces.cli.main import main

    shorter = scenario(name, f"mechanisms.{mechanism}.max_rounds=5")
    env = market.env(shorter, mechanism)
    played(env, np.random.default_rng(3))
    comparison = market.compare(shorter).with_outcome(env.outcome())
    assert set(others) < set(comparison.outcomes)
    write = write_run if isinstance(comparison, market.Comparison) else write_game_run
    assert main(["verify", str(write(comparison, tmp_path))]) == 0
