"""Water-filling: heights spend the budget, at any scale."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities.water_filling import heights


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        (0.0, (0.0, 0.0, 0.0)),
        (2.0, (1.0, 0.0, 0.0)),  # the first good alone, at 2 a unit of height, up to level 2
        (5.0, (2.0, 1.0, 0.0)),  # then both: 2 x 2 + 1
        (11.0, (4.0, 3.0, 0.0)),
    ],
)
def test_goods_enter_in_the_order_of_their_entries(b, expected):
    """Entries at 1 and 2, rates 2 and 1; the third does not take part."""
    entry, rate = np.array([[1.0, 2.0, 0.0]]), np.array([[2.0, 1.0, 0.0]])
    np.testing.assert_allclose(heights(entry, rate, np.array([b])), [expected])


def test_goods_that_enter_together_rise_together():
    assert heights(np.zeros((1, 2)), np.array([[1.0, 3.0]]), np.array([8.0])).tolist() == [[2.0, 2.0]]


@pytest.mark.parametrize("b", [1e-12, 1.0, 1e12])
def test_budgets_are_spent_exactly_at_entries_that_differ_by_many_powers_of_ten(b):
    rng = np.random.default_rng(1)
    entry, rate = 10.0 ** rng.uniform(-9, 9, (50, 6)), 10.0 ** rng.uniform(-3, 3, (50, 6))
    spent = (rate * heights(entry, rate, np.full(50, b))).sum(axis=1)
    np.testing.assert_allclose(spent, b, rtol=1e-13)
