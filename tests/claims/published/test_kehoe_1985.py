"""Kehoe (1985), "Multiplicity of equilibria and comparative statics", QJE 100: three with production.

Four goods, four consumers with Cobb-Douglas tastes, each owning one good, and two activities. That uniqueness
is hardly to be had with production is the paper's (abstract, and that of its working paper, MIT 271). The
parameters are those of its example as they are commonly quoted; the page was not at hand. What is asserted is
derived here: at equal prices both activities cover their costs, and demand is (293, 205, 123, 279), for
instance 0.52 x 50 + 0.86 x 50 + 0.5 x 400 + 0.06 x 400 = 293 of the first good, which the resources (50, 50,
400, 400) and the levels (52, 69) make exactly. Costs leave only one direction in which prices can move; along
it excess demand, from the formula of Cobb-Douglas demand alone, is zero three times.
"""

from __future__ import annotations

import numpy as np
from helpers.technologies import activity, economy, wants
from scipy import linalg, optimize

import market
from market.equilibrium import search

SHARES = np.array(
    [
        [0.52, 0.40, 0.04, 0.04],
        [0.86, 0.10, 0.02, 0.02],
        [0.50, 0.20, 0.2975, 0.0025],
        [0.06, 0.25, 0.0025, 0.6875],
    ]
)
OWNED = np.diag([50.0, 50.0, 400.0, 400.0])
NETPUTS = np.array([[6.0, -1.0, -4.0, -1.0], [-1.0, 3.0, -1.0, -1.0]])
EQUAL = np.full(4, 0.25)
LEVELS = [52.0, 69.0]


def kehoe():
    goods = ["a", "b", "c", "d"]
    consumers = [
        (
            f"consumer {good}",
            f"endowment = {{ {good} = {owned.max()} }}\n" + wants(**dict(zip(goods, row, strict=True))),
        )
        for good, owned, row in zip(goods, OWNED, SHARES, strict=True)
    ]
    makers = [
        (f"activity {j + 1}", activity(**dict(zip(goods, row, strict=True))))
        for j, row in enumerate(NETPUTS.tolist())
    ]
    return market.build(market.loads(economy(goods, *consumers, *makers)))


def demanded(p):
    """Sum_i a_ig w_i.p / p_g minus resources."""
    return SHARES.T @ (OWNED @ p) / p - OWNED.sum(axis=0)


def index_by_kehoe(p):
    """sign det [[-J, B], [-B', 0]], the first good left out, with the slopes of Cobb-Douglas demand."""
    slopes = (SHARES / p).T @ OWNED - np.diag(SHARES.T @ (OWNED @ p) / p**2)
    b = NETPUTS.T[1:]
    return int(np.sign(np.linalg.det(np.block([[-slopes[1:, 1:], b], [-b.T, np.zeros((2, 2))]]))))


def test_at_equal_prices_the_printed_economy_balances():
    np.testing.assert_allclose(NETPUTS @ EQUAL, 0.0, atol=1e-15)
    np.testing.assert_allclose(demanded(EQUAL), np.array(LEVELS) @ NETPUTS, rtol=1e-12)


def test_three_equilibria_are_found_the_roots_of_the_formula_with_kehoes_indices():
    direction = linalg.null_space(np.vstack([NETPUTS, np.ones(4)]))[:, 0]  # prices sum to one and cover costs

    def lacking(t):
        p = EQUAL + t * direction
        return float(direction @ demanded(p))  # what no level can make: N' z

    ends = -EQUAL / np.where(direction == 0.0, 1e-9, direction)  # where a price would be zero
    grid = np.linspace(0.9999 * ends[ends < 0].max(), 0.9999 * ends[ends > 0].min(), 4000)
    values = [lacking(t) for t in grid]
    roots = [
        optimize.brentq(lacking, grid[k], grid[k + 1], xtol=1e-15)
        for k in range(len(grid) - 1)
        if values[k] * values[k + 1] < 0
    ]
    by_hand = sorted((EQUAL + t * direction for t in roots), key=lambda p: p[0])
    found = search(kehoe(), 40)
    assert len(found.found) == len(by_hand) == 3
    np.testing.assert_allclose([each.prices for each in found.found], by_hand, rtol=1e-8)
    np.testing.assert_allclose(found.found[1].prices, EQUAL, rtol=1e-12)
    np.testing.assert_allclose(found.found[1].production[4:], np.array(LEVELS)[:, None] * NETPUTS, rtol=1e-9)
    assert [each.index for each in found.found] == [1, -1, 1]
    assert [index_by_kehoe(each.prices) for each in found.found] == [1, -1, 1]
    assert [each.stable for each in found.found] == [True, False, True]
    assert found.index_sum == 1
