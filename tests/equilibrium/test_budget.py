"""The budget of a search: what is counted, what ends it, and what does not matter."""

from __future__ import annotations

import pytest
from helpers.economies import economy

from market.equilibrium import budget, search
from market.equilibrium.budget import Budget, BudgetUsedUp, size_for, spending
from market.equilibrium.roots import solve_from

THREE = economy(
    "exchange", log1p=[[1.0, 2.0, 1.0], [2.0, 1.0, 3.0]], endowment=[[1.0, 2.0, 3.0], [3.0, 1.0, 1.0]]
)


def test_without_a_budget_nothing_is_counted():
    budget.count()


def test_one_evaluation_too_many_ends_the_block_quietly():
    reached = []
    with spending(Budget(2, 60.0)) as limit:
        for k in range(5):
            budget.count()
            reached.append(k)
    assert reached == [0, 1]
    assert limit.used == 2
    assert limit.exhausted == "the budget of 2 evaluations of excess demand is used up"
    budget.count()  # no budget is in force any more


def test_an_inner_budget_does_not_use_the_outer_one():
    with spending(Budget(10, 60.0)) as outer:
        with spending(Budget(3, 60.0)) as inner:
            budget.count()
        budget.count()
    assert (outer.used, inner.used) == (1, 1)


def test_seconds_are_the_last_resort():
    limit = Budget(10, -1.0)
    with pytest.raises(BudgetUsedUp):
        limit.count()
    assert limit.exhausted == "the limit of -1 seconds is reached"


def test_a_root_finder_counts_every_evaluation():
    with spending(Budget(10_000, 60.0)) as limit:
        solve_from(THREE, THREE.resources * 0.0 + 1.0)
    assert limit.used > 3


def test_large_economies_get_fewer_evaluations():
    assert size_for(THREE, 1000) > 990
    many = economy("exchange", log=[[1.0, 1.0]] * 9000, endowment=[[1.0, 1.0]] * 9000)
    assert size_for(many, 1000) == 100


def test_a_search_ends_with_its_budget_and_says_where():
    whole = search(THREE, 20)
    assert (whole.searched, whole.stopped) == (20, None)
    cut = search(THREE, 20, Budget(whole.evaluations // 2, 60.0))
    assert 0 < cut.searched < 20
    assert cut.stopped is not None
    assert cut.stopped.startswith("the budget of")
    assert [each.index for each in cut.found] == [1]


def test_progress_is_told_before_every_starting_point():
    seen = []
    search(THREE, 3, progress=lambda done, many: seen.append((done, many)))
    assert seen == [(0, 3), (1, 3), (2, 3)]
