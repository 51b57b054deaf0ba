"""Reference answers on games that no other test has, with derivations, and theorems on random games."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.games.disclosure import hull
from market.games.equilibria import find
from market.games.families.facility import Facility
from market.games.learning.gradients import (
    AltruisticGradient,
    Collective,
    ConsensusGradient,
    Individual,
    StatusQuo,
    SymplecticGradient,
    collective,
    descend,
    own,
)
from market.games.learning.mixtures import MagneticMirrorDescent
from market.games.mechanisms import ActionPrices, BestReplies, GamePlanner, play
from market.games.mechanisms.learning import Learning
from market.games.plays import Actions
from market.games.report import report
from market.games.table import table
from market.scenario.game_loading import build_game

CLOSE = pytest.approx
PLAY = '[[mechanisms]]\nname = "a"\nkind = "unmediated"\n'
FIRMS = '[[players]]\nname = "a"\nshare = 0.55\n[[players]]\nname = "b"\nshare = 0.45\n'


def made(family, numbers="", players="", top=""):
    text = (
        f'schema = 1\ngame = "{family}"\ncomparable = true\n{top}\n[parameters]\n{numbers}\n{players}{PLAY}'
    )
    return build_game(market.loads(text))


def group(count, **numbers):
    own_numbers = "".join(f"{key} = {value}\n" for key, value in numbers.items())
    return f'[[players]]\nname = "p"\ncount = {count}\n{own_numbers}'


def paid(game, *amounts):
    return game.payoffs(Actions(np.array(amounts, dtype=float).reshape(game.first.shape)))


def ended(game, rule, step, rounds):
    return descend(game, game.first[None], rule, step, rounds)[0][0, :, 0]


# --- information -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("biases", "gap", "by_state", "weights"),
    [((1.0, -0.25), 0.0, 0.0, (0.2, 0.8)), ((0.5, 0.25), 1.0, 0.5, (0.0, 1.0))],
)
def test_quadratic_goals_have_the_user_in_their_hull_iff_biases_surround_0(biases, gap, by_state, weights):
    """u = -(a - y)^2, U_i = -(a - y - b_i)^2 = u + 2 b_i (a - y) - b_i^2, on 5 x 5 points of [-1, 1].

    `sum w_i U_i - u = 2 (w.b) (a - y) + const`: 0 if w.b = 0, so w = (1/5, 4/5) for b = (1, -1/4). With
    b > 0 the least w.b is 1/4, times 2 |a - y| <= 4: a distance of 1. With an offset for each state and free
    sums the distance halves.
    """
    grid = np.linspace(-1, 1, 5)
    off = grid[None, :] - grid[:, None]
    of = np.array([-((off - b) ** 2) for b in biases])
    found = hull(of, -(off**2))
    assert found.gap == CLOSE(gap, abs=1e-7)
    np.testing.assert_allclose(found.weights, weights, atol=1e-7)
    assert hull(of, -(off**2), by_state=True).gap <= by_state + 1e-7


# --- partners --------------------------------------------------------------------------------------------


def test_profits_of_partners():
    """pi_i = 100 - a_i + 20 ln(1 + a_i) + .65 alpha_i sqrt(a_1 a_2); without synergy a_i = 20 - 1 = 19.

    At 19: 100 - 19 + 20 ln 20 + .65 * 19 alpha_i = 140.914645 + 12.35 alpha_i.
    """
    game = made("coopetition", players=FIRMS)
    assert paid(game, 19, 19) == CLOSE([147.707145, 146.472145], abs=1e-6)
    assert paid(game, 23.264925, 22.494411) == CLOSE([148.694034, 147.332194], abs=1e-5)
    assert paid(game, 26.633377, 27.399142) == CLOSE([149.404453, 147.429499], abs=1e-5)
    optimum = 20 / (1 - 0.65 / 2) - 1
    assert optimum == CLOSE(28.629630, abs=1e-6)
    assert paid(game, optimum, optimum) == CLOSE([149.380960, 147.520034], abs=1e-6)


@pytest.mark.parametrize(
    ("top", "numbers", "without", "rise"),
    [("", "", 19.0, 41.4458), ('own_value = "power"', "synergy = 0.5", 0.75**4, 166.1402)],
)
def test_the_published_rise_is_that_of_swapped_dependence(top, numbers, without, rise):
    """41 % and 166 % are the rises of mean investment with .86 and .64 the other way round; the released
    figures, 42.19 % and 170.17 %, have them as they are stated."""
    game = made("coopetition", numbers, FIRMS, top + "\nconcern = [[0, 0.86], [0.64, 0]]")
    found = play(BestReplies("alone"), game)
    assert (found.play.values.mean() / without - 1) * 100 == CLOSE(rise, abs=1e-3)


def test_without_concern_partners_invest_a_fifth_more_for_the_synergy():
    """20.42 % above 19; 70.45 % above .316406 = .75^4, where .75 a^(-1/4) = 1."""
    for top, numbers, without, rise in (
        ("", "", 19.0, 20.42),
        ('own_value = "power"', "synergy = 0.5", 0.75**4, 70.45),
    ):
        found = play(BestReplies("alone"), made("coopetition", numbers, FIRMS, top))
        assert (found.play.values.mean() / without - 1) * 100 == CLOSE(rise, abs=5e-3)
        assert report(found).efficient is False


# --- carriers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("g", "split", "anarchy"),
    [(0.25, 6.752224, None), (0.5, 5.120432, 1.3512), (0.9, 3.731543, 1.8542), (1.5, 2.669699, 2.5916),
     (3.0, 1.569270, 4.4090)],
)  # fmt: skip
def test_equal_split_and_one_carrier_each(g, split, anarchy):
    """Split: 4 log2(1 + .5 / (.1 + .5 g)); one each: 2 log2(11) = 6.918863; the ratio is that of the worst.

    Equal split is an equilibrium for every g. Separating is one iff g >= 1: the other carrier
    has noise of .1 + g after .1; at .25 the best reply gains .4492. Without interference they have
    4 log2(6), which no play exceeds.
    """
    game = made("water_filling", f"cross_gain = {g}", group(2))
    half, apart = np.full((2, 2), 0.5), np.eye(2)
    assert split == CLOSE(4 * np.log2(1 + 0.5 / (0.1 + 0.5 * g)), abs=1e-6)
    assert paid(game, *half).sum() == CLOSE(split, abs=1e-6)
    assert paid(game, *apart).sum() == CLOSE(6.918863, abs=1e-6)
    if anarchy is not None:
        assert 6.918863 / split == CLOSE(anarchy, abs=1e-4)
    assert game.regret(Actions(half))[0].max() == CLOSE(0.0, abs=1e-9)
    gain = game.regret(Actions(apart))[0].max()
    assert (gain > 1e-3) == (g < 1)
    if g == 0.25:
        assert gain == CLOSE(0.4492, abs=1e-4)
    assert game.family.bound(2, **game.parameters) == CLOSE(4 * np.log2(6), abs=1e-9)


# --- places ----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.data())
def test_nobody_gains_by_lying_to_a_median(n, data):
    """With peaks and the distance as loss a median of reports and fixed points is strategyproof (Moulin)."""
    unit = st.floats(0, 1)
    homes = np.array(data.draw(st.lists(unit, min_size=n, max_size=n)))
    i, lie = data.draw(st.integers(0, n - 1)), data.draw(unit)
    told = homes.copy()
    told[i] = lie
    for rule in ("median", "phantoms"):
        truth, lied = (Facility.payoffs(x[:, None], rule=rule, home=homes)[i] for x in (homes, told))
        assert lied <= truth + 1e-12


@pytest.mark.parametrize(("n", "worst"), [(3, 1.2), (4, 1.2), (5, 1.176471), (6, 1.2)])
def test_phantoms_are_proportional_and_their_worst_ratio_is_known(n, worst):
    """k at 0 and n - k at 1: (n - k)/n. With a share s at one end all have s^2 + (1 - s)^2 on average, and
    max(s, 1 - s) at the best place; the largest ratio over s = 1/n, ... is below (1 + sqrt 2)/2."""
    ratios = []
    for k in range(1, n):
        homes = np.repeat([0.0, 1.0], [k, n - k])
        assert Facility.place(homes[:, None], "phantoms") == CLOSE((n - k) / n, abs=1e-12)
        total = Facility.payoffs(homes[:, None], rule="phantoms", home=homes).sum()
        ratios.append(max(k, n - k) / total)
    assert max(ratios) == CLOSE(worst, abs=1e-6)
    assert max(ratios) <= (1 + np.sqrt(2)) / 2


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_phantoms_may_cost_n_minus_1_times_the_least(n):
    """All at 0 but one at 1/n: the median is 1/n, which costs n - 1 distances of 1/n; 0 costs one."""
    homes = np.zeros(n)
    homes[-1] = 1 / n
    x = float(Facility.place(homes[:, None], "phantoms"))
    assert np.abs(homes - x).sum() / np.abs(homes).sum() == CLOSE(n - 1)


# --- preferences and zero-sum play -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tau", "lottery"),
    [(1.0, (0.342894, 0.321507, 0.335598)), (0.1, (0.330242, 0.284624, 0.385134)),
     (0.03, (0.309273, 0.292409, 0.398318))],
)  # fmt: skip
def test_the_lottery_under_a_pull_to_all_options(tau, lottery):
    """p is proportional to exp(P p / tau): the rest point of mirror descent towards equal shares; to (.3, .3,
    .4), the lottery of the cycle, as tau falls."""
    p = np.array([[0.5, 0.9, 0.2], [0.1, 0.5, 0.8], [0.8, 0.2, 0.5]])
    game = table(np.stack([p - 0.5, (p - 0.5).T], axis=-1))
    found = Learning(
        "l", rule=MagneticMirrorDescent(tau), step_size=min(0.5, max(tau, 0.1)), judged="last",
        max_rounds=6000, tolerance=0.0,
    )  # fmt: skip
    for own_play in play(found, game).play.of:
        np.testing.assert_allclose(own_play, lottery, atol=1e-6)
    shares = np.exp(p @ np.array(lottery) / tau)
    np.testing.assert_allclose(shares / shares.sum(), lottery, atol=1e-5 / tau)


def test_the_maximin_of_a_zero_sum_game_of_three():
    """Indifference of the column player: p = (1/4, 5/12, 1/3), value 1/12."""
    a = np.array([[0, -1, 2], [1, 0, -1], [-1, 1, 0]], dtype=float)
    np.testing.assert_allclose(np.array([1 / 4, 5 / 12, 1 / 3]) @ a, 1 / 12)
    (only,) = find(table(np.stack([a, -a], -1))).equilibria
    np.testing.assert_allclose(only.of[0], [0.25, 0.416667, 0.333333], atol=1e-6)
    assert table(np.stack([a, -a], -1)).payoffs(only)[0] == CLOSE(1 / 12)


# --- learning --------------------------------------------------------------------------------------------


def toy(first, second):
    return made("aga_toy", f"window = 100.0\nstart_first = {first}\nstart_second = {second}")


@pytest.mark.parametrize(
    ("point", "payoffs", "curvature"),
    [
        ((2.386189, 0.858457), (0.348720, 2.756208), (0.602, 17.544)),
        ((2.576880, 0.912153), (-0.040927, 3.140869), (-0.994, 12.746)),
        ((-0.797079, -0.681971), (0.846124, 0.624116), (0.844, 5.223)),
        ((-0.351031, -0.953410), (0.946969, 0.478934), (-1.018, 6.366)),
        ((0.0, 0.0), (0.0, 1.0), (-1.541, 4.541)),
    ],
)
def test_critical_points_of_the_toy_game(point, payoffs, curvature):
    """The slope of the sum is 0; the eigenvalues of H_c (losses) say which are maxima of the sum."""
    game = toy(*point)
    a = game.first
    assert paid(game, *point) == CLOSE(payoffs, abs=2e-6)
    np.testing.assert_allclose(collective(game.slopes(a)), 0, atol=3e-5)
    along = [
        -game.family.slopes_along(a, e.reshape(2, 1), **game.parameters).sum(axis=0)[:, 0] for e in np.eye(2)
    ]
    np.testing.assert_allclose(np.linalg.eigvalsh(np.array(along)), curvature, atol=1e-3)


@pytest.mark.parametrize("point", [(1.389840, 0.738157), (1.431777, 2.176598)])
def test_local_equilibria_of_the_toy_game(point):
    """Own slopes are 0 there: R = 2.564522 with r_1 = 1, and 7.976908."""
    game = toy(*point)
    np.testing.assert_allclose(own(game.slopes(game.first)), 0, atol=3e-5)
    assert paid(game, *point).sum() == CLOSE(2.564522 if point[1] < 1 else 7.976908, abs=2e-6)


def test_without_signs_a_saddle_attracts():
    """H_c^2 > 0, so that (0, 0), a saddle of the sum, is stable: R = 1. From (.5, .5)."""
    end = ended(toy(0.5, 0.5), AltruisticGradient(1.0, signs=False), 0.005, 6000)
    np.testing.assert_allclose(end, 0, atol=1e-4)


def test_steps_beyond_the_limit_end_in_a_swing():
    """Steps of .01 with weight 1 are above 2 / (L + L^2) = .00615, L = 17.54: two points in turn."""
    rule = AltruisticGradient(1.0)
    ends = [ended(toy(0.5, 0.5), rule, 0.01, rounds) for rounds in (4000, 4001)]
    ends.sort(key=lambda end: -end[0])
    np.testing.assert_allclose(ends, [(1.2696, 0.5793), (1.2241, 0.8060)], atol=1e-4)


FISHERY = group(4, cost=0.25)


@pytest.mark.parametrize(
    ("rule", "each"),
    [
        (Individual(), 0.75 / (5 * 0.02)),
        (StatusQuo(1.0), 0.75 * 2 / (0.02 * (5 + 8))),
        (Collective(), 0.75 / (2 * 4 * 0.02)),
        (AltruisticGradient(1.0, signs=False), 5.672269),
    ],
)
def test_ends_in_a_fishery(rule, each):
    """pi_i = e_i (A - B E), A = .75, B = .02, n = 4: Nash A/((n+1)B) = 7.5; SL A (1 + 1)/(B ((n+1) + 2 n)) =
    5.769231; all together A/(2 n B) = 4.6875.

    Without signs (1 + H_c) xi_c = -xi: with x each, xi_c = 2 n B x - A and xi = (n+1) B x - A; along equal
    moves H_c = 2 n B = .16, so 1.16 (.16 x - .75) + .1 x - .75 = 0: x = 1.62 / .2856 = 5.672269.
    """
    game = made("commons", players=FISHERY).starting_at(np.full((4, 1), 3.0))
    np.testing.assert_allclose(ended(game, rule, 0.5, 4000), each, atol=1e-5)


def test_stocks_of_a_fishery():
    """K (1 - q E / r): 40 at Nash and 62.5 at the best; 25, where the price of the catch is its cost."""
    game = made("commons", players=FISHERY)
    for effort, total in ((30, 4.5), (18.75, 7.03125), (37.5, 0.0)):
        assert paid(game, *[effort / 4] * 4).sum() == CLOSE(total, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "end"), [(ConsensusGradient(1.0), 0.75), (AltruisticGradient(1.0, signs=False), 0.3)]
)
def test_unstable_points_of_the_stag_hunt_that_rules_are_drawn_to(rule, end):
    """r_i = 4 p_i p_j + 3 (1 - p_i). Plays are shares (p, 1 - p), so that a unit along them is sqrt 2 of p:
    slopes xi = 3 - 4 p and xi_c = 3 - 8 p in p, curvatures -4 and -8 halved along equal moves.

    Consensus: (1 - 2) xi = 0 at the mixed point 3/4. Without signs: (1 - 4)(3 - 8 p) + 3 - 4 p = 0, p = 3/10.
    """
    game = mixed([[[4, 4], [0, 3]], [[3, 0], [3, 3]]])
    ends, _ = descend(game, np.array([[[0.4, 0.6], [0.5, 0.5]]]), rule, 0.02, 3000)
    np.testing.assert_allclose(ends[0, :, 0], end, atol=1e-4)


@pytest.mark.parametrize("rule", [ConsensusGradient(1.0), SymplecticGradient(1.0)])
def test_what_no_choice_of_a_player_changes_moves_no_shares(rule):
    """Payoffs of the row player plus 7 where the column player takes its second action: the same game."""
    payoffs = np.random.default_rng(8).normal(size=(3, 2, 2))
    moved = payoffs.copy()
    moved[:, 1, 0] += 7.0
    a = np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
    steps = []
    for each in (payoffs, moved):
        game = mixed(np.concatenate([each, np.full((3, 1, 2), -9.0)], axis=1))
        g = rule.direction(game, a)
        steps.append(game.feasible(a - 1e-3 * g) - a)
    np.testing.assert_allclose(steps[0], steps[1], atol=1e-12)


def mixed(payoffs):
    """A table of two players in mixed strategies."""
    payoffs = np.asarray(payoffs, dtype=float)
    rows, columns = (
        [f"{side}{k}" for k in range(many)] for side, many in zip("rc", payoffs.shape[:2], strict=True)
    )
    players = "".join(
        f'[[players]]\nname = "{side}"\nactions = {json.dumps(names)}\n'
        for side, names in (("row", rows), ("column", columns))
    )
    cells = "".join(
        f'"{r}, {c}" = {payoffs[i, j].tolist()}\n' for i, r in enumerate(rows) for j, c in enumerate(columns)
    )
    return build_game(market.loads(f'schema = 1\ngame = "mixed"\n{players}[payoffs]\n{cells}{PLAY}'))


@pytest.mark.parametrize(("alpha", "end"), [(0.45, 0.0), (0.55, 1.0)])
def test_the_selfishness_level_of_the_public_good(alpha, end):
    """(1 - c/n)/(c - 1) = 1/2 for c = 1.5, n = 2: above it all give (Apt and Schaefer)."""
    game = made("public_goods", "multiplier = 1.5", group(2, budget=1.0, cost=1.0))
    game = game.starting_at(np.full((2, 1), 0.5))
    np.testing.assert_allclose(ended(game, StatusQuo(alpha), 0.1, 2000), end, atol=1e-9)


# --- theorems on random games ----------------------------------------------------------------------------

NUMBER = st.floats(0.2, 0.9)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["public_goods", "fish_war", "cournot", "commons"]), st.integers(2, 4), NUMBER, NUMBER)
def test_priced_rest_points_of_random_concave_games_are_planner_optima(name, n, x, y):
    """At a planner's optimum of a concave sum the tax -sum_j d pi_j / d a_i makes it selfish, and the
    other way round: the first-order conditions are the same."""
    game = {
        "public_goods": lambda: made("public_goods", f"multiplier = {x}", group(n, curvature=0.5 + y)),
        "fish_war": lambda: made("fish_war", f"growth = {x}\ndiscount = {y}", group(n)),
        "cournot": lambda: made("cournot", f"intercept = {10 * x}", group(n, cost=y)),
        "commons": lambda: made("commons", f"growth = {x}", group(n, cost=y / 2)),
    }[name]()
    priced, best = play(ActionPrices("prices"), game), play(GamePlanner("planner"), game)
    assert priced.status == "cleared"
    assert best.status == "optimal"
    assert priced.payoffs.sum() == CLOSE(best.payoffs.sum(), abs=2e-6 * game.scale.max())
