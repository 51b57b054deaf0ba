"""Claims of the notebook "Taxes, caps and harm", on the scenarios that it plays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import market

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def load(name, *changes):
    return market.load(SCENARIOS / f"{name}.toml", changes)


@cache
def played(name, *changes):
    return market.compare(load(name, *changes))


def lost(name, mechanism):
    return played(name).alignments[mechanism].surplus_gap


def steel(mechanism):
    return played("smoke").outcomes[mechanism].consumption.sum()


def test_a_tax_drives_a_wedge_and_each_side_bears_half():
    """12 - Q = 2 + Q at 7; with 2 between them, Q = 4, and prices of 8 and 6."""
    taxed = played("tax").outcomes["taxed"]
    assert taxed.consumption.sum() == pytest.approx(4.0)
    assert taxed.prices[0] == pytest.approx(6.0)
    assert "Buyers of bread pay 8, sellers get 6." in taxed.reason


def test_the_loss_is_the_triangle_and_four_times_as_much_for_twice_the_tax():
    assert lost("tax", "taxed") == pytest.approx(1.0, rel=1e-6)
    assert lost("tax", "doubled") == pytest.approx(4.0, rel=1e-6)


def test_it_does_not_matter_who_is_called_taxed():
    """Only the announced price moves, by the tax: the sellers' becomes the buyers'."""
    named = market.compare(load("tax", 'mechanisms.taxed.taxed=["baker"]'), ["taxed"]).outcomes["taxed"]
    plain = played("tax").outcomes["taxed"]
    assert named.consumption.sum() == pytest.approx(plain.consumption.sum(), rel=1e-6)
    assert named.prices[0] - plain.prices[0] == pytest.approx(2.0, rel=1e-5)


def test_how_flats_are_handed_out_loses_more_than_the_triangle():
    assert lost("rent_control", "efficient") < lost("rent_control", "capped") < lost("rent_control", "queue")
    assert all(
        played("rent_control").outcomes[name].status is market.Status.RATIONED
        for name in ("efficient", "capped", "queue")
    )


def test_a_market_makes_more_smoke_than_is_best_although_all_are_content():
    """12 - q = 2 at ten; with the harm of 3, 12 - q = 5 at seven; the last three lose 3^2 / 2."""
    assert steel("market") == pytest.approx(10.0)
    assert steel("planner") == pytest.approx(7.0, rel=1e-6)
    assert lost("smoke", "market") == pytest.approx(4.5, rel=1e-6)


def test_a_tax_of_the_harm_and_bargaining_from_either_right_lead_to_the_optimum():
    for name in ("tax", "right to smoke", "right to clean air"):
        assert steel(name) == pytest.approx(7.0, rel=1e-5)
        assert lost("smoke", name) == pytest.approx(0.0, abs=1e-6)


def test_a_ban_loses_more_than_the_smoke_did():
    assert lost("smoke", "ban") == pytest.approx(24.5, rel=1e-6)  # 7^2 / 2
    assert lost("smoke", "ban") > lost("smoke", "market")


def test_where_harm_rises_a_tax_of_the_harm_at_the_markets_outcome_is_too_high():
    """Harm q^2 / 2: the best is 12 - q = 2 + q at five, a tax of 5; at ten units one more harms by 10."""
    rising = "agents.resident.harm={ steel = { rate = 0.0, slope = 1.0 } }"
    for tax, amount in ((5.0, 5.0), (10.0, 0.0)):
        changed = market.compare(load("smoke", rising, f"mechanisms.tax.tax.steel={tax}"), ["tax", "planner"])
        assert changed.outcomes["planner"].consumption.sum() == pytest.approx(5.0, rel=1e-5)
        assert changed.outcomes["tax"].consumption.sum() == pytest.approx(amount, abs=1e-5)


def test_only_the_voluntary_park_loses_surplus():
    assert lost("park", "voluntary") > 1.0
    for name in ("lindahl", "clarke", "groves-ledyard"):
        assert lost("park", name) == pytest.approx(0.0, abs=1e-6)
        assert played("park").alignments[name].efficient
