"""The contract curve and the core are where theory has them."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.figure_tests import COBB_DOUGLAS, compared, divided, exchange, utility

from market.plots.contract import contract_curve, core

SMOOTH = {
    "cobb_douglas": COBB_DOUGLAS,
    "log": exchange(utility("log", 1, 3), utility("log", 2, 1), (6, 2), (4, 8)),
    "ces": exchange(
        utility("ces", 1, 1, ", elasticity = 0.5"), utility("ces", 1, 2, ", elasticity = 2.0"), (8, 1), (2, 7)
    ),
    "crra": exchange(
        utility("crra", 9, 1, ", risk_aversion = 3.0"),
        utility("crra", 1, 9, ", risk_aversion = 3.0"),
        (5, 1),
        (1, 5),
    ),
}


@pytest.mark.parametrize("family", SMOOTH)
def test_on_the_contract_curve_both_have_the_same_marginal_rate_of_substitution(family):
    economy = compared(SMOOTH[family], "prices").economy
    for x in contract_curve(economy):
        slopes = economy.marginal_utility(divided(economy, x))
        first, second = slopes[:, 0] / slopes[:, 1]
        assert first == pytest.approx(second, rel=1e-4)


def test_the_contract_curve_of_cobb_douglas_is_the_textbook_s():
    """Equal rates: (0.4/0.6) w/b = (0.5/0.5) (5 - w)/(10 - b), so w = 5 b / (b + (2/3) (10 - b))."""
    economy = compared(COBB_DOUGLAS, "prices").economy
    bread, wine = contract_curve(economy).T
    np.testing.assert_allclose(wine, 5.0 * bread / (bread + 2.0 / 3.0 * (10.0 - bread)), rtol=1e-5)
    assert bread[0] < 0.1
    assert bread[-1] > 9.9


def test_linear_utilities_are_efficient_only_where_an_agent_has_none_of_a_good():
    """Ann values wine more than Bob does: all along the edge where she has no bread, or he no wine."""
    economy = compared(
        exchange(utility("linear", 1, 2), utility("linear", 3, 1), (6, 2), (4, 8)), "prices"
    ).economy
    for bread, wine in contract_curve(economy):
        assert bread == 0.0 or wine == pytest.approx(10.0, rel=1e-9)


def test_the_core_is_weakly_better_than_the_endowment_and_equal_at_its_ends():
    economy = compared(COBB_DOUGLAS, "prices").economy
    whole = contract_curve(economy)
    inside = core(economy, economy.endowment, whole)
    at_home = economy.utility(economy.endowment)
    reached = np.array([economy.utility(divided(economy, x)) for x in inside])
    assert (reached >= at_home - 1e-9).all()
    assert reached[0, 0] == pytest.approx(at_home[0], rel=1e-9)
    assert reached[-1, 1] == pytest.approx(at_home[1], rel=1e-9)
    left_out = [x for x in whole if not (inside[0, 0] <= x[0] <= inside[-1, 0])]
    assert len(left_out) > 5
    assert all((economy.utility(divided(economy, x)) < at_home).any() for x in left_out)


def test_with_endowments_at_minus_infinity_the_core_is_the_whole_contract_curve():
    economy = compared(
        exchange(utility("log", 1, 1), utility("log", 1, 2), (10, 0), (0, 10)), "prices"
    ).economy
    whole = contract_curve(economy)
    np.testing.assert_array_equal(core(economy, economy.endowment, whole), whole)
