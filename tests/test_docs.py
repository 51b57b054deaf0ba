"""What the README shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import market

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_readmes_python_session_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "cleared" in printed
    assert "True [0.5 0.5]" in printed


def test_the_readmes_scenario_plays_and_clears(tmp_path):
    (block,) = blocks("toml")
    file = tmp_path / "mine.toml"
    file.write_text(block)
    comparison = market.compare(market.load(file))
    assert comparison.outcomes["prices"].status is market.Status.CLEARED


def test_the_readme_shows_what_make_run_prints(monkeypatch, capsys, tmp_path):
    from market.cli import main

    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["scenarios/commons.toml", "--out", str(tmp_path), "--no-figures"]) == 0
    shown = next(block for block in blocks("") if "Who gets the water?" in block)
    printed = capsys.readouterr().out
    assert shown.strip() in printed


def test_every_link_in_the_readme_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_scenario_is_listed_in_the_readme():
    for path in sorted((ROOT / "scenarios").glob("*.toml")):
        assert f"](scenarios/{path.name}) |" in README, path.name
