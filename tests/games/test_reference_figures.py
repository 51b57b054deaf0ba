"""Reference answers about tables that no other test has, each with its derivation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.games import correlated, lotteries
from market.games.equilibria import find
from market.games.report import equality
from market.games.table import spread_of

STAG_HUNT = [[[4, 4], [0, 3]], [[3, 0], [3, 3]]]
SEXES = [[[2, 1], [0, 0]], [[0, 0], [1, 2]]]


def coarse_range(game):
    sums = game.outcomes.sum(axis=-1)
    ends = [correlated.extreme(game, sign * sums, "coarse").probabilities for sign in (-1.0, 1.0)]
    return [float((q * sums).sum()) for q in ends]


def test_battle_of_the_sexes_has_three_equilibria_and_a_range():
    """Mixed: the row plays its first action with 2/3 (column indifferent: q = 2 (1 - q)), each gets 2/3; so
    sums of Nash are 3, 3, 4/3, coarse ones between 4/3 and 3, and the price of anarchy 3 / (4/3) = 2.25."""
    game = market.from_payoffs(np.array(SEXES, dtype=float))
    sums = sorted(float(game.payoffs(each).sum()) for each in find(game).equilibria)
    assert sums == pytest.approx([4 / 3, 3, 3])
    assert coarse_range(game) == pytest.approx([4 / 3, 3])
    assert max(sums) / min(sums) == pytest.approx(2.25)


def test_stag_hunt_has_three_equilibria_and_a_range():
    """Mixed: 4 p = 3, p = 3/4, both get 3; sums 8, 6, 6, coarse ones between 6 and 8."""
    game = market.from_payoffs(np.array(STAG_HUNT, dtype=float))
    found = find(game)
    assert sorted(float(game.payoffs(each).sum()) for each in found.equilibria) == pytest.approx([6, 6, 8])
    mixed = [each for each in found.equilibria if each.pure is None]
    assert [each.of[0] for each in mixed] == [pytest.approx(np.array([0.75, 0.25]))]
    assert coarse_range(game) == pytest.approx([6, 8])


def test_a_dent_of_the_frontier_has_no_weights():
    """(4, 0), (0, 4), (1, 1): half of each of the first two gives (2, 2), a slack of 1 + 1; any weights w
    give one of the first two 4 max(w) >= 2 against w.(1, 1) = 1, a residual of 1 in 4 units."""
    points = np.array([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    found = lotteries.improvement(points, points[2])
    assert found.gains == pytest.approx([1.0, 1.0])
    assert lotteries.supporting(points, points[2]).residual == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("v", "due"), [([1.0, 1.0], 1.0), ([0.0, 5.0], 0.5), ([7.0, 2.0], 1 - 5 / 18), ([-1.0, 2.0], None)]
)
def test_equality_of_two_is_by_their_difference(v, due):
    """Of two `1 - |v_1 - v_2| / (2 (v_1 + v_2))`; not defined where a payoff is negative."""
    assert equality(np.array(v)) == (due if due is None else pytest.approx(due))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3), st.integers(2, 3))
def test_coarse_range_contains_every_equilibrium(seed, rows, columns):
    """A Nash equilibrium is a product distribution without gains, hence a coarse correlated one."""
    game = market.from_payoffs(np.random.default_rng(seed).normal(size=(rows, columns, 2)))
    low, high = coarse_range(game)
    assert all(low - 1e-7 <= game.payoffs(each).sum() <= high + 1e-7 for each in find(game).equilibria)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3))
def test_an_efficient_lottery_has_positive_weights(seed, n):
    """Arrow, Barankin and Blackwell (1953): of a polytope every efficient point maximises a sum with weights
    that are all positive; here the best profile by random positive weights, which is efficient."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(12, n))
    best = points[int((points @ rng.uniform(0.2, 1.0, n)).argmax())]
    found = lotteries.supporting(points, best)
    assert lotteries.improvement(points, best).slack <= 1e-9
    assert (found.weights > 0).all()
    assert found.residual <= 1e-9
    assert ((points - best) @ found.weights).max() <= 1e-8 * (found.weights @ spread_of(points))
