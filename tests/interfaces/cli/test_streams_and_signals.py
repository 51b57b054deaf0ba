"""Streams that are closed, full or left, odd widths, names that are no text, and signals at any moment."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers import stories

from market.errors import ExitCode
from market.interfaces.cli.main import main
from market.results import run_folder as results

ROOT = Path(__file__).parents[3]


@pytest.fixture
def commons(tmp_path):
    path = tmp_path / "commons.toml"
    path.write_text(stories.COMMONS)
    return path


def in_shell(words, **environment):
    """Run `market WORDS` by a shell, so that streams can be closed: exit code, standard output and error."""
    ended = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m market {words}'],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("words", ["--version", "--help", "list", "run --help"])
def test_a_closed_output_is_as_good_as_none(words):
    assert in_shell(f"{words} >&-") == (ExitCode.DONE, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", ["--version", "--help", "list"])
def test_a_full_disk_under_the_output_is_one_message(words):
    code, _, err = in_shell(f"{words} > /dev/full")
    assert code == ExitCode.INPUT_AT_FAULT
    assert "No space left on device" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", ["--version", "--help", "schema"])
def test_a_reader_who_is_gone_is_no_error(words):
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "market", *words.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (ExitCode.DONE, b"")


def test_errors_never_go_to_the_output():
    assert in_shell("validate nowhere.toml 2>&-") == (ExitCode.INPUT_AT_FAULT, "", "")
    assert in_shell("run --josn 2>&-")[:2] == (ExitCode.INPUT_AT_FAULT, "")


@pytest.mark.parametrize("columns", ["0", "1", "19"])
def test_a_terminal_of_no_width_is_taken_for_a_usual_one(columns, commons, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    main(["list"])
    usual = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["list"]) == ExitCode.DONE
    assert capsys.readouterr().out == usual


def test_a_folder_whose_name_is_no_text_is_refused_before_anything_is_played(
    commons, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("market.results.comparison.compare", lambda *_: pytest.fail("played in vain"))
    out = str(tmp_path / "runs") + "\udcff"
    assert main([str(commons), "--out", out]) == ExitCode.INPUT_AT_FAULT
    assert "--out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["commons.toml"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a program without asking it")
@pytest.mark.parametrize("which", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_a_run_is_written_leaves_nothing(which, commons, tmp_path, capsys, monkeypatch):
    """A second one comes while the first one's mess is cleared up."""
    clear_up = results.shutil.rmtree

    def stopped(_):
        os.kill(os.getpid(), getattr(signal, which))

    def stopped_again(*args, **kwargs):
        stopped(None)
        clear_up(*args, **kwargs)

    monkeypatch.setattr("market.results.comparison.Comparison.table", stopped)
    monkeypatch.setattr(results.shutil, "rmtree", stopped_again)
    before = signal.getsignal(signal.SIGTERM)
    code = main([str(commons), "--no-figures", "--quiet", "--out", str(tmp_path / "runs")])
    said = capsys.readouterr()
    assert (code, said.err) == (ExitCode.INTERRUPTED, "Interrupted. Nothing unfinished is left behind.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["commons.toml"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_cannot_be_removed_is_named(commons, tmp_path, capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("market.results.comparison.Comparison.table", interrupt)
    monkeypatch.setattr(results.shutil, "rmtree", lambda *_, **__: None)
    main([str(commons), "--no-figures", "--quiet", "--out", str(tmp_path / "runs")])
    assert "could not be removed" in capsys.readouterr().err


def test_runs_into_the_same_new_folder_do_not_disturb_each_other(tmp_path):
    import market

    scenario, failed = market.loads(stories.COMMONS), []
    folder = tmp_path / "a" / "b" / "c"

    def look():
        try:
            for _ in range(100):
                results.check_writable(scenario, folder)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
