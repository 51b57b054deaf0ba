"""Lorenz curves, where shares of a total mean something.

A share needs amounts that add up and a zero that does not depend on units. Utilities have that only with
quasilinear money, in which they are measured, and only if the utility of nothing is 0 (log utility has no
such zero: its sign changes with the units of the goods). Then the curve is that of payoffs. With budgets or
endowments utilities of different agents do not add up; there the curve is that of the cost of each agent's
bundle at one vector of prices, the auctioneer's, for all mechanisms alike. Agents that only produce are left
out. Negative amounts have no shares: a mechanism with some is named and not drawn.

Source: Atkinson (1970), "On the measurement of inequality"; what may be added up: own argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.plots.style import GUIDE, legend_below, looks, plain, styled, together

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

FEW = 2  # consumers: their shares are seen without a curve


def has_shares(comparison: Comparison) -> bool:
    """Return True if there are shares, and of more than `FEW` consumers."""
    if _consumers(comparison.economy).sum() <= FEW or comparison.economy.public_goods:
        return False
    try:
        measured(comparison)
    except InputError:
        return False
    return True


@styled
def lorenz(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the share of the poorest in all payoffs, or in the value of consumption, for each mechanism.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are no amounts of which shares mean something; says why.
    """
    amounts, what = measured(comparison)
    drawn = {name: curve(values) for name, values in amounts.items() if _has_shares(values)}
    ax.plot([0.0, 1.0], [0.0, 1.0], label="equality", **GUIDE)
    agents = len(next(iter(amounts.values())))
    shares = np.linspace(0.0, 1.0, agents + 1)
    places = together(drawn, np.ones(agents + 1), apart=1e-6)
    for (names, at), (colour, dashes, _) in zip(places, looks(), strict=False):
        ax.plot(shares, at, color=colour, linestyle=dashes, label=", ".join(map(plain, names)))
    for name in amounts:
        if name not in drawn:
            ax.plot([], [], " ", label=f"not drawn: {plain(name)} (some payoffs are negative)")
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.set_xlabel(f"cumulative share of the {agents} consumers, poorest first")
    ax.set_ylabel("cumulative share of the total")
    ax.set_title("Lorenz curve")
    return legend_below(ax, what)


def curve(amounts: Array) -> Array:
    """Return the share of the poorest k = 0..n in the total, (agents + 1,)."""
    total = np.concatenate([[0.0], np.cumsum(np.sort(amounts))])
    return total / total[-1]


def measured(comparison: Comparison) -> tuple[Mapping[str, Array], str]:
    """Return mechanism -> amounts (consumers,) that add up, and their name.

    Raises:
        InputError: there are none.
    """
    economy, outcomes = comparison.economy, comparison.outcomes
    who = _consumers(economy)
    if who.sum() < 2:
        raise InputError("a Lorenz curve compares consumers; there are fewer than two")
    if economy.money is Money.QUASILINEAR:
        if not _utility_of_nothing_is_zero(economy):
            raise InputError(
                "utilities have shares only if the utility of nothing is 0, and for some agent it is not"
            )
        amounts = {name: outcome.payoffs[who] for name, outcome in outcomes.items()}
        if not any(_has_shares(values) for values in amounts.values()):
            raise InputError(
                "under every mechanism some payoffs are negative or all are zero: there are no shares"
            )
        return amounts, "Payoffs"
    priced = [
        outcome for outcome in outcomes.values() if outcome.kind == "auctioneer" and outcome.status.settled
    ]
    if not priced or priced[0].prices is None:
        raise InputError("bundles are compared by their cost, and no auctioneer's markets cleared")
    p, name = priced[0].prices, plain(priced[0].name)
    bundles = {each: outcome.consumption[who] @ p for each, outcome in outcomes.items()}
    return bundles, f"Consumption, at the prices of '{name}'"


def _consumers(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of agents that want some good; firms have no share of their own, (agents,)."""
    return economy.wants_something


def _utility_of_nothing_is_zero(economy: Economy) -> bool:
    nothing = np.zeros(economy.shape)
    return bool((economy.welfare(nothing, nothing) == 0).all())


def _has_shares(amounts: Array) -> bool:
    return bool((amounts >= 0).all() and amounts.sum() > 0)
