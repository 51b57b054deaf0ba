"""Columns of the table of runs follow from axes, goods and groups."""

from hypothesis import given
from hypothesis import strategies as st

from market.sweep.axes import parse_axis
from market.sweep.columns import column, columns, named, parts


def test_columns_have_the_axes_after_the_identity_and_types_of_their_values():
    found = columns([parse_axis("a.x=1,2"), parse_axis("b.y=u,v")], ["water"], ["gas"])
    assert list(found)[:7] == ["run", "point", "replicate", "seed", "a.x", "b.y", "mechanism"]
    assert (found["a.x"], found["b.y"], found["price[water]"]) == ("whole", "text", "number")
    assert found["consumption[gas,water]"] == "number"


def test_more_than_twenty_groups_have_no_columns_of_their_own():
    groups = [f"g{k}" for k in range(21)]
    assert list(named(groups[:20])) == groups[:20]
    assert not any("g0" in name for name in columns([], ["water"], groups))


@given(st.lists(st.text("ab,\"\\[]'", min_size=1, max_size=4), min_size=1, max_size=2))
def test_the_name_of_a_column_is_read_back_as_its_parts(names):
    """Whatever the names are: so no two columns have one name."""
    assert parts(column("price", *names)) == ("price", *names)


def test_names_without_commas_and_quotation_marks_stand_as_they_are():
    assert column("consumption", "coal plants", "power") == "consumption[coal plants,power]"


def test_goods_with_commas_have_columns_of_their_own():
    """A group `a` with the good `b`, and the good `a,b`."""
    found = list(columns([], ["b", "a,b"], ["a", "c"]))
    assert len(found) == len(set(found))
    assert {"consumption[a,b]", 'consumption["a,b"]', 'consumption[a,"a,b"]'} <= set(found)
