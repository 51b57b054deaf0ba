"""Measures of a sweep that a figure can show, those that it leaves out with the reason, and the main ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.plots.sweep_words import SHARES, axis_words, measure_words
from market.scenario.game_loading import GameScenario
from market.sweep.columns import column
from market.sweep.summary import measures
from market.sweep.table import columns_of

if TYPE_CHECKING:
    from market.sweep import Sweep

MOST_MEASURES = 4  # on a sheet that is not asked for in detail
ROUNDING = 1e-9  # of the largest surplus: smaller values are 0
OF_ALL_RUNS = ("settled", "agents", "players")  # measures of a run, whether it converged or not


def converged(runs: pd.DataFrame, measure: str) -> pd.Series:
    """Return a mask of the rows that count as results: those that converged, unless the measure is of all."""
    if measure in OF_ALL_RUNS:
        return pd.Series(True, index=runs.index)
    return runs["settled"].fillna(False).astype(bool)


def drawable(swept: Sweep) -> dict[str, str]:
    """Return the measures that have a value in some run, each with its label."""
    names = measures(columns_of(swept.scenario, swept.design.axes), swept.design.axes)
    known = [name for name in names if name in swept.runs and swept.runs[name].notna().any()]
    return {name: measure_words(name, swept.scenario) for name in known}


def not_drawn(swept: Sweep, names: Sequence[str]) -> dict[str, str]:
    """Return the measures that are not drawn, each with the reason: 0, or infinite, everywhere."""
    of_game = isinstance(swept.scenario, GameScenario)
    surplus = np.abs(_floats(swept.runs["lowest_payoff" if of_game else "total_surplus"]))
    least = ROUNDING * max(1.0, surplus[np.isfinite(surplus)].max(initial=0.0))
    found = {}
    for name in names:
        values = _floats(swept.runs[name])
        finite, infinite = values[np.isfinite(values)], int(np.isinf(values).sum())
        where = swept.runs.loc[np.isinf(values), "mechanism"].unique()
        if name in SHARES or np.abs(finite).max(initial=0.0) > least:
            continue
        beyond = f" but {infinite:,} of {_quoted(where)}, where it is infinite" if infinite else ""
        found[name] = f"it is 0 in all runs{beyond}" if len(finite) else "it is infinite in all runs"
    return found


def _quoted(names: Iterable[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _floats(values: pd.Series) -> Array:
    return np.asarray(values.astype("Float64").to_numpy(float, na_value=np.nan))


def main_measures(swept: Sweep) -> list[str]:
    """Return the main measures.

    Of economies prices, surplus, surplus lost and lowest utility; of games the sum of payoffs, the lowest
    one, gains from deviating and equality; of both the share of runs that converged.
    """
    if isinstance(swept.scenario, GameScenario):
        return _of_game(swept)
    wanted = [*(column("price", good) for good in swept.scenario.goods[:2]), "total_surplus", "surplus_gap"]
    wanted += (
        ["lowest_utility"] if swept.runs["settled"].fillna(False).all() else ["lowest_utility", "settled"]
    )
    known = drawable(swept)
    return [name for name in wanted if name in known]


def _of_game(swept: Sweep) -> list[str]:
    known = drawable(swept)
    wanted = ["total_payoff", "lowest_payoff", "max_regret"]
    if not swept.runs["settled"].fillna(False).all():
        wanted.append("settled")
    return [name for name in (*wanted, "equality", "efficient", "revenue") if name in known]


def sweep_measures(swept: Sweep) -> list[str]:
    """Return the measures on the sheet of a sweep: up to four main ones that are not 0 everywhere."""
    main = main_measures(swept)
    left_out = not_drawn(swept, main)
    return [name for name in main if name not in left_out][:MOST_MEASURES]


def averages(swept: Sweep, over: Sequence[str], maps: bool) -> str:
    """Return the averages and intervals of a figure in words.

    Args:
        swept: the sweep.
        over: paths of the parameters over which it is drawn.
        maps: True of heat maps, which have no intervals.
    """
    seeds = swept.design.seeds
    many = f"{seeds:,} runs with different seeds"
    over_seeds = f"mean of {many}" if maps else f"mean and 95 % confidence interval of {many}"
    varied = [axis.path for axis in swept.design.axes]
    points = swept.runs.drop_duplicates("point")[varied]
    apart = [list(over)] if maps else [[path] for path in over]
    averaging = any(points.duplicated(paths).any() for paths in apart)  # several points at one place
    others = [path for path in varied if path not in over]
    if not maps and len(over) > 1:
        averaged = "the values of the other parameters"
    else:
        words = [axis_words(path, swept.scenario) for path in others]
        averaged = "the values of: " + " and ".join(word[:1].lower() + word[1:] for word in words)
    if not averaging:
        text = over_seeds if seeds > 1 else "one run at each point"
    else:
        text = f"{over_seeds}, over {averaged}" if seeds > 1 else f"mean over {averaged}"
    return f"{text[:1].upper()}{text[1:]}."
