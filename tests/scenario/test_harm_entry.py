# ruff: noqa: E501 -- messages are written as they are printed
"""The key `harm`: what it may be, and one message for each mistake."""

from __future__ import annotations

import pytest
from helpers.smoky import BUYER, MILL, smoky, victim

from market.errors import ScenarioError
from market.scenario.building import build
from market.scenario.loading import load, loads

SELLER = (
    '\n[[agents]]\nname = "buyer"\nbudget = 10.0\nutility = { family = "log", weights = { steel = 1.0 } }\n'
)


def faults(text):
    with pytest.raises(ScenarioError) as error:
        build(loads(text))
    return [fault.message for fault in error.value.faults]


@pytest.mark.parametrize(
    ("harm", "rate", "slope"),
    [
        ("{ steel = 3.0 }", 3.0, 0.0),
        ("{ steel = 3 }", 3.0, 0.0),
        ("{ steel = { rate = 0.5, slope = 1.0 } }", 0.5, 1.0),
        ("{ steel = { slope = 1.0 } }", 0.0, 1.0),
        ("{ steel = -1.5 }", -1.5, 0.0),
    ],
)
def test_harm_is_a_rate_or_a_table_of_rate_and_slope(harm, rate, slope):
    economy = build(loads(smoky(BUYER, MILL, victim(harm))))
    assert (economy.harm.rate[2, 0], economy.harm.slope[2, 0]) == (rate, slope)


def test_harm_may_come_from_columns_of_a_data_file(tmp_path):
    (tmp_path / "people.csv").write_text("loss,rise\n1.0,0.5\n2.0,0.25\n")
    people = victim(
        '{ steel = { rate = { column = "loss" }, slope = { column = "rise" } } }', more='data = "people.csv"'
    )
    (tmp_path / "smoke.toml").write_text(smoky(BUYER, MILL, people))
    economy = build(load(tmp_path / "smoke.toml"))
    assert economy.harm.rate[2:, 0].tolist() == [1.0, 2.0]
    assert economy.harm.slope[2:, 0].tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        ("{ steal = 3.0 }", "no good of that name; one of: steel, bread. Did you mean 'steel'?"),
        ("{ bread = 3.0 }", "no agent can make bread, so it harms none; give an agent a cost for it"),
        ("{ steel = { slope = -1.0 } }", "-1 is too small; it must be >= 0: harm that rises ever more slowly makes the planner's problem not convex"),
        ("{ steel = { slop = 1.0 } }", 'write the money lost a unit, { rate = 0.0, slope = 1.0 } or a distribution, such as { dist = "uniform", low = 0, high = 1 }'),
        ("{ steel = { rate = 1.0, slop = 1.0 } }", "no such key; one of: rate, slope. Did you mean 'slope'?"),
        ('{ steel = "much" }', 'found the text "much"; a number is needed'),
        ("{ steel = -3.0 }", "resident: a unit of steel made by mill is worth more to others than it costs, however much is made, so total surplus has no maximum; give mill a capacity, or the harm a slope"),
    ],
)  # fmt: skip
def test_a_mistake_gives_one_message_with_a_remedy(harm, message):
    assert faults(smoky(BUYER, MILL, victim(harm), goods='"steel", "bread"')) == [message]


def test_a_large_benefit_is_fine_with_a_capacity():
    mill = MILL.replace("} }", "}, capacity = { steel = 20.0 } }")
    assert build(loads(smoky(BUYER, mill, victim("{ steel = -3.0 }")))).harm is not None


def test_exchange_has_no_money_to_lose():
    agent = '\n[[agents]]\nname = "a"\nendowment = { steel = 1.0 }\nharm = { steel = 1.0 }\n'
    (message,) = faults(
        smoky(agent, money="exchange", mechanisms='[[mechanisms]]\nname = "m"\nkind = "planner"\n')
    )
    assert message.startswith("harm is money lost, and there is no money under exchange; make the clean good")


def test_a_buyer_of_a_fisher_market_has_no_money_in_its_payoff():
    (message,) = faults(smoky(SELLER + "harm = { steel = 1.0 }\n", MILL, money="fisher"))
    assert message.startswith("harm is money lost, and under fisher a buyer's payoff has no money in it")
    build(loads(smoky(SELLER, MILL, victim("{ steel = 1.0 }"), money="fisher")))
