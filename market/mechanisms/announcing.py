"""Announcements: prices, what is answered to them, and what of them is looked after whatever the rule is.

See `auctioneer.py` for why: stops at indifference, products of constant returns, free goods, unbounded
demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.aggregates import Deferred
from market.economy import Answers, Economy
from market.errors import UnboundedDemandError
from market.interval import Array
from market.mechanisms.base import Answering
from market.mechanisms.ties import move_together, stop_at_ties
from market.netputs import without_profit
from market.settlement import Imbalance, imbalance

ROUNDING = 1e-12  # of sums over many agents, relative
BOUNDS = (1e-250, 1e250)  # prices outside have left every economy that float64 can hold


@dataclass(frozen=True)
class Announcement:
    """Prices, what was answered to them, and how far that is from balance."""

    prices: Array
    answers: Answers
    imbalance: Imbalance


def announce(
    economy: Economy, p: Array, positive: Array, never_free: NDArray[np.bool_], answering: Answering
) -> tuple[Announcement, NDArray[np.bool_]]:
    """Announce prices; goods without a largest bundle at price 0 get half their last price again.

    Args:
        economy: the primitives.
        p: (goods,), the prices to announce.
        positive: (goods,), the last price above zero of each good.
        never_free: (goods,), goods known to be lacking at price 0.
        answering: how everyone answers.

    Returns:
        What was announced and answered, and the goods now known to be lacking at price 0.
    """
    while True:
        try:
            answers = answering(p)
        except UnboundedDemandError as error:
            refused = np.isin(np.arange(len(p)), error.goods) & (p == 0)
            if not refused.any():
                raise
            never_free = never_free | refused
            p = np.where(refused, positive / 2.0, p)  # half: where it came from it would be sent to 0 again
        else:
            return Announcement(p, answers, imbalance(economy, answers, p)), never_free


def excess_at(economy: Economy, p: Array, answering: Answering) -> Array:
    """Relative excess demand at prices that are only asked about, (goods,); 2 where demand is unbounded."""
    p = without_profit(economy, p, np.zeros(len(p), dtype=bool))
    try:
        return imbalance(economy, answering(p), p).relative
    except UnboundedDemandError as error:
        return np.where(np.isin(np.arange(len(p)), error.goods), 2.0, 0.0)


def look_after(
    economy: Economy, proposed: Array, announced: Announcement, previous: Announcement | None
) -> Array:
    """The rule's prices, with those at which somebody is indifferent stopped at."""
    seen = announced.imbalance
    proposed = move_together(announced.prices, proposed, seen.linked)
    if previous is not None:
        before = previous.imbalance.z
        if economy.has_ties:
            proposed = stop_at_ties(
                proposed, announced.prices, seen.z, previous.prices, before, economy.linear_weights
            )
        proposed = _stop_at_indifference(economy, proposed, announced, previous)
    return proposed


def being_made(seen: Imbalance) -> NDArray[np.bool_]:
    """Which goods are products of constant returns that are being made."""
    return np.zeros(len(seen.z), dtype=bool) if seen.made is None else seen.made


def _stop_at_indifference(
    economy: Economy, proposed: Array, announced: Announcement, previous: Announcement
) -> Array:
    """Where excess demand changed sign across an indifferent agent's price, propose that price."""
    flipped = np.sign(announced.imbalance.z) * np.sign(previous.imbalance.z) < 0
    stopped = proposed.copy()
    for g in np.flatnonzero(flipped):
        low, high = sorted((announced.prices[g], previous.prices[g]))
        between = economy.indifference_prices[g]
        between = between[(between > low) & (between < high)]
        if len(between):
            stopped[g] = between[np.abs(between - proposed[g]).argmin()]
    return stopped


def left_the_bounds(economy: Economy, p: Array) -> str | None:
    """Which price cannot be followed any further, as a sentence without its full stop."""
    outside = ~np.isfinite(p) | (p > BOUNDS[1]) | ((p < BOUNDS[0]) & (p != 0))
    if not outside.any():
        return None
    names = ", ".join(economy.goods[g] for g in np.flatnonzero(outside))
    return f"The price of {names} left the range from {BOUNDS[0]:.0e} to {BOUNDS[1]:.0e}"


def by_trader(economy: Economy, announced: Announcement) -> Announcement:
    """The same announcement with everyone's answers, its imbalance held against what they add up to.

    Where the two differ by more than rounding, what the answers add up to is the imbalance.
    """
    if not isinstance(announced.answers, Deferred):
        return announced
    p, answers, seen = announced.prices, announced.answers.by_agent(), announced.imbalance
    added_up = imbalance(economy, answers, p)
    same = bool((np.abs(added_up.relative - seen.relative) <= ROUNDING).all())
    return Announcement(p, answers, seen if same else added_up)


def answer_as_they_prefer(economy: Economy, announced: Announcement) -> NDArray[np.bool_]:
    """Which agents gave the answer that their preferences and costs imply, (agents,)."""
    given, p = announced.answers, announced.prices
    faithful = np.ones(len(economy.agents), dtype=bool)
    if isinstance(given, Deferred) and given.own is None:  # the economy itself was asked for everyone
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
