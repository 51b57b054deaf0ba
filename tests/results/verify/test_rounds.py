"""Every round of an auction is recomputed from its prices, and so are the numbers that count rounds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from helpers import stories
from helpers.tampering import Tamper, refused

import market
from market.results.run_folder import write_run
from market.results.verify import verify

ROUNDS = "prices: excess demand of each round"


@pytest.fixture
def changed(tamper):
    """Change a number of a middle round, in one row or in all rows of the round, and verify."""

    def change(column, by, everywhere=False):
        copy = tamper("commons")
        path = copy.folder / "rounds.parquet"
        table = pd.read_parquet(path)
        rows = table["round"] == 3
        if not everywhere:
            rows &= table["good"] == table["good"].iloc[0]
        table.loc[rows, column] += by
        table.to_parquet(path, index=False)
        return copy.with_checksums()

    return change


def test_honest_rounds_hold(written):
    claims = {claim.name: claim for claim in verify(written["commons"]).claims}
    assert claims[ROUNDS].holds
    assert "every round" in claims[ROUNDS].detail
    assert claims["prices: number of demand queries"].holds


@pytest.mark.parametrize("column", ["price", "excess_demand", "disequilibrium", "auctioneer_payoff"])
def test_a_changed_number_of_any_round_is_refused(changed, column):
    assert ROUNDS in refused(changed(column, 1e-3, everywhere=True))


def test_rounds_that_are_not_counted_through_are_refused(changed):
    assert "prices: prices are those of the round nearest to clearing" in refused(
        changed("round", 100, everywhere=True)
    )


def test_a_changed_number_of_queries_is_refused(tamper):
    copy = tamper("commons")
    copy.mechanism("prices")["evidence"]["demand_queries"] += 1.0
    assert refused(copy.verified()) == {"prices: number of demand queries"}


def test_queries_at_other_prices_are_said_to_be_not_checked(tmp_path):
    story = stories.COMMONS.replace('kind = "auctioneer"', 'kind = "auctioneer"\nrule = "newton"')
    checked = verify(write_run(market.compare(market.loads(story)), tmp_path))
    assert [claim.name for claim in checked.unchecked] == ["prices: number of demand queries"]


def test_the_amplitude_of_an_oscillation_is_recomputed(tmp_path):
    """Prices that go up and down: log prices range over the logarithm of the largest over the least."""
    story = """
        schema = 1
        title = "Scarf"
        economy = "exchange"
        goods = ["a", "b", "c"]
        [[agents]]
        name = "one"
        endowment = { a = 1.0 }
        utility = { family = "leontief", weights = { a = 1.0, b = 1.0 } }
        [[agents]]
        name = "two"
        endowment = { b = 1.0 }
        utility = { family = "leontief", weights = { b = 1.0, c = 1.0 } }
        [[agents]]
        name = "three"
        endowment = { c = 1.0 }
        utility = { family = "leontief", weights = { c = 1.0, a = 1.0 } }
        [[mechanisms]]
        name = "small steps"
        kind = "auctioneer"
        rule = "multiplicative"
        step = 0.1
        max_rounds = 1000
        initial_prices = { a = 1.0, b = 2.0, c = 3.0 }
    """
    folder = write_run(market.compare(market.loads(story)), tmp_path)
    copy = Tamper(folder, tmp_path / "copy")
    evidence = copy.mechanism("small steps")["evidence"]
    last = pd.read_parquet(folder / "rounds.parquet").pivot(index="round", columns="good", values="price")
    half = np.log(last.to_numpy()[-200:])
    assert evidence["amplitude"] == pytest.approx(np.ptp(half, axis=0).max())
    assert verify(folder).holds
    evidence["amplitude"] *= 1.01
    assert refused(copy.verified()) == {"small steps: amplitude"}
    assert json.loads((folder / "result.json").read_text())["mechanisms"][0]["status"] == "cycling"
