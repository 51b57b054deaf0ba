"""Curves of a sweep: a measure over one parameter, a line a mechanism.

Equilibrium prices and other results are those of runs that converged: their mean over seeds and its 95 %
confidence interval. Runs that did not converge are drawn apart, as crosses at their means, joined by no line,
and counted in the legend. Infinite values are in no mean: they are marked at the edge and counted too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter
from matplotlib.transforms import ScaledTranslation

from market.plots.style import DRAWN_AS_ONE, legend_below, looks, number, plain, styled, wrapped
from market.plots.sweep_measures import averages, converged
from market.plots.sweep_words import SHARES, axis_words, measure_words
from market.sweep.summary import curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.sweep import Sweep

MOST_MARKS = 25  # values of a parameter; of more, no line is drawn through the means
MOST_TICKS = 9  # values of a parameter of which each has a tick
ASIDE = 6.0  # points between the marks of mechanisms that coincide
NEAR = 0.02  # of the span of the means: closer ones coincide
WIDTH, WIDER = 1.5, 1.5  # points, of lines
EMPTY = ("value", "finite", "mean", "ci_low", "ci_high", "min", "max", "runs", "infinite", "missing")
MARGIN = 0.07  # of the span of an axis
LABEL, TALL = 34, 10  # characters of a line of an axis label, and in an inch of its axis


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
    draw_curve(swept, parameter, measure, ax)
    if ax.get_legend() is not None and len(swept.runs["replicate"].unique()) > 1:
        legend_below(ax, wrapped(averages(swept, [parameter], maps=False).rstrip("."), 70))
    return ax


@styled
def draw_curve(swept: Sweep, parameter: str, measure: str, ax: Axes) -> Axes:
    """Draw a curve whose averages and intervals the caption of a sheet names."""
    values = pd.unique(swept.runs[parameter].sort_values(kind="stable"))
    numeric = is_numeric(swept.runs[parameter])
    places = {value: float(value) if numeric else float(place) for place, value in enumerate(values)}
    lines = list(_lines(swept, parameter, measure))
    aside = _aside(lines)
    for line in lines:
        rank = list(aside).index(line.mechanism) + 1 if line.mechanism in aside else len(aside)
        width = WIDTH + WIDER * (len(aside) - rank)  # of lines on one another, the lower ones are wider
        moved = aside.get(line.mechanism, 0.0)
        _draw(line, places, moved, width, numeric and len(values) <= MOST_MARKS, ax)
    _set_x(swept, parameter, places, numeric, ax)
    _set_y(swept, measure, lines, ax)
    return legend_below(ax) if ax.get_legend_handles_labels()[1] else ax


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
        return pd.DataFrame(columns=EMPTY, dtype=float)
    table = curve(runs, parameter, measure)
    return table[table["finite"] + table["infinite"] > 0]


def _aside(lines: Sequence[_Line]) -> dict[str, float]:
    """Return by how many points the marks of each mechanism are moved that coincides with another."""
    values = [
        (value, mean, line.mechanism)
        for line in lines
        for value, mean, finite in line.converged[["value", "mean", "finite"]].itertuples(index=False)
        if finite > 0
    ]
    means = [mean for _, mean, _ in values]
    near = max(NEAR * float(np.ptp(means)), DRAWN_AS_ONE * float(np.abs(means).max())) if means else 0.0
    meeting = {
        name
        for one, other in combinations(values, 2)
        if one[0] == other[0] and abs(one[1] - other[1]) <= near
        for name in (one[2], other[2])
    }
    moved = [line.mechanism for line in lines if line.mechanism in meeting]
    return {name: ASIDE * (place - (len(moved) - 1) / 2.0) for place, name in enumerate(moved)}


def coincide(swept: Sweep, parameter: str, measure: str) -> bool:
    """Return True if the marks of mechanisms are moved apart in a curve."""
    return bool(_aside(list(_lines(swept, parameter, measure))))


def _draw(line: _Line, places: dict[Any, float], moved: float, width: float, joined: bool, ax: Axes) -> None:
    """Draw a mechanism: a line through the means, marks and intervals, crosses, and marks of infinity."""
    colour, dashes, marker = line.look
    shift = ScaledTranslation(moved / 72.0, 0.0, ax.figure.dpi_scale_trans)
    size = 4.5 if len(places) <= MOST_MARKS else 3.0
    finite = line.converged[line.converged["finite"] > 0]
    at = np.array([places[value] for value in finite["value"]], dtype=float)
    mean, low, high = (finite[name].to_numpy(float) for name in ("mean", "ci_low", "ci_high"))
    if joined and len(at) > 1:
        ax.plot(at, mean, color=colour, linestyle=dashes, linewidth=width)
    if len(at):
        bars = np.nan_to_num([mean - low, high - mean])
        ax.errorbar(
            at, mean, yerr=bars if bars.any() else None, color=colour, marker=marker, linestyle="none",
            markersize=size, capsize=2.5, elinewidth=0.9, transform=ax.transData + shift, zorder=3.0,
        )  # fmt: skip
    if len(line.converged):
        shown = {"linestyle": dashes if joined else "none", "marker": marker} if len(at) else _edge(line)
        label = wrapped(plain(line.mechanism + _infinite(line.converged), 80))
        ax.plot([], [], color=colour, linewidth=width, markersize=size, label=label, **shown)
    if len(line.others):
        _draw_others(line, places, shift, ax)
    _mark_infinite(line, places, shift, ax)


def _edge(line: _Line) -> dict[str, str]:
    """Return the mark of a mechanism whose values are all infinite."""
    return {"linestyle": "none", "marker": "v" if (line.converged["min"] == -np.inf).any() else "^"}


def _draw_others(line: _Line, places: dict[Any, float], shift: Any, ax: Axes) -> None:
    """Draw the means of runs that did not converge as crosses, and name them."""
    finite = line.others[line.others["finite"] > 0]
    many, rest = (int((table["runs"] - table["missing"]).sum()) for table in (line.others, line.converged))
    words = f"{line.mechanism}: did not converge ({many:,} of {many + rest:,} runs)"
    ax.plot(
        [places[value] for value in finite["value"]], finite["mean"].to_numpy(float), "x", zorder=3.0,
        color=line.look[0], markersize=6.0, markeredgewidth=1.3, transform=ax.transData + shift,
        label=wrapped(plain(words, 90)),
    )  # fmt: skip


def _mark_infinite(line: _Line, places: dict[Any, float], shift: Any, ax: Axes) -> None:
    """Mark infinite values at the lower or upper edge."""
    both = pd.concat([table for table in (line.converged, line.others) if len(table)])
    for infinite, edge, sign in ((both["min"] == -np.inf, 0.0, "v"), (both["max"] == np.inf, 1.0, "^")):
        where = [places[value] for value in both.loc[infinite, "value"].unique()]
        if where:  # an empty line that is not clipped has no extent
            across = ax.get_xaxis_transform() + shift
            ax.plot(where, [edge] * len(where), sign, color=line.look[0], transform=across, clip_on=False)


def _infinite(table: pd.DataFrame) -> str:
    """Return the number of runs in which the measure was infinite; empty if there is none."""
    infinite = int(table["infinite"].sum())
    if not infinite:
        return ""
    runs = int(table["runs"].sum() - table["missing"].sum())
    ends = [number(end) for end in (-np.inf, np.inf) if ((table["min"] == end) | (table["max"] == end)).any()]
    return f" ({' or '.join(ends)} in {infinite:,} of {runs:,} runs)"


def _set_x(swept: Sweep, parameter: str, places: dict[Any, float], numeric: bool, ax: Axes) -> None:
    """Label the x axis, with ticks at the values: at whole numbers for counts."""
    ax.set_xlabel(wrapped(plain(axis_words(parameter, swept.scenario), 90), 52))
    at = list(places.values())
    margin = MARGIN * (max(at) - min(at)) or 0.5
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
    room = min(LABEL, int(TALL * ax.bbox.height / ax.figure.dpi))
    ax.set_ylabel(wrapped(plain(measure_words(measure, swept.scenario), 120), max(room, 12)))
    if measure in SHARES:
        ax.set_ylim(-0.05, 1.05)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
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
    low, high = float(values.min()), float(values.max())
    if high - low <= DRAWN_AS_ONE * max(abs(low), abs(high)):
        margin = 0.5 * abs(low) or 1.0
    else:
        margin = MARGIN * (high - low)
    ax.set_ylim(low - margin, high + margin)
    if _is_whole(swept, measure):
        ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
