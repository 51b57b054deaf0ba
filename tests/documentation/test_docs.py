"""README and documentation agree with the program."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import shlex
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest

import market
from market.mechanisms.auction.price_rules import RULES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCS = ROOT / "docs"
GALLERY = (DOCS / "reference" / "gallery.md").read_text()


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_readmes_python_session_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    [shown] = blocks("text")
    assert shown in printed
    table = next(block for block in blocks("") if "Who gets the water?" in block)
    assert table.strip() in printed


def test_the_start_page_shows_what_its_example_prints(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    page = (DOCS / "index.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    [shown] = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(code, "index.md", "exec"), {})
    printed = capsys.readouterr().out
    pieces = shown.split("\n...\n")
    assert len(pieces) == 3
    for piece in pieces:
        assert piece.strip("\n") in printed


def test_the_readmes_scenario_plays_and_clears(tmp_path):
    (block,) = blocks("toml")
    file = tmp_path / "mine.toml"
    file.write_text(block)
    comparison = market.compare(market.load(file))
    assert comparison.outcomes["prices"].status is market.Status.CLEARED


def test_the_readme_shows_what_make_run_prints(monkeypatch, capsys, tmp_path):
    from market.interfaces.cli.main import main

    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["scenarios/commons.toml", "--out", str(tmp_path), "--no-figures"]) == 0
    shown = next(block for block in blocks("") if "Who gets the water?" in block)
    printed = capsys.readouterr().out
    assert shown.strip() in printed


def test_every_scenario_is_listed_in_the_readme():
    for path in sorted((ROOT / "scenarios").glob("*.toml")):
        assert f"](scenarios/{path.name}) |" in README, path.name


PAGES = sorted(DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_in_the_documentation_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_kinds_of_documentation_are_kept_apart_and_every_page_is_in_one():
    """Tutorial, how-to guides, reference and explanation: each index lists the pages of its folder."""
    assert {path.name for path in DOCS.glob("*.md")} == {"index.md", "tutorial.md", "notebooks.md"}
    for folder in ("how-to", "reference", "explanation"):
        index = (DOCS / folder / "index.md").read_text()
        pages = {path.name for path in (DOCS / folder).glob("*.md")} - {"index.md"}
        assert set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == pages
        assert f"]({folder}/index.md)" in (DOCS / "index.md").read_text()
        assert f"](docs/{folder}/index.md)" in README


# --- the code on the pages ------------------------------------------------------------------------------

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"(?:[Ss]ave|and)\s+this\s+as\s+`([\w.-]+)`")


def followed(page: Path, shell, monkeypatch, folder: Path) -> None:
    """Do what a page says, from its top: save files, run Python, type commands and see what they print."""
    monkeypatch.chdir(folder)
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    text, names, end = page.read_text(), {}, 0
    for block in BLOCK.finditer(text):
        language, code = block.groups()
        asked = list(SAVED.finditer(text, end, block.start()))
        end = block.end()
        if asked:
            (folder / asked[-1][1]).write_text(code)
        elif language == "python":
            exec(compile(code, page.name, "exec"), names)
        elif language == "console":
            typed(code, shell)
        elif language == "toml":
            tomllib.loads(code)


def typed(block: str, shell) -> None:
    """Type the commands of a block, each after a "$ "; what stands below is what they print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        command, _, ending = line.partition("; ")
        program, *arguments = shlex.split(command)
        assert program == "market"
        assert ending in ("", 'echo "exit code $?"')
        code, out, err = shell(*arguments)
        printed = out + err + f"exit code {code}\n" * bool(ending)
        assert code == 0 or ending, printed
        for piece in filter(None, (piece.strip("\n") for piece in shown.split("...\n"))):
            assert piece in printed
            printed = printed.partition(piece)[2]


FOLLOWED_ELSEWHERE = {
    "sweeps.md": "tests/sweep",
    "dashboard.md": "tests/interfaces/dashboard, since it serves until it is interrupted",
    "train-learners.md": "tests/documentation/test_train_learners.py",
    "solaraviz.md": "tests/documentation/test_solaraviz.py",
}


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in FOLLOWED_ELSEWHERE],
    ids=lambda page: str(page.relative_to(DOCS)),
)
def test_what_a_page_says_can_be_done(page, shell, monkeypatch, tmp_path):
    def shown(scenario, traders):  # in place of a server, which would run until it is interrupted
        market.MarketModel(market.load(scenario), traders=traders).step()

    monkeypatch.setitem(vars(market), "dashboard", shown)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is non-interactive, and thus cannot be shown")
        followed(page, shell, monkeypatch, tmp_path)


@pytest.mark.parametrize(
    "command",
    sorted(
        {
            line.strip().split("#")[0]
            for page in [*PAGES, ROOT / "README.md"]
            for line in re.findall(
                r"^    (market .*(?:\\\n.*)*)", page.read_text().replace("\\\n", ""), flags=re.MULTILINE
            )
        }
    ),
)
def test_commands_on_the_pages_have_the_options_that_they_name(command):
    import typer

    from market.interfaces.cli.main import app

    name, *arguments = shlex.split(command.partition(">")[0])[1:]
    program = typer.main.get_command(app)
    if name == "--help":
        return
    program.commands[name].make_context(name, arguments)


# --- single pages ---------------------------------------------------------------------------------------


def table(page: str, heading: str) -> dict[str, str]:
    """The rows of the table whose first column has a heading, by what stands there."""
    [found] = re.findall(rf"\| {heading} \|.*?\n\|[- |]*\n((?:\|.*\n)*)", (DOCS / page).read_text())
    return {row.split("|")[1].strip(" `"): row for row in found.splitlines()}


def test_every_status_has_its_row():
    assert list(table("explanation/verdicts.md", "status")) == [
        "cleared", "nash", "optimal", "settled", "rationed", "correlated", "coarse",
        "subgame_perfect", "cycling", "max_rounds", "diverged", "no_equilibrium", "failed", "in_play",
    ]  # fmt: skip
    assert set(table("explanation/verdicts.md", "status")) == {status.value for status in market.Status}


def test_every_rule_has_a_row_with_its_options_and_their_defaults():
    rows = table("how-to/rules.md", r"rule \| options, with their defaults")
    assert list(rows) == [rule.name for rule in RULES]
    for rule in RULES:
        for option in dataclasses.fields(rule):
            number = f"{option.default:g}".replace("e-06", "e-6")
            assert f"`{option.name}` {number}" in rows[rule.name], option.name


@pytest.mark.parametrize("name", ["commons", "gale", "scarf"])
def test_the_rounds_shown_are_those_that_it_takes(name):
    """If not, `python docs/rounds.py` writes them anew."""
    spec = importlib.util.spec_from_file_location("rounds", DOCS / "rounds.py")
    rounds = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rounds)
    with np.errstate(all="ignore"):
        assert rounds.row(name) == table("how-to/rules.md", "scenario")[name]


def test_the_gallery_shows_every_figure_and_every_picture_that_is_drawn():
    from market import plots

    sweeps = {"sweep_curve", "sweep_heat_map", "surplus_by_number"}
    shown = set(re.findall(r"^### `(\w+)`$", GALLERY, flags=re.MULTILINE))
    registered = (*plots.FIGURES, *plots.GAME_FIGURES)
    assert shown == {figure.draw.__name__ for figure in registered} | sweeps
    source = (DOCS / "figures.py").read_text()
    drawn = {*re.findall(r'^    "(\w+)": \("\w+", plots', source, flags=re.MULTILINE), *sweeps}
    assert set(re.findall(r"images/(\w+)\.png", GALLERY)) == drawn


def test_pictures_are_small():
    for path in (DOCS / "images").iterdir():
        assert path.stat().st_size < 100_000, path.name
