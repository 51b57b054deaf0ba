"""A Sphinx extension: what the reference shows is generated from the program, so that it cannot rot."""

from __future__ import annotations

from commands import Commands, ExitCodes, Statuses
from docstrings import quote
from families import About, Families
from games import GameFamilies
from schema_keys import ResultKeys, ScenarioKeys
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

DIRECTIVES = {
    "about": About,
    "families": Families,
    "game-families": GameFamilies,
    "scenario-keys": ScenarioKeys,
    "result-keys": ResultKeys,
    "commands": Commands,
    "exit-codes": ExitCodes,
    "statuses": Statuses,
}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what there is."""
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    app.connect("autodoc-process-docstring", quote, priority=100)  # before napoleon reads them
    return {"parallel_read_safe": True, "parallel_write_safe": True}
