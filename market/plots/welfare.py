"""Utilities and payoffs of consumers under each mechanism; producers have a figure of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.efficiency.producer_accounts import producers
from market.outcome import Outcome
from market.plots.style import (
    COLOURS,
    NAMED,
    PAYOFF,
    at_the_edge,
    legend_below,
    limits,
    looks,
    number,
    plain,
    rows,
    spread,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison


class Beyond(NamedTuple):
    """A value out of view.

    Args:
        words: for it.
        left: True at the left edge.
        row: at which it is written.
        colour: of its agent.
    """

    words: str
    left: bool
    row: float
    colour: str


ROOM = 0.2  # of the axis, for a number or words at the edge
FAR = 3.0  # times the middle nine tenths: values further out are labelled at the edge


BEYOND_MEASURE = 1e15  # a difference of payoff and utility from here on is the penalty of war, in words
WAR_PENALTY = "war penalty"


def has_consumers(comparison: Comparison) -> bool:
    """Return True if some agent wants some good."""
    return bool(_judges(comparison.economy).any())


def _judges(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of consumers, and of victims of harm that make nothing, (agents,)."""
    return economy.wants_something | (economy.harmed & ~producers(economy))


@styled
def utilities_by_mechanism(comparison: Comparison, ax: Axes) -> Axes:
    """Draw utility minus cost, and the payoff after payments and penalties, of all consumers.

    Many agents are shown by range, middle half and median of those above -inf, with the number at -inf.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    names = list(comparison.outcomes)
    outcomes = list(comparison.outcomes.values())
    who = np.flatnonzero(_judges(comparison.economy))
    few = len(who) <= NAMED
    (_each_agent if few else _spread_of_agents)(comparison, outcomes, who, ax)
    rows(names, ax)
    ax.set_title("Utility by mechanism")
    ax.set_xlabel(_what(comparison, who))
    return ax


def _what(comparison: Comparison, who: NDArray[np.intp]) -> str:
    """Name `Outcome.utilities` of the consumers."""
    economy = comparison.economy
    less = ["cost"] * bool((economy.capacity[who] > 0).any()) + ["harm"] * bool(economy.harmed[who].any())
    return f"utility minus {' and '.join(less)}" if less else "utility"


def _called(outcome: Outcome) -> Callable[[float], str]:
    """Return the words for a payoff out of view: a number, or the penalty of war."""
    charged = outcome.kind == "unmediated"
    return lambda value: WAR_PENALTY if charged and -np.inf < value <= -BEYOND_MEASURE else number(value)


def _each_agent(comparison: Comparison, outcomes: Sequence[Outcome], who: NDArray[np.intp], ax: Axes) -> None:
    """Draw a marker for each consumer: full for utility minus cost, hollow for the payoff."""
    agents = [comparison.economy.agents[int(i)] for i in who]
    payoffs = comparison.payoffs_differ
    known = [each.utilities[who] for each in outcomes] + [each.payoffs[who] for each in outcomes if payoffs]
    view = _with_room_for_numbers(np.concatenate(known))
    offsets = np.linspace(-0.22, 0.22, len(agents)) if len(agents) > 1 else np.zeros(1)
    for row, outcome in enumerate(outcomes):
        ax.axhspan(row - 0.36, row + 0.36, color="0.95", zorder=0.5)
        beyond: list[Beyond] = []
        for agent, (look, offset) in enumerate(zip(looks(), offsets, strict=False)):
            utility, payoff = outcome.utilities[who[agent]], outcome.payoffs[who[agent]]
            label = plain(agents[agent]) if row == 0 else None
            beyond += _value(utility, number(utility), row + offset, view, look, ax, label=label)
            if payoffs and payoff != utility:
                words = _called(outcome)(payoff)
                beyond += _value(payoff, words, row + offset, view, look, ax, hollow=True)
        _write_beyond(beyond, ax)
    if payoffs:
        ax.plot([], [], "o", color="0.4", markerfacecolor="white", label=PAYOFF)
    ax.set_xlim(*view)
    legend_below(ax)


def _with_room_for_numbers(values: Array) -> tuple[float, float]:
    """Return limits of an axis with room for the values beyond its left edge."""
    low, high = limits(values)
    return (low - ROOM * (high - low), high) if (values < low).any() else (low, high)


def _value(
    value: float,
    words: str,
    row: float,
    view: tuple[float, float],
    look: tuple[str, Any, str],
    ax: Axes,
    *,
    hollow: bool = False,
    label: str | None = None,
) -> list[Beyond]:
    """Draw one marker, at the edge if it is out of view; return what is to be written there, if anything."""
    colour, _, marker = look
    at = min(max(value, view[0]), view[1])
    face = "white" if hollow else colour
    ax.plot(
        [at], [row], marker, color=colour, markerfacecolor=face, label=label, clip_on=False, zorder=3 - hollow
    )
    return [Beyond(words, value < view[0], row, colour)] if at != value else []


def _write_beyond(beyond: Sequence[Beyond], ax: Axes) -> None:
    """Write the values out of view in a row; of several agents with equal ones once, in their middle."""
    for words, left in dict.fromkeys((each.words, each.left) for each in beyond):
        alike = [each for each in beyond if (each.words, each.left) == (words, left)]
        if len(alike) == 1:
            at_the_edge(words, left, alike[0].row, alike[0].colour, ax)
        else:
            middle = float(np.mean([each.row for each in alike]))
            at_the_edge(words, left, middle, "0.3", ax)


def _spread_of_agents(
    comparison: Comparison, outcomes: Sequence[Outcome], who: NDArray[np.intp], ax: Axes
) -> None:
    """Draw range, middle half and median of many agents; those far from all others are named at the edge."""
    agents = [comparison.economy.agents[int(i)] for i in who]
    payoffs = comparison.payoffs_differ
    kinds = [(-0.16 if payoffs else 0.0, COLOURS[0], [each.utilities[who] for each in outcomes])]
    if payoffs:
        kinds.append((0.16, COLOURS[1], [each.payoffs[who] for each in outcomes]))
    view = _view_of_many(np.concatenate([values for _, _, each in kinds for values in each]))
    for offset, colour, each in kinds:
        for row, values in enumerate(each):
            spread(values, row + offset, view, colour, agents, ax, _called(outcomes[row]))
    ax.set_xlim(*view)
    what = _what(comparison, who)
    for label, colour in zip((what, PAYOFF), COLOURS, strict=False):
        if payoffs or colour == COLOURS[0]:
            ax.plot([], [], "-", color=colour, linewidth=1.4, label=label)
    ax.plot([], [], "-", color="0.4", linewidth=9, solid_capstyle="butt", label="middle half")
    ax.plot([], [], "D", color="white", markeredgecolor="0.4", markersize=6, label="median")
    legend_below(ax, f"{len(agents):,} consumers")


def _view_of_many(values: Array) -> tuple[float, float]:
    """Return limits that show all values but those beyond FAR times the middle nine tenths."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return -1.0, 1.0
    low, high = np.quantile(finite, [0.05, 0.95])
    span = float(high - low) or max(1.0, abs(float(high)))
    near = finite[(finite >= low - FAR * span) & (finite <= high + FAR * span)]
    margin = 0.06 * (float(near.max() - near.min()) or span)
    return float(near.min()) - margin, float(near.max()) + margin
