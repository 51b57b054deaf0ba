"""What a scenario can name, from the registries: a section a family, with its formula, keys and source.

```{families} utilities
```
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from importlib import import_module
from itertools import groupby
from typing import Any, NamedTuple

from docutils import nodes
from formulas import formula, is_formula
from pieces import paragraph, prose, section
from schema_keys import keys, schema
from sphinx.util.docutils import SphinxDirective

from market.economy.families.costs import COSTS
from market.economy.families.technologies import TECHNOLOGIES
from market.economy.families.utilities import UTILITIES
from market.economy.families.utilities.separable_terms import FORMS
from market.mechanisms import GAMES, MECHANISMS
from market.mechanisms.auction.price_rules import RULES
from market.registry import Family, Registry
from market.scenario.distributions import DISTRIBUTIONS

NAMED = ("name", "kind")  # of every mechanism, said where mechanisms are


class Place(NamedTuple):
    """Where a registry's families stand in the schema: in objects named `prefix...`, told apart by a key."""

    registry: Registry[Any]
    prefix: str
    key: str
    above: str = ""  # the mechanism whose own keys are not repeated


PLACES = {
    "utilities": Place(UTILITIES, "Utility_", "family"),
    "terms": Place(FORMS, "Form_", "form"),
    "costs": Place(COSTS, "Cost_", "family"),
    "technologies": Place(TECHNOLOGIES, "Technology_", "family"),
    "distributions": Place(DISTRIBUTIONS, "Dist_", "dist"),
    "mechanisms": Place(MECHANISMS, "Mechanism_", "kind"),
    "games": Place(GAMES, "Mechanism_Unmediated_", "game", "unmediated"),
    "rules": Place(RULES, "Mechanism_Auctioneer_", "rule", "auctioneer"),
}


class Families(SphinxDirective):
    """A section for each family of a registry."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the sections, in the order of the registry."""
        place = PLACES[self.arguments[0]]
        families = list(place.registry)
        sections = [_section(place, family) for family in families]
        for module, together in groupby(range(len(families)), lambda k: families[k].__module__):
            alike = list(together)
            sections[alike[-1]] += _source(module, [families[k].name for k in alike])
        return sections


class About(SphinxDirective):
    """What a module says of itself."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Its docstring but for the first line, which is a heading."""
        text = inspect.getdoc(import_module(self.arguments[0])) or ""
        return list(prose(text.partition("\n")[2]))


def _section(place: Place, family: type[Family]) -> nodes.section:
    first, _, rest = (inspect.getdoc(family) or "").partition("\n")
    content: list[nodes.Node] = [
        nodes.paragraph("", "", *formula(first)) if is_formula(first) else paragraph(first)
    ]
    content += prose(re.split(r"\n\s*(?:Args|Example):", rest)[0], formulas=True) if rest.strip() else []
    if knows := getattr(family, "knows", None):
        content.append(paragraph(f"It knows: {knows}."))
    entry = _entry(place, family)
    if entry["properties"]:
        content.append(keys(entry))
    return section(family.name, f"{place.registry.kind}-{family.name}", *content, code=True)


def _entry(place: Place, family: type[Family]) -> dict[str, Any]:
    """Return the object with the family's own keys."""
    objects = [
        entry
        for name, entry in schema()["$defs"].items()
        if name.startswith(place.prefix) and entry["properties"][place.key].get("const") == family.name
    ]
    said = {*NAMED, place.key} if place.registry is not MECHANISMS else {"name"}
    said |= _own(place.above) if place.above else set()
    shared = set.intersection(*(set(entry["properties"]) for entry in objects)) - said
    needed = set.intersection(*(set(entry.get("required", [])) for entry in objects))
    own = {
        key: _together(key, [entry["properties"][key] for entry in objects])
        for key in objects[0]["properties"]
        if key in shared
    }
    return {"properties": own, "required": needed}


def _together(key: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the entry of a key that several objects have; where it tells them apart, all its values."""
    names = list(dict.fromkeys(entry["const"] for entry in entries if "const" in entry))
    if len(names) < 2:
        return {"description": f"which {key}"} | entries[0]
    together = {"enum": names, "description": f"which {key}, see below"}
    for entry in entries:
        if "default" in entry:
            together["default"] = entry["default"]
    return together


def _own(mechanism: str) -> set[str]:
    """Return the scenario's keys for the options of a mechanism itself."""
    fields = dataclasses.fields(MECHANISMS[mechanism])
    return {field.metadata.get("key") or field.name for field in fields}


def _source(module: str, families: list[str]) -> list[nodes.Node]:
    """Return the paragraph of a module that names where its mathematics come from, after its families."""
    text = inspect.getdoc(sys.modules[module]) or ""
    found = re.search(r"^Source: (.*?)(?=\n\s*\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    of = ", ".join(f"`{name}`" for name in families)
    return [paragraph(f"Source of {of}: {found[1]} More in `{module}`.")] if found else []
