"""Labels of the figures of a sweep are words with units."""

from __future__ import annotations

from pathlib import Path

import pytest

import market
from market.plots.sweep_words import axis_words, measure_words

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize(
    ("scenario", "measure", "words"),
    [
        ("merit_order", "price[power]", "Price of power (money per unit)"),
        ("merit_order", "profit[gas]", "Profit of gas (money)"),
        ("merit_order", "production[gas,power]", "Production of power by gas (units)"),
        ("merit_order", "production[power]", "Total production of power (units)"),
        ("merit_order", "settled", "Share of runs that converged"),
        ("scarf", "price[apples]", "Price of apples (prices sum to 1)"),
        ("scarf", "lowest_utility", "Lowest utility of a consumer"),
        ("commons", 'price["a,{0}"]', "Price of a,{0} (money per unit)"),
        ("commons", "of_another_version", "Of another version"),
    ],
)
def test_a_measure_is_words_and_a_unit(scenario, measure, words):
    assert measure_words(measure, market.load(SCENARIOS / f"{scenario}.toml")) == words


@pytest.mark.parametrize(
    ("scenario", "path", "words"),
    [
        ("merit_order", "agents.gas.count", "Number of gas producers"),
        ("merit_order", "agents[2].count", "Number of gas producers"),
        ("merit_order", "agents.city.count", "Number of agents in city"),
        ("merit_order", "agents.coal.cost.capacity.power", "Capacity of coal for power (units)"),
        ("merit_order", "agents.coal.cost.unit_cost", "Unit cost of coal for all goods (money per unit)"),
        ("commons", "commons.water", "Common stock of water (units)"),
        ("commons", "agents.alpha.utility.weights.water", "Preference weight of alpha for water"),
        ("scarf", "mechanisms.small steps.rule", "Price rule of 'small steps'"),
        ("scarf", "mechanisms.small steps.halvings", "Halvings of 'small steps'"),
        ("scarf", "agents.apple farmer.endowment.apples", "Endowment of apple farmer with apples (units)"),
        ("scarf", "numeraire", "Numeraire"),
    ],
)
def test_a_parameter_is_words_and_a_unit(scenario, path, words):
    assert axis_words(path, market.load(SCENARIOS / f"{scenario}.toml")) == words
