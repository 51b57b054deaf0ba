"""The pictures of a page: the still parts of figures once, the moving parts in each round.

While a mechanism is in play its prices, excess demand, price line, path, allocation and utilities move in
frames that are kept (`frames`, `marks`); at its end each figure is drawn once more, as `plots` draws it on
paper. The other mechanisms are at their end from the start. A frame is drawn anew only if the play has left
it, and then with room for what is to come, so that this is rare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.scale import SymmetricalLogTransform
from matplotlib.ticker import MaxNLocator

from market import plots
from market.economy.primitives import Money
from market.interfaces.dashboard.frames import SIZE, SQUARE, Entry, Frame
from market.interfaces.dashboard.marks import (
    Holds,
    Marks,
    all_but_curves,
    draw_book,
    draw_trades_in,
    highest_point,
    holds_book,
    holds_lots,
    holds_path,
    holds_paths,
    holds_price,
    lines_of_goods,
    path_artists,
    path_of_prices,
    paths,
    point_in_box,
    point_of_utilities,
    points_of_book,
    price_line,
    trades_of_lots,
)
from market.interfaces.dashboard.selection import rounds_of, without
from market.plots.bartering import has_barter_prices, has_dispersion
from market.plots.box import has_box
from market.plots.interventions import has_wedge
from market.plots.phase import free_prices
from market.plots.provision import has_public_good
from market.plots.style import number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from market.economy.primitives import Economy
    from market.results.comparison import Comparison

ROOM = 0.25  # of the axis, for values to come
FIRST_PRICES = "Nothing yet: Step announces the first prices."
FIRST_TRADE = "Nothing yet: Step goes on to the first trade."
AT_THE_END = "Shown at the end: there is no other mechanism to compare with."
RETRY = 1.5  # times the round: when a figure that cannot hold the play is tried again
FIRST_ROUNDS = 12  # shown at first; afterwards half as many again as there are

Draw = Callable[["Comparison", "Axes"], object]


class Picture(NamedTuple):
    """A picture of a page.

    Args:
        title: above it.
        still: the address of its image; empty as long as there is nothing to see.
        awaited: what is said instead.
        moving: the address of the image that lies on it; empty if nothing moves.
        legend: below it.
        small: True if it takes less room than others.
    """

    title: str
    still: str = ""
    awaited: str = ""
    moving: str = ""
    legend: tuple[Entry, ...] = ()
    small: bool = False


@dataclass(frozen=True)
class Panel:
    """A figure of `plots` on the page.

    Args:
        title: of the picture.
        draw: draws the figure of a comparison.
        marks: what moves while the mechanism is in play; None if nothing does.
        holds: returns True if the present round is in view.
        moves: returns the artists of the figure that are left out of its still part.
        whole: True if the still part needs the mechanism that is in play, which has announced prices.
        widen: True if the axes get room for rounds to come.
        frame: draws the figure of a frame, if that is another one.
        size: in inches.
        small: as for `Picture`.
        awaited: what is said as long as nothing is to be seen of the mechanism.
    """

    title: str
    draw: Draw
    marks: Marks | None = None
    holds: Holds = lambda *_: True
    moves: Callable[[Axes, Comparison, str], Iterable[Artist]] = lambda *_: ()
    whole: bool = False
    widen: bool = False
    frame: Draw | None = None
    size: tuple[float, float] = SIZE
    small: bool = False
    awaited: str = FIRST_PRICES


class Album:
    """The pictures of a scene; frames are kept from round to round.

    Args:
        mechanism: the one that is stepped.
        priced: True if it announces prices.
        kind: of the mechanism.
    """

    def __init__(self, mechanism: str, priced: bool, kind: str = "") -> None:
        self._mechanism, self._priced, self._kind = mechanism, priced, kind
        self._frames: dict[str, Frame] = {}
        self._retry: dict[str, float] = {}  # title -> round from which a frame is drawn anew, if need be

    def pictures(self, compared: Comparison | None, economy: Economy, in_play: bool) -> tuple[Picture, ...]:
        """Return the pictures that apply to an economy; they are awaited as long as there is nothing to draw.

        Args:
            compared: the outcomes so far; None if there are none.
            economy: the primitives.
            in_play: True if the mechanism has begun and is not over.
        """
        panels = _panels(economy, self._mechanism, self._priced, compared)
        if self._kind == "double_auction" and has_one_book(economy):
            panels = [*_of_trades(economy, self._mechanism), *panels]
        return tuple(self._picture(panel, compared, in_play) for panel in panels)

    def _picture(self, panel: Panel, compared: Comparison | None, in_play: bool) -> Picture:
        begun = compared is not None and self._mechanism in compared.outcomes
        if panel.whole and not begun:
            return Picture(panel.title, awaited=panel.awaited)
        if compared is None or (in_play and not panel.whole and begun and len(compared.outcomes) == 1):
            return Picture(panel.title, awaited=AT_THE_END)
        if begun and not in_play and not panel.small:
            return self._on_paper(panel, compared)
        frame = self._frames.get(panel.title)
        if frame is None or (in_play and self._has_left(panel, compared, frame)):
            frame = self._frames[panel.title] = self._frame(panel, compared)
            if in_play and not panel.holds(frame.ax, compared, self._mechanism):
                self._retry[panel.title] = RETRY * compared.outcomes[self._mechanism].rounds
        artists = panel.marks(frame.ax, compared, self._mechanism) if panel.marks and in_play else ()
        moving = frame.moved(artists) if artists else ""
        return Picture(panel.title, frame.still, "", moving, frame.legend(artists), panel.small)

    def _has_left(self, panel: Panel, compared: Comparison, frame: Frame) -> bool:
        """Return True if the play has left a frame; one that never held it is not drawn in every round."""
        if compared.outcomes[self._mechanism].rounds < self._retry.get(panel.title, 0):
            return False
        return not panel.holds(frame.ax, compared, self._mechanism)

    def _frame(self, panel: Panel, compared: Comparison) -> Frame:
        """Draw a frame: of the other mechanisms, or with what moves left out."""
        shown = compared if panel.whole else without(compared, self._mechanism)

        def draw(ax: Axes) -> None:
            (panel.frame or panel.draw)(shown, ax)
            if panel.widen:
                _widen(ax)

        return Frame(draw, lambda ax: panel.moves(ax, shown, self._mechanism), panel.size)

    def _on_paper(self, panel: Panel, compared: Comparison) -> Picture:
        """Draw a figure as it is on paper, at the end."""
        self._frames.pop(panel.title, None)
        frame = Frame(lambda ax: panel.draw(compared, ax), size=panel.size)
        return Picture(panel.title, frame.still, legend=frame.legend())


def _panels(economy: Economy, mechanism: str, priced: bool, compared: Comparison | None) -> list[Panel]:
    """Return the panels of a page: those of prices first, an even number of large ones for two agents."""
    announced = [] if compared is None else list(dict.fromkeys(compared.rounds["mechanism"]))
    others = [name for name in announced if name != mechanism]
    found = _of_prices(economy, mechanism, f" under '{mechanism}'" if others else "") if priced else []
    if priced and not economy.public_goods and (compared is None or _has_one_price(compared, mechanism)):
        found += _of_two_prices(economy)
    if compared is not None and has_wedge(compared):
        found.append(Panel("Who bears it, and what is lost", _wedge(mechanism)))
    if compared is not None and mechanism in compared.outcomes:
        found += _of_barter(compared, mechanism)
    if compared is not None and has_public_good(compared):
        found.append(Panel("Provision of a public good", plots.public_provision))
    private = not economy.public_goods
    if private and has_box(economy):
        found.append(Panel("Edgeworth box", _square_box, point_in_box, size=SQUARE))
    if private and len(economy.agents) == 2:
        found.append(Panel("Utility possibility frontier", plots.frontier, point_of_utilities))
    if not private or len(economy.agents) != 2 or len(found) % 2:
        found.append(Panel("Utility by mechanism", plots.utilities_by_mechanism))
    return found + [
        Panel(f"Prices under '{name}'", _paths(plots.price_paths, name), small=True) for name in others
    ]


def _of_barter(compared: Comparison, mechanism: str) -> list[Panel]:
    """Return the panels of barter, which are drawn anew in each round."""
    if compared.outcomes[mechanism].kind != "barter":
        return []
    shown = (
        ("Prices of single trades", plots.barter_prices, has_barter_prices),
        ("Dispersion of marginal rates of substitution", plots.dispersion, has_dispersion),
    )
    return [
        Panel(title, _noting_round(draw, mechanism), holds=_is_of_round, whole=True)
        for title, draw, applies in shown
        if applies(compared)
    ]


def _noting_round(draw: Draw, mechanism: str) -> Draw:
    """Return the function that draws a figure and notes the round that it shows on its axes."""

    def drawn(compared: Comparison, ax: Axes) -> None:
        draw(compared, ax)
        ax.set_gid(f"round-{compared.outcomes[mechanism].rounds}")

    return drawn


def _is_of_round(ax: Axes, compared: Comparison, mechanism: str) -> bool:
    """Return True if a figure shows the present round."""
    return ax.get_gid() == f"round-{compared.outcomes[mechanism].rounds}"


def has_one_book(economy: Economy) -> bool:
    """Return True if one good is traded, for money or a numeraire."""
    return len(economy.goods) - (economy.numeraire is not None) == 1


def _of_trades(economy: Economy, mechanism: str) -> list[Panel]:
    """Return the panels of a double auction, which are drawn anew after each trade."""

    def lots(compared: Comparison, ax: Axes) -> None:
        plots.steps_and_trades(compared, ax, mechanism)

    def book(compared: Comparison, ax: Axes) -> None:
        plots.order_book(compared, ax, mechanism)

    found = [
        Panel(
            "Order book of the day",
            book,
            draw_book,
            holds_book,
            points_of_book,
            True,
            True,
            awaited=FIRST_TRADE,
        )
    ]
    if economy.numeraire is None:
        moves = trades_of_lots
        found.append(
            Panel("Lots and trades", lots, draw_trades_in, holds_lots, moves, True, awaited=FIRST_TRADE)
        )
    return found


def _of_prices(economy: Economy, mechanism: str, under: str) -> list[Panel]:
    """Return the panels that need prices."""
    found = [
        Panel(
            title + under,
            _paths(draw, mechanism),
            paths(column),
            holds_paths(column),
            lines_of_goods,
            whole=True,
            widen=True,
        )
        for title, draw, column in (
            ("Prices", plots.price_paths, "price"),
            ("Excess demand", plots.excess_demand_paths, "excess_demand"),
        )
    ]
    if economy.public_goods:  # bids for one amount add up; curves of amounts at a price say nothing
        return found
    if len(economy.goods) == 1 and economy.money is not Money.EXCHANGE:
        found.append(
            Panel(
                "Supply and demand",
                plots.supply_and_demand,
                price_line,
                holds_price,
                all_but_curves,
                whole=True,
                frame=_curves(mechanism),
            )
        )
    return found


def _of_two_prices(economy: Economy) -> list[Panel]:
    """Return the panel of two prices that are free to move, if so many are."""
    if len(free_prices(economy)) != 2:
        return []
    title = "Phase diagram of tatonnement"
    return [Panel(title, plots.phase_portrait, path_of_prices, holds_path, path_artists, True)]


def _has_one_price(compared: Comparison, mechanism: str) -> bool:
    """Return True if buyers and sellers see one price, without taxes, caps, floors and quotas."""
    outcome = compared.outcomes.get(mechanism)
    return outcome is None or outcome.intervention is None


def _paths(draw: Draw, mechanism: str) -> Draw:
    """Return the function that draws the paths of one mechanism, with the planner's shadow prices."""

    def drawn(compared: Comparison, ax: Axes) -> None:
        draw(replace(compared, rounds=rounds_of(compared, [mechanism])), ax)

    return drawn


def _wedge(mechanism: str) -> Draw:
    """Return the function that draws the interventions of a mechanism, or of the first that has some."""

    def drawn(compared: Comparison, ax: Axes) -> None:
        own = replace(compared, outcomes={k: v for k, v in compared.outcomes.items() if k == mechanism})
        plots.tax_wedge(compared, ax, mechanism if has_wedge(own) else None)

    return drawn


def _curves(mechanism: str) -> Draw:
    """Return the function that draws supply and demand in a view of this round and the planner's point.

    The curves of one good do not depend on a price, which chooses the view; a frame leaves out all else.
    """

    def drawn(compared: Comparison, ax: Axes) -> None:
        price, amount = highest_point(compared, mechanism)
        outcome = compared.outcomes[mechanism]
        all_of_it = np.zeros_like(outcome.consumption)
        all_of_it[0, 0] = amount
        seen = replace(outcome, prices=np.array([price]), consumption=all_of_it)
        plots.supply_and_demand(replace(compared, outcomes={mechanism: seen}), ax)

    return drawn


def _square_box(compared: Comparison, ax: Axes) -> None:
    """Draw the Edgeworth box as a square that leaves no room for a legend, which the page shows."""
    plots.edgeworth_box(compared, ax)
    ax.set_axes_locator(None)  # type: ignore[arg-type]
    ax.set_box_aspect(1.0)
    for each in (ax, *ax.child_axes):
        each.tick_params(labelsize="medium")


def _widen(ax: Axes) -> None:
    """Give the axes room for rounds to come, and for values beyond those seen; zero stays at the edge."""
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0.0, max(FIRST_ROUNDS, 1.5 * ax.dataLim.x1))
    scale, (low, high) = ax.yaxis.get_transform(), ax.get_ylim()
    ends = scale.transform(np.array([low, high]))
    room = ROOM * (ends[1] - ends[0])
    wider = scale.inverted().transform(np.array([ends[0] - room, ends[1] + room]))
    ax.set_ylim(0.0 if low == 0 else wider[0], wider[1])
    if isinstance(scale, SymmetricalLogTransform):
        _name_decades(scale.linthresh, ax)


def _name_decades(least: float, ax: Axes) -> None:
    """Name zero and the powers of ten in view, from the least one of a symmetric log scale."""
    low, high = ax.get_ylim()
    decades = least * 10.0 ** np.arange(np.log10(max(high, -low) / least) + 1.0)
    ticks = [tick for tick in (*-decades[::-1], 0.0, *decades) if low <= tick <= high]
    ax.set_yticks(ticks, [number(tick) for tick in ticks])
