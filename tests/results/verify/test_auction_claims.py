"""Prices that do not clear are refused, and unbounded answers meet nothing."""

from helpers import stories
from helpers.tampering import refused

import market
from market.results.run_folder import write_run
from market.results.verify import verify

ENDLESS = """
schema = 1
economy = "quasilinear"
goods = ["tea"]
commons.tea = 1.0
[[agents]]
name = "drinker"
utility = { family = "leontief", weights = { tea = 2.0 } }
[[agents]]
name = "maker"
cost = { family = "linear", unit_cost = { tea = 0.1 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
initial_prices = { tea = 0.2 }
max_rounds = 1
"""


def test_an_unbounded_demand_does_not_meet_an_unbounded_supply(tmp_path):
    """Tea worth 0.5 to one and made for 0.1 by another, at 0.2: both would trade more than any amount."""
    checked = verify(write_run(market.compare(market.loads(ENDLESS, name="tea")), tmp_path))
    assert checked.holds, refused(checked)


def test_a_price_moved_by_a_millionth_is_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("prices")["prices"]["water"] *= 1 + 1e-6
    found = refused(changed.verified())
    assert {"prices: disequilibrium", "prices: payments", "prices: cleared, within 1e-09"} <= found


def test_a_price_moved_with_all_its_consequences_is_refused(tamper):
    changed = tamper("commons")
    said, factor = changed.mechanism("prices"), 1 + 1e-6
    said["prices"]["water"] *= factor
    said["revenue"] *= factor
    for agent in ("alpha", "beta"):
        paid = said["payments"][agent] * factor
        changed.everywhere("prices", agent, "payments", "payment", paid)
        changed.everywhere("prices", agent, "payoffs", "payoff", said["utilities"][agent] - paid)
    found = refused(changed.verified())
    assert "prices: payments" not in found
    assert {"prices: disequilibrium", "prices: cleared, within 1e-09"} <= found


def test_an_empty_commons_holds(tmp_path):
    text = stories.COMMONS.replace("water = 10.0", "water = 0.0", 1)
    checked = verify(write_run(market.compare(market.loads(text)), tmp_path))
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]
