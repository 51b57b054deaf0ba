"""Autarky: agents consume their endowments and their own outputs."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy, own_producers

from market.economy.families.utilities import UTILITIES
from market.mechanisms import Autarky, Unmediated, play
from market.outcome import Status


@pytest.mark.parametrize(("endowment", "made"), [(0.0, 1.5), (1.0, 0.5)])
def test_robinson_produces_until_a_unit_is_worth_its_cost(endowment, made):
    """max 3 log(e + y) - 2 y: y = 3/2 - e."""
    primitives = own_producers(UTILITIES["log"], {"weights": [[3.0]]}, [[2.0]], endowment=[[endowment]])
    outcome = play(Unmediated("alone", Autarky()), primitives)
    assert outcome.status is Status.NASH, outcome.reason
    assert outcome.production[0, 0] == pytest.approx(made, rel=1e-11)


def test_autarky_leaves_the_commons_and_endowments_where_they_are():
    primitives = economy(
        "exchange", log=[[1.0, 1.0]] * 2, commons=[5.0, 5.0], endowment=[[1.0, 2.0], [3.0, 4.0]]
    )
    outcome = play(Unmediated("alone", Autarky()), primitives)
    assert outcome.status is Status.NASH
    np.testing.assert_array_equal(outcome.consumption, primitives.endowment)


def test_regret_of_idle_robinson_is_infinite():
    primitives = own_producers(UTILITIES["log"], {"weights": [[3.0]]}, [[2.0]])
    assert Autarky().regret(primitives, np.zeros((1, 1)))[0] == np.inf
