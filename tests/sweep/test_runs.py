"""A run depends on its parameters and its seed alone, and leaves nothing in memory."""

from __future__ import annotations

import gc
import weakref

import pandas as pd

import market
from market.efficiency.surplus import surplus
from market.sweep import Options, sweep
from market.sweep.design import design
from market.sweep.planning import plan
from market.sweep.runs import execute

SERIAL = Options("serial")


def test_a_run_is_what_market_run_gives_at_its_parameters_and_seed(village, tmp_path):
    swept = sweep(village, ["commons.water=5,7.5"], seeds=3, out=tmp_path / "out", options=SERIAL)
    for _, row in swept.runs.query("mechanism == 'prices'").iterrows():
        scenario = market.load(village, [f"commons.water={row['commons.water']}"])
        outcome = market.MarketModel(scenario, "prices", seed=int(row["seed"])).run()
        assert row["price[water]"] == outcome.prices[0]
        assert row["lowest_utility"] == outcome.utilities.min()
        assert row["rounds"] == outcome.rounds
    assert swept.runs.query("mechanism == 'prices'")["price[water]"].nunique() == 6


def test_a_run_has_the_surplus_of_consumers_and_of_producers(village, tmp_path):
    swept = sweep(village, ["commons.water=5,7.5"], seeds=1, out=tmp_path / "out", options=SERIAL)
    for _, row in swept.runs.query("mechanism == 'prices'").iterrows():
        scenario = market.load(village, [f"commons.water={row['commons.water']}"])
        found = surplus(market.MarketModel(scenario, "prices", seed=int(row["seed"])).run())
        assert (row["consumer_surplus"], row["producer_surplus"]) == (found.consumer, found.producer)
        assert row["total_surplus"] == found.total


def test_order_and_chunks_of_runs_change_no_result(village):
    """Runs done forwards, backwards and one by one are the same to the last bit."""
    planned = plan(village, design(["commons.water=5,7.5"], seeds=4, root=5))
    task, runs = planned.task(village.parent), list(planned.design.runs())

    def table(chunks):
        done = [pd.DataFrame(execute(task, chunk).columns) for chunk in chunks]
        return pd.concat(done).sort_values("run", kind="stable", ignore_index=True)

    forwards = table([runs])
    pd.testing.assert_frame_equal(table([runs[::-1]]), forwards, check_exact=True)
    pd.testing.assert_frame_equal(table([[run] for run in runs]), forwards, check_exact=True)


def test_a_mechanism_that_fails_is_recorded_and_does_not_stop_the_others(village, tmp_path):
    sound = sweep(village, ["commons.water=5,10"], out=tmp_path / "sound", options=SERIAL)
    assert sound.failed == 0

    def broken(self, economy, state, answering):
        if economy.commons[0] > 7:
            raise ZeroDivisionError("no such number")
        return original(self, economy, state, answering)

    from market.mechanisms import Unmediated

    original = Unmediated.step
    Unmediated.step = broken
    try:
        swept = sweep(village, ["commons.water=5,10"], out=tmp_path / "out", options=SERIAL)
    finally:
        Unmediated.step = original
    failing = swept.runs["error"].notna()
    assert swept.failed == 1
    assert swept.runs.loc[failing, ["commons.water", "mechanism"]].to_numpy().tolist() == [
        [10, "first mover"]
    ]
    assert swept.runs.loc[failing, "error"].item() == "ZeroDivisionError: no such number"
    assert "in broken" in swept.runs.loc[failing, "traceback"].item()
    assert swept.runs.loc[failing, "seed"].item() == swept.runs["seed"].iloc[0]
    pd.testing.assert_frame_equal(swept.runs[~failing].iloc[:3, :12], sound.runs[~failing].iloc[:3, :12])
    assert swept.summary.loc[swept.summary["measure"] == "settled", "failed"].tolist() == [0, 0, 1, 0]


def test_memory_stays_flat_over_many_runs(village):
    """Nothing of a run is left when its rows are there: no economy, no outcome, no scenario."""
    from market.efficiency import report as certificate

    planned = plan(village, design(["commons.water=5,7.5"], seeds=10, root=5), mechanisms=["prices"])
    task, runs = planned.task(village.parent), list(planned.design.runs())
    seen = []
    judge = certificate.alignment

    def watched(outcome):
        seen.append(weakref.ref(outcome.economy))
        return judge(outcome)

    from market.sweep import runs as module

    module.alignment = watched
    try:
        done = execute(task, runs)
    finally:
        module.alignment = judge
    gc.collect()
    assert len(seen) == len(done.columns["run"]) == 20
    assert not any(each() is not None for each in seen)


def test_mesa_keeps_no_model_alive(village):
    """Mesa 3.3 holds every model with agents for ever, by the counter of its agents' numbers."""
    scenario = market.load(village)
    models = [market.MarketModel(scenario, "prices", seed=seed) for seed in range(3)]
    for model in models:
        model.run()
        assert [agent.unique_id for agent in model.agents] == [1, 2, 3, 4]
    gone = [weakref.ref(model) for model in models]
    del model, models
    gc.collect()
    assert [each() for each in gone] == [None] * 3
