"""Surplus by the number of traders, from a sweep over a count of agents.

The share of the largest surplus that a mechanism reaches is `W / (W + gap)`, with W the total surplus and the
gap that of the alignment report. With a straight inverse demand a - b Q and n equal firms of constant cost c,
Cournot's outputs leave `1 - 1 / (n + 1)^2` of it; that curve is drawn only where all of this holds.

Derivation: each firm makes `(a - c) / (b (n + 1))`, so that price exceeds cost by `(a - c) / (n + 1)`, and
the lost triangle has that height and base `(a - c) / (b (n + 1))`, against `(a - c)^2 / (2 b)` in all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter

from market.economy.families.costs import LinearCost
from market.economy.families.utilities import Quadratic
from market.economy.primitives import Economy, Money
from market.plots.style import legend_below, looks, styled
from market.plots.sweep_measures import converged
from market.plots.sweep_words import axis_words
from market.scenario.building import build
from market.scenario.game_loading import GameScenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.sweep import Sweep

COUNT = re.compile(r"agents\.(.+)\.count")
LEAST = 2  # values of a count


def has_number_of_traders(swept: Sweep, parameter: str) -> bool:
    """Return True if a sweep varies the number of agents of a group that trades at posts for money."""
    if isinstance(swept.scenario, GameScenario):
        return False
    games = [getattr(entry, "game", None) for entry in swept.scenario.mechanisms]
    runs = swept.runs
    return (
        COUNT.fullmatch(parameter) is not None
        and "trading_post" in games
        and len(runs[parameter].unique()) >= LEAST
        and bool((_shares(runs)[converged(runs, "total_surplus")]).notna().any())
    )


@styled
def surplus_by_number(swept: Sweep, parameter: str, ax: Axes) -> Axes:
    """Draw the share of the largest surplus that each mechanism reaches, by the number of agents of a group.

    Args:
        swept: the result of `market.sweep.sweep` or `market.sweep.read`.
        parameter: path of a count, `agents.NAME.count`.
        ax: to draw on.

    Returns:
        The same axes.
    """
    runs = swept.runs.assign(share=_shares(swept.runs))
    runs = runs[converged(runs, "total_surplus") & runs["share"].notna()]
    numbers = np.sort(swept.runs[parameter].unique())
    if _is_straight_line(swept, parameter):
        n = np.linspace(numbers[0], numbers[-1], 200)
        curve = 1.0 - 1.0 / (n + 1.0) ** 2
        ax.plot(n, curve, color="0.45", linestyle=":", label=r"Cournot: $1 - 1/(n + 1)^2$")
    for mechanism, (colour, dashes, marker) in zip(swept.runs["mechanism"].unique(), looks(), strict=False):
        its = runs[runs["mechanism"] == mechanism]
        if its.empty:
            continue
        means = its.groupby(parameter)["share"].mean()
        ax.plot(
            means.index,
            means,
            color=colour,
            linestyle=dashes,
            marker=marker,
            markersize=5.0,
            label=str(mechanism),
        )
    ax.set_xlabel(axis_words(parameter, swept.scenario))
    ax.set_ylabel("Share of the largest surplus")
    ax.set_ylim(top=1.02)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    return legend_below(ax)


def _shares(runs: pd.DataFrame) -> pd.Series:
    """Return W / (W + gap) of each run; missing where surplus is unknown, or not above 0."""
    total = pd.to_numeric(runs["total_surplus"], errors="coerce").astype(float)
    best = total + pd.to_numeric(runs["surplus_gap"], errors="coerce").astype(float)
    return (total / best).where(np.isfinite(best) & (best > 0))


def _is_straight_line(swept: Sweep, parameter: str) -> bool:
    """Return True if the counted agents are firms of one constant cost that all face one straight demand."""
    if isinstance(swept.scenario, GameScenario):
        return False
    games = [entry for entry in swept.scenario.mechanisms if getattr(entry, "game", None) == "trading_post"]
    cournot = any(
        (entry.strategic, entry.conduct) == ("sellers", 1.0)  # type: ignore[attr-defined]
        for entry in games
    )
    varied = [axis.path for axis in swept.design.axes]
    group = COUNT.fullmatch(parameter)
    if not cournot or varied != [parameter] or group is None:
        return False
    economy = build(swept.scenario)
    rows = economy.groups[group[1]]
    return _is_straight(economy) and bool(len(rows) == (economy.capacity > 0).any(axis=1).sum())


def _is_straight(economy: Economy) -> bool:
    """Return True for one good without harm, buyers of one choke price, producers of one constant cost."""
    plain = (
        economy.money is Money.QUASILINEAR
        and len(economy.goods) == 1
        and not economy.commons.any()
        and not economy.endowment.any()
        and np.isinf(economy.budget).all()
        and economy.harm is None
    )
    utilities, costs = economy.utilities, economy.costs
    if not plain or not utilities or not costs:
        return False
    if any(block.family is not Quadratic for block in utilities) or any(
        block.family is not LinearCost for block in costs
    ):
        return False
    tops = np.concatenate([block.parameters["weights"] for block in utilities])
    slopes = np.concatenate([block.parameters["slope"] for block in utilities])
    unit = np.concatenate([block.parameters["unit_cost"] for block in costs])
    limits = np.concatenate([block.parameters["capacity"] for block in costs])
    one = tops.min() == tops.max() and unit.min() == unit.max()
    return bool(one and (slopes > 0).all() and np.isinf(limits).all() and tops.max() > unit.max())
