"""Figures of any game: payoffs of every player by mechanism, and payoffs by round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from market.plots.payoff_space import has_payoff_space
from market.plots.style import (
    COLOURS,
    GUIDE,
    MINUS,
    NAMED,
    PAYOFF,
    at_the_edge,
    legend_below,
    looks,
    looks_of,
    number,
    plain,
    rows,
    spread,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.games.comparison import GameComparison

LONG = 60
"""Rounds: a longer play has a logarithmic axis, on which a short one next to it can still be seen."""

AWAY = 2.0
"""Times the extent of plays of several rounds: sums of other mechanisms farther away are out of view."""

FEW = 25
"""Rounds: those of a shorter play are marked one by one."""


def has_rows_of_payoffs(comparison: GameComparison) -> bool:
    """Return True unless a payoff space shows the same payoffs."""
    return not has_payoff_space(comparison)


@styled
def payoffs_by_mechanism(comparison: GameComparison, ax: Axes) -> Axes:
    """Draw a row of markers a mechanism: every player's payoff, or range, middle half and median of many.

    Args:
        comparison: the result of `market.compare`, of a game.
        ax: to draw on.

    Returns:
        The same axes.
    """
    game, names = comparison.game, list(comparison.outcomes)
    reached = np.array([comparison.outcomes[name].payoffs for name in names])
    finite = reached[np.isfinite(reached)]
    view = around(float(finite.min()), float(finite.max())) if len(finite) else (-1.0, 1.0)
    few = game.size <= NAMED
    for row, v in enumerate(reached):
        if not few:
            spread(v, row, view, COLOURS[0], game.players, ax)
            continue
        for player, (colour, _, marker) in zip(range(game.size), looks(), strict=False):
            label = plain(game.players[player]) if row == 0 else None
            at = row + 0.09 * (player - (game.size - 1) / 2.0)
            here = [v[player]] if np.isfinite(v[player]) else []
            ax.plot(here, [at] * len(here), marker, color=colour, label=label, markeredgecolor="white")
        lost = int((~np.isfinite(v)).sum())
        if lost:
            at_the_edge(f"{lost} of {game.size} at {MINUS}\N{INFINITY}", True, row, "0.3", ax)
    rows(names, ax)
    ax.set_xlim(*view)
    ax.set_title("Payoffs by mechanism")
    ax.set_xlabel(PAYOFF if few else f"{PAYOFF} (range, middle half, median; {game.size:,} players)")
    return legend_below(ax) if few else ax


def has_game_rounds(comparison: GameComparison) -> bool:
    """Return True if some mechanism took more than two rounds: the second may show that nothing moves."""
    return any(outcome.rounds > 2 for outcome in comparison.outcomes.values())


@styled
def payoff_by_round(comparison: GameComparison, ax: Axes) -> Axes:
    """Draw the sum of payoffs in each round, a line a mechanism.

    A dotted line goes on from the end of a play that needed fewer rounds than others.

    Args:
        comparison: the result of `market.compare`, of a game.
        ax: to draw on.

    Returns:
        The same axes.
    """
    seen = comparison.rounds[comparison.rounds["measure"] == "total_payoff"]
    last = max((int(seen["round"].max()) if len(seen) else 1), 2)
    low, high = _view(seen)
    known = looks_of(comparison.names)
    for name in comparison.outcomes:
        colour, dashes, marker = known[name]
        own = seen[seen["mechanism"] == name]
        if own.empty:
            continue
        at, value = own["round"].to_numpy(), own["value"].to_numpy()
        dots: dict[str, Any] = {"marker": marker, "markersize": 4} if len(at) <= FEW else {}
        beyond = not low <= value[-1] <= high
        label = f"{plain(name)}: {number(value[-1])}, out of view" if beyond else plain(name)
        ax.plot(at, value, color=colour, linestyle=dashes, label=label, **dots)
        if at[-1] < last:
            ax.plot([at[-1], last], [value[-1]] * 2, **{**GUIDE, "color": colour})
    ax.set_ylim(low, high)
    if last > LONG:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_title("Payoff by round")
    ax.set_xlabel("round")
    ax.set_ylabel("sum of payoffs" if comparison.game.comparable else "sum of payoffs (no common unit)")
    return legend_below(ax)


def _view(seen: pd.DataFrame) -> tuple[float, float]:
    """Return the limits of sums: around plays of several rounds, and around others unless they are far."""
    finite = seen[np.isfinite(seen["value"])]
    if finite.empty:
        return -1.0, 1.0
    long = finite.groupby("mechanism")["round"].transform("max") > 1
    main = finite.loc[long if long.any() else long | True, "value"]
    low, high = float(main.min()), float(main.max())
    span = high - low if high > low else np.inf
    near = finite.loc[finite["value"].between(low - AWAY * span, high + AWAY * span), "value"]
    return around(float(near.min()), float(near.max()))


def around(low: float, high: float) -> tuple[float, float]:
    """Return limits of an axis a little beyond its values."""
    margin = 0.06 * ((high - low) or max(1.0, abs(high)))
    return low - margin, high + margin
