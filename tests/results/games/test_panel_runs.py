"""Run folders of panels: verified by weights and by lotteries, and refused where they are forged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import market
from market.results.games.folder import write_game_run
from market.results.games.verify import verify_game
from market.results.run_folder import sha256

SCENARIO = Path(__file__).parents[3] / "scenarios" / "reviewers.toml"


@pytest.fixture(scope="module", params=[0, 1])
def run(request, tmp_path_factory):
    scenario = market.load(SCENARIO, [f"objections={request.param}"])
    return write_game_run(market.compare(scenario), tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    return write_game_run(market.compare(market.load(SCENARIO)), tmp_path_factory.mktemp("strict"))


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


def test_runs_are_proved(run):
    found = verify_game(run)
    assert found.holds
    assert not [claim.name for claim in found.claims if claim.holds is None]


def test_forged_soundness_is_refused(run, tmp_path):
    def change(mechanisms, table):
        evidence = mechanisms["worst mixture"]["evidence"]
        evidence["sound"] = 1.0 - evidence["sound"]
        evidence["sound_for_each"] = 1.0 - evidence["sound_for_each"]

    refused = forged(run, tmp_path / "x", change)
    assert "worst mixture: sound for each proposal" in refused
    assert refused & {
        "worst mixture: sound for lotteries of proposals",
        "worst mixture: not sound for lotteries of proposals",
    }


def test_forged_weights_prove_nothing(strict, tmp_path):
    def change(mechanisms, table):
        mechanisms["worst that passes"]["evidence"]["residents + shops: shops"] = 1.5

    assert forged(strict, tmp_path / "x", change) == {"worst that passes: recorded weights"}


def test_forged_vote_is_refused(strict, tmp_path):
    """The shops approve the motorway, and so do the residents who lose by it."""

    def change(mechanisms, table):
        stated = mechanisms["worst that passes"]
        stated["play"]["mixtures"]["proposer"] = {"build a motorway": 1.0}
        payoffs = dict(
            zip(("residents", "shops", "principal", "proposer"), (-2.0, 1.0, -1.0, 0.0), strict=True)
        )
        stated["payoffs"] = stated["utilities"] = payoffs
        stated["evidence"]["gain"] = -1.0
        rows = table["mechanism"] == "worst that passes"
        for column in ("payoff", "utility"):
            table.loc[rows, column] = np.array(list(payoffs.values()))

    refused = forged(strict, tmp_path / "x", change)
    assert {
        "worst that passes: reviewers vote by their utility",
        "worst that passes: worst that passes",
        "worst that passes: regret",
    } <= refused
