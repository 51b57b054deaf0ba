"""Goods turned into goods: the auctioneer, who passes costs on, against roots in prices and levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.technologies import CHAIN, activity, economy, wants

import market
from market.equilibrium import against_reference, check, find_reference

ROOT = Path(__file__).parents[3]


def outcome_of(text, *overrides):
    return market.MarketModel(market.loads(text, overrides=overrides), "prices").run()


def test_a_chain_of_products_costs_what_its_labour_costs():
    """A loaf takes 2 + 1 + 1 hours; 12 hours make 3 loaves."""
    found = find_reference(market.build(market.loads(CHAIN)))
    np.testing.assert_allclose(found.prices, [1.0, 2.0, 3.0, 4.0], rtol=1e-12)
    np.testing.assert_allclose(found.consumption[0], [0.0, 0.0, 0.0, 3.0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.production.sum(axis=0), [-12.0, 0.0, 0.0, 3.0], atol=1e-10)
    assert found.residual <= 1e-12


@pytest.mark.parametrize("bread", [1.0, 10.0])
def test_an_activity_is_used_only_if_it_pays(bread):
    """Half the income on bread, half on leisure; 10 hours owned; a loaf can be made in 2 hours.

    Without production a loaf is worth 10 / bread hours. With 10 loaves that is 1 < 2: nothing is baked. With
    one it would be 10 > 2: so p = 2, income is 2 + 10, 3 loaves are wanted and 2 are baked in 4 hours.
    """
    text = economy(
        ["bread", "labour"],
        ("household", f"endowment = {{ bread = {bread}, labour = 10.0 }}\n" + wants(bread=0.5, labour=0.5)),
        ("bakery", activity(bread=1.0, labour=-2.0)),
        numeraire="labour",
    )
    found = find_reference(market.build(market.loads(text)))
    baked = 2.0 if bread == 1.0 else 0.0
    np.testing.assert_allclose(found.prices, [2.0 if baked else 1.0, 1.0], rtol=1e-12)
    np.testing.assert_allclose(found.production[1], [baked, -2.0 * baked], rtol=1e-12, atol=1e-12)
    assert check(outcome_of(text)).agrees is True


@pytest.mark.parametrize("capital", [5.0, 25.0, 400.0])
def test_they_agree_on_an_economy_calibrated_from_its_accounts(capital):
    scenario = market.load(
        ROOT / "scenarios" / "two_by_two.toml", [f"agents.household.endowment.capital={capital}"]
    )
    outcome = market.MarketModel(scenario, "prices").run()
    checked = check(outcome)
    assert checked.agrees is True
    assert checked.residual <= 1e-12
    ratio = 25.0 / capital  # capital and labour earn one half each
    np.testing.assert_allclose(checked.prices[2:], [ratio, 1.0], rtol=1e-10)


def test_check_reports_several_equilibria_with_production():
    """Kehoe's two of 1991, but who wants apples wants them copied, which costs one apple each."""
    crra = 'utility = {{ family = "crra", weights = {{ copies = {}, pears = {} }}, risk_aversion = 5.0 }}'
    text = economy(
        ["apples", "pears", "copies"],
        ("apple farmer", "endowment = { apples = 12.0, pears = 1.0 }\n" + crra.format(1024.0, 1.0)),
        ("pear farmer", "endowment = { apples = 1.0, pears = 12.0 }\n" + crra.format(1.0, 1024.0)),
        ("copier", activity(copies=1.0, apples=-1.0)),
    )
    checked = check(outcome_of(text))
    assert (checked.agrees, checked.equilibria) == (True, 3)
    assert "one of 3 found" in checked.sentences[1]


@pytest.mark.parametrize("shares", ["{ labour = 0.6 }", "{ labour = 0.5, land = 0.2 }"])
def test_profits_of_decreasing_returns_reach_their_owners(shares):
    text = economy(
        ["bread", "labour", "land"],
        ("worker", "endowment = { labour = 8.0, land = 1.0 }\n" + wants(bread=0.7, labour=0.3)),
        ("owner", "endowment = { land = 3.0 }\n" + wants(bread=0.5, land=0.5)),
        (
            "bakery",
            f'technology = {{ family = "cobb_douglas", output = "bread", scale = 2.0, shares = {shares} }}\n'
            "owners = { owner = 1.0 }",
        ),
    )
    outcome = outcome_of(text)
    assert outcome.status is market.Status.CLEARED
    found = find_reference(outcome.economy)
    assert found.found
    prices, consumption = against_reference.measure_differences(outcome, found)
    assert max(prices, consumption) <= 1e-6
