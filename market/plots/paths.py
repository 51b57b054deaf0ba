"""Paths of prices and of excess demand, round by round: a small panel a mechanism, a colour a good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from market.economy.primitives import Economy, Money
from market.plots.style import COLOURS, GUIDE, NAMED, legend_below, looks, number, plain, styled

if TYPE_CHECKING:
    from market.results.comparison import Comparison
    from market.shards import Shared

WIDE_RANGE = 200.0  # largest over smallest price from which the axis is logarithmic
FARTHEST = 1e6  # times the typical first price, or its inverse: the limits of a logarithmic axis
FEW_ROUNDS = 30  # up to here every round is marked
MANY_ROUNDS = 300  # beyond, lines are thin
MOST_PANELS = 6  # mechanisms; more have no room
LONG_NUMBER = 1000  # of a round: fewer ticks have room for its digits
GAP, TOP = 0.06, 0.9  # of the axes: space between small panels, and their height together under the title


def has_rounds(comparison: Comparison) -> bool:
    """Return True if prices were announced."""
    return len(comparison.rounds) > 0


@styled
def price_paths(comparison: Comparison | Shared, ax: Axes) -> Axes:
    """Draw the announced prices by round, and with quasilinear money the planner's multipliers.

    Args:
        comparison: the result of `market.compare` or `market.shards.play_in_shards`.
        ax: to draw on; with several mechanisms it holds a small panel for each.

    Returns:
        The same axes.
    """
    economy, rounds = comparison.economy, comparison.rounds
    panels = _panels(comparison, ax)
    low, high = _logarithmic(rounds, "price") or (0.0, np.inf)
    marks = {good: _beyond(rounds[rounds["good"] == good]["price"], low, high) for good in economy.goods}
    for mechanism, panel in panels.items():
        _draw(rounds[rounds["mechanism"] == mechanism], "price", marks, economy, panel)
        if low > 0:
            panel.set_yscale("log")
            panel.set_ylim(low, high)
        if economy.money is Money.QUASILINEAR and len(economy.goods) <= NAMED:
            _multipliers(comparison, panel)
    if not low > 0:
        finite = rounds["price"][np.isfinite(rounds["price"])]
        for panel in panels.values():
            panel.set_ylim(0.0, 1.06 * float(finite.max()) if len(finite) and finite.max() > 0 else 1.0)
    relative = "money" if economy.money is not Money.EXCHANGE else _unit_of_account(economy)
    scale = ", log scale" if low > 0 else ""
    return _finish("Prices", f"price of a unit ({relative}{scale})", comparison, panels, ax)


@styled
def excess_demand_paths(comparison: Comparison | Shared, ax: Axes) -> Axes:
    """Draw excess demand at the announced prices by round.

    Args:
        comparison: the result of `market.compare` or `market.shards.play_in_shards`.
        ax: to draw on; with several mechanisms it holds a small panel for each.

    Returns:
        The same axes.
    """
    rounds = comparison.rounds
    panels = _panels(comparison, ax)
    for mechanism, panel in panels.items():
        of_mechanism = rounds[rounds["mechanism"] == mechanism]
        _draw(of_mechanism, "excess_demand", {}, comparison.economy, panel)
    values = rounds["excess_demand"].to_numpy()
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    for mechanism, panel in panels.items():
        if largest > 0:
            _scale_of_excess(panel, largest)
        _mark_unbounded(rounds[rounds["mechanism"] == mechanism], panel)
        panel.axhline(0.0, color="0.3", linewidth=1.0, zorder=1.5)
    scale = ", symmetric log scale" if largest > 0 else ""
    return _finish("Excess demand", f"excess demand (units{scale})", comparison, panels, ax)


def _panels(comparison: Comparison | Shared, ax: Axes) -> dict[str, Axes]:
    """Return mechanism -> its panel: the axes for one mechanism, else small axes inside with equal scales."""
    mechanisms = list(dict.fromkeys(comparison.rounds["mechanism"]))[:MOST_PANELS]
    if len(mechanisms) <= 1:
        return dict.fromkeys(mechanisms, ax)
    columns, rows = _grid(len(mechanisms))
    width = (1.0 - GAP * (columns - 1)) / columns
    height = (TOP - 3.0 * GAP * (rows - 1)) / rows  # with room for ticks and a name between rows
    ax.axis("off")
    panels: dict[str, Axes] = {}
    for place, mechanism in enumerate(mechanisms):
        row, column = divmod(place, columns)
        corner = (column * (width + GAP), TOP - (row + 1) * height - 3.0 * GAP * row)
        first = next(iter(panels.values()), None)
        panel = ax.inset_axes((*corner, width, height), sharey=first)
        panel.set_title(plain(mechanism, 60 // columns), fontsize=8.5, fontweight="normal", pad=3.0)
        panel.tick_params(labelsize=8.0, labelleft=column == 0)
        panels[mechanism] = panel
    return panels


def _grid(panels: int) -> tuple[int, int]:
    """Return the number of columns and rows of small panels."""
    columns = 2 if panels in (2, 4) else 3
    return columns, -(-panels // columns)


def _draw(path: pd.DataFrame, column: str, marks: dict[str, str], economy: Economy, panel: Axes) -> None:
    """Draw a line for each good, with what is out of view after its name."""
    few = len(economy.goods) <= NAMED
    for good, (colour, dashes, _) in zip(economy.goods, looks(), strict=False):
        of_good = path[path["good"] == good]
        look: dict[str, Any] = {"color": colour} | ({"linestyle": dashes} if few else {"alpha": 0.5})
        if not few or len(of_good) > MANY_ROUNDS:
            look["linewidth"] = 1.0
        if len(of_good) <= FEW_ROUNDS:  # and a line of one point would not be seen
            look |= {"marker": "o", "markersize": 3.0}
        values = of_good[column].where(np.isfinite(of_good[column])).to_numpy(dtype=float)
        label = f"{plain(good, 40)}{marks.get(good, '')}" if few else f"_{good}"
        panel.plot(of_good["round"], values, label=label, **look)


def _finish(
    title: str, values: str, comparison: Comparison | Shared, panels: dict[str, Axes], ax: Axes
) -> Axes:
    """Name axes, panels and goods."""
    goods, rounds = comparison.economy.goods, comparison.rounds
    several = len(panels) > 1
    notes = [f"{len(goods):,} goods"] if len(goods) > NAMED else []
    played = rounds["mechanism"].nunique()
    notes += [f"{len(panels)} of {played} mechanisms"] if played > len(panels) else []
    ax.set_title(f"{title} ({', '.join(notes)})" if notes else title)
    ax.set_xlabel("round")
    ax.set_ylabel(values.replace(" (", "\n("))
    columns, lines = _grid(len(panels))
    for place, (mechanism, panel) in enumerate(panels.items()):
        _rounds_below(int(rounds[rounds["mechanism"] == mechanism]["round"].max()), panel, few=several)
        if several and place + columns >= len(panels):  # with no panel below
            panel.set_xlabel("round", fontsize=8.0)
        if several and place == columns * (lines - 1):  # one label for all rows, in their middle
            between = 1.5 * GAP * lines / (TOP - 3.0 * GAP * (lines - 1)) if lines > 1 else 0.0
            middle = 0.5 * lines + between * (lines - 1)
            panel.set_ylabel(values.replace(" (", "\n("), fontsize=8.0, y=middle)
    if several:
        _legend_of_panels(list(panels.values()), ax)
    elif len(goods) <= NAMED:
        legend_below(ax)
    return ax


def _legend_of_panels(panels: Sequence[Axes], ax: Axes) -> None:
    """Name the lines of the first panel below all of them."""
    for line in panels[0].get_lines():
        if not str(line.get_label()).startswith("_"):
            ax.plot(
                [],
                [],
                label=line.get_label(),
                color=line.get_color(),
                linestyle=line.get_linestyle(),
                linewidth=line.get_linewidth(),
                marker=line.get_marker(),
                markersize=3.0,
            )
    if ax.get_legend_handles_labels()[1]:
        legend_below(ax)


def _logarithmic(rounds: pd.DataFrame, column: str) -> tuple[float, float] | None:
    """Return limits of a logarithmic axis; None if values are near one another, or some are zero."""
    values = rounds[column].to_numpy()
    finite = values[np.isfinite(values)]
    if not len(finite) or finite.min() <= 0 or finite.max() <= WIDE_RANGE * finite.min():
        return None
    first = rounds[rounds["round"] == rounds["round"].min()][column]
    typical = float(np.exp(np.log(first[np.isfinite(first)]).mean()))
    low = max(float(finite.min()) / 1.5, typical / FARTHEST)
    return low, max(min(float(finite.max()) * 1.5, typical * FARTHEST), 10.0 * low)


def _beyond(values: pd.Series, low: float, high: float) -> str:
    """Return what is out of view of a good's prices, in words; empty if nothing is."""
    parts = []
    if values.min() < low:
        parts.append(f"falls to {number(float(values.min()))}")
    if values.max() > high:
        parts.append(f"rises to {number(float(values.max()))}")
    return f" ({', '.join(parts)})" if parts else ""


def _scale_of_excess(ax: Axes, largest: float) -> None:
    """Scale the axis: linear near zero, logarithmic beyond, so that start and convergence are seen."""
    decade = int(np.floor(np.log10(largest)))
    ax.set_yscale("symlog", linthresh=10.0 ** (decade - 1), linscale=1.0)
    decades = [10.0**power for power in (decade - 1, decade, decade + 1) if 10.0**power <= 3.0 * largest]
    low, high = ax.get_ylim()
    ticks = [-tick for tick in reversed(decades)] + [0.0, *decades]
    shown = [tick for tick in ticks if low <= tick <= high]
    ax.set_yticks(shown, [number(tick) for tick in shown])
    ax.minorticks_off()


def _mark_unbounded(rounds: pd.DataFrame, ax: Axes) -> None:
    """Mark rounds with unbounded excess demand at the edge."""
    unbounded = rounds[np.isinf(rounds["excess_demand"])]
    for at, of_round in unbounded.groupby("round"):
        above = bool((of_round["excess_demand"] > 0).any())
        ax.annotate(
            number(float(of_round["excess_demand"].iloc[0])),
            (float(at), float(above)),
            (4, -10 if above else 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=8,
            color=COLOURS[1],
        )
        sign, across = "^" if above else "v", ax.get_xaxis_transform()
        ax.plot([at], [float(above)], sign, color=COLOURS[1], transform=across, clip_on=False, zorder=4)


def _multipliers(comparison: Comparison | Shared, ax: Axes) -> None:
    """Draw the planner's shadow prices, to which prices converge."""
    for name, outcome in comparison.outcomes.items():
        if outcome.kind == "planner" and outcome.prices is not None:
            for good, price in enumerate(outcome.prices):
                label = f"shadow price, {plain(name)}" if good == 0 else None
                ax.axhline(price, label=label, **GUIDE)


def _unit_of_account(economy: Economy) -> str:
    if economy.numeraire is None:
        return "prices sum to 1"
    return f"units of {plain(economy.goods[economy.numeraire])}"


def _rounds_below(last: int, ax: Axes, *, few: bool) -> None:
    """Set ticks at whole rounds; matplotlib would show fractions of one."""
    if last == 1:
        ax.set_xticks([1])
    else:
        bins: Any = "auto" if not few else 2 if last >= LONG_NUMBER else 4
        ax.xaxis.set_major_locator(MaxNLocator(nbins=bins, integer=True))
