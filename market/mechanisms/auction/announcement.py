"""One announcement of the auctioneer: prices, the answers to them, and how far these are from balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market.economy.aggregate_demand import AnswersInTotal
from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy
from market.economy.production import zero_profit_prices
from market.errors import UnboundedDemandError
from market.mechanisms.auction.excess_demand import Imbalance, imbalance
from market.mechanisms.auction.free_goods import FreeGoods
from market.tolerances import ROUNDING_OF_SUMS

if TYPE_CHECKING:
    from market.mechanisms.base import Answering


@dataclass(frozen=True)
class Announcement:
    """Prices, (goods,), the answers to them, and how far these are from balance."""

    prices: Array
    answers: Answers
    imbalance: Imbalance


def announce(
    economy: Economy, p: Array, free_goods: FreeGoods, answering: Answering
) -> tuple[Announcement, FreeGoods]:
    """Announce prices; goods without a largest bundle at price 0 get a price again.

    Args:
        economy: the primitives.
        p: (goods,), the prices to announce.
        free_goods: the memory of prices near zero.
        answering: prices to the answers of all agents.

    Returns:
        The announcement that was answered, and the memory of prices near zero after it.

    Raises:
        UnboundedDemandError: demand is unbounded at a positive price.
    """
    while True:
        try:
            answers = answering(p)
        except UnboundedDemandError as error:
            unbounded = np.isin(np.arange(len(p)), error.goods) & (p == 0)
            if not unbounded.any():
                raise
            p, free_goods = free_goods.refused(p, unbounded)
        else:
            announced = Announcement(p, answers, imbalance(economy, answers, p))
            return announced, free_goods.after(p, announced.imbalance.z)


def excess_at(economy: Economy, p: Array, answering: Answering) -> Array:
    """Return relative excess demand at prices that are not announced, (goods,); 2 if demand is unbounded."""
    p = zero_profit_prices(economy, p)
    try:
        return imbalance(economy, answering(p), p).relative
    except UnboundedDemandError as error:
        return np.where(np.isin(np.arange(len(p)), error.goods), 2.0, 0.0)


def by_trader(economy: Economy, announced: Announcement) -> Announcement:
    """Return an announcement with the answers of each agent in place of totals; see `held_against`."""
    if not isinstance(announced.answers, AnswersInTotal):
        return announced
    return held_against(economy, announced, announced.answers.by_agent())


def held_against(economy: Economy, announced: Announcement, answers: Answers) -> Announcement:
    """Return an announcement with these answers, and with the imbalance that they add up to.

    If that differs from the announced imbalance by rounding only, the announced one stays.
    """
    p, seen = announced.prices, announced.imbalance
    added_up = imbalance(economy, answers, p)
    same = bool((np.abs(added_up.relative - seen.relative) <= ROUNDING_OF_SUMS).all())
    return Announcement(p, answers, seen if same else added_up)
