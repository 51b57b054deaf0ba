"""Auctions that cannot end in cleared markets: status, reason, and a feasible outcome."""

from __future__ import annotations

from helpers.economies import economy

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status


def test_a_wanted_good_that_no_agent_has_proves_that_no_prices_clear():
    primitives = economy("quasilinear", log=[[1.0, 1.0]], commons=[1.0, 0.0])
    outcome = play(Auction("prices", Tatonnement()), primitives)
    assert outcome.status is Status.NO_EQUILIBRIUM
    assert "no agent has or can make good1, and agent0 would buy some at every price" in outcome.reason


def test_too_few_rounds_give_a_feasible_outcome_at_the_best_prices():
    primitives = economy(
        "exchange", cobb_douglas=[[0.4, 0.6], [0.5, 0.5]], endowment=[[9.0, 1.0], [1.0, 4.0]]
    )
    outcome = play(Auction("prices", Tatonnement(), max_rounds=2), primitives)
    assert outcome.status is Status.MAX_ROUNDS
    assert outcome.rounds == 2
    assert outcome.disequilibrium > 1e-3
    assert (outcome.consumption.sum(axis=0) <= primitives.resources * (1 + 1e-12)).all()
