"""What figures of games draw are the numbers of the comparison."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.figure_tests import compared, line, words
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError
from market.plots.learners import sums, way, window
from market.plots.payoff_space import polygon

CHICKEN = """
schema = 1
game = "chicken"
comparable = true
[[mechanisms]]
name = "left alone"
kind = "unmediated"
[[mechanisms]]
name = "mediator"
kind = "mediator"
[[mechanisms]]
name = "planner"
kind = "planner"
"""
FISHERS = """
schema = 1
game = "commons"
comparable = true
[[players]]
name = "fisher"
count = 2
cost = 0.25
[[mechanisms]]
name = "learning"
kind = "learning"
rule = "individual"
step = 4.0
max_rounds = 30
[[mechanisms]]
name = "prices"
kind = "auctioneer"
[[mechanisms]]
name = "planner"
kind = "planner"
"""
ADVISERS = """
schema = 1
game = "disclosure"
states = ["first", "second"]
prior = [0.3, 0.7]
actions = ["first", "second"]
user = [[1, 0], [0, 1]]
[[players]]
name = "one"
utility = [[3, 0], [2, 1]]
[[players]]
name = "two"
utility = [[1, 2], [0, 3]]
[[mechanisms]]
name = "silent"
kind = "silent"
[[mechanisms]]
name = "both"
kind = "together"
[[mechanisms]]
name = "erring"
kind = "quantal"
temperature = 0.2
"""


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


@pytest.fixture(scope="module")
def chicken():
    return compared(CHICKEN)


@pytest.fixture(scope="module")
def fishers():
    return compared(FISHERS)


@pytest.fixture(scope="module")
def advisers():
    return compared(ADVISERS)


def names(drawn):
    """The names of the figures that apply."""
    return {figure.draw.__name__ for figure in plots.GAME_FIGURES if figure.applies(drawn)}


def test_the_payoff_space_has_profiles_frontier_polygon_and_outcomes(chicken, ax):
    """The frontier of chicken is (2, 7), (6, 6), (7, 2); the polygon is that of `test_payoff_polygon`."""
    plots.payoff_space(chicken, ax)
    assert sorted(line(ax, "pure profiles").tolist()) == [[0, 0], [2, 7], [6, 6], [7, 2]]
    assert line(ax, "Pareto frontier, in lotteries").tolist() == [[2, 7], [6, 6], [7, 2]]
    for name, outcome in chicken.outcomes.items():
        assert line(ax, name)[0] == pytest.approx(outcome.payoffs)
    [area] = [patch for patch in ax.patches if patch.get_label() == "correlated equilibria"]
    drawn = area.get_xy()[:-1]
    assert np.array(drawn) == pytest.approx(polygon(chicken.game, "correlated"))
    assert np.abs(drawn - chicken.outcomes["mediator"].payoffs).sum(axis=1).min() < 1e-6
    assert "coarse correlated equilibria" not in words(ax)  # they are the same


def test_the_way_of_a_learner_is_what_was_observed_and_ends_at_its_outcome(fishers, ax):
    plots.learning_ways(fishers, ax)
    for name, outcome in fishers.outcomes.items():
        path = way(fishers, name)
        assert len(path) == outcome.rounds + 1
        assert path[-1] == pytest.approx(outcome.play.values[:, 0])
        assert path[0] == pytest.approx(fishers.game.first[:, 0])
    own = way(fishers, "learning")
    assert any(len(each.get_xdata()) == len(own) and (each.get_xydata() == own).all() for each in ax.lines)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("effort of fisher[0]", "effort of fisher[1]")
    for end in (way(fishers, name)[-1] for name in fishers.outcomes):
        assert ax.get_xlim()[0] <= end[0] <= ax.get_xlim()[1]


def test_contours_are_of_the_sum_of_payoffs(fishers):
    """Sum of payoffs (1 - 0.25 - E / 50) E, with E = e_1 + e_2, the price 1 and a catchability of 0.01."""
    game = fishers.game
    first, second, total = sums(game, window(game, np.array([[0.0, 0.0], [20.0, 20.0]])))
    effort = first[None, :] + second[:, None]
    inside = np.isfinite(total)
    assert inside.any()
    assert total[inside] == pytest.approx(((0.75 - 0.02 * effort) * effort)[inside], abs=1e-9)


def test_payoffs_by_round_are_those_of_the_table(fishers, ax):
    plots.payoff_by_round(fishers, ax)
    drawn = line(ax, "learning")
    assert drawn[:, 0].tolist() == list(range(1, fishers.outcomes["learning"].rounds + 1))
    assert drawn[-1, 1] == pytest.approx(fishers.outcomes["learning"].payoffs.sum())
    assert line(ax, "planner")[0, 1] == pytest.approx(fishers.outcomes["planner"].payoffs.sum())


def test_rounds_have_each_players_payoff_and_amount(fishers):
    own = fishers.rounds[fishers.rounds["mechanism"] == "learning"]
    last = own[own["round"] == own["round"].max()].set_index("measure")["value"]
    outcome = fishers.outcomes["learning"]
    for i, name in enumerate(fishers.game.players):
        assert last[f"payoff[{name}]"] == pytest.approx(outcome.payoffs[i])
        assert last[f"amount[{name}]"] == pytest.approx(outcome.play.values[i, 0])


def test_the_users_utility_is_drawn_with_the_least_that_equilibria_leave(advisers, ax):
    """Both advisers average to the user: the hull is 0, the bound 1; with errors 1 - 0.2 ln 2."""
    plots.user_by_protocol(advisers, ax)
    rows = {tuple(each.get_xydata()[0]) for each in ax.lines if each.get_marker() == "o"}
    assert {round(x, 6) for x, row in rows if row == 0} == {0.7}
    bounds = {each.get_ydata()[0]: each.get_xdata()[0] for each in ax.lines if each.get_marker() == "|"}
    assert bounds[1] == pytest.approx(1.0, abs=1e-6)
    assert bounds[2] == pytest.approx(1.0 - 0.2 * np.log(2.0), abs=1e-6)
    assert 0 not in bounds


def test_every_players_payoff_has_a_marker(advisers, ax):
    plots.payoffs_by_mechanism(advisers, ax)
    drawn = sorted(float(each.get_xdata()[0]) for each in ax.lines)
    assert drawn == pytest.approx(sorted(v for o in advisers.outcomes.values() for v in o.payoffs))


def test_many_players_are_drawn_as_ranges(ax):
    many = compared(FISHERS.replace("count = 2", "count = 12"), "learning")
    plots.payoffs_by_mechanism(many, ax)
    assert len(ax.lines) <= 3 * len(many.outcomes)
    assert "12 players" in ax.get_xlabel()
    assert not {f"payoff[{name}]" for name in many.game.players} & set(many.rounds["measure"])


def test_figures_apply_where_they_say_something(chicken, fishers, advisers):
    assert names(chicken) == {"payoff_space"}
    assert names(fishers) == {"payoff_space", "learning_ways", "payoff_by_round"}
    assert names(advisers) == {"user_by_protocol", "payoffs_by_mechanism"}


def test_figures_refuse_what_they_cannot_draw(advisers, chicken, ax):
    with pytest.raises(InputError, match="for two players; there are 3"):
        plots.payoff_space(advisers, ax)
    with pytest.raises(InputError, match="one free number each"):
        plots.learning_ways(chicken, ax)
    with pytest.raises(InputError, match="games of information"):
        plots.user_by_protocol(chicken, ax)


def test_unbounded_payoffs_are_named_and_not_drawn(ax):
    """In the fish war all of the stock is taken at once if each first takes half of it."""
    text = """
schema = 1
game = "fish_war"
start = [[0.5], [0.5]]
players = [{ name = "country", count = 2 }]
mechanisms = [{ name = "frozen", kind = "learning", rule = "individual", step = 1e-50, max_rounds = 1 }]
"""
    found = compared(text)
    assert np.isneginf(found.outcomes["frozen"].payoffs).all()
    plots.payoff_space(found, ax)
    assert "frozen: unbounded, out of view" in words(ax)


def test_a_sheet_has_every_figure_that_applies(fishers):
    assert len([ax for ax in plots.game_overview(fishers).axes if ax.get_title(loc="left")]) == 3
