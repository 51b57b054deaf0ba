"""Consumer and producer surplus by hand and at corners, and their sum over random outcomes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from helpers.outcomes import given
from helpers.strategies import SOAK, economies
from hypothesis import assume, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Money
from market.efficiency.report import alignment
from market.efficiency.surplus import surplus
from market.mechanisms import Auction, Planner, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status

PRICES = Auction("prices", Tatonnement())


def test_surplus_of_linear_demand_and_supply_is_the_area_of_triangles():
    # demand p = 10 - x, supply p = 2 + y: p = 6, x = y = 4, both triangles 4 * 4 / 2
    drawn = with_utility(
        "quasilinear", UTILITIES["quadratic"], {"weights": [[10.0], [0.0]], "slope": [[1.0], [1.0]]}
    )
    drawn = replace(
        drawn, costs=economy("quasilinear", log=[[1.0]], quadratic=([[2.0]], [[1.0]], [[np.inf]])).costs
    )
    found = surplus(play(PRICES, drawn))
    assert found.consumers == pytest.approx([8.0, 0.0], abs=1e-6)
    assert found.producers == pytest.approx([0.0, 8.0], abs=1e-6)
    assert (found.consumer, found.producer) == pytest.approx((8.0, 8.0), abs=1e-6)
    assert found.revenue == pytest.approx(0.0, abs=1e-6)
    assert found.total == pytest.approx(16.0, abs=1e-6)


def test_revenue_of_the_common_stock_is_part_of_total_surplus():
    drawn = economy("quasilinear", log1p=[[1.0], [1.0], [1.0]], commons=[10.0])
    found, p = surplus(play(PRICES, drawn)), 3.0 / 13.0
    assert found.revenue == pytest.approx(10 * p)
    assert found.consumer == pytest.approx(3 * math.log(13 / 3) - 10 * p)
    assert found.total == pytest.approx(3 * math.log(13 / 3))


def test_log_utility_makes_consumer_surplus_unbounded_and_leaves_the_rest_finite():
    found = surplus(play(PRICES, economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])))
    assert found.consumer == math.inf
    assert found.utility_minus_payments == pytest.approx(2 * math.log(5) - 2)
    assert found.total == pytest.approx(2 * math.log(5))


def test_an_agent_without_anything_has_no_surplus_and_one_that_loses_all_has_minus_infinity():
    drawn = economy("quasilinear", log=[[1.0], [1.0]], endowment=[[0.0], [10.0]])
    nothing = surplus(given(drawn, [[0.0], [10.0]]))
    assert nothing.consumers.tolist() == [0.0, 0.0]
    swapped = surplus(given(drawn, [[10.0], [0.0]]))
    assert swapped.consumers.tolist() == [math.inf, -math.inf]
    assert swapped.consumer is None
    assert swapped.total == swapped.utility_minus_payments == -math.inf


def test_an_owner_that_wants_no_good_is_a_producer_and_one_that_wants_it_gains_by_trade():
    drawn = economy("quasilinear", log1p=[[1.0], [0.0]], endowment=[[0.0], [1.0]])
    found = surplus(play(PRICES, drawn))
    assert found.producers == pytest.approx([0.0, 0.5])
    assert found.consumers == pytest.approx([math.log(2) - 0.5, 0.0])
    drawn = economy("quasilinear", log1p=[[1.0], [1.0]], endowment=[[0.0], [2.0]])
    found = surplus(play(PRICES, drawn))  # p = 1 / 2: each has one unit
    assert found.producers == pytest.approx([0.0, 0.0])
    assert found.consumers == pytest.approx([math.log(2) - 0.5, math.log(2) + 0.5 - math.log(3)])
    assert found.total == pytest.approx(2 * math.log(2))
    assert found.consumer + math.log(3) == pytest.approx(found.total)
    assert found.utility_minus_payments == pytest.approx(found.total)


def test_a_producer_that_is_not_paid_has_minus_its_cost():
    drawn = economy("quasilinear", log1p=[[3.0]], linear=([[1.0]], [[np.inf]]))
    planned = surplus(play(Planner("planner"), drawn))
    assert planned.producers == pytest.approx([0.0, -2.0])
    sold = surplus(play(PRICES, drawn))
    assert sold.producers == pytest.approx([0.0, 0.0], abs=1e-6)
    assert sold.total == pytest.approx(planned.total) == pytest.approx(3 * math.log(3) - 2)


def test_a_spending_cap_leaves_the_sum_as_it_is():
    drawn = economy("quasilinear", log1p=[[1.0], [1.0]], commons=[2.0], budget=[0.1, np.inf])
    outcome = play(PRICES, drawn)
    found = surplus(outcome)
    assert found.consumer + found.revenue == pytest.approx(found.total)
    assert found.total < 2 * math.log(2)


@pytest.mark.parametrize("money", ["fisher", "exchange"])
def test_without_quasilinear_money_there_is_no_surplus(money):
    drawn = economy(money, log=[[1.0], [1.0]], commons=[1.0], endowment=[[1.0], [1.0]], budget=[1.0, 1.0])
    assert surplus(given(drawn, [[1.0], [1.0]])) is None


@pytest.mark.parametrize("family", COSTS, ids=lambda family: family.name)
def test_every_family_of_costs_charges_nothing_for_no_output(family):
    shapes = {"good": (1, 2), "steps": (1, 2, 1, 2)}
    ones = {name: np.ones(shapes.get(parameter.axis, 1)) for name, parameter in family.parameters.items()}
    assert family.value(np.zeros((1, 2)), **ones).tolist() == [0.0]


@settings(max_examples=25 * SOAK)
@examples(
    economies(money=Money.QUASILINEAR),
    st.booleans(),
)
def test_surpluses_add_up_and_what_is_lost_is_the_planners_total_less_theirs(drawn, owned):
    if owned:  # the first agent owns what was common
        first = np.zeros(drawn.shape)
        first[0] = drawn.commons
        drawn = replace(drawn, endowment=first, commons=np.zeros_like(drawn.commons))
    outcome = play(PRICES, drawn)
    found, planned = surplus(outcome), play(Planner("planner"), drawn)
    assume(np.isfinite(found.total) and planned.status is Status.OPTIMAL)
    size = max(1.0, np.abs(outcome.utilities).sum(), np.abs(outcome.payments).sum())
    sums = found.utility_minus_payments + found.producer + found.revenue
    assert sums == pytest.approx(found.total, abs=1e-9 * size)
    before = drawn.utility(drawn.endowment)
    if np.isfinite(before).all():
        again = found.consumer + before.sum()
        assert again == pytest.approx(found.utility_minus_payments, abs=1e-9 * size)
    assert float((outcome.payoffs).sum()) + found.revenue == pytest.approx(found.total, abs=1e-9 * size)
    gap = alignment(outcome).surplus_gap
    if gap is not None:
        assert float(planned.utilities.sum()) - found.total == pytest.approx(gap, abs=1e-5 * size)
