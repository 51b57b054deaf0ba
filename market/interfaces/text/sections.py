"""The table of a comparison: rows in sections, with a cell for each mechanism.

Up to eight agents have rows of their own; more are shown by group, with totals of quantities and means of
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
from market.economy.public_goods import consumers
from market.efficiency.contrast import Contrast
from market.efficiency.report import Alignment
from market.interfaces.text.layout import Row, Section
from market.interfaces.text.levels import (
    CONSUMER_SURPLUS,
    DEADWEIGHT_LOSS,
    QUOTA_RENT,
    TAX_REVENUE,
    UNBOUNDED,
    UTILITY_MINUS_PAYMENTS,
    WAR_PENALTY,
    levels,
    levels_of,
    lost,
    surplus_section,
)
from market.interfaces.text.sentences import (
    NOT_HERE,
    named_or_counted,
    number,
    percent,
    status_word,
    visible,
    yes,
)
from market.intervention import Intervention
from market.mechanisms.regret import relative_regret
from market.outcome import Outcome, Status
from market.tolerances import NEGLIGIBLE_AMOUNT, VIOLATION_THAT_PROVES

if TYPE_CHECKING:
    from market.results.comparison import Comparison

ONE_BY_ONE = 8  # agents, or groups, with rows of their own
NOISE = 1e-7  # relative regrets up to this are shown as 0; result.json has the number
MOST_ROWS = 24  # of quantities; beyond, only totals are shown


@dataclass(frozen=True)
class Party:
    """Agents that share a row: one, a group, or all."""

    label: str
    rows: NDArray[np.intp]

    @property
    def alone(self) -> bool:
        """True if it is a single agent."""
        return len(self.rows) == 1

    def called(self, how: str) -> str:
        """Return the label of a row, for instance `gas (12), mean`."""
        return self.label if self.alone else f"{self.label}, {how}"


def parties(economy: Economy) -> list[Party]:
    """Return a party for each agent, else for each group, else one for all."""
    if len(economy.agents) <= ONE_BY_ONE:
        return [Party(visible(name), np.array([i])) for i, name in enumerate(economy.agents)]
    groups = [(f"{visible(name)} ({len(rows):,})", rows) for name, rows in economy.groups.items()]
    if groups and len(groups) <= ONE_BY_ONE:
        return [Party(label if len(rows) > 1 else label[: -len(" (1)")], rows) for label, rows in groups]
    return [Party(f"all {len(economy.agents):,} agents", np.arange(len(economy.agents)))]


def sections(compared: Comparison) -> list[Section]:
    """Return the sections of the table, with a cell for every mechanism."""
    outcomes, reports = list(compared.outcomes.values()), list(compared.alignments.values())
    shown = parties(compared.economy)
    parts = [
        Section("", _endings_in_words(outcomes)),
        Section(_prices_title(outcomes), _prices(compared.economy, outcomes, reports) + _rounds(compared)),
        *_quantities(compared.economy, outcomes, shown),
        *levels(compared, shown),
        surplus_section(compared, outcomes, reports),
        Section("Alignment", _alignment(compared, outcomes, reports)),
        Section(WEIGHTS, _weights(compared.economy, reports, shown)),
        Section(f"Compared with '{visible(compared.baseline or '')}'", _against(compared)),
    ]
    return [part for part in parts if part.rows]


WEIGHTS = "Welfare weights (Negishi)"
SHADOW = "* shadow price: the value of one more unit to the planner; no agent pays it."
IF_NOT_AGREED = "+ price of the markets that there would be without an agreement; no agent pays it."
RANGE = (
    "[low to high]: any price in this range clears the market with the same quantities, other prices "
    "adjusting; payments are at the price before it."
)
SPLIT = (
    "Some bids or offers at the price are filled in part: every other division of what trades at it among "
    "them clears as well, with the same surplus."
)
LOST = "-inf: the agent has too little of an essential good."
NEAREST = "~ not an equilibrium: prices of the round whose markets were closest to clearing."
BENT = (
    "The weights of {who} apply to v = u^(1/A), A the sum of the weights in u: v orders bundles as u does "
    "and is concave, which u is not."
)
WAR = "war penalty: claims exceed the stock; nothing is consumed, and the penalty exceeds any utility."
FIRST_UNIT = (
    "consumer surplus unbounded: the first unit is worth infinitely much. Its differences between mechanisms "
    "are those of utility minus payments."
)
SUM = (
    "total surplus: consumers' utility minus payments, producer surplus and revenue. Consumer surplus counts "
    "from what consumers own."
)
TRANSFERS = (
    "tax revenue and quota rent: paid by buyers or sellers and kept by neither; a part of total surplus, not "
    "a loss."
)
NO_LIMIT = "unbounded gains have no upper limit; utility -inf: {names}."
UNLIMITED = "unbounded gains from trading more at these prices have no upper limit; by: {names}."
ALONE = "No game without prices was played: there is no baseline for gains and losses."


def notes(compared: Comparison, parts: Sequence[Section]) -> list[str]:
    """Explain the signs in the table, and no others."""
    cells = [cell for part in parts for cell in part.cells]
    rows = [row for part in parts for row in part.rows]
    weighed = any(cell != NOT_HERE for part in parts if part.title == WEIGHTS for cell in part.cells)
    bent = compared.economy.not_concave
    shown = compared.alignments.values()
    there = {
        SHADOW: any(cell.endswith(" *") for cell in cells),
        IF_NOT_AGREED: any(cell.endswith(" +") for cell in cells),
        NEAREST: any(cell.endswith(" ~") for cell in cells),
        RANGE: any(report.price_interval and any(report.price_interval.values()) for report in shown),
        SPLIT: compared.economy.has_steps and any(map(_splits, compared.outcomes.values())),
        LOST: any(cell.startswith("-inf") for cell in cells),
        WAR: WAR_PENALTY in cells,
        FIRST_UNIT: any(UNBOUNDED in row.cells for row in rows if row.label == CONSUMER_SURPLUS),
        TRANSFERS: any(row.label in (TAX_REVENUE, QUOTA_RENT) for row in rows),
        SUM: any(row.label == UTILITY_MINUS_PAYMENTS for row in rows),
        BENT.format(who=named_or_counted(compared.economy, bent)): bool(bent.any()) and weighed,
        **_unbounded(compared),
        ALONE: compared.baseline is None and len(compared.outcomes) > 1,
    }
    return [note for note, needed in there.items() if needed]


def _splits(outcome: Outcome) -> bool:
    """Return True if markets clear with an amount inside its range while another agent is indifferent too."""
    economy, p = outcome.economy, outcome.prices
    if p is None or outcome.status is not Status.CLEARED:
        return False
    answers = economy.answers(p)
    several, inside = np.zeros(len(p)), np.zeros(len(p), dtype=bool)
    for answer, amounts in ((answers.demand, outcome.consumption), (answers.supply, outcome.production)):
        room = answer.highest - answer.lowest
        several += (room > 0).sum(axis=0)
        least = NEGLIGIBLE_AMOUNT * room
        inside |= ((amounts > answer.lowest + least) & (amounts < answer.highest - least)).any(axis=0)
    return bool((inside & (several > 1)).any())


def _unbounded(compared: Comparison) -> dict[str, bool]:
    """Explain unbounded gains, of agents at -inf and of agents that could trade without limit.

    A surplus gap is unbounded only where an agent at -inf could be spared it, a regret for either reason.
    """
    ruined = unlimited = np.zeros(len(compared.economy.agents), dtype=bool)
    for outcome, report in zip(compared.outcomes.values(), compared.alignments.values(), strict=True):
        lost = np.isneginf(outcome.utilities)
        regrets = np.zeros_like(lost) if outcome.regret is None else np.isposinf(outcome.regret)
        ruined = ruined | (lost & (regrets | (report.surplus_gap == math.inf)))
        unlimited = unlimited | (regrets & ~lost)
    by_note = {NO_LIMIT: ruined, UNLIMITED: unlimited}
    return {
        note.format(names=named_or_counted(compared.economy, who)): bool(who.any())
        for note, who in by_note.items()
    }


def _endings_in_words(outcomes: Sequence[Outcome]) -> list[Row]:
    return [
        Row("Status", [status_word(outcome.status) for outcome in outcomes]),
        Row("Rounds", [f"{outcome.rounds:,}" for outcome in outcomes]),
    ]


_MARKS = {"planner": " *", "bargaining": " +"}
"""Kind of mechanism -> mark of prices at which nothing is traded; see the notes below the table."""
FEW_PERSONAL = 12  # agents whose personal prices are listed


def _prices(economy: Economy, outcomes: Sequence[Outcome], reports: Sequence[Alignment | None]) -> list[Row]:
    if all(outcome.prices is None for outcome in outcomes):
        return []

    def cell(outcome: Outcome, report: Alignment | None, g: int) -> str:
        if outcome.prices is None:
            return NOT_HERE
        nearest = outcome.kind == "auctioneer" and not outcome.status.settled
        mark = _MARKS.get(outcome.kind, " ~" if nearest else "")
        return number(float(outcome.prices[g])) + _range(report, economy.goods[g]) + mark

    cells = list(zip(outcomes, reports, strict=True))
    rows = [Row(visible(good), [cell(*each, g) for each in cells]) for g, good in enumerate(economy.goods)]
    return rows + _two_prices(economy, outcomes) + _personal_prices(economy, outcomes)


def _two_prices(economy: Economy, outcomes: Sequence[Outcome]) -> list[Row]:
    """Return what buyers pay and taxed sellers get, of goods where that is not the price above."""
    levied = [outcome.intervention for outcome in outcomes]
    if not any(levied):
        return []

    def row(label: str, of: Callable[[Intervention], Array], g: int) -> list[Row]:
        pairs = [(each, outcome.prices) for each, outcome in zip(levied, outcomes, strict=True)]
        apart = any(a is not None and p is not None and of(a)[g] != p[g] for a, p in pairs)
        cells = [NOT_HERE if each is None else number(float(of(each)[g])) for each in levied]
        return [Row(f"{visible(economy.goods[g])}, {label}", cells)] if apart else []

    sides: tuple[tuple[str, Callable[[Intervention], Array]], ...] = (
        ("buyers pay", lambda each: each.buyer_prices),
        ("taxed sellers get", lambda each: each.taxed_prices),
    )
    shown = range(min(len(economy.goods), MOST_ROWS // 2))
    return [found for g in shown for side in sides for found in row(*side, g)] + _incidence(economy, levied)


def _incidence(economy: Economy, levied: Sequence[Intervention | None]) -> list[Row]:
    """Return the share that buyers bear of what they pay more than sellers get."""
    rows = []
    for g, good in enumerate(economy.goods[: MOST_ROWS // 2]):
        shares = [None if each is None else each.borne_by_buyers for each in levied]
        if any(share is not None and np.isfinite(share[g]) for share in shares):
            cells = [NOT_HERE if s is None or np.isnan(s[g]) else percent(float(s[g])) for s in shares]
            rows.append(Row(f"{visible(good)}, share borne by buyers", cells))
    return rows


def _personal_prices(economy: Economy, outcomes: Sequence[Outcome]) -> list[Row]:
    """Return what each agent pays for a unit of each public good, of up to `FEW_PERSONAL` agents."""
    own = consumers(economy).tolist() if economy.public_goods else []
    if not 0 < len(own) <= FEW_PERSONAL:
        return []

    def cell(outcome: Outcome, i: int, g: int) -> str:
        if outcome.personal_prices is None:
            return NOT_HERE
        return number(float(outcome.personal_prices[i, g])) + _MARKS.get(outcome.kind, "")

    return [
        Row(
            f"{visible(economy.goods[g])}, for {visible(economy.agents[i])}",
            [cell(o, i, g) for o in outcomes],
        )
        for g in economy.public_goods
        for i in own
    ]


def _range(report: Alignment | None, good: str) -> str:
    """Return the range of clearing prices in brackets; empty if unique, unknown, or any price clears."""
    intervals = None if report is None else report.price_interval
    ends = (intervals or {}).get(good)
    if ends is None or tuple(ends) == (0.0, math.inf):  # the latter of a good that no agent wants
        return ""
    low, high = ends
    return f" [{number(low)} or more]" if high == math.inf else f" [{number(low)} to {number(high)}]"


def _prices_title(outcomes: Sequence[Outcome]) -> str:
    """Return the heading of prices, with what they are of where a market did not clear."""
    return "Prices (~ of the round closest to clearing)" if any(map(_is_nearest, outcomes)) else "Prices"


def _is_nearest(outcome: Outcome) -> bool:
    """Return True if prices are those of the round closest to clearing, and no equilibrium."""
    return outcome.kind == "auctioneer" and outcome.prices is not None and not outcome.status.settled


def _rounds(compared: Comparison) -> list[Row]:
    """Return the round that each auctioneer's prices are of, if some of them are no equilibrium's."""
    outcomes = compared.outcomes
    if not any(map(_is_nearest, outcomes.values())):
        return []

    def equilibrium(outcome: Outcome) -> str:
        if outcome.kind != "auctioneer" or outcome.prices is None:
            return NOT_HERE
        return yes(outcome.status.settled)

    return [
        Row("of round", [_round(compared, name) for name in outcomes]),
        Row("an equilibrium?", [equilibrium(outcome) for outcome in outcomes.values()]),
    ]


def _round(compared: Comparison, name: str) -> str:
    """Return the last round at which an auctioneer announced the prices of the outcome."""
    outcome = compared.outcomes[name]
    if outcome.kind != "auctioneer" or outcome.prices is None:
        return NOT_HERE
    path = compared.rounds[compared.rounds["mechanism"] == name]
    by_name = np.argsort(np.array(compared.economy.goods, dtype=object))
    prices = path["price"].to_numpy().reshape(-1, len(by_name))
    here = np.flatnonzero((prices == outcome.prices[by_name]).all(axis=1))
    return f"{here[-1] + 1:,}" if len(here) else NOT_HERE


def _quantities(economy: Economy, outcomes: Sequence[Outcome], shown: Sequence[Party]) -> list[Section]:
    """Return consumption and production by party, or totals where that would be too long."""
    eaten, made = [o.consumption for o in outcomes], [o.production for o in outcomes]
    makes = (economy.capacity > 0) | (np.max(np.abs(made), axis=0, initial=0.0) > 0)
    wanted = (economy.bliss > 0) | (np.max(eaten, axis=0, initial=0.0) > 0)
    kinds = (
        _Quantity("Consumption", eaten, wanted),
        _Quantity(_MADE[bool(economy.technologies)], made, makes),
    )
    if len(economy.goods) > len(shown):
        each = [kind.by_party(economy, party) for kind in kinds for party in shown]
    else:
        each = [kind.by_good(economy, g, shown) for kind in kinds for g in range(len(economy.goods))]
    if sum(len(part.rows) for part in each) <= MOST_ROWS:
        return each
    whole = Party("all", np.arange(len(economy.agents)))
    return [Section(f"Total {k.title.lower()}", k.by_party(economy, whole).rows) for k in kinds]


_MADE = {False: "Production", True: "Net output"}


class _Quantity(NamedTuple):
    """Consumption or production: its name, (agents, goods) a mechanism, and a mask of possible amounts."""

    title: str
    amounts: Sequence[Array]
    possible: NDArray[np.bool_]

    def _row(self, label: str, rows: NDArray[np.intp], g: int) -> Row:
        return Row(label, [number(float(amounts[rows, g].sum())) for amounts in self.amounts])

    def by_good(self, economy: Economy, g: int, shown: Sequence[Party]) -> Section:
        """Return the section of one good, with a row for each party that could have some."""
        could = [party for party in shown if self.possible[party.rows, g].any()]
        rows = [self._row(party.called("total"), party.rows, g) for party in could]
        return Section(f"{self.title} of {visible(economy.goods[g])}", rows)

    def by_party(self, economy: Economy, party: Party) -> Section:
        """Return the section of one party, with a row for each good that it could have."""
        could = np.flatnonzero(self.possible[party.rows].any(axis=0))
        rows = [self._row(visible(economy.goods[g]), party.rows, int(g)) for g in could]
        if party.label == f"all {len(economy.agents):,} agents":
            return Section(f"Total {self.title.lower()}", rows)
        total = self.title if party.alone else f"Total {self.title.lower()}"
        return Section(f"{total} by {party.label}", rows)


def _alignment(compared: Comparison, outcomes: Sequence[Outcome], reports: Sequence[Alignment]) -> list[Row]:
    """Return the rows of the alignment report; those about money only with quasilinear utility."""
    rows = [Row("Pareto efficient (goods)?", [yes(report.efficient) for report in reports])]
    if compared.economy.money is Money.QUASILINEAR:
        capped = bool(np.isfinite(compared.economy.budget).any())
        rows += [
            Row(_WITH_MONEY[capped], [yes(report.efficient_with_transfers) for report in reports]),
        ]
    needed = [report.resource_utilisation for report in reports]
    if any(share is not None for share in needed):
        rows.append(Row("resource utilisation (Debreu)", [percent(share) for share in needed]))
    rows.append(Row("largest gain from deviating", [_regret(outcome) for outcome in outcomes]))
    degenerate = [yes(report.degenerate) if _has_weights(report) else NOT_HERE for report in reports]
    return [*rows, Row("some weight is zero?", degenerate)]


_WITH_MONEY = {False: "maximises total surplus?", True: "efficient with transfers?"}


def _regret(outcome: Outcome) -> str:
    """Return the largest regret; 0 where it is rounding relative to the utilities at stake.

    The evidence leaves out traders that follow their own rule; here they count.
    """
    settled = outcome.status.settled and outcome.evidence.get("relative_regret", 1.0) <= NOISE
    return "0" if settled and _relative_regret(outcome) <= NOISE else _gap(outcome.max_regret)


def _relative_regret(outcome: Outcome) -> float:
    """Return the largest regret of all traders as a share of the worth of their trades; of a game, 0."""
    if outcome.prices is None or outcome.regret is None:
        return 0.0
    x, y = outcome.consumption, outcome.production
    return relative_regret(outcome.economy, outcome.prices, x, y, outcome.regret)


def _gap(value: float | None) -> str:
    return "unbounded" if value == math.inf else number(value)


def _has_weights(report: Alignment) -> bool:
    """Return True if weights support the outcome; those with zeros also support some inefficient ones."""
    return (
        report.negishi_weights is not None
        and report.residual <= VIOLATION_THAT_PROVES
        and report.efficient is not False
    )


def _weights(economy: Economy, reports: Sequence[Alignment], shown: Sequence[Party]) -> list[Row]:
    counted = economy.has_weight

    def cell(report: Alignment, party: Party) -> str:
        if report.negishi_weights is None or not _has_weights(report):
            return NOT_HERE
        mine = report.negishi_weights[party.rows][counted[party.rows]]
        least, most = number(float(mine.min())), number(float(mine.max()))
        return least if least == most else f"{least} to {most}"

    some = [party for party in shown if counted[party.rows].any()]
    return [Row(party.called("each"), [cell(report, party) for report in reports]) for party in some]


def _against(compared: Comparison) -> list[Row]:
    contrasts = compared.contrasts()

    def row(label: str, cell: Callable[[Contrast], str]) -> Row:
        cells = [cell(contrasts[name]) if name in contrasts else NOT_HERE for name in compared.outcomes]
        return Row(label, cells)

    if not contrasts:
        return []
    return [
        row("gain", lambda each: named_or_counted(compared.economy, each.winners)),
        row("lose", lambda each: named_or_counted(compared.economy, each.losers)),
        row("Pareto improvement?", lambda each: yes(each.pareto_improvement)),
    ]


def of_outcome(outcome: Outcome) -> list[Section]:
    """Return the sections of a table of one outcome, without a report on it."""
    economy, alone = outcome.economy, [outcome]
    shown = parties(economy)
    parts = [
        Section("", _endings_in_words(alone)),
        Section(_prices_title(alone), _prices(economy, alone, [None])),
        *_quantities(economy, alone, shown),
        *levels_of(outcome, shown),
        Section("", [Row("largest gain from deviating", [_regret(outcome)])]),
    ]
    return [part for part in parts if part.rows]


def signs(parts: Sequence[Section]) -> list[str]:
    """Explain the signs in the table of an outcome, and no others."""
    cells = [cell for part in parts for cell in part.cells]
    endings = {SHADOW: " *", IF_NOT_AGREED: " +", NEAREST: " ~"}
    notes = [note for note, ending in endings.items() if any(cell.endswith(ending) for cell in cells)]
    return [*notes, *([LOST] if any(cell.startswith("-inf") for cell in cells) else [])]


def of_report(report: Alignment) -> list[Section]:
    """Return the sections of a table of one alignment report; weights by name if it knows its outcome."""
    rows = [Row("Pareto efficient (goods)?", [yes(report.efficient)])]
    economy = None if report.outcome is None else report.outcome.economy
    if economy is None or economy.money is Money.QUASILINEAR:
        capped = economy is not None and bool(np.isfinite(economy.budget).any())
        rows += [
            Row(_WITH_MONEY[capped], [yes(report.efficient_with_transfers)]),
            Row(DEADWEIGHT_LOSS, [lost(report)]),
        ]
    if report.resource_utilisation is not None:
        rows.append(Row("resource utilisation (Debreu)", [percent(report.resource_utilisation)]))
    rows.append(Row("some weight is zero?", [yes(report.degenerate) if _has_weights(report) else NOT_HERE]))
    weights = [] if economy is None else _weights(economy, [report], parties(economy))
    return [Section("", rows), *([Section(WEIGHTS, weights)] if weights else [])]
