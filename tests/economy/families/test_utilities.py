"""Corners of single utility families, with answers derived by hand: logarithms, linear pieces, satiation."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import Leontief, Linear, Log1p, Quadratic, StoneGeary
from market.errors import UnboundedDemandError

ONE = np.ones(1)


def row(*numbers: float) -> np.ndarray:
    """One agent's numbers."""
    return np.array([numbers], dtype=float)


# --- log1p ----------------------------------------------------------------------------------------------


def test_a_tiny_income_buys_a_tiny_amount_of_the_best_good_exactly():
    """x = b / p as long as the second good, worth 1 against 2, is out of reach."""
    bought = Log1p.budget_demand(np.array([1.0, 1.0]), np.array([1e-13]), weights=row(2.0, 1.0)).lowest
    assert bought.tolist() == [[1e-13, 0.0]]


# --- stone_geary ----------------------------------------------------------------------------------------

NEEDY = {"weights": row(1.0, 3.0, 0.0), "subsistence": row(2.0, 1.0, 9.0)}


def test_what_subsistence_leaves_is_spent_by_weights():
    """p.s = 2 x 1 + 1 x 2 = 4; of the other 8 a quarter goes to the first good, 2 at a price of 1."""
    bought = StoneGeary.budget_demand(np.array([1.0, 2.0, 1.0]), 12 * ONE, **NEEDY).lowest
    np.testing.assert_allclose(bought, row(2 + 2, 1 + 3, 0))


@pytest.mark.parametrize("b", [4.0, 4.0 - 1e-9, 4.0 + 1e-9])
def test_demand_is_continuous_where_income_just_covers_subsistence(b):
    bought = StoneGeary.budget_demand(np.array([1.0, 2.0, 1.0]), b * ONE, **NEEDY).lowest
    np.testing.assert_allclose(bought, row(2.0, 1.0, 0.0), atol=2e-9)


def test_with_less_subsistence_is_bought_as_far_as_money_goes_though_utility_is_minus_infinity():
    bought = StoneGeary.budget_demand(np.array([1.0, 2.0, 1.0]), 1 * ONE, **NEEDY).lowest
    np.testing.assert_allclose(bought, row(0.5, 0.25, 0.0))
    assert StoneGeary.value(bought, **NEEDY) == -np.inf
    assert StoneGeary.value(row(2.0, 5.0, 0.0), **NEEDY) == -np.inf  # exactly at subsistence
    assert np.isfinite(StoneGeary.value(row(2.0 + 1e-9, 5.0, 0.0), **NEEDY))


def test_at_subsistence_and_below_the_first_unit_more_is_worth_any_price():
    slopes = StoneGeary.marginal(row(2.0, 0.5, 0.0), **NEEDY)
    assert slopes.tolist() == [[np.inf, np.inf, 0.0]]


def test_with_money_subsistence_is_bought_at_any_price():
    bought = StoneGeary.quasilinear_demand(np.array([0.5, 6.0, 1.0]), **NEEDY).lowest
    np.testing.assert_allclose(bought, row(2 + 2, 1 + 0.5, 0))


# --- linear ---------------------------------------------------------------------------------------------


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


def test_those_who_do_not_tie_are_not_held_to_anything():
    answer = Linear.budget_demand(
        np.ones(2), np.array([4.0, 4.0]), weights=np.array([[1.0, 1.0], [1.0, 2.0]])
    )
    assert answer.lowest[1].tolist() == answer.highest[1].tolist() == [0.0, 4.0]
    assert (answer.joint.least_spent[1], answer.joint.most_spent[1]) == (-np.inf, np.inf)


def test_with_money_a_linear_good_is_wanted_not_at_all_in_any_amount_or_without_bound():
    answer = Linear.quasilinear_demand(np.array([3.0, 2.0, 1.0, 5.0]), weights=row(2.0, 2.0, 2.0, 0.0))
    assert answer.lowest.tolist() == [[0.0, 0.0, np.inf, 0.0]]
    assert answer.highest.tolist() == [[0.0, np.inf, np.inf, 0.0]]
    assert answer.joint is None
    assert Linear.quasilinear_demand(np.array([2.0 + 1e-13]), weights=row(2.0)).highest == np.inf


# --- leontief -------------------------------------------------------------------------------------------


def test_income_buys_whole_bundles():
    """A bundle of 2 and 1 costs 2 x 1 + 1 x 3 = 5; 10 buys two, utility 2."""
    bought = Leontief.budget_demand(np.array([1.0, 3.0]), 10 * ONE, weights=row(2.0, 1.0)).lowest
    assert bought.tolist() == [[4.0, 2.0]]
    assert Leontief.value(bought, weights=row(2.0, 1.0)) == 2.0


def test_of_a_free_complement_no_more_is_taken_than_goes_with_the_rest():
    bought = Leontief.budget_demand(np.array([0.0, 2.0]), 6 * ONE, weights=row(2.0, 1.0)).lowest
    assert bought.tolist() == [[6.0, 3.0]]
    assert (Leontief.budget_demand(np.array([0.0, 2.0]), 0 * ONE, weights=row(2.0, 1.0)).lowest == 0).all()


def test_only_if_all_that_somebody_wants_is_free_is_there_no_largest_bundle():
    weights = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    p = np.array([0.0, 0.0, 1.0])
    with pytest.raises(UnboundedDemandError) as caught:
        Leontief.budget_demand(p, np.ones(2), weights=weights)
    assert caught.value.goods == (0, 1)
    with pytest.raises(UnboundedDemandError):
        Leontief.quasilinear_demand(p, weights=weights)
    assert Leontief.quasilinear_demand(p, weights=weights[1:]).highest.tolist() == [[np.inf, np.inf, np.inf]]


@pytest.mark.parametrize(("price", "most"), [(0.26, 0.0), (0.25, np.inf), (0.24, np.inf)])
def test_with_money_bundles_are_wanted_up_to_their_worth(price, most):
    """A bundle of 3 and 1 costs 4 p, and is worth 1: indifferent at p = 1/4, and then along 3 to 1."""
    answer = Leontief.quasilinear_demand(np.full(2, price), weights=row(3.0, 1.0))
    assert answer.highest.tolist() == [[most, most]]
    if price == 0.25:
        assert answer.lowest.tolist() == [[0.0, 0.0]]
        np.testing.assert_allclose(answer.joint.direction, row(3.0, 1.0))


def test_only_the_scarcest_good_helps_and_of_several_no_one_alone():
    assert Leontief.marginal(row(4.0, 1.0, 7.0), weights=row(2.0, 1.0, 0.0)).tolist() == [[0.0, 1.0, 0.0]]
    assert Leontief.marginal(row(4.0, 2.0, 7.0), weights=row(2.0, 1.0, 0.0)).tolist() == [[0.25, 0.5, 0.0]]


# --- quadratic ------------------------------------------------------------------------------------------

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


def test_what_is_beyond_bliss_is_thrown_away():
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


def test_several_without_satiation_share_what_the_others_leave():
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
