"""Run folders of games: whole, verified from the scenario and what was played, and refused where they are
forged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import market
from market.errors import RunError
from market.results.games import verify
from market.results.games.folder import is_game_run, write_game_run
from market.results.games.verify import verify_game
from market.results.run_folder import sha256
from market.scenario.game_loading import build_game

SCENARIOS = Path(__file__).parents[3] / "scenarios"
GAMES = sorted(path.stem for path in SCENARIOS.glob("*.toml") if "\neconomy = " not in path.read_text())
LEFT, GIVER = "left alone", "giver[0]"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Name of a shipped game -> its run folder, written when it is first asked for."""
    parent, known = tmp_path_factory.mktemp("runs"), {}

    def folder(name: str) -> Path:
        if name not in known:
            known[name] = write_game_run(market.compare(market.load(SCENARIOS / f"{name}.toml")), parent)
        return known[name]

    return folder


def test_there_are_games():
    assert {"chicken", "prisoners_dilemma", "public_goods", "frequency", "partners", "fishing"} <= set(GAMES)


@pytest.mark.parametrize("name", GAMES)
def test_every_shipped_game_is_verified(written, name):
    folder = written(name)
    assert is_game_run(folder)
    checked = verify_game(folder)
    assert checked.holds, [claim for claim in checked.claims if claim.holds is False]
    assert sum(claim.holds is True for claim in checked.claims) > 20


RANDOM = """
schema = 1
game = "table"
comparable = true
[[players]]
name = "row"
actions = ["a", "b", "c"]
[[players]]
name = "column"
actions = ["x", "y"]
"""
KINDS = (
    'kind = "unmediated"\nschedule = "simultaneous"',
    'kind = "equilibria"',
    'kind = "mediator"\nequilibrium = "coarse"\nselect = "worst"',
    'kind = "mediator"\nfigure = "least"',
    'kind = "planner"\nwelfare = "min"',
    'kind = "learning"\nrule = "regret_matching"\nmax_rounds = 600',
    'kind = "learning"\nrule = "fictitious_play"\nmax_rounds = 600',
    'kind = "auctioneer"\ntransfers = "groves"',
)


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e9])
def test_runs_of_random_tables_are_verified(tmp_path, unit):
    """Coarse play is judged by one action in the place of all, to the accuracy that the scenario asks for."""
    payoffs = np.random.default_rng(5).integers(-3, 4, size=(3, 2, 2)) * unit
    lines = [f'"{"abc"[i]}, {"xy"[j]}" = {payoffs[i, j].tolist()}' for i in range(3) for j in range(2)]
    plays = [f'[[mechanisms]]\nname = "{k}"\n{kind}' for k, kind in enumerate(KINDS)]
    folder = write_game_run(
        market.compare(market.loads("\n".join([RANDOM, "[payoffs]", *lines, *plays]))), tmp_path
    )
    checked = verify_game(folder)
    assert checked.holds, [claim for claim in checked.claims if claim.holds is False]
    ended = [each["status"] for each in json.loads((folder / "result.json").read_text())["mechanisms"]]
    assert ended.count("coarse") >= 2  # of the mediator, and of learners


def forged(folder: Path, into: Path, change) -> set[str]:
    """Names of the claims that do not hold after a change of result.json and players.parquet."""
    copy = Path(shutil.copytree(folder, into))
    result = json.loads((copy / "result.json").read_text())
    table = pd.read_parquet(copy / "players.parquet")
    change(result, table)
    (copy / "result.json").write_text(json.dumps(result))
    table.to_parquet(copy / "players.parquet", index=False)
    manifest = json.loads((copy / "manifest.json").read_text())
    for name in ("result.json", "players.parquet"):
        path = copy / name
        manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return {claim.name for claim in verify_game(copy).claims if claim.holds is False}


def of(result, name):
    return next(each for each in result["mechanisms"] if each["name"] == name)


def status(name, word):
    return lambda result, table: of(result, name).update(status=word)


def report(name, **changes):
    return lambda result, table: of(result, name)["report"].update(changes)


def outcome(name, **changes):
    return lambda result, table: of(result, name).update(changes)


def without_regret(name):
    """A change that leaves out what players would gain by deviating, and calls the play settled."""

    def change(result, table):
        of(result, name).update(status="settled", regret=None, max_regret=None)
        table.loc[table["mechanism"] == name, "regret"] = float("nan")

    return change


def evidence(name, **changes):
    return lambda result, table: of(result, name)["evidence"].update(changes)


def ties(name, count):
    return lambda result, table: of(result, name)["evidence"].update(ties=count)


def totals(name, **changes):
    return lambda result, table: of(result, name)["report"]["totals"].update(changes)


def column(name, player, key, value, also=None):
    def change(result, table):
        rows = (table["mechanism"] == name) & (table["player"] == player)
        table.loc[rows, key] = value
        if also is not None:
            of(result, name)[also][player] = value

    return change


def action(result, table):
    of(result, "left alone")["play"]["mixtures"]["row"] = {"swerve": 1.0}


@pytest.mark.parametrize(
    ("game", "change", "claim"),
    [
        ("chicken", action, "left alone: payoffs"),
        ("chicken", column("left alone", "row", "payoff", 7.1, "payoffs"), "left alone: payoffs"),
        ("chicken", column("left alone", "row", "regret", 0.1, "regret"), "left alone: regret"),
        ("chicken", column(LEFT, "row", "utility", 7.1, "utilities"), f"{LEFT}: payoffs and concern"),
        ("chicken", column("left alone", "row", "weight", 0.6), "left alone: efficient"),
        ("chicken", column("mediator", "row", "gain", 2.0), "mediator: gains of the improvement"),
        ("chicken", report("mediator", efficient=True), "mediator: efficient"),
        ("chicken", report(LEFT, efficient_among_profiles=False), f"{LEFT}: efficient among profiles"),
        ("chicken", totals("planner", own=13.0), "planner: total payoff"),
        ("chicken", totals("planner", best=13.0, most=13.0), "planner: largest total"),
        ("chicken", totals("planner", worst_coarse=8.0), "planner: worst coarse total"),
        ("chicken", totals("planner", best_coarse=10.0), "planner: best coarse total"),
        ("chicken", status("mediator", "nash"), "mediator: nash"),
        ("frequency", status("all at once", "nash"), "all at once: nash"),
        ("frequency", status("in turn", "cycling"), "in turn: cycling"),
        ("frequency", status("all at once", "cleared"), "all at once: cleared"),
        ("public_goods", column("prices", GIVER, "price[0]", -0.5), "prices: prices are costs to others"),
        ("public_goods", column("prices", "giver[0]", "transfer", 0.1), "prices: payments at these prices"),
        ("public_goods", column("planner", "giver[0]", "amount[0]", 0.5), "planner: payoffs"),
        ("public_goods", column("planner", GIVER, "amount[0]", 1.5), "planner: amounts are within bounds"),
        ("public_goods", column(LEFT, GIVER, "improvement[0]", 0.0), f"{LEFT}: gains of the improvement"),
        ("public_goods", totals("planner", most=0.5), "planner: no total is above"),
        ("in_order", column("bonus", GIVER, "amount[0]", 0.25), "bonus: payoffs"),
        ("in_order", column("bonus", GIVER, "amount[0]", 0.2001), "bonus: amounts are within bounds"),
        ("in_order", column("bonus", GIVER, "utility", 0.3, "utilities"), "bonus: rewards"),
        ("in_order", column("bonus", GIVER, "regret", 0.1, "regret"), "bonus: regret"),
        ("in_order", report("bonus", efficient=True), "bonus: efficient"),
        ("in_order", column("bonus", GIVER, "improvement[0]", 0.9), "bonus: not efficient"),
        ("in_order", totals("planner", most=0.5), "planner: no total is above"),
        ("in_order", ties("in order", 1.0), "in order: ties"),
        ("in_order", status("at once", "subgame_perfect"), "at once: subgame perfect"),
        ("prisoners_dilemma", column("each paid what the other gets", "row", "transfer", 2.0),
         "each paid what the other gets: each is paid what the others get"),
        ("chicken", report(LEFT, equality=0.9), f"{LEFT}: equality"),
        ("chicken", report(LEFT, equality=None), f"{LEFT}: equality"),
        ("chicken", report("mediator", residual=0.1), "mediator: residual of weights"),
        ("chicken", report(LEFT, residual=0.1), f"{LEFT}: residual of weights"),
        ("chicken", report(LEFT, ratio=1.0), f"{LEFT}: ratio of weights"),
        ("chicken", report("mediator", ratio=1.0), "mediator: ratio of weights"),
        ("chicken", report(LEFT, weights=None), f"{LEFT}: weights in both files"),
        ("chicken", report("mediator", gains={"row": 0.0, "column": 0.0}), "mediator: gains in both files"),
        ("chicken", totals("planner", anarchy=1.0), "planner: prices of anarchy and stability"),
        ("chicken", totals("planner", stability=None), "planner: prices of anarchy and stability"),
        ("chicken", totals("planner", multipliers=None), "planner: bounds have their multipliers"),
        ("chicken", outcome("mediator", regret_exact=False), "mediator: whether regret is exact"),
        ("chicken", outcome("mediator", rounds=2), "mediator: rounds are all recorded"),
        ("chicken", outcome(LEFT, transfers={"row": 1.0, "column": 0.0}), f"{LEFT}: transfers in both files"),
        ("chicken", column(LEFT, "row", "transfer", 1.0, "transfers"), f"{LEFT}: no player pays"),
        ("chicken", evidence("worst equilibrium", equilibria=4.0), "worst equilibrium: equilibria"),
        ("chicken", evidence("worst equilibrium", complete=0.0), "worst equilibrium: complete"),
        ("chicken", evidence("mediator", coarse_regret=0.1), "mediator: coarse regret"),
        ("chicken", evidence("planner", welfare=13.0), "planner: welfare"),
        ("chicken", status("planner", "nash"), "planner: nash"),
        ("chicken", status(LEFT, "correlated"), f"{LEFT}: 'correlated' is how such a mechanism ends"),
        ("chicken", status(LEFT, "settled"), f"{LEFT}: 'settled' is how such a mechanism ends"),
        ("chicken", status("planner", "settled"), "planner: 'settled' is how such a mechanism ends"),
        ("chicken", lambda result, table: result.update(game="stag_hunt"), "the result is about this game"),
        ("chicken", lambda result, table: result.update(seed=1), "the result is about this game"),
        ("chicken", outcome("mediator", kind="planner"), "mediator: kind"),
        ("chicken", report(LEFT, equality=0.9), "comparison.csv agrees with result.json"),
        ("chicken", report("planner", gains={"row": 7.0, "column": 7.0}),
         "planner: improvements belong to what is not"),
        ("chicken", without_regret(LEFT), f"{LEFT}: no regret is stated"),
        ("chicken", without_regret("mediator"), "mediator: no regret is stated"),
        ("public_goods", outcome(LEFT, regret_exact=False), f"{LEFT}: whether regret is exact"),
        ("public_goods", report("planner", ratio=2.0), "planner: ratio of weights"),
        ("public_goods", report(LEFT, residual=0.0), f"{LEFT}: residual of weights"),
        ("public_goods", outcome("prices", rounds=7), "prices: rounds are all recorded"),
        ("public_goods", totals(LEFT, most=0.6), f"{LEFT}: no total is above"),
        ("public_goods", totals(LEFT, worst_coarse=0.1), f"{LEFT}: bounds have their multipliers"),
        ("public_goods", evidence("all together", movement=0.0), "all together: the last movement"),
        ("public_goods", column("planner", GIVER, "price[0]", 0.1),
         "planner: no column is filled without need"),
        ("public_goods", outcome("planner", play={"amounts": {f"giver[{i}]": [0.5] for i in range(3)}}),
         "planner: amounts in both files"),
    ],
)  # fmt: skip
def test_a_forged_figure_is_refused(written, tmp_path, game, change, claim):
    assert claim in forged(written(game), tmp_path / "copy", change)


def test_weights_of_zero_prove_no_amounts_efficient(written, tmp_path):
    def change(result, table):
        table.loc[table["mechanism"] == LEFT, "weight"] = 0.0
        of(result, LEFT)["report"].update(efficient=True)

    assert f"{LEFT}: efficient" in forged(written("public_goods"), tmp_path / "copy", change)


@pytest.mark.parametrize(
    "change",
    [
        totals("planner", multipliers=[[], []]),
        totals("planner", multipliers=[[10**400] * 4] * 2),
        totals("planner", own="6"),
        status("planner", "subgame_perfect"),
        report("planner", totals=3),
        column("planner", "row", "payoff", 1.0),
        lambda result, table: result.update(seed="0"),
        lambda result, table: result.update(mechanisms=3),
    ],
)
def test_wrong_types_are_one_message_or_a_claim_that_fails(written, tmp_path, change):
    with pytest.raises(RunError, match=r"is not as a run writes it|are not true"):  # noqa: PT012
        if forged(written("chicken"), tmp_path / "copy", change):
            raise RunError("some claims are not true")


def test_a_round_that_is_not_what_was_played_is_refused(written, tmp_path):
    copy = Path(shutil.copytree(written("chicken"), tmp_path / "copy"))
    seen = pd.read_parquet(copy / "rounds.parquet")
    seen.loc[seen["mechanism"] == "planner", "value"] = 13.0
    seen.to_parquet(copy / "rounds.parquet", index=False)
    manifest = json.loads((copy / "manifest.json").read_text())
    path = copy / "rounds.parquet"
    manifest["files"][path.name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    failed = {claim.name for claim in verify_game(copy).claims if claim.holds is False}
    assert failed == {"planner: the last round has the payoffs that are judged"}


def test_a_figure_of_amounts_in_the_place_of_another_form_is_one_message(written, tmp_path):
    """ "coarse" is a word for tables; a contribution to a public good has no distribution."""
    with pytest.raises(RunError, match="is not as a run writes it"):
        forged(written("public_goods"), tmp_path / "copy", status("planner", "coarse"))


@pytest.mark.parametrize("concern", ["", "concern = 0.5"])
def test_gains_of_many_players_are_those_of_few_and_of_closed_forms(monkeypatch, concern):
    """Cournot, q_i = 1 of all of n = 60, price a - n: `U_i = (P - c) q_i + k sum_j!=i (P - c) q_j` has its
    maximum at `q = (a - (n - 1) - k (n - 1)) / 2`, where it is larger by `(q - 1)^2` (slope 1). Players are
    tried in parts, whose size must not matter."""
    text = f"""
schema = 1
game = "cournot"
comparable = true
{concern}
[parameters]
intercept = 200.0
[[players]]
name = "firm"
count = 60
[[mechanisms]]
name = "planner"
kind = "planner"
"""
    game = build_game(market.loads(text))
    a = np.ones((60, 1))
    k = 0.5 if concern else 0.0
    q = (200.0 - 59.0 * (1.0 + k)) / 2.0
    for size in (1, 500, 10**6):
        monkeypatch.setattr(verify, "AT_ONCE", size)
        assert verify._best_gains(game, a) == pytest.approx(np.full(60, (q - 1.0) ** 2), rel=1e-9)
        slopes = verify._slopes(game, a, np.ones(60))
        assert slopes == pytest.approx(np.full((60, 1), 200.0 - 2.0 * 60.0), rel=1e-6)


def test_a_changed_file_is_refused_by_its_checksum(written, tmp_path):
    copy = Path(shutil.copytree(written("chicken"), tmp_path / "copy"))
    (copy / "players.parquet").write_bytes(b"")
    with pytest.raises(RunError, match="is not what the run wrote"):
        verify_game(copy)


def test_a_folder_without_its_keys_is_one_message(written, tmp_path):
    copy = Path(shutil.copytree(written("chicken"), tmp_path / "copy"))

    def change(result, table):
        del of(result, "planner")["play"]

    with pytest.raises(RunError, match="is not as a run writes it"):
        forged(copy, tmp_path / "other", change)
