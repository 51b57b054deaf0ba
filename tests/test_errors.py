"""Errors: messages with places, suggestions, exit codes."""

from __future__ import annotations

import difflib

from market.errors import _COMPARED, ExitCode, Fault, ScenarioError, did_you_mean, nearest


def test_fault_is_one_line_with_file_line_and_field():
    assert Fault("0 is too small", "agents[0].count", 8).describe("f.toml") == (
        "f.toml:8: agents[0].count: 0 is too small"
    )
    assert Fault("no such file").describe("f.toml") == "f.toml: no such file"


def test_scenario_error_has_one_line_for_each_fault():
    error = ScenarioError("f.toml", [Fault("a", line=1), Fault("b", "seed")])
    assert str(error) == "f.toml:1: a\nf.toml: seed: b"
    assert [fault.message for fault in error.faults] == ["a", "b"]


def test_suggestion_is_made_only_for_a_near_word():
    assert did_you_mean("watr", ["water", "bread"]) == "one of: water, bread. Did you mean 'water'?"
    assert did_you_mean("xyz", ["water", "bread"]) == "one of: water, bread."
    assert did_you_mean("xyz", []) == "one of: (none)."
    assert did_you_mean("", map(str, range(20))).startswith("one of: 0, 1, 2")
    assert ", ... (20 in all)" in did_you_mean("", map(str, range(20)))


def test_only_similar_words_among_many_are_compared(monkeypatch):
    compared, search = [], difflib.get_close_matches

    def noted(word, words, **options):
        compared.append(len(words))
        return search(word, words, **options)

    monkeypatch.setattr(difflib, "get_close_matches", noted)
    words = [f"good_{index:05}" for index in range(10_000)]
    assert nearest("god_00007", words) is not None
    assert nearest("xood_00007", words) is None
    assert compared == [_COMPARED, 0]


def test_exit_codes_are_distinct_and_have_meanings():
    assert {code.value for code in ExitCode} == {0, 1, 2, 3, 4, 130}
    assert len({code.meaning for code in ExitCode}) == len(ExitCode)


def test_the_beginning_of_a_word_finds_it():
    measures = ["settled", "price[power]", "profit[coal]", "production[coal,power]"]
    assert [nearest(word, measures) for word in ("price", "pric", "profit")] == [
        "price[power]", "price[power]", "profit[coal]"
    ]  # fmt: skip
