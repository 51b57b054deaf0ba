"""Correspondences: bounds, coupling, and sums over agents."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.correspondences import (
    Correspondence,
    Coupling,
    good_by_good,
    is_broadcast_zero,
    select,
    sum_over_agents,
    uncoupled,
)


def test_single_valued_is_known_by_identity_alone():
    amounts = np.ones((2, 1))
    assert Correspondence.exactly(amounts).single_valued
    assert not Correspondence(amounts, amounts.copy()).single_valued
    assert not Correspondence(amounts, amounts, uncoupled((2, 1))).single_valued


def test_only_a_stored_zero_counts_as_broadcast_zero():
    assert is_broadcast_zero(np.broadcast_to(0.0, (3, 2)))
    assert not is_broadcast_zero(np.broadcast_to(1.0, (3, 2)))
    assert not is_broadcast_zero(np.zeros((3, 2)))


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (15, 2), (16, 2), (1000, 3), (1003, 7), (70, 600)])
def test_sums_and_products_of_long_rows_equal_those_of_single_rows(shape):
    amounts = np.random.default_rng(0).uniform(0.0, 1.0, shape)
    np.testing.assert_allclose(sum_over_agents(amounts), amounts.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(sum_over_agents(np.asfortranarray(amounts)), amounts.sum(axis=0), rtol=1e-13)
    p = np.arange(1.0, shape[1] + 1.0)
    np.testing.assert_array_equal(good_by_good(np.multiply, amounts, p), amounts * p)


def test_total_of_an_interval_has_both_bounds():
    total = Correspondence(np.zeros((3, 1)), np.ones((3, 1))).total()
    assert (total.lowest.tolist(), total.highest.tolist()) == ([0.0], [3.0])


def test_select_takes_bounds_and_coupling_by_agent():
    first = np.array([True, False])
    one = Correspondence.exactly(np.full((2, 1), 1.0))
    coupling = Coupling(np.full(2, 5.0), np.full(2, 6.0), np.full((2, 1), 7.0))
    other = Correspondence(np.full((2, 1), 2.0), np.full((2, 1), 3.0), coupling)
    chosen = select(first, one, other)
    assert (chosen.lowest.ravel().tolist(), chosen.highest.ravel().tolist()) == ([1.0, 2.0], [1.0, 3.0])
    assert chosen.joint.least_spent.tolist() == [-np.inf, 5.0]
    assert chosen.joint.direction.ravel().tolist() == [0.0, 7.0]
    assert select(first, one, one).single_valued
