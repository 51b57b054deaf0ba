"""Verdicts on auctions: no status without its evidence, and true sentences on traders of their own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from market.mechanisms.auction.verdict import Evidence, verdict
from market.outcome import Status

CLEARED = Evidence(
    goods=("wheat", "wine"),
    relative_excess=np.array([1e-10, -4e-10]),
    round=7,
    tolerance=1e-9,
    cleared=True,
    relative_regret=0.0,
    forgone={},
    scales="endowments of wheat are from 1 to 1e+09",
    diverged=None,
    impossible=None,
    period=None,
    amplitude=None,
)
OPEN = dataclasses.replace(CLEARED, cleared=False, relative_excess=np.array([0.1, -0.4]))


def judged(evidence=CLEARED, **changes):
    return verdict(dataclasses.replace(evidence, **changes))


def test_a_cleared_auction_without_regret_is_cleared():
    status, reason, numbers = judged()
    assert status is Status.CLEARED
    assert "no trader would choose another bundle at these prices" in reason
    assert numbers == {"relative_excess_demand": 4e-10, "relative_regret": 0.0}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"relative_regret": 1e-3}, "could gain 1.0e-03"),
        ({"relative_regret": 1e-3}, "endowments of wheat are from 1 to 1e"),
        ({"relative_excess": np.array([0.0, 1e-6])}, "do not add up"),
    ],
)
def test_totals_that_clear_do_not_suffice(changes, reason):
    status, why, _ = judged(**changes)
    assert status is Status.FAILED
    assert reason in why


@pytest.mark.parametrize(
    ("changes", "status", "numbers"),
    [
        ({}, Status.MAX_ROUNDS, {}),
        ({"amplitude": 1.0}, Status.CYCLING, {"amplitude": 1.0}),
        ({"amplitude": 1.0, "period": 3}, Status.CYCLING, {"period": 3.0}),
        ({"period": 3, "diverged": "The price of wine left"}, Status.DIVERGED, {}),
        ({"diverged": "The price of wine left", "impossible": "proof"}, Status.NO_EQUILIBRIUM, {}),
    ],
)
def test_the_strongest_evidence_decides(changes, status, numbers):
    found, reason, evidence = judged(OPEN, **changes)
    assert found is status
    assert evidence == {"relative_excess_demand": 0.4, "relative_regret": 0.0} | numbers
    assert status is Status.NO_EQUILIBRIUM or ("round 7" in reason and "0.4, for wine" in reason)


def test_a_trader_with_a_rule_of_its_own_is_named_and_excepted():
    _, reason, _ = judged(forgone={"alpha": 0.00536})
    assert "no built-in trader would choose another bundle at these prices (largest gain 0 of" in reason
    assert reason.endswith("; alpha, which follows its own rule, forgoes 0.0054 in payoff.")


def test_a_trader_that_could_gain_without_limit_is_said_to():
    _, reason, _ = judged(forgone={"miller": np.inf, "baker": 0.0})
    assert "miller, which follows its own rule, could gain without limit;" in reason
    assert reason.endswith("baker, which follows its own rule, forgoes nothing.")


def test_traders_with_rules_of_their_own_are_named_where_markets_do_not_clear():
    _, reason, _ = judged(OPEN, forgone={"alpha": 0.1})
    assert reason.endswith("alpha follows its own rule.")


def test_many_traders_with_rules_of_their_own_are_counted():
    _, reason, _ = judged(forgone=dict(zip("abcdefgh", range(8), strict=True)))
    assert reason.endswith("; of 8 traders that follow their own rules h forgoes 7 in payoff, the most.")
