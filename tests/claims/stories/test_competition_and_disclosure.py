"""Claims of the notebook "Competition and disclosure", on the scenarios that it plays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import market
from market.games.panel import committee, weights_in_units
from market.outcome import Status

SCENARIOS = Path(__file__).parents[3] / "scenarios"
CLOSE = pytest.approx


@cache
def compared(name, *changes):
    return market.compare(market.load(SCENARIOS / f"{name}.toml", changes))


def user(name, mechanism, *changes):
    return float(compared(name, *changes).outcomes[mechanism].payoffs[-1])


@cache
def advisers(push, second=None):
    """Each adviser gets more for its own drug; with `second` both for the first one."""
    one = [[1 + push, 0], [push, 1]]
    two = [[1, push], [0, 1 + push]] if second is None else [[1 + second, 0], [second, 1]]
    scenario = market.loads(
        f"""schema = 1
game = "disclosure"
states = ["first", "second"]
prior = [0.3, 0.7]
actions = ["first", "second"]
user = [[1, 0], [0, 1]]
players = [{{ name = "one", utility = {one} }}, {{ name = "two", utility = {two} }}]
mechanisms = [{{ name = "alone", kind = "alone" }}, {{ name = "together", kind = "together" }}]"""
    )
    return market.compare(scenario)


def test_one_adviser_leaves_nothing_of_the_value_of_information():
    for mechanism in ("silent", "only adviser 1", "only adviser 2"):
        assert user("two_drugs", mechanism) == CLOSE(0.7)


def test_two_rivals_tell_all_as_an_aligned_adviser_would():
    for mechanism in ("both compete", "best is heard", "aligned adviser"):
        assert user("two_drugs", mechanism) == CLOSE(1.0)
    assert compared("two_drugs").outcomes["both compete"].status is Status.NASH


def test_the_patient_is_the_super_agent_of_the_two():
    """(u_1 + u_2) / 2 - 1 = u_0: ((3 + 1) / 2 - 1, (0 + 2) / 2 - 1; ...)."""
    nearest = compared("two_drugs").game.nearest
    assert nearest.gap == CLOSE(0.0, abs=1e-9)
    assert nearest.weights == CLOSE([0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize("push", [0.5, 2.0, 10.0])
def test_however_hard_rivals_push_she_learns_all(push):
    """Alone, an adviser with a push of at most 1 reveals all as well; beyond, she has 0.7."""
    found = advisers(push)
    assert found.game.nearest.gap == CLOSE(0.0, abs=1e-9)
    assert found.outcomes["together"].payoffs[-1] == CLOSE(1.0)
    assert found.outcomes["alone"].payoffs[-1] == CLOSE(1.0 if push <= 1 else 0.7)


@pytest.mark.parametrize(("push", "gap"), [(0.5, 0.25), (2.0, 1.0)])
def test_where_both_push_the_first_drug_the_guarantee_is_gone(push, gap):
    """The weaker one pushes by b; the nearest constant leaves b / 2."""
    found = advisers(push, 2 * push)
    assert found.game.nearest.gap == CLOSE(gap, abs=1e-9)
    assert found.game.bound == CLOSE(1 - 2 * gap, abs=1e-9)
    assert found.outcomes["together"].payoffs[-1] == CLOSE(1.0)


@pytest.mark.parametrize("temperature", [0.02, 0.1, 0.3, 0.5])
def test_a_patient_who_errs_has_what_is_guaranteed(temperature):
    change = f'mechanisms."a patient who errs".temperature={temperature}'
    had = user("two_drugs", "a patient who errs", change)
    assert had >= 1 - temperature * np.log(2) - 1e-9
    assert had == CLOSE(1 / (1 + np.exp(-1 / temperature)))  # all is said, and she answers by logit


def test_residents_and_shops_together_guard_the_city():
    game = compared("reviewers").game
    assert game.sound
    assert game.sound_for_each
    assert weights_in_units(game, game.weakest) == CLOSE([1.0, 1.0], abs=1e-6)


def test_one_objection_allowed_lets_the_motorway_pass():
    found = compared("reviewers", "objections=1").outcomes["worst that passes"]
    assert found.payoffs[2] == CLOSE(-1.0)
    assert found.play.pure is not None
    assert found.game.actions[-1][found.play.pure[-1]] == "build a motorway"


def test_best_that_passes_is_the_bypass():
    found = compared("reviewers").outcomes["best that passes"]
    assert found.payoffs[:3] == CLOSE([1.0, 1.0, 2.0])


def test_more_noisy_reviewers_are_safer():
    rng = np.random.default_rng(0)

    def sound(reviewers, games=100):
        count = 0
        for _ in range(games):
            principal = rng.normal(size=4)
            panel = principal + rng.normal(size=(reviewers, 4))
            shifts = rng.dirichlet(np.ones(4), 6) - rng.dirichlet(np.ones(4))
            count += committee(shifts @ np.vstack([panel, principal]).T, range(reviewers)).worst > -1e-9
        return count / games

    few, many = sound(1), sound(8)
    assert few < 0.6
    assert many > 0.9


def test_mediator_beats_every_nash_equilibrium_of_chicken():
    found = compared("chicken").outcomes
    assert found["best equilibrium"].payoffs.sum() == CLOSE(28 / 3)
    assert found["mediator"].payoffs.sum() == CLOSE(10.5)
    assert found["mediator"].status is Status.CORRELATED
    assert found["mediator"].max_regret == CLOSE(0.0, abs=1e-9)
    assert found["planner"].payoffs.sum() == CLOSE(12.0)
