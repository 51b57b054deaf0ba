"""Overrides: assignments `path=value` from the command line."""

from __future__ import annotations

import copy

import pytest

from market.scenario.overrides import apply_overrides

VALUES = {
    "seed": 1,
    "goods": ["water", "bread"],
    "agents": [
        {"name": "alpha", "utility": {"weights": {"water": 1.0}}},
        {"name": "b.c [x]", "count": 2},
    ],
}


@pytest.mark.parametrize(
    ("assignment", "place", "value"),
    [
        ("seed=4", ("seed",), 4),
        ("title=Hello world", ("title",), "Hello world"),
        ("title = a=b", ("title",), "a=b"),
        ('title="quoted"', ("title",), "quoted"),
        ("agents.alpha.utility.weights.water=2", ("agents", 0, "utility", "weights", "water"), 2),
        ("agents[1].count=1e3", ("agents", 1, "count"), 1000.0),
        ('agents."b.c [x]".count=3', ("agents", 1, "count"), 3),
        ("agents.alpha.budget={ dist = 'uniform' }", ("agents", 0, "budget"), {"dist": "uniform"}),
        ("goods[1]=wine", ("goods", 1), "wine"),
        ("title=1\nseed = 3", ("title",), "1\nseed = 3"),
    ],
)
def test_assignment_changes_one_value(assignment, place, value):
    values = copy.deepcopy(VALUES)
    (done,), faults = apply_overrides(values, [assignment])
    assert (done.place, faults) == (place, [])
    at = values
    for part in place:
        at = at[part]
    assert at == value
    assert values["seed"] == (value if place == ("seed",) else 1)


@pytest.mark.parametrize(
    ("assignment", "field", "message"),
    [
        (
            "agents.alhpa.count=2",
            "agents.alhpa.count",
            "no entry of that name in agents; one of: alpha, b.c [x]. Did you mean 'alpha'?",
        ),
        (
            "agents.alpha.utlity.x=2",
            "agents.alpha.utlity.x",
            "there is no 'utlity' in agents[0]; one of: name, utility. Did you mean 'utility'?",
        ),
        ("agents[2].count=2", "agents[2].count", "agents has 2 entries, counted from 0"),
        ("goods.water=2", "goods.water", "no entry of that name in goods; write an index, such as goods[0]"),
        ("seed.x=2", "seed.x", "seed is the number 1; it has no part 'x'"),
        ("[0]=2", "[0]", "the scenario is a table; it has no part '0'"),
        ("seed", "seed", "not of the form path=value, such as agents.alpha.count=3"),
        ("=3", "", "not of the form path=value, such as agents.alpha.count=3"),
        ("", "", "not of the form path=value, such as agents.alpha.count=3"),
        ("seed=" + "[" * 1000, "seed", "brackets nested more than 32 deep"),
        ("\x1b.x=1", "\\x1b.x", "there is no '\\x1b' in the scenario; one of: seed, goods, agents."),
        ("agents.alpha.name='\udcff'", "agents.alpha.name='\\udcff'", "not UTF-8 text"),
    ],
)
def test_assignment_without_a_valid_path_gives_the_alternatives(assignment, field, message):
    values = copy.deepcopy(VALUES)
    done, (fault,) = apply_overrides(values, [assignment])
    assert (done, values) == ([], VALUES)
    assert (fault.field, fault.message, fault.line) == (f"--set {field}", message, None)
