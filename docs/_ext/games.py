"""Families of games, their mechanisms and learning rules, from the registries: formula, and a row a key.

```{game-families} families
```
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from formulas import formula, is_formula
from pieces import code, paragraph, prose, section, table
from sphinx.util.docutils import SphinxDirective

from market.games.families import GAME_FAMILIES
from market.games.learning import RULES
from market.games.mechanisms import GAME_MECHANISMS

REGISTRIES: dict[str, Any] = {"families": GAME_FAMILIES, "mechanisms": GAME_MECHANISMS, "rules": RULES}


class GameFamilies(SphinxDirective):
    """A section for each family of a registry of games."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the sections, in the order of the registry."""
        registry = REGISTRIES[self.arguments[0]]
        return [_section(registry, family) for family in registry]


def _section(registry: Any, family: Any) -> nodes.section:
    first, _, rest = (inspect.getdoc(family) or "").partition("\n")
    content: list[nodes.Node] = [
        nodes.paragraph("", "", *formula(first)) if is_formula(first) else paragraph(first)
    ]
    content += prose(rest) if rest.strip() else []
    rows = list(_keys(family))
    if rows:
        content.append(table(["key", "meaning", "default"], rows))
    return section(family.name, f"stated-{registry.kind}-{family.name}", *content, code=True)


def _keys(family: Any) -> Iterator[list[Any]]:
    """Yield key, meaning and default of each value that a scenario may give."""
    for whose, of in (("[parameters]", "game_parameters"), ("each player", "player_parameters")):
        for key, each in getattr(family, of, {}).items():
            default = "" if each.absent is None else code(f"{each.absent:g}")
            yield [code(key), f"{each.meaning} ({each.unit}); {whose}", default]
    for whose, of in (("the file", "file_keys"), ("each player", "player_keys")):
        for key, (_, info) in getattr(family, of, {}).items():
            yield [code(key), f"{info.description}; {whose}", ""]
    if dataclasses.is_dataclass(family):
        for option in dataclasses.fields(family):
            if "meaning" in option.metadata:
                default = option.default if option.default is not dataclasses.MISSING else ""
                shown = code(str(default)) if default not in ("", dataclasses.MISSING) else ""
                yield [code(option.metadata["key"] or option.name), option.metadata["meaning"], shown]
