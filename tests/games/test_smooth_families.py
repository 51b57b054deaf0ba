"""Families whose actions are amounts: slopes are derivatives of payoffs, replies are best, reference
answers."""

from __future__ import annotations

import numpy as np
import pytest

from market.games.families import GAME_FAMILIES
from market.games.mechanisms import BestReplies, GamePlanner, play
from market.games.plays import Actions
from market.games.report import report
from market.games.smooth import SmoothFamily, to_simplex

NAMES = (
    "public_goods", "commons", "fish_war", "cournot", "coopetition", "power", "water_filling", "mixed",
    "facility", "aga_toy", "cleanup",
)  # fmt: skip


def test_every_smooth_family_is_here(game_of):
    known = {game_of(name).family for name in NAMES}
    assert known == {family for family in GAME_FAMILIES if issubclass(family, SmoothFamily)}


def plays(game, count=5):
    """Random plays inside the bounds, in which payoffs are finite."""
    rng = np.random.default_rng(3)
    low, high = game.limits
    for _ in range(count):
        if game.total is None:
            a = low + (high - low) * rng.uniform(0.02, 0.9 / game.size + 0.1, size=low.shape)
        else:
            a = game.total[:, None] * rng.dirichlet(np.ones(low.shape[1]), game.size)
        yield a


@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_the_derivatives_of_payoffs(game_of, name):
    game = game_of(name)
    for a in plays(game):
        exact, h = game.slopes(a), 1e-6
        for j, k in np.ndindex(*a.shape):
            step = np.zeros_like(a)
            step[j, k] = h
            both = [game.payoffs(Actions(a + sign * step)) for sign in (1, -1)]
            size = max(1.0, float(np.abs(exact).max()))
            np.testing.assert_allclose((both[0] - both[1]) / (2 * h), exact[:, j, k], atol=1e-6 * size)


@pytest.mark.parametrize("name", NAMES)
def test_slopes_along_a_direction_are_the_derivatives_of_slopes(game_of, name):
    game, rng = game_of(name), np.random.default_rng(5)
    for a in plays(game):
        v, h = rng.normal(size=a.shape), 1e-6
        exact = game.family.slopes_along(a, v, **game.parameters)
        found = (game.slopes(a + h * v) - game.slopes(a - h * v)) / (2 * h)
        np.testing.assert_allclose(found, exact, atol=2e-5 * max(1.0, float(np.abs(exact).max())))


@pytest.mark.parametrize("name", NAMES)
def test_functions_take_many_plays_at_once(game_of, name):
    game = game_of(name)
    many = np.stack(list(plays(game)))
    v = np.ones_like(many)
    for function in (game.family.payoffs, game.family.slopes):
        each = np.stack([function(a, **game.parameters) for a in many])
        np.testing.assert_allclose(function(many, **game.parameters), each, rtol=1e-12, atol=1e-12)
    each = np.stack([game.family.slopes_along(a, np.ones_like(a), **game.parameters) for a in many])
    np.testing.assert_allclose(
        game.family.slopes_along(many, v, **game.parameters), each, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_trial_beats_a_best_reply(game_of, name):
    game, rng = game_of(name), np.random.default_rng(9)
    low, high = game.limits
    for a in plays(game, 3):
        for i in range(game.size):
            reply = game.reply(i, Actions(a))
            best = game.utilities(game.with_action(Actions(a), i, reply.action))[i]
            for _ in range(60):
                tried = low[i] + (high[i] - low[i]) * rng.random(low.shape[1])
                if game.total is not None:
                    tried = game.total[i] * rng.dirichlet(np.full(low.shape[1], 0.5))
                other = game.utilities(game.with_action(Actions(a), i, tried))[i]
                assert not other > best + 1e-9 * game.scale[i]


def alone(game, **options):
    return play(BestReplies("alone", **options), game)


def planned(game, **options):
    return play(GamePlanner("planner", **options), game)


@pytest.mark.parametrize(
    ("name", "nash", "optimum", "totals"),
    [
        ("public_goods", [0.2, 0.2, 0.2], [0.6, 0.6, 0.6], (0.30, 0.54)),  # rho/n; n times as much
        ("commons", [7.5] * 4, None, (4 * 1.125, 7.03125)),  # A/((n+1)B), in all A/(2B): A = .75, B = .02
        ("fish_war", [1 / (2 + 0.76 / 0.24)] * 2, [0.12] * 2, None),  # 1/(n+k); 1 - .76 shared
        ("cournot", [4.0, 4.0], None, (32.0, 36.0)),  # A/(b(n+1)) against the cartel
        ("coopetition", [23.264925, 22.494411], [28.629630, 28.629630], (296.026228, 296.900994)),
        ("power", [0.558912, 0.519695], [1.0, 1.0], None),
    ],
)
def test_nash_and_optimum(game_of, name, nash, optimum, totals):
    game = game_of(name)
    left, best = alone(game), planned(game)
    assert (left.status, best.status) == ("nash", "optimal")
    np.testing.assert_allclose(left.play.values[:, 0], nash, atol=1e-6)
    if optimum is not None:
        np.testing.assert_allclose(best.play.values[:, 0], optimum, atol=2e-5)
    if totals is not None:
        np.testing.assert_allclose((left.payoffs.sum(), best.payoffs.sum()), totals, atol=1e-6)
    assert report(left).efficient is False
    assert report(best).efficient in (True, None)


DEPENDENCE = "concern = [[0.0, 0.64], [0.86, 0.0]]"


@pytest.mark.parametrize(
    ("name", "nash", "rise", "captured"),
    [
        ("coopetition", (26.633377, 27.399142), 0.4219, 0.9234),
        ("power", (0.832947, 0.876705), 1.7017, 0.9119),
    ],
)
def test_dependence_raises_investment_and_captures_most_of_the_gain(game_of, name, nash, rise, captured):
    """The released figures: 42.19 % and 170.17 % above the mean without synergy and dependence."""
    game = game_of(name, DEPENDENCE)
    found = alone(game)
    np.testing.assert_allclose(found.play.values[:, 0], nash, atol=1e-6)
    base = 19.0 if name == "coopetition" else 0.75**4
    assert found.play.values.mean() / base - 1.0 == pytest.approx(rise, abs=5e-5)
    selfish, best = alone(game_of(name)), planned(game_of(name))
    gain = best.payoffs.sum() - selfish.payoffs.sum()
    assert (found.payoffs.sum() - selfish.payoffs.sum()) / gain == pytest.approx(captured, abs=1e-4)
    assert report(found).efficient is False


def test_full_dependence_is_the_planner(game_of):
    """With a concern of 1 for all, every firm maximises the sum."""
    found = alone(game_of("coopetition", "concern = 1.0"))
    np.testing.assert_allclose(found.play.values, 28.629630, atol=1e-5)


def test_water_filling_settles_at_equal_split_and_the_planner_separates(game_of):
    """Cross gain 0.5: the equal split is the only Nash equilibrium, 5.120432 bits; one carrier each has
    6.918863."""
    game = game_of("water_filling")
    left, best = alone(game), planned(game)
    assert left.status == "nash"
    np.testing.assert_allclose(left.play.values, 0.5, atol=1e-8)
    assert left.payoffs.sum() == pytest.approx(5.120432, abs=1e-6)
    assert best.status == "settled"
    assert best.payoffs.sum() == pytest.approx(6.918863, abs=1e-6)
    assert report(left).efficient is False


@pytest.mark.parametrize(("schedule", "status"), [("simultaneous", "cycling"), ("sequential", "nash")])
def test_strong_interference_cycles_at_once_and_separates_in_turn(game_of, schedule, status):
    """Cross gain 1.5 from (0.6, 0.4) for both: rushing to the quieter carrier has period 2, in turn they
    separate."""
    base = game_of("water_filling")
    gains = np.broadcast_to(np.where(np.eye(2) > 0, 1.0, 1.5), (2, 2, 2))
    changed = type(base)(**{**base.__dict__, "parameters": {**base.parameters, "gains": gains}})
    found = alone(changed.starting_at(np.array([[0.6, 0.4], [0.6, 0.4]])), schedule=schedule)
    assert found.status == status
    if status == "cycling":
        assert found.evidence["period"] == 2.0
        assert found.payoffs.sum() == pytest.approx(1.4009, abs=1e-4)
    else:
        assert found.payoffs.sum() == pytest.approx(6.918863, abs=1e-6)


@pytest.mark.parametrize(
    ("homes", "place"), [((0, 0, 1), 1 / 3), ((0.1, 0.4, 0.9), 0.4), ((0.2, 0.25, 0.9, 1), 0.5)]
)
def test_lying_under_the_mean_ends_where_phantoms_place_the_truth(homes, place):
    """The Nash outcome of the mean rule is the median of homes and 1/n, ..., (n-1)/n."""
    import market
    from market.scenario.game_loading import build_game

    players = "".join(f'[[players]]\nname = "p{i}"\nhome = {float(home)}\n' for i, home in enumerate(homes))

    def game(rule):
        text = f'schema = 1\ngame = "facility"\nrule = "{rule}"\n{players}'
        return build_game(market.loads(text + '[[mechanisms]]\nname = "a"\nkind = "unmediated"\n'))

    mean, phantoms = game("mean"), game("phantoms")
    found = alone(mean)
    assert found.status == "nash"
    assert mean.family.place(found.play.values, "mean") == pytest.approx(place, abs=1e-9)
    truth = alone(phantoms)
    assert truth.status == "nash"
    assert truth.rounds == 1
    assert phantoms.family.place(truth.play.values, "phantoms") == pytest.approx(place, abs=1e-12)


def test_projection_on_the_simplex():
    """Symmetric, sums to the total, and no other point is nearer."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        x = rng.normal(size=5)
        p = to_simplex(x, 2.0)
        assert p.sum() == pytest.approx(2.0)
        assert (p >= 0).all()
        for _ in range(20):
            q = 2.0 * rng.dirichlet(np.ones(5))
            assert np.sum((x - p) ** 2) <= np.sum((x - q) ** 2) + 1e-12
