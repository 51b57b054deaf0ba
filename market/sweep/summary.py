"""What the runs of a sweep say together: mean and interval over seeds, with nothing hidden.

Averages are taken over finite values alone, and it is always said over how many, how many were infinite and
how many are missing: an agent that is ruined in one run of a hundred does not vanish, and does not drown the
others. Truths count as 1 and 0, so that their mean is a share of those that are known.

The interval is that of Student's t with n - 1 degrees of freedom for the mean of n seeds, 95 %. Where several
points share a parameter's value, each seed's runs are averaged first: seeds are what is drawn independently,
points are not, since all of them have the same seeds.

Source: Law (2015), *Simulation Modeling and Analysis*, sections 4.5 and 11.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from market.interval import Array
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
        `point`, the parameters, `mechanism`, `measure`, `runs`, `failed` (those with only an error),
        and what `_spread` gives. A measure that a mechanism has not got at a point is left out, but
        `settled`, which begins, is always there.
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
        One row a value and mechanism: `value`, `mechanism`, and what `_spread` gives: `finite` counts seeds
        that have a finite run, and their means are what is averaged; `runs`, `infinite` and `missing` count
        runs.
    """
    by = ["value", "mechanism"]
    table = runs[["mechanism", "replicate"]].assign(value=runs[parameter], measured=_as_float(runs[measure]))
    finite = table["measured"].where(np.isfinite(table["measured"]))
    per_seed = table.assign(measured=finite).groupby([*by, "replicate"], sort=False)["measured"]
    each_seed = per_seed.mean().reset_index()
    over_seeds = _spread(each_seed[by], each_seed["measured"], by)
    over_runs = _spread(table[by], table["measured"], by)
    over_runs["runs"] = over_runs[["finite", "infinite", "missing"]].sum(axis=1)
    averaged = [*by, "finite", "mean", "low", "high", "deviation"]
    counted = [*by, "runs", "infinite", "missing", "least", "most"]
    both = over_seeds[averaged].merge(over_runs[counted], on=by)
    return both.sort_values("value", kind="stable", ignore_index=True)


def _as_float(values: pd.Series) -> pd.Series:
    """Numbers as floats, truths as 1 and 0, and what is not known as NaN."""
    return pd.Series(values.astype("Float64").to_numpy(dtype=float, na_value=np.nan), index=values.index)


def _spread(keys: pd.DataFrame, values: pd.Series, by: Sequence[str]) -> pd.DataFrame:
    """Of each group: how many values are finite, infinite and missing, the mean, its interval, the extremes.

    Returns:
        `by`, `finite`, `infinite`, `missing` (counts), `mean`, `deviation` and `low` to `high`, the interval,
        of the finite; `least` and `most` of all.
    """
    finite = np.isfinite(values)
    table = keys.assign(
        _all=values,
        _finite=values.where(finite),
        _is_finite=finite,
        _is_infinite=np.isinf(values),
        _is_missing=values.isna(),
    )
    found = (
        table.groupby(list(by), sort=False, dropna=False)
        .agg(
            finite=("_is_finite", "sum"),
            infinite=("_is_infinite", "sum"),
            missing=("_is_missing", "sum"),
            mean=("_finite", "mean"),
            deviation=("_finite", "std"),
            least=("_all", "min"),
            most=("_all", "max"),
        )
        .reset_index()
    )
    half = half_width(found["deviation"].to_numpy(), found["finite"].to_numpy())
    return found.assign(low=found["mean"] - half, high=found["mean"] + half)


def half_width(deviation: Array, many: NDArray[np.integer]) -> Array:
    """Half of the interval of a mean; NaN of a single value, which says nothing about its spread.

    Example:
        >>> half_width(np.array([1.0]), np.array([16])).round(4)  # 2.1314 / 4, from any table of t
        array([0.5329])
    """
    degrees = np.where(many > 1, many - 1, np.nan)
    return np.asarray(stdtrit(degrees, 0.5 + CONFIDENCE / 2.0) * deviation / np.sqrt(np.maximum(many, 1)))
