"""Barter: properties over random economies, the known traps, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.bazaars import axtell, bartered, feldman, owners
from helpers.strategies import SOAK, economies
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.economy.primitives import Money
from market.efficiency.report import alignment
from market.errors import InputError
from market.mechanisms import Barter
from market.mechanisms.trading.barter.crossings import find
from market.mechanisms.trading.barter.demands import CLOSED
from market.mechanisms.trading.barter.large import FEW
from market.mechanisms.trading.barter.pairs import Pairs
from market.mechanisms.trading.barter.tastes import Tastes
from market.mechanisms.trading.barter.verdict import _apart
from market.outcome import Status

some = settings(max_examples=12 * SOAK, deadline=None)


def owned(economy):
    """Return the economy with its commons shared out unevenly: there are no commons in barter."""
    agents = len(economy.agents)
    shares = np.linspace(1.0, 2.0, agents)[:, None] / np.linspace(1.0, 2.0, agents).sum()
    return replace(
        economy,
        endowment=economy.endowment + shares * economy.commons,
        commons=np.zeros_like(economy.commons),
    )


def two_goods_or_money(economy):
    return economy.money is Money.QUASILINEAR or len(economy.goods) > 1


@some
@given(
    economies(money=Money.EXCHANGE, producers=False, max_agents=4).filter(two_goods_or_money),
    st.sampled_from(["walras", "nash", "mrs", "random"]),
)
def test_no_agent_loses_and_goods_are_conserved_in_every_round(economy, rule):
    mechanism = Barter("barter", bargain=rule, max_rounds=25)
    state = mechanism.start(economy)
    start = u = economy.utility(economy.endowment)
    while not mechanism.done(economy, state):
        state = mechanism.step(economy, state, None)
        x = state.by_agent
        np.testing.assert_allclose(x.sum(axis=0), economy.owned, rtol=1e-12)
        assert (x >= 0).all()
        now = economy.utility(x)
        rounding = 1e-11 * (np.abs(u) + economy.worth(x))
        assert (now >= u - rounding).all()
        u = now
    outcome = mechanism.outcome(economy, state)
    assert outcome.status is not Status.FAILED
    np.testing.assert_allclose(outcome.consumption.sum(axis=0), economy.owned, rtol=1e-14)
    assert (outcome.payoffs >= start - 1e-9 * (np.abs(start) + economy.worth(outcome.consumption))).all()


@some
@given(economies(money=Money.EXCHANGE, producers=False, max_agents=4, max_goods=3).filter(two_goods_or_money))
def test_settled_barter_with_a_good_that_all_hold_and_want_is_efficient(economy):
    outcome = bartered(economy, tolerance=1e-7, max_rounds=400)
    wanted = (economy.bliss > 0).all(axis=0) & (outcome.consumption > 1e-3).all(axis=0)
    if outcome.status is Status.SETTLED and wanted.any():
        assert alignment(outcome).efficient is not False


@some
@given(economies(money=Money.QUASILINEAR, producers=False, max_agents=4, max_goods=2).map(owned))
def test_with_money_settled_barter_has_the_largest_surplus(economy):
    outcome = bartered(economy, tolerance=1e-8, max_rounds=300)
    assert abs(outcome.payments.sum()) <= 1e-9 * (1.0 + np.abs(outcome.payments).sum())
    before = economy.utility(economy.endowment)
    assert (outcome.payoffs >= before - 1e-9 * (np.abs(before) + economy.worth(outcome.consumption))).all()
    if outcome.status is Status.SETTLED:
        assert alignment(outcome).efficient is not False


def test_one_seed_gives_one_result_bit_for_bit():
    for agents in (31, FEW + 2):
        one, other = (bartered(axtell(agents, 2, 5), max_rounds=6) for _ in range(2))
        np.testing.assert_array_equal(one.consumption, other.consumption)
    apart = bartered(axtell(31, 2, 5), max_rounds=6)
    again = bartered(replace(axtell(31, 2, 5), seed=6), max_rounds=6)
    assert (apart.consumption != again.consumption).any()


def test_relabelled_agents_have_one_distribution():
    """Mean utility of an agent over orders does not depend on the row that it has."""
    economy = axtell(8, 2, 1, "log")
    turned = np.arange(8)[::-1]
    block = economy.utilities[0]
    relabelled = replace(
        economy,
        endowment=economy.endowment[turned],
        utilities=(replace(block, parameters={"weights": block.parameters["weights"][turned]}),),
    )
    means, errors = [], []
    for each, back in ((economy, np.arange(8)), (relabelled, turned)):
        found = np.array([bartered(replace(each, seed=k), max_rounds=8).utilities[back] for k in range(60)])
        means.append(found.mean(axis=0))
        errors.append(found.std(axis=0) / np.sqrt(60))
    assert (np.abs(means[0] - means[1]) <= 4.0 * np.hypot(*errors) + 1e-3).all()


def test_units_of_goods_and_utility_do_not_matter():
    economy = axtell(30, 2, 2)
    block = economy.utilities[0]
    grams = replace(economy, endowment=1000.0 * economy.endowment)
    one, other = bartered(economy), bartered(grams)
    assert one.rounds == other.rounds
    np.testing.assert_allclose(other.consumption, 1000.0 * one.consumption)
    small = replace(
        economy, utilities=(replace(block, parameters={"weights": block.parameters["weights"] * 1e-9}),)
    )
    assert bartered(small).rounds == one.rounds


# --- traps ------------------------------------------------------------------------------------------------


def test_log_agents_with_one_good_each_cannot_move_and_it_says_so():
    economy = owners("log", np.eye(3), weights=np.ones((3, 3)))
    outcome = bartered(economy)
    assert outcome.status is Status.SETTLED
    assert np.isneginf(outcome.utilities).all()
    assert alignment(outcome).resource_utilisation == 0.0
    assert "3 agents at a utility of -inf lack more than any single trade could bring" in outcome.reason


def test_an_agent_that_lacks_one_good_is_lifted():
    economy = owners("log", [[1.0, 0.0], [1.0, 2.0]], weights=np.ones((2, 2)))
    outcome = bartered(economy)
    assert np.isfinite(outcome.utilities).all()
    assert alignment(outcome).efficient


def test_an_increasing_transform_changes_nothing_under_walras_and_something_under_nash():
    """Log and Cobb-Douglas order bundles alike: u becomes exp(u)."""
    for rule, alike in (("walras", True), ("mrs", True), ("nash", False)):
        one, other = (bartered(axtell(10, 2, 3, family), bargain=rule) for family in ("log", "cobb_douglas"))
        assert np.allclose(one.consumption, other.consumption, rtol=1e-6) is alike


def test_an_odd_agent_stays_out_of_a_round():
    outcome = bartered(axtell(11, 2, 0), max_rounds=1)
    untouched = (outcome.consumption == outcome.economy.endowment).all(axis=1)
    assert untouched.sum() == 1


def test_gains_below_the_rounding_of_utilities_are_still_traded():
    outcome = bartered(axtell(100, 2, 0), tolerance=1e-11)
    assert outcome.status is Status.SETTLED
    assert outcome.evidence["mrs_spread"] <= 1e-11
    assert alignment(outcome).residual <= 1e-9


def test_a_good_of_no_use_is_given_away_whole():
    """One has no use for what it owns: all of it goes to the other."""
    economy = owners("log", [[1.0, 1.0], [1.0, 1.0]], weights=[[0.0, 1.0], [1.0, 1.0]])
    for rule in ("walras", "nash", "mrs"):
        outcome = bartered(economy, bargain=rule)
        assert outcome.consumption[0, 0] == 0.0
        assert outcome.status is Status.SETTLED


@pytest.mark.parametrize("rule", ["walras", "nash", "mrs"])
def test_rounding_of_a_search_leaves_no_negative_amount(rule):
    """One has no use for its 0.999 of a good: all of it goes, and no more."""
    economy = owners("log", [[0.999, 1.0], [1.0, 1.0]], weights=[[0.0, 0.9], [1.0, 1.0]])
    outcome = bartered(economy, bargain=rule)
    assert outcome.consumption[0, 0] == 0.0
    assert (outcome.consumption >= 0).all()


def test_step_bids_settle_where_slopes_jump():
    """Three units at 3 and 1, three at 2: the unit at 3 is bought, at its edge the last unit is worth 3."""
    bids = np.zeros((2, 1, 2, 2))
    bids[0, 0] = [[3.0, 1.0], [1.0, 2.0]]
    bids[1, 0] = [[2.0, 3.0], [0.5, 1.0]]
    economy = owners("steps", [[0.0], [3.0]], "quasilinear", bids=bids)
    outcome = bartered(economy)
    assert outcome.status is Status.SETTLED
    np.testing.assert_allclose(outcome.consumption[:, 0], [1.0, 2.0])
    assert 2.0 - 1e-6 <= outcome.payments[0] <= 3.0


def test_linear_utilities_end_in_a_corner():
    economy = owners("linear", [[1.0, 1.0], [1.0, 1.0]], weights=[[1.0, 2.0], [2.0, 1.0]])
    for rule in ("walras", "nash", "mrs"):
        outcome = bartered(economy, bargain=rule)
        np.testing.assert_allclose(outcome.consumption, [[0.0, 2.0], [2.0, 0.0]], atol=1e-12)


def test_leontief_agents_trade_to_their_proportions():
    economy = owners("leontief", [[3.0, 1.0], [1.0, 3.0]], weights=[[1.0, 1.0], [1.0, 1.0]])
    outcome = bartered(economy)
    assert outcome.status is Status.SETTLED
    np.testing.assert_allclose(outcome.utilities.sum(), 4.0)


def test_millions_of_trades_do_not_drift():
    economy = axtell(FEW + 1, 2, 0)
    mechanism = Barter("barter", tolerance=1e-12, max_rounds=300)
    state = mechanism.start(economy)
    for _ in range(300):
        after = mechanism.step(economy, state, None)
        apart = after.holdings.sum(axis=1) / state.holdings.sum(axis=1) - 1.0
        assert np.abs(apart).max() <= 1e-12
        state = after
    assert np.abs(state.holdings.sum(axis=1) / economy.owned - 1.0).max() <= 1e-12


# --- the pieces -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", sorted(CLOSED))
def test_closed_demand_is_what_a_search_finds(family):
    """On the budget line of two of three goods."""
    rng = np.random.default_rng(1)
    given = {"weights": rng.uniform(0.2, 1.0, (8, 3))}
    if family == "ces":
        given["elasticity"] = rng.uniform(0.3, 3.0, 8)
    if family == "crra":
        given["risk_aversion"] = rng.uniform(0.3, 3.0, 8)
    x = rng.uniform(0.5, 2.0, (8, 3))
    if family == "leontief":
        x[:, 2] = 9.0
    economy = owners(family, x, **given)
    pairs = Pairs(Tastes.of(economy), x, np.zeros_like(x), np.zeros(4, dtype=int), np.ones(4, dtype=int))
    price = rng.uniform(0.5, 2.0, 4)
    t = pairs.demand(price).ravel()
    both = np.concatenate([price, price])

    def bundle(bought):
        return np.column_stack([x[:, 0] + bought, x[:, 1] - both * bought, x[:, 2]])

    best = economy.utility(bundle(t))
    for share in (-1e-4, 1e-4):
        other = np.clip(t + share, -x[:, 0], x[:, 1] / both)
        assert (economy.utility(bundle(other)) <= best + 1e-12).all()


def test_find_encloses_zeros_and_jumps():
    np.testing.assert_allclose(
        find(lambda z: 2.0 - z**2, np.zeros(1), np.full(1, 2.0)), np.sqrt(2.0), rtol=1e-15
    )
    jump = find(lambda z: np.where(z < 0.3, 5.0, -1e3), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(jump, 0.3, rtol=1e-15)


def test_nash_with_money_halves_the_gain():
    """u = 2 ln(1 + x) and ln(1 + x), a unit each: both gain half of the largest surplus less today's."""
    economy = owners("log1p", [[1.0], [1.0]], "quasilinear", weights=[[2.0], [1.0]])
    outcome = bartered(economy, bargain="nash")
    x = 2.0 * 4.0 / 3.0 - 1.0
    whole = 2.0 * np.log1p(x) + np.log1p(2.0 - x) - 3.0 * np.log(2.0)
    np.testing.assert_allclose(outcome.consumption[:, 0], [x, 2.0 - x])
    np.testing.assert_allclose(outcome.payoffs - economy.utility(economy.endowment), whole / 2.0, rtol=1e-9)


def test_nash_of_two_is_the_largest_product_of_gains():
    economy = owners(
        "crra", [[2.0, 0.5], [0.5, 2.0]], weights=[[1.0, 2.0], [2.0, 1.0]], risk_aversion=[0.5, 2.0]
    )
    outcome = bartered(economy, bargain="nash", max_rounds=1)
    start = economy.utility(economy.endowment)
    best = np.prod(outcome.utilities - start)
    for step in np.stack(np.meshgrid([-1e-3, 0, 1e-3], [-1e-3, 0, 1e-3]), -1).reshape(-1, 2):
        x = outcome.consumption + np.array([step, -step])
        assert np.prod(economy.utility(x) - start) <= best + 1e-12


def test_two_trade_at_the_competitive_price():
    economy = owners("log", [[9.0, 1.0], [1.0, 4.0]], weights=[[0.4, 0.6], [0.5, 0.5]])
    outcome = bartered(economy, max_rounds=1)
    assert outcome.trades.price == pytest.approx(0.406780, abs=1e-6)
    np.testing.assert_allclose(outcome.trades.amount, 4.416667, atol=1e-6)


def test_trades_add_up_under_every_rule():
    for rule, goods in (("walras", 2), ("mrs", 2), ("nash", "all"), ("random", 2)):
        economy = axtell(12, 3, 4, "log")
        outcome = bartered(economy, bargain=rule, goods=goods, max_rounds=20)
        bought, paid = outcome.trades.net(*economy.shape)
        np.testing.assert_allclose(economy.endowment + bought, outcome.consumption, rtol=1e-10)
        assert not paid.any()


def test_only_goods_that_are_named_are_traded():
    outcome = bartered(feldman((1, 1, 1)), goods=("a", "b", "c"))
    assert outcome.status is Status.SETTLED
    np.testing.assert_array_equal(outcome.consumption, outcome.economy.endowment)
    assert "Three could gain together" in outcome.reason


# --- refusals ---------------------------------------------------------------------------------------------

BAZAAR = """
schema = 1
economy = "{money}"
goods = ["bread", "wine"]
{more}
agents = [
    {{ name = "ann", count = {count}, endowment = {{ bread = 1.0 }}, utility = {{ family = "log", weights = {{ bread = 1, wine = 1 }} }} }},
    {{ name = "bob", endowment = {{ wine = 1.0 }}, utility = {{ family = "log", weights = {{ bread = 1, wine = 1 }} }} }},
]
mechanisms = [{{ name = "barter", kind = "barter"{keys} }}]
"""  # noqa: E501


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('against = "cheese"', "no good of that name"),
        ('meets = { graph = "rng" }', "found graph = 'rng'; one of: ring"),
        ('meets = { graph = "regular" }', "a regular graph needs a degree"),
        ('meets = { graph = "regular", degree = 3 }', "no graph has 5 agents of degree 3"),
        ('meets = { graph = "regular", degree = 5 }', "each can know 1 to 4 others"),
        ('meets = { graph = "grid" }', "5 is a prime number"),
        ('meets = { graph = "ring", degree = 2 }', "no such key 'degree' of a ring"),
        ('meets = "all"', "found 'all'; write \"anyone\""),
        ('rule = "nsh"', "Did you mean 'nash'"),
        ('goods = "all"', '"all" is for rule = "nash"'),
        ("goods = 3", "3 goods; write 2"),
        ('goods = ["bread"]', "two who meet trade two goods"),
        ("tolerance = 0.0", "too small"),
        ('meets = { data = "edges.csv" }', "no such file"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(tmp_path, keys, message):
    text = BAZAAR.format(money="exchange", more="", count=4, keys=f", {keys}")
    (tmp_path / "bazaar.toml").write_text(text)
    with pytest.raises(InputError) as refused:
        market.build(market.load(tmp_path / "bazaar.toml"))
    assert message in str(refused.value)
    assert "mechanisms[0]" in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("ann[0],bob\nann[1],bop", "line 3: no agent 'bop'; one of: ann[0]"),
        ("bob,bob", "line 2: 'bob' cannot meet itself"),
        ("", "no rows"),
    ],
)
def test_bad_edges_are_refused_with_their_line(tmp_path, rows, message):
    (tmp_path / "edges.csv").write_text(f"from,to\n{rows}\n")
    text = BAZAAR.format(money="exchange", more="", count=4, keys=', meets = { data = "edges.csv" }')
    (tmp_path / "bazaar.toml").write_text(text)
    with pytest.raises(InputError) as refused:
        market.build(market.load(tmp_path / "bazaar.toml"))
    assert message in str(refused.value)


def test_missing_columns_of_edges_are_refused(tmp_path):
    (tmp_path / "edges.csv").write_text("one,other\nbob,ann[0]\n")
    text = BAZAAR.format(
        money="exchange", more="", count=4, keys=', meets = { data = "edges.csv", from = "one" }'
    )
    with pytest.raises(InputError, match="column 'to': no such column"):
        market.loads(text, folder=tmp_path)


@pytest.mark.parametrize(
    ("money", "more", "keys", "message"),
    [
        ("exchange", "commons = { bread = 1.0 }", "", "the commons belong to no agent"),
        ("quasilinear", "", 'against = "bread"', "all goods are traded against money"),
    ],
)
def test_economies_without_owners_are_refused(money, more, keys, message):
    with pytest.raises(InputError, match=message):
        market.build(market.loads(BAZAAR.format(money=money, more=more, count=2, keys=keys and f", {keys}")))


def test_stocks_and_producers_are_refused_from_python_too():
    with pytest.raises(InputError, match="'b' cannot be played, kind: the commons"):
        Barter("b").start(replace(axtell(4, 2, 0), commons=np.ones(2)))
    with pytest.raises(InputError, match="not unique"):
        Barter("b", bargain="nash").start(owners("leontief", np.ones((2, 2)), weights=np.ones((2, 2))))


def test_gain_below_six_digits_is_named_by_its_size():
    assert _apart(1.1, 2.1) == "1.1 to 2.1"
    assert _apart(4.95849, 4.95849 + 3e-8) == "4.95849 by 3.0e-08"
