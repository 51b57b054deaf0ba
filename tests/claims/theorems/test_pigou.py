"""Pigou: a tax of the harm that one more unit does at the optimum leads a market to the planner's optimum.

At a tax t buyers see p + t and the producers' first-order conditions are `dC_j/dy_j = p` where they make
some. The planner's are `du_i/dx_i = q`, `dC_j/dy_j + h_j = q` with h_j the harm to others at the optimum.
Where no victim makes the good, h_j is one number h for all producers, and p = q - h, t = h solve the
market's. The tax is to be taken at the optimum and not at the outcome of the market: harm Y^2/2 with demand
12 - Q and a cost of 2 has the optimum 5 and the tax D'(5) = 5; a tax of D'(10) = 10 leads to Q = 0.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.smoky import BUYER, MILL, RISING, SMOKE, smoky, victim
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.efficiency.surplus import surplus
from market.mechanisms import Planner, play
from market.scenario.building import build
from market.scenario.loading import loads


def at_tax(text, tax, good="steel"):
    taxed = f'\n[[mechanisms]]\nname = "tax"\nkind = "auctioneer"\ntax = {{ {good} = {float(tax)!r} }}\n'
    return market.MarketModel(loads(text[: text.index("[[mechanisms]]")] + taxed), "tax").run()


def test_a_tax_of_the_harm_restores_the_optimum():
    outcome = at_tax(SMOKE, 3.0)
    split, report = surplus(outcome), market.alignment(outcome)
    assert outcome.prices[0] == pytest.approx(2.0)
    assert outcome.intervention.buyer_prices[0] == pytest.approx(5.0)
    assert outcome.production.sum() == pytest.approx(7.0, abs=1e-9)
    assert split.transfers == pytest.approx(21.0, abs=1e-8)
    assert split.total == pytest.approx(24.5, abs=1e-9)
    assert report.efficient_with_transfers
    assert report.surplus_gap == pytest.approx(0.0, abs=1e-9)
    assert outcome.payoffs == pytest.approx([24.5, 0.0, -21.0])


def test_a_ban_loses_all_of_the_surplus():
    text = SMOKE.replace('kind = "auctioneer"', 'kind = "auctioneer"\nquota = { steel = 0.0 }')
    outcome = market.MarketModel(loads(text), "market").run()
    assert outcome.production.sum() == 0.0
    assert market.alignment(outcome).surplus_gap == pytest.approx(24.5, abs=1e-9)


@pytest.mark.parametrize(("tax", "made", "lost"), [(5.0, 5.0, 0.0), (10.0, 0.0, 25.0), (0.0, 10.0, 25.0)])
def test_the_tax_on_rising_harm_is_that_at_the_optimum(tax, made, lost):
    outcome = at_tax(RISING, tax)
    assert outcome.production.sum() == pytest.approx(made, abs=1e-8)
    assert market.alignment(outcome).surplus_gap == pytest.approx(lost, abs=1e-8)


def test_a_subsidy_of_the_benefit_restores_the_optimum():
    outcome = at_tax(smoky(BUYER, MILL, victim("{ steel = -1.0 }")), -1.0)
    assert outcome.production.sum() == pytest.approx(11.0, abs=1e-8)
    assert market.alignment(outcome).efficient_with_transfers


def _number(low, high):
    return st.floats(low, high).map(lambda value: round(value, 3))


@st.composite
def harmful_markets(draw):
    """Buyers with linear demand, producers with rising costs, victims with convex harm that make none."""
    agents = []
    for k in range(draw(st.integers(1, 3))):
        a, slope = draw(_number(6.0, 15.0)), draw(_number(0.3, 3.0))
        harm = draw(st.sampled_from(["", "harm = { steel = 0.2 }\n"]))
        agents.append(
            f'\n[[agents]]\nname = "buyer{k}"\nutility = {{ family = "quadratic", '
            f"weights = {{ steel = {a} }}, slope = {{ steel = {slope} }} }}\n{harm}"
        )
    for k in range(draw(st.integers(1, 3))):
        c, slope = draw(_number(0.5, 5.0)), draw(_number(0.2, 3.0))
        agents.append(
            f'\n[[agents]]\nname = "mill{k}"\ncost = {{ family = "quadratic", unit_cost = {{ steel = {c} }}, '
            f"slope = {{ steel = {slope} }} }}\n"
        )
    for k in range(draw(st.integers(1, 2))):
        rate, slope = draw(_number(-0.4, 3.0)), draw(_number(0.0, 2.0))
        agents.append(victim(f"{{ steel = {{ rate = {rate}, slope = {slope} }} }}", f"resident{k}"))
    return smoky(*agents)


@settings(max_examples=25)
@given(harmful_markets())
def test_a_tax_at_the_marginal_harm_of_the_optimum_reaches_the_optimum(text):
    economy = build(loads(text))
    best = play(Planner("planner"), economy)
    assert best.status is market.Status.OPTIMAL
    harm = economy.harm.external(best.production, np.ones(len(economy.agents)))
    rates = harm[economy.capacity[:, 0] > 0, 0]
    assert np.ptp(rates) <= 1e-9
    outcome = at_tax(text, rates[0])
    size = float(economy.utility_scale.sum())
    assert outcome.production == pytest.approx(best.production, abs=1e-5)
    assert outcome.utilities.sum() == pytest.approx(best.utilities.sum(), abs=1e-9 * size)
    assert market.alignment(outcome).efficient_with_transfers is not False


def test_a_producer_that_is_a_victim_should_pay_less_than_one_that_is_not():
    """Own output does not harm oneself: no one tax is right where a mill is harmed by the others' smoke."""
    mill = '\n[[agents]]\nname = "mill"\ncost = { family = "quadratic", unit_cost = { steel = 0.0 }, slope = { steel = 1.0 } }\n'  # noqa: E501
    text = smoky(BUYER, mill + "harm = { steel = 1.0 }\n", mill.replace('"mill"', '"other"'))
    best = play(Planner("planner"), build(loads(text)))
    harm = best.economy.harm.external(best.production, np.ones(3))[1:, 0]
    assert harm.tolist() == [0.0, 1.0]
    gaps = [market.alignment(at_tax(text, tax)).surplus_gap for tax in (0.0, 0.5, 1.0)]
    assert min(gaps) > 0.01
