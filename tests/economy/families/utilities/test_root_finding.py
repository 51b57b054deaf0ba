"""Roots of falling functions: exact, inside the bracket, also where Newton's method alone fails."""

from __future__ import annotations

import numpy as np

from market.economy.families.utilities.root_finding import falling_root


def test_roots_are_exact_to_rounding_element_by_element():
    squares = np.array([2.0, 9.0, 1e4])
    root = falling_root(lambda z: ((squares - z**2) / squares, -2.0 * z / squares), np.ones(3), squares)
    np.testing.assert_allclose(root, np.sqrt(squares), rtol=4e-16)


def test_bisection_takes_over_where_newton_leaves_the_bracket():
    """-arctan z from z = -20: Newton's step from there lands beyond 500, and then ever further away."""

    def arctan(z):
        return -np.arctan(z), -1.0 / (1.0 + z * z)

    root = falling_root(arctan, np.array([-20.0]), np.array([30.0]))
    np.testing.assert_allclose(root, 0.0, atol=1e-15)


def test_a_root_at_an_end_of_the_bracket_is_found_though_rounding_gives_it_the_wrong_sign():
    low = np.array([1.0])
    root = falling_root(lambda z: (1.0 - z - 1e-16, -np.ones(1)), low, np.array([1.0]))
    assert root == low


def test_a_flat_function_with_a_jump_is_bisected():
    root = falling_root(lambda z: (np.where(z < 0.3, 1.0, -1.0), np.zeros(1)), np.zeros(1), np.ones(1))
    np.testing.assert_allclose(root, 0.3, rtol=1e-14)


def test_functions_are_asked_only_inside_the_bracket():
    """Steps of 5, 4 and 2.4 from 0 would lead to 11.4, though the last two are short enough."""

    def jump(z):
        assert (z >= 0).all()
        assert (z <= 10).all()
        steps = np.where(z < 4.0, 5.0, np.where(z < 8.0, 4.0, 2.4))
        return np.where(z < 9.9, 1.0, -1.0), -1.0 / steps

    np.testing.assert_allclose(falling_root(jump, np.zeros(1), np.full(1, 10.0)), 9.9, rtol=1e-14)
