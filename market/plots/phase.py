"""The phase diagram of tatonnement for two prices, with the paths of auctioneers.

If two prices are free (two goods at a price in money, or three goods of which one is the unit of account) a
point stands for a pair of prices and an arrow for excess demand there: to the right where demand for the
first good exceeds supply, up for the second one. Tatonnement, dp/dt = z, follows the arrows. Along a line the
market for one good clears; where the two lines cross, both do, and then by Walras' law the third. Lines are
found by roots along the edges of a grid, of which two go through each equilibrium that was reached, so that
the lines do too. Arrows have one length, and are darker where relative excess demand is larger.

Source: Mas-Colell, Whinston and Green (1995), section 17.H.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError, UnboundedDemandError
from market.mechanisms.auction.excess_demand import Imbalance, imbalance
from market.outcome import Status
from market.plots.level_lines import level_lines
from market.plots.memory import Memory
from market.plots.style import legend_below, looks, plain, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

ARROWS, FINE = 12, 25  # points a side: of arrows, and of the grid for clearing lines
STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Limits of axes, times a power of ten: few, so that arrows and lines are remembered from round to round."""
MUCH = 6.0  # times the last price: the limit of the axes
GREYS = LinearSegmentedColormap.from_list("greys", ["0.82", "0.35"])


def free_prices(economy: Economy) -> list[int]:
    """Return the goods whose prices are free: all but the unit of account under `exchange`."""
    goods = list(range(len(economy.goods)))
    if economy.money is Money.EXCHANGE:
        del goods[_unit(economy)]
    return goods


def has_two_free_prices(comparison: Comparison) -> bool:
    """Return True if two prices are free to move, and were announced to buyers and sellers alike."""
    private = not comparison.economy.public_goods
    return private and len(free_prices(comparison.economy)) == 2 and bool(_announced(comparison))


@styled
def phase_portrait(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the phase diagram of tatonnement for two prices, and the paths of auctioneers.

    Under `exchange` prices are in units of the numeraire, or of the last good. Auctioneers with taxes, caps,
    floors or quotas are left out: arrows and lines are those of one price for buyers and sellers.

    Args:
        comparison: the result of `market.compare`; two prices are free, and some mechanism has prices.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are not two free prices, or no auctioneer without interventions.
    """
    economy = comparison.economy
    pair = free_prices(economy)
    if len(pair) != 2:
        raise InputError(f"a phase portrait shows two prices that are free to move; there are {len(pair)}")
    paths = _paths(comparison, pair)
    if not paths and len(comparison.rounds):
        raise InputError(
            "a phase portrait shows markets with one price for buyers and sellers; every auctioneer has a "
            "tax, cap, floor or quota"
        )
    if not paths:
        raise InputError(
            "a phase portrait shows the paths of auctioneers; there is none among the mechanisms"
        )
    view = _view(list(paths.values()))
    _clearing_lines(economy, pair, view, _equilibria(comparison, paths, view), ax)
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


def _announced(comparison: Comparison) -> list[str]:
    """Return the mechanisms that announced prices, without those with taxes, caps, floors or quotas."""
    outcomes = comparison.outcomes
    names = dict.fromkeys(comparison.rounds["mechanism"])
    return [name for name in names if name not in outcomes or outcomes[name].intervention is None]


def _paths(comparison: Comparison, pair: list[int]) -> dict[str, Array]:
    """Return mechanism -> the pair of prices in each round, (rounds, 2)."""
    economy, rounds = comparison.economy, comparison.rounds
    paths = {}
    for name in _announced(comparison):
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
    return rounded_up(1.1 * float(tops[0])), rounded_up(1.1 * float(tops[1]))


def rounded_up(limit: float) -> float:
    """Return the next of the limits that axes may have; they change seldom, so that curves are remembered."""
    power = 10.0 ** np.floor(np.log10(limit))
    return float(next(step * power for step in (*STEPS, 20.0) if step * power >= limit))


def _equilibria(
    comparison: Comparison, paths: dict[str, Array], view: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """Return the pairs of prices, in view, at which some mechanism cleared."""
    outcomes = comparison.outcomes
    ends = {
        (float(path[-1][0]), float(path[-1][1]))
        for name, path in paths.items()
        if name in outcomes and outcomes[name].status is Status.CLEARED
    }
    return tuple(sorted(end for end in ends if 0 < end[0] < view[0] and 0 < end[1] < view[1]))


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


class _Field(NamedTuple):
    """Excess demand on a grid of prices.

    Args:
        first: (points, points), prices of the first good.
        second: likewise of the second.
        z: (2, points, points), directions.
        strength: (points, points), the larger relative excess demand.
    """

    first: Array
    second: Array
    z: Array
    strength: Array


_FIELDS: Memory[_Field] = Memory()
_LINES: Memory[list[list[Array]]] = Memory()


def _field(economy: Economy, pair: list[int], view: tuple[float, float]) -> _Field:
    first, second = _grid(view, ARROWS)
    z, strength = np.zeros((2, *first.shape)), np.zeros(first.shape)
    for place in np.ndindex(first.shape):
        seen = _imbalance(economy, pair, np.array([first[place], second[place]]))
        if seen is not None:
            z[(slice(None), *place)] = _finite_direction(seen.z[pair])
            strength[place] = np.abs(seen.relative[pair]).max()
    return _Field(first, second, z, strength)


def _arrows(economy: Economy, pair: list[int], view: tuple[float, float], ax: Axes) -> None:
    """Draw the direction of excess demand, darker where it is larger relative to demand and supply."""
    field = _FIELDS.of(economy, view, lambda: _field(economy, pair, view))
    # Prices of the two goods may have different ranges: directions are converted to these axes.
    on_paper = field.z / np.array(view)[:, None, None]
    length = np.hypot(*on_paper)
    unit = np.divide(on_paper, length, out=np.zeros_like(on_paper), where=length > 0)
    ax.quiver(
        field.first, field.second, *unit, field.strength, cmap=GREYS, clim=(0.0, field.strength.max() or 1.0),
        angles="uv", pivot="mid", scale=1.3 * ARROWS, width=0.004, zorder=2,
    )  # fmt: skip


def _finite_direction(z: Array) -> Array:
    """Return excess demand; if some of it is unbounded, the signs of that part alone."""
    return np.sign(np.where(np.isinf(z), z, 0.0)) if np.isinf(z).any() else z


def _clearing_lines(
    economy: Economy,
    pair: list[int],
    view: tuple[float, float],
    equilibria: tuple[tuple[float, float], ...],
    ax: Axes,
) -> None:
    """Draw lines along which the market for one of the two goods clears."""
    found = _LINES.of(economy, (view, equilibria), lambda: _lines(economy, pair, view, equilibria))
    for lines, good, dashes in zip(found, pair, ("--", ":"), strict=True):
        label = f"market for {plain(economy.goods[good])} clears"
        for line in lines:
            ax.plot(*line.T, color="0.1", linestyle=dashes, linewidth=1.3, label=label, zorder=2.2)
            label = ""


def _lines(
    economy: Economy,
    pair: list[int],
    view: tuple[float, float],
    equilibria: tuple[tuple[float, float], ...],
) -> list[list[Array]]:
    """Return the clearing lines of each of the two goods, prices."""
    steps = np.linspace(0.0, 1.0, FINE)
    steps[0] = 0.2 / FINE  # at a price of zero demand may be unbounded
    first, second = (
        np.unique(np.append(high * steps, [prices[good] for prices in equilibria]))
        for good, high in enumerate(view)
    )
    known: dict[tuple[float, float], Array] = {}  # both goods' lines ask at the points of one grid

    def relative(x: float, y: float) -> Array:
        if (x, y) not in known:
            seen = _imbalance(economy, pair, np.array([x, y]))
            known[x, y] = np.full(2, np.nan) if seen is None else seen.relative[pair]
        return known[x, y]

    return [
        level_lines(lambda x, y: float(relative(x, y)[0]), first, second),
        level_lines(lambda x, y: float(relative(x, y)[1]), first, second),
    ]
