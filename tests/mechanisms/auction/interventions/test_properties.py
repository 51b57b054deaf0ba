"""Properties of taxes over random economies, and corners of them.

With linear demand and supply, n buyers of slope k and m sellers of slope d, `t^2 / (2 (k/n + d/m))` is lost,
the same under a subsidy of t; so the sign of the formula, the weights of the two sides and the unit of t are
all checked at once. A tax whose revenue is thrown away can raise no surplus, since no feasible allocation has
more than the free market's; with the revenue counted the loss is that of the quantity alone.
"""

import math

import numpy as np
import pytest
from helpers.taxed_markets import buyer, constant_cost, edgeworth, log_buyer, one_each, played, seller, text
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.efficiency.surplus import surplus
from market.outcome import Status

SIZES = st.floats(0.25, 4.0)


@settings(max_examples=20, deadline=None)
@given(
    k=SIZES,
    d=SIZES,
    n=st.integers(1, 4),
    m=st.integers(1, 4),
    share=st.floats(0.05, 0.9),
    sign=st.sampled_from((1, -1)),
)
def test_linear_markets_lose_what_the_formula_says(k, d, n, m, share, sign):
    """The tax is a share of a - c = 10, at which no trade is left; the loss to 1e-9 of all surplus."""
    b, s = k / n, d / m
    tax = sign * share * 10.0
    outcome, report = played(text(f"{buyer(k=k, count=n)}, {seller(d=d, count=m)}", f"tax.bread = {tax}"))
    whole = 100.0 / (2 * (b + s))
    assert outcome.status is Status.CLEARED
    assert report.surplus_gap == pytest.approx(tax**2 / (2 * (b + s)), abs=1e-9 * whole)
    assert outcome.intervention.tax_revenue == pytest.approx(tax * (10.0 - tax) / (b + s))
    assert outcome.intervention.borne_by_buyers == pytest.approx([b / (b + s)], abs=1e-6)
    split = surplus(outcome)
    assert split.total == pytest.approx(split.consumer + split.producer + split.transfers)
    assert split.total - outcome.intervention.tax_revenue <= whole * (1 + 1e-9) or tax < 0
    assert split.total <= whole * (1 + 1e-9)


@settings(max_examples=15, deadline=None)
@given(
    weights=st.lists(st.floats(0.2, 5.0), min_size=1, max_size=3),
    costs=st.lists(st.floats(0.5, 3.0), min_size=1, max_size=2),
    tax=st.floats(0.05, 4.0),
)
def test_a_tax_whose_revenue_is_lost_never_raises_surplus(weights, costs, tax):
    buyers = [log_buyer(weight).replace('"buyer"', f'"buyer{i}"') for i, weight in enumerate(weights)]
    sellers = [seller(cost, name=f"seller{j}") for j, cost in enumerate(costs)]
    agents = ", ".join(buyers + sellers)
    free, _ = played(text(agents, ""))
    taxed, report = played(text(agents, f"tax.bread = {tax}"))
    before, after = surplus(free).total, surplus(taxed).total
    assert after <= before + 1e-9
    assert after - taxed.intervention.tax_revenue < before
    assert report.surplus_gap == pytest.approx(before - after, abs=1e-7)


def test_who_is_called_taxed_does_not_matter():
    """Taxing all sales, or those of every seller, is one market: prices of both sides and amounts agree."""
    buyers, _ = played(one_each("tax.bread = 2"))
    sellers, _ = played(one_each('tax.bread = 2\ntaxed = ["seller"]'))
    first, second = buyers.intervention, sellers.intervention
    assert first.buyer_prices == pytest.approx(second.buyer_prices)
    assert first.taxed_prices == pytest.approx(second.taxed_prices)
    assert buyers.consumption == pytest.approx(sellers.consumption)
    assert buyers.payoffs == pytest.approx(sellers.payoffs)
    assert (first.tax_revenue, *first.borne_by_buyers) == pytest.approx(
        (second.tax_revenue, *second.borne_by_buyers)
    )


def test_ad_valorem_tax_is_that_in_money_with_the_same_wedge():
    parts, first = played(one_each("tax_rate.bread = 0.25"))
    wedge = float(parts.intervention.wedge[0])
    money, second = played(one_each(f"tax.bread = {wedge}"))
    assert parts.consumption == pytest.approx(money.consumption)
    assert first.surplus_gap == pytest.approx(second.surplus_gap)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_units_of_money_and_goods_change_no_verdict(unit):
    """Prices in cents, amounts in grams: `a`, `c` and `t` scale with money, slopes with money over goods."""
    agents = f"{buyer(12 * unit, unit)}, {seller(2 * unit, unit)}"
    outcome, report = played(text(agents, f"tax.bread = {2 * unit}"))
    assert outcome.status is Status.CLEARED
    assert report.surplus_gap == pytest.approx(unit)
    agents = f"{buyer(12, unit)}, {seller(2, unit)}"
    outcome, report = played(text(agents, "tax.bread = 2"))
    assert report.surplus_gap == pytest.approx(1 / unit)


def test_tax_above_every_value_ends_trade():
    outcome, report = played(one_each("tax.bread = 20"))
    assert outcome.status is Status.CLEARED
    assert not outcome.consumption.any()
    assert outcome.intervention.tax_revenue == 0
    assert report.surplus_gap == pytest.approx(25)
    assert np.isnan(outcome.intervention.borne_by_buyers).all()


def test_cap_below_unit_cost_stops_production():
    """Nothing is made, and log buyers are at -inf: what is lost has no limit, and no agent is to blame."""
    outcome, report = played(text(f"{log_buyer()}, {constant_cost()}", "price_cap.bread = 1.5"))
    assert outcome.status is Status.RATIONED
    assert not outcome.production.any()
    assert outcome.utilities[0] == -math.inf
    assert report.surplus_gap == math.inf
    assert "could gain without limit" in outcome.reason


def test_cap_at_unit_cost_assigns_output():
    """At p = c supply is any amount, so that demand at the cap is met: the cap does not bind."""
    outcome, report = played(text(f"{log_buyer()}, {constant_cost()}", "price_cap.bread = 2"))
    assert outcome.status is Status.CLEARED
    assert outcome.production[1] == pytest.approx([0.5])
    assert report.surplus_gap == 0


def test_floor_on_a_commons_leaves_some_unsold():
    outcome, report = played(text(log_buyer(count=2), "price_floor.bread = 0.25", "commons.bread = 10"))
    assert outcome.status is Status.RATIONED
    assert outcome.intervention.unserved == pytest.approx([-2])
    assert outcome.revenue == pytest.approx(2)
    assert report.surplus_gap == pytest.approx(2 * math.log(1.25), abs=1e-9)


def test_binding_quota_on_a_stock_leaves_its_owner_nothing():
    outcome, report = played(text(log_buyer(count=2), "quota.bread = 8", "commons.bread = 10"))
    assert (*outcome.intervention.buyer_prices, *outcome.prices) == pytest.approx((0.25, 0))
    assert outcome.intervention.quota_rent == pytest.approx(2)
    assert report.surplus_gap == pytest.approx(2 * math.log(1.25), abs=1e-9)


def test_owner_in_between_neither_buys_nor_sells():
    """Worths at the margin of what is owned are 6, 11 and 8.6. At 8 and 9 the third stays."""
    owners = [
        buyer(name=name).replace(", utility", f", endowment = {{ bread = {e} }}, utility")
        for name, e in (("a", 6), ("b", 1), ("c", 3.4))
    ]
    outcome, _ = played(text(", ".join(owners), "tax.bread = 1"))
    assert outcome.consumption[:, 0] == pytest.approx([4, 3, 3.4])
    assert outcome.consumption[2, 0] == 3.4
    assert outcome.payments == pytest.approx([-16, 18, 0])
    assert outcome.intervention.tax_revenue == pytest.approx(2)


def test_revenue_goes_to_those_whom_the_scenario_names():
    equal, _ = played(edgeworth("tax_rate.bread = 0.5"))
    farmer, _ = played(edgeworth("tax_rate.bread = 0.5\nrevenue_to.farmer = 1.0"))
    assert farmer.utilities[0] > equal.utilities[0]
    assert farmer.utilities[1] < equal.utilities[1]
    assert farmer.payments == pytest.approx([0, 0], abs=1e-9)


def test_tariff_beyond_the_price_at_home_ends_imports_and_collects_nothing():
    abroad = constant_cost(3.0, "abroad")
    agents = f"{buyer()}, {seller(name='home')}, {abroad}"
    outcome, report = played(text(agents, 'tax.bread = 6\ntaxed = ["abroad"]'))
    assert outcome.prices == pytest.approx([7])
    assert outcome.production[2, 0] == 0
    assert outcome.intervention.tax_revenue == 0
    assert report.surplus_gap == pytest.approx(16)
    outcome, report = played(text(agents, 'tax.bread = 2\ntaxed = ["abroad"]'))
    assert (*outcome.prices, *outcome.intervention.taxed_prices) == pytest.approx((5, 3))
    assert outcome.intervention.tax_revenue == pytest.approx(8)
    assert report.surplus_gap == pytest.approx(4)  # 2 of dear steel at home, 2 that buyers do without


def test_constant_worth_and_constant_cost_settle_at_a_tie():
    """Buyers worth 10 with 5 each, one worth 7 with 4, makers at 2 and 4 of 6 each; p_b = p + 1."""

    def linear(name, worth, budget, count=1):
        utility = f'{{ family = "linear", weights = {{ bread = {worth} }} }}'
        return f'{{ name = "{name}", count = {count}, budget = {budget}, utility = {utility} }}'

    def maker(name, cost):
        made = f'{{ family = "linear", unit_cost = {{ bread = {cost} }}, capacity = {{ bread = 6 }} }}'
        return f'{{ name = "{name}", cost = {made} }}'

    agents = f"{linear('a', 10, 5, 3)}, {linear('b', 7, 4)}, {maker('cheap', 2)}, {maker('dear', 4)}"
    outcome, _ = played(text(agents, "tax.bread = 1"))
    assert outcome.status is Status.CLEARED
    assert outcome.intervention.buyer_prices == pytest.approx([19 / 6])  # 19 of money for 6 units


def test_traders_of_ones_own_see_the_price_of_their_side():
    seen = []

    class Half(market.Trader):
        def demand(self, prices):
            seen.append(float(prices[0]))
            return np.array([max(12.0 - prices[0], 0.0) / 2])

    scenario = market.loads(one_each("tax.bread = 2"))
    outcome = market.MarketModel(scenario, traders={"buyer": Half}).run()
    assert outcome.status is Status.CLEARED
    p = float(outcome.prices[0])
    assert (12 - p - 2) / 2 == pytest.approx(p - 2)
    assert min(abs(price - p - 2) for price in seen) < 1e-9
    assert (
        outcome.intervention.free_prices is None
    )  # what the trader would answer without the tax is not known
