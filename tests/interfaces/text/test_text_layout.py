"""Tables fit into any width, and labels fold before a table is split."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, Group
from rich.text import Text

from market.interfaces.text.layout import Row, Section, pairs, points, tables


def lines(part, width):
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(part)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def table(label, names, width):
    cells = [str(k) for k in range(len(names))]
    return tables(names, [Section("Title", [Row(label, cells), Row("b", cells)])], width)


@pytest.mark.parametrize(("width", "count"), [(200, 1), (80, 2), (40, 4)])
def test_columns_that_do_not_fit_follow_in_further_tables(width, count):
    found = table("a", [f"mechanism {k}" for k in range(7)], width)
    assert len(found) == count
    text = lines(Group(*found), width)
    assert max(map(len, text)) <= width
    assert sum(line.startswith("Title") for line in text) == count
    cells = [cell for line in text if line.split()[:1] == ["b"] for cell in line.split()[1:]]
    assert cells == [str(k) for k in range(7)]


def test_a_long_label_is_folded_with_its_indent_rather_than_the_table_split():
    [found] = table("resource utilisation (Debreu)", ["a", "b", "c", "d"], 80)
    first, second = lines(found, 80)[3:5]
    assert first.split() == ["resource", "utilisation", "0", "1", "2", "3"]
    assert second == "  (Debreu)"


def test_a_section_without_a_title_is_not_indented():
    [found] = tables(["a"], [Section("", [Row("Status", ["cleared"])])], 80, "Corner")
    text = lines(found, 80)
    assert text[0].startswith("Corner")
    assert text[-1].startswith("Status")


def test_pairs_and_points_keep_markup_as_text():
    text = lines(Group(pairs([("[red]a", Text("[bold]b"))]), points(["[i]c"])), 80)
    assert text == ["[red]a  [bold]b", "- [i]c"]
