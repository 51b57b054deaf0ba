"""Tables fit into any width, and labels fold before a table is split."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, Group
from rich.text import Text

from market.interfaces.text.layout import Row, Section, pairs, points, story, tables


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
    assert second == "    (Debreu)"  # further than a row's own indent


def test_every_further_line_of_a_label_is_indented_further_than_rows():
    [found] = table("revenue of the common stock", ["a"], 40)
    text = lines(found, 40)
    first = next(k for k, line in enumerate(text) if "revenue" in line)
    assert text[first].startswith("  revenue of the")
    assert text[first + 1] == "    common stock"


def test_a_description_is_wrapped_in_paragraphs_and_points():
    told = "Who pays\nfor it?\n\nWhat to look for:\n\n- 'gift': the baker\n  stays idle\n- [red]prices"
    assert lines(Group(*story(told)), 20) == [
        "",
        "Who pays for it?",
        "",
        "What to look for:",
        "- 'gift': the baker",
        "  stays idle",
        "- [red]prices",
        "",
    ]
    assert story("") == []


def test_a_section_without_a_title_is_not_indented():
    [found] = tables(["a"], [Section("", [Row("Status", ["cleared"])])], 80, "Corner")
    text = lines(found, 80)
    assert text[0].startswith("Corner")
    assert text[-1].startswith("Status")


def test_pairs_and_points_keep_markup_as_text():
    text = lines(Group(pairs([("[red]a", Text("[bold]b"))]), points(["[i]c"])), 80)
    assert text == ["[red]a  [bold]b", "- [i]c"]
