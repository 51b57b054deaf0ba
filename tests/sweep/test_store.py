"""A sweep's folder: what is finished is there whole, what is not is made again, others are refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers import stories

from market.errors import InputError
from market.sweep import Options, store, sweep

SERIAL = Options("serial")
VARY = ["commons.water=5,10,20"]


def play(commons, out, vary=VARY, **options):
    return sweep(
        commons, vary, out=out, **{"seeds": 4, "mechanisms": ["prices"], "options": SERIAL} | options
    )


@pytest.fixture
def whole(commons, tmp_path):
    """A sweep that was never interrupted."""
    return play(commons, tmp_path / "whole")


class StoppedError(Exception):
    """Whatever ends a sweep in its middle."""


def interrupted(commons, out, monkeypatch, error=StoppedError):
    """A sweep that ends when a part of it is on the disk."""
    written = store.Store.add

    def add(self, done, lost=False):
        if list(self.parts.iterdir()):
            raise error
        written(self, done, lost)

    monkeypatch.setattr(store.Store, "add", add)
    with pytest.raises(error) as raised:
        play(commons, out)
    monkeypatch.undo()
    return raised.value


def test_the_same_command_continues_and_gives_the_same_bytes(commons, tmp_path, monkeypatch, whole):
    out = tmp_path / "out"
    interrupted(commons, out, monkeypatch)
    assert not (out / "runs.parquet").exists()
    resumed = play(commons, out)
    assert 0 < resumed.reused < 12
    for name in ("runs.parquet", "summary.csv"):
        assert (out / name).read_bytes() == (whole.folder / name).read_bytes()
    assert play(commons, out).reused == 12


def test_an_interrupt_says_how_much_is_kept(commons, tmp_path, monkeypatch):
    stopped = interrupted(commons, tmp_path / "out", monkeypatch, error=KeyboardInterrupt)
    (note,) = stopped.__notes__
    kept = sum(len(pd.read_parquet(part)) for part in (tmp_path / "out" / "parts").iterdir())
    assert note.startswith(f"{kept} of 12 runs are kept in")


@pytest.mark.parametrize("damage", ["cut short", "changed", "renamed", "half written"])
def test_a_changed_part_is_made_again(commons, tmp_path, damage, whole):
    """A file that is there is not a run that is finished."""
    part = sorted((whole.folder / "parts").iterdir())[0]
    content, lost = part.read_bytes(), len(pd.read_parquet(part))
    if damage == "cut short":
        part.write_bytes(content[:-100])
    elif damage == "changed":
        middle = len(content) // 2
        part.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif damage == "renamed":
        part.rename(part.with_name("part-00000000.parquet"))
    else:
        part.rename(part.with_name(".part-0123456789abcdef"))
    before = whole.runs
    again = play(commons, whole.folder)
    assert again.reused == 12 - lost
    pd.testing.assert_frame_equal(again.runs, before, check_exact=True)
    assert not list((whole.folder / "parts").glob(".*"))


def test_a_file_gets_its_name_when_it_is_whole(tmp_path, monkeypatch):
    """Writing fails in the middle, or bytes do not reach the disk: what was there stays, and nothing else."""
    path = tmp_path / "runs.parquet"
    path.write_text("before")

    def half(unfinished):
        unfinished.write_text("hal")
        assert path.read_text() == "before"
        raise StoppedError

    with pytest.raises(StoppedError):
        store.write_whole(path, half)
    monkeypatch.setattr(
        store, "to_disk", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError, match="No space"):
        store.write_whole(path, lambda unfinished: unfinished.write_text("after"))
    assert [file.name for file in tmp_path.iterdir()] == ["runs.parquet"]
    assert path.read_text() == "before"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")
def test_files_are_brought_to_the_disk_before_and_after_renaming(tmp_path, monkeypatch):
    events = []
    monkeypatch.setattr(os, "fsync", lambda handle: events.append(Path(f"/proc/self/fd/{handle}").readlink()))
    store.write_whole(tmp_path / "a.json", lambda path: path.write_text("{}"))
    assert [event.name.endswith(".part.json") for event in events] == [True, False]
    assert events[1] == tmp_path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vary": ["commons.water=5,10"]}, 'vary commons.water is "5,10,20" there and "5,10" here'),
        ({"vary": ["agents.alpha.count=1,2,3"]}, "vary agents.alpha.count is absent there"),
        ({"seeds": 5}, "seeds is 4 there and 5 here"),
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"mechanisms": ["planner"]}, r'mechanisms is .* there and .*"planner"'),
        ({"overrides": ["agents.beta.count=2"]}, r"set is .* there and .*beta"),
        (
            {"vary": ["commons.water=5:20"], "kind": "latin", "points": 4},
            'design is "grid" there and "latin" here',
        ),
    ],
)
def test_another_design_is_refused_naming_what_differs(commons, whole, change, said):
    before = sorted(path.name for path in whole.folder.rglob("*"))
    with pytest.raises(InputError, match=said):
        play(commons, whole.folder, **change)
    assert sorted(path.name for path in whole.folder.rglob("*")) == before


def test_another_scenario_or_version_is_refused(commons, whole, monkeypatch):
    monkeypatch.setattr("market.sweep.planning.versions", lambda: {"numpy": "1.0"})
    with pytest.raises(InputError, match=r'versions numpy is ".*" there and "1.0" here'):
        play(commons, whole.folder)
    monkeypatch.undo()
    commons.write_text(stories.COMMONS + "# a comment\n")
    with pytest.raises(InputError, match=r"scenario is .* there and .* here"):
        play(commons, whole.folder)


def test_a_changed_data_file_is_refused(tmp_path):
    (tmp_path / "people.csv").write_text("want\n1\n2\n")
    scenario = tmp_path / "people.toml"
    tastes = "weights = { water = 1.0 }"
    before, beta, after = stories.COMMONS.partition('name = "beta"')
    read = after.replace(tastes, 'weights = { water = { column = "want" } }')
    assert read != after
    scenario.write_text(f'{before}{beta}\ndata = "people.csv"{read}')
    found = play(scenario, tmp_path / "out")
    assert set(found.runs["agents"]) == {3}
    assert (tmp_path / "out" / "input" / "people.csv").exists()
    (tmp_path / "people.csv").write_text("want\n1\n3\n")
    with pytest.raises(InputError, match=r"data people.csv is"):
        play(scenario, tmp_path / "out")


def test_a_folder_with_other_files_is_left_unchanged(commons, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("chapter 1")
    with pytest.raises(InputError, match=r"holds other files than those of a sweep \('thesis.tex'\)"):
        play(commons, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name != ".lock"] == ["thesis.tex"]
    for nowhere in ("a\nb", "runs\udcff"):
        with pytest.raises(InputError, match="not a name that every file system takes"):
            play(commons, nowhere)
    with pytest.raises(InputError, match="is a file"):
        play(commons, tmp_path / "out" / "thesis.tex")


def test_a_sweep_that_was_killed_before_it_was_described_begins_anew(commons, whole):
    (whole.folder / "sweep.json").unlink()
    for name in ("runs.parquet", "summary.csv"):
        (whole.folder / name).unlink()
    assert play(commons, whole.folder).reused == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 3, "design": {}}', '{"schema": 1, "design": 3}'])
def test_a_description_that_cannot_be_read_is_one_message(commons, whole, text):
    (whole.folder / "sweep.json").write_text(text)
    with pytest.raises(InputError, match="cannot be read"):
        play(commons, whole.folder)


def test_two_sweeps_do_not_write_to_one_folder(commons, whole):
    code = """
import sys, pathlib
from market.sweep.store import _locked
with _locked(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    input()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(whole.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(InputError, match="another sweep is writing"):
        play(commons, whole.folder)
    other.kill()
    other.communicate()
    assert play(commons, whole.folder).reused == 12


def test_the_design_is_written_as_plain_data(whole):
    told = json.loads((whole.folder / "sweep.json").read_text())
    assert told["design"]["vary"] == {"commons.water": "5,10,20"}
    assert told["design"]["seeds"] == 4
    assert {"numpy", "scipy", "market"} <= set(told["design"]["versions"])


def test_a_full_disk_is_one_message_and_what_was_finished_stays(commons, tmp_path, monkeypatch, whole):
    out, written = tmp_path / "out", store.pq.write_table

    def full(table, path):
        if list((out / "parts").glob("part-*")):
            Path(path).write_bytes(b"PAR1")
            raise OSError(28, "No space left on device")
        written(table, path)

    monkeypatch.setattr(store.pq, "write_table", full)
    with pytest.raises(
        InputError, match=r"cannot write to '.*parts': No space left on device\. \d of 12 runs"
    ):
        play(commons, out)
    monkeypatch.undo()
    assert [path.name for path in (out / "parts").iterdir() if path.name.startswith(".")] == []
    assert play(commons, out).reused > 0
    assert (out / "runs.parquet").read_bytes() == (whole.folder / "runs.parquet").read_bytes()


def test_a_sweep_of_an_older_version_is_not_continued(commons, whole):
    described = whole.folder / "sweep.json"
    described.write_text(described.read_text().replace('"schema": 2', '"schema": 1'))
    before = (whole.folder / "runs.parquet").read_bytes()
    with pytest.raises(InputError, match="of an older version, whose tables have other columns"):
        play(commons, whole.folder)
    assert (whole.folder / "runs.parquet").read_bytes() == before
