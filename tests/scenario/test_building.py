# ruff: noqa: E501 -- messages are written as they are printed
"""From scenarios to economies: arrays, draws, shares, and limits."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from helpers.scenario_texts import BASE, EXCHANGE, changed, faults, minimal

from market.economy.primitives import Money
from market.errors import InputError
from market.scenario import building
from market.scenario.building import build
from market.scenario.distributions import STREAM
from market.scenario.loading import loads


def test_more_numbers_than_fit_in_memory_are_refused():
    goods = ", ".join(f'"g{i}"' for i in range(50))
    text = f'schema = 1\neconomy = "quasilinear"\ngoods = [{goods}]\n[[agents]]\nname = "a"\ncount = 10_000_000\n'
    assert faults(text + '[[mechanisms]]\nname = "m"\nkind = "planner"') == [
        "f.toml:4: agents: 10,000,000 agents times 50 goods; at most 200,000,000 numbers fit at a time "
        "(play them in shards: --shards)"
    ]


def test_more_agents_than_can_be_built_are_refused():
    groups = [f'[[agents]]\nname = "a{i}"\ncount = 10_000_000\n' for i in range(20)]
    text = 'schema = 1\neconomy = "quasilinear"\ngoods = ["water"]\n' + "".join(groups)
    assert faults(text + '[[mechanisms]]\nname = "m"\nkind = "planner"') == [
        "f.toml:4: agents: 200,000,000 agents in all groups; at most 10,000,000 can be held at a time "
        "(play them in shards: --shards)"
    ]


def test_absent_budget_is_infinite_only_with_quasilinear_money():
    assert build(loads(BASE)).budget.tolist() == [np.inf] * 4
    assert build(loads(BASE, overrides=["agents.alpha.budget=2"])).budget.tolist() == [2.0, 2.0, 2.0, np.inf]
    fisher = loads(BASE, overrides=["economy=fisher", "agents.alpha.budget=2"])
    assert build(fisher).budget.tolist() == [2.0, 2.0, 2.0, 0.0]
    exchange = changed(
        ('"quasilinear"', '"exchange"'), ('cost = { family = "linear", unit_cost = { bread = 2 } }', "")
    )
    assert build(loads(exchange)).budget.tolist() == [0.0] * 4


def test_agent_without_utility_cost_and_endowment_is_allowed():
    assert build(loads(changed(('cost = { family = "linear", unit_cost = { bread = 2 } }', "")))).shape == (
        4,
        2,
    )


def test_shares_in_the_commons_sum_to_one():
    economy = build(loads(EXCHANGE))
    assert economy.numeraire == 1
    assert economy.commons_share.tolist() == [1 / 3] * 3 + [0.0]  # beta has no utility and no use for income
    assert build(loads(EXCHANGE, overrides=["commons_shares=equal"])).commons_share.tolist() == [
        1 / 3
    ] * 3 + [0]
    shares = "commons_shares={ alpha = 3, beta = 2, 'alpha[1]' = 1e-99 }"
    assert np.allclose(build(loads(EXCHANGE, overrides=[shares])).commons_share, [0.2, 0.2, 0.2, 0.4])
    shares = "commons_shares={ 'alpha[1]' = 1e100, beta = 1e100 }"
    assert build(loads(EXCHANGE, overrides=[shares])).commons_share.tolist() == [0.0, 0.5, 0.0, 0.5]


@pytest.mark.parametrize("money", ["quasilinear", "fisher"])
def test_only_stated_shares_hand_revenue_back_where_there_is_money(money):
    given = [f"economy={money}", "agents.alpha.budget=2"]
    assert not build(loads(BASE, overrides=given)).shares_revenue
    for shares in ("equal", "{ alpha = 1 }"):
        assert build(loads(BASE, overrides=[*given, f"commons_shares={shares}"])).shares_revenue
    assert not build(loads(EXCHANGE, overrides=["commons_shares=equal"])).shares_revenue  # it is income there


@pytest.mark.parametrize("budget", ["", "budget = 5\n"])
def test_unbounded_demand_is_refused_under_quasilinear_money(budget):
    text = changed(
        ('"log", weights = { water = 1.0 }', '"cobb_douglas", weights = { water = 0.5, bread = 0.5 }'),
        ("count = 3\n", f"count = 3\n{budget}"),
    )
    (line,) = faults(text)
    assert line == (
        f"f.toml:{10 if budget else 9}: agents[0].utility: alpha[0]: u(x) - p.x has no maximum for cobb_douglas with "
        "these parameters, so under quasilinear money demand is unbounded (refused even with a budget); "
        "let the weights sum to less than 1"
    )
    assert build(loads(text, overrides=["economy=fisher", "agents.alpha.budget=1"])).money is Money.FISHER


DRAWN = changed(
    ("water = 1.0", 'water = { dist = "lognormal", mean = 0, sigma = 1 }'),
    ("count = 3", 'count = 3\nbudget = { dist = "exponential", mean = 2 }'),
    ("bread = 2", 'bread = { dist = "uniform", low = 1, high = 2 }'),
)


def draws(text: str, seed: int | None = None) -> list[list[float]]:
    """Return the numbers drawn by alpha and beta."""
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


ALPHA = DRAWN.split("[[agents]]\n")[1]


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
def test_draws_do_not_depend_on_other_entries_of_the_file(text):
    assert text != DRAWN
    assert draws(text) == draws(DRAWN)


def test_draw_out_of_range_names_the_agent():
    text = changed(("water = 1.0", 'water = { dist = "normal", mean = -9, sd = 1 }'))
    (line,) = faults(text)
    assert line.startswith("f.toml:9: agents[0].utility.weights.water: drawn for alpha[0]: -")
    assert line.endswith(" is too small; it must be >= 0 (and so for 2 more)")
    text = changed(("water = 1.0", 'water = { dist = "lognormal", mean = 1e5, sigma = 1 }'))
    (line,) = faults(text)
    assert "drawn for alpha[0]: inf is not a finite number" in line


def test_seed_out_of_range_is_refused():
    for seed in (-1, 2**63):
        with pytest.raises(InputError, match="out of range"):
            build(loads(BASE), seed)


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


def counted(monkeypatch, owner, name) -> list:
    """The arguments of every call of a function."""
    calls, function = [], getattr(owner, name)

    def noted(*given, **named):
        calls.append(given)
        return function(*given, **named)

    monkeypatch.setattr(owner, name, noted)
    return calls


def test_numbers_are_drawn_once_per_stream_and_good(monkeypatch):
    goods = [f"g{i}" for i in range(10)]
    weights = ", ".join(f'{good} = {{ dist = "uniform", low = 0, high = 1 }}' for good in goods)
    text = minimal(agent=f'count = 200_000\nutility = {{ family = "log", weights = {{ {weights} }} }}')
    scenario = loads(text.replace('["water"]', json.dumps(goods)).replace("commons = { water = 1 }", ""))
    drawn = counted(monkeypatch, building, "draw")
    economy = build(scenario)
    assert len(drawn) == 10 * math.ceil(200_000 / STREAM)
    assert economy.utilities[0].parameters["weights"].shape == (200_000, 10)
    assert economy.agents[-1] == "alpha[199999]"


def test_parameters_of_many_groups_are_stacked_once(monkeypatch):
    one = '[[agents]]\nname = "a{}"\nutility = {{ family = "{}", weights = {{ water = 1 }} }}\n'
    groups = "".join(one.format(i, ("log", "log1p")[i % 2]) for i in range(5000))
    stacked = counted(monkeypatch, building._Builder, "_stack")
    filled = counted(monkeypatch, building._Builder, "_fill")
    economy = build(loads(minimal().replace("[[mechanisms]]", groups + "[[mechanisms]]")))
    assert len(stacked) == 4  # endowments, budgets, weights of two families
    assert len(filled) == 5001 + 5001 + 5000
    assert [len(block.parameters["weights"]) for block in economy.utilities] == [2500, 2500]


@pytest.mark.parametrize(("total", "how"), [(0.5, "larger"), (2.0, "smaller")])
def test_utility_that_overflows_is_refused(total, how):
    """(a x^rho)^(1/rho) = a^(1/rho) x with rho = -1e-5: 0.5^-100000 and 2^-100000 are no numbers."""
    ces = f'family = "ces", elasticity = 0.99999, weights = {{ water = {total} }}'
    text = changed(('family = "log", weights = { water = 1.0 }', ces))
    assert faults(text) == [
        f"f.toml:9: agents[0].utility: alpha[0]: with an elasticity of 0.99999, so near to 1, weights that sum to {total:g} make utility {how} than any number; let them sum to 1, or write 1"
    ]
    build(loads(changed((f"water = {total}", "water = 1.0"), text=text)))
