"""Careless scenarios of games, through the command line: a readable message with file, line and field.

Each case is a whole file; the message is the only line on the error stream, nothing is on the output, and no
warning is raised. What other tests ask of the same kind (tables, disclosure, panels) is not repeated.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import market
from market.errors import ExitCode, ScenarioError
from market.games.smooth import Smooth
from market.interfaces.cli.main import main
from market.scenario.game_loading import build_game

PLAYERS = """[[players]]
name = "row"
actions = ["up", "down"]
[[players]]
name = "col"
actions = ["left", "right"]
"""
PAYOFFS = """[payoffs]
"up, left" = [1, 2]
"up, right" = [3, 4]
"down, left" = [5, 6]
"down, right" = [7, 8]
"""
PAIR = '[[players]]\nname = "p"\ncount = 2\n'
DIGITS = str([str(k) for k in range(10)]).replace("'", '"')


def mechanism(kind: str, more: str = "") -> str:
    return f'[[mechanisms]]\nname = "m"\nkind = "{kind}"\n{more}'


ALONE = mechanism("unmediated")


def table(play: str = ALONE, top: str = "", players: str = PLAYERS, payoffs: str = PAYOFFS) -> str:
    return f'schema = 1\ngame = "table"\n{top}{players}{payoffs}{play}'


def goods(play: str = ALONE, top: str = "", more: str = "count = 3\n") -> str:
    family = 'schema = 1\ngame = "public_goods"\n'
    return (
        f'{family}{top}[parameters]\nmultiplier = 0.6\n[[players]]\nname = "p"\n{more}curvature = 1.0\n{play}'
    )


def family(name: str, numbers: str = "", players: str = PAIR, play: str = ALONE, top: str = "") -> str:
    parameters = f"[parameters]\n{numbers}\n" if numbers else ""
    return f'schema = 1\ngame = "{name}"\n{top}{parameters}{players}{play}'


TEN_MILLION = "".join(f'[[players]]\nname = "p{i}"\nactions = {DIGITS}\n' for i in range(7))
ONE_PROFILE = '[payoffs]\n"0, 0, 0, 0, 0, 0, 0" = [1, 1, 1, 1, 1, 1, 1]\n'

CASES = {
    "infinite payoff": (
        table(payoffs=PAYOFFS.replace("[1, 2]", "[inf, 2]")),
        ':10: payoffs."up, left"[0]: inf is not a finite number',
    ),
    "ten million profiles": (
        table(players=TEN_MILLION, payoffs=ONE_PROFILE),
        ":3: players: 10,000,000 profiles; at most 1,000,000 fit a table",
    ),
    "a player without actions": (
        table(players=PLAYERS.replace('["left", "right"]', "[]")),
        ":8: players[1].actions: empty; write actions = ... (the names of the player's actions)",
    ),
    "nobody": (table(players="", payoffs=""), ": players: missing; write a table [[players]] for each"),
    "a thousand players": (
        table(players=PLAYERS.replace('"col"', '"col"\ncount = 1000')),
        ":3: players: 1,001 players; at most 30 fit a table",
    ),
    "count 0": (
        table(players=PLAYERS.replace('"col"', '"col"\ncount = 0')),
        ":8: players[1].count: 0 is too small; it must be >= 1",
    ),
    "a member's name": (
        table(players=PAIR.replace('"p"', '"a"') + 'actions = ["x"]\n' + PLAYERS.replace("row", "a[0]")),
        ":8: players[1].name: 'a[0]' is a member of the group 'a'; choose another name",
    ),
    "concern not finite": (table(top="concern = nan\n"), ":3: concern: nan is not a finite number"),
    "concern too large": (table(top="concern = 1e300\n"), ":3: concern: 1e+300 is too large"),
    "concern not finite in a row": (
        table(top="concern = [[0, nan], [0, 0]]\n"),
        ":3: concern[0][1]: nan is not a finite number",
    ),
    "concern in words": (
        table(top='concern = [[0, "a"], [0, 0]]\n'),
        ':3: concern[0][1]: found the text "a"; a number is needed',
    ),
    "concern ragged": (
        table(top="concern = [[0, 1], [0]]\n"),
        ":3: concern: 2 rows of [1, 2] numbers; 2 rows of 2 numbers are needed",
    ),
    "no mechanism": (
        table(play=""),
        ": mechanisms: missing; write a table [[mechanisms]] for each, with kind one of: unmediated,",
    ),
    "weight of a stranger": (
        table(mechanism("planner", "weights = { rwo = 1 }\n")),
        ":17: mechanisms[0].weights.rwo: no player or group of that name; one of: row, col. Did you",
    ),
    "weights of zero": (
        table(mechanism("planner", "weights = { row = 0, col = 0 }\n")),
        ":14: mechanisms[0]: 'm': all weights are 0",
    ),
    "a product without a point": (
        table(mechanism("planner", 'welfare = "nash"\n')),
        ':14: mechanisms[0]: welfare = "nash" multiplies gains over a disagreement point: write disagreement',
    ),
    "a point without a product": (
        table(mechanism("planner", "disagreement = { row = 0 }\n")),
        ':14: mechanisms[0]: welfare = "sum" has no disagreement point: write welfare = "nash", or leave',
    ),
    "a rule of tables": (
        goods(mechanism("learning", 'rule = "regret_matching"\n')),
        ":9: mechanisms[0]: 'm': rule = \"regret_matching\" is for games of finitely many actions",
    ),
    "a rule of amounts": (
        table(mechanism("learning", 'rule = "aga"\n')),
        ":14: mechanisms[0]: 'm': rule = \"aga\" follows slopes, and a table has none; play it as game",
    ),
    "a sign of 5": (
        goods(mechanism("learning", 'rule = "aga"\nat_zero = 5\n')),
        ":13: mechanisms[0].at_zero: 5 is too large; it must be <= 1",
    ),
    "a mediator of amounts": (
        goods(mechanism("mediator")),
        ":9: mechanisms[0]: 'm': kind = \"mediator\" is for games of finitely many actions",
    ),
    "prices in a table": (
        table(mechanism("auctioneer"), top="comparable = true\n"),
        ":15: mechanisms[0]: 'm': a table has no amounts to price; write transfers = \"groves\"",
    ),
    "groves of amounts": (
        goods(mechanism("auctioneer", 'transfers = "groves"\n'), top="comparable = true\n"),
        ":10: mechanisms[0]: 'm': transfers = \"groves\" is for tables; amounts have prices",
    ),
    "payments without a unit": (
        goods(mechanism("auctioneer")),
        ":9: mechanisms[0]: 'm': payments need payoffs in one unit; write comparable = true",
    ),
    "start of wrong shape": (
        goods(top="start = [[0.1], [0.1]]\n"),
        ":3: start: 3 rows of 1 number are needed, one row for each player",
    ),
    "start beyond bounds": (
        goods(top="start = [[2], [0], [0]]\n"),
        ":3: start: the first play is not within bounds: numbers are at least 0 and at most 1",
    ),
    "start of another total": (
        family("water_filling", top="start = [[0.9, 0.9], [0.5, 0.5]]\n"),
        ":3: start: the first play is not within bounds: numbers of a player are >= 0 and sum to its total",
    ),
    "a column without a file": (
        goods(more='count = 3\nhigh = { column = "x" }\n'),
        ':8: players[0].high.column: a column needs a data file; write data = "....csv" in this table',
    ),
    "count and data": (
        goods(more='count = 3\ndata = "who.csv"\n'),
        ":7: players[0].count: count and data exclude each other: a data file has one row per player; omit",
    ),
    "a name twice": (
        goods(more='data = "who.csv"\nnames = { column = "who" }\n').replace(
            "[[mechanisms]]", '[[players]]\nname = "ann"\n[[mechanisms]]'
        ),
        ":8: players[0].names: who.csv, row 1: 'ann' is the name of a player or group in the",
    ),
    "a grid beyond memory": (
        family("stackelberg", "intercept = 10\nsteps = 1e9"),
        ":5: parameters.steps: 2e+20 pairs of a sum and an amount; at most 20,000,000 fit, so write",
    ),
    "a discount of 1": (
        family("fish_war", "discount = 1"),
        ":4: parameters.discount: 1 is too large; it must be < 1",
    ),
    "power below zero": (
        family("water_filling", players=PAIR + "power = -1\n"),
        ":6: players[0].power: -1 is too small; it must be > 0",
    ),
    "half a carrier": (
        family("water_filling", "carriers = 1.5"),
        ":4: parameters.carriers: 1.5 carriers; a whole number is needed",
    ),
    "letters out of order": (
        family("prisoners_dilemma", "R = 10", players=""),
        ":3: parameters: prisoners_dilemma needs T > R > P > S; there is T = 5, R = 10, P = 1, S = 0",
    ),
    "a third prisoner": (
        family("prisoners_dilemma", players='[[players]]\nname = "p"\ncount = 3\n'),
        ":3: players: prisoners_dilemma has 2 players; there are 3",
    ),
    "preferences that do not add up": (
        family("preferences", players="", top="preferences = [[0.5, 0.9], [0.2, 0.5]]\n"),
        ":3: preferences[0]: '1' to '2' with 0.9 and the other way round with 0.2; together they must be 1",
    ),
    "no rows": (
        table(players="", payoffs="", top='data = "head.csv"\n'),
        ":3: data: 'head.csv': no rows below the names of its columns",
    ),
    "a payoff beyond limits in a file": (
        table(players="", payoffs="", top='data = "big.nfg"\n'),
        ":3: data: 'big.nfg': a payoff is beyond 1e+100 in size; write payoffs in a larger unit",
    ),
    "no text": (
        table(players="", payoffs="", top='data = "binary.nfg"\n'),
        ":3: data: 'binary.nfg': not UTF-8 text",
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "who.csv").write_text("who\nann\nbob\n")
    (tmp_path / "head.csv").write_text("row,col,payoff[row],payoff[col]\n")
    (tmp_path / "big.nfg").write_text('NFG 1 R "" { "a" } { 2 } 1e200 1')
    (tmp_path / "binary.nfg").write_bytes(bytes(range(256)))
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_one_message_with_file_line_and_field(case, folder, capsys):
    text, message = CASES[case]
    file = folder / "s.toml"
    file.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code = main(["run", str(file), "--out", str(folder / "runs")])
    printed = capsys.readouterr()
    assert code == ExitCode.INPUT_AT_FAULT
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith(f"{file}:")
    assert message in line
    assert not (folder / "runs").exists()


def test_a_refusal_is_placed_for_a_notebook_too():
    with pytest.raises(ScenarioError) as refused:
        market.compare(market.loads(goods(mechanism("equilibria"))))
    assert [(fault.field, fault.line) for fault in refused.value.faults] == [("mechanisms[0]", 9)]


def test_concern_is_a_number_or_rows():
    by_number = build_game(market.loads(table(top="concern = 1\n")))
    by_rows = build_game(market.loads(table(top="concern = [[0, 1], [1, 0]]\n")))
    np.testing.assert_array_equal(by_number.concern, [[0, 1], [1, 0]])
    np.testing.assert_array_equal(by_rows.concern, by_number.concern)


def test_a_play_that_attains_its_bound_is_not_searched_for(monkeypatch):
    """With levels of 0 and 1 alone the climbs took a minute; the family's own play attains the bound.

    At level 0 nobody cleans; at level 1 one apple is 5/6 of a clean river's.
    """
    monkeypatch.setattr("market.games.welfare._climbed", lambda *_: pytest.fail("a search began"))
    text = family("cleanup", "levels = 1\nstart_level = 0", play=mechanism("planner"))
    game = build_game(market.loads(text))
    assert isinstance(game, Smooth)
    best = market.GameModel(market.loads(text)).run()
    assert best.status == "optimal"
    assert best.payoffs.sum() == pytest.approx(game.family.bound(2, **game.parameters), abs=1e-12)
