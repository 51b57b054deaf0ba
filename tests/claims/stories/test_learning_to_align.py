"""Claims of the notebook "Learning to align", on the scenarios that it plays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market
from market.outcome import Status

SCENARIOS = Path(__file__).parents[3] / "scenarios"
CLOSE = pytest.approx
RULES = ("individual", "cga", "sga", "svo", "collective", "status_quo", "aga")


@cache
def compared(name, *mechanisms):
    return market.compare(market.load(SCENARIOS / f"{name}.toml"), mechanisms or None)


@cache
def linear(rule, start, at_bounds="project", rounds=1000):
    """The end of a rule in the game of the published table, from one start."""
    first, second = start
    scenario = market.loads(
        f"""schema = 1
game = "public_goods"
comparable = true
start = [[{first}], [{second}]]
parameters = {{ multiplier = 1.5 }}
players = [{{ name = "p", count = 2, budget = 1, cost = 1 }}]
[[mechanisms]]
name = "m"
kind = "learning"
rule = "{rule}"
step = 0.01
max_rounds = {rounds}
at_bounds = "{at_bounds}"
"""
    )
    return market.GameModel(scenario).run()


class Selfish(market.Player):
    """Gives until a unit costs what it brings to itself."""

    def act(self, others, advised):
        return 0.2


def gifts(mechanism, own=True):
    scenario = market.load(SCENARIOS / "public_goods.toml")
    found = market.GameModel(scenario, mechanism, players={"giver[0]": Selfish} if own else None).run()
    return found, found.payoffs + found.transfers


def test_gifts_left_alone_are_a_third_of_the_best():
    """pi_i = 0.2 sum a - a_i^2 / 2: a = 0.2 alone, 0.6 for the sum; totals 0.30, 0.54."""
    found = compared("public_goods").outcomes
    assert found["left alone"].play.values == CLOSE(0.2)
    assert found["left alone"].payoffs.sum() == CLOSE(0.30)
    for name in ("all together", "prices", "planner"):
        assert found[name].payoffs.sum() == CLOSE(0.54, abs=1e-6)


def test_those_who_learn_for_the_sum_would_gain_by_giving_less_and_those_at_prices_would_not():
    found = compared("public_goods").outcomes
    assert found["all together"].max_regret == CLOSE(0.08, abs=1e-4)
    assert found["prices"].max_regret == CLOSE(0.0, abs=1e-9)


@pytest.mark.parametrize("start", [(0.2, 0.7), (0.55, 0.35)])
def test_rules_in_the_linear_game_have_two_ends(start):
    ends = {rule: linear(rule, start).play.values.ravel() for rule in RULES}
    for rule in ("individual", "cga", "sga"):
        assert ends[rule] == CLOSE(np.zeros(2), abs=1e-9)
    for rule in ("collective", "status_quo", "aga", "svo"):
        assert ends[rule] == CLOSE(np.ones(2), abs=1e-9)


def test_rules_that_agree_in_the_linear_game_agree_from_one_start():
    start = (0.2, 0.7)
    stopped = {rule: linear(rule, start, "stop", 100).play.values for rule in RULES}
    assert stopped["cga"] == CLOSE(stopped["individual"])
    assert stopped["sga"] == CLOSE(stopped["individual"])
    assert stopped["aga"] == CLOSE(stopped["collective"])


def test_stopped_runs_keep_the_difference_of_their_starts():
    """All slopes are equal constants, so that both move in parallel (but for the rule of angles, SVO)."""
    for rule in ("individual", "collective", "status_quo", "aga"):
        end = linear(rule, (0.2, 0.7), "stop", 100).play.values.ravel()
        assert end[1] - end[0] == CLOSE(0.5, abs=1e-9)


@cache
def toy(mechanism):
    return market.GameModel(market.load(SCENARIOS / "aga_toy.toml"), mechanism).run()


def test_altruistic_learners_end_where_collective_ones_do():
    """The local maximum of the sum is (2.386189, 0.858457), 3.104928; selfish learners end at 2.564522."""
    assert toy("individual").payoffs.sum() == CLOSE(2.564522, abs=1e-6)
    assert toy("collective").payoffs.sum() == CLOSE(3.104928, abs=1e-6)
    assert toy("altruistic").play.values == CLOSE(toy("collective").play.values, abs=5e-3)
    assert toy("without signs").payoffs.sum() < toy("collective").payoffs.sum() - 1e-4


def test_no_player_is_content_where_learners_end_and_the_planner_is_elsewhere():
    assert all(toy(name).max_regret > 1 for name in ("individual", "collective", "altruistic"))
    assert toy("planner").payoffs.sum() > 20


def test_one_selfish_player_gains_among_learners_who_care_for_the_sum():
    """0.2 (0.2 + 0.6 + 0.6) - 0.02 = 0.26, and 0.28 - 0.18 = 0.10 for the others; 0.18 if all follow."""
    _, all_follow = gifts("all together", own=False)
    _, one_keeps = gifts("all together")
    assert all_follow == CLOSE(0.18 * np.ones(3), abs=1e-6)
    assert one_keeps == CLOSE([0.26, 0.10, 0.10], abs=1e-6)


def test_the_same_player_loses_at_prices_and_the_reason_says_so():
    _, all_follow = gifts("prices", own=False)
    found, one_keeps = gifts("prices")
    assert one_keeps[0] < all_follow[0]
    assert found.reason.endswith("giver[0] follows a rule of its own, and forgoes 0.08.")


def test_a_planner_asks_no_player():
    found, _ = gifts("planner")
    assert found.status is Status.OPTIMAL
    assert found.reason.endswith("No player is asked here, so the rule of giver[0] is not used.")


def test_fishers_at_prices_catch_what_those_who_learn_for_the_sum_do_and_are_content():
    found = compared("fishing").outcomes
    best = found["planner"].payoffs.sum()
    assert found["learning together"].payoffs.sum() == CLOSE(best, rel=1e-6)
    assert found["prices"].payoffs.sum() == CLOSE(best, rel=1e-6)
    assert found["learning together"].max_regret > 0.5
    assert found["prices"].max_regret == CLOSE(0.0, abs=1e-9)
