"""Every shipped scenario validates, plays, and gives the numbers that it gave before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import market
from market.economy.primitives import Money

FOLDER = Path(__file__).parents[3] / "scenarios"
GOLDEN = Path(__file__).parent / "golden.json"
ALL = sorted(path.stem for path in FOLDER.glob("*.toml"))
GAMES = [name for name in ALL if "\neconomy = " not in (FOLDER / f"{name}.toml").read_text()]
SCENARIOS = [name for name in ALL if name not in GAMES]


@pytest.fixture(scope="module")
def played():
    """Each shipped scenario, played once."""
    kept = {}

    def play(name):
        if name not in kept:
            kept[name] = market.compare(market.load(FOLDER / f"{name}.toml"))
        return kept[name]

    return play


def summary(comparison) -> dict:
    """Return the figures whose change a reader of the story would notice."""
    return {
        name: {
            "status": outcome.status.value,
            "prices": None if outcome.prices is None else outcome.prices.tolist(),
            "consumed": outcome.consumption.sum(axis=0).tolist(),
            "first agent's utility": str(outcome.utilities[0]),
            "last agent's utility": str(outcome.utilities[-1]),
            "efficient": comparison.alignments[name].efficient,
            "degenerate": comparison.alignments[name].degenerate,
            "resource_utilisation": comparison.alignments[name].resource_utilisation,
        }
        for name, outcome in comparison.outcomes.items()
    }


def close(one, other) -> bool:
    """Return True if equal, numbers up to a tolerance, also inside lists, tables and strings."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    try:
        return bool(np.isclose(float(one), float(other), rtol=1e-5, atol=1e-9))
    except (TypeError, ValueError):
        return one == other


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_reproduces_its_recorded_figures(name, played):
    """To accept new numbers, delete golden.json, run this, look at the difference and commit it."""
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    found = summary(played(name))
    if name not in golden:
        GOLDEN.write_text(json.dumps(golden | {name: found}, indent=1, sort_keys=True) + "\n")
        pytest.fail(f"golden.json had nothing on {name}; it was written: look at it and run again")
    assert close(found, golden[name]), f"found {json.dumps(found, indent=1)}"


@pytest.mark.parametrize("name", ALL)
def test_a_scenario_describes_what_to_look_for_under_each_mechanism(name):
    scenario = market.load(FOLDER / f"{name}.toml")
    assert (FOLDER / f"{name}.toml").read_text().startswith("# ")
    assert "What to look for:" in scenario.description
    for mechanism in scenario.mechanism_names:
        if mechanism not in NOT_IN_THE_STORY.get(name, ()):
            assert f"'{mechanism}'" in scenario.description


NOT_IN_THE_STORY = {
    "war": ("planner",),
    "gift": ("planner",),
    "exceptional": ("autarky",),
    "scarf": ("autarky",),
    "three_equilibria": ("autarky",),
}


MEANT_NOT_TO_CLEAR = {
    ("exceptional", "prices"): market.Status.NO_EQUILIBRIUM,
    ("scarf", "small steps"): market.Status.CYCLING,
}

NOT_EFFICIENT_WITH_MONEY = {
    ("smoke", "market"): market.Status.CLEARED,
    ("smoke", "ban"): market.Status.RATIONED,
}
"""Prices that leave surplus on the table, by the story."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_market_clears_and_is_efficient_or_ends_as_its_story_says(name, played):
    comparison = played(name)
    for label, outcome in comparison.outcomes.items():
        if (name, label) in MEANT_NOT_TO_CLEAR:
            assert outcome.status is MEANT_NOT_TO_CLEAR[name, label]
            assert comparison.alignments[label].efficient is not True
        elif (name, label) in NOT_EFFICIENT_WITH_MONEY:
            assert outcome.status is NOT_EFFICIENT_WITH_MONEY[name, label]
            assert comparison.alignments[label].efficient_with_transfers is False
        elif outcome.intervention is not None:
            assert outcome.status in (market.Status.CLEARED, market.Status.RATIONED)
        elif outcome.kind == "auctioneer":
            assert outcome.status is market.Status.CLEARED
            assert comparison.alignments[label].efficient is True
            if comparison.economy.money is Money.QUASILINEAR:
                assert comparison.alignments[label].efficient_with_transfers is True
        elif outcome.kind == "planner":
            assert outcome.status is market.Status.OPTIMAL


def test_a_little_honey_owned_by_another_agent_makes_the_exceptional_market_clear():
    """2/3 and 1/3: the beekeeper sells its wax for half a jar, so that p_wax = p_honey / 2."""
    changed = market.load(FOLDER / "exceptional.toml", ["agents.chandler.endowment.honey=1"])
    outcome = market.MarketModel(changed, "prices").run()
    assert outcome.status is market.Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [2 / 3, 1 / 3], rtol=1e-8)


def test_along_the_chain_prices_are_costs_and_the_farms_profit_is_the_landlords_bread(played):
    """Wheat at p, half of revenue is wages: labour l = (4 p)^2, profit (4 p)^2; the rest is passed on."""
    outcome = played("chain").outcomes["prices"]
    _, wheat, flour, bread = outcome.prices
    assert flour == pytest.approx(wheat + 0.25, rel=1e-8)
    assert bread == pytest.approx((flour + 0.75) / 2.0, rel=1e-8)
    profit = (4.0 * wheat) ** 2
    landlord = outcome.economy.agents.index("landlord")
    assert outcome.consumption[landlord, 3] * bread == pytest.approx(profit, rel=1e-7)


def test_the_price_of_food_is_what_engels_households_spend_on_it_over_its_supply(played):
    """Cobb-Douglas spending on food is foodexp at every price: 146675.276 / 100000."""
    outcome = played("engel").outcomes["prices"]
    assert outcome.prices[0] == pytest.approx(146675.27615863853 / 100000.0, rel=1e-8)
    assert outcome.payments.sum() == pytest.approx(230881.165338383, rel=1e-8)
    assert len(outcome.utilities) == 235
