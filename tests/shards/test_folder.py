"""The run folder of a market in shards: the parts of all shards or a message."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers.towns import BAKERS, town

from market import compare
from market.errors import InputError
from market.results.verify import verify
from market.shards import Here, play_in_shards, run_in_shards
from market.shards.folder import comparison_table


@pytest.mark.parametrize("buyers", [3, 60])
@pytest.mark.parametrize(
    ("money", "more"), [("quasilinear", ""), ("quasilinear", BAKERS), ("fisher", ""), ("exchange", "")]
)
def test_the_table_of_a_market_in_shards_is_that_of_the_market_in_one_piece(money, more, buyers):
    scenario = town(money, buyers=buyers, tasters=4, more=more)
    one, many = compare(scenario).table(), comparison_table(play_in_shards(scenario, Here(), 4))
    assert list(many.columns) == list(one.columns)
    for column in one.columns:
        ours, theirs = many[column][0], one[column][0]
        if isinstance(theirs, float):
            scale = abs(float(one["total surplus"][0])) if money == "quasilinear" else 1.0
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9 * scale, nan_ok=True), column
        else:
            assert (pd.isna(ours) and pd.isna(theirs)) or ours == theirs, column


@pytest.mark.parametrize(("buyers", "rule"), [(5, ""), (60, "max_rounds = 2"), (1500, "")])
def test_a_run_in_shards_is_verified_like_any_other(tmp_path, buyers, rule):
    scenario = town(buyers=buyers, tasters=4, more=BAKERS, rule=rule)
    shared, folder = run_in_shards(scenario, Here(), 3, tmp_path)
    assert [path.name for path in sorted((folder / "agents").iterdir())] == [
        f"000-0000{k}.parquet" for k in range(3)
    ]
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]
    written = pd.concat(map(pd.read_parquet, sorted((folder / "agents").iterdir())))
    assert written["agent"].tolist() == list(shared.agents)
    one = compare(scenario).outcomes["prices"]
    assert written["consumption[water]"].to_numpy() == pytest.approx(one.consumption[:, 0], rel=1e-12)


def test_a_changed_row_is_found(tmp_path):
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    part = folder / "agents" / "000-00001.parquet"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="000-00001"):
        verify(folder)


class Meddled(Here):
    """Shards here, with whose files something is done once they are written."""

    def __init__(self, meddle):
        super().__init__()
        self.meddle = meddle

    def tell(self, method, each=None, **same):
        answers = super().tell(method, each, **same)
        if method == "write":
            self.meddle(Path(each[1]["path"]))
        return answers


def shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (Path.unlink, "where this machine does not see it; --out must name a folder that all machines share"),
        (shorten, r"with [\d,]+ bytes, and here it has [\d,]+; check that the disk has room"),
        (lengthen, r"with [\d,]+ bytes, and here it has [\d,]+; check that the disk has room"),
    ],
)
def test_a_part_changed_after_writing_is_one_message_and_no_folder(tmp_path, meddle, said):
    out = tmp_path / "out"
    with pytest.raises(InputError, match=rf"^worker here wrote '.*000-00001\.parquet' {said}") as refused:
        run_in_shards(town(buyers=20, tasters=4), Meddled(meddle), 3, out)
    assert "\n" not in str(refused.value)
    assert not out.exists()


def test_a_shard_that_cannot_write_is_one_message_and_no_folder(tmp_path):
    class WithoutFolder(Here):
        def tell(self, method, each=None, **same):
            if method == "write":
                each = [{**own, "path": str(tmp_path / "elsewhere" / "part")} for own in each]
            return super().tell(method, each, **same)

    with pytest.raises(
        InputError, match=r"^worker here cannot write '.*part' \(No such file or directory\); "
    ):
        run_in_shards(town(buyers=20, tasters=4), WithoutFolder(), 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_full_at_the_end_of_a_file_is_one_message_and_no_folder(tmp_path, monkeypatch):
    def full(writer):
        writer.is_open = False
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq.ParquetWriter, "close", full)
    with pytest.raises(InputError, match=r"worker here cannot write '.*000-00000\.parquet' \(No space left"):
        run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_runs_in_the_folder_stay_when_a_part_is_missing(tmp_path):
    _, before = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    with pytest.raises(InputError, match="does not see it"):
        run_in_shards(town(buyers=20, tasters=4), Meddled(Path.unlink), 3, tmp_path)
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (Path.unlink, r"is incomplete: agents/000-00001\.parquet is missing"),
        (shorten, r"000-00001\.parquet' is not what the run wrote"),
    ],
)
def test_a_part_that_is_lost_or_cut_later_is_found_when_the_folder_is_read(tmp_path, meddle, said):
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    meddle(folder / "agents" / "000-00001.parquet")
    with pytest.raises(InputError, match=said):
        verify(folder)


def test_a_part_that_the_manifest_does_not_list_either_is_missed(tmp_path):
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    told = json.loads((folder / "manifest.json").read_text())
    del told["files"]["agents/000-00001.parquet"]
    (folder / "manifest.json").write_text(json.dumps(told))
    (folder / "agents" / "000-00001.parquet").unlink()
    with pytest.raises(InputError, match="its rows are not the mechanisms and agents of the scenario"):
        verify(folder)


def test_nothing_is_left_of_a_run_that_is_refused(tmp_path):
    with pytest.raises(InputError):
        run_in_shards(town("fisher", rule='rule = "proportional_response"'), Here(), 2, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_passing_fault_of_the_disk_changes_no_run(tmp_path, monkeypatch):
    closed, failed = pq.ParquetWriter.close, []

    def once(writer):
        if writer.is_open and not failed:
            failed.append(writer)
            writer.is_open = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        closed(writer)

    monkeypatch.setattr(pq.ParquetWriter, "close", once)
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path / "out")
    assert failed
    assert len(list((folder / "agents").iterdir())) >= 3
