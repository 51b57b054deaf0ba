"""Games in order against closed forms: gifts, a leader and followers, a dictator, an ultimatum."""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.errors import InputError, ScenarioError
from market.games.equilibria import pure_equilibria
from market.games.in_order import best_in_order, induction
from market.games.mechanisms import BackwardInduction, BestReplies, GamePlanner, play
from market.games.report import report
from market.games.table import table
from market.results.games.verify_in_order import Walk, best_sum
from market.scenario.game_loading import build_game

MECHANISM = '[[mechanisms]]\nname = "in order"\nkind = "backward_induction"\n'


def stages(family: str, parameters: str = "", players: str = ""):
    """The game of a family, from a scenario text."""
    head = f"schema = 1\ngame = '{family}'\ncomparable = true\n[parameters]\n{parameters}\n"
    text = f"{head}{players}\n{MECHANISM}"
    return build_game(market.loads(text))


def gifts(steps: int = 200, count: int = 3, more: str = ""):
    """Public goods in order with costs c^2 / 2 and a unit worth 0.6 to all together."""
    players = f'[[players]]\nname = "p"\ncount = {count}\n{more}'
    return stages("public_goods_in_order", f"multiplier = 0.6\nsteps = {steps}", players)


def in_order(game, ties="least", **redesign):
    return play(BackwardInduction("in order", ties=ties, redesign=redesign), game)


@pytest.mark.parametrize(
    ("redesign", "given", "total"),
    [
        ({}, (0.2, 0.2, 0.2), 0.30),
        ({"penalty": 0.3, "threshold": 1.5}, (0.0, 0.53, 0.97), 0.2891),
        ({"synergy": 1.0}, (0.2, 0.6, 1.0), 0.38),
        ({"synergy": 1.0, "penalty": 0.3, "threshold": 1.8}, (0.0, 0.8, 1.0), 0.26),
    ],
)
def test_gifts_in_order_under_each_redesign(redesign, given, total):
    """Without a redesign w_i is separable, so each gives (rho / n) / kappa = 0.2. With a bonus of 1 the
    third gives 0.2 + C, at most 1; for the second S rises by 2 with its gift until then, so that it gives
    0.4 + c_1; for the first by 4 until the third is at 1, which is at c_1 = 0.2, and then not at all.
    Totals are of payoffs without bonus and penalty: sum of 0.6 S - sum c^2 / 2."""
    found = in_order(gifts(), **redesign)
    assert found.status == "subgame_perfect"
    np.testing.assert_allclose(found.play.values[:, 0], given, atol=1e-12)
    assert found.payoffs.sum() == pytest.approx(total, abs=1e-12)
    assert found.payoffs.sum() == pytest.approx(0.6 * sum(given) - sum(c**2 for c in given) / 2)
    assert "unique on the grid" in found.reason
    assert found.evidence["ties"] == 0


def test_a_small_penalty_has_a_closed_form():
    """P = 0.05, B = 1.5. The last gives what is missing if its gain does not fall short of what it does
    otherwise: 0.2 c - c^2 / 2 >= 0.02 - P, so c_3 <= 0.2 + sqrt(2 P). The second is indifferent between
    meeting B and giving 0.2, after which the last gives 0.2 too: 0.2 * 1.5 - c^2 / 2 = 0.2 (c_1 + 0.4) -
    0.02 - P with c_1 = 1.5 - c - c_3, so c_2 = 0.2 + sqrt(0.04 + 2 (0.29 - 0.2 (1.5 - c_3))). The first
    gives the rest. On a grid of 1/1000 the amounts are within two steps of that, and the sum is met
    exactly."""
    third = 0.2 + np.sqrt(2 * 0.05)
    second = 0.2 + np.sqrt(0.04 + 2 * (0.29 - 0.2 * (1.5 - third)))
    closed = np.array([1.5 - second - third, second, third])
    np.testing.assert_allclose(closed, [0.307861, 0.675911, 0.516228], atol=1e-6)
    assert 0.6 * 1.5 - (closed**2).sum() / 2 == pytest.approx(0.490937, abs=1e-6)
    found = in_order(gifts(1000), threshold=1.5, penalty=0.05)
    np.testing.assert_allclose(found.play.values[:, 0], closed, atol=2e-3)
    assert round(found.play.values.sum() * 1000) == 1500
    assert found.payoffs.sum() == pytest.approx(0.490937, abs=1e-3)


def test_a_target_met_may_have_a_lower_total_than_none():
    game = gifts()
    large, none = in_order(game, threshold=1.5, penalty=0.3), in_order(game)
    assert large.payoffs.sum() < none.payoffs.sum()
    np.testing.assert_array_equal(large.utilities, large.payoffs)  # the target is met: no penalty is paid
    bonus = in_order(game, synergy=1.0)
    np.testing.assert_allclose(bonus.utilities - bonus.payoffs, [0.0, 0.6 * 0.2, 0.8], atol=1e-12)


@pytest.mark.parametrize(("penalty", "orders", "sums"), [(0.05, 2, {0.6, 1.5}), (0.3, 34, {0.6, 1.5})])
def test_at_once_the_equilibrium_with_small_gifts_survives(penalty, orders, sums):
    """At once, on a grid of 1/20, all pure equilibria by enumeration: without order 0.2 each remains, since
    no player alone reaches 1.5. With P = 0.05 the other is 0.5 each."""
    game = gifts(20).redesigned({"threshold": 1.5, "penalty": penalty})
    k = np.stack(np.meshgrid(*[np.arange(21)] * 3, indexing="ij"), axis=-1)
    found = {tuple(sorted(profile)) for profile in pure_equilibria(table(game.rewards_of(k)))}
    assert len(found) == orders
    assert {sum(profile) / 20 for profile in found} == sums
    assert (4, 4, 4) in found
    if penalty == 0.05:
        assert (10, 10, 10) in found


def test_at_once_and_in_order_are_the_same_without_redesign():
    game = gifts(50)
    found = play(BestReplies("at once"), game)
    assert found.status == "nash"
    np.testing.assert_allclose(found.play.values, in_order(game).play.values)


def test_the_planner_gives_three_times_as_much():
    found = play(GamePlanner("planner"), gifts())
    assert found.status == "optimal"
    np.testing.assert_allclose(found.play.values[:, 0], 0.6)
    assert found.payoffs.sum() == pytest.approx(0.54)
    judged = report(found)
    assert judged.efficient
    np.testing.assert_allclose(judged.weights, 1 / 3)


def test_a_leader_sells_half_and_the_follower_a_quarter():
    """q_2 = (a - q_1) / 2 and pi_1 = (a - q_1) q_1 / 2: q_1 = a / 2 = 6, q_2 = 3, payoffs 18 and 9. In steps
    of 1/2 the follower has ties where (a - q_1) / 2 lies between steps. At once (Cournot) each sells 4."""
    game = stages("stackelberg", "intercept = 12\nsteps = 2", '[[players]]\nname = "firm"\ncount = 2')
    found = in_order(game, ties="most")
    np.testing.assert_allclose(found.play.values[:, 0], [6.0, 3.0])
    np.testing.assert_allclose(found.payoffs, [18.0, 9.0])
    assert found.evidence["ties"] > 0
    assert "not shown to be unique" in found.reason
    assert not game.regret(game.as_play(np.array([8, 8])))[0].any()
    assert play(GamePlanner("planner"), game).payoffs.sum() == pytest.approx(36.0)


def test_an_offer_of_nothing_is_a_tie():
    """The responder takes 1 of 10 for certain, and at 0 it does not matter: both 0 and 1 are equilibrium
    offers."""
    game = stages("ultimatum")
    refuses, accepts = in_order(game, "least"), in_order(game, "most")
    np.testing.assert_allclose(refuses.payoffs, [9.0, 1.0])
    np.testing.assert_allclose(accepts.payoffs, [10.0, 0.0])
    assert refuses.evidence["ties"] == accepts.evidence["ties"] == 1
    assert report(refuses).efficient
    assert not report(play(BestReplies("at once"), game)).efficient  # nothing is offered, nothing accepted


def test_a_dictator_keeps_all_and_that_is_efficient():
    found = in_order(stages("dictator"))
    np.testing.assert_allclose(found.payoffs, [10.0, 0.0])
    assert report(found).efficient


def test_policies_and_sums_agree_with_every_play_of_random_games():
    """Backward induction against a walk by recursion, and the largest sum against all profiles."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        more = f"curvature = {rng.uniform(0.2, 2)}\nhigh = {rng.uniform(0.3, 1)}\n"
        game = gifts(12, count=int(rng.integers(1, 4)), more=more)
        rules = game.redesigned(
            {"synergy": rng.uniform(0, 1), "threshold": rng.uniform(0, 2), "penalty": rng.uniform(0, 0.5)}
        )
        found = in_order(rules)
        walk = Walk(rules, rules.in_steps(found.play), "least")
        assert walk.follows
        assert walk.ties == induction(rules).ties == found.evidence["ties"]
        assert walk.gains.max() <= 1e-12
        weights = rng.uniform(0.5, 2, game.size)
        k = np.stack(np.meshgrid(*map(game.amounts, range(game.size)), indexing="ij"), axis=-1)
        most = (game.payoffs_of(k) @ weights).max()
        assert best_in_order(game, weights)[1] == pytest.approx(most)
        assert best_sum(game, weights) == pytest.approx(most)


def test_reports_of_few_plays_are_by_enumeration():
    """On a grid of 1/5 all 216 plays are tried: 0.2 each is worse for all than 0.6 each; the planner's is
    efficient."""
    game = gifts(5)
    judged = report(in_order(game))
    assert judged.efficient is False
    assert (judged.gains > 0).all()
    assert judged.totals.best == judged.totals.most == pytest.approx(0.54)
    assert report(play(GamePlanner("planner", weights={"p[0]": 2.0}), game)).efficient


def test_a_player_with_a_rule_of_its_own_is_answered():
    """A first player that gives nothing is followed by best replies; it would gain by 0.2, and the status
    says so."""

    class Miser(market.Player):
        def act(self, others, advised):
            return 0.0

    scenario = market.loads(
        "schema = 1\ngame = 'public_goods_in_order'\n[parameters]\nmultiplier = 0.6\n"
        f'[[players]]\nname = "p"\ncount = 3\n{MECHANISM}'
    )
    found = market.GameModel(scenario, players={"p[0]": Miser}).run()
    np.testing.assert_allclose(found.play.values[:, 0], [0.0, 0.2, 0.2])
    assert found.status == "settled"
    np.testing.assert_allclose(found.regret, [0.02, 0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize(
    ("mechanism", "words"),
    [
        (BackwardInduction("x", redesign={"bonus": 1.0}), "public_goods_in_order has no 'bonus'"),
        (BackwardInduction("x", redesign={"penalty": -1.0}), "penalty: -1 is too small"),
        (GamePlanner("x", welfare="nash", disagreement={"p[0]": 0.0}), 'welfare = "sum"'),
    ],
)
def test_a_mechanism_that_does_not_fit_is_refused(mechanism, words):
    with pytest.raises(InputError, match=words):
        play(mechanism, gifts(10))


@pytest.mark.parametrize(
    ("top", "steps", "words"),
    [
        ("", "2.5", "not a whole number"),
        ("concern = 0.5\n", "10", "no concern"),
        ("", "5000", "75,020,001 pairs of a sum and an amount; at most 20,000,000 fit"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(top, steps, words):
    text = (
        f"schema = 1\ngame = 'public_goods_in_order'\n{top}[parameters]\nmultiplier = 0.6\nsteps = {steps}\n"
        f'[[players]]\nname = "p"\ncount = 3\n{MECHANISM}'
    )
    with pytest.raises(ScenarioError, match=words):
        build_game(market.loads(text))


def test_moves_in_order_are_for_games_in_order(game_of):
    with pytest.raises(InputError, match="moves in order"):
        play(BackwardInduction("x"), game_of("public_goods"))
