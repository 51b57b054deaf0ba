"""A market that clears is proved efficient in shards, and other figures are unknown with a reason."""

from __future__ import annotations

from helpers.towns import town

from market.shards import Here, play_in_shards


def in_shards(scenario, shards):
    """The outcome of its auctioneer in so many shards of this process."""
    return play_in_shards(scenario, Here(), shards).outcomes["prices"]


def test_a_market_that_clears_is_proved_efficient_in_shards_too():
    for money in ("quasilinear", "fisher", "exchange"):
        found = in_shards(town(money, buyers=60, tasters=30), 4).alignment
        assert found.efficient, money
        assert found.residual < 1e-6
        assert found.unknown == {}
        assert (found.surplus_gap == 0.0) is (money == "quasilinear")


def test_a_figure_without_proof_is_unknown_with_a_reason():
    found = in_shards(town(rule="max_rounds = 2"), 4).alignment
    assert found.efficient is None
    assert found.surplus_gap is None
    assert all("played in shards" in sentence for sentence in found.reasons)
