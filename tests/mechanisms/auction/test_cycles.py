"""No verdict without its evidence: slow convergence is no cycle, and a proof holds at every price."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import LINEAR, economy, with_utility

from market.economy.nonexistence import no_equilibrium
from market.mechanisms import Auction, play
from market.mechanisms.auction.cycles import Trail
from market.mechanisms.auction.price_rules import Multiplicative, Tatonnement
from market.outcome import Status


def test_a_cheap_good_that_still_moves_is_no_cycle_although_a_dear_one_stands_still():
    """P* = (1e6, 1e-4): the first price is right from the start, the second moves by a billionth of it."""
    primitives = economy("quasilinear", log=[[1e6, 1.0]], commons=[1.0, 1e4])
    first = {"good0": 1e6, "good1": 1e-3}
    outcome = play(Auction("prices", Multiplicative(step=0.1), initial_prices=first), primitives)
    assert outcome.status is Status.CLEARED


def test_slow_alternating_convergence_is_no_cycle():
    """K = 1.99 of 2: the error changes sign and shrinks by a hundredth a round."""
    primitives = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    outcome = play(Auction("prices", Multiplicative(step=1.99)), primitives)
    assert outcome.status is Status.CLEARED


@pytest.mark.parametrize("factor", [0.5, -0.5, 0.999, -0.999, -0.9999999])
def test_a_trail_that_converges_has_no_period(factor):
    trail = Trail()
    for error in 0.1 * factor ** np.arange(300):
        trail = trail.with_round(np.exp(np.array([error])), abs(error))
        assert trail.period is None or abs(error) < 1e-12


@pytest.mark.parametrize("period", [1, 2, 7, 100])
def test_a_trail_that_repeats_itself_has_its_period(period):
    cycle = np.random.default_rng(period).uniform(0.5, 2.0, (period, 2))
    trail = Trail()
    for p in np.tile(cycle, (3, 1)):
        trail = trail.with_round(p, 0.5)
    assert trail.period == period


STUCK = {
    "Arrow's case": ([[1.0, 0.0], [0.5, 0.5]], [[1.0, 1.0], [0.0, 1.0]], [1.0, 0.0]),
    "a pauper": ([[1.0, 0.0], [0.5, 0.5]], [[1.0, 1.0], [0.0, 0.0]], [1.0, 0.0]),
    "an owner of all there is": ([[0.5, 0.5]], [[1.0, 0.0]], [0.0, 1.0]),
}


@pytest.mark.parametrize("case", STUCK)
def test_agents_stuck_at_zero_utility_prove_no_absence_of_equilibrium(case):
    """Cobb-Douglas without income: u = 0 whatever it takes of the free good, so that p clears the markets."""
    weights, endowment, p = STUCK[case]
    primitives = economy("exchange", cobb_douglas=weights, endowment=endowment)
    p = np.array(p)
    income = primitives.endowment @ p
    richest = np.where(p > 0, income[:, None], 1e6)  # more than anyone without income can have
    assert (primitives.utility(richest)[income == 0] == 0).all()
    assert no_equilibrium(primitives) is None


@pytest.mark.parametrize("family", ["log1p", "linear"])
def test_where_the_free_good_is_wanted_alone_there_is_none(family):
    weights, endowment = [[1.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [0.0, 1.0]]
    primitives = (
        with_utility("exchange", LINEAR, {"weights": weights}, endowment=endowment)
        if family == "linear"
        else economy("exchange", log1p=weights, endowment=endowment)
    )
    assert no_equilibrium(primitives) is not None
    outcome = play(Auction("prices", Tatonnement(), max_rounds=1000), primitives)
    assert outcome.status is Status.NO_EQUILIBRIUM
    assert outcome.disequilibrium > 0.1
