"""Run folders of games of information: verified by dual programs, and refused where they are forged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.information import random_game

import market
from market.games.mechanisms import Alone, BestAI, Together, play
from market.results.games.disclosure_claims import Recomputed
from market.results.games.folder import write_game_run
from market.results.games.verify import verify_game
from market.results.run_folder import sha256

SCENARIO = Path(__file__).parents[3] / "scenarios" / "two_drugs.toml"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_game_run(market.compare(market.load(SCENARIO)), tmp_path_factory.mktemp("runs"))


def forged(run, into, change):
    """Names of the claims that do not hold after a change."""
    copy = Path(shutil.copytree(run, into))
    result, table = json.loads((copy / "result.json").read_text()), pd.read_parquet(copy / "players.parquet")
    change({each["name"]: each for each in result["mechanisms"]}, table)
    (copy / "result.json").write_text(json.dumps(result))
    table.to_parquet(copy / "players.parquet", index=False)
    manifest = json.loads((copy / "manifest.json").read_text())
    for name in ("result.json", "players.parquet"):
        manifest["files"][name] |= {"sha256": sha256(copy / name), "bytes": (copy / name).stat().st_size}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return {claim.name for claim in verify_game(copy).claims if claim.holds is False}


def test_scenario_shows_that_competition_tells_all(run):
    assert verify_game(run).holds
    result = json.loads((run / "result.json").read_text())
    had = {each["name"]: each["payoffs"]["user"] for each in result["mechanisms"]}
    assert had["only adviser 1"] == pytest.approx(0.7)
    assert had["only adviser 2"] == pytest.approx(0.7)
    assert had["both compete"] == had["best is heard"] == had["aligned adviser"] == pytest.approx(1.0)


def test_forged_law_is_refused(run, tmp_path):
    def change(mechanisms, table):
        mechanisms["only adviser 1"]["evidence"]["second: first"] += 0.1
        mechanisms["only adviser 1"]["evidence"]["second: second"] -= 0.1

    refused = forged(run, tmp_path / "x", change)
    assert {"only adviser 1: the user follows", "only adviser 1: payoffs"} <= refused


def test_forged_silence_is_no_equilibrium(run, tmp_path):
    """Silence with its own payoffs in the place of the equilibrium."""

    def change(mechanisms, table):
        for key in ("play", "payoffs", "utilities"):
            mechanisms["both compete"][key] = mechanisms["silent"][key]
        rows, of = table["mechanism"] == "both compete", table["mechanism"] == "silent"
        for column in ("payoff", "utility"):
            table.loc[rows, column] = table.loc[of, column].to_numpy()

    refused = forged(run, tmp_path / "x", change)
    assert {"both compete: regret", "both compete: the user has no less than the bound"} <= refused


def test_forged_figures_are_refused(run, tmp_path):
    def change(mechanisms, table):
        mechanisms["both compete"]["evidence"] |= {"hull": 0.2, "share": 0.5}

    assert forged(run, tmp_path / "x", change) == {
        "both compete: distance of the hull",
        "both compete: share of the value of information",
    }


@pytest.mark.parametrize("seed", range(4))
def test_dual_bounds_are_the_values_of_random_games(seed):
    """What a run solves and what the judge bounds are a program and its dual."""
    of = random_game(np.random.default_rng(seed), 3, 3, 2)
    for mechanism in (Together("m"), BestAI("m"), Alone("m", select="best"), Alone("m")):
        found = play(mechanism, of)
        stated = {"kind": found.kind, "status": found.status.value, "evidence": found.evidence}
        judge = Recomputed(of, mechanism, stated, found.play)
        assert judge.payoffs() == pytest.approx(found.payoffs)
        if found.regret is not None:
            assert judge.gains() == pytest.approx(found.regret, abs=1e-6)
        checks = list(judge.checks())
        assert all(holds is not False for _, holds, _ in checks), checks
