"""Trades under interventions, and the order in which the long side of a market at its bound is served.

At a cap that binds buyers want more than there is, at a floor sellers offer more than is wanted; the short
side has what it wants. The long side is served

- *proportional*: each gets the same share of what it wants (`auction/rationing.py`);
- *efficient*: those first who gain most. Buyers are served as if the price were the one, above the cap, at
  which they want just what there is, and pay the cap; sellers as if it were the one, below the floor, at
  which they offer just what is wanted, and get the floor. Of all orders this loses least: the triangle of
  textbooks;
- *random*: one after another, each as much as it wants while there is some, in an order drawn from the seed.

Source: Davidson and Deneckere (1986), "Long-run competition in capacity, short-run competition in price, and
the Cournot model", for the first two.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, select
from market.economy.primitives import Answers, Money
from market.mechanisms.auction.announcement import Announcement
from market.mechanisms.auction.interventions.accounts import flows
from market.mechanisms.auction.interventions.answers import AnswersToWedge, at_prices, follows_policy
from market.mechanisms.auction.interventions.policy import Policy
from market.mechanisms.auction.interventions.quota import bought_of, within_quotas
from market.mechanisms.auction.interventions.wedge import Seen
from market.mechanisms.auction.rationing import Sides, settle
from market.random_streams import generator
from market.tolerances import ROUNDING_OF_SUMS, STANDS_FOR_UNBOUNDED


def traded(policy: Policy, chosen: Announcement, settled: bool) -> tuple[Array, Array]:
    """Return consumption and production, (agents, goods) each, feasible.

    Under `exchange` there is no trade at prices that do not clear: tax revenue and the lump sums that it pays
    for would not fit together.

    Args:
        policy: the interventions.
        chosen: the announcement that is reported, with the answers of each agent.
        settled: True if every market clears or is at a bound that binds.
    """
    economy, answers, p = policy.economy, chosen.answers, chosen.prices
    assert isinstance(answers, AnswersToWedge)
    if economy.money is Money.EXCHANGE and not settled:
        return economy.endowment.copy(), np.zeros(economy.shape)
    binding = policy.binding(p, chosen.imbalance.z)
    served: Answers = answers
    if settled and policy.rationing != "proportional" and binding.any():
        served = (_efficiently if policy.rationing == "efficient" else _at_random)(policy, chosen, answers)
    return settle(economy, served, p, Sides(answers.seen.buyers, policy.sell_prices(answers.seen)))


def denied(policy: Policy, answers: AnswersToWedge, x: Array, y: Array) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of agents that a cap or a floor keeps from trading all that they want.

    At a cap these are buyers that get less than they want, at a floor sellers that sell less than they offer.

    Args:
        policy: the interventions.
        answers: of each agent to the prices that are reported.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
    """
    p, wanted = answers.seen.sellers, flows(policy, answers.demand.lowest, answers.supply.lowest)
    had = flows(policy, x, y)
    short_of = (p >= policy.cap) & (wanted.bought > had.bought * (1.0 + ROUNDING_OF_SUMS))
    floored = (policy.floor > 0) & (p <= policy.floor)  # a floor of 0 is none
    left_with = floored & (wanted.sold > had.sold * (1.0 + ROUNDING_OF_SUMS))
    return np.asarray((short_of | left_with).any(axis=1))


def _efficiently(policy: Policy, chosen: Announcement, answers: AnswersToWedge) -> Answers:
    """Return the answers to the prices at which rationed sides want, or offer, just what they can have.

    Traders with rules of their own keep their answers, since their rules alone say what a unit is worth.
    """
    z, p = chosen.imbalance.z, chosen.prices
    binding = policy.binding(p, z)
    there = _bought(policy, answers) - z
    cut = replace(policy, quota=np.where(binding & (z > 0), there, policy.quota))

    def ask(seen: Seen) -> AnswersToWedge:
        return at_prices(cut, policy.economy.answers, seen)

    seen = within_quotas(cut, p, ask).seen if (z[binding] > 0).any() else answers.seen
    for g in np.flatnonzero(binding & (z < 0)):
        seen = _cheapest(policy, seen, int(g), float(there[g] + z[g]))
    best = ask(seen)
    faithful = follows_policy(policy, answers)
    return Answers(
        select(faithful, best.demand, answers.demand), select(faithful, best.supply, answers.supply)
    )


def _cheapest(policy: Policy, seen: Seen, g: int, wanted: float) -> Seen:
    """Return prices with that of the sellers of a good lowered until they offer what is wanted, units."""
    from scipy.optimize import brentq  # deferred: few auctions need it

    def at(share: float) -> Seen:
        lower = np.ones_like(seen.sellers)
        lower[g] = share
        return Seen(seen.buyers, seen.sellers * lower, seen.taxed * lower)

    def beyond(share: float) -> float:
        answers = at_prices(policy, policy.economy.answers, at(share))
        sold = flows(policy, answers.demand.lowest, answers.supply.highest).sold[:, g].sum()
        return float(policy.economy.commons[g] + min(sold, STANDS_FOR_UNBOUNDED) - wanted)

    if beyond(0.0) >= 0:  # even those who offer it for nothing offer too much: each of them sells a part
        return at(0.0)
    return at(float(brentq(beyond, 0.0, 1.0, xtol=1e-300, rtol=4e-15)))


def _at_random(policy: Policy, chosen: Announcement, answers: AnswersToWedge) -> Answers:
    """Return demand and supply served one after another, in an order drawn from the seed."""
    economy, z = policy.economy, chosen.imbalance.z
    binding = policy.binding(chosen.prices, z)
    there = _bought(policy, answers) - z
    x, y = answers.demand.lowest.copy(), answers.supply.lowest.copy()
    count = len(economy.agents)
    order = generator(economy.seed, "rationing").permutation(count + 1)  # the last place is the commons'
    for g in np.flatnonzero(binding):
        if z[g] > 0:
            y[:, g] = answers.supply.highest[:, g]
            owned = economy.endowment[:, g] + np.where(policy.kinked[:, g], y[:, g], 0.0)
            wanted = np.append(np.maximum(x[:, g] - owned, 0.0), 0.0)
            x[:, g] += _served(wanted, order, there[g])[:-1] - wanted[:-1]
        else:
            x[:, g] = answers.demand.highest[:, g]
            offered = flows(policy, x, y).sold[:, g]
            sold = _served(np.append(offered, economy.commons[g]), order, there[g] + z[g])[:-1]
            kept = offered - sold
            unmade = np.minimum(kept, y[:, g])
            y[:, g] -= unmade
            x[:, g] += kept - unmade
    return Answers(Correspondence.exactly(x), Correspondence.exactly(y))


def _served(wanted: Array, order: NDArray[np.int64], there: float) -> Array:
    """Return what each gets who is served in an order, as long as there is some, (agents,) as `wanted`."""
    most = np.minimum(wanted, max(there, 0.0))
    before = np.cumsum(most[order]) - most[order]
    served = np.empty_like(most)
    served[order] = np.clip(there - before, 0.0, most[order])
    return served


def _bought(policy: Policy, answers: AnswersToWedge) -> Array:
    """Return how much of each good is bought in all, (goods,), units."""
    return np.array([bought_of(policy, answers, g) for g in range(len(policy.quota))])
