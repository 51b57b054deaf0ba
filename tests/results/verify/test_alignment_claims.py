"""Verdicts of the alignment report that the record does not prove are refused."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.strategies import SOAK
from helpers.tampering import Party, Tamper, refused, small, told, with_kinks
from hypothesis import given, settings

import market
from market.results.run_folder import RunFolder
from market.results.tables import agents_table, bounds_table
from market.results.verify import verify
from market.results.verify.alignment_claims import _clearly_better, zero_in_all_supports
from market.results.verify.record import read_outcomes


@pytest.mark.parametrize(
    ("story", "name", "change", "claim"),
    [
        ("commons", "prices", {"efficient": False}, "efficient"),
        ("barter", "at home", {"efficient": True}, "efficient"),
        ("commons", "prices", {"degenerate": True}, "degenerate"),
        ("commons", "first mover", {"degenerate": False}, "degenerate"),
        ("commons", "prices", {"resource_utilisation": 0.9}, "resource utilisation"),
        ("barter", "at home", {"resource_utilisation": 1.01}, "resource utilisation"),
        ("commons", "prices", {"surplus_gap": 0.1}, "surplus gap"),
        ("war", "all at once", {"surplus_gap": 0.0}, "surplus gap"),
        ("war", "all at once", {"efficient_with_transfers": True}, "efficient with transfers"),
        ("commons", "first mover", {"surplus_gap": 5.0}, "surplus gap"),
        ("commons", "prices", {"residual": 1e-7}, "residual of the weights"),
        ("barter", "prices", {"surplus_gap": 0.0}, "transfers are left out"),
    ],
)
def test_a_false_judgement_is_refused(tamper, story, name, change, claim):
    changed = tamper(story)
    report = changed.mechanism(name)["alignment"]
    report.update(change)
    if report["efficient"]:  # a careful forger leaves no improvement behind
        report |= {"improvement": None, "improvement_production": None}
        for column in changed.agents:
            if column.startswith("improvement"):
                changed.agents.loc[changed.rows(name), column] = np.nan
    assert f"{name}: {claim}" in refused(changed.verified())


def test_unknown_in_place_of_not_efficient_is_refused(islands, tmp_path):
    changed = Tamper(islands, tmp_path / "run")
    report = changed.mechanism("at home")["alignment"]
    report |= {"efficient": None, "improvement": None, "improvement_production": None}
    report["unknown"] = ["efficient: the search failed"]
    for column in changed.agents:
        if column.startswith("improvement"):
            changed.agents[column] = np.nan
    assert "at home: efficient" in refused(changed.verified())


def test_an_improvement_that_takes_from_an_agent_is_refused(tamper):
    changed = tamper("barter")
    better = changed.mechanism("at home")["alignment"]["improvement"]
    place, column = better["ann"], "improvement[good 0]"
    place["good 0"] *= 0.5
    row = changed.rows("at home") & (changed.agents["agent"] == "ann")
    changed.agents.loc[row, column] = place["good 0"]
    assert "at home: efficient" in refused(changed.verified())


@settings(max_examples=15 * SOAK)
@given(small | with_kinks)
def test_agents_with_zero_weight_in_all_supports_have_no_weight(economy):
    """Whoever must weigh nothing is found to weigh nothing by the programme that looks for weights."""
    party = Party(economy)
    run = RunFolder(Path(), {}, told(economy, party), agents_table(party), bounds_table(party))
    for record in read_outcomes(run, economy):
        if record.weights is not None and record.alignment["residual"] <= 1e-9:
            assert (record.weights[zero_in_all_supports(economy, record)] <= 1e-9).all()


def test_a_range_of_prices_of_an_outcome_that_did_not_clear_is_refused(tamper):
    copy = tamper("hurried")
    name = next(each["name"] for each in copy.stated["mechanisms"] if each["status"] == "max_rounds")
    assert verify(copy.folder).holds
    goods = copy.stated["goods"]
    copy.mechanism(name)["alignment"]["price_interval"] = {good: [0.5, 2.0] for good in goods}
    assert f"{name}: ranges of prices" in refused(copy.verified())


def test_crumbs_that_rounding_leaves_lift_no_agent_above_minus_infinity():
    """With log utility 1e-15 is worth -34 and none -inf: an improvement by it would be by rounding."""
    text = """
        schema = 1
        economy = "quasilinear"
        goods = ["g"]
        commons = { g = 10.0 }
        agents = [
          { name = "first", utility = { family = "linear", weights = { g = 1.0 } } },
          { name = "second", utility = { family = "log", weights = { g = 1.0 } } },
        ]
        mechanisms = [{ name = "planner", kind = "planner" }]
    """
    economy, nothing = market.build(market.loads(text)), np.zeros((2, 1))

    def record(*amounts):
        return SimpleNamespace(consumption=np.array(amounts)[:, None], production=nothing, proofs={})

    assert not _clearly_better(economy, record(10.0, 0.0), [record(10.0, 1e-15)])
    assert _clearly_better(economy, record(9.0, 0.0), [record(9.0, 1.0)])
