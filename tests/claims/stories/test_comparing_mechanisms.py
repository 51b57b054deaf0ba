"""Claims of the notebook "Comparing mechanisms", on its village."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market
from market.sweep import Options, sweep

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "03_comparing_mechanisms.ipynb"


@cache
def village_text():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    [source] = ["".join(cell["source"]) for cell in cells if "VILLAGE = " in "".join(cell["source"])]
    return source.split("'''")[1]


def village(*changes):
    return market.loads(village_text(), overrides=changes)


@cache
def compared():
    return market.compare(village())


def test_mistakes_are_named_with_line_and_remedy():
    misspelt = village_text().replace("bread = 1.0 }", "bred = 1.0 }").replace("count = 20", "cuont = 20")
    with pytest.raises(market.errors.ScenarioError) as found:
        market.loads(misspelt, name="village.toml")
    assert "village.toml:19" in str(found.value)
    assert "Did you mean 'count'?" in str(found.value)
    assert "village.toml:21" in str(found.value)
    assert "Did you mean 'bread'?" in str(found.value)


def test_changes_on_loading_reach_the_economy():
    dry = market.build(village("commons.water=5", "agents.villager.count=3"))
    assert dry.resources[0] == 5.0
    assert len(dry.agents) == 4


def test_all_mechanisms_have_the_same_villagers():
    assert compared().settled
    drawn = [each.economy.utilities[0].parameters["weights"] for each in compared().outcomes.values()]
    assert all(np.array_equal(drawn[0], other) for other in drawn)


def test_prices_lose_no_surplus_and_games_do():
    total = {name: compared().total_surplus(name) for name in compared().outcomes}
    assert np.isclose(total["prices"], total["planner"], rtol=1e-6)
    assert max(total["as a gift"], total["first come"]) < total["planner"]
    assert compared().alignments["prices"].efficient_with_transfers
    assert not compared().alignments["first come"].efficient_with_transfers


def test_at_prices_all_weights_are_equal():
    weights = compared().alignments["prices"].negishi_weights
    np.testing.assert_allclose(weights[weights > 0], weights[0], rtol=1e-6)


def test_the_baker_gains_and_all_villagers_lose_but_money_is_not_lost():
    change, outcomes = compared().contrasts()["prices"], compared().outcomes
    assert change.gains[-1] > 0
    assert change.losers.sum() == 20
    assert not change.pareto_improvement
    total = change.gains.sum() + outcomes["prices"].revenue - outcomes["as a gift"].revenue
    risen = compared().total_surplus("prices") - compared().total_surplus("as a gift")
    assert np.isclose(total, risen)


def test_no_surplus_is_lost_at_prices_for_any_draw():
    for seed in range(10):
        drawn = market.compare(village(), ["as a gift", "prices"], seed=seed)
        assert abs(drawn.alignments["prices"].surplus_gap) < 1e-6
        assert drawn.alignments["as a gift"].surplus_gap > 1.0


def test_more_water_is_cheaper_and_more_of_it_is_in_the_wrong_hands(tmp_path):
    file = tmp_path / "village.toml"
    file.write_text(village_text())
    played = ["as a gift", "prices"]
    swept = sweep(
        file, ["commons.water=2,5,10,20,40"], seeds=6, out=tmp_path / "sweep", mechanisms=played,
        options=Options(backend="serial"),
    )  # fmt: skip
    assert swept.failed == 0
    runs, means = swept.runs.set_index("mechanism"), swept.summary.set_index("commons.water")
    price = means.query("mechanism == 'prices' and measure == 'price[water]'")["mean"]
    lost = means.query("mechanism == 'as a gift' and measure == 'surplus_gap'")["mean"]
    assert price.is_monotonic_decreasing
    assert (runs.loc["prices", "surplus_gap"].abs() < 1e-6).all()
    assert (runs.loc["as a gift", "surplus_gap"] > 1.0).all()
    assert lost.is_monotonic_increasing
    assert lost[40] - lost[20] < 0.1 * (lost[20] - lost[2])
    without_water = village("agents.villager.utility.weights={ bread = 1.0 }")
    bread = market.compare(without_water, ["as a gift"]).alignments["as a gift"].surplus_gap
    assert round(bread, 2) == 3.62
    assert 0.5 * lost[40] < bread < lost.min()
