"""Contributions to total surplus as text: a row a type of agents, and an interpretation."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from market.economy.correspondences import Array
from market.efficiency.shapley import Counts
from market.interfaces.text.layout import Row, Section, heading, points, tables
from market.interfaces.text.report import economy_in_a_line
from market.interfaces.text.sentences import NOT_HERE, count, number, visible
from market.results.contributions import Contributions

MOST_LISTED = 24
"""Types of agents with a row each; `--json` has all of them."""

NOT_SUMMED = ("standard error", "least in core", "greatest in core")

IN_THE_CORE = 1e-7
"""Share of total surplus: a smaller excess of a coalition is the rounding of optima."""


def contributions_table(title: str, found: Contributions, width: int) -> RenderableType:
    """Return the text that `market contributions` prints.

    Args:
        title: of the scenario.
        found: the contributions.
        width: columns of the terminal.
    """
    columns, shown = _columns(found), found.first[:MOST_LISTED].tolist()
    sums = [NOT_HERE if name in NOT_SUMMED else number(float(v.sum())) for name, v in columns.items()]
    rows = [
        Row(_called(found, kind), [number(float(values[row])) for values in columns.values()])
        for kind, row in enumerate(shown)
    ]
    more = len(found.first) - len(shown)
    if more:
        rows.append(Row(f"{count(more, 'more type')} of agents", [NOT_HERE] * len(columns)))
    part = Section("", [*rows, Row("sum over all agents", sums)])
    blank = Text()
    return Group(
        heading(visible(title)),
        Text(economy_in_a_line(found.economy)),
        *(each for table in tables(list(columns), [part], width, "Payoff a head") for each in (blank, table)),
        blank,
        heading("Interpretation"),
        points(list(_reading(found))),
        blank,
    )


def _columns(found: Contributions) -> dict[str, Array]:
    """Return the columns of the table: name -> a number for each agent."""
    columns = {"at prices": found.competitive}
    if found.shapley is not None:
        columns["Shapley value"] = found.shapley
    if found.errors is not None:
        columns["standard error"] = found.errors
    columns["marginal"] = found.marginal
    if found.core is not None:
        columns |= {"least in core": found.core[0], "greatest in core": found.core[1]}
    return columns


def _called(found: Contributions, kind: int) -> str:
    """Return the name of a type: its group, or its first agent, with the number of its agents."""
    rows = np.flatnonzero(found.label == kind)
    for name, members in found.economy.groups.items():
        if np.array_equal(members, rows):
            return visible(name) if len(rows) == 1 else f"{visible(name)} ({len(rows):,})"
    first = visible(found.economy.agents[int(rows[0])])
    return first if len(rows) == 1 else f"{first} and {len(rows) - 1:,} alike"


def _members(found: Contributions, k: Counts) -> str:
    """Return the members of a coalition in words, for instance `2 like buyer[0], baker[0]`."""
    names = [visible(found.economy.agents[row]) for row in found.first.tolist()]
    parts = [name if n == 1 else f"{n:,} like {name}" for name, n in zip(names, k, strict=True) if n]
    return ", ".join(parts[:4]) + (f" and {len(parts) - 4:,} more types" if len(parts) > 4 else "")


def _reading(found: Contributions) -> Iterator[str]:
    """Interpret the numbers in sentences."""
    yield f"All agents together reach a surplus of {number(found.surplus)}, which payoffs at prices divide."
    if found.economy.commons.any():
        yield (
            "The commons count as the agents' by their shares: a coalition has the shares of its members, "
            "and the revenue of the commons is in the payoffs at prices."
        )
    yield from _of_prices(found)
    yield from _of_shapley(found)
    marginal = float(found.marginal.sum())
    if math.isinf(marginal):
        yield "Some agent's marginal contribution is unbounded: without it another is at -inf."
        return
    more = marginal - found.surplus
    equal = abs(more) <= IN_THE_CORE * abs(found.surplus)
    off = "exactly" if equal else f"{number(abs(more))} {'more' if more > 0 else 'less'} than"
    yield f"Marginal contributions add up to {number(marginal)}, {off} what there is to divide."


def _of_prices(found: Contributions) -> Iterator[str]:
    """Say whether payoffs at prices are in the core, and whether they are unique."""
    size = max(abs(found.surplus), float(np.abs(found.competitive).sum()))
    if found.regret <= IN_THE_CORE * size:
        yield "Payoffs at prices are in the core: no coalition could reach more by itself."
    else:
        yield (
            f"Payoffs at prices are not proved to be in the core: at these prices agents could gain "
            f"{number(found.regret)} in all."
        )
    if found.price_interval is None:
        yield "Whether other prices support the same quantities is unknown."
        return
    wide = {good: ends for good, ends in found.price_interval.items() if ends is not None}
    if wide:
        ranges = (f"{visible(good)} {number(low)} to {number(high)}" for good, (low, high) in wide.items())
        yield f"Prices are not unique ({', '.join(ranges)}), nor are payoffs at prices; one choice is shown."


def _of_shapley(found: Contributions) -> Iterator[str]:
    """Say how Shapley values were found, and whether they are in the core."""
    if found.shapley is None:
        assert found.ruined is not None
        yield (
            f"There is no Shapley value: {_members(found, found.ruined)} alone would be at -inf, and an "
            f"agent that joins adds without limit."
        )
        return
    if found.orders is not None:
        yield (
            f"Shapley values are means over {count(found.orders, 'random order')} of the agents; whether "
            f"they are in the core is unknown, since not all coalitions were looked at."
        )
        return
    yield (
        f"Shapley values are exact, from {count(found.evaluated, 'coalition')} that differ in their members "
        f"by type."
    )
    best = found.blocks_shapley
    if best is None or best.excess <= IN_THE_CORE * abs(found.surplus):
        yield "Shapley values are in the core."
    else:
        yield (
            f"Shapley values are not in the core: {_members(found, best.members)} alone could have "
            f"{number(best.excess)} more."
        )
