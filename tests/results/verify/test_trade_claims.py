"""Single trades are written, read back, and must add up to what agents have and paid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import market
from market.errors import RunError
from market.results.comparison import Comparison
from market.results.run_folder import read_run, write_run
from market.results.verify.record import read_outcomes
from market.results.verify.trade_claims import check_trades
from market.trades import MONEY, STOCK, Trades

ISLANDS = """
schema = 1
title = "Two islands"
economy = "quasilinear"
goods = ["fish", "salt"]
commons = { fish = 2.0 }
[[agents]]
name = "north"
endowment = { fish = 9.0, salt = 1.0 }
utility = { family = "log1p", weights = { fish = 1.0, salt = 2.0 } }
[[agents]]
name = "south"
endowment = { fish = 1.0, salt = 4.0 }
utility = { family = "log1p", weights = { fish = 3.0, salt = 1.0 } }
[[mechanisms]]
name = "fair"
kind = "unmediated"
game = "claims"
"""
FISH, SALT = 0, 1
NORTH, SOUTH = 0, 1


def trades(**changes) -> Trades:
    """South buys 3 fish for 1 salt, then 2 of the commons at 0.5 in money, then sells 1 salt at 2."""
    columns = {
        "round": [1, 2, 2], "day": [1, 1, 1], "good": [FISH, FISH, SALT], "paid_in": [SALT, MONEY, MONEY],
        "buyer": [SOUTH, SOUTH, NORTH], "seller": [NORTH, STOCK, SOUTH],
        "amount": [3.0, 2.0, 1.0], "price": [1 / 3, 0.5, 2.0],
    }  # fmt: skip
    return Trades(**{name: np.array(changes.get(name, values)) for name, values in columns.items()})


@pytest.fixture(scope="module")
def traded() -> Comparison:
    """These trades: north has 6 fish and 3 salt, south 6 and 2; south got 2 - 1 = 1 in money."""
    found = market.compare(market.loads(ISLANDS))
    outcome = replace(
        found.outcomes["fair"],
        rounds=2,
        consumption=np.array([[6.0, 3.0], [6.0, 2.0]]),
        payments=np.array([2.0, -1.0]),
        trades=trades(),
    )
    return replace(found, outcomes={"fair": outcome})


def test_trades_move_goods_and_their_means_of_payment():
    bought, paid = trades().net(2, 2)
    np.testing.assert_allclose(bought, [[-3.0, 2.0], [5.0, -2.0]])
    np.testing.assert_allclose(paid, [2.0, -1.0])


def test_trades_are_read_back_as_they_were_written(traded, tmp_path):
    folder = write_run(traded, tmp_path)
    table = pd.read_parquet(folder / "trades.parquet")
    assert table["buyer"].tolist() == ["south", "south", "north"]
    assert table["seller"].tolist() == ["north", "", "south"]
    assert table["paid_in"].tolist() == ["salt", "", ""]
    [record] = read_outcomes(read_run(folder), traded.economy)
    for name in ("round", "day", "good", "paid_in", "buyer", "seller", "amount", "price"):
        np.testing.assert_array_equal(getattr(record.trades, name), getattr(trades(), name))
    assert all(claim.holds for claim in check_trades(traded.economy, record))


@pytest.mark.parametrize(
    ("column", "values", "claim"),
    [
        ("amount", [3.0, 2.0, 1.001], "fair: trades add up to the outcome"),
        ("price", [1 / 3, 0.5, 2.001], "fair: trades add up to the outcome"),
        ("seller", [NORTH, NORTH, SOUTH], "fair: trades add up to the outcome"),
        ("amount", [3.0, 2.0, -1.0], "fair: trades"),
        ("round", [2, 1, 1], "fair: trades"),
        ("round", [1, 2, 3], "fair: trades"),
        ("buyer", [NORTH, SOUTH, NORTH], "fair: trades"),
    ],
)
def test_trades_that_do_not_explain_the_outcome_are_refused(traded, column, values, claim):
    told = replace(traded.outcomes["fair"], trades=trades(**{column: values}))
    assert claim in {each.name for each in check_trades(traded.economy, told) if not each.holds}


def test_a_trade_of_an_unknown_agent_is_an_unreadable_table(traded, tmp_path):
    folder = write_run(traded, tmp_path)
    table = pd.read_parquet(folder / "trades.parquet")
    table.loc[0, "buyer"] = "east"
    table.to_parquet(folder / "trades.parquet", index=False)
    run = replace(read_run(write_run(traded, tmp_path)), folder=folder)
    with pytest.raises(RunError, match="names another agent"):
        read_outcomes(run, traded.economy)
