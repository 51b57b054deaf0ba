"""What the runs of a sweep say together: mean and interval over seeds, with nothing hidden.

Averages are taken over finite values alone, and it is always said over how many, how many were infinite and how many
are missing: an agent that is ruined in one run of a hundred does not vanish, and does not drown the others. Truths
count as 1 and 0, so that their mean is a share of those that are known.

The interval is that of Student's t with n - 1 degrees of freedom for the mean of n seeds, 95 %. Where several points
share a parameter's value, each seed's runs are averaged first: seeds are what is drawn independently, points are
not, since all of them have the same seeds.

Source: Law (2015), *Simulation Modeling and Analysis*, sections 4.5 and 11.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from market.sweep.axes import Axis, Kind
from market.sweep.columns import IDENTITY

CONFIDENCE = 0.95


def measures(columns: Mapping[str, Kind], axes: Sequence[Axis]) -> list[str]:
    """The columns of the table of runs that can be averaged."""
    given = {*IDENTITY, *(axis.path for axis in axes)}
    return [name for name, kind in columns.items() if kind != "text" and name not in given]


def summary(runs: pd.DataFrame, axes: Sequence[Axis], names: Sequence[str]) -> pd.DataFrame:
    """One row a point, mechanism and measure.

    Args:
        runs: the table of runs.
        axes: what was varied.
        names: of the columns to be summed up.

    Returns:
        `point`, the parameters, `mechanism`, `measure`, `runs`, `failed` (runs of which there is only an error),
        and what `_spread` gives. A measure that a mechanism has not got at a point is left out, but `settled`, which
        begins, is always there.
    """
    by = ["point", *(axis.path for axis in axes), "mechanism"]
    groups = runs.groupby(by, sort=False, dropna=False)
    counted = groups.agg(runs=("run", "size"), failed=("error", "count")).reset_index()
    counted["_group"] = range(len(counted))
    parts = []
    for order, name in enumerate(names):
        part = counted.merge(_spread(runs[by], _as_float(runs[name]), by), on=by, how="left")
        if name != "settled":
            part = part[part["missing"] < part["runs"]]
        part.insert(len(by), "measure", name)
        parts.append(part.assign(_order=order))
    whole = pd.concat(parts, ignore_index=True).sort_values(["_group", "_order"], kind="stable")
    return whole.drop(columns=["_group", "_order"]).reset_index(drop=True)


def curve(runs: pd.DataFrame, parameter: str, measure: str) -> pd.DataFrame:
    """A measure against one parameter, over all values of the others.

    Args:
        runs: the table of runs.
        parameter: its column.
        measure: the column that is averaged.

    Returns:
        One row a value and mechanism: `value`, `mechanism` and what `_spread` gives, with seeds as what is averaged
        over; `infinite` and `missing` count runs.
    """
    by = ["value", "mechanism"]
    table = runs[["mechanism", "replicate"]].assign(value=runs[parameter], measured=_as_float(runs[measure]))
    finite = table["measured"].where(np.isfinite(table["measured"]))
    each_seed = (
        table.assign(measured=finite).groupby([*by, "replicate"], sort=False)["measured"].mean().reset_index()
    )
    over_seeds = _spread(each_seed[by], each_seed["measured"], by)
    counts = _spread(table[by], table["measured"], by)
    for name in ("infinite", "missing", "least", "most"):
        over_seeds[name] = counts[name]
    return over_seeds.sort_values(by[:1], kind="stable", ignore_index=True)


def _as_float(values: pd.Series) -> pd.Series:
    """Numbers as floats, truths as 1 and 0, and what is not known as NaN."""
    return pd.Series(values.astype("Float64").to_numpy(dtype=float, na_value=np.nan), index=values.index)


def _spread(keys: pd.DataFrame, values: pd.Series, by: Sequence[str]) -> pd.DataFrame:
    """For each group: how many values are finite, infinite and missing, their mean, its interval, and the extremes.

    Returns:
        `by`, `finite`, `infinite`, `missing` (counts), `mean`, `deviation` and `low` to `high`, the interval, of the
        finite; `least` and `most` of all.
    """
    finite = np.isfinite(values)
    table = keys.assign(
        value=values,
        kept=values.where(finite),
        isfinite=finite,
        isinfinite=np.isinf(values),
        ismissing=values.isna(),
    )
    groups = table.groupby(list(by), sort=False, dropna=False)
    found = groups.agg(
        finite=("isfinite", "sum"),
        infinite=("isinfinite", "sum"),
        missing=("ismissing", "sum"),
        mean=("kept", "mean"),
        deviation=("kept", "std"),
        least=("value", "min"),
        most=("value", "max"),
    ).reset_index()
    half = half_width(found["deviation"].to_numpy(), found["finite"].to_numpy())
    found.insert(found.columns.get_loc("deviation") + 1, "low", found["mean"] - half)
    found.insert(found.columns.get_loc("low") + 1, "high", found["mean"] + half)
    return found


def half_width(deviation: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Half of the interval of a mean; NaN of a single value, which says nothing about its spread.

    Example:
        >>> float(half_width(np.array([1.0]), np.array([16])).round(4))  # 2.1314 / 4, any table of t
        0.5329
    """
    degrees = np.where(many > 1, many - 1, np.nan)
    return stdtrit(degrees, 0.5 + CONFIDENCE / 2.0) * deviation / np.sqrt(np.maximum(many, 1))
