"""Harm by the output of others: values, slopes and external costs against sums over pairs of agents."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.smoky import BUYER, MILL, SMOKE, smoky, victim

from market.economy.coalitions import coalition, types
from market.economy.harm import Harm
from market.scenario.building import build
from market.scenario.loading import loads

RNG = np.random.default_rng(3)
AGENTS, GOODS = 5, 3
HARM = Harm(RNG.uniform(-1, 2, (AGENTS, GOODS)), RNG.uniform(0, 1, (AGENTS, GOODS)))
MADE, WEIGHTS = RNG.uniform(0, 4, (AGENTS, GOODS)), RNG.uniform(0, 1, AGENTS)


def test_harm_to_an_agent_is_by_the_output_of_all_others():
    for i in range(AGENTS):
        others = sum(MADE[j] for j in range(AGENTS) if j != i)
        lost = float((HARM.rate[i] * others + HARM.slope[i] * others**2 / 2).sum())
        assert HARM.by_agent(MADE)[i] == pytest.approx(lost, rel=1e-12)


def test_external_cost_of_a_producer_is_the_change_of_weighted_harm_by_its_output():
    step = 1e-6
    for j in range(AGENTS):
        for g in range(GOODS):
            more = MADE.copy()
            more[j, g] += step
            change = float(WEIGHTS @ (HARM.by_agent(more) - HARM.by_agent(MADE))) / step
            assert HARM.external(MADE, WEIGHTS)[j, g] == pytest.approx(change, abs=1e-5)


def test_external_cost_changes_with_the_output_of_another_as_stated():
    rows, step = np.array([0, 2, 3]), 1e-6
    for good in range(GOODS):
        found = HARM.change(WEIGHTS, good, rows)
        for b, k in enumerate(rows):
            more = MADE.copy()
            more[k, good] += step
            change = (HARM.external(more, WEIGHTS) - HARM.external(MADE, WEIGHTS))[rows, good] / step
            assert found[:, b] == pytest.approx(change, abs=1e-5)


def test_own_output_does_not_harm_oneself():
    economy = build(loads(smoky(BUYER, MILL + "harm = { steel = 3.0 }\n")))
    made = np.array([[0.0], [7.0]])
    assert economy.harm_done(made).tolist() == [0.0, 0.0]
    assert economy.harm.external(made, np.ones(2)).tolist() == [[3.0], [0.0]]


def test_welfare_is_less_harm_and_own_welfare_is_not():
    economy = build(loads(SMOKE))
    x, y = np.array([[10.0], [0.0], [0.0]]), np.array([[0.0], [10.0], [0.0]])
    assert economy.welfare(x, y).tolist() == [70.0, -20.0, -30.0]
    assert economy.own_welfare(x, y).tolist() == [70.0, -20.0, 0.0]
    assert economy.without_harm.welfare(x, y).tolist() == [70.0, -20.0, 0.0]
    assert economy.weighted_marginal_cost(y, np.array([1.0, 1.0, 0.5])).tolist()[1] == [3.5]


def test_a_part_of_an_economy_has_no_harm_which_depends_on_all_output():
    assert build(loads(SMOKE)).part(0, 3).harm is None


def test_harm_of_a_group_may_be_drawn_for_each_agent():
    drawn = victim('{ steel = { rate = { dist = "uniform", low = 1, high = 2 } } }', more="count = 4")
    economy = build(loads(smoky(BUYER, MILL, drawn)))
    rates = economy.harm.rate[2:, 0]
    assert len(set(rates.tolist())) == 4
    assert ((rates >= 1) & (rates <= 2)).all()
    assert economy.harmed.tolist() == [False, False, True, True, True, True]
    both = '{ steel = { slope = 1.0, rate = { dist = "uniform", low = 1, high = 2 } } }'
    other = victim(both, more="count = 4")
    again = build(loads(smoky(BUYER, MILL, victim("{ steel = 1.0 }", "first"), other)))
    assert (again.harm.rate[3:, 0] == rates).all()  # neither another key nor another group moves a draw


def test_a_coalition_suffers_what_its_members_do_to_each_other():
    economy = build(loads(smoky(BUYER, MILL, victim("{ steel = 3.0 }"), victim("{ steel = 1.0 }", "other"))))
    some = coalition(economy, np.array([1, 3]))
    assert some.harm_done(np.array([[2.0], [0.0]])).tolist() == [0.0, 2.0]
    assert types(economy).tolist() == [0, 1, 2, 3]
