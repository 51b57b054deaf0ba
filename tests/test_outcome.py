"""Outcomes: statuses, and figures of an outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import economy

from market.mechanisms import Auction, Planner, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.outcome import Status, shown

PRIMITIVES = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0])


def test_settled_statuses_are_those_in_which_a_mechanism_reached_its_goal():
    settled = {status for status in Status if status.settled}
    of_games = {Status.CORRELATED, Status.COARSE, Status.SUBGAME_PERFECT}
    of_economies = {Status.CLEARED, Status.NASH, Status.OPTIMAL, Status.SETTLED, Status.RATIONED}
    assert settled == of_economies | of_games


def test_statuses_have_one_sentence_each():
    meanings = [status.meaning for status in Status]
    assert len(set(meanings)) == len(Status)
    assert all(meaning.endswith(".") for meaning in meanings)


def test_largest_regret_is_absent_without_choices():
    planned = play(Planner("plan"), PRIMITIVES)
    assert planned.max_regret is None
    assert replace(planned, regret=np.array([0.0, 2.0])).max_regret == 2.0
    assert replace(planned, regret=np.zeros(0)).max_regret == 0.0


def test_outcome_is_printed_with_its_status():
    outcome = play(Auction("prices", Tatonnement()), PRIMITIVES)
    assert repr(outcome) == f"<Outcome 'prices': cleared after {outcome.rounds} rounds>"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (6.82e-10, "6.8e-10"), (-1.0, "-1"), (0.213, "0.21"), (12345.0, "1.2e+04")],
)
def test_small_numbers_are_shown_with_two_digits(value, text):
    assert shown(value) == text
