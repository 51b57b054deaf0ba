"""Gains and losses between two outcomes, and rounding that is neither."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import CES, INF, economy, with_utility
from helpers.outcomes import given, with_weights

from market.economy.primitives import Economy
from market.efficiency.contrast import contrast
from market.mechanisms import Auction, Autarky, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Outcome, Status

PRICES = Auction("prices", Tatonnement())
SWAP = economy("quasilinear", log=[[1.0, 1.0], [1.0, 1.0]], endowment=[[0.7, 0.1], [0.1, 0.7]])


def traded(drawn: Economy, prices, x, y=None, status=Status.CLEARED, disequilibrium=0.0) -> Outcome:
    """Return an allocation as the outcome of a market with these prices, (goods,)."""
    found = given(drawn, x, y)
    p = np.array(prices, dtype=float)
    paid = drawn.payments(p, found.consumption, found.production)
    return dataclasses.replace(
        found,
        kind="auctioneer",
        status=status,
        prices=p,
        disequilibrium=disequilibrium,
        payments=paid,
        revenue=float(paid.sum()),
        payoffs=drawn.payoff(found.utilities, p, found.consumption, found.production),
    )


def test_a_pareto_improvement_must_not_cost_the_auctioneer():
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x = [[5.0], [5.0]]
    free, paid = given(two, x), given(two, x, payments=[1.0, 1.0])
    assert not contrast(free, paid).pareto_improvement  # buyers gain 2, revenue falls by 2
    assert contrast(free, paid).winners.all()
    assert not contrast(free, free).pareto_improvement


def test_rounding_of_a_cleared_market_is_no_loss_of_the_auctioneer():
    alone, prices = play(Unmediated("alone", Autarky()), SWAP), play(PRICES, SWAP)
    assert prices.revenue != 0.0  # demand equals supply up to the tolerance, and payments likewise
    found = contrast(prices, alone)
    assert found.winners.all()
    assert found.pareto_improvement


@pytest.mark.parametrize("seed", range(20))
def test_trade_of_what_agents_own_is_a_pareto_improvement(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 5, 2))
    drawn = economy("quasilinear", log=rng.uniform(0.3, 3, shape), endowment=rng.uniform(0.05, 2, shape))
    drawn = with_weights(drawn, lambda weights: weights * 10.0 ** rng.integers(-6, 7))
    prices = play(PRICES, drawn)
    assert prices.status is Status.CLEARED
    assert contrast(prices, play(Unmediated("alone", Autarky()), drawn)).pareto_improvement


def test_a_loss_of_revenue_above_rounding_is_no_pareto_improvement():
    alone = play(Unmediated("alone", Autarky()), SWAP)
    swapped = traded(SWAP, [2.5, 2.5], [[0.4, 0.4], [0.4, 0.4]])
    assert contrast(swapped, alone).pareto_improvement
    given_more = dataclasses.replace(swapped, revenue=-1e-6)
    assert not contrast(given_more, alone).pareto_improvement
    hurried = dataclasses.replace(given_more, disequilibrium=1e-6)
    assert contrast(hurried, alone).pareto_improvement  # the market cleared no better than that
    assert not contrast(dataclasses.replace(hurried, status=Status.MAX_ROUNDS), alone).pareto_improvement


def test_gains_of_agents_must_exceed_the_loss_of_the_auctioneer():
    alone = play(Unmediated("alone", Autarky()), SWAP)
    kept = traded(SWAP, [2.5, 2.5], SWAP.endowment, disequilibrium=1e-6)
    given_away = dataclasses.replace(kept, payoffs=alone.payoffs + np.array([1e-6, 0.0]), revenue=-2e-6)
    found = contrast(given_away, alone)
    assert found.winners.tolist() == [True, False]
    assert not found.pareto_improvement


def test_profits_of_rounding_are_neither_gains_nor_losses():
    """A mill that sells ten loaves at cost is paid 20 and spends 20, but for the last digits."""
    drawn = economy("quasilinear", log=[[20.0]], linear=([[2.0]], [[INF]]))
    alone = given(drawn, [[1e-3], [0.0]], [[0.0], [1e-3]])
    alone = dataclasses.replace(alone, payoffs=np.array([alone.payoffs[0], 0.0]))
    for off in (1e-12, -1e-12):
        sold = traded(drawn, [2.0 * (1.0 + off)], [[10.0], [0.0]], [[0.0], [10.0]])
        assert sold.payoffs[1] != 0.0
        found = contrast(sold, alone)
        assert found.gains[1] == 0.0
        assert found.winners[0]
        assert found.pareto_improvement


def test_rounding_of_a_utility_near_zero_is_no_gain():
    """log 1 is 0: what comes of an amount that differs from 1 by rounding is rounding."""
    two = economy("exchange", log=[[1.0], [1.0]], endowment=[[1.0], [1.0]])
    found = contrast(given(two, [[1.0 - 1e-12], [1.0 + 1e-12]]), given(two, [[1.0], [1.0]]))
    assert not found.winners.any()
    assert not found.losers.any()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_gains_do_not_depend_on_the_unit_of_utility(scale):
    unit = economy("fisher", cobb_douglas=[[0.2, 0.8], [0.8, 0.2]], commons=[10.0, 10.0], budget=[1.0, 1.0])
    two = with_utility(
        "fisher", CES, {"weights": np.array([[1.0, 2.0], [2.0, 1.0]]) * scale, "elasticity": [2.0, 2.0]},
        commons=[10.0, 10.0], budget=[scale**2, scale**2],
    )  # fmt: skip
    for drawn in (unit, two):
        equal, prices = given(drawn, [[5.0, 5.0], [5.0, 5.0]]), play(PRICES, drawn)
        assert contrast(prices, equal).winners.all()
        assert contrast(prices, equal).pareto_improvement
