"""Payments of a pivot mechanism are recomputed from duals: true ones hold, forged ones do not."""

from pathlib import Path

import numpy as np
import pytest
from helpers.economies import economy
from helpers.strategies import SOAK, economies
from helpers.tampering import Tamper, refused
from hypothesis import given, settings

import market
from market.economy.primitives import Money
from market.errors import NumericalError
from market.mechanisms.trading.largest_surplus import largest_surplus
from market.mechanisms.trading.pivot import best_of_others
from market.results.run_folder import write_run
from market.results.verify import verify
from market.results.verify.pivot_claims import CLOSE, bounds

SCENARIO = Path(__file__).parents[3] / "scenarios" / "pivot.toml"
VITAL = """
schema = 1
economy = "quasilinear"
goods = ["water"]
[[agents]]
name = "well"
endowment = { water = 3.0 }
[[agents]]
name = "thirsty"
utility = { family = "log", weights = { water = 1.0 } }
[[mechanisms]]
name = "pivot"
kind = "pivot"
"""


@pytest.fixture(scope="module")
def bread(tmp_path_factory):
    return write_run(market.compare(market.load(SCENARIO)), tmp_path_factory.mktemp("pivot"))


def test_a_run_of_the_scenario_holds_and_its_payments_are_recomputed(bread):
    checked = verify(bread)
    assert checked.holds, refused(checked)
    assert not [claim for claim in checked.unchecked if claim.name.startswith("pivot: ")]


def test_an_outcome_without_payments_holds(tmp_path):
    folder = write_run(market.compare(market.loads(VITAL)), tmp_path)
    assert verify(folder).holds


@pytest.mark.parametrize("more", [1.0, 1e-3, -1e-3])
def test_a_payment_that_is_changed_is_refused_though_all_sums_are_put_right(bread, tmp_path, more):
    forged = Tamper(bread, tmp_path / "forged")
    stated = forged.mechanism("pivot")
    for agent in ("buyer[0]", "buyer[1]"):
        payment, payoff = stated["payments"][agent] + more, stated["payoffs"][agent] - more
        forged.everywhere("pivot", agent, "payments", "payment", payment)
        forged.everywhere("pivot", agent, "payoffs", "payoff", payoff)
    stated["revenue"] += 2 * more
    stated["evidence"]["deficit"] -= 2 * more
    assert "pivot: payments are what the others lose" in refused(forged.verified())


@pytest.mark.parametrize(
    ("key", "value", "claim"),
    [
        ("truth_regret", 0.5, "pivot: truth is a best report"),
        ("deficit", 0.0, "pivot: deficit"),
        ("residual", 1.0, "pivot: total surplus is maximal"),
    ],
)
def test_evidence_that_is_changed_is_refused(bread, tmp_path, key, value, claim):
    forged = Tamper(bread, tmp_path / "forged")
    forged.mechanism("pivot")["evidence"][key] = value
    assert claim in refused(forged.verified())


@settings(max_examples=15 * SOAK)
@given(economies(max_agents=4, max_goods=2))
def test_bounds_of_the_others_hold_what_the_planner_finds(world):
    from dataclasses import replace

    world = replace(world, money=Money.QUASILINEAR, budget=np.full(len(world.agents), np.inf))
    try:
        best = largest_surplus(world)
        if best.found is None:
            return
        values = best_of_others(world, best).values
    except NumericalError:
        return
    size = abs(best.value) + 1.0
    for agent, value in enumerate(values.tolist()):
        if np.isfinite(value):
            low, high = bounds(world, agent)
            assert low - CLOSE * size <= value <= high + CLOSE * size


def test_bounds_meet_where_demand_is_linear_and_jumps():
    """Linear utilities 5, 3, 1 of one unit: without the first 3, without another 5."""
    from helpers.economies import LINEAR, with_utility

    world = with_utility("quasilinear", LINEAR, {"weights": [[5.0], [3.0], [1.0]]}, commons=[1.0])
    for agent, value in ((0, 3.0), (1, 5.0), (None, 5.0)):
        np.testing.assert_allclose(bounds(world, agent), value, rtol=1e-9)


def test_without_an_agent_that_another_needs_no_bound_is_finite_from_below():
    world = economy("quasilinear", log=[[1.0], [0.0]], endowment=[[0.0], [2.0]])
    assert bounds(world, 1).low == -np.inf
