"""Seizing the commons: order of movers, rest for the others, rounding of the stock."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import INF, economy

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block
from market.mechanisms import Seize, Unmediated, play
from market.outcome import Status


@pytest.mark.parametrize("last", ["moves", "waits"])
def test_rounding_of_a_stock_is_not_consumed(last):
    """0.8 - (0.1 + 0.7) is 1e-16 in floats: a utility of log 1e-16 = -37 instead of -inf."""
    survivor = economy("quasilinear", log=[[1.0]], commons=[0.8])
    quadratic = {"weights": np.array([[0.1], [0.7]]), "slope": np.ones((2, 1))}  # sated at 0.1 and 0.7
    primitives = dataclasses.replace(
        survivor,
        agents=("a", "b", "c"),
        groups={name: np.array([row]) for row, name in enumerate("abc")},
        endowment=np.zeros((3, 1)),
        budget=np.full(3, INF),
        commons_share=np.full(3, 1 / 3),
        utilities=(
            Block(UTILITIES["quadratic"], slice(0, 2), quadratic),
            Block(UTILITIES["log"], slice(2, 3), {"weights": np.ones((1, 1))}),
        ),
    )
    movers = ("a", "b", "c") if last == "moves" else ("a", "b")
    outcome = play(Unmediated("first", Seize(movers=movers)), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[0.1], [0.7], [0.0]])
    assert np.isneginf(outcome.utilities[2])


def test_the_second_mover_gets_goods_that_the_first_does_not_want():
    primitives = economy("quasilinear", log=[[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], commons=[3.0, 4.0])
    outcome = play(Unmediated("seize", Seize(movers=("agent0", "agent1"))), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    assert outcome.status is Status.NASH


def test_agents_that_do_not_move_share_the_rest_equally():
    primitives = economy("quasilinear", log=[[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], commons=[3.0, 4.0])
    outcome = play(Unmediated("seize", Seize(movers=("agent0",))), primitives)
    np.testing.assert_array_equal(outcome.consumption, [[3.0, 0.0], [0.0, 2.0], [0.0, 2.0]])


def test_regret_counts_only_gains_of_movers():
    """Four of ten units are left: a mover could gain log 10 - log 6, an agent without a move nothing."""
    primitives = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    regret = Seize(movers=("agent0",)).regret(primitives, np.array([[6.0], [0.0]]))
    np.testing.assert_allclose(regret, [np.log(10.0 / 6.0), 0.0])
