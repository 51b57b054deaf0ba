"""Every shipped scenario validates, plays, and gives the numbers that it gave before."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import market
from market.economy import Money

FOLDER = Path(__file__).parents[2] / "scenarios"
GOLDEN = Path(__file__).parent / "golden.json"
SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.toml"))


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
    """What a reader of the story would notice if it changed."""
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
    """Equal, numbers up to a tolerance, also inside lists, tables and strings."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    try:
        return bool(np.isclose(float(one), float(other), rtol=1e-5, atol=1e-9))
    except (TypeError, ValueError):
        return one == other


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_gives_the_numbers_that_it_gave_before(name, played):
    """To accept new numbers, delete tests/every/golden.json, run this, look at the difference, commit it."""
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    found = summary(played(name))
    if name not in golden:
        GOLDEN.write_text(json.dumps(golden | {name: found}, indent=1, sort_keys=True) + "\n")
        pytest.fail(f"golden.json had nothing on {name}; it was written: look at it and run again")
    assert close(found, golden[name]), f"found {json.dumps(found, indent=1)}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_opens_with_what_to_look_for(name):
    text = (FOLDER / f"{name}.toml").read_text()
    assert text.startswith("# ")
    assert "# What to look for:" in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_market_in_it_clears_and_is_efficient(name, played):
    comparison = played(name)
    for label, outcome in comparison.outcomes.items():
        if outcome.kind == "auctioneer":
            assert outcome.status is market.Status.CLEARED
            assert comparison.alignments[label].efficient is True
            if comparison.economy.money is Money.QUASILINEAR:
                assert comparison.alignments[label].efficient_with_transfers is True


def test_the_price_of_food_is_what_engels_households_spend_on_it_over_its_supply(played):
    """Cobb-Douglas spending on food is foodexp at every price: 146675.276 / 100000."""
    outcome = played("engel").outcomes["prices"]
    assert outcome.prices[0] == pytest.approx(146675.27615863853 / 100000.0, rel=1e-8)
    assert outcome.payments.sum() == pytest.approx(230881.165338383, rel=1e-8)
    assert len(outcome.utilities) == 235
