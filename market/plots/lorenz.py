"""Lorenz curves, where shares of a total mean something.

A share needs amounts that add up and a zero that is no matter of taste. Utilities have that only with
quasilinear money, in which they are counted, and only if having nothing is worth nothing (log utility has
no such zero: its sign changes with the units of the goods). Then the curve is that of payoffs. With budgets
or endowments utilities of different agents do not add up; there the curve is that of what everyone's
consumption is worth at one vector of prices, the auctioneer's, for all mechanisms alike. Amounts below zero
have no shares: a mechanism with some is named and not drawn.

Source: Atkinson (1970), "On the measurement of inequality"; what may be added up: own argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.plots.style import looks, plain, styled, together

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

FEW = 2  # agents, whose shares are seen without a curve


def has_shares(comparison: Comparison) -> bool:
    """Return whether there are shares, and of so many agents that they are not seen without a curve."""
    if len(comparison.economy.agents) <= FEW:
        return False
    try:
        measured(comparison)
    except InputError:
        return False
    return True


@styled
def lorenz(comparison: Comparison, ax: Axes) -> Axes:
    """The share of the poorest in all payoffs, or in the value of all consumption, for each mechanism.

    Args:
        comparison: what `market.compare` returns.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there is nothing of which shares would mean something; says why.
    """
    amounts, what = measured(comparison)
    drawn = {name: curve(values) for name, values in amounts.items() if _has_shares(values)}
    ax.plot(
        [0.0, 1.0],
        [0.0, 1.0],
        color="0.45",
        linewidth=0.9,
        linestyle=(0, (2, 2)),
        label="the same for everyone",
    )
    agents = len(comparison.economy.agents)
    for (names, at), (colour, dashes, _) in zip(
        together(drawn, np.ones(agents + 1), apart=1e-6), looks(), strict=False
    ):
        ax.plot(
            np.linspace(0.0, 1.0, agents + 1),
            at,
            color=colour,
            linestyle=dashes,
            label=", ".join(map(plain, names)),
        )
    for name in amounts:
        if name not in drawn:
            ax.plot([], [], " ", label=f"not drawn: {plain(name)} (some below zero)")
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.set_xlabel(f"share of the {agents} agents, poorest first")
    ax.set_ylabel("share that they have")
    ax.set_title("Lorenz curve")
    ax.legend(loc="upper left", title=what, title_fontsize=8.5, alignment="left")
    return ax


def curve(amounts: Array) -> Array:
    """What the poorest k = 0..n have together, as a share of all, (agents + 1,)."""
    total = np.concatenate([[0.0], np.cumsum(np.sort(amounts))])
    return total / total[-1]


def measured(comparison: Comparison) -> tuple[Mapping[str, Array], str]:
    """Mechanism -> amounts (agents,) that add up, and what they are.

    Raises:
        InputError: there are none.
    """
    economy, outcomes = comparison.economy, comparison.outcomes
    if len(economy.agents) < 2:
        raise InputError("a Lorenz curve compares agents; there is only one")
    if economy.money is Money.QUASILINEAR:
        if not _nothing_is_worth_nothing(economy):
            raise InputError(
                "utilities have shares only if having nothing is worth nothing, and somebody's is not 0 there"
            )
        amounts = {name: outcome.payoffs for name, outcome in outcomes.items()}
        if not any(_has_shares(values) for values in amounts.values()):
            raise InputError(
                "under every mechanism some payoffs are below zero or all are zero: there are no shares"
            )
        return amounts, "Payoffs"
    priced = [
        outcome for outcome in outcomes.values() if outcome.kind == "auctioneer" and outcome.status.settled
    ]
    if not priced or priced[0].prices is None:
        raise InputError("bundles are compared by what they cost, and no auctioneer's markets cleared")
    p, name = priced[0].prices, plain(priced[0].name)
    return {
        each: o.consumption @ p for each, o in outcomes.items()
    }, f"Consumption, at the prices of '{name}'"


def _nothing_is_worth_nothing(economy: Economy) -> bool:
    nothing = np.zeros(economy.shape)
    return bool((economy.welfare(nothing, nothing) == 0).all())


def _has_shares(amounts: Array) -> bool:
    return bool((amounts >= 0).all() and amounts.sum() > 0)
