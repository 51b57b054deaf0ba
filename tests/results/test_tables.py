"""The result as JSON: the keys of its layout, infinities as words, and no NaN."""

import dataclasses
import json

import numpy as np
import pytest
from helpers import stories

import market
from market.errors import NumericalError
from market.results import run_folder as results

MECHANISM = {
    "name", "kind", "status", "reason", "rounds", "prices", "disequilibrium", "auctioneer_payoff",
    "consumption", "production", "payments", "revenue", "utilities", "payoffs", "max_regret", "alignment",
}  # fmt: skip


ALIGNMENT = {
    "efficient", "degenerate", "weights", "residual", "resource_utilisation", "efficient_with_transfers",
    "surplus_gap", "improvement",
}  # fmt: skip


@pytest.fixture(scope="module")
def commons():
    return market.compare(market.loads(stories.COMMONS))


@pytest.fixture(scope="module")
def barter():
    return market.compare(market.loads(stories.barter(2)), ["at home"])


def strict(text):
    def refuse(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


def with_outcome(compared, name, **changes):
    """The comparison with something changed in one outcome."""
    changed = dataclasses.replace(compared.outcomes[name], **changes)
    return dataclasses.replace(compared, outcomes={**compared.outcomes, name: changed})


def test_the_result_has_every_key_of_the_contract(commons):
    told = results.result(commons)
    assert set(told) == {"schema", "scenario", "seed", "goods", "agents", "mechanisms"}
    assert set(told["scenario"]) == {"title", "file", "sha256"}
    for mechanism in told["mechanisms"]:
        assert set(mechanism) == MECHANISM | {"evidence", "surplus", "payoffs_with_revenue"}
        extra = {"supporting_prices", "improvement_production", "price_interval", "unknown"}
        assert set(mechanism["alignment"]) == ALIGNMENT | extra


def test_the_result_has_the_numbers_of_the_commons(commons):
    first, prices, _ = results.result(commons)["mechanisms"]
    assert first["consumption"] == {"alpha": {"water": 10.0}, "beta": {"water": 0.0}}
    assert first["prices"] is first["disequilibrium"] is first["auctioneer_payoff"] is None
    assert first["alignment"]["weights"] == {"alpha": 1.0, "beta": 0.0}
    assert prices["prices"]["water"] == pytest.approx(0.2)
    assert prices["payments"]["beta"] == pytest.approx(1.0)
    assert prices["revenue"] == pytest.approx(2.0)


def test_infinities_are_words_and_come_back_as_numbers(commons):
    first = strict(results.as_json(results.result(commons)))["mechanisms"][0]
    assert first["utilities"]["beta"] == "-Infinity"
    assert first["alignment"]["surplus_gap"] == "Infinity"
    assert results.number("-Infinity") == -np.inf
    assert results.number(0.2) == 0.2


def test_a_nan_is_refused_with_its_place(commons):
    spoilt = with_outcome(commons, "prices", payments=np.array([1.0, np.nan]))
    with pytest.raises(NumericalError, match=r"result of 'prices'.*: payments\.beta: a finite number"):
        results.result(spoilt)


def test_unknown_figures_are_null(commons):
    report = dataclasses.replace(commons.alignments["prices"], negishi_weights=None, efficient=None)
    changed = dataclasses.replace(commons, alignments={**commons.alignments, "prices": report})
    told = results.result(changed)["mechanisms"][1]["alignment"]
    assert told["weights"] is told["supporting_prices"] is told["efficient"] is told["improvement"] is None
    assert results.agents_table(changed).query("mechanism == 'prices'")["weight"].isna().all()


def test_an_improvement_is_an_allocation_by_agent_and_good(barter):
    improvement = results.result(barter)["mechanisms"][0]["alignment"]["improvement"]
    total = sum(np.array(list(bundle.values())) for bundle in improvement.values())
    assert set(improvement) == {"ann", "bob"}
    assert (total <= barter.economy.resources * (1 + 1e-9)).all()


@pytest.mark.parametrize(("agents", "maps"), [(1000, dict), (1001, type(None))])
def test_above_a_thousand_agents_maps_are_null_and_the_table_of_agents_has_them(agents, maps, tmp_path):
    compared = market.compare(market.loads(stories.crowd(agents, "first mover")))
    told = results.result(compared)["mechanisms"][0]
    for key in ("consumption", "production", "payments", "utilities", "payoffs"):
        assert type(told[key]) is maps
    assert type(told["alignment"]["weights"]) is maps
    run = results.read_run(results.write_run(compared, tmp_path))
    np.testing.assert_array_equal(
        run.by_good("first mover", "consumption"), compared.outcomes["first mover"].consumption
    )
    np.testing.assert_array_equal(
        run.by_agent("first mover", "utility"), compared.outcomes["first mover"].utilities
    )
