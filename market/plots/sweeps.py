"""Curves of a sweep: a measure over one parameter, a line a mechanism.

Equilibrium prices and other results are those of runs that converged: their mean over seeds and its 95 %
confidence interval. Runs that did not converge are drawn apart, as crosses at their means, joined by no line,
and counted in the legend. Infinite values are in no mean: they are marked at the edge and counted too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter
from matplotlib.transforms import ScaledTranslation

from market.plots.style import DRAWN_AS_ONE, legend_below, looks, number, plain, styled, wrapped
from market.plots.sweep_measures import converged
from market.plots.sweep_words import SHARES, axis_words, measure_words
from market.sweep.summary import curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.sweep import Sweep

MOST_MARKS = 25  # values of a parameter; of more, no line is drawn through the means
MOST_TICKS = 9  # values of a parameter of which each has a tick
ASIDE = 5.0  # points between the marks of mechanisms that coincide
LABEL = 34  # characters of a line of an axis label


class _Line(NamedTuple):
    """A mechanism's curve: places on the x axis, and means of runs that converged and of the others."""

    mechanism: str
    converged: pd.DataFrame
    others: pd.DataFrame
    look: tuple[str, Any, str]


@styled
def sweep_curve(swept: Sweep, parameter: str, measure: str, ax: Axes) -> Axes:
    """Draw a measure against one parameter, a line a mechanism: the mean over seeds and its 95 % interval.

    Means are over the values of other parameters too, and over runs that converged; the means of others
    are crosses. Infinite values are not in the means: they are marked at the edge, and the legend says in how
    many runs they occurred. Where mechanisms coincide, their marks are moved apart, by a few points.

    Args:
        swept: the result of `market.sweep.sweep` or `market.sweep.read`.
        parameter: path of the parameter.
        measure: a column of `swept.runs`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    values = pd.unique(swept.runs[parameter].sort_values(kind="stable"))
    numeric = is_numeric(swept.runs[parameter])
    places = {value: float(value) if numeric else float(place) for place, value in enumerate(values)}
    lines = list(_lines(swept, parameter, measure))
    aside = _aside(lines)
    for line, shift in zip(lines, aside, strict=True):
        _draw(line, places, shift, numeric and len(values) <= MOST_MARKS, ax)
    _set_x(swept, parameter, places, numeric, ax)
    _set_y(swept, measure, lines, ax)
    if ax.get_legend_handles_labels()[1]:
        legend_below(ax)
    return ax


def is_numeric(values: pd.Series) -> bool:
    """Return True if a parameter's values are numbers."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _lines(swept: Sweep, parameter: str, measure: str) -> Iterator[_Line]:
    """Yield the curves of the mechanisms that have a value of the measure; each keeps its look on a sheet."""
    settled = converged(swept.runs, measure)
    for mechanism, look in zip(swept.runs["mechanism"].unique(), looks(), strict=False):
        its = swept.runs["mechanism"] == mechanism
        tables = [_table(swept.runs[its & which], parameter, measure) for which in (settled, ~settled)]
        if any(len(table) for table in tables):
            yield _Line(str(mechanism), tables[0], tables[1], look)


def _table(runs: pd.DataFrame, parameter: str, measure: str) -> pd.DataFrame:
    """Return means by values of the parameter, of the values at which there is anything."""
    if runs.empty:
        return pd.DataFrame(columns=["value", "mean", "ci_low", "ci_high", "finite", "infinite", "runs"])
    table = curve(runs, parameter, measure)
    return table[table["finite"] + table["infinite"] > 0]


def _aside(lines: Sequence[_Line]) -> list[float]:
    """Return by how many points the marks of each mechanism are moved: by none unless some coincide."""
    means = {
        (line.mechanism, value): mean
        for line in lines
        for value, mean in zip(line.converged["value"], line.converged["mean"], strict=True)
        if np.isfinite(mean)
    }
    span = np.ptp(list(means.values())) if means else 0.0
    at: dict[Any, list[float]] = {}
    for (_, value), mean in means.items():
        at.setdefault(value, []).append(mean)
    gaps = [gap for each in at.values() for gap in np.diff(sorted(each))]
    if not gaps or min(gaps) > max(0.02 * span, 0.0):
        return [0.0] * len(lines)
    middle = (len(lines) - 1) / 2.0
    return [ASIDE * (place - middle) for place in range(len(lines))]


def coincide(swept: Sweep, parameter: str, measure: str) -> bool:
    """Return True if the marks of mechanisms are moved apart in a curve."""
    return any(_aside(list(_lines(swept, parameter, measure))))


def _draw(line: _Line, places: dict[Any, float], shift: float, joined: bool, ax: Axes) -> None:
    """Draw a mechanism: a line through the means, marks and intervals, crosses, and marks of infinity."""
    colour, dashes, marker = line.look
    moved = ax.transData + ScaledTranslation(shift / 72.0, 0.0, ax.figure.dpi_scale_trans)
    table = line.converged
    finite = table[table["finite"] > 0]
    at = np.array([places[value] for value in finite["value"]], dtype=float)
    mean, low, high = (finite[name].to_numpy(float) for name in ("mean", "ci_low", "ci_high"))
    if joined and len(at) > 1:
        ax.plot(at, mean, color=colour, linestyle=dashes, linewidth=1.6)
    if len(table):
        bars = np.nan_to_num([mean - low, high - mean])
        ax.errorbar(
            at, mean, yerr=bars if bars.any() else None, color=colour, marker=marker,
            linestyle=dashes if joined and not shift else "none", linewidth=1.6,
            markersize=4.5 if joined else 3.0, capsize=2.5, elinewidth=0.9, transform=moved,
            label=wrapped(plain(line.mechanism + _infinite(table), 80)),
        )  # fmt: skip
    others = line.others[line.others["finite"] > 0]
    if len(line.others):
        many = int((line.others["runs"] - line.others["missing"]).sum())
        of = int(many + (table["runs"] - table["missing"]).sum()) if len(table) else many
        ax.plot(
            [places[value] for value in others["value"]], others["mean"].to_numpy(float), "x",
            color=colour, markersize=6.0, markeredgewidth=1.3, transform=moved,
            label=wrapped(plain(f"{line.mechanism}: did not converge ({many:,} of {of:,} runs)", 80)),
        )  # fmt: skip
    _mark_infinite(line, places, moved, ax)


def _mark_infinite(line: _Line, places: dict[Any, float], moved: Any, ax: Axes) -> None:
    """Mark infinite values at the lower or upper edge."""
    both = pd.concat([table for table in (line.converged, line.others) if len(table)])
    across = moved + ax.transData.inverted() + ax.get_xaxis_transform()
    for infinite, edge, sign in ((both["min"] == -np.inf, 0.0, "v"), (both["max"] == np.inf, 1.0, "^")):
        where = [places[value] for value in both.loc[infinite, "value"].unique()]
        if where:  # an empty line that is not clipped has no extent
            ax.plot(where, [edge] * len(where), sign, color=line.look[0], transform=across, clip_on=False)


def _infinite(table: pd.DataFrame) -> str:
    """Return the number of runs in which the measure was infinite; empty if there is none."""
    infinite = int(table["infinite"].sum())
    if not infinite:
        return ""
    runs = int(table["runs"].sum() - table["missing"].sum())
    ends = [number(end) for end in (-np.inf, np.inf) if ((table["min"] == end) | (table["max"] == end)).any()]
    return f" ({' or '.join(ends)} in {infinite:,} of {runs:,})"


def _set_x(swept: Sweep, parameter: str, places: dict[Any, float], numeric: bool, ax: Axes) -> None:
    """Label the x axis, with ticks at the values: at whole numbers for counts."""
    ax.set_xlabel(wrapped(plain(axis_words(parameter, swept.scenario), 90), 52))
    at = list(places.values())
    margin = 0.06 * (max(at) - min(at)) or 0.5
    ax.set_xlim(min(at) - margin, max(at) + margin)
    if not numeric:
        ax.set_xticks(at, [wrapped(plain(str(value)), 14) for value in places])
        ax.set_xlim(-0.5, len(at) - 0.5)
        ax.grid(visible=False, axis="x")
    elif _is_whole(swept, parameter):
        if len(at) <= MOST_TICKS and max(np.abs(at)) < 1e4:
            ax.set_xticks(at)
        else:
            ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _is_whole(swept: Sweep, name: str) -> bool:
    return bool(pd.api.types.is_integer_dtype(swept.runs[name]))


def _set_y(swept: Sweep, measure: str, lines: Sequence[_Line], ax: Axes) -> None:
    """Label the y axis; a constant is in its middle, shares go from 0 to 100 %."""
    ax.set_ylabel(wrapped(plain(measure_words(measure, swept.scenario), 120), LABEL))
    if measure in SHARES:
        ax.set_ylim(-0.05, 1.05)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
        return
    drawn = [
        table.loc[table["finite"] > 0, ["mean", "ci_low", "ci_high"]].to_numpy(float).ravel()
        for line in lines
        for table in (line.converged, line.others)
    ]
    values = np.concatenate(drawn) if drawn else np.empty(0)
    values = values[np.isfinite(values)]
    if not len(values):
        ax.set_yticks([])
        return
    if np.ptp(values) <= DRAWN_AS_ONE * np.abs(values).max():
        half = 0.5 * abs(values[0]) or 1.0
        ax.set_ylim(values[0] - half, values[0] + half)
    if _is_whole(swept, measure):
        ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
