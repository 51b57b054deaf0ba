"""The ways of two players who choose one number each, over contours of the sum of their payoffs.

Contours are of the sum at a grid of plays. The way of a mechanism begins at its first play and goes through
the play after each round, as observed (`rounds`); its marker is where it ended. What is drawn is a window
around all ways and ends; a bound within it is a line. Where a player's numbers are two that sum to a total,
the first of them is drawn.

Source: Li et al. (2024), "Aligning individual and collective objectives in multi-agent cooperation", arXiv
2402.12416, figure 2, for the kind of figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.plays import Actions
from market.games.smooth import Smooth
from market.plots.memory import Memory
from market.plots.style import GUIDE, POINT, even_markers, legend_below, nested, number, plain, styled
from market.simulation.game_model import amount_measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.games.base import StrategicGame
    from market.results.games.comparison import GameComparison

GRID = 121
"""Plays of each player at which the sum is calculated."""

LEVELS = 14
"""Bands between contours; all cover an equal part of the window, so that low and high hills are seen."""

FLAT = 1e-9
"""Part of a sum: where it varies by less there are no contours."""

SHADES = LinearSegmentedColormap.from_list("paper", ["#ffffff", "#b9c6d2"])
MARGIN = 0.14
"""Part of the extent of ways and ends that is seen around them."""

LEAST_WINDOW = 0.08
"""Part of the reach of a number that is seen at least."""

OFTEN = 30
"""Rounds: the plays of a shorter way have dots."""

_SUMS: Memory[tuple[Array, Array, Array]] = Memory()


def is_plane(game: StrategicGame) -> TypeGuard[Smooth]:
    """Return True if two players choose one free number each."""
    if not isinstance(game, Smooth) or game.size != 2:
        return False
    return game.first.shape[1] == (1 if game.total is None else 2)


def has_ways(comparison: GameComparison) -> bool:
    """Return True if two players choose one free number each, and rounds were observed."""
    return is_plane(comparison.game)


def way(comparison: GameComparison, mechanism: str) -> Array:
    """Return the plays of a mechanism, the first and that after each round, (rounds + 1, 2).

    Args:
        comparison: the result of `market.compare`, to which `learning_ways` applies.
        mechanism: its name.
    """
    game, rounds = comparison.game, comparison.rounds
    own = rounds[rounds["mechanism"] == mechanism]
    if own.empty:  # of an outcome from elsewhere the end alone is known
        end = comparison.outcomes[mechanism].play
        assert isinstance(end, Actions)
        return end.values[:, :1].T
    first = comparison.scenario.mechanism(mechanism).start(game).play
    assert isinstance(first, Actions)
    after = [own.loc[own["measure"] == amount_measure(game, name), "value"] for name in game.players]
    return np.concatenate([first.values[:, :1].T, np.stack([each.to_numpy() for each in after], axis=1)])


@styled
def learning_ways(comparison: GameComparison, ax: Axes, also: Array | None = None) -> Axes:
    """Draw the way of every mechanism over contours of the sum of payoffs.

    Args:
        comparison: the result of `market.compare`, of two players with one free number each.
        ax: to draw on.
        also: (k, 2), further plays that are to be in view.

    Returns:
        The same axes.

    Raises:
        InputError: the game has other players or numbers.
    """
    game = comparison.game
    if not is_plane(game):
        raise InputError("ways are drawn for two players with one free number each")
    ways = {name: way(comparison, name) for name in comparison.outcomes}
    views = window(
        game, np.concatenate([game.first[:, :1].T, *ways.values(), *([] if also is None else [also])])
    )
    contours(game, views, ax)
    ends = {name: path[-1] for name, path in ways.items()}
    size = np.array([high - low for low, high in views])
    starts = np.unique([path[0] for path in ways.values()] or [game.first[:, 0]], axis=0)
    ax.plot(*starts.T, "o", color="white", markeredgecolor="0.1", markersize=7, zorder=3, label="start")
    for name, at, (colour, dashes, marker), large in nested(ends, size, comparison.names):
        if len(ways[name]) > 2:  # a mechanism of one round goes no way
            dots: dict[str, Any] = {"marker": ".", "markersize": 4} if len(ways[name]) <= OFTEN else {}
            ax.plot(*ways[name].T, color=colour, linestyle=dashes, zorder=2.6, **dots)
        ax.plot(at[:1], at[1:], marker, color=colour, markersize=large, label=plain(name), **POINT)
    ax.set_xlim(*views[0])
    ax.set_ylim(*views[1])
    ax.set_title("Paths over the sum of payoffs")
    ax.set_xlabel(f"{game.family.amount} of {plain(game.players[0])}")
    ax.set_ylabel(f"{game.family.amount} of {plain(game.players[1])}")
    return even_markers(legend_below(ax))


def window(game: Smooth, points: Array) -> list[tuple[float, float]]:
    """Return the limits of both axes: around points, (k, 2), and not much beyond the bounds."""
    views = []
    for player in range(2):
        values, reach = points[:, player], float(game.reach[player, 0])
        low, high = float(values.min()), float(values.max())
        extent = max(high - low, LEAST_WINDOW * reach)
        middle = (low + high) / 2.0
        half = (0.5 + MARGIN) * extent
        least, most = (float(bound[player, 0]) for bound in game.limits)
        if game.total is not None:
            most = min(most, float(game.total[player]))
        edge = 0.02 * (most - least)
        views.append((max(middle - half, least - edge), min(middle + half, most + edge)))
    return views


def sums(game: Smooth, views: list[tuple[float, float]]) -> tuple[Array, Array, Array]:
    """Return a grid of the numbers of both, (GRID,) each, and sums of payoffs, (GRID, GRID), NaN if none."""
    axes = [np.linspace(*view, GRID) for view in views]
    first, second = np.meshgrid(*axes)
    a = np.stack([first, second], axis=-1)[..., None]
    if game.total is not None:
        a = np.concatenate([a, game.total[:, None] - a], axis=-1)
    with np.errstate(all="ignore"):
        total = game.family.payoffs(game.feasible(a), **game.parameters).sum(axis=-1)
    beyond = (np.abs(game.feasible(a) - a) > 1e-12 * game.reach).any(axis=(-1, -2))
    return axes[0], axes[1], np.where(np.isfinite(total) & ~beyond, total, np.nan)


def contours(game: Smooth, views: list[tuple[float, float]], ax: Axes) -> None:
    """Draw contours of the sum of payoffs, darker where it is larger, and the bounds within the window."""
    first, second, total = _SUMS.of(game, tuple(views), lambda: sums(game, views))
    seen = total[np.isfinite(total)]
    levels = np.unique(np.quantile(seen, np.linspace(0.0, 1.0, LEVELS + 1))) if len(seen) else seen
    if len(levels) > 2 and levels[-1] - levels[0] > FLAT * np.abs(levels).max():
        shades = BoundaryNorm(levels, 256)
        filled = ax.contourf(first, second, total, levels, cmap=SHADES, norm=shades, zorder=0)
        ax.contour(
            first, second, total, levels, colors="0.62", linewidths=0.5, linestyles="solid", zorder=0.5
        )
        bar = ax.figure.colorbar(filled, ax=ax, pad=0.02, aspect=30, ticks=levels[::2], spacing="uniform")
        bar.ax.set_yticklabels([number(level) for level in levels[::2]])
        bar.minorticks_off()
        bar.ax.tick_params(length=0, labelsize=8)
        bar.set_label("sum of payoffs" if game.comparable else "sum of payoffs (no common unit)")
        bar.outline.set_visible(False)
    for draw, view, bound in ((ax.axvline, views[0], 0), (ax.axhline, views[1], 1)):
        for limit in (float(each[bound, 0]) for each in game.limits):
            if view[0] < limit < view[1]:
                draw(limit, **GUIDE)
    ax.grid(visible=False)
