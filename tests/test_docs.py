"""What the README shows is what the program does."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import market
from market.pricing import RULES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GALLERY = (ROOT / "docs" / "gallery.md").read_text()


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


def test_every_scenario_is_listed_in_the_readme():
    for path in sorted((ROOT / "scenarios").glob("*.toml")):
        assert f"](scenarios/{path.name}) |" in README, path.name


PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_in_the_documentation_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_of_the_documentation_is_listed_in_the_readme(page):
    assert f"](docs/{page.name})" in README


def table(page: str, heading: str) -> dict[str, str]:
    """The rows of the table whose first column has a heading, by what stands there."""
    [found] = re.findall(rf"\| {heading} \|.*?\n\|[- |]*\n((?:\|.*\n)*)", (ROOT / "docs" / page).read_text())
    return {row.split("|")[1].strip(" `"): row for row in found.splitlines()}


def test_every_status_has_its_row():
    assert list(table("verdicts.md", "status")) == [
        "cleared", "nash", "optimal", "cycling", "max_rounds", "diverged", "no_equilibrium", "failed",
    ]  # fmt: skip
    assert set(table("verdicts.md", "status")) == {status.value for status in market.Status}


def test_every_rule_has_a_row_with_its_options_and_their_defaults():
    rows = table("rules.md", r"rule \| options, with their defaults")
    assert list(rows) == [rule.name for rule in RULES]
    for rule in RULES:
        for option in dataclasses.fields(rule):
            number = f"{option.default:g}".replace("e-06", "e-6")
            assert f"`{option.name}` {number}" in rows[rule.name], option.name


@pytest.mark.parametrize("name", ["commons", "gale", "scarf"])
def test_the_rounds_shown_are_those_that_it_takes(name):
    """If not, `python docs/rounds.py` writes them anew."""
    spec = importlib.util.spec_from_file_location("rounds", ROOT / "docs" / "rounds.py")
    rounds = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rounds)
    with np.errstate(all="ignore"):
        assert rounds.row(name) == table("rules.md", "scenario")[name]


def test_the_gallery_shows_every_figure_and_every_picture_that_is_drawn():
    from market import plots

    shown = set(re.findall(r"^### `(\w+)`$", GALLERY, flags=re.MULTILINE))
    helpers = {"STYLE", "applicable", "overview", "save", "sweep_overview"}
    assert shown == set(plots.__all__) - helpers
    source = (ROOT / "docs" / "figures.py").read_text()
    drawn = {*re.findall(r'^    "(\w+)": \("\w+", plots', source, flags=re.MULTILINE), "sweep_curve"}
    assert set(re.findall(r"images/(\w+)\.png", GALLERY)) == drawn


def test_pictures_are_small():
    for path in (ROOT / "docs" / "images").iterdir():
        assert path.stat().st_size < 100_000, path.name


def test_the_gallery_s_code_runs(monkeypatch, tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", GALLERY, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    exec(compile(block, "gallery.md", "exec"), {})
    assert (tmp_path / "box.pdf").stat().st_size > 1000
