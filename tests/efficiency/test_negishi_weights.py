"""Negishi weights: the most equal ones that support an outcome, and zero only where they must be."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import economy, with_utility
from helpers.technologies import activity, wants
from helpers.technologies import economy as technologies

from market.economy.families.utilities import UTILITIES
from market.efficiency import negishi_weights
from market.efficiency.report import alignment
from market.mechanisms import Auction, Autarky, Planner, Seize, Unmediated, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.scenario.building import build
from market.scenario.loading import loads

MILL = technologies(
    ["labour", "bread"],
    ("one", "endowment = { labour = 4.0 }\n" + wants(labour=0.5, bread=0.5)),
    ("two", "endowment = { labour = 4.0 }\n" + wants(labour=0.5, bread=0.5)),
    ("mill", activity(bread=1.0, labour=-1.0)),
)


def test_the_most_equal_weights_are_chosen_where_many_support():
    """log1p with one agent priced out: weights w1 / 11 = p >= 0.05 w2 leave w2 free up to 1.8 w1."""
    corner = economy("quasilinear", log1p=[[1.0], [0.05]], commons=[10.0])
    report = alignment(play(Unmediated("first", Seize(movers=("agent0",))), corner))
    assert not report.degenerate
    np.testing.assert_allclose(report.negishi_weights, [0.5, 0.5], atol=1e-9)


def test_weights_are_zero_only_where_they_must_be():
    """The first takes all of good 0, the second all of good 1, the third gets nothing."""
    three = economy("quasilinear", log=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], commons=[2.0, 3.0])
    report = alignment(play(Unmediated("in turn", Seize(movers=("agent0", "agent1"))), three))
    assert report.efficient is True
    assert report.degenerate
    np.testing.assert_allclose(report.negishi_weights, [0.5, 0.5, 0.0], atol=1e-9)


def test_a_tiny_weight_is_not_zero():
    """The second values a unit a thousand million times as much, so it counts that much less."""
    rich = economy("exchange", log1p=[[1.0], [1e9]], commons=[2.0])
    report = alignment(play(Unmediated("first", Seize(movers=("agent0",))), rich))
    np.testing.assert_allclose(report.negishi_weights, [1.0, 1e-9 / 3.0], rtol=1e-6)
    assert not report.degenerate


@pytest.mark.parametrize("mechanism", [Planner("planner"), Auction("prices", Tatonnement())])
def test_equal_weights_are_reported_wherever_they_support_an_outcome(mechanism):
    """u = 3 a + b and a + 2 b, each consuming what it likes better: w_1 / w_2 can be 1/3 to 2."""
    given, own = {"weights": [[3.0, 1.0], [1.0, 2.0]]}, np.ones((2, 2))
    two = with_utility("exchange", UTILITIES["linear"], given, endowment=own, numeraire=1)
    np.testing.assert_array_equal(alignment(play(mechanism, two)).negishi_weights, [0.5, 0.5])


def test_equal_weights_are_found_by_the_program_at_kinks():
    """Two agents want pairs of their own goods, at any prices: w_i is the price of a pair or a part of it."""
    given = {"weights": [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.2, 0.2]]}
    own = [[3.0, 3.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
    two = with_utility("exchange", UTILITIES["leontief"], given, endowment=own)
    report = alignment(play(Unmediated("autarky", Autarky()), two))
    np.testing.assert_allclose(report.negishi_weights, [0.5, 0.5], rtol=1e-9)


def test_firms_have_no_weight():
    """Two consumers with equal weights and a mill whose profits they own: a half each."""
    report = alignment(play(Planner("planner"), build(loads(MILL), 0)))
    np.testing.assert_allclose(report.negishi_weights, [0.5, 0.5, 0.0], rtol=1e-12)
    assert not report.degenerate


def test_no_weights_are_looked_for_where_two_of_many_would_swap(monkeypatch):
    """u = log a + log b with (4, 1) and (1, 4): each gives up to 4 of one for 1 of the other, and 4 * 4 > 1.

    With the program the least violation is as clear; with it or without, the verdict is the same.
    """
    owned = np.array([[4.0, 1.0], [1.0, 4.0], [2.0, 2.0]])
    three = economy("exchange", log=[[1.0, 1.0]] * 3, endowment=owned, numeraire=1)
    home = play(Unmediated("home", Autarky()), three)
    exact = alignment(home)
    monkeypatch.setattr(negishi_weights, "MANY_AGENTS", 2)
    quick = alignment(home)
    assert exact.residual <= quick.residual
    assert exact.residual > 0.1
    assert quick.efficient is exact.efficient is False
    even = economy("exchange", log=[[1.0, 1.0]] * 3, endowment=np.full((3, 2), 2.0), numeraire=1)
    assert alignment(play(Unmediated("home", Autarky()), even)).efficient is True
