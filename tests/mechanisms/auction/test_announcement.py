"""An announcement: free goods that must cost something, and answers that replace totals."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy

from market.economy.correspondences import Correspondence
from market.economy.primitives import Answers
from market.errors import UnboundedDemandError
from market.mechanisms.auction.announcement import announce, by_trader, excess_at, held_against
from market.mechanisms.auction.free_goods import FreeGoods

PRIMITIVES = economy("quasilinear", log=[[1.0, 0.0], [1.0, 2.0]], commons=[10.0, 4.0])
P = np.array([0.2, 1.0])


def announced(p=P):
    return announce(PRIMITIVES, p, FreeGoods.at_first(P), PRIMITIVES.answers)


def test_excess_demand_is_that_of_the_answers():
    """`2 / 0.2 = 10` of 10, and `2 / 1` of 4: -2 over a mean of 3."""
    found, memory = announced()
    np.testing.assert_allclose(found.imbalance.z, [0.0, -2.0], atol=1e-14)
    np.testing.assert_allclose(found.imbalance.relative, [0.0, -2.0 / 3.0], atol=1e-14)
    np.testing.assert_array_equal(memory.last_positive, P)


def test_a_wanted_good_at_price_zero_is_announced_at_half_its_last_price():
    found, memory = announced(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(found.prices, [0.1, 1.0])
    np.testing.assert_allclose(found.imbalance.z, [10.0, -2.0])
    np.testing.assert_array_equal(memory.last_positive, [0.1, 1.0])


def test_unbounded_demand_at_a_positive_price_is_an_error():
    def refuse(p):
        raise UnboundedDemandError([0])

    with pytest.raises(UnboundedDemandError):
        announce(PRIMITIVES, np.array([0.2, 0.0]), FreeGoods.at_first(P), refuse)


def test_excess_demand_that_is_not_announced_is_two_where_unbounded():
    np.testing.assert_allclose(excess_at(PRIMITIVES, P, PRIMITIVES.answers), [0.0, -2.0 / 3.0], atol=1e-14)
    unbounded = excess_at(PRIMITIVES, np.array([0.0, 1.0]), PRIMITIVES.answers)
    np.testing.assert_array_equal(unbounded, [2.0, 0.0])


@pytest.mark.parametrize(("factor", "stays"), [(1.0 + 1e-14, True), (1.0 + 1e-6, False)])
def test_answers_that_differ_by_rounding_keep_the_announced_imbalance(factor, stays):
    found, _ = announced()
    amounts = found.answers.demand.lowest * factor
    other = Answers(Correspondence.exactly(amounts), found.answers.supply)
    held = held_against(PRIMITIVES, found, other)
    assert held.answers is other
    assert (held.imbalance is found.imbalance) is stays
    if not stays:
        np.testing.assert_allclose(held.imbalance.z, [1e-5, -2.0 + 2e-6], rtol=1e-6)


def test_answers_by_agent_stand_for_themselves():
    found, _ = announced()
    assert by_trader(PRIMITIVES, found) is found
