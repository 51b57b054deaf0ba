"""Figures of games: payoffs of two players, every mechanism's outcome, and payoffs by round.

*Payoff space* of two players: all pure profiles, the hull that lotteries reach, its Pareto frontier, and the
outcomes. For more players, or where payoffs are those of amounts, a row of markers a mechanism.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial import ConvexHull, QhullError

from market.economy.correspondences import Array
from market.games.table import Table

if TYPE_CHECKING:
    from market.results.games.comparison import GameComparison

MARKS = "osD^vP*Xhp"


def payoff_space(ax: Axes, compared: GameComparison) -> None:
    """Draw the payoffs that two players can reach, and those of every mechanism."""
    game = compared.game
    if isinstance(game, Table):
        points = np.unique(game.outcomes.reshape(-1, 2), axis=0)
        corners = hull(points)
        ax.fill(*corners.T, color="0.93", zorder=0)
        edge = pareto_edge(corners)
        ax.plot(*edge.T, color="0.2", linewidth=1.5, zorder=1, label="Pareto frontier, with lotteries")
        ax.scatter(points[:, 0], points[:, 1], s=14, color="0.55", zorder=2, label="pure profiles")
    for place, (name, outcome) in enumerate(compared.outcomes.items()):
        ax.plot(*outcome.payoffs, MARKS[place % len(MARKS)], markersize=8, zorder=3 + place, label=name)
    first, second = game.players
    ax.set_xlabel(f"payoff of {first}")
    ax.set_ylabel(f"payoff of {second}")


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


def payoffs_by_mechanism(ax: Axes, compared: GameComparison) -> None:
    """Draw a row of markers a mechanism: every player's payoff, or the range and mean of many."""
    names = list(compared.outcomes)
    for row, name in enumerate(names):
        v = compared.outcomes[name].payoffs
        ax.plot(v, np.full(len(v), row), "o", alpha=0.7 if len(v) <= 20 else 0.3)
        ax.plot(float(v.mean()), row, "|", color="0.1", markersize=16, label="mean" if row == 0 else None)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel("payoff")


def payoffs_by_round(ax: Axes, compared: GameComparison) -> None:
    """Draw the sum of payoffs in each round, a line a mechanism."""
    rounds = compared.rounds[compared.rounds["measure"] == "total_payoff"]
    for name in compared.outcomes:
        own = rounds[rounds["mechanism"] == name]
        ax.plot(own["round"], own["value"], "o-" if len(own) < 40 else "-", markersize=3, label=name)
    ax.set_xlabel("round")
    ax.set_ylabel("sum of payoffs" if compared.game.comparable else "sum of payoffs (no common unit)")


def game_overview(compared: GameComparison) -> Figure:
    """Draw a comparison of a game: payoffs that players can reach and reached, and payoffs by round."""
    figure = Figure(figsize=(10.0, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    two = compared.game.size == 2
    (payoff_space if two else payoffs_by_mechanism)(left, compared)
    payoffs_by_round(right, compared)
    for ax, title in ((left, "Payoffs"), (right, "By round")):
        ax.set_title(title)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(fontsize=8, frameon=False)
    figure.suptitle(compared.scenario.title)
    return figure
