"""What is found from marginal utilities is what the programme finds, and is only found where it is sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import CES, LEONTIEF, LINEAR, economy, with_utility
from helpers.strategies import SOAK, any_family, economies, wild
from hypothesis import given, settings
from hypothesis import strategies as st

from market.economy.families.technologies import TECHNOLOGIES
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block
from market.mechanisms import Planner, planner, play
from market.outcome import Status
from market.welfare import newton
from market.welfare.convex_program import Solution
from market.welfare.first_order_conditions import residual
from market.welfare.newton import optimum

PLANNER = Planner("planner")


def refused(*_):
    raise AssertionError("a programme was solved")


@settings(max_examples=60 * SOAK)
@given(
    st.one_of(economies(), economies(families=any_family, taming=wild, taming_costs=lambda given: given)),
    st.lists(st.floats(0.1, 10.0), min_size=20, max_size=20),
)
def test_it_agrees_with_the_programme(primitives, drawn):
    weights = np.array(drawn[: len(primitives.agents)])
    found = optimum(primitives, weights)
    if found is None:
        return
    x, y, p = found.consumption, found.production, found.prices
    assert residual(primitives, x, y, weights, p) <= 1e-12
    try:
        other = PLANNER._by_programme(primitives, weights, 0)
    except planner.NumericalError:
        return
    if residual(primitives, other.consumption, other.production, weights, other.prices) > 1e-9:
        return
    priced = p > 0  # of goods that nobody wants any output that costs nothing will do
    there = (primitives.resources + y.sum(axis=0))[priced]
    assert (np.abs(x - other.consumption)[:, priced] <= 1e-6 * there).all()
    assert (np.abs(y - other.production)[:, priced] <= 1e-6 * there).all()
    np.testing.assert_allclose(p, other.prices, rtol=1e-6)


@settings(max_examples=30 * SOAK)
@given(economies(), st.lists(st.floats(0.3, 3.0), min_size=20, max_size=20))
def test_from_a_nearby_optimum_it_ends_where_it_does_from_equal_shares(primitives, drawn):
    near = optimum(primitives, np.ones(len(primitives.agents)))
    weights = np.array(drawn[: len(primitives.agents)])
    found = optimum(primitives, weights)
    moved = None if near is None else optimum(primitives, weights, near)
    if found is None or moved is None:
        return
    there = (primitives.resources + found.production.sum(axis=0))[found.prices > 0]
    priced = found.prices > 0
    assert (np.abs(found.consumption - moved.consumption)[:, priced] <= 1e-9 * there).all()
    np.testing.assert_allclose(found.prices, moved.prices, rtol=1e-8)


def test_shares_of_the_commons_are_in_proportion_to_weights():
    """Weighted log utility: w_i a_i / x_i = p, so x_i = 10 w_i a_i / 8 and p = 8/10."""
    found = optimum(economy("quasilinear", log=[[1.0], [5.0]], commons=[10.0]), np.array([3.0, 1.0]))
    np.testing.assert_allclose(found.consumption, [[3.75], [6.25]], rtol=1e-14)
    np.testing.assert_allclose(found.prices, [0.8], rtol=1e-14)
    assert found.value == pytest.approx(3 * np.log(3.75) + 5 * np.log(6.25), rel=1e-14)


def test_who_values_the_first_unit_less_than_it_costs_gets_nothing():
    """Slopes 3 / (1 + x) and 0.5 / (1 + x): with two units the first has both and the last is worth 1."""
    found = optimum(economy("quasilinear", log1p=[[3.0], [0.5]], commons=[2.0]), np.ones(2))
    np.testing.assert_allclose(found.consumption, [[2.0], [0.0]], rtol=1e-14)
    np.testing.assert_allclose(found.prices, [1.0], rtol=1e-14)


def test_what_is_vital_comes_first():
    """Stone-Geary beyond 7 and 1 of ten units: the other two are shared equally."""
    given = {"weights": [[1.0], [1.0]], "subsistence": [[7.0], [1.0]]}
    found = optimum(with_utility("quasilinear", UTILITIES["stone_geary"], given, commons=[10.0]), np.ones(2))
    np.testing.assert_allclose(found.consumption, [[8.0], [2.0]], rtol=1e-14)


def test_what_rises_in_cost_is_made_until_it_costs_what_it_is_worth():
    """Worth 4 / x, cost rises as y: two units at a price of 2. With room for one: one, at 4."""
    ones = np.ones(2)
    made = optimum(economy("quasilinear", log=[[4.0]], quadratic=([[0.0]], [[1.0]], [[9.0]])), ones)
    np.testing.assert_allclose(made.production, [[0.0], [2.0]], rtol=1e-12)
    np.testing.assert_allclose(made.prices, [2.0], rtol=1e-12)
    full = optimum(economy("quasilinear", log=[[4.0]], quadratic=([[0.0]], [[1.0]], [[1.0]])), ones)
    np.testing.assert_array_equal(full.production, [[0.0], [1.0]])
    np.testing.assert_allclose(full.prices, [4.0], rtol=1e-12)


PLANTS = ([[5.0], [1.0], [2.0]], [[9.0], [2.0], [3.0]])  # unit costs and capacities


@pytest.mark.parametrize(
    ("weights", "made", "price"),
    [
        ([[8.0]], [0.0, 2.0, 2.0], 2.0),
        ([[12.0]], [0.0, 2.0, 3.0], 2.4),
        ([[50.0]], [5.0, 2.0, 3.0], 5.0),
        ([[1.0], [7.0]], [0.0, 2.0, 2.0], 2.0),
        ([[1.0], [0.5]], [0.0, 1.5, 0.0], 1.0),
    ],
    ids=["second is last", "between second and third", "all", "unequal tastes", "first is enough"],
)
def test_who_makes_at_a_constant_cost_does_so_in_the_order_of_costs(weights, made, price):
    """Log demand W / p, W the sum of weights: at p = 2 it is 4 for W = 8, at 5 units worth 12 / 5 for 12."""
    known = economy("quasilinear", log=weights, linear=PLANTS)
    found = optimum(known, np.ones(len(known.agents)))
    np.testing.assert_allclose(found.production[len(weights) :, 0], made, rtol=1e-12)
    np.testing.assert_allclose(found.prices, [price], rtol=1e-12)


def test_of_many_plants_the_last_is_found_without_walking_past_the_others():
    """Unit costs 1 to 100, one unit each: 49.5 are worth 2475 / 49.5 = 50, what the fiftieth costs."""
    costs, room = np.arange(1.0, 101.0)[:, None], np.ones((100, 1))
    known = economy("quasilinear", log=[[2475.0]], linear=(costs, room))
    found = optimum(known, np.ones(101))
    np.testing.assert_allclose(found.production[1:, 0], [1.0] * 49 + [0.5] + [0.0] * 50, rtol=1e-10)


def test_goods_that_are_worth_nothing_without_each_other_are_made_all_the_same():
    """u = x^0.4 y^0.4; little can be made at a cost of 0.2, the rest at 0.6 = 0.4 u / x, 0.4 = 0.4 u / y."""
    cheap, dear = [[0.2, np.inf], [np.inf, 0.2]], [[0.6, np.inf], [np.inf, 0.4]]
    room = [[0.01, 0.0], [0.0, 0.01]], [[9.0, 0.0], [0.0, 9.0]]
    known = economy("quasilinear", cobb_douglas=[[0.4, 0.4]], linear=(cheap + dear, room[0] + room[1]))
    found = optimum(known, np.ones(5))
    np.testing.assert_allclose(found.prices, [0.6, 0.4], rtol=1e-12)
    x, y = found.consumption[0]
    u = (x * y) ** 0.4
    np.testing.assert_allclose([0.4 * u / x, 0.4 * u / y], [0.6, 0.4], rtol=1e-12)
    np.testing.assert_allclose(found.production[1:3].max(axis=1), 0.01, rtol=1e-12)


def test_a_slope_that_jumps_is_no_answer(monkeypatch):
    """Fixed proportions, both used up: how slopes bend there is no number, on which LAPACK may break down."""
    curvatures = np.linalg.eigvalsh

    def strict(matrices):
        assert np.isfinite(matrices).all()
        return curvatures(matrices)

    monkeypatch.setattr(np.linalg, "eigvalsh", strict)
    primitives = with_utility("fisher", LEONTIEF, {"weights": [[0.6, 0.6]]}, commons=[1.0, 1.0 + 5e-8])
    assert optimum(primitives, np.ones(1)) is None


@pytest.mark.parametrize(
    "primitives",
    [
        economy(
            "exchange", cobb_douglas=[[0.5, 0.5]] * 2, commons=[4.0, 4.0]
        ),  # what one has less, other more
        with_utility("exchange", LINEAR, {"weights": [[1.0], [1.0]]}, commons=[4.0]),
        with_utility(
            "exchange", CES, {"weights": [[1.0, 2.0]] * 2, "elasticity": [2.0, 2.0]}, commons=[4.0, 4.0]
        ),
        with_utility("exchange", LEONTIEF, {"weights": [[1.0, 2.0]] * 2}, commons=[4.0, 4.0]),
        economy("quasilinear", log=[[4.0]], linear=([[1.0], [1.0]], [[9.0], [9.0]])),  # either can make it
        with_utility(
            "quasilinear", UTILITIES["quadratic"], {"weights": [[1.0]], "slope": [[1.0]]}, commons=[4.0]
        ),
        economy("quasilinear", log1p=[[3.0], [1.0 - 1e-9]], commons=[2.0]),  # hardly worse than the last unit
        economy("quasilinear", log1p=[[1.0], [1.0]], commons=[0.0]),
        economy("quasilinear", log=[[0.0]], commons=[1.0]),
    ],
    ids=[
        "twins",
        "linear",
        "ces",
        "leontief",
        "same cost",
        "left over",
        "nearly worth it",
        "nothing there",
        "nothing wanted",
    ],
)
def test_it_says_nothing_where_there_may_be_other_optima_or_goods_are_left_over(primitives):
    assert optimum(primitives, np.ones(len(primitives.agents))) is None


def test_what_technologies_could_make_is_left_to_programmes():
    """Bread and wine are there, but wine could also be made of bread."""
    alone = economy("exchange", log=[[1.0, 1.0]], commons=[8.0, 2.0])
    assert optimum(alone, np.ones(1)) is not None
    press = Block(TECHNOLOGIES["activity"], slice(0, 1), {"netput": np.array([[-1.0, 1.0]])})
    assert optimum(replace(alone, technologies=(press,)), np.ones(1)) is None


def test_more_slopes_than_fit_into_memory_are_not_tried(monkeypatch):
    two = economy("quasilinear", log=[[1.0, 1.0], [1.0, 2.0]], commons=[10.0, 1.0])
    assert optimum(two, np.ones(2)) is not None
    monkeypatch.setattr(newton, "LARGEST_SLOPES", 7)  # two agents, two goods: eight slopes
    assert optimum(two, np.ones(2)) is None


def test_who_weighs_nothing_gets_nothing():
    found = optimum(economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0]), np.array([0.0, 1.0]))
    np.testing.assert_array_equal(found.consumption, [[0.0], [10.0]])
    producer = economy("quasilinear", log=[[4.0]], quadratic=([[0.0]], [[1.0]], [[9.0]]))
    assert optimum(producer, np.array([1.0, 0.0])) is None  # whose cost does not count could make any amount


def test_the_planner_of_the_commons_needs_no_programme(monkeypatch):
    monkeypatch.setattr(planner, "ConvexProgram", refused)
    outcome = play(PLANNER, economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0]))
    assert outcome.status is Status.OPTIMAL
    np.testing.assert_allclose(outcome.consumption, [[5.0], [5.0]], rtol=1e-15)


def test_the_planner_believes_the_evidence_and_not_whoever_found_it(monkeypatch):
    """An answer that is no optimum is not taken: the programme is asked, and if it is as wrong, it failed."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x = np.array([[7.0], [3.0]])

    def wrong(*_):
        return Solution(x, np.zeros_like(x), np.array([0.2]), 0.0)

    monkeypatch.setattr(planner, "optimum", wrong)
    outcome = play(PLANNER, two)
    assert outcome.status is Status.OPTIMAL
    np.testing.assert_allclose(outcome.consumption, [[5.0], [5.0]], rtol=1e-9)
    monkeypatch.setattr(Planner, "_by_programme", wrong)
    assert play(PLANNER, two).status is Status.FAILED
