"""Bids and offers from data files: a table in the place of a list of steps, replaced by the list.

    offers = { file = "offers.csv" }                                    all rows, columns price and amount
    offers = { file = "offers.csv", agent = "plant" }                   the rows with this agent's name
    offers = { power = { file = "offers.csv", price = "eur", amount = "mw" } }     of one of several goods

A file has a row for each step, in any order: it is sorted, bids from the highest price down, offers up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.errors import InputError
from market.registry import Parameter, Registry
from market.scenario.data_files import read_steps
from market.scenario.error_messages import Finding
from market.scenario.toml_text import Place, escape

KEYS = ("file", "price", "amount", "agent")
PARTS: tuple[tuple[str, Registry[Any], bool], ...] = (("utility", UTILITIES, True), ("cost", COSTS, False))
"""Part of an agent, its families, and whether their steps fall."""


def put_steps(values: dict[str, Any], folder: Path | None) -> tuple[tuple[str, ...], list[Finding], bool]:
    """Replace tables that name a data file by its steps, in the values of a scenario.

    Returns:
        The files that were read; the faults of the others; True if the operating system did not let one of
        them be read.
    """
    files: dict[str, None] = {}
    findings, unreadable = [], False
    for name, place, holder, own, falling in _places(values):
        try:
            found = _read(holder[own], folder, name)
        except InputError as error:
            findings.append(Finding(place, str(error)))
        except OSError as error:
            findings.append(Finding(place, (error.strerror or str(error)).lower()))
            unreadable = True
        else:
            files[holder[own]["file"]] = None
            holder[own] = sorted(found, key=lambda step: step[0], reverse=falling)
            continue
        holder[own] = [[1.0, 1.0]]  # the fault is known: no second one for the same table
    return tuple(files), findings, unreadable


def _places(values: dict[str, Any]) -> Iterator[tuple[str, Place, dict[str, Any], str, bool]]:
    """Yield agent, place, holder and key of each table with a file, and whether its steps fall."""
    agents = values.get("agents")
    groups = (
        [group if isinstance(group, dict) else {} for group in agents] if isinstance(agents, list) else []
    )
    for index, group in enumerate(groups):
        for part, registry, falling in PARTS:
            entry = group.get(part)
            family = entry.get("family") if isinstance(entry, dict) else None
            if not isinstance(entry, dict) or not isinstance(family, str) or family not in registry:
                continue
            parameters: dict[str, Parameter] = registry[family].parameters
            for key in (key for key, parameter in parameters.items() if parameter.axis == "steps"):
                for holder, own, place in _tables(entry, key, ("agents", index, part)):
                    yield str(group.get("name")), place, holder, own, falling


def _tables(entry: dict[str, Any], key: str, place: Place) -> list[tuple[dict[str, Any], str, Place]]:
    """List the tables with a file: the parameter itself, or that of each good, with holder, key and place."""
    given = entry.get(key)
    if not isinstance(given, dict):
        return []
    if isinstance(given.get("file"), str):
        return [(entry, key, (*place, key))]
    return [
        (given, good, (*place, key, good))
        for good, table in given.items()
        if isinstance(table, dict) and isinstance(table.get("file"), str)
    ]


def _read(table: dict[str, Any], folder: Path | None, name: str) -> list[list[float]]:
    """Return the steps that a table names."""
    unknown = [key for key in table if key not in KEYS]
    if unknown:
        raise InputError(f"unknown key '{escape(unknown[0], 40)}'; the keys here are {', '.join(KEYS)}")
    strange = [key for key, word in table.items() if not isinstance(word, str)]
    if strange:
        raise InputError(f"{strange[0]} is the name of a {'file' if strange[0] == 'file' else 'column'}")
    try:
        return read_steps(
            folder, table["file"], table.get("price", "price"), table.get("amount", "amount"),
            table.get("agent"), name,
        )  # fmt: skip
    except InputError as error:
        raise InputError(f"'{escape(table['file'])}': {error}") from None
