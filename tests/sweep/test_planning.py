"""Values that the scenario refuses are found before the first run."""

from __future__ import annotations

import pytest

from market.errors import InputError, ScenarioError
from market.sweep import Options, sweep
from market.sweep.design import design
from market.sweep.planning import plan

SERIAL = Options("serial")


def test_values_refused_together_are_recorded_and_wrong_ones_refused(village, tmp_path):
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
def test_a_parameter_that_cannot_vary_is_refused_before_the_first_file(village, tmp_path, vary, said):
    with pytest.raises(InputError, match=said):
        sweep(village, vary, out=tmp_path / "out", options=SERIAL)
    assert not (tmp_path / "out").exists()


def test_a_fault_of_a_varied_value_names_the_option(commons):
    for vary, field in (
        ("commons.wter=1,2", "--vary commons.wter"),
        ("agents.alfa.count=1,2", "--vary agents.alfa.count"),
    ):
        with pytest.raises(ScenarioError) as caught:
            plan(commons, design([vary], "grid", None, 1, 0), ["commons.water=9"])
        assert [fault.field for fault in caught.value.faults] == [field]
    with pytest.raises(ScenarioError) as caught:
        plan(commons, design(["commons.water=1,2"], "grid", None, 1, 0), ["commons.wter=9"])
    assert [fault.field for fault in caught.value.faults] == ["--set commons.wter"]


def test_a_path_with_the_name_of_a_column_of_results_is_refused(tmp_path):
    """Its values and the number of agents would be one column."""
    one, two = (
        f'[{{ name = "alpha", utility = {{ family = "log", weights = {{ water = {weight} }} }} }}]'
        for weight in (1, 2)
    )
    prices = '[{ name = "prices", kind = "auctioneer" }]'
    (tmp_path / "one.toml").write_text(
        f'schema = 1\neconomy = "quasilinear"\ngoods = ["water"]\ncommons.water = 1\n'
        f"agents = {one}\nmechanisms = {prices}\n"
    )
    with pytest.raises(InputError, match="a column of that name has results"):
        plan(tmp_path / "one.toml", design([f"agents={one},{two}"]))


@pytest.mark.parametrize(
    ("vary", "draws"),
    [
        ("commons.water=5,6", False),
        ('agents.alpha.utility.weights.water=1,{ dist = "uniform", low = 1, high = 2 }', True),
        ('"mechanisms"."first mover".schedule="sequential","random"', True),
    ],
)
def test_a_plan_knows_whether_seeds_matter(commons, vary, draws):
    assert plan(commons, design([vary])).draws is draws
