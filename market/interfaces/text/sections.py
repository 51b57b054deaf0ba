"""What a printed comparison tells: rows in sections, with a cell for each mechanism.

Up to eight agents are told one by one; more of them by group, with totals of quantities and means of
utilities, and -inf is counted, never averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.report import PROVED, Alignment, Contrast, revenue_rounding
from market.interfaces.text.sentences import NOT_HERE, named_or_counted, number, percent, visible
from market.outcome import Outcome
from market.results.summary_table import Summary, summarised

if TYPE_CHECKING:
    from market.results.comparison import Comparison

ONE_BY_ONE = 8  # agents, or groups, that are told one by one
NOISE = 1e-7  # regrets below this share of what is at stake are shown as 0; result.json has the number
MOST_ROWS = 24  # of quantities; beyond, only totals are told


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


class Row(NamedTuple):
    """A label and a cell a mechanism."""

    label: str
    cells: Sequence[str]


class Section(NamedTuple):
    """Rows under a title."""

    title: str
    rows: list[Row]

    @property
    def cells(self) -> list[str]:
        """All of its cells."""
        return [cell for row in self.rows for cell in row.cells]


def sections(compared: Comparison) -> list[Section]:
    """All that the table tells, with a cell for every mechanism."""
    outcomes, reports = list(compared.outcomes.values()), list(compared.alignments.values())
    shown = parties(compared.economy)
    parts = [
        Section("", _endings_in_words(outcomes)),
        Section("Prices", _prices(compared.economy, outcomes)),
        *_quantities(compared.economy, outcomes, shown),
        Section("Utility", _levels([o.utilities for o in outcomes], shown)),
        Section("Payoff in the game played", _payoffs(compared, outcomes, shown)),
        Section("Alignment", _alignment(compared, outcomes, reports)),
        Section(WEIGHTS, _weights(reports, shown)),
        Section(f"Against '{visible(compared.baseline or '')}'", _against(compared)),
    ]
    return [part for part in parts if part.rows]


WEIGHTS = "Weights in the super-agent"
SHADOW = "* a shadow price: what one unit more would be worth to the planner; nobody pays it."
LOST = "-inf: has too little of a good that it cannot do without."
BENT = (
    "Weights of {who} count v = u^(1/A), A the sum of the weights in u: it orders bundles as u does and is "
    "concave, which u is not."
)
UNBOUNDED = "unbounded: there is no limit to what could be gained; at -inf: {names}."
ENDLESS = "unbounded: at such prices there is no limit to what could be gained by trading more; by: {names}."
ALONE = "No game without prices was played, so there is nothing to compare gains and losses with."


def notes(compared: Comparison, told: Sequence[Section]) -> list[str]:
    """What the signs in the table mean; only those that are there."""
    cells = [cell for part in told for cell in part.cells]
    weighed = any(cell != NOT_HERE for part in told if part.title == WEIGHTS for cell in part.cells)
    bent = compared.economy.not_concave
    there = {
        SHADOW: any(cell.endswith(" *") for cell in cells),
        LOST: any(cell.startswith("-inf") for cell in cells),
        BENT.format(who=named_or_counted(compared.economy, bent)): bool(bent.any()) and weighed,
        **_unbounded(compared),
        ALONE: compared.baseline is None and len(compared.outcomes) > 1,
    }
    return [note for note, needed in there.items() if needed]


def _unbounded(compared: Comparison) -> dict[str, bool]:
    """Why gains are unbounded, and for which agents: those at -inf, and those that could trade without limit.

    A surplus gap is unbounded only where an agent at -inf could be spared it, a regret for either reason.
    """
    ruined = endless = np.zeros(len(compared.economy.agents), dtype=bool)
    for outcome, report in zip(compared.outcomes.values(), compared.alignments.values(), strict=True):
        lost = np.isneginf(outcome.utilities)
        unlimited = np.zeros_like(lost) if outcome.regret is None else np.isposinf(outcome.regret)
        ruined = ruined | (lost & (unlimited | (report.surplus_gap == math.inf)))
        endless = endless | (unlimited & ~lost)
    by_note = {UNBOUNDED: ruined, ENDLESS: endless}
    return {
        note.format(names=named_or_counted(compared.economy, who)): bool(who.any())
        for note, who in by_note.items()
    }


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
    makes = (economy.capacity > 0) | (np.max(np.abs(made), axis=0, initial=0.0) > 0)
    wanted = (economy.bliss > 0) | (np.max(eaten, axis=0, initial=0.0) > 0)
    kinds = (
        _Quantity("Consumption", "consumes", eaten, wanted),
        _Quantity(*_MADE[bool(economy.technologies)], made, makes),
    )
    if len(economy.goods) > len(shown):
        each = [kind.by_party(economy, party) for kind in kinds for party in shown]
    else:
        each = [kind.by_good(economy, g, shown) for kind in kinds for g in range(len(economy.goods))]
    if sum(len(part.rows) for part in each) <= MOST_ROWS:
        return each
    everyone = Party("all", np.arange(len(economy.agents)))
    return [Section(f"{k.title}, all together", k.by_party(economy, everyone).rows) for k in kinds]


_MADE = {False: ("Production", "makes"), True: ("Made and (-) used", "makes and (-) uses")}


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
    rows = _levels([outcome.payoffs for outcome in outcomes], shown)
    return [*rows, Row("auctioneer's revenue", [number(r) for r in revenue])] if any(revenue) else rows


def _without_rounding(outcome: Outcome) -> float:
    """The revenue; 0 where payments cancel but for rounding, as in verdicts."""
    return outcome.revenue if abs(outcome.revenue) > revenue_rounding(outcome) else 0.0


def _levels(values: Sequence[Array], shown: Sequence[Party]) -> list[Row]:
    """What each party has: a number an agent, the mean and the lowest of several."""
    rows = []
    for party in shown:
        own = [summarised(v[party.rows]) for v in values]
        rows.append(Row(party.called("mean"), [_mean(each, len(party.rows)) for each in own]))
        if not party.alone:
            rows.append(Row(party.called("lowest"), [number(each.lowest) for each in own]))
    return rows


def _mean(summary: Summary, agents: int) -> str:
    """The mean, or how many are at -inf and what the others have."""
    if summary.ruined == agents:
        return number(-math.inf)
    mean = number(summary.mean)
    return f"-inf: {summary.ruined} of {agents}, others {mean}" if summary.ruined else mean


def _alignment(compared: Comparison, outcomes: Sequence[Outcome], reports: Sequence[Alignment]) -> list[Row]:
    """The report; what has a meaning only with money is left out without."""
    rows = [Row("efficient in goods?", [_yes(report.efficient) for report in reports])]
    if compared.economy.money is Money.QUASILINEAR:
        rows += [
            Row("efficient with money too?", [_yes(report.efficient_with_transfers) for report in reports]),
            Row("left on the table", [_left(report) for report in reports]),
            Row("total surplus", [number(compared.total_surplus(name)) for name in compared.outcomes]),
        ]
    needed = [report.resource_utilisation for report in reports]
    if any(share is not None for share in needed):
        rows.append(Row("resources really needed", [percent(share) for share in needed]))
    rows.append(Row("largest regret", [_regret(outcome) for outcome in outcomes]))
    supported = [report.negishi_weights is not None and report.residual <= PROVED for report in reports]
    degenerate = [
        _yes(report.degenerate) if known else NOT_HERE
        for report, known in zip(reports, supported, strict=True)
    ]
    return [*rows, Row("degenerate?", degenerate)]


def _regret(outcome: Outcome) -> str:
    """The largest regret; 0 where it is rounding next to what is at stake."""
    settled = outcome.status.settled and outcome.evidence.get("relative_regret", 1.0) <= NOISE
    return "0" if settled and outcome.max_regret is not None else _gap(outcome.max_regret)


def _yes(verdict: bool | None) -> str:
    return "unknown" if verdict is None else ("yes" if verdict else "no")


def _left(report: Alignment) -> str:
    """The surplus gap; 0 where it is within what counts as efficient."""
    return "0" if report.efficient_with_transfers else _gap(report.surplus_gap)


def _gap(value: float | None) -> str:
    return "unbounded" if value == math.inf else number(value)


def _weights(reports: Sequence[Alignment], shown: Sequence[Party]) -> list[Row]:
    def cell(report: Alignment, party: Party) -> str:
        if report.negishi_weights is None or report.residual > PROVED:
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
