"""What `market run --shards` prints: a column for each mechanism, in sums and extremes."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from market.efficiency.report import unbalanced
from market.interfaces.text.report import points
from market.interfaces.text.sentences import count, number, visible
from market.shards import Shared, SharedOutcome

MOST_GOODS = 20  # whose prices are shown


def shared(played: Shared, width: int) -> RenderableType:
    """All that is printed of a play in shards.

    Args:
        played: what came of it.
        width: columns that there are.
    """
    goods = played.scenario.goods
    size = (
        f"{count(len(played.agents), 'agent')}, {count(len(goods), 'good')}, {count(played.shards, 'shard')}."
    )
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 2))
    grid.add_column("", overflow="fold", max_width=width // 2)
    for name in played.outcomes:
        grid.add_column(Text(visible(name), overflow="fold"), justify="right", overflow="fold")
    columns = [_cells(played, outcome) for outcome in played.outcomes.values()]
    for label in columns[0]:
        grid.add_row(Text(label), *(Text(cells[label]) for cells in columns))
    blank = Text()
    return Group(
        Text(visible(played.scenario.title), style="bold"),
        Text(size),
        blank,
        grid,
        blank,
        Text("How each ended", style="bold"),
        points(f"{visible(name)}: {visible(each.reason)}" for name, each in played.outcomes.items()),
        *_unknown(played),
        blank,
    )


def _cells(played: Shared, outcome: SharedOutcome) -> dict[str, str]:
    """Label -> what is said of a mechanism; the same labels for all."""
    utilities, report = outcome.ended.utilities, outcome.alignment
    goods = list(zip(played.scenario.goods, outcome.prices, strict=True))
    more = len(goods) - MOST_GOODS
    surplus = played.total_surplus(outcome.name)
    return {
        "status": outcome.status.value.replace("_", " "),
        "rounds": str(outcome.rounds),
        **{f"price of {visible(good)}": number(float(p)) for good, p in goods[:MOST_GOODS]},
        **({f"prices of {count(more, 'other good')}": "in comparison.csv"} if more > 0 else {}),
        "largest relative excess demand": number(outcome.disequilibrium),
        "lowest utility": number(utilities.lowest),
        "mean utility above -inf": number(utilities.mean),
        "agents with utility -inf": str(utilities.ruined),
        **({} if surplus is None else {"total surplus": number(surplus)}),
        "revenue": number(_without_rounding(outcome)),
        "efficient": _word(report.efficient),
        **({} if surplus is None else {"efficient with transfers": _word(report.efficient_with_transfers)}),
        "residual of the weights": number(report.residual),
        "largest regret": number(outcome.max_regret),
    }


def _without_rounding(outcome: SharedOutcome) -> float:
    """The revenue; 0 where payments cancel but for rounding."""
    worth = float(outcome.prices @ outcome.ended.consumed)
    rounding = unbalanced(outcome.status, outcome.disequilibrium, worth)
    return outcome.revenue if abs(outcome.revenue) > rounding else 0.0


def _word(verdict: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[verdict]


def _unknown(played: Shared) -> list[RenderableType]:
    """What could not be said, and why; nothing where everything could."""
    sentences = [
        f"{visible(name)}: {visible(sentence)}."
        for name, outcome in played.outcomes.items()
        for sentence in outcome.alignment.unknown
    ]
    return [Text(), Text("Unknown", style="bold"), points(sentences)] if sentences else []
