"""The table of a comparison: one row per mechanism, and -inf neither averaged in nor lost."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import stories

import market


@pytest.fixture(scope="module")
def commons():
    return market.compare(market.loads(stories.COMMONS))


@pytest.fixture(scope="module")
def crowd():
    return market.compare(market.loads(stories.crowd(235, "first mover", "prices")))


def test_there_is_one_row_per_mechanism_in_the_scenario_s_order(commons):
    assert list(commons.table()["mechanism"]) == list(commons.scenario.mechanism_names)


def test_the_table_has_the_numbers_of_the_commons(commons):
    table = commons.table().set_index("mechanism")
    prices, first = table.loc["prices"], table.loc["first mover"]
    assert prices["price of water"] == pytest.approx(0.2)  # p = Lambda / q
    assert prices["utility of alpha"] == pytest.approx(np.log(5))
    assert prices["payoff of alpha"] == pytest.approx(np.log(5) - 1)
    assert prices["total surplus"] == pytest.approx(2 * np.log(5))
    assert prices["revenue"] == pytest.approx(2)
    assert prices["payoff with revenue handed back of alpha"] == pytest.approx(np.log(5))
    assert (prices["consumer surplus"], prices["producer surplus"]) == (np.inf, 0.0)
    assert (prices["deadweight loss"], first["deadweight loss"]) == (0.0, np.inf)
    assert first["utility of beta"] == first["total surplus"] == -np.inf
    assert first["left on the table"] == np.inf
    assert (first["efficient"], first["efficient with transfers"], first["degenerate"]) == (True, False, True)
    assert (prices["against"], prices["agents who gain"], prices["agents who lose"]) == ("first mover", 1, 1)


def test_values_that_do_not_apply_are_missing(commons):
    table = commons.table().set_index("mechanism")
    assert np.isnan(table.loc["first mover", "price of water"])
    assert np.isnan(table.loc["planner", "largest regret"])
    assert pd.isna(table.loc["first mover", "agents who gain"])
    assert pd.isna(table.loc["first mover", "Pareto improvement"])


def test_a_table_read_from_its_csv_has_the_same_numbers(commons):
    table = commons.table()
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    for column in table.select_dtypes("number"):
        np.testing.assert_allclose(
            again[column].to_numpy(float), table[column].to_numpy(float, na_value=np.nan)
        )


def test_summaries_are_of_consumers_and_have_no_mean_without_a_common_unit():
    village = """
    schema = 1
    economy = "quasilinear"
    goods = ["bread"]
    agents = [
        { name = "eater", count = 25, utility = { family = "log1p", weights = { bread = 3 } } },
        { name = "baker", count = 3, cost = { family = "linear", unit_cost = { bread = 1 } } },
    ]
    mechanisms = [{ name = "planner", kind = "planner" }]
    """
    told = market.compare(market.loads(village))
    outcome, row = told.outcomes["planner"], told.table().iloc[0]
    wants = told.economy.wants_something
    assert outcome.utilities[~wants].min() < 0
    assert row["lowest utility"] == outcome.utilities[wants].min()
    assert row["mean utility above -inf"] == pytest.approx(outcome.utilities[wants].mean())
    engel = market.load(Path(__file__).parents[2] / "scenarios/engel.toml")
    table = market.compare(engel, ["prices"]).table()
    assert table["mean utility above -inf"].isna().all()
    assert table["lowest utility"].notna().all()


def test_totals_are_left_out_where_utilities_have_no_common_unit():
    compared = market.compare(market.loads(stories.barter(2)))
    assert compared.table()["total surplus"].isna().all()
    assert compared.table()["efficient with transfers"].isna().all()


def test_payoffs_have_columns_only_where_they_differ_from_utilities():
    compared = market.compare(market.loads(stories.barter(2)))
    assert not compared.payoffs_differ
    assert not any(column.startswith("payoff") for column in compared.table())


def test_agents_at_minus_infinity_are_counted_among_many(crowd):
    first = crowd.table().set_index("mechanism").loc["first mover"]
    assert first["lowest utility"] == -np.inf
    assert first["agents with utility -inf"] == 34
    assert first["mean utility above -inf"] == pytest.approx(np.log(50) / 201)  # one has log 50, 200 have 0
    assert first["total surplus"] == -np.inf
    assert first["smallest weight"] == 0
    assert "utility of thirsty[0]" not in crowd.table()
