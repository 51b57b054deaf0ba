"""The payoffs of two players: what profiles, lotteries and mediators reach, and every mechanism's outcome.

Of a table all pure profiles are drawn; the frontier of what lotteries over them reach; the polygon of payoffs
in all correlated equilibria, exact (`games.correlated.payoff_polygon`), and that of coarse ones where it is
larger. A mediator reaches all of the polygon, and every Nash equilibrium is in it. Of amounts the outcomes
alone are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from market.economy.correspondences import Array
from market.errors import InputError, NumericalError
from market.games.correlated import Kind, payoff_polygon
from market.games.disclosure import Disclosure
from market.games.table import Table, spread_of
from market.plots.memory import Memory
from market.plots.style import POINT, even_markers, legend_below, nested, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.games.comparison import GameComparison

MOST_PROFILES = 400
"""Profiles: the linear programs of larger tables take seconds, and their polygons are left out."""

SAME_PLACE = 1e-6
"""Part of the ranges of payoffs: corners that are nearer are drawn as one."""

AREAS: dict[Kind, dict[str, Any]] = {
    "correlated": {"facecolor": "#8e44ad30", "edgecolor": "#8e44ad", "linewidth": 1.3, "zorder": 1.3},
    "coarse": {
        "facecolor": "none", "edgecolor": "#b7950b", "linewidth": 1.3, "linestyle": (0, (4, 2)),
        "zorder": 1.2,
    },
}  # fmt: skip

_POLYGONS: Memory[Array | None] = Memory()


def has_payoff_space(comparison: GameComparison) -> bool:
    """Return True if there are two players, neither of whom only hears what the other says."""
    return comparison.game.size == 2 and not isinstance(comparison.game, Disclosure)


@styled
def payoff_space(comparison: GameComparison, ax: Axes) -> Axes:
    """Draw the payoffs that two players can reach, and those of every mechanism.

    Args:
        comparison: the result of `market.compare`, of a game of two players.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are not two players.
    """
    game = comparison.game
    if game.size != 2:
        raise InputError(f"a payoff space is drawn for two players; there are {game.size}")
    places = {name: outcome.payoffs for name, outcome in comparison.outcomes.items()}
    finite = {name: v for name, v in places.items() if np.isfinite(v).all()}
    points = np.array(list(finite.values())).reshape(-1, 2)
    if isinstance(game, Table):
        points = np.concatenate([points, _reachable(game, ax)])
    size = spread_of(points) if len(points) else np.ones(2)
    names = comparison.names
    for name, at, (colour, _, marker), large in nested(finite, size, names):
        ax.plot(at[:1], at[1:], marker, color=colour, markersize=large, label=plain(name), **POINT)
    for name in places.keys() - finite.keys():
        ax.plot([], [], " ", label=f"{plain(name)}: unbounded, out of view")
    ax.margins(0.08)
    ax.set_title("Payoffs")
    ax.set_xlabel(f"payoff of {plain(game.players[0])}")
    ax.set_ylabel(f"payoff of {plain(game.players[1])}")
    return even_markers(legend_below(ax))


def _reachable(game: Table, ax: Axes) -> Array:
    """Draw what profiles, lotteries and mediators reach, and return the payoffs of profiles."""
    points = np.unique(game.outcomes.reshape(-1, 2), axis=0)
    corners = hull(points)
    ax.fill(*corners.T, color="0.95", zorder=0)
    correlated, coarse = polygon(game, "correlated"), polygon(game, "coarse")
    if coarse is not None and correlated is not None and not _equal(correlated, coarse):
        _area(coarse, "coarse", "coarse correlated equilibria", ax)
    if correlated is not None:
        _area(correlated, "correlated", "correlated equilibria", ax)
    edge = pareto_edge(corners)
    alone: dict[str, Any] = {"marker": "P", "linestyle": "none"} if len(edge) == 1 else {}
    label = "Pareto frontier, in lotteries"
    ax.plot(*edge.T, color="0.15", linewidth=1.6, zorder=1.6, label=label, **alone)
    ax.plot(*points.T, "o", color="0.6", markersize=4.5, zorder=2, label="pure profiles", linestyle="none")
    return points


def _area(corners: Array, kind: Kind, label: str, ax: Axes) -> None:
    """Draw a polygon; one that is a point or a segment as a ring or a thick line."""
    look = AREAS[kind]
    if len(corners) > 2:
        ax.fill(*corners.T, label=label, **look)
    elif len(corners) == 2:
        ax.plot(*corners.T, color=look["edgecolor"], linewidth=5, alpha=0.45, zorder=1.9, label=label)
    else:
        ax.plot(
            *corners.T, "o", color=look["edgecolor"], fillstyle="none", markersize=15, markeredgewidth=1.6,
            zorder=1.9, label=f"{label}: one point",
        )  # fmt: skip


def polygon(game: Table, kind: Kind) -> Array | None:
    """Return the corners of the payoffs of equilibria; None if there are too many profiles to find them."""

    def found() -> Array | None:
        if game.outcomes[..., 0].size > MOST_PROFILES:
            return None
        try:
            return payoff_polygon(game, kind)
        except NumericalError:
            return None

    return _POLYGONS.of(game, kind, found)


def _equal(inner: Array, outer: Array) -> bool:
    """Return True if a polygon is as large as one that contains it."""
    if len(inner) != len(outer):
        return False
    scale = spread_of(outer)
    return bool(max(np.abs(outer / scale - point / scale).max(axis=1).min() for point in inner) <= SAME_PLACE)


def hull(points: Array) -> Array:
    """Return the corners of the convex hull of points in the plane, in their order around it."""
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except (QhullError, ValueError):  # fewer than three points, or all on a line
        order = np.lexsort(points.T[::-1])
        return np.asarray(points[order][[0, -1]])


def pareto_edge(corners: Array) -> Array:
    """Return the corners of a hull between the best point of the one player and that of the other.

    Args:
        corners: (k, 2), of a convex hull.

    Returns:
        By the first player's payoff, ascending; each corner undominated; one point without conflict.
    """
    order = np.lexsort((-corners[:, 1], -corners[:, 0]))
    kept, highest = [], -np.inf
    for place in order.tolist():
        if corners[place, 1] > highest:
            kept.append(corners[place])
            highest = corners[place, 1]
    return np.array(kept[::-1])
