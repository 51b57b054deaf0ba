"""`market list` shows every family with its formula and every value with its default."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from market.economy.families.utilities import UTILITIES
from market.interfaces.text.catalogue import catalogue
from market.mechanisms.auction.price_rules import RULES


def listed(families, width=100):
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(catalogue({"Title": families}))
    return console.file.getvalue()


def test_every_utility_has_its_formula_and_keys():
    words = " ".join(listed(UTILITIES).split())
    assert words.startswith("Title")
    for family in UTILITIES:
        assert f"{family.name} {' '.join(family.formula().split())}" in words
        keys = getattr(family, "parameters", {}) if family.terms is None else ()
        assert all(key in words for key in keys)
        assert all(f" {form.name} {form.formula()}" in words for form in family.terms or ())


def test_every_rule_says_what_it_knows_and_its_defaults():
    words = " ".join(listed(RULES).split())
    assert words.count(" knows ") == len(RULES)
    assert "(default 0.1)" in words


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_longer_than_the_terminal(width):
    assert max(map(len, listed([*UTILITIES, *RULES], width).splitlines())) <= width
