"""The Edgeworth box: all allocations of two goods to two agents, and the outcome of each mechanism.

The box is as wide as the resources of the first good and as high as those of the second. A point gives agent
1 the amounts to its left and below it, and agent 2 the rest, so that agent 2's amounts are read from the top
right corner. With x agent 1's bundle and Q the resources, the box has

- *contract curve*: the Pareto efficient allocations (`contract.py`). Inside the box both agents have equal
  marginal rates of substitution there.
- *core*: the part of it that both agents weakly prefer to their endowment. With two agents no other coalition
  can object.
- *budget lines* p.x = p.e_1 (plus a share in the commons) or, of fixed budgets, p.x = b_1, one for the
  prices of each auctioneer. With quasilinear money there are none: any bundle can be paid for.
- *path of trades* from the endowment to an outcome, where a mechanism records single swaps of goods.
- *indifference curves* through the endowment: between them lie the allocations that both prefer to it.

Source: Mas-Colell, Whinston and Green (1995), section 15.B.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.outcome import Outcome
from market.plots.contract import both, contract_curve, core
from market.plots.level_lines import level_lines
from market.plots.memory import Memory
from market.plots.style import POINT, looks, plain, square_with_legend, styled, together, wrapped
from market.trades import MONEY, STOCK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

_ON_TOP: dict[str, Any] = {"linestyle": "none", "clip_on": False, "zorder": 4.5}
FINE = 31  # points a side of the grid on whose edges indifference curves have points
LEGEND_LETTERS = 22  # characters of a line of the legend
MARKED_TRADES = 40  # of more, single trades are not marked
MOVED = 0.01  # of the resources: an amount that changes hands to test for indifference
EQUAL_AMOUNTS = 1e-6  # of the resources: amounts closer than this count as equal


def has_box(economy: Economy) -> bool:
    """Return True if there are two agents and two goods, both in fixed supply."""
    fixed = not (economy.costs or economy.technologies)
    return economy.shape == (2, 2) and fixed and bool((economy.resources > 0).all())


def fits_into_a_box(comparison: Comparison) -> bool:
    """Return True if outcomes are points of an Edgeworth box."""
    return has_box(comparison.economy) and not comparison.economy.public_goods


@styled
def edgeworth_box(comparison: Comparison, ax: Axes) -> Axes:
    """Draw all allocations of two goods to two agents, and the outcome of each mechanism.

    If an outcome leaves resources unused, a line leads from agent 2's bundle to agent 1's.

    Args:
        comparison: the result of `market.compare`, of two agents and two goods in fixed supply.
        ax: to draw on.

    Returns:
        The same axes.

    Raises:
        InputError: there are not two agents and two goods, or goods can be made.
    """
    economy = comparison.economy
    if not has_box(economy):
        raise InputError("an Edgeworth box needs two agents and two goods, and that none can be made")
    start = _endowment(economy)
    _curves(economy, start, ax)
    for outcome, dashes in zip(_at_prices(comparison), ("-", (0, (5, 2)), (0, (1, 1.5))), strict=False):
        _budget_line(outcome, start, dashes, ax)
    for (names, x), look in zip(_coinciding(comparison), looks(), strict=False):
        _outcome(names, x, economy.resources, look, ax)
        for name in names:
            _path_of_trades(comparison.outcomes[name], look[0], ax)
    if start is not None:
        ax.plot(
            *start[0], "x", color="black", markersize=7, markeredgewidth=1.8, **_ON_TOP, label="endowment"
        )
    return _finish(economy, ax)


def _endowment(economy: Economy) -> Array | None:
    """Return the endowments of both, (2, goods), which sum to the resources; None if some have no owner."""
    if economy.money is Money.EXCHANGE:
        return economy.endowment + economy.commons_share[:, None] * economy.commons
    return None if (economy.commons > 0).any() else economy.endowment


_CONTRACT_CURVES: Memory[Array] = Memory()
_CORES: Memory[Array] = Memory()
_INDIFFERENCE: Memory[list[list[Array]]] = Memory()


def _curves(economy: Economy, start: Array | None, ax: Axes) -> None:
    """Draw contract curve, core and the indifference curves that bound it."""
    whole = _CONTRACT_CURVES.of(economy, None, lambda: contract_curve(economy))
    label = "contract curve" + (" (one of several)" if _several(economy, whole) else "")
    ax.plot(*whole.T, "-", color="0.55", linewidth=1.4, label=wrapped(label, LEGEND_LETTERS))
    if start is None:
        return
    _indifference_curves(economy, start, ax)
    inside = _CORES.of(economy, None, lambda: core(economy, start, whole))
    if len(inside):
        look: dict[str, Any] = {"marker": "o", "markersize": 9} if len(inside) == 1 else {"linewidth": 4.5}
        ax.plot(*inside.T, color="0.55", solid_capstyle="round", label="core", zorder=1.9, **look)


def _several(economy: Economy, whole: Array) -> bool:
    """Return True if somewhere on it both are indifferent to a transfer, as with Leontief utilities."""
    for x in whole:
        for moved in np.diag(MOVED * economy.resources):
            here, there = both(economy, x), both(economy, x + moved)
            if (x + moved <= economy.resources).all() and np.allclose(here, there, rtol=1e-12, atol=0.0):
                return True
    return False


def _indifference_curves(economy: Economy, start: Array, ax: Axes) -> None:
    """Draw indifference curves through the endowment, where it gives more than the least utility."""
    found = _INDIFFERENCE.of(economy, None, lambda: _level_lines(economy, start))
    for agent, (lines, dashes) in enumerate(zip(found, ("--", ":"), strict=True)):
        label = f"{plain(economy.agents[agent])}'s indifference curve through the endowment"
        for line in lines:
            ax.plot(
                *line.T, color="0.5", linestyle=dashes, linewidth=1.1, zorder=1.6,
                label=wrapped(label, LEGEND_LETTERS),
            )  # fmt: skip
            label = ""


def _level_lines(economy: Economy, start: Array) -> list[list[Array]]:
    """Return the indifference curves of both agents through the endowment, agent 1's bundles."""
    first, second = (
        np.unique(np.append(np.linspace(0.0, most, FINE), own))
        for most, own in zip(economy.resources, start[0], strict=True)
    )
    at_start = economy.utility(start)
    scale = np.maximum(np.abs(np.where(np.isfinite(at_start), at_start, 0.0)), 1e-300)

    def of_agent(agent: int) -> list[Array]:
        def better(x: float, y: float) -> float:
            utility = both(economy, np.array([x, y]))[agent]
            return float(np.clip((utility - at_start[agent]) / scale[agent], -1.0, 1.0))

        return level_lines(better, first, second) if np.isfinite(at_start[agent]) else []

    return [of_agent(0), of_agent(1)]


def _at_prices(comparison: Comparison) -> Iterator[Outcome]:
    """Yield one outcome for each vector of prices at which agents traded.

    With taxes, caps, floors or quotas no single line bounds what an agent can have: it may buy and sell at
    two prices, gets a share in the revenue, or is rationed.
    """
    seen: list[Array] = []
    for outcome in comparison.outcomes.values():
        if outcome.kind != "auctioneer" or outcome.prices is None or outcome.intervention is not None:
            continue
        if not any(np.allclose(outcome.prices, other, rtol=EQUAL_AMOUNTS, atol=0.0) for other in seen):
            seen.append(outcome.prices)
            yield outcome


def _budget_line(outcome: Outcome, start: Array | None, dashes: Any, ax: Axes) -> None:
    """Draw `p.x = p.e_1` or `p.x = b_1` inside the box."""
    economy, p = outcome.economy, outcome.prices
    assert p is not None
    if economy.money is Money.QUASILINEAR or not p.any():
        return
    income = (
        float(economy.budget[0]) if economy.money is Money.FISHER or start is None else float(p @ start[0])
    )
    width, height = economy.resources
    corners = [(x, (income - p[0] * x) / p[1]) for x in (0.0, width) if p[1] > 0]
    corners += [((income - p[1] * y) / p[0], y) for y in (0.0, height) if p[0] > 0]
    inside = [
        (x, y)
        for x, y in corners
        if -EQUAL_AMOUNTS * width <= x <= (1 + EQUAL_AMOUNTS) * width
        and -EQUAL_AMOUNTS * height <= y <= (1 + EQUAL_AMOUNTS) * height
    ]
    if len(inside) >= 2:
        ends = min(inside), max(inside)
        label = wrapped(f"budget line, {plain(outcome.name)}", LEGEND_LETTERS)
        ax.plot(*zip(*ends, strict=True), color="0.2", linestyle=dashes, linewidth=1.2, label=label, zorder=2)


def _coinciding(comparison: Comparison) -> Iterator[tuple[list[str], Array]]:
    """Yield names and (2, goods) bundles of outcomes, with one entry for all at one place."""
    size = np.tile(comparison.economy.resources, 2)
    places = {name: outcome.consumption.ravel() for name, outcome in comparison.outcomes.items()}
    for names, at in together(places, size):
        yield names, at.reshape(2, 2)


def _outcome(names: list[str], x: Array, there: Array, look: tuple[str, Any, str], ax: Axes) -> None:
    """Draw one marker for mechanisms with equal outcomes; a second one if agent 2 has less than the rest."""
    colour, _, marker = look
    label = ", ".join(plain(name) for name in names)
    rest = there - x[1]
    if (np.abs(rest - x[0]) > EQUAL_AMOUNTS * there).any():
        ax.plot(*np.stack([x[0], rest]).T, ":", color=colour, linewidth=1.4, clip_on=False, zorder=3)
        ax.plot(*rest, marker, color=colour, markerfacecolor="white", markersize=8, clip_on=False, zorder=3.9)
        label += " (some left unused)"
    ax.plot(*x[0], marker, color=colour, markersize=9, label=wrapped(label, LEGEND_LETTERS), **POINT)


def _path_of_trades(outcome: Outcome, colour: str, ax: Axes) -> None:
    """Draw the way from the endowment to the outcome, trade by trade, where goods were swapped for goods."""
    trades, economy = outcome.trades, outcome.economy
    if trades is None or not len(trades) or (trades.paid_in == MONEY).any() or (trades.seller == STOCK).any():
        return
    sign = np.where(trades.buyer == 0, 1.0, -1.0)
    steps, rows = np.zeros((len(trades) + 1, 2)), np.arange(1, len(trades) + 1)
    steps[0] = economy.endowment[0]
    np.add.at(steps, (rows, trades.good), sign * trades.amount)
    np.add.at(steps, (rows, trades.paid_in), -sign * trades.amount * trades.price)
    label = wrapped(f"trades, {plain(outcome.name)}", LEGEND_LETTERS)
    few = len(trades) <= MARKED_TRADES
    ax.plot(
        *np.cumsum(steps, axis=0).T, "-", color=colour, linewidth=1.2, marker="." if few else "",
        markersize=4.0, zorder=2.5, label=label,
    )  # fmt: skip


def _finish(economy: Economy, ax: Axes) -> Axes:
    """Label the four sides, each with its owner's scale."""
    (width, height), (first, second) = economy.resources, (plain(good) for good in economy.goods)
    one, two = (plain(agent) for agent in economy.agents)
    ax.set_xlim(0.0, width)
    ax.set_ylim(0.0, height)
    ax.spines[:].set_visible(True)
    small: dict[str, Any] = {"fontsize": 8.0}
    ax.set_xlabel(f"{first} of {one} (units)", **small)
    ax.set_ylabel(f"{second} of {one} (units)", **small)
    top = ax.secondary_xaxis("top", functions=(lambda x: width - x, lambda x: width - x))
    top.set_xlabel(f"{first} of {two}", **small)
    right = ax.secondary_yaxis("right", functions=(lambda y: height - y, lambda y: height - y))
    right.set_ylabel(f"{second} of {two}", **small)
    for each in (ax, top, right):
        each.tick_params(labelsize=8.0)
    ax.set_title("Edgeworth box")
    return square_with_legend(ax, labels=42.0)
