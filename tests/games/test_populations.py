"""Learners of many runs at once have the results of single runs."""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.games.learning import RULES
from market.games.learning.base import MixtureRule
from market.games.mechanisms import population
from market.games.mechanisms.base import play
from market.games.mechanisms.learning import Learning
from market.games.mechanisms.population import alike, learn_together
from market.scenario.game_loading import build_game

RUNS = 6


def games(file):
    scenario = market.load(f"scenarios/{file}.toml")
    return [build_game(scenario, seed) for seed in range(RUNS)]


def compare(mechanism, some):
    for one, other in zip(
        (play(mechanism, game) for game in some), learn_together(mechanism, some), strict=True
    ):
        assert (one.status, one.rounds) == (other.status, other.rounds)
        np.testing.assert_allclose(one.payoffs, other.payoffs, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(one.regret, other.regret, rtol=1e-9, atol=1e-12)
        for name, value in one.evidence.items():
            assert other.evidence[name] == pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("at_bounds", ["project", "stop"])
@pytest.mark.parametrize("rule", ["individual", "collective", "aga", "sga"])
@pytest.mark.parametrize("file", ["aga_toy", "public_goods"])
def test_amounts(file, rule, at_bounds):
    """Runs end at different rounds, by leaving the bounds, by standing still, or with the last round."""
    compare(
        Learning("x", rule=RULES[rule](), start_at="random", max_rounds=230, at_bounds=at_bounds), games(file)
    )


@pytest.mark.parametrize("judged", ["average", "last"])
@pytest.mark.parametrize("rule", [rule.name for rule in RULES if issubclass(rule, MixtureRule)])
def test_mixtures(rule, judged):
    compare(
        Learning("x", rule=RULES[rule](), start_at="random", max_rounds=150, judged=judged), games("chicken")
    )


def test_a_population_cut_into_parts_is_the_same(monkeypatch):
    mechanism = Learning("x", rule=RULES["aga"](), start_at="random", max_rounds=40)
    some = games("aga_toy")
    whole = learn_together(mechanism, some)
    monkeypatch.setattr(population, "MOST_NUMBERS", 2 * 200 * some[0].first.size)
    parts = learn_together(mechanism, some)
    for one, other in zip(whole, parts, strict=True):
        assert np.array_equal(one.payoffs, other.payoffs)


def test_games_that_differ_in_payoffs_are_not_alike():
    one, other = games("aga_toy")[:2]
    assert alike(one, other)
    assert not alike(one, games("public_goods")[0])
    goods = market.load("scenarios/public_goods.toml", ["parameters.multiplier=0.5"])
    assert not alike(build_game(goods), games("public_goods")[0])


def test_a_step_is_one_call_of_the_rule_whatever_the_number_of_runs(monkeypatch):
    """The number of passes is that of rounds, not of rounds times runs."""
    rule, calls = RULES["individual"], []
    before = rule.direction
    monkeypatch.setattr(
        rule, "direction", lambda self, game, a: calls.append(a.shape) or before(self, game, a)
    )
    learn_together(Learning("x", rule=rule(), start_at="random", max_rounds=20), games("aga_toy"))
    assert calls == [(RUNS, 2, 1)] * 20
