"""`market equilibria` of games: all that a search finds, and what is said of the rest."""

from __future__ import annotations

import json

import numpy as np
import pytest

import market
from market.errors import ExitCode, InputError
from market.results.games.equilibria import game_equilibria

PLANNED = 'mechanisms = [{ name = "best", kind = "planner" }]\n'


def of(game, rest=""):
    return market.loads(f'schema = 1\ngame = "{game}"\ncomparable = true\n{PLANNED}{rest}')


def test_chicken():
    """Payoffs (6, 6), (2, 7), (7, 2), (0, 0): two pure equilibria, and one in which both swerve with 2/3.

    Against q on swerving, swerving gets 6 q + 2 (1 - q) and going straight 7 q: equal at q = 2/3, worth 14/3.
    Totals are 9, 9 and 28/3, the best is 12: prices 12/9 and 12 / (28/3) = 9/7. The best correlated one has
    10.5.
    """
    found = game_equilibria(of("chicken"))
    assert found.complete
    assert sorted(found.sums) == pytest.approx([9, 9, 28 / 3])
    assert (found.anarchy, found.stability) == (pytest.approx(4 / 3), pytest.approx(9 / 7))
    assert found.correlated == (pytest.approx(7.2), pytest.approx(10.5))
    assert found.coarse == (pytest.approx(7.2), pytest.approx(10.5))
    assert found.regret.max() < 1e-12


def test_a_degenerate_table_has_at_least_what_was_found():
    """Row is indifferent between its actions: with column's first action any mixture is an equilibrium."""
    players = '{ name = "r", actions = ["a", "b"] }, { name = "c", actions = ["x", "y"] }'
    rows = '\n"a, x" = [1, 1]\n"a, y" = [0, 0]\n"b, x" = [1, 1]\n"b, y" = [0, 0]\n'
    found = game_equilibria(of("table", f"players = [{players}]\n[payoffs]{rows}"))
    assert not found.complete
    assert len(found.found) >= 2
    assert (found.anarchy, found.stability) == (None, None)
    said = " ".join(str(found).split())
    assert "At least" in said
    assert "degenerate" in said


def test_of_three_players_only_pure_equilibria_are_searched():
    """All payoffs are 1: each of 8 profiles is an equilibrium, mixed ones are not searched."""
    names = ", ".join(f'{{ name = "{p}", actions = ["x", "y"] }}' for p in "abc")
    rows = "\n".join(f'"{a}, {b}, {c}" = [1, 1, 1]' for a in "xy" for b in "xy" for c in "xy")
    found = game_equilibria(of("table", f"players = [{names}]\n[payoffs]\n{rows}\n"))
    assert len(found.found) == 8
    assert found.anarchy is None
    assert "mixed ones of three or more players are not searched" in " ".join(str(found).split())


def test_public_goods_have_one_fixed_point_of_best_replies():
    """Each of 3 values all gifts at 0.6 / 3 and pays a^2 / 2: a = 0.2, a dominant choice; together 0.6 each.

    Totals: 0.6 x 0.6 - 3 x 0.02 = 0.3 against 0.6 x 1.8 - 3 x 0.18 = 0.54, which the bound proves.
    """
    players = (
        'players = [{ name = "giver", count = 3, curvature = 1.0 }]\nparameters = { multiplier = 0.6 }\n'
    )
    found = game_equilibria(of("public_goods", players), starts=4)
    assert len(found.found) == 1
    assert found.found[0].values.ravel() == pytest.approx([0.2] * 3)
    assert found.reached == (4,)
    assert found.sums == pytest.approx([0.3])
    assert found.best == pytest.approx(0.54)
    assert found.best_proved
    assert not found.complete
    assert found.anarchy is None  # a search from starts certifies no set of equilibria


def test_several_fixed_points_are_told_apart():
    """Two carriers, cross gain 1.5: the transmitters separate, in two ways."""
    scenario = market.load("scenarios/frequency.toml")
    found = game_equilibria(scenario, starts=8)
    ends = {tuple(np.round(each.values.ravel(), 6)) for each in found.found}
    assert {(0, 1, 1, 0), (1, 0, 0, 1)} <= ends
    assert sum(found.reached) <= found.starts == 8


@pytest.mark.parametrize(
    ("file", "message"),
    [("in_order", "backward_induction"), ("two_drugs", "those of a protocol")],
)
def test_other_solutions_are_named(file, message):
    with pytest.raises(InputError, match=message):
        game_equilibria(market.load(f"scenarios/{file}.toml"))


def test_the_command_prints_a_table_and_strict_json(shell):
    code, out, err = shell("equilibria", "scenarios/chicken.toml")
    assert (code, err) == (ExitCode.DONE, "")
    assert "3 Nash equilibria, by all pairs of supports; there are no others." in out
    assert all(len(line) <= 80 for line in out.splitlines())
    code, out, _ = shell("equilibria", "scenarios/chicken.toml", "--json")
    assert json.loads(out)["anarchy"] == pytest.approx(4 / 3)


def test_a_budget_of_evaluations_of_demand_is_refused(shell):
    code, _, err = shell("equilibria", "scenarios/chicken.toml", "--budget", "5")
    assert code == ExitCode.INPUT_AT_FAULT
    assert "--starts and --seconds" in err
