"""`market sweep`: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import io
import sys

import pandas as pd
import pytest

from market.errors import ExitCode
from market.interfaces.cli import sweep as sweep_command
from market.sweep import Progress

SERIAL = ("--backend", "serial", "--mechanism", "first mover", "--mechanism", "prices")


@pytest.fixture
def sweep(shell, commons, tmp_path):
    """Runs `market sweep` of the commons into a folder."""

    def run(*arguments):
        return shell("sweep", commons, "--out", tmp_path / "out", *SERIAL, *arguments)

    return run


def test_a_sweep_prints_means_by_value_and_writes_tables_and_curves(sweep, tmp_path):
    code, out, err = sweep("--vary", "commons.water=5:20:4", "--seeds", "2")
    assert (code, err) == (ExitCode.DONE, "")
    assert "4 runs (4 points, 1 seed each)." in out
    lines = [line.split() for line in out.splitlines()]
    assert ["5", "first", "mover", "100", "%", "-", "-inf", "inf"] in lines
    assert ["prices", "100", "%", "0.1333", "2.015", "0"] in lines  # Lambda/q = 2/15, log(15/2)
    assert out.startswith("Nothing in this scenario is random: each point is played once, not 2 times.\n")
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith("Folder: "))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        ".lock", "input", "parts", "runs.parquet", "summary.csv", "sweep.json", "sweep.svg",
    }  # fmt: skip
    assert len(pd.read_parquet(tmp_path / "out" / "runs.parquet")) == 8
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert summary["runs"].eq(1).all()
    assert summary.columns[-8:].tolist() == [
        "infinite", "missing", "mean", "sd", "min", "max", "ci_low", "ci_high"
    ]  # fmt: skip


def test_the_same_command_again_says_how_many_runs_it_reused(sweep):
    sweep("--vary", "commons.water=5,10", "--no-figures")
    code, out, _ = sweep("--vary", "commons.water=5,10", "--no-figures")
    assert code == ExitCode.DONE
    assert "2 runs (2 points, 1 seed each); 2 of them reused." in out


def test_a_quiet_sweep_says_nothing(sweep, tmp_path):
    assert sweep("--vary", "commons.water=5,10", "--quiet", "--no-figures") == (ExitCode.DONE, "", "")
    assert not (tmp_path / "out" / "sweep.svg").exists()


def test_designs_that_are_drawn_come_from_the_command_line(sweep, tmp_path):
    weight = "agents.alpha.utility.weights.water=0.5:2"
    code, out, _ = sweep(
        "--design", "sobol", "--points", 16, "--vary", "commons.water=5:20", "--vary", weight, "--seed", 4
    )
    assert code == ExitCode.DONE
    assert "16 runs (16 points, 1 seed each)." in out
    runs = pd.read_parquet(tmp_path / "out" / "runs.parquet")
    assert runs["commons.water"].between(5, 20).all()
    assert runs["commons.water"].nunique() == 16


def test_without_anything_varied_there_are_only_seeds(sweep):
    drawn = 'agents.alpha.utility.weights.water={ dist = "uniform", low = 1, high = 2 }'
    code, out, _ = sweep("--seeds", "3", "--set", drawn)
    assert code == ExitCode.DONE
    assert "3 runs (1 point, 3 seeds each)." in out
    assert "Nothing in this scenario is random" not in out


def test_a_mechanism_that_does_not_converge_sets_the_exit_code(sweep):
    path = "mechanisms.prices.max_rounds=2,1000"
    code, out, _ = sweep("--vary", path, "--no-figures")
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    assert "In 1 run some mechanism did not converge; numbers with * include such runs." in out
    cells = [line.split() for line in out.splitlines() if line.split()[:1] == ["prices"]]
    assert [("*" in line) for line in cells] == [True, False]


def test_an_error_is_printed_once_with_its_number_of_runs(sweep, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("red \x1b[31m number")

    monkeypatch.setattr("market.sweep.runs.alignment", broken)
    code, out, _ = sweep("--vary", "commons.water=5,10")
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    assert r"2 runs failed: ZeroDivisionError: red \x1b[31m number" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vary", "commons.watr=1,2"), "commons.watr"),
        (("--vary", "commons.water=5:20"), "in a grid a range is low:high:n"),
        (("--vary", "commons.water=5,5"), "the same value"),
        (("--design", "latin", "--vary", "commons.water=5:20"), "--points"),
        (("--mechanism", "price"), "Did you mean 'prices'?"),
        (("--address", "tcp://127.0.0.1:1"), "--backend dask and --address"),
        (("--workers", "2"), "--workers is for"),
        (("--seeds", "0"), "--seeds"),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_is_written(sweep, tmp_path, arguments, said):
    code, out, err = sweep(*arguments)
    assert (code, out) == (ExitCode.INPUT_AT_FAULT, "")
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_a_sweep_needs_a_folder(shell, commons):
    code, _, err = shell("sweep", commons)
    assert code == ExitCode.INPUT_AT_FAULT
    assert "--out" in err


def test_the_bar_begins_with_what_was_reused_and_knows_the_total(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with sweep_command._bar(quiet=False) as progress:
        progress(Progress(1000, 400, 0))
        progress(Progress(1000, 400, 600))
    drawn = terminal.getvalue()
    assert "400/1000" in drawn
    assert "1000/1000" in drawn
    assert "400 reused" in drawn
    assert "<" in drawn  # the time left stands after it


def test_without_a_terminal_there_is_no_bar():
    with sweep_command._bar(quiet=False) as progress:
        assert progress is None
