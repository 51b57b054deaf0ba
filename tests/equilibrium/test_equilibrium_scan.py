"""The scan of one unknown price: roots in closed form, and economies that it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import LINEAR, references, with_utility
from helpers.published_economies import scarf

from market.equilibrium.scan import scan


def test_the_root_of_the_commons_is_found_far_from_the_middle_of_the_line():
    """`2 / p = 10`; on the whole line demand falls, so that it is the only one."""
    [only], misses = scan(references()["commons of two"].economy, np.array([30.0]))
    assert only.prices[0] == pytest.approx(0.2, rel=1e-12)
    assert not misses


def test_prices_of_indifference_between_goods_are_tried_exactly():
    """At `p = (2, 1)` agent 2 sells 1 of good 1 for 2 of good 2, which agent 1 gives up out of 4."""
    tastes = {"weights": [[2.0, 1.0], [1.0, 2.0]]}
    primitives = with_utility("exchange", LINEAR, tastes, endowment=[[0.0, 4.0], [1.0, 0.0]])
    [only], _ = scan(primitives, np.array([0.3, 1.0]))
    assert only.prices[0] / only.prices[1] == pytest.approx(2.0, rel=1e-15)
    np.testing.assert_allclose(only.consumption, [[1.0, 2.0], [0.0, 2.0]], rtol=1e-14)


@pytest.mark.parametrize("p", [np.ones(3), np.zeros(3)])
def test_several_unknown_prices_or_none_are_not_scanned(p):
    assert scan(scarf(), p) == ([], [])
