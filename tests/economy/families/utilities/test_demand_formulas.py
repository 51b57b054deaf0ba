"""Formulas of demand: totals without arrays per agent, ties, and rays."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities.demand_formulas import (
    ray,
    spend_rest,
    spend_shares,
    spent_shares,
    total_at,
    total_spent,
)
from market.errors import UnboundedDemandError

WEIGHTS = np.array([[1.0, 3.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 0.0]])


def test_total_demand_from_sums_is_the_sum_of_demand():
    """The third agent wants nothing and spends nothing, though it owns something."""
    p, fixed = np.array([2.0, 0.5, 4.0]), np.array([1.0, 0.0, 9.0])
    owned = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0], [5.0, 5.0, 5.0]])
    one_by_one = spend_shares(p, fixed + owned @ p, WEIGHTS).lowest
    np.testing.assert_allclose(one_by_one[0], [0.25 * 2.0 / 2.0, 0.75 * 2.0 / 0.5, 0.0])
    np.testing.assert_allclose(total_spent(p, *spent_shares(fixed, owned, WEIGHTS)), one_by_one.sum(axis=0))


def test_totals_are_zero_for_free_goods_that_no_agent_wants_and_unbounded_for_others():
    wanted = WEIGHTS.sum(axis=0)
    assert total_at(np.array([1.0, 5.0, 0.0]), wanted, wanted).tolist() == [3.0, 1.0, 0.0]
    with pytest.raises(UnboundedDemandError):
        total_at(np.array([0.0, 1.0, 1.0]), wanted, wanted)


def test_money_left_is_divided_in_any_way_over_ties_but_goes_to_a_single_good():
    """Both spend 1 for certain and 6 more: the first on two goods at 2 and 3, the second on one."""
    base = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    tied = np.array([[True, True, False], [True, False, False]])
    answer = spend_rest(base, np.full(2, 6.0), np.array([2.0, 3.0, 1.0]), tied, np.full(2, 7.0))
    assert answer.lowest.tolist() == [[0, 0, 1], [3, 0, 1]]
    assert answer.highest.tolist() == [[3, 2, 1], [3, 0, 1]]
    assert answer.joint.least_spent.tolist() == [7.0, -np.inf]
    assert answer.joint.most_spent.tolist() == [7.0, np.inf]


def test_a_ray_is_demanded_only_where_a_unit_of_utility_costs_one():
    unit, wanted = np.full((3, 1), 0.5), np.ones((3, 1), dtype=bool)
    answer = ray(np.array([0.1, 0.0, -0.1]), unit, wanted)
    assert answer.lowest.ravel().tolist() == [0.0, 0.0, np.inf]
    assert answer.highest.ravel().tolist() == [0.0, np.inf, np.inf]
    assert answer.joint.direction.ravel().tolist() == [0.0, 0.5, 0.0]
