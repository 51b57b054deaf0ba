"""What `--vary` says, and the runs that a design makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from market.errors import InputError
from market.sweep.axes import parse_axis
from market.sweep.design import design, seed_of


@pytest.mark.parametrize(
    ("assignment", "choices", "kind"),
    [
        ("commons.water=5,10,20", ("5", "10", "20"), "whole"),
        ("commons.water=5, 10.5", ("5", "10.5"), "number"),
        ("commons.water=0:1:5", ("0.0", "0.25", "0.5", "0.75", "1.0"), "number"),
        ("agents.alpha.count=1:9:5", ("1", "3", "5", "7", "9"), "whole"),
        ("agents.alpha.count=1:2:3", ("1.0", "1.5", "2.0"), "number"),
        ("commons.water=0.1:0.7:7", ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"), "number"),
        ("mechanisms.prices.rule=tatonnement,newton", ("tatonnement", "newton"), "text"),
        ("a.b=true,false", ("true", "false"), "truth"),
        ('a.b=[1, 2],{ dist = "uniform", low = 0, high = 1 }', None, "text"),
        ("a.\"x,y\"='p,q',r", ("'p,q'", "r"), "text"),
        ("a.b=-2e-3:2e-3:3", ("-0.002", "0.0", "0.002"), "number"),
    ],
)
def test_values_are_those_that_are_written(assignment, choices, kind):
    read = parse_axis(assignment)
    assert read.kind == kind
    if choices is None:
        assert read.choices == ("[1, 2]", '{ dist = "uniform", low = 0, high = 1 }')
    else:
        assert read.choices == choices


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("commons.water", "not of the form"),
        ("=1,2", "not of the form"),
        ("commons.water=", "not of the form"),
        ("commons.water=1,,2", "between two commas is missing"),
        ("commons.water=1,2,1.0", "are the same value"),
        ("commons.water=5:1:3", "from a smaller number to a larger"),
        ("commons.water=1:1:3", "from a smaller number to a larger"),
        ("commons.water=1:1e999:3", "from a smaller number to a larger"),
        ("commons.water=1:5", "low:high:n"),
        ("commons.water=1:5:1", "with n from 2"),
        ("commons.water=1:5:2.5", "with n from 2"),
        ("commons.water=1:5:100001", "with n from 2"),
    ],
)
def test_what_is_no_axis_is_refused_with_what_would_be_right(assignment, said):
    with pytest.raises(InputError, match=said):
        parse_axis(assignment)


def test_a_grid_is_every_combination_with_every_seed():
    plan = design(["a.x=1,2", "a.y=0:1:3"], seeds=2, root=7)
    runs = list(plan.runs())
    assert len(plan) == len(runs) == 12
    assert [run.number for run in runs] == list(range(12))
    assert len({(run.values, run.seed) for run in runs}) == 12
    assert {run.values for run in runs} == {(x, y) for x in ("1", "2") for y in ("0.0", "0.5", "1.0")}


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_axis():
    plan = design(["a.x=10:20", "a.y=-1:1", "a.z=red,green"], "latin", points=8)
    x, y = (np.array([float(point[k]) for point in plan.points]) for k in (0, 1))
    assert sorted(((x - 10) / 10 * 8).astype(int)) == list(range(8))
    assert sorted(((y + 1) / 2 * 8).astype(int)) == list(range(8))
    assert sorted(point[2] for point in plan.points) == ["green"] * 4 + ["red"] * 4


def test_a_sobol_design_is_even_in_every_quarter():
    plan = design(["a.x=0:1", "a.y=0:1"], "sobol", points=64)
    squares = [(int(float(x) * 4), int(float(y) * 4)) for x, y in plan.points]
    assert all(squares.count((i, j)) == 4 for i in range(4) for j in range(4))


def test_designs_that_are_drawn_come_from_the_root_seed():
    first, again, other = (design(["a.x=0:1"], "latin", points=4, root=root) for root in (1, 1, 2))
    assert first.points == again.points != other.points


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"vary": ["a.x=1,2", "a.x=3,4"]}, "same path"),
        ({"vary": ["seed=1,2"]}, "--seeds"),
        ({"vary": ["a.x=1,2"], "points": 4}, "--points is for"),
        ({"vary": ["a.x=0:1"], "kind": "latin"}, "needs --points"),
        ({"vary": ["a.x=0:1:3"], "kind": "latin", "points": 4}, "without n"),
        ({"vary": ["a.x=0:1"], "kind": "sobol", "points": 100}, "64 or 128"),
        ({"vary": [], "kind": "latin", "points": 4}, "at least one --vary"),
        ({"vary": [f"a.{name}=1:2000:2000" for name in "xyz"]}, "a sweep has from 1"),
        ({"vary": ["a.x=1,2"], "seeds": 10**8}, "a sweep has from 1"),
    ],
)
def test_what_is_no_design_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        design(**arguments)


def test_seeds_of_two_roots_have_nothing_in_common():
    """Counting up from the root would make run 5 of seed 1 run 3 of seed 3."""
    seeds = [{seed_of(root, replicate) for replicate in range(200)} for root in range(5)]
    assert len(set.union(*seeds)) == 5 * 200


def test_a_replicate_s_seed_does_not_depend_on_how_many_there_are():
    few, many = (list(design(["a.x=1,2"], seeds=seeds).runs()) for seeds in (2, 5))
    assert [run.seed for run in few if run.point == 1] == [run.seed for run in many if run.point == 1][:2]


def test_all_points_have_the_same_seeds():
    runs = list(design(["a.x=1,2,3"], seeds=4).runs())
    assert len({tuple(run.seed for run in runs if run.point == point) for point in range(3)}) == 1
