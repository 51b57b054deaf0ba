"""Activities: two hours and one unit of flour make three loaves."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.technologies import Activity

V = np.array([[-2.0, -1.0, 3.0]])


@pytest.mark.parametrize(
    ("price", "output", "step"), [(1.1, 0.0, 0.0), (4 / 3, 0.0, 3.0), (1.4, np.inf, 0.0)]
)
def test_supply_is_none_any_level_or_unbounded_as_profit_is_negative_zero_or_positive(price, output, step):
    """At a wage of 1 and flour at 2 three loaves cost 4."""
    answer = Activity.netput(np.array([1.0, 2.0, price]), netput=V)
    assert answer.lowest[0, 2] == output
    assert answer.joint.direction[0, 2] == step


def test_the_cost_ratio_times_prices_of_outputs_makes_profit_zero():
    p = np.array([1.0, 2.0, 8.0])
    ratio = Activity.cost_ratio(p, netput=V)
    np.testing.assert_allclose(ratio, [4 / 24])
    np.testing.assert_allclose(V @ np.where(V[0] > 0, ratio * p, p), 0.0, atol=1e-15)


def test_slack_is_what_inputs_exceed_the_needs_of_outputs_by():
    """Three loaves need 2 and 1; with 3 and 1.5 there are 0.5 spare relative to 3, with 1 hour too little."""
    assert Activity.slack(np.array([[-3.0, -1.5, 3.0]]), netput=V) == pytest.approx(0.5 / 3)
    assert Activity.slack(np.array([[-1.0, -1.0, 3.0]]), netput=V) < 0
    assert Activity.slack(np.array([[1.0, -1.0, 0.0]]), netput=V) == -np.inf


def test_plenty_is_output_at_the_level_at_which_the_first_input_runs_out():
    """Of 10 hours and 4 of flour, flour runs out at level 4."""
    assert Activity.plenty(np.array([10.0, 4.0, 0.0]), netput=V).tolist() == [[0.0, 0.0, 12.0]]


def test_an_activity_in_other_units_is_the_same_ray():
    unit = np.array([60.0, 1.0, 12.0])
    counted = Activity.in_units(unit, netput=V)["netput"] * unit
    np.testing.assert_allclose(counted / counted[0, 2], V / V[0, 2])
