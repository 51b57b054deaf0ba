"""Is the layout still true? Imports go one way, names are pinned, starting is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import market

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip()


def test_imports_go_one_way():
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import market", ("mesa", "matplotlib", "cvxpy", "pandas", "scipy", "pettingzoo", "gymnasium")),
        ("import market; market.env", ("mesa", "matplotlib", "cvxpy", "pandas", "pettingzoo", "gymnasium")),
        ("import market; market.load('scenarios/commons.toml')", ("mesa", "matplotlib", "cvxpy", "pandas")),
        (
            "import market; commons = market.load('scenarios/commons.toml'); "
            "market.play(commons.mechanism('prices'), market.build(commons))",
            ("mesa", "matplotlib", "cvxpy", "pandas", "scipy.sparse", "scipy.special"),
        ),
        (
            "import market.interfaces.cli.main, market.interfaces.dashboard.guard",
            ("mesa", "matplotlib", "solara"),
        ),
        ("import market.interfaces.dashboard.server", ("mesa", "matplotlib", "solara", "uvicorn")),
        ("import market.interfaces.text.sweeps", ("mesa", "matplotlib", "cvxpy")),
        ("import market.mechanisms, market.efficiency.report", ("mesa", "matplotlib", "cvxpy", "pandas")),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(statement, heavy):
    loaded = run(f"{statement}\nimport sys; print(*sorted(sys.modules))").split()
    assert not set(heavy) & set(loaded)


def test_the_public_names_are_pinned():
    assert set(market.__all__) == {
        "Alignment", "Auctioneer", "Comparison", "Economy", "MarketModel", "Outcome", "Scenario", "Status",
        "Trader", "__version__", "alignment", "build", "compare", "dashboard", "equilibria", "load", "loads",
        "play", "GameComparison", "GameModel", "GameOutcome", "GameReport", "GameScenario", "Player",
        "env", "from_payoffs",
    }  # fmt: skip
    for name in market.__all__:
        assert getattr(market, name) is not None
    with pytest.raises(AttributeError):
        _ = market.no_such_name


def test_no_lock_names_a_download_address():
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text()


def imported(path: Path) -> set[str]:
    """What a module's source imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_only_the_dashboard_imports_what_draws_pages():
    """Solara and Mesa's visualization take two seconds to import, and are an extra."""
    pages = re.compile(r"(solara|reacton|ipyvue|ipyvuetify|uvicorn|starlette|mesa\.visualization)(\.|$)")
    users = {
        path.relative_to(ROOT / "market").as_posix()
        for path in (ROOT / "market").rglob("*.py")
        if any(pages.match(name) for name in imported(path))
    }
    assert users == {f"interfaces/dashboard/{name}.py" for name in ("controls", "page", "panels", "server")}


ROOMS = {path.parent.name for path in (ROOT / "market").glob("*/__init__.py")}
TOP = {path.stem for path in (ROOT / "market").glob("*.py")} - {"__init__", "__main__"}


def test_there_are_at_most_thirteen_rooms():
    assert len(ROOMS) <= 13


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/explanation/architecture.md"])
def test_a_page_names_every_room_and_every_file_at_the_top(page):
    named = set(re.findall(r"`([a-z_]+)/?`", (ROOT / page).read_text()))
    assert named >= ROOMS | TOP


def test_the_architecture_page_names_modules_that_exist():
    page = (ROOT / "docs/explanation/architecture.md").read_text()
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+)`", page))
    walked = set(re.findall(r"^ .*?  ((?:[a-z_]+/)+[a-z_]+)", page, flags=re.M))
    to_come = {"mechanisms/trading"}
    missing = {path for path in paths | walked if not _exists(path)} - to_come
    assert walked
    assert missing == set()


def _exists(path: str) -> bool:
    """True if it is a module or folder of the package or of a room (`verify/run`)."""
    tops = [ROOT / "market", *(ROOT / "market" / room for room in ROOMS)]
    return any((top / f"{path}.py").exists() or (top / path).is_dir() for top in tops)


@pytest.mark.parametrize(
    "package", sorted((ROOT / "market").rglob("__init__.py")), ids=lambda path: path.parent.name
)
def test_a_room_says_what_it_is_for_and_where_to_begin(package):
    """Purpose, entry points, reading order, imports, how to add one."""
    text = ast.get_docstring(ast.parse(package.read_text())) or ""
    assert len(text.splitlines()) >= 5
