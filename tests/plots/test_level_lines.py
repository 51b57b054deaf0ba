"""Lines along which a function changes sign: every point is a root, or a jump through zero."""

from __future__ import annotations

import numpy as np

from market.plots.level_lines import level_lines

GRID = np.linspace(0.0, 2.0, 11)


def test_points_of_a_circle_are_on_it():
    [circle] = level_lines(lambda x, y: (x - 1.0) ** 2 + (y - 1.0) ** 2 - 0.49, GRID, GRID)
    np.testing.assert_allclose(np.hypot(*(circle - 1.0).T), 0.7, rtol=1e-7)
    np.testing.assert_allclose(circle[0], circle[-1])


def test_a_jump_is_found_where_it_is():
    [line] = level_lines(lambda x, y: -1e300 if x > 0.7301 else 5.0, GRID, GRID)
    np.testing.assert_allclose(line[:, 0], 0.7301, rtol=1e-7)


def test_an_area_of_zeros_has_an_edge_on_both_sides():
    lines = level_lines(lambda x, y: max(x - 1.5, 0.0) + min(x - 0.5, 0.0), GRID, GRID)
    assert sorted(float(line[0, 0].round(6)) for line in lines) == [0.5, 1.5]


def test_points_without_a_value_are_left_out():
    lines = level_lines(lambda x, y: np.nan if y < 1.0 else x - 0.33, GRID, GRID)
    assert all((line[:, 1] >= 1.0 - 1e-12).all() for line in lines)
    np.testing.assert_allclose(np.concatenate(lines)[:, 0], 0.33, rtol=1e-6)


def test_a_function_of_one_sign_has_no_lines():
    assert level_lines(lambda x, y: 1.0, GRID, GRID) == []
