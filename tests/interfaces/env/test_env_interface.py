"""Environments obey PettingZoo's rules, end when they should, and refuse what cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pettingzoo.test import parallel_api_test, parallel_seed_test

import market
from market.errors import InputError
from market.interfaces import extras

SCENARIOS = Path(__file__).parents[3] / "scenarios"

PLAYED = [
    ("prisoners_dilemma", "left alone", {}),
    ("prisoners_dilemma", "each paid what the other gets", {}),
    ("fishing", "left alone", {}),
    ("fishing", "prices", {}),
    ("frequency", "all at once", {}),
    ("frequency", "prices for interference", {}),
    ("partners", "prices", {"reward": "utility"}),
    ("commons", "prices", {}),
    ("commons", "first mover", {}),
    ("war", "one after another", {}),
    ("gift", "gift", {"most": 5.0}),
    ("park", "voluntary", {"most": 50.0}),
    ("edgeworth", "prices", {}),
    ("merit_order", "prices", {"agents": ["wind", "coal"]}),
]


def make(name, mechanism, **options):
    """The environment of a scenario under one of its mechanisms."""
    return market.env(market.load(SCENARIOS / f"{name}.toml"), mechanism, **options)


def episode(env, act):
    """Play an episode; give the rewards by agent, and the last terminations and truncations."""
    observations, _ = env.reset()
    rewards = {agent: [] for agent in env.agents}
    over, up = {}, {}
    while env.agents:
        actions = {agent: act(agent, observations[agent]) for agent in env.agents}
        observations, earned, over, up, _ = env.step(actions)
        for agent, reward in earned.items():
            rewards[agent].append(reward)
    return rewards, over, up


@pytest.mark.parametrize(("name", "mechanism", "options"), PLAYED)
def test_pettingzoos_own_tests_pass(name, mechanism, options):
    def made():
        return make(name, mechanism, max_rounds=6, **options)

    parallel_api_test(made(), num_cycles=10)
    parallel_seed_test(made, num_cycles=10)


@pytest.mark.parametrize(("name", "mechanism", "options"), PLAYED)
def test_observations_are_finite_have_names_and_lie_in_their_space(name, mechanism, options):
    env = make(name, mechanism, max_rounds=3, **options)
    observations, _ = env.reset()
    while env.agents:
        for agent in env.agents:
            seen, space = observations[agent], env.observation_space(agent)
            assert space.contains(seen)
            assert np.isfinite(seen).all()
            assert len(env.observation_names(agent)) == len(set(env.observation_names(agent))) == len(seen)
        observations, *_ = env.step({agent: env.action_space(agent).sample() for agent in env.agents})


def test_an_episode_is_truncated_when_its_rounds_are_used_up_and_not_by_a_round_that_repeats_another():
    env = make("prisoners_dilemma", "left alone", max_rounds=7)
    rewards, over, up = episode(env, lambda agent, seen: 0)
    assert {len(each) for each in rewards.values()} == {7}
    assert not any(over.values())
    assert all(up.values())
    with pytest.raises(InputError, match=r"the episode is over; call reset\(\) first"):
        env.step({"row": 0, "column": 0})


def test_the_mechanisms_own_limit_holds_if_no_other_is_given():
    env = make("fishing", "left alone")
    assert env.rounds.max_rounds == env.rounds.mechanism.max_rounds == 10_000


def test_an_auction_in_which_all_answer_truthfully_is_terminated_when_it_clears_as_without_learners():
    """With log utility and money the demand for water is 1 / p."""
    env = make("commons", "prices")
    rewards, over, up = episode(env, lambda agent, seen: [1.0 / seen[0]])
    assert all(over.values())
    assert not any(up.values())
    scenario = market.load(SCENARIOS / "commons.toml")
    alone = market.compare(scenario, ["prices"]).outcomes["prices"]
    outcome = env.outcome()
    assert outcome.status is alone.status is market.Status.CLEARED
    assert outcome.rounds == alone.rounds == len(rewards["alpha"])
    np.testing.assert_allclose(outcome.payoffs, alone.payoffs, rtol=1e-12)


def test_agents_that_are_left_out_do_what_they_do_without_an_environment():
    """Fisher 0 stays ashore, and three play: each replies with (37.5 - what the others put in) / 2.

    Four put in 37.5 / 5 = 7.5 each, as the scenario says; three 37.5 / 4 = 9.375.
    """
    env = make("fishing", "left alone", agents=["fisher[0]"], max_rounds=60)
    assert env.possible_agents == ["fisher[0]"]
    episode(env, lambda agent, seen: [0.0])
    np.testing.assert_allclose(env.outcome().play.values.ravel(), [0.0, 9.375, 9.375, 9.375], rtol=1e-8)


def test_one_trader_from_outside_meets_demand_as_preferences_imply():
    """alpha demands a half over p, beta 1 / p: they clear at p = 0.15, with 10/3 and 20/3 of the water."""
    env = make("commons", "prices", agents=["alpha"])
    episode(env, lambda agent, seen: [0.5 / seen[0]])
    outcome = env.outcome()
    assert outcome.status is market.Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [0.15], rtol=1e-8)
    np.testing.assert_allclose(outcome.consumption.ravel(), [10 / 3, 20 / 3], rtol=1e-7)
    assert "alpha, which follows its own rule, forgoes" in outcome.reason


def test_in_an_economy_left_alone_the_others_give_best_replies():
    """The last of three tribes always claims 2 of 10 units: the first learns to claim 8, which is Nash."""
    env = make("war", "one after another", agents=["tribe[2]"], max_rounds=3)
    episode(env, lambda agent, seen: [2.0])
    np.testing.assert_allclose(env.outcome().actions.ravel(), [8.0, 0.0, 2.0])
    assert env.outcome().status is market.Status.NASH


# --- actions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "done"), [([-3.0], [0.0]), ([99.0], [12.5]), ([np.inf], [12.5]), ([2.0], [2.0])]
)
def test_amounts_beyond_their_bounds_are_moved_to_the_nearest_within(asked, done):
    env = make("fishing", "left alone", max_rounds=1)
    episode(env, lambda agent, seen: asked)
    np.testing.assert_allclose(env.outcome().play.values, [done] * 4)


def test_power_that_does_not_add_up_is_moved_to_the_nearest_that_does():
    env = make("frequency", "all at once", max_rounds=1)
    episode(env, lambda agent, seen: [0.5, 0.1])
    np.testing.assert_allclose(env.outcome().play.values, [[0.7, 0.3], [0.7, 0.3]])


def test_those_who_come_later_take_what_is_left():
    """alpha and beta both want 7 of 10 units: the first has 7, the other 3."""
    scenario = market.load(SCENARIOS / "commons.toml", ['mechanisms.first mover.movers=["alpha", "beta"]'])
    env = market.env(scenario, "first mover", max_rounds=1)
    episode(env, lambda agent, seen: [7.0])
    np.testing.assert_allclose(env.outcome().consumption.ravel(), [7.0, 3.0])


def test_nobody_spends_more_than_it_has():
    """Under exchange the farmer and the vintner ask for everything; each gets what its endowment is worth."""
    env = make("edgeworth", "prices", max_rounds=3)
    env.reset()
    economy = env.rounds.economy
    while env.agents:
        state = env._state
        prices = state.next_prices
        env.step({agent: env.action_space(agent).high for agent in env.agents})
        wanted = env._state.last.answers.demand.lowest
        assert (wanted @ prices <= economy.endowment @ prices * (1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("name", "mechanism", "actions", "said"),
    [
        ("prisoners_dilemma", "left alone", {"row": 2, "column": 0},
         r"row acted with 2; the number of an action is needed: 0 \(cooperate\), 1 \(defect\)"),
        ("prisoners_dilemma", "left alone", {"row": 0.5, "column": 0}, "the number of an action"),
        ("prisoners_dilemma", "left alone", {"row": "defect", "column": 0}, "with 'defect'; numbers"),
        ("prisoners_dilemma", "left alone", {"row": [0, 1], "column": 0}, "the number of an action"),
        ("prisoners_dilemma", "left alone", {"row": np.nan, "column": 0}, "the number of an action"),
        ("prisoners_dilemma", "left alone", {"row": 0}, "no action of column; each of row, column needs one"),
        ("prisoners_dilemma", "left alone", {"rwo": 0, "column": 0}, "no agent 'rwo'.*Did you mean 'row'"),
        ("commons", "prices", {"alpha": [np.nan], "beta": [1.0]},
         r"alpha acted with \[nan\]; numbers of the shape \(1,\) are needed: demand\[water\]"),
        ("commons", "prices", {"alpha": [1.0, 2.0], "beta": [1.0]}, r"numbers of the shape \(1,\)"),
    ],
)  # fmt: skip
def test_an_action_that_is_none_is_refused(name, mechanism, actions, said):
    env = make(name, mechanism)
    env.reset()
    with pytest.raises(InputError, match=said):
        env.step(actions)


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mechanism", "options", "said"),
    [
        ("prisoners_dilemma", "planner", {}, r'kind = "planner" no player decides for itself.*"unmediated"'),
        ("fishing", "learning alone", {}, r'kind = "learning" no player decides for itself'),
        ("in_order", "at once", {}, "all players act at once, and in this game they move in order"),
        ("commons", "planner", {}, r'kind "auctioneer" or "unmediated", not "planner"'),
        ("commons", "prises", {}, "no mechanism 'prises'.*Did you mean 'prices'"),
        ("edgeworth", "autarky", {}, r'"autarky" does not say what an agent may choose alone'),
        ("tax", "free", {}, r"nothing limits the .*give the largest amount that may be chosen: market"),
        ("tax", "taxed", {"most": 9.0}, "an environment has no taxes, caps, floors or quotas"),
        ("park", "lindahl", {}, "with public goods traders cannot answer by rules of their own"),
        ("fishing", "prices", {"agents": ["fischer"]}, "no agent or group 'fischer'.*Did you mean 'fisher'"),
        ("fishing", "prices", {"agents": "fisher"}, "a list of names of agents or groups is needed"),
        ("commons", "first mover", {"agents": ["beta"]}, "'beta' has nothing to choose"),
        ("fishing", "prices", {"max_rounds": 0}, "a whole number of at least 1"),
        ("fishing", "prices", {"floor": -np.inf}, "floor = -inf; it must be finite"),
        ("fishing", "prices", {"most": -1.0}, "a finite number above 0"),
        ("fishing", "prices", {"reward": "profit"}, "it is 'payoff' or 'utility'"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused_with_one_message(name, mechanism, options, said):
    with pytest.raises(InputError, match=said) as refused:
        make(name, mechanism, **options)
    assert "\n" not in str(refused.value)


def test_only_a_scenario_is_played():
    with pytest.raises(InputError, match=r"a scenario is needed, not 'commons'; use market.load"):
        market.env("commons")


def test_a_rule_that_asks_about_other_prices_is_refused():
    scenario = market.load(SCENARIOS / "commons.toml", ['mechanisms.prices.rule="newton"'])
    with pytest.raises(InputError, match=r"newton.*learners give no more; take rule"):
        market.env(scenario, "prices")


def test_without_the_extra_one_message_says_what_to_install(monkeypatch):
    known = extras.installed
    monkeypatch.setattr(extras, "installed", lambda name: None if name == "pettingzoo" else known(name))
    with pytest.raises(
        InputError, match=r"missing: pettingzoo\); install it with: pip install 'market\[rl\]'"
    ):
        make("commons", "prices")


def test_a_fresh_interpreter_without_pettingzoo_plays_scenarios_and_says_what_environments_need():
    code = (
        "import sys; sys.modules['pettingzoo'] = sys.modules['gymnasium'] = None\n"
        "import importlib.metadata as m; had = m.version\n"
        "def version(name):\n"
        "    if name in ('pettingzoo', 'gymnasium'): raise m.PackageNotFoundError(name)\n"
        "    return had(name)\n"
        "m.version = version\n"
        "import market; s = market.load('scenarios/commons.toml')\n"
        "print(market.play(s.mechanism('prices'), market.build(s)).status)\n"
        "try: market.env(s)\n"
        "except market.errors.InputError as e: print(e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SCENARIOS.parent
    )
    status, said = done.stdout.splitlines()
    assert status == "cleared"
    assert "missing: pettingzoo, gymnasium" in said
    assert "pip install 'market[rl]'" in said
    assert not done.stderr
