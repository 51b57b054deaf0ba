"""Equivalent and compensating variation as rows of the table of a comparison, and as a table of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from market.economy.correspondences import Array
from market.efficiency.welfare_measures import Variation
from market.interfaces.text.layout import Row, Section, heading, tables
from market.interfaces.text.sections import ONE_BY_ONE, Party, parties
from market.interfaces.text.sentences import NOT_HERE, number, visible

if TYPE_CHECKING:
    from market.results.comparison import Comparison

UNKNOWN = "unknown"


def variation_sections(compared: Comparison, before: str) -> tuple[list[Section], list[str]]:
    """Return sections with the variations of every mechanism from one of them, and notes on them.

    Args:
        compared: the outcomes of all mechanisms.
        before: the mechanism from which changes are measured.
    """
    changes = {name: compared.variation(before, name) for name in compared.outcomes if name != before}
    shown = parties(compared.economy)
    if len(shown) > 1:
        shown.append(Party("all agents", np.arange(len(compared.economy.agents))))

    def section(kind: str, values: dict[str, Array]) -> Section:
        rows = [
            Row(
                party.called("total") if party is not shown[-1] else party.label,
                [
                    _total(values[name][party.rows]) if name in values else NOT_HERE
                    for name in compared.outcomes
                ],
            )
            for party in shown
        ]
        unit = next(iter(changes.values())).unit
        return Section(f"{kind} variation from '{visible(before)}', {visible(unit)}", rows)

    if not changes:
        return [], ["No other mechanism was played, so that there is no variation."]
    sections = [
        section("Equivalent", {name: each.equivalent for name, each in changes.items()}),
        section("Compensating", {name: each.compensating for name, each in changes.items()}),
    ]
    reasons = dict.fromkeys(sentence for each in changes.values() for sentence in each.unknown)
    return sections, [f"{_capital(visible(sentence))}." for sentence in reasons]


def variation_table(shown: Variation, width: int) -> RenderableType:
    """Return one variation as a table: a row an agent, of many agents the sum."""
    rows = [
        Row(visible(name), [_total(shown.equivalent[[i]]), _total(shown.compensating[[i]])])
        for i, name in enumerate(shown.agents)
    ]
    whole = Row("all agents", [_total(shown.equivalent), _total(shown.compensating)])
    part = Section("", [*(rows if len(rows) <= 4 * ONE_BY_ONE else []), whole])
    title = f"From '{visible(shown.before)}' to '{visible(shown.after)}', {visible(shown.unit)}"
    notes = [Text(f"{_capital(visible(sentence))}.") for sentence in shown.unknown]
    return Group(heading(title), *tables(["equivalent", "compensating"], [part], width), *notes)


def _total(values: Sequence[float] | Array) -> str:
    """Return a sum; unknown if one of its parts is, or if infinite parts of both signs meet."""
    with np.errstate(invalid="ignore"):
        total = float(np.sum(values))
    return UNKNOWN if np.isnan(total) else number(total)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
