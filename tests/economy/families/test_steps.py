"""The families `steps`: values, one-sided slopes, staircases, budgets, and what a scenario may write."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest

from market import build, loads
from market.economy.families import step_functions
from market.economy.families.costs import StepsCost
from market.economy.families.utilities.steps import Steps
from market.errors import InputError
from market.scenario.document import json_schema

BIDS = np.array([[[[5.0, 1.0], [3.0, 2.0], [0.0, 0.0]]]])
OFFERS = np.array([[[[1.0, 1.0], [2.0, 2.0], [2.0, 1.0]]]])
SCENARIO = """
schema = 1
economy = "quasilinear"
goods = ["power", "heat"]
[[agents]]
name = "plant"
{}
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def scenario(agent):
    return SCENARIO.format(agent)


@pytest.mark.parametrize(("x", "worth", "ahead", "behind"), [
    (0.0, 0.0, 5.0, 5.0), (0.5, 2.5, 5.0, 5.0), (1.0, 5.0, 3.0, 5.0), (2.0, 8.0, 3.0, 3.0),
    (3.0, 11.0, 0.0, 3.0), (4.0, 11.0, 0.0, 0.0),
])  # fmt: skip
def test_bids_are_worth_their_area_and_bend_at_their_ends(x, worth, ahead, behind):
    at = np.array([[x]])
    assert Steps.value(at, bids=BIDS)[0] == worth
    assert Steps.marginal(at, bids=BIDS)[0, 0] == ahead
    assert Steps.marginal_of_last(at, bids=BIDS)[0, 0] == behind


@pytest.mark.parametrize(("y", "cost", "ahead", "behind"), [
    (0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 2.0, 1.0), (3.0, 5.0, 2.0, 2.0), (4.0, 7.0, 2.0, 2.0),
    (4.5, np.inf, 2.0, 2.0),
])  # fmt: skip
def test_offers_cost_their_area_up_to_the_last_one(y, cost, ahead, behind):
    at = np.array([[y]])
    assert StepsCost.value(at, offers=OFFERS)[0] == cost
    assert StepsCost.marginal(at, offers=OFFERS)[0, 0] == ahead
    assert StepsCost.marginal_of_last(at, offers=OFFERS)[0, 0] == behind


def test_demand_and_supply_maximise_over_a_grid():
    """No amount on a grid of tenths has a larger `u(x) - p x`, or `p y - C(y)`, at any price on a grid."""
    amounts = np.arange(0.0, 4.05, 0.1)
    for price in np.arange(0.5, 6.0, 0.25):
        p = np.array([price])
        gains = [float(Steps.value(np.array([[x]]), bids=BIDS)[0] - price * x) for x in amounts]
        profits = [float(price * y - StepsCost.value(np.array([[y]]), offers=OFFERS)[0]) for y in amounts]
        for x in Steps.quasilinear_demand(p, bids=BIDS).bounds:
            assert Steps.value(x, bids=BIDS)[0] - price * x[0, 0] >= max(gains) - 1e-12
        for y in StepsCost.supply(p, offers=OFFERS).bounds:
            assert price * y[0, 0] - StepsCost.value(y, offers=OFFERS)[0] >= max(profits) - 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_a_budget_buys_the_best_bundle(seed):
    """Against a linear program, the fractional knapsack: max `v.t` over `t <= a` with `p.t <= b`."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    prices = -np.sort(-rng.choice([1.0, 2.0, 3.0, 4.0], (1, 2, 3)), axis=2)
    bids = np.stack([prices, rng.choice([0.0, 1.0, 2.0], (1, 2, 3))], axis=-1)
    p, b = rng.choice([1.0, 2.0], 2), np.array([rng.uniform(0.1, 8.0)])
    found = linprog(-bids[..., 0].ravel(), A_ub=np.repeat(p, 3)[None, :], b_ub=b,
                    bounds=[(0.0, a) for a in bids[..., 1].ravel()])  # fmt: skip
    answer = Steps.budget_demand(p, b, bids=bids)
    bundle = answer.lowest.copy()
    for good in np.flatnonzero(answer.highest[0] > answer.lowest[0]):  # fill tied goods until money is spent
        left = max(float(b[0] - bundle[0] @ p), 0.0) / p[good]
        bundle[0, good] += min(answer.highest[0, good] - answer.lowest[0, good], left)
    assert bundle[0] @ p <= b[0] * (1 + 1e-9)
    np.testing.assert_allclose(Steps.value(bundle, bids=bids)[0], -found.fun, rtol=1e-9, atol=1e-9)


def test_amounts_near_the_end_of_a_step_are_put_to_it():
    x = np.array([[0.9999999]])
    assert step_functions.nearest_end(x, BIDS, np.array([1e-5]))[0, 0] == 1.0
    assert step_functions.nearest_end(x, BIDS, np.array([1e-9]))[0, 0] == x[0, 0]


@pytest.mark.parametrize(("given", "message"), [
    ("offers = { power = [[2.0, 1.0], [1.0, 1.0]] }", "plant: offers may not fall: 1 comes after 2"),
    ("offers = { power = [[2.0, -1.0]] }", "-1 is too small; it must be >= 0"),
    ("offers = { power = [[-2.0, 1.0]] }", "-2 is too small; it must be >= 0"),
    ("offers = { power = [] }", "found an empty list; write steps [price, amount]"),
    ("offers = { power = [[1.0]] }", "found 1 numbers; a step is [price, amount]"),
    ("offers = { power = [1.0, 2.0] }", "a step is [price, amount]"),
    ("offers = [[1.0, 2.0]]", "found a list for no good; write steps for each good"),
    ("offers = { gold = [[1.0, 2.0]] }", "gold"),
    ("offers = { power = [[1.0, inf]] }", "inf"),
    ('offers = { power = { file = "none.csv" } }', "none.csv"),
])  # fmt: skip
def test_bad_offers_are_refused_in_one_message(given, message, tmp_path):
    with pytest.raises(InputError) as caught:
        build(loads(scenario(f'cost = {{ family = "steps", {given} }}'), folder=tmp_path))
    assert message in str(caught.value)
    assert str(caught.value).count("\n") <= 1


def test_bids_that_rise_are_refused_and_equal_ones_are_not():
    rising = scenario('utility = { family = "steps", bids = { power = [[1.0, 1.0], [2.0, 1.0]] } }')
    with pytest.raises(InputError, match="bids may not rise: 2 comes after 1"):
        build(loads(rising))
    equal = scenario('utility = { family = "steps", bids = { power = [[2.0, 1.0], [2.0, 1.0]] } }')
    assert build(loads(equal)).bliss.tolist() == [[2.0, 0.0]]


@pytest.mark.parametrize("money", ["fisher", "exchange"])
def test_bids_need_money_with_a_value_of_its_own(money):
    own = scenario('utility = { family = "steps", bids = { power = [[1.0, 1.0]] } }')
    with pytest.raises(InputError, match="bids are in money that has a value of its own"):
        loads(own.replace("quasilinear", money))


CSV = "plant,price,amount\ngas,60,5\nplant,35,3\nplant,30,2\ngas,55,2\n"


def test_offers_from_a_file_are_those_of_the_agent_in_order(tmp_path):
    (tmp_path / "offers.csv").write_text(CSV)
    own = scenario(
        'cost = { family = "steps", offers = { power = { file = "offers.csv", agent = "plant" } } }'
    )
    found = build(loads(own, folder=tmp_path)).costs[0].parameters["offers"]
    assert found[0, 0].tolist() == [[30.0, 2.0], [35.0, 3.0]]
    every = scenario('cost = { family = "steps", offers = { power = { file = "offers.csv" } } }')
    assert build(loads(every, folder=tmp_path)).capacity.tolist() == [[12.0, 0.0]]


@pytest.mark.parametrize(("table", "message"), [
    ('file = "offers.csv", agent = "owner"', "column 'owner': no such column"),
    ('file = "offers.csv", price = "cost"', "column 'cost': no such column"),
    ('file = "offers.csv", agent = "price"', "no row of 'plant' in column 'price'"),
    ('file = "offers.csv", prices = "price"', "unknown key 'prices'"),
    ('file = "offers.csv", amount = "plant"', "a number is needed"),
    ('file = "offers.csv", price = 3', "price is the name of a column"),
])  # fmt: skip
def test_bad_files_of_offers_are_refused(table, message, tmp_path):
    (tmp_path / "offers.csv").write_text(CSV)
    own = scenario(f'cost = {{ family = "steps", offers = {{ power = {{ {table} }} }} }}')
    with pytest.raises(InputError) as caught:
        loads(own, folder=tmp_path)
    assert message in str(caught.value)


def test_offers_may_be_drawn_or_read_for_each_agent_of_a_group(tmp_path):
    (tmp_path / "plants.csv").write_text("cost,size\n3,2\n1,4\n")
    own = scenario('data = "plants.csv"\ncost = { family = "steps", offers = { power = '
                   '[[{ column = "cost" }, { column = "size" }]] } }')  # fmt: skip
    found = build(loads(own, folder=tmp_path)).costs[0].parameters["offers"]
    assert found[:, 0, 0].tolist() == [[3.0, 2.0], [1.0, 4.0]]


@pytest.mark.parametrize(("offers", "fine"), [
    ([[1.0, 2.0]], True), ({"power": [[1.0, 2.0]]}, True), ({"file": "a.csv", "agent": "plant"}, True),
    ({"power": {"file": "a.csv"}}, True), ([], False), ([[1.0]], False), ({"file": 1}, False), (3.0, False),
])  # fmt: skip
def test_editors_know_all_ways_to_write_steps(offers, fine):
    schema = json_schema()
    own = {"$defs": schema["$defs"], "$ref": "#/$defs/Cost_Steps"}
    entry = {"family": "steps", "offers": offers}
    assert jsonschema.Draft202012Validator(own).is_valid(entry) is fine
