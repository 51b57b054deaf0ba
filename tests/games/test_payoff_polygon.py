"""The polygon of payoffs in correlated equilibria: reference answers by hand, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.games.correlated import extreme, payoff_polygon
from market.games.equilibria import find
from market.games.table import spread_of, table


def corners(payoffs, kind="correlated"):
    """The corners of a polygon, the one with the least sum of coordinates first."""
    found = payoff_polygon(table(np.array(payoffs, dtype=float)), kind)
    first = int(found.sum(axis=1).argmin())
    return np.roll(found, -first, axis=0)


def test_the_polygon_of_chicken():
    """Let a, b, c, d be the probabilities of (swerve, swerve), (swerve, straight), (straight, swerve), crash.

    No gain: row told to swerve 2b >= a, told to go straight c >= 2d; column 2c >= a and b >= 2d. Payoffs are
    (6a + 2b + 7c, 6a + 7b + 2c). Besides (7, 2) and (2, 7), where c or b is 1, both have most at a = 1/2, b =
    c = 1/4, 21/4 each, and least where d is largest, d = 1/5, b = c = 2/5, 18/5 each.
    """
    found = corners([[[6, 6], [2, 7]], [[7, 2], [0, 0]]])
    assert found == pytest.approx(np.array([[3.6, 3.6], [7, 2], [5.25, 5.25], [2, 7]]), abs=1e-6)


def test_the_polygon_of_the_prisoners_dilemma_is_a_point():
    """Defecting is dominant: it is advised with certainty, under either kind."""
    for kind in ("correlated", "coarse"):
        assert corners([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], kind) == pytest.approx(
            np.array([[1, 1]]), abs=1e-6
        )


def test_the_polygon_of_a_common_interest_is_a_segment():
    """With payoffs a + d for both, and a, d >= b, c, the least of a + d is 1/2, at equal probabilities."""
    found = corners([[[1, 1], [0, 0]], [[0, 0], [1, 1]]])
    assert found == pytest.approx(np.array([[0.5, 0.5], [1, 1]]), abs=1e-6)


def test_an_upright_segment_has_both_its_ends():
    """Row gets 1 anyway; column 2 q or 5 (1 - q) at least, if row plays its first action with q: 10/7."""
    found = corners([[[1, 2], [1, 0]], [[1, 0], [1, 5]]])
    assert found == pytest.approx(np.array([[1, 10 / 7], [1, 5]]), abs=1e-6)


def test_coarse_equilibria_of_rock_paper_scissors_with_a_cost_of_ties_reach_beyond_correlated_ones():
    """Ties cost both 1. No correlated equilibrium but the Nash one; a coarse one avoids ties: 0 each.

    The Nash equilibrium has ties with probability 1/3, a payoff of -1/3. Equal probabilities of the six
    profiles without ties give 0; a fixed action against a uniform other gets -1/3: no gain.
    """
    wins = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=float)
    game = np.stack([wins - np.eye(3), -wins - np.eye(3)], axis=-1)
    assert corners(game, "coarse").sum(axis=1).max() == pytest.approx(0.0, abs=1e-6)


numbers = st.integers(-5, 5)
tables = st.tuples(st.integers(2, 3), st.integers(2, 3)).flatmap(
    lambda size: st.lists(numbers, min_size=2 * size[0] * size[1], max_size=2 * size[0] * size[1]).map(
        lambda flat: np.array(flat, dtype=float).reshape(*size, 2)
    )
)


@settings(max_examples=40, deadline=None)
@given(tables, st.floats(0.0, 2.0 * np.pi))
def test_the_polygon_is_convex_and_as_far_out_as_a_linear_program_in_any_direction(payoffs, angle):
    game = table(payoffs)
    for kind in ("correlated", "coarse"):
        found = payoff_polygon(game, kind) / spread_of(payoffs.reshape(-1, 2))
        sides = np.roll(found, -1, axis=0) - found
        if len(found) > 2:
            after = np.roll(sides, -1, axis=0)
            assert (sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0] > 0).all()
        way = np.array([np.cos(angle), np.sin(angle)])
        values = payoffs / spread_of(payoffs.reshape(-1, 2)) @ way
        most = float((extreme(game, values, kind).probabilities * values).sum())
        assert (found @ way).max() == pytest.approx(most, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_nash_equilibria_are_in_the_correlated_polygon_and_this_in_the_coarse_one(payoffs):
    game = table(payoffs)
    coarse = payoff_polygon(game, "coarse")
    correlated = payoff_polygon(game, "correlated")
    for v in [game.payoffs(play) for play in find(game).equilibria]:
        assert within(v, correlated)
    for v in correlated:
        assert within(v, coarse)


def within(v, polygon):
    """True if a point is in a polygon, up to rounding: no direction in which it is farther out."""
    for angle in np.linspace(0, 2 * np.pi, 73):
        way = np.array([np.cos(angle), np.sin(angle)])
        if v @ way > (polygon @ way).max() + 1e-6:
            return False
    return True
