"""Metamorphic tests: transformations of an economy that may change no verdict of any mechanism.

Agents or goods in another order, two of each agent, an inert agent, goods by the gram or by the tonne, money
in pennies or in millions, utility times 1e-9, and another utility for the same preferences. Verdicts on an
outcome may not change, and quantities, prices and money change as they should.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import transformations
from helpers.economies import INF, LEONTIEF, economy, references, with_utility
from helpers.strategies import SOAK, economies
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Money
from market.efficiency.report import alignment
from market.errors import InputError
from market.mechanisms import Auction, Autarky, Claims, Gift, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement

PRICES = Auction("prices", Tatonnement(), max_rounds=2000)
PLANNER = Planner("planner")
ALONE = Unmediated("alone", Autarky())
GIFTS = Unmediated("gifts", Gift())
AT_ONCE = Unmediated("claims at once", Claims(schedule="simultaneous"))
IN_TURN = Unmediated("claims in turn", Claims())
FIRST = Unmediated("first come", Seize(movers=("agent0",)))
mechanisms = st.sampled_from([PRICES, PRICES, PLANNER, PLANNER, ALONE, GIFTS, AT_ONCE, IN_TURN, FIRST])
powers = st.sampled_from([1e-6, 1e6])
wide = st.sampled_from([1e-9, 1e-6, 1e6, 1e9])
some = settings(max_examples=12 * SOAK)
small = economies(max_agents=4, max_goods=3)

STRICTLY_CONCAVE = {"log", "log1p", "stone_geary", "crra", "separable"}
MOST = 1e60  # utilities beyond that are not ordinary numbers


def judge(mechanism, primitives):
    """Return the outcome and its report."""
    outcome = play(mechanism, primitives)
    return outcome, alignment(outcome)


def ordinary(primitives) -> bool:
    with np.errstate(all="ignore"):
        plenty = np.tile(np.minimum(primitives.most, 1e6), (len(primitives.agents), 1))
        utility = primitives.utility(plenty)
    return bool((np.abs(utility[~np.isneginf(utility)]) < MOST).all())


def compare(mechanism, primitives, changed):
    """Compare for a random economy; skip those that the mechanism refuses, or beyond ordinary numbers."""
    assume(ordinary(primitives) and ordinary(changed.economy))
    try:
        assert_equal_verdicts(mechanism, primitives, changed)
    except InputError:
        assume(False)


def assert_equal_verdicts(mechanism, primitives, changed):
    """Assert that outcome and report of the transformed economy are the transformed ones of the original."""
    if mechanism is PLANNER and (changed.utility != 1).any():
        weights = dict(zip(changed.economy.agents, 1.0 / changed.utility, strict=True))
        other_mechanism = replace(PLANNER, welfare_weights=weights)
    else:
        other_mechanism = mechanism
    (outcome, report), (other, theirs) = judge(mechanism, primitives), judge(other_mechanism, changed.economy)
    assert other.status is outcome.status, (outcome.reason, other.reason)
    if outcome.kind == "auctioneer" and not outcome.status.settled:
        return  # it shows the best prices that it came by, and it starts at 1 in any unit
    assert theirs.efficient is report.efficient, (report, theirs)
    assert theirs.efficient_with_transfers is report.efficient_with_transfers, (report, theirs)
    assert theirs.degenerate is report.degenerate, (report, theirs)
    assert_equal_number(theirs.resource_utilisation, report.resource_utilisation, 1.0)
    money = changed.money * changed.count
    assert_equal_number(theirs.surplus_gap, report.surplus_gap, money)
    assert_equal_amounts(outcome, other, changed)


def assert_equal_number(other, mine, unit):
    if mine is None or np.isinf(mine):
        assert other == mine
    else:
        assert other / unit == pytest.approx(mine, rel=1e-5, abs=1e-6)


def assert_equal_amounts(outcome, other, changed):
    if not outcome.status.settled:
        return
    there = changed.economy.offered(other.production)
    bought, made = changed.quantities(outcome.consumption), changed.quantities(outcome.production)
    families = {block.family.name for block in outcome.economy.utilities}
    if outcome.kind != "planner":
        assert (np.abs(made - other.production) <= 1e-6 * there).all(), (made, other.production)
        assert (np.abs(bought - other.consumption) <= 1e-6 * there).all(), (bought, other.consumption)
    elif families <= STRICTLY_CONCAVE:  # else a planner may have several optima; and equal costs are one cost
        apart = np.abs((made - other.production).sum(axis=0))[other.prices > 0]  # what is free is any amount
        assert (apart <= 1e-5 * there[other.prices > 0]).all(), (made, other.production)
        assert (np.abs(bought - other.consumption) <= 1e-5 * there).all(), (bought, other.consumption)
    if outcome.kind == "auctioneer":
        expected = changed.economy.normalise(changed.prices(outcome.prices))
        np.testing.assert_allclose(other.prices, expected, rtol=1e-6)


# --- random economies -----------------------------------------------------------------------------------


@some
@given(small, mechanisms, st.data())
def test_order_of_agents_and_goods_changes_nothing(primitives, mechanism, data):
    assume(mechanism is not IN_TURN)  # there the order is the point
    agents, goods = primitives.shape
    orders = data.draw(st.permutations(range(agents))), data.draw(st.permutations(range(goods)))
    compare(mechanism, primitives, transformations.reorder_agents(primitives, orders[0]))
    compare(mechanism, primitives, transformations.reorder_goods(primitives, orders[1]))


@some
@given(small, st.sampled_from([PRICES, PLANNER, ALONE]))
def test_replicated_agents_get_equal_bundles(primitives, mechanism):
    compare(mechanism, primitives, transformations.replicate(primitives))


@some
@given(small, mechanisms)
def test_an_inert_agent_changes_nothing(primitives, mechanism):
    assume(mechanism is not FIRST)  # agents that do not move share what is left, inert ones too
    compare(mechanism, primitives, transformations.add_inert_agent(primitives))


@some
@given(small, mechanisms, st.data())
def test_units_of_goods_change_nothing(primitives, mechanism, data):
    assume(not transformations.has_a_unit_of_its_own(primitives))
    goods = len(primitives.goods)
    units = data.draw(st.lists(st.sampled_from([1e-6, 1.0, 1e6]), min_size=goods, max_size=goods))
    compare(mechanism, primitives, transformations.change_units_of_goods(primitives, units))


@some
@given(economies(money=Money.QUASILINEAR, max_agents=4, max_goods=3), mechanisms, wide)
def test_unit_of_money_changes_no_quantity(primitives, mechanism, factor):
    assume(all(block.family.name != "cobb_douglas" for block in primitives.utilities))
    compare(mechanism, primitives, transformations.change_unit_of_money(primitives, factor))


@some
@given(economies(money=Money.FISHER, max_agents=4, max_goods=3), st.sampled_from([PRICES, AT_ONCE]), wide)
def test_unit_of_budgets_changes_no_quantity(primitives, mechanism, factor):
    compare(mechanism, primitives, transformations.change_unit_of_money(primitives, factor))


@some
@given(
    st.sampled_from([Money.FISHER, Money.EXCHANGE]).flatmap(
        lambda money: economies(money=money, producers=False, max_agents=4, max_goods=3)
    ),
    mechanisms,
    wide,
)
def test_ordinal_economies_do_not_depend_on_the_scale_of_utility(primitives, mechanism, factor):
    assume(all(block.family.name != "cobb_douglas" for block in primitives.utilities))
    compare(mechanism, primitives, transformations.change_unit_of_utility(primitives, factor))


@some
@given(
    st.sampled_from([Money.FISHER, Money.EXCHANGE]).flatmap(
        lambda money: economies(
            money=money, producers=False, max_agents=4, families=lambda family, _: family.name == "log"
        )
    ),
    st.sampled_from([PRICES, PRICES, ALONE, GIFTS, FIRST]),
)
def test_ordinal_economies_do_not_depend_on_exponentials_of_utility(primitives, mechanism):
    """exp(sum a log x) = prod x^a. An agent without some good has exp(-inf) = 0: as bad, though a number."""
    powers = tuple(
        Block(UTILITIES["cobb_douglas"], block.rows, dict(block.parameters)) for block in primitives.utilities
    )
    other = replace(primitives, utilities=powers)
    (outcome, report), (theirs, their_report) = judge(mechanism, primitives), judge(mechanism, other)
    assert theirs.status is outcome.status
    np.testing.assert_array_equal(theirs.consumption, outcome.consumption)
    if np.isfinite(outcome.utilities).all():
        assert their_report.efficient is report.efficient
        assert their_report.degenerate is report.degenerate
        assert_equal_number(their_report.resource_utilisation, report.resource_utilisation, 1.0)


# --- economies by hand ----------------------------------------------------------------------------------

CAPPED = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0], budget=[INF, 0.5])
RISING = economy(
    "quasilinear", log=[[6.0, 1.0], [2.0, 3.0]], quadratic=([[1.0, INF]], [[1.0, 0.0]], [[INF, INF]]),
    commons=[0.0, 4.0],
)  # fmt: skip
BY_HAND = {name: known.economy for name, known in references().items() if known.economy.shape[0] < 10} | {
    "a spending cap": CAPPED,
    "rising cost and a stock": RISING,
    "fixed proportions": with_utility(
        "fisher", LEONTIEF, {"weights": [[1.0, 2.0], [3.0, 1.0]]}, commons=[4.0, 5.0], budget=[1.0, 2.0]
    ),
}
TRANSFORMATIONS = {
    "agents in order": lambda e: transformations.reorder_agents(e, np.arange(len(e.agents))[::-1]),
    "twice": transformations.replicate,
    "inert agent": transformations.add_inert_agent,
    "grams": lambda e: transformations.change_units_of_goods(e, np.full(len(e.goods), 1e6)),
    "kilotonnes": lambda e: transformations.change_units_of_goods(e, np.full(len(e.goods), 1e-6)),
    "millions": lambda e: transformations.change_unit_of_money(e, 1e-9),
    "nanopennies": lambda e: transformations.change_unit_of_money(e, 1e9),
}


@pytest.mark.parametrize("change", list(TRANSFORMATIONS))
@pytest.mark.parametrize("name", list(BY_HAND))
def test_transformed_reference_economies_get_the_same_verdicts(name, change):
    primitives = BY_HAND[name]
    if change in ("grams", "kilotonnes") and transformations.has_a_unit_of_its_own(primitives):
        pytest.skip("log(1 + x) cannot be written in other units")
    changed = TRANSFORMATIONS[change](primitives)
    planner = primitives.money is not Money.FISHER or changed.money == 1.0  # costs have no weight in utility
    for mechanism in (GIFTS, PRICES, *([PLANNER] if planner else [])):
        assert_equal_verdicts(mechanism, primitives, changed)
