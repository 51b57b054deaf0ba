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


PLANTS = """
schema = 1
economy = "quasilinear"
goods = ["power"]

[[agents]]
name = "coal"
count = 2
cost = { family = "linear", unit_cost = { power = 2.0 }, capacity = { power = 3.0 } }

[[agents]]
name = "owner"
endowment = { power = 1.0 }

[[agents]]
name = "city"
utility = { family = "quadratic", weights = { power = 12.0 }, slope = { power = 1.0 } }

[[mechanisms]]
name = "gift"
kind = "unmediated"
game = "gift"

[[mechanisms]]
name = "prices"
kind = "auctioneer"

[[mechanisms]]
name = "planner"
kind = "planner"
"""


def test_groups_have_their_production_revenue_cost_profit_and_payoff(tmp_path):
    """Demand 12 - p meets a supply of 6 + 1 at p = 5: revenue 5 x 6, cost 2 x 6."""
    (tmp_path / "plants.toml").write_text(PLANTS)
    swept = sweep(tmp_path / "plants.toml", out=tmp_path / "out", options=SERIAL)
    rows = swept.runs.set_index("mechanism")
    prices = rows.loc["prices"]
    expected = {
        "price[power]": 5.0, "production[coal,power]": 6.0, "production[city,power]": 0.0,
        "revenue[coal]": 30.0, "cost[coal]": 12.0, "profit[coal]": 18.0, "payoff[coal]": 18.0,
        "payment[coal]": -30.0, "revenue[owner]": 5.0, "profit[owner]": 5.0,
        "payoff[city]": 12 * 7 - 49 / 2 - 35, "producer_surplus": 23.0,
    }  # fmt: skip
    np.testing.assert_allclose(prices[list(expected)].astype(float), list(expected.values()), rtol=1e-6)
    assert prices[["revenue[city]", "cost[city]", "profit[city]", "lowest_utility[coal]"]].isna().all()
    assert rows.loc["planner", ["revenue[coal]", "profit[coal]"]].isna().all()  # nothing is paid
    assert rows.loc["planner", "cost[coal]"] > 0
    assert prices["lowest_utility"] == prices["lowest_utility[city]"]


def test_payoffs_without_a_common_unit_are_not_added(tmp_path):
    text = (
        PLANTS.partition("[[agents]]")[0].replace("quasilinear", "exchange")
        + """
[[agents]]
name = "farmer"
count = 2
endowment = { power = 1.0 }
utility = { family = "log", weights = { power = 1.0 } }

[[agents]]
name = "city"
endowment = { power = 1.0 }
utility = { family = "log", weights = { power = 1.0 } }

[[mechanisms]]
name = "autarky"
kind = "unmediated"
game = "autarky"
"""
    )
    (tmp_path / "farm.toml").write_text(text)
    (row,) = sweep(tmp_path / "farm.toml", out=tmp_path / "out", options=SERIAL).runs.to_dict("records")
    assert np.isnan(row["payoff[farmer]"])
    assert row["payoff[city]"] == 0.0


def test_a_sweep_without_draws_is_played_once_if_the_caller_agrees(commons, village, tmp_path):
    said = []
    once = sweep(
        commons,
        seeds=5,
        out=tmp_path / "a",
        options=SERIAL,
        mechanisms=["prices"],
        once=lambda: said.append(1),
    )
    assert (len(once.runs), said) == (1, [1])
    drawn = sweep(village, seeds=5, out=tmp_path / "b", options=SERIAL, once=lambda: said.append(2))
    assert (len(drawn.runs), said) == (10, [1])
