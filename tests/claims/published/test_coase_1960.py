"""Coase (1960): whoever has the right, what is done is the same; and permits, whose price does the same work.

*Air with an owner*, u = labour + ln steel + ln air of a resident, labour + ln steel of the owner of a mill
that makes a unit of steel from one of labour and one of air. Labour is money, so steel costs 1 + p with p the
price of air, each eats 1/(1 + p) and 1/p of the air is breathed: 2/(1 + p) + 1/p = 10, 10 p^2 + 7 p - 1 = 0,
p = (sqrt 89 - 7)/20.

*With logarithms of labour too* (wealth effects) the resident, who owns 10 labour and 10 air, spends a third
of its income 10 + 10 p on each good, and the owner halves of its 10: labour (10 + 10 p)/3 + 5 + s = 20 with s
steel, (1 + p) s = (10 + 10 p)/3 + 5, air (10 + 10 p)/(3 p) + s = 10. p = 2: s = 5, labour 10 + 5 + 5 = 20,
air 5 + 5 = 10.

*Permits*: cutting r costs k r^2/2, k = 1, 2, 4, of emissions 10 each; 16 may be emitted. Equal marginal costs
k r = p: p (1 + 1/2 + 1/4) = 14, p = 8, cuts 8, 4, 2, costs 32 + 16 + 8 = 56. Equal cuts of 14/3 cost 7/2
(14/3)^2 = 76.2222.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import market
from market.mechanisms import play
from market.scenario.building import build
from market.scenario.loading import load, loads

SCENARIOS = Path(__file__).parents[3] / "scenarios"
AIR = (math.sqrt(89) - 7) / 20


@pytest.mark.parametrize("owns", [0, 1])
def test_who_owns_the_air_moves_labour_alone(owns):
    scenario = load(SCENARIOS / "clean_air.toml")
    economy = build(scenario)
    endowment = economy.endowment.copy()
    endowment[:, 2] = 0.0
    endowment[owns, 2] = 10.0
    found = play(scenario.mechanism("prices"), replace(economy, endowment=endowment))
    assert found.status is market.Status.CLEARED
    assert found.prices == pytest.approx([1.0, 1 + AIR, AIR], rel=1e-7)
    assert found.consumption[:2, 1] == pytest.approx(1 / (1 + AIR), rel=1e-7)
    assert found.consumption[0, 2] == pytest.approx(1 / AIR, rel=1e-7)
    assert found.consumption[0, 2] == pytest.approx(8.216991, abs=1e-6)
    labour = [[9.216991, 9.0], [8.0, 10.216991]][owns]
    assert found.consumption[:2, 0] == pytest.approx(labour, abs=1e-6)
    assert market.alignment(found).efficient


def test_with_wealth_effects_air_is_worth_two_and_steel_three():
    text = (SCENARIOS / "clean_air.toml").read_text()
    logs = 'utility = { family = "log", weights = { steel = 1.0, labour = 1.0'
    first, rest = text.split("[agents.utility]", 1)
    second, rest = rest.split("[[agents]]", 1)[1].split("[agents.utility]", 1)
    third = rest.split("[[agents]]", 1)[1]
    text = f"{first}{logs}, air = 1.0 }} }}\n[[agents]]{second}{logs} }} }}\n[[agents]]{third}"
    found = market.MarketModel(loads(text), "prices").run()
    assert found.status is market.Status.CLEARED
    assert found.prices == pytest.approx([1.0, 3.0, 2.0], rel=1e-7)
    assert found.consumption[0] == pytest.approx([10.0, 10 / 3, 5.0], rel=1e-6)


def cost_of_cuts(outcome):
    """The cost of cutting what permits do not cover, `k (10 - e)^2 / 2`."""
    cuts = 10.0 - outcome.consumption[:, 0]
    return float(np.array([1.0, 2.0, 4.0]) @ cuts**2 / 2.0)


@pytest.mark.parametrize("given", [(16 / 3, 16 / 3, 16 / 3), (16.0, 0.0, 0.0), (0.0, 2.0, 14.0), None])
def test_permits_are_used_where_cuts_are_dear_whoever_was_given_them(given):
    """None: all permits are in the commons, and the auctioneer sells them for 8 times 16."""
    scenario = load(SCENARIOS / "permits.toml")
    economy = build(scenario)
    owned = np.zeros((3, 1)) if given is None else np.array(given)[:, None]
    economy = replace(economy, endowment=owned, commons=np.array([16.0 if given is None else 0.0]))
    found = play(scenario.mechanism("permits traded"), economy)
    assert found.prices[0] == pytest.approx(8.0, rel=1e-8)
    assert 10.0 - found.consumption[:, 0] == pytest.approx([8.0, 4.0, 2.0], abs=1e-6)
    assert cost_of_cuts(found) == pytest.approx(56.0, abs=1e-6)
    assert found.revenue == pytest.approx(128.0 if given is None else 0.0, abs=1e-6)
    assert market.alignment(found).efficient_with_transfers


def test_equal_cuts_cost_more():
    scenario = load(SCENARIOS / "permits.toml")
    found = market.MarketModel(scenario, "equal cuts").run()
    assert cost_of_cuts(found) == pytest.approx(76.222222, abs=1e-6)
    assert market.alignment(found).surplus_gap == pytest.approx(76.222222 - 56.0, abs=1e-6)
