"""Heat maps of a sweep: a measure over two parameters under one mechanism.

A cell is the mean over the runs that converged. A cell without any is empty, with a cross; a cell in which
only some converged has a circle. An infinite value is written into its cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize

from market.economy.correspondences import Array
from market.plots.style import DRAWN_AS_ONE, number, plain, styled, wrapped
from market.plots.sweep_measures import converged
from market.plots.sweep_words import SHARES, axis_words
from market.sweep.summary import curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.sweep import Sweep

COLOURS = "cividis"  # in order of lightness, also for the colour blind and in grey
NOTHING = "0.93"  # the colour of a cell without a finite mean
MOST_TICKS = 12  # values of a parameter of which each has a tick


@styled
def sweep_heat_map(
    swept: Sweep, over: tuple[str, str], measure: str, mechanism: str, ax: Axes, norm: Normalize | None = None
) -> Axes:
    """Draw the mean of a measure by the values of two parameters, as colours.

    Means are over seeds, and over the values of other parameters; of the runs that converged.

    Args:
        swept: the result of `market.sweep.sweep` or `market.sweep.read`.
        over: paths of the horizontal and of the vertical parameter.
        measure: a column of `swept.runs`.
        mechanism: its name.
        ax: to draw on; its `collections[0]` is what a colour bar is drawn of.
        norm: the scale of colours, common to several mechanisms; by default that of this one.

    Returns:
        The same axes.
    """
    means = mean_by_cell(swept, over, measure, mechanism)
    scale = norm or norm_of([means.to_numpy(float)])
    shown = np.ma.masked_invalid(means.to_numpy(float))
    ax.set_facecolor(NOTHING)
    edges = [np.arange(count + 1) - 0.5 for count in (shown.shape[1], shown.shape[0])]
    ax.pcolormesh(*edges, shown, cmap=COLOURS, norm=scale, edgecolors="white", linewidth=0.5)
    _mark(swept, over, measure, mechanism, means, ax)
    for axis, path, values in ((ax.xaxis, over[0], means.columns), (ax.yaxis, over[1], means.index)):
        every = -(-len(values) // MOST_TICKS)
        width = 12 if axis is ax.xaxis else 16
        axis.set_ticks(range(0, len(values), every), [_written(value, width) for value in values[::every]])
        axis.set_label_text(wrapped(plain(axis_words(path, swept.scenario), 90), 40))
    ax.grid(visible=False)
    ax.tick_params(length=0.0)
    ax.set_title(plain(mechanism, 40))
    return ax


def mean_by_cell(swept: Sweep, over: tuple[str, str], measure: str, mechanism: str) -> pd.DataFrame:
    """Return the mean of converged runs, a column a value of the first parameter, a row one of the second.

    Infinite if the measure was so in some run, and missing where no run converged or has a value.
    """
    runs = swept.runs[swept.runs["mechanism"] == mechanism]
    values = [sorted(swept.runs[path].unique()) for path in over]
    found = np.full((len(values[1]), len(values[0])), np.nan)
    kept = runs[converged(runs, measure)]
    for row, vertical in enumerate(values[1]):
        of_row = kept[kept[over[1]] == vertical]
        if len(of_row):
            cells = curve(of_row, over[0], measure)
            least, most = cells["min"].to_numpy(float), cells["max"].to_numpy(float)
            means = np.where(np.isinf(least), least, np.where(np.isinf(most), most, cells["mean"]))
            found[row, [values[0].index(value) for value in cells["value"]]] = means
    return pd.DataFrame(found, index=pd.Index(values[1]), columns=pd.Index(values[0]))


def norm_of(tables: Sequence[Array], measure: str = "") -> Normalize:
    """Return a scale of colours for all finite values; around the value if there is one only."""
    if measure in SHARES:
        return Normalize(0.0, 1.0)
    values = np.concatenate([table[np.isfinite(table)] for table in tables])
    if not len(values):
        return Normalize(0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if high - low <= DRAWN_AS_ONE * max(abs(low), abs(high)):
        half = 0.5 * abs(low) or 1.0
        return Normalize(low - half, high + half)
    return Normalize(low, high)


def _mark(
    swept: Sweep, over: tuple[str, str], measure: str, mechanism: str, means: pd.DataFrame, ax: Axes
) -> None:
    """Mark cells in which runs did not converge, and write infinite values and that there is none."""
    runs = swept.runs[(swept.runs["mechanism"] == mechanism) & swept.runs["error"].isna()]
    if runs[measure].isna().all():  # as of prices in a game without them
        ax.text(0.5, 0.5, "no value", ha="center", va="center", color="0.35", transform=ax.transAxes)
        return
    reached = converged(runs, measure)
    share = reached.astype(float).groupby([runs[path] for path in over]).mean()
    columns, rows = list(means.columns), list(means.index)
    for label, marker, which in (
        ("no run converged", "x", share == 0.0),
        ("some runs did not converge", "o", (share > 0.0) & (share < 1.0)),
    ):
        cells = list(share[which].index)
        if cells:
            ax.plot(
                [columns.index(x) for x, _ in cells], [rows.index(y) for _, y in cells], marker,
                color="#c0392b", markerfacecolor="white", markersize=7.0, markeredgewidth=1.5,
                linestyle="none", label=label,
            )  # fmt: skip
    values = means.to_numpy(float)
    for row, column in zip(*np.nonzero(np.isinf(values)), strict=True):
        words = number(float(values[row, column]))
        ax.text(column, row, words, ha="center", va="center", fontsize=8, color="0.35")


def _written(value: object, width: int) -> str:
    numeric = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
    return number(float(value)) if numeric else wrapped(plain(str(value)), width)  # type: ignore[arg-type]
