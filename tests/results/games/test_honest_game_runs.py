"""Runs that random games showed to be refused, or to warn, though nothing in them is wrong."""

import dataclasses
import math

import numpy as np
import pytest

import market
from market.results.games.folder import write_game_run
from market.results.games.verify import verify_game

HEAD = "schema = 1\ncomparable = true\n"


def refused(text: str, folder) -> list[str]:
    """The claims of a run that verify refuses."""
    written = write_game_run(market.compare(market.loads(HEAD + text)), folder)
    return [f"{claim.name}: {claim.detail}" for claim in verify_game(written).claims if claim.holds is False]


def players(count: int, **numbers: float) -> str:
    """Players of one kind."""
    return f'[[players]]\nname = "p"\ncount = {count}\n' + "".join(f"{k} = {v}\n" for k, v in numbers.items())


def mechanism(kind: str, **options: object) -> str:
    """A mechanism of that kind."""
    lines = [
        f"{key} = {str(value).lower() if value is True or value is False else repr(value)}\n"
        for key, value in options.items()
    ]
    return f'[[mechanisms]]\nname = "m"\nkind = "{kind}"\n' + "".join(lines)


@pytest.mark.parametrize("welfare", ["sum", "min"])
def test_a_stock_that_is_used_up_gives_minus_infinity_also_to_those_who_grudge_others(tmp_path, welfare):
    """U = pi_i - 0.3 pi_j has no value where both are -inf; a player without payoff counts as worst off."""
    text = 'game = "fish_war"\nconcern = -0.3\n' + players(3)
    assert refused(text + mechanism("planner", welfare=welfare), tmp_path) == []


@pytest.mark.parametrize("count", [2, 5])
def test_learners_who_end_where_nothing_is_left_have_an_improvement(tmp_path, count):
    """Who starts where the whole stock is taken has -inf, and any play that leaves some of it is better.

    One player of five cannot undo that alone and gains nothing; one of two gains without bound.
    """
    text = f'game = "fish_war"\nstart = {[[0.6]] * count}\n' + players(count)
    text += mechanism("learning", rule="collective", cap=1e-9, max_rounds=1)
    assert refused(text, tmp_path) == []
    report = market.compare(market.loads(HEAD + text)).reports["m"]
    assert report.efficient is False
    assert (report.gains == float("inf")).all()


@pytest.mark.parametrize("kind", ["planner", "unmediated"])
def test_rewards_of_the_game_itself_are_recorded_under_every_mechanism(tmp_path, kind):
    """A bonus for giving where others gave before is part of U, also where nobody redesigned anything."""
    text = 'game = "public_goods_in_order"\nparameters = { multiplier = 1.5, synergy = 1.0, steps = 5 }\n'
    assert refused(text + players(2, curvature=0.0) + mechanism(kind), tmp_path) == []


def test_a_convex_program_over_lotteries_gives_no_warning_of_its_solver(tmp_path):
    """Payoffs of the first player that hardly differ leave the solver near its tolerance."""
    text = """
game = "table"
payoffs = { "a, a" = [2, -2], "a, b" = [2, 2], "b, a" = [2, 4], "b, b" = [-3, 5] }
players = [{ name = "p", actions = ["a", "b"] }, { name = "q", actions = ["a", "b"] }]
"""
    options = 'welfare = "nash"\nweights = { q = 3.0 }\ndisagreement = { p = -1.0 }\n'
    assert refused(text + mechanism("planner") + options, tmp_path) == []


def test_the_bound_on_totals_is_that_at_the_best_play_also_where_a_mechanism_finds_it(tmp_path):
    """Weights, and not the sum, move the planner; the sum is largest at equal parts of 1 - alpha beta."""
    text = 'game = "fish_war"\nparameters = { growth = 0.5, discount = 0.1 }\n' + players(5)
    assert refused(text + mechanism("auctioneer", max_rounds=60), tmp_path) == []
    totals = market.compare(market.loads(HEAD + text + mechanism("planner"))).reports["m"].totals
    due = 5 * (math.log(0.95 / 5) + 0.05 / 0.95 * math.log(0.05))
    assert totals.best == pytest.approx(due, rel=1e-9)


def test_an_angle_of_payoffs_that_are_minus_infinity_moves_nobody(tmp_path):
    """Social value orientation divides the others' payoffs by one's own."""
    text = 'game = "fish_war"\nstart = [[0.6], [0.6]]\n' + players(2)
    assert refused(text + mechanism("learning", rule="svo", max_rounds=3), tmp_path) == []


def test_prices_at_equal_homes_are_costs_to_others(tmp_path):
    """The median stays if one of two reports in it moves away from the other side: half of a slope."""
    homes = "".join(f'[[players]]\nname = "p{k}"\nhome = {h}\n' for k, h in enumerate((0.1, 0.3, 0.3, 0.98)))
    text = 'game = "facility"\nrule = "phantoms"\nconcern = 0.5\n' + homes
    assert refused(text + mechanism("auctioneer", max_rounds=300), tmp_path) == []


def test_a_gain_by_rounding_is_one_where_the_tolerance_is_nought(tmp_path):
    """Replies that come back by rounding alone cycle, if no gain is small enough to be none."""
    costs = ((2.04, 2.0), (0.206415, 2.0), (4.0449, 0.0), (4.81, 2.0), (6.7, 2.0), (3.0, 2.0))
    firms = "".join(
        f'[[players]]\nname = "p{k}"\ncost = {c}\ncurvature = {d}\n' for k, (c, d) in enumerate(costs)
    )
    text = 'game = "cournot"\nparameters = { intercept = 15.0, slope = 1.01 }\n' + firms
    assert refused(text + mechanism("unmediated", max_rounds=60, tolerance=0.0), tmp_path) == []


def test_a_reply_is_searched_over_all_that_a_player_may_do(tmp_path):
    """sin(a b + b^2) has many maxima over a wide window; the bounds and the middle lead to few of them."""
    text = 'game = "aga_toy"\nconcern = 0.2\nparameters = { start_first = -2.89, start_second = -2.35 }\n'
    text += mechanism("learning", rule="sga", step=0.001, max_rounds=2)
    assert refused(text, tmp_path) == []


@pytest.mark.parametrize("start_level", [0, 4, 8])
def test_a_policy_that_must_change_at_several_levels_to_gain_is_found(tmp_path, start_level):
    """Who starts to clean at one level alone gains nothing: the levels below are not reached."""
    text = f'game = "cleanup"\nstart = {[[0.0] * 9] * 2}\n'
    text += f"parameters = {{ start_level = {start_level}, pollution = 0.3, cleaning = 0.9 }}\n" + players(2)
    learns = text + mechanism("learning", rule="individual", step=1e-6, max_rounds=1)
    assert refused(learns, tmp_path) == []
    assert market.compare(market.loads(HEAD + learns)).outcomes["m"].max_regret > 0.1


def test_a_player_who_rests_where_the_sum_is_not_largest_is_no_end_of_rounds(tmp_path):
    """Both are paid what the other gets; the column keeps defecting, and nothing moves after two rounds."""

    class Stubborn(market.Player):
        def act(self, others, advised):
            return "defect"

    text = 'game = "prisoners_dilemma"\n' + mechanism("auctioneer", transfers="groves")
    compared = market.compare(market.loads(HEAD + text), players={"column": Stubborn})
    outcome = compared.outcomes["m"]
    assert (outcome.status.value, outcome.rounds) == ("failed", 2)
    written = write_game_run(compared, tmp_path)
    assert [claim.name for claim in verify_game(written).claims if claim.holds is False] == []


def test_what_is_wished_and_lost_weighs_more_than_what_is_grudged_and_lost():
    """Rows: own -inf; another's -inf that is wished; that is grudged; all finite."""
    game = market.from_payoffs(np.zeros((1, 1, 1, 3)))
    game = dataclasses.replace(game, concern=np.array([[0.0, 0.5, -1.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    lost = -np.inf
    np.testing.assert_array_equal(game.cared_for(np.array([lost, 1.0, lost])), [lost, np.inf, lost])
    np.testing.assert_array_equal(game.cared_for(np.array([[0.0, lost, 1.0], [1.0, 2.0, 3.0]])),
                                  [[lost, lost, 1.0], [-1.0, 1.0, 3.0]])  # fmt: skip


@pytest.mark.parametrize("unit", [1e-7, 1.0, 1e7])
def test_the_largest_product_is_found_and_judged_in_any_unit(tmp_path, unit):
    """Prisoners dilemma with d = 1: (3, 3) has the largest product of gains; its logarithm has no unit."""
    payoffs = {"a, a": (3, 3), "a, b": (0, 5), "b, a": (5, 0), "b, b": (1, 1)}
    stated = ", ".join(f'"{k}" = [{p * unit}, {q * unit}]' for k, (p, q) in payoffs.items())
    text = f"""
game = "table"
payoffs = {{ {stated} }}
players = [{{ name = "p", actions = ["a", "b"] }}, {{ name = "q", actions = ["a", "b"] }}]
"""
    d = f"disagreement = {{ p = {0.5 * unit}, q = {0.5 * unit} }}\n"
    text += mechanism("planner", welfare="nash") + d
    assert market.compare(market.loads(HEAD + text)).outcomes["m"].status.value == "optimal"
    assert refused(text, tmp_path) == []
