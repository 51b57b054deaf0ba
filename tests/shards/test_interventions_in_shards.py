"""Taxes, caps, floors and quotas in shards: totals and prices are those of one process."""

import pytest
from helpers.taxed_markets import buyer, constant_cost, log_buyer, seller, text

import market
from market.errors import InputError
from market.results.verify import verify
from market.shards import Here, play_in_shards
from market.shards.folder import run_in_shards

MANY = f"{buyer(count=7)}, {seller(count=4)}, {seller(1, 0.5, 'abroad')}"


@pytest.mark.parametrize(
    "options",
    [
        "tax.bread = 1",
        'tax.bread = 1\ntaxed = ["abroad"]',
        "price_cap.bread = 6",
        "price_floor.bread = 9",
        "quota.bread = 10",
    ],
)
def test_shards_change_totals_alone(options, tmp_path):
    scenario = market.loads(text(MANY, options))
    whole = market.MarketModel(scenario).run()
    shared, folder = run_in_shards(scenario, Here(), 3, tmp_path)
    outcome = shared.outcomes["taxed"]
    assert outcome.status is whole.status
    assert outcome.prices == pytest.approx(whole.prices)
    for name in ("buyer_prices", "taxed_prices", "traded", "unserved", "tax_revenue", "quota_rent"):
        own, other = (getattr(each.intervention, name) for each in (outcome, whole))
        assert own == pytest.approx(other, abs=1e-9), name
    assert outcome.intervention.binding == whole.intervention.binding
    assert outcome.payments == pytest.approx(whole.payments)
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if claim.holds is False]


def test_what_needs_all_agents_at_once_is_refused():
    cap = 'price_cap.bread = 6\nrationing = "random"'
    with pytest.raises(InputError, match="random rationing serves all agents in one order"):
        play_in_shards(market.loads(text(MANY, cap)), Here(), 2)
    owners = log_buyer(count=3).replace("utility", "endowment = { bread = 1 }, utility")
    with pytest.raises(InputError, match="a quota counts purchases"):
        play_in_shards(market.loads(text(owners, "quota.bread = 1")), Here(), 2)


def test_ties_of_constant_costs_stay_refused():
    with pytest.raises(InputError, match="constant worth or cost"):
        play_in_shards(
            market.loads(text(f"{log_buyer(count=3)}, {constant_cost()}", "tax.bread = 1")), Here(), 2
        )
