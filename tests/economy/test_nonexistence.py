"""Proofs of nonexistence: each case, and for each a change that leaves nothing to prove."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import INF, LEONTIEF, LINEAR, economy, with_utility

from market.economy.families.utilities import UTILITIES
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Block


def missing_good(there=0.0):
    return economy("quasilinear", log=[[1.0, 1.0]], commons=[1.0, there])


def poor_alone(weight_of_rich=0.0):
    """The second good is owned by the first agent; the second agent, without income, wants it."""
    weights = [[1.0, weight_of_rich], [0.0, 1.0]]
    return with_utility("exchange", LINEAR, {"weights": weights}, endowment=[[1.0, 1.0], [0.0, 0.0]])


def exceptional(other_owns=0.0):
    """The first agent wants the first good alone, owns all of it, and some of what the second agent wants."""
    return economy("exchange", log1p=[[1.0, 0.0], [1.0, 1.0]], endowment=[[1.0, 1.0], [other_owns, 1.0]])


def chain():
    """Owners of good 0 want good 1, those of 1 want 2, those of 2 want 0 and own some of good 3."""
    wants = [[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    owns = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]]
    return economy("exchange", log1p=wants, endowment=owns)


def gains(worth=3.0, budget=INF, capacity=INF):
    """One agent values the good at `worth`, another makes any amount for 2."""
    both = economy("quasilinear", linear=([[INF], [2.0]], [[INF], [capacity]]), budget=[budget, INF])
    blocks = with_utility("quasilinear", LINEAR, {"weights": [[worth]]}).utilities
    return replace(both, utilities=blocks)


def bundle_gains(cost=0.4):
    """A unit of both goods in equal amounts is worth 1, and costs twice `cost`."""
    both = economy("quasilinear", linear=([[INF, INF], [cost, cost]], [[INF, INF]] * 2))
    blocks = with_utility("quasilinear", LEONTIEF, {"weights": [[1.0, 1.0]]}).utilities
    return replace(both, utilities=blocks)


def satiated(wants=((1.0, 1.0),), owns=((2.0, 2.0),), other=(1.0, 1.0), family="log"):
    """Some agents want up to `wants` of the goods; the last one is never satiated."""
    weights = np.array(wants)
    many = len(weights)
    both = economy("exchange", log=np.ones((many + 1, 2)), endowment=[*owns, other])
    quadratic = {"weights": weights, "slope": np.where(weights > 0, 1.0, 0.0)}
    blocks = (
        Block(UTILITIES["quadratic"], slice(0, many), quadratic),
        Block(UTILITIES[family], slice(many, many + 1), {"weights": np.ones((1, 2))}),
    )
    return replace(both, utilities=blocks)


@pytest.mark.parametrize(
    ("primitives", "reason"),
    [
        (missing_good(), "no agent has or can make good1, and agent0 would buy some at every price"),
        (poor_alone(), "good1 is wanted only by agents without any income, such as agent1"),
        (exceptional(), "the agents who want only good0 own all of it and some good1 besides"),
        (chain(), "the agents who want only good0, good1, good2 own all of it and some good3 besides"),
        (satiated(), "agent0 owns as much of every good as it wants, and more of good0: at a positive price"),
        (satiated(wants=[[0.0, 0.0]]), "agent0 owns as much of every good as it wants, and more of good0"),
        (satiated(owns=[[1.0, 1.5]]), "agent0 owns as much of every good as it wants, and more of good1"),
        (
            satiated(wants=[[1.0, 1.0]] * 2, owns=[[3.0, 0.0], [0.0, 3.0]]),
            "the agents who want no good without limit own as much of every good as they want, and more of",
        ),
        (satiated(other=(0.0, 1.0), family="log1p"), "agent0 owns as much of every good as it wants"),
        (gains(), "any amount of good0 can be made at a cost of 2 for what is always worth 3 to agent0"),
        (
            bundle_gains(),
            "any amount of good0, good1 can be made at a cost of 0.8 for what is always worth 1",
        ),
    ],
)
def test_case_is_proved_with_its_reason(primitives, reason):
    assert no_equilibrium(primitives).startswith(reason)


@pytest.mark.parametrize(
    "primitives",
    [
        missing_good(there=1.0),
        replace(missing_good(), budget=np.zeros(1)),  # nothing to spend
        poor_alone(weight_of_rich=1.0),
        exceptional(other_owns=1.0),
        satiated(owns=[[0.5, 4.0]]),  # bread may be so dear that it spends all of its income
        satiated(owns=[[1.0, 1.0]]),  # it has no more than it wants
        satiated(other=(0.0, 1.0)),  # with wine free as well, the other has no income
        satiated(family="leontief"),  # the other is satiated too as soon as one good is short
        gains(worth=2.0),
        gains(budget=1.0),
        gains(capacity=5.0),
        bundle_gains(cost=0.5),
    ],
)
def test_nothing_is_proved_where_the_case_just_fails(primitives):
    assert no_equilibrium(primitives) is None


@pytest.mark.parametrize("piece", [1, 1 << 16])
def test_first_agent_is_named_whatever_the_size_of_pieces(piece, monkeypatch):
    monkeypatch.setattr("market.economy.primitives.PIECE", piece)
    weights = [[1.0, 0.0]] * 3 + [[1.0, 1.0]] * 3
    drawn = economy("quasilinear", log=weights, commons=[1.0, 0.0])
    assert "agent3 would buy some" in no_equilibrium(drawn)
