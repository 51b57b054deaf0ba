"""Paths of prices and of excess demand, round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.plots.style import COLOURS, GUIDE, NAMED, legend_below, looks, number, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison
    from market.shards import Shared

WIDE_RANGE = 200.0  # largest over smallest price from which the axis is logarithmic
HIGHEST = 1e150  # price shown: matplotlib overflows beyond
FEW_LINES = 3  # up to here a legend finds room inside
FEW_ROUNDS = 30  # up to here every round is marked


def has_rounds(comparison: Comparison) -> bool:
    """Return True if prices were announced."""
    return len(comparison.rounds) > 0


@styled
def price_paths(comparison: Comparison | Shared, ax: Axes) -> Axes:
    """Draw the announced prices by round, and with quasilinear money the planner's multipliers.

    Args:
        comparison: the result of `market.compare` or `market.shards.play_in_shards`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    economy = comparison.economy
    _paths(comparison, ax, "price")
    _scale_of_prices(ax, comparison.rounds["price"].to_numpy())
    if economy.money is Money.QUASILINEAR and len(economy.goods) <= NAMED:
        _multipliers(comparison, ax)
    relative = "money" if economy.money is not Money.EXCHANGE else _unit_of_account(economy)
    ax.set_title("Prices")
    ax.set_ylabel(f"price of a unit ({relative})")
    return _rounds_below(comparison.rounds, ax)


@styled
def excess_demand_paths(comparison: Comparison | Shared, ax: Axes) -> Axes:
    """Draw excess demand at the announced prices by round.

    Args:
        comparison: the result of `market.compare` or `market.shards.play_in_shards`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    _paths(comparison, ax, "excess_demand")
    values = comparison.rounds["excess_demand"].to_numpy()
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    if largest > 0:
        _scale_of_excess(ax, largest)
    scale = ", symmetric log scale" if largest > 0 else ""
    _mark_unbounded(comparison.rounds, ax)
    ax.axhline(0.0, color="0.3", linewidth=1.0, zorder=1.5)
    ax.set_title("Excess demand")
    ax.set_ylabel(f"excess demand (units{scale})")
    return _rounds_below(comparison.rounds, ax)


def _paths(comparison: Comparison | Shared, ax: Axes, column: str) -> None:
    """Draw a line for each mechanism and good; up to six are named."""
    rounds = comparison.rounds
    mechanisms = list(dict.fromkeys(rounds["mechanism"]))
    goods = comparison.economy.goods
    named = len(mechanisms) * len(goods) <= NAMED
    styles = looks()
    for mechanism in mechanisms:
        of_mechanism = rounds[rounds["mechanism"] == mechanism]
        for good in goods:
            path = of_mechanism[of_mechanism["good"] == good]
            colour, dashes, _ = next(styles)
            label = good if len(mechanisms) == 1 else f"{good}, {mechanism}"
            look: dict[str, Any] = {"color": colour} | ({"linestyle": dashes} if named else {"alpha": 0.5})
            if not named:
                look["linewidth"] = 1.0
            if len(path) <= FEW_ROUNDS:  # and a line of one point would not be seen
                look |= {"marker": "o", "markersize": 3.0}
            ax.plot(path["round"], _finite(path[column]), label=plain(label, 40), **look)
    if named:
        _legend(ax)
    else:
        size = f"{len(goods)} goods" + (f", {len(mechanisms)} mechanisms" if len(mechanisms) > 1 else "")
        ax.text(0.99, 0.98, size, transform=ax.transAxes, ha="right", va="top", color="0.35")


def _legend(ax: Axes) -> None:
    """Draw a legend: a long one below the axes."""
    if len(ax.get_legend_handles_labels()[1]) > FEW_LINES:
        legend_below(ax)
    else:
        ax.legend(loc="best")


def _finite(values: pd.Series) -> Array:
    return values.where(np.isfinite(values)).to_numpy(dtype=float)


def _scale_of_prices(ax: Axes, prices: Array) -> None:
    """Scale the axis of prices: from zero, or logarithmic if they range widely and none is zero."""
    finite = prices[np.isfinite(prices)]
    if len(finite) and finite.min() > 0 and finite.max() > WIDE_RANGE * finite.min():
        ax.set_yscale("log")
        if finite.max() > HIGHEST:
            ax.set_ylim(top=HIGHEST)
            ax.text(
                0.5, 0.98, f"▴ up to {number(finite.max())}", transform=ax.transAxes, ha="center", va="top"
            )
    else:
        ax.set_ylim(bottom=0.0)


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
            _legend(ax)


def _unit_of_account(economy: Economy) -> str:
    if economy.numeraire is None:
        return "prices sum to 1"
    return f"units of {plain(economy.goods[economy.numeraire])}"


def _rounds_below(rounds: pd.DataFrame, ax: Axes) -> Axes:
    ax.set_xlabel("round")
    if rounds["round"].max() == 1:  # of which the locator would show fractions
        ax.set_xticks([1])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
