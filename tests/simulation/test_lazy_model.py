"""Traders as views made when they are first used, and memory that does not grow with them."""

from __future__ import annotations

import copy
import pickle
import tracemalloc

import mesa
import numpy as np
import pytest

import market
from market.scenario.loading import loads

TEXT = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
commons = { water = 10.0, bread = 4.0 }
[[agents]]
name = "alpha"
count = COUNT
utility = { family = "log", weights = { water = { dist = "uniform", low = 1.0, high = 2.0 }, bread = 2.0 } }
[[agents]]
name = "beta"
utility = { family = "log1p", weights = { water = 1.0 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def model(count: int = 3, **given) -> market.MarketModel:
    return market.MarketModel(loads(TEXT.replace("COUNT", str(count))), "prices", **given)


@pytest.fixture
def made(monkeypatch):
    """The rows of traders that were made, in order."""
    rows = []
    before = market.Trader.__init__

    def noted(self, model, row):
        rows.append(row)
        before(self, model, row)

    monkeypatch.setattr(market.Trader, "__init__", noted)
    return rows


def test_run_makes_no_trader(made):
    model(100).run()
    assert made == []


def test_one_trader_is_made_alone_and_once(made):
    simulation = model(100)
    trader = simulation.trader("alpha[7]")
    assert trader is simulation.trader("alpha[7]")
    assert made == [7]
    assert trader.name == "alpha[7]"
    assert simulation.traders[7] is trader
    assert sorted(made) == list(range(101))


@pytest.mark.parametrize("early", [(), ("beta", "alpha[1]")])
def test_order_and_numbers_equal_those_of_agents_made_at_the_start(early):
    simulation = model()
    for name in early:
        simulation.trader(name)
    names = [agent.name for agent in simulation.agents]
    assert names == ["alpha[0]", "alpha[1]", "alpha[2]", "beta", "auctioneer"]
    assert [agent.unique_id for agent in simulation.agents] == [1, 2, 3, 4, 5]
    assert [trader.row for trader in simulation.agents_by_type[market.Trader]] == [0, 1, 2, 3]
    assert set(simulation.agent_types) == {market.Trader, market.Auctioneer}


def test_methods_of_mesa_see_all_agents():
    simulation = model()
    simulation.run()
    traders = simulation.agents_by_type[market.Trader]
    thirsty = simulation.agents.select(lambda agent: agent.name.startswith("alpha"))
    assert len(thirsty) == 3
    assert traders.agg("consumption", lambda all_of: sum(all_of)[0]) == pytest.approx(10.0, rel=1e-8)
    seen = []
    traders.do(lambda trader: seen.append(trader.row))
    traders.shuffle_do("demand", np.ones(2))
    assert seen == [0, 1, 2, 3]


class Extra(mesa.Agent):
    """An agent added by the user."""


def test_agents_of_the_user_come_last_with_new_numbers():
    simulation = model()
    extra = Extra(simulation)
    another = Extra(simulation)
    agents = list(simulation.agents)
    assert agents[-2:] == [extra, another]
    assert len({agent.unique_id for agent in agents}) == len(agents) == 7
    simulation.trader("beta").remove()
    assert len(simulation.agents) == 6
    simulation.remove_all_agents()
    assert len(simulation.agents) == 0


def test_answer_of_a_trader_is_its_row_of_all_answers():
    simulation = model(5)
    p = np.array([0.3, 0.8])
    answers = simulation.economy.answers(p)
    for trader in simulation.traders:
        np.testing.assert_array_equal(trader.demand(p), answers.demand.lowest[trader.row])
        np.testing.assert_array_equal(trader.supply(p), answers.supply.lowest[trader.row])


def test_stepped_model_can_be_copied():
    simulation = model()
    simulation.step()
    copied = copy.deepcopy(simulation)
    assert copied.run().prices.tolist() == simulation.run().prices.tolist()
    assert pickle.loads(pickle.dumps(simulation._together)).pays


def held_by(count: int, rounds: int) -> int:
    """Return the bytes that a model and its data hold beyond its economy, after so many rounds."""
    restless = '"auctioneer"\nrule = "additive"\nstep = 1e-12'
    text = TEXT.replace("COUNT", str(count)).replace('"auctioneer"', restless)
    simulation = market.MarketModel(loads(text), "prices")
    simulation.step()
    tracemalloc.start()
    for _ in range(rounds):
        simulation.step()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held


def test_memory_of_rounds_does_not_grow_with_traders():
    few, many = held_by(10, 20), held_by(20_000, 20)
    assert many < 1.5 * few + 20_000  # bytes: less than one number for each of the traders


def test_clearing_and_settling_need_at_most_three_times_the_parameters():
    economy = market.build(loads(TEXT.replace("COUNT", "100000")))
    auctioneer = loads(TEXT.replace("COUNT", "2")).mechanism("prices")
    arrays = [array for block in economy.utilities for array in block.parameters.values()]
    arrays += [economy.endowment, economy.budget, economy.commons_share]
    tracemalloc.start()
    market.play(auctioneer, economy)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak + sum(array.nbytes for array in arrays) < 3 * sum(array.nbytes for array in arrays)
