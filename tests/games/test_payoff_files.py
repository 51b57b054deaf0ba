"""Tables from data files: a row for each profile, and both forms of Gambit's format."""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.errors import InputError, ScenarioError
from market.games.equilibria import find
from market.interfaces.cli.main import main
from market.results.games.verify import verify_game
from market.scenario.game_loading import build_game
from market.scenario.nfg import read_nfg

HEAD = 'schema = 1\ngame = "table"\n'
PLAYERS = """
[[players]]
name = "row"
actions = ["cooperate", "defect"]
[[players]]
name = "column"
actions = ["cooperate", "defect"]
"""
PLAY = '\n[[mechanisms]]\nname = "alone"\nkind = "unmediated"\n'
ROWS = """row,column,payoff[row],payoff[column]
defect,cooperate,5,0
cooperate,cooperate,3,3
defect,defect,1,1
cooperate,defect,0,5
"""
DILEMMA = [[[3, 3], [0, 5]], [[5, 0], [1, 1]]]
UNEVEN = np.array([[[1, 1], [1, 1]], [[0, 2], [0, 3]], [[0, 2], [2, 0]]], dtype=float)
LISTED = """NFG 1 R "three by two, from a paper"
{ "Player 1" "Player 2" } { 3 2 }
"a comment
of two lines"
1 1 0 2 0 2 1 1 0 3 2 0
"""
OUTCOMES = r"""NFG 1 D "a \"quoted\" title" { "Player 1" "Player 2" }

{ { "up" "middle" "down" }
{ "left" "right" }
}
""

{
{ "all one" 1, 1 }
{ "" 0, 2 }
{ "third" 0, 3 }
{ "last" 4/2, 0.0e0 }
}
1 2 2 1 3 4
"""


def scenario(folder, content, file="payoffs.csv", players=PLAYERS):
    (folder / file).write_text(content, encoding="utf-8")
    text = f'{HEAD}data = "{file}"\n{players}{PLAY}'
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    return market.load(folder / "scenario.toml")


def test_rows_are_profiles_in_any_order(tmp_path):
    game = build_game(scenario(tmp_path, ROWS))
    np.testing.assert_array_equal(game.to_payoffs(), DILEMMA)


def test_a_file_names_players_and_actions_itself(tmp_path):
    """Actions come in the order of their first row: defect is the first of the row player."""
    game = build_game(scenario(tmp_path, ROWS, players=""))
    assert game.players == ("row", "column")
    assert game.actions == (("defect", "cooperate"), ("cooperate", "defect"))
    np.testing.assert_array_equal(game.to_payoffs(), np.array(DILEMMA)[::-1])


def test_groups_have_columns_of_their_members(tmp_path):
    rows = "p[0],p[1],payoff[p[0]],payoff[p[1]]\na,a,1,2\na,b,3,4\nb,a,5,6\nb,b,7,8\n"
    game = build_game(scenario(tmp_path, rows, players='[[players]]\nname = "p"\ncount = 2\n'))
    np.testing.assert_array_equal(game.to_payoffs().ravel(), np.arange(1, 9))


def test_mixed_play_reads_files_too(tmp_path):
    (tmp_path / "d.csv").write_text(ROWS)
    text = f'schema = 1\ngame = "mixed"\ndata = "d.csv"\n{PLAY}'
    game = build_game(market.loads(text, folder=tmp_path))
    np.testing.assert_array_equal(game.parameters["table"], np.array(DILEMMA)[::-1])


@pytest.mark.parametrize("text", [LISTED, OUTCOMES])
def test_both_forms_of_gambit_state_the_game(text, tmp_path):
    """The first player's action changes fastest: profiles (1,1), (2,1), (3,1), (1,2), (2,2), (3,2)."""
    np.testing.assert_array_equal(read_nfg(text).payoffs, UNEVEN)
    game = build_game(scenario(tmp_path, text, "game.nfg", players=""))
    assert game.players == ("Player 1", "Player 2")
    np.testing.assert_array_equal(game.to_payoffs(), UNEVEN)


def test_a_game_of_three_players_has_their_actions_in_order():
    """With sizes 2, 3 and 2 the profile (i, j, k) is number i + 2 j + 6 k."""
    body = " ".join(f"{k} {10 * k} -{k}" for k in range(12))
    form = read_nfg('NFG 1 R "" { "" "a" "a" } { 2 3 2 } ' + body)
    assert form.players == ("player1", "a", "player3")
    for i, j, k in np.ndindex(2, 3, 2):
        number = i + 2 * j + 6 * k
        np.testing.assert_array_equal(form.payoffs[i, j, k], [number, 10 * number, -number])


def test_outcome_zero_pays_nothing_and_names_become_usable():
    form = read_nfg('NFG 1 R "" {"a" "b"} {{"x, y" "" "2"} {"u" "u"}} { {"w" 1 2} } 1 0 0 1 0 1')
    assert form.actions == (("x; y", "2", "3"), ("u", "2"))
    np.testing.assert_array_equal(form.payoffs[..., 1], [[2, 2], [0, 0], [0, 2]])


def test_a_scenario_names_what_a_file_numbers(tmp_path):
    listed = 'NFG 1 R "" { "" "" } { 2 2 } 3 3 5 0 0 5 1 1'
    game = build_game(scenario(tmp_path, listed, "d.nfg"))
    assert game.players == ("row", "column")
    assert game.actions[0] == ("cooperate", "defect")
    np.testing.assert_array_equal(game.to_payoffs(), DILEMMA)


PARTY = r"""NFG 1 R "who comes to the \"party\", {and} who stays" { "Ann \"A\" Lee" "Bob" "Cy" }
{ { "come" "stay" } { "come" "stay" } { "come" "stay" } }
"a comment: 1 2 { 3 } is no part of the body"
{ { "all come" 1/3 1/3, 1/3 } { "two" .5 -1/4 5e-1 } }
1 0 0 0 0 0 0 2
"""


def test_outcomes_of_three_players_with_fractions_are_solved(tmp_path):
    """All come: 1/3 each. All stay: 1/2, -1/4, 1/2. Else, outcome 0: nothing. A single deviation from either
    has 0, so all come is an equilibrium, all stay is not, for Bob gains 1/4; where one stays or two do
    nobody reaches either alone, except the one who stays (gains 1/3) or Ann and Cy who come alone (1/2)."""
    game = build_game(scenario(tmp_path, PARTY, "party.nfg", players=""))
    assert game.players == ('Ann "A" Lee', "Bob", "Cy")
    np.testing.assert_allclose(game.to_payoffs()[0, 0, 0], 1 / 3, rtol=1e-15)
    np.testing.assert_array_equal(game.to_payoffs()[1, 1, 1], [0.5, -0.25, 0.5])
    assert np.count_nonzero(game.to_payoffs()) == 6
    pure = {each.pure for each in find(game).equilibria}
    assert pure == {(0, 0, 0), (1, 0, 1)}


@pytest.mark.parametrize("sizes", [(2, 3), (2, 3, 2), (1, 4)])
def test_files_written_in_both_forms_come_back(sizes):
    """The text is written here as the format says, from random payoffs with all their digits."""
    payoffs = np.random.default_rng(5).normal(size=(*sizes, len(sizes)))
    names = " ".join(f'"player {i}"' for i in range(len(sizes)))
    counts = " ".join(map(str, sizes))
    rows = payoffs.transpose(*reversed(range(len(sizes))), len(sizes)).reshape(-1, len(sizes))
    listed = " ".join(repr(float(x)) for x in rows.ravel())
    outcomes = "\n".join('{ "" ' + ", ".join(repr(float(x)) for x in row) + " }" for row in rows)
    numbers = " ".join(str(k + 1) for k in range(len(rows)))
    head = f'NFG 1 R "a game" {{ {names} }}\n{{ {counts} }}\n'
    for body in (listed, f"{{\n{outcomes}\n}}\n{numbers}"):
        np.testing.assert_array_equal(read_nfg(head + body).payoffs, payoffs)


@pytest.mark.parametrize(("file", "content"), [("payoffs.csv", ROWS), ("game.nfg", LISTED)])
def test_run_folders_keep_the_file_and_are_verified_from_it(file, content, tmp_path, capsys):
    scenario(tmp_path, content, file, players="")
    assert main(["run", str(tmp_path / "scenario.toml"), "--out", str(tmp_path / "runs")]) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "input" / file).read_text() == content
    (tmp_path / file).unlink()
    assert all(claim.holds is not False for claim in verify_game(folder).claims)
    capsys.readouterr()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("cooperate,defect,0,5\n", ""), "no row, after line 4, has the profile 'cooperate, defect'"),
        (
            ("defect,defect,1,1", "defect,cooperate,1,1"),
            "line 4: the profile 'defect, cooperate' is in line 2",
        ),
        (("defect,defect", "defect,defekt"), r"line 4: 'defekt' is no action of column; .*'defect'"),
        (("3,3", "inf,3"), r"column 'payoff\[row\]': line 3: a number is needed, found 'inf'"),
        (("3,3", ",3"), r"column 'payoff\[row\]': line 3: the cell is empty"),
        (("payoff[column]", "payoff column"), r"column 'payoff\[column\]': no such column"),
        (("row,column", "row;column"), "no such column"),
        (("defect,defect,1,1", '"a,b",defect,1,1'), "line 4: 'a,b' cannot name an action"),
    ],
)
def test_faults_of_rows_name_file_and_line(change, message, tmp_path):
    with pytest.raises(ScenarioError, match=message) as found:
        scenario(tmp_path, ROWS.replace(*change))
    assert "scenario.toml:3: data: 'payoffs.csv': " in str(found.value)
    assert len(found.value.faults) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("EFG 2 R", "line 1: 'NFG' is needed"),
        ('NFG 1 R "" {"a" "b"}\n{ 2 2 }\n1 2 3', r"line 3: 3 payoffs; 8 are needed.*profile \(2, 1\)"),
        ('NFG 1 R "" {"a"} { 2 }\n1 2\n3', "line 3: '3' after the last of 2 profiles"),
        ('NFG 1 R "" {"a"} { 2 }\n1 x', "line 2: a number is needed, found 'x'"),
        ('NFG 1 R "" {"a"} { 2 }\n1 1e999', "line 2: '1e999' is not a finite number"),
        ('NFG 1 R "" {"a"} { 2 }\n1 1/0', "line 2: '1/0' is not a finite number"),
        ('NFG 1 R "" {"a" "b"} { 2 }', "line 1: actions of 1 players; there are 2"),
        ('NFG 1 R "" {"a" "b"} {{"x"} {}}', "a player without actions"),
        ('NFG 1 R "" {"a" "b" "c"}\n{ 300 300 300 }', "line 2: 27,000,000 profiles; at most 1,000,000"),
        ('NFG 1 R "" {"a"} { 2 } { { "" 1 2 } } 1 1', "an outcome with 2 payoffs for 1 players"),
        ('NFG 1 R "" {"a"} { 2 } { { "" 1 } }\n1 2', "line 2: the number of an outcome is 0 to 1, found '2'"),
        ('NFG 1 R "" {"a"} { 2 } { { "" 1 } }\n1', "line 2: outcomes of 1 profiles; there are 2"),
        ('NFG 1 R "never closed { 2 }', "line 1: a quote is not closed"),
        ('NFG 1 R "" {"a"', "line 1: a text in quotes is needed, found the end of the file"),
        ("", "line 1: 'NFG' is needed"),
    ],
)
def test_faults_of_gambit_files_name_the_line(text, message):
    with pytest.raises(InputError, match=message):
        read_nfg(text)


def test_a_game_of_another_size_and_double_payoffs_are_refused(tmp_path):
    with pytest.raises(ScenarioError, match="3 actions of row; the scenario names 2"):
        scenario(tmp_path, LISTED, "game.nfg")
    with pytest.raises(ScenarioError, match="in the scenario too"):
        scenario(tmp_path, ROWS, players=PLAYERS + '[payoffs]\n"cooperate, defect" = [1, 2]\n')
    (tmp_path / "payoffs.csv").unlink()
    with pytest.raises(ScenarioError, match="no such file"):
        market.loads(f'{HEAD}data = "payoffs.csv"\n{PLAY}', folder=tmp_path)
    with pytest.raises(ScenarioError, match="outside its folder"):
        market.loads(f'{HEAD}data = "../x.nfg"\n{PLAY}', folder=tmp_path)
