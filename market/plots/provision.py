"""The provision of a public good: marginal benefits added up vertically, marginal cost, and the amounts.

Symbols: G the amount; v_i(G) = du_i/dG with everything else that i consumes as in the first outcome drawn.
All agents enjoy the whole amount, so that their benefits are added at one G (Samuelson), while demands for a
private good are added at one price. Where the sum crosses marginal cost total surplus is largest; where the
largest single v_i crosses it, the keenest agent stops paying of its own accord.

Only with quasilinear money, where benefits are money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.public_goods import consumers
from market.plots.style import legend_below, looks, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

MOST_DRAWN = 6  # agents with a line of their own
POINTS = 200


def has_public_good(comparison: Comparison) -> bool:
    """Return True if there is a public good whose benefits are in money."""
    economy = comparison.economy
    return bool(economy.public_goods) and economy.money is Money.QUASILINEAR


@styled
def public_provision(comparison: Comparison, ax: Axes, good: str | None = None) -> Axes:
    """Draw marginal benefits of a public good, their sum, marginal cost, and the amount of each mechanism.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.
        good: a public good; the first one if not given.
    """
    economy, outcomes = comparison.economy, comparison.outcomes
    g = economy.public_goods[0] if good is None else economy.goods.index(good)
    amounts = {name: float(outcome.consumption[:, g].max()) for name, outcome in outcomes.items()}
    largest = max([*amounts.values(), 1e-9])
    drawn = np.linspace(0.02, 1.6, POINTS) * largest
    x = next(iter(outcomes.values())).consumption
    benefits = np.array([_benefits(economy, x, g, amount) for amount in drawn])
    own = consumers(economy)
    for i in own[:MOST_DRAWN]:
        ax.plot(drawn, benefits[:, i], linewidth=0.9, label=f"{plain(economy.agents[i])}, marginal benefit")
    ax.plot(drawn, benefits[:, own].sum(axis=1), "k-", linewidth=2.0, label="sum of all marginal benefits")
    cost = np.array([_marginal_cost(economy, g, amount) for amount in drawn])
    ax.plot(drawn, cost, "k--", linewidth=1.4, label="marginal cost")
    alike: dict[str, list[str]] = {}  # mechanisms by the amount that the legend has
    for name, amount in amounts.items():
        alike.setdefault(f"{amount:.4g}", []).append(name)
    for (shown, names), (_, dashes, _) in zip(alike.items(), looks(), strict=False):
        label = f"{plain(', '.join(names), longest=48)}: {shown}"
        ax.axvline(amounts[names[0]], color="grey", linestyle=dashes, linewidth=1.4, label=label)
    known = cost[np.isfinite(cost)]
    top = 3.0 * float(known.max()) if len(known) else float(np.median(benefits[:, own].sum(axis=1)))
    ax.set(xlim=(0.0, float(drawn[-1])), ylim=(0.0, top))
    ax.set_title(f"Provision of {plain(economy.goods[g])}, a public good")
    ax.set_xlabel("amount, the same for all agents")
    ax.set_ylabel("money per unit")
    return legend_below(ax)


def _benefits(economy: Economy, x: Array, g: int, amount: float) -> Array:
    """Return marginal benefits of a public good at an amount, (agents,)."""
    x = x.copy()
    x[:, g] = amount
    return economy.marginal_utility(x)[:, g]


def _marginal_cost(economy: Economy, g: int, amount: float) -> float:
    """Return the price at which producers make up an amount; nan where none does."""
    needed = amount - float(economy.resources[g])
    low, high = 1e-12, 1e12
    for _ in range(100):
        middle = np.sqrt(low * high)
        prices = np.zeros(len(economy.goods))
        prices[g] = middle
        enough = economy.supply(prices).highest[:, g].sum() >= needed
        low, high = (low, middle) if enough else (middle, high)
    return float(high) if high < 1e11 else np.nan
