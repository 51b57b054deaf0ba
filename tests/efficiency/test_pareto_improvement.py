"""Pareto improvements, also where agents lack subsistence or are satiated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy, with_utility

from market.economy.families.utilities import UTILITIES, StoneGeary
from market.economy.primitives import Block
from market.efficiency.pareto_improvement import cannot_reach_subsistence, improvement, improves
from market.efficiency.report import alignment
from market.efficiency.resource_utilisation import resource_utilisation
from market.errors import NumericalError
from market.mechanisms import Autarky, Gift, Planner, Seize, Unmediated, play


def needs_one_each(agents: int, stock: float):
    """Agents with log(x - 1), so that no agent with one unit or less has a finite utility."""
    ones = np.ones((agents, 1))
    return with_utility(
        "fisher", StoneGeary, {"weights": ones, "subsistence": ones}, commons=[stock], budget=ones[:, 0]
    )


@pytest.mark.parametrize(
    ("have", "saved"),
    [
        ([1.5, 0.5], [0, 1]),  # 1 is left over: the second needs a bit more than half of it
        ([0.6, 0.6], [0, 1]),
        ([0.0, 0.0], [0, 1]),
        ([2.9, 0.1], [0]),  # nothing is left over, but what the second has is of no use to it
        ([3.0, 0.0], []),  # all is of use to the first
        ([1.5, 1.5], []),
    ],
)
def test_agents_below_subsistence_are_raised_if_resources_suffice(have, saved):
    economy = needs_one_each(2, 3.0)
    x = np.array(have)[:, None]
    better = improvement(economy, x, np.zeros_like(x))
    if not saved:
        assert better is None
        return
    assert np.isfinite(economy.utility(better.consumption))[saved].all()
    assert (economy.utility(better.consumption) >= economy.utility(x)).all()


def test_one_agent_is_raised_where_resources_do_not_suffice_for_all():
    """Of 2.5 the first has 1.3; with 1.2 of what is left one of the others lives, not both."""
    economy = needs_one_each(3, 2.5)
    x = np.array([[1.3], [0.9], [0.1]])
    better = improvement(economy, x, np.zeros_like(x)).consumption
    assert np.isfinite(economy.utility(better)).sum() == 2
    assert economy.utility(better)[0] >= economy.utility(x)[0]


def test_other_agents_gain_where_none_can_be_raised_to_subsistence():
    """Of 2.5 the first has 1.8, and what the others have saves neither, but is of use to the first."""
    economy = needs_one_each(3, 2.5)
    x = np.array([[1.8], [0.5], [0.1]])
    better = improvement(economy, x, np.zeros_like(x)).consumption
    assert economy.utility(better)[0] > economy.utility(x)[0]


@pytest.mark.parametrize("agents", [40, 200])
@pytest.mark.parametrize(
    ("stock", "game", "efficient"),
    [
        (30.0, Gift(), False),  # all have less than they need, and one could live
        (30.0, Seize(movers=("agent0",)), True),  # one lives, and gives up nothing
        (0.9, Gift(), True),  # none can reach subsistence
    ],
)
def test_efficiency_is_known_with_many_agents_below_subsistence(agents, stock, game, efficient):
    needs = np.linspace(1.0, 2.0, agents)[:, None]
    many = with_utility(
        "fisher",
        StoneGeary,
        {"weights": np.ones((agents, 1)), "subsistence": needs},
        commons=[stock],
        budget=np.ones(agents),
    )
    report = alignment(play(Unmediated("game", game), many))
    assert report.efficient is efficient
    assert not any("efficient" in why for why in report.reasons)


def test_subsistence_dearer_than_the_holdings_of_agents_below_cannot_be_reached():
    """Of 3 the first has 1.5 and no use to give any of it away for; 1.2 is with those who need 1 and 1.3."""
    three = with_utility(
        "fisher",
        StoneGeary,
        {"weights": np.ones((3, 1)), "subsistence": [[0.5], [1.0], [1.3]]},
        commons=[2.7],
        budget=[1.0, 1.0, 1.0],
    )
    x = np.array([[1.5], [0.6], [0.6]])
    assert cannot_reach_subsistence(three, x, np.zeros_like(x)).tolist() == [False, False, True]
    assert np.isfinite(three.utility(improvement(three, x, np.zeros_like(x)).consumption)).sum() == 2


SATED = {"weights": [[1.0, 1.0], [1.0, 0.0]], "slope": [[1.0, 1.0], [1.0, 1.0]]}


@pytest.mark.parametrize("money", ["quasilinear", "fisher", "exchange"])
@pytest.mark.parametrize(
    "mechanism", [Planner("planner"), Unmediated("gifts", Gift()), Unmediated("own", Autarky())]
)
def test_satiated_agents_gain_nothing_and_need_no_more(money, mechanism):
    """Bliss is a unit of each good wanted: 2 and 1 of 10 and 5, so a fifth of all would do."""
    family = UTILITIES["quadratic"]
    own = {"endowment": [[5.0, 5.0], [5.0, 0.0]]} if money == "exchange" else {"commons": [10.0, 5.0]}
    plenty = with_utility(money, family, SATED, **own)
    outcome = play(mechanism, plenty)
    report = alignment(outcome)
    if (outcome.consumption[:, 0] >= 1.0).all():
        assert report.efficient is True
        assert report.residual == 0.0
        assert report.resource_utilisation == pytest.approx(0.2, rel=1e-6)
        assert improvement(plenty, outcome.consumption, outcome.production) is None
    else:  # in autarky the commons stay unused
        assert report.efficient is False


def test_goods_without_use_go_to_agents_with_a_use():
    """The first wants honey only and has all of it: not a drop less, but its wax is free for the other."""
    owned = [[1.0, 1.0], [0.0, 1.0]]
    two = economy("exchange", log=[[2.0, 0.0]], log1p=[[1.0, 1.0]], endowment=owned)
    x = np.array(owned)
    better = improvement(two, x, np.zeros_like(x)).consumption
    assert better[0, 0] == 1.0
    assert better[1, 1] > 1.5


@pytest.mark.parametrize("short", [1e-3, 1e-6, 1e-7, 1e-9])
@pytest.mark.parametrize("steep", [1.0, 1000.0])
def test_improvements_are_found_next_to_a_nearly_satiated_agent(short, steep):
    """u = sum m (x - x^2 / 2), bliss at 1: one agent is `short` of it, and a sixth of the second good unused.

    In units of what it could still gain, 5e-13, a solver's rounding would be a gain without bound.
    """
    given = {"weights": [[steep] * 2, [1.0] * 2], "slope": [[steep] * 2, [1.0] * 2]}
    x, none = np.array([[1.0 - short] * 2, [0.5, 0.4]]), np.zeros((2, 2))
    two = with_utility("quasilinear", UTILITIES["quadratic"], given, commons=x.sum(axis=0) * [1.0, 1.2])
    better = improvement(two, x, none)
    assert better is not None
    assert improves(two, x, none, better)


def test_the_share_needed_by_satiated_agents_is_exact():
    """Four bliss points of very different steepness; of the first good 3.33 + 30 of 50 are needed."""
    given = {"weights": [[1.0, 2.0], [3.0, 0.1]], "slope": [[0.3, 1.0], [0.1, 5.0]]}
    two = with_utility("fisher", UTILITIES["quadratic"], given, commons=[50.0, 60.0], budget=[1.0, 1.0])
    x = two.bliss + (two.commons - two.bliss.sum(axis=0)) / 2.0
    assert resource_utilisation(two, x, np.zeros_like(x)).value == pytest.approx((10 / 3 + 30) / 50, rel=1e-9)


def test_costly_production_of_agents_without_wants_is_no_improvement():
    """The first unit of output costs nothing and the next ones do: no gift is without a sacrifice.

    Gains of the size of the square root of what a solver takes for no cost are not taken for gains.
    """
    makers = (
        [[1.45, 0.0, 5.0], [2.14, 0.0, 0.0]],
        [[0.0, 0.0, 0.0], [0.0, 0.33, 1.87]],
        [[0, 3.65, 0], [0, 0, 4.92]],
    )
    alike = economy("quasilinear", log=[[1.0, 0.0, 1.0]] * 2, quadratic=makers, commons=[3.4, 6.5, 17.6])
    tastes = {
        "weights": np.array([[2.556, 0.0, 3.728], [1.0, 0.0, 0.0]]),
        "slope": np.array([[0.52, 0.05, 0.05], [0.05, 0.05, 0.05]]),
    }
    gifts = replace(alike, utilities=(Block(UTILITIES["quadratic"], slice(0, 2), tastes),))
    outcome = play(Unmediated("gifts", Gift()), gifts)
    assert (outcome.production == 0).all()
    report = alignment(outcome)
    assert report.efficient is True
    assert report.unknown == {}


def test_goods_left_over_are_an_improvement_though_no_program_confirms_one(monkeypatch):
    """As where most is made at no cost and the rounding of what that is worth hides who gains."""
    two = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])
    x, y = np.array([[2.0], [3.0]]), np.zeros((2, 1))
    unconfirmed = (1.0, np.ones(2), x, y)
    monkeypatch.setattr("market.efficiency.pareto_improvement._maximise_gains", lambda *_: unconfirmed)
    found = improvement(two, x, y)
    np.testing.assert_allclose(found.consumption, [[4.5], [5.5]])
    all_used = np.array([[4.0], [6.0]])
    monkeypatch.setattr(
        "market.efficiency.pareto_improvement._maximise_gains", lambda *_: (1.0, np.ones(2), all_used, y)
    )
    with pytest.raises(NumericalError, match="too small to be confirmed"):
        improvement(two, all_used, y)
