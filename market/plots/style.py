"""How figures look: colours, dashes and markers that can be told apart in grey; names and numbers on them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import matplotlib
import numpy as np

from market.interval import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

P = ParamSpec("P")
R = TypeVar("R")

STYLE: dict[str, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": "0.25",
    "axes.edgecolor": "0.45",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.7,
    "xtick.color": "0.35",
    "ytick.color": "0.35",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "lines.markersize": 7.0,
    "svg.hashsalt": "market",
    "savefig.bbox": None,
}
COLOURS = ("#1b4f72", "#d35400", "#117a65", "#8e44ad", "#b7950b", "#7f8c8d")  # apart in lightness too
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (5, 1.5, 1, 1.5)), (0, (9, 2)), (0, (2, 2)))
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
MINUS = "\N{MINUS SIGN}"
NAMED = 6  # lines or agents; more are drawn alike, and not named one by one
LONGEST = 24  # characters of a name in a legend
FAR = 3.0  # values lower by more than so many times the span of the others are drawn at the edge
PAYOFF = "payoff in the game"


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw with this module's style, and leave the global one alone."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return drawn


def looks() -> Iterator[tuple[str, Any, str]]:
    """Colour, dashes and marker, one after another."""
    return zip(cycle(COLOURS), cycle(DASHES), cycle(MARKERS))


def plain(name: str, longest: int = LONGEST) -> str:
    """A name as it is: no formula between dollar signs, not hidden by a leading underscore, not too long."""
    short = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return short.replace("$", r"\$").replace("_", " _", 1 if short.startswith("_") else 0)


def number(value: float) -> str:
    """A value to read."""
    if np.isinf(value):
        return f"{MINUS}∞" if value < 0 else "∞"
    if 1e3 <= abs(value) < 1e7:
        return f"{value:,.0f}".replace("-", MINUS)
    digits, _, exponent = f"{value:.3g}".partition("e")
    return (f"{digits}e{int(exponent)}" if exponent else digits).replace("-", MINUS)


def at_the_edge(said: str, left: bool, row: float, colour: str, ax: Axes, lift: float = 0.0) -> None:
    """What is said of something beyond the left or right edge of the axes, `lift` points above its row."""
    ax.annotate(
        said,
        (0.0 if left else 1.0, row),
        (7 if left else -7, lift),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="left" if left else "right",
        va="center",
        fontsize=8,
        color=colour,
    )


def limits(values: Array, line: Array | None = None) -> tuple[float, float]:
    """Limits of an axis: around the line and those values that are not far below the others."""
    finite = np.unique(values[np.isfinite(values)])
    if not len(finite):
        return -1.0, 1.0
    if line is not None and len(line) > 1:
        low, high = float(line.min()), float(max(line.max(), finite.max()))
    else:
        high, low = float(finite[-1]), float(finite[0])
        upper = finite[finite >= np.median(finite)]
        span = float(upper[-1] - upper[0]) or max(1.0, abs(high))
        near = finite[finite >= high - FAR * 2.0 * span]
        low = float(near[0])
    margin = 0.06 * ((high - low) or max(1.0, abs(high)))
    ruined = bool((values < low).any())
    return low - (2.0 if ruined else 1.0) * margin, high + margin
