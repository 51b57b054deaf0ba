"""Panels: weights that prove them sound, and lotteries that refute it, by Farkas' lemma."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market
from market.errors import InputError, ScenarioError
from market.games.mechanisms import Approval, play
from market.games.panel import NOTHING, committee, panel, weights_in_units
from market.outcome import Status

CLOSE = pytest.approx


def of(utility, lotteries, objections=0, baseline=None):
    """A panel of reviewers, the principal last, over outcomes of which the first is the baseline."""
    utility = np.array(utility, dtype=float)
    n, size = len(utility) - 1, utility.shape[1]
    lotteries = np.array(lotteries, dtype=float)
    return panel(
        [f"r{i}" for i in range(n)],
        [f"y{j}" for j in range(size)],
        np.eye(size)[0] if baseline is None else np.array(baseline, dtype=float),
        [f"a{j}" for j in range(len(lotteries))],
        lotteries,
        np.vstack([utility, np.zeros(size)]),
        objections=objections,
    )


def random_panel(seed, n=3, objections=0, size=4, proposals=6):
    rng = np.random.default_rng(seed)
    utility = rng.normal(size=(n + 1, size))
    if seed % 2:  # a principal whose utility is a weighted sum is safe with all
        utility[-1] = rng.random(n) @ utility[:-1]
    law = rng.dirichlet(np.ones(size), proposals)
    return of(utility, law, objections, rng.dirichlet(np.ones(size)))


CIRCLE = np.array([[np.cos(t), np.sin(t), np.cos(t) + np.sin(t)] for t in np.deg2rad(np.arange(360))])


def test_a_sum_of_two_reviewers_has_weights_of_one():
    """u_P = u_1 + u_2 over all directions: w = (1, 1) is the only proof: d and -d may be proposed."""
    found = committee(CIRCLE, (0, 1))
    assert found.worst == CLOSE(0.0, abs=1e-9)
    assert found.weights == CLOSE(np.ones(2), abs=1e-6)


def test_one_reviewer_alone_approves_a_direction_that_costs_one():
    """min x + y with x >= 0 on the unit circle is -1, at (0, -1)."""
    found = committee(CIRCLE, (0,))
    assert found.worst == CLOSE(-1.0, abs=1e-9)
    assert found.lottery @ CIRCLE == CLOSE([0.0, -1.0, -1.0], abs=1e-9)


def test_two_approvals_of_three_need_each_pair_to_be_sound():
    """u_P = u_1 + u_2 + u_3 with u = unit vectors: two approve d = (0, 0, -1), which costs the principal 1.

    With one more outcome of utility 0 as the baseline the outcomes are the directions e_i and -e_i.
    """
    axes = np.hstack([np.zeros((3, 1)), np.eye(3), -np.eye(3)])
    utility = np.vstack([axes, axes.sum(axis=0)])
    every = np.eye(7)[1:]
    assert of(utility, every).sound
    tolerant = of(utility, every, objections=1)
    assert not tolerant.sound
    assert not tolerant.sound_for_each
    assert len(tolerant.committees) == 3
    assert tolerant.weakest.worst == CLOSE(-1.0)


def test_single_proposals_may_be_safe_where_a_lottery_over_them_is_not():
    """Gains (residents, shops, principal): (2, -1, -1) and (-1, 2, -1). Each meets an objection, their
    half-half lottery (1/2, 1/2, -1) none: the principal loses 1."""
    found = of([[0, 2, -1], [0, -1, 2], [0, -1, -1]], [[0, 1, 0], [0, 0, 1]])
    assert found.sound_for_each
    assert not found.sound
    assert found.weakest.worst == CLOSE(-1.0)
    single, mixed = (play(Approval("m", proposals=how), found) for how in ("each", "mixed"))
    assert single.play.pure is not None
    assert found.actions[-1][single.play.pure[-1]] == NOTHING
    assert mixed.payoffs[2] == CLOSE(-1.0)
    assert (mixed.payoffs[:2] >= -1e-9).all()
    assert mixed.evidence["sound"] == 0.0
    assert mixed.evidence["sound_for_each"] == 1.0


def test_vote_is_settled_and_no_reviewer_gains_by_another_one():
    for seed in range(10):
        found = play(Approval("m"), random_panel(seed, objections=1))
        assert found.status is Status.SETTLED
        assert found.max_regret == CLOSE(0.0, abs=1e-12)


def test_best_proposal_that_passes_is_not_worse_than_the_baseline():
    for seed in range(20):
        game = random_panel(seed, n=2)
        for how in ("each", "mixed"):
            best = play(Approval("m", proposals=how, select="best"), game)
            worst = play(Approval("m", proposals=how), game)
            base = float(game.baseline @ game.utility[-2])
            assert best.payoffs[-2] >= base - 1e-9 >= worst.payoffs[-2] - 2e-9
            assert best.play.of[-1].sum() == CLOSE(1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 3))
def test_weights_prove_or_a_lottery_refutes(seed, n, objections):
    """Farkas' lemma: for each committee exactly one of the two exists."""
    game = random_panel(seed, n, min(objections, n - 1))
    for each in game.committees:
        own, principal = game.gains[:, list(each.members)], game.gains[:, -1]
        slack = principal - own @ weights_in_units(game, each)
        approved = (each.lottery @ own >= -1e-8).all()
        proved, refuted = bool((slack >= -1e-8).all()), bool(approved and each.lottery @ principal < -1e-8)
        assert proved != refuted
        assert proved == (each.worst >= -1e-8)
    if game.sound:
        assert game.sound_for_each


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-5, 5))
def test_units_and_zeros_of_utility_do_not_matter(seed, scale, shift):
    game = random_panel(seed, 3, 1)
    utility = game.utility[:-1] * np.array([scale, 1.0, 1.0, 1.0])[:, None] + shift
    other = of(utility, game.lotteries, 1, game.baseline)
    assert other.sound == game.sound
    assert other.weakest.worst == CLOSE(game.weakest.worst, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_fewer_objections_are_never_less_safe(seed):
    losses = [random_panel(seed, 4, k).weakest.worst for k in range(4)]
    assert all(strict >= loose - 1e-8 for strict, loose in itertools.pairwise(losses))


SCENARIO = """
schema = 1
game = "panel"
outcomes = ["now", "good", "bad"]
baseline = [1, 0, 0]
principal = [0, 1, -1]
proposals = { help = [0, 1, 0], harm = [0, 0, 1] }
players = [{ name = "ann", utility = [0, 1, 1] }, { name = "bob", utility = [0, 1, -1] }]
mechanisms = [{ name = "vote", kind = "approval" }]
"""


def test_scenario_with_one_objection_too_many_lets_harm_pass():
    safe = market.compare(market.loads(SCENARIO)).outcomes["vote"]
    assert safe.payoffs == CLOSE([0.0, 0.0, 0.0, 0.0])
    lax = market.compare(market.loads(SCENARIO.replace("principal", "objections = 1\nprincipal", 1)))
    assert lax.outcomes["vote"].payoffs == CLOSE([1.0, -1.0, -1.0, 0.0])
    assert "What passes may harm the principal." in lax.outcomes["vote"].reason
    assert "most that it may lose" in str(lax)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("baseline = [1, 0, 0]", "baseline = [1, 0, 0.5]", "baseline: probabilities add up to 1.5, not to 1"),
        ("help = [0, 1, 0]", "help = [0, 1]", "proposals.help: 2 probabilities for 3 outcomes"),
        ("harm = [0, 0, 1]", "harm = [2, -1, 0]", "proposals.harm: every probability must be >= 0"),
        ("principal = [0, 1, -1]", "principal = [0, 1]", "principal: 2 numbers for 3 outcomes"),
        ("principal =", "objections = 2\nprincipal =", "objections: 2 of 2 reviewers may object"),
        ('name = "ann"', 'name = "principal"', "players: 'principal' is a player anyway"),
        ("help =", "nothing =", "proposals.nothing: 'nothing' cannot name a proposal"),
        ('"good", "bad"', '"good", "good"', "outcomes[2]: 'good' is named twice"),
        ("schema = 1", "schema = 1\nconcern = 0.5", "concern: concern is not for panels"),
    ],
)
def test_careless_scenarios_are_refused_in_one_line_each(before, after, message):
    with pytest.raises(ScenarioError) as refused:
        market.compare(market.loads(SCENARIO.replace(before, after, 1)))
    assert message in str(refused.value)


def test_too_many_reviewers_are_refused():
    with pytest.raises(ScenarioError, match="profiles of votes fit a table"):
        market.compare(market.loads(SCENARIO.replace('name = "ann"', 'name = "ann", count = 20')))


def test_other_games_have_no_vote():
    chicken = 'schema = 1\ngame = "chicken"\nmechanisms = [{ name = "vote", kind = "approval" }]'
    with pytest.raises(InputError, match="is for games of panels"):
        market.compare(market.loads(chicken))


def test_a_group_of_reviewers_cannot_have_the_name_of_the_principal():
    taken = '[{ name = "principal", count = 2, utility = [0, 1, 1] }, { name = "ann"'
    with pytest.raises(ScenarioError, match="'principal' is a player anyway"):
        market.compare(market.loads(SCENARIO.replace('[{ name = "ann"', taken, 1)))
