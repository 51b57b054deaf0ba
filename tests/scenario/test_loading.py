"""Loading of scenario files: values kept, files refused, imports."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.scenario_texts import BASE, changed
from pydantic import ValidationError

from market.errors import InputError, ScenarioError
from market.mechanisms import Auction
from market.mechanisms.auction.price_rules import RULES
from market.scenario.building import build
from market.scenario.loading import Scenario, load, loads

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ECONOMIES = [path for path in sorted(SCENARIOS.glob("*.toml")) if "\neconomy = " in path.read_text()]


def test_loading_keeps_all_values_of_a_file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(BASE)
    scenario = load(path)
    assert (scenario.title, scenario.economy, scenario.goods) == ("small", "quasilinear", ("water", "bread"))
    assert (scenario.seed, scenario.numeraire, scenario.commons) == (0, None, {"water": 10.0})
    assert [group.name for group in scenario.agents] == ["alpha", "beta"]
    assert (scenario.file, scenario.folder, scenario.overrides) == (str(path), tmp_path, ())
    assert scenario.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert scenario.text == BASE
    assert scenario.mechanism_names == ("prices",)
    assert scenario.mechanism("prices") == Auction("prices", RULES["tatonnement"]())
    with pytest.raises(InputError, match=r"^no mechanism 'price'; one of: prices. Did you mean 'prices'\?$"):
        scenario.mechanism("price")


def test_overrides_change_the_scenario_and_not_its_hash(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(BASE)
    overrides = ("seed=4", "agents.alpha.utility.weights.water=2", "mechanisms.prices.tolerance=1e-6")
    scenario = load(str(path), overrides)
    assert (scenario.seed, scenario.agents[0].utility.weights) == (4, {"water": 2.0})
    assert scenario.mechanism("prices").tolerance == 1e-6
    assert (scenario.sha256, scenario.overrides) == (load(path).sha256, overrides)


def test_scenario_is_frozen_and_can_be_pickled(tmp_path):
    (tmp_path / "x.csv").write_text("income\n1\n2\n")
    text = changed(
        ("count = 3", 'data = "x.csv"\nbudget = { column = "income" }'),
        ("bread = 2", 'bread = { dist = "uniform", low = 1, high = 2 }'),
    )
    scenario = loads(text, folder=tmp_path)
    with pytest.raises(ValidationError):
        scenario.seed = 3
    again = pickle.loads(pickle.dumps(scenario))
    assert isinstance(again, Scenario)
    assert again.mechanism("prices") == scenario.mechanism("prices")
    assert np.array_equal(build(again).budget, build(scenario).budget)
    assert np.array_equal(
        build(again).costs[0].parameters["unit_cost"], build(scenario).costs[0].parameters["unit_cost"]
    )


@pytest.mark.parametrize("path", ECONOMIES, ids=lambda path: path.stem)
def test_shipped_scenarios_load_and_build(path):
    scenario = load(path)
    assert build(scenario).shape[0] >= 2
    assert [scenario.mechanism(name).label for name in scenario.mechanism_names] == list(
        scenario.mechanism_names
    )


def test_loads_refuses_bytes_and_surrogates():
    with pytest.raises(TypeError, match=r"^a scenario is text, not bytes; use `load` for a file$"):
        loads(BASE.encode())
    with pytest.raises(ScenarioError, match=r"^<text>: character 1 is half of a surrogate pair"):
        loads("\ud800" + BASE)


@pytest.mark.parametrize(
    "content",
    [
        ("a" + ".a" * 20_000 + " = 1").encode(),
        b"goods = " + b"[" * 1000,
        b"seed = " + b"9" * 5000,
        BASE.encode("utf-16"),
        b"\x89PNG\r\n\x1a\n\0",
        b"\xff",
        b"# " + b"x" * (1 << 20),
        b"[" * 10 + b'\n\x1b[31m = "',
    ],
    ids=["dotted key", "brackets", "digits", "UTF-16", "binary", "not UTF-8", "large", "escapes"],
)
def test_hostile_file_gives_one_printable_fault(tmp_path, content):
    path = tmp_path / "hostile.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert len(caught.value.faults) == 1
    assert str(caught.value).isprintable()


def test_missing_file_gives_one_fault(tmp_path):
    with pytest.raises(ScenarioError, match=r"x\.toml: no such file$"):
        load(tmp_path / "x.toml")
    with pytest.raises(ScenarioError, match=r"this is a folder, not a file$"):
        load(tmp_path)


def test_loading_and_building_import_nothing_heavy():
    code = """
import sys
from market.scenario.building import build
from market.scenario.loading import load
build(load(sys.argv[1]))
heavy = {"mesa", "matplotlib", "cvxpy", "pandas", "pyarrow", "tree_sitter"} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code, str(SCENARIOS / "war.toml")], check=True)
