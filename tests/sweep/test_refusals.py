"""What the operating system refuses around a sweep names the path, says what is kept and how to go on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from market import plots
from market.errors import ExitCode, InputError, UnfinishedError
from market.sweep import Options, store, sweep

KEPT = "All finished runs there are kept"


@pytest.fixture
def hurry(monkeypatch):
    """Wait for nothing."""
    monkeypatch.setattr("market.workers.time.sleep", lambda seconds: None)


def play(scenario, out):
    return sweep(scenario, ["commons.water=5,10"], out=out, options=Options("serial"))


def refuse(number):
    """A function that fails with an error of the operating system."""

    def refuses(*_, **__):
        raise OSError(number, os.strerror(number))

    return refuses


def test_a_read_only_folder_with_a_sweep_says_that_its_runs_are_kept(commons, tmp_path, monkeypatch):
    out = play(commons, tmp_path / "out").folder
    monkeypatch.setattr(store.os, "open", refuse(errno.EROFS))
    with pytest.raises(UnfinishedError, match=f"cannot write to '.*out': Read-only file system. {KEPT}"):
        play(commons, out)


def test_a_read_only_folder_without_a_sweep_asks_for_another_one(commons, tmp_path, monkeypatch):
    monkeypatch.setattr(store.os, "open", refuse(errno.EROFS))
    with pytest.raises(InputError, match="Read-only file system; name another folder with --out") as caught:
        play(commons, tmp_path / "new")
    assert not isinstance(caught.value, UnfinishedError)


def test_a_description_that_the_system_refuses_is_not_called_damaged(commons, tmp_path, monkeypatch, hurry):
    out, read = play(commons, tmp_path / "out").folder, Path.read_text

    def read_text(path, **how):
        return refuse(errno.EIO)() if path.name == "sweep.json" else read(path, **how)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_text", read_text)
        with pytest.raises(
            UnfinishedError, match=rf"cannot read '.*sweep.json': Input/output error\. {KEPT}"
        ):
            play(commons, out)
    assert play(commons, out).reused == 2


def test_a_figure_that_finds_no_room_names_its_path_and_leaves_the_runs(
    shell, commons, tmp_path, monkeypatch
):
    arguments = (
        "sweep",
        commons,
        "--vary",
        "commons.water=5,10",
        "--backend",
        "serial",
        "--out",
        tmp_path / "out",
    )
    with monkeypatch.context() as broken:
        broken.setattr(plots, "save", refuse(errno.ENOSPC))
        code, out, err = shell(*arguments)
    said = " ".join((out + err).split())
    assert code == ExitCode.UNFINISHED
    assert (
        "sweep.svg': No space left on device. All runs are kept; make room, and the same command continues"
        in said
    )
    assert shell(*arguments)[0] != ExitCode.UNFINISHED
    assert (tmp_path / "out" / "sweep.svg").exists()
