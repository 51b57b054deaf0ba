"""The phase diagram of tatonnement for two prices, with the paths of auctioneers.

If two prices are free (two goods at a price in money, or three goods of which one is the unit of account) a
point stands for a pair of prices and an arrow for excess demand there: to the right where demand for the
first good exceeds supply, up for the second one. Tatonnement, dp/dt = z, follows the arrows. Along a line the
market for one good clears; where the two lines cross, both do, and then by Walras' law the third. Arrows have
one length, and are darker where relative excess demand is larger.

Source: Mas-Colell, Whinston and Green (1995), section 17.H.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError, UnboundedDemandError
from market.mechanisms.auction.excess_demand import Imbalance, imbalance
from market.plots.style import legend_below, looks, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

ARROWS, FINE = 17, 61  # points a side: of arrows, and of the grid for clearing lines
MUCH = 6.0  # times the last price: the limit of the axes
GREYS = LinearSegmentedColormap.from_list("greys", ["0.82", "0.35"])


def free_prices(economy: Economy) -> list[int]:
    """Return the goods whose prices are free: all but the unit of account under `exchange`."""
    goods = list(range(len(economy.goods)))
    if economy.money is Money.EXCHANGE:
        del goods[_unit(economy)]
    return goods


def has_two_free_prices(comparison: Comparison) -> bool:
    """Return True if two prices are free to move, and were announced."""
    return len(comparison.rounds) > 0 and len(free_prices(comparison.economy)) == 2


@styled
def phase_portrait(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the phase diagram of tatonnement for two prices, and the paths of auctioneers.

    Under `exchange` prices are in units of the numeraire, or of the last good.

    Args:
        comparison: the result of `market.compare`; two prices are free, and some mechanism has prices.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are not two free prices, or no auctioneer.
    """
    economy = comparison.economy
    pair = free_prices(economy)
    if len(pair) != 2:
        raise InputError(f"a phase portrait shows two prices that are free to move; there are {len(pair)}")
    paths = _paths(comparison, pair)
    if not paths:
        raise InputError(
            "a phase portrait shows the paths of auctioneers; there is none among the mechanisms"
        )
    view = _view(list(paths.values()))
    _clearing_lines(economy, pair, view, ax)
    _arrows(economy, pair, view, ax)
    for (name, path), (colour, dashes, marker) in zip(paths.items(), looks(), strict=False):
        ax.plot(*path.T, color=colour, linestyle=dashes, linewidth=1.4, label=plain(name), zorder=3)
        ax.plot(*path[0], marker, color=colour, markerfacecolor="white", zorder=3.5)
        ax.plot(*path[-1], marker, color=colour, markeredgecolor="white", zorder=3.6)
    ax.set_xlim(0.0, view[0])
    ax.set_ylim(0.0, view[1])
    unit = (
        "money" if economy.money is not Money.EXCHANGE else f"units of {plain(economy.goods[_unit(economy)])}"
    )
    ax.set_xlabel(f"price of {plain(economy.goods[pair[0]])} ({unit})")
    ax.set_ylabel(f"price of {plain(economy.goods[pair[1]])} ({unit})")
    ax.set_title("Phase diagram of tatonnement")
    return legend_below(ax)


def _unit(economy: Economy) -> int:
    """Return the good whose price is held at one."""
    return len(economy.goods) - 1 if economy.numeraire is None else economy.numeraire


def _paths(comparison: Comparison, pair: list[int]) -> dict[str, Array]:
    """Return mechanism -> the pair of prices in each round, (rounds, 2)."""
    economy, rounds = comparison.economy, comparison.rounds
    paths = {}
    for name in dict.fromkeys(rounds["mechanism"]):
        of_mechanism = rounds[rounds["mechanism"] == name]
        prices = of_mechanism.pivot(index="round", columns="good", values="price")[
            list(economy.goods)
        ].to_numpy()
        if economy.money is Money.EXCHANGE:
            unit = prices[:, [_unit(economy)]]
            prices = np.divide(prices, unit, out=np.full_like(prices, np.inf), where=unit > 0)
        paths[name] = prices[:, pair]
    return paths


def _view(paths: list[Array]) -> tuple[float, float]:
    """Return the highest price shown of each good: all of the paths, unless they start far from their end."""
    last = np.max([path[-1] for path in paths], axis=0)
    seen = np.concatenate(paths)
    highest = np.where(np.isfinite(seen), seen, 0.0).max(axis=0)
    tops = np.where((last > 0) & np.isfinite(last), np.clip(highest, 1.6 * last, MUCH * last), highest)
    tops = np.where(tops > 0, tops, 1.0)
    return float(1.1 * tops[0]), float(1.1 * tops[1])


def _imbalance(economy: Economy, pair: list[int], at: Array) -> Imbalance | None:
    """Return the imbalance of the markets at a pair of prices; None if demand is unbounded."""
    prices = np.ones(len(economy.goods))
    prices[pair] = at
    try:
        return imbalance(economy, economy.answers(prices), prices)
    except UnboundedDemandError:
        return None


def _grid(view: tuple[float, float], points: int) -> tuple[Array, Array]:
    """Return prices inside the view, none of them zero, (points, points) each."""
    inside = (np.arange(points) + 0.5) / points
    first, second = np.meshgrid(view[0] * inside, view[1] * inside)
    return first, second


def _arrows(economy: Economy, pair: list[int], view: tuple[float, float], ax: Axes) -> None:
    """Draw the direction of excess demand, darker where it is larger relative to demand and supply."""
    first, second = _grid(view, ARROWS)
    z, strength = np.zeros((2, *first.shape)), np.zeros(first.shape)
    for place in np.ndindex(first.shape):
        seen = _imbalance(economy, pair, np.array([first[place], second[place]]))
        if seen is not None:
            z[(slice(None), *place)] = _finite_direction(seen.z[pair])
            strength[place] = np.abs(seen.relative[pair]).max()
    # Prices of the two goods may have different ranges: directions are converted to these axes.
    on_paper = z / np.array(view)[:, None, None]
    length = np.hypot(*on_paper)
    unit = np.divide(on_paper, length, out=np.zeros_like(on_paper), where=length > 0)
    ax.quiver(
        first, second, *unit, strength, cmap=GREYS, clim=(0.0, strength.max() or 1.0), angles="uv",
        pivot="mid", scale=1.3 * ARROWS, width=0.004, zorder=2,
    )  # fmt: skip


def _finite_direction(z: Array) -> Array:
    """Return excess demand; if some of it is unbounded, the signs of that part alone."""
    return np.sign(np.where(np.isinf(z), z, 0.0)) if np.isinf(z).any() else z


def _clearing_lines(economy: Economy, pair: list[int], view: tuple[float, float], ax: Axes) -> None:
    """Draw lines along which the market for one of the two goods clears."""
    first, second = _grid(view, FINE)
    relative = np.full((2, *first.shape), np.nan)
    for place in np.ndindex(first.shape):
        seen = _imbalance(economy, pair, np.array([first[place], second[place]]))
        if seen is not None:
            relative[(slice(None), *place)] = seen.relative[pair]
    for values, good, dashes in zip(relative, pair, ("--", ":"), strict=True):
        if np.nanmin(values) < 0 < np.nanmax(values):
            ax.contour(first, second, values, levels=[0.0], colors="0.1", linestyles=dashes, linewidths=1.2)
            label = f"market for {plain(economy.goods[good])} clears"
            ax.plot([], [], color="0.1", linestyle=dashes, linewidth=1.2, label=label)
