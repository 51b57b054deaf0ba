"""The utility-possibility frontier, against the closed forms of the theory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.economies import INF, economy
from helpers.strategies import SOAK
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.errors import InputError, NumericalError
from market.mechanisms import Auction, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.welfare.possibility_frontier import floors, frontier, frontier_search

NOTHING = np.zeros((2, 1))
positive = st.floats(0.2, 5.0)


@settings(max_examples=10 * SOAK)
@given(positive, positive, st.floats(0.5, 50.0))
def test_with_log_utility_the_frontier_is_where_exponentials_add_up_to_the_stock(first, second, stock):
    """sum_i exp(u_i / lambda_i) = q (theory, 2.6)."""
    primitives = economy("quasilinear", log=[[first], [second]], commons=[stock])
    found = frontier(primitives, np.full((2, 1), 0.05 * stock), NOTHING, points=9)
    used = np.exp(found.utilities / [first, second]).sum(axis=1)
    np.testing.assert_allclose(used, stock, rtol=1e-6)
    assert (np.diff(found.utilities[:, 0]) > 0).all()
    assert (np.diff(found.utilities[:, 1]) < 0).all()
    # The largest total surplus is at x_i = lambda_i q / Lambda.
    shares = np.array([first, second]) / (first + second)
    assert found.surplus == pytest.approx(float(([first, second] * np.log(shares * stock)).sum()), abs=1e-7)


def test_with_log1p_everything_is_on_it_from_one_end_to_the_other():
    """sum_i (exp(u_i / lambda_i) - 1) = q; with floors of nothing it has both ends."""
    primitives = economy("quasilinear", log1p=[[1.0], [2.0]], commons=[6.0])
    found = frontier(primitives, NOTHING, NOTHING, points=11)
    np.testing.assert_allclose(np.expm1(found.utilities / [1.0, 2.0]).sum(axis=1), 6.0, rtol=1e-6)
    np.testing.assert_allclose(found.utilities[0], [0.0, 2.0 * np.log(7.0)], atol=1e-6)
    np.testing.assert_allclose(found.utilities[-1], [np.log(7.0), 0.0], atol=1e-6)


def test_of_a_gift_it_is_the_ray():
    """x_g = k lambda_g / c_g: the maker bears k sum lambda, the other has sum lambda log(k lambda / c)."""
    giving = economy("quasilinear", log=[[1.0, 3.0]], linear=([[2.0, 5.0]], [[INF, INF]]))
    x, y = np.array([[0.05, 0.06], [0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 1.2]])
    found = frontier(giving, x, y, points=9)
    k = -found.utilities[:, 1] / 4.0
    expected = np.log(k * 0.5) + 3.0 * np.log(k * 0.6)
    np.testing.assert_allclose(found.utilities[:, 0], expected, rtol=1e-5, atol=1e-5)


def test_straight_pieces_are_found_inside_too():
    """Equal Cobb-Douglas tastes of degree one: u_1 + u_2 is the same everywhere on the frontier."""
    equal = economy("exchange", cobb_douglas=[[0.5, 0.5]] * 2, endowment=[[8.0, 1.0], [2.0, 9.0]])
    found = frontier(equal, np.full((2, 2), 0.5), np.zeros((2, 2)), points=7)
    np.testing.assert_allclose(found.utilities.sum(axis=1), 10.0, rtol=1e-6)
    assert len(np.unique(found.utilities[:, 0].round(3))) == 7
    assert found.surplus is None  # no money to move


def test_an_efficient_outcome_is_on_it_and_autarky_below():
    primitives = economy(
        "exchange", cobb_douglas=[[0.4, 0.6], [0.5, 0.5]], endowment=[[9.0, 1.0], [1.0, 4.0]]
    )
    traded = play(Auction("prices", Tatonnement()), primitives)
    found = frontier(primitives, np.full((2, 2), 0.2), np.zeros((2, 2)), points=101)
    reached = np.interp(traded.utilities[0], found.utilities[:, 0], found.utilities[:, 1])
    assert reached == pytest.approx(traded.utilities[1], rel=1e-4)
    alone = primitives.utility(primitives.endowment)
    assert np.interp(alone[0], found.utilities[:, 0], found.utilities[:, 1]) > alone[1] + 1.0


def test_where_interests_do_not_conflict_it_is_one_point():
    apart = economy("exchange", log=[[1.0, 0.0], [0.0, 1.0]], endowment=[[1.0, 2.0], [3.0, 4.0]])
    found = frontier(apart, np.full((2, 2), 0.1), np.zeros((2, 2)))
    np.testing.assert_allclose(found.utilities, [[np.log(4.0), np.log(6.0)]], rtol=1e-7)


def test_the_frontier_goes_on_to_an_outcome_below_the_floors_but_not_to_ruin():
    """Weights 1 and 1e-4: agent 2 gets 0.001 of 10 units, less than at its floor, and x_1 + x_2 = 10."""
    primitives = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    outcomes = [
        play(Unmediated("first", Seize(movers=("agent0",))), primitives),
        play(Planner("plan", welfare_weights={"agent0": 1.0, "agent1": 1e-4}), primitives),
    ]
    search = frontier_search(primitives, outcomes)
    assert search.above_the_floors.utilities[-1, 1] > outcomes[1].utilities[1] + 1.0
    found = search.through(outcomes).utilities
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 10.0, rtol=1e-6)
    np.testing.assert_allclose(found[-1], outcomes[1].utilities, atol=1e-6)


def test_what_cannot_be_drawn_is_refused():
    three = economy("quasilinear", log=[[1.0]] * 3, commons=[10.0])
    with pytest.raises(InputError, match="two agents; there are 3"):
        frontier(three, np.ones((3, 1)), np.zeros((3, 1)))
    two = economy("quasilinear", log=[[1.0]] * 2, commons=[10.0])
    with pytest.raises(InputError, match="not finite"):
        frontier(two, NOTHING, NOTHING)
    with pytest.raises(NumericalError, match="both floors"):
        frontier(two, np.full((2, 1), 8.0), NOTHING)


def test_an_agent_that_cannot_live_is_named_as_the_reason():
    """The second agent needs more of a good than there is, whatever it gets: it stays at -inf."""
    text = """
        schema = 1
        economy = "fisher"
        goods = ["bread"]
        commons = { bread = 1.0 }
        mechanisms = [{ name = "prices", kind = "auctioneer" }]

        [[agents]]
        name = "modest"
        budget = 1.0
        utility = { family = "log", weights = { bread = 1.0 } }

        [[agents]]
        name = "hungry"
        budget = 1.0
        utility = { family = "stone_geary", weights = { bread = 1.0 }, subsistence = { bread = 2.0 } }
    """
    outcome = market.MarketModel(market.loads(text), "prices").run()
    with pytest.raises(NumericalError, match="at which hungry has a finite utility"):
        frontier_search(outcome.economy, [outcome])


def test_a_good_that_there_is_none_of_and_one_of_them_needs_a_little_leaves_no_frontier():
    """Its weight is so small that the programme's tolerance hides that the first agent is at -inf."""
    primitives = economy(
        "fisher", log=[[10.0, 0.03]], log1p=[[0.15, 0.04]], commons=[3.0, 0.0], budget=[1.0, 1.0]
    )
    with pytest.raises(NumericalError):
        frontier(primitives, np.tile([0.03, 0.02], (2, 1)), np.zeros((2, 2)))


def test_steep_utilities_have_a_floor_from_which_outcomes_can_be_told_apart():
    """At a fiftieth of a share -1 / (4 x^4) is 6 million times that at the share: all would look alike."""
    scenario = market.load(Path(__file__).parents[2] / "scenarios" / "three_equilibria.toml")
    outcomes = [
        market.MarketModel(scenario, name).run() for name in ("autarky", "apples first", "pears first")
    ]
    seen = np.array([outcome.utilities for outcome in outcomes])
    x, y = floors(outcomes[0].economy, outcomes)
    span = seen.max(axis=0) - seen.min(axis=0)
    floor = outcomes[0].economy.welfare(x, y)
    assert (floor < seen.min(axis=0)).all()
    assert (floor > seen.min(axis=0) - 7.0 * span).all()
