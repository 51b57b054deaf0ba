"""Ties, satiation, and what they leave of income, with answers derived by hand."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import Linear, Quadratic

ONE = np.ones(1)


def row(*numbers: float) -> np.ndarray:
    """Return the numbers of one agent."""
    return np.array([numbers], dtype=float)


def test_one_best_good_gets_all_the_income():
    answer = Linear.budget_demand(np.array([1.0, 2.0, 1.0]), 6 * ONE, weights=row(1.0, 3.0, 1.4))
    assert answer.single_valued
    assert answer.lowest.tolist() == [[0.0, 3.0, 0.0]]


def test_goods_that_tie_share_the_income_in_any_way():
    """Worth 3 / 3 = 2 / 2 = 1 against 0.5: from nothing to 6 / p of each, 6 spent on both."""
    answer = Linear.budget_demand(np.array([3.0, 2.0, 2.0]), 6 * ONE, weights=row(3.0, 2.0, 1.0))
    assert answer.lowest.tolist() == [[0.0, 0.0, 0.0]]
    assert answer.highest.tolist() == [[2.0, 3.0, 0.0]]
    assert (answer.joint.least_spent, answer.joint.most_spent) == (6.0, 6.0)
    assert (answer.joint.direction == 0).all()


def test_a_tie_survives_rounding_of_prices():
    third = np.array([0.1 * 3, 0.1])
    assert not Linear.budget_demand(third, ONE, weights=row(3.0, 1.0)).single_valued
    off = third * np.array([1.0, 1 + 1e-10])
    assert Linear.budget_demand(off, ONE, weights=row(3.0, 1.0)).single_valued


def test_agents_without_ties_have_no_coupling():
    answer = Linear.budget_demand(
        np.ones(2), np.array([4.0, 4.0]), weights=np.array([[1.0, 1.0], [1.0, 2.0]])
    )
    assert answer.lowest[1].tolist() == answer.highest[1].tolist() == [0.0, 4.0]
    assert (answer.joint.least_spent[1], answer.joint.most_spent[1]) == (-np.inf, np.inf)


def test_quasilinear_demand_for_a_linear_good_is_zero_any_amount_or_unbounded():
    answer = Linear.quasilinear_demand(np.array([3.0, 2.0, 1.0, 5.0]), weights=row(2.0, 2.0, 2.0, 0.0))
    assert answer.lowest.tolist() == [[0.0, 0.0, np.inf, 0.0]]
    assert answer.highest.tolist() == [[0.0, np.inf, np.inf, 0.0]]
    assert answer.joint is None
    assert Linear.quasilinear_demand(np.array([2.0 + 1e-13]), weights=row(2.0)).highest == np.inf


SATIABLE = {"weights": row(4.0, 2.0), "slope": row(1.0, 1.0)}


@pytest.mark.parametrize(
    ("b", "bought"),
    [
        (1.0, (1.0, 0.0)),  # 4 - x > 2 up to x = 2: the first good alone
        (2.0, (2.0, 0.0)),
        (4.0, (3.0, 1.0)),  # then both, x = y + 2
        (6.0, (4.0, 2.0)),  # bliss
        (9.0, (4.0, 2.0)),  # and 3 kept
    ],
)
def test_goods_enter_one_after_the_other_up_to_bliss(b, bought):
    np.testing.assert_allclose(Quadratic.budget_demand(np.ones(2), b * ONE, **SATIABLE).lowest, row(*bought))


def test_a_tiny_income_buys_a_tiny_amount_of_a_satiable_good_exactly():
    assert Quadratic.budget_demand(np.ones(2), 1e-13 * ONE, **SATIABLE).lowest.tolist() == [[1e-13, 0.0]]


def test_amounts_beyond_bliss_are_thrown_away():
    assert Quadratic.value(row(9.0, 2.0), **SATIABLE) == Quadratic.value(row(4.0, 2.0), **SATIABLE) == 10.0
    assert Quadratic.marginal(row(9.0, 1.0), **SATIABLE).tolist() == [[0.0, 1.0]]


def test_a_free_satiable_good_is_taken_to_bliss_and_costs_nothing():
    p = np.array([0.0, 1.0])
    np.testing.assert_allclose(Quadratic.budget_demand(p, 0.5 * ONE, **SATIABLE).lowest, row(4.0, 0.5))
    np.testing.assert_allclose(Quadratic.quasilinear_demand(p, **SATIABLE).lowest, row(4.0, 1.0))


def test_a_good_without_satiation_takes_what_the_others_leave():
    """The second is worth 2 always; the first falls from 4 to 2 at x = 2, so of 5 units of money 3 remain."""
    taken = {"weights": row(4.0, 2.0), "slope": row(1.0, 0.0)}
    answer = Quadratic.budget_demand(np.ones(2), 5 * ONE, **taken)
    assert answer.single_valued
    np.testing.assert_allclose(answer.lowest, row(2.0, 3.0))
    np.testing.assert_allclose(Quadratic.budget_demand(np.ones(2), ONE, **taken).lowest, row(1.0, 0.0))


def test_goods_without_satiation_share_what_the_others_leave():
    taken = {"weights": row(4.0, 2.0, 4.0), "slope": row(1.0, 0.0, 0.0)}
    answer = Quadratic.budget_demand(np.array([1.0, 1.0, 2.0]), 5 * ONE, **taken)
    np.testing.assert_allclose(answer.lowest, row(2.0, 0.0, 0.0))
    np.testing.assert_allclose(answer.highest, row(2.0, 3.0, 1.5))
    assert answer.joint.least_spent == answer.joint.most_spent == 5.0
    poor = Quadratic.budget_demand(np.array([1.0, 1.0, 2.0]), 2 * ONE, **taken)
    assert poor.single_valued  # nothing is left for them


def test_rounding_does_not_make_less_look_like_more_near_bliss():
    x = 4.0 * (1.0 - np.linspace(0.0, 1e-6, 1000))[:, None]
    values = Quadratic.value(x, weights=np.full_like(x, 4.0), slope=np.ones_like(x))
    assert (np.diff(values) <= 0).all()
