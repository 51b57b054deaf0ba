"""Style of figures: colours, dashes and markers that differ in grey too; names and numbers on figures."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import AutoLocator, MaxNLocator, ScalarFormatter
from matplotlib.transforms import Bbox, ScaledTranslation

from market.economy.correspondences import Array

if TYPE_CHECKING:
    from market.results.comparison import Comparison

P = ParamSpec("P")
R = TypeVar("R")

COLOURS = ("#1b4f72", "#d35400", "#117a65", "#8e44ad", "#b7950b", "#7f8c8d")  # apart in lightness too
STYLE: dict[str, Any] = {
    "axes.prop_cycle": cycler(color=COLOURS),
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
DASHES: tuple[Any, ...] = (  # one more than colours, so that 42 lines differ
    "-",
    (0, (5, 2)),
    (0, (1, 1.4)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (2, 2)),
    (0, (8, 1.5, 1, 1.5, 1, 1.5)),
)
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
POINT: dict[str, Any] = {"markeredgecolor": "white", "clip_on": False, "zorder": 4}  # an outcome
GUIDE: dict[str, Any] = {"color": "0.45", "linewidth": 0.9, "linestyle": (0, (2, 2)), "zorder": 1.5}
MINUS = "\N{MINUS SIGN}"
NAMED = 6  # lines or agents; more are drawn alike, and not named one by one
LONGEST = 24  # characters of a name in a legend
FAR = 300.0  # times the span of the upper half: lower values are drawn at the edge
DRAWN_AS_ONE = 1e-6  # relative: numbers closer than this are drawn as one
LETTERS = 20  # characters of a legend that fit into an inch of the width of an axes
LONG_NUMBER = 1e4  # from here on fewer ticks have room for their labels
PAYOFF = "payoff"
LEGEND_WIDTH = 44  # characters of a line of a legend
PAPER = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"}  # behind a text


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw with this module's style and leave matplotlib's own as it is; thousands are separated on axes."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
            found = draw(*args, **kwargs)
            if isinstance(found, Axes):
                _separate_thousands(found)
            return found

    return drawn


class Thousands(ScalarFormatter):
    """Tick labels with thousands separated, as in the table."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of a tick."""
        return re.sub(
            r"\d{4,}(?=\.|$)", lambda digits: f"{int(digits[0]):,}", super().__call__(x, pos), count=1
        )


def _separate_thousands(ax: Axes) -> None:
    """Separate thousands on both axes, and on those of axes inside."""
    for axis in (ax.xaxis, ax.yaxis):
        long = (
            axis is ax.xaxis and axis.get_scale() == "linear" and max(map(abs, ax.get_xlim())) >= LONG_NUMBER
        )
        if long and type(axis.get_major_locator()) is AutoLocator:
            axis.set_major_locator(MaxNLocator(5))
        if type(axis.get_major_formatter()) is ScalarFormatter:
            axis.set_major_formatter(Thousands())
    for inner in ax.child_axes:
        if isinstance(inner, Axes):
            _separate_thousands(inner)


def always(comparison: Comparison) -> bool:  # noqa: ARG001
    """Return true: the figure applies to every comparison."""
    return True


def looks() -> Iterator[tuple[str, Any, str]]:
    """Return a cyclic sequence of colour, dashes and marker."""
    return zip(cycle(COLOURS), cycle(DASHES), cycle(MARKERS))


def plain(name: str, longest: int = LONGEST) -> str:
    """Return a name as it is written, cut to `longest`: without formulas, with a leading underscore."""
    short = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return short.replace("$", r"\$").replace("_", " _", 1 if short.startswith("_") else 0)


def number(value: float) -> str:
    """Return a number to read, with three digits."""
    if np.isinf(value):
        return f"{MINUS}∞" if value < 0 else "∞"
    if 1e3 <= abs(value) < 1e7:
        return f"{value:,.0f}".replace("-", MINUS)
    digits, _, exponent = f"{value:.3g}".partition("e")
    return (f"{digits}e{int(exponent)}" if exponent else digits).replace("-", MINUS)


def together(
    places: Mapping[str, Array], size: Array, apart: float = 0.004
) -> Iterator[tuple[list[str], Array]]:
    """Yield the names of all that is at one place, and the place of the first.

    Args:
        places: name -> coordinates, which may be infinite.
        size: of the view, in the units of each coordinate.
        apart: the share of it up to which two places look like one.
    """
    found: list[tuple[list[str], Array]] = []
    for name, place in places.items():
        for names, at in found:
            with np.errstate(invalid="ignore"):
                distance = np.where(place == at, 0.0, np.abs(place - at)) / size
            if (distance < apart).all():
                names.append(name)
                break
        else:
            found.append(([name], place))
    yield from found


def looks_of(names: Sequence[str]) -> dict[str, tuple[str, Any, str]]:
    """Return the look of each mechanism of a scenario, by its place, so that it keeps it among fewer."""
    return dict(zip(names, looks(), strict=False))


def nested(
    places: Mapping[str, Array], size: Array, names: Sequence[str]
) -> Iterator[tuple[str, Array, tuple[str, Any, str], float]]:
    """Yield name, place, look and size of a marker; of several at one place each is smaller than the last.

    Args:
        places: name of a mechanism -> coordinates.
        size: of the view, in the units of each coordinate.
        names: of all mechanisms of the scenario.
    """
    seen = looks_of(names)
    for group, _ in together(places, size, apart=0.012):
        for depth, name in enumerate(group):
            large = max(10.0 + 4.0 * (len(group) > 1) - 4.0 * depth, 4.0)
            yield name, places[name], seen[name], large


def at_the_edge(text: str, left: bool, row: float, colour: str, ax: Axes, lift: float = 0.0) -> None:
    """Write a text at the left or right edge of the axes, `lift` points above its row."""
    ax.annotate(
        text,
        (0.0 if left else 1.0, row),
        (7 if left else -7, lift),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="left" if left else "right",
        va="center",
        fontsize=8,
        color=colour,
        bbox=PAPER,
        zorder=2.5,  # above guides, below markers
    )


def spread(
    values: Array,
    row: float,
    view: tuple[float, float],
    colour: str,
    agents: Sequence[str],
    ax: Axes,
    called: Callable[[float], str] | None = None,
) -> None:
    """Draw many agents in one row: range, middle half, median, and the number out of view at the edge.

    Args:
        values: (agents,).
        row: where.
        view: limits of the axis.
        colour: of the row.
        agents: their names.
        ax: to draw on.
        called: a value in words; as a number by default.
    """
    inside = values[(values >= view[0]) & (values <= view[1])]
    if len(inside):
        low, lower, middle, upper, high = np.quantile(inside, [0.0, 0.25, 0.5, 0.75, 1.0])
        ax.plot([low, high], [row, row], "-", color=colour, linewidth=1.4)
        ax.plot([lower, upper], [row, row], "-", color=colour, linewidth=7, solid_capstyle="butt")
        ax.plot([middle], [row], "D", color="white", markeredgecolor=colour, markersize=6)
    for left, beyond in ((True, values < view[0]), (False, values > view[1])):
        where = np.flatnonzero(beyond)
        if not len(where):
            continue
        who = plain(agents[where[0]]) if len(where) == 1 else f"{len(where):,}"
        far = values[where]
        what = (
            f"{who} at {(called or number)(float(far[0]))}" if len(np.unique(far)) == 1 else f"{who} beyond"
        )
        at_the_edge(f"◂ {what}" if left else f"{what} ▸", left, row, colour, ax, lift=9.0)


def rows(names: Sequence[str], ax: Axes) -> None:
    """Name the rows, the first on top, with room next to the axis for a marker at its edge."""
    ax.set_yticks(range(len(names)), [plain(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", pad=7)
    ax.grid(visible=False, axis="y")


def legend_below(ax: Axes, title: str | None = None) -> Axes:
    """Draw a legend under the axes, in as many columns as there is room for; none of nothing."""
    labels = ax.get_legend_handles_labels()[1]
    if not labels:
        return ax
    longest = max(map(len, labels))
    room = LETTERS * ax.bbox.width / ax.figure.dpi
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=4.2,  # ems of the font: below ticks and their label at any size of the axes
        ncols=max(1, min(len(labels), 4, int(room // (longest + 9)))),
        columnspacing=1.2,
        handletextpad=0.6,
        title=title,
        title_fontsize=8.5,
    )
    return ax


def even_markers(ax: Axes) -> Axes:
    """Make the markers in a legend equally large, whatever they are on the axes."""
    legend = ax.get_legend()
    for handle in () if legend is None else legend.legend_handles:
        if isinstance(handle, Line2D):
            handle.set_markersize(min(handle.get_markersize(), 8.0))
    return ax


def square_with_legend(ax: Axes, labels: float) -> Axes:
    """Make the axes a square at the left of its place, as large as a legend to its right allows.

    Args:
        ax: with all that the legend names drawn.
        labels: room for the labels of the right side, points.
    """
    moved = ScaledTranslation(labels / 72.0, 0.5, ax.figure.dpi_scale_trans)  # at the title
    legend = ax.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), bbox_transform=ax.transAxes + moved, borderaxespad=0.0,
        handlelength=1.7, handletextpad=0.5, labelspacing=0.15, fontsize=8.0,
    )  # fmt: skip
    legend.set_in_layout(False)  # the layout would take its room from the height too

    def place(_: object, renderer: Any) -> Bbox:
        figure = ax.figure
        whole = ax.get_position(original=True).transformed(figure.transFigure)
        needed = legend.get_window_extent(renderer).width + labels * figure.dpi / 72.0
        side = min(whole.height, max(whole.width - needed, 0.3 * whole.width))
        square = Bbox.from_bounds(whole.x0, whole.y1 - side, side, side)
        return square.transformed(figure.transFigure.inverted())

    ax.set_axes_locator(place)
    return ax


def wrapped(text: str, width: int = LEGEND_WIDTH) -> str:
    """Return the label of a legend, in several lines if it is long."""
    return "\n".join(textwrap.wrap(text, width))


def limits(values: Array, line: Array | None = None) -> tuple[float, float]:
    """Return limits of an axis around the line and the values that are not far below it or the others."""
    finite = np.unique(values[np.isfinite(values)])
    if not len(finite):
        return -1.0, 1.0
    rounding = DRAWN_AS_ONE * np.maximum(np.abs(finite[1:]), np.abs(finite[:-1]))
    finite = finite[np.append(np.diff(finite) > rounding, True)]
    if line is not None and len(line) > 1:
        low, high = float(line.min()), float(max(line.max(), finite.max()))
        low = min(low, float(finite[finite >= 2.0 * low - high].min(initial=low)))
    else:
        high, low = float(finite[-1]), float(finite[0])
        upper = finite[finite >= np.median(finite)]
        span = float(upper[-1] - upper[0]) or max(1.0, abs(high))
        near = finite[finite >= high - FAR * span]
        low = float(near[0])
    margin = 0.06 * ((high - low) or max(1.0, abs(high)))
    ruined = bool((values < low).any())
    return low - (2.0 if ruined else 1.0) * margin, high + margin
