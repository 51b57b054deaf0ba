"""Announcements: prices, what is answered to them, and what of them is looked after whatever the rule is.

See `auctioneer.py` for why: stops at indifference, products of constant returns, free goods, unbounded
demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.aggregate_demand import AnswersInTotal
from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy
from market.economy.production import zero_profit_prices
from market.errors import UnboundedDemandError
from market.mechanisms.auction.excess_demand import Imbalance, imbalance
from market.mechanisms.base import Answering

ROUNDING = 1e-12  # of sums over many agents, relative
BOUNDS = (1e-250, 1e250)  # prices outside have left every economy that float64 can hold
FREE_BELOW = 1e-13  # of its first price: from there a good in excess supply is tried at price 0
AGAIN_BELOW = 1e-6  # of the price from which it was tried last: from there it is tried once more
LEAST = 1e-300  # below any price that is still followed


@dataclass(frozen=True)
class Announcement:
    """Prices, what was answered to them, and how far that is from balance."""

    prices: Array
    answers: Answers
    imbalance: Imbalance


def announce(
    economy: Economy, p: Array, positive: Array, in_vain: NDArray[np.intp], answering: Answering
) -> tuple[Announcement, NDArray[np.intp]]:
    """Announce prices; goods without a largest bundle at price 0 get half their last price again.

    Args:
        economy: the primitives.
        p: (goods,), the prices to announce.
        positive: (goods,), the last price above zero of each good.
        in_vain: (goods,), how often price 0 was tried and the good was lacking there.
        answering: how everyone answers.

    Returns:
        What was announced and answered, and how often price 0 was tried in vain by now.
    """
    while True:
        try:
            answers = answering(p)
        except UnboundedDemandError as error:
            refused = np.isin(np.arange(len(p)), error.goods) & (p == 0)
            if not refused.any():
                raise
            in_vain = in_vain + refused
            # Half: where it came from it would be sent to 0 again. Never 0 itself, however often halved.
            p = np.where(refused, np.maximum(positive / 2.0, LEAST), p)
        else:
            return Announcement(p, answers, imbalance(economy, answers, p)), in_vain


def excess_at(economy: Economy, p: Array, answering: Answering) -> Array:
    """Relative excess demand at prices that are only asked about, (goods,); 2 where demand is unbounded."""
    p = zero_profit_prices(economy, p)
    try:
        return imbalance(economy, answering(p), p).relative
    except UnboundedDemandError as error:
        return np.where(np.isin(np.arange(len(p)), error.goods), 2.0, 0.0)


def with_free_goods(
    announced: Announcement, proposed: Array, positive: Array, in_vain: NDArray[np.intp], first: Array
) -> tuple[Array, NDArray[np.intp]]:
    """Put goods in excess supply at very low prices at price 0, and those that are lacking there back up.

    Args:
        announced: of this round.
        proposed: (goods,), the prices that a rule proposes for the next.
        positive: (goods,), the last price above zero of each good.
        in_vain: (goods,), how often price 0 was tried in vain before this round's answers.
        first: (goods,), the first prices.

    Returns:
        The prices, and how often price 0 was tried in vain by now.
    """
    p, z = announced.prices, announced.imbalance.z
    if p.min() > 0 and (proposed >= FREE_BELOW * first).all():  # nearly every round
        return proposed, in_vain
    lacking_at_zero = (p == 0) & (z > 0)
    in_vain = in_vain + lacking_at_zero
    free_below = FREE_BELOW * AGAIN_BELOW ** np.minimum(in_vain, 50.0)
    try_zero = (z <= 0) & (proposed < free_below * first)
    raised = np.where(proposed > 0, proposed, positive)
    return np.where(lacking_at_zero, raised, np.where(try_zero, 0.0, proposed)), in_vain


def left_the_bounds(economy: Economy, p: Array) -> str | None:
    """Which price cannot be followed any further, as a sentence without its full stop."""
    if p.min() >= BOUNDS[0] and p.max() <= BOUNDS[1]:  # false where there is a nan
        return None
    outside = ~np.isfinite(p) | (p > BOUNDS[1]) | ((p < BOUNDS[0]) & (p != 0))
    if not outside.any():
        return None
    names = ", ".join(economy.goods[g] for g in np.flatnonzero(outside))
    return f"The price of {names} left the range from {BOUNDS[0]:.0e} to {BOUNDS[1]:.0e}"


def by_trader(economy: Economy, announced: Announcement) -> Announcement:
    """The same announcement with everyone's answers, its imbalance held against what they add up to.

    Where the two differ by more than rounding, what the answers add up to is the imbalance.
    """
    if not isinstance(announced.answers, AnswersInTotal):
        return announced
    return held_against(economy, announced, announced.answers.by_agent())


def held_against(economy: Economy, announced: Announcement, answers: Answers) -> Announcement:
    """An announcement with everyone's own answers, its imbalance held against what they add up to.

    Where the two differ by more than rounding, what the answers add up to is the imbalance.
    """
    p, seen = announced.prices, announced.imbalance
    added_up = imbalance(economy, answers, p)
    same = bool((np.abs(added_up.relative - seen.relative) <= ROUNDING).all())
    return Announcement(p, answers, seen if same else added_up)


def answer_as_they_prefer(economy: Economy, announced: Announcement) -> NDArray[np.bool_]:
    """Which agents gave the answer that their preferences and costs imply, (agents,)."""
    given, p = announced.answers, announced.prices
    faithful = np.ones(len(economy.agents), dtype=bool)
    if isinstance(given, AnswersInTotal) and given.own is None:  # the economy itself was asked for everyone
        return faithful
    for rows, part in economy.parts:
        best = part.answers(p)
        pairs = zip(
            (*given.demand.bounds, *given.supply.bounds),
            (*best.demand.bounds, *best.supply.bounds),
            strict=True,
        )
        faithful[rows] = np.all([(had[rows] == right).all(axis=1) for had, right in pairs], axis=0)
    return faithful
