"""Call markets against closed forms: the k-double auction, the buyer's bid, and what a liar gains."""

import numpy as np
import pytest
from helpers.books import book, mean_and_error, played, unit_market

import market
from market.mechanisms.trading.double_auction.call import Report, best_lie, cross
from market.outcome import Status


def gains(values, costs, bids, offers, k):
    """Gains from trade of one call, and its price if there is a trade."""
    found = cross(
        [Report(p, v, 0) for p, v in zip(bids, values, strict=True)],
        [Report(p, c, 1) for p, c in zip(offers, costs, strict=True)],
    )
    return sum(bid.limit - offer.limit for bid, offer in found.pairs), found.price(k)


def test_bilateral_trade_at_the_linear_equilibrium():
    """Chatterjee and Samuelson: `b = 2 v / 3 + 1/12`, `s = 2 c / 3 + 1/4`, so trade if `v >= c + 1/4`.

    `E (v - c) 1(v - c >= 1/4) = int_{1/4}^1 t (1 - t) dt = 9/64`, of 1/6 that could be gained: 27/32.
    Here on a grid of midpoints.
    """
    values, costs = ((np.arange(count) + 0.5) / count for count in (199, 203))  # no pair at 1/4 exactly
    total = sum(
        gains([v], [c], [2 * v / 3 + 1 / 12], [2 * c / 3 + 1 / 4], 0.5)[0] for v in values for c in costs
    )
    mean = total / (len(values) * len(costs))
    assert mean == pytest.approx(9 / 64, abs=1e-4)
    assert mean / (1 / 6) == pytest.approx(27 / 32, abs=1e-3)


def test_bilateral_trade_where_the_buyer_sets_the_price():
    """With k = 1 the seller tells the truth and the buyer bids v/2: trade if `v >= 2 c`, 3/4 of the gains.

    `int_0^1 int_0^{v/2} (v - c) dc dv = int 3 v^2 / 8 dv = 1/8 = (3/4) / 6`.
    """
    values, costs = ((np.arange(count) + 0.5) / count for count in (199, 203))
    total = sum(gains([v], [c], [v / 2], [c], 1.0)[0] for v in values for c in costs)
    assert total / (len(values) * len(costs)) == pytest.approx(1 / 8, abs=1e-4)


@pytest.mark.parametrize(("side", "lost"), [(1, 0.2493), (2, 0.0744), (4, 0.0176), (8, 0.00416)])
def test_gains_lost_fall_with_the_square_of_traders(side, lost):
    """The buyer's bid double auction, `b = m v / (m + 1)`: rate 1/m^2 (Rustichini et al. 1994)."""
    random = np.random.default_rng(side)
    got, best = [], []
    for _ in range(3000):
        v, c = random.random((2, side))
        got.append(gains(v, c, side * v / (side + 1), c, 1.0)[0])
        best.append(gains(v, c, v, c, 1.0)[0])
    got, best = np.array(got), np.array(best)
    share = 1.0 - got.mean() / best.mean()
    error = np.std((got - (1 - share) * best), ddof=1) / np.sqrt(len(got)) / best.mean()
    assert share == pytest.approx(lost, abs=4.0 * error)


def test_the_buyers_bid_is_a_best_reply():
    """With two a side and k = 1, no other multiple of the value does better against `2 v / 3`."""
    random = np.random.default_rng(5)
    draws = random.random((20_000, 4))  # own value, the other's, costs

    def payoff(share):
        total = 0.0
        for own, other, first, second in draws:
            bids = [Report(share * own, own, 0), Report(2 * other / 3, other, 1)]
            found = cross(bids, [Report(first, first, 2), Report(second, second, 3)])
            total += sum(own - found.price(1.0) for bid, _ in found.pairs if bid.seat == 0)
        return total / len(draws)

    best = payoff(2 / 3)
    assert all(payoff(share) <= best + 3e-4 for share in (0.55, 0.62, 0.72, 0.8))


def test_the_best_lie_is_found_by_trying_all():
    """Against every bid on a fine grid: one lot, and two lots of which a liar may give one up."""
    random = np.random.default_rng(7)
    grid = np.linspace(0.0, 1.0, 201)
    for _ in range(6):
        values = np.sort(random.random(2))[::-1]
        others, offers = random.random(2), random.random(3)
        tried = 0.0
        for first in grid:
            for second in grid[grid <= first]:
                bids = [Report(first, values[0], 0), Report(second, values[1], 0)]
                found = cross([*bids, *(Report(p, p, 1) for p in others)], [Report(p, p, 2) for p in offers])
                own = [bid for bid, _ in found.pairs if bid.seat == 0]
                tried = max(tried, sum(values[: len(own)]) - len(own) * found.price(0.5))
        best = best_lie(values.tolist(), others.tolist(), offers.tolist())
        assert tried <= best + 1e-12
        assert tried >= best - 0.011  # of the grid


@pytest.mark.parametrize(("side", "regret"), [(2, 0.087), (5, 0.045), (10, 0.023), (20, 0.011)])
def test_what_the_best_liar_gains_falls_with_traders(side, regret):
    """About 0.23 / n from n = 5 on; measured to 2 to 10 per cent."""
    random = np.random.default_rng(side)
    found = []
    for _ in range(600):
        v, c = (side_.tolist() for side_ in random.random((2, side)))
        crossed = cross(
            [Report(x, x, i) for i, x in enumerate(v)], [Report(x, x, -1 - i) for i, x in enumerate(c)]
        )
        price = crossed.price(0.5)
        had = {each.seat: abs(each.limit - price) for pair in crossed.pairs for each in pair}
        lies = [best_lie([x], v[:i] + v[i + 1 :], c) - had.get(i, 0.0) for i, x in enumerate(v)]
        lies += [
            best_lie([-x], [-o for o in c[:i] + c[i + 1 :]], [-b for b in v]) - had.get(-1 - i, 0.0)
            for i, x in enumerate(c)
        ]
        found.append(max(*lies, 0.0))
    mean, error = mean_and_error(found)
    assert mean == pytest.approx(regret, abs=4.0 * error + 0.1 * regret)


def test_a_truthful_call_clears_in_lots():
    """Values 40 and 25, costs 10 and 30: one lot at (25 + 30) / 2; the liar pays 25, or gets 30."""
    outcome = played(unit_market((40, 25), (10, 30), 50, 'clearing = "call"\ntraders = "truthful"'))
    assert outcome.status is Status.CLEARED
    assert outcome.prices.tolist() == [27.5]
    assert outcome.rounds == 1
    assert outcome.regret is None  # every price between the limits is Nash with complete information
    assert outcome.evidence["efficiency"] == pytest.approx(1.0)
    assert outcome.evidence["strategic_regret"] == pytest.approx(2.5)
    for k, price in ((0.0, 25.0), (1.0, 30.0), (0.2, 26.0)):
        keys = f'clearing = "call"\ntraders = "truthful"\nk = {k}'
        assert played(unit_market((40, 25), (10, 30), 50, keys)).prices.tolist() == [price]


def test_a_call_of_divisible_goods_trades_all_lots_that_gain():
    """Four buyers with values 11.5 to 8.5 and two sellers with costs 2.5 to 8.5: 12 lots, at 8.5."""
    outcome = played(book('clearing = "call"\ntraders = "truthful"'))
    assert (outcome.status, len(outcome.trades)) == (Status.CLEARED, 12)
    assert outcome.prices.tolist() == [8.5]
    assert outcome.evidence["loss_in_lots"] == 0.0


def test_a_call_without_intelligence_may_leave_gains():
    """Sealed reports of zi_c are below values and above costs; what is left to gain is said."""
    outcome = played(unit_market((40, 25), (10, 30), 50, 'clearing = "call"\ndays = 20'), seed=1)
    assert outcome.status in (Status.SETTLED, Status.MAX_ROUNDS)
    assert outcome.rounds == 20
    assert 0.0 < outcome.evidence["mean_efficiency"] < 1.0
    assert "strategic_regret" not in outcome.evidence


def test_sellers_without_constraint_report_no_lot_that_costs_more_than_can_be_said():
    """Sellers that could make any amount, at rising cost: their reports come to an end."""
    outcome = played(book('clearing = "call"\ntraders = "zi_u"', lot=0.5))
    assert 0 < outcome.evidence["quotes"] < 200


class Shading(market.Trader):
    """A buyer that bids half of its value."""

    def quote(self, book):
        """Return half of the limit."""
        return 0.5 * book.limit


def test_a_call_asks_traders_of_a_users_class():
    """The buyer that sets the price pays 20 instead of 40, and the play is not called truthful."""
    scenario = market.loads(unit_market((40,), (10,), 50, 'clearing = "call"\ntraders = "truthful"\nk = 1.0'))
    outcome = market.MarketModel(scenario, traders={"b0": Shading}).run()
    assert outcome.prices.tolist() == [20.0]
    assert outcome.status is Status.SETTLED


def test_a_budget_is_spent_once_over_all_goods():
    """One who has 10 buys one good at 9.5, and has 0.5 left when the other is called."""
    scenario = market.loads("""
schema = 1
economy = "quasilinear"
goods = ["a", "b"]
agents = [
    { name = "buyer", budget = 10, utility = { family = "steps", bids = { a = [[10, 1]], b = [[10, 1]] } } },
    { name = "seller", cost = { family = "steps", offers = { a = [[9, 1]], b = [[9, 1]] } } },
]
[[mechanisms]]
name = "call"
kind = "double_auction"
clearing = "call"
traders = "truthful"
price_range = [0, 20]
""")
    outcome = market.compare(scenario).outcomes["call"]
    assert outcome.payments[0] == pytest.approx(9.5)
    assert outcome.consumption[0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("seed", range(8))
def test_a_maker_without_constraint_sells_below_its_cost_no_more_than_it_can_pay(seed):
    """With no money, what it gets for a lot must pay for making it."""
    scenario = market.loads(f"""
schema = 1
economy = "quasilinear"
goods = ["a"]
seed = {seed}
agents = [
    {{ name = "buyer", utility = {{ family = "steps", bids = {{ a = [[10, 1]] }} }} }},
    {{ name = "maker", budget = 0.0, cost = {{ family = "steps", offers = {{ a = [[9, 1]] }} }} }},
]
[[mechanisms]]
name = "call"
kind = "double_auction"
clearing = "call"
traders = "zi_u"
price_range = [0, 20]
""")
    trades = market.compare(scenario).outcomes["call"].trades
    assert (np.asarray(trades.price) >= 9.0).all()
