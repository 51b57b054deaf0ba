"""Axes of a sweep: lists and ranges as written on the command line."""

from __future__ import annotations

import pytest

from market.errors import InputError
from market.sweep.axes import parse_axis


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
def test_values_of_an_axis_are_those_written(assignment, choices, kind):
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
def test_an_axis_of_another_form_is_refused_with_the_right_one(assignment, said):
    with pytest.raises(InputError, match=said):
        parse_axis(assignment)
