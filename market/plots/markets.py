"""Supply and demand for one good: the equilibrium price, consumer surplus and producer surplus.

Demand and supply are computed at each price of the good; the prices of other goods are those at which the
market ended. Correspondences, as the supply of a producer at its constant unit cost, are horizontal pieces.
With quasilinear utility and no budgets there are no income effects, so that the area between demand and the
price is consumer surplus, and the area between the price and supply is producer surplus, and the value at
this price of the common stock (the auctioneer's revenue) and of endowments.

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
from market.plots.style import COLOURS, DASHES, GUIDE, legend_below, number, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

STEPS = 240  # prices at which demand and supply are computed
MUCH = 2.0  # times the price, and times the amount traded: the limits of the axes
LOWEST_PRICE = 1e-3  # of the highest price shown: the lowest price at which demand is computed


class Curve(NamedTuple):
    """Amounts demanded or supplied at prices: as the price rises, both ends of each answer.

    Args:
        amounts: (points,), units; may be infinite.
        prices: (points,), ascending.
    """

    amounts: Array
    prices: Array


def has_one_price(comparison: Comparison) -> bool:
    """Return True if there is one good, and its price was announced."""
    economy = comparison.economy
    return len(comparison.rounds) > 0 and len(economy.goods) == 1 and economy.money is not Money.EXCHANGE


@styled
def supply_and_demand(comparison: Comparison, ax: Axes, good: str | None = None) -> Axes:
    """Draw demand for one good and its supply, the equilibrium, consumer surplus and producer surplus.

    Areas are shaded where they are money and the market clears.

    Args:
        comparison: the result of `market.compare`; some mechanism has prices.
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
    if cleared and _areas_are_money(economy) and p > 0:
        _shade(economy, g, demand, supply, p, traded, ax)
    for curve, colour, dashes, label in (
        (demand, COLOURS[0], DASHES[0], "demand"),
        (supply, COLOURS[1], DASHES[1], "supply"),
    ):
        shown = np.minimum(curve.amounts, 10.0 * right)
        ax.plot(shown, curve.prices, color=colour, linestyle=dashes, label=label, zorder=2.5)
    name = "equilibrium" if cleared else "not an equilibrium"
    label = f"{name}: p = {number(p)}, q = {number(traded)}"
    ax.axhline(p, **GUIDE)
    ax.plot(
        [traded],
        [p],
        "o",
        color="black",
        clip_on=False,
        zorder=4,
        label=label,
    )
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
    """Return the first outcome of an auctioneer that cleared, else of any auctioneer."""
    priced = [outcome for outcome in comparison.outcomes.values() if outcome.kind == "auctioneer"]
    if not priced:
        raise InputError("supply and demand is drawn about an auctioneer's price; there is no auctioneer")
    return next((outcome for outcome in priced if outcome.status is Status.CLEARED), priced[0])


def _unit(economy: Economy) -> str:
    if economy.money is not Money.EXCHANGE:
        return "money"
    return "relative" if economy.numeraire is None else f"units of {plain(economy.goods[economy.numeraire])}"


def _highest(economy: Economy, g: int, p: float) -> float:
    """Return the highest price shown, with all steps of supply not far above the equilibrium in view."""
    if p <= 0:
        slopes = economy.marginal_utility(np.zeros(economy.shape))[:, g]
        p = float(slopes[np.isfinite(slopes)].max(initial=0.0)) / MUCH
    top = MUCH * p if p > 0 else 1.0
    steps = economy.indifference_prices[g]
    near = steps[steps <= 2.0 * top]
    top = max(top, 1.1 * float(near.max(initial=0.0)))
    return min(top, 0.999) if economy.money is Money.EXCHANGE and economy.numeraire is None else top


def _curves(economy: Economy, g: int, prices: Array, top: float) -> tuple[Curve, Curve]:
    """Return demand and supply from nearly 0 to the highest price shown."""
    asked = np.unique(
        np.concatenate(
            [np.linspace(LOWEST_PRICE * top, top, STEPS), [prices[g]], economy.indifference_prices[g]]
        )
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
    """Return demand, the most first, and supply, the least first; None if demand is unbounded."""
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
    """Return all prices: the good's, and the others as they were, or in proportion if all sum to one."""
    at = prices.copy()
    at[g] = price
    if economy.money is Money.EXCHANGE and economy.numeraire is None and len(prices) > 1:
        others = np.arange(len(prices)) != g
        at[others] = prices[others] * (1.0 - price) / prices[others].sum()
    return at


def _traded(outcome: Outcome, g: int) -> float:
    """Return the consumption of the good, units."""
    return float(outcome.consumption[:, g].sum())


def _widest(economy: Economy, g: int, traded: float) -> float:
    """Return the largest amount shown: about the amount traded, and a stock that is not far beyond."""
    there = float(economy.resources[g])
    if traded == 0:
        return 1.2 * there or 1.0
    return max(MUCH * traded, 1.1 * there if there < 2.0 * MUCH * traded else 0.0)


def _areas_are_money(economy: Economy) -> bool:
    """Return True with quasilinear money and no budgets, so that demand has no income effects."""
    return economy.money is Money.QUASILINEAR and not np.isfinite(economy.budget).any()


def _of_sellers(economy: Economy, g: int) -> list[str]:
    """Name the parts of the area between the price and supply."""
    parts = {
        "producer surplus": economy.capacity[:, g],
        "revenue of the common stock": economy.commons[[g]],
        "value of endowments": economy.endowment[:, g],
    }
    return [name for name, amounts in parts.items() if (amounts > 0).any()]


def _shade(economy: Economy, g: int, demand: Curve, supply: Curve, p: float, traded: float, ax: Axes) -> None:
    """Shade the area between demand and the price, and the area between the price and supply."""
    above, below = demand.prices >= p, supply.prices <= p
    ax.fill_betweenx(
        demand.prices[above], np.minimum(demand.amounts[above], traded),
        color=COLOURS[0], alpha=0.22, linewidth=0, label="consumer surplus",
    )  # fmt: skip
    ax.fill_betweenx(
        np.append(0.0, supply.prices[below]),
        np.minimum(np.append(supply.amounts[below][:1], supply.amounts[below]), traded),
        facecolor=to_rgba(COLOURS[1], 0.18), edgecolor=to_rgba(COLOURS[1], 0.5), hatch="///", linewidth=0,
        label=" + ".join(_of_sellers(economy, g)),
    )  # fmt: skip
