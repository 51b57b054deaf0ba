"""A sweep from its plan to its summary."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd

from market.sweep import Options, sweep

SERIAL = Options("serial")


def test_the_commons_over_stock_and_weight_is_what_theory_says(commons, tmp_path):
    """p = Lambda / q and x_i = lambda_i q / Lambda at every point of the grid."""
    swept = sweep(
        commons,
        ["commons.water=5,10,20", "agents.alpha.utility.weights.water=0.5:2:4"],
        out=tmp_path / "out",
        mechanisms=["first mover", "prices"],
        options=SERIAL,
    )
    prices = swept.runs.query("mechanism == 'prices'")
    stock = prices["commons.water"].to_numpy(float)
    total = prices["agents.alpha.utility.weights.water"].to_numpy() + 1.0
    assert len(prices) == 12
    np.testing.assert_allclose(prices["price[water]"], total / stock, rtol=1e-8)
    np.testing.assert_allclose(prices["consumption[beta,water]"], stock / total, rtol=1e-8)
    np.testing.assert_allclose(prices["revenue"], total, rtol=1e-8)
    left = swept.runs.query("mechanism == 'first mover'")
    assert (left["lowest_utility"] == -np.inf).all()
    assert (left["total_surplus"] == -np.inf).all()
    assert (left[["finite_utilities", "infinite_utilities"]] == 1).all().all()
    np.testing.assert_allclose(left["mean_finite_utility"], left["commons.water"].map(np.log) * (total - 1.0))
    assert (prices["gain"] == 1).all()
    assert (prices["lose"] == 1).all()


def test_a_ruined_agent_is_counted_and_never_averaged(village, tmp_path):
    swept = sweep(village, ["commons.water=5,10"], seeds=4, out=tmp_path / "out", options=SERIAL)
    told = swept.summary.set_index(["point", "mechanism", "measure"])
    ruined = told.loc[(0, "first mover", "lowest_utility")]
    assert (ruined["runs"], ruined["finite"], ruined["infinite"], ruined["missing"]) == (4, 0, 4, 0)
    assert pd.isna(ruined["mean"])
    assert ruined["min"] == -np.inf
    assert told.loc[(0, "prices", "lowest_utility"), "finite"] == 4


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
