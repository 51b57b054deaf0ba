"""Rules for every notebook; nbmake runs them, each in a kernel of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path, kind):
    return [
        cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind
    ]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell["outputs"]]


def test_they_are_numbered_from_one():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{k:02d}" for k in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_opens_with_what_one_learns_and_ends_with_exercises(path):
    texts = ["".join(cell["source"]) for cell in cells(path, "markdown")]
    assert texts[0].startswith("# ")
    assert "**What you will learn**" in texts[0]
    assert texts[-1].startswith("## Exercises")
    assert sum(text.startswith("# ") for text in texts) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_was_run_from_top_to_bottom_without_a_complaint(path):
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {(output["output_type"], output.get("name")) for output in outputs(path)}
    assert kinds <= {("stream", "stdout"), ("display_data", None), ("execute_result", None)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_small_and_has_no_trace_of_the_machine_it_was_run_on(path):
    assert path.stat().st_size < 300_000
    assert json.loads(path.read_text())["metadata"].keys() <= {"kernelspec", "language_info"}
    for output in outputs(path):
        shown = json.dumps({key: output.get(key) for key in ("text",)})
        shown += json.dumps(
            {kind: text for kind, text in output.get("data", {}).items() if "image" not in kind}
        )
        assert not re.search(r"[ '\"(](/[a-z]+){2,}|[A-Z]:\\\\|0x[0-9a-f]{6}", shown), shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_tells_a_story_and_leaves_checks_to_the_tests(path):
    """Its claims are in `tests/claims/stories`, in a file of its name."""
    code = "\n".join("".join(cell["source"]) for cell in cells(path, "code"))
    assert not re.search(r"\bassert|np\.testing|filterwarnings", code)
    claims = FOLDER.parent / "tests" / "claims" / "stories" / f"test_{path.stem[3:]}.py"
    assert len(re.findall(r"^def test_", claims.read_text(), flags=re.MULTILINE)) >= 8


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_cells_fit_a_screen(path):
    assert max(len("".join(cell["source"]).splitlines()) for cell in cells(path, "code")) <= 56


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_tables_have_no_column_twice(path):
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            head = re.search(
                r"<thead>(.*?)</tr>", "".join(output.get("data", {}).get("text/html", "")), re.DOTALL
            )
            names = re.findall(r"<th[^>]*>([^<]+)</th>", head[1]) if head else []
            assert len(names) == len(set(names)), names
