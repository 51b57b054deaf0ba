"""Double auctions are verified from their trades: honest folders hold, and forged ones are refused."""

import pandas as pd
import pytest
from helpers.books import EXCHANGE, book, unit_market
from helpers.tampering import Tamper, refused

import market
from market.results.run_folder import write_run
from market.results.verify import verify

PLAYED = {
    "days": book("days = 3", lot=0.5),
    "zip": unit_market((40, 35, 25), (10, 20, 30), 50, 'traders = "zip"\ndays = 2\ntick = 1.0'),
    "free": unit_market((40, 35, 25), (10, 20, 60), 90, 'traders = "zi_u"\ndays = 2'),
    "call": book('clearing = "call"\ntraders = "truthful"'),
    "blind call": book('clearing = "call"\ndays = 2'),
    "no price": unit_market((10.4,), (10.1,), 50, "tick = 1.0"),
    "impatient": unit_market((40, 25), (10, 30), 50, "patience = 1"),
    "nothing": unit_market((10,), (30,), 50, "days = 3"),
    "stock": (
        'schema = 1\neconomy = "quasilinear"\ngoods = ["g"]\ncommons = { g = 3.0 }\n'
        'commons_shares = "equal"\n'
        'agents = [{ name = "x", count = 2, utility = { family = "log", weights = { g = 1.0 } } }]\n'
        '[[mechanisms]]\nname = "pit"\nkind = "double_auction"\nprice_range = [0.0, 2.0]\nlot = 0.25\n'
    ),
    "exchange": EXCHANGE.replace("LOT", "0.5"),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A run folder of each."""
    parent = tmp_path_factory.mktemp("books")
    return {name: write_run(market.compare(market.loads(text)), parent) for name, text in PLAYED.items()}


@pytest.mark.parametrize("name", PLAYED)
def test_an_honest_folder_holds(folders, name):
    """Every claim about the book is proved; none is left open but those that need prices that clear."""
    checked = verify(folders[name])
    assert refused(checked) == set()
    open_claims = {claim.name for claim in checked.claims if claim.holds is None}
    assert not any("evidence" in each or "status" in each or "settled" in each for each in open_claims)


def forged(folder, tmp_path, change):
    """The claims that a folder with another table of trades does not fulfil."""
    copy = Tamper(folder, tmp_path / "copy")
    table = pd.read_parquet(copy.folder / "trades.parquet")
    change(table).to_parquet(copy.folder / "trades.parquet", index=False)
    return refused(copy.verified())


def test_a_trade_at_a_loss_is_found(folders, tmp_path):
    """A price moved on an earlier day changes no payment, yet the trade is a loss, and alpha another one."""

    def dearer(table):
        table.loc[0, "price"] = 11.9
        return table

    claims = forged(folders["days"], tmp_path, dearer)
    assert {"pit: no constrained trader traded at a loss", "pit: evidence"} <= claims


def test_a_price_out_of_range_is_found(folders, tmp_path):
    """No one can say 13 where 12 is the highest price."""

    def beyond(table):
        table.loc[0, "price"] = 13.0
        return table

    assert "pit: rules of the book" in forged(folders["days"], tmp_path, beyond)


def test_a_missing_trade_is_found(folders, tmp_path):
    """Without the last trade of the last day quantities and money do not follow."""
    claims = forged(folders["days"], tmp_path, lambda table: table.iloc[:-1])
    assert {"pit: trades add up to the outcome", "pit: what agents have follows from the trades"} <= claims


def test_an_early_end_is_not_settled(folders, tmp_path):
    """A day stopped by patience is not settled, whatever the folder says."""
    copy = Tamper(folders["impatient"], tmp_path / "copy")
    copy.mechanism("pit")["status"] = "settled"
    copy.mechanism("pit")["evidence"]["lot_gain"] = 0.0
    claims = refused(copy.verified())
    assert "pit: settled" in claims


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("days", "efficiency"), ("days", "alpha"), ("days", "mean_alpha"), ("days", "mean_efficiency"),
        ("days", "quotes"), ("days", "efficiency_divisible"), ("call", "strategic_regret"),
        ("free", "efficiency"), ("stock", "loss_in_lots"), ("exchange", "mean_price"),
    ],
)  # fmt: skip
def test_false_numbers_are_refused(folders, tmp_path, name, number):
    """Each number of the evidence is recomputed."""
    copy = Tamper(folders[name], tmp_path / "copy")
    evidence = copy.mechanism("pit")["evidence"]
    evidence[number] = evidence[number] * 1.01 + 0.01
    assert "pit: evidence" in refused(copy.verified())


def test_a_seller_cannot_sell_more_than_it_has(folders, tmp_path):
    """One unit is what each can make."""

    def twice(table):
        again = table.iloc[[0]].assign(round=table["round"].iloc[0])
        return pd.concat([table.iloc[:1], again, table.iloc[1:]], ignore_index=True)

    claims = forged(folders["zip"], tmp_path, twice)
    assert {"pit: trades are possible"} <= claims
