"""The planner where the optimum is to trade nothing, and in whatever units an economy is written."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import transformations
from helpers.economies import with_utility
from helpers.strategies import technology_parameters
from hypothesis import given
from hypothesis import strategies as st

import market
from market.economy.families.technologies import TECHNOLOGIES
from market.economy.families.utilities import UTILITIES as FAMILIES
from market.economy.primitives import Block
from market.mechanisms import Auction, Planner, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status
from market.scenario.building import build
from market.welfare.convex_program import typical_amounts

PLANNER = Planner("planner")

# Utilities by what the first unit of power is worth at least, which here is below all costs.
UTILITIES = {
    "linear": ('family = "linear", weights = { power = 25.0 }', 25.0),
    "log1p": ('family = "log1p", weights = { power = 25.0 }', 25.0),
    "quadratic": ('family = "quadratic", weights = { power = 25.0 }, slope = { power = 0.5 }', 25.0),
    "leontief": ('family = "leontief", weights = { power = 0.04 }', 25.0),
    "ces": ('family = "ces", weights = { power = 5.0 }, elasticity = 2.0', 25.0),
    "separable": (
        'family = "separable", '
        'terms = [{ good = "power", form = "exponential", weight = 50.0, scale = 2.0 }]',
        25.0,
    ),
    "terms": (
        'family = "separable", terms = [{ good = "power", form = "linear", weight = 5.0 }, '
        '{ good = "power", form = "quadratic", weight = 20.0, slope = 1.0 }]',
        25.0,
    ),
}
COSTS = {
    "linear": 'family = "linear", unit_cost = { power = 50.0 }',
    "capacity": 'family = "linear", unit_cost = { power = 50.0 }, capacity = { power = 1e9 }',
    "quadratic": 'family = "quadratic", unit_cost = { power = 50.0 }, slope = { power = 3.0 }',
    "power": 'family = "power", unit_cost = { power = 50.0 }, exponent = { power = 1.0 }',
}
MONEY = {"quasilinear": "", "with a budget": "budget = 7.0", "fisher": "budget = 7.0"}
OTHERS = {
    "alone": ("", ""),
    "with water": (
        "[commons]\nwater = 40.0",
        '[[agents]]\nname = "other"\nutility = { family = "log", weights = { water = 3.0 } }\n',
    ),
}


def null_trade(utility: str, cost: str, money: str, others: str):
    """A buyer of power whose first unit costs more than it is worth, alone or with a market for water."""
    commons, other = OTHERS[others]
    economy = "fisher" if money == "fisher" else "quasilinear"
    budget = "budget = 2.0\n" if money == "fisher" and other else ""
    text = f"""schema = 1
title = "No trade"
economy = "{economy}"
goods = ["power", "water"]
{commons}
[[agents]]
name = "buyer"
{MONEY[money]}
utility = {{ {UTILITIES[utility][0]} }}
[[agents]]
name = "seller"
cost = {{ {COSTS[cost]} }}
{other}{budget}
[[mechanisms]]
name = "planner"
kind = "planner"
"""
    return build(market.loads(text))


@pytest.mark.parametrize("utility", list(UTILITIES))
@pytest.mark.parametrize("cost", list(COSTS))
@pytest.mark.parametrize("money", list(MONEY))
@pytest.mark.parametrize("others", list(OTHERS))
def test_the_planner_makes_nothing_where_the_first_unit_is_worth_less_than_its_cost(
    utility, cost, money, others
):
    outcome = play(PLANNER, null_trade(utility, cost, money, others))
    assert outcome.status is Status.OPTIMAL, outcome.reason
    assert (outcome.production == 0).all()
    assert (outcome.consumption[:, 0] == 0).all()
    assert UTILITIES[utility][1] * (1 - 1e-9) <= outcome.prices[0] <= 50.0 * (1 + 1e-9)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e4, 1e8, 1e13])
@pytest.mark.parametrize("utility", [name for name in UTILITIES if name != "log1p"])
@pytest.mark.parametrize("cost", list(COSTS))
def test_no_trade_is_found_in_any_unit(utility, cost, scale):
    changed = transformations.change_units_of_goods(
        null_trade(utility, cost, "quasilinear", "with water"), [scale, 1.0 / np.sqrt(scale)]
    )
    outcome = play(PLANNER, changed.economy)
    assert outcome.status is Status.OPTIMAL, outcome.reason
    assert (outcome.production == 0).all()
    assert 25.0 * (1 - 1e-9) <= outcome.prices[0] * scale <= 50.0 * (1 + 1e-9)


NEEDED_TOGETHER = """schema = 1
title = "Not worth making"
economy = "{money}"
goods = ["power", "permit"]
[[agents]]
name = "buyer"
{means}
utility = {{ {utility} }}
[[agents]]
name = "seller"
cost = {{ family = "linear", unit_cost = {{ {costs} }} }}
[[mechanisms]]
name = "planner"
kind = "planner"
"""
LEONTIEF = 'family = "leontief", weights = { power = 0.04, permit = 0.04 }'
COBB_DOUGLAS = 'family = "cobb_douglas", weights = { power = 0.3, permit = 0.7 }'
CES = 'family = "ces", weights = { power = 1.0, permit = 2.0 }, elasticity = 0.5'
SUBSTITUTES = 'family = "ces", weights = { power = 1.0, permit = 2.0 }, elasticity = 4.0'


@pytest.mark.parametrize("utility", [LEONTIEF, COBB_DOUGLAS, CES, SUBSTITUTES])
@pytest.mark.parametrize("costs", ["power = 50.0, permit = 60.0", "power = 30.0, permit = 1e3"])
def test_complements_that_are_not_worth_their_cost_are_not_made(utility, costs):
    text = NEEDED_TOGETHER.format(money="fisher", means="budget = 5.0", utility=utility, costs=costs)
    economy = build(market.loads(text))
    for scale in (1.0, 1e6, 1e-4):
        changed = transformations.change_units_of_goods(economy, [scale, 1.0])
        weights = dict(zip(changed.economy.agents, 1.0 / changed.utility, strict=True))
        outcome = play(Planner("planner", welfare_weights=weights), changed.economy)
        assert outcome.status is Status.OPTIMAL, outcome.reason
        assert not outcome.production.any()
        assert not outcome.consumption.any()


def permits_for_nothing():
    text = NEEDED_TOGETHER.format(
        money="quasilinear", means="endowment = { permit = 30.0 }", utility=LEONTIEF, costs="power = 50.0"
    )
    return build(market.loads(text))


@pytest.mark.parametrize("unit", [1.0, 1e6, 1e-6])
def test_a_free_complement_and_any_price_between_worth_and_cost_clear(unit):
    economy = transformations.change_units_of_goods(permits_for_nothing(), [unit, 1.0]).economy
    outcome = play(Auction("prices", Tatonnement(), max_rounds=2000), economy)
    assert outcome.status is Status.CLEARED, outcome.reason
    assert outcome.prices[1] == 0
    assert 25.0 * (1 - 1e-9) <= outcome.prices[0] * unit <= 50.0
    assert not outcome.production.any()
    planned = play(PLANNER, economy)
    assert planned.status is Status.OPTIMAL, planned.reason
    assert not planned.production.any()


# --- units of economies with technologies -----------------------------------------------------------------

CHAIN = """schema = 1
title = "A chain"
economy = "exchange"
goods = ["bread", "flour", "labour", "land"]
[[agents]]
name = "household"
endowment = {{ labour = 60.0, land = 20.0 }}
utility = {{ family = "cobb_douglas", weights = {{ bread = 0.6, flour = 0.1, labour = 0.3 }} }}
[[agents]]
name = "mill"
owners = {{ household = 1.0 }}
technology = {{ {mill} }}
[[agents]]
name = "bakery"
owners = {{ household = 1.0 }}
technology = {{ {bakery} }}
[[mechanisms]]
name = "planner"
kind = "planner"
"""
MILLS = {
    "cobb_douglas": 'family = "cobb_douglas", output = "flour", scale = 2.0, '
    "shares = { labour = 0.5, land = 0.5 }",
    "decreasing": 'family = "cobb_douglas", output = "flour", scale = 2.0, '
    "shares = { labour = 0.4, land = 0.3 }",
    "activity": 'family = "activity", netput = { flour = 1.0, labour = -0.8, land = -0.3 }',
    "ces": 'family = "ces", output = "flour", weights = { labour = 1.0, land = 2.0 }, elasticity = 0.5',
    "substitutes": 'family = "ces", output = "flour", weights = { labour = 1.0, land = 2.0 }, '
    "elasticity = 3.0",
    "power": 'family = "power", output = "flour", input = "labour", scale = 3.0, exponent = 0.6',
    # flour is made with bread, and bread with flour
    "loop": 'family = "cobb_douglas", output = "flour", scale = 2.0, '
    "shares = { labour = 0.5, land = 0.3, bread = 0.2 }",
}
BAKERIES = {
    "activity": 'family = "activity", netput = { bread = 1.0, flour = -0.7, labour = -0.5 }',
    "cobb_douglas": 'family = "cobb_douglas", output = "bread", shares = { flour = 0.6, labour = 0.4 }',
}
UNITS = {
    "grams": np.full(4, 1e13),
    "tonnes": np.full(4, 1e-6),
    "mixed": np.array([1e13, 1e-6, 1e4, 1e9]),
    "accounts": np.array([1e-6, 1e13, 1e13, 1.0]),
}


@pytest.mark.parametrize("units", list(UNITS))
@pytest.mark.parametrize("mill", list(MILLS))
@pytest.mark.parametrize("bakery", list(BAKERIES))
def test_the_planner_decides_alike_in_any_unit(mill, bakery, units):
    economy = build(market.loads(CHAIN.format(mill=MILLS[mill], bakery=BAKERIES[bakery])))
    plain = play(PLANNER, economy)
    changed = transformations.change_units_of_goods(economy, UNITS[units])
    weights = dict(zip(changed.economy.agents, 1.0 / changed.utility, strict=True))
    outcome = play(Planner("planner", welfare_weights=weights), changed.economy)
    assert (plain.status, outcome.status) == (Status.OPTIMAL, Status.OPTIMAL), (plain.reason, outcome.reason)
    np.testing.assert_allclose(outcome.consumption / changed.amounts, plain.consumption, rtol=1e-5)
    np.testing.assert_allclose(outcome.production / changed.amounts, plain.production, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outcome.prices * changed.amounts, plain.prices, rtol=1e-5)


@pytest.mark.parametrize("units", list(UNITS))
@pytest.mark.parametrize("mill", list(MILLS))
def test_typical_amounts_change_with_the_unit(mill, units):
    economy = build(market.loads(CHAIN.format(mill=MILLS[mill], bakery=BAKERIES["activity"])))
    changed = transformations.change_units_of_goods(economy, UNITS[units])
    nothing = np.zeros(economy.shape)
    plain, other = (typical_amounts(each, nothing, nothing) for each in (economy, changed.economy))
    np.testing.assert_allclose(other / changed.amounts, plain, rtol=0.3)


def test_a_national_account_in_euros_and_hours_is_an_ordinary_one():
    economy = build(market.loads(ACCOUNTS))
    planned, cleared = (play(mechanism, economy) for mechanism in (PLANNER, Auction("prices", Tatonnement())))
    assert planned.status is Status.OPTIMAL, planned.reason
    np.testing.assert_allclose(planned.consumption, cleared.consumption, rtol=1e-6)


ACCOUNTS = """schema = 1
title = "A national account in euros"
economy = "exchange"
goods = ["services", "goods", "capital", "labour"]
numeraire = "labour"
[[agents]]
name = "household"
endowment = { capital = 6.0e11, labour = 4.5e10 }
utility = { family = "cobb_douglas", weights = { services = 0.7, goods = 0.3 } }
[[agents]]
name = "service firms"
owners = { household = 1.0 }
[agents.technology]
family = "cobb_douglas"
output = "services"
scale = 35.0
shares = { capital = 0.3, labour = 0.7 }
[[agents]]
name = "factories"
owners = { household = 1.0 }
[agents.technology]
family = "cobb_douglas"
output = "goods"
scale = 12.0
shares = { capital = 0.6, labour = 0.4 }
[[mechanisms]]
name = "planner"
kind = "planner"
"""


@pytest.mark.parametrize("family", list(TECHNOLOGIES), ids=lambda family: family.name)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_a_technology_counted_in_other_units_allows_the_same(family, data, seed):
    taken = data.draw(technology_parameters(family, 3, 4))
    rng = np.random.default_rng(seed)
    unit = 10.0 ** rng.uniform(-6, 13, 4)
    there = rng.uniform(0.5, 5.0, 4)
    made = family.plenty(there, **taken)
    inputs = np.where(family.uses(**taken), there, 0.0)
    counted = family.in_units(unit, **_in_units(family, taken, unit))
    np.testing.assert_allclose(family.plenty(there, **counted), made, rtol=1e-7)
    if family.name != "activity":  # of which some inputs are left over
        np.testing.assert_allclose(family.slack(made - inputs, **counted), 0.0, atol=1e-7)


def _in_units(family, taken, unit):
    """Parameters for amounts that are `unit` times as large, which counted in `unit` are the first ones."""
    return dict(transformations.convert_technology(Block(family, slice(0, 3), taken), unit).parameters)


def test_output_of_negligible_first_cost_is_made_in_a_tiny_amount():
    """C(y) = 20 y^1.5 has marginal cost 30 sqrt(y): at a price of 0.016 some 3e-7 are made."""
    text = """schema = 1
title = "A trickle"
economy = "quasilinear"
goods = ["water", "bread"]
[commons]
water = 30.0
[[agents]]
name = "consumer"
utility = { family = "log1p", weights = { water = 0.5, bread = 1.5 } }
[[agents]]
name = "other"
utility = { family = "linear", weights = { bread = 1.7 } }
[[agents]]
name = "desalination"
[agents.cost]
family = "power"
unit_cost = { water = 20.0, bread = 1.0 }
exponent = { water = 1.5, bread = 2.0 }
[[mechanisms]]
name = "planner"
kind = "planner"
"""
    outcome = play(PLANNER, build(market.loads(text)))
    assert outcome.status is Status.OPTIMAL, outcome.reason
    assert 0 < outcome.production[2, 0] < 1e-6
    assert outcome.production[2, 0] == pytest.approx((outcome.prices[0] / 30.0) ** 2, rel=1e-6)


@pytest.mark.parametrize("money", [1e-6, 1.0, 1e6, 1e13])
@pytest.mark.parametrize("family", ["log1p", "linear"])
def test_nothing_is_made_below_cost_in_any_currency(family, money):
    """A first unit is worth 25 and costs 50, in coins of any size; at 1e13 the solver finds no end."""
    given = {"weights": [[25.0 * money]]}
    two = with_utility("quasilinear", FAMILIES[family], given, linear=([[50.0 * money]], [[np.inf]]))
    outcome = play(Planner("planner"), two)
    assert outcome.status is Status.OPTIMAL
    assert not outcome.production.any()
