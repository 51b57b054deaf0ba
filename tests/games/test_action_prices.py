"""Prices on actions lead selfish players to the planner's optimum where payoffs are concave."""

from __future__ import annotations

import numpy as np
import pytest

from market.errors import InputError
from market.games.mechanisms import ActionPrices, BestReplies, GamePlanner, play
from market.games.report import report
from market.games.table import table


def priced(game, **options):
    return play(ActionPrices("prices", **options), game)


@pytest.mark.parametrize("name", ["public_goods", "commons", "fish_war", "cournot", "coopetition", "power"])
def test_priced_rest_points_of_concave_games_are_planner_optima(game_of, name):
    game = game_of(name)
    found, best = priced(game), play(GamePlanner("planner"), game)
    assert found.status == "cleared"
    assert found.payoffs.sum() == pytest.approx(best.payoffs.sum(), abs=1e-6 * game.scale.max())
    assert found.revenue == pytest.approx(-found.transfers.sum())


def test_a_subsidy_on_gifts_is_what_others_get_of_them(game_of):
    """Public goods: a unit gives each other rho/n = 0.2, so the price is -0.4. Rebates leave 0.18 each
    (Lindahl)."""
    found = priced(game_of("public_goods"), rebate="equal")
    np.testing.assert_allclose(found.prices, -0.4, atol=1e-7)
    np.testing.assert_allclose(found.play.values, 0.6, atol=1e-7)
    np.testing.assert_allclose(found.payoffs + found.transfers, 0.18, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "more", "subsidy"),
    [
        ("coopetition", (), (0.14625, 0.17875)),
        ("coopetition", ("concern = [[0.0, 0.64], [0.86, 0.0]]",), (0.05265, 0.025025)),
        ("power", (), (0.1125, 0.1375)),
        ("power", ("concern = [[0.0, 0.64], [0.86, 0.0]]",), (0.0405, 0.01925)),
    ],
)
def test_concern_for_others_takes_the_place_of_prices(game_of, name, more, subsidy):
    """A unit gives the other its share times half the synergy; what concern does not count is the subsidy."""
    found = priced(game_of(name, *more))
    np.testing.assert_allclose(-found.prices[:, 0], subsidy, atol=1e-6)


def test_prices_of_interference_separate_the_carriers(game_of):
    """Left alone both split equally, 5.12 bits; priced each ends on a carrier of its own, 6.918863, and pays
    0."""
    game = game_of("water_filling")
    start = game.starting_at(np.array([[0.6, 0.4], [0.4, 0.6]]))
    assert play(BestReplies("alone"), start).payoffs.sum() == pytest.approx(5.120432, abs=1e-6)
    found = priced(start)
    assert found.status == "cleared"
    assert found.payoffs.sum() == pytest.approx(6.918863, abs=1e-6)
    assert found.revenue == pytest.approx(0.0, abs=1e-8)


def test_paid_what_others_get_prisoners_cooperate():
    """Each chooses by the sum: 6 is the largest. The payments, 3 each, come from outside."""
    game = table(np.array([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], float), comparable=True, first=(1, 1))
    found = play(ActionPrices("groves", transfers="groves"), game)
    assert found.status == "settled"
    np.testing.assert_allclose(found.payoffs, [3.0, 3.0])
    assert found.revenue == -6.0
    assert report(found).efficient is True


def test_what_cannot_be_priced_is_refused(game_of):
    game = table(np.zeros((2, 2, 2)), comparable=True)
    with pytest.raises(InputError, match="no amounts to price"):
        priced(game)
    with pytest.raises(InputError, match="comparable = true"):
        priced(table(np.zeros((2, 2, 2))), transfers="groves")
    with pytest.raises(InputError, match="is for tables"):
        priced(game_of("cournot"), transfers="groves")
