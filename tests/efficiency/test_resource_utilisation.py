"""Debreu's coefficient against calculations by hand, formulas and independent code."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import CES, economy, with_utility
from helpers.outcomes import given
from scipy import optimize

import market
from market.efficiency.report import alignment
from market.efficiency.resource_utilisation import resource_utilisation
from market.errors import NumericalError
from market.results.verify.duality import least_share
from market.welfare.convex_program import ConvexProgram, Solution


def test_debreus_coefficient_equals_a_calculation_by_hand():
    """Two agents with u = sqrt(x1 x2), bundles (1, 4) and (4, 1) of resources (5, 5).

    Each has u = 2, which the bundle (2, 2) gives too; (4, 4) of (5, 5) would do, so 4/5.
    """
    primitives = economy(
        "exchange", cobb_douglas=[[0.5, 0.5], [0.5, 0.5]], endowment=[[1.0, 4.0], [4.0, 1.0]]
    )
    report = alignment(given(primitives, [[1.0, 4.0], [4.0, 1.0]]))
    assert report.resource_utilisation == pytest.approx(0.8, abs=1e-7)
    assert report.efficient is False


def test_waste_of_one_good_is_inefficient_though_no_share_of_all_goods_can_be_saved():
    """Good 0 is used up by agent 0, who wants nothing else; half of good 1 lies idle."""
    primitives = economy("fisher", log=[[1.0, 0.0], [0.0, 1.0]], commons=[4.0, 4.0], budget=[1.0, 1.0])
    report = alignment(given(primitives, [[4.0, 0.0], [0.0, 2.0]]))
    assert report.resource_utilisation == pytest.approx(1.0, abs=1e-7)
    assert report.efficient is False


def test_a_share_that_leaves_an_agent_worse_off_is_not_reported(monkeypatch):
    """As it did of amounts of 1e200, of which all that others had was rounding."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x, y = np.array([[5.0], [5.0]]), np.zeros((2, 1))
    assert resource_utilisation(two, x, y).value == pytest.approx(1.0, abs=1e-6)
    lost = Solution(np.array([[5.0], [0.0]]), y, np.ones(1), -0.5)
    monkeypatch.setattr(ConvexProgram, "solve", lambda *_: lost)
    with pytest.raises(NumericalError, match="leaves an agent worse off"):
        resource_utilisation(two, x, y)


def test_a_share_is_enough_for_utilities_beyond_floats_too():
    """u = A^(1/rho) M with A = 0.5 and rho = -1e-5 is infinite."""
    two = with_utility(
        "exchange", CES, {"weights": [[0.5], [0.5]], "elasticity": [1.0, 0.99999]}, endowment=[[1.0], [1.0]]
    )
    found = resource_utilisation(two, np.array([[0.5], [1.0]]), np.zeros((2, 1)))
    assert found.value == pytest.approx(0.75, abs=1e-6)


def needed_by_search(owned, able):
    """The least share for one consumer of good 1 alone, from a formula of what the share makes."""

    def spare(share):
        return share * owned[1] + able(share * owned[0]) - owned[1]

    return optimize.brentq(spare, 0.0, 1.0, xtol=1e-14)


@pytest.mark.parametrize("seed", range(24))
def test_the_share_needed_is_that_of_the_formula_in_all_units(seed):
    """One consumer wants good 1 alone, and a producer with decreasing returns makes it of good 0."""
    rng = np.random.default_rng(seed)
    owned = np.exp(rng.uniform(-3.0, 13.0, 2))
    exponent = rng.uniform(0.2, 0.95)
    scale = owned[1] * rng.uniform(0.05, 3.0) / owned[0] ** exponent
    text = f"""
        schema = 1
        economy = "exchange"
        goods = ["g0", "g1"]
        [[agents]]
        name = "owner"
        utility = {{ family = "cobb_douglas", weights = {{ g1 = 1.0 }} }}
        endowment = {{ g0 = {float(owned[0])!r}, g1 = {float(owned[1])!r} }}
        [[agents]]
        name = "maker"

        [agents.technology]
        family = "power"
        output = "g1"
        input = "g0"
        scale = {float(scale)!r}
        exponent = {float(exponent)!r}

        [[mechanisms]]
        name = "idle"
        kind = "unmediated"
        game = "autarky"
    """
    built = market.build(market.loads(text))
    x = np.array([owned, [0.0, 0.0]])
    found = resource_utilisation(built, x, np.zeros((2, 2)))
    expected = needed_by_search(owned, lambda used: scale * used**exponent)
    assert found.value == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("seed", range(12))
def test_the_share_needed_meets_the_bound_of_independent_code(seed):
    """Stone-Geary, and one good made of the other by a power and a CES technology at any scale."""
    rng = np.random.default_rng(seed)
    owned = np.exp(rng.uniform(-3.0, 12.0, 2))
    made = owned[1] * rng.uniform(0.05, 2.0, 2)
    weights = rng.uniform(0.2, 1.0, 3)
    exponent, elasticity = rng.uniform(0.3, 0.9), rng.choice([0.5, 1.0, 3.0])
    utility = (
        f'utility = {{ family = "stone_geary", weights = {{ g0 = {weights[0]}, g1 = {weights[1]} }}, '
        "subsistence = {} }"
    )
    power = (
        f'{{ family = "power", output = "g1", input = "g0", exponent = {exponent}, '
        f"scale = {made[0] / owned[0] ** exponent} }}"
    )
    linear = (
        f'{{ family = "ces", output = "g1", weights = {{ g0 = {weights[2]} }}, elasticity = {elasticity}, '
        f"scale = {made[1] / owned[0]} }}"
    )
    text = f"""
        schema = 1
        economy = "exchange"
        goods = ["g0", "g1"]
        agents = [
            {{ name = "owner", endowment = {{ g0 = {owned[0]}, g1 = {owned[1]} }}, {utility} }},
            {{ name = "power", technology = {power} }},
            {{ name = "ces", technology = {linear} }},
        ]
        mechanisms = [{{ name = "idle", kind = "unmediated", game = "autarky" }}]
    """
    built = market.build(market.loads(text))
    x, y = np.array([owned, [0.0, 0.0], [0.0, 0.0]]), np.zeros((3, 2))
    found = resource_utilisation(built, x, y)
    low = least_share(built, found.prices, x, y, (found.consumption, found.production))
    assert found.value == pytest.approx(low, abs=1e-6)
    used = (found.consumption - found.production).sum(axis=0) / owned
    assert used.max() <= found.value + 1e-6
    assert built.utility(found.consumption)[0] >= built.utility(x)[0] - 1e-6
