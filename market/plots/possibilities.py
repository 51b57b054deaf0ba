"""The utility possibilities of two agents, and the outcome of each mechanism."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError, MarketError
from market.plots.style import POINT, limits, looks, number, plain, styled, together
from market.welfare.possibility_frontier import Frontier, floors
from market.welfare.possibility_frontier import frontier as find_frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison


def has_two_agents(comparison: Comparison) -> bool:
    """Return True if there are two agents."""
    return len(comparison.economy.agents) == 2


@styled
def frontier(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the utility possibilities of two agents, and the outcome of each mechanism.

    Args:
        comparison: the result of `market.compare`, of two agents.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are not two agents.
    """
    economy, outcomes = comparison.economy, comparison.outcomes
    if len(economy.agents) != 2:
        raise InputError(f"a frontier is drawn for two agents; there are {len(economy.agents)}")
    found, reason = None, ""
    try:
        found = find_frontier(economy, *floors(economy, list(outcomes.values())))
    except MarketError as error:  # then the outcomes are shown alone
        reason = str(error)
    reached = np.array([outcome.utilities for outcome in outcomes.values()])
    inside = reached if found is None else np.concatenate([reached, found.utilities])
    views = [
        limits(inside[:, agent], None if found is None else found.utilities[:, agent]) for agent in (0, 1)
    ]
    if found is not None and len(found.utilities) > 1:
        _area_below(found, views, ax)
        if found.surplus is not None:
            _transfer_line(found.surplus, views, ax)
    span = np.array([high - low for low, high in views])
    places = {name: outcome.utilities for name, outcome in outcomes.items()}
    for (names, at), look in zip(together(places, span), looks(), strict=False):
        _outcome(names, at, views, economy.agents, look, ax)
    ax.set_xlim(*views[0])
    ax.set_ylim(*views[1])
    ax.set_title("Utility possibilities")
    what = "utility minus cost" if economy.costs else "utility"
    ax.set_xlabel(f"{what} of {plain(economy.agents[0])}")
    ax.set_ylabel(f"{what} of {plain(economy.agents[1])}")
    if reason:
        ax.plot([], [], " ", label=plain(f"frontier not found: {reason}", 70))
    ax.legend(loc="best")
    return ax


def _area_below(found: Frontier, views: Sequence[tuple[float, float]], ax: Axes) -> None:
    """Draw the frontier, and shade the utilities below it."""
    first, second = found.utilities.T
    ax.plot(first, second, "-", color="0.15", label="Pareto frontier", zorder=2)
    # To the left of its first point the frontier is no lower, so that the area below that is possible too.
    left = np.concatenate([[views[0][0]], first])
    above = np.concatenate([second[:1], second])
    ax.fill_between(left, np.full(len(left), views[1][0]), above, color="0.5", alpha=0.10, linewidth=0)


def _transfer_line(surplus: float, views: Sequence[tuple[float, float]], ax: Axes) -> None:
    """Draw the payoffs that are attainable with transfers from the largest total surplus."""
    first = np.array(views[0])
    look: dict[str, Any] = {"color": "0.45", "linewidth": 1.2, "linestyle": (0, (4, 3)), "zorder": 1.8}
    ax.plot(first, surplus - first, label="attainable with transfers", **look)


def _outcome(
    names: Sequence[str],
    at: Array,
    views: Sequence[tuple[float, float]],
    agents: Sequence[str],
    look: tuple[str, Any, str],
    ax: Axes,
) -> None:
    """Draw one marker for mechanisms with equal outcomes; at the edge, with the numbers, if out of view."""
    colour, _, marker = look
    lowest = np.array([low for low, _ in views])
    span = np.array([high - low for low, high in views])
    hidden = at < lowest
    place = np.where(hidden, lowest + 0.07 * span, at)
    beyond = [f"{plain(agents[i])}: {number(at[i])}" for i in (0, 1) if hidden[i]]
    label = ", ".join(plain(name) for name in names) + (f" ({', '.join(beyond)})" if beyond else "")
    ax.plot(place[:1], place[1:], marker, color=colour, markersize=10, label=label, **POINT)
    for agent in np.flatnonzero(hidden):  # an arrow to the edge: the value is out of view
        edge = place.copy()
        edge[agent] = lowest[agent]
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 4, "shrinkB": 0}
        ax.annotate("", (edge[0], edge[1]), (place[0], place[1]), arrowprops=arrow, zorder=3.5)
