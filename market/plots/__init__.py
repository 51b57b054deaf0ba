"""Figures of a comparison (what prices did, what everyone has, what they could have) and curves of a sweep.

Each function draws one figure on an axes and returns it; `overview` puts together those that apply.
Everything is told by shape and line style as well as by colour, so that it can be read in grey. Values
without bound, as the -inf of an agent that has none of what it cannot do without, are drawn at the edge and
labelled; so are values far from all others. Nothing here touches matplotlib's global state.

To add one: a function in a module here, and its name in `__all__`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.figure import Figure

from market.plots.paths import excess_demand_paths, price_paths
from market.plots.possibilities import frontier
from market.plots.style import STYLE, plain, styled
from market.plots.sweeps import sweep_curve, sweep_overview
from market.plots.welfare import utilities_by_mechanism

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.comparison import Comparison

RESOLUTION = 150  # dots an inch, where a format has dots

__all__ = [
    "STYLE",
    "excess_demand_paths",
    "frontier",
    "overview",
    "price_paths",
    "save",
    "sweep_curve",
    "sweep_overview",
    "utilities_by_mechanism",
]


@styled
def overview(comparison: Comparison) -> Figure:
    """Every figure that applies, on one sheet.

    Args:
        comparison: what `market.compare` returns.

    Returns:
        A figure of its own, not known to pyplot.
    """
    panels: list[Callable[[Comparison, Axes], Axes]] = []
    if len(comparison.rounds):
        panels += [price_paths, excess_demand_paths]
    panels.append(utilities_by_mechanism)
    if len(comparison.economy.agents) == 2:
        panels.append(frontier)
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.9 * rows + 0.4), layout="constrained")
    figure.suptitle(plain(comparison.scenario.title, 80), x=0.012, ha="left", fontsize=13, fontweight="bold")
    grid = figure.add_gridspec(rows, columns)
    for place, panel in enumerate(panels):
        last_alone = place == len(panels) - 1 and len(panels) % columns == 1
        spot = grid[place // columns, :] if last_alone else grid[place // columns, place % columns]
        panel(comparison, figure.add_subplot(spot))
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes.

    Args:
        figure: to be written.
        path: with the format as its ending, for instance ".svg".
    """
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix)
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # of a name in another script
        figure.savefig(path, metadata=metadata, dpi=RESOLUTION)
