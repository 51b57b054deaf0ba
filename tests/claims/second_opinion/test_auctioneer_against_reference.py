"""The auctioneer's outcomes agree with a solver that is independent of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import economy, references
from helpers.published_economies import kehoe
from helpers.strategies import SOAK, economies, well_behaved
from hypothesis import given, settings
from hypothesis import strategies as st

from market.economy.primitives import Money
from market.equilibrium import against_reference, check, find_reference
from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import RULES, ArrowDebreu, Tatonnement
from market.outcome import Status

PRICES = Auction("prices", Tatonnement())
REFERENCES = references()


@pytest.mark.parametrize("name", REFERENCES)
def test_they_agree_on_the_reference_economies(name):
    checked = check(play(PRICES, REFERENCES[name].economy))
    assert checked.agrees is True
    assert max(checked.price_difference, checked.consumption_difference) <= 1e-7
    assert checked.residual <= 1e-12
    assert len(checked.sentences) == 1


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule is not ArrowDebreu and "quasilinear" in rule.economies]
)
def test_they_agree_under_every_price_rule_that_settles(rule):
    known = REFERENCES["commons, three goods"]
    checked = check(play(Auction("prices", rule()), known.economy))
    assert checked.agrees is True


@settings(max_examples=30 * SOAK)
@given(economies())
def test_they_agree_on_random_economies(primitives):
    outcome = play(PRICES, primitives)
    found = find_reference(primitives)
    assert found.found, found.reason
    assert outcome.status is Status.CLEARED, outcome.reason
    prices, consumption = against_reference.measure_differences(outcome, found)
    assert max(prices, consumption) <= 1e-6


def without_subsistence(family, money):
    """Exclude families with subsistence: below it demand jumps to zero, and there may be no equilibrium."""
    return well_behaved(family, money) and family.name != "stone_geary"


@settings(max_examples=40 * SOAK)
@given(economies(money=Money.QUASILINEAR, max_agents=4, families=without_subsistence), st.data())
def test_they_agree_where_some_can_only_spend_what_they_have(primitives, data):
    caps = data.draw(
        st.lists(st.floats(0.05, 5.0), min_size=len(primitives.agents), max_size=len(primitives.agents))
    )
    capped = dataclasses.replace(primitives, budget=np.array(caps))
    outcome = play(PRICES, capped)
    found = find_reference(capped)
    assert found.found, found.reason
    if outcome.status is Status.CLEARED:
        prices, consumption = against_reference.measure_differences(outcome, found)
        assert max(prices, consumption) <= 1e-6


# --- several equilibria, contradictions, and undecided cases --------------------------------------


def test_check_accepts_any_of_several_equilibria_and_reports_their_number():
    for first in (0.2, 5.0):
        outcome = play(Auction("prices", Tatonnement(), initial_prices={"good0": first}), kehoe())
        assert outcome.status is Status.CLEARED
        checked = check(outcome)
        assert checked.agrees is True
        assert checked.equilibria == 3
        assert "one of 3 found" in checked.sentences[-1]
        np.testing.assert_allclose(checked.prices, outcome.prices, rtol=1e-6)


def cleared(primitives, prices):
    """Return an outcome that claims to clear at these prices, with the demand at them."""
    outcome = play(PRICES, primitives)
    p = primitives.normalise(np.array(prices))
    x = primitives.answers(p).demand.lowest
    return dataclasses.replace(outcome, prices=p, consumption=x, disequilibrium=0.0)


@pytest.mark.parametrize("off", [1e-5, 0.1, -0.5])
def test_wrong_prices_that_claim_to_clear_are_contradicted(off):
    known = REFERENCES["commons of two"]
    checked = check(cleared(known.economy, [0.2 * (1.0 + off)]))
    assert checked.agrees is False
    assert "CONTRADICTED" in checked.sentences[0]
    assert checked.price_difference == pytest.approx(abs(off) / (1.0 + max(off, 0.0)), rel=1e-6)


def test_prices_that_are_none_of_several_equilibria_are_contradicted():
    checked = check(cleared(kehoe(), [0.3, 0.7]))
    assert checked.agrees is False
    assert checked.equilibria == 3


def test_prices_of_groups_that_do_not_trade_are_another_equilibrium_and_no_contradiction():
    apart = economy("exchange", cobb_douglas=np.eye(2), endowment=np.eye(2))
    checked = check(cleared(apart, [0.9, 0.1]))
    assert checked.agrees is None
    assert "Quantities agree" in checked.sentences[0]
    assert "continuum" in checked.sentences[-1]


def test_check_of_a_market_that_did_not_clear_is_undecided():
    known = REFERENCES["exchange of two"]
    checked = check(play(Auction("prices", Tatonnement(), max_rounds=2), known.economy))
    assert checked.agrees is None
    assert checked.price_difference > 1e-3
    assert "did not clear" in checked.sentences[0]


def test_a_loose_tolerance_is_neither_agreement_nor_contradiction():
    known = REFERENCES["exchange of two"]
    checked = check(play(Auction("prices", Tatonnement(), tolerance=1e-3), known.economy))
    assert checked.agrees is None
    assert "within their tolerance" in checked.sentences[0]


def test_check_without_an_equilibrium_reports_the_reason():
    barter = economy("exchange", cobb_douglas=[[1.0, 1.0], [0.0, 1.0]], endowment=np.eye(2))
    checked = check(play(Auction("prices", Tatonnement(), max_rounds=50), barter))
    assert checked.agrees is checked.prices is checked.price_difference is None
    assert "never spent on it again" in checked.sentences[0]
    assert checked.equilibria == 0
