"""The registries as text, for `market list`: families with their formulas, parameters and options."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from market.registry import Family, Parameter


def catalogue(registries: Mapping[str, Iterable[type[Family]]]) -> Group:
    """Return every registry under its title: a line a family, and a line for each value that it takes."""
    return Group(*(part for title, families in registries.items() for part in _registry(title, families)))


def _registry(title: str, families: Iterable[type[Family]]) -> Iterator[Text | Padding]:
    yield Text(title, style="bold")
    for family in families:
        yield Padding(_pairs([(family.name, family.formula())], "cyan", least=12), (0, 0, 0, 2))
        values = list(_values(family))
        if values:
            yield Padding(_pairs(values, "", least=10), (0, 0, 0, 16))
    yield Text()


def _pairs(pairs: Iterable[tuple[str, str]], style: str, least: int) -> Table:
    """Return names and their meanings, the meanings one below the other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=least, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, meaning in pairs:
        grid.add_row(Text(name, style=style), Text(meaning))
    return grid


EACH = {"good": "for each good", "agent": "one number", "one good": "its name", "steps": "for each good"}


def _values(family: type[Family]) -> Iterator[tuple[str, str]]:
    """Yield key and meaning of each value that a scenario may give to a family."""
    parameters: Mapping[str, Parameter] = getattr(family, "parameters", {})
    for of, whose in (("game_parameters", "under [parameters]"), ("player_parameters", "of each player")):
        for key, parameter in getattr(family, of, {}).items():
            yield key, f"{parameter.meaning} ({'; '.join((*_unit(parameter.unit), whose))})"
    if family.terms is not None:
        yield "terms", "[{ good, form, ... }], at most one of each form for each good"
        for form in family.terms:
            keys = (f"{key}: {own.meaning}" for key, own in form.parameters.items())
            yield f"  {form.name}", f"{form.formula()} {'; '.join(keys)}"
        return
    for key, parameter in parameters.items():
        each = EACH[parameter.axis]
        yield key, f"{parameter.meaning} ({'; '.join((*_unit(parameter.unit), each))})"
    if knows := getattr(family, "knows", None):
        yield "knows", str(knows)
    if dataclasses.is_dataclass(family):
        for field in dataclasses.fields(family):
            if "meaning" in field.metadata:
                yield field.metadata["key"] or field.name, field.metadata["meaning"] + _default(field)


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is dataclasses.MISSING:
        return "" if field.default_factory is not dataclasses.MISSING else " (must be given)"
    return (
        f" (default {field.default:g})" if isinstance(field.default, float) else f" (default {field.default})"
    )


def _unit(unit: str) -> tuple[str, ...]:
    """Return a unit as part of a list; a pure number has none."""
    return () if unit in ("", "none") else (unit,)
