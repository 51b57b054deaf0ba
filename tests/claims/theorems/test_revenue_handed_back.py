"""Revenue of a common stock handed back in lump sums: payoffs add up to total surplus, the planner's.

At prices p each agent maximises `u_i(x_i) - C_i(y_i) - p.(x_i - y_i) + s_i R`, where no choice of its own
changes the revenue R. So trades and prices are those without lump sums, and payments cancel:

    sum_i payoff_i = sum_i (u_i - C_i) - R + R = total surplus,

which is largest where markets clear.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy
from helpers.strategies import SOAK, economies
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import market
from market.economy.primitives import Money
from market.efficiency.report import alignment
from market.efficiency.surplus import payoffs_with_revenue, surplus
from market.mechanisms import Auction, Planner, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status
from market.results.run_folder import write_run
from market.results.verify import verify

PRICES = Auction("prices", Tatonnement())


@settings(max_examples=25 * SOAK)
@given(economies(money=Money.QUASILINEAR), st.lists(st.floats(0.0, 1.0), min_size=9, max_size=9))
def test_payoffs_with_revenue_handed_back_add_up_to_the_planners_surplus(drawn, stated):
    parts = 1e-3 + np.array(stated[: len(drawn.agents)])
    shares = parts / parts.sum()
    kept, planned = play(PRICES, replace(drawn, commons_share=shares)), play(Planner("planner"), drawn)
    shared = play(PRICES, replace(drawn, commons_share=shares, shares_revenue=True))
    assume(kept.status is Status.CLEARED and np.isfinite(kept.utilities).all())
    np.testing.assert_array_equal(shared.prices, kept.prices)  # lump sums change no choice
    np.testing.assert_array_equal(shared.consumption, kept.consumption)
    size = max(1.0, float(np.abs(kept.utilities).sum()), float(np.abs(kept.payments).sum()))
    total = float(kept.utilities.sum())
    for handed_back in (payoffs_with_revenue(kept), payoffs_with_revenue(shared), shared.payoffs):
        assert float(handed_back.sum()) == pytest.approx(total, abs=1e-9 * size)
    assert shared.payoffs == pytest.approx(payoffs_with_revenue(kept), abs=1e-9 * size)
    assert shared.revenue == pytest.approx(0.0, abs=1e-9 * size)
    assert surplus(shared).revenue == pytest.approx(kept.revenue, abs=1e-9 * size)
    assert shared.max_regret == pytest.approx(kept.max_regret, abs=1e-9 * size)
    if planned.status is Status.OPTIMAL:
        assert total == pytest.approx(float(planned.utilities.sum()), abs=1e-5 * size)


def test_the_commons_have_the_planners_payoffs():
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    handed_back = payoffs_with_revenue(play(PRICES, two))
    assert handed_back == pytest.approx([np.log(5)] * 2)  # 0.609 + 1 each
    assert play(Planner("planner"), two).payoffs == pytest.approx([np.log(5)] * 2)


def test_a_share_in_the_commons_is_part_of_what_a_budget_allows():
    # by hand: u = log x, q = 2, budget of the first 0.1. Without shares 0.1 + 1 = 2 p, so p = 0.55. With all
    # of the stock it can spend 0.1 + 2 p >= 1, so that the cap does not bind: p = 1
    two = economy(
        "quasilinear", log=[[1.0], [1.0]], commons=[2.0], budget=[0.1, np.inf], commons_share=[1, 0]
    )
    assert play(PRICES, two).prices == pytest.approx([0.55])
    shared = play(PRICES, replace(two, shares_revenue=True))
    assert shared.prices == pytest.approx([1.0])
    assert shared.payoffs == pytest.approx([1.0, -1.0])
    assert alignment(shared).efficient_with_transfers


def test_owners_of_a_stock_in_a_fisher_market_keep_what_it_is_sold_for():
    market_of_two = economy(
        "fisher", log=[[1.0], [1.0]], commons=[2.0], budget=[1.0, 3.0], commons_share=[0, 1]
    )
    kept, shared = (play(PRICES, replace(market_of_two, shares_revenue=given)) for given in (False, True))
    assert shared.prices == pytest.approx([2.0])
    np.testing.assert_array_equal(shared.consumption, kept.consumption)
    assert kept.revenue == pytest.approx(4.0)
    assert shared.payoffs - kept.payoffs == pytest.approx([0.0, 4.0])
    assert payoffs_with_revenue(kept) is None


@pytest.mark.parametrize("economy_of", ["quasilinear", "fisher", "exchange"])
@pytest.mark.parametrize("shares", ["", "equal", "{ alpha = 3, beta = 1 }"])
def test_a_run_with_shares_in_the_commons_is_verified(economy_of, shares, tmp_path):
    budget = "budget = 2" if economy_of == "fisher" else ""
    text = f"""
    schema = 1
    economy = "{economy_of}"
    goods = ["water", "bread"]
    commons = {{ water = 10, bread = 4 }}
    agents = [
        {{ name = "alpha", utility = {{ family = "log", weights = {{ water = 1, bread = 2 }} }} }},
        {{ name = "beta", count = 2, utility = {{ family = "log1p", weights = {{ water = 2 }} }} }},
    ]
    mechanisms = [{{ name = "prices", kind = "auctioneer" }}, {{ name = "planner", kind = "planner" }}]
    """
    overrides = [f"commons_shares={shares}"] if shares else []
    if budget:
        overrides += ["agents.alpha.budget=2", "agents.beta.budget=1"]
    compared = market.compare(market.loads(text, overrides=overrides))
    assert compared.settled
    checked = verify(write_run(compared, tmp_path))
    assert [claim for claim in checked.claims if claim.holds is not True] == []
