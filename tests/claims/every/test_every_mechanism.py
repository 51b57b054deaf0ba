"""Claims about every mechanism, rule and game, on random economies."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.strategies import SOAK, economies, one_of_each_mechanism
from hypothesis import given, settings

from market.efficiency.report import alignment
from market.mechanisms import MECHANISMS, play
from market.outcome import Status

some = settings(max_examples=15 * SOAK)


def test_every_mechanism_is_among_the_players():
    from helpers.economies import economy as economy_of
    from helpers.economies import references

    stock, owned = (
        references()["commons of two"].economy,
        economy_of("exchange", log=[[1, 2], [2, 1]], endowment=[[1, 0], [0, 1]]),
    )
    players = (player for economy in (stock, owned) for player in one_of_each_mechanism(economy))
    assert {player.name for player in players} == set(MECHANISMS.names)


@some
@given(economies(max_agents=4, max_goods=2))
def test_every_outcome_is_feasible_and_its_books_balance(economy):
    for player in one_of_each_mechanism(economy):
        outcome = play(player, economy)
        x, y = outcome.consumption, outcome.production
        assert x.shape == y.shape == economy.shape
        assert np.isfinite(x).all()
        assert (x >= 0).all()
        assert (y >= 0).all()
        assert (y <= economy.capacity * (1 + 1e-12)).all()
        assert (x.sum(axis=0) <= (economy.resources + y.sum(axis=0)) * (1 + 1e-9)).all(), player.label
        np.testing.assert_array_equal(outcome.utilities, economy.welfare(x, y))
        assert outcome.revenue == pytest.approx(outcome.payments.sum(), abs=1e-12)
        assert outcome.reason.endswith(".")
        if outcome.status is Status.NASH:
            assert outcome.evidence.get("relative_regret", outcome.max_regret) <= 1e-9


@some
@given(economies(max_agents=4, max_goods=2))
def test_playing_twice_gives_the_same_outcome(economy):
    for player in one_of_each_mechanism(economy):
        one, other = play(player, economy), play(player, economy)
        np.testing.assert_array_equal(one.consumption, other.consumption)
        assert one.reason == other.reason


@some
@given(economies(max_agents=4, max_goods=2))
def test_every_report_is_consistent(economy):
    """An improvement is reported exactly where an outcome is inefficient, and weights sum to one."""
    for player in one_of_each_mechanism(economy):
        outcome = play(player, economy)
        report = alignment(outcome)
        if report.efficient is False:
            assert report.improvement is not None
        if report.efficient is True:
            assert report.improvement is None
            # Nothing that can be improved in goods alone can use fewer resources; the reverse is not so.
        if report.negishi_weights is not None:
            assert report.negishi_weights.sum() == pytest.approx(1.0)
            assert (report.negishi_weights >= 0).all()
        if report.efficient_with_transfers:
            assert report.efficient is not False
        if report.surplus_gap is not None:
            assert report.surplus_gap >= 0
        if report.resource_utilisation is not None:
            assert 0 <= report.resource_utilisation <= 1
