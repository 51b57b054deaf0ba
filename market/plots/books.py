"""Order books: prices of single trades, the steps of supply and demand in lots, and the book of a day.

Three figures of double auctions (`kind = "double_auction"`). All show the competitive price, at which price
takers' demand equals their supply, as a guide: trade in a book can be efficient without it.

- `trade_prices`: a point for each trade, day by day;
- `steps_and_trades`: values of all lots, falling, and their costs, rising; each trade of the last day joins
  the value of the buyer's lot and the cost of the seller's by a line, dotted where the cost is higher, with a
  point at its price;
- `order_book`: the standing bid and offer before each trade of the last day, and the price.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import numpy as np
from matplotlib.ticker import MaxNLocator

from market.economy.correspondences import Array
from market.mechanisms.trading.double_auction.limits import Limits, Seat
from market.mechanisms.trading.double_auction.yardsticks import Competitive, competitive, staircase
from market.plots.memory import Memory
from market.plots.style import COLOURS, GUIDE, legend_below, looks, number, plain, styled
from market.trades import Places

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from market.mechanisms.trading.double_auction import DoubleAuction
    from market.outcome import Outcome
    from market.results.comparison import Comparison

MOST_BOOKS = 6  # mechanisms in one figure
MANY_TRADES = 400  # beyond, points are small
MOST_LOTS = 2000  # steps drawn
_PRICES: Memory[Competitive | None] = Memory()
_STEPS: Memory[tuple[Array, Array]] = Memory()


def books(comparison: Comparison) -> dict[str, Outcome]:
    """Return mechanism -> outcome of the double auctions with trades, in one good."""
    return {
        name: outcome
        for name, outcome in comparison.outcomes.items()
        if outcome.kind == "double_auction"
        and outcome.trades is not None
        and len(set(outcome.trades.good)) == 1
    }


def has_books(comparison: Comparison) -> bool:
    """Return True if some double auction in one good has trades."""
    return bool(books(comparison))


def has_limits(comparison: Comparison) -> bool:
    """Return True if the values of lots do not depend on what is paid, so that they can be drawn."""
    return has_books(comparison) and comparison.economy.numeraire is None


def competitive_price(comparison: Comparison, mechanism: str) -> float | None:
    """Return the competitive price of the good of a double auction; None if it was not found."""
    economy, options = comparison.economy, _options(comparison, mechanism)
    lots = options.lots(economy)

    def find() -> Competitive | None:
        return competitive(economy, lots, options.price_range[1])

    found = _PRICES.of(economy, mechanism, find)
    return None if found is None else float(found.prices[np.flatnonzero(lots)[0]])


def _options(comparison: Comparison, mechanism: str) -> DoubleAuction:
    return cast("DoubleAuction", comparison.scenario.mechanism(mechanism))


@styled
def trade_prices(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the prices of single trades, day by day, and the competitive price.

    Args:
        comparison: the result of `market.compare`; some mechanism is a double auction with trades.
        ax: to draw on.

    Returns:
        The same axes.
    """
    shown = list(books(comparison).items())[:MOST_BOOKS]
    for (name, outcome), (colour, _, marker) in zip(shown, looks(), strict=False):
        trades = outcome.trades
        assert trades is not None
        places = trades.day - 1.0 + _share_of_day(trades.day)
        size = 5.0 if len(trades) <= MANY_TRADES else 2.5
        ax.plot(places, trades.price, marker, color=colour, markersize=size, alpha=0.75, label=plain(name))
    _guide(comparison, [name for name, _ in shown], ax)
    days = max(int(outcome.trades.day.max()) for _, outcome in shown if outcome.trades is not None)
    for day in range(1, days) if days <= 30 else ():
        ax.axvline(day, **(GUIDE | {"linewidth": 0.5}))
    ax.set_xlim(0.0, days)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("day")
    return _named(comparison, ax, "Prices of single trades")


def _share_of_day(days: Places) -> Array:
    """Return the place of each trade within its day, in (0, 1)."""
    found = np.empty(len(days))
    for day in np.unique(days):
        own = days == day
        found[own] = (np.arange(own.sum()) + 0.5) / own.sum()
    return found


@styled
def steps_and_trades(comparison: Comparison, ax: Axes, mechanism: str | None = None) -> Axes:
    """Draw values and costs of all lots as steps, and the trades of the last day of a double auction.

    Args:
        comparison: the result of `market.compare`; some mechanism is a double auction with trades.
        ax: to draw on.
        mechanism: which one; the first if not named.

    Returns:
        The same axes.
    """
    name = mechanism or next(iter(books(comparison)))
    options = _options(comparison, name)
    (low, high), lot = options.price_range, float(options.lots(comparison.economy).max())
    values, costs = _steps(comparison, name)
    for limits, colour, dashes, label in (
        (values, COLOURS[0], "-", "value"),
        (costs, COLOURS[1], (0, (5, 2)), "cost"),
    ):
        ax.stairs(
            np.clip(limits, low, high), lot * np.arange(len(limits) + 1.0), baseline=None, color=colour,
            linestyle=dashes, linewidth=1.8, label=f"{label} of lots",
        )  # fmt: skip
    count = len(draw_trades(comparison, name, ax)) - 1
    _guide(comparison, [name], ax)
    crossing = int((values[: len(costs)] > costs[: len(values)]).sum())
    ax.set_xlim(0.0, lot * max(count, min(2 * crossing + 2, len(values), len(costs)), 1))
    ax.set_xlabel(f"{plain(_good(comparison, name))} (units)")
    return _named(comparison, ax, f"Lots and trades under '{plain(name)}'")


def draw_trades(comparison: Comparison, mechanism: str, ax: Axes) -> list[Artist]:
    """Draw the trades of the last day over the steps, each with its value and cost; return what was drawn."""
    outcome, options = comparison.outcomes[mechanism], _options(comparison, mechanism)
    trades, (low, high) = outcome.trades, options.price_range
    assert trades is not None
    today = trades.on_day(int(trades.day.max(initial=1)))
    places = float(options.lots(comparison.economy).max()) * (np.arange(len(today)) + 0.5)
    drawn: list[Artist] = []
    for at, value, cost in zip(places, *_of_trades(comparison, mechanism), strict=True):
        look = {"color": "0.55"} if value >= cost else {"color": COLOURS[1], "linestyle": (0, (1, 1.4))}
        drawn += ax.plot([at, at], np.clip([value, cost], low, high), linewidth=1.4, zorder=2.0, **look)
    label = "price of a trade, in order"
    return [*drawn, *ax.plot(places, today.price, "o", color="black", markersize=4.5, zorder=4, label=label)]


def _good(comparison: Comparison, mechanism: str) -> str:
    lots = _options(comparison, mechanism).lots(comparison.economy)
    return comparison.economy.goods[int(np.flatnonzero(lots)[0])]


def _steps(comparison: Comparison, mechanism: str) -> tuple[Array, Array]:
    """Return values and costs of all lots of a double auction, up to a number that can be drawn."""
    options, economy = _options(comparison, mechanism), comparison.economy

    def find() -> tuple[Array, Array]:
        limits = Limits(economy, options.lots(economy), options.price_range[1])
        good = int(np.flatnonzero(limits.lots)[0])
        return staircase(limits, good, True, MOST_LOTS), staircase(limits, good, False, MOST_LOTS)

    return _STEPS.of(economy, mechanism, find)


def _of_trades(comparison: Comparison, mechanism: str) -> tuple[list[float], list[float]]:
    """Return value and cost of each trade of the last day."""
    outcome, options = comparison.outcomes[mechanism], _options(comparison, mechanism)
    assert outcome.trades is not None
    today = outcome.trades.on_day(int(outcome.trades.day.max(initial=1)))
    limits = Limits(comparison.economy, options.lots(comparison.economy), options.price_range[1])
    counts = [0] * len(limits.seats)
    seats = {seat: place for place, seat in enumerate(limits.seats)}
    found: tuple[list[float], list[float]] = ([], [])
    for good, buyer, seller in zip(today.good, today.buyer, today.seller, strict=True):
        for agent, buys, side in ((int(buyer), True, found[0]), (int(seller), False, found[1])):
            own, place = limits.own[agent], seats[Seat(agent, int(good), buys)]
            known = limits.opening if not any(counts[each] for each in own) else None
            now = (
                tuple(known[each] for each in own)
                if known
                else limits.after(agent, tuple(counts[e] for e in own))
            )
            side.append(now[own.index(place)])
            counts[place] += 1
    return found


@styled
def order_book(comparison: Comparison, ax: Axes, mechanism: str | None = None) -> Axes:
    """Draw the book of the last day of a double auction: standing quotes before each trade, and its price.

    Args:
        comparison: the result of `market.compare`; some mechanism is a double auction with trades.
        ax: to draw on.
        mechanism: which one; the first if not named.

    Returns:
        The same axes.
    """
    name = mechanism or next(iter(books(comparison)))
    draw_book(comparison, name, ax)
    _guide(comparison, [name], ax)
    return _named(comparison, ax, f"Book of the last day under '{plain(name)}'")


def draw_book(comparison: Comparison, mechanism: str, ax: Axes) -> list[Artist]:
    """Draw the standing quotes before each trade of the last day, and the prices; return what was drawn."""
    day = book_of_day(comparison, mechanism)
    at, (bid, ask, price) = np.arange(1, len(day) + 1), day.T
    both = np.isfinite(bid) & np.isfinite(ask)
    drawn: list[Artist] = [
        ax.vlines(at[both], bid[both], ask[both], color="0.6", linewidth=1.2, label="_spread"),
        *ax.plot(at, ask, "v", color=COLOURS[1], markersize=5, label="standing offer"),
        *ax.plot(at, bid, "^", color=COLOURS[0], markersize=5, label="standing bid"),
        *ax.plot(at, price, "o", color="black", markersize=4, zorder=4, label="trade, at the standing price"),
    ]
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("trade of the day")
    return drawn


def book_of_day(comparison: Comparison, mechanism: str) -> Array:
    """Return standing bid and offer and the price of each trade of the last day, (trades, 3); nan without."""
    seen = comparison.observations
    own = seen[seen["mechanism"] == mechanism].pivot_table(
        index="round", columns="measure", values="value", dropna=False
    )
    if not len(own):
        return np.zeros((0, 3))
    today = own[own["day"] == own["day"].max()]
    found = today[["bid", "ask", "price"]].to_numpy(dtype=float)
    return found[np.isfinite(found[:, 2])]


def _guide(comparison: Comparison, names: list[str], ax: Axes) -> None:
    """Draw the competitive price, once."""
    for name in itertools.islice(names, 1):
        price = competitive_price(comparison, name)
        if price is not None:
            label = f"competitive price {number(price)}"
            ax.axhline(price, label=label, **(GUIDE | {"color": "black", "linewidth": 1.2}))


def _named(comparison: Comparison, ax: Axes, title: str) -> Axes:
    """Name the axes and what is drawn."""
    economy = comparison.economy
    unit = "money" if economy.numeraire is None else plain(economy.goods[economy.numeraire])
    ax.set_ylabel(f"price of a unit ({unit})")
    ax.set_ylim(bottom=0.0)
    ax.set_title(title)
    return legend_below(ax)
