"""Text for a terminal as HTML: nothing is lost, everything is escaped, rows and columns have their scopes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from rich.console import Group
from rich.text import Text

from market.interfaces.text.html import STYLE, as_html
from market.interfaces.text.layout import Row, Section, heading, pairs, points, tables

PARTS = [
    Section("", [Row("Status", ["Nash", "cleared"])]),
    Section("Price of <b>", [Row("water", ["-", "0.2"])]),
    Section("", [Row("Index", ["+1", "-1"])]),
]


class Balanced(HTMLParser):
    """Checks that every tag is closed by its own end."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page):
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def page(*parts):
    return as_html(Group(*parts)).removeprefix(STYLE)


def table():
    [only] = tables(["first & last", "prices"], PARTS, 200)
    return page(heading("Who?"), only)


def test_tables_have_scopes_and_a_name():
    tags = parsed(table())
    assert ("table", {"aria-label": "Who?"}) in tags
    assert sum(tag == ("th", {"scope": "col", "class": "right"}) for tag in tags) == 2
    assert ("th", {"scope": "rowgroup", "colspan": "3"}) in tags
    assert [attrs.get("class") for tag, attrs in tags if attrs.get("scope") == "row"] == [
        None,
        "of-section",
        None,
    ]


def test_rows_of_another_section_are_in_a_body_of_their_own():
    assert table().count("<tbody>") == 3


def test_all_text_is_escaped():
    assert "Price of &lt;b&gt;" in table()
    assert "first &amp; last" in table()
    assert "<b>" not in table()
    assert page(Text("<script>")) == '<div class="market-view"><p>&lt;script&gt;</p></div>'


def test_points_are_a_list_and_names_with_texts_are_folded():
    written = page(
        heading("Title"),
        heading("Ends"),
        pairs([("prices", Text("x > 1"))]),
        heading("So"),
        points(["a", "b"]),
    )
    parsed(written)
    assert "<details><summary>Ends</summary><dl><dt>prices</dt><dd>x &gt; 1</dd></dl></details>" in written
    assert "<p><strong>So</strong></p><ul><li>a</li><li>b</li></ul>" in written


def test_colours_are_those_of_the_page():
    assert not re.search(r"(?<!-)color: (?!inherit)|background|#[0-9a-f]{3}", STYLE)


def test_what_is_not_known_is_refused():
    with pytest.raises(TypeError, match="no HTML is known of int"):
        page(3)
