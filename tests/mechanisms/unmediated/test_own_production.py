"""Own production: outputs at which a unit is worth its cost, in economies of any scale."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import INF, own_producers

from market.economy.families.utilities import UTILITIES
from market.errors import InputError, NumericalError
from market.mechanisms import Autarky, Unmediated, play
from market.mechanisms.unmediated.own_production import best_outputs
from market.outcome import Status


def solved(primitives, now=None):
    """Return best outputs of agents that keep all they make, and their gains over `now`."""
    now = np.zeros(primitives.shape) if now is None else now
    return best_outputs(primitives, primitives.endowment, np.ones(primitives.shape), now)


def test_best_outputs_equate_marginal_utility_and_cost():
    """3 log y - 2 y: y = 3/2, which gains all over an output of 0, where utility is -inf."""
    best, gains = solved(own_producers(UTILITIES["log"], {"weights": [[3.0]]}, [[2.0]]))
    assert best[0, 0] == pytest.approx(1.5, rel=1e-11)
    assert gains[0] == INF


def test_best_outputs_stop_at_capacity_and_at_zero():
    """log(1 + y) - y / 4 at a capacity of 2 (optimum 3), and - 2 y, where the first unit costs too much."""
    family = UTILITIES["log1p"]
    best, _ = solved(own_producers(family, {"weights": [[1.0], [1.0]]}, [[0.25], [2.0]], [[2.0], [INF]]))
    np.testing.assert_allclose(best, [[2.0], [0.0]], rtol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_agents_of_very_different_size_are_solved_to_machine_precision(scale):
    """The optimum is w / c, 1 to 1e9: one program with one unit has no digits for the smallest."""
    weights = np.array([[1.0], [1e5], [1e9]]) * scale
    best, _ = solved(own_producers(UTILITIES["log"], {"weights": weights}, np.full((3, 1), 2.0)))
    np.testing.assert_allclose(best, weights / 2.0, rtol=1e-11)


def test_complements_are_produced_together():
    """x^0.25 y^0.25 - x - y, from a start at 0, where no good by itself has a use: x = y = 1/16."""
    family, weights = UTILITIES["cobb_douglas"], {"weights": [[0.25, 0.25]]}
    best, gains = solved(own_producers(family, weights, [[1.0, 1.0]]))
    np.testing.assert_allclose(best, 1.0 / 16.0, rtol=1e-9)
    assert gains[0] == pytest.approx(1.0 / 8.0)


def test_best_outputs_have_no_gain_over_themselves():
    primitives = own_producers(
        UTILITIES["crra"], {"weights": [[2.0, 1.0]], "risk_aversion": [0.4]}, [[1.0, 3.0]]
    )
    best, gains = solved(primitives)
    assert gains[0] > 0
    assert solved(primitives, best)[1][0] == 0
    assert solved(primitives, best * [[1.01, 1.0]])[1][0] > 0


def test_a_utility_that_is_not_concave_is_refused():
    with pytest.raises(InputError, match="agent0 cannot be computed"):
        solved(own_producers(UTILITIES["cobb_douglas"], {"weights": [[0.9, 0.9]]}, [[1.0, 1.0]]))


def test_a_game_whose_best_replies_are_not_found_ends_as_failed(monkeypatch):
    def fails(*_):
        raise NumericalError("the convex program was not solved: it is in numerical trouble")

    monkeypatch.setattr("market.mechanisms.unmediated.autarky.best_outputs", fails)
    maker = own_producers(UTILITIES["log"], {"weights": [[3.0]]}, [[2.0]])
    outcome = play(Unmediated("autarky", Autarky()), maker)
    assert outcome.status is Status.FAILED
    assert "numerical trouble" in outcome.reason
    assert np.isinf(outcome.regret).all()
