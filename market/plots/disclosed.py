"""Utility of the user of advice by protocol, and the least that equilibria leave.

With e the distance of the hull no equilibrium of `together` and `best_ai` gives the user less than
`v_0(all) - 2 e`, and none of `quantal`, in which the user errs, less than `v_0(all) - T ln A - 2 e`
(`games/mechanisms/disclosure.py`). Other protocols have no such bound.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from market.errors import InputError
from market.games.disclosure import Disclosure
from market.games.mechanisms.disclosure import BestAI, Quantal, Together
from market.plots.style import COLOURS, GUIDE, POINT, legend_below, limits, number, rows, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.games.mechanisms.base import GameMechanism
    from market.results.games.comparison import GameComparison


def has_user(comparison: GameComparison) -> bool:
    """Return True if providers tell a user what they know."""
    return isinstance(comparison.game, Disclosure)


def least_of(game: Disclosure, mechanism: GameMechanism) -> float | None:
    """Return the least that any equilibrium of a protocol gives the user; None without a bound."""
    if isinstance(mechanism, Together | BestAI):
        return game.bound
    if isinstance(mechanism, Quantal):
        return game.bound - mechanism.temperature * math.log(len(game.choices_of_user))
    return None


@styled
def user_by_protocol(comparison: GameComparison, ax: Axes) -> Axes:
    """Draw the user's utility under every protocol, and the least that equilibria leave where that is known.

    Args:
        comparison: the result of `market.compare`, of a game of information.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: it is another game.
    """
    game, names = comparison.game, list(comparison.outcomes)
    if not isinstance(game, Disclosure):
        raise InputError("a user's utility is drawn of games of information")
    reached = np.array([comparison.outcomes[name].payoffs[-1] for name in names])
    stated = comparison.scenario.mechanism_names
    bounds = [
        least_of(game, comparison.scenario.mechanism(name)) if name in stated else None for name in names
    ]
    known = [bound for bound in bounds if bound is not None]
    view = limits(np.array([*reached, *known, game.least, game.most]))
    for at, words in ((game.least, "knows nothing"), (game.most, "knows all")):
        ax.axvline(at, **GUIDE)
        ax.annotate(words, (at, 1.0), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
                    ha="center", fontsize=8, color="0.35")  # fmt: skip
    for row, (value, bound) in enumerate(zip(reached, bounds, strict=True)):
        if bound is not None:
            ax.plot([bound, game.most], [row, row], color=COLOURS[1], linewidth=9, alpha=0.25,
                    solid_capstyle="butt", zorder=1.8)  # fmt: skip
            ax.plot([bound], [row], "|", color=COLOURS[1], markersize=15, markeredgewidth=2.2)
        ax.plot(
            [value], [row], "o", color=COLOURS[0], markersize=8, label=None if row else "utility", **POINT
        )
        left = value > 0.5 * sum(view)
        ax.annotate(number(value), (value, row), (-5 if left else 5, 9), textcoords="offset points",
                    ha="right" if left else "left", va="center", fontsize=8)  # fmt: skip
    if known:
        ax.fill_between(
            [], [], color=COLOURS[1], alpha=0.25, linewidth=0, label="not less in any equilibrium"
        )
    rows(names, ax)
    ax.set_xlim(*view)
    ax.set_title("The user's utility", pad=14)
    ax.set_xlabel("utility of the user")
    return legend_below(ax)
