"""The inefficiency of each outcome, and its welfare weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Money
from market.plots.style import (
    COLOURS,
    GUIDE,
    NAMED,
    PAPER,
    at_the_edge,
    legend_below,
    looks,
    number,
    plain,
    rows,
    spread,
    styled,
)
from market.tolerances import VIOLATION_THAT_PROVES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.efficiency.report import Alignment
    from market.results.comparison import Comparison


@styled
def comparison_bars(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the inefficiency of each outcome as a bar.

    With quasilinear money that is the deadweight loss, which may be unbounded. Elsewhere it is
    the share of all resources that could be saved with every agent as well off, one minus Debreu's
    coefficient. Bars of outcomes with a welfare weight of zero are hatched.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    reports = comparison.alignments
    in_money = comparison.economy.money is Money.QUASILINEAR
    lost = [_lost(report, in_money) for report in reports.values()]
    finite = [loss for loss in lost if loss is not None and np.isfinite(loss)]
    right = 1.9 * (max(finite, default=0.0) or (1.0 if in_money else 100.0))
    for row, (report, loss) in enumerate(zip(reports.values(), lost, strict=True)):
        hatch = "///" if report.degenerate else None
        length = right if loss == np.inf else (loss or 0.0)
        ax.barh(row, length, height=0.55, color=COLOURS[0], hatch=hatch, edgecolor="white", linewidth=0)
        label = _label(report, loss, in_money)
        if loss == np.inf:
            ax.text(0.5 * right, row, label, ha="center", va="center", fontsize=8, bbox=PAPER)
        else:
            ax.annotate(label, (length, row), (5, 0), textcoords="offset points", va="center", fontsize=8)
    rows(list(reports), ax)
    ax.set_xlim(0.0, right)
    if not any(finite):
        ax.set_xticks([0.0])
    elif not in_money:
        ax.set_xticks([tick for tick in ax.get_xticks() if 0.0 <= tick <= min(right, 100.0)])
    ax.set_title("Deadweight loss" if in_money else "Inefficiency")
    ax.set_xlabel(_LOSS[in_money])
    return ax


EVERYTHING = 100.0 - 1e-6  # per cent: all but rounding
LEAST_SAVING = 1e-9  # of all resources: smaller savings are rounding
_LOSS = {
    True: "unrealised gains from trade (money)",
    False: "share of resources that could be saved (%)",
}


def has_losses(comparison: Comparison) -> bool:
    """Return True if some outcome is not known to be efficient; else all bars would be empty."""
    in_money = comparison.economy.money is Money.QUASILINEAR
    reports = comparison.alignments.values()
    return not all((each.efficient_with_transfers if in_money else each.efficient) for each in reports)


def _lost(report: Alignment, in_money: bool) -> float | None:
    """Return the inefficiency in money, or in per cent of all resources; None if unknown."""
    if in_money:
        return report.surplus_gap
    used = report.resource_utilisation
    return None if used is None else 100.0 * (1.0 - used if used < 1.0 - LEAST_SAVING else 0.0)


def _label(report: Alignment, loss: float | None, in_money: bool) -> str:
    """Return the label of a bar: the amount, and the verdict if that is not plain from it."""
    efficient = report.efficient_with_transfers if in_money else report.efficient
    verdict = {None: "efficiency unknown", True: "efficient", False: "not efficient"}[efficient]
    if loss is None:
        label = verdict if in_money else f"{verdict}; no resources"
    elif loss == np.inf:
        label = "unbounded"
    elif efficient:
        label = "none"
    else:
        label = _amount(loss, in_money, verdict) if efficient is False else f"{number(loss)}; {verdict}"
    return f"{label}; some weight is zero" if report.degenerate else label


def _amount(loss: float, in_money: bool, verdict: str) -> str:
    """Return the loss of an inefficient outcome; the verdict alone if nothing could be saved."""
    if in_money:
        return number(loss) if loss > 0 else verdict
    if loss >= EVERYTHING:
        return "100 %: everything is wasted"
    return f"{number(loss)} %" if loss > 0 else verdict


def has_weights(comparison: Comparison) -> bool:
    """Return True if there are several agents to weigh, and weights that support some outcome."""
    several = np.count_nonzero(comparison.economy.has_weight) > 1
    return bool(several) and any(map(_supported, comparison.alignments.values()))


def _supported(report: Alignment) -> bool:
    """Return True if weights support the outcome; those with zeros also support some inefficient ones."""
    return (
        report.negishi_weights is not None
        and report.residual <= VIOLATION_THAT_PROVES
        and report.efficient is not False
    )


@styled
def negishi_weights(comparison: Comparison, ax: Axes) -> Axes:
    """Draw the weights of the sum of utilities that each outcome maximises.

    Shown are those of consumers and of producers with a cost, as in the table; they sum to one. A line shows
    equal ones. An inefficient outcome maximises no weighted sum, and has no weights. Many agents are shown
    by range, middle half and median.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    economy = comparison.economy
    who = np.flatnonzero(economy.has_weight)
    agents = [economy.agents[int(i)] for i in who]
    known = {
        name: report.negishi_weights[who]
        if report.negishi_weights is not None and _supported(report)
        else None
        for name, report in comparison.alignments.items()
    }
    highest = max((float(weights.max()) for weights in known.values() if weights is not None), default=1.0)
    ax.axvline(1.0 / len(agents), label="equal", **GUIDE)
    for row, (name, weights) in enumerate(known.items()):
        if weights is None:
            at_the_edge(_NO_WEIGHTS[comparison.alignments[name].efficient], True, row, "0.35", ax)
        elif len(agents) > NAMED:
            spread(weights, row, (0.0, 1.1 * highest), COLOURS[0], agents, ax)
        else:
            _each(weights, row, ax)
    few = len(agents) <= NAMED
    if few:
        for agent, (colour, _, marker) in zip(agents, looks(), strict=False):
            ax.plot([], [], marker, color=colour, label=plain(agent))
    rows(list(known), ax)
    ax.set_xlim(-0.03 * highest, 1.1 * highest)
    ax.set_title("Welfare weights (Negishi)")
    ax.set_xlabel("weight (weights sum to 1)")
    return legend_below(ax, None if few else f"{len(agents):,} agents: range, middle half, median")


_NO_WEIGHTS = {
    True: "no weights found",
    False: "not efficient: no weights support it",
    None: "efficiency unknown: no weights found",
}


def _each(weights: Array, row: int, ax: Axes) -> None:
    """Draw a marker for each agent, a little apart."""
    ax.axhspan(row - 0.36, row + 0.36, color="0.95", zorder=0.5)
    offsets = np.linspace(-0.22, 0.22, len(weights)) if len(weights) > 1 else np.zeros(1)
    for weight, offset, (colour, _, marker) in zip(weights, offsets, looks(), strict=False):
        ax.plot([weight], [row + offset], marker, color=colour, clip_on=False, zorder=3)
