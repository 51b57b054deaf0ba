"""Better allocations where somebody lacks what it cannot do without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from scipy import optimize

import market
from market.economy.families.utilities import UTILITIES, StoneGeary
from market.economy.primitives import Block
from market.efficiency.pareto_improvement import cannot_reach_subsistence, improvement
from market.efficiency.report import alignment
from market.efficiency.resource_utilisation import resource_utilisation
from market.errors import NumericalError
from market.mechanisms import Autarky, Gift, Planner, Seize, Unmediated, play
from market.results.verify.duality import least_share


def needs_one_each(agents: int, stock: float):
    """Agents with log(x - 1), so that nobody with one unit or less has a finite utility."""
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
def test_whoever_lacks_subsistence_is_saved_if_there_is_enough(have, saved):
    economy = needs_one_each(2, 3.0)
    x = np.array(have)[:, None]
    better = improvement(economy, x, np.zeros_like(x))
    if not saved:
        assert better is None
        return
    assert np.isfinite(economy.utility(better.consumption))[saved].all()
    assert (economy.utility(better.consumption) >= economy.utility(x)).all()


def test_one_is_saved_where_there_is_not_enough_for_all():
    """Of 2.5 the first has 1.3; with 1.2 of what is left one of the others lives, not both."""
    economy = needs_one_each(3, 2.5)
    x = np.array([[1.3], [0.9], [0.1]])
    better = improvement(economy, x, np.zeros_like(x)).consumption
    assert np.isfinite(economy.utility(better)).sum() == 2
    assert economy.utility(better)[0] >= economy.utility(x)[0]


def test_where_nobody_can_be_saved_the_others_still_gain():
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
        (0.9, Gift(), True),  # nobody could live
    ],
)
def test_of_many_without_subsistence_it_is_known_whether_any_can_be_saved(agents, stock, game, efficient):
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


def test_whoever_needs_more_than_all_others_like_it_hold_is_beyond_help():
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
def test_whoever_has_all_it_can_use_gains_nothing_and_needs_no_more(money, mechanism):
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
    else:  # in autarky nobody touches the commons
        assert report.efficient is False


def test_what_somebody_has_no_use_for_goes_to_who_has():
    """The first wants honey only and has all of it: not a drop less, but its wax is free for the other."""
    owned = [[1.0, 1.0], [0.0, 1.0]]
    two = economy("exchange", log=[[2.0, 0.0]], log1p=[[1.0, 1.0]], endowment=owned)
    x = np.array(owned)
    better = improvement(two, x, np.zeros_like(x)).consumption
    assert better[0, 0] == 1.0
    assert better[1, 1] > 1.5


def test_what_all_need_to_be_sated_is_told_to_the_last_digit():
    """Four bliss points of very different steepness; of the first good 3.33 + 30 of 50 are needed."""
    given = {"weights": [[1.0, 2.0], [3.0, 0.1]], "slope": [[0.3, 1.0], [0.1, 5.0]]}
    two = with_utility("fisher", UTILITIES["quadratic"], given, commons=[50.0, 60.0], budget=[1.0, 1.0])
    x = two.bliss + (two.commons - two.bliss.sum(axis=0)) / 2.0
    assert resource_utilisation(two, x, np.zeros_like(x)).value == pytest.approx((10 / 3 + 30) / 50, rel=1e-9)


def test_where_only_a_cost_without_a_first_unit_stands_in_the_way_nothing_is_better():
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


def test_what_is_left_over_is_an_improvement_though_no_programme_confirms_one(monkeypatch):
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
