"""Quotas: the rent of the right to sell.

A quota Q on a good lets at most Q units be sold in all. It is a tax whose size is not set but found: at an
announced seller's price p the rent m >= 0 is such that

    purchases at what buyers pay, p + t + m, are at most Q, and equal to Q where m > 0.

With it the auctioneer looks for p as ever, and where excess demand is 0 both sides trade Q: buyers pay what Q
units are worth to them at the margin, sellers get what the last unit costs them, and the difference, the
rent, goes to those who hold the rights. Who they are is not said; the rent is a part of total surplus.

Purchases of a good fall in its rent, so each rent is a root in one variable. Several quotas are solved one
after another until no rent moves, which for goods that are gross substitutes or independent of each other
comes to an end from below.

Source: Weitzman (1974), "Prices vs. quantities", for a quantity as the dual of a tax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from market.economy.correspondences import Array
from market.errors import NumericalError, UnboundedDemandError
from market.mechanisms.auction.interventions.accounts import flows
from market.mechanisms.auction.interventions.policy import Policy
from market.mechanisms.auction.interventions.wedge import Seen

if TYPE_CHECKING:
    from market.mechanisms.auction.interventions.answers import AnswersToWedge

DOUBLINGS = 1000  # of a rent that may be too low
TINY_RENT = 1e-30  # of one that is high enough: below it there is none
PASSES = 100  # over the goods with quotas
SETTLED = 1e-13  # relative change of what buyers pay from which rents have settled

Asked = Callable[[Seen], "AnswersToWedge"]


def within_quotas(policy: Policy, p: Array, ask: Asked) -> AnswersToWedge:
    """Return the answers to announced prices, (goods,), with rents at which no quota is exceeded.

    Args:
        policy: the interventions, some of them quotas.
        p: announced prices.
        ask: prices of each side -> answers.
    """
    goods = np.flatnonzero(np.isfinite(policy.quota))
    rent = np.zeros(len(p))
    for _ in range(PASSES):
        before = rent.copy()
        for g in goods:
            rent[g] = _rent(policy, p, rent, int(g), ask)
        paid = policy.seen(p, rent).buyers
        if len(goods) == 1 or (np.abs(rent - before) <= SETTLED * paid).all():
            break
    return ask(policy.seen(p, rent))


def _rent(policy: Policy, p: Array, rents: Array, g: int, ask: Asked) -> float:
    """Return the rent of one good at given rents of the others, (goods,), money a unit."""

    def beyond(rent: float) -> float:
        tried = rents.copy()
        tried[g] = rent
        try:
            answers = ask(policy.seen(p, tried))
        except UnboundedDemandError as error:
            if g not in error.goods:
                raise
            return np.inf
        return bought_of(policy, answers, g) - float(policy.quota[g])

    if beyond(0.0) <= 0:
        return 0.0
    unit = float(policy.seen(p).buyers[g])
    high = low = unit if unit > 0 else 1.0
    for _ in range(DOUBLINGS):
        if beyond(high) <= 0:
            break
        high *= 2.0
    else:
        good = policy.economy.goods[g]
        raise NumericalError(f"no price brings purchases of {good} down to the quota of {policy.quota[g]:g}")
    while beyond(low) <= 0:
        low /= 2.0
        if low < TINY_RENT * high:
            return low
    return float(brentq(beyond, low, high, xtol=1e-300, rtol=4e-15))


def bought_of(policy: Policy, answers: AnswersToWedge, g: int) -> float:
    """Return how much of a good is bought in all, units."""
    if not policy.kinked[:, g].any():
        return float(answers.total_demand.lowest[g])
    return float(flows(policy, answers.demand.lowest, answers.supply.lowest).bought[:, g].sum())
