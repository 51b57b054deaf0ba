"""Demand under budgets: one test for each row of the table of cases."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import LEONTIEF, LINEAR

from market.economy.budget_demand import demand_within_means
from market.economy.families.utilities import UTILITIES

LOG = UTILITIES["log"]


def demand(family, weights, p, means):
    arrays = {"weights": np.array(weights, dtype=float)}
    return demand_within_means(family, arrays, np.array(p), np.array(means))


@pytest.mark.parametrize(
    ("means", "amount"), [(np.inf, 0.5), (1.5, 0.5), (1.0, 0.5), (0.4, 0.2), (0.0, 0.0), (-1.0, 0.0)]
)
def test_single_valued_demand_is_cut_to_the_means(means, amount):
    """u = log x at p = 2: x = 1 / 2 costs 1."""
    answer = demand(LOG, [[1.0], [1.0]], [2.0], [means, np.inf])
    assert answer.lowest.ravel().tolist() == [amount, 0.5]
    assert answer.single_valued


def test_ties_are_kept_as_far_as_they_can_be_paid_for():
    """u = 2 x at p = 2: any amount is as good; 3 of money buy up to 1.5."""
    answer = demand(LINEAR, [[2.0], [2.0]], [2.0], [3.0, np.inf])
    assert answer.lowest.ravel().tolist() == [0.0, 0.0]
    assert answer.highest.ravel().tolist() == [1.5, np.inf]
    assert answer.joint.most_spent.tolist() == [3.0, np.inf]


def test_unbounded_demand_becomes_the_best_bundle_of_the_budget():
    """u = 3 x + 2 y at p = (1, 1): all money goes into x."""
    answer = demand(LINEAR, [[3.0, 2.0]], [1.0, 1.0], [4.0])
    np.testing.assert_allclose(answer.lowest, [[4.0, 0.0]])
    np.testing.assert_allclose(answer.highest, [[4.0, 0.0]])


def test_ties_on_a_ray_are_limited_by_spending():
    """Leontief u = min(x, y) at p = (0.5, 0.5): any level t is as good, and costs t."""
    answer = demand(LEONTIEF, [[1.0, 1.0]], [0.5, 0.5], [3.0])
    assert (answer.joint.direction > 0).all()
    assert (answer.joint.least_spent.tolist(), answer.joint.most_spent.tolist()) == ([-np.inf], [3.0])


def test_bound_and_free_agents_keep_their_own_coupling():
    """The first agent is cut to its budget between two goods as good; the second has ties without limit."""
    answer = demand(LINEAR, [[3.0, 3.0], [1.0, 1.0]], [1.0, 1.0], [4.0, np.inf])
    assert answer.joint.least_spent.tolist() == [4.0, -np.inf]
    assert answer.joint.most_spent.tolist() == [4.0, np.inf]
    np.testing.assert_allclose(answer.highest[0], [4.0, 4.0])
