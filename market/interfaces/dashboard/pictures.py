"""The pictures of a page, as SVG within the page itself: sharp at any size, without a request."""

from __future__ import annotations

import base64
import io
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
from matplotlib.figure import Figure

from market import plots
from market.plots.box import has_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

OF_PRICES = ("Prices", "Excess demand")
SIZE = (5.2, 3.7)  # inches
ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings are global, and every open page has its own thread

Panel = Callable[["Comparison", "Axes"], "Axes"]


class Picture(NamedTuple):
    """A picture and its title."""

    title: str
    source: str


def pictures(compared: Comparison) -> tuple[Picture, ...]:
    """Return the pictures that apply to a comparison.

    Args:
        compared: the outcomes so far.
    """
    return tuple(Picture(title, _drawn(panel, compared)) for title, panel in _panels(compared))


def _panels(compared: Comparison) -> list[tuple[str, Panel]]:
    found: list[tuple[str, Panel]] = []
    if len(compared.rounds):
        found += zip(OF_PRICES, (plots.price_paths, plots.excess_demand_paths), strict=True)
    if has_box(compared.economy):
        found.append(("Edgeworth box", plots.edgeworth_box))
    if len(compared.economy.agents) == 2:
        found.append(("Utility possibilities", plots.frontier))
    return [*found, ("Utility by mechanism", plots.utilities_by_mechanism)]


def _drawn(panel: Panel, compared: Comparison) -> str:
    """Return a panel as the address of an image."""
    written = io.BytesIO()
    with ONE_AT_A_TIME, matplotlib.rc_context(plots.STYLE), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # of a name in another script
        figure = Figure(figsize=SIZE, layout="constrained")
        panel(compared, figure.add_subplot())
        figure.savefig(written, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(written.getvalue()).decode('ascii')}"
