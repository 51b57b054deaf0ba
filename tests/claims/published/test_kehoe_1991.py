"""Kehoe (1991), "Computation and multiplicity of equilibria".

Handbook of Mathematical Economics IV, chapter 38. His exchange economy of two goods with three equilibria:
u_i = sum_j a_ij (x^b - 1) / b, b = -4, a = 1024 for the own good and 1 for the other, endowments (12, 1)
and (1, 12). The prices below (relative, summing to one) are the roots of excess demand computed for this
test by bisection, to all digits shown; by symmetry p = 1/2 is one of them and the others are mirror images.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.published_economies import kehoe, power_sums
from scipy import optimize

from market.equilibrium import search

OTHER = 0.11292384712800


def excess(p):
    """Excess demand for good 1 at prices (p, 1 - p), from the formula of CES demand alone."""
    total = -13.0
    for a, e in (((1024.0, 1.0), (12.0, 1.0)), ((1.0, 1024.0), (1.0, 12.0))):
        spent = [a[j] ** 0.2 * q**0.8 for j, q in enumerate((p, 1.0 - p))]
        total += spent[0] / p * (p * e[0] + (1.0 - p) * e[1]) / sum(spent)
    return total


def test_the_prices_are_roots_of_the_textbook_formula():
    assert excess(0.5) == pytest.approx(0.0, abs=1e-13)
    assert optimize.bisect(excess, 0.01, 0.3, xtol=1e-15) == pytest.approx(OTHER, abs=1e-13)
    assert optimize.bisect(excess, 0.7, 0.99, xtol=1e-15) == pytest.approx(1.0 - OTHER, abs=1e-13)


@pytest.mark.parametrize("starts", [1, 40])
def test_three_equilibria_with_indices_one_minus_one_one(starts):
    found = search(kehoe(), starts)
    prices = [each.prices[0] for each in found.found]
    np.testing.assert_allclose(prices, [OTHER, 0.5, 1.0 - OTHER], rtol=1e-12)
    assert [each.index for each in found.found] == [1, -1, 1]
    assert [each.stable for each in found.found] == [True, False, True]
    assert found.index_sum == 1
    assert all(each.residual <= 1e-12 for each in found.found)


def test_four_goods_and_consumers_can_have_fifteen():
    """Two such economies with a weak taste for the goods of the other: 15 equilibria, indices summing to +1.

    Gauthier, Kehoe and Quintin (2022), *Economic Theory* 73, have 15 in an economy of that size (abstract);
    the parameters here are our own, and so is the count, which 5,000 starts do not raise.
    """
    weights = np.full((4, 4), 1e-4)
    weights[:2, :2] = weights[2:, 2:] = [[1024.0, 1.0], [1.0, 1024.0]]
    endowment = np.zeros((4, 4))
    endowment[:2, :2] = endowment[2:, 2:] = [[12.0, 1.0], [1.0, 12.0]]
    found = search(power_sums(weights, -4.0, endowment), 200)
    assert len(found.found) == 15
    assert found.index_sum == 1
    assert sorted(each.index for each in found.found) == [-1] * 7 + [1] * 8
