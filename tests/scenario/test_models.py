# ruff: noqa: E501 -- messages are written as they are printed
"""Models of a scenario's parts: names, numbers, families."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from helpers.scenario_texts import changed, faults, minimal
from pydantic import BaseModel

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.mechanisms import GAMES
from market.mechanisms.auction.price_rules import RULES
from market.scenario.building import build
from market.scenario.distributions import DISTRIBUTIONS
from market.scenario.document import Document, Group
from market.scenario.loading import loads
from market.scenario.models import MODELS, TAGS, Entry


def number_within(parameter) -> float:
    low = 0.5 if parameter.low == 0.0 else max(parameter.low, -1.0) + 0.5
    return min(low, parameter.high)


@pytest.mark.parametrize(
    ("part", "family"),
    [("utility", f) for f in UTILITIES] + [("cost", f) for f in COSTS],
    ids=lambda item: getattr(item, "name", item),
)
def test_families_take_their_declared_parameters(part, family):
    keys = []
    for key, parameter in family.parameters.items():
        value = number_within(parameter)
        if parameter.axis == "steps":
            keys.append(f"{key} = [[{value}, {value}]]")
            continue
        keys.append(f"{key} = {{ water = {value} }}" if parameter.axis == "good" else f"{key} = {value}")
    if family.terms is not None:
        terms = (
            ", ".join(
                [
                    f'good = "water", form = "{form.name}"',
                    *(f"{k} = {number_within(p)}" for k, p in form.parameters.items()),
                ]
            )
            for form in family.terms
        )
        keys = [f"terms = [{', '.join(f'{{ {term} }}' for term in terms)}]"]
    text = minimal(agent=f'{part} = {{ family = "{family.name}", {", ".join(keys)} }}')
    economy = build(loads(text))
    (block,) = economy.utilities if part == "utility" else economy.costs
    assert block.family is family
    for key, parameter in family.parameters.items():
        assert block.parameters[key].dtype == np.float64
        shape = {"good": (1, 1), "steps": (1, 1, 1, 2)}.get(parameter.axis, (1,))
        assert block.parameters[key].shape == shape
        assert (block.parameters[key] == number_within(parameter)).all()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda family: family.name)
def test_distributions_take_their_declared_parameters(distribution):
    keys = ", ".join(f"{key} = {1.5 + i}" for i, key in enumerate(distribution.parameters))
    weights = f'{{ water = {{ dist = "{distribution.name}", {keys} }} }}'
    scenario = loads(minimal(agent=f'utility = {{ family = "log", weights = {weights} }}'))
    assert scenario.agents[0].utility.weights["water"].parameters() == {
        key: 1.5 + i for i, key in enumerate(distribution.parameters)
    }


def all_models() -> list[type[BaseModel]]:
    found, todo = [], [Entry]
    while todo:
        todo += (model := todo.pop()).__subclasses__()
        found.append(model)
    return found


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.__name__)
def test_models_are_strict_frozen_and_closed(model):
    wanted = {"strict": True, "extra": "forbid", "allow_inf_nan": False, "frozen": True}
    assert {key: model.model_config.get(key) for key in wanted} == wanted


def test_declared_families_have_models():
    tags = {words for words, tag in TAGS.items() if tag in MODELS}
    assert {f"utility {f.name}" for f in UTILITIES} | {f"cost {f.name}" for f in COSTS} <= tags
    assert {f"mechanism auctioneer {f.name}" for f in RULES} <= tags
    assert {f"mechanism unmediated {f.name}" for f in GAMES} <= tags
    assert {Document, Group, *MODELS.values()} <= set(all_models())


NEAR_MISSES = [
    ('"7"', 'found the text "7"; a number is needed, without quotes'),
    ('"much"', 'found the text "much"; a number is needed'),
    ("true", "found true; a number is needed"),
    ("nan", "nan is not a finite number"),
    ("1e999", "inf is not a finite number"),
    ("-inf", "-inf is not a finite number"),
    ("-1", "-1 is too small; it must be >= 0"),
    ("[1]", "found a list; a number is needed"),
    ("2020-01-01", "found a date or time; a number is needed"),
    ("{}", 'write a number, { dist = "uniform", low = 0, high = 1 } or { column = "..." }'),
    ("{ dist = 3 }", "found the number 3; one of: uniform, normal, lognormal, exponential, pareto."),
    ('{ dist = "normal", mean = 0, sd = -1 }', "-1 is too small; it must be >= 0"),
    ('{ dist = "normal", mean = "0", sd = 1 }', 'found the text "0"; a number is needed, without quotes'),
    ('{ dist = "normal", mean = 0 }', "missing; write sd = ... (the standard deviation)"),
    (
        '{ dist = "normal", mean = 0, sd = 1, s = 2 }',
        "no such key; one of: dist, mean, sd. Did you mean 'sd'?",
    ),
    ('{ dist = "uniform", low = 2, high = 1 }', "low = 2 is above high = 1; exchange them"),
    ("{ column = 3 }", "found the number 3; a text in quotes is needed"),
    ('{ column = "a" }', 'a column needs a data file; write data = "....csv" in this table of agents'),
]


@pytest.mark.parametrize(("value", "message"), NEAR_MISSES)
def test_near_number_gives_one_fault(value, message):
    (line,) = faults(changed(("water = 1.0", f"water = {value}")))
    assert line.startswith("f.toml:9: agents[0].utility.weights.water")
    assert line.endswith(f": {message}")
    (line,) = faults(changed(("count = 3", f"count = 3\nbudget = {value}")))
    assert line.startswith("f.toml:9: agents[0].budget")
    assert line.endswith(f": {message}")


@pytest.mark.parametrize("key", ["\\u0000number", "\\u0000utility log", "[key]", "-1", "0"])
def test_keys_are_never_mistaken_for_tags(key):
    shown = f'"{key}"'.replace("\\u0000", "\\x00") if key not in ("-1", "0") else key
    assert faults(changed(("water = 10", f'"{key}" = 10'))) == [
        f"f.toml:5: commons.{shown}: no good of that name; one of: water, bread."
    ]
    assert faults(changed(("water = 1.0", f'water = 1.0, "{key}" = "x"')))[0].startswith(
        f"f.toml:9: agents[0].utility.weights.{shown}: "
    )
    (line,) = faults(changed(("count = 3", f'"{key}" = {{ a = 1 }}')))
    assert line.startswith(
        f"f.toml:8: agents[0].{shown}: no such key; one of: name, count, data, names, utility, cost"
    )


def test_names_with_blanks_at_the_ends_are_refused():
    assert faults(changed(('"alpha"', '" alpha"'))) == [
        "f.toml:7: agents[0].name: ' alpha' begins or ends with a blank; write 'alpha'"
    ]
    assert faults(changed(('"bread"]', '"bread", "oil "]'))) == [
        "f.toml:3: goods[2]: 'oil ' begins or ends with a blank; write 'oil'"
    ]
    assert faults(changed(('"prices"', '" "')))[0].startswith("f.toml:14: mechanisms[0].name: ' ' begins")


def test_deepest_readable_tables_are_refused_without_exhausting_the_stack():
    key = ".".join("a" * 16)
    deep = f"{{ {key} = " * 30 + "1" + " }" * 30
    assert faults(changed(("water = 1.0", f"water = {deep}"))) == [
        "f.toml:9: agents[0].utility.weights.water: write a number, "
        '{ dist = "uniform", low = 0, high = 1 } or { column = "..." }'
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("water = 10", "water = 1e308", "commons.water: 1e+308 is too large; it must be <= 1e+100"),
        (
            "water = 10",
            "water = 1e-320",
            "commons.water: 9.99989e-321 is too near 0; write 0, or at least 1e-100",
        ),
        (
            "water = 1.0",
            "water = 1.1e100",
            "agents[0].utility.weights.water: 1.1e+100 is too large; it must be <= 1e+100",
        ),
        (
            "bread = 2",
            'bread = { dist = "uniform", low = -1e200, high = 1 }',
            "agents[1].cost.unit_cost.bread.low: -1e+200 is too small; it must be >= -1e+100",
        ),
        (
            "bread = 2",
            'bread = { dist = "lognormal", mean = 1000, sigma = 0 }',
            "agents[1].cost.unit_cost.bread: drawn for beta: inf is not a finite number",
        ),
        (
            "bread = 2",
            'bread = { dist = "lognormal", mean = 300, sigma = 0 }',
            "agents[1].cost.unit_cost.bread: drawn for beta: 1.94243e+130 is too large; it must be <= 1e+100",
        ),
        (
            "bread = 2",
            'bread = { dist = "lognormal", mean = -300, sigma = 0 }',
            "agents[1].cost.unit_cost.bread: drawn for beta: 5.1482e-131 is too near 0; write 0, or at least 1e-100",
        ),
        (
            '"auctioneer"',
            '"auctioneer"\ninitial_prices = { water = 1e101 }',
            "mechanisms[0].initial_prices.water: 1e+101 is too large; it must be <= 1e+100",
        ),
    ],
)
def test_numbers_of_extreme_size_are_refused(old, new, message):
    assert all(fault.partition(": ")[2].startswith(message) for fault in faults(changed((old, new))))


def test_numbers_at_the_limits_of_size_are_read():
    loads(changed(("water = 10", "water = 1e100"), ("bread = 2", "bread = 1e-100")))


NEW_FAMILIES = '''
import dataclasses, json
from typing import Literal

import market.mechanisms.auction.price_rules, market.economy.families.utilities
from market.registry import Parameter, option

class Novel(market.economy.families.utilities.Log):
    """u(x) = something new."""

    name = "novel"
    parameters = {
        "weights": Parameter("good", "how much", unit="utility"),
        "elasticity": Parameter("agent", "how easily", unit="none", open_low=True),
        "scale": Parameter("agent", "how large", unit="none", absent=1),
    }
    unbounded_with_money = staticmethod(lambda **parameters: parameters["elasticity"] > 100)

@dataclasses.dataclass(frozen=True, kw_only=True)
class Newton(market.mechanisms.auction.price_rules.Tatonnement):
    """Something new."""

    name = "newton"
    first: tuple[str, ...] = option(dataclasses.MISSING, "which goods first", names="goods")
    damping: float | Literal["none"] | dict[str, float] = option(
        "none", "how slowly", low=0, high=1, names="goods", key="damp"
    )

market.economy.families.utilities.UTILITIES._families["novel"] = Novel
market.mechanisms.auction.price_rules.RULES._families["newton"] = Newton

from market.errors import ScenarioError
from market.scenario.building import build
from market.scenario.document import json_schema
from market.scenario.loading import loads

text = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
[[agents]]
name = "alpha"
count = 2
utility = { family = "novel", weights = { water = 1, bread = 2 }, elasticity = { dist = "uniform", low = 1, high = 2 } }
[[mechanisms]]
name = "m"
kind = "auctioneer"
rule = "newton"
first = ["bread"]
damp = 0.5
"""

def print_faults(*replacements):
    changed = text
    for old, new in replacements:
        assert old in changed
        changed = changed.replace(old, new)
    try:
        build(loads(changed, "f.toml"))
    except ScenarioError as error:
        print(error)

scenario = loads(text, "f.toml")
parameters = build(scenario).utilities[0].parameters
assert parameters["weights"].tolist() == [[1, 2], [1, 2]]
assert parameters["scale"].tolist() == [1, 1]
assert parameters["elasticity"].shape == (2,) and (parameters["elasticity"] >= 1).all()
assert scenario.mechanism("m").rule == Newton(first=("bread",), damping=0.5)
for value in ('"none"', "{ water = 0.5 }"):
    print_faults(("damp = 0.5", f"damp = {value}"))
assert "u(x) = something new." in json.dumps(json_schema()) and "how slowly" in json.dumps(json_schema())
print_faults(("water = 1, ", ""), ("low = 1,", ""), ("0.5", "[1]"), ('["bread"]', '["bred"]'))
print_faults((', elasticity = { dist = "uniform", low = 1, high = 2 }', ""), ("0.5", "{ watr = 1 }"))
print_faults(("low = 1, high = 2", "low = 101, high = 102"))
'''


def test_registered_family_and_rule_need_no_other_change():
    done = subprocess.run([sys.executable, "-c", NEW_FAMILIES], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:-1] == [
        "f.toml:8: agents[0].utility.weights: every good needs a number here; missing: water",
        "f.toml:8: agents[0].utility.elasticity.low: missing; write low = ... (the least value)",
        "f.toml:13: mechanisms[0].first[0]: no good of that name; one of: water, bread. Did you mean 'bread'?",
        "f.toml:14: mechanisms[0].damp: found a list; write a number or a text or a table",
        "f.toml:8: agents[0].utility.elasticity: missing; write elasticity = ... (how easily [none])",
        "f.toml:14: mechanisms[0].damp.watr: no good of that name; one of: water, bread. Did you mean 'water'?",
    ]
    assert lines[-1].startswith("f.toml:8: agents[0].utility: alpha[0]: u(x) - p.x has no maximum for novel")
