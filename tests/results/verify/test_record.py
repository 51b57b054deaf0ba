"""Files of another layout, or that contradict each other, are refused."""

import numpy as np
import pandas as pd
import pytest
from helpers.tampering import Tamper, refused

from market.errors import RunError


@pytest.mark.parametrize("column", ["consumption[water]", "payment", "utility", "regret", "weight"])
def test_a_nan_is_refused(tamper, column):
    changed = tamper("commons")
    changed.agents.loc[changed.agents.index[changed.rows("prices")][0], column] = np.nan
    assert "prices: numbers are finite where required" in refused(changed.verified())


def test_a_nan_in_the_result_is_refused_as_no_json(tamper):
    changed = tamper("commons")
    changed.mechanism("prices")["prices"]["water"] = float("nan")
    with pytest.raises(RunError, match="NaN is not JSON"):
        changed.verified()


def test_a_table_of_bounds_of_another_shape_is_refused(islands, tmp_path):
    for spoil in (lambda t: t[:-1], lambda t: t.assign(price=np.inf), lambda t: t.drop(columns="kept")):
        changed = Tamper(islands, tmp_path / str(spoil.__code__.co_firstlineno) / str(id(spoil)))
        path = changed.folder / "bounds.parquet"
        spoil(pd.read_parquet(path)).to_parquet(path, index=False)
        with pytest.raises(RunError, match=r"bounds\.parquet"):
            changed.verified()


def test_files_that_differ_are_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("prices")["utilities"]["alpha"] += 1e-9
    assert "prices: result.json and agents.parquet agree" in refused(changed.verified())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("prices", lambda said: said["alignment"]["supporting_prices"].update(water="Infinity")),
        ("prices", lambda said: said["alignment"].update(unknown=[3])),
        ("prices", lambda said: said["alignment"].update(unknown="nothing")),
        ("prices", lambda said: said.update(reason=3)),
        ("prices", lambda said: said.update(revenue=True)),
        ("prices", lambda said: said.update(revenue=10**400)),
        ("prices", lambda said: said["evidence"].update(relative_regret=-1.0)),
        ("prices", lambda said: said.update(remark="sound")),
        ("first mover", lambda said: said.update(auctioneer_payoff=-1.0)),
        ("planner", lambda said: said.update(auctioneer_payoff=-1.0)),
        ("planner", lambda said: said.update(max_regret=0.0)),
        ("prices", lambda said: said.update(prices=None)),
        ("prices", lambda said: said.update(kind="dictator")),
        ("prices", lambda said: said.update(kind=["auctioneer"])),
    ],
)
def test_an_impossible_value_is_refused(tamper, name, change):
    changed = tamper("commons")
    change(changed.mechanism(name))
    with pytest.raises(RunError, match="is not what a run writes"):
        changed.verified()


@pytest.mark.parametrize("column", ["efficient", "weight of alpha", "Pareto improvement", "total surplus"])
def test_a_table_without_a_column_is_refused(tamper, column):
    changed = tamper("commons")
    path = changed.folder / "comparison.csv"
    pd.read_csv(path, dtype=str).drop(columns=column).to_csv(path, index=False)
    assert refused(changed.verified()) == {"comparison.csv agrees with result.json"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.assign(payment="a lot"),
        lambda table: table.assign(payment=[[1.0]] * len(table)),
        lambda table: table.assign(payment=1),
        lambda table: table.assign(agent=range(len(table))),
        lambda table: table.assign(agent=None),
        lambda table: table.drop(columns="payoff"),
        lambda table: table.assign(more=1.0),
        lambda table: table[::-1],
        lambda table: table[:0],
        lambda table: table[:-1],
        lambda table: pd.concat([table, table]),
    ],
)
def test_a_table_of_agents_of_another_shape_is_refused(tamper, spoil):
    changed = tamper("commons")
    changed.agents = spoil(changed.agents)
    with pytest.raises(RunError, match=r"agents\.parquet"):
        changed.verified()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.assign(price="high"),
        lambda table: table.assign(round=0.5),
        lambda table: table.assign(good=[["water"]] * len(table)),
        lambda table: table.drop(columns="disequilibrium"),
        lambda table: pd.concat([table, table]),
        lambda table: table.assign(good="bread"),
    ],
)
def test_a_table_of_rounds_of_another_shape_is_refused(tamper, spoil):
    changed = tamper("commons")
    path = changed.folder / "rounds.parquet"
    spoil(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(RunError, match=r"rounds\.parquet"):
        changed.verified()


@pytest.mark.parametrize("text", [b"", b"PAR1", b"\xff" * 100, b"PAR1" + b"\0" * 50 + b"PAR1"])
@pytest.mark.parametrize("file", ["agents.parquet", "rounds.parquet"])
def test_a_file_that_is_not_a_table_is_refused(tamper, file, text):
    changed = tamper("commons")
    (changed.folder / file).write_bytes(text)
    with pytest.raises(RunError, match="cannot be read"):
        changed.with_checksums()
