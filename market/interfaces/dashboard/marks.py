"""Marks: what moves in a figure from round to round, for the mechanism that is in play.

Each function of marks takes the axes of a frame, the comparison so far and the name of the mechanism, and
returns the artists that show the present round. Two kinds: lines of a figure of `plots` get the new numbers,
and markers are added to curves that stand still. `holds_...` is false if the round is out of view, so that
the frame must be drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Money
from market.plots import books
from market.plots.paths import FEW_ROUNDS
from market.plots.phase import free_prices
from market.plots.style import GUIDE, POINT, plain

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from market.results.comparison import Comparison

Marks = Callable[["Axes", "Comparison", str], "Sequence[Artist]"]
Holds = Callable[["Axes", "Comparison", str], bool]

NOW: dict[str, Any] = POINT | {"marker": "*", "markersize": 13.0, "color": "black", "linestyle": "none"}
LOW = 0.15  # of the axis: a price below it is hard to see, so that the frame is drawn anew


def paths(column: str) -> Marks:
    """Return the function for the lines of a column of `Comparison.rounds`, one for each good."""

    def marks(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
        values = by_round(compared, mechanism, column)
        rounds = np.arange(1.0, len(values) + 1.0)
        lines = lines_of_goods(ax, compared, mechanism)
        for line, path in zip(lines, np.where(np.isfinite(values), values, np.nan).T, strict=True):
            line.set_data(rounds, path)
            if len(rounds) > FEW_ROUNDS:
                line.set_marker("")
        return lines

    return marks


def holds_paths(column: str) -> Holds:
    """Return the function that finds out if the last round of a column is in view."""

    def holds(ax: Axes, compared: Comparison, mechanism: str) -> bool:
        values = by_round(compared, mechanism, column)
        bottom, top = ax.get_ylim()
        last = values[-1]
        return len(values) <= ax.get_xlim()[1] and bool(((last >= bottom) & (last <= top)).all())

    return holds


def lines_of_goods(ax: Axes, compared: Comparison, mechanism: str) -> list[Line2D]:  # noqa: ARG001
    """Return the lines of a figure of paths, in the order of goods."""
    return list(ax.lines[: len(compared.economy.goods)])  # they are drawn first


def by_round(compared: Comparison, mechanism: str, column: str) -> Array:
    """Return a column of the rounds of a mechanism, (rounds, goods)."""
    rounds = compared.rounds
    values = rounds.loc[rounds["mechanism"] == mechanism, column].to_numpy(dtype=float)
    return values.reshape(-1, len(compared.economy.goods))


def price_line(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw the price of this round in supply and demand, and the amount that is traded at it."""
    outcome = compared.outcomes[mechanism]
    assert outcome.prices is not None
    price, amount = float(outcome.prices[0]), float(outcome.consumption[:, 0].sum())
    guide = ax.axhline(price, label="price of this round", **(GUIDE | {"color": "black", "linewidth": 1.2}))
    dot = ax.plot([amount], [price], label="traded if it stopped now, with rationing", **NOW)
    return [guide, *dot]


def holds_price(ax: Axes, compared: Comparison, mechanism: str) -> bool:
    """Return True if this round is in view, and the view not much larger than it and the planner's point."""
    price, amount = highest_point(compared, mechanism)
    top, right = ax.get_ylim()[1], ax.get_xlim()[1]
    return bool(LOW * top <= price <= top and amount <= right)


def highest_point(compared: Comparison, mechanism: str) -> tuple[float, float]:
    """Return the higher price and the larger amount of this round and the planner's, if there is one."""
    outcomes = [
        outcome
        for name, outcome in compared.outcomes.items()
        if outcome.prices is not None and (name == mechanism or outcome.kind == "planner")
    ]
    prices = [float(outcome.prices[0]) for outcome in outcomes if outcome.prices is not None]
    return max(prices), max(float(outcome.consumption[:, 0].sum()) for outcome in outcomes)


def all_but_curves(ax: Axes, compared: Comparison, mechanism: str) -> list[Artist]:  # noqa: ARG001
    """Return everything in supply and demand but the two curves: it is of an equilibrium, or of a round."""
    curves = [line for line in ax.lines if line.get_label() in ("demand", "supply")]
    return [artist for artist in (*ax.lines, *ax.collections, *ax.texts) if artist not in curves]


def path_of_prices(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw the path of two free prices in the phase diagram: the line, its start, and this round."""
    path = _pairs(compared, mechanism)
    line, first, last = path_artists(ax, compared, mechanism)
    for artist, points in ((line, path), (first, path[:1]), (last, path[-1:])):
        artist.set_data(points[:, 0], points[:, 1])
    return [line, first, last]


def holds_path(ax: Axes, compared: Comparison, mechanism: str) -> bool:
    """Return True if the prices of this round are in view."""
    return bool((_pairs(compared, mechanism)[-1] <= [ax.get_xlim()[1], ax.get_ylim()[1]]).all())


def _pairs(compared: Comparison, mechanism: str) -> Array:
    """Return the two free prices of each round, (rounds, 2), under `exchange` in units of the third good."""
    economy, prices = compared.economy, by_round(compared, mechanism, "price")
    if economy.money is Money.EXCHANGE:
        unit = prices[:, [len(economy.goods) - 1 if economy.numeraire is None else economy.numeraire]]
        prices = np.divide(prices, unit, out=np.full_like(prices, np.inf), where=unit > 0)
    return prices[:, free_prices(economy)]


def path_artists(ax: Axes, compared: Comparison, mechanism: str) -> list[Line2D]:  # noqa: ARG001
    """Return the line of a mechanism in the phase diagram, and the markers of its start and end."""
    at = [str(line.get_label()) for line in ax.lines].index(plain(mechanism))
    return list(ax.lines[at : at + 3])


def draw_book(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw the standing quotes before each trade of the day, and the prices."""
    return books.draw_book(compared, mechanism, ax)


def holds_book(ax: Axes, compared: Comparison, mechanism: str) -> bool:
    """Return True if all trades of the day are in view."""
    day = books.book_of_day(compared, mechanism)
    top = float(day[np.isfinite(day)].max(initial=0.0))
    return len(day) <= ax.get_xlim()[1] and top <= ax.get_ylim()[1]


def points_of_book(ax: Axes, compared: Comparison, mechanism: str) -> list[Artist]:  # noqa: ARG001
    """Return everything in the book of a day but the competitive price."""
    return [*ax.collections, *ax.lines[:3]]  # the guide is drawn last


def draw_trades_in(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw the trades of the day over the steps of values and costs."""
    return books.draw_trades(compared, mechanism, ax)


def holds_lots(ax: Axes, compared: Comparison, mechanism: str) -> bool:
    """Return True if the trades of the day fit into the view."""
    today = books.book_of_day(compared, mechanism)
    trades = compared.outcomes[mechanism].trades
    lot = 0.0 if trades is None else float(trades.amount.max(initial=0.0))
    return lot * len(today) <= ax.get_xlim()[1]


def trades_of_lots(ax: Axes, compared: Comparison, mechanism: str) -> list[Artist]:  # noqa: ARG001
    """Return the trades in the figure of lots: all lines but the competitive price, drawn last."""
    return [line for line in ax.lines if not str(line.get_label()).startswith("competitive")]


def point_in_box(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw the allocation of this round in the Edgeworth box, and the budget line at its prices."""
    economy, outcome = compared.economy, compared.outcomes[mechanism]
    x, rest = outcome.consumption[0], economy.resources - outcome.consumption[1]
    left_over = ax.plot(*np.stack([x, rest]).T, "k:", linewidth=1.4, clip_on=False)
    point = ax.plot(*x[:, None], label=in_play(mechanism), **NOW)
    return [*left_over, *_budget_line(ax, compared, mechanism), *point]


def _budget_line(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw `p.x = m_1` from axis to axis; none with quasilinear money, where any bundle can be paid for."""
    economy, p = compared.economy, compared.outcomes[mechanism].prices
    if p is None or economy.money is Money.QUASILINEAR or not p.any():
        return []
    income = float(economy.spending_power(p, economy.supply(p))[0])
    far = 2.0 * economy.resources  # along a price of zero the line is parallel to that axis
    first = (income / p[0], 0.0) if p[0] > 0 else (far[0], income / p[1])
    second = (0.0, income / p[1]) if p[1] > 0 else (income / p[0], far[1])
    return ax.plot(*zip(first, second, strict=True), "k-.", linewidth=1.2, label="budget line of this round")


def point_of_utilities(ax: Axes, compared: Comparison, mechanism: str) -> Sequence[Artist]:
    """Draw the utilities of both agents in this round; at the edge if they are out of view."""
    at = compared.outcomes[mechanism].utilities
    view = np.array([ax.get_xlim(), ax.get_ylim()])
    place = np.clip(at, view[:, 0], view[:, 1])
    label = in_play(mechanism) + (" (beyond the edge)" if (place != at).any() else "")
    return ax.plot(*place[:, None], label=label, **NOW)


def in_play(mechanism: str) -> str:
    """Return the label of a mechanism that is in play."""
    return f"{plain(mechanism)}, in play"
