"""Taxes, bounds and rationing are recomputed from the primitives, and forged ones are refused.

Each forgery is made consistent where its author could: checksums are right, and both files agree.
"""

import numpy as np
import pandas as pd
import pytest
from helpers.tampering import Tamper, refused
from helpers.taxed_markets import (
    TWO_BUYERS,
    buyer,
    constant_cost,
    edgeworth,
    log_buyer,
    one_each,
    seller,
    text,
)

import market
from market.mechanisms.auction.interventions import outcome as outcome_module
from market.outcome import Status
from market.results.run_folder import write_run
from market.results.verify import verify


def ran(scenario, tmp_path):
    return write_run(market.compare(market.loads(scenario, name="taxed")), tmp_path)


@pytest.fixture
def forge(tmp_path):
    def forged(scenario):
        return Tamper(ran(scenario, tmp_path / "run"), tmp_path / "copy")

    return forged


OWNERS = ", ".join(
    buyer(name=name).replace(", utility", f", endowment = {{ bread = {owned} }}, utility")
    for name, owned in (("rich", 6), ("poor", 1), ("middle", 3.4))
)
HONEST = {
    "tax": one_each("tax.bread = 2"),
    "subsidy on a stock": text(log_buyer(count=2), "tax.bread = -0.1", "commons.bread = 10"),
    "tax above every value": one_each("tax.bread = 20"),
    "wasted stock": text(log_buyer(count=2), "tax.bread = 0.25", "commons.bread = 10"),
    "stock for all": text(
        log_buyer(count=2), "tax.bread = 0.1", 'commons.bread = 10\ncommons_shares = "equal"'
    ),
    "tariff": text(
        f"{buyer()}, {seller(name='home')}, {constant_cost(3, 'abroad')}", 'tax.bread = 2\ntaxed = ["abroad"]'
    ),
    "closed by a tariff": text(
        f"{buyer()}, {seller(name='home')}, {constant_cost(3, 'abroad')}", 'tax.bread = 6\ntaxed = ["abroad"]'
    ),
    "efficient cap": text(TWO_BUYERS, 'price_cap.bread = 4\nrationing = "efficient"'),
    "random cap": text(TWO_BUYERS, 'price_cap.bread = 4\nrationing = "random"', "seed = 3"),
    "efficient floor": text(
        f"{buyer()}, {seller(2)}, {seller(4, name='dear')}", 'price_floor.bread = 9\nrationing = "efficient"'
    ),
    "random floor": text(
        f"{buyer()}, {seller(2)}, {seller(4, name='dear')}", 'price_floor.bread = 9\nrationing = "random"'
    ),
    "cap below cost": text(f"{log_buyer()}, {constant_cost()}", "price_cap.bread = 1.5"),
    "owners": text(OWNERS, "tax.bread = 1"),
    "quota": one_each("quota.bread = 4\ntax.bread = 1"),
    "exchange": edgeworth("tax_rate.bread = 0.5\nrevenue_to.farmer = 1.0"),
    "no trade": edgeworth("tax_rate.bread = 60"),
    "consumption": edgeworth('tax_rate.bread = 1\ntax_base = "consumption"'),
    "fisher": text(
        f"{log_buyer().replace('utility', 'budget = 4, utility')}, {constant_cost()}", "tax.bread = 2",
        money="fisher",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_honest_runs_hold(name, tmp_path):
    checked = verify(ran(HONEST[name], tmp_path))
    assert checked.holds, refused(checked)


def test_a_side_that_no_bound_rations_must_have_what_it_wants(forge, monkeypatch):
    """At a cap of 4 the seller offers 2 and the buyer wants 8: a seller that makes 1 could gain, and no bound
    denies it that. The auction itself fails then, and a folder that says `rationed` is refused."""
    honest = outcome_module.traded

    def half(policy, chosen, settled):
        x, y = honest(policy, chosen, settled)
        return x / 2.0, y / 2.0

    scenario = one_each("price_cap.bread = 4")
    assert market.compare(market.loads(scenario)).outcomes["taxed"].status is Status.RATIONED
    monkeypatch.setattr(outcome_module, "traded", half)
    failed = market.compare(market.loads(scenario)).outcomes["taxed"]
    assert failed.status is Status.FAILED
    assert "that no cap or floor keeps from trading could gain" in failed.reason
    changed = forge(scenario)
    changed.mechanism("taxed")["status"] = "rationed"
    assert "taxed: rationed, within 1e-12" in refused(changed.verified())


def test_another_buyers_price_is_refused(forge):
    changed = forge(one_each("tax.bread = 2"))
    changed.mechanism("taxed")["intervention"]["buyer_prices"]["bread"] = 7.5
    assert "taxed: prices of buyers and sellers" in refused(changed.verified())


def test_more_tax_revenue_is_refused(forge):
    changed = forge(one_each("tax.bread = 2"))
    stated = changed.mechanism("taxed")
    stated["intervention"]["tax_revenue"] = 9.0
    found = refused(changed.verified())
    assert "taxed: tax revenue and rents" in found
    assert "taxed: revenue" in found


def test_untaxed_payments_are_refused(forge):
    """The buyer pays what the seller gets, as without the tax."""
    changed = forge(one_each("tax.bread = 2"))
    changed.everywhere("taxed", "buyer", "payments", "payment", 24.0)
    assert "taxed: payments" in refused(changed.verified())


def test_taxed_demand_is_recomputed(forge):
    """The prices of the free market, 7 and 9, with the quantities of the tax: demand at 9 is 3."""
    changed = forge(one_each("tax.bread = 2"))
    stated = changed.mechanism("taxed")
    stated["prices"]["bread"], stated["intervention"]["buyer_prices"]["bread"] = 7.0, 9.0
    stated["intervention"]["taxed_prices"]["bread"] = 7.0
    found = refused(changed.verified())
    assert {"taxed: disequilibrium", "taxed: cleared, within 1e-12"} <= found


def test_a_rationed_market_is_not_called_cleared(forge):
    changed = forge(one_each("price_cap.bread = 5"))
    changed.mechanism("taxed")["status"] = "cleared"
    assert "taxed: cleared, within 1e-12" in refused(changed.verified())


def test_a_cleared_market_is_not_called_rationed(forge):
    changed = forge(one_each("tax.bread = 2"))
    changed.mechanism("taxed")["status"] = "rationed"
    changed.mechanism("taxed")["intervention"]["binding"]["bread"] = "cap"
    found = refused(changed.verified())
    assert {"taxed: rationed, within 1e-12", "taxed: bounds that bind"} <= found


def test_another_order_of_rationing_is_refused(forge):
    """The seed serves the other buyer first; a record in which the keen one got all is another order."""
    changed = forge(text(TWO_BUYERS, 'price_cap.bread = 4\nrationing = "random"', "seed = 3"))
    for name, amount in (("keen", 4.0), ("other", 0.0)):
        changed.everywhere("taxed", name, "consumption", "consumption", amount, "bread")
    assert "taxed: the long side is served in order: random" in refused(changed.verified())


def test_unequal_shares_are_not_proportional(forge):
    changed = forge(text(TWO_BUYERS, "price_cap.bread = 4"))
    for name, amount in (("keen", 3.0), ("other", 1.0)):
        changed.everywhere("taxed", name, "consumption", "consumption", amount, "bread")
    assert "taxed: the long side is served in shares: proportional" in refused(changed.verified())


def test_incidence_on_the_other_side_is_refused(forge):
    changed = forge(text(f"{buyer(k=3)}, {seller()}", "tax.bread = 2"))
    changed.mechanism("taxed")["intervention"]["borne_by_buyers"]["bread"] = 0.25
    assert "taxed: prices without interventions, and incidence" in refused(changed.verified())


def test_a_smaller_loss_is_refused(forge):
    changed = forge(one_each("tax.bread = 2"))
    stated = changed.mechanism("taxed")
    stated["alignment"]["surplus_gap"] = stated["surplus"]["deadweight_loss"] = 0.5
    assert "taxed: surplus gap" in refused(changed.verified())


def test_missing_accounts_are_refused(forge):
    changed = forge(one_each("tax.bread = 2"))
    del changed.mechanism("taxed")["intervention"]
    assert "taxed: accounts of its interventions" in refused(changed.verified())


def test_rounds_have_what_buyers_paid(forge):
    changed = forge(one_each("tax.bread = 2"))
    path = changed.folder / "rounds.parquet"
    rounds = pd.read_parquet(path)
    rounds.loc[3, "buyer_price"] += 0.5
    rounds.to_parquet(path, index=False)
    assert "taxed: what buyers pay in each round" in refused(changed.verified())


def test_a_forged_payoff_of_the_auctioneer_is_refused(forge):
    """At a cap of 4 buyers want 6 more than there is: the auctioneer's payoff is -6."""
    changed = forge(one_each("price_cap.bread = 4"))
    assert changed.mechanism("taxed")["auctioneer_payoff"] == pytest.approx(-6.0)
    changed.mechanism("taxed")["auctioneer_payoff"] = -1.0
    assert "taxed: the auctioneer's payoff" in refused(changed.verified())


def test_accounts_of_interventions_that_are_none_are_refused(forge):
    """A market without taxes has no accounts of any."""
    changed = forge(one_each(""))
    stated = changed.mechanism("taxed")
    price = stated["prices"]["bread"]
    nothing = {"bread": 0.0}
    stated["intervention"] = {
        "buyer_prices": {"bread": price}, "taxed_prices": {"bread": price}, "rents": nothing,
        "traded": {"bread": 5.0}, "tax_revenue": 0.0, "returned": 0.0, "commons_revenue": 0.0,
        "quota_rent": 0.0, "binding": {"bread": ""}, "unserved": nothing, "free_prices": None,
        "borne_by_buyers": None,
    }  # fmt: skip
    assert "taxed: accounts of its interventions" in refused(changed.verified())


def test_harm_that_no_agent_suffers_is_refused(forge):
    """An economy without harm states none."""
    changed = forge(one_each(""))
    changed.mechanism("taxed")["surplus"]["harm"] = 0.0
    assert "taxed: harm to agents" in refused(changed.verified())


def test_a_tariff_that_ends_imports_has_no_incidence(tmp_path):
    """With 6 on imports at 3 the home market clears at 7: no taxed unit is sold, so none bears the tax."""
    levied = 'tax.bread = 6\ntaxed = ["abroad"]'
    scenario = text(f"{buyer()}, {seller(name='home')}, {constant_cost(3, 'abroad')}", levied)
    outcome = market.compare(market.loads(scenario)).outcomes["taxed"]
    assert outcome.prices[0] == pytest.approx(7.0)
    assert outcome.intervention.traded[0] == pytest.approx(5.0)
    assert outcome.intervention.taxed_sales[0] == 0.0
    assert np.isnan(outcome.intervention.borne_by_buyers[0])
    assert "Nothing taxed is traded of bread." in outcome.reason
