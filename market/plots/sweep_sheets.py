"""Figures of a sweep for reports and papers: sheets of curves over a parameter, or of heat maps over two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from market.economy.correspondences import Array
from market.errors import InputError, did_you_mean
from market.plots.competition import has_number_of_traders, surplus_by_number
from market.plots.style import Thousands, plain, styled, wrapped
from market.plots.sweep_maps import mean_by_cell, norm_of, sweep_heat_map
from market.plots.sweep_measures import averages, drawable, not_drawn, sweep_measures
from market.plots.sweep_words import SHARES
from market.plots.sweeps import coincide, draw_curve
from market.scenario.toml_text import escape

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from market.sweep import Sweep

MOST_PARAMETERS = 3  # with a column of curves each
BAR = 0.05  # width of a colour bar, in panels
TITLE, CAPTION, LABEL = 9, 14, 34  # letters in an inch of the sheet; letters of a label


def sweep_figure(
    swept: Sweep,
    measures: Sequence[str] | None = None,
    x: Sequence[str] = (),
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw measures of a sweep for a report or a paper.

    Over one parameter: a panel a measure, a line a mechanism. Over two: heat maps, a row a measure, a panel a
    mechanism. By default over the parameters that were varied: two of a grid give heat maps, more give
    a column of curves each. A measure that is 0 in all runs has no panel.

    Args:
        swept: the result of `market.sweep.sweep` or `market.sweep.read`.
        measures: columns of `swept.runs`; the main ones by default.
        x: path of one parameter for curves, or of two for heat maps (horizontal, vertical).
        size: width and height in inches.

    Returns:
        A figure of its own, not known to pyplot; `market.plots.save` writes it.

    Raises:
        InputError: a measure or a parameter is not known, or there is nothing to draw.

    Example:
        >>> # sweep_figure(market.sweep.read("sweeps/water"), ["price[water]"], size=(5, 3.5))
    """
    over = _parameters(swept, x)
    wanted = sweep_measures(swept) if measures is None else _known(swept, measures)
    left_out = not_drawn(swept, wanted)
    shown = [name for name in wanted if name not in left_out]
    if not shown:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"there is nothing to draw: {reasons or 'no main measure has a value other than 0'}")
    if len(over) == 2 and swept.design.kind == "grid":
        return _maps(swept, shown, (over[0], over[1]), size)
    counted = [path for path in over if measures is None and has_number_of_traders(swept, path)]
    return _curves(swept, shown, over, size, counted)


@styled
def sweep_overview(swept: Sweep) -> Figure | None:
    """Draw the main measures of a sweep against the parameters that were varied, on one sheet.

    Args:
        swept: the result of `market.sweep.sweep` or `market.sweep.read`.

    Returns:
        A figure of its own, not known to pyplot; None if nothing was varied or nothing was measured.
    """
    return sweep_figure(swept) if swept.design.axes and sweep_measures(swept) else None


def _parameters(swept: Sweep, x: Sequence[str]) -> list[str]:
    """Return the parameters over which a figure is drawn."""
    paths = [axis.path for axis in swept.design.axes]
    if not paths:
        raise InputError("nothing was varied in this sweep: there is no axis to draw over")
    for path in x:
        if path not in paths:
            known = did_you_mean(path[:100], map(escape, paths), "axes of this sweep")
            raise InputError(f"no axis '{escape(path)}'; {known}")
    if len(x) > 2 or len(set(x)) < len(x):
        raise InputError("name one axis for curves, or two different ones for heat maps")
    if len(x) == 2 and swept.design.kind != "grid":
        raise InputError(f"heat maps need a grid, and this is a {swept.design.kind} design; name one axis")
    return list(x) or paths[:MOST_PARAMETERS]


def _known(swept: Sweep, wanted: Sequence[str]) -> list[str]:
    """Return the measures that are asked for, each once."""
    known = drawable(swept)
    for name in wanted:
        if name not in known:
            why = f"no run has a value of '{name}'" if name in swept.runs else f"no measure '{escape(name)}'"
            raise InputError(
                f"{why}; {did_you_mean(name[:100], map(escape, known), 'measures of this sweep')}"
            )
    return list(dict.fromkeys(wanted))


@styled
def _curves(
    swept: Sweep,
    shown: Sequence[str],
    over: Sequence[str],
    size: tuple[float, float] | None,
    counted: Sequence[str] = (),
) -> Figure:
    """Draw curves: a column a parameter, or of one parameter in rows of two or three.

    Of counts of traders at posts (`counted`) the share of the surplus that is reached has panels of its own.
    """
    wide = len(over) if len(over) > 1 else _columns(len(shown) + len(counted))
    pairs = [(path, measure) for measure in shown for path in over]
    rows = -(-(len(pairs) + len(counted)) // wide)
    figure = _sheet(swept, size or (4.6 * wide + 0.2, 3.6 * rows + 0.8))
    for place, (path, measure) in enumerate(pairs):
        draw_curve(swept, path, measure, figure.add_subplot(rows, wide, place + 1))
    for place, path in enumerate(counted, len(pairs)):
        surplus_by_number(swept, path, figure.add_subplot(rows, wide, place + 1))
    words = [averages(swept, over, maps=False)]
    if any(coincide(swept, *pair) for pair in pairs):
        words.append("Marks of mechanisms that coincide are moved apart sideways.")
    return _captioned(figure, " ".join(words))


def _columns(panels: int) -> int:
    return 2 if panels == 4 else min(panels, 3)


@styled
def _maps(
    swept: Sweep, shown: Sequence[str], over: tuple[str, str], size: tuple[float, float] | None
) -> Figure:
    """Draw heat maps: a row a measure, a panel a mechanism; a row has one scale of colours."""
    rows = {measure: _by_mechanism(swept, over, measure) for measure in shown}
    names = [
        str(name) for name in swept.runs["mechanism"].unique() if any(name in row for row in rows.values())
    ]
    figure = _sheet(swept, size or (3.1 * len(names) + 1.6, 3.1 * len(rows) + 0.8))
    places = figure.add_gridspec(len(rows), len(names) + 1, width_ratios=[*[1.0] * len(names), BAR])
    for row, (measure, means) in enumerate(rows.items()):
        norm = norm_of(list(means.values()), measure)
        axes = [figure.add_subplot(places[row, column]) for column in range(len(names))]
        for ax, name in zip(axes, names, strict=True):
            sweep_heat_map(swept, over, measure, name, ax, norm)
            if ax is not axes[0]:
                ax.set_ylabel("")
                ax.set_yticklabels([])
        _colour_bar(
            figure.add_subplot(places[row, -1], label="<colorbar>"),
            axes[0],
            measure,
            drawable(swept)[measure],
        )
    _legend(figure)
    return _captioned(figure, averages(swept, over, maps=True))


def _colour_bar(place: Axes, drawn: Axes, measure: str, label: str) -> None:
    """Draw the scale of colours of a row, with its label."""
    form = PercentFormatter(1.0, symbol=" %") if measure in SHARES else Thousands(useOffset=False)
    bar = place.figure.colorbar(drawn.collections[0], cax=place, format=form)
    bar.set_label(wrapped(plain(label, 120), LABEL))
    place.grid(visible=False)


def _by_mechanism(swept: Sweep, over: tuple[str, str], measure: str) -> dict[str, Array]:
    """Return the cells of the mechanisms that have a value of the measure, converged or not."""
    names = swept.runs.loc[swept.runs[measure].notna(), "mechanism"].unique()
    return {str(name): mean_by_cell(swept, over, measure, str(name)).to_numpy(float) for name in names}


def _sheet(swept: Sweep, size: tuple[float, float]) -> Figure:
    """Return an empty figure with the scenario's title."""
    figure = Figure(figsize=size, layout="constrained")
    title = wrapped(plain(swept.scenario.title, 80), max(12, int(size[0] * TITLE)))
    figure.suptitle(title, x=0.012, ha="left", fontsize=12, fontweight="bold")
    return figure


def _captioned(figure: Figure, text: str) -> Figure:
    """Write the caption below the panels."""
    width = max(24, int(figure.get_figwidth() * CAPTION))
    figure.supxlabel(wrapped(text, width), x=0.012, ha="left", fontsize=8.0, color="0.35")
    return figure


def _legend(figure: Figure) -> None:
    """Name the marks of runs that did not converge, once for all panels."""
    found: dict[str, Artist] = {}
    for ax in figure.axes:
        handles, labels = ax.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    if found:
        figure.legend(list(found.values()), list(found), loc="outside upper right", ncols=len(found))
