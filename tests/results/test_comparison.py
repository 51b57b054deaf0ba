"""Mechanisms on one economy are compared with the first game without prices."""

import types

import numpy as np
import pytest
from helpers import stories

import market
from market.errors import InputError


@pytest.fixture(scope="module")
def commons():
    return market.compare(market.loads(stories.COMMONS))


def test_the_baseline_is_the_first_game_without_prices(commons):
    assert commons.baseline == "first mover"
    assert set(commons.contrasts()) == {"prices", "planner"}
    alone = market.compare(commons.scenario, ["prices", "planner"])
    assert (alone.baseline, alone.contrasts()) == (None, {})
    assert alone.table()["against"].isna().all()


def test_rounds_hold_the_path_of_every_good():
    rounds = market.compare(market.loads(stories.barter(3)), ["prices"]).rounds
    assert set(rounds["good"]) == {"good 0", "good 1", "good 2"}
    assert rounds.groupby("good")["round"].agg(list).map(lambda r: r == list(range(1, len(r) + 1))).all()
    np.testing.assert_allclose(rounds.groupby("round")["price"].sum(), 1.0)  # normalised under exchange


def test_an_unknown_mechanism_is_refused_with_the_nearest(commons):
    with pytest.raises(InputError, match="Did you mean 'planner'"):
        market.compare(commons.scenario, ["planer"])
    with pytest.raises(InputError, match="no mechanism to play"):
        market.compare(commons.scenario, [])


def test_plot_hands_over_to_the_plots(commons, monkeypatch):
    fake = types.ModuleType("market.plots")
    fake.overview = lambda compared: ("drawn", compared)
    monkeypatch.setitem(__import__("sys").modules, "market.plots", fake)
    monkeypatch.setattr(market, "plots", fake, raising=False)
    assert commons.plot() == ("drawn", commons)
