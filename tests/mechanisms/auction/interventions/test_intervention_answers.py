"""Closed forms of taxes, caps, floors and quotas, against the auctioneer.

*Linear.* n buyers with `u = a x - k x^2/2` and m sellers with `C = c y + d y^2/2` have the inverse demand
`a - b Q` and supply `c + s Q`, b = k/n, s = d/m. With `p_b - p_s = t` the market clears at
`Q = (a - c - t) / (b + s)`; the triangle between demand and supply from Q to Q(0), with base t and height
t / (b + s), is lost: `t^2 / (2 (b + s))`. Buyers' price rises by b t / (b + s), so they bear b / (b + s).
Revenue t Q is largest at t = (a - c) / 2.

*Log demand* lam / p at unit cost c: x = lam / (c + t), and `lam [ln((c + t) / c) - t / (c + t)]` is lost, the
utility of what is no longer bought less its cost. With a stock q buyers pay Lam / q whatever t < Lam / q; a
higher tax leaves Q = Lam / t < q sold, and `Lam ln(q t / Lam)` is lost.

*Edgeworth.* A tax on consumption with revenue returned changes both agents' budget lines alike: their
marginal rates of substitution stay equal. A tax rate tau on net purchases of bread (by the vintner, q units)
makes that of the buyer 1 + tau times the seller's. With shares 2/5, 3/5 and 1/2, 1/2 the two first-order
conditions, revenue tau p q in halves, give

    q = (36 - 2 (1 + tau) / 3) / (8 + 7 tau / 3),   p = 4 / ((1 + tau) (1 + q) + q (1 + tau / 2)).
"""

import math

import numpy as np
import pytest
from helpers.taxed_markets import (
    TWO_BUYERS,
    buyer,
    constant_cost,
    edgeworth,
    log_buyer,
    one_each,
    played,
    seller,
    text,
)

import market
from market.efficiency.surplus import surplus
from market.outcome import Status


@pytest.mark.parametrize(
    ("options", "paid", "received", "amount", "revenue", "loss"),
    [
        ("tax.bread = 2", 8, 6, 4, 8, 1),
        ("tax.bread = -2", 6, 8, 6, -12, 1),
        ("tax.bread = 5", 9.5, 4.5, 2.5, 12.5, 6.25),
        ("tax_rate.bread = 0.25", 7.777778, 6.222222, 4.222222, 6.567901, 0.604938),
    ],
)
def test_linear_market_under_a_tax(options, paid, received, amount, revenue, loss):
    outcome, report = played(one_each(options))
    found = outcome.intervention
    assert outcome.status is Status.CLEARED
    assert found.buyer_prices == pytest.approx([paid], abs=1e-6)
    assert outcome.prices == pytest.approx([received], abs=1e-6)
    assert found.traded == pytest.approx([amount], abs=1e-6)
    assert found.tax_revenue == pytest.approx(revenue, abs=1e-6)
    assert report.surplus_gap == pytest.approx(loss, abs=1e-6)
    assert report.efficient_with_transfers is False
    assert found.borne_by_buyers == pytest.approx([0.5], abs=1e-9)


def test_surplus_is_split_at_each_sides_price_and_revenue_counts_once():
    outcome, _ = played(one_each("tax.bread = 2"))
    split = surplus(outcome)
    assert (split.consumer, split.producer) == pytest.approx((8, 8))
    assert (split.transfers, split.revenue) == pytest.approx((8, 0), abs=1e-9)
    assert split.total == pytest.approx(split.consumer + split.producer + split.revenue + split.transfers)
    assert outcome.revenue == pytest.approx(0, abs=1e-9)  # of the commons, of which there are none
    assert outcome.public_revenue == pytest.approx(8)


def test_without_interventions_all_is_as_before():
    outcome, report = played(one_each(""))
    split = surplus(outcome)
    assert outcome.intervention is None
    assert (split.total, split.consumer, split.producer) == pytest.approx((25, 12.5, 12.5))
    assert report.surplus_gap == 0


def test_several_buyers_and_sellers():
    outcome, report = played(text(f"{buyer(count=4)}, {seller(count=2)}", "tax.bread = 1"))
    assert outcome.intervention.free_prices == pytest.approx([26 / 3])
    assert (*outcome.intervention.buyer_prices, *outcome.prices) == pytest.approx((9, 8))
    assert outcome.intervention.tax_revenue == pytest.approx(12)
    assert report.surplus_gap == pytest.approx(2 / 3, abs=1e-9)


def test_the_less_elastic_side_bears_more():
    outcome, report = played(text(f"{buyer(k=3)}, {seller()}", "tax.bread = 2"))
    assert outcome.intervention.borne_by_buyers == pytest.approx([0.75])
    assert report.surplus_gap == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "bound"), [("price_cap.bread = 5", "cap"), ("price_floor.bread = 9", "floor")]
)
def test_cap_and_floor_ration_the_long_side(options, bound):
    """At 5 the seller makes 3 and the buyer wants 7: it gets 3, worth 12 * 3 - 4.5 - 15 against 24.5."""
    outcome, report = played(one_each(options))
    assert outcome.status is Status.RATIONED
    assert outcome.intervention.binding == (bound,)
    assert outcome.intervention.traded == pytest.approx([3])
    assert outcome.intervention.unserved == pytest.approx([4 if bound == "cap" else -4])
    assert report.surplus_gap == pytest.approx(4, abs=1e-9)
    assert outcome.max_regret == pytest.approx(8)


@pytest.mark.parametrize("options", ["price_cap.bread = 7.5", "price_floor.bread = 6.5", "quota.bread = 5.5"])
def test_a_bound_that_does_not_bind_changes_nothing(options):
    outcome, report = played(one_each(options))
    assert outcome.status is Status.CLEARED
    assert outcome.prices == pytest.approx([7])
    assert report.surplus_gap == 0


@pytest.mark.parametrize(
    ("rationing", "amounts", "loss"),
    [("proportional", (8 / 3, 4 / 3), 7.111111), ("efficient", (4, 0), 5.333333)],
)
def test_rationing_decides_what_a_cap_loses(rationing, amounts, loss):
    """At 4 there are 4 units; 8 and 4 are wanted. Free p = 20/3, W = 37 1/3, of which 32 are kept at best."""
    options = f'price_cap.bread = 4\nrationing = "{rationing}"'
    outcome, report = played(text(TWO_BUYERS, options))
    assert outcome.consumption[:2, 0] == pytest.approx(amounts, abs=1e-9)
    assert report.surplus_gap == pytest.approx(loss, abs=1e-6)


def test_random_rationing_loses_what_the_mean_of_all_orders_does():
    """The keen buyer first: all 4 units are its own; last: none is. On average 13 1/3 are lost."""
    losses = {}
    for seed in range(40):
        options = 'price_cap.bread = 4\nrationing = "random"'
        outcome, report = played(text(TWO_BUYERS, options, f"seed = {seed}"))
        losses[tuple(outcome.consumption[:2, 0].round(6))] = report.surplus_gap
        if len(losses) == 2:
            break
    assert losses == pytest.approx({(4, 0): 16 / 3, (0, 4): 64 / 3}, abs=1e-6)
    assert np.mean(list(losses.values())) == pytest.approx(13.333333, abs=1e-6)


def test_quota_is_the_tax_at_which_as_much_is_sold():
    outcome, report = played(one_each("quota.bread = 4"))
    found = outcome.intervention
    assert outcome.status is Status.RATIONED
    assert found.binding == ("quota",)
    assert (*found.buyer_prices, *outcome.prices, *found.traded) == pytest.approx((8, 6, 4))
    assert (found.quota_rent, found.tax_revenue) == pytest.approx((8, 0), abs=1e-9)
    assert report.surplus_gap == pytest.approx(1, abs=1e-9)
    assert outcome.max_regret == pytest.approx(0, abs=1e-9)


def test_log_demand_at_constant_cost():
    outcome, report = played(text(f"{log_buyer()}, {constant_cost()}", "tax.bread = 2"))
    assert (*outcome.intervention.buyer_prices, *outcome.prices) == pytest.approx((4, 2))
    assert outcome.production[1] == pytest.approx([0.25])
    assert outcome.intervention.tax_revenue == pytest.approx(0.5)
    assert report.surplus_gap == pytest.approx(math.log(2) - 0.5, abs=1e-9)
    assert outcome.intervention.borne_by_buyers == pytest.approx([1])


@pytest.mark.parametrize(
    ("tax", "paid", "received", "amount", "loss"),
    [(0.1, 0.2, 0.1, 10, 0), (0.25, 0.25, 0, 8, 2 * math.log(1.25)), (-0.1, 0.2, 0.3, 10, 0)],
)
def test_tax_on_a_stock(tax, paid, received, amount, loss):
    outcome, report = played(text(log_buyer(count=2), f"tax.bread = {tax}", "commons.bread = 10"))
    assert outcome.status is Status.CLEARED
    found = outcome.intervention
    assert (*found.buyer_prices, *outcome.prices) == pytest.approx((paid, received), abs=1e-9)
    assert found.tax_revenue == pytest.approx(tax * amount)
    assert outcome.revenue == pytest.approx(received * amount, abs=1e-9)
    assert report.surplus_gap == pytest.approx(loss, abs=1e-9)


@pytest.mark.parametrize(
    ("tau", "paid", "received", "bread"),
    [(0.2, 0.411429, 0.342857, 4.305556), (1.0, 0.421053, 0.210526, 3.75)],
)
def test_tax_on_consumption_in_exchange_loses_nothing(tau, paid, received, bread):
    outcome, report = played(edgeworth(f'tax_rate.bread = {tau}\ntax_base = "consumption"'))
    assert outcome.status is Status.CLEARED
    assert outcome.intervention.buyer_prices[0] == pytest.approx(paid, abs=1e-6)
    assert outcome.prices[0] == pytest.approx(received, abs=1e-6)
    assert outcome.consumption[0, 0] == pytest.approx(bread, abs=1e-6)
    assert report.efficient is True


@pytest.mark.parametrize(
    ("tau", "price", "traded", "revenue"),
    [
        (0.1, 0.387999, 4.283401, 0.166195),
        (0.5, 0.333333, 3.818182, 0.636364),
        (1.0, 0.291080, 3.354839, 0.976526),
        (10.0, 0.150641, 0.914894, 1.378205),
    ],
)
def test_tax_on_trade_in_exchange_drives_the_rates_of_substitution_apart(tau, price, traded, revenue):
    outcome, report = played(edgeworth(f"tax_rate.bread = {tau}"))
    assert outcome.status is Status.CLEARED
    assert outcome.prices[0] == pytest.approx(price, abs=1e-6)
    assert outcome.intervention.traded[0] == pytest.approx(traded, abs=1e-6)
    assert outcome.intervention.tax_revenue == pytest.approx(revenue, abs=1e-6)
    q = (36 - 2 * (1 + tau) / 3) / (8 + 7 * tau / 3)
    assert outcome.intervention.traded[0] == pytest.approx(q)
    assert outcome.prices[0] == pytest.approx(4 / ((1 + tau) * (1 + q) + q * (1 + tau / 2)))
    x = outcome.consumption
    farmer, vintner = (4 / 6) * x[0, 1] / x[0, 0], x[1, 1] / x[1, 0]
    assert vintner / farmer == pytest.approx(1 + tau)
    assert report.efficient is False
    assert outcome.payments == pytest.approx([0, 0], abs=1e-9)  # what is collected is handed back


@pytest.mark.parametrize(("tau", "trades"), [(52.0, True), (53.0, False), (80.0, False)])
def test_tax_on_trade_ends_trade_at_a_ratio_of_54(tau, trades):
    """At the endowments the rates of substitution are 2/27 and 4, of which 4 / (2/27) = 54 is the ratio."""
    outcome, _ = played(edgeworth(f"tax_rate.bread = {tau}"))
    assert outcome.status is Status.CLEARED
    assert (outcome.intervention.traded[0] > 1e-6) is np.bool_(trades)
    if not trades:
        assert outcome.consumption == pytest.approx(outcome.economy.endowment, abs=1e-9)


WANTED = """
    { name = "NAME", utility = { family = "quadratic", weights = { bread = SIZE }, slope = { bread = 1 } } },
"""


@pytest.mark.parametrize("bound", ["price_cap", "price_floor"])
@pytest.mark.parametrize("weights", [(9.1, 5.3), (12.0, 8.0), (7.7, 5.1)])
def test_a_bound_at_the_price_that_clears_rations_nobody(bound, weights):
    """Demand and supply meet at (a + b) / 3; whichever sign rounding gives to excess demand, all trade."""
    buyers = (WANTED.replace("NAME", f"b{w}").replace("SIZE", str(w)).strip() for w in weights)
    stated = f"""
schema = 1
economy = "quasilinear"
goods = ["bread"]
agents = [
    {" ".join(buyers)}
    {{ name = "s", cost = {{ family = "quadratic", unit_cost = {{ bread = 0 }}, slope = {{ bread = 1 }} }} }},
]
mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
"""
    price = float(market.compare(market.loads(stated)).outcomes["prices"].prices[0])
    assert price == pytest.approx(sum(weights) / 3, rel=1e-8)
    held = stated.replace('"auctioneer" }', f'"auctioneer", {bound} = {{ bread = {price!r} }} }}')
    assert market.compare(market.loads(held)).outcomes["prices"].status is Status.CLEARED
