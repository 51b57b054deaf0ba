"""The public-goods table of altruistic gradient adjustment, against exact means of long runs."""

from __future__ import annotations

import numpy as np
import pytest

import market
from benchmarks import aga
from market.games.learning import gradients
from market.scenario.game_loading import build_game


@pytest.mark.parametrize(
    ("rule", "total", "equality"),
    [
        (gradients.Individual(), 2.3073, 0.9283),
        (gradients.ConsensusGradient(), 2.3073, 0.9283),
        (gradients.SymplecticGradient(), 2.3073, 0.9283),
        (gradients.Collective(), 2.7917, 0.9390),
        (gradients.StatusQuo(), 2.6927, 0.9375),
        (gradients.AltruisticGradient(adjustment=1.0), 2.7917, 0.9390),
        (gradients.AltruisticGradient(adjustment=1.0, at_zero=-1), 2.8281, 0.9393),
    ],
)
def test_means_of_learners_are_those_of_their_paths(rule, total, equality):
    """Both move in parallel, by at most tau; with M the way to the bound, uniform starts:

    `SW = 2 + (1 -+ 2 E[min(M, tau)]) / 2`, `E[min(M, tau)] = tau - tau^2 + tau^3 / 3`, down or up;
    40,000 runs in steps of .01 miss it by the last step, at most .0075 in SW.
    """
    game = build_game(market.loads(aga.SCENARIO))
    starts = np.random.default_rng(3).random((40_000, 2, 1))
    means = aga.measures(game, starts, rule).mean(axis=0)
    assert means[2] == pytest.approx(total, abs=8e-3)
    assert means[3] == pytest.approx(equality, abs=3e-3)
    assert means[0] == pytest.approx(means[1], abs=8e-3)


def test_six_columns_agree_and_the_seventh_does_not():
    agree: dict[str, bool] = {}
    for column, _, _, _, _, fine in aga.rows(seed=0):
        agree[column] = agree.get(column, False) or fine
    assert [name for name, fine in agree.items() if not fine] == ["AgA"]


def test_equality_inside_the_square_has_a_bound():
    """Where `|a_1 - a_2| <= 2 - (a_1 + a_2)`, E is at least `2 - 3 / SW`."""
    game = build_game(market.loads(aga.SCENARIO))
    a = np.random.default_rng(0).random((10_000, 2, 1))
    r = game.family.payoffs(a, **game.parameters)
    total = r.sum(axis=-1)
    equality = 1.0 - np.abs(r[:, 0] - r[:, 1]) / (2.0 * total)
    assert (equality >= 2.0 - 3.0 / total - 1e-12).all()
