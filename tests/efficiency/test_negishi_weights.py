"""Negishi weights: the most equal ones that support an outcome, and zero only where they must be."""

from __future__ import annotations

import numpy as np
from helpers.economies import economy

from market.efficiency.report import alignment
from market.mechanisms import Seize, Unmediated, play


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
