"""Contributions of players in tables: values of coalitions, Shapley values and the core, derived by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.efficiency.shapley import shapley
from market.errors import InputError
from market.games.coalitions import secured, values_of
from market.games.table import table
from market.results.games.contributions import as_data, game_contributions

DILEMMA = """
schema = 1
game = "prisoners_dilemma"
comparable = true
mechanisms = [{ name = "alone", kind = "unmediated" }, { name = "best", kind = "planner" }]
"""


def test_prisoners_dilemma():
    """R, S, T, P = 3, 0, 5, 1: to defect secures 1, to cooperate 0; together 3 + 3.

    Shapley values are 1 + (6 - 1 - 1) / 2 = 3, marginal contributions 6 - 1 = 5, the core is from 1 to 5.
    """
    found = game_contributions(market.loads(DILEMMA))
    assert found.alone == pytest.approx([1, 1])
    assert found.best == pytest.approx(6)
    assert found.shapley == pytest.approx([3, 3])
    assert found.marginal == pytest.approx([5, 5])
    assert found.core[0] == pytest.approx([1, 1])
    assert found.core[1] == pytest.approx([5, 5])
    assert found.blocks["alone"].excess == pytest.approx(4)  # 6 - 2, by both together
    assert found.blocks["alone"].members == (1, 1)
    assert found.blocks["best"].excess == pytest.approx(0)


def test_a_player_secures_more_by_a_lottery():
    """Row gets 2 where both play the first, 1 where both play the second, else 0; column gets 0.

    With x on the first row secures min(2 x, 1 - x), most at x = 1/3: 2/3, and 0 by any action for certain.
    Of the best total of 2 row's Shapley value is (2/3 + 2) / 2 = 4/3.
    """
    game = table(np.array([[[2.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]]), comparable=True)
    assert secured(game, [0]) == pytest.approx(2 / 3, abs=1e-12)
    assert secured(game, [1]) == 0
    assert secured(game, [0, 1]) == 2


PARTNERS = """
schema = 1
game = "table"
comparable = true
players = [
  { name = "a", actions = ["b", "c"] },
  { name = "b", actions = ["a", "c"] },
  { name = "c", actions = ["a", "b"] },
]
mechanisms = [{ name = "best", kind = "planner" }]
[payoffs]
"b, a, a" = [0.5, 0.5, 0]
"b, a, b" = [0.5, 0.5, 0]
"b, c, a" = [0, 0, 0]
"b, c, b" = [0, 0.5, 0.5]
"c, a, a" = [0.5, 0, 0.5]
"c, a, b" = [0, 0, 0]
"c, c, a" = [0.5, 0, 0.5]
"c, c, b" = [0, 0.5, 0.5]
"""


def test_two_of_three_who_name_each_other_share_one():
    """The majority game: any two secure 1, one alone 0, all three 1. The core is empty, values are 1/3.

    Where a, b and c get x with sum 1, the two with the least have at most 2/3: they could have 1/3 more.
    """
    found = game_contributions(market.loads(PARTNERS))
    size = np.indices(found.values.shape).sum(axis=0)
    assert found.values == pytest.approx((size >= 2).astype(float), abs=1e-12)
    assert found.shapley == pytest.approx([1 / 3] * 3)
    assert found.marginal == pytest.approx([0] * 3, abs=1e-12)
    assert found.core is None
    assert found.blocks_shapley.excess == pytest.approx(1 / 3)
    assert sum(found.blocks_shapley.members) == 2
    assert "The core is empty" in str(found)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_values_are_superadditive_and_shapley_values_add_up(seed):
    """What two coalitions secure apart they secure together, and Shapley values divide the best total."""
    game = table(np.random.default_rng(seed).normal(size=(2, 3, 2, 3)), comparable=True)
    values = values_of(game)
    members = [np.array(place) for place in np.ndindex(*values.shape)]
    for s in members:
        for t in members:
            if not (s & t).any():
                assert values[tuple(s | t)] >= values[tuple(s)] + values[tuple(t)] - 1e-9
    assert shapley(values).sum() == pytest.approx(values[1, 1, 1])


def test_payments_from_outside_are_not_called_a_division():
    text = DILEMMA.replace('kind = "planner"', 'kind = "auctioneer", transfers = "groves"')
    assert "6 more than there is to divide" in " ".join(str(game_contributions(market.loads(text))).split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DILEMMA.replace("comparable = true", ""), "write comparable = true"),
        (
            'schema = 1\ngame = "aga_toy"\nmechanisms = [{ name = "p", kind = "planner" }]',
            "are computed for tables",
        ),
    ],
)
def test_other_games_are_refused_in_one_sentence(text, message):
    with pytest.raises(InputError, match=message):
        game_contributions(market.loads(text))


def test_too_many_coalitions_are_refused_with_the_option_that_allows_them():
    with pytest.raises(InputError, match="form 8 coalitions; allow them with --coalitions 8"):
        game_contributions(market.loads(PARTNERS), most=7)


def test_the_command_prints_numbers_and_strict_json(shell, tmp_path):
    path = tmp_path / "dilemma.toml"
    path.write_text(DILEMMA)
    code, out, err = shell("contributions", path)
    assert (code, err) == (0, "")
    assert "Shapley values are in the core" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    code, out, _ = shell("contributions", path, "--json")
    assert json.loads(out)["shapley"] == {"row": pytest.approx(3), "column": pytest.approx(3)}
    scenario = market.loads(DILEMMA)
    assert as_data(scenario, game_contributions(scenario))["core"]["greatest"]["row"] == pytest.approx(5)
