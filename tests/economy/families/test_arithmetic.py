"""Arithmetic at corners: zero, infinity, free goods."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.arithmetic import at_most_one, divide_where, exp, log_where, refuse_free_goods
from market.errors import UnboundedDemandError

WANTED = np.array([[True, True, False]])


def test_quotients_of_unwanted_goods_are_zero_and_of_free_goods_infinite():
    assert divide_where(WANTED, np.ones((1, 3)), np.array([[2.0, 0.0, 0.0]])).tolist() == [[0.5, np.inf, 0.0]]


def test_logarithms_of_unwanted_goods_are_zero_and_of_nothing_minus_infinity():
    assert log_where(WANTED, np.array([[1.0, 0.0, 5.0]])).tolist() == [[0.0, -np.inf, 0.0]]
    assert log_where(WANTED[:, :2], np.array([[1.0, 0.0]])).tolist() == [[0.0, -np.inf]]


def test_exponentials_beyond_floats_are_infinite_without_a_warning():
    assert exp(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 1.0, np.inf]


def test_a_single_wanted_good_or_none_is_at_most_one():
    assert at_most_one(np.array([[True, True], [True, False], [False, False]])).tolist() == [
        False,
        True,
        True,
    ]


def test_free_goods_are_refused_only_if_wanted_and_are_named():
    refuse_free_goods(np.array([1.0, 2.0, 0.0]), WANTED)
    with pytest.raises(UnboundedDemandError) as caught:
        refuse_free_goods(np.array([1.0, 0.0, 0.0]), WANTED)
    assert caught.value.goods == (1,)
