"""All equilibria of a scenario as data for strict JSON."""

import json

import pytest
from helpers import stories

import market
from market.errors import InputError
from market.results.equilibria import as_data, unit_of_prices


def test_equilibria_as_data_are_strict_json_with_prices_by_good():
    scenario = market.loads(stories.barter(2))
    found = market.equilibria(scenario, starts=5)
    data = json.loads(json.dumps(as_data(scenario, found), allow_nan=False))
    assert data["starts"] == 5
    assert [set(each["prices"]) for each in data["equilibria"]] == [set(data["goods"])]
    assert set(data["equilibria"][0]["consumption"]) == set(data["agents"])
    assert data["prices_are"] == unit_of_prices(found.economy) == "relative, summing to one"


@pytest.mark.parametrize("starts", [0, 100_001])
def test_a_number_of_starts_out_of_range_is_refused(starts):
    with pytest.raises(InputError, match="starts must be 1 to 100,000"):
        market.equilibria(market.loads(stories.barter(2)), starts=starts)
