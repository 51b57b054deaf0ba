"""Claims of the scenarios `bazaar` and `gold`, and barter stepped by Mesa and swept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market
from market.mechanisms.trading.barter.mechanism import Barter

SCENARIOS = Path(__file__).parents[3] / "scenarios"


@cache
def gold():
    return market.compare(market.load(SCENARIOS / "gold.toml"))


def test_gold_lets_three_trade_who_are_stuck_without():
    found = gold()
    stuck = found.outcomes["without gold"]
    assert stuck.utilities == pytest.approx(1.1)
    assert "Three could gain together: baker gives 1 bread to fisher" in stuck.reason
    assert found.alignments["without gold"].efficient is False
    for name in ("barter", "everything for gold"):
        assert found.alignments[name].efficient
        assert found.outcomes[name].utilities.sum() == pytest.approx(6.3)


def test_a_sparse_network_takes_longer_and_long_ties_help():
    scenario = market.load(
        SCENARIOS / "bazaar.toml",
        [f"mechanisms.{name}.tolerance=0.05" for name in ("anyone", "friends", "ring")],
    )
    found = market.compare(scenario, ["prices", "anyone", "friends", "ring"])
    rounds = {name: outcome.rounds for name, outcome in found.outcomes.items()}
    assert all(outcome.status.settled for outcome in found.outcomes.values())
    assert 2 * rounds["anyone"] < rounds["friends"] < rounds["ring"]


def test_all_gold_in_one_hand_is_enough():
    """All 0.3 of it with the baker, as the description of `gold` says."""
    hands = {"baker": 0.3, "dairy": 0, "fisher": 0}
    changes = [f"agents.{name}.endowment.gold={amount}" for name, amount in hands.items()]
    found = market.compare(market.load(SCENARIOS / "gold.toml", changes))
    for name in ("barter", "everything for gold"):
        assert found.alignments[name].efficient
        assert found.outcomes[name].utilities.sum() == pytest.approx(6.3)


def test_mesa_steps_barter_and_agents_show_what_they_hold():
    model = market.MarketModel(market.load(SCENARIOS / "bazaar.toml"), "anyone")
    before = np.array([trader.consumption for trader in model.traders])
    model.step()
    after = np.array([trader.consumption for trader in model.traders])
    assert model.auctioneer is None
    assert (before != after).any()
    np.testing.assert_allclose(after.sum(axis=0), before.sum(axis=0))
    seen = model.datacollector.get_model_vars_dataframe()
    assert list(seen.columns) == list(Barter.observed_once)
    assert seen["trades"].iloc[0] == 20
    agents = model.datacollector.get_agent_vars_dataframe()
    np.testing.assert_allclose(agents["consumption[bread]"].to_numpy(), after[:, 0])
    outcome = model.run()
    assert outcome.status is market.Status.SETTLED
    assert outcome.consumption == pytest.approx(
        market.play(model.mechanism, model.economy).consumption, abs=0.0
    )
