"""Tables: payoffs, gains from deviating, lotteries, weights, equilibria; reference answers of textbook games.

Payoffs of row / column, both symmetric: prisoner's dilemma (3,0;5,1), chicken (6,2;7,0), stag hunt (4,0;3,3),
battle of the sexes (2,0;0,1)/(1,0;0,2), Shapley (1964).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import InputError
from market.games import correlated, equilibria, lotteries
from market.games.plays import Joint, Mixtures, joint
from market.games.table import Table, disobedience, external, spread_of, table

PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
GAMES = {
    "dilemma": [[[3, 3], [0, 5]], [[5, 0], [1, 1]]],
    "sexes": [[[2, 1], [0, 0]], [[0, 0], [1, 2]]],
    "chicken": [[[6, 6], [2, 7]], [[7, 2], [0, 0]]],
    "stag": [[[4, 4], [0, 3]], [[3, 0], [3, 3]]],
    "shapley": [[[0, 0], [0, 1], [1, 0]], [[1, 0], [0, 0], [0, 1]], [[0, 1], [1, 0], [0, 0]]],
}


def game(name: str) -> Table:
    return table(np.array(GAMES[name], dtype=float), comparable=True)


@pytest.mark.parametrize(
    ("name", "payoffs"),
    [
        ("dilemma", [(1, 1)]),
        ("sexes", [(2, 1), (1, 2), (2 / 3, 2 / 3)]),
        ("chicken", [(2, 7), (7, 2), (14 / 3, 14 / 3)]),
        ("stag", [(4, 4), (3, 3), (3, 3)]),
        ("shapley", [(1 / 3, 1 / 3)]),
    ],
)
def test_all_equilibria_of_textbook_games_are_found(name, payoffs):
    """Mixed ones make the other indifferent: chicken 6q + 2(1-q) = 7q, q = 2/3, payoff 14/3; stag 4q = 3."""
    found = equilibria.find(game(name))
    assert found.complete
    got = [tuple(game(name).payoffs(each)) for each in found.equilibria]
    np.testing.assert_allclose(got, payoffs, atol=1e-12)
    assert max(game(name).regret(each)[0].max() for each in found.equilibria) <= 1e-12


@pytest.mark.parametrize(
    ("name", "least", "largest"),
    [("dilemma", 2, 2), ("sexes", 4 / 3, 3), ("chicken", 7.2, 10.5), ("stag", 6, 8), ("shapley", 2 / 3, 1)],
)
@pytest.mark.parametrize("kind", ["correlated", "coarse"])
def test_sums_over_correlated_equilibria(name, least, largest, kind):
    """Chicken: advice (swerve, swerve) with 1/2 and each other pair without a crash with 1/4 has 10.5.

    Obeying "swerve": the other swerves with 2/3, so that swerving has 14/3 as straight has. More weight on
    both swerving would be disobeyed.
    """
    sums = game(name).outcomes.sum(axis=-1)
    for sign, end in ((-1.0, least), (1.0, largest)):
        found = correlated.extreme(game(name), sign * sums, kind)
        assert (found.probabilities * sums).sum() == pytest.approx(end, abs=1e-9)
        gains = (disobedience if kind == "correlated" else external)(game(name).choices, found.probabilities)
        assert gains.max() <= 1e-9
        bound = sign * sums.ravel() - correlated.obedience(game(name), kind).T @ found.multipliers
        assert sign * bound.max() == pytest.approx(end, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "payoffs", "gains", "residual"),
    [
        ("dilemma", (1, 1), 4, 0.4),
        ("sexes", (2 / 3, 2 / 3), 5 / 3, None),
        ("chicken", (14 / 3, 14 / 3), 8 / 3, None),
        ("stag", (3, 3), 2, None),
        ("shapley", (1 / 3, 1 / 3), 1 / 3, None),
    ],
)
def test_lotteries_that_improve_on_the_worst_equilibrium(name, payoffs, gains, residual):
    """Dilemma: (3, 3) adds 4 in all; no weights support (1, 1), the nearest miss by 2 of a range of 5,
    0.4."""
    points = game(name).outcomes.reshape(-1, 2)
    found = lotteries.improvement(points, np.array(payoffs, dtype=float))
    assert found.gains.sum() == pytest.approx(gains, abs=1e-9)
    np.testing.assert_allclose(
        points[found.profiles].T @ found.probabilities - payoffs, found.gains, atol=1e-9
    )
    if residual is not None:
        assert lotteries.supporting(points, np.array(payoffs, dtype=float)).residual == pytest.approx(
            residual
        )


@pytest.mark.parametrize(("payoffs", "weights"), [((2, 7), (0.2, 0.8)), ((7, 2), (0.8, 0.2))])
def test_an_efficient_profile_of_a_table_has_positive_weights(payoffs, weights):
    """(6, 6) and (2, 7): 4 w1 = w2 makes them equal, and every other weight closer to equal prefers (6,
    6)."""
    points = game("chicken").outcomes.reshape(-1, 2)
    assert lotteries.improvement(points, np.array(payoffs, dtype=float)).slack == 0.0
    np.testing.assert_allclose(
        lotteries.supporting(points, np.array(payoffs, float)).weights, weights, atol=1e-9
    )


def test_a_profile_can_be_efficient_among_profiles_and_not_in_lotteries():
    """(1, 1) beside (4, 0) and (0, 4): no profile is better for both, half and half has (2, 2)."""
    points = np.array([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0], [0.0, 0.0]])
    found = lotteries.improvement(points, np.array([1.0, 1.0]))
    np.testing.assert_allclose(found.gains, [1.0, 1.0])


def test_a_degenerate_game_is_not_called_complete():
    """A player that is indifferent makes a continuum of equilibria, of which the search finds some."""
    flat = table(np.array([[[1.0, 1.0], [1.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]]))
    assert not equilibria.find(flat).complete


def test_three_players_are_searched_in_pure_profiles_alone():
    """Each wants to be the only one of the three that differs: the six profiles with one odd are
    equilibria."""
    odd = np.zeros((2, 2, 2, 3))
    for s in np.ndindex(2, 2, 2):
        for i in range(3):
            odd[(*s, i)] = float(sum(s[j] == s[i] for j in range(3)) == 1)
    found = equilibria.find(table(odd))
    assert not found.complete
    assert len(found.equilibria) == 6


def test_obedience_and_one_action_for_all_differ_in_a_distribution():
    """Pennies drawn equal: the second, told heads, knows the first shows heads too: it gains 2.

    By one action for all it gains 1: half of the time it wins instead of never.
    """
    p = np.diag([0.5, 0.5])
    pennies = np.array(PENNIES, dtype=float)
    np.testing.assert_allclose(disobedience(pennies, p), [0.0, 2.0])
    np.testing.assert_allclose(external(pennies, p), [-1.0, 1.0])


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        (np.zeros((2, 2)), "for n players it is"),
        (np.zeros((2, 2, 3)), "for n players it is"),
        (np.full((2, 2, 2), np.inf), "not a finite number"),
        (np.full((2, 2, 2), 1e308), "not a finite number"),
        (np.zeros((1,) * 40 + (40,)), "40 players; at most 30"),
        (np.zeros((0, 2, 2)), "for n players it is"),
    ],
)
def test_arrays_that_are_no_game_are_refused(payoffs, message):
    with pytest.raises(InputError, match=message):
        table(payoffs)


def test_too_many_profiles_are_refused():
    with pytest.raises(InputError, match="profiles; at most"):
        table(np.broadcast_to(0.0, (10,) * 7 + (7,)))


@st.composite
def tables(draw):
    sizes = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    numbers = st.integers(-5, 5)
    many = int(np.prod(sizes)) * len(sizes)
    values = draw(st.lists(numbers, min_size=many, max_size=many))
    return table(np.array(values, dtype=float).reshape(*sizes, len(sizes)), comparable=True)


@given(tables(), st.randoms(use_true_random=False))
def test_properties_of_random_tables(found, random):
    """Payoffs of mixtures are those of their joint distribution; every Nash equilibrium is a coarse one.

    An improving lottery is feasible and better; where there is none, positive weights support the outcome
    (Arrow, Barankin and Blackwell 1953).
    """
    mixtures = Mixtures(tuple(np.array([random.random() + 1e-3 for _ in range(k)]) for k in found.sizes))
    mixtures = Mixtures(tuple(p / p.sum() for p in mixtures.of))
    together = Joint(joint(mixtures))
    np.testing.assert_allclose(found.payoffs(mixtures), found.payoffs(together), atol=1e-10)
    np.testing.assert_allclose(
        found.regret(mixtures)[0], np.maximum(external(found.choices, together.probabilities), 0.0), atol=1e-9
    )
    points, v = found.outcomes.reshape(-1, found.size), found.payoffs(mixtures)
    better = lotteries.improvement(points, v)
    r = spread_of(points)
    if better.slack > 1e-7:
        gains = points[better.profiles].T @ better.probabilities - v
        assert (gains / r >= -1e-8).all()
    else:
        weights = lotteries.supporting(points, v)
        assert weights.residual <= 1e-7
        assert (weights.weights > 0).all()
    sums = found.outcomes.sum(axis=-1)
    ends = [
        (correlated.extreme(found, sign * sums, "coarse").probabilities * sums).sum() for sign in (-1.0, 1.0)
    ]
    for each in equilibria.find(found).equilibria:
        assert found.regret(each)[0].max() <= 1e-7 * found.scale.max()
        total = found.payoffs(each).sum()
        assert ends[0] - 1e-6 * r.sum() <= total <= ends[1] + 1e-6 * r.sum()


def test_lotteries_over_many_profiles_are_exact(monkeypatch):
    """Adding violated profiles one batch after another ends at the answer with all of them."""
    rng = np.random.default_rng(7)
    points = rng.normal(size=(20_000, 3))
    v = points.mean(axis=0)
    few = lotteries.improvement(points, v)
    monkeypatch.setattr(lotteries, "FIRST", 10**6)
    whole = lotteries.improvement(points, v)
    assert few.slack == pytest.approx(whole.slack, abs=1e-8)


def test_players_of_one_action_each_are_in_equilibrium():
    """No other action, so no conditions on advice: the one profile is all there is."""
    one = table(np.ones((1, 1, 2)), comparable=True)
    for kind in ("correlated", "coarse"):
        assert correlated.extreme(one, one.outcomes[..., 0], kind).probabilities.item() == 1.0


@pytest.mark.parametrize(("unit", "offset"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e7)])
def test_units_and_offsets_of_payoffs_change_no_verdict(unit, offset):
    """Chicken: advice of largest sum has 10.5; of largest least 5.25 each; the slack of crashing is 12/7."""
    moved = table(np.array(GAMES["chicken"]) * unit + offset, comparable=True)
    best = correlated.extreme(moved, moved.outcomes.sum(axis=-1), "correlated").probabilities
    least = correlated.extreme_least(moved, "correlated")
    for p, total in ((best, 10.5), (least, 10.5)):
        v = moved.payoffs(Joint(p))
        assert (v.sum() - 2 * offset) / unit == pytest.approx(total, abs=1e-5)
    points = moved.outcomes.reshape(-1, 2)
    assert lotteries.improvement(points, points[3]).slack == pytest.approx(12 / 7, abs=1e-6)
    assert lotteries.improvement(points, points[1]).slack <= 1e-7


def test_equal_payoffs_have_their_size_as_scale():
    """In the unit of 1 the rounding of 1e9 would be a gain; concern may leave rounding in the place of 0."""
    same = table(np.full((2, 2, 2), 1e9))
    np.testing.assert_array_equal(same.scale, [1e9, 1e9])
    thirds = np.array([[[0.1, 0.2], [0.3, 0.0]], [[0.7, -0.4], [0.1, 0.2]]])
    caring = table(thirds, concern=1.0 - np.eye(2))
    assert (caring.scale > 0.1).all()
