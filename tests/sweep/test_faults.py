"""Failures of the machine are no results: they are tried again, then said, and the run stays unfinished."""

from __future__ import annotations

import errno
import functools

import pandas as pd
import pytest
from helpers import stories
from helpers.troublemakers import FailsOn, WithoutModules

from market.errors import ExitCode, UnfinishedError
from market.sweep import Options, store, sweep
from market.sweep import run as sweep_run
from market.sweep import runs as sweep_runs
from market.workers import of_the_machine, patiently

SERIAL = Options("serial")
VARY = ["commons.water=5,10"]
ERRORS = [errno.EIO, errno.EACCES, errno.EINTR, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE]


@pytest.fixture
def people(tmp_path):
    """Agents whose tastes are read from a file, so that every worker opens it."""
    (tmp_path / "people.csv").write_text("want\n1\n2\n")
    before, beta, after = stories.COMMONS.partition('name = "beta"')
    read = after.replace("weights = { water = 1.0 }", 'weights = { water = { column = "want" } }')
    path = tmp_path / "people.toml"
    path.write_text(f'{before}{beta}\ndata = "people.csv"{read}')
    return path


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(sweep_runs, "WAITS", (0.0, 0.0, 0.0))


def play(scenario, out, **more):
    return sweep(scenario, VARY, out=out, **{"seeds": 2, "mechanisms": ["prices"], "options": SERIAL} | more)


def failing(monkeypatch, owner, name, error, times):
    """Let a function fail some times while a run is made, and not before; how often it has failed."""
    original, failed = getattr(owner, name), []

    @functools.wraps(original)
    def fails(*args, **kwargs):
        if sweep_runs._ONE_AT_A_TIME.locked() and len(failed) < times:
            failed.append(name)
            raise error
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, fails)
    return failed


@pytest.mark.parametrize("number", ERRORS)
def test_a_passing_fault_of_a_data_file_changes_no_result(people, tmp_path, monkeypatch, number):
    whole = play(people, tmp_path / "whole")
    failed = failing(monkeypatch, pd, "read_csv", OSError(number, "no"), 2)
    swept = play(people, tmp_path / "out")
    assert len(failed) == 2
    assert (swept.failed, swept.unfinished) == (0, frozenset())
    for name in ("runs.parquet", "summary.csv"):
        assert (swept.folder / name).read_bytes() == (whole.folder / name).read_bytes()


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (pd, "read_csv", OSError(errno.EIO, "no")),
        (sweep_runs, "build", MemoryError()),
        (sweep_runs, "play", ImportError("cannot open shared object file")),
        (sweep_runs, "alignment", RuntimeError("can't start new thread")),
    ],
)
def test_a_lasting_fault_leaves_runs_unfinished_and_the_same_call_tries_them_again(
    people, tmp_path, monkeypatch, owner, name, error
):
    whole = play(people, tmp_path / "whole")
    with monkeypatch.context() as broken:
        failing(broken, owner, name, error, 10**6)
        swept = play(people, tmp_path / "out")
    assert (len(swept.unfinished), swept.failed, swept.unsettled) == (4, 0, 0)
    again = play(people, tmp_path / "out")
    assert (again.reused, again.unfinished, again.failed) == (0, frozenset(), 0)
    assert (again.folder / "runs.parquet").read_bytes() == (whole.folder / "runs.parquet").read_bytes()


def test_a_data_file_that_is_gone_in_the_middle_is_no_fault_of_the_scenario(people, tmp_path, monkeypatch):
    make = sweep_run._make

    def gone(planned, store, *rest):
        (store.input / "people.csv").unlink()
        make(planned, store, *rest)

    monkeypatch.setattr(sweep_run, "_make", gone)
    assert len(play(people, tmp_path / "out").unfinished) == 4


def test_what_the_scenario_itself_causes_stays_a_failed_run(people, tmp_path, monkeypatch):
    failing(monkeypatch, sweep_runs, "play", ZeroDivisionError("no such number"), 10**6)
    swept = play(people, tmp_path / "out")
    assert (swept.failed, swept.unfinished) == (4, frozenset())
    assert play(people, tmp_path / "out").reused == 4


def test_workers_in_other_processes_try_again(people, tmp_path, monkeypatch):
    """The first opening of the file fails in every worker."""
    whole = play(people, tmp_path / "whole")
    from market.sweep.backends import Loky

    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setattr(Options, "start", lambda self, work, runs: Loky(FailsOn(work.args[0], marks), 2))
    swept = play(people, tmp_path / "out", options=Options("loky", 2))
    assert list(marks.iterdir())
    assert swept.unfinished == frozenset()
    assert (swept.folder / "runs.parquet").read_bytes() == (whole.folder / "runs.parquet").read_bytes()


def test_writing_is_tried_again_and_then_names_the_file_and_what_is_kept(people, tmp_path, monkeypatch):
    written, failed = store.pq.write_table, []

    def sometimes(table, path):
        if len(failed) < 2:
            failed.append(path)
            raise OSError(errno.EIO, "no")
        written(table, path)

    with monkeypatch.context() as broken:
        broken.setattr(store.pq, "write_table", sometimes)
        assert play(people, tmp_path / "once").failed == 0
        failed.clear()
        monkeypatch.setattr("market.sweep.store.patiently", lambda work: patiently(work, ()))
        with pytest.raises(UnfinishedError, match=r"cannot write to '.*parts': Input/output error\. 0 of 4"):
            play(people, tmp_path / "never")
    assert play(people, tmp_path / "never").failed == 0


def test_a_part_that_cannot_be_read_is_not_taken_for_damaged(people, tmp_path, monkeypatch):
    folder = play(people, tmp_path / "out").folder
    before = sorted(path.name for path in (folder / "parts").iterdir())
    monkeypatch.setattr("market.sweep.store.patiently", lambda work: patiently(work, ()))
    with monkeypatch.context() as broken:
        broken.setattr(
            store, "sha256", lambda path: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error"))
        )
        with pytest.raises(UnfinishedError, match=r"cannot read '.*part-.*': Input/output error\."):
            play(people, folder)
    assert sorted(path.name for path in (folder / "parts").iterdir()) == before
    assert play(people, folder).reused == 4


def test_the_command_says_that_runs_are_unfinished_and_its_exit_code_too(
    shell, people, tmp_path, monkeypatch
):
    arguments = (
        "sweep",
        people,
        "--out",
        tmp_path / "out",
        "--backend",
        "serial",
        "--no-figures",
        "--vary",
        *VARY,
    )
    with monkeypatch.context() as broken:
        failing(broken, pd, "read_csv", OSError(errno.EIO, "Input/output error"), 10**6)
        code, out, err = shell(*arguments)
    assert code == ExitCode.UNFINISHED
    said = "".join((out + err).split())  # a long path may break anywhere
    assert "2runsareunfinished,whichisnoresult:" in said
    assert "'people.csv':cannotberead:input/outputerror" in said
    assert "thesamecommandtriesthemagain" in said
    assert shell(*arguments)[0] == ExitCode.DONE


def test_errors_that_led_to_an_error_count():
    without = ValueError("a solver without its library")
    without.__cause__ = OSError(errno.EMFILE, "Too many open files")
    assert of_the_machine(without)
    assert not of_the_machine(ValueError("weights"))


def test_a_machine_that_starts_no_process_is_one_message(people, tmp_path, monkeypatch):
    def refused(self, work, runs):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(Options, "start", refused)
    with pytest.raises(UnfinishedError, match=r"^Resource temporarily unavailable\. 0 of 4 runs are kept in"):
        play(people, tmp_path / "out")


def test_a_worker_without_its_modules_is_tried_again_elsewhere(people, tmp_path, monkeypatch):
    whole = play(people, tmp_path / "whole")
    from market.sweep.backends import Loky

    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setattr(
        Options, "start", lambda self, work, runs: Loky(WithoutModules(work.args[0], marks), 1)
    )
    swept = play(people, tmp_path / "out", options=Options("loky", 1))
    assert swept.unfinished == frozenset()
    assert (swept.folder / "runs.parquet").read_bytes() == (whole.folder / "runs.parquet").read_bytes()
