# ruff: noqa: E501 -- messages are written as they are printed
"""Utilities that are sums of terms: arrays, draws, columns, faults."""

from __future__ import annotations

import numpy as np
import pytest

from market.errors import ScenarioError
from market.scenario.building import build
from market.scenario.loading import loads

TERMS = """
schema = 1
economy = "fisher"
goods = ["water", "bread"]
[[agents]]
name = "alpha"
count = 2
budget = 1
utility = { family = "separable", terms = [
  { good = "water", form = "log", weight = { dist = "uniform", low = 1, high = 2 } },
  { good = "bread", form = "power", weight = 3, exponent = 0.5 },
  { good = "bread", form = "exponential", weight = 4, scale = 2 },
] }
[[agents]]
name = "beta"
budget = 1
utility = { family = "separable", terms = [{ good = "bread", form = "log", weight = 5 }] }
[[mechanisms]]
name = "m"
kind = "planner"
"""


def test_terms_become_arrays_by_form_and_key():
    (block,) = build(loads(TERMS)).utilities
    given = block.parameters
    assert given["power_weight"].tolist() == [[0, 3], [0, 3], [0, 0]]
    assert given["power_exponent"][:2, 1].tolist() == [0.5, 0.5]
    assert given["exponential_scale"][:2, 1].tolist() == [2, 2]
    assert given["log_weight"][:, 1].tolist() == [0, 0, 5]
    drawn = given["log_weight"][:2, 0]
    assert ((drawn >= 1) & (drawn <= 2)).all()
    assert drawn[0] != drawn[1]
    assert (given["linear_weight"] == 0).all()


def test_draws_of_a_term_do_not_depend_on_its_place():
    lines = TERMS.splitlines()
    lines[9], lines[10] = lines[10], lines[9]
    one, other = (build(loads(text)).utilities[0].parameters for text in (TERMS, "\n".join(lines)))
    np.testing.assert_array_equal(one["log_weight"], other["log_weight"])


def test_override_sets_a_term():
    given = (
        build(loads(TERMS, overrides=["agents.alpha.utility.terms[1].exponent=-2"])).utilities[0].parameters
    )
    assert given["power_exponent"][0, 1] == -2


def test_terms_read_columns(tmp_path):
    (tmp_path / "taste.csv").write_text("taste\n1.5\n2.5\n")
    text = TERMS.replace("count = 2", 'data = "taste.csv"')
    text = text.replace('{ dist = "uniform", low = 1, high = 2 }', '{ column = "taste" }')
    given = build(loads(text, folder=tmp_path)).utilities[0].parameters
    assert given["log_weight"][:2, 0].tolist() == [1.5, 2.5]
    (tmp_path / "taste.csv").write_text("taste\n1.5\n-2.5\n")
    with pytest.raises(ScenarioError) as caught:
        build(loads(text, "f.toml", folder=tmp_path))
    assert str(caught.value) == (
        "f.toml:10: agents[0].utility.terms[0].weight: taste.csv, line 3: -2.5 is too small; it must be >= 0"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"power"', '"pwer"', "f.toml:11: agents[0].utility.terms[1].form: no form 'pwer'; one of: linear, log, "
         "log1p, power, exponential, quadratic. Did you mean 'power'?"),
        ("exponent = 0.5", "exponent = 0", "f.toml:11: agents[0].utility.terms[1].exponent: 0 is not allowed here"),
        ("exponent = 0.5", "exponent = 1", "f.toml:11: agents[0].utility.terms[1].exponent: 1 is too large; it "
         "must be < 1"),
        ("exponent = 0.5", "exponnt = 1", "f.toml:11: agents[0].utility.terms[1].exponnt: no such key; one of: "
         "good, form, weight, exponent. Did you mean 'exponent'?"),
        (", exponent = 0.5", "", "f.toml:11: agents[0].utility.terms[1].exponent: missing; write exponent = ... "
         "(rho < 1, not 0 [none])"),
        ('"exponential", weight = 4, scale = 2', '"power", weight = 4, exponent = 0.3', "f.toml:12: "
         "agents[0].utility.terms[2]: terms[1] is a power term of bread already; there is at most one of each form "
         "for each good, so add them up or choose another form"),
        ('form = "log", ', "", "f.toml:10: agents[0].utility.terms[0]: missing key 'form'; one of: linear, log, "
         "log1p, power, exponential, quadratic."),
        ('good = "water", ', "", "f.toml:10: agents[0].utility.terms[0].good: missing; write good = ... (the good "
         "that the term is about)"),
        ('{ good = "water"', '{ good = "watr"', "f.toml:10: agents[0].utility.terms[0].good: no good of that name; "
         "one of: water, bread. Did you mean 'water'?"),
        ('terms = [{ good = "bread", form = "log", weight = 5 }]', "terms = []", "f.toml:17: "
         "agents[1].utility.terms: found an empty list; write terms, such as "
         '[{ good = "water", form = "log", weight = 1.0 }]'),
        ('terms = [{ good = "bread", form = "log", weight = 5 }]', "weights = { water = 1 }", "f.toml:17: "
         "agents[1].utility.weights: no such key; one of: family, terms."),
        ("scale = 2", 'scale = { column = "k" }', "f.toml:12: agents[0].utility.terms[2].scale.column: a column "
         'needs a data file; write data = "....csv" in this table of agents'),
        ("scale = 2", 'scale = { dist = "uniform", low = -2, high = -1 }', "f.toml:12: "
         "agents[0].utility.terms[2].scale: drawn for alpha[0]: -"),
    ],
)  # fmt: skip
def test_faults_of_terms_name_their_place(old, new, message):
    assert old in TERMS
    with pytest.raises(ScenarioError) as caught:
        build(loads(TERMS.replace(old, new), "f.toml"))
    assert any(line.startswith(message) for line in str(caught.value).splitlines())
