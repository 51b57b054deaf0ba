"""Revenue, cost and profit of producers under each mechanism, apart from the utilities of consumers.

The numbers are those of `efficiency/producer_accounts.py`; where they are not known, nothing is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Money
from market.efficiency.producer_accounts import accounts, producers
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


def has_producers(comparison: Comparison) -> bool:
    """Return True if some agent makes goods, or owns goods and wants none."""
    return bool(producers(comparison.economy).any())


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
