"""A finished sweep is read from its folder as it was made; other folders are refused."""

from __future__ import annotations

import pandas as pd
import pytest

from market.errors import InputError
from market.sweep import Options, read, sweep

SERIAL = Options("serial")


@pytest.fixture
def made(village, tmp_path):
    return sweep(
        village,
        ["commons.water=5:20:2"],
        out=tmp_path / "out",
        seeds=3,
        overrides=["agents.villager.count=2"],
        options=SERIAL,
    )


def test_a_sweep_is_read_as_it_was_made(made):
    found = read(made.folder)
    pd.testing.assert_frame_equal(found.runs, made.runs)
    pd.testing.assert_frame_equal(found.summary, made.summary)
    assert found.design == made.design
    assert found.scenario.goods == made.scenario.goods
    assert found.scenario.agents[0].count == 2
    assert (found.failed, found.unsettled, found.reused) == (made.failed, made.unsettled, 0)


def test_a_random_design_is_read_with_its_points(village, tmp_path):
    made = sweep(
        village, ["commons.water=5:20"], out=tmp_path / "out", kind="latin", points=3, options=SERIAL
    )
    assert read(made.folder).design == made.design


@pytest.mark.parametrize(
    ("name", "message"),
    [("no such", "There is no such folder"), ("", "Name a folder that `market sweep --out` made")],
)
def test_a_folder_that_is_none_of_a_sweep_is_refused(tmp_path, name, message):
    with pytest.raises(InputError, match=f"is not a folder of a sweep: it has no sweep.json. {message}"):
        read(tmp_path / name)


def test_the_folder_of_a_run_is_told_from_that_of_a_sweep(tmp_path):
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(InputError, match="It is the folder of one run"):
        read(tmp_path)


def test_a_sweep_that_has_not_ended_is_refused(made):
    (made.folder / "runs.parquet").unlink()
    with pytest.raises(InputError, match=r"has not ended: it has no runs\.parquet"):
        read(made.folder)


def test_tables_that_are_damaged_or_of_another_sweep_are_refused(made):
    table = made.folder / "runs.parquet"
    made.runs.drop(columns="commons.water").to_parquet(table)
    with pytest.raises(InputError, match=r"has no column 'commons\.water'"):
        read(made.folder)
    table.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read"):
        read(made.folder)
    (made.folder / "sweep.json").write_text('{"schema": 2, "design": {"vary": 3}}')
    made.runs.to_parquet(table)
    with pytest.raises(InputError, match="does not describe a sweep"):
        read(made.folder)
