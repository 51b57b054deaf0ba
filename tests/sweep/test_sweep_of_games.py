"""Sweeps of games: parameters, players, starts and seeds, with the measures of games."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import market
from market import plots
from market.errors import ExitCode, InputError
from market.games.mechanisms.base import play
from market.plots.sweep_words import axis_words, measure_words
from market.scenario.game_loading import build_game
from market.sweep import Options, read, sweep
from market.sweep.design import seed_of

GIVERS = """
schema = 1
title = "Givers"
game = "public_goods"
comparable = true
players = [{ name = "giver", count = 3, curvature = 1.0 }]
parameters = { multiplier = 0.6 }
mechanisms = [
  { name = "left alone", kind = "unmediated" },
  { name = "prices", kind = "auctioneer" },
  { name = "planner", kind = "planner" },
]
"""

LEARNERS = """
schema = 1
game = "aga_toy"
comparable = true
mechanisms = [
  { name = "selfish", kind = "learning", rule = "individual", start = "random", max_rounds = 60 },
  { name = "aligned", kind = "learning", rule = "aga", start = "random", step = 0.005, max_rounds = 60 },
]
"""


@pytest.fixture
def givers(tmp_path):
    path = tmp_path / "givers.toml"
    path.write_text(GIVERS)
    return path


@pytest.fixture
def learners(tmp_path):
    path = tmp_path / "learners.toml"
    path.write_text(LEARNERS)
    return path


def swept(path, tmp_path, vary, **more):
    return sweep(path, vary, out=tmp_path / "out", options=Options("serial"), **more)


def test_givers_by_multiplier_and_number(givers, tmp_path):
    """Each of n values all gifts at m / n: left alone a = m / n, best a = m.

    Totals are n m a - n a^2 / 2: m^2 (1 - 1 / (2 n)) left alone and n m^2 / 2 at best, a share of
    (2 - 1 / n) / n: 0.75 of two players, 5/9 of three.
    """
    found = swept(givers, tmp_path, ["parameters.multiplier=0.2,0.4", "players.giver.count=2,3"])
    runs = found.runs
    assert runs["error"].isna().all()
    left, planned = (runs[runs["mechanism"] == name] for name in ("left alone", "planner"))
    n, m = (left[name].to_numpy(float) for name in ("players.giver.count", "parameters.multiplier"))
    assert left["total_payoff"].to_numpy(float) == pytest.approx(m**2 * (1 - 1 / (2 * n)))
    assert left["share_of_best"].to_numpy(float) == pytest.approx((2 - 1 / n) / n)
    assert left["amount[giver]"].to_numpy(float) == pytest.approx(m / n)
    assert left["gain_realised"].to_numpy(float) == pytest.approx(0, abs=1e-9)
    assert planned["gain_realised"].to_numpy(float) == pytest.approx(1)
    assert planned["payoff[giver]"].to_numpy(float) == pytest.approx(n * m**2 / 2)
    assert planned["gain"].tolist() == n.tolist()
    assert planned["pareto_improvement"].all()
    assert planned["max_regret"].isna().all()
    assert left["efficient"].eq(False).all()
    assert planned["efficient"].all()
    again = read(tmp_path / "out")
    pd.testing.assert_frame_equal(again.runs, runs)
    summary = found.summary
    assert {"mean", "sd", "min", "max", "ci_low", "ci_high"} <= set(summary.columns)
    assert set(summary["measure"]) >= {"total_payoff", "share_of_best", "equality", "lowest_payoff[giver]"}


def test_ratios_to_the_best_are_left_out_where_no_bound_proves_it(tmp_path):
    """The sum of rates of transmitters is not concave, and the bound on it is above the best found."""
    found = sweep(
        "scenarios/frequency.toml", ["parameters.cross_gain=0.5,1.5"], out=tmp_path / "out",
        mechanisms=["planner"], options=Options("serial"),
    )  # fmt: skip
    assert found.runs["best_total"].notna().all()
    assert found.runs[["share_of_best", "shortfall", "gain_realised"]].isna().all(axis=None)


def test_a_population_of_learners_has_the_results_of_single_runs(learners, tmp_path):
    """Each row is that of `market run --seed` with the seed that it names."""
    found = swept(learners, tmp_path, ["mechanisms.aligned.lambda=0.1,1"], seeds=5)
    assert len(found.runs) == 20
    for row in found.runs.to_dict("records"):
        overrides = [f"mechanisms.aligned.lambda={row['mechanisms.aligned.lambda']}"]
        scenario = market.load(learners, overrides)
        alone = play(scenario.mechanism(row["mechanism"]), build_game(scenario, row["seed"]))
        assert row["total_payoff"] == pytest.approx(alone.payoffs.sum(), rel=1e-12, abs=1e-12)
        assert row["max_regret"] == pytest.approx(alone.max_regret, rel=1e-9, abs=1e-12)
        assert row["rounds"] == alone.rounds
        assert row["seed"] == seed_of(0, row["replicate"])
    assert found.runs.groupby(["mechanism", "replicate"])["total_payoff"].nunique().max() > 1


def test_learners_step_together_over_seeds(learners, tmp_path, monkeypatch):
    """One pass over an array a round, for the runs of a chunk."""
    from market.games.learning import RULES

    rule, sizes = RULES["individual"], []
    before = rule.direction

    def counted(self, game, a):
        sizes.append(a.shape[0])
        return before(self, game, a)

    monkeypatch.setattr(rule, "direction", counted)
    swept(learners, tmp_path, (), seeds=4, mechanisms=["selfish"])
    assert sum(sizes) == 4 * 60  # the rounds of all runs, none twice
    assert max(sizes) > 1


def test_the_division_into_chunks_changes_nothing(learners, tmp_path, monkeypatch):
    whole = sweep(learners, (), seeds=4, out=tmp_path / "one", options=Options("serial"))
    monkeypatch.setattr("market.sweep.execution.FIRST", 1)
    monkeypatch.setattr("market.sweep.execution.SECONDS", 1e-9)
    monkeypatch.setattr("market.sweep.execution.SHORTEST", 1e-9)
    apart = sweep(learners, (), seeds=4, out=tmp_path / "two", options=Options("serial"))
    pd.testing.assert_frame_equal(whole.runs, apart.runs)


def test_a_sweep_of_a_game_continues(givers, tmp_path):
    swept(givers, tmp_path, ["parameters.multiplier=0.2,0.4"])
    assert swept(givers, tmp_path, ["parameters.multiplier=0.2,0.4"]).reused == 2


def test_starts_and_words_can_be_varied(givers, tmp_path):
    text = GIVERS.replace("mechanisms", "start = [[0.1], [0.1], [0.1]]\nmechanisms")
    givers.write_text(text)
    vary = [
        "start=[[0.0],[0.0],[0.0]],[[0.5],[0.2],[0.1]]",
        "mechanisms.left alone.schedule=sequential,simultaneous",
    ]
    found = swept(givers, tmp_path, vary, mechanisms=["left alone"])
    assert found.runs["total_payoff"].to_numpy(float) == pytest.approx([0.3] * 4)


def test_nothing_drawn_is_played_once(givers, tmp_path):
    said = []
    found = swept(givers, tmp_path, (), seeds=3, once=lambda: said.append(1))
    assert (said, len(found.runs)) == ([1], 3)


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ("parameters.multiplyer=1,2", "no such key; one of: multiplier"),
        ("parameters.multiplier=0.2,-1", "--vary parameters.multiplier"),
        ("players.taker.count=2,3", "no entry of that name in players; one of: giver"),
        ("mechanisms.prices.name=a,b", "names of mechanisms"),
        ("game=public_goods,cournot", "intercept: missing"),
        ("seed=1,2", "--seeds"),
    ],
)
def test_careless_axes_are_refused_before_the_first_run(givers, tmp_path, vary, message):
    with pytest.raises(InputError, match=message):
        swept(givers, tmp_path, [vary])


def test_a_mechanism_that_cannot_play_is_recorded_and_stops_no_other(tmp_path):
    path = tmp_path / "mixed.toml"
    path.write_text(
        'schema = 1\ngame = "chicken"\ncomparable = true\nmechanisms = [\n'
        '{ name = "slopes", kind = "learning", rule = "individual" }, { name = "p", kind = "planner" }]\n'
    )
    found = swept(path, tmp_path, ())
    assert found.runs["error"].notna().tolist() == [True, False]
    assert "follows slopes" in found.runs["error"][0]


def test_measures_and_axes_have_words_and_units(givers, tmp_path):
    scenario = market.load(givers)
    assert measure_words("total_payoff", scenario) == "Sum of payoffs (units of payoff)"
    assert measure_words("payoff[giver]", scenario) == "Payoff of giver (units of payoff)"
    assert axis_words("players.giver.count", scenario) == "Number of players in giver"
    assert axis_words("parameters.multiplier", scenario) == "Multiplier (payoff per unit)"
    assert axis_words("mechanisms.prices.step", scenario) == "Step of 'prices'"
    found = swept(givers, tmp_path, ["parameters.multiplier=0.2,0.4", "players.giver.count=2,3"])
    figure = plots.sweep_figure(found, ["total_payoff"])
    assert len(figure.axes) >= 3  # a map a mechanism
    curves = plots.sweep_figure(found, ["share_of_best"], x=["players.giver.count"])
    assert curves.axes[0].get_xlabel() == "Number of players in giver"


def test_the_command_prints_measures_of_games(shell, givers, tmp_path):
    code, out, err = shell(
        "sweep", givers, "--vary", "parameters.multiplier=0.2,0.4", "--out", tmp_path / "out",
        "--backend", "serial",
    )  # fmt: skip
    assert (code, err) == (ExitCode.DONE, "")
    assert "total payoff" in out
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith("Folder: "))
    assert (tmp_path / "out" / "sweep.svg").stat().st_size > 0
    assert np.isfinite(pd.read_csv(tmp_path / "out" / "summary.csv")["mean"].dropna()).all()
    code, out, _ = shell("plot", tmp_path / "out", "--list")
    assert "share_of_best" in out
    assert "Sum of payoffs (parts of the best)" in out
