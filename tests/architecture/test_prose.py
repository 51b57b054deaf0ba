"""Docstrings begin as the style guide in CONTRIBUTING says, and keep to the words of the field."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPENINGS = re.compile(
    r"(what|who|whose|whom|whoever|whatever|whether|how|where|which|those|the same)\b", re.I
)
WORDS = re.compile(
    r"\b(nobody|somebody|whoever|everybody|told|crumbs?|hangs? (on|together)|the needy|weighs? nothing"
    r"|without end)\b",
    re.IGNORECASE,
)


def sources() -> list[Path]:
    return sorted((ROOT / "market").rglob("*.py"))


def docstrings(path: Path) -> list[tuple[int, str]]:
    """Return (line, docstring) of a module and of all that it defines."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)
    ]
    return [(getattr(node, "lineno", 1), text) for node in nodes if (text := ast.get_docstring(node))]


def test_docstring_openings_are_imperative_or_nouns():
    """They are read alone, in `help()` and on hover, where a subordinate clause says nothing."""
    refused = [
        f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for path in sources()
        for line, text in docstrings(path)
        if OPENINGS.match(text)
    ]
    assert refused == []


def test_words_of_the_field_are_used_in_code_and_messages():
    refused = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WORDS.search(line)
    ]
    assert refused == []


def test_the_style_guide_refuses_the_openings_that_the_test_refuses():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "It never begins with what, whether, who, how, where, which, those or the same" in " ".join(
        guide.split()
    )
    assert all(OPENINGS.match(f"{word} it is") for word in ("What", "Whether", "The same"))
