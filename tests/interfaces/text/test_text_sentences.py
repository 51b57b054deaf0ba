"""Interpretations say what the report says, in every case of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import stories

import market
from market.interfaces.text.sentences import (
    count,
    ending,
    judgements,
    named_or_counted,
    quoted,
    status_word,
    unsettled,
    yes,
)


@pytest.fixture(scope="module")
def compared():
    return market.compare(market.loads(stories.COMMONS), ["first mover", "prices"])


def judged(compared, **changes):
    """The sentence on `prices` if its report were another."""
    report = dataclasses.replace(compared.alignments["prices"], **changes)
    changed = dataclasses.replace(compared, alignments={"prices": report})
    return judgements(changed)[0].removeprefix("Under 'prices' the outcome is ")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Pareto efficient, and total surplus is maximal."),
        (
            {"efficient_with_transfers": False, "surplus_gap": 2.0},
            "Pareto efficient; with transfers, unrealised gains from trade (deadweight loss): 2.",
        ),
        (
            {"efficient_with_transfers": False, "surplus_gap": np.inf},
            "Pareto efficient; with transfers, unrealised gains from trade (deadweight loss): unbounded.",
        ),
        ({"efficient_with_transfers": None}, "Pareto efficient."),
        (
            {"degenerate": True, "negishi_weights": np.array([1.0, 0.0]), "efficient_with_transfers": None},
            "Pareto efficient, but only with zero weight on beta.",
        ),
        (
            {"efficient": None, "unknown": {"efficient": "too large"}},
            "not known to be Pareto efficient (efficient: too large).",
        ),
        (
            {"efficient": False, "resource_utilisation": 1.0 - 1e-9},
            "not Pareto efficient: some agents could gain without a loss to any other.",
        ),
        (
            {"efficient": False, "resource_utilisation": 0.5},
            "not Pareto efficient: some agents could gain without a loss to any other. 50 % of the resources "
            "would suffice for the utilities reached.",
        ),
        (
            {"efficient": False, "resource_utilisation": 0.0},
            "not Pareto efficient: some agents could gain without a loss to any other. All resources are "
            "wasted: every agent would be as well off without any.",
        ),
    ],
)
def test_each_verdict_has_its_sentence(compared, changes, sentence):
    assert judged(compared, **changes) == sentence


def test_with_budgets_efficiency_with_transfers_is_not_called_maximal_surplus(compared):
    capped = dataclasses.replace(compared, economy=dataclasses.replace(compared.economy, budget=np.ones(2)))
    assert judged(capped) == "Pareto efficient, also if agents may pay one another."


@pytest.mark.parametrize(
    ("gains", "improvement", "sentence"),
    [
        ([1.0, 1.0], True, "all agents gain and no agent loses: a Pareto improvement."),
        ([1.0, 0.0], True, "alpha gains and no agent loses: a Pareto improvement."),
        ([1.0, 0.0], False, "alpha gains and no agent loses, but revenue falls."),
        ([1.0, -1.0], False, "alpha gains and beta loses."),
        ([0.0, -1.0], False, "no agent gains and beta loses."),
        ([-1.0, -1.0], False, "no agent gains and all agents lose."),
        (
            [0.0, 0.0],
            True,
            "no agent gains or loses, but revenue rises: a Pareto improvement.",
        ),
        ([0.0, 0.0], False, "no agent gains or loses."),
    ],
)
def test_each_change_has_its_sentence(compared, monkeypatch, gains, improvement, sentence):
    from market.efficiency.contrast import Contrast

    contrast = Contrast(np.array(gains), improvement)
    monkeypatch.setattr(type(compared), "contrasts", lambda _: {"prices": contrast})
    assert judgements(compared)[-1] == f"Under 'prices', compared with 'first mover', {sentence}"


def test_agents_are_named_if_few_and_counted_if_many():
    economy = market.build(market.loads(stories.crowd(40, "prices")))
    chosen = np.arange(len(economy.agents)) < 3
    assert named_or_counted(economy, chosen).count(",") == 2
    assert named_or_counted(economy, np.arange(len(economy.agents)) < 4) == f"4 of {len(economy.agents)}"
    assert named_or_counted(economy, np.ones(len(economy.agents), bool)) == "all"
    assert named_or_counted(economy, np.zeros(len(economy.agents), bool)) == "none"


def test_a_status_is_a_word_of_game_theory(compared):
    assert ending(compared.outcomes["first mover"]) == "Nash equilibrium after 2 rounds."
    stopped = dataclasses.replace(compared.outcomes["prices"], status=market.Status.MAX_ROUNDS, rounds=1)
    assert ending(stopped) == "Stopped after 1 round."
    assert [status_word(s) for s in (market.Status.NASH, market.Status.MAX_ROUNDS)] == ["Nash", "max rounds"]


def test_words_for_numbers_and_lists():
    assert [count(1, "good"), count(2000, "agent")] == ["1 good", "2,000 agents"]
    assert quoted(["a", "b", "c"]) == "'a', 'b' and 'c'"
    assert [yes(True), yes(False), yes(None)] == ["yes", "no", "unknown"]


def test_an_outcome_in_play_is_judged_as_if_trade_stopped_now(compared):
    model = market.MarketModel(compared.scenario, "prices")
    for _ in range(3):
        model.step()
    now = {**compared.outcomes, "prices": model.outcome()}
    reports = {**compared.alignments, "prices": market.alignment(model.outcome())}
    in_play = dataclasses.replace(compared, outcomes=now, alignments=reports)
    said = judgements(in_play)
    assert [s for s in said if "'prices'" in s] == [
        s for s in said if s.startswith("If trade stopped now (with rationing): under 'prices'")
    ]
    assert any("'prices' the outcome is" in s for s in said)
    assert any("'prices', compared with 'first mover'," in s for s in said)
    assert unsettled(now) == []
    assert ending(now["prices"]) == "In play after 3 rounds."


def test_names_in_a_sentence_are_joined_by_and(compared):
    economy = market.build(market.loads(stories.COMMONS, overrides=["agents.alpha.count=3"]))
    chosen = np.array([True, True, False, False])
    assert named_or_counted(economy, chosen) == "alpha[0], alpha[1]"
    assert named_or_counted(economy, chosen, " and ") == "alpha[0] and alpha[1]"


def test_a_game_in_play_is_judged_as_if_play_stopped_now(compared):
    outcome = market.MarketModel(compared.scenario, "first mover").outcome()
    only = dataclasses.replace(
        compared, outcomes={"first mover": outcome}, alignments={"first mover": market.alignment(outcome)}
    )
    assert judgements(only)[0].startswith("If play stopped now: under 'first mover' the outcome is ")
