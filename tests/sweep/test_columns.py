"""Columns of the table of runs follow from axes, goods and groups."""

from market.sweep.axes import parse_axis
from market.sweep.columns import columns, named


def test_columns_have_the_axes_after_the_identity_and_types_of_their_values():
    found = columns([parse_axis("a.x=1,2"), parse_axis("b.y=u,v")], ["water"], ["gas"])
    assert list(found)[:7] == ["run", "point", "replicate", "seed", "a.x", "b.y", "mechanism"]
    assert (found["a.x"], found["b.y"], found["price[water]"]) == ("whole", "text", "number")
    assert found["consumption[gas,water]"] == "number"


def test_more_than_twenty_groups_have_no_columns_of_their_own():
    groups = [f"g{k}" for k in range(21)]
    assert list(named(groups[:20])) == groups[:20]
    assert not any("g0" in name for name in columns([], ["water"], groups))
