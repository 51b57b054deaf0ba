"""A sweep's runs: what they are, and that they depend on parameters and seed alone."""

from __future__ import annotations

import gc
import re
import shlex
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import market
from market.errors import InputError
from market.sweep import Options, sweep
from market.sweep.design import design
from market.sweep.planning import plan
from market.sweep.runs import execute

SERIAL = Options("serial")

VILLAGE = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons = { water = 10.0 }
seed = 5

[[agents]]
name = "villager"
count = 3
utility = { family = "log", weights = { water = { dist = "uniform", low = 0.5, high = 2.0 } } }

[[mechanisms]]
name = "first mover"
kind = "unmediated"
game = "seize"
movers = ["villager[0]"]

[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


@pytest.fixture
def village(tmp_path):
    path = tmp_path / "village.toml"
    path.write_text(VILLAGE)
    return path


def rows_of(swept, mechanism):
    return swept.runs[swept.runs["mechanism"] == mechanism]


def test_the_commons_over_stock_and_weight_is_what_theory_says(commons, tmp_path):
    """p = Lambda / q and x_i = lambda_i q / Lambda at every point of the grid."""
    swept = sweep(
        commons,
        ["commons.water=5,10,20", "agents.alpha.utility.weights.water=0.5:2:4"],
        out=tmp_path / "out",
        mechanisms=["first mover", "prices"],
        options=SERIAL,
    )
    prices = rows_of(swept, "prices")
    stock = prices["commons.water"].to_numpy(float)
    total = prices["agents.alpha.utility.weights.water"].to_numpy() + 1.0
    assert len(prices) == 12
    np.testing.assert_allclose(prices["price[water]"], total / stock, rtol=1e-8)
    np.testing.assert_allclose(prices["consumption[beta,water]"], stock / total, rtol=1e-8)
    np.testing.assert_allclose(prices["revenue"], total, rtol=1e-8)
    left = rows_of(swept, "first mover")
    assert (left["lowest_utility"] == -np.inf).all()
    assert (left["total_surplus"] == -np.inf).all()
    assert (left[["finite_utilities", "infinite_utilities"]] == 1).all().all()
    np.testing.assert_allclose(left["mean_finite_utility"], left["commons.water"].map(np.log) * (total - 1.0))
    assert (prices["gain"] == 1).all()
    assert (prices["lose"] == 1).all()


def test_a_run_is_what_market_run_gives_at_its_parameters_and_seed(village, tmp_path):
    swept = sweep(village, ["commons.water=5,7.5"], seeds=3, out=tmp_path / "out", options=SERIAL)
    for _, row in rows_of(swept, "prices").iterrows():
        scenario = market.load(village, [f"commons.water={row['commons.water']}"])
        outcome = market.MarketModel(scenario, "prices", seed=int(row["seed"])).run()
        assert row["price[water]"] == outcome.prices[0]
        assert row["lowest_utility"] == outcome.utilities.min()
        assert row["rounds"] == outcome.rounds
    assert rows_of(swept, "prices")["price[water]"].nunique() == 6


def test_the_order_and_company_of_runs_changes_nothing(village):
    """Runs done forwards, backwards and one by one are the same to the last bit."""
    planned = plan(village, design(["commons.water=5,7.5"], seeds=4, root=5))
    task, runs = planned.task(village.parent), list(planned.design.runs())

    def table(chunks):
        done = [pd.DataFrame(execute(task, chunk).columns) for chunk in chunks]
        return pd.concat(done).sort_values("run", kind="stable", ignore_index=True)

    forwards = table([runs])
    pd.testing.assert_frame_equal(table([runs[::-1]]), forwards, check_exact=True)
    pd.testing.assert_frame_equal(table([[run] for run in runs]), forwards, check_exact=True)


def test_a_mechanism_that_fails_is_recorded_with_its_reason_and_stops_nobody(village, tmp_path):
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


def test_values_that_do_not_go_together_are_recorded_and_those_that_are_wrong_refused(village, tmp_path):
    weights = "agents.villager.utility.weights.water"
    drawn = '{ dist = "uniform", low = 3, high = 4 }'
    family = "agents.villager.utility.family"
    with pytest.raises(InputError, match=r"Did you mean 'log'"):
        sweep(village, [f"{family}=log,lgo"], out=tmp_path / "out", options=SERIAL)
    assert not (tmp_path / "out").exists()
    swept = sweep(
        village,
        [f"{family}=log,cobb_douglas", f"{weights}=0.1,{drawn}"],
        out=tmp_path / "out",
        options=SERIAL,
    )
    assert len(swept.runs) == 4 * 2
    bad = swept.runs[swept.runs["error"].notna()]
    assert set(zip(bad[family], bad[weights], strict=True)) == {("cobb_douglas", drawn)}
    assert bad["error"].str.contains("ScenarioError").all()


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        (["commons.wine=1,2"], "wine"),
        (["agents.nobody.count=1,2"], "no entry of that name"),
        (["commons.water=1,-2"], "commons.water"),
        (["agents.villager.count=1:2:3"], "count"),
        (['agents[0].name="a","b"'], r"names of agents|no agent"),
        (["agents.villager.count=2,3", "agents[0].count=4,5"], "the same parameter"),
    ],
)
def test_what_cannot_be_varied_is_refused_before_anything_is_written(village, tmp_path, vary, said):
    with pytest.raises(InputError, match=said):
        sweep(village, vary, out=tmp_path / "out", options=SERIAL)
    assert not (tmp_path / "out").exists()


def test_a_ruined_agent_is_counted_and_never_averaged(village, tmp_path):
    swept = sweep(village, ["commons.water=5,10"], seeds=4, out=tmp_path / "out", options=SERIAL)
    told = swept.summary.set_index(["point", "mechanism", "measure"])
    ruined = told.loc[(0, "first mover", "lowest_utility")]
    assert (ruined["runs"], ruined["finite"], ruined["infinite"], ruined["missing"]) == (4, 0, 4, 0)
    assert pd.isna(ruined["mean"])
    assert ruined["least"] == -np.inf
    assert told.loc[(0, "prices", "lowest_utility"), "finite"] == 4


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


def test_the_examples_of_the_page_on_sweeps_run(tmp_path, monkeypatch, capsys):
    from market.interfaces.cli.main import main

    root = Path(__file__).parents[2]
    page = (root / "docs" / "how-to" / "sweeps.md").read_text()
    (tmp_path / "scenarios").symlink_to(root / "scenarios")
    monkeypatch.chdir(tmp_path)
    command = page.split("\n\n")[1].replace("\\\n", " ")
    name, *arguments = shlex.split(command)
    assert name == "market"
    assert main([*arguments, "--backend", "serial", "--mechanism", "prices", "--no-figures"]) == 0
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(compile(block, "sweeps.md", "exec"), {})
    assert "0.45" in capsys.readouterr().out  # p = (0.5 + 1 + 1.5 + 2) / 4 + 1 over 5
