"""What two agents can have together, and where each mechanism leaves them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import MarketError
from market.outcome import Outcome
from market.plots.style import limits, looks, number, plain, styled, together
from market.welfare.possibility_frontier import Frontier, floors
from market.welfare.possibility_frontier import frontier as find_frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison


def has_two_agents(comparison: Comparison) -> bool:
    """Return whether there are two agents, whose utilities are a plane."""
    return len(comparison.economy.agents) == 2


@styled
def frontier(comparison: Comparison, ax: Axes) -> Axes:
    """What two agents can have together, and where each mechanism ends.

    Args:
        comparison: what `market.compare` returns, of two agents.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are not two agents.
    """
    economy, outcomes = comparison.economy, comparison.outcomes
    found = _frontier_or_none(economy, list(outcomes.values()))
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
    ax.set_title("What is possible together")
    what = "utility less cost" if economy.costs else "utility"
    ax.set_xlabel(f"{what} of {plain(economy.agents[0])}")
    ax.set_ylabel(f"{what} of {plain(economy.agents[1])}")
    ax.legend(loc="best")
    return ax


def _frontier_or_none(economy: Economy, outcomes: Sequence[Outcome]) -> Frontier | None:
    """The frontier; None where it could not be found, and then the outcomes are shown alone."""
    with contextlib.suppress(MarketError):
        return find_frontier(economy, *floors(economy, outcomes))
    return None


def _area_below(found: Frontier, views: Sequence[tuple[float, float]], ax: Axes) -> None:
    first, second = found.utilities.T
    ax.plot(first, second, "-", color="0.15", label="nothing better for both", zorder=2)
    # To the left of its first point the frontier only rises further, so what is below that is possible too.
    left = np.concatenate([[views[0][0]], first])
    ax.fill_between(
        left,
        np.full(len(left), views[1][0]),
        np.concatenate([second[:1], second]),
        color="0.5",
        alpha=0.10,
        linewidth=0,
    )


def _transfer_line(surplus: float, views: Sequence[tuple[float, float]], ax: Axes) -> None:
    """All pairs of payoffs that payments reach from the largest total surplus."""
    first = np.array(views[0])
    ax.plot(
        first,
        surplus - first,
        color="0.45",
        linewidth=1.2,
        linestyle=(0, (4, 3)),
        label="reached with payments",
        zorder=1.8,
    )


def _outcome(
    names: Sequence[str],
    at: Array,
    views: Sequence[tuple[float, float]],
    agents: Sequence[str],
    look: tuple[str, Any, str],
    ax: Axes,
) -> None:
    """One marker for the mechanisms that end there; at the edge, and said so, if it is out of view."""
    colour, _, marker = look
    lowest = np.array([low for low, _ in views])
    span = np.array([high - low for low, high in views])
    hidden = at < lowest
    place = np.where(hidden, lowest + 0.07 * span, at)
    said = [f"{plain(agents[i])}: {number(at[i])}" for i in (0, 1) if hidden[i]]
    label = ", ".join(plain(name) for name in names) + (f" ({', '.join(said)})" if said else "")
    ax.plot(
        place[:1],
        place[1:],
        marker,
        color=colour,
        markeredgecolor="white",
        markersize=10,
        clip_on=False,
        zorder=4,
        label=label,
    )
    for agent in np.flatnonzero(hidden):  # an arrow to the edge: further on, out of view
        edge = place.copy()
        edge[agent] = lowest[agent]
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 4, "shrinkB": 0}
        ax.annotate("", (edge[0], edge[1]), (place[0], place[1]), arrowprops=arrow, zorder=3.5)
