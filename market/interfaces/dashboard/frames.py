"""Frames: figures that are drawn once, and in which only what moves is drawn anew.

A figure of `plots` takes a twentieth of a second or, with its curves, a third; its text and axes are most of
that, and they are the same in every round. So a figure is kept, with its axes and limits. Its still part is
one SVG; each round the moving artists alone are drawn into another, of the same size, that lies on top
(blitting, in vector graphics): a thousandth of a second.

Legends are taken out of the figure and shown as text below it, where they hide nothing.
"""

from __future__ import annotations

import base64
import io
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import IdentityTransform

from market import plots

SIZE = (3.5, 2.45)  # inches; a panel is at least as wide on the screen, so that ticks have 11 pixels or more
SQUARE = (3.5, 3.2)
POINTS = 72.0  # an inch: the units of an SVG
SWATCH = (22.0, 11.0)  # points: a line or an area in a legend
LONGEST = 28  # characters of an axis label on one line
ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings are global, and every open page has its own thread


class Entry(NamedTuple):
    """A line of a legend: an image, empty for a heading, and a text."""

    swatch: str
    label: str


class Frame:
    """A figure that is kept.

    Args:
        draw: draws on the axes.
        moves: returns those of the artists drawn that move, and are left out of the still part.
        size: in inches.
    """

    def __init__(
        self,
        draw: Callable[[Axes], object],
        moves: Callable[[Axes], Iterable[Artist]] = lambda _: (),
        size: tuple[float, float] = SIZE,
    ) -> None:
        with _style():
            self._figure = Figure(figsize=size, dpi=POINTS, layout="constrained")
            self.ax = self._figure.add_subplot()
            draw(self.ax)
            for place in ("left", "center", "right"):  # the page shows the title
                self.ax.set_title("", loc=place)
            for axis in (self.ax.xaxis, self.ax.yaxis):
                axis.set_label_text(_wrapped(axis.get_label_text()))
            legends = [legend for ax in self._figure.axes if (legend := ax.get_legend())]
            self._legend = [entry for legend in legends for entry in _entries(legend)]
            moving = list(moves(self.ax))
            self._left_out = {_as_written(str(artist.get_label())) for artist in moving}
            for artist in (*legends, *moving):
                artist.set_visible(False)
            self.still = _image(self._written())
            """The address of the image of what stands still."""
            self._figure.set_layout_engine("none")  # from now on nothing is moved about
            for artist in moving:
                artist.set_visible(True)

    def _written(self) -> str:
        written = io.StringIO()
        self._figure.savefig(written, format="svg", metadata={"Date": None})
        return written.getvalue()

    def moved(self, artists: Sequence[Artist]) -> str:
        """Return the artists, drawn alone, as the address of an image that lies on the still part."""
        width, height = self._figure.get_size_inches() * POINTS
        with _style():
            return _image(_alone(artists, width, height))

    def legend(self, artists: Sequence[Artist] = ()) -> tuple[Entry, ...]:
        """Return the legend of what is seen: of the still part and of moving artists."""
        with _style():
            moving = [_entry(artist, str(artist.get_label())) for artist in artists if _is_labelled(artist)]
        seen = {entry.label for entry in moving}
        still = [each for each in self._legend if each.label in seen or each.label not in self._left_out]
        known = {entry.label for entry in still}
        return (*still, *(entry for entry in moving if entry.label not in known))


@contextmanager
def _style() -> Iterator[None]:
    """Hold matplotlib's global settings, and set those of `plots`."""
    with ONE_AT_A_TIME, matplotlib.rc_context(plots.STYLE), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # of a name in another script
        yield


def _image(svg: str) -> str:
    """Return an SVG as the address of an image, within the page itself: no request is made for it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def _alone(artists: Iterable[Artist], width: float, height: float) -> str:
    """Return artists as an SVG without axes and background."""
    written = io.StringIO()
    renderer = RendererSVG(width, height, written, image_dpi=POINTS, metadata={"Date": None})  # type: ignore[no-untyped-call]
    for artist in artists:
        artist.draw(renderer)
    renderer.finalize()  # type: ignore[no-untyped-call]
    return re.sub(r"<metadata>.*?</metadata>", "", written.getvalue(), flags=re.DOTALL)


def _entries(legend: Legend) -> Iterator[Entry]:
    """Yield the title of a legend, and its lines."""
    if legend.get_title().get_text():
        yield Entry("", _as_written(legend.get_title().get_text()))
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        if handle is not None:
            yield _entry(handle, text.get_text())


def _entry(handle: Artist, label: str) -> Entry:
    """Return the line of a legend for an artist: as a line with its marker, or as an area."""
    width, height = SWATCH
    shown: Artist
    if isinstance(handle, Line2D):
        shown = Line2D([1.0, width / 2, width - 1.0], [height / 2] * 3)
        shown.update_from(handle)
        shown.set_markevery([1])
    else:
        shown = Rectangle((1.0, 1.0), width - 2.0, height - 2.0)
        shown.update_from(handle)
    shown.set_transform(IdentityTransform())
    shown.set_clip_on(False)
    return Entry(_image(_alone([shown], width, height)), _as_written(label))


def _wrapped(label: str) -> str:
    """Return the label of an axis with its unit on a line of its own, if it is long."""
    return label.replace(" (", "\n(", 1) if len(label) > LONGEST and "\n" not in label else label


def _is_labelled(artist: Artist) -> bool:
    return not str(artist.get_label()).startswith("_")


def _as_written(label: str) -> str:
    """Return a label on one line, without the escapes that keep matplotlib from reading it as a formula."""
    return label.replace(r"\$", "$").replace("\n", " ").strip()
