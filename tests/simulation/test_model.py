"""The simulation as a Mesa model: step, agents, data collector, subclassed traders."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

import market
from market.errors import InputError, MarketError, NumericalError
from market.mechanisms import play
from market.outcome import Status
from market.scenario.building import build
from market.scenario.loading import loads

TEXT = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
commons = { water = 10.0 }
[[agents]]
name = "alpha"
count = 2
utility = { family = "log", weights = { water = 1.0, bread = 2.0 } }
[[agents]]
name = "baker"
cost = { family = "linear", unit_cost = { bread = 4.0 } }
[[mechanisms]]
name = "first"
kind = "unmediated"
game = "claims"
[[mechanisms]]
name = "prices"
kind = "auctioneer"
[[mechanisms]]
name = "planner"
kind = "planner"
"""


@pytest.fixture
def scenario():
    return loads(TEXT)


def test_step_is_one_round(scenario):
    model = market.MarketModel(scenario, "prices")
    assert isinstance(model, mesa.Model)
    assert model.prices.to_dict() == {"water": 1.0, "bread": 1.0}
    model.step()
    assert model.state.round == 1
    seen = model.datacollector.get_model_vars_dataframe()
    # At p = (1, 1): two want 1 water each of 10, 2 bread each, and no bread is supplied below cost.
    assert seen.loc[0, "price[water]"] == 1.0
    assert seen.loc[0, "excess_demand[water]"] == -8.0
    assert seen.loc[0, "excess_demand[bread]"] == 4.0
    assert seen.loc[0, "disequilibrium"] == 2.0
    assert seen.loc[0, "auctioneer_payoff"] == -12.0
    model.step()
    assert model.prices["water"] < 1.0 < model.prices["bread"]
    assert len(model.datacollector.get_model_vars_dataframe()) == 2


def test_steps_after_the_end_change_nothing(scenario):
    model = market.MarketModel(scenario, "prices")
    outcome = model.run()
    assert outcome.status is Status.CLEARED
    assert not model.running
    np.testing.assert_allclose(model.prices, [0.2, 4.0], rtol=1e-8)
    rounds = model.state.round
    model.step()
    assert model.state.round == rounds
    assert model.outcome() is outcome


@pytest.mark.parametrize("mechanism", ["first", "prices", "planner"])
def test_simulation_equals_play(scenario, mechanism):
    simulated = market.MarketModel(scenario, mechanism).run()
    played = play(scenario.mechanism(mechanism), build(scenario))
    np.testing.assert_array_equal(simulated.consumption, played.consumption)
    np.testing.assert_array_equal(simulated.production, played.production)
    assert simulated.rounds == played.rounds
    assert simulated.reason == played.reason


def test_agents_and_their_figures_are_found(scenario):
    model = market.MarketModel(scenario, "prices")
    assert len(model.agents) == 4
    assert len(model.agents_by_type[market.Trader]) == 3
    assert len(model.agents_by_type[market.Auctioneer]) == 1
    model.run()
    assert model.agents_by_type[market.Trader].agg("utility", max) == max(model.outcome().utilities)
    assert model.trader("alpha[0]").name == "alpha[0]"
    np.testing.assert_allclose(model.trader("alpha[0]").consumption, [5.0, 0.5], rtol=1e-8)
    np.testing.assert_allclose(model.trader("baker").production, [0.0, 1.0], rtol=1e-8)
    assert model.trader("baker").payoff == pytest.approx(0.0, abs=1e-9)
    assert model.auctioneer.payoff == pytest.approx(0.0, abs=1e-7)
    np.testing.assert_allclose(model.auctioneer.prices, [0.2, 4.0], rtol=1e-8)


def test_model_without_auctioneer_has_no_prices():
    model = market.MarketModel(loads(TEXT.replace('"log"', '"log1p"')), "first")
    assert model.auctioneer is None
    assert model.prices is None
    model.step()
    assert model.datacollector.get_model_vars_dataframe().loc[0, "action[water]"] == 10.0


class Haggler(market.Trader):
    """Asks for nine tenths of what it wants."""

    def demand(self, prices):
        return 0.9 * super().demand(prices)


class Shirker(market.Trader):
    """Makes at most half a loaf."""

    def supply(self, prices):
        return np.minimum(super().supply(prices), 0.5)


def test_trader_with_its_own_demand_trades_with_built_in_ones(scenario):
    """p_water = (0.9 + 1) / 10; at its price it regrets what it did not ask for."""
    model = market.MarketModel(scenario, "prices", traders={"alpha[0]": Haggler})
    outcome = model.run()
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [0.19, 4.0], rtol=1e-8)
    np.testing.assert_allclose(outcome.consumption[0], [0.9 / 0.19, 0.45], rtol=1e-7)
    assert outcome.regret[0] == pytest.approx(3 * (-0.1 - np.log(0.9)), rel=1e-6)
    assert outcome.regret[1] == pytest.approx(0.0, abs=1e-9)
    assert "no built-in trader would choose another bundle" in outcome.reason
    assert outcome.reason.endswith("; alpha[0], which follows its own rule, forgoes 0.016 in payoff.")


def test_producer_with_its_own_supply_moves_the_price(scenario):
    """At most half a loaf for a demand of 4 / p: p = 8."""
    outcome = market.MarketModel(scenario, "prices", traders={"baker": Shirker}).run()
    np.testing.assert_allclose(outcome.prices, [0.2, 8.0], rtol=1e-7)


def test_outcome_of_a_model_in_play_says_so(scenario):
    model = market.MarketModel(scenario, "prices")
    assert repr(model.outcome()) == "<Outcome 'prices': in play after 0 rounds>"
    model.step()
    model.step()
    stopped = model.outcome()
    assert repr(stopped) == "<Outcome 'prices': in play after 2 rounds>"
    assert stopped.status is Status.IN_PLAY
    assert not stopped.status.settled
    assert "Rounds remain to be played. If trade stopped now" in stopped.reason
    assert (stopped.consumption.sum(axis=0) <= scenario_supply(stopped) * (1 + 1e-12)).all()
    assert model.run().status is Status.CLEARED


def scenario_supply(outcome):
    return outcome.economy.resources + outcome.production.sum(axis=0)


@pytest.mark.parametrize("mechanism", ["first", "planner"])
def test_games_and_planners_in_play_say_so(scenario, mechanism):
    model = market.MarketModel(scenario, mechanism)
    assert model.outcome().status is Status.IN_PLAY
    assert model.run().status is not Status.IN_PLAY


def test_first_prices_are_answered_by_traders_with_their_own_rule(scenario):
    """At p = (1, 1) each wants 1 water; a haggler asks for 0.9."""
    model = market.MarketModel(scenario, "prices", traders={"alpha[0]": Haggler})
    assert model.outcome().consumption[:2, 0].tolist() == [0.9, 1.0]


def test_group_can_be_of_another_class(scenario):
    outcome = market.MarketModel(scenario, "prices", traders={"alpha": Haggler}).run()
    np.testing.assert_allclose(outcome.prices, [0.18, 4.0], rtol=1e-8)


@pytest.mark.parametrize("answer", [np.array([np.nan, 1.0]), np.array([-1.0, 1.0]), np.array([1.0])])
def test_invalid_answer_names_trader_and_round(scenario, answer):
    class Confused(market.Trader):
        def demand(self, prices):
            return answer

    model = market.MarketModel(scenario, "prices", traders={"alpha[1]": Confused})
    with pytest.raises(NumericalError, match=r"alpha\[1\] answered round 1 with a demand"):
        model.step()


def test_model_that_broke_in_a_step_raises_at_the_next(scenario):
    class Faint(market.Trader):
        def demand(self, prices):
            if self.model.state.round == 2:
                raise KeyboardInterrupt
            return super().demand(prices)

    model = market.MarketModel(scenario, "prices", traders={"alpha[0]": Faint})
    with pytest.raises(KeyboardInterrupt):
        model.run()
    # Mesa 3.5 then skips the step silently; Mesa 3.3 plays it again, and it breaks again.
    with pytest.raises((MarketError, KeyboardInterrupt)):
        model.run()


def test_unknown_names_give_the_nearest(scenario):
    with pytest.raises(InputError, match="Did you mean 'prices'"):
        market.MarketModel(scenario, "price")
    with pytest.raises(InputError, match="Did you mean 'baker'"):
        market.MarketModel(scenario, "prices", traders={"bakr": Haggler})
    with pytest.raises(InputError, match=r"no agent or group 'bakr'; one of: alpha, baker, .*'baker'"):
        market.MarketModel(scenario, "prices").trader("bakr")
    with pytest.raises(InputError, match="group of 2"):
        market.MarketModel(scenario, "prices").trader("alpha")


def test_recorded_prices_are_copies(scenario):
    model = market.MarketModel(scenario, "prices")
    model.step()
    prices = model.prices
    prices["water"] = 99.0
    assert model.prices["water"] == 1.0
