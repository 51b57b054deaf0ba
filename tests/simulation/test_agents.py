"""Traders and the auctioneer as agents: their answers, figures and lifetime."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import market

TEXT = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
commons = { water = 10.0 }
[[agents]]
name = "alpha"
utility = { family = "log", weights = { water = 1.0, bread = 2.0 } }
endowment = { bread = 1.0 }
[[agents]]
name = "baker"
cost = { family = "linear", unit_cost = { bread = 4.0 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


@pytest.fixture
def model():
    return market.MarketModel(market.loads(TEXT), "prices")


def test_trader_answers_with_the_least_of_its_best_bundles(model):
    alpha, baker = model.traders
    assert alpha.demand(np.array([0.5, 4.0])).tolist() == [2.0, 0.5]
    assert baker.supply(np.array([1.0, 4.0])).tolist() == [0.0, 0.0]  # any amount is as good
    assert baker.supply(np.array([1.0, 4.1])).tolist() == [0.0, np.inf]


def test_figures_of_a_trader_are_copies(model):
    alpha = model.trader("alpha")
    alpha.endowment[:] = 9.0
    assert alpha.endowment.tolist() == [0.0, 1.0]
    model.run()
    alpha.consumption[:] = 9.0
    np.testing.assert_allclose(alpha.consumption, [10.0, 1.0], rtol=1e-8)


def test_auctioneer_sees_excess_demand_after_the_first_round(model):
    auctioneer = model.auctioneer
    assert (auctioneer.excess_demand, auctioneer.payoff) == (None, None)
    model.step()  # at p = (1, 1): demand (1, 2), supply (10, 1)
    assert auctioneer.excess_demand.tolist() == [-9.0, 1.0]
    assert auctioneer.payoff == -10.0


def test_only_overridden_answers_are_asked_for_one_by_one():
    class Named(market.Trader):
        pass

    class Silent(market.Trader):
        def supply(self, prices):
            return 0.0 * prices

    assert [kind.answers_by_itself() for kind in (market.Trader, Named, Silent)] == [False, False, True]


def test_agents_are_shown_by_class_and_name(model):
    class Haggler(market.Trader):
        pass

    assert repr(list(model.agents)) == "[<Trader 'alpha'>, <Trader 'baker'>, <Auctioneer>]"
    own = market.MarketModel(market.loads(TEXT), "prices", traders={"alpha": Haggler})
    assert repr(own.trader("alpha")) == "<Haggler 'alpha'>"


def test_misspelt_names_of_traders_are_listed_once(model):
    with pytest.raises(
        market.errors.InputError, match=r"'alfa'; one of: alpha, baker\. Did you mean 'alpha'\?$"
    ):
        market.MarketModel(market.loads(TEXT), "prices", traders={"alfa": market.Trader})


def test_agents_do_not_keep_their_model_alive():
    model = market.MarketModel(market.loads(TEXT), "prices")
    assert len(model.agents) == 3
    kept = weakref.ref(model)
    del model
    gc.collect()
    assert kept() is None


def test_trader_with_shares_in_a_technology_answers_as_in_the_whole_economy():
    text = """
schema = 1
economy = "exchange"
goods = ["labour", "bread"]
[[agents]]
name = "owner"
utility = { family = "cobb_douglas", weights = { labour = 1.0, bread = 1.0 } }
endowment = { labour = 2.0 }
[[agents]]
name = "mill"
technology = { family = "cobb_douglas", output = "bread", scale = 1.0, shares = { labour = 0.5 } }
owners = { owner = 1.0 }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""
    simulation = market.MarketModel(market.loads(text), "prices")
    p = np.array([1.0, 2.0])
    # The mill makes F = z^(1/2): p_b / (2 z^(1/2)) = 1 gives z = 1, and a profit of 2 - 1.
    np.testing.assert_allclose(simulation.trader("mill").supply(p), [-1.0, 1.0])
    np.testing.assert_allclose(simulation.trader("owner").demand(p), [1.5, 0.75])
