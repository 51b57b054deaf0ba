"""Summary of the runs of a sweep: mean and confidence interval over seeds.

Averages are taken over finite values, and the numbers of finite, infinite and missing values are always
given: an agent that is at -inf in one run of a hundred neither disappears nor outweighs the others. Truth
values count as 1 and 0, so that their mean is a share of those that are known.

The interval is that of Student's t with n - 1 degrees of freedom for the mean of n seeds, 95 %. Where several
points share a parameter's value, the runs of each seed are averaged first: seeds are drawn independently,
points are not, since all of them have one set of seeds.

Source: Law (2015), *Simulation Modeling and Analysis*, sections 4.5 and 11.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from market.economy.correspondences import Array
from market.sweep.axes import Axis, ColumnType
from market.sweep.columns import IDENTITY, parts

CONFIDENCE = 0.95
_TITLES = {  # in tables and figures; columns keep names
    "settled": "converged",
    "surplus_gap": "deadweight loss",
    "tax_revenue": "tax revenue",
    "alpha": "Smith's alpha, per cent",
    "max_regret": "largest gain from deviating",
}


def measures(columns: Mapping[str, ColumnType], axes: Sequence[Axis]) -> list[str]:
    """Return the columns of the table of runs that can be averaged."""
    given = {*IDENTITY, *(axis.path for axis in axes)}
    return [name for name, kind in columns.items() if kind != "text" and name not in given]


def title(measure: str) -> str:
    """Return the words for a measure in tables and figures, for instance `price of water`."""
    first, *names = parts(measure)
    if first == "price" and names:
        return f"price of {names[0]}"
    return _TITLES.get(measure, measure.replace("_", " "))


def summarise(runs: pd.DataFrame, axes: Sequence[Axis], names: Sequence[str]) -> pd.DataFrame:
    """Return one row per point, mechanism and measure.

    Args:
        runs: the table of runs.
        axes: parameters varied.
        names: of the columns to be summarised.

    Returns:
        `point`, the parameters, `mechanism`, `measure`, `runs`, `failed` (those with an error), `unsettled`
        (those that did not converge), and the columns of `_Groups.spread`. A measure without values at a
        point is left out, except `settled`, the first.
    """
    groups = _grouped(runs[["point", *(axis.path for axis in axes), "mechanism"]])
    many = np.diff(groups.starts, append=len(runs))
    failed = groups.count_of(runs["error"].notna().to_numpy(bool))
    unsettled = groups.count_of((runs["settled"] == False).fillna(False).to_numpy(bool))  # noqa: E712
    spreads = [groups.spread(_as_float(runs[name])) for name in names]
    known = np.array([spread["missing"] < many for spread in spreads])
    known |= np.array([[name == "settled"] for name in names])
    group, measure = np.nonzero(known.T)  # measures of a group stand together
    whole = groups.keys.iloc[group].assign(measure=np.array(names, dtype=object)[measure])
    whole["runs"], whole["failed"], whole["unsettled"] = many[group], failed[group], unsettled[group]
    for name in spreads[0]:
        whole[name] = np.array([spread[name] for spread in spreads])[measure, group]
    return whole.reset_index(drop=True)


def curve(runs: pd.DataFrame, parameter: str, measure: str) -> pd.DataFrame:
    """Return a measure as a function of one parameter, over all values of the others.

    Args:
        runs: the table of runs.
        parameter: its column.
        measure: the column that is averaged.

    Returns:
        One row per value and mechanism: `value`, `mechanism`, and the columns of `_Groups.spread`: `finite`
        counts seeds that have a finite run, and their means are averaged; `runs`, `infinite` and `missing`
        count runs.
    """
    keys = runs[["mechanism", "replicate"]].assign(value=runs[parameter])
    values, by = _as_float(runs[measure]), ["value", "mechanism"]
    each_seed = _grouped(keys[[*by, "replicate"]])
    points = _grouped(each_seed.keys[by])
    over_seeds = points.spread(each_seed.spread(values)["mean"])
    over_runs = _grouped(keys[by]).spread(values)  # in the same order: that in which they come
    found = points.keys.assign(**{name: over_seeds[name] for name in _OF_FINITE})
    found["runs"] = over_runs["finite"] + over_runs["infinite"] + over_runs["missing"]
    found = found.assign(**{name: over_runs[name] for name in ("infinite", "missing", "min", "max")})
    return found.sort_values("value", kind="stable", ignore_index=True)


_OF_FINITE = ("finite", "mean", "ci_low", "ci_high", "sd")


def _as_float(values: pd.Series) -> Array:
    """Return numbers as floats, truth values as 1 and 0, and unknown ones as NaN."""
    return np.asarray(values.astype("Float64").to_numpy(dtype=float, na_value=np.nan))


class _Groups(NamedTuple):
    """Groups of rows of a table.

    pandas groups them, but numpy sums: the sums of pandas differ in the last bit and take twice as long.

    Args:
        keys: one row per group, in the order of their first rows.
        order: the rows, those of a group together.
        starts: of each group in this order.
    """

    keys: pd.DataFrame
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    def count_of(self, truths: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Count the true values of each group."""
        return self._sum(truths[self.order].astype(int))

    def spread(self, values: Array) -> dict[str, NDArray[Any]]:
        """Summarise the values of each group.

        Returns:
            `finite`, `infinite`, `missing` (counts); `mean`, `sd` (standard deviation, n - 1 in its
            denominator) and `ci_low` to `ci_high`, the interval, of the finite; `min` and `max` of all.
        """
        values = values[self.order]
        finite = np.isfinite(values)
        counts = {"finite": finite, "infinite": np.isinf(values), "missing": np.isnan(values)}
        found: dict[str, NDArray[Any]] = {name: self._sum(of.astype(int)) for name, of in counts.items()}
        many, known = found["finite"], np.where(finite, values, np.nan)
        with np.errstate(invalid="ignore", over="ignore"):
            lowest = np.fmin.reduceat(known, self.starts)
            above = np.where(finite, known - self._each(lowest), 0.0)
            rise = self._sum(above) / many  # from the least, so that equal values do not deviate
            apart = np.where(finite, above - self._each(rise), 0.0)
            deviation = np.sqrt(self._sum(apart * apart) / np.where(many > 1, many - 1, np.nan))
            mean, half = lowest + rise, half_width(deviation, many)
            low, high = mean - half, mean + half
        least, most = np.fmin.reduceat(values, self.starts), np.fmax.reduceat(values, self.starts)
        found |= {
            "mean": mean,
            "sd": deviation,
            "min": least,
            "max": most,
            "ci_low": low,
            "ci_high": high,
        }
        return found

    def _sum(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum the values, in this order, of each group."""
        return np.add.reduceat(values, self.starts)

    def _each(self, of_group: Array) -> Array:
        """Repeat the value of each group for its rows."""
        return np.repeat(of_group, np.diff(self.starts, append=len(self.order)))


def _grouped(keys: pd.DataFrame) -> _Groups:
    """Group rows that are equal in all columns (missing values too), in the order of their first rows."""
    group = keys.groupby(list(keys), sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
    return _Groups(keys.iloc[order[starts]].reset_index(drop=True), order, starts)


def half_width(deviation: Array, many: NDArray[np.integer]) -> Array:
    """Return half the interval of a mean; NaN for a single value, whose spread is unknown.

    Example:
        >>> half_width(np.array([1.0]), np.array([16])).round(4)  # 2.1314 / 4, from any table of t
        array([0.5329])
    """
    degrees = np.where(many > 1, many - 1, np.nan)
    return np.asarray(stdtrit(degrees, 0.5 + CONFIDENCE / 2.0) * deviation / np.sqrt(np.maximum(many, 1)))
