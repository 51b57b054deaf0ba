"""Curves of a sweep: a measure against a parameter, with mean and confidence interval over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from market.economy.correspondences import Array
from market.plots.style import looks, number, plain, styled
from market.sweep.summary import curve, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.sweep import Sweep

MOST_MARKS = 25  # values of a parameter; of more, no line is drawn through the means
SHEET = (3, 4)  # at most so many parameters and measures on one sheet


@styled
def sweep_curve(swept: Sweep, parameter: str, measure: str, ax: Axes) -> Axes:
    """Draw a measure against one parameter, a line a mechanism: the mean over seeds and its 95 % interval.

    Means are over the values of other parameters too. Infinite values are not in the means: they are marked
    at the edge, and the legend says in how many runs they occurred.

    Args:
        swept: the result of `market.sweep.sweep`.
        parameter: path of the parameter.
        measure: a column of `swept.runs`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    table = curve(swept.runs, parameter, measure)
    numeric = pd.api.types.is_numeric_dtype(table["value"]) and not pd.api.types.is_bool_dtype(table["value"])
    values = list(dict.fromkeys(table["value"]))
    places = {value: value if numeric else place for place, value in enumerate(values)}
    for mechanism, look in zip(dict.fromkeys(table["mechanism"]), looks(), strict=False):
        of_mechanism = table[table["mechanism"] == mechanism]
        if (of_mechanism[["finite", "infinite"]].sum() > 0).any():
            at = np.array([places[value] for value in of_mechanism["value"]], dtype=float)
            _line(of_mechanism, at, str(mechanism), look, numeric and len(values) <= MOST_MARKS, ax)
    if not numeric:
        ax.set_xticks(range(len(values)), [plain(str(value)) for value in values])
    ax.set_xlabel(plain(parameter, 60))
    ax.set_ylabel("mean, 95 % confidence interval" if swept.design.seeds > 1 else "mean of the runs")
    words = title(measure)
    ax.set_title(plain(words[:1].upper() + words[1:], 40))
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="best")
    return ax


def _line(table: pd.DataFrame, at: Array, mechanism: str, look: Any, joined: bool, ax: Axes) -> None:
    """Draw one mechanism: means, joined or not, their intervals, and marks of infinite values."""
    colour, dashes, marker = look
    mean, low, high = (table[name].to_numpy() for name in ("mean", "ci_low", "ci_high"))
    ax.errorbar(
        at, mean, yerr=[mean - low, high - mean], color=colour, linestyle=dashes if joined else "none",
        marker=marker, markersize=4.5 if joined else 3.0, capsize=2.5, elinewidth=0.9,
        label=plain(_label(table, mechanism), 60),
    )  # fmt: skip
    for infinite, edge, sign in ((table["min"] == -np.inf, 0.0, "v"), (table["max"] == np.inf, 1.0, "^")):
        where = at[infinite.to_numpy()]
        if not len(where):  # an empty line that is not clipped has no extent
            continue
        across = ax.get_xaxis_transform()
        ax.plot(where, np.full(len(where), edge), sign, color=colour, transform=across, clip_on=False)


def _label(table: pd.DataFrame, mechanism: str) -> str:
    """Return the mechanism's name, and the number of its runs in which the measure was infinite."""
    infinite = int(table["infinite"].sum())
    if not infinite:
        return mechanism
    runs = int(table["runs"].sum() - table["missing"].sum())
    signs = [
        number(end) for end in (-np.inf, np.inf) if ((table["min"] == end) | (table["max"] == end)).any()
    ]
    return f"{mechanism} ({' or '.join(signs)} in {infinite:,} of {runs:,})"


def sweep_measures(swept: Sweep) -> Sequence[str]:
    """Return the measures to draw: prices, surplus, surplus lost, lowest utility, share that converged."""
    runs = swept.runs
    prices = [f"price[{good}]" for good in swept.scenario.goods]
    wanted = [*prices[:2], "total_surplus", "surplus_gap", "lowest_utility", "settled"]
    found = [
        name
        for name in wanted
        if np.isfinite(runs[name].astype("Float64").to_numpy(float, na_value=np.nan)).any()
    ]
    return found[: SHEET[1]]


@styled
def sweep_overview(swept: Sweep) -> Figure | None:
    """Draw curves of up to four measures against up to three parameters on one sheet.

    Args:
        swept: the result of `market.sweep.sweep`.

    Returns:
        A figure of its own, not known to pyplot; None if nothing was varied or nothing was measured.
    """
    parameters = [axis.path for axis in swept.design.axes][: SHEET[0]]
    measures = sweep_measures(swept)
    if not parameters or not measures:
        return None
    rows, columns = len(measures), len(parameters)
    figure = Figure(figsize=(5.2 * columns, 3.3 * rows + 0.4), layout="constrained")
    figure.suptitle(plain(swept.scenario.title, 80), x=0.012, ha="left", fontsize=13, fontweight="bold")
    axes = figure.subplots(rows, columns, squeeze=False)
    for row, measure in enumerate(measures):
        for column, parameter in enumerate(parameters):
            sweep_curve(swept, parameter, measure, axes[row, column])
    return figure
