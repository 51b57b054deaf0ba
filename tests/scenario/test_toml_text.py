"""Untrusted TOML text: limits, messages, and the line of every key."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import InputError, ScenarioError
from market.scenario.toml_text import (
    _TOKENS,
    MAX_BYTES,
    Source,
    beyond_bounds,
    decode,
    describe,
    escape,
    format_place,
    read_bytes,
)


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        Source("f.toml", text).parse()
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = [1,\n2", "f.toml:3: not valid TOML: a list is not closed; ']' or ',' is missing"),
        ("a = 1\na = 2\n", "f.toml:2: not valid TOML: this key is given twice"),
        ("[a]\n[b]\n[a]\n", "f.toml:3: not valid TOML: this table is given twice"),
        ("a = 1\nb = water", "f.toml:2: not valid TOML: no value can be read here; texts need quotes"),
        ("a = .5", "f.toml:1: not valid TOML: no value can be read here"),
        ("a = 1 b = 2", "f.toml:1: not valid TOML: something is left over at the end of a line"),
        ('a = "x\nb = 1', "f.toml:1: not valid TOML: a text is not closed"),
        ('a = "\x1b[31m"', "f.toml:1: not valid TOML: Illegal character '\\x1b'"),
    ],
)
def test_invalid_toml_gives_one_message_with_its_line(text, message):
    assert refused(text).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" + ".a" * 20_000 + " = 1", "f.toml:1: a key or number is too long"),
        ("a" + " . a" * 10_000 + " = 1", "f.toml:1: a key or number is too long"),
        ("[x]\n[" + "a." * 17 + "a]", "f.toml:2: a key or number is too long"),
        ('""' + '."q"' * 100 + " = 1", "f.toml:1: a key or number is too long"),
        (
            'x = ["""b"""", \'\'\'\'""""\'\'\']\n' + "b" + ".b" * 32_000 + " = 1",
            "f.toml:2: a key or number is too long",
        ),
        ("a = " + "[" * 1000, "f.toml:1: brackets nested more than 32 deep"),
        ("a = " + "{a=" * 1000, "f.toml:1: brackets nested more than 32 deep"),
        ("a = [\n" + "9" * 5000 + "]", "f.toml:2: a key or number is too long"),
        ("a = " + "9" * 251, "f.toml:1: a number of more than 250 digits; write it like 1e99"),
        ("a = 0x" + "f" * 251, "f.toml:1: a number of more than 250 digits; write it like 1e99"),
        ('b = 1\na = "' + "x" * 70_000 + '"', "f.toml:2: a line of 70006 characters; at most 65536 are read"),
    ],
)
def test_text_that_would_exhaust_the_parser_does_not_reach_it(text, message, monkeypatch):
    monkeypatch.setattr(tomllib, "loads", None)
    assert refused(text).startswith(message)


PIECES = ['"', "'", "\\", "\\\\", '\\"', "\n", "#", "[", "]", ",", "a", " "]
ENDS = ['"', "'", '"""', "'''", '""""', "''''", '"""""', "'''''"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(['"', "'", '"""', "'''"]),
            st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
            st.sampled_from(ENDS),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_strings_end_where_the_parser_ends_them(strings):
    text = f"x = [{', '.join(start + body + end for start, body, end in strings)}]"
    try:
        values = tomllib.loads(text)["x"]
    except tomllib.TOMLDecodeError:
        return
    found = [match[0] for match in _TOKENS.finditer(text) if match.lastgroup in ("long", "short")]
    inner = [value for value in values if isinstance(value, str)]
    if len(inner) == len(values):  # no lists in the list
        assert [tomllib.loads(f"x = {string}")["x"] for string in found] == inner


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (" " * 65_000 + "x", None),
        (" ." * 32_000, "a key or number is too long"),
        ('"' + '\\"' * 32_000 + "\\", None),
        (("f" * 250 + "g") * 200, "a key or number is too long"),
        (", ".join(["f" * 250 + "g"] * 200), None),
    ],
)
def test_longest_lines_are_checked(line, message):
    """With time in proportion to their length: a check that went back would not end here."""
    fault = beyond_bounds("\n".join([line] * 4))
    assert fault is None if message is None else (fault.line, fault.message[: len(message)]) == (1, message)


@pytest.mark.parametrize("unit", ['"""\\"', "'''", '"\\"\n', '"""\n\\"', "#[\n", '""""', "\\\n"])
def test_long_text_of_unfinished_strings_is_refused(unit):
    """In time proportional to its length: with a check that went back, this test would not end."""
    with pytest.raises(ScenarioError):
        Source("f.toml", "x = [" + (unit + "\n") * (500_000 // (len(unit) + 1))).parse()


def test_brackets_and_digits_in_strings_and_comments_are_not_counted():
    text = (
        "# on [0, 1)\n" * 100
        + f'a = "{"[" * 100}"\nb = \'{"1" * 300}\'\nc = """\n{"{" * 100}\n"""\nd = [0.5, 1.5]'
    )
    assert Source("f.toml", text).parse()["d"] == [0.5, 1.5]


def test_values_have_the_line_of_their_key():
    text = """\
a = 1
"q\\u0041".'b.c' . d = [1,
  { x = 2, y.z = [3] },
  # a comment
  "s"]

[commons]
water = 1
[[agents]]
name = "a"
[agents.utility]
weights.water = 1
[[agents]]
name = \"\"\"
b\"\"\"
[[agents.more]]
x = 1
[[agents.more]]
x = 2
"""
    source = Source("f.toml", text)
    lines = {
        ("a",): 1,
        ("qA",): 2,
        ("qA", "b.c", "d", 0): 2,
        ("qA", "b.c", "d", 1): 3,
        ("qA", "b.c", "d", 1, "y", "z", 0): 3,
        ("qA", "b.c", "d", 2): 5,
        ("commons",): 7,
        ("commons", "water"): 8,
        ("agents",): 9,
        ("agents", 0): 9,
        ("agents", 0, "utility"): 11,
        ("agents", 0, "utility", "weights", "water"): 12,
        ("agents", 1): 13,
        ("agents", 1, "name"): 14,
        ("agents", 1, "more", 0, "x"): 17,
        ("agents", 1, "more", 1, "x"): 19,
    }
    assert {place: source.line(place) for place in lines} == lines


def test_lines_cover_all_parsed_values():
    source = Source(
        "f.toml", 'a.b = [[1, {c = 2}], [3]]\n[d."e.f".g]\nh = { i.j = 1, k = {} }\n[[d.l]]\n[d.l.m]\nn = 1'
    )

    def walk(value, place):
        assert place == () or place in source.lines
        pairs = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, below in pairs:
            walk(below, (*place, key))

    walk(source.parse(), ())


def test_missing_key_has_the_line_of_its_table():
    source = Source("f.toml", "a = 1\n[b]\nc = 1\n")
    assert source.line(("b", "d", "e")) == 2
    assert source.line(("e",)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = 1".encode("utf-16"), "this is UTF-16 text; save it as UTF-8"),
        ("a = 1".encode("utf-16-le"), "this is not a text file (it contains zero bytes)"),
        ("a = 1".encode("utf-32"), "not UTF-8 text (byte 1); save it as UTF-8"),
        (b"\0\0\xfe\xff\0\0\0a", "not UTF-8 text (byte 3); save it as UTF-8"),
        (b"a = 1\n\xff", "not UTF-8 text (byte 7); save it as UTF-8"),
        (b"\x7fELF\0\0", "this is not a text file (it contains zero bytes)"),
    ],
)
def test_bytes_that_are_not_utf8_are_refused(content, message):
    with pytest.raises(InputError) as caught:
        decode(content)
    assert str(caught.value).startswith(message)


def test_byte_order_mark_is_skipped():
    assert decode(b"\xef\xbb\xbfa = 1") == "a = 1"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "comons.toml",
            "no such file; scenarios in that folder: commons.toml, large.toml. Did you mean 'commons.toml'?",
        ),
        ("nowhere/x.toml", "no such file; its folder does not exist either"),
        (".", "this is a folder, not a file"),
        ("large.toml", "larger than 1024 KiB; put long tables into a data file"),
        ("x" * 5000, "cannot be read: file name too long"),
        ("commons.toml/x", "no such file"),
        ("a\0b", ""),
    ],
)
def test_unreadable_file_gives_the_reason(tmp_path, path, message):
    (tmp_path / "commons.toml").write_text("")
    (tmp_path / "large.toml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path / path)
    assert str(caught.value).startswith(message)


def test_settings_of_a_project_are_no_scenario_to_suggest(tmp_path):
    (tmp_path / "pyproject.toml").write_text("")
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path / "nosuch.toml")
    assert str(caught.value) == "no such file"


def test_escaped_text_holds_no_control_characters():
    assert escape("a\x1b[31m\n\u202e") == "a\\x1b[31m\\n\\u202e"
    assert escape("x" * 200) == "x" * 77 + "..."
    assert format_place(("agents", 0, "a b", "\x1b", "c.d")) == 'agents[0]."a b"."\\x1b"."c.d"'
    assert describe("\x07" * 100).isprintable()
