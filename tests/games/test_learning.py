"""Learning rules: published directions and ends, the public-goods table, averages that are coarse
equilibria."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import market
from market.errors import InputError
from market.games.learning.gradients import (
    AltruisticGradient,
    Collective,
    ConsensusGradient,
    Individual,
    SocialValue,
    StatusQuo,
    SymplecticGradient,
    descend,
)
from market.games.learning.mixtures import MagneticMirrorDescent, MultiplicativeWeights, RegretMatching
from market.games.mechanisms import play
from market.games.mechanisms.learning import Learning
from market.games.table import table
from market.scenario.game_loading import build_game


def toy(start):
    text = 'schema = 1\ngame = "aga_toy"\n'
    text += "parameters = {{ window = 100.0, start_first = {}, start_second = {} }}\n"
    text += '[[mechanisms]]\nname = "a"\nkind = "unmediated"\n'
    return build_game(market.loads(text.format(*start)))


def ended(game, rule, step, rounds):
    return descend(game, game.first[None], rule, step, rounds)[0][0, :, 0]


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        (Individual(), (0.252701, 0.159492)),
        (ConsensusGradient(0.1), (0.295599, 0.153234)),
        (SymplecticGradient(0.1), (0.286898, 0.175321)),
        (SocialValue(1.0), (0.869386, 0.791389)),
        (SocialValue(-1.0), (0.265069, 0.071342)),
        (Collective(), (0.598699, 0.445095)),
        (StatusQuo(1.0), (0.571475, 0.356356)),
        (AltruisticGradient(0.1), (0.596490, 0.481202)),
        (AltruisticGradient(0.1, signs=False), (0.538912, 0.390805)),
    ],
)
def test_forty_steps_on_the_toy_game(rule, end):
    """Start (0.15, 0.5), steps of 0.01, adjustments of 0.1: fits the published account of its figure."""
    np.testing.assert_allclose(ended(toy((0.15, 0.5)), rule, 0.01, 40), end, atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        (Individual(), (0.574882, 0.348857)),
        (ConsensusGradient(1.0), (0.615878, 0.322002)),
        (SymplecticGradient(1.0), (0.610794, 0.354414)),
        (Collective(), (0.756843, 0.538866)),
        (StatusQuo(1.0), (0.791102, 0.482393)),
        (AltruisticGradient(1.0), (0.799990, 0.579287)),
        (AltruisticGradient(1.0, signs=False), (0.472045, 0.342210)),
    ],
)
def test_forty_steps_from_another_start(rule, end):
    np.testing.assert_allclose(ended(toy((0.5, 0.5)), rule, 0.005, 40), end, atol=1e-6)


def test_signs_of_the_adjustment_part_at_the_fourteenth_step():
    game, rule = toy((0.15, 0.5)), AltruisticGradient(0.1)
    a, signs = game.first[None], []
    for _ in range(40):
        signs.append(float(rule.parts(game, a).sign[0, 0, 0]))
        a = a - 0.01 * rule.direction(game, a)
    assert signs == [1.0] * 13 + [-1.0] * 27
    a, signs, game, rule = toy((0.5, 0.5)).first[None], "", toy((0.5, 0.5)), AltruisticGradient(1.0)
    for _ in range(40):
        signs += "+" if rule.parts(game, a).sign[0, 0, 0] > 0 else "-"
        a = a - 0.005 * rule.direction(game, a)
    assert signs == "++--+--+--+-+--+--+--+--+-+--+--+--+--+-"


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        (Individual(), (1.389840, 0.738157)),
        (ConsensusGradient(0.1), (1.389840, 0.738157)),
        (Collective(), (2.386189, 0.858457)),
        (StatusQuo(1.0), (1.916277, 0.863326)),
        (AltruisticGradient(0.1, signs=False), (2.376015, 0.864508)),
    ],
)
def test_ends_on_the_toy_game(rule, end):
    np.testing.assert_allclose(ended(toy((0.15, 0.5)), rule, 0.01, 20_000), end, atol=1e-5)


def test_the_printed_angle_corollary_fails_where_the_sign_is_positive():
    """At (-0.79, -0.70) the sign is +1, and yet the angle to the pull grows from 7.2558 to 7.6663 degrees."""
    game = toy((-0.79, -0.70))

    def angle(adjustment):
        rule = AltruisticGradient(adjustment)
        g, pull = rule.direction(game, game.first), rule.parts(game, game.first).pull
        return np.degrees(np.arccos((g * pull).sum() / np.sqrt((g**2).sum() * (pull**2).sum())))

    parts = AltruisticGradient().parts(game, game.first)
    assert parts.sign == 1.0
    for adjustment, degrees in ((0.0, 7.2558), (0.001, 7.6663), (0.1, 21.2882), (1.0, 27.1145)):
        assert angle(adjustment) == pytest.approx(degrees, abs=1e-4)


@pytest.mark.parametrize("adjustment", [0.1, 1.0, 100.0])
def test_with_signs_the_size_of_the_collective_slope_falls_wherever_it_falls_without(adjustment):
    """The derivative of |xi_c|^2 / 2 along the flow has the sign of -<xi_c, H_c xi_c>, for every weight."""
    game, rng = toy((0.0, 0.0)), np.random.default_rng(2)
    a = rng.uniform(-2, 2, size=(4000, 2, 1))
    rule = AltruisticGradient(adjustment)
    parts = rule.parts(game, a)
    along = -(rule.direction(game, a) * parts.pull).sum(axis=(1, 2))
    plain = -(parts.together * parts.pull).sum(axis=(1, 2))
    clear = np.abs(plain) > 1e-9
    assert (np.sign(along[clear]) == np.sign(plain[clear])).all()


LINEAR = """
schema = 1
game = "public_goods"
comparable = true
parameters = { multiplier = 1.5 }
players = [{ name = "p", count = 2, budget = 1.0, cost = 1.0 }]
mechanisms = [{ name = "a", kind = "unmediated" }]
"""


@pytest.mark.parametrize(
    ("rule", "total", "equality", "steps"),
    [
        (Individual(), 2.307, 0.928, 77.3),
        (ConsensusGradient(1.0), 2.307, 0.928, 77.3),
        (SymplecticGradient(1.0), 2.307, 0.928, 77.3),
        (SocialValue(-1.0), 2.187, 0.921, 47.3),
        (SocialValue(1.0), 2.627, 0.944, 93.3),
        (Collective(), 2.794, 0.939, 58.8),
        (StatusQuo(1.0), 2.693, 0.938, 77.5),
        (AltruisticGradient(1.0), 2.794, 0.939, 58.8),
        (AltruisticGradient(1.0, at_zero=-1.0), 2.832, 0.939, 44.3),
        (AltruisticGradient(1.0, at_zero=1.0), 2.693, 0.938, 77.5),
    ],
)
def test_the_public_goods_table(rule, total, equality, steps):
    """Budgets of 1, starts in [0, 1]^2, steps of 0.01, at most 100, until one leaves the square.

    With 2,000 runs: 4 standard errors are 0.015 of the total and 0.005 of equality.
    """
    game = build_game(market.loads(LINEAR))
    starts = np.random.default_rng(11).random((2000, 2, 1))
    ends, many = descend(game, starts, rule, 0.01, 100, "stop")
    r = game.family.payoffs(ends, **game.parameters)
    sums = r.sum(axis=1)
    assert sums.mean() == pytest.approx(total, abs=0.015)
    assert (1 - np.abs(r[:, 0] - r[:, 1]) / (2 * sums)).mean() == pytest.approx(equality, abs=0.005)
    assert many.mean() == pytest.approx(steps, abs=2.0)


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        (Individual(), 4.0),
        (ConsensusGradient(1.0), 4.0),
        (StatusQuo(1.0), 24 / 7),
        (AltruisticGradient(1.0, signs=False), 72 / 23),
    ],
)
def test_ends_in_a_duopoly(game_of, rule, end):
    """A = 12: Nash 4; SL 12 (1 + 1) / (3 + 4) = 24/7; without signs 12 (1 + 5) / (4 + 19) = 72/23."""
    game = game_of("cournot").starting_at(np.array([[1.0], [1.0]]))
    np.testing.assert_allclose(ended(game, rule, 0.02, 4000), end, atol=1e-4)


def test_the_collective_rule_ends_at_the_cartel_with_the_shares_of_the_start(game_of):
    """Only the sum counts, and both move alike: 6 in all, the difference of the start kept."""
    game = game_of("cournot").starting_at(np.array([[1.0], [2.0]]))
    found = play(Learning("l", rule=Collective(), step_size=0.05), game)
    np.testing.assert_allclose(found.play.values[:, 0], [2.5, 3.5], atol=1e-6)
    assert found.status == "settled"
    selfish = play(Learning("l", rule=Individual(), step_size=0.05), game)
    assert selfish.status == "nash"


@pytest.mark.parametrize(
    ("rule", "share"), [(Individual(), 0.125), (StatusQuo(1.0), 0.5), (Collective(), 0.71875)]
)
def test_basins_of_the_stag_hunt(rule, share):
    """Of p_1 + p_2 > 2t: t = 3/4 for own slopes, (3 + 3)/(4 + 8) for SL, 3/8 for the sum: (2 - 2t)^2/2 or 1 -
    2t^2."""
    text = """
schema = 1
game = "mixed"
players = [{ name = "p", count = 2, actions = ["stag", "hare"] }]
payoffs = { "stag, stag" = [4, 4], "stag, hare" = [0, 3], "hare, stag" = [3, 0], "hare, hare" = [3, 3] }
mechanisms = [{ name = "a", kind = "unmediated" }]
"""
    game = build_game(market.loads(text))
    p = np.random.default_rng(4).random((1500, 2))
    ends, _ = descend(game, np.stack([p, 1 - p], axis=-1), rule, 0.05, 1500)
    assert (ends[:, :, 0] > 0.99).all(axis=1).mean() == pytest.approx(share, abs=0.05)


SHAPLEY = table(np.stack([np.roll(np.eye(3), 2, axis=1), np.roll(np.eye(3), 1, axis=1)], -1), comparable=True)


@pytest.mark.parametrize("rule", [MultiplicativeWeights(), RegretMatching()])
def test_learning_that_never_settles_can_do_better_than_nash(rule):
    """Shapley's game: play goes round, and its average is a coarse equilibrium with nearly all of the sum of
    1."""
    mechanism = Learning("l", rule=rule, step_size=0.05, start_at="random", max_rounds=6000)
    found = play(mechanism, SHAPLEY)
    assert found.status == "coarse"
    assert found.payoffs.sum() > 0.9  # the only Nash equilibrium has 2/3
    assert found.evidence["last_regret"] > 0.1


def test_mirror_descent_in_a_zero_sum_game():
    """Exploitability falls to what the pull leaves: 0.0746 at tau 0.2, 0.0201 at 0.05."""
    a = np.array([[0, -1, 2], [1, 0, -1], [-1, 1, 0]], float)
    game = table(np.stack([a, -a], -1))
    for tau, rounds, left in ((0.2, 1000, 0.0746), (0.05, 6000, 0.0201)):
        rule = MagneticMirrorDescent(tau)
        mechanism = Learning("l", rule=rule, step_size=0.1, judged="last", max_rounds=rounds, tolerance=0.0)
        assert play(mechanism, game).regret.sum() == pytest.approx(left, abs=1e-4)


def test_rules_that_do_not_go_with_a_game_are_refused(game_of):
    with pytest.raises(InputError, match="follows slopes"):
        play(Learning("l", rule=Individual()), SHAPLEY)
    with pytest.raises(InputError, match="finitely many actions"):
        play(Learning("l", rule=RegretMatching()), game_of("cournot"))


def test_same_seed_same_bits(game_of):
    mechanism = Learning("l", rule=RegretMatching(), start_at="random", max_rounds=50)
    one, two = (play(mechanism, replace(SHAPLEY, seed=seed)) for seed in (3, 3))
    np.testing.assert_array_equal(one.play.probabilities, two.play.probabilities)
    other = play(mechanism, replace(SHAPLEY, seed=4))
    assert (one.play.probabilities != other.play.probabilities).any()
