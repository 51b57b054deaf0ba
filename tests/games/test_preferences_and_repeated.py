"""Preference matrices and repeated games as tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import market
from market.errors import ScenarioError
from market.games import equilibria
from market.games.families.repeated import STRATEGIES, best_against, chain, discounted, with_errors
from market.games.plays import joint
from market.scenario.game_loading import build_game

PLAY = '[[mechanisms]]\nname = "mediator"\nkind = "mediator"\n'
DILEMMA = np.array([[3, 3], [0, 5], [5, 0], [1, 1]], dtype=float)


def preferences(rows, more=""):
    text = f'schema = 1\ngame = "preferences"\npreferences = {np.asarray(rows).tolist()}\n{more}{PLAY}'
    return market.loads(text)


CYCLE = [[0.5, 0.9, 0.2], [0.1, 0.5, 0.8], [0.8, 0.2, 0.5]]


def test_a_cycle_has_the_lottery_of_opposite_margins():
    """Margins a = .4 (1 over 2), b = .3 (2 over 3), c = .3 (3 over 1): (b, c, a) / (a + b + c)."""
    scenario = preferences(CYCLE)
    found = equilibria.find(build_game(scenario))
    assert found.complete
    (only,) = found.equilibria
    for mixture in only.of:
        np.testing.assert_allclose(mixture, [0.3, 0.3, 0.4], atol=1e-12)
    advised = joint(market.compare(scenario).outcomes["mediator"].play)
    for axis in (0, 1):
        np.testing.assert_allclose(advised.sum(axis=axis), [0.3, 0.3, 0.4], atol=1e-7)


def test_a_condorcet_winner_is_the_lottery():
    """The first is preferred to each other with .51 and the second to the third with .9."""
    rows = [[0.5, 0.51, 0.51], [0.49, 0.5, 0.9], [0.49, 0.1, 0.5]]
    (only,) = equilibria.find(build_game(preferences(rows))).equilibria
    assert only.pure == (0, 0)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_preferences_are_a_symmetric_zero_sum_game(numbers):
    p = np.full((4, 4), 0.5)
    for (a, b), number in zip(zip(*np.triu_indices(4, 1), strict=True), numbers, strict=True):
        p[a, b], p[b, a] = number, 1.0 - number
    pi = build_game(preferences(p)).to_payoffs()
    np.testing.assert_array_equal(pi.sum(axis=-1), 0)
    np.testing.assert_array_equal(pi[..., 0], pi[..., 1].T)
    np.testing.assert_allclose(pi[..., 0], p - 0.5, atol=1e-15)


@pytest.mark.parametrize(
    ("rows", "more", "message"),
    [
        ([[0.5, 0.9], [0.2, 0.5]], "", "'1' to '2' with 0.9 and the other way round with 0.2; together"),
        ([[0.4, 0.9], [0.1, 0.5]], "", "'1' to '1' with 0.4: itself, which is 1/2"),
        ([[0.5, 1.5], [-0.5, 0.5]], "", "1.5 is not a probability"),
        ([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]], "", "3 numbers; 2 are needed"),
        (CYCLE, 'options = ["a", "b", "a"]\n', "2 different names for 3 options"),
    ],
)
def test_wrong_preferences_are_refused(rows, more, message):
    with pytest.raises(ScenarioError, match=message):
        build_game(preferences(rows, more))


def repeated(more="", **parameters):
    numbers = "".join(f"{key} = {value}\n" for key, value in parameters.items())
    return build_game(market.loads(f'schema = 1\ngame = "repeated"\n{more}\n[parameters]\n{numbers}{PLAY}'))


def strategy(name, error=0.0):
    return with_errors(STRATEGIES[name], error)


def regret(name, discount, error=0.0):
    """The most that any strategy gains over a strategy against itself, per round."""
    own = strategy(name, error)
    return best_against(own, DILEMMA[:, 0], discount, error) - discounted(own, own, DILEMMA, discount)[0]


@pytest.mark.parametrize(
    ("name", "discount", "gain"),
    [
        ("grim", 0.5, 0),  # (T - R) / (T - P) = 1/2
        ("grim", 0.49, 0.04),  # (1 - delta) 5 + delta - 3
        ("tit_for_tat", 0.67, 0),  # (T - R) / (R - S) = 2/3
        ("tit_for_tat", 0.66, 5 / 1.66 - 3),  # alternating has T / (1 + delta) a round
        ("pavlov", 0.9, (1 - 0.9) * (5 + 0.9) / (1 - 0.9**2) - 3),  # T, P, T, P, ...
        ("all_d", 0.3, 0),
        ("all_d", 0.99, 0),
        ("all_c", 0.9, 2),
    ],
)
def test_gains_over_all_strategies(name, discount, gain):
    """In the dilemma 5, 3, 1, 0: grim is an equilibrium from 1/2 on, tit for tat from 2/3, pavlov never.

    Against pavlov defecting always has T and P in turn.
    """
    assert regret(name, discount) == pytest.approx(gain, abs=1e-12)


def test_discounted_payoffs_are_the_sum_of_their_rounds():
    """The linear solve against 2000 rounds of the chain, with errors."""
    p, q = strategy("pavlov", 0.05), strategy("generous_tit_for_tat", 0.05)
    here, after = chain(p, q)
    total = np.zeros(2)
    for t in range(2000):
        total += (1 - 0.95) * 0.95**t * here @ DILEMMA
        here = here @ after
    np.testing.assert_allclose(discounted(p, q, DILEMMA, 0.95), total, rtol=1e-12)


def finite(error, rounds=200):
    """Average payoff of each strategy against all, over rounds without discount."""
    names = [name for name in STRATEGIES if not name.startswith("alternate")]
    plays = {name: strategy(name, error) for name in names}
    found = {}
    for name, p in plays.items():
        total = 0.0
        for q in plays.values():
            here, after = chain(p, q)
            for _ in range(rounds):
                total += here @ DILEMMA[:, 0] / rounds / len(plays)
                here = here @ after
        found[name] = total
    return found


def test_a_tournament_has_the_known_order():
    """200 rounds against nine strategies, an extortioner among them; without errors and with 5 %."""
    calm, noisy = finite(0.0), finite(0.05)
    expected = {"generous_tit_for_tat": 2.5022, "tit_for_tat": 2.4285, "all_c": 2.4159, "pavlov": 2.3813,
                "grim": 2.3437, "random": 2.0714, "all_d": 2.0474, "suspicious_tit_for_tat": 1.8749,
                "extort": 1.8208}  # fmt: skip
    for name, value in expected.items():
        assert calm[name] == pytest.approx(value, abs=5.1e-5), name
    with_noise = {"pavlov": 2.2071, "generous_tit_for_tat": 2.1723, "all_d": 2.1620, "grim": 2.1271,
                  "tit_for_tat": 2.1045, "all_c": 2.0064}  # fmt: skip
    for name, value in with_noise.items():
        assert noisy[name] == pytest.approx(value, abs=5.1e-5), name


@given(st.sampled_from(sorted(STRATEGIES)), st.floats(0, 0.98), st.floats(0, 0.5))
def test_no_named_strategy_does_better_than_the_best(name, discount, error):
    other = strategy(name, error)
    most = best_against(other, DILEMMA[:, 0], discount, error)
    for each in STRATEGIES:
        assert discounted(strategy(each, error), other, DILEMMA, discount)[0] <= most + 1e-9


def test_the_table_has_reciprocators_as_equilibria_from_their_discount_on():
    strategies = 'strategies = ["all_c", "all_d", "tit_for_tat", "grim"]'
    for discount, stable in ((0.45, False), (0.7, True)):
        game = repeated(strategies, discount=discount)
        assert ((3, 3) in equilibria.pure_equilibria(game)) is stable
        assert (1, 1) in equilibria.pure_equilibria(game)


def test_taking_turns_is_on_the_frontier_of_the_battle_of_the_sexes():
    stage = "stage = [[2, 1], [0, 0], [0, 0], [1, 2]]"
    game = repeated(f'strategies = ["all_c", "alternate"]\n{stage}', discount=0.999)
    np.testing.assert_allclose(game.to_payoffs()[1, 1], [1.5, 1.5], atol=1e-3)


@pytest.mark.parametrize(
    ("more", "numbers", "message"),
    [
        ('strategies = ["tit_for_tatt"]', {}, "no such strategy; .*Did you mean 'tit_for_tat'"),
        ('strategies = ["grim", "grim"]', {}, "named twice"),
        ("stage = [[3, 3], [0, 5], [5, 0], [1]]", {}, "1 payoffs for 2 players"),
        ("stage = [[3, 3], [0, 5], [5, 0]]", {}, "3 outcomes; CC, CD, DC and DD"),
        ("", {"discount": 1.0}, "too large|must be < 1"),
        ("", {"error": 0.6}, "too large"),
    ],
)
def test_wrong_repeated_games_are_refused(more, numbers, message):
    with pytest.raises(ScenarioError, match=message):
        repeated(more, **numbers)
