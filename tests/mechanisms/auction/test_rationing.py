"""Rationing at prices that do not clear: trades are feasible, and no agent spends what it did not earn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import LINEAR, economy, with_utility
from helpers.strategies import SOAK, economies
from helpers.technologies import activity, wants
from helpers.technologies import economy as technologies
from hypothesis import given, settings
from hypothesis import strategies as st

from market.economy.primitives import Money
from market.mechanisms.auction.rationing import ration, settle
from market.mechanisms.base import play
from market.scenario.building import build
from market.scenario.loading import loads


def test_a_seller_that_finds_no_buyers_cannot_spend_what_it_did_not_earn():
    """Agent 0 owns 10 of good 0, for which there is a single buyer, with little; it wants only good 1."""
    primitives = economy(
        "exchange",
        cobb_douglas=[[0.0, 1.0], [0.1, 0.9]],
        endowment=[[10.0, 0.0], [0.0, 10.0]],
    )
    p = np.array([1.0, 1.0])
    x, _ = settle(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(x, [[9.0, 1.0], [1.0, 9.0]])  # one unit of each changes hands


def test_unsold_commons_bring_no_income():
    """Half of the commons of good 0 finds no buyer at its price, so less of good 1 can be paid for."""
    primitives = economy(
        "exchange",
        log1p=[[1.0, 3.0], [3.0, 1.0]],
        commons=[10.0, 0.0],
        endowment=[[0.0, 4.0], [0.0, 4.0]],
    )
    p = np.array([0.8, 0.2])
    x, y = settle(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(primitives.payments(p, x, y), 0.0, atol=1e-9)
    assert (x.sum(axis=0) <= primitives.resources * (1 + 1e-12)).all()


def test_unbounded_demand_shares_the_supply():
    """Both want any amount of a good below its worth; the first owns some and none has a budget."""
    primitives = with_utility(
        "quasilinear", LINEAR, {"weights": [[2.0], [3.0]]}, commons=[1.0], endowment=[[1.0], [0.0]]
    )
    p = np.array([1.0])
    assert np.isinf(primitives.answers(p).demand.lowest).all()
    x, _ = settle(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(x[:, 0], [1.5, 0.5])


def test_a_budget_is_not_exceeded_where_outputs_find_no_buyer():
    """Agent 1 sells what it makes, and may pay 1 beyond what that earns."""
    primitives = economy(
        "quasilinear",
        log=[[0.1, 0.0], [0.0, 5.0]],
        commons=[0.0, 10.0],
        endowment=[[0.0, 0.0], [2.0, 0.0]],
        budget=[np.inf, 1.0],
    )
    p = np.array([1.0, 1.0])
    x, y = settle(primitives, primitives.answers(p), p)
    np.testing.assert_allclose(x, [[0.1, 0.0], [1.9, 1.1]])  # 0.1 is sold and 1.1 spent
    np.testing.assert_allclose(primitives.payments(p, x, y)[1], 1.0)


@pytest.mark.parametrize("money", [Money.EXCHANGE, Money.FISHER])
@settings(max_examples=25 * SOAK)
@given(data=st.data())
def test_no_agent_spends_more_than_it_earned(money, data):
    primitives = data.draw(economies(money=money))
    prices = data.draw(st.lists(st.floats(0.05, 20.0), min_size=4, max_size=4))
    p = primitives.normalise(np.array(prices[: len(primitives.goods)]))
    answers = primitives.answers(p)
    x, y = ration(
        primitives,
        answers.demand.lowest,
        np.where(answers.supply.lowest < 1e300, answers.supply.lowest, 0.0),
        p,
    )
    size = (x + primitives.endowment) @ p
    if money is Money.EXCHANGE:
        assert (np.abs(primitives.payments(p, x, y)) <= 1e-9 * size.max()).all()
    else:
        spent = np.maximum(x - primitives.endowment, 0.0) @ p
        assert (spent <= primitives.budget * (1 + 1e-9)).all()
    assert (x >= -1e-12 * size.max() / p.min()).all()
    assert (x.sum(axis=0) <= (primitives.resources + y.sum(axis=0)) * (1 + 1e-9)).all()


ROOT = "scale = 2.16955, exponent = 0.5"


def test_losses_by_rounding_are_no_spending():
    """Nothing exists, and at the prices of a round an activity loses 1e-16: there are no purchases to cut."""
    agents = [
        ("one", wants(g1=0.232491)),
        ("two", f"technology = {{ family = 'power', output = 'g0', input = 'g1', {ROOT} }}"),
        ("three", activity(g1=0.670343, g0=-0.36959)),
    ]
    scenario = loads(technologies(["g0", "g1"], *agents))
    prices = replace(scenario.mechanism("prices"), max_rounds=1000)
    assert not play(prices, build(scenario)).consumption.any()
