"""Cleanup: a Markov game solved exactly, with the reference figures of its social dilemma."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.errors import InputError
from market.games.families.cleanup import Cleanup, policy_iteration
from market.games.learning.gradients import Collective, Individual, StatusQuo
from market.games.mechanisms import GamePlanner, play
from market.games.plays import Actions
from market.games.report import equality, report
from market.scenario.game_loading import build_game

USUAL = {
    "levels": 8.0, "barren": 6.0, "pollution": 0.6, "cleaning": 0.6, "discount": 0.95, "start_level": 4.0,
}  # fmt: skip
SMALL = {**USUAL, "levels": 2.0, "barren": 2.0, "start_level": 1.0}


def text(count=3, top="", **parameters):
    given = "".join(f"{key} = {value}\n" for key, value in parameters.items())
    return (
        f'schema = 1\ncomparable = true\ngame = "cleanup"\n{top}\n[parameters]\n{given}\n'
        f'[[players]]\nname = "p"\ncount = {count}\n'
        '[[mechanisms]]\nname = "alone"\nkind = "unmediated"\n'
    )


@cache
def game(count=3, **parameters):
    return build_game(market.loads(text(count, **parameters)))


@pytest.mark.parametrize(("cleaners", "payoff"), [(0, 0.0392), (1, 0.3530), (2, 0.7716)])
def test_the_schelling_diagram(cleaners, payoff):
    """Of one who always harvests while 0, 1, 2 others always clean (reference, four digits); a cleaner has 0.

    Harvesting dominates among constant policies: one who cleans gets nothing whatever the others do.
    """
    a = np.zeros((3, 9))
    a[1 : 1 + cleaners] = 1.0
    v = Cleanup.payoffs(a, **USUAL)
    assert v[0] == pytest.approx(payoff, abs=5e-5)
    np.testing.assert_allclose(v[1 : 1 + cleaners], 0.0, atol=1e-15)


def test_payoffs_are_means_of_simulated_harvests():
    """4,000 episodes of 120 periods; the weight of what comes later is .95^120 = .2 %."""
    rng, a = np.random.default_rng(2), np.random.default_rng(1).random((3, 9))
    s, total = np.full(4000, 4), np.zeros((4000, 3))
    for t in range(120):
        cleans = rng.random((4000, 3)) < a[:, s].T
        total += 0.05 * 0.95**t * np.where(cleans, 0.0, np.maximum(0.0, 1.0 - s / 6.0)[:, None])
        removed = (cleans & (rng.random((4000, 3)) < 0.6)).sum(axis=1)
        s = np.minimum(8, np.maximum(0, s - removed) + (rng.random(4000) < 0.6))
    error = 4.0 * total.std(axis=0) / np.sqrt(4000) + 0.95**120
    assert (np.abs(total.mean(axis=0) - Cleanup.payoffs(a, **USUAL)) < error).all()


def test_with_a_discount_of_zero_only_the_first_period_counts():
    a = np.random.default_rng(0).random((2, 9))
    v = Cleanup.payoffs(a, **{**USUAL, "discount": 0.0})
    np.testing.assert_allclose(v, (1.0 - a[:, 4]) / 3.0, rtol=1e-14)


def test_policy_iteration_finds_the_best_of_all_policies():
    """Every deterministic policy of a random process of 4 states and 3 actions is evaluated."""
    rng = np.random.default_rng(4)
    rewards, transitions = rng.random((3, 4)), rng.dirichlet(np.ones(4), size=(3, 4))
    _, values = policy_iteration(rewards, transitions, 0.9)
    each = []
    for policy in product(range(3), repeat=4):
        rows = np.array(policy), np.arange(4)
        each.append(np.linalg.solve(np.eye(4) - 0.9 * transitions[rows], rewards[rows]))
    np.testing.assert_allclose(values, np.max(each, axis=0), rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 1.0), st.floats(0.05, 1.0), st.integers(0, 98))
def test_a_reply_is_the_best_of_all_deterministic_policies(seed, pollution, cleaning, discount):
    """2 players, 3 levels: 8 deterministic policies, and random ones have no more (Howard 1960)."""
    p = {**SMALL, "pollution": pollution, "cleaning": cleaning, "discount": discount / 100}
    rng = np.random.default_rng(seed)
    a, made = rng.random((2, 3)), game(2, **p)
    found = made.reply(0, Actions(a))
    assert found.exact
    tried = [np.array(corner) for corner in product((0.0, 1.0), repeat=3)] + list(rng.random((20, 3)))
    values = [made.payoffs(made.with_action(Actions(a), 0, x))[0] for x in tried]
    now = made.payoffs(Actions(a))[0]
    assert now + found.gain >= max(values) - 1e-12
    assert now + found.gain <= max(values[:8]) + 1e-12


def test_a_reply_with_full_concern_climbs_the_sum():
    """With a concern of 1 U is the sum; no reply then lowers it, and the planner's play is at rest."""
    made = build_game(market.loads(text(top="concern = 1.0")))
    best = Actions(Cleanup.best_sum(3, **USUAL))
    assert made.regret(best)[0].max() < 1e-12
    a = Actions(np.random.default_rng(3).random((3, 9)))
    moved = made.with_action(a, 1, made.reply(1, a).action)
    assert made.payoffs(moved).sum() > made.payoffs(a).sum()


def test_at_prices_replies_are_searched_and_said_to_be():
    found = game().reply(0, game().start(), np.full(9, 0.01))
    assert not found.exact


@pytest.mark.parametrize("count", [1, 2])
def test_the_bound_is_the_largest_sum_over_all_corners(count):
    """Levels 0..2: 8^n deterministic joint policies, of which one attains the bound."""
    corners = np.array(list(product((0.0, 1.0), repeat=3 * count))).reshape(-1, count, 3)
    sums = Cleanup.payoffs(corners, **SMALL).sum(axis=-1)
    assert Cleanup.bound(count, **SMALL) == pytest.approx(sums.max(), abs=1e-13)
    best = Cleanup.payoffs(Cleanup.best_sum(count, **SMALL), **SMALL).sum()
    assert best == pytest.approx(sums.max(), abs=1e-13)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(0, 10**6), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(1, 12))
def test_no_play_exceeds_the_bound(n, seed, pollution, cleaning, levels):
    p = {**USUAL, "pollution": pollution, "cleaning": cleaning, "levels": float(levels), "start_level": 1.0}
    rng = np.random.default_rng(seed)
    plays = np.concatenate([rng.random((20, n, levels + 1)), rng.integers(2, size=(20, n, levels + 1))])
    most = Cleanup.bound(n, **p)
    assert Cleanup.payoffs(plays, **p).sum(axis=-1).max() <= most + 1e-12
    assert Cleanup.payoffs(Cleanup.best_sum(n, **p), **p).sum() == pytest.approx(most, abs=1e-11)


def test_the_planner_is_proved_optimal_and_efficient():
    """1.544032: nobody cleans at level 0, one at 1, two at 2, all above; shares .2186, .5925, .7330."""
    best = play(GamePlanner("planner"), game())
    assert best.status == "optimal"
    assert best.payoffs.sum() == pytest.approx(1.5440323, abs=1e-7)
    np.testing.assert_allclose(np.sort(best.payoffs), [0.2185774, 0.5924536, 0.7330014], atol=1e-6)
    judged = report(best)
    assert judged.efficient is True
    assert equality(best.payoffs) == pytest.approx(0.7779, abs=1e-4)
    np.testing.assert_allclose(judged.weights, 1 / 3)


def test_without_the_bound_nothing_proves_the_planner(monkeypatch):
    monkeypatch.setattr(Cleanup, "bound", classmethod(lambda cls, n, **p: None))
    assert play(GamePlanner("planner"), game()).status == "settled"


LOGITS = np.random.default_rng(0).normal(size=(4, 3, 9))


def learned(rule, step=20.0, rounds=300):
    """Ends of gradient ascent in logits, the policies being a = 1 / (1 + exp(-w)), from w ~ N(0, 1)."""
    w = LOGITS.copy()
    for _ in range(rounds):
        a = 1.0 / (1.0 + np.exp(-w))
        w -= step * rule.direction(game(), a) * a * (1.0 - a)
    return Cleanup.payoffs(1.0 / (1.0 + np.exp(-w)), **USUAL)


@pytest.mark.parametrize(
    ("rule", "low", "high", "fair"),
    [
        (Individual(), 0.791, 0.795, True),  # reference .792-.793, equality 1
        (StatusQuo(1.0), 1.3604, 1.3608, True),  # 1.3606, 1
        (Collective(), 1.533, 1.541, False),  # 1.533-1.540, .82-.90
    ],
)
def test_rules_end_where_the_reference_says(rule, low, high, fair):
    """The reference states 3,000 steps and four seeds, and neither the size of steps, nor the starts, nor how
    probabilities are kept within 0..1. Ours: logits from N(0, 1), 300 steps of 20, which take the way of
    3,000 steps of 2 (measured: .7913-.7949, 1.3606, 1.5355-1.5407); its figures as near as four seeds give.
    """
    v = learned(rule)
    assert ((v.sum(axis=1) > low) & (v.sum(axis=1) < high)).all()
    equalities = [equality(row) for row in v]
    low, high = (0.999, 1.0 + 1e-12) if fair else (0.77, 0.91)
    assert all(low < each < high for each in equalities)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"levels": 3.5}, "3.5 is no level; write a whole number"),
        ({"start_level": 9}, "9 is above the highest level, levels = 8"),
        ({"discount": 1.0}, "too large; it must be <= 0.9999"),
        ({"cleaning": 1.5}, "too large; it must be <= 1"),
        ({"barren": 0.0}, "too small; it must be > 0"),
    ],
)
def test_careless_numbers_are_explained(changed, said):
    with pytest.raises(InputError) as caught:
        build_game(market.loads(text(**changed)))
    assert said in str(caught.value)
    assert next(iter(changed)) in str(caught.value)


def test_a_first_play_of_the_wrong_length_is_refused():
    with pytest.raises(InputError, match="3 rows of 9 numbers"):
        build_game(market.loads(text(top="start = [[0.5], [0.5], [0.5]]")))
