"""What barter claims is recomputed: an honest record holds, and forged ones are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.bazaars import axtell, bartered, feldman, owners
from helpers.tampering import Tamper, refused

import market
from market.mechanisms import Barter
from market.outcome import Status
from market.results.run_folder import write_run
from market.results.verify import verify
from market.results.verify.barter_claims import check_barter
from market.results.verify.record import Record

BAZAAR = """
schema = 1
title = "Bazaar"
economy = "exchange"
goods = ["bread", "wine", "gold"]
agents = [{ name = "ann", count = 6, endowment = { bread = UNIFORM, wine = UNIFORM, gold = 1.0 }, utility = { family = "log", weights = { bread = UNIFORM, wine = 1.0, gold = 0.5 } } }]
mechanisms = [
    { name = "anyone", kind = "barter", tolerance = 1e-6 },
    { name = "ring", kind = "barter", meets = { graph = "regular", degree = 3 }, tolerance = 1e-2 },
    { name = "hurried", kind = "barter", rule = "nash", goods = "all", max_rounds = 3 },
    { name = "for gold", kind = "barter", against = "gold", tolerance = 1e-6 },
]
""".replace("UNIFORM", '{ dist = "uniform", low = 0.5, high = 2.0 }')  # noqa: E501

MONEY = """
schema = 1
economy = "quasilinear"
goods = ["fish", "salt"]
agents = [{ name = "isle", count = 5, budget = 1.0, endowment = { fish = UNIFORM, salt = UNIFORM }, utility = { family = "log1p", weights = { fish = UNIFORM, salt = 1.0 } } }]
mechanisms = [{ name = "swaps", kind = "barter", tolerance = 1e-5 }]
""".replace("UNIFORM", '{ dist = "uniform", low = 0.5, high = 2.0 }')  # noqa: E501


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_run(market.compare(market.loads(BAZAAR)), tmp_path_factory.mktemp("runs"))


def test_an_honest_record_holds(folder):
    checked = verify(folder)
    assert refused(checked) == set()
    assert sum(claim.name.startswith("anyone: settled") for claim in checked.claims) == 1


def test_money_is_verified_too(tmp_path):
    checked = verify(write_run(market.compare(market.loads(MONEY)), tmp_path))
    assert refused(checked) == set()
    assert any("no agent pays more than it has" in claim.name for claim in checked.claims)


def test_edges_of_a_file_are_verified(tmp_path):
    (tmp_path / "data").mkdir()
    edges = "from,to\n" + "".join(f"ann[{i}],ann[{i + 1}]\n" for i in range(5))
    (tmp_path / "data" / "edges.csv").write_text(edges)
    text = BAZAAR.replace('{ graph = "regular", degree = 3 }', '{ data = "data/edges.csv" }')
    run = write_run(market.compare(market.loads(text, folder=tmp_path), ["ring"]), tmp_path / "runs")
    assert (run / "input" / "data" / "edges.csv").exists()
    assert refused(verify(run)) == set()


def test_a_barter_in_play_is_not_settled(folder, tmp_path):
    forged = Tamper(folder, tmp_path / "copy")
    forged.mechanism("hurried")["status"] = "settled"
    assert "hurried: settled, within 1e-09" in refused(forged.verified())


def test_a_smaller_gain_than_there_is_is_refused(folder, tmp_path):
    forged = Tamper(folder, tmp_path / "copy")
    forged.mechanism("hurried")["evidence"]["pair_gain"] /= 2.0
    assert "hurried: max_rounds, within 1e-09" in refused(forged.verified())


def test_observations_that_differ_from_the_trades_are_refused(folder, tmp_path):
    forged = Tamper(folder, tmp_path / "copy")
    path = forged.folder / "observations.parquet"
    table = pd.read_parquet(path)
    table.loc[table["measure"] == "mean_ln_price", "value"] += 0.1
    table.to_parquet(path, index=False)
    assert "anyone: observations of each round" in refused(forged.with_checksums())


def record_of(outcome) -> Record:
    """Return the outcome as it would be recorded without its single trades."""
    return replace(
        Record(**{name: getattr(outcome, name) for name in outcome.__dataclass_fields__}), trades=None
    )


def test_an_agent_that_lost_is_found():
    outcome = bartered(axtell(4, 2, 0))
    x = outcome.consumption + np.array([[-60.0, -60.0], [60.0, 60.0], [0.0, 0.0], [0.0, 0.0]])
    claims = list(check_barter(outcome.economy, record_of(replace(outcome, consumption=x)), Barter("barter")))
    assert {claim.name for claim in claims if claim.holds is False} >= {
        "barter: no agent is worse off than at the start"
    }


def test_goods_from_nowhere_are_found():
    outcome = bartered(axtell(4, 2, 0))
    claims = list(
        check_barter(
            outcome.economy,
            record_of(replace(outcome, consumption=outcome.consumption * 1.001)),
            Barter("barter"),
        )
    )
    assert "barter: goods only change hands" in {claim.name for claim in claims if claim.holds is False}


def test_the_stuck_and_the_ruined_are_settled_here_too():
    for economy in (feldman(), owners("log", np.eye(3), weights=np.ones((3, 3)))):
        outcome = bartered(economy)
        claims = list(check_barter(economy, record_of(outcome), Barter("barter")))
        assert outcome.status is Status.SETTLED
        assert all(claim.holds for claim in claims)


def test_many_pairs_are_checked_by_their_extremes():
    outcome = bartered(axtell(300, 2, 0), tolerance=1e-6)
    claims = list(check_barter(outcome.economy, record_of(outcome), Barter("barter", tolerance=1e-6)))
    assert all(claim.holds for claim in claims)
    assert "44,850 pairs" in claims[-1].detail
