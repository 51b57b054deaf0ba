"""Scarf (1960), "Some examples of global instability of the competitive equilibrium": who gets round it.

Three agents, three goods; agent i owns one unit of good i and wants goods i and i + 1 in equal amounts. The
only equilibrium is p = (1, 1, 1) / 3. Under dp/dt = z prices circle around it for ever.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.published_economies import scarf

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Additive, Anderson, Leader, Newton, Tatonnement
from market.outcome import Status

START = {"good0": 1.5, "good1": 1.0, "good2": 0.7}


def test_additive_rule_cycles_and_reports_the_size_of_the_cycle():
    player = Auction("prices", Additive(step=0.01), max_rounds=5000, initial_prices=START)
    outcome = play(player, scarf())
    assert outcome.status is Status.CYCLING
    assert outcome.rounds == 5000  # an amplitude is no proof, so it plays on
    assert outcome.evidence["amplitude"] > 0.2
    assert outcome.disequilibrium > 0.1
    assert "oscillate by a factor" in outcome.reason


def test_the_product_of_prices_hardly_changes_on_the_way():
    """Scarf's invariant: p1 p2 p3 is constant under dp/dt = z, as is |p|, so it cannot end in the middle."""
    ratios = []

    def observe(state):
        p = state.prices
        ratios.append(np.prod(p) / np.linalg.norm(p) ** 3)

    play(
        Auction("prices", Additive(step=1e-4), max_rounds=2000, initial_prices=START),
        scarf(),
        observe=observe,
    )
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-3)


def test_mean_prices_of_a_cycle_would_clear_and_are_not_reported():
    prices = []
    player = Auction("prices", Additive(step=0.01), max_rounds=5000, initial_prices=START)
    outcome = play(player, scarf(), observe=lambda state: prices.append(state.prices))
    mean = np.mean(prices, axis=0)
    assert np.abs(mean - 1 / 3).max() < 0.05
    assert np.abs(outcome.prices - 1 / 3).max() > 0.08
    assert any(np.array_equal(outcome.prices, seen) for seen in prices)


def test_adaptive_tatonnement_does_not_settle():
    player = Auction("prices", Tatonnement(), max_rounds=2000, initial_prices=START)
    assert not play(player, scarf()).status.settled


@pytest.mark.parametrize(("rule", "rounds"), [(Anderson, 20), (Newton, 8), (Leader, 4)])
@pytest.mark.parametrize("start", [START, {"good0": 5.0, "good1": 0.3}, {"good2": 0.2}])
def test_learning_and_newton_rules_clear_the_market(rule, rounds, start):
    outcome = play(Auction("prices", rule(), max_rounds=rounds, initial_prices=start), scarf())
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, 1 / 3, rtol=1e-8)
    np.testing.assert_allclose(
        outcome.consumption, (np.eye(3) + np.roll(np.eye(3), 1, axis=1)) / 2, atol=1e-8
    )
