"""Mas-Colell, Whinston and Green (1995), *Microeconomic Theory*, example 15.B.2: three equilibria in a box.

u_1 = x_1 - x_2^-8 / 8, u_2 = x_2 - x_1^-8 / 8, endowments (2, r) and (r, 2) with r = 2^(8/9) - 2^(1/9). The
book gives p_1 / p_2 = 2, 1 and 1/2. Own check: the excess demand for good 1 at price ratio t is r / t -
t^-1 t^(1/9) + t^(-1/9) - r, which is 0 at 1 and, since r = 2^(8/9) - 2^(1/9), at 2 and 1/2.
"""

from __future__ import annotations

import numpy as np
from helpers.published_economies import mas_colell_whinston_green

from market.equilibrium import search


def test_the_price_ratios_of_the_book_are_found_and_no_others():
    found = search(mas_colell_whinston_green(), 40)
    ratios = [each.prices[0] / each.prices[1] for each in found.found]
    np.testing.assert_allclose(ratios, [0.5, 1.0, 2.0], rtol=1e-12)
    assert [each.index for each in found.found] == [1, -1, 1]
    assert [each.stable for each in found.found] == [True, False, True]
    assert found.index_sum == 1
