"""Cobb-Douglas exchange: the stationary distribution of spending in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy, references
from hypothesis import given
from hypothesis import strategies as st

from market.equilibrium.eigenvector import applies, solve

SHARE = st.floats(1e-6, 1.0)


@given(SHARE, SHARE, st.floats(0.1, 10.0))
def test_two_owners_have_the_stationary_distribution_of_two_states(a, b, stock):
    """Owner 1 spends `a` on good 2 and owner 2 `b` on good 1: `a v_1 = b v_2`, and `v_1 + v_2 = 2`."""
    shares = [[1.0 - a, a], [b, 1.0 - b]]
    found = solve(economy("exchange", cobb_douglas=shares, endowment=[[stock, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(found.prices * [stock, 1.0], np.array([b, a]) * 2.0 / (a + b), rtol=1e-12)


def test_values_of_many_goods_are_an_eigenvector_of_spending():
    draw = np.random.default_rng(3)
    shares, owned = draw.dirichlet(np.ones(6), size=5), draw.random((5, 6))
    found = solve(economy("exchange", cobb_douglas=shares, endowment=owned))
    values = found.prices * owned.sum(axis=0)
    np.testing.assert_allclose(shares.T @ (owned / owned.sum(axis=0)) @ values, values, rtol=1e-13)


def test_each_class_of_goods_is_worth_its_number_of_goods():
    """Goods 1 and 2 among two agents, `v_1 / 2 = v_2 / 4`; good 3 held by a third: no income flows."""
    shares = [[0.5, 0.5, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    found = solve(economy("exchange", cobb_douglas=shares, endowment=np.diag([1.0, 2.0, 4.0])))
    assert found.classes == 2
    np.testing.assert_allclose(found.prices * [1.0, 2.0, 4.0], [2.0 / 3.0, 4.0 / 3.0, 1.0], rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("exchange of two", True), ("fisher, constant shares", False), ("merit order", False)],
)
def test_the_method_applies_to_pure_exchange_only(name, expected):
    assert applies(references()[name].economy) is expected
