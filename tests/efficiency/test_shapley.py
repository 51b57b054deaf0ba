"""Shapley values and cores of market games against closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from market.efficiency.shapley import (
    all_values,
    blocking,
    coalitions,
    core_range,
    sampled_shapley,
    shapley,
)


def roots(k):
    """u = sqrt x, type 1 owns 2, type 2 nothing: k1 + k2 share 2 k1 equally, so sqrt(2 k1 (k1 + k2))."""
    return math.sqrt(2 * k[0] * (k[0] + k[1]))


def gloves(k):
    """A pair of a left and a right glove is worth 1."""
    return float(min(k))


@pytest.mark.parametrize(
    ("r", "first", "core"),
    [
        (1, 1.707107, (1.4142, 2.0)),
        (2, 1.640506, (1.4641, 1.5505)),
        (4, 1.588967, (1.4833, 1.5193)),
        (8, 1.553573, (1.4919, 1.5086)),
        (16, 1.531168, (1.4960, 1.5041)),
        (32, 1.517712, (1.4980, 1.5020)),
        (64, 1.509900, (1.4990, 1.5010)),
    ],
)
def test_replicas_bring_the_shapley_value_near_competitive_payoffs_and_shrink_the_core(r, first, core):
    """p = 1/2, competitive payoffs 1.5 and 0.5: in the core at every r; the Shapley value only at r = 1."""
    values = all_values((r, r), roots)
    found = shapley(values)
    assert found[0] == pytest.approx(first, abs=1e-6)
    assert r * found.sum() == pytest.approx(2 * r)
    low, high = core_range(values)
    assert (low[0], high[0]) == pytest.approx(core, abs=6e-5)
    assert blocking(values, np.array([1.5, 0.5])).excess <= 1e-12
    assert (blocking(values, found).excess > 1e-6) == (r > 1)


def test_one_of_each_glove_shares_equally_at_every_number():
    for r in (1, 5, 20):
        np.testing.assert_allclose(shapley(all_values((r, r), gloves)), 0.5, rtol=1e-12)


@pytest.mark.parametrize(
    ("left", "right", "value"),
    [
        (1, 2, 2 / 3),
        (10, 11, 0.598643),
        (10, 20, 0.882161),
        (50, 51, 0.553445),
        (50, 55, 0.702209),
        (50, 100, 0.965660),
    ],
)
def test_a_scarce_glove_gets_most_and_in_the_core_all(left, right, value):
    values = all_values((left, right), gloves)
    assert shapley(values)[0] == pytest.approx(value, abs=1e-6)
    low, high = core_range(values)
    np.testing.assert_allclose([low[0], high[0]], 1.0, atol=1e-6)
    np.testing.assert_allclose([low[1], high[1]], 0.0, atol=1e-6)


def test_counting_types_gives_what_all_orders_of_all_agents_give():
    """Five agents of three types, a random game: the mean over 120 orders."""
    label = np.array([0, 0, 1, 2, 2])
    drawn = np.random.default_rng(5).uniform(size=(3, 2, 3))
    drawn[0, 0, 0] = 0.0
    added = np.zeros(3)
    for order in itertools.permutations(label):
        k = [0, 0, 0]
        for kind in order:
            before = drawn[tuple(k)]
            k[kind] += 1
            added[kind] += drawn[tuple(k)] - before
    np.testing.assert_allclose(shapley(drawn), added / 120 / np.bincount(label), rtol=1e-12)


def test_random_orders_are_within_their_standard_errors():
    """r = 8, exact 1.553573; over 400 orders the estimate of a type is unbiased."""
    label = np.repeat([0, 1], 8)
    means, errors = sampled_shapley(label, roots, 400, np.random.default_rng(1))
    assert abs(means[0] - 1.553573) < 4 * errors[0]
    assert 0 < errors[0] < 0.02
    assert 8 * means.sum() == pytest.approx(16.0)


def test_the_coalition_that_gains_most_is_named():
    """Payoffs of 0.5 each with one left and two right gloves: the left with one right gets all it can."""
    found = blocking(all_values((1, 2), gloves), np.array([0.5, 0.25]))
    assert found.excess == pytest.approx(0.25)
    assert found.members == (1, 1)


def test_an_empty_core_has_no_range():
    """Three players of one type, any two of whom share 1: three halves would be needed."""
    assert core_range(np.array([0.0, 0.0, 1.0, 1.0])) is None


def test_the_number_of_coalitions_does_not_overflow():
    assert coalitions((1,) * 60) == pytest.approx(2.0**60)
