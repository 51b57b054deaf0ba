"""Data on agents: in Mesa's form, at the outcome of stopping after each round, and only when asked for."""

from __future__ import annotations

import warnings

import mesa
import numpy as np
import pytest

import market
from market.scenario.loading import loads
from market.simulation.collector import MOST_ROUNDS

TEXT = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
commons = { water = 10.0 }
[[agents]]
name = "alpha"
count = COUNT
utility = { family = "log", weights = { water = 1.0, bread = 2.0 } }
[[agents]]
name = "baker"
cost = { family = "linear", unit_cost = { bread = 4.0 } }
[[mechanisms]]
name = "as a gift"
kind = "unmediated"
game = "gift"
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def model(count=2, mechanism="prices", **given):
    return market.MarketModel(loads(TEXT.replace("COUNT", str(count))), mechanism, **given)


def test_agents_have_a_row_for_every_round_with_name_holdings_and_payoff():
    simulation = model()
    outcome = simulation.run()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = simulation.datacollector.get_agent_vars_dataframe()
    assert seen.index.names == ["Step", "AgentID"]
    assert list(seen.columns) == [
        "name", "consumption[water]", "consumption[bread]", "production[water]", "production[bread]",
        "payment", "utility", "payoff",
    ]  # fmt: skip
    assert len(seen) == 3 * outcome.rounds
    last = seen.loc[outcome.rounds]
    assert last["name"].tolist() == ["alpha[0]", "alpha[1]", "baker"]
    assert last.index.tolist() == [trader.unique_id for trader in simulation.traders]
    np.testing.assert_array_equal(last[["consumption[water]", "consumption[bread]"]], outcome.consumption)
    np.testing.assert_array_equal(last[["payment", "utility"]].T, [outcome.payments, outcome.utilities])
    # At p = (1/5, 4) each alpha buys 5 water and half a loaf: it pays 1 + 2, and the baker is paid 4.
    np.testing.assert_allclose(last["payment"], [3.0, 3.0, -4.0], rtol=1e-7)


def test_rows_are_the_outcome_of_stopping_after_their_round():
    simulation = model()
    stopped = []
    while simulation.running:
        simulation.step()
        stopped.append(simulation.outcome().consumption)
    seen = simulation.datacollector.get_agent_vars_dataframe()
    for k, consumption in enumerate(stopped):
        shown = seen.loc[k + 1, ["consumption[water]", "consumption[bread]"]]
        np.testing.assert_array_equal(shown, consumption)


def test_before_the_first_round_there_are_columns_and_no_rows():
    seen = model().datacollector.get_agent_vars_dataframe()
    assert (len(seen), seen.columns[0], seen.columns[-1]) == (0, "name", "payoff")


def test_games_have_data_on_agents_too():
    simulation = model(mechanism="as a gift")
    simulation.run()
    seen = simulation.datacollector.get_agent_vars_dataframe()
    assert seen.loc[1, "consumption[water]"].tolist() == [5.0, 5.0, 0.0]


def test_of_many_traders_the_last_round_alone_is_kept_and_none_is_made():
    simulation = model(101)
    outcome = simulation.run()
    seen = simulation.datacollector.get_agent_vars_dataframe()
    assert seen.index.get_level_values("Step").unique().tolist() == [outcome.rounds]
    assert len(seen) == 102
    assert simulation._made.keys() == {102}  # the auctioneer's place


def test_record_of_rounds_is_bounded():
    text = TEXT.replace("COUNT", "1").replace('"auctioneer"', '"auctioneer"\nrule = "additive"\nstep = 1e-9')
    simulation = market.MarketModel(loads(text), "prices")
    for _ in range(MOST_ROUNDS + 5):
        simulation.step()
    collector = simulation.datacollector
    assert len(collector._states) == MOST_ROUNDS
    assert not any(state.trail.prices for state in collector._states)


def test_reporters_of_the_user_take_their_place():
    class Watched(market.MarketModel):
        def __init__(self, *args, **given):
            super().__init__(*args, **given)
            self.datacollector = mesa.DataCollector(
                agenttype_reporters={market.Trader: {"name": "name", "payoff": "payoff"}}
            )

    simulation = Watched(loads(TEXT.replace("COUNT", "2")), "prices")
    simulation.run()
    seen = simulation.datacollector.get_agenttype_vars_dataframe(market.Trader)
    assert seen["name"].unique().tolist() == ["alpha[0]", "alpha[1]", "baker"]
    added = model()
    added.datacollector._new_agent_reporter("called", "name")
    added.run()
    assert added.datacollector.get_agent_vars_dataframe().columns.tolist() == ["called"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Mesa 3.5, about the name of an argument
def test_batch_run_of_mesa_has_a_row_a_run():
    rows = mesa.batch_run(
        market.MarketModel,
        {"scenario": [loads(TEXT.replace("COUNT", str(n))) for n in (1, 2)], "mechanism": "prices"},
        max_steps=10_000,
        display_progress=False,
    )
    # Two drinkers want twice as much of 10 units of water at any price: p = n / 10.
    np.testing.assert_allclose([row["price[water]"] for row in rows], [0.1, 0.2], rtol=1e-8)
