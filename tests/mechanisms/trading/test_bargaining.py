"""Bargaining with money: the allocation is the best whoever has the right, payoffs are not.

A mill gains 12 z - z^2/2 by z, a resident loses z^2/2: z = 6, surplus 72 - 36 = 36. Without an agreement the
mill with the right takes z = 12, payoffs (72, -72), and gains 36 are shared: (90, -54). With the resident's
right z = 0, payoffs (0, 0): (18, 18).
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.smoky import BUYER, COASE, MILL, SMOKE, smoky, victim

import market
from market.errors import InputError
from market.mechanisms import play
from market.mechanisms.trading.bargaining import Bargaining, without_harmful_goods
from market.scenario.building import build
from market.scenario.loading import loads


def bargained(text, rights="producers", **options):
    economy = build(loads(text))
    return play(Bargaining("talks", rights=rights, **options), economy)


@pytest.mark.parametrize(("rights", "payoffs"), [("producers", [90.0, -54.0]), ("victims", [18.0, 18.0])])
def test_rights_decide_who_pays_and_not_what_is_done(rights, payoffs):
    found = bargained(COASE, rights)
    assert found.status is market.Status.SETTLED
    assert found.production.sum() == pytest.approx(6.0, abs=1e-9)
    assert found.evidence["gain"] == pytest.approx(36.0, abs=1e-9)
    assert found.payoffs == pytest.approx(payoffs, abs=1e-9)
    assert found.payments == pytest.approx(found.utilities - found.payoffs)
    assert found.payments.sum() == pytest.approx(found.revenue, abs=1e-9)
    assert market.alignment(found).efficient_with_transfers


def test_power_shares_the_gain():
    found = bargained(COASE, power={"mill": 3.0})
    assert found.payoffs == pytest.approx([72.0 + 27.0, -72.0 + 9.0])
    alone = bargained(COASE, power={"mill": 0.0})
    assert alone.payoffs == pytest.approx([72.0, -72.0 + 36.0])


def test_all_agents_of_a_market_share_its_gain():
    """Without agreement (50, 0, -30) with 10 units; 4.5 is gained, 1.5 each."""
    found = bargained(SMOKE)
    assert found.payoffs == pytest.approx([51.5, 1.5, -28.5])
    assert found.actions.sum() == pytest.approx(10.0)
    banned = bargained(SMOKE, "victims")
    assert banned.payoffs == pytest.approx([24.5 / 3] * 3)
    assert banned.actions.sum() == 0.0


def test_without_harm_there_is_nothing_to_gain_over_a_market():
    found = bargained(smoky(BUYER, MILL))
    assert found.evidence["gain"] == 0.0
    assert found.payoffs == pytest.approx([50.0, 0.0])


def test_the_revenue_of_the_commons_stays_with_the_auctioneer():
    """Demand 12 - Q, 4 units in common: without agreement Q = 10 at 2, revenue 8; it is the same with one."""
    text = SMOKE.replace('goods = ["steel"]', 'goods = ["steel"]\ncommons = { steel = 4.0 }')
    found = bargained(text)
    assert found.revenue == pytest.approx(8.0)
    assert found.payments.sum() == pytest.approx(8.0)
    assert found.production.sum() == pytest.approx(3.0)
    gain = float(found.utilities.sum()) - 8.0 - float((found.payoffs - found.evidence["gain"] / 3).sum())
    assert gain == pytest.approx(found.evidence["gain"])


def test_each_round_shows_what_would_happen_then():
    model = market.MarketModel(loads(COASE), "producers")
    model.step()
    assert model.outcome().payoffs == pytest.approx([72.0, -72.0])
    model.step()
    assert model.outcome().payoffs == pytest.approx([90.0, -54.0])
    assert not model.running


def test_an_agent_at_minus_infinity_without_an_agreement_has_no_solution():
    text = smoky(
        '\n[[agents]]\nname = "buyer"\nutility = { family = "log", weights = { steel = 1.0 } }\n',
        MILL,
        victim("{ steel = 3.0 }"),
    )
    found = bargained(text, "victims")
    assert found.status is market.Status.FAILED
    assert "Markets without an agreement were not found" in found.reason
    assert bargained(text).status is market.Status.SETTLED


def test_harmful_goods_are_those_that_harm_another_agent():
    """A mill harmed by its own kind of good may not stop itself, but another one."""
    mine = MILL + "harm = { steel = 1.0 }\n"
    alone = without_harmful_goods(build(loads(smoky(BUYER, mine))))
    assert np.isinf(alone.capacity[1, 0])
    two = without_harmful_goods(build(loads(smoky(BUYER, mine, MILL.replace('"mill"', '"other"')))))
    assert np.isinf(two.capacity[1, 0])
    assert two.capacity[2, 0] == 0.0


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            SMOKE.replace("[[mechanisms]]", "", 0),
            {"power": dict.fromkeys(("buyer", "mill", "resident"), 0.0)},
            "power",
        ),
        (smoky(BUYER + "budget = 5.0\n", MILL, victim("{ steel = 3.0 }")), {}, "leave out budget"),
        (
            smoky(BUYER + "budget = 5.0\n", MILL, victim("{ steel = 3.0 }"), money="fisher"),
            {},
            'economy = "quasilinear", not fisher',
        ),
    ],
)
def test_an_economy_without_free_money_is_refused_with_the_reason(text, options, message):
    with pytest.raises(InputError, match=message):
        bargained(text, **options)
