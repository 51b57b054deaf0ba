"""Scenario files of games: faults name file, line, field and the nearest word; numbers are drawn and read."""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.errors import InputError, ScenarioError
from market.scenario.game_loading import build_game

TABLE = """schema = 1
game = "table"
[[players]]
name = "row"
actions = ["up", "down"]
[[players]]
name = "column"
actions = ["left", "right"]
[payoffs]
"up, left" = [1, 2]
"up, right" = [3, 4]
"down, left" = [5, 6]
"down, right" = [7, 8]
[[mechanisms]]
name = "alone"
kind = "unmediated"
"""
GOODS = """schema = 1
game = "public_goods"
[parameters]
multiplier = 0.6
[[players]]
name = "giver"
count = 3
curvature = { dist = "uniform", low = 1.0, high = 2.0 }
[[mechanisms]]
name = "alone"
kind = "unmediated"
"""


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        build_game(market.loads(text))
    return str(caught.value)


def test_a_table_is_read_profile_by_profile():
    game = build_game(market.loads(TABLE))
    np.testing.assert_array_equal(game.outcomes[1, 0], [5.0, 6.0])
    assert game.named((0, 1)) == ("up", "right")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"up, right" = [3, 4]\n', "", ":9: payoffs: no payoffs for 'up, right'"),
        ("[3, 4]", "[3]", ':11: payoffs."up, right": 1 payoffs for 2 players'),
        ("[3, 4]", '[3, "x"]', "a number is needed"),
        ("[3, 4]", "[3, nan]", "not a finite number"),
        ("[3, 4]", "[3, 1e308]", "is too large"),
        ('"up, right" = [3, 4]', '"up, right" = [3, 4]\n"up,right" = [5, 6]', "again as 'up,right'"),
        ('name = "row"', 'name = "row"\ncount = 40', "41 players; at most 30"),
        ('"up, right"', '"up, rihgt"', "no such profile"),
        ('"left", "right"', '"left", "left"', "'left' is named twice"),
        ('"left", "right"', '"left", "a, b"', "leave out commas"),
        ("actions = [\"up\"", "action = [\"up\"", "Did you mean 'actions'?"),
        ('game = "table"', 'game = "tabel"', "Did you mean 'table'?"),
        ('game = "table"', 'game = "table"\neconomy = "exchange"', "an economy or a game, not both"),
        ('kind = "unmediated"', 'kind = "unmediatd"', "Did you mean 'unmediated'?"),
        ('kind = "unmediated"', 'kind = "planner"\nweights = { rwo = 1.0 }', "Did you mean 'row'?"),
        ('kind = "unmediated"', 'kind = "learning"\nrule = "regretmatch"', "Did you mean 'regret_matching'?"),
        ('name = "column"', 'name = "row"', "is the name of players[0] already"),
        ('game = "table"', 'game = "table"\nconcern = [[0, 1]]', "2 rows of 2 numbers are needed"),
        ('game = "table"', 'game = "table"\nconcern = [[1, 0], [0, 0]]', "write 0 on the diagonal"),
        ('game = "table"', 'game = "table"\nconcern = "much"', "write a number, or a list of rows"),
    ],
)  # fmt: skip
def test_faults_of_a_table_are_one_readable_message(old, new, said):
    assert said in message(TABLE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("multiplier = 0.6\n", "", "parameters.multiplier: missing"),
        ("multiplier = 0.6", "multiplier = -1", "-1 is too small"),
        ("curvature =", "curvatur =", "Did you mean 'curvature'?"),
        ("low = 1.0", "low = -5.0", "drawn for giver["),
        ("count = 3", "count = 0", "0 is too small"),
        ('game = "public_goods"', 'game = "public_goods"\nstart = [[0.1]]', "3 rows of 1 number are needed"),
        ('game = "public_goods"', 'game = "public_goods"\nstart = [[2], [0], [0]]', "not within bounds"),
        ('game = "public_goods"', 'game = "aga_toy"', "no such key"),
        ('game = "public_goods"', 'game = "aga_toy"\nstart = [[9], [0]]', "no such key"),
        ("count = 3", 'count = 3\ndata = "x.csv"', "x.csv"),
    ],
)
def test_faults_of_amounts_are_one_readable_message(old, new, said):
    assert said in message(GOODS.replace(old, new, 1))


def test_letters_in_the_order_of_another_game_are_refused():
    text = 'schema = 1\ngame = "chicken"\nparameters = { P = 5.0 }\n'
    text += '[[mechanisms]]\nname = "a"\nkind = "planner"\n'
    assert "chicken needs T > R > S > P" in message(text)


def test_drawn_numbers_depend_on_the_seed_and_the_name_alone():
    one = build_game(market.loads(GOODS)).parameters["curvature"]
    more = GOODS.replace("[parameters]", "[parameters]").replace(
        "[[mechanisms]]", '[[players]]\nname = "other"\ncurvature = 1.0\n[[mechanisms]]', 1
    )
    np.testing.assert_array_equal(build_game(market.loads(more)).parameters["curvature"][:3], one)
    assert (build_game(market.loads(GOODS), 5).parameters["curvature"] != one).all()


def test_numbers_and_names_come_from_a_data_file(tmp_path):
    (tmp_path / "who.csv").write_text("who,bend\nann,1.0\nbob,2.0\n")
    lines = 'data = "who.csv"\nnames = { column = "who" }\ncurvature = { column = "bend" }\n'
    old = 'count = 3\ncurvature = { dist = "uniform", low = 1.0, high = 2.0 }\n'
    game = build_game(market.loads(GOODS.replace(old, lines), folder=tmp_path))
    assert game.players == ("ann", "bob")
    np.testing.assert_array_equal(game.parameters["curvature"], [1.0, 2.0])


def test_one_value_is_changed_by_an_override():
    game = build_game(market.loads(GOODS, overrides=["parameters.multiplier=1.5"]))
    assert game.parameters["multiplier"] == 1.5


def test_an_economy_is_refused_where_a_game_is_needed_and_the_other_way_round():
    with pytest.raises(InputError, match="states a game"):
        market.MarketModel(market.loads(TABLE))
    with pytest.raises(InputError, match="of a game is needed"):
        market.GameModel(market.load("scenarios/commons.toml"))
    with pytest.raises(ScenarioError, match="economy"):
        market.loads(TABLE.replace('game = "table"\n', ""))
