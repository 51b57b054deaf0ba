"""Messages: one line for each fault, in order, with a remedy; rules across parts of a file."""

from __future__ import annotations

import difflib
from difflib import get_close_matches

import pytest
from helpers.scenario_texts import EXCHANGE, changed, faults

from market.errors import _COMPARED
from market.mechanisms import MECHANISMS
from market.mechanisms.auction.price_rules import RULES
from market.scenario.error_messages import MAX_FAULTS


def test_scenario_needs_agents_and_mechanisms():
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


def test_all_faults_are_reported_at_once_in_the_order_of_the_file():
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


def test_suggestions_are_searched_only_for_printed_faults_and_among_few_words(monkeypatch):
    goods = [f"good_{index:05}" for index in range(10_000)]
    listed = ",\n".join(f'"{good}"' for good in goods)
    misspelt = "\n".join(f"go{good} = 1" for good in goods)
    text = changed(('"water", "bread"', listed), ("[commons]\nwater = 10", f"[commons]\n{misspelt}"))
    compared = []

    def search(word, words, **options):
        compared.append(len(words))
        return get_close_matches(word, words, **options)

    monkeypatch.setattr(difflib, "get_close_matches", search)
    lines = faults(text)
    assert len(compared) == MAX_FAULTS
    assert max(compared) <= _COMPARED
    assert lines[0].endswith("... (10000 in all). Did you mean 'good_00000'?")


def test_only_the_first_fifty_faults_are_printed():
    weights = ", ".join(f"x{i} = 1" for i in range(1000))
    lines = faults(changed(("water = 1.0", weights)))
    assert len(lines) == 51
    assert lines[-1] == "f.toml: and 950 more faults"


def test_faults_of_overrides_name_the_path_instead_of_a_line():
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


def test_exchange_refuses_costs_and_budgets():
    text = changed(('"quasilinear"', '"exchange"'), ("count = 3", "count = 3\nbudget = 1"))
    assert faults(text) == [
        "f.toml:9: agents[0].budget: there is no money under exchange: income is the value of the endowment; "
        "write endowment",
        "f.toml:13: agents[1].cost: there is no money under exchange to pay a cost with; "
        "write technology, which makes goods from goods",
    ]


@pytest.mark.parametrize("money", ["quasilinear", "fisher"])
def test_a_numeraire_needs_exchange_and_shares_in_the_commons_do_not(money):
    text = changed(('"quasilinear"', f'"{money}"\nnumeraire = "water"\ncommons_shares = {{ alpha = 1 }}'))
    assert [line for line in faults(text) if "budget" not in line] == [
        f'f.toml:3: numeraire: only under economy = "exchange"; with {money} money omit it',
    ]


def test_shares_in_the_commons_are_equal_or_a_table_of_agents():
    assert faults(EXCHANGE, "commons_shares=eqal") == [
        "f.toml: --set commons_shares: found the text \"eqal\"; one of: equal. Did you mean 'equal'?"
    ]
    assert faults(EXCHANGE, "commons_shares=3") == [
        "f.toml: --set commons_shares: found the number 3; write a table or a text"
    ]


def test_fisher_requires_a_budget_with_a_utility():
    assert faults(changed(('"quasilinear"', '"fisher"'))) == [
        "f.toml:6: agents[0].budget: missing; under fisher an agent with a utility needs money to spend: "
        "write budget = ..."
    ]


def test_shares_that_sum_to_zero_are_refused():
    (line,) = faults(EXCHANGE, "commons_shares={ alpha = 0 }")
    assert (
        line == "f.toml: --set commons_shares: the shares sum to zero; make one positive, or omit the table"
    )
