"""Shapley and Shubik (1977), "An example of a trading economy with three competitive equilibria", JPE 85.

u_1 = x + 100 (1 - exp(-y / 10)), u_2 = y + 110 (1 - exp(-x / 10)), endowments (40, 0) and (0, 50). That
there are three equilibria, the middle one unstable, is the paper's; the price ratios q = p_y / p_x are our
own computation: 1 buys y = 10 log(10 / q) and 2 buys x = 10 log(11 q), as long as both can pay for it; what
one pays the other gets, q y = x, so q log(10 / q) = log(11 q).
"""

from __future__ import annotations

import numpy as np
from helpers.published_economies import shapley_shubik
from scipy import optimize

from market.equilibrium import search


def balance(q):
    """Return what 1 pays for y minus what 2 pays for x, from the first-order conditions."""
    return q * np.log(10.0 / q) - np.log(11.0 * q)


def test_there_are_three_equilibria_and_tatonnement_leaves_the_middle_one():
    by_hand = [optimize.brentq(balance, *ends, xtol=1e-15) for ends in ((0.1, 0.4), (1.0, 2.0), (3.0, 6.0))]
    found = search(shapley_shubik(), 40)
    ratios = [each.prices[1] / each.prices[0] for each in found.found]
    np.testing.assert_allclose(ratios, by_hand[::-1], rtol=1e-10)
    np.testing.assert_allclose(ratios, [3.596541, 1.329714, 0.197141], rtol=3e-6)
    assert [each.index for each in found.found] == [1, -1, 1]
    assert [each.stable for each in found.found] == [True, False, True]
    assert found.index_sum == 1
