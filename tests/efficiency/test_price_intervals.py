"""Ranges of prices that clear markets with the same quantities, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from helpers.tampering import Tamper, refused

import market
from market.economy.families.utilities import UTILITIES
from market.efficiency.report import alignment
from market.mechanisms import Auction, Autarky, Planner, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status
from market.results.run_folder import write_run
from market.scenario.building import build
from market.scenario.loading import loads

AUCTION = """
schema = 1
economy = "quasilinear"
goods = ["energy", "cap_a", "cap_b"]
[[agents]]
name = "bid a"
endowment = { cap_a = 1.0 }
utility = { family = "leontief", weights = { energy = 0.2857142857142857, cap_a = 0.2857142857142857 } }
[[agents]]
name = "bid b"
endowment = { cap_b = 1.0 }
utility = { family = "leontief", weights = { energy = 0.4, cap_b = 0.4 } }
[[agents]]
name = "offer one"
cost = { family = "linear", unit_cost = { energy = 1.0 }, capacity = { energy = 1.0 } }
[[agents]]
name = "offer two"
cost = { family = "linear", unit_cost = { energy = 2.0 }, capacity = { energy = 1.0 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
[[mechanisms]]
name = "planner"
kind = "planner"
"""


@pytest.mark.parametrize("mechanism", ["prices", "planner"])
def test_every_price_between_marginal_offer_and_marginal_bid_clears(mechanism):
    """Bids 3.5 and 2.5, offers 1 and 2, a unit each: both trade at any price from 2 to 2.5."""
    scenario = loads(AUCTION)
    report = alignment(play(scenario.mechanism(mechanism), build(scenario, 0)))
    found = report.price_interval
    assert found is not None
    np.testing.assert_allclose(found["energy"], (2.0, 2.5), rtol=1e-8)
    np.testing.assert_allclose(found["cap_a"], (1.0, 1.5), rtol=1e-8)
    np.testing.assert_allclose(found["cap_b"], (0.0, 0.5), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("mechanism", [Auction("prices", Tatonnement()), Planner("planner")])
def test_without_trade_any_price_between_worth_and_cost_clears(mechanism):
    """A first unit is worth 25 to the buyer and costs 50."""
    two = with_utility(
        "quasilinear", UTILITIES["linear"], {"weights": [[25.0]]}, linear=([[50.0]], [[np.inf]])
    )
    report = alignment(play(mechanism, two))
    np.testing.assert_allclose(report.price_interval["good0"], (25.0, 50.0), rtol=1e-8)


def test_relative_prices_have_a_range_where_owners_keep_what_they_own():
    """u = 2 x + y and x + 2 y, each owning a unit of what it likes better: kept if 1/2 <= p_x / p_y <= 2."""
    own = [[1.0, 0.0], [0.0, 1.0]]
    given = {"weights": [[2.0, 1.0], [1.0, 2.0]]}
    two = with_utility("exchange", UTILITIES["linear"], given, endowment=own, numeraire=1)
    outcome = play(Auction("prices", Tatonnement()), two)
    assert outcome.status is Status.CLEARED
    found = alignment(outcome).price_interval
    assert found["good1"] is None
    np.testing.assert_allclose(found["good0"], (0.5, 2.0), rtol=1e-8)


def test_a_price_that_a_slope_determines_is_unique():
    outcome = play(
        Auction("prices", Tatonnement()), economy("quasilinear", log=[[1.0], [2.0]], commons=[3.0])
    )
    assert alignment(outcome).price_interval == {"good0": None}


def test_a_spent_budget_determines_the_price():
    """A spending cap of 12 buys 12 / p units of what is worth 9: the 4 units that can be made, only at 3."""
    given = {"weights": [[9.0]]}
    capped = with_utility(
        "quasilinear", UTILITIES["linear"], given, budget=[12.0, np.inf], linear=([[2.0]], [[4.0]])
    )
    outcome = play(Auction("prices", Tatonnement()), capped)
    np.testing.assert_allclose(outcome.prices, [3.0], rtol=1e-8)
    assert alignment(outcome).price_interval == {"good0": None}


def test_prices_without_an_upper_limit_are_said():
    """A buyer values the first unit of the second good at 2, and there is none: any price from 2 on."""
    one = economy("quasilinear", log1p=[[1.0, 2.0]], commons=[1.0, 0.0])
    found = alignment(play(Planner("planner"), one)).price_interval
    assert found["good0"] is None
    np.testing.assert_allclose(found["good1"], (2.0, np.inf), rtol=1e-8)


def test_outcomes_without_clearing_prices_have_no_ranges():
    two = economy("exchange", log=[[1.0, 1.0], [1.0, 2.0]], endowment=[[1.0, 2.0], [2.0, 1.0]])
    assert alignment(play(Unmediated("autarky", game=Autarky()), two)).price_interval is None
    assert (
        alignment(play(Auction("prices", Tatonnement(), max_rounds=1, tolerance=1e-12), two)).price_interval
        is None
    )


def test_verification_refuses_a_wrong_range(tmp_path):
    folder = write_run(market.compare(loads(AUCTION)), tmp_path)
    honest = Tamper(folder, tmp_path / "honest")
    assert honest.verified().holds
    forged = Tamper(folder, tmp_path / "forged")
    forged.mechanism("prices")["alignment"]["price_interval"]["energy"] = [1.9, 2.5]
    assert refused(forged.verified()) == {"prices: ranges of prices"}
