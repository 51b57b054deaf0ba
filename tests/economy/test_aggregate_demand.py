"""Aggregate demand: totals first, quantities per agent when they are read."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from helpers.economies import LINEAR, economy, with_utility

from market.economy.aggregate_demand import AggregateDemand, AnswersInTotal, OwnAnswers
from market.economy.primitives import Economy

P = np.array([0.5, 2.0])


def consumers(agents=4):
    return economy("quasilinear", log=[[1.0, 2.0]] * agents, commons=[8.0, 4.0])


@pytest.fixture
def asked(monkeypatch):
    """The economies that were asked for answers per agent."""
    seen, answers = [], Economy.answers

    def noted(self, p):
        seen.append(self)
        return answers(self, p)

    monkeypatch.setattr(Economy, "answers", noted)
    return seen


def test_agents_are_not_asked_for_totals_of_a_closed_form(asked):
    answers = AggregateDemand(consumers())(P)
    assert answers.total_demand.lowest.tolist() == [8.0, 4.0]
    assert not asked
    assert answers.demand.lowest.tolist() == [[2.0, 1.0]] * 4
    assert answers.demand is answers.demand
    assert len(asked) == 1
    answers.by_agent()
    assert len(asked) == 2  # not cached


def test_own_answers_enter_totals_and_rows():
    rows = np.array([1])
    own = OwnAnswers(rows, np.array([[5.0, 6.0]]), np.array([[0.0, 7.0]]))
    answers = AggregateDemand(consumers(), rows)(P, own)
    assert answers.total_demand.lowest.tolist() == [6.0 + 5.0, 3.0 + 6.0]
    assert answers.total_supply.lowest.tolist() == [0.0, 7.0]
    assert answers.demand.lowest[:2].tolist() == [[2.0, 1.0], [5.0, 6.0]]
    assert answers.supply.lowest[1].tolist() == [0.0, 7.0]


def test_coupled_demand_is_answered_agent_by_agent():
    """u = x + y at equal prices and a budget: the agents are indifferent between the goods."""
    tied = with_utility("fisher", LINEAR, {"weights": [[1.0, 1.0]] * 2}, budget=[1.0, 2.0])
    answers = AggregateDemand(tied)(np.ones(2))
    assert not isinstance(answers, AnswersInTotal)
    assert answers.is_coupled


def test_prices_of_answers_are_copied():
    p = P.copy()
    answers = AggregateDemand(consumers())(p)
    p[:] = 9.0
    assert answers.demand.lowest[0].tolist() == [2.0, 1.0]


def test_prepared_sums_are_not_pickled():
    together = AggregateDemand(consumers())
    together(P)
    assert set(vars(pickle.loads(pickle.dumps(together)))) == {"economy", "apart"}
