"""Games of information: the examples with closed forms, and the theorems on random games.

In E1 to E4 the user wants the action that fits the state, and has 1 if it does. Provider i wants that too
and gets b_i more if the user takes its own action. With prior (0.3, 0.7) the user has 0.7 without
information and 1 with all of it.
"""

import numpy as np
import pytest
from helpers.information import random_game

import market
from market.errors import InputError, ScenarioError
from market.games import correlated
from market.games.disclosure import hull, information_game, members, partitions, taken
from market.games.mechanisms import Aligned, Alone, BestAI, Quantal, Silent, Together, play
from market.games.mechanisms.disclosure import Selection, softly
from market.outcome import Status

CLOSE = pytest.approx


def game(prior, pushes, care=1.0):
    """A user who wants the action that fits; provider i gets more, b, if the user takes an action."""
    size = len(prior)
    fits = np.eye(size)
    own = [care * fits + b * np.eye(size)[a] for a, b in pushes]
    names = [str(s) for s in range(size)]
    return information_game(
        names, np.array(prior), names, np.array([*own, fits]), [f"p{i}" for i in range(len(pushes))]
    )


def e1(b):
    return game([0.3, 0.7], [(0, b), (1, b)])


def e2(b):
    return game([0.3, 0.7], [(0, b), (0, 2 * b)])


E3 = game([0.3, 0.2, 0.5], [(0, 3.0), (1, 3.0)])
E4 = game([0.3, 0.7], [(0, 1.0), (1, 1.0)], care=0.0)


def user(found):
    return float(found.payoffs[-1])


def alone(of, i, select="worst"):
    return play(Alone("m", provider=f"p{i}", select=select), of)


@pytest.mark.parametrize(
    ("of", "gap", "none", "monopolies"),
    [
        (e1(0.5), 0.0, 0.7, (1.0, 1.0)),
        (e1(2.0), 0.0, 0.7, (0.7, 0.7)),
        (e1(10.0), 0.0, 0.7, (0.7, 0.7)),
        (e2(0.5), 0.25, 0.7, (1.0, None)),
        (e2(2.0), 1.0, 0.7, (0.7, 0.7)),
        (E3, 0.75, 0.5, (0.5, 0.6)),
        (E4, 0.5, 0.7, (0.7, 0.7)),
    ],
)
def test_examples_have_their_closed_forms(of, gap, none, monopolies):
    """E1: half of each provider less b / 2 is the user, e = 0. E2: provider 1 less b / 2, e = b / 2.

    E3: half of each is 1.5 too much at two of three actions, e = 0.75. E4: whatever the weights, of the two
    states one has 1 and the other 0 at an action, e = 1 / 2. Some provider would
    refine whatever is pooled, so that full disclosure is the only equilibrium in partitions."""
    assert of.nearest.gap == CLOSE(gap, abs=1e-9)
    assert of.least == CLOSE(none)
    assert of.most == CLOSE(1.0)
    for i, value in enumerate(monopolies):
        if value is not None:
            assert user(alone(of, i)) == CLOSE(value)
            assert user(alone(of, i, "best")) == CLOSE(value)
    for select in ("worst", "best"):
        found = play(Together("m", select=select), of)
        assert found.status is Status.NASH
        assert user(found) == CLOSE(1.0)
        assert found.regret == CLOSE(np.zeros(3), abs=1e-7)
    assert user(play(Aligned("m"), of)) == CLOSE(1.0)
    assert user(play(Silent("m"), of)) == CLOSE(none)


def test_worst_coarse_equilibrium_of_the_examples_discloses_all():
    for of in (e1(0.5), e1(2.0), e2(2.0), E3, E4):
        worst = correlated.extreme(of, -of.outcomes[..., -1], "coarse", correlated.obedience(of, "coarse"))
        assert (worst.probabilities * of.outcomes[..., -1]).sum() == CLOSE(1.0, abs=1e-7)


def test_a_tie_leaves_the_user_with_either():
    """E2 with b = 0.5: provider 2 gets 2 b = 1 more for action 0, which offsets a mistake exactly."""
    of = e2(0.5)
    assert user(alone(of, 1, "worst")) == CLOSE(0.7)
    assert user(alone(of, 1, "best")) == CLOSE(1.0)


@pytest.mark.parametrize("b", [0.5, 0.99, 1.01, 2.0, 10.0])
def test_monopolist_of_e1_is_that_of_kamenica_and_gentzkow(b):
    """Pooling eps of the likely state into a signal for action 0 costs eps and brings b eps: all is said iff
    b <= 1. Otherwise it is pooled until the user is indifferent, 0.3 of 0.6; the provider has 0.7 + 0.6 b."""
    of = e1(b)
    found = alone(of, 0)
    assert found.payoffs[0] == CLOSE(1.0 + 0.3 * b if b <= 1 else 0.7 + 0.6 * b)
    assert found.evidence["1: 0"] == CLOSE(0.0 if b <= 1 else 0.3, abs=1e-6)


def test_an_action_that_is_never_taken_is_not_promised():
    """A copy of the first action is never taken, since the first of equal actions is: a provider who is
    paid for the copy alone has nothing to gain. Nor one optimal only where an earlier action is as good."""
    u = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert taken(u) == [0, 2]
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    assert taken(half) == [0, 1]
    assert taken(half[:, [2, 0, 1]]) == [0, 1, 2]
    pays = np.zeros((2, 2, 3))
    pays[:, :, 1] = 1.0
    of = information_game("xy", np.array([0.4, 0.6]), "abc", np.array([*pays, u]), ["p0", "p1"])
    assert not of.monopoly.any()


def test_partitions_are_counted_by_bell_and_meet():
    assert [len(partitions(size)) for size in range(1, 8)] == [1, 2, 5, 15, 52, 203, 877]
    of = random_game(np.random.default_rng(0), 4, 3, 2)
    for one in range(0, 15, 4):
        for two in range(15):
            met = {frozenset(members(a & b)) for a in of.cells[one] for b in of.cells[two] if a & b}
            assert met == {frozenset(members(mask)) for mask in of.cells[of.joins[one, two]]}


@pytest.mark.parametrize("seed", range(6))
def test_stable_partitions_are_those_of_the_table_without_gains(seed):
    """By enumeration: a partition is stable iff a profile with this refinement leaves no stochastic gain."""
    of = random_game(np.random.default_rng(seed), 3, 3, 2)
    stable = {int(x) for x in np.flatnonzero((of.gains <= 1e-7).all(axis=1))}
    count = len(of.cells)
    without = {
        of.refinement((a, b)) for a in range(count) for b in range(count)
        if (of.deviations((a, b, 0)) <= 1e-7).all()
    }  # fmt: skip
    assert stable == without


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("aligned", [True, False])
def test_no_equilibrium_gives_less_than_the_bound(seed, aligned):
    """T1, T2, T3: full information less 2 e, also in coarse correlated equilibria; with a hull of distance 0
    the user has all. Under logit answers T ln A less."""
    of = random_game(np.random.default_rng(100 + seed), 3, 3, 2, aligned)
    if aligned:
        assert of.nearest.gap == CLOSE(0.0, abs=1e-8)
        assert of.nearest.weights.sum() == CLOSE(1.0)
    wide = hull(of.utility[:-1], of.utility[-1], by_state=True)
    assert wide.gap <= of.nearest.gap + 1e-9
    bound = of.most - 2.0 * wide.gap - 1e-6
    worst = correlated.extreme(of, -of.outcomes[..., -1], "coarse", correlated.obedience(of, "coarse"))
    assert (worst.probabilities * of.outcomes[..., -1]).sum() >= bound
    for mechanism in (Together("m"), BestAI("m")):
        found = play(mechanism, of)
        assert found.status is Status.NASH
        assert user(found) >= bound
    soft = play(Quantal("m", temperature=0.1), of)
    assert user(soft) >= bound - 0.1 * np.log(3)
    best = play(Together("m", select="best"), of)
    assert user(best) == CLOSE(of.most)  # to tell all is always an equilibrium of two


def test_best_ai_finds_what_enumeration_finds():
    for seed in range(4):
        of = random_game(np.random.default_rng(seed), 3, 3, 2)
        judge, count = Selection(of), len(of.cells)
        values = [
            of.by_partition[(a, b)[judge.heard((a, b))], -1] for a in range(count) for b in range(count)
            if (judge.deviations((a, b)) <= 1e-6 * of.scale).all()
        ]  # fmt: skip
        assert user(play(BestAI("m"), of)) == CLOSE(min(values))
        assert user(play(BestAI("m", select="best"), of)) == CLOSE(max(values))


def test_logit_answers_become_best_replies_as_they_cool():
    of = random_game(np.random.default_rng(3), 3, 3, 2)
    assert softly(of, 1e-6) == CLOSE(of.by_partition)
    warm = softly(of, 1e6)  # all actions are as likely
    even = (of.utility.mean(axis=2) * of.prior).sum(axis=1)
    assert warm == CLOSE(np.tile(even, (len(of.cells), 1)), abs=1e-5)


def test_many_providers_are_judged_as_two():
    """Five providers and three states: 3,125 profiles, and programs for each provider and cell alone."""
    of = game([0.3, 0.2, 0.5], [(0, 3.0), (1, 3.0), (2, 1.0), (0, 1.0), (1, 1.0)])
    assert user(play(Together("m"), of)) == CLOSE(1.0)
    assert user(play(BestAI("m"), of)) == CLOSE(1.0)


def test_one_provider_does_not_compete():
    of = game([0.3, 0.7], [(0, 2.0)])
    for mechanism in (Together("m"), BestAI("m"), Quantal("m")):
        with pytest.raises(InputError, match="at least two providers"):
            play(mechanism, of)
    with pytest.raises(InputError, match="no provider is called 'x'; providers are p0"):
        play(Alone("m", provider="x"), of)


TEXT = """schema = 1
game = "disclosure"
states = ["u", "v"]
prior = [0.3, 0.7]
actions = ["a", "b"]
user = [[1, 0], [0, 1]]
[[players]]
name = "one"
utility = [[3, 0], [2, 1]]
[[players]]
name = "two"
utility = [[1, 2], [0, 3]]
[[mechanisms]]
name = "m"
kind = "together"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[0.3, 0.7]", "[0.3, 0.6]", "probabilities add up to 0.9, not to 1"),
        ("[0.3, 0.7]", "[1.0]", "1 probabilities for 2 states"),
        ("[0.3, 0.7]", "[0.0, 1.0]", "every probability must be > 0"),
        ("[[1, 0], [0, 1]]", "[[1, 0]]", "1 rows of [2] numbers; 2 rows of 2 are needed"),
        ("[[3, 0], [2, 1]]", "[[3], [2, 1]]", "2 rows of [1, 2] numbers; 2 rows of 2 are needed"),
        ('["u", "v"]', '["u", "u"]', "'u' is named twice"),
        ('["u", "v"]', '["u", "v|w"]', "leave out commas, + and |"),
        ('name = "two"', 'name = "user"', "'user' is the name of the user"),
        ("prior", "concern = 1.0\nprior", "concern is not for disclosure"),
        ('name = "two"', 'name = "two"\ncount = 30', "profiles of partitions; at most 1,000,000"),
    ],
)
def test_bad_input_is_one_message(old, new, message):
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    with pytest.raises(ScenarioError) as refused:
        market.compare(market.loads(text))
    assert message in str(refused.value)
    assert len(refused.value.faults) == 1


def test_too_many_states_are_refused():
    names = [f"s{i}" for i in range(8)]
    rows = str([[1, 0]] * 8)
    text = TEXT.replace('["u", "v"]', str(names).replace("'", '"')).replace("[0.3, 0.7]", str([0.125] * 8))
    for old in ("[[1, 0], [0, 1]]", "[[3, 0], [2, 1]]", "[[1, 2], [0, 3]]"):
        text = text.replace(old, rows)
    with pytest.raises(ScenarioError, match="8 states; at most 7"):
        market.compare(market.loads(text))


def test_protocols_are_not_for_other_games():
    text = 'schema = 1\ngame = "chicken"\n[[mechanisms]]\nname = "m"\nkind = "together"\n'
    with pytest.raises(InputError, match="is for games of information"):
        market.compare(market.loads(text))
