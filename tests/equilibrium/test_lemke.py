"""Linear complementarity problems: solutions, rays and ties."""

from __future__ import annotations

import numpy as np
import pytest

from market.equilibrium import lemke


def violation(matrix, q, z):
    return np.abs(np.minimum(z, matrix @ z + q)).max()


def test_a_vector_that_is_feasible_at_zero_is_solved_by_zero():
    np.testing.assert_array_equal(lemke.solve(np.eye(2), np.array([1.0, 0.0])), [0.0, 0.0])


def test_a_problem_solved_by_hand():
    """w_1 = 2 z_1 + z_2 - 5, w_2 = z_1 + 2 z_2 - 6 with both z > 0: z = (4 / 3, 7 / 3)."""
    z = lemke.solve(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([-5.0, -6.0]))
    np.testing.assert_allclose(z, [4 / 3, 7 / 3], rtol=1e-12)


def test_a_problem_without_a_solution_ends_in_a_ray():
    """w = -z - 1 is below 0 for every z >= 0."""
    assert lemke.solve(np.array([[-1.0]]), np.array([-1.0])) is None


@pytest.mark.parametrize("seed", range(20))
def test_positive_definite_problems_are_always_solved(seed):
    """For positive definite matrices the path cannot end in a ray (Cottle, Pang and Stone, 4.4.12)."""
    random = np.random.default_rng(seed)
    root = random.normal(size=(8, 8))
    matrix, q = root @ root.T + np.eye(8), random.normal(size=8)
    z = lemke.solve(matrix, q)
    assert z is not None
    assert (z >= 0).all()
    assert violation(matrix, q, z) <= 1e-9


def test_ties_in_the_ratio_test_do_not_cycle():
    """The dual of a linear programme with three tied rows; all of a skew matrix's pivots are degenerate."""
    a = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])
    matrix = np.block([[np.zeros((3, 3)), -a], [a.T, np.zeros((2, 2))]])
    q = np.array([1.0, 1.0, 1.0, -1.0, -1.0])  # a'u >= 1, a v <= 1
    z = lemke.solve(matrix, q)
    assert z is not None
    assert violation(matrix, q, z) <= 1e-12
