"""Declarations of families: ranges of parameters, names in a registry, options of rules."""

from __future__ import annotations

import dataclasses
import math

import pytest

from market.registry import NOT_ZERO, Family, Parameter, Registry, option, term_parameters


class Walras(Family):
    """Prices follow excess demand.

    And more.
    """

    name = "walras"


class Edgeworth(Family):
    """Agents recontract."""

    name = "edgeworth"


GROPING = Registry("rule", Walras, Edgeworth)


@pytest.mark.parametrize(
    ("bounds", "value", "fault"),
    [
        ({}, 0.0, None),
        ({}, -1.0, "-1 is too small; it must be >= 0"),
        ({"open_low": True}, 0.0, "0 is too small; it must be > 0"),
        ({"high": 1.0}, 1.0, None),
        ({"high": 1.0}, 1.5, "1.5 is too large; it must be <= 1"),
        ({"high": 1.0, "open_high": True}, 1.0, "1 is too large; it must be < 1"),
        ({"low": -1.0, "nonzero": True}, 0.0, NOT_ZERO),
        ({"low": -1.0, "nonzero": True}, -0.5, None),
        ({}, math.nan, "nan is not a finite number"),
        ({}, math.inf, "inf is not a finite number"),
    ],
)
def test_a_number_outside_its_range_is_refused_with_the_bound(bounds, value, fault):
    assert Parameter("good", "a number", "units", **bounds).fault(value) == fault


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(
        KeyError, match=r"no rule 'walrus'; one of: walras, edgeworth\. Did you mean 'walras'\?"
    ):
        GROPING["walrus"]


def test_families_keep_their_order():
    assert GROPING.names == ("walras", "edgeworth")
    assert list(GROPING) == [Walras, Edgeworth]
    assert len(GROPING) == 2
    assert "edgeworth" in GROPING
    assert "walrus" not in GROPING
    assert GROPING["walras"].formula() == "Prices follow excess demand."


def test_duplicate_names_are_refused():
    with pytest.raises(ValueError, match="two rule families have the same name"):
        Registry("rule", Walras, Edgeworth, Walras)


def test_an_option_that_is_a_table_is_not_shared():
    @dataclasses.dataclass(frozen=True)
    class Rule:
        start: dict[str, float] = option({"water": 1.0}, "first prices", low=0.0, names="goods", key="first")

    one, other = Rule(), Rule()
    one.start["water"] = 2.0
    assert other.start == {"water": 1.0}
    [field] = dataclasses.fields(Rule)
    assert (field.metadata["key"], field.metadata["names"], field.metadata["low"]) == ("first", "goods", 0.0)


def test_terms_have_an_array_for_each_key_of_each_form():
    class Bliss(Family):
        name = "bliss"
        parameters = {"weight": Parameter("good", "w", "utils"), "point": Parameter("good", "b", "units")}  # noqa: RUF012

    class Log(Family):
        name = "log"
        parameters = {"weight": Parameter("good", "w", "utils", absent=0.0)}  # noqa: RUF012

    found = term_parameters(Registry("form", Bliss, Log))
    assert list(found) == ["bliss_weight", "bliss_point", "log_weight"]
    assert found["log_weight"] is Log.parameters["weight"]
