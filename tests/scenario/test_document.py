# ruff: noqa: E501 -- messages are written as they are printed
"""The model of a whole file: mechanisms and their options, top-level keys, the JSON Schema."""

from __future__ import annotations

import dataclasses
import json

import pytest
from helpers.scenario_texts import BASE, changed, faults, minimal

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.errors import ScenarioError
from market.mechanisms import GAMES, MECHANISMS, Auction, Planner, Unmediated
from market.mechanisms.auction.price_rules import RULES
from market.scenario.distributions import DISTRIBUTIONS
from market.scenario.document import json_schema
from market.scenario.loading import loads


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


def options_that_must_be_given(family) -> str:
    lines = []
    for option in dataclasses.fields(family):
        needed = option.default is dataclasses.MISSING and option.default_factory is dataclasses.MISSING
        if needed and "meaning" in option.metadata:
            example = {"goods": '"water"', "agents": '"alpha"', None: "0.0, 1.0"}[option.metadata["names"]]
            lines.append(f"{option.metadata['key'] or option.name} = [{example}]")
    return "\n".join(lines)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rules_take_their_required_options(rule):
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
def test_games_take_their_required_options(game):
    text = f'kind = "unmediated"\ngame = "{game.name}"\n' + options_that_must_be_given(game)
    assert type(loads(minimal(mechanism=text)).mechanism("m").game) is game


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.name)
def test_mechanisms_take_their_required_options(mechanism):
    text = f'kind = "{mechanism.name}"\n' + options_that_must_be_given(mechanism)
    if mechanism is Unmediated:
        text += 'game = "gift"'
    assert type(loads(minimal(mechanism=text)).mechanism("m")) is mechanism


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seed = 1.0", "seed: found the number 1.0; a whole number is needed"),
        ("seed = true", "seed: found true; a whole number is needed"),
        ("seed = -1", "seed: -1 is too small; it must be >= 0"),
        ("seed = 9223372036854775808", "seed: 9223372036854775808 is too large; it must be <= 9.22337e+18"),
        ("title = 3", "title: found the number 3; a text in quotes is needed"),
        ('title = "a\\u001b"', "title: control characters cannot be in a name"),
        ('description = "a\\u001b"', "description: control characters cannot be in a text"),
        ("commons = 3", "commons: found the number 3; a table is needed, such as { water = 1.0 }"),
        ("commons = { water = true }", "commons.water: found true; a number is needed"),
        ('commons.water = { dist = "uniform" }', "commons.water: found a table; a number is needed"),
        ("commons.watr = 1", "commons.watr: no good of that name; one of: water, bread. Did you mean 'water'?"),
        ("sed = 1", "sed: no such key; one of: schema, title, description, economy, goods, public, seed, "
         "numeraire, commons, commons_shares, agents, mechanisms. Did you mean 'seed'?"),
        ('"" = 1', '"": no such key; one of: schema, title, description, economy, goods, public, seed, numeraire, '
         "commons, commons_shares, agents, mechanisms."),
    ],
)  # fmt: skip
def test_wrong_top_level_key_gives_one_fault(line, message):
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
        ('["water", "bread"]', '["water", "bread", "water"]', "f.toml:3: goods[2]: 'water' is the name of goods[0] already; "
         "choose another"),
        ('["water", "bread"]', '["water", "bread", ""]', "f.toml:3: goods[2]: an empty name"),
        ('["water", "bread"]', '["water", "bread", "a\\u0007"]', "f.toml:3: goods[2]: control characters cannot "
         "be in a name"),
        ('["water", "bread"]', f'["water", "bread", "{"x" * 101}"]', "f.toml:3: goods[2]: a text of 101 "
         "characters; at most 100 are allowed"),
        ("count = 3", "count = 0", "f.toml:8: agents[0].count: 0 is too small; it must be >= 1"),
        ("count = 3", "count = 1_000_000_000_001", "f.toml:8: agents[0].count: 1000000000001 is too "
         "large; it must be <= 1e+12"),
        ("count = 3", "cuont = 3", "f.toml:8: agents[0].cuont: no such key; one of: name, count, data, names, utility, "
         "cost, technology, owners, endowment, budget, harm. Did you mean 'count'?"),
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
         "kind, rule, tolerance, max_rounds, initial_prices, tax, tax_rate, taxed, price_cap, price_floor, quota, ... "
         "(18 in all). Did you mean 'name'?"),
        ('"auctioneer"', '"unmediated"', "f.toml:13: mechanisms[0]: missing key 'game'; one of: "
         f"{', '.join(GAMES.names)}."),
        ('"auctioneer"', '"unmediated"\ngame = "seize"', "f.toml:13: mechanisms[0].movers: missing; "
         "write movers = ... (agents or groups that take, in this order)"),
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
         "one of: name, kind, tolerance, weights, welfare, disagreement. Did you mean 'welfare'?"),
        ("[[mechanisms]]", "[mechanisms]", "f.toml:13: mechanisms: found a table; tables in double brackets are "
         "needed, [[mechanisms]]"),
    ],
)  # fmt: skip
def test_mistake_gives_one_line_with_a_remedy(old, new, message):
    assert faults(changed((old, new))) == [message]


def test_json_schema_describes_all_declared_families():
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


def test_json_schema_excludes_open_bounds():
    exponent = json_schema()["$defs"]["Form_Power"]["properties"]["exponent"]["oneOf"][0]
    assert exponent["exclusiveMaximum"] == 1.0
    assert exponent["not"] == {"const": 0}
    assert "lt" not in exponent  # which says nothing to an editor
