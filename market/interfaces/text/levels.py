"""Sections of the table about money and utility: consumers' levels, producers' accounts, and surplus.

Consumers are agents that want some good. All others are producers or sellers, with revenue, cost and profit;
an agent that consumes and produces is in both. Means are shown where utilities are in money only: elsewhere
they have no common unit, and the lowest and the highest stand for a group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.contrast import revenue_rounding
from market.efficiency.producer_accounts import accounts, producers
from market.efficiency.surplus import Surplus, payoffs_with_revenue, surplus
from market.interfaces.text.layout import Row, Section
from market.interfaces.text.sentences import NOT_HERE, number
from market.outcome import Outcome
from market.results.summary_table import summarised
from market.tolerances import ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.efficiency.report import Alignment
    from market.interfaces.text.sections import Party
    from market.results.comparison import Comparison

BEYOND_MEASURE = 1e15  # a penalty of this size swallows the utility that it is taken from
WAR_PENALTY, UNBOUNDED = "war penalty", "unbounded"
CONSUMER_SURPLUS, UTILITY_MINUS_PAYMENTS = "consumer surplus", "consumers' utility minus payments"
DEADWEIGHT_LOSS = "unrealised gains from trade (deadweight loss)"


def levels(compared: Comparison, shown: Sequence[Party]) -> list[Section]:
    """Return utilities and payoffs of consumers, and revenue, cost and profit of producers."""
    outcomes = list(compared.outcomes.values())
    utilities = _levels(compared.economy, [o.utilities for o in outcomes], shown)
    return [
        Section(_utility(compared.economy), utilities),
        *_payoffs(compared, outcomes, shown),
        *_producers(compared.economy, outcomes, shown),
    ]


def _members(party: Party, chosen: NDArray[np.bool_], name: str) -> Party | None:
    """Return the members of a party that are chosen; None if there are none."""
    rows = party.rows[chosen[party.rows]]
    if len(rows) == len(party.rows):
        return party
    return replace(party, label=f"{len(rows):,} {name}", rows=rows) if len(rows) else None


# --- consumers ------------------------------------------------------------------------------------------


def _levels(
    economy: Economy, values: Sequence[Array], shown: Sequence[Party], penalties: Sequence[bool] = ()
) -> list[Row]:
    """Return the utilities or payoffs of consumers, party by party.

    Args:
        economy: the primitives.
        values: (agents,), of each mechanism.
        shown: the parties.
        penalties: True for a mechanism whose payoffs hold a penalty beyond measure; none do by default.
    """
    in_money, rows = economy.money is Money.QUASILINEAR, []
    charged = penalties or [False] * len(values)
    for party in filter(None, (_members(each, economy.wants_something, "consumers") for each in shown)):
        own = [(v[party.rows], penalty) for v, penalty in zip(values, charged, strict=True)]
        if party.alone or in_money:
            rows.append(Row(party.called("mean"), [_mean(*each) for each in own]))
        if not party.alone:
            lowest = [_level(float(each.min()), penalty) for each, penalty in own]
            rows.append(Row(party.called("lowest"), lowest))
        if not (party.alone or in_money):
            rows.append(Row(party.called("highest"), [number(float(each.max())) for each, _ in own]))
    return rows


def _mean(values: Array, penalty: bool) -> str:
    """Return the mean, or the number at -inf and the mean of the others."""
    summary = summarised(values)
    if summary.ruined == len(values):
        return number(-math.inf)
    mean = _level(summary.mean, penalty)
    return f"-inf: {summary.ruined:,} of {len(values):,}, others {mean}" if summary.ruined else mean


def _level(value: float, penalty: bool) -> str:
    """Return a utility or payoff; a penalty beyond measure in words."""
    return WAR_PENALTY if penalty and -math.inf < value <= -BEYOND_MEASURE else number(value)


def _utility(economy: Economy) -> str:
    """Name what `Outcome.utilities` holds of consumers."""
    return "Utility minus cost" if _bears_cost(economy) else "Utility"


def _bears_cost(economy: Economy) -> bool:
    """Return True if some consumer produces at a cost."""
    return bool(((economy.capacity > 0).any(axis=1) & economy.wants_something).any())


def _payoffs(compared: Comparison, outcomes: Sequence[Outcome], shown: Sequence[Party]) -> list[Section]:
    """Return payoffs of consumers, and those with revenue handed back, where they differ from utilities."""
    economy = compared.economy
    if not compared.payoffs_differ:
        return []
    penalties = [_is_penalised(outcome) for outcome in outcomes]
    rows = _levels(economy, [outcome.payoffs for outcome in outcomes], shown, penalties)
    kept = [without_rounding(outcome, outcome.revenue) for outcome in outcomes]
    if economy.money is not Money.QUASILINEAR and any(kept):
        rows.append(Row("revenue of the common stock", [number(each) for each in kept]))
    parts = [Section(_payoff(economy, outcomes), rows)]
    if compared.keeps_revenue and any(kept):
        handed_back = [payoffs_with_revenue(outcome) for outcome in outcomes]
        values = [each for each in handed_back if each is not None]
        parts.append(Section(HANDED_BACK, _levels(economy, values, shown, penalties)))
    return parts


def _is_penalised(outcome: Outcome) -> bool:
    """Return True if payoffs hold a penalty beyond measure."""
    beyond = outcome.payoffs <= outcome.utilities - BEYOND_MEASURE
    return outcome.kind == "unmediated" and bool(beyond.any())


def levels_of(outcome: Outcome, shown: Sequence[Party]) -> list[Section]:
    """Return the sections of `levels` on one outcome, without revenue handed back."""
    economy, alone = outcome.economy, [outcome]
    parts = [Section(_utility(economy), _levels(economy, [outcome.utilities], shown))]
    if (outcome.payoffs != outcome.utilities).any():
        payoffs = _levels(economy, [outcome.payoffs], shown, [_is_penalised(outcome)])
        parts.append(Section(_payoff(economy, alone), payoffs))
    return [*parts, *_producers(economy, alone, shown)]


HANDED_BACK = "Payoff, revenue handed back equally"


def _payoff(economy: Economy, outcomes: Sequence[Outcome]) -> str:
    """Name what is subtracted from utility; budgets of a Fisher market are worth nothing, so nothing is."""
    if economy.money is not Money.QUASILINEAR:
        return "Payoff"
    penalty = any(o.kind == "unmediated" and (o.payoffs != o.utilities - o.payments).any() for o in outcomes)
    less = [*(["cost"] if _bears_cost(economy) else []), *(["penalty"] if penalty else []), "payments"]
    back = ", revenue handed back" if economy.shares_revenue else ""
    return f"Payoff (utility minus {', '.join(less[:-1])}{' and ' * (len(less) > 1)}{less[-1]}{back})"


def without_rounding(outcome: Outcome, revenue: float) -> float:
    """Return revenue; 0 where payments cancel but for rounding, as in verdicts."""
    return revenue if abs(revenue) > revenue_rounding(outcome) else 0.0


# --- producers ------------------------------------------------------------------------------------------


def _producers(economy: Economy, outcomes: Sequence[Outcome], shown: Sequence[Party]) -> list[Section]:
    """Return revenue, cost and profit of producers and sellers, party by party."""
    sells = ~economy.wants_something & economy.endowment.any(axis=1)
    parties = [*filter(None, (_members(each, producers(economy), "producers") for each in shown))]
    if not parties:
        return []
    who = "producers and sellers" if sells.any() else "producers"
    accounts = [*map(_accounts, outcomes)]
    sizes = [
        np.concatenate([part for part in each if part is not None] or [np.zeros(1)]) for each in accounts
    ]
    kinds = zip(("Revenue", "Cost", "Profit"), zip(*accounts, strict=True), strict=True)

    def cell(values: Array | None, size: Array, party: Party) -> str:
        return NOT_HERE if values is None else number(_clean(float(values[party.rows].sum()), size))

    return [
        Section(
            f"{kind} of {who}",
            [
                Row(party.called("total"), [cell(*each, party) for each in zip(values, sizes, strict=True)])
                for party in parties
            ],
        )
        for kind, values in kinds
    ]


def _accounts(outcome: Outcome) -> tuple[Array | None, Array | None, Array | None]:
    """Return revenue, cost and profit of all agents, (agents,) each; None where no price is paid for them."""
    return accounts(outcome) or (None, None, None)


def _clean(total: float, values: Array) -> float:
    """Return a sum; 0 where it is the rounding of the values."""
    return total if abs(total) > ROUNDING_OF_RESULTS * np.abs(values).max(initial=0.0) else 0.0


# --- surplus --------------------------------------------------------------------------------------------


def surplus_section(
    compared: Comparison, outcomes: Sequence[Outcome], reports: Sequence[Alignment]
) -> Section:
    """Return consumer, producer and total surplus, and the deadweight loss; empty without such money."""
    found = [(outcome, each) for outcome in outcomes if (each := surplus(outcome)) is not None]
    if not found:
        return Section("Surplus", [])
    economy = compared.economy
    split = [each for _, each in found]
    rows = [Row(CONSUMER_SURPLUS, [_consumer(each) for each in split])]
    if any(_differs(each) for each in split):
        cells = [number(each.utility_minus_payments) for each in split]
        rows.append(Row(UTILITY_MINUS_PAYMENTS, cells))
    if economy.costs or any(each.producers.any() for each in split):
        rows.append(Row("producer surplus", [number(_clean(s.producer, o.payments)) for o, s in found]))
    revenue = [without_rounding(outcome, each.revenue) for outcome, each in found]
    if economy.commons.any() or any(revenue):
        name = "revenue of the common stock" if economy.commons.any() else "revenue; a deficit below 0"
        rows.append(Row(name, [number(each) for each in revenue]))
    rows.append(Row("total surplus", [number(each.total) for each in split]))
    rows.append(Row(DEADWEIGHT_LOSS, [lost(report) for report in reports]))
    return Section("Surplus", rows)


def _consumer(split: Surplus) -> str:
    value = split.consumer
    return UNBOUNDED if value == math.inf else number(value)


def _differs(split: Surplus) -> bool:
    """Return True if consumers' utility minus payments is not their surplus."""
    value, size = split.consumer, abs(split.total)
    if value is None or not math.isfinite(value):
        return True
    return not abs(value - split.utility_minus_payments) <= ROUNDING_OF_RESULTS * (size + abs(value))


def lost(report: Alignment) -> str:
    """Return the surplus gap; 0 where it is within the tolerance of efficiency."""
    if report.efficient_with_transfers:
        return "0"
    return UNBOUNDED if report.surplus_gap == math.inf else number(report.surplus_gap)
