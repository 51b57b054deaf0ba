"""A market in shards as text: a column for each mechanism, in sums and extremes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from market.efficiency.contrast import unbalanced
from market.interfaces.text.layout import Row, Section, heading, points, story, tables
from market.interfaces.text.levels import CONSUMER_SURPLUS, QUOTA_RENT, TAX_REVENUE, UNBOUNDED
from market.interfaces.text.sentences import count, number, status_word, visible, yes

if TYPE_CHECKING:
    from market.shards import Shared, SharedOutcome

MOST_GOODS = 20  # whose prices are shown


def shared(played: Shared, width: int) -> RenderableType:
    """Return the text that is printed of a play in shards.

    Args:
        played: the outcomes of all mechanisms.
        width: columns of the terminal.
    """
    agents, goods = count(len(played.agents), "agent"), count(len(played.scenario.goods), "good")
    names = [visible(name) for name in played.outcomes]
    columns = [_cells(played, outcome) for outcome in played.outcomes.values()]
    rows = [Row(label, [cells[label] for cells in columns]) for label in columns[0]]
    blank = Text()
    return Group(
        heading(visible(played.scenario.title)),
        *story(played.scenario.description),
        Text(f"{agents}, {goods}, {count(played.shards, 'shard')}."),
        *(part for table in tables(names, [Section("", rows)], width) for part in (blank, table)),
        blank,
        heading("How each mechanism ended"),
        points(f"{visible(name)}: {visible(each.reason)}" for name, each in played.outcomes.items()),
        *_unknown(played),
        blank,
    )


def _cells(played: Shared, outcome: SharedOutcome) -> dict[str, str]:
    """Return label -> cell of one mechanism, with equal labels for all."""
    utilities, report = outcome.ended.utilities.summary, outcome.alignment
    goods = list(zip(played.scenario.goods, outcome.prices, strict=True))
    more = len(goods) - MOST_GOODS
    surplus = played.total_surplus(outcome.name)
    return {
        "status": status_word(outcome.status),
        "rounds": f"{outcome.rounds:,}",
        **{f"price of {visible(good)}": number(float(p)) for good, p in goods[:MOST_GOODS]},
        **({f"prices of {count(more, 'other good')}": "in comparison.csv"} if more > 0 else {}),
        **_levied(played, outcome),
        "largest relative excess demand": number(outcome.disequilibrium),
        "lowest utility of consumers": number(utilities.lowest),
        **({} if surplus is None else {"mean utility above -inf": number(utilities.mean)}),
        "consumers with utility -inf": f"{utilities.ruined:,}",
        **_surplus(outcome),
        "revenue of the common stock": number(_without_rounding(outcome)),
        **({} if surplus is None else {"total surplus": number(surplus)}),
        "Pareto efficient (goods)?": yes(report.efficient),
        **({} if surplus is None else {"efficient with transfers?": yes(report.efficient_with_transfers)}),
        "residual of the welfare weights": number(report.residual),
        "largest gain from deviating": number(outcome.max_regret),
    }


def _levied(played: Shared, outcome: SharedOutcome) -> dict[str, str]:
    """Return the cells of taxes and quotas; empty if no mechanism has any."""
    if all(each.intervention is None for each in played.outcomes.values()):
        return {}
    found, goods = outcome.intervention, played.scenario.goods[:MOST_GOODS]
    paid = outcome.prices if found is None else found.buyer_prices
    return {
        **{f"{visible(g)}, buyers pay": number(float(p)) for g, p in zip(goods, paid, strict=False)},
        TAX_REVENUE: number(0.0 if found is None else found.tax_revenue),
        QUOTA_RENT: number(0.0 if found is None else found.quota_rent),
    }


def _surplus(outcome: SharedOutcome) -> dict[str, str]:
    """Return the cells of consumer and producer surplus; empty without quasilinear money."""
    found = outcome.surplus
    if found is None:
        return {}
    consumer = UNBOUNDED if found.consumer == math.inf else number(found.consumer)
    return {CONSUMER_SURPLUS: consumer, "producer surplus": number(found.producer)}


def _without_rounding(outcome: SharedOutcome) -> float:
    """Return the revenue; 0 where payments cancel but for rounding."""
    worth = float(outcome.prices @ outcome.ended.consumed)
    rounding = unbalanced(outcome.status, outcome.disequilibrium, worth)
    return outcome.revenue if abs(outcome.revenue) > rounding else 0.0


def _unknown(played: Shared) -> list[RenderableType]:
    """Return the figures that are unknown, with the reasons; empty if all are known."""
    sentences = [
        f"{visible(name)}: {visible(sentence)}."
        for name, outcome in played.outcomes.items()
        for sentence in outcome.alignment.reasons
    ]
    return [Text(), heading("Unknown"), points(sentences)] if sentences else []
