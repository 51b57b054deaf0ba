"""A comparison as text, for a terminal or a pipe: a table, why each mechanism ended, and what to make of it.

Mechanisms are columns, as many side by side as the width allows; what is told of them (`sections.py`) are
rows. Nothing that comes from a file is read as markup.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from market.economy.primitives import Economy, Money
from market.interfaces.text.sections import Section, notes, sections
from market.interfaces.text.sentences import count, ending, number, reading, status_word, visible

if TYPE_CHECKING:
    from market.results.comparison import Comparison

CELL = 13  # columns that a mechanism needs at least, with its gap
SHORTEST = 24  # columns of labels; narrower ones are hard to read


def comparison(compared: Comparison, width: int) -> RenderableType:
    """All that `market run` prints of a comparison.

    Args:
        compared: what was played.
        width: columns that there are.
    """
    told = sections(compared)
    blank = Text()
    return Group(
        Text(visible(compared.scenario.title), style="bold"),
        Text(economy_in_a_line(compared.economy)),
        *(part for table in _tables(compared, told, width) for part in (blank, table)),
        *_notes(compared, told),
        blank,
        Text("How each mechanism ended", style="bold"),
        _endings(compared),
        *_second_opinion(compared),
        blank,
        Text("Interpretation", style="bold"),
        points(reading(compared)),
        blank,
    )


def economy_in_a_line(economy: Economy) -> str:
    """How many of what there are.

    Example: `2 agents, 1 good (water); common stock: 10 water; quasilinear utility.`
    """
    agents, goods = economy.shape
    shown = ", ".join(visible(good) for good in economy.goods[:10]) + (", ..." if goods > 10 else "")
    common = [
        f"{number(q)} {visible(good)}"
        for q, good in zip(economy.commons, economy.goods, strict=True)
        if q > 0
    ]
    owned = f"; common stock: {', '.join(common[:10])}{', ...' if len(common) > 10 else ''}" if common else ""
    made = " with production" if economy.technologies else ""
    return f"{count(agents, 'agent')}, {count(goods, 'good')} ({shown}){owned}; {_MONEY[economy.money]}{made}."


_MONEY = {
    Money.QUASILINEAR: "quasilinear utility",
    Money.FISHER: "Fisher market",
    Money.EXCHANGE: "exchange economy",
}


def _tables(compared: Comparison, told: Sequence[Section], width: int) -> list[Table]:
    """The sections, with as many mechanisms side by side as fit; more tables below if need be."""
    names = list(compared.outcomes)
    longest = max(len(row.label) + 2 * bool(part.title) for part in told for row in part.rows)
    label = min(max(longest, *(len(part.title) for part in told)), width // 2)
    label = min(label, max(SHORTEST, width - 1 - CELL * len(names)))  # a folded label rather than a table more
    per_table = max(1, (width - label - 1) // CELL)
    count = math.ceil(len(names) / per_table)
    even = math.ceil(len(names) / count)
    return [
        _table(
            compared, told, range(start, min(start + even, len(names))), label, (width - label - 1) // even
        )
        for start in range(0, len(names), even)
    ]


def _table(compared: Comparison, told: Sequence[Section], chosen: range, label: int, room: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 2))
    table.add_column("", width=label, overflow="fold")
    names = [visible(name) for name in compared.outcomes]
    for i in chosen:
        table.add_column(
            Text(names[i], overflow="fold"),
            justify="right",
            min_width=CELL - 3,
            max_width=max(room - 3, 1),
            overflow="fold",
        )
    for part in told:
        if part.title:
            table.add_row(Text(part.title, style="bold"))
        for row in part.rows:
            name = Padding(Text(row.label), (0, 0, 0, 2 * bool(part.title)))
            table.add_row(name, *(Text(row.cells[i], style=_style(row.cells[i])) for i in chosen))
    return table


_STYLES = {
    "cleared": "green", "Nash": "green", "optimal": "green",
    "cycling": "yellow", "max rounds": "yellow", "unknown": "yellow",
    "diverged": "red", "no equilibrium": "red", "failed": "red", "-inf": "red", "unbounded": "red",
}  # fmt: skip


def _style(cell: str) -> str:
    return _STYLES.get(cell, "")


def _notes(compared: Comparison, told: Sequence[Section]) -> list[Text]:
    """What the signs in the table mean, below a blank line."""
    said = notes(compared, told)
    return [Text(note, style="dim") for note in ("", *said)] if said else []


def _endings(compared: Comparison) -> Table:
    """One sentence a mechanism, with the reason."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold", max_width=24)
    grid.add_column(overflow="fold")
    for name, outcome in compared.outcomes.items():
        ended = Text(f"{ending(outcome)} ", style=_style(status_word(outcome.status)))
        grid.add_row(Text(visible(name)), ended + Text(visible(outcome.reason), style=""))
    return grid


def _second_opinion(compared: Comparison) -> list[RenderableType]:
    """How what the auctioneer found compares with a reference solution; nothing if that was not asked for."""
    if not compared.checks:
        return []
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold", max_width=24)
    grid.add_column(overflow="fold")
    for name, check in compared.checks.items():
        style = {True: "green", False: "red", None: "yellow"}[check.agrees]
        grid.add_row(Text(visible(name)), Text(visible(" ".join(check.sentences)), style=style))
    return [Text(), Text("Independent check", style="bold"), grid]


def points(sentences: Iterable[str]) -> Table:
    """Sentences with a dash before each."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row("-", Text(sentence))
    return grid


# --- what `market verify` says ---------------------------------------------------------------------


class Claim(Protocol):
    """A claim of a run folder that was checked: see `verify.py`, which this module does not know."""

    @property
    def name(self) -> str:
        """What is claimed."""

    @property
    def holds(self) -> bool | None:
        """Whether it does; None if that could not be checked."""

    @property
    def detail(self) -> str:
        """The numbers behind it."""


def claims(checked: Sequence[Claim]) -> RenderableType:
    """One line a claim, how many of them hold, and how many could not be checked."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", max_width=40)
    grid.add_column(overflow="fold")
    for claim in checked:
        grid.add_row(
            _VERDICTS[claim.holds], Text(visible(claim.name)), Text(visible(claim.detail), style="dim")
        )
    kept, unchecked = (sum(claim.holds is word for claim in checked) for word in (True, None))
    told = f"{kept} of {count(len(checked), 'claim')} hold."
    return Group(grid, Text(f"{told} {unchecked} could not be checked." if unchecked else told))


_VERDICTS = {
    True: Text("holds", style="green"),
    None: Text("not checked", style="yellow"),
    False: Text("DOES NOT HOLD", style="red"),
}
