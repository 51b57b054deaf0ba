"""`market contributions`: its table at two widths, JSON, and one readable message for a mistake."""

import json

import pytest

from market.errors import ExitCode
from market.interfaces.cli.main import main


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["contributions", "scenarios/pivot.toml"]) == ExitCode.DONE
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    for words in ("buyer (2)", "Shapley value", "greatest in core", "Marginal contributions add up to 66.67"):
        assert words in printed


def test_json_has_the_numbers_alone(capsys):
    assert main(["contributions", "scenarios/commons.toml", "--json"]) == ExitCode.DONE
    data = json.loads(capsys.readouterr().out)
    assert data["types"][0]["number"] == 2
    assert data["orders"] is None


def test_quiet_prints_nothing(capsys):
    assert main(["contributions", "scenarios/commons.toml", "--quiet"]) == ExitCode.DONE
    assert capsys.readouterr().out == ""


def test_another_kind_of_money_is_refused_with_one_line(capsys):
    assert main(["contributions", "scenarios/edgeworth.toml"]) == ExitCode.INPUT_AT_FAULT
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert 'economy = "quasilinear", not "exchange"' in error


def test_a_run_shows_variations_on_request(capsys, tmp_path):
    asked = [
        "run",
        "scenarios/pivot.toml",
        "--variation",
        "left alone",
        "--no-figures",
        "--out",
        str(tmp_path),
    ]
    assert main(asked) == ExitCode.DONE
    printed = capsys.readouterr().out
    assert "Equivalent variation" in printed
    assert "16.67" in printed


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--variation", "left alon"], "no mechanism 'left alon' is played"),
        (["--variation", "prices", "--shards", "2"], "--variation needs all agents in one place"),
    ],
)
def test_a_variation_that_cannot_be_shown_is_refused(capsys, tmp_path, more, message):
    assert main(["run", "scenarios/pivot.toml", "--out", str(tmp_path), *more]) == ExitCode.INPUT_AT_FAULT
    assert message in capsys.readouterr().err
