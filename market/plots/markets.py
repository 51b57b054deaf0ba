"""Supply and demand for one good: the clearing price, and what trade at it is worth.

At each price everyone is asked anew; the prices of other goods are those at which the market ended. Answers
that are sets, as that of a producer at its constant unit cost, are horizontal pieces. With quasilinear
money the area between demand and the price is what buyers have of the trade, and the area between the price
and supply what sellers have of it; a stock in common sells at the price too, and that is the auctioneer's
revenue.

Source: Mas-Colell, Whinston and Green (1995), sections 10.C to 10.E.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.colors import to_rgba

from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy, Money
from market.errors import InputError, UnboundedDemandError, did_you_mean
from market.outcome import Outcome, Status
from market.plots.style import COLOURS, DASHES, legend_below, number, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

STEPS = 240  # prices at which everyone is asked
MUCH = 2.0  # times the price, and times the amount traded: what is shown
LEAST = 1e-3  # of the highest price shown: the lowest at which everyone is asked


class Curve(NamedTuple):
    """What is wanted or offered at prices: as the price goes up, one end of each answer and then the other.

    Args:
        amounts: (points,), units; may be infinite.
        prices: (points,), ascending.
    """

    amounts: Array
    prices: Array


def has_one_price(comparison: Comparison) -> bool:
    """Return whether there is one good, and its price was announced."""
    economy = comparison.economy
    return len(comparison.rounds) > 0 and len(economy.goods) == 1 and economy.money is not Money.EXCHANGE


@styled
def supply_and_demand(comparison: Comparison, ax: Axes, good: str | None = None) -> Axes:
    """Demand for one good and its supply at each price, with the clearing price and what trade is worth.

    Areas are shaded with quasilinear money, where they are money, if the market clears.

    Args:
        comparison: what `market.compare` returns; some mechanism has prices.
        ax: to draw on.
        good: which one; the only one if not named.

    Returns:
        The same axes.

    Raises:
        InputError: no mechanism has prices, no good of that name, or none is named and there are several.
    """
    economy = comparison.economy
    g = _the_good(economy, good)
    outcome = _with_prices(comparison)
    assert outcome.prices is not None
    p = float(outcome.prices[g])
    top = _highest(economy, g, p)
    demand, supply = _curves(economy, g, outcome.prices, top)
    traded = _traded(outcome, g)
    right = _widest(economy, g, traded)
    cleared = outcome.status is Status.CLEARED
    if cleared and economy.money is Money.QUASILINEAR and p > 0:
        _shade(economy, demand, supply, p, traded, ax)
    for curve, colour, dashes, label in (
        (demand, COLOURS[0], DASHES[0], "demand"),
        (supply, COLOURS[1], DASHES[1], "supply"),
    ):
        shown = np.minimum(curve.amounts, 10.0 * right)
        ax.plot(shown, curve.prices, color=colour, linestyle=dashes, label=label, zorder=2.5)
    name = "clears at" if cleared else "last price (does not clear)"
    ax.axhline(p, color="0.4", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1.5)
    ax.plot([traded], [p], "o", color="black", clip_on=False, zorder=4, label=f"{name} {number(p)}")
    ax.set_xlim(0.0, right)
    ax.set_ylim(0.0, top)
    ax.set_xlabel(f"{plain(economy.goods[g])} (units)")
    ax.set_ylabel(f"price of a unit ({_unit(economy)})")
    ax.set_title(
        "Supply and demand" if len(economy.goods) == 1 else f"Supply and demand: {plain(economy.goods[g])}"
    )
    return legend_below(ax)


def _the_good(economy: Economy, good: str | None) -> int:
    if good is None:
        if len(economy.goods) > 1:
            raise InputError(
                f"supply and demand is drawn for one good; name one of {', '.join(economy.goods)}"
            )
        good = economy.goods[0]
    if good not in economy.goods:
        raise InputError(f"no good '{good}'; {did_you_mean(good, economy.goods)}")
    if economy.goods.index(good) == economy.numeraire:
        raise InputError(f"'{good}' is the unit of account: its price does not move")
    return economy.goods.index(good)


def _with_prices(comparison: Comparison) -> Outcome:
    """The first outcome of an auctioneer that cleared, or of any auctioneer."""
    priced = [outcome for outcome in comparison.outcomes.values() if outcome.kind == "auctioneer"]
    if not priced:
        raise InputError("supply and demand is drawn about an auctioneer's price; there is no auctioneer")
    return next((outcome for outcome in priced if outcome.status is Status.CLEARED), priced[0])


def _unit(economy: Economy) -> str:
    if economy.money is not Money.EXCHANGE:
        return "money"
    return "relative" if economy.numeraire is None else f"units of {plain(economy.goods[economy.numeraire])}"


def _highest(economy: Economy, g: int, p: float) -> float:
    """The highest price shown: about the clearing price, all steps of supply that are not far above it."""
    if p <= 0:
        slopes = economy.marginal_utility(np.zeros(economy.shape))[:, g]
        p = float(slopes[np.isfinite(slopes)].max(initial=0.0)) / MUCH
    top = MUCH * p if p > 0 else 1.0
    steps = economy.indifference_prices[g]
    near = steps[steps <= 2.0 * top]
    top = max(top, 1.1 * float(near.max(initial=0.0)))
    return min(top, 0.999) if economy.money is Money.EXCHANGE and economy.numeraire is None else top


def _curves(economy: Economy, g: int, prices: Array, top: float) -> tuple[Curve, Curve]:
    """Demand and supply from hardly any price to the highest shown."""
    asked = np.unique(
        np.concatenate([np.linspace(LEAST * top, top, STEPS), [prices[g]], economy.indifference_prices[g]])
    )
    asked = asked[(asked > 0) & (asked <= top)]
    wanted, offered = [], []
    for price in asked:
        answers = _answers(economy, g, prices, price)
        wanted.append(answers[0] if answers else [np.nan, np.nan])
        offered.append(answers[1] if answers else [np.nan, np.nan])
    twice = np.repeat(asked, 2)
    return Curve(np.ravel(wanted), twice), Curve(np.ravel(offered), twice)


def _answers(economy: Economy, g: int, prices: Array, price: float) -> tuple[list[float], list[float]] | None:
    """Demand, the most first, and supply, the least first; None where somebody wants without limit."""
    at = _others_at(economy, g, prices, price)
    try:
        answers: Answers = economy.answers(at)
    except UnboundedDemandError:
        return None
    demand, supply = answers.demand.total(), answers.supply.total()
    there = float(economy.resources[g])
    return (
        [float(demand.highest[g]), float(demand.lowest[g])],
        [there + float(supply.lowest[g]), there + float(supply.highest[g])],
    )


def _others_at(economy: Economy, g: int, prices: Array, price: float) -> Array:
    """All prices: the good's, and the others as they were, or in the same proportions if all sum to one."""
    at = prices.copy()
    at[g] = price
    if economy.money is Money.EXCHANGE and economy.numeraire is None and len(prices) > 1:
        others = np.arange(len(prices)) != g
        at[others] = prices[others] * (1.0 - price) / prices[others].sum()
    return at


def _traded(outcome: Outcome, g: int) -> float:
    """How much of the good is consumed, units."""
    return float(outcome.consumption[:, g].sum())


def _widest(economy: Economy, g: int, traded: float) -> float:
    """The largest amount shown: about what is traded, and all of a stock that is not far beyond."""
    there = float(economy.resources[g])
    if traded == 0:
        return 1.2 * there or 1.0
    return max(MUCH * traded, 1.1 * there if there < 2.0 * MUCH * traded else 0.0)


def _shade(economy: Economy, demand: Curve, supply: Curve, p: float, traded: float, ax: Axes) -> None:
    """What buyers have, between demand and the price, and what sellers have, between the price and supply."""
    above, below = demand.prices >= p, supply.prices <= p
    ax.fill_betweenx(
        demand.prices[above], np.minimum(demand.amounts[above], traded),
        color=COLOURS[0], alpha=0.22, linewidth=0, label="left to buyers",
    )  # fmt: skip
    made = bool(economy.costs)
    common = bool((economy.commons > 0).any())
    label = (
        "left to sellers"
        if not common
        else ("left to sellers, and revenue" if made else "revenue for the commons")
    )
    ax.fill_betweenx(
        np.append(0.0, supply.prices[below]),
        np.minimum(np.append(supply.amounts[below][:1], supply.amounts[below]), traded),
        facecolor=to_rgba(COLOURS[1], 0.18), edgecolor=to_rgba(COLOURS[1], 0.5), hatch="///", linewidth=0,
        label=label,
    )  # fmt: skip
