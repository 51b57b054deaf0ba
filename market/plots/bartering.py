"""Barter: prices of single trades against the competitive price, and the dispersion of ln MRS by round.

Symbols: p the price of a trade, units of what was given for a unit of the good; `p*` the competitive price of
the two, the ratio of the prices of an auctioneer that cleared. One colour and marker a mechanism.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.outcome import Outcome, Status
from market.plots.style import GUIDE, legend_below, looks, number, plain, styled
from market.trades import MONEY, Trades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

SEEN = "sd_ln_mrs"
MOST_TRADES = 1500  # of a mechanism that are drawn; of more, some at equal distances
MOST_MECHANISMS = 6
WIDE = 8.0  # largest over smallest number of rounds from which their axis is logarithmic
LEAST = 1e-12  # of ln MRS: a smaller deviation is drawn as this
FEW_TICKS = 4.0  # largest over smallest price up to which all ticks are labelled
NARROW = 1.15  # largest over smallest price from which their axis is logarithmic


def _bartered(comparison: Comparison) -> dict[str, Outcome]:
    found = {name: each for name, each in comparison.outcomes.items() if each.kind == "barter"}
    return dict(list(found.items())[:MOST_MECHANISMS])


def has_barter_prices(comparison: Comparison) -> bool:
    """Return True if single trades of barter are recorded."""
    return any(each.trades is not None and len(each.trades) for each in _bartered(comparison).values())


def has_dispersion(comparison: Comparison) -> bool:
    """Return True if a barter has observed the dispersion of ln MRS."""
    return any(np.isfinite(path).any() for path in _paths(comparison).values())


@styled
def barter_prices(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the price of each trade of barter by round, and the competitive price as a line.

    Where different goods are traded, each price is divided by the competitive one of its two goods; without
    an auctioneer that cleared, by the geometric mean of the last quarter of the trades of these two goods.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    outcomes = {name: each for name, each in _bartered(comparison).items() if each.trades is not None}
    p = _competitive(comparison)
    kinds = {(g, h) for each in outcomes.values() for g, h in _kinds(each.trades)}
    relative = len(kinds) > 1
    most = []
    for (name, outcome), (colour, _, marker) in zip(outcomes.items(), looks(), strict=False):
        trades = outcome.trades
        assert trades is not None
        price = trades.price / _reference(trades, p) if relative else trades.price
        some = np.flatnonzero(np.isfinite(price) & (price > 0))
        some = some[:: max(-(-len(some) // MOST_TRADES), 1)]
        ax.plot(
            trades.round[some], price[some], marker, color=colour, markersize=4.0, alpha=0.55,
            markeredgewidth=0.0, label=plain(name),
        )  # fmt: skip
        most.append(outcome.rounds)
    if relative:
        ax.axhline(1.0, **GUIDE, label="competitive price" if p is not None else "last trades")
        ax.set_ylabel("price of a trade / competitive" if p is not None else "price / that of last trades")
    elif kinds:
        ((g, h),) = kinds
        good, unit = _named(comparison, g), _named(comparison, h)
        if p is not None:
            ax.axhline(p[g] / (1.0 if h == MONEY else p[h]), **GUIDE, label="competitive price")
        ax.set_ylabel(f"price of {good} ({unit})")
    low, high = ax.dataLim.intervaly
    if low > 0 and high / low > NARROW:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low > FEW_TICKS else None))
        ax.yaxis.set_major_formatter(lambda value, _: number(value))
        ax.yaxis.set_minor_formatter(lambda value, _: number(value) if high / low <= FEW_TICKS else "")
    _finish(ax, most)
    ax.set_title("Prices of single trades")
    return legend_below(ax)


@styled
def dispersion(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the standard deviation of ln MRS over agents by round, for each barter.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    paths = _paths(comparison)
    longest = max(paths.values(), key=len)
    for (name, path), (colour, dashes, _) in zip(paths.items(), looks(), strict=False):
        rounds = np.arange(1, len(path) + 1)
        ax.plot(rounds, np.maximum(path, LEAST), color=colour, linestyle=dashes, label=plain(name))
    first = next((path for path in paths.values() if np.isfinite(path).any()), longest)
    start = float(first[np.isfinite(first)][0])
    few = np.arange(1.0, min(len(longest), 60) + 1.0)
    halved = start * np.sqrt(0.5) ** (few - 1.0)
    shown = halved >= max(float(np.nanmin([np.nanmin(path) for path in paths.values()])), LEAST)
    ax.plot(few[shown], halved[shown], **GUIDE, label="variance halved in a round")
    ax.set_yscale("log")
    ax.set_ylabel("standard deviation of ln MRS")
    _finish(ax, [len(path) for path in paths.values()])
    ax.set_title("Dispersion of marginal rates of substitution")
    return legend_below(ax)


def _finish(ax: Axes, rounds: list[int]) -> None:
    """Label the axis of rounds, logarithmic if mechanisms take very different numbers of them."""
    ax.set_xlabel("round")
    if max(rounds) > WIDE * max(min(rounds), 1) and max(rounds) > WIDE:
        ax.set_xscale("log")
        ax.set_xlabel("round (log scale)")


def _paths(comparison: Comparison) -> dict[str, Array]:
    """Return the deviation of ln MRS in each round, by mechanism, of those that observed one."""
    table = comparison.observations
    table = table[table["measure"] == SEEN]
    paths = {name: table[table["mechanism"] == name]["value"].to_numpy() for name in _bartered(comparison)}
    return {name: path for name, path in paths.items() if np.isfinite(path).any()}


def _competitive(comparison: Comparison) -> Array | None:
    """Return the prices of the first auctioneer that cleared; None without one."""
    cleared = (
        each.prices
        for each in comparison.outcomes.values()
        if each.kind == "auctioneer" and each.status is Status.CLEARED and each.prices is not None
    )
    prices = next(cleared, None)
    return prices if prices is not None and (prices > 0).all() else None


def _kinds(trades: Trades | None) -> set[tuple[int, int]]:
    assert trades is not None
    return set(zip(trades.good.tolist(), trades.paid_in.tolist(), strict=True))


def _reference(trades: Trades, p: Array | None) -> Array:
    """Return the price that each trade is compared with, (trades,)."""
    if p is not None:
        unit = np.where(trades.paid_in == MONEY, 1.0, p[trades.paid_in])
        return np.asarray(p[trades.good] / unit)
    found = np.ones(len(trades))
    for g, h in _kinds(trades):
        own: NDArray[np.intp] = np.flatnonzero(
            (trades.good == g) & (trades.paid_in == h) & (trades.price > 0)
        )
        if len(own):
            last = own[-max(len(own) // 4, 1) :]
            found[own] = np.exp(np.log(trades.price[last]).mean())
    return found


def _named(comparison: Comparison, g: int) -> str:
    return "money" if g == MONEY else plain(comparison.economy.goods[g])
