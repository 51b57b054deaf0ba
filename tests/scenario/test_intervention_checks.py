"""Bad taxes, caps, floors and quotas: one readable message each, with its field and line."""

import pytest
from helpers.taxed_markets import edgeworth, one_each

import market
from market.errors import ScenarioError


def refused(text: str) -> list:
    with pytest.raises(ScenarioError) as caught:
        market.loads(text)
    return caught.value.faults


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ("price_cap.bread = -1", "price_cap.bread", "-1 is too small; it must be > 0"),
        ("price_cap.bread = 0.0", "price_cap.bread", "0 is too small; it must be > 0"),
        ("price_floor.bread = -0.5", "price_floor.bread", "-0.5 is too small; it must be >= 0"),
        ("price_cap.bread = 5\nprice_floor.bread = 9", "price_floor.bread", "9 is above the price_cap of 5"),
        ("quota.bread = -4", "quota.bread", "-4 is too small; it must be >= 0"),
        ("tax.bred = 2", "tax.bred", "Did you mean 'bread'?"),
        ("tax_rate.bread = -1.0", "tax_rate.bread", "it must be > -1"),
        (
            'tax.bread = 2\ntaxed = ["abrod"]',
            "taxed[0]",
            "no agent or group of that name; one of: buyer, seller",
        ),
        ('tax.bread = 2\ntaxed = ["buyer"]', "taxed[0]", "'buyer' owns and makes nothing that it could sell"),
        ('taxed = ["seller"]', "taxed", "there is none; write tax or tax_rate"),
        ("tax.bread = 2\nrevenue_to.seller = 1.0", "revenue_to", 'only under economy = "exchange"'),
        ('tax.bread = 2\ntax_base = "trade"', "tax_base", 'only under economy = "exchange"'),
        ('price_cap.bread = 5\nrationing = "first"', "rationing", "efficient"),
    ],
)
def test_interventions_with_money_are_refused(options, field, words):
    (fault,) = refused(one_each(options))
    assert fault.field == f"mechanisms[0].{field}"
    assert fault.line >= 11
    assert words in fault.message


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ("tax_rate.bread = 0.1\nrevenue_to.farmer = 0.8", "revenue_to", "the shares sum to 0.8"),
        (
            "tax_rate.bread = 0.1\nrevenue_to = { farmer = 0.5, baker = 0.5 }",
            "revenue_to.baker",
            "no agent or group",
        ),
        ("price_cap.bread = 0.3", "price_cap", "it needs money"),
        ("quota.bread = 3", "quota", "it needs money"),
    ],
)
def test_interventions_under_exchange_are_refused(options, field, words):
    (fault,) = refused(edgeworth(options))
    assert fault.field == f"mechanisms[0].{field}"
    assert words in fault.message


def test_tax_in_money_needs_a_unit_under_exchange():
    (fault,) = refused(edgeworth("tax.bread = 0.1").replace('numeraire = "wine"\n', ""))
    assert "write numeraire = ..., or tax_rate" in fault.message


def test_other_mechanisms_have_no_taxes():
    (fault,) = refused(
        one_each("").replace('kind = "auctioneer"\ntolerance = 1e-12', 'kind = "planner"\ntax.bread = 1')
    )
    assert "no such key" in fault.message


def test_rules_that_know_bids_are_refused():
    found = refused(one_each('rule = "proportional_response"\ntax.bread = 1'))
    assert any("with interventions" in fault.message or "is for economy" in fault.message for fault in found)


def test_linear_utilities_have_no_quota():
    text = (
        one_each("quota.bread = 4")
        .replace("quadratic", "linear", 1)
        .replace(", slope = { bread = 1.0 }", "", 1)
    )
    with pytest.raises(market.errors.InputError, match="a quota needs agents with one best bundle"):
        market.MarketModel(market.loads(text))
