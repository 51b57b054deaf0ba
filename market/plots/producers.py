"""Revenue, cost and profit of producers under each mechanism, apart from the utilities of consumers.

Producers are agents that make goods, and sellers, which own goods and want none. With p prices and y net
output, at prices

    revenue = p.max(y, 0) + value of own goods sold,  cost = C(y) + p.max(-y, 0),  profit = revenue - cost.

Without prices revenue is the money received in a game, and a planner pays none: there only costs are known.
Where goods are made from goods and none has a price, no cost in money is known, and nothing is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.outcome import Outcome
from market.plots.style import (
    COLOURS,
    MARKERS,
    NAMED,
    at_the_edge,
    legend_below,
    limits,
    number,
    plain,
    rows,
    spread,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

KINDS = ("revenue", "cost", "profit")
NO_PRICES = "no prices: no revenue or cost in money"


class Accounts(NamedTuple):
    """Accounts of all agents, money.

    Args:
        revenue: (agents,); None if no money is paid.
        cost: (agents,).
        profit: (agents,), revenue minus cost; None if no money is paid.
    """

    revenue: Array | None
    cost: Array
    profit: Array | None


def producers(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of agents that make goods, or own goods and want none, (agents,)."""
    makes: NDArray[np.bool_] = np.asarray((economy.capacity > 0).any(axis=1))
    for block in economy.technologies:
        makes[block.rows] = True
    return makes | (economy.endowment.any(axis=1) & ~economy.wants_something)


def has_producers(comparison: Comparison) -> bool:
    """Return True if some agent makes goods, or owns goods and wants none."""
    return bool(producers(comparison.economy).any())


def accounts(outcome: Outcome) -> Accounts | None:
    """Return revenue, cost and profit of all agents; None where goods are made from goods without prices."""
    economy, y, cost = outcome.economy, outcome.production, outcome.economy.cost(outcome.production)
    if outcome.kind == "auctioneer" and outcome.prices is not None:
        own = np.where(economy.wants_something[:, None], 0.0, economy.endowment)
        sold = np.maximum(own - outcome.consumption, 0.0)
        revenue = (np.maximum(y, 0.0) + sold) @ outcome.prices
        cost = cost + np.maximum(-y, 0.0) @ outcome.prices
        return Accounts(revenue, cost, revenue - cost)
    if economy.technologies:
        return None
    if outcome.kind != "unmediated":
        return Accounts(None, cost, None)
    revenue = np.where(economy.wants_something, 0.0, -outcome.payments)
    return Accounts(revenue, cost, revenue - cost)


@styled
def producers_by_mechanism(comparison: Comparison, ax: Axes) -> Axes:
    """Draw revenue, cost and profit of producers under each mechanism.

    Many producers are shown by range, middle half and median, a row each for revenue, cost and profit.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    economy = comparison.economy
    chosen = np.flatnonzero(producers(economy))
    names = [economy.agents[int(i)] for i in chosen]
    known = {name: accounts(outcome) for name, outcome in comparison.outcomes.items()}
    values = [kind[chosen] for each in known.values() if each for kind in each if kind is not None]
    view = limits(np.concatenate([*values, [0.0]]))
    few = len(names) <= NAMED
    for row, each in enumerate(known.values()):
        ax.axhspan(row - 0.36, row + 0.36, color="0.95", zorder=0.5)
        if each is None:
            at_the_edge(NO_PRICES, True, row, "0.35", ax)
            continue
        for kind, (of_kind, offset) in enumerate(zip(each, (-0.22, 0.0, 0.22), strict=True)):
            if of_kind is None:
                continue
            if few:
                _markers(of_kind[chosen], row + offset, kind, view, ax)
            else:
                spread(of_kind[chosen], row + offset, view, COLOURS[kind], names, ax)
    for label, colour in zip(KINDS, COLOURS, strict=False):
        ax.plot([], [], color=colour, linewidth=5.0, label=label)
    if few:
        for name, marker in zip(names, MARKERS, strict=False):
            ax.plot([], [], marker, color="0.4", label=plain(name))
    rows(list(known), ax)
    ax.set_xlim(*view)
    ax.set_title("Producers: revenue, cost, profit")
    unit = "money" if economy.money is not Money.EXCHANGE else "units of account"
    ax.set_xlabel(f"{unit}; from the top: revenue, cost, profit")
    return legend_below(ax, None if few else f"{len(names):,} producers: range, middle half, median")


def _markers(values: Array, row: float, kind: int, view: tuple[float, float], ax: Axes) -> None:
    """Draw a marker for each producer; at the edge, with its number, if it is out of view."""
    for value, marker in zip(values, MARKERS, strict=False):
        at = min(max(float(value), view[0]), view[1])
        ax.plot([at], [row], marker, color=COLOURS[kind], clip_on=False, zorder=3)
        if at != value:
            at_the_edge(number(float(value)), value < view[0], row, COLOURS[kind], ax)
