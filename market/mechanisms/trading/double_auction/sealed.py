"""The sealed reports of a day, from the traders' limits, and the trades of the call."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError
from market.mechanisms.trading.double_auction.book import Day, Numbers, answer
from market.mechanisms.trading.double_auction.call import Report, best_lie, cross
from market.mechanisms.trading.double_auction.traders import draw, quotes
from market.trades import STOCK

MOST_LOTS = 100_000  # of one agent: as many reports


@dataclass(frozen=True)
class Called:
    """The result of a day's call.

    Args:
        trades: (good, buyer, seller, price, gain) of each.
        reports: how many there were.
        prices: (goods,), the price of each good; None if some good was not traded.
        regret: the most that an agent could have gained by another report, money.
    """

    trades: tuple[tuple[int, int, int, float, float], ...]
    reports: int
    prices: Array | None
    regret: float


def call(day: Day, at: int, k: float) -> tuple[Called, int]:
    """Ask for reports, match them, and carry out the trades; change the day in place.

    Args:
        day: before its call.
        at: how many random numbers were used so far.
        k: where between the clearing prices.

    Returns:
        The call, and the number of random numbers used.
    """
    limits, numbers = day.floor.limits, Numbers(day.floor.random, at)
    seats, trades, regret, count = limits.seats, [], 0.0, 0
    prices = np.full(len(limits.lots), math.nan)
    for good in np.flatnonzero(limits.lots).tolist():
        reports = {  # after the trades in the goods before, which moved money
            place: _in_order(list(_reports(day, place, numbers)), seat.buys)
            for place, seat in enumerate(seats)
            if seat.good == good
        }
        bids, offers = (
            [report for place, own in reports.items() if seats[place].buys is buys for report in own]
            for buys in (True, False)
        )
        found, lot = cross(bids, offers), float(limits.lots[good])
        count += len(bids) + len(offers)
        if not found.pairs:
            continue
        price = prices[good] = found.price(k)
        regret = max(regret, lot * _regret(day, bids, offers, price, found.pairs))
        for bid, offer in found.pairs:
            gain = (bid.limit - offer.limit) * lot
            trades.append((good, seats[bid.seat].agent, seats[offer.seat].agent, price, gain))
            day.strike(bid.seat, offer.seat, price, math.nan, math.nan)
    traded = np.isfinite(prices[limits.lots > 0]).all() and (limits.lots > 0).all()
    return Called(tuple(trades), count, prices if traded else None, regret), numbers.at


def _reports(day: Day, place: int, numbers: Numbers) -> Iterator[Report]:
    """Yield a report for each lot that an agent could trade at a seat, in the order of its lots."""
    floor = day.floor
    limits, kind, budget = floor.limits, floor.kinds[place], day.money
    seat = limits.seats[place]
    own, lot = limits.own[seat.agent], float(limits.lots[seat.good])
    last = math.inf if seat.buys else 0.0
    for number in range(MOST_LOTS):
        counts = tuple(number if each == place else 0 for each in own)
        limit = limits.after(seat.agent, counts)[own.index(place)]
        limit = min(limit, last) if seat.buys else max(limit, last)  # a call needs lists in order
        last = limit
        each = budget.get(seat.agent, math.inf) / (lot * (number + 1))  # that many lots can be paid
        makes = seat.agent != STOCK and number >= limits.owned[seat.agent, seat.good]
        bound = each if seat.buys else limit - each if makes else 0.0
        said = quotes(kind, seat.buys, limit, bound, floor.prices)
        enough = number >= _on_offer(day, place) if seat.buys else limit > floor.prices.high
        if said is None or enough:  # also of a seller without constraint, that could make any amount
            return
        price: float | None
        if place in floor.asked:
            price = answer(day, place, said, limit, number)
        else:
            price = draw(said, numbers.next(), floor.prices.tick)
        if price is not None:
            yield Report(price, limit, place)
    raise InputError(f"an agent could trade more than {MOST_LOTS:,} lots in a call; choose larger lots")


def _in_order(reports: list[Report], falls: bool) -> list[Report]:
    """Return the reports of a seat with the keenest price for its first lot, the next for its second, ..."""
    prices = sorted((report.price for report in reports), reverse=falls)
    return [report._replace(price=price) for report, price in zip(reports, prices, strict=True)]


def _on_offer(day: Day, place: int) -> float:
    """Return the number of lots that others could sell to a buyer at most."""
    limits = day.floor.limits
    good, economy = limits.seats[place].good, limits.economy
    made = economy.capacity[:, good].sum() / limits.lots[good]
    return float(limits.owned[:, good].sum() + limits.stock[good] + made + 1.0)


def _regret(
    day: Day, bids: list[Report], offers: list[Report], price: float, pairs: list[tuple[Report, Report]]
) -> float:
    """Return the most that an agent could have gained by other reports, per unit of a lot."""
    seats = day.floor.limits.seats
    worst = 0.0
    for place in {report.seat for report in (*bids, *offers)}:
        agent, _, buys = seats[place]
        if agent == STOCK:
            continue
        sign = 1.0 if buys else -1.0
        mine = sorted(
            (sign * each.limit for each in (bids if buys else offers) if each.seat == place), reverse=True
        )
        rivals, partners = (bids, offers) if buys else (offers, bids)
        others = [
            [sign * each.price for each in side if seats[each.seat].agent != agent]
            for side in (rivals, partners)
        ]
        had = sum(sign * (each.limit - price) for pair in pairs for each in pair if each.seat == place)
        worst = max(worst, best_lie(mine, *others) - had)
    return worst
