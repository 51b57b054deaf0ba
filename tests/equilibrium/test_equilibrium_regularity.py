"""Index and stability, against slopes of excess demand by hand."""

from __future__ import annotations

import numpy as np
from helpers.economies import LINEAR, references, with_utility
from helpers.published_economies import kehoe, power_sums, scarf

from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.regularity import INDIFFERENT, NO_FULL_RANK, compute_index, is_stable

ONES = np.ones(2)


def index_and_stability(primitives, p, near=None):
    at = evaluate_prices(primitives, p, near)
    assert at.residual <= 1e-12
    return compute_index(primitives, at), is_stable(primitives, at)


def test_cobb_douglas_exchange_has_index_one():
    """`z_1 = 0.4 (9 p + 1) / p + 0.5 (p + 4) / p - 10` falls with `p`: gross substitutes."""
    known = references()["exchange of two"]
    assert index_and_stability(known.economy, np.array(known.prices)) == ((1, None), True)


def test_excess_demand_that_rises_with_its_price_has_index_minus_one():
    """Kehoe (1991) at (1, 1): shares `s = 0.8` and 0.2 of incomes `12 p + 1` and `p + 12`, `b = -4`.

    `ds / dlog p = 0.8 s (1 - s) = 0.128`, so `dz_1 / dlog p = -0.8 - 2.4 + 2 * 13 * 0.128 = 0.128 > 0`.
    """
    assert index_and_stability(kehoe(), ONES) == ((-1, None), False)


def test_excess_demand_without_a_slope_has_no_index():
    """With `w` for 12, `-0.8 - 0.2 w + 0.256 (w + 1) = 0` at `w = 68 / 7`."""
    w = 68.0 / 7.0
    flat = power_sums([[1024.0, 1.0], [1.0, 1024.0]], -4.0, [[w, 1.0], [1.0, w]])
    assert index_and_stability(flat, ONES)[0] == (0, NO_FULL_RANK)


def test_a_rotation_of_prices_has_an_index_and_no_stability():
    """Scarf (1960): `dp/dt = z` conserves `p_1 p_2 p_3`, so that both real parts are 0; `det(-J) > 0`."""
    assert index_and_stability(scarf(), np.full(3, 1.0 / 3.0)) == ((1, None), None)


def test_indifferent_consumers_leave_neither_index_nor_stability():
    """Linear tastes (2, 1) at prices 2 and 1, where to keep the endowment is a best choice."""
    alike = with_utility("exchange", LINEAR, {"weights": [[2.0, 1.0]] * 2}, endowment=np.eye(2))
    kept = (np.eye(2), np.zeros((2, 2)))
    assert index_and_stability(alike, np.array([2.0, 1.0]), kept) == ((0, INDIFFERENT), None)
