"""Reductions: parts driven together return what one run over all agents returns."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.reductions import Finished, First, Largest, add_up, advance, run_all, run_locally


def profile(amounts):
    """Shares of the total, the largest, and the first above the mean: two rounds of sums."""
    total, count, largest = yield amounts.sum(), float(len(amounts)), Largest(amounts.max(initial=-np.inf))
    above = amounts[amounts > total / count]
    (first,) = yield (First([above[0] if len(above) else None]),)
    return total, largest.value, first.values[0]


AMOUNTS = np.array([1.0, 2.0, 7.0, 4.0, 6.0])


@pytest.mark.parametrize("cuts", [[], [2], [0, 5], [1, 3, 4]])
def test_parts_return_the_result_of_the_whole(cuts):
    work = [profile(part) for part in np.split(AMOUNTS, cuts)]
    found = run_all([advance(steps) for steps in work], lambda sums: [advance(each, sums) for each in work])
    assert found == [run_locally(profile(AMOUNTS))] * len(work) == [(20.0, 7.0, 7.0)] * len(work)


def test_first_keeps_the_order_of_the_parts():
    assert (First([None, 1]) + First([2, 3]) + First([4, None])).values == [2, 1]


def test_sums_are_added_in_the_order_of_the_parts():
    """(1e16 + 1) + 1 loses both units; another order would not."""
    assert add_up([(1e16,), (1.0,), (1.0,)]) == (1e16,)
    assert add_up([(1.0,), (1.0,), (1e16,)]) == (1e16 + 2.0,)


def test_reduction_without_sums_ends_at_once():
    def constant():
        return 3
        yield

    assert advance(constant()) == Finished(3)
    assert run_locally(constant()) == 3
