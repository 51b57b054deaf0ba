"""The utility possibilities of two agents, and the outcome of each mechanism."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import InputError, MarketError
from market.outcome import Outcome
from market.plots.memory import Memory
from market.plots.style import (
    DRAWN_AS_ONE,
    POINT,
    legend_below,
    limits,
    looks,
    number,
    plain,
    styled,
    together,
)
from market.welfare.possibility_frontier import Frontier, FrontierSearch, floors, frontier_search

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison


LONGEST_REASON = 150  # characters


def has_two_agents(comparison: Comparison) -> bool:
    """Return True if there are two agents."""
    return len(comparison.economy.agents) == 2 and not comparison.economy.public_goods


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
    economy, outcomes = comparison.economy, list(comparison.outcomes.values())
    if len(economy.agents) != 2:
        raise InputError(f"a frontier is drawn for two agents; there are {len(economy.agents)}")
    found, usual, reason = _found(economy, outcomes)
    reached = np.array([outcome.utilities for outcome in outcomes])
    line = np.zeros((0, 2)) if usual is None else usual.utilities
    inside = np.concatenate([reached, line])
    views = [limits(inside[:, agent], line[:, agent]) for agent in (0, 1)]
    if found is not None:
        _area_below(found, views, ax)
        if found.surplus is not None:
            _transfer_line(found.surplus, views, ax)
    span = np.array([high - low for low, high in views])
    places = {outcome.name: outcome.utilities for outcome in outcomes}
    for (names, at), look in zip(together(places, span), looks(), strict=False):
        _outcome(names, at, views, economy.agents, look, ax)
    ax.set_xlim(*views[0])
    ax.set_ylim(*views[1])
    ax.set_title("Utility possibility frontier")
    able = (economy.capacity > 0).any(axis=1) & ~economy.turns_goods_into_goods
    harmed = [False, False] if economy.harm is None else economy.harm.victims.tolist()
    what = [
        "utility" + " minus cost" * bool(bears) + " minus harm" * suffers
        for bears, suffers in zip(able, harmed, strict=True)
    ]
    ax.set_xlabel(f"{what[0]} of {plain(economy.agents[0])}")
    ax.set_ylabel(f"{what[1]} of {plain(economy.agents[1])}")
    if reason:
        ax.plot([], [], " ", label=textwrap.fill(plain(f"frontier not found: {reason}", LONGEST_REASON), 46))
    return legend_below(ax)


_SEARCHES: Memory[FrontierSearch] = Memory()


def _found(economy: Economy, outcomes: Sequence[Outcome]) -> tuple[Frontier | None, Frontier | None, str]:
    """Return the frontier through the outcomes, its part above the floors, and the reason if not found."""
    try:
        key = b"".join(array.tobytes() for array in floors(economy, outcomes))
        search = _SEARCHES.of(economy, key, lambda: frontier_search(economy, outcomes))
        return search.through(outcomes), search.above_the_floors, ""
    except MarketError as error:  # then the outcomes are shown alone
        return None, None, str(error)


def _area_below(found: Frontier, views: Sequence[tuple[float, float]], ax: Axes) -> None:
    """Draw the frontier, and shade the utilities below it."""
    points = found.utilities
    one = bool((np.ptp(points, axis=0) <= DRAWN_AS_ONE * np.abs(points).max(axis=0)).all())
    first, second = (points[len(points) // 2 :][:1] if one else points).T
    alone: dict[str, Any] = {"marker": "P", "markersize": 9, "linestyle": "none"} if one else {}
    label = "Pareto frontier" + (" (one point)" if one else "")
    look: dict[str, Any] = {"color": "0.15", "zorder": 2} | alone
    ax.plot(first, second, **look, label=label)
    # To the left of its first point the frontier is no lower, so that the area below that is possible too.
    left = np.concatenate([[min(views[0][0], first[0])], first])
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
