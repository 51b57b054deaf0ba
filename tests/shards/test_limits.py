"""Mechanisms and economies that need all agents in one place are refused, with the reason."""

from __future__ import annotations

import pytest
from helpers.towns import EVERY_DRAW, town

from market import build, loads
from market.errors import InputError
from market.scenario.building import population
from market.shards import Here, play_in_shards


def in_shards(scenario, shards):
    """The outcome of its auctioneer in so many shards of this process."""
    return play_in_shards(scenario, Here(), shards).outcomes["prices"]


@pytest.mark.parametrize(
    ("mechanism", "said"),
    [
        ('kind = "planner"', "'m' cannot be played in shards: a planner solves one"),
        ('kind = "unmediated"\ngame = "autarky"', "in a game without prices"),
    ],
)
def test_a_mechanism_that_needs_all_agents_is_refused(mechanism, said):
    text = EVERY_DRAW.format(money="quasilinear", stock=9.0, owns="", buyers=4, tasters=3, more="", rule="")
    with pytest.raises(InputError, match=said) as refused:
        in_shards(loads(f'{text}[[mechanisms]]\nname = "m"\n{mechanism}'), 2)
    assert "--mechanism 'prices'" in str(refused.value)


def test_a_rule_that_uses_bids_is_refused():
    with pytest.raises(InputError, match="the rule proportional_response uses the bids of every agent"):
        in_shards(town("fisher", rule='rule = "proportional_response"'), 2)


def test_a_technology_is_refused():
    made = '{ family = "activity", netput = { bread = 1.0, water = -1.0 } }'
    mill = f'[[agents]]\nname = "mill"\ntechnology = {made}'
    with pytest.raises(InputError, match="'mill' has a technology"):
        in_shards(town("exchange", more=mill), 2)


@pytest.mark.parametrize(
    "has",
    [
        'utility = { family = "linear", weights = { water = 1.0, bread = 2.0 } }',
        'utility = { family = "ces", elasticity = 0.5, weights = { water = 1.0, bread = 2.0 } }',
        'cost = { family = "linear", unit_cost = { bread = 2.0 } }',
    ],
)
def test_agents_with_ties_are_refused(has):
    family = has.split('"')[1]
    with pytest.raises(InputError, match=f"{family}\\) makes alternatives equally good"):
        in_shards(town(more=f'[[agents]]\nname = "picky"\ncount = 4\n{has}\nbudget = 1.0'), 2)


def test_more_shards_than_agents_and_shards_that_are_too_large_are_refused():
    with pytest.raises(InputError, match="there are only 8 agents"):
        in_shards(town(buyers=4, tasters=3), 9)
    with pytest.raises(InputError, match="--shards 0: at least one shard"):
        in_shards(town(buyers=4, tasters=3), 0)
    with pytest.raises(InputError, match="there is no mechanism to play"):
        play_in_shards(town(buyers=4, tasters=3), Here(), 2, [])
    huge = town(buyers=10**9, tasters=1)
    assert len(population(huge)) == 10**9 + 2
    with pytest.raises(InputError, match="use --shards 101 at least"):
        in_shards(huge, 50)
    with pytest.raises(InputError, match="play them in shards: --shards"):
        build(huge)
