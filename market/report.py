"""A comparison as text, for a terminal or a pipe: a table, why each mechanism ended, and what to make of it.

Mechanisms are columns, as many side by side as the width allows; what is told of them are rows in sections.
Up to eight agents are told one by one; more of them by group, with totals of quantities and means of
utilities, and -inf is counted, never averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from market.certificate import Alignment, Contrast
from market.comparison import Comparison
from market.economy import Economy, Money
from market.interval import Array
from market.outcome import Outcome
from market.reading import NOT_HERE, count, named_or_counted, number, percent, reading, visible

ONE_BY_ONE = 8  # agents, or groups, that are told one by one
MOST_ROWS = 24  # of quantities; beyond, only totals are told
CELL = 13  # columns that a mechanism needs at least, with the gap beside it

SHADOW = "* a shadow price: what one unit more would be worth to the planner; nobody pays it."
LOST = "-inf: has too little of a good that it cannot do without."
UNBOUNDED = "unbounded: there is no limit to what could be gained, since somebody is at -inf."


@dataclass(frozen=True)
class Party:
    """Agents that are told together: one, a group, or all."""

    label: str
    rows: NDArray[np.intp]

    @property
    def alone(self) -> bool:
        """Whether it is a single agent."""
        return len(self.rows) == 1

    def called(self, how: str) -> str:
        """The label of a row, for instance `gas (12), mean`."""
        return self.label if self.alone else f"{self.label}, {how}"


def parties(economy: Economy) -> list[Party]:
    """Who is told: each agent, else each group, else all together."""
    if len(economy.agents) <= ONE_BY_ONE:
        return [Party(visible(name), np.array([i])) for i, name in enumerate(economy.agents)]
    groups = [(f"{visible(name)} ({len(rows)})", rows) for name, rows in economy.groups.items()]
    if groups and len(groups) <= ONE_BY_ONE:
        return [Party(label if len(rows) > 1 else label[: -len(" (1)")], rows) for label, rows in groups]
    return [Party(f"all {len(economy.agents)} agents", np.arange(len(economy.agents)))]


class Claim(Protocol):
    """A claim of a run folder that was checked: see `verify.py`, which this module does not know."""

    @property
    def name(self) -> str:
        """What is claimed."""

    @property
    def holds(self) -> bool:
        """Whether it does."""

    @property
    def detail(self) -> str:
        """The numbers behind it."""


class Row(NamedTuple):
    """A label and a cell a mechanism."""

    label: str
    cells: Sequence[str]


class Section(NamedTuple):
    """Rows under a title."""

    title: str
    rows: list[Row]


# --- the whole -------------------------------------------------------------------------------------


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
        Text("How each ended", style="bold"),
        _endings(compared),
        blank,
        Text("What to make of it", style="bold"),
        _points(reading(compared)),
        blank,
    )


def economy_in_a_line(economy: Economy) -> str:
    """How many of what there are.

    Example: `2 agents, 1 good (water), 10 of it common; quasilinear money.`
    """
    agents, goods = economy.shape
    shown = ", ".join(visible(good) for good in economy.goods[:10]) + (", ..." if goods > 10 else "")
    common = [
        f"{number(q)} {visible(good)}"
        for q, good in zip(economy.commons, economy.goods, strict=True)
        if q > 0
    ]
    owned = f"; in common: {', '.join(common[:10])}{', ...' if len(common) > 10 else ''}" if common else ""
    return f"{count(agents, 'agent')}, {count(goods, 'good')} ({shown}){owned}; {_MONEY[economy.money]}."


_MONEY = {
    Money.QUASILINEAR: "money counts one for one",
    Money.FISHER: "budgets that can only be spent",
    Money.EXCHANGE: "no money, goods for goods",
}


def _tables(compared: Comparison, told: Sequence[Section], width: int) -> list[Table]:
    """The sections, with as many mechanisms side by side as fit; more tables below if need be."""
    names = list(compared.outcomes)
    longest = max(len(row.label) + 2 * bool(part.title) for part in told for row in part.rows)
    label = min(max(longest, *(len(part.title) for part in told)), width // 2)
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
            indent = "  " if part.title else ""
            table.add_row(
                Text(indent + row.label), *(Text(row.cells[i], style=_style(row.cells[i])) for i in chosen)
            )
    return table


_STYLES = {
    "cleared": "green", "nash": "green", "optimal": "green", "yes": "green",
    "cycling": "yellow", "max rounds": "yellow", "no": "yellow", "unknown": "yellow",
    "diverged": "red", "no equilibrium": "red", "failed": "red", "-inf": "red", "unbounded": "red",
}  # fmt: skip


def _style(cell: str) -> str:
    return _STYLES.get(cell, "")


def _notes(compared: Comparison, told: Sequence[Section]) -> list[Text]:
    """What the signs in the table mean; only those that are there."""
    cells = [cell for part in told for row in part.rows for cell in row.cells]
    notes = []
    if any(cell.endswith(" *") for cell in cells):
        notes.append(SHADOW)
    if any(cell.startswith("-inf") for cell in cells):
        notes.append(LOST)
    if "unbounded" in cells:
        notes.append(UNBOUNDED)
    if compared.baseline is None and len(compared.outcomes) > 1:
        notes.append(
            "No game without prices was played, so there is nothing to compare gains and losses with."
        )
    return [Text(note, style="dim") for note in ("", *notes)] if notes else []


def _endings(compared: Comparison) -> Table:
    """One sentence a mechanism, with the reason."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold", max_width=24)
    grid.add_column(overflow="fold")
    for name, outcome in compared.outcomes.items():
        status = outcome.status.value.replace("_", " ")
        ended = Text(f"{status.capitalize()} after {count(outcome.rounds, 'round')}. ", style=_style(status))
        grid.add_row(Text(visible(name)), ended + Text(visible(outcome.reason), style=""))
    return grid


def _points(sentences: Iterable[str]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row("-", Text(sentence))
    return grid


# --- the rows --------------------------------------------------------------------------------------


def sections(compared: Comparison) -> list[Section]:
    """All that the table tells, with a cell for every mechanism."""
    outcomes, reports = list(compared.outcomes.values()), list(compared.alignments.values())
    shown = parties(compared.economy)
    parts = [
        Section("", _endings_in_words(outcomes)),
        Section("Prices", _prices(compared.economy, outcomes)),
        *_quantities(compared.economy, outcomes, shown),
        Section("Utility", [_mean_row(party, [o.utilities for o in outcomes]) for party in shown]),
        Section("Payoff in the game played", _payoffs(compared, outcomes, shown)),
        Section("Alignment", _alignment(compared, outcomes, reports)),
        Section("Weights in the super-agent", _weights(reports, shown)),
        Section(f"Against '{visible(compared.baseline or '')}'", _against(compared)),
    ]
    return [part for part in parts if part.rows]


def _endings_in_words(outcomes: Sequence[Outcome]) -> list[Row]:
    return [
        Row("Status", [outcome.status.value.replace("_", " ") for outcome in outcomes]),
        Row("Rounds", [f"{outcome.rounds:,}" for outcome in outcomes]),
    ]


def _prices(economy: Economy, outcomes: Sequence[Outcome]) -> list[Row]:
    if all(outcome.prices is None for outcome in outcomes):
        return []

    def cell(outcome: Outcome, g: int) -> str:
        if outcome.prices is None:
            return NOT_HERE
        return number(float(outcome.prices[g])) + (" *" if outcome.kind == "planner" else "")

    return [Row(visible(good), [cell(o, g) for o in outcomes]) for g, good in enumerate(economy.goods)]


def _quantities(economy: Economy, outcomes: Sequence[Outcome], shown: Sequence[Party]) -> list[Section]:
    """Who consumes and who makes what; in totals where that would be too long."""
    eaten, made = [o.consumption for o in outcomes], [o.production for o in outcomes]
    wanted = (economy.bliss > 0) | (np.max(eaten, axis=0, initial=0.0) > 0)
    kinds = (
        _Quantity("Consumption", "consumes", eaten, wanted),
        _Quantity("Production", "makes", made, economy.capacity > 0),
    )
    if len(economy.goods) > len(shown):
        each = [kind.by_party(economy, party) for kind in kinds for party in shown]
    else:
        each = [kind.by_good(economy, g, shown) for kind in kinds for g in range(len(economy.goods))]
    if sum(len(part.rows) for part in each) <= MOST_ROWS:
        return each
    everyone = Party("all", np.arange(len(economy.agents)))
    return [Section(f"{k.title}, all together", k.by_party(economy, everyone).rows) for k in kinds]


class _Quantity(NamedTuple):
    """Consumption or production: its noun and verb, (agents, goods) a mechanism, and who could have any."""

    title: str
    verb: str
    amounts: Sequence[Array]
    possible: NDArray[np.bool_]

    def _row(self, label: str, rows: NDArray[np.intp], g: int) -> Row:
        return Row(label, [number(float(amounts[rows, g].sum())) for amounts in self.amounts])

    def by_good(self, economy: Economy, g: int, shown: Sequence[Party]) -> Section:
        """One good, a row for each who could have some."""
        could = [party for party in shown if self.possible[party.rows, g].any()]
        rows = [self._row(party.called("total"), party.rows, g) for party in could]
        return Section(f"{self.title} of {visible(economy.goods[g])}", rows)

    def by_party(self, economy: Economy, party: Party) -> Section:
        """One party, a row for each good that it could have."""
        could = np.flatnonzero(self.possible[party.rows].any(axis=0))
        rows = [self._row(visible(economy.goods[g]), party.rows, int(g)) for g in could]
        return Section(f"What {party.called('in all,')} {self.verb}", rows)


def _payoffs(compared: Comparison, outcomes: Sequence[Outcome], shown: Sequence[Party]) -> list[Row]:
    """Payoffs where they are anything else than utilities."""
    if not compared.payoffs_differ:
        return []
    revenue = [_without_rounding(outcome) for outcome in outcomes]
    rows = [_mean_row(party, [outcome.payoffs for outcome in outcomes]) for party in shown]
    return [*rows, Row("auctioneer's revenue", [number(r) for r in revenue])] if any(revenue) else rows


def _without_rounding(outcome: Outcome) -> float:
    """The revenue; 0 where payments cancel but for rounding."""
    return outcome.revenue if abs(outcome.revenue) > 1e-12 * np.abs(outcome.payments).sum() else 0.0


def _mean_row(party: Party, values: Sequence[Array]) -> Row:
    return Row(party.called("mean"), [_mean(v[party.rows]) for v in values])


def _mean(values: Array) -> str:
    """The mean, or how many are at -inf and what the others have."""
    lost = np.isneginf(values)
    if not lost.any() or lost.all():
        return number(float(values.mean()))
    return f"-inf: {lost.sum()} of {len(values)}, others {number(float(values[~lost].mean()))}"


def _alignment(compared: Comparison, outcomes: Sequence[Outcome], reports: Sequence[Alignment]) -> list[Row]:
    """The report; what has a meaning only with money is left out without."""
    rows = [Row("efficient in goods?", [_yes(report.efficient) for report in reports])]
    if compared.economy.money is Money.QUASILINEAR:
        rows += [
            Row("efficient with money too?", [_yes(report.efficient_with_transfers) for report in reports]),
            Row("left on the table", [_gap(report.surplus_gap) for report in reports]),
            Row("total surplus", [number(compared.total_surplus(name)) for name in compared.outcomes]),
        ]
    needed = [report.resource_utilisation for report in reports]
    if any(share is not None for share in needed):
        rows.append(Row("resources really needed", [percent(share) for share in needed]))
    rows.append(Row("largest regret", [_gap(outcome.max_regret) for outcome in outcomes]))
    return [*rows, Row("degenerate?", [_yes(report.degenerate) for report in reports])]


def _yes(verdict: bool | None) -> str:
    return "unknown" if verdict is None else ("yes" if verdict else "no")


def _gap(value: float | None) -> str:
    return "unbounded" if value == math.inf else number(value)


def _weights(reports: Sequence[Alignment], shown: Sequence[Party]) -> list[Row]:
    def cell(report: Alignment, party: Party) -> str:
        if report.negishi_weights is None:
            return NOT_HERE
        mine = report.negishi_weights[party.rows]
        least, most = number(float(mine.min())), number(float(mine.max()))
        return least if least == most else f"{least} to {most}"

    return [Row(party.called("each"), [cell(report, party) for report in reports]) for party in shown]


def _against(compared: Comparison) -> list[Row]:
    contrasts = compared.contrasts()

    def row(label: str, tell: Callable[[Contrast], str]) -> Row:
        cells = [tell(contrasts[name]) if name in contrasts else NOT_HERE for name in compared.outcomes]
        return Row(label, cells)

    if not contrasts:
        return []
    return [
        row("gain", lambda told: named_or_counted(compared.economy, told.winners)),
        row("lose", lambda told: named_or_counted(compared.economy, told.losers)),
        row("Pareto improvement?", lambda told: _yes(told.pareto_improvement)),
    ]


# --- what `market verify` says ---------------------------------------------------------------------


def claims(checked: Sequence[Claim]) -> RenderableType:
    """One line a claim, and how many of them hold."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", max_width=40)
    grid.add_column(overflow="fold")
    for claim in checked:
        verdict = Text("holds", style="green") if claim.holds else Text("DOES NOT HOLD", style="red")
        grid.add_row(verdict, Text(visible(claim.name)), Text(visible(claim.detail), style="dim"))
    kept = sum(claim.holds for claim in checked)
    return Group(grid, Text(f"{kept} of {count(len(checked), 'claim')} hold."))
