"""The pictures of a game: frames of the other mechanisms, and what moves of the stepped one on top.

A frame is drawn anew only if the play has left it. At the end every figure is drawn as it is on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market import plots
from market.games.disclosure import Disclosure
from market.games.panel import Panel
from market.interfaces.dashboard.frames import SIZE, Frame
from market.interfaces.dashboard.pictures import AT_THE_END, FIRST_ROUNDS, ROOM, Picture
from market.interfaces.dashboard.selection import without_game
from market.plots.disclosed import has_user
from market.plots.games import has_rows_of_payoffs
from market.plots.learners import has_ways, way
from market.plots.payoff_space import has_payoff_space
from market.plots.style import POINT, looks_of, plain

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from market.economy.correspondences import Array
    from market.results.games.comparison import GameComparison


@dataclass(frozen=True)
class GamePanel:
    """A figure of a game on the page.

    Args:
        title: of the picture.
        applies: returns True for the games to which it applies.
        draw: draws the figure of a comparison.
        path: returns the points that the stepped mechanism went through, (points, 2), the last one now; None
            if it joins the figure at its end.
        still: draws the figure of the other mechanisms, with room for a path; `draw` if None.
    """

    title: str
    applies: Callable[[GameComparison], bool]
    draw: Callable[[GameComparison, Axes], object]
    path: Callable[[GameComparison, str], Array] | None = None
    still: Callable[[GameComparison, Axes, Array], object] | None = None


class GameAlbum:
    """The pictures of a scene of a game; frames are kept from round to round.

    Args:
        mechanism: the one that is stepped.
        others: the outcomes of all others; None if there are none.
    """

    def __init__(self, mechanism: str, others: GameComparison | None) -> None:
        self._mechanism, self._others = mechanism, others
        self._frames: dict[str, Frame] = {}

    def pictures(self, compared: GameComparison, in_play: bool) -> tuple[Picture, ...]:
        """Return the pictures that apply.

        Args:
            compared: the outcomes so far.
            in_play: True if the mechanism has begun and is not over.
        """
        return tuple(self._picture(panel, compared, in_play) for panel in PANELS if panel.applies(compared))

    def _picture(self, panel: GamePanel, compared: GameComparison, in_play: bool) -> Picture:
        begun = self._mechanism in compared.outcomes
        if begun and not in_play:
            self._frames.pop(panel.title, None)
            done = Frame(lambda ax: panel.draw(compared, ax), size=SIZE)
            return Picture(panel.title, done.still, legend=done.legend())
        if panel.path is None or not begun:
            if self._others is None:
                return Picture(panel.title, awaited=AT_THE_END)
            others = self._others
            frame = self._kept(panel, lambda ax: panel.draw(others, ax))
            return Picture(panel.title, frame.still, legend=frame.legend())
        path = panel.path(compared, self._mechanism)
        known = self._frames.get(panel.title)
        if known is not None and not _holds(known.ax, path):
            del self._frames[panel.title]
        before = self._others or without_game(compared, self._mechanism)
        frame = self._kept(panel, lambda ax: _with_room(panel, before, ax, path))
        artists = self._moving(frame.ax, compared, path)
        return Picture(panel.title, frame.still, "", frame.moved(artists), frame.legend(artists))

    def _kept(self, panel: GamePanel, draw: Callable[[Axes], object]) -> Frame:
        if panel.title not in self._frames:
            self._frames[panel.title] = Frame(draw, size=SIZE)
        return self._frames[panel.title]

    def _moving(self, ax: Axes, compared: GameComparison, path: Array) -> Sequence[Artist]:
        """Draw the path of the stepped mechanism, and where it is."""
        colour, _, marker = looks_of(compared.scenario.mechanism_names)[self._mechanism]
        line = ax.plot(*path.T, color=colour, linewidth=1.6, label="_path")
        point = ax.plot(
            *path[-1:].T, marker, color=colour, markersize=9, label=f"{plain(self._mechanism)}, now", **POINT
        )
        for artist in (*line, *point):
            artist.remove()
            artist.axes = ax
        return [*line, *point]


def _holds(ax: Axes, path: Array) -> bool:
    """Return True if the present round is in view."""
    now = path[-1]
    if not np.isfinite(now).all():
        return True
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    return bool(left <= now[0] <= right and low <= now[1] <= high)


def _with_room(panel: GamePanel, others: GameComparison, ax: Axes, path: Array) -> None:
    """Draw the figure of the other mechanisms, with room for a path."""
    if panel.still is not None:
        panel.still(others, ax, path)
        return
    panel.draw(others, ax)
    finite = path[np.isfinite(path).all(axis=1)]
    for view, widen, column in ((ax.get_xlim(), ax.set_xlim, 0), (ax.get_ylim(), ax.set_ylim, 1)):
        low, high = (
            min(view[0], *finite[:, column], view[1]),
            max(view[1], *finite[:, column], view[0]),
        )
        room = ROOM * (high - low)
        widen(low - room * (low < view[0]), high + room * (high > view[1]))


def _payoffs(compared: GameComparison, mechanism: str) -> Array:
    """Return the payoffs of both players in each round, (rounds, 2)."""
    rounds = compared.rounds[compared.rounds["mechanism"] == mechanism]
    return np.stack(
        [
            rounds.loc[rounds["measure"] == f"payoff[{name}]", "value"].to_numpy()
            for name in compared.game.players
        ],
        axis=1,
    )


def _sums(compared: GameComparison, mechanism: str) -> Array:
    """Return round and sum of payoffs, (rounds, 2)."""
    rounds = compared.rounds
    own = rounds[(rounds["mechanism"] == mechanism) & (rounds["measure"] == "total_payoff")]
    return own[["round", "value"]].to_numpy(dtype=float)


def _rounds_with_room(others: GameComparison, ax: Axes, path: Array) -> None:
    """Draw payoffs by round with room for rounds to come, and for values beyond those seen."""
    plots.payoff_by_round(others, ax)
    low, high = ax.get_ylim()
    values = path[np.isfinite(path[:, 1]), 1]
    if others.outcomes:
        values = np.append(values, [low, high])
    low, high = float(values.min()), float(values.max())
    room = ROOM * ((high - low) or max(1.0, abs(high)))
    ax.set_ylim(low - room / 3, high + room / 3)
    last = max(FIRST_ROUNDS, 1.5 * path[-1, 0], ax.dataLim.x1 if others.outcomes else 0.0)
    ax.set_xlim(0.9 if ax.get_xscale() == "log" else 0.0, last)


def _ways_with_room(others: GameComparison, ax: Axes, path: Array) -> None:
    plots.learning_ways(others, ax, also=path)


def _goes_in_rounds(compared: GameComparison) -> bool:
    return not isinstance(compared.game, Disclosure | Panel)


PANELS = (
    GamePanel("Payoffs", has_payoff_space, plots.payoff_space, _payoffs),
    GamePanel("Paths over the sum of payoffs", has_ways, plots.learning_ways, way, _ways_with_room),
    GamePanel("The user's utility", has_user, plots.user_by_protocol),
    GamePanel("Payoff by round", _goes_in_rounds, plots.payoff_by_round, _sums, _rounds_with_room),
    GamePanel("Payoffs by mechanism", has_rows_of_payoffs, plots.payoffs_by_mechanism),
)
"""All pictures of games, in the order in which they are shown."""
