"""Markets of step bids and offers, against a second opinion: sorting all steps by price (the merit order)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.tampering import Tamper, refused
from helpers.transformations import convert_costs

from market import alignment, build, compare, loads
from market.economy.primitives import Block
from market.mechanisms import Auction, Planner
from market.mechanisms.auction.price_rules import RULES
from market.mechanisms.base import play
from market.outcome import Status
from market.results.run_folder import write_run
from market.results.verify import verify


def text(bids, offers, goods=("energy",)):
    """Return a scenario with a buyer for each list of bids, and a seller for each list of offers."""
    lines = ["schema = 1", 'economy = "quasilinear"', f"goods = {list(goods)}".replace("'", '"')]
    for part, key, agents in (("utility", "bids", bids), ("cost", "offers", offers)):
        for number, steps in enumerate(agents):
            lines += ["[[agents]]", f'name = "{key}{number}"']
            lines += [f'{part} = {{ family = "steps", {key} = {steps} }}']
    return "\n".join([*lines, "[[mechanisms]]", 'name = "prices"', 'kind = "auctioneer"'])


def economy(bids, offers):
    return build(loads(text(bids, offers)))


def merit_order(bids, offers):
    """Return surplus, amount, and the interval of prices, by filling bids with offers unit by unit of steps.

    All bids by falling, all offers by rising price: trade until a bid is no longer above the offer. Prices
    that clear lie between the last traded offer or the first bid not served, whichever is higher, and the
    last served bid or the first offer not taken, whichever is lower.
    """
    wanted = sorted(([float(v), float(a)] for own in bids for v, a in own if a > 0), key=lambda s: -s[0])
    there = sorted(([float(v), float(a)] for own in offers for v, a in own if a > 0), key=lambda s: s[0])
    low, high, surplus, amount = 0.0, np.inf, 0.0, 0.0
    while wanted and there and wanted[0][0] > there[0][0]:
        part = min(wanted[0][1], there[0][1])
        surplus, amount = surplus + part * (wanted[0][0] - there[0][0]), amount + part
        low, high = there[0][0], wanted[0][0]
        for side in (wanted, there):
            side[0][1] -= part
            if side[0][1] <= 1e-12:
                side.pop(0)
    low = max([low, *(price for price, _ in wanted[:1])])
    high = min([high, *(price for price, _ in there[:1])])
    return surplus, amount, low, high


def random_steps(rng, falling, scale=1.0):
    count = int(rng.integers(1, 4))
    prices = np.sort(rng.integers(1, 13, count) * 0.5) * scale
    amounts = rng.choice([0.5, 1.0, 1.5, 2.0], count)
    return [[float(v), float(a)] for v, a in zip(prices[::-1] if falling else prices, amounts, strict=True)]


def random_agents(seed):
    rng = np.random.default_rng(seed)
    bids = [random_steps(rng, True) for _ in range(int(rng.integers(1, 5)))]
    return bids, [random_steps(rng, False) for _ in range(int(rng.integers(1, 5)))]


def played(primitives, rule="tatonnement"):
    return play(Auction("prices", rule=RULES[rule](), max_rounds=400), primitives)


def test_seven_bids_and_offers_clear_at_any_price_between_the_marginal_bid_and_offer():
    """Bids 3.5, 2.5, 1, 1 and offers 1, 2, 3: two units trade, and 2 <= p <= 2.5.

    The offer of 2 is taken and the bid of 2.5 served; those of 3 and 1 stay away.
    """
    bids, offers = [[[3.5, 1]], [[2.5, 1]], [[1, 2]]], [[[1, 1], [2, 1]], [[3, 1]]]
    outcome = played(economy(bids, offers))
    assert outcome.status is Status.CLEARED
    judged = alignment(outcome)
    assert judged.price_interval["energy"] == pytest.approx((2.0, 2.5))
    assert judged.efficient
    assert judged.surplus_gap == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(outcome.production.sum(), 2.0)


@pytest.mark.parametrize("seed", range(40))
def test_random_step_markets_agree_with_the_merit_order(seed):
    """With half the prices on a grid of 0.5 ties between bids and offers are common."""
    bids, offers = random_agents(seed)
    surplus, amount, low, high = merit_order(bids, offers)
    outcome = played(economy(bids, offers))
    assert outcome.status is Status.CLEARED, outcome.reason
    assert low - 1e-9 <= outcome.prices[0] <= high + 1e-9
    np.testing.assert_allclose(outcome.utilities.sum(), surplus, atol=1e-8)
    assert outcome.production.sum() >= amount - 1e-8  # ties may trade as well, at no gain
    if seed < 12:
        judged = alignment(outcome)
        assert judged.efficient
        interval = judged.price_interval and judged.price_interval["energy"]
        if interval is not None:
            np.testing.assert_allclose(interval, (low, high), rtol=1e-6)
        elif judged.price_interval is not None:
            np.testing.assert_allclose(low, high, rtol=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_the_planner_finds_the_surplus_of_the_merit_order(seed):
    bids, offers = random_agents(seed)
    surplus, _, low, high = merit_order(bids, offers)
    outcome = play(Planner("planner"), economy(bids, offers))
    assert outcome.status is Status.OPTIMAL, outcome.reason
    np.testing.assert_allclose(outcome.utilities.sum(), surplus, atol=1e-7)
    assert low * (1 - 1e-6) <= outcome.prices[0] <= high * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_each_of_several_goods_has_its_own_merit_order(seed):
    """Steps of different goods do not touch each other: surplus and prices are those of each good alone."""
    goods = ("power", "heat", "gas")
    markets = [random_agents(100 + 3 * seed + g) for g in range(3)]
    bids, offers = (
        [
            "{ " + ", ".join(f"{goods[g]} = {sides[part][i]}" for g, sides in enumerate(markets)
                             if i < len(sides[part])) + " }"
            for i in range(max(len(sides[part]) for sides in markets))
        ]
        for part in (0, 1)
    )  # fmt: skip
    primitives = build(loads(text(bids, offers, goods)))
    found = [merit_order(*sides) for sides in markets]
    for outcome in (played(primitives), play(Planner("planner"), primitives)):
        assert outcome.status in (Status.CLEARED, Status.OPTIMAL), outcome.reason
        np.testing.assert_allclose(outcome.utilities.sum(), sum(each[0] for each in found), atol=1e-7)
        for p, (_, _, low, high) in zip(outcome.prices, found, strict=True):
            assert low * (1 - 1e-6) <= p <= high * (1 + 1e-6)


def test_bids_that_are_filled_whole_have_a_worth_and_a_price():
    """Bids 2.5 for 2 and offers 0.5 for 2.5: the next unit is worth 0, yet p = 0.5 and 4 is gained."""
    primitives = economy([[[2.5, 2.0]]], [[[0.5, 2.0], [4.0, 2.0]], [[0.5, 0.5]]])
    for outcome in (played(primitives), play(Planner("planner"), primitives)):
        assert outcome.status in (Status.CLEARED, Status.OPTIMAL), outcome.reason
        np.testing.assert_allclose(outcome.prices, [0.5], rtol=1e-7)
        np.testing.assert_allclose(outcome.utilities.sum(), 4.0, rtol=1e-7)


@pytest.mark.parametrize("rule", ["newton", "leader", "anderson", "multiplicative"])
def test_every_rule_clears_steps_that_tie(rule):
    """Load 5 at 3000, three bids of 1 at 50 and at 40; 4 at 0, 2 at 20, 4 at 40: p = 40 for any split."""
    bids = [[[3000.0, 5.0]], *[[[50.0, 1.0], [40.0, 1.0]]] * 3]
    outcome = played(
        economy(bids, [[[0.0, 4.0]], [[20.0, 2.0], [40.0, 3.0], [40.0, 1.0], [60.0, 5.0]]]), rule
    )
    assert outcome.status is Status.CLEARED, outcome.reason
    np.testing.assert_allclose(outcome.prices, [40.0])
    np.testing.assert_allclose(outcome.utilities.sum(), 5 * 3000 + 3 * 50 - 2 * 20 - 2 * 40)


def test_every_split_among_marginal_bids_is_efficient():
    """Two bids of 1 at 3 for one unit at 2: any split clears at p = 3, each with a surplus of 1."""
    primitives = economy([[[3.0, 1.0]], [[3.0, 1.0]]], [[[2.0, 1.0]]])
    outcome = played(primitives)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [3.0])
    for share in (0.0, 0.3, 1.0):
        x = np.array([[share], [1.0 - share], [0.0]])
        split = replace(
            outcome,
            consumption=x,
            payments=primitives.payments(outcome.prices, x, outcome.production),
            utilities=primitives.welfare(x, outcome.production),
        )
        assert alignment(split).efficient


def test_cents_and_grams_change_no_verdict():
    """Prices a hundred times and amounts a thousand times as large: quantities and prices follow."""
    bids, offers = random_agents(3)
    primitives = economy(bids, offers)
    c, money = np.array([1000.0]), 100.0
    (own,), (made,) = primitives.utilities, primitives.costs
    in_cents = own.parameters["bids"] * [money / 1000.0, 1000.0]
    changed = replace(
        primitives,
        utilities=(Block(own.family, own.rows, {"bids": in_cents}),),
        costs=(convert_costs(made, c, money),),
    )
    one, other = played(primitives), played(changed)
    assert one.status is other.status is Status.CLEARED
    np.testing.assert_allclose(other.consumption, 1000.0 * one.consumption, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(alignment(other).price_interval["energy"] or other.prices,
                               np.multiply(money / 1000.0, alignment(one).price_interval["energy"]
                                           or one.prices), rtol=1e-6)  # fmt: skip
    assert alignment(other).efficient is alignment(one).efficient is True


def test_a_bid_above_an_offer_that_does_not_trade_is_surplus_lost():
    """Nothing is traded although a bid is above an offer: 4 is lost."""
    primitives = economy([[[3.0, 2.0]]], [[[1.0, 2.0]]])
    outcome = played(primitives)
    nothing = np.zeros_like(outcome.consumption)
    idle = replace(
        outcome, consumption=nothing, production=nothing, payments=np.zeros(2), utilities=np.zeros(2)
    )
    assert alignment(idle).surplus_gap == pytest.approx(4.0, rel=1e-6)


def test_a_note_says_that_marginal_bids_may_be_filled_otherwise():
    """Two bids of 1 at 3 for one unit at 2 tie at the price; with one of them there is nothing to divide."""
    tied = compare(loads(text([[[3.0, 1.0]], [[3.0, 1.0]]], [[[2.0, 1.0]]])))
    single = compare(loads(text([[[3.0, 1.0]]], [[[2.0, 1.0]]])))
    note = "filled in part"
    assert note in " ".join(str(tied).split())
    assert note not in " ".join(str(single).split())


@pytest.mark.parametrize("end", [(2.0, 2.6), (2.0, 2.4)])
def test_a_forged_range_of_prices_is_refused(tmp_path, end):
    """The honest folder of seven bids and offers says 2 to 2.5, and is confirmed."""
    seven = text([[[3.5, 1]], [[2.5, 1]], [[1, 2]]], [[[1, 1], [2, 1]], [[3, 1]]])
    folder = write_run(compare(loads(seven)), tmp_path / "runs")
    assert verify(folder).holds
    forged = Tamper(folder, tmp_path / "forged")
    forged.mechanism("prices")["alignment"]["price_interval"]["energy"] = list(end)
    assert "prices: ranges of prices" in refused(forged.verified())
