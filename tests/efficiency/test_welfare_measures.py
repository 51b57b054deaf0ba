"""Equivalent and compensating variation against closed forms, corners, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from helpers.outcomes import given

import market
from market.economy.families.utilities import UTILITIES
from market.efficiency.welfare_measures import variation
from market.errors import InputError
from market.outcome import Status

P0, P1 = np.array([1.0, 2.0]), np.array([3.0, 0.5])
X0, X1 = np.array([[4.0, 1.0]]), np.array([[2.0, 5.0]])
SCENARIOS = Path(__file__).parents[2] / "scenarios"


def at(world, x, prices=None, kind="auctioneer", name="given"):
    """Return an outcome with this consumption and these prices."""
    p = None if prices is None else np.array(prices, dtype=float)
    return replace(given(world, x), prices=p, kind=kind, status=Status.CLEARED, name=name)


def one(family, money="exchange", **parameters):
    """Return one agent of a family with two goods."""
    return with_utility(money, UTILITIES[family], parameters, endowment=[[4.0, 1.0]])


def of(family, **parameters):
    world = one(family, **parameters)
    found = variation(at(world, X0, P0), at(world, X1, P1))
    return float(found.equivalent[0]), float(found.compensating[0])


def cobb_douglas(p, x, shares):
    """e = prod (p_g / s_g)^s_g prod x_g^s_g: shares s of spending."""
    return float(np.prod((p / shares) ** shares) * np.prod(x[0] ** shares))


@pytest.mark.parametrize("family", ["log", "cobb_douglas"])
def test_constant_shares_have_their_geometric_mean_as_least_expenditure(family):
    shares = np.array([0.25, 0.75])
    ev, cv = of(family, weights=[[1.0, 3.0]])
    assert ev == pytest.approx(cobb_douglas(P0, X1, shares) - cobb_douglas(P0, X0, shares), rel=1e-11)
    assert cv == pytest.approx(cobb_douglas(P1, X1, shares) - cobb_douglas(P1, X0, shares), rel=1e-11)


def test_ces_has_the_ces_price_index_as_least_expenditure():
    """`e = u P(p)` with `P = (sum a_g^s p_g^(1-s))^(1/(1-s))` for `u = (sum a_g x_g^r)^(1/r)`, `r = 1 - 1/s`.

    The index is homogeneous, so any scale of u drops out of `e(p, u(x)) = P(p) u(x)` if both have it; here
    the scale is read off at one bundle.
    """
    s, a = 2.0, np.array([1.0, 3.0])
    world = one("ces", weights=[[1.0, 3.0]], elasticity=[s])
    scale = float(world.utility(X0)[0]) / np.sum(a * X0[0] ** 0.5) ** 2

    def least(p, x):
        index = np.sum(a**s * p ** (1 - s)) ** (1 / (1 - s))
        return float(world.utility(x)[0]) / scale * index

    ev, cv = of("ces", weights=[[1.0, 3.0]], elasticity=[s])
    assert ev == pytest.approx(least(P0, X1) - least(P0, X0), rel=1e-11)
    assert cv == pytest.approx(least(P1, X1) - least(P1, X0), rel=1e-11)


def test_fixed_proportions_cost_their_bundle_and_substitutes_the_cheapest():
    """Leontief: u bundles of one of each, `e = u (p_1 + p_2)`; linear: `e = u min p_g / a_g`."""
    world = one("leontief", weights=[[1.0, 1.0]])
    u0, u1 = float(world.utility(X0)[0]), float(world.utility(X1)[0])
    bundle = np.ones((1, 2)) * min(X0[0]) / u0
    ev, cv = of("leontief", weights=[[1.0, 1.0]])
    assert ev == pytest.approx((u1 - u0) * float((bundle @ P0)[0]), rel=1e-11)
    assert cv == pytest.approx((u1 - u0) * float((bundle @ P1)[0]), rel=1e-11)
    ev, cv = of("linear", weights=[[1.0, 4.0]])
    assert ev == pytest.approx((22.0 - 8.0) * 0.5, rel=1e-11)  # the second good, 2 / 4 a unit of utility
    assert cv == pytest.approx((22.0 - 8.0) * 0.125, rel=1e-11)


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("log1p", {"weights": [[1.0, 2.0]]}),
        ("crra", {"weights": [[1.0, 2.0]], "risk_aversion": [2.5]}),
        ("stone_geary", {"weights": [[1.0, 2.0]], "subsistence": [[0.5, 0.2]]}),
        ("quadratic", {"weights": [[9.0, 8.0]], "slope": [[1.0, 0.5]]}),
    ],
)
def test_what_an_income_buys_costs_that_income(family, parameters):
    """`e(p, v(p, b)) = b`, so between two incomes at equal prices both measures are their difference."""
    world = one(family, **parameters)
    bundles = [
        world.utilities[0].family.budget_demand(P0, np.array([b]), **world.utilities[0].parameters).lowest
        for b in (3.0, 5.0)
    ]
    found = variation(at(world, bundles[0], P0), at(world, bundles[1], P0))
    np.testing.assert_allclose(found.equivalent, 2.0, rtol=1e-9)
    np.testing.assert_allclose(found.compensating, 2.0, rtol=1e-9)


def test_with_quasilinear_money_both_are_the_change_of_surplus():
    """Demand 12 - Q of one buyer, a price of 8 instead of 7: its surplus falls from 12.5 to 8."""
    given_ = {"weights": [[12.0]], "slope": [[1.0]]}
    world = with_utility("quasilinear", UTILITIES["quadratic"], given_, commons=[5.0])
    at_seven, at_eight = (given(world, [[x]], payments=[paid]) for x, paid in ((5.0, 35.0), (4.0, 32.0)))
    found = variation(at_seven, at_eight)
    np.testing.assert_allclose([found.equivalent, found.compensating], -4.5)


def test_losing_everything_costs_what_there_was_and_no_more():
    """At -inf the least money is 0: `EV = -e(p^0, u^0)` = -6, `CV = -e(p^1, u^0)`; both at -inf: 0."""
    world = one("log", weights=[[1.0, 1.0]])
    before, after = at(world, [[3.0, 1.5]], P0), at(world, [[3.0, 0.0]], P1)
    found = variation(before, after)
    assert found.equivalent[0] == pytest.approx(-6.0, rel=1e-11)
    assert found.compensating[0] == pytest.approx(-2 * np.sqrt(1.5 * 4.5), rel=1e-11)
    np.testing.assert_array_equal(variation(after, after).equivalent, 0.0)


def test_with_quasilinear_money_a_change_from_ruin_is_infinite_and_between_ruins_unknown():
    world = economy("quasilinear", log=[[1.0]], commons=[1.0])
    some, nothing = given(world, [[1.0]]), given(world, [[0.0]])
    assert variation(nothing, some).equivalent[0] == np.inf
    found = variation(nothing, nothing)
    assert np.isnan(found.equivalent[0])
    assert "-inf before and after" in found.unknown[0]


def test_an_outcome_without_prices_leaves_a_measure_unknown_unless_prices_are_stated():
    world = one("log", weights=[[1.0, 1.0]])
    alone, traded = at(world, X0, None, "unmediated", "alone"), at(world, X1, P1)
    found = variation(alone, traded)
    assert np.isnan(found.equivalent[0])
    assert np.isfinite(found.compensating[0])
    assert "'alone' has no prices" in found.unknown[0]
    stated = variation(alone, traded, {"good0": 3.0, "good1": 0.5})
    np.testing.assert_allclose(stated.equivalent, found.compensating)
    assert not stated.unknown


def test_shadow_prices_of_a_planner_are_not_used():
    world = one("log", weights=[[1.0, 1.0]])
    found = variation(at(world, X0, P0), at(world, X1, P1, "planner"))
    assert np.isnan(found.compensating[0])
    assert "shadow prices" in found.unknown[0]


def test_a_free_good_that_is_wanted_leaves_no_least_expenditure_to_those_who_want_it():
    world = with_utility(
        "exchange", UTILITIES["log"], {"weights": [[1.0, 1.0], [1.0, 0.0]]}, endowment=[[1, 1], [1, 1]]
    )
    x = np.array([[1.0, 1.0], [2.0, 0.0]])
    found = variation(at(world, x, [1.0, 0.0]), at(world, 2 * x, [1.0, 0.0]))
    assert np.isnan(found.equivalent[0])
    assert found.equivalent[1] == pytest.approx(2.0)
    assert "good1 is free" in found.unknown[0]


def test_a_seller_of_a_fisher_market_is_measured_in_money():
    """A buyer with 3 and a seller of water: the seller's payoff is money, the buyer's utility has prices."""
    world = economy("fisher", log=[[1.0], [0.0]], endowment=[[0.0], [2.0]], budget=[3.0, 0.0])
    before, after = (
        replace(at(world, [[x], [0.0]], [p]), payoffs=np.array([np.log(x), p * x]))
        for x, p in ((1.0, 3.0), (2.0, 1.5))
    )
    found = variation(before, after)
    np.testing.assert_allclose(found.equivalent, [3.0, 0.0], rtol=1e-11)
    np.testing.assert_allclose(found.compensating, [1.5, 0.0], rtol=1e-11)


@pytest.mark.parametrize(
    ("names", "prices", "message"),
    [
        (("autarky", "price"), None, "no mechanism 'price' was played"),
        (("autarky", "prices"), {"bread": 1.0}, "the price of wine is missing"),
        (("autarky", "prices"), {"bread": 1.0, "win": 1.0}, "no good 'win'"),
        (("autarky", "prices"), {"bread": -1.0, "wine": 1.0}, "must be finite and not negative"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_one_sentence(edgeworth, names, prices, message):
    with pytest.raises(InputError, match=message):
        edgeworth.variation(*names, prices)


@pytest.fixture(scope="module")
def edgeworth():
    return market.compare(market.load(SCENARIOS / "edgeworth.toml"))


def test_prices_of_no_use_with_quasilinear_money_are_refused():
    world = economy("quasilinear", log=[[1.0]], commons=[1.0])
    with pytest.raises(InputError, match="differences of payoffs"):
        variation(given(world, [[1.0]]), given(world, [[1.0]]), {"good0": 1.0})


def test_the_gain_from_trade_at_the_equilibriums_prices_is_income_less_what_autarky_is_worth(edgeworth):
    """CV from autarky: `e(p, u^1)` is the value of the endowment, less `e(p, u^0)`; shown as a table."""
    found = edgeworth.variation("autarky", "prices")
    outcome = edgeworth.outcomes["prices"]
    income = outcome.economy.endowment @ outcome.prices
    least = income - found.compensating
    assert (found.compensating > 0).all()
    assert (least > 0).all()
    assert list(found.table().columns) == ["agent", "equivalent", "compensating"]
    assert "unknown" in str(found)
    assert "CV 3.223" in repr(found)
