"""Each page on adding something is followed to its end, in a copy of the package: one file, one line.

The code is that of the page, registered as the page says; the page's own commands then list, play and
verify it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"[Ss]ave\s+this\s+as\s+`([\w./-]+)`")
REGISTERED = re.compile(r"^[Rr]egister it in `([\w./-]+)`", flags=re.MULTILINE)
TYPED = re.compile(r"^    (market .*)$", flags=re.MULTILINE)


class Copy:
    """A copy of the package to which something is added, and a folder to work in.

    Args:
        folder: of both.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self.work = folder / "copy", folder / "work"
        shutil.copytree(ROOT / "market", self.root / "market", ignore=shutil.ignore_patterns("__pycache__"))
        self.work.mkdir()

    def save(self, name: str, text: str) -> None:
        """Write a new file, of the package or of the user."""
        path = (self.root if name.startswith("market/") else self.work) / name
        assert not path.exists()
        path.write_text(text)

    def register(self, file: str, imported: str, registry: str, entry: str) -> None:
        """Add an import and a last entry to a registry, nothing else."""
        path = self.root / file
        text = path.read_text()
        nodes = ast.parse(text).body
        last = [node for node in nodes if isinstance(node, ast.ImportFrom | ast.Import)][-1]
        [value] = [node.value for node in nodes if _name(node) == registry]
        lines = text.splitlines(keepends=True)
        end, column = value.end_lineno - 1, value.end_col_offset - 1
        before = "".join([*lines[:end], lines[end][:column]]).rstrip()
        head = before if before.endswith(",") else before + ","
        changed = f"{head} {entry}{lines[end][column:]}{''.join(lines[end + 1 :])}".splitlines(keepends=True)
        if imported:
            changed.insert(last.end_lineno, imported + "\n")
        path.write_text("".join(changed))

    def shell(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `market` with arguments, of which those with a star stand for files."""
        given = [each for argument in arguments for each in self._files(argument)]
        environment = {**os.environ, "PYTHONPATH": str(self.root), "MPLBACKEND": "Agg", "COLUMNS": "200"}
        command = [sys.executable, "-m", "market", *given]
        done = subprocess.run(
            command, cwd=self.work, env=environment, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def _files(self, argument: str) -> list[str]:
        return sorted(map(str, self.work.glob(argument))) if "*" in argument else [argument]

    def follow(self, page: str) -> dict[str, str]:
        """Do what a page says; give what its commands printed, by the command."""
        text, end = (ROOT / "docs" / "how-to" / page).read_text(), 0
        for block in BLOCK.finditer(text):
            said, code = text[end : block.start()], block[2]
            if saved := SAVED.findall(said):
                self.save(saved[-1], code)
            elif registered := REGISTERED.findall(said):
                imported, entry = code.splitlines()
                registry, added = re.fullmatch(r"(\w+).*\(.*?\.\.\., (.*)\)", entry).groups()
                self.register(registered[-1], imported, registry, added)
            end = block.end()
        return {command: self.done(*shlex.split(command)[1:]) for command in TYPED.findall(text)}

    def done(self, *arguments: str) -> str:
        """Run a command that must succeed, and return its output."""
        result = self.shell(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def refused(self, scenario: str, change: Callable[[pd.DataFrame, dict[str, Any]], None], to: Path) -> str:
        """Give what `market verify` prints of a run in which numbers were changed, which it must refuse.

        Args:
            scenario: that was played.
            change: of the table of agents and of the first mechanism's part of the result, in place.
            to: a new folder for the changed run, whose checksums are put right.
        """
        [run] = self.work.glob(f"runs/{scenario}-*")
        shutil.copytree(run, to)
        agents, result, manifest = to / "agents.parquet", to / "result.json", to / "manifest.json"
        table, said, listed = pd.read_parquet(agents), *map(_read, (result, manifest))
        change(table, said["mechanisms"][0])
        table.to_parquet(agents, index=False)
        result.write_text(json.dumps(said))
        for path in (agents, result):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            listed["files"][path.name] = {"bytes": len(content), "sha256": digest}
        manifest.write_text(json.dumps(listed))
        done = self.shell("verify", str(to))
        assert done.returncode == 3, done.stdout + done.stderr
        return done.stdout


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def said_no(printed: str) -> list[str]:
    """The first line of each claim that does not hold."""
    lead = "DOES NOT HOLD  "
    return [
        line.removeprefix(lead).partition(" (")[0] for line in printed.splitlines() if line.startswith(lead)
    ]


def moved(table: pd.DataFrame, said: dict[str, Any]) -> None:
    """Move a thousandth of what the second agent consumes to the first, in both files."""
    for column in (each for each in table if each.startswith("consumption[")):
        amount = table.loc[1, column] / 1000
        table.loc[[0, 1], column] += [amount, -amount]
        for row in (0, 1):
            good = column.removeprefix("consumption[").removesuffix("]")
            said["consumption"][table.loc[row, "agent"]][good] = float(table.loc[row, column])


def _name(node: ast.stmt) -> str | None:
    """The name that a statement assigns to, if there is one."""
    targets = {ast.Assign: lambda: node.targets[0], ast.AnnAssign: lambda: node.target}
    target = targets.get(type(node), lambda: None)()
    return target.id if isinstance(target, ast.Name) else None


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Page -> the copy in which it was followed, and what its commands printed; each page once."""

    @cache
    def follow(page: str) -> tuple[Copy, dict[str, str]]:
        copy = Copy(tmp_path_factory.mktemp(page))
        return copy, copy.follow(page)

    return follow


@pytest.mark.parametrize(
    ("page", "added", "said"),
    [
        ("add-a-utility.md", ["root"], {"root": "claims hold."}),
        ("add-a-rule.md", ["halving"], {"halving": "claims hold."}),
        (
            "add-a-mechanism.md",
            ["quota", "decree"],
            {"quota": "rules taken from the game's own code", "decree": "all have equal parts"},
        ),
        ("add-a-figure.md", [], {"exchanged": "claims hold."}),
    ],
)
def test_following_a_page_gives_runs_that_verify_accepts_and_refuses_when_tampered(
    followed, tmp_path, page, added, said
):
    copy, printed = followed(page)
    verified = {command: text for command, text in printed.items() if " verify " in command}
    assert len(verified) == len(said)
    for name in added:
        assert re.search(rf"\b{name}\b", printed["market list"])
    for scenario, words in said.items():
        assert words in "".join(text for line, text in verified.items() if f"runs/{scenario}-" in line)
        assert said_no(copy.refused(scenario, moved, tmp_path / scenario))


def test_following_the_page_on_figures_puts_one_on_the_sheet(followed):
    copy, _ = followed("add-a-figure.md")
    [sheet] = copy.work.glob("runs/*/overview.svg")
    assert "<!-- Trade -->" in sheet.read_text()


def test_what_verify_cannot_confirm_of_a_new_mechanism_is_said(followed):
    _, printed = followed("add-a-mechanism.md")
    words = " ".join(printed["market verify --verbose runs/decree-*"].split())
    assert re.search(r"not checked +the status: Nash equilibrium \(payoffs, regret and status", words)


def test_an_action_that_a_new_game_does_not_allow_is_refused(followed, tmp_path):
    copy, _ = followed("add-a-mechanism.md")

    def greedy(table, said):
        table["action[water]"] = [9.0, 1.0]

    assert "actions are allowed" in said_no(copy.refused("quota", greedy, tmp_path / "run"))


def test_regret_in_what_is_called_nash_is_refused(followed, tmp_path):
    copy, _ = followed("add-a-mechanism.md")

    def regretted(table, said):
        table["regret"], said["max_regret"] = 1.0, 1.0

    assert "the status: Nash equilibrium" in said_no(copy.refused("decree", regretted, tmp_path / "run"))


def test_unequal_parts_by_decree_are_refused_by_its_own_check(followed, tmp_path):
    copy, _ = followed("add-a-mechanism.md")
    assert "all have equal parts" in said_no(copy.refused("decree", moved, tmp_path / "run"))


# --- games with money, costs, technologies ---------------------------------------------------------------

KIOSK = '''
"""Goods of the commons at fixed prices, first come, first served."""

from dataclasses import dataclass

import numpy as np

from market.mechanisms.unmediated.best_response import Game, GameOutcome
from market.registry import option
from market.mechanisms.regret import gain


@dataclass(frozen=True)
class Kiosk(Game):
    """All in turn buy of the commons at a fixed price."""

    name = "kiosk"
    price: float = option(1.0, "of a unit of any good", low=0.0, open_low=True)

    def replies(self, economy, profile, rows):
        p = np.full(len(economy.goods), self.price)
        left = np.maximum(economy.commons - (profile.sum(axis=0) - profile[rows]), 0.0)
        return np.minimum(economy.answers(p).demand.lowest[rows], left)

    def allowed(self, economy, profile):
        return super().allowed(economy, profile) and bool((profile.sum(axis=0) <= economy.commons).all())

    def result(self, economy, profile):
        y, p = np.zeros(economy.shape), np.full(len(economy.goods), self.price)
        paid = profile @ p
        payoffs = economy.welfare(profile, y) - paid
        return GameOutcome(profile, y, payoffs, payments=paid, revenue=float(paid.sum()), prices=p)

    def regret(self, economy, profile):
        best = np.array([self.replies(economy, profile, np.array([i]))[0] for i in range(len(profile))])
        now = economy.utility(profile) - profile @ np.full(len(economy.goods), self.price)
        return gain(now, economy.utility(best) - best @ np.full(len(economy.goods), self.price))
'''

SOLD = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons = { water = 10.0 }
[[agents]]
name = "alpha"
utility = { family = "log", weights = { water = 3.0 } }
[[agents]]
name = "beta"
utility = { family = "log", weights = { water = 2.0 } }
[[mechanisms]]
name = "kiosk"
kind = "unmediated"
game = "kiosk"
price = 0.5
[[mechanisms]]
name = "planner"
kind = "planner"
"""


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    """A run of a game with payments, revenue and prices."""
    copy = Copy(tmp_path_factory.mktemp("kiosk"))
    copy.save("market/mechanisms/kiosk.py", KIOSK)
    init = "market/mechanisms/__init__.py"
    copy.register(init, "from market.mechanisms.kiosk import Kiosk", "GAMES", "Kiosk")
    copy.save("kiosk.toml", SOLD)
    copy.done("run", "kiosk.toml")  # with figures, of a game that has prices
    return copy


def test_a_game_with_money_is_verified(kiosk):
    [run] = kiosk.work.glob("runs/*")
    [said, _] = json.loads((run / "result.json").read_text())["mechanisms"]
    assert (said["status"], said["prices"], said["revenue"]) == ("nash", {"water": 0.5}, 5.0)
    np.testing.assert_allclose(list(said["payments"].values()), [3.0, 2.0])
    assert "rules taken from the game's own code" in kiosk.done("verify", "--verbose", "runs/*")


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"revenue": 4.0}, "revenue is the sum of the payments"),
        ({"prices": {"water": 0.6}}, "the outcome follows from the actions"),
        ({"prices": None}, "the outcome follows from the actions"),
    ],
)
def test_false_money_of_a_game_is_refused(kiosk, tmp_path, change, claim):
    text = kiosk.refused("kiosk", lambda table, said: said.update(change), tmp_path / "run")
    assert claim in said_no(text)


MADE = """
schema = 1
economy = "{economy}"
goods = ["wood", "chairs"]
[[agents]]
name = "owner"
endowment = {{ wood = 8.0, chairs = 1.0 }}
utility = {{ family = "log", weights = {{ wood = 1.0, chairs = 1.0 }} }}
[[agents]]
name = "carpenter"
{maker}
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def test_a_cost_is_a_class_and_a_line(copy):
    path = copy.root / "market" / "economy" / "families" / "costs.py"
    new = 'class Plain(LinearCost):\n    """C(y) = sum_g c_g y_g."""\n\n    name = "plain"\n\n\nCOSTS:'
    path.write_text(path.read_text().replace("\nCOSTS:", f"\n{new}"))
    copy.register("market/economy/families/costs.py", "", "COSTS", "Plain")
    maker = 'cost = { family = "plain", unit_cost = { chairs = 0.5 } }'
    copy.save("made.toml", MADE.format(economy="quasilinear", maker=maker))
    copy.done("run", "made.toml", "--no-figures")
    assert "claims hold" in copy.done("verify", "runs/*")


def test_a_technology_is_a_file_and_a_line(copy):
    code = "from market.economy.families.technologies.activity import Activity\n\n\n"
    code += 'class Craft(Activity):\n    """y = t a."""\n\n    name = "craft"\n'
    copy.save("market/economy/families/technologies/craft.py", code)
    imported = "from market.economy.families.technologies.craft import Craft"
    copy.register("market/economy/families/technologies/__init__.py", imported, "TECHNOLOGIES", "Craft")
    maker = 'technology = { family = "craft", netput = { chairs = 1.0, wood = -2.0 } }'
    copy.save("made.toml", MADE.format(economy="exchange", maker=maker))
    copy.done("run", "made.toml", "--no-figures")
    assert "claims hold" in copy.done("verify", "runs/*")


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "how-to").glob("add-a-*.md")), ids=lambda page: page.stem
)
def test_code_for_the_package_is_annotated_and_described_as_the_packages_own(page):
    text, end = page.read_text(), 0
    for block in BLOCK.finditer(text):
        asked = SAVED.search(text[end : block.start()])
        end = block.end()
        if not asked or not asked[1].startswith("market/"):
            continue
        for node in ast.walk(ast.parse(block[2])):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                assert ast.get_docstring(node), node.name
            if isinstance(node, ast.FunctionDef):
                given = [*node.args.args, *node.args.kwonlyargs]
                assert node.returns is not None, node.name
                assert all(each.annotation or each.arg in ("self", "cls") for each in given), node.name
