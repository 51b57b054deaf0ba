# ruff: noqa: E501 -- messages are written as they are printed
"""Scenario files: what is accepted, what is refused and how that is said, what is drawn, what is built."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Money
from market.errors import InputError, ScenarioError
from market.mechanisms import GAMES, MECHANISMS, Auction, Planner, Unmediated
from market.mechanisms.auction.price_rules import RULES
from market.scenario.distributions import DISTRIBUTIONS
from market.scenario.document import Document, Group
from market.scenario.loading import Scenario, build, json_schema, load, loads
from market.scenario.models import MODELS, TAGS, Entry

SCENARIOS = Path(__file__).parents[2] / "scenarios"

BASE = """\
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
[commons]
water = 10
[[agents]]
name = "alpha"
count = 3
utility = { family = "log", weights = { water = 1.0 } }
[[agents]]
name = "beta"
cost = { family = "linear", unit_cost = { bread = 2 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def changed(*replacements: tuple[str, str], text: str = BASE) -> str:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def faults(text: str, *overrides: str, folder: Path | None = None) -> list[str]:
    """The faults of a text, as printed."""
    with pytest.raises(ScenarioError) as caught:
        build(loads(text, "f.toml", folder, overrides))
    printed = str(caught.value).split("\n")
    assert len(printed) == len(caught.value.faults)
    for line in printed:
        assert line.isprintable()
        assert "pydantic" not in line
        assert "://" not in line
    return printed


# --- what is accepted -----------------------------------------------------------------------------------


def test_a_sound_file_is_read_as_written(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(BASE)
    scenario = load(path)
    assert (scenario.title, scenario.economy, scenario.goods) == ("small", "quasilinear", ("water", "bread"))
    assert (scenario.seed, scenario.numeraire, scenario.commons) == (0, None, {"water": 10.0})
    assert [group.name for group in scenario.agents] == ["alpha", "beta"]
    assert (scenario.file, scenario.folder, scenario.overrides) == (str(path), tmp_path, ())
    assert scenario.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert scenario.text == BASE
    assert scenario.mechanism_names == ("prices",)
    assert scenario.mechanism("prices") == Auction("prices", RULES["tatonnement"]())
    with pytest.raises(InputError, match=r"^no mechanism 'price'; one of: prices. Did you mean 'prices'\?$"):
        scenario.mechanism("price")


def test_overrides_change_the_scenario_and_not_its_hash(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(BASE)
    overrides = ("seed=4", "agents.alpha.utility.weights.water=2", "mechanisms.prices.tolerance=1e-6")
    scenario = load(str(path), overrides)
    assert (scenario.seed, scenario.agents[0].utility.weights) == (4, {"water": 2.0})
    assert scenario.mechanism("prices").tolerance == 1e-6
    assert (scenario.sha256, scenario.overrides) == (load(path).sha256, overrides)


def test_a_scenario_cannot_be_changed_and_can_be_pickled(tmp_path):
    (tmp_path / "x.csv").write_text("income\n1\n2\n")
    text = changed(
        ("count = 3", 'data = "x.csv"\nbudget = { column = "income" }'),
        ("bread = 2", 'bread = { dist = "uniform", low = 1, high = 2 }'),
    )
    scenario = loads(text, folder=tmp_path)
    with pytest.raises(ValidationError):
        scenario.seed = 3
    again = pickle.loads(pickle.dumps(scenario))
    assert isinstance(again, Scenario)
    assert again.mechanism("prices") == scenario.mechanism("prices")
    assert np.array_equal(build(again).budget, build(scenario).budget)
    assert np.array_equal(
        build(again).costs[0].parameters["unit_cost"], build(scenario).costs[0].parameters["unit_cost"]
    )


def test_options_reach_the_mechanism():
    text = (
        BASE
        + """\
tolerance = 1e-3
max_rounds = 7
initial_prices = { water = 3 }
step = 0.5
[[mechanisms]]
name = "war"
kind = "unmediated"
game = "claims"
penalty = 1e99
max_claim = 4
first_claims = { water = 1 }
schedule = "simultaneous"
[[mechanisms]]
name = "first"
kind = "unmediated"
game = "seize"
movers = ["alpha[2]", "beta"]
[[mechanisms]]
name = "plan"
kind = "planner"
weights = { alpha = 2, "alpha[1]" = 3 }
"""
    )
    scenario = loads(text)
    assert scenario.mechanism("prices") == Auction(
        "prices", RULES["tatonnement"](step=0.5), 1e-3, 7, {"water": 3.0}
    )
    war = GAMES["claims"](penalty=1e99, max_claim=4.0, first_claims={"water": 1.0}, schedule="simultaneous")
    assert scenario.mechanism("war") == Unmediated("war", war)
    assert scenario.mechanism("first") == Unmediated("first", GAMES["seize"](movers=("alpha[2]", "beta")))
    assert scenario.mechanism("plan") == Planner("plan", welfare_weights={"alpha": 2.0, "alpha[1]": 3.0})


def minimal(*, agent: str = "", mechanism: str = 'kind = "planner"') -> str:
    return f"""\
schema = 1
economy = "quasilinear"
goods = ["water"]
commons = {{ water = 1 }}
[[agents]]
name = "alpha"
{agent}
[[mechanisms]]
name = "m"
{mechanism}
"""


def number_within(parameter) -> float:
    low = 0.5 if parameter.low == 0.0 else max(parameter.low, -1.0) + 0.5
    return min(low, parameter.high)


@pytest.mark.parametrize(
    ("part", "family"),
    [("utility", f) for f in UTILITIES] + [("cost", f) for f in COSTS],
    ids=lambda item: getattr(item, "name", item),
)
def test_every_family_can_be_named_with_its_declared_parameters(part, family):
    keys = []
    for key, parameter in family.parameters.items():
        value = number_within(parameter)
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
        assert block.parameters[key].shape == ((1, 1) if parameter.axis == "good" else (1,))
        assert (block.parameters[key] == number_within(parameter)).all()


def options_that_must_be_given(family) -> str:
    lines = []
    for option in dataclasses.fields(family):
        needed = option.default is dataclasses.MISSING and option.default_factory is dataclasses.MISSING
        if needed and "meaning" in option.metadata:
            name = {"goods": "water", "agents": "alpha"}[option.metadata["names"]]
            lines.append(f'{option.metadata["key"] or option.name} = ["{name}"]')
    return "\n".join(lines)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_can_be_named(rule):
    text = f'kind = "auctioneer"\nrule = "{rule.name}"\n' + options_that_must_be_given(rule)
    whole = minimal(mechanism=text)
    if "quasilinear" not in rule.economies:
        with pytest.raises(ScenarioError, match=f'{rule.name} is for economy = "{rule.economies[0]}"'):
            loads(whole)
        whole = whole.replace('"quasilinear"', f'"{rule.economies[0]}"').replace(
            "utility =", "budget = 1.0\nutility ="
        )
    assert type(loads(whole).mechanism("m").rule) is rule


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
def test_every_game_can_be_named(game):
    text = f'kind = "unmediated"\ngame = "{game.name}"\n' + options_that_must_be_given(game)
    assert type(loads(minimal(mechanism=text)).mechanism("m").game) is game


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.name)
def test_every_mechanism_can_be_named(mechanism):
    text = f'kind = "{mechanism.name}"\n' + options_that_must_be_given(mechanism)
    if mechanism is Unmediated:
        text += 'game = "gift"'
    assert type(loads(minimal(mechanism=text)).mechanism("m")) is mechanism


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda family: family.name)
def test_every_distribution_can_be_named(distribution):
    keys = ", ".join(f"{key} = {1.5 + i}" for i, key in enumerate(distribution.parameters))
    weights = f'{{ water = {{ dist = "{distribution.name}", {keys} }} }}'
    scenario = loads(minimal(agent=f'utility = {{ family = "log", weights = {weights} }}'))
    assert scenario.agents[0].utility.weights["water"].parameters() == {
        key: 1.5 + i for i, key in enumerate(distribution.parameters)
    }


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_is_sound(path):
    scenario = load(path)
    assert build(scenario).shape[0] >= 2
    assert [scenario.mechanism(name).label for name in scenario.mechanism_names] == list(
        scenario.mechanism_names
    )


# --- strictness -----------------------------------------------------------------------------------------


def all_models() -> list[type[BaseModel]]:
    found, todo = [], [Entry]
    while todo:
        todo += (model := todo.pop()).__subclasses__()
        found.append(model)
    return found


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.__name__)
def test_every_model_is_strict_frozen_and_closed(model):
    wanted = {"strict": True, "extra": "forbid", "allow_inf_nan": False, "frozen": True}
    assert {key: model.model_config.get(key) for key in wanted} == wanted


def test_every_declared_family_has_a_model():
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
    ('{ dist = "uniform", low = 2, high = 1 }', "low = 2 is above high = 1"),
    ("{ column = 3 }", "found the number 3; a text in quotes is needed"),
    ('{ column = "a" }', 'a column of which file? write data = "....csv" beside the agent\'s name'),
]


@pytest.mark.parametrize(("value", "message"), NEAR_MISSES)
def test_what_is_nearly_a_number_is_one_fault(value, message):
    (line,) = faults(changed(("water = 1.0", f"water = {value}")))
    assert line.startswith("f.toml:9: agents[0].utility.weights.water")
    assert line.endswith(f": {message}")
    (line,) = faults(changed(("count = 3", f"count = 3\nbudget = {value}")))
    assert line.startswith("f.toml:9: agents[0].budget")
    assert line.endswith(f": {message}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seed = 1.0", "seed: found the number 1.0; a whole number is needed"),
        ("seed = true", "seed: found true; a whole number is needed"),
        ("seed = -1", "seed: -1 is too small; it must be >= 0"),
        ("seed = 9223372036854775808", "seed: 9223372036854775808 is too large; it must be <= 9.22337e+18"),
        ("title = 3", "title: found the number 3; a text in quotes is needed"),
        ('title = "a\\u001b"', "title: control characters cannot be in a name"),
        ("commons = 3", "commons: found the number 3; a table is needed, such as { water = 1.0 }"),
        ("commons = { water = true }", "commons.water: found true; a number is needed"),
        ('commons.water = { dist = "uniform" }', "commons.water: found a table; a number is needed"),
        ("commons.watr = 1", "commons.watr: no good of that name; one of: water, bread. Did you mean 'water'?"),
        ("sed = 1", "sed: no such key; one of: schema, title, economy, goods, seed, numeraire, commons, "
         "commons_shares, agents, mechanisms. Did you mean 'seed'?"),
        ('"" = 1', '"": no such key; one of: schema, title, economy, goods, seed, numeraire, commons, '
         "commons_shares, agents, mechanisms."),
    ],
)  # fmt: skip
def test_a_wrong_line_at_the_top_is_one_fault(line, message):
    text = changed(("[commons]\nwater = 10\n", ""))
    assert faults(f"{line}\n{text}") == [f"f.toml:1: {message}"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "f.toml:1: schema: found the number 2; write schema = 1, the version of the "
         "format that is read here"),
        ("schema = 1", "schema = true", "f.toml:1: schema: found true; write schema = 1, the version of the "
         "format that is read here"),
        ("schema = 1\n", "", "f.toml: schema: missing; write schema = 1"),
        ('"quasilinear"', '"quasi-linear"', 'f.toml:2: economy: found the text "quasi-linear"; '
         "one of: quasilinear, fisher, exchange. Did you mean 'quasilinear'?"),
        ('["water", "bread"]', "[]", 'f.toml:3: goods: empty; name at least one good, goods = ["water"]'),
        ('["water", "bread"]', '["water", "bread", "water"]', "f.toml:3: goods[2]: 'water' is named twice; "
         "every good needs its own name"),
        ('["water", "bread"]', '["water", "bread", ""]', "f.toml:3: goods[2]: an empty name"),
        ('["water", "bread"]', '["water", "bread", "a\\u0007"]', "f.toml:3: goods[2]: control characters cannot "
         "be in a name"),
        ('["water", "bread"]', f'["water", "bread", "{"x" * 101}"]', "f.toml:3: goods[2]: a text of 101 "
         "characters; at most 100 are allowed"),
        ("count = 3", "count = 0", "f.toml:8: agents[0].count: 0 is too small; it must be >= 1"),
        ("count = 3", "count = 1_000_000_000_001", "f.toml:8: agents[0].count: 1000000000001 is too "
         "large; it must be <= 1e+12"),
        ("count = 3", "cuont = 3", "f.toml:8: agents[0].cuont: no such key; one of: name, count, data, utility, "
         "cost, technology, owners, endowment, budget. Did you mean 'count'?"),
        ('name = "beta"\n', "", "f.toml:10: agents[1].name: missing; write name = ... (of the agent or group; "
         "members of a group are name[0], name[1], ...)"),
        ('"beta"', '"alpha"', "f.toml:11: agents[1].name: 'alpha' is the name of agents[0] already; "
         "choose another"),
        ('"beta"', '"alpha[2]"', "f.toml:11: agents[1].name: 'alpha[2]' is a member of the group 'alpha'; "
         "choose another name"),
        ('"log"', '"lgo"', "f.toml:9: agents[0].utility.family: no utility 'lgo'; one of: "
         f"{', '.join(UTILITIES.names)}. Did you mean 'log'?"),
        ('family = "log", ', "", "f.toml:9: agents[0].utility: missing key 'family'; one of: "
         f"{', '.join(UTILITIES.names)}."),
        ('{ family = "log", weights = { water = 1.0 } }', '"log"', "f.toml:9: agents[0].utility: found the text "
         '"log"; write a table, such as { family = "log", ... }'),
        ("weights = {", "wieghts = {", "f.toml:9: agents[0].utility.wieghts: no such key; one of: family, weights. "
         "Did you mean 'weights'?"),
        ("weights = { water = 1.0 }", "weights = 1", "f.toml:9: agents[0].utility.weights: found the number 1; "
         "a table is needed, such as { water = 1.0 }"),
        ("weights = { water = 1.0 }", 'weights = { dist = "uniform", low = 0, high = 1 }', "f.toml:9: "
         "agents[0].utility.weights: a number for each good belongs here, such as { water = { dist = ... } }"),
        ("water = 1.0", "watr = 1.0", "f.toml:9: agents[0].utility.weights.watr: no good of that name; "
         "one of: water, bread. Did you mean 'water'?"),
        ("water = 1.0", '"../\\u001b[31m" = 1.0', 'f.toml:9: agents[0].utility.weights."../\\x1b[31m": no good of '
         "that name; one of: water, bread."),
        ('"linear"', '"quadrtic"', "f.toml:12: agents[1].cost.family: no cost 'quadrtic'; one of: "
         f"{', '.join(COSTS.names)}. Did you mean 'quadratic'?"),
        ('"prices"', '""', "f.toml:14: mechanisms[0].name: an empty name"),
        ('"auctioneer"', '"auctionner"', "f.toml:15: mechanisms[0].kind: no mechanism 'auctionner'; one of: "
         f"{', '.join(MECHANISMS.names)}. Did you mean 'auctioneer'?"),
        ('kind = "auctioneer"', "", "f.toml:13: mechanisms[0]: missing key 'kind'; one of: "
         f"{', '.join(MECHANISMS.names)}."),
        ('"auctioneer"', '"auctioneer"\nrule = "tatonement"', "f.toml:16: mechanisms[0].rule: no rule "
         f"'tatonement'; one of: {', '.join(RULES.names)}. Did you mean 'tatonnement'?"),
        ('"auctioneer"', '"auctioneer"\nrule = 3', "f.toml:16: mechanisms[0].rule: found the number 3; one of: "
         f"{', '.join(RULES.names)}."),
        ('"auctioneer"', '"auctioneer"\ntolerance = 0', "f.toml:16: mechanisms[0].tolerance: 0 is too small; "
         "it must be > 0"),
        ('"auctioneer"', '"auctioneer"\nmax_rounds = 1e3', "f.toml:16: mechanisms[0].max_rounds: found the number "
         "1000.0; a whole number is needed"),
        ('"auctioneer"', '"auctioneer"\ninitial_prices = { wter = 1 }', "f.toml:16: "
         "mechanisms[0].initial_prices.wter: no good of that name; one of: water, bread. Did you mean 'water'?"),
        ('"auctioneer"', '"auctioneer"\ngame = "seize"', "f.toml:16: mechanisms[0].game: no such key; one of: name, "
         "kind, rule, tolerance, max_rounds, initial_prices, step, growth, shrink. Did you mean 'name'?"),
        ('"auctioneer"', '"unmediated"', "f.toml:13: mechanisms[0]: missing key 'game'; one of: "
         f"{', '.join(GAMES.names)}."),
        ('"auctioneer"', '"unmediated"\ngame = "seize"', "f.toml:13: mechanisms[0].movers: missing; "
         "write movers = ... (who takes, in order: agents or groups)"),
        ('"auctioneer"', '"unmediated"\ngame = "seize"\nmovers = ["alhpa"]', "f.toml:17: mechanisms[0].movers[0]: "
         "no agent or group of that name; one of: alpha, beta. Did you mean 'alpha'?"),
        ('"auctioneer"', '"unmediated"\ngame = "seize"\nmovers = ["alpha[3]"]', "f.toml:17: "
         "mechanisms[0].movers[0]: no agent or group of that name; one of: alpha, beta. Did you mean 'alpha'? "
         "Its members are [0] to [2]."),
        ('"auctioneer"', '"unmediated"\ngame = "seize"\nmovers = "alpha"', "f.toml:17: mechanisms[0].movers: "
         'found the text "alpha"; a list is needed, such as [...]'),
        ('"auctioneer"', '"unmediated"\ngame = "claims"\nmax_claim = "all"', "f.toml:17: mechanisms[0].max_claim: "
         'found the text "all"; write a number or a table'),
        ('"auctioneer"', '"unmediated"\ngame = "claims"\nmax_claim = true', "f.toml:17: mechanisms[0].max_claim: "
         "found true; write a number or a table"),
        ('"auctioneer"', '"unmediated"\ngame = "claims"\nschedule = "sequental"', "f.toml:17: "
         'mechanisms[0].schedule: found the text "sequental"; one of: sequential, simultaneous, random. '
         "Did you mean 'sequential'?"),
        ('"auctioneer"', '"planner"\nweights = { alhpa = 1 }', "f.toml:16: mechanisms[0].weights.alhpa: no agent or "
         "group of that name; one of: alpha, beta. Did you mean 'alpha'?"),
        ('"auctioneer"', '"planner"\nwelfare_weights = {}', "f.toml:16: mechanisms[0].welfare_weights: no such key; "
         "one of: name, kind, tolerance, weights. Did you mean 'weights'?"),
        ("[[mechanisms]]", "[mechanisms]", "f.toml:13: mechanisms: found a table; tables in double brackets are "
         "needed, [[mechanisms]]"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_would_be_right(old, new, message):
    assert faults(changed((old, new))) == [message]


def test_without_agents_or_mechanisms_there_is_nothing_to_play():
    kinds = ", ".join(MECHANISMS.names)
    head = 'schema = 1\neconomy = "fisher"\ngoods = ["water"]\n'
    assert faults(head) == [
        "f.toml: agents: missing; write a table [[agents]] for each agent or group",
        f"f.toml: mechanisms: missing; write a table [[mechanisms]] for each, with kind one of: {kinds}.",
    ]
    assert faults(head + "agents = []\nmechanisms = []") == [
        "f.toml:4: agents: empty; write a table [[agents]] for each agent or group",
        f"f.toml:5: mechanisms: empty; write a table [[mechanisms]] for each, with kind one of: {kinds}.",
    ]


def test_all_faults_of_a_file_are_told_at_once_in_its_order():
    text = """\
schema = 1
economy = "fisher"
goods = ["water", "bread"]
numeraire = "watr"
sed = 3
[commons]
water = -1
[[agents]]
name = "alpha"
count = "3"
utility = { family = "log", weights = { watr = 1.0, bread = "7" } }
[[agents]]
name = "alpha"
budget = { dist = "unifrm", low = 0, high = 1 }
data = "../x.csv"
[[mechanisms]]
name = "m"
kind = "unmediated"
game = "seize"
movers = ["gamma"]
[[mechanisms]]
name = "m"
kind = "auctionner"
"""
    lines = faults(text)
    assert [line.split(": ")[:2] for line in lines] == [
        ["f.toml:4", "numeraire"],
        ["f.toml:5", "sed"],
        ["f.toml:7", "commons.water"],
        ["f.toml:8", "agents[0].budget"],
        ["f.toml:10", "agents[0].count"],
        ["f.toml:11", "agents[0].utility.weights.watr"],
        ["f.toml:11", "agents[0].utility.weights.bread"],
        ["f.toml:13", "agents[1].name"],
        ["f.toml:14", "agents[1].budget.dist"],
        ["f.toml:15", "agents[1].data"],
        ["f.toml:20", "mechanisms[0].movers[0]"],
        ["f.toml:22", "mechanisms[1].name"],
        ["f.toml:23", "mechanisms[1].kind"],
    ]


@pytest.mark.parametrize("key", ["\\u0000number", "\\u0000utility log", "[key]", "-1", "0"])
def test_no_key_is_taken_for_a_mark_of_the_reader(key):
    shown = f'"{key}"'.replace("\\u0000", "\\x00") if key not in ("-1", "0") else key
    assert faults(changed(("water = 10", f'"{key}" = 10'))) == [
        f"f.toml:5: commons.{shown}: no good of that name; one of: water, bread."
    ]
    assert faults(changed(("water = 1.0", f'water = 1.0, "{key}" = "x"')))[0].startswith(
        f"f.toml:9: agents[0].utility.weights.{shown}: "
    )
    (line,) = faults(changed(("count = 3", f'"{key}" = {{ a = 1 }}')))
    assert line.startswith(
        f"f.toml:8: agents[0].{shown}: no such key; one of: name, count, data, utility, cost"
    )


def test_names_with_blanks_around_them_are_refused():
    assert faults(changed(('"alpha"', '" alpha"'))) == [
        "f.toml:7: agents[0].name: ' alpha' begins or ends with a blank; write 'alpha'"
    ]
    assert faults(changed(('"bread"]', '"bread", "oil "]'))) == [
        "f.toml:3: goods[2]: 'oil ' begins or ends with a blank; write 'oil'"
    ]
    assert faults(changed(('"prices"', '" "')))[0].startswith("f.toml:14: mechanisms[0].name: ' ' begins")


def test_what_is_no_text_is_refused():
    with pytest.raises(TypeError, match=r"^a scenario is a text, not bytes; for a file there is `load`$"):
        loads(BASE.encode())
    with pytest.raises(ScenarioError, match=r"^<text>: character 1 is half of a surrogate pair"):
        loads("\ud800" + BASE)


def test_ten_thousand_misspelt_names_among_ten_thousand_are_told_soon():
    goods = [f"good_{index:05}" for index in range(10_000)]
    listed = ",\n".join(f'"{good}"' for good in goods)
    misspelt = "\n".join(f"go{good} = 1" for good in goods)
    text = changed(('"water", "bread"', listed), ("[commons]\nwater = 10", f"[commons]\n{misspelt}"))
    began = time.perf_counter()
    lines = faults(text)
    assert time.perf_counter() - began < 5  # some 0.5 s on a machine that does nothing else
    assert lines[0].endswith("... (10000 in all). Did you mean 'good_00000'?")


def test_a_thousand_faults_are_cut_short():
    weights = ", ".join(f"x{i} = 1" for i in range(1000))
    lines = faults(changed(("water = 1.0", weights)))
    assert len(lines) == 51
    assert lines[-1] == "f.toml: and 950 more faults"


def test_faults_in_what_was_set_from_outside_name_the_path_instead_of_a_line():
    assert faults(
        changed(("count = 3", "count = 0")),
        "agents.alhpa.count=3",
        "agents.alpha.utility.weights.watr=1",
        "agents[1].cost={ family = 'linear', unit_cost = { bread = -1 } }",
        "seed=-1",
        "mechanisms.prices.rule=newto",
    ) == [
        "f.toml: --set agents.alhpa.count: no entry of that name in agents; one of: alpha, beta. "
        "Did you mean 'alpha'?",
        "f.toml: --set seed: -1 is too small; it must be >= 0",
        "f.toml: --set agents.alpha.utility.weights.watr: no good of that name; one of: water, bread. "
        "Did you mean 'water'?",
        "f.toml: --set agents[1].cost.unit_cost.bread: -1 is too small; it must be >= 0",
        f"f.toml: --set mechanisms.prices.rule: no rule 'newto'; one of: {', '.join(RULES.names)}. "
        "Did you mean 'newton'?",
        "f.toml:8: agents[0].count: 0 is too small; it must be >= 1",
    ]


# --- hostile files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        ("a" + ".a" * 20_000 + " = 1").encode(),
        b"goods = " + b"[" * 1000,
        b"seed = " + b"9" * 5000,
        BASE.encode("utf-16"),
        b"\x89PNG\r\n\x1a\n\0",
        b"\xff",
        b"# " + b"x" * (1 << 20),
        b"[" * 10 + b'\n\x1b[31m = "',
    ],
    ids=["dotted key", "brackets", "digits", "UTF-16", "binary", "not UTF-8", "large", "escapes"],
)
def test_a_hostile_file_is_one_printable_fault(tmp_path, content):
    path = tmp_path / "hostile.toml"
    path.write_bytes(content)
    began = time.perf_counter()
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert time.perf_counter() - began < 0.5
    assert len(caught.value.faults) == 1
    assert str(caught.value).isprintable()


def test_tables_nested_as_deep_as_is_read_are_refused_without_running_out_of_stack():
    key = ".".join("a" * 16)
    deep = f"{{ {key} = " * 30 + "1" + " }" * 30
    assert faults(changed(("water = 1.0", f"water = {deep}"))) == [
        "f.toml:9: agents[0].utility.weights.water: write a number, "
        '{ dist = "uniform", low = 0, high = 1 } or { column = "..." }'
    ]


def test_a_file_that_is_not_there_is_one_fault(tmp_path):
    with pytest.raises(ScenarioError, match=r"x\.toml: no such file$"):
        load(tmp_path / "x.toml")
    with pytest.raises(ScenarioError, match=r"this is a folder, not a file$"):
        load(tmp_path)


def test_more_numbers_than_fit_in_memory_are_refused():
    goods = ", ".join(f'"g{i}"' for i in range(50))
    text = f'schema = 1\neconomy = "quasilinear"\ngoods = [{goods}]\n[[agents]]\nname = "a"\ncount = 10_000_000\n'
    assert faults(text + '[[mechanisms]]\nname = "m"\nkind = "planner"') == [
        "f.toml:4: agents: 10000000 agents times 50 goods; at most 200000000 numbers fit at a time "
        "(play them in shards: --shards)"
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
def test_numbers_of_a_size_that_cannot_be_computed_with_are_refused(old, new, message):
    assert all(fault.partition(": ")[2].startswith(message) for fault in faults(changed((old, new))))


def test_numbers_as_large_or_small_as_may_be_are_read():
    loads(changed(("water = 10", "water = 1e100"), ("bread = 2", "bread = 1e-100")))


def test_more_agents_in_all_groups_together_than_can_be_are_refused():
    groups = [f'[[agents]]\nname = "a{i}"\ncount = 10_000_000\n' for i in range(20)]
    text = 'schema = 1\neconomy = "quasilinear"\ngoods = ["water"]\n' + "".join(groups)
    assert faults(text + '[[mechanisms]]\nname = "m"\nkind = "planner"') == [
        "f.toml:4: agents: 200000000 agents in all groups together; at most 10000000 can be at a time "
        "(play them in shards: --shards)"
    ]


# --- kinds of money -------------------------------------------------------------------------------------


def test_under_exchange_there_is_no_money_to_pay_costs_or_to_spend():
    text = changed(('"quasilinear"', '"exchange"'), ("count = 3", "count = 3\nbudget = 1"))
    assert faults(text) == [
        "f.toml:9: agents[0].budget: there is no money under exchange: income is what the endowment is worth; "
        "write endowment",
        "f.toml:13: agents[1].cost: a cost in money means nothing under exchange: there is no money to pay it "
        "with; write technology, which turns goods into goods",
    ]


@pytest.mark.parametrize("money", ["quasilinear", "fisher"])
def test_relative_prices_are_a_matter_of_exchange(money):
    text = changed(('"quasilinear"', f'"{money}"\nnumeraire = "water"\ncommons_shares = {{ alpha = 1 }}'))
    assert [line for line in faults(text) if "budget" not in line] == [
        f'f.toml:3: numeraire: only under economy = "exchange"; with {money} money leave it out',
        f'f.toml:4: commons_shares: only under economy = "exchange"; with {money} money leave it out',
    ]


def test_under_fisher_whoever_wants_something_needs_a_budget():
    assert faults(changed(('"quasilinear"', '"fisher"'))) == [
        "f.toml:6: agents[0].budget: missing; under fisher whoever wants something needs money to spend: "
        "write budget = ..."
    ]


def test_without_a_budget_money_is_unlimited_or_none_as_the_economy_has_it():
    assert build(loads(BASE)).budget.tolist() == [np.inf] * 4
    assert build(loads(BASE, overrides=["agents.alpha.budget=2"])).budget.tolist() == [2.0, 2.0, 2.0, np.inf]
    fisher = loads(BASE, overrides=["economy=fisher", "agents.alpha.budget=2"])
    assert build(fisher).budget.tolist() == [2.0, 2.0, 2.0, 0.0]
    exchange = changed(
        ('"quasilinear"', '"exchange"'), ('cost = { family = "linear", unit_cost = { bread = 2 } }', "")
    )
    assert build(loads(exchange)).budget.tolist() == [0.0] * 4


EXCHANGE = changed(
    ('"quasilinear"', '"exchange"\nnumeraire = "bread"'),
    ('cost = { family = "linear", unit_cost = { bread = 2 } }', "endowment = { bread = 2 }"),
)


def test_an_agent_with_nothing_at_all_is_allowed():
    assert build(loads(changed(('cost = { family = "linear", unit_cost = { bread = 2 } }', "")))).shape == (
        4,
        2,
    )


def test_shares_in_the_commons_sum_to_one():
    economy = build(loads(EXCHANGE))
    assert economy.numeraire == 1
    assert economy.commons_share.tolist() == [0.25] * 4
    shares = "commons_shares={ alpha = 3, beta = 2, 'alpha[1]' = 1e-99 }"
    assert np.allclose(build(loads(EXCHANGE, overrides=[shares])).commons_share, [0.2, 0.2, 0.2, 0.4])
    shares = "commons_shares={ 'alpha[1]' = 1e100, beta = 1e100 }"
    assert build(loads(EXCHANGE, overrides=[shares])).commons_share.tolist() == [0.0, 0.5, 0.0, 0.5]


def test_shares_that_sum_to_zero_are_refused():
    (line,) = faults(EXCHANGE, "commons_shares={ alpha = 0 }")
    assert (
        line
        == "f.toml: --set commons_shares: the shares sum to zero; give someone a share, or leave the table out"
    )


@pytest.mark.parametrize("budget", ["", "budget = 5\n"])
def test_demand_without_bound_is_refused_under_quasilinear_money(budget):
    text = changed(
        ('"log", weights = { water = 1.0 }', '"cobb_douglas", weights = { water = 0.5, bread = 0.5 }'),
        ("count = 3\n", f"count = 3\n{budget}"),
    )
    (line,) = faults(text)
    assert line == (
        f"f.toml:{10 if budget else 9}: agents[0].utility: alpha[0]: u(x) - p.x has no maximum for cobb_douglas with "
        "these parameters, so under quasilinear money demand has no bound (refused even with a budget); "
        "let the weights sum to less than 1"
    )
    assert build(loads(text, overrides=["economy=fisher", "agents.alpha.budget=1"])).money is Money.FISHER


# --- drawing --------------------------------------------------------------------------------------------

DRAWN = changed(
    ("water = 1.0", 'water = { dist = "lognormal", mean = 0, sigma = 1 }'),
    ("count = 3", 'count = 3\nbudget = { dist = "exponential", mean = 2 }'),
    ("bread = 2", 'bread = { dist = "uniform", low = 1, high = 2 }'),
)


def draws(text: str, seed: int | None = None) -> list[list[float]]:
    """What alpha and beta have drawn."""
    economy = build(loads(text), seed)
    alpha, beta = economy.groups["alpha"], economy.groups["beta"]
    found = [economy.budget[alpha]]
    for block in economy.utilities:
        rows = np.flatnonzero(np.isin(np.arange(len(economy.agents))[block.rows], alpha))
        found.append(block.parameters["weights"][rows, economy.goods.index("water")])
    (costs,) = economy.costs
    found.append(
        costs.parameters["unit_cost"][np.isin(np.arange(len(economy.agents))[costs.rows], beta)][:, -1]
    )
    return [values.tolist() for values in found if len(values)]


def test_draws_depend_on_the_seed_and_differ_between_purposes():
    first = draws(DRAWN)
    assert draws(DRAWN) == first
    assert draws(DRAWN, seed=1) == draws(changed(("schema = 1", "schema = 1\nseed = 1"), text=DRAWN))
    assert all(a != b for a, b in zip(first, draws(DRAWN, seed=1), strict=True))
    same = changed(('"lognormal", mean = 0, sigma = 1', '"exponential", mean = 2'), text=DRAWN)
    budget, weight, _ = draws(same)
    assert budget != weight


ALPHA, BETA = DRAWN.split("[[agents]]\n")[1:]
BETA, MECHANISM = BETA.split("[[mechanisms]]\n")


@pytest.mark.parametrize(
    "text",
    [
        DRAWN.replace("[[agents]]\n" + ALPHA, "").replace("[[mech", "[[agents]]\n" + ALPHA + "[[mech"),
        DRAWN.replace(
            "[[agents]]\n" + ALPHA, "[[agents]]\n" + ALPHA.replace("alpha", "aleph") + "[[agents]]\n" + ALPHA
        ),
        DRAWN + '[[mechanisms]]\nname = "other"\nkind = "planner"\n',
        DRAWN.replace("sigma = 1 } }", 'sigma = 1 }, bread = { dist = "uniform", low = 0, high = 1 } }'),
        DRAWN.replace('["water", "bread"]', '["wine", "water", "bread"]'),
        DRAWN.replace(
            "count = 3", 'count = 3\nendowment = { bread = { dist = "uniform", low = 0, high = 1 } }'
        ),
    ],
    ids=[
        "groups the other way round",
        "a group more",
        "a mechanism more",
        "a weight more",
        "a good more",
        "endowments",
    ],
)
def test_draws_do_not_depend_on_what_else_is_in_the_file(text):
    assert text != DRAWN
    assert draws(text) == draws(DRAWN)


def test_a_draw_out_of_range_names_the_agent():
    text = changed(("water = 1.0", 'water = { dist = "normal", mean = -9, sd = 1 }'))
    (line,) = faults(text)
    assert line.startswith("f.toml:9: agents[0].utility.weights.water: drawn for alpha[0]: -")
    assert line.endswith(" is too small; it must be >= 0 (and so for 2 more)")
    text = changed(("water = 1.0", 'water = { dist = "lognormal", mean = 1e5, sigma = 1 }'))
    (line,) = faults(text)
    assert "drawn for alpha[0]: inf is not a finite number" in line


def test_a_seed_out_of_range_is_refused():
    for seed in (-1, 2**63):
        with pytest.raises(InputError, match="out of range"):
            build(loads(BASE), seed)


# --- data files -----------------------------------------------------------------------------------------

HOUSEHOLDS = changed(
    ("count = 3", 'data = "data/households.csv"\nbudget = { column = "income" }'),
    ("water = 1.0", 'water = { column = "thirst" }'),
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "households.csv").write_text("income,thirst\n3,0.5\n4,0.25\n")
    return tmp_path


def test_a_data_file_gives_one_agent_a_row(folder):
    economy = build(loads(HOUSEHOLDS, folder=folder))
    assert economy.agents == ("alpha[0]", "alpha[1]", "beta")
    assert economy.budget.tolist() == [3.0, 4.0, np.inf]
    assert economy.utilities[0].parameters["weights"].tolist() == [[0.5, 0.0], [0.25, 0.0]]


def test_a_data_file_of_one_row_still_numbers_its_agent(folder):
    (folder / "data" / "households.csv").write_text("income,thirst\n3,0.5\n")
    assert build(loads(HOUSEHOLDS, folder=folder)).agents == ("alpha[0]", "beta")


def test_agents_of_a_data_file_can_be_named(folder):
    seize = changed(('"auctioneer"', '"unmediated"\ngame = "seize"\nmovers = ["alpha[1]"]'), text=HOUSEHOLDS)
    assert loads(seize, folder=folder).mechanism("prices").game.movers == ("alpha[1]",)
    (line,) = faults(seize.replace("alpha[1]", "alpha[2]"), folder=folder)
    assert line.endswith("Its members are [0] to [1].")


def test_faults_in_data_name_column_and_line(folder):
    (folder / "data" / "households.csv").write_text("income,thirsty\n3,0.5\nmuch,0.25\n")
    assert faults(HOUSEHOLDS, folder=folder) == [
        "f.toml:9: agents[0].budget.column: data/households.csv: line 3: a number is needed, found 'much'",
        "f.toml:10: agents[0].utility.weights.water.column: data/households.csv: no such column; "
        "one of: income, thirsty. Did you mean 'thirsty'?",
    ]
    (folder / "data" / "households.csv").write_text("income,thirst\n3,0.5\n\n-4,0.25\n")
    assert faults(HOUSEHOLDS, folder=folder) == [
        "f.toml:9: agents[0].budget: data/households.csv, line 4: -4 is too small; it must be >= 0"
    ]


def test_data_outside_the_folder_is_not_read(folder):
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    (scenarios / "data").symlink_to(folder / "data")
    outside = "f.toml:8: agents[0].data: '{}': outside the scenario's folder; move it there, or below"
    assert faults(HOUSEHOLDS, folder=scenarios) == [outside.format("data/households.csv")]
    text = changed(('"data/', '"../data/'), text=HOUSEHOLDS)
    assert faults(text, folder=scenarios) == [outside.format("../data/households.csv")]
    assert faults(HOUSEHOLDS) == [
        "f.toml:8: agents[0].data: 'data/households.csv': a scenario given as text has no folder to look for it in; "
        "give `folder`"
    ]


def test_count_and_data_exclude_each_other(folder):
    text = changed(("data =", "count = 2\ndata ="), text=HOUSEHOLDS)
    assert faults(text, folder=folder) == [
        "f.toml:8: agents[0].count: count and data exclude each other: a data file has one agent a row; "
        "leave count out"
    ]


# --- arrays ---------------------------------------------------------------------------------------------


def test_agents_of_one_family_are_one_block_in_the_order_of_the_file():
    text = """\
schema = 1
economy = "quasilinear"
goods = ["a", "b"]
[[agents]]
name = "one"
utility = { family = "log1p", weights = { a = 1 } }
[[agents]]
name = "two"
count = 2
utility = { family = "log", weights = { a = 2 } }
endowment = { b = 3 }
[[agents]]
name = "three"
utility = { family = "log1p", weights = { a = 3, b = 4 } }
[[agents]]
name = "four"
cost = { family = "quadratic", unit_cost = { b = 1 }, slope = { b = 2 } }
[[mechanisms]]
name = "m"
kind = "planner"
"""
    economy = build(loads(text))
    assert economy.agents == ("one", "two[0]", "two[1]", "three", "four")
    assert {name: rows.tolist() for name, rows in economy.groups.items()} == {
        "one": [0], "two": [1, 2], "three": [3], "four": [4],
    }  # fmt: skip
    log1p, log = economy.utilities
    assert (log1p.family.name, log.family.name) == ("log1p", "log")
    assert log1p.rows.tolist() == [0, 3]
    assert log1p.parameters["weights"].tolist() == [[1.0, 0.0], [3.0, 4.0]]
    assert log.rows == slice(1, 3)
    assert log.parameters["weights"].tolist() == [[2.0, 0.0], [2.0, 0.0]]
    (costs,) = economy.costs
    assert costs.rows == slice(4, 5)
    assert costs.parameters["unit_cost"].tolist() == [[np.inf, 1.0]]
    assert costs.parameters["slope"].tolist() == [[0.0, 2.0]]
    assert costs.parameters["capacity"].tolist() == [[np.inf, np.inf]]
    assert economy.endowment.tolist() == [[0, 0], [0, 3], [0, 3], [0, 0], [0, 0]]
    assert economy.commons.tolist() == [0.0, 0.0]


def test_a_million_agents_are_built_in_seconds():
    goods = [f"g{i}" for i in range(10)]
    weights = ", ".join(f'{good} = {{ dist = "uniform", low = 0, high = 1 }}' for good in goods)
    text = minimal(agent=f'count = 1_000_000\nutility = {{ family = "log", weights = {{ {weights} }} }}')
    scenario = loads(text.replace('["water"]', json.dumps(goods)).replace("commons = { water = 1 }", ""))
    began = time.perf_counter()
    economy = build(scenario)
    assert time.perf_counter() - began < 10
    assert economy.utilities[0].parameters["weights"].shape == (1_000_000, 10)
    assert economy.agents[-1] == "alpha[999999]"


def test_thousands_of_groups_are_built_in_seconds():
    one = '[[agents]]\nname = "a{}"\nutility = {{ family = "{}", weights = {{ water = 1 }} }}\n'
    groups = "".join(one.format(i, ("log", "log1p")[i % 2]) for i in range(5000))
    began = time.perf_counter()
    economy = build(loads(minimal().replace("[[mechanisms]]", groups + "[[mechanisms]]")))
    assert time.perf_counter() - began < 10
    assert [len(block.parameters["weights"]) for block in economy.utilities] == [2500, 2500]


# --- terms of a sum --------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(("total", "how"), [(0.5, "larger"), (2.0, "smaller")])
def test_utility_beyond_floats_is_refused(total, how):
    """(a x^rho)^(1/rho) = a^(1/rho) x with rho = -1e-5: 0.5^-100000 and 2^-100000 are no numbers."""
    ces = f'family = "ces", elasticity = 0.99999, weights = {{ water = {total} }}'
    text = changed(('family = "log", weights = { water = 1.0 }', ces))
    assert faults(text) == [
        f"f.toml:9: agents[0].utility: alpha[0]: with an elasticity of 0.99999, so near to 1, weights that sum to {total:g} make utility {how} than any number; let them sum to 1, or write 1"
    ]
    build(loads(changed((f"water = {total}", "water = 1.0"), text=text)))


def test_a_term_draws_the_same_wherever_it_stands_in_the_list():
    lines = TERMS.splitlines()
    lines[9], lines[10] = lines[10], lines[9]
    one, other = (build(loads(text)).utilities[0].parameters for text in (TERMS, "\n".join(lines)))
    np.testing.assert_array_equal(one["log_weight"], other["log_weight"])


def test_a_term_can_be_set_from_the_command_line():
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
        ("scale = 2", 'scale = { column = "k" }', "f.toml:12: agents[0].utility.terms[2].scale.column: a column of "
         "which file? write data = \"....csv\" beside the agent's name"),
        ("scale = 2", 'scale = { dist = "uniform", low = -2, high = -1 }', "f.toml:12: "
         "agents[0].utility.terms[2].scale: drawn for alpha[0]: -"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_term_is_said_where_it_stands(old, new, message):
    assert old in TERMS
    with pytest.raises(ScenarioError) as caught:
        build(loads(TERMS.replace(old, new), "f.toml"))
    assert any(line.startswith(message) for line in str(caught.value).splitlines())


# --- the schema for editors -----------------------------------------------------------------------------


def test_the_json_schema_names_and_explains_everything_that_is_declared():
    schema = json_schema()
    text = json.dumps(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for registry in (UTILITIES, COSTS, DISTRIBUTIONS):
        for family in registry:
            assert json.dumps(family.formula()) in text
            for parameter in family.parameters.values():
                assert json.dumps(parameter.meaning)[1:-1] in text
            for form in family.terms or ():
                assert json.dumps(form.formula()) in text
    for registry in (RULES, GAMES, MECHANISMS):
        for family in registry:
            assert f'"const": "{family.name}"' in text
            for option in dataclasses.fields(family):
                assert json.dumps(option.metadata.get("meaning", ""))[1:-1] in text


def test_the_json_schema_knows_that_a_bound_itself_is_not_allowed():
    exponent = json_schema()["$defs"]["Form_Power"]["properties"]["exponent"]["oneOf"][0]
    assert exponent["exclusiveMaximum"] == 1.0
    assert exponent["not"] == {"const": 0}
    assert "lt" not in exponent  # which says nothing to an editor


# --- imports --------------------------------------------------------------------------------------------


def test_reading_a_sound_scenario_imports_nothing_heavy():
    code = """
import sys
import market.scenario.loading
market.scenario.loading.build(market.scenario.loading.load(sys.argv[1]))
heavy = {"mesa", "matplotlib", "cvxpy", "pandas", "pyarrow", "tree_sitter"} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code, str(SCENARIOS / "war.toml")], check=True)


# --- families of tomorrow -------------------------------------------------------------------------------

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
from market.scenario.loading import build, json_schema, loads

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

def told(*replacements):
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
    told(("damp = 0.5", f"damp = {value}"))
assert "u(x) = something new." in json.dumps(json_schema()) and "how slowly" in json.dumps(json_schema())
told(("water = 1, ", ""), ("low = 1,", ""), ("0.5", "[1]"), ('["bread"]', '["bred"]'))
told((', elasticity = { dist = "uniform", low = 1, high = 2 }', ""), ("0.5", "{ watr = 1 }"))
told(("low = 1, high = 2", "low = 101, high = 102"))
'''


def test_a_new_family_or_rule_is_known_once_it_is_registered():
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
