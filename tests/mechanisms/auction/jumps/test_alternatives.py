"""Alternatives of choosers: their gains, slopes and money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import CES, LEONTIEF, LINEAR, economy, with_utility

from market.economy.correspondences import Correspondence
from market.economy.primitives import Answers, Economy
from market.mechanisms.auction.announcement import announce
from market.mechanisms.auction.free_goods import FreeGoods
from market.mechanisms.auction.jumps.alternatives import Choosers, choosers, possible
from market.mechanisms.regret import answers_faithfully


def announced(primitives: Economy, p):
    """Return the announcement of these prices."""
    p = np.array(p, dtype=float)
    return announce(primitives, p, FreeGoods.at_first(p), primitives.answers)[0]


def who_chooses(primitives: Economy, seen) -> Choosers:
    """Return the choosers at an announcement."""
    faithful = answers_faithfully(primitives, seen.answers, seen.prices)
    return choosers(primitives, possible(primitives), seen.prices, seen.answers, faithful)


def linear_fisher(weights, budget, commons):
    return with_utility("fisher", LINEAR, {"weights": weights}, budget=budget, commons=commons)


def test_a_trader_with_another_answer_has_no_choice():
    """Only agents that answer as their preferences imply are expected to change over."""
    market = linear_fisher([[1.0, 2.0], [2.0, 1.0]], [1.0, 1.0], [1.0, 1.0])
    seen = announced(market, [1.0, 1.5])
    assert len(who_chooses(market, seen).money) == 2
    half = Correspondence.exactly(0.5 * seen.answers.demand.lowest)
    other = replace(seen, answers=Answers(half, seen.answers.supply))
    assert len(who_chooses(market, other).money) == 0


@pytest.mark.parametrize(
    "market",
    [
        linear_fisher([[1.0, 3.0, 0.5]], [2.0], [1.0, 1.0, 1.0]),
        with_utility(
            "quasilinear", CES, {"weights": [[1.0, 2.0, 3.0]], "elasticity": [2.5]}, commons=[1.0] * 3
        ),
        with_utility("quasilinear", LEONTIEF, {"weights": [[1.0, 2.0, 3.0]]}, commons=[1.0] * 3),
        economy("quasilinear", log=[[1.0] * 3], linear=([[0.5, 0.7, 0.9]], [[1.0, np.inf, 2.0]])),
    ],
    ids=["linear", "ces", "leontief", "constant cost"],
)
def test_slopes_of_gains_are_their_derivatives(market):
    """By central differences in log prices."""
    p = np.array([0.6, 0.8, 1.1])
    who = who_chooses(market, announced(market, p))
    gains = who.gains(p)
    assert len(gains.log_gain)
    slopes = gains.slopes
    for g in range(3):
        up, down = p.copy(), p.copy()
        up[g] *= np.exp(1e-5)
        down[g] *= np.exp(-1e-5)
        numerical = (who.gains(up).log_gain - who.gains(down).log_gain) / 2e-5
        assert slopes[:, g] == pytest.approx(numerical, abs=1e-8)


def test_money_of_a_linear_buyer_is_its_budget_and_of_a_producer_the_worth_of_its_capacity():
    """A capacity of 4 at a price of 0.5, below the unit cost of 2, is worth 8 at that cost."""
    buyer = linear_fisher([[1.0, 2.0]], [3.0], [1.0, 1.0])
    assert who_chooses(buyer, announced(buyer, [1.0, 1.0])).money == pytest.approx([3.0])
    producer = economy("quasilinear", log=[[1.0]], linear=([[2.0]], [[4.0]]), commons=[1.0])
    assert who_chooses(producer, announced(producer, [0.5])).money == pytest.approx([8.0])


def test_an_economy_with_unique_answers_has_no_choices():
    assert possible(economy("quasilinear", log=[[1.0]], quadratic=([[1.0]], [[1.0]], [[2.0]]))) is None
