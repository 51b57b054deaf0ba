"""Tables of keys: of scenario files, from their JSON Schema; of results, from the layout that is checked.

    ```{scenario-keys} Group
    ```

shows the keys of one object of the schema, without an argument those of the whole file;

    ```{result-keys} MechanismResult
    ```

those of one object of `market/results/schema.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from docutils import nodes
from pieces import code, table
from sphinx.util.docutils import SphinxDirective

from market.results import schema as layout
from market.scenario.document import json_schema

HUGE = 1e18  # limits beyond it are there to keep floats and integers from overflowing, and are said once
NUMBER = "number, draw or column"


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files."""
    return json_schema()


def definition(reference: str) -> dict[str, Any]:
    """Return the object that a `$ref` leads to."""
    found: dict[str, Any] = schema()["$defs"][reference.rpartition("/")[2]]
    return found


def kind(entry: dict[str, Any]) -> str:
    """Describe the values of a key, in words."""
    if "$ref" in entry:
        return kind(definition(entry["$ref"]))
    if "const" in entry:
        return code(_toml(entry["const"]))
    if "enum" in entry:
        return ", ".join(code(_toml(value)) for value in entry["enum"])
    choices = entry.get("oneOf") or entry.get("anyOf")
    if choices:
        return _choice([choice for choice in choices if choice.get("type") != "null"])
    if "prefixItems" in entry:
        return "[" + ", ".join(kind(item) for item in entry["prefixItems"]) + "]"
    if entry["type"] == "array":
        inside = kind(entry["items"])
        return "list of tables" if inside in ("table", "a mechanism") else f"list of: {inside}"
    if entry["type"] == "object":
        inside = entry.get("additionalProperties")
        return f"name = {kind(inside)}" if isinstance(inside, dict) else "table"
    named = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return named.get(entry["type"], entry["type"]) + _limits(entry)


def _choice(choices: list[dict[str, Any]]) -> str:
    references = [choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice]
    if references == ["Column"] and len(choices) == 1:
        return '{ column = "..." }'
    if "Column" in references:
        (number,) = (choice for choice in choices if "$ref" not in choice)
        return NUMBER + _limits(number)
    if len(references) > 1:
        return f"a {references[0].partition('_')[0].lower()}"
    return " or ".join(kind(choice) for choice in choices)


def _limits(entry: dict[str, Any]) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [
        f"{sign} {_plain(entry[key])}" for key, sign in signs.items() if abs(entry.get(key, HUGE)) < HUGE
    ]
    return f" {', '.join(limits)}" if limits else ""


def _plain(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def keys(entry: dict[str, Any], without: tuple[str, ...] = ()) -> nodes.table:
    """Return the table of an object's keys.

    Args:
        entry: the object in the schema.
        without: keys that need no row.
    """
    needed = entry.get("required", [])

    def rows() -> Iterator[list[str]]:
        for key, value in entry["properties"].items():
            if key in without:
                continue
            default = value.get("default")
            said = "required" if key in needed else code(_toml(default)) if default not in (None, "") else ""
            yield [code(key), value.get("description", ""), kind(value), said]

    return table(["key", "meaning", "value", "default"], rows())


class ScenarioKeys(SphinxDirective):
    """The keys of an object of the JSON Schema."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        entry = schema()["$defs"][self.arguments[0]] if self.arguments else schema()
        return [keys(entry)]


class ResultKeys(SphinxDirective):
    """The keys of an object in `result.json` or `manifest.json`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, from the model against which `market verify` checks the file."""
        model = getattr(layout, self.arguments[0])
        rows = (
            [code(field.alias or name), field.description or "", _null(field.annotation)]
            for name, field in model.model_fields.items()
        )
        return [table(["key", "meaning", "may be null"], rows)]


def _null(annotation: Any) -> str:
    """Return how a table says that a key may be null; nothing if it may not."""
    return "yes" if type(None) in get_args(annotation) else ""
