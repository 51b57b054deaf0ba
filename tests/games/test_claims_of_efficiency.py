"""Claims of efficiency of amounts: weights of 0 prove nothing, and many players are judged quickly."""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.games.families import GAME_FAMILIES
from market.games.plays import Actions
from market.games.welfare import gradient

INDIFFERENT = """
schema = 1
game = "public_goods"
comparable = true
[parameters]
multiplier = 2.0
[[players]]
name = "a"
cost = 1.0
[[players]]
name = "b"
[[mechanisms]]
name = "alone"
kind = "unmediated"
"""


def test_a_player_that_could_help_at_no_cost_leaves_no_efficient_outcome():
    """`pi_a = b`, `pi_b = a + b`: at (0, 1) a has the most there is, weights (1, 0), yet (1, 1) helps b."""
    found = market.compare(market.loads(INDIFFERENT)).reports["alone"]
    assert found.efficient is False
    np.testing.assert_allclose(found.improvement.values, [[1.0], [1.0]], atol=1e-6)
    np.testing.assert_allclose(found.gains, [0.0, 1.0], atol=1e-6)


@pytest.mark.parametrize(
    "name", ["public_goods", "commons", "fish_war", "cournot", "coopetition", "power", "mixed"]
)
def test_slopes_in_one_players_numbers_are_a_part_of_all_slopes(game_of, name):
    game = game_of(name)
    low, high = game.limits
    a = game.feasible(low + (high - low) * np.random.default_rng(3).random(low.shape) / 3.0)
    for player in range(game.size):
        part = game.family.slopes_in(a, player, **game.parameters)
        np.testing.assert_allclose(part, game.slopes(a)[:, player], rtol=1e-12)
    assert game.family in list(GAME_FAMILIES)


def test_slopes_of_the_least_payoff_are_numbers_where_payoffs_are_negative():
    g = gradient("min", np.array([-1000.0, -1.0]), np.ones(2), np.zeros(2))
    np.testing.assert_array_equal(g, [1.0, 0.0])
    tied = gradient("min", np.array([-1e-9, -1e-9, 5e-9]), np.ones(3), np.zeros(3))
    np.testing.assert_array_equal(tied, [0.5, 0.5, 0.0])


def test_many_players_are_played_and_judged_in_seconds():
    """Replies `multiplier / (n curvature)`; on the way to the planner's play all gain, which is found."""
    text = INDIFFERENT[: INDIFFERENT.index("[[players]]")]
    text += '[[players]]\nname = "p"\ncount = 400\ncurvature = { dist = "uniform", low = 1.0, high = 2.0 }\n'
    text += '[[mechanisms]]\nname = "alone"\nkind = "unmediated"\n'
    text += '[[mechanisms]]\nname = "planner"\nkind = "planner"\n'
    done = market.compare(market.loads(text))
    alone, planner = done.outcomes.values()
    replies = 2.0 / (400 * done.game.parameters["curvature"])
    np.testing.assert_allclose(alone.play.values[:, 0], replies, rtol=1e-9)
    assert [each.efficient for each in done.reports.values()] == [False, True]
    better = done.reports["alone"].improvement
    assert isinstance(better, Actions)
    assert (done.game.payoffs(better) > alone.payoffs).all()
    assert planner.status == "optimal"
