"""Perfect complements: bundles, free complements and kinks, with answers derived by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import Leontief
from market.errors import UnboundedDemandError

ONE = np.ones(1)


def row(*numbers: float) -> np.ndarray:
    """Return the numbers of one agent."""
    return np.array([numbers], dtype=float)


def test_income_buys_whole_bundles():
    """A bundle of 2 and 1 costs 2 x 1 + 1 x 3 = 5; 10 buys two, utility 2."""
    bought = Leontief.budget_demand(np.array([1.0, 3.0]), 10 * ONE, weights=row(2.0, 1.0)).lowest
    assert bought.tolist() == [[4.0, 2.0]]
    assert Leontief.value(bought, weights=row(2.0, 1.0)) == 2.0


def test_a_free_complement_is_taken_in_proportion_to_the_others():
    bought = Leontief.budget_demand(np.array([0.0, 2.0]), 6 * ONE, weights=row(2.0, 1.0)).lowest
    assert bought.tolist() == [[6.0, 3.0]]
    assert (Leontief.budget_demand(np.array([0.0, 2.0]), 0 * ONE, weights=row(2.0, 1.0)).lowest == 0).all()


def test_demand_is_unbounded_only_if_all_complements_are_free():
    weights = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    p = np.array([0.0, 0.0, 1.0])
    with pytest.raises(UnboundedDemandError) as caught:
        Leontief.budget_demand(p, np.ones(2), weights=weights)
    assert caught.value.goods == (0, 1)
    with pytest.raises(UnboundedDemandError):
        Leontief.quasilinear_demand(p, weights=weights)
    assert Leontief.quasilinear_demand(p, weights=weights[1:]).highest.tolist() == [[np.inf, np.inf, np.inf]]


@pytest.mark.parametrize(("price", "most"), [(0.26, 0.0), (0.25, np.inf), (0.24, np.inf)])
def test_quasilinear_demand_for_bundles_ends_where_they_cost_their_worth(price, most):
    """A bundle of 3 and 1 costs 4 p, and is worth 1: indifferent at p = 1/4, and then along 3 to 1."""
    answer = Leontief.quasilinear_demand(np.full(2, price), weights=row(3.0, 1.0))
    assert answer.highest.tolist() == [[most, most]]
    if price == 0.25:
        assert answer.lowest.tolist() == [[0.0, 0.0]]
        np.testing.assert_allclose(answer.joint.direction, row(3.0, 1.0))


def test_marginal_utility_is_shared_by_the_scarcest_complements():
    assert Leontief.marginal(row(4.0, 1.0, 7.0), weights=row(2.0, 1.0, 0.0)).tolist() == [[0.0, 1.0, 0.0]]
    assert Leontief.marginal(row(4.0, 2.0, 7.0), weights=row(2.0, 1.0, 0.0)).tolist() == [[0.25, 0.5, 0.0]]
