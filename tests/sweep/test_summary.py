"""Means and intervals over seeds, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from market.sweep.axes import parse_axis
from market.sweep.summary import curve, half_width, summarise

T_2 = 4.302653  # quantile 0.975 of Student's t with 2 degrees of freedom, from any table


def runs(values, truths=None):
    """Two points (x = 1 and 2) with y = 0 and 1, three seeds each, one mechanism."""
    index = pd.MultiIndex.from_product([(1, 2), (0, 1), range(3)], names=["x", "y", "replicate"])
    table = index.to_frame(index=False)
    table["run"] = range(12)
    table["point"] = table["run"] // 3
    return table.assign(
        mechanism="prices",
        error=pd.Series([None] * 12, dtype=object),
        settled=pd.array([True] * 12 if truths is None else truths, dtype="boolean"),
        price=values,
    )


AXES = (parse_axis("x=1,2"), parse_axis("y=0,1"))


def test_a_point_s_mean_and_interval_are_those_of_its_seeds():
    table = summarise(runs([1.0, 2.0, 6.0, *range(9)]), AXES, ["settled", "price"])
    first = table[(table["point"] == 0) & (table["measure"] == "price")].iloc[0]
    assert first["mean"] == 3.0
    deviation = np.sqrt((4 + 1 + 9) / 2)
    assert first["sd"] == pytest.approx(deviation)
    assert first["ci_high"] - first["mean"] == pytest.approx(T_2 * deviation / np.sqrt(3), rel=1e-6)
    assert first["mean"] - first["ci_low"] == pytest.approx(first["ci_high"] - first["mean"])


def test_infinite_and_missing_values_are_counted_and_not_averaged():
    values = [1.0, -np.inf, 3.0, np.nan, np.inf, 5.0, *[-np.inf] * 3, *[np.nan] * 3]
    table = summarise(runs(values), AXES, ["settled", "price"]).set_index(["point", "measure"])
    counts = ["finite", "infinite", "missing", "mean", "min", "max"]
    assert table.loc[(0, "price"), counts].tolist() == [2, 1, 0, 2.0, -np.inf, 3.0]
    assert table.loc[(1, "price"), counts].tolist() == [1, 1, 1, 5.0, 5.0, np.inf]
    assert table.loc[(2, "price"), counts[:3]].tolist() == [0, 3, 0]
    assert np.isnan(table.loc[(2, "price"), "mean"])
    assert (3, "price") not in table.index  # nothing was measured there
    assert (3, "settled") in table.index


def test_the_share_of_truths_is_taken_of_known_ones():
    table = summarise(runs([0.0] * 12, [True, False, None] * 4), AXES, ["settled"])
    assert table["mean"].tolist() == [0.5] * 4
    assert table["missing"].tolist() == [1] * 4


def test_equal_values_do_not_deviate_by_rounding():
    """Three times 0.1 is 0.30000000000000004 here, and a third of that is not 0.1."""
    table = summarise(runs([0.1] * 12), AXES, ["price"])
    assert table["mean"].tolist() == [0.1] * 4
    assert table["sd"].tolist() == [0.0] * 4


def test_points_and_mechanisms_in_mixed_order_are_summarised_apart():
    """Every other row is of another mechanism, whose prices are ten times as high."""
    one = runs([float(n) for n in range(12)])
    both = pd.concat([one, one.assign(mechanism="planner", price=10 * one["price"])])
    table = summarise(both.sort_index(kind="stable"), AXES, ["settled", "price"])
    assert table["measure"].tolist() == ["settled", "price"] * 8
    table = table[table["measure"] == "price"]
    assert table["mechanism"].tolist() == ["prices", "planner"] * 4
    assert table["mean"].tolist() == [1.0, 10.0, 4.0, 40.0, 7.0, 70.0, 10.0, 100.0]
    assert table["runs"].tolist() == [3] * 8


def test_a_single_seed_has_no_interval():
    assert np.isnan(half_width(np.array([np.nan]), np.array([1]))).all()
    one = runs([float(n) for n in range(12)])
    table = summarise(one[one["replicate"] == 0], AXES, ["price"])
    assert table["ci_low"].isna().all()
    assert table["mean"].tolist() == [0.0, 3.0, 6.0, 9.0]


def test_a_curve_averages_over_the_other_parameter_first_and_then_over_seeds():
    """y adds 100: between points, not between seeds, so that it widens no interval."""
    table = runs([0.0, 1.0, 5.0, 100.0, 101.0, 105.0, *[7.0] * 6])
    drawn = curve(table, "x", "price").set_index("value")
    deviation = np.std([0, 1, 5], ddof=1)
    assert drawn.loc[1, "mean"] == pytest.approx(52.0)
    assert drawn.loc[1, "ci_high"] - 52.0 == pytest.approx(T_2 * deviation / np.sqrt(3), rel=1e-6)
    assert drawn.loc[2, ["mean", "ci_low", "ci_high"]].tolist() == [7.0] * 3
    assert drawn["runs"].tolist() == [6, 6]
    assert drawn["finite"].tolist() == [3, 3]


def test_a_curve_averages_finite_values_and_counts_the_rest():
    """Seed 0 has 0 and 100, seed 1 nothing finite, seed 2 has 5 and 105."""
    drawn = curve(runs([0.0, -np.inf, 5.0, 100.0, np.nan, 105.0, *range(6)]), "x", "price").set_index("value")
    counts = ["finite", "infinite", "missing", "runs", "mean", "min", "max"]
    assert drawn.loc[1, counts].tolist() == [2, 1, 1, 6, 52.5, -np.inf, 105.0]


def test_rows_that_come_in_another_order_give_the_same_curve():
    table = runs([0.0, -np.inf, 5.0, 100.0, np.nan, 105.0, *range(6)])
    shuffled = table.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(curve(shuffled, "x", "price"), curve(table, "x", "price"))
