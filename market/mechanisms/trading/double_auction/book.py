"""The book of a day, and the loop over quotes until the next trade.

One agent that still can trade is drawn evenly, and one of its seats (Gode and Sunder 1993). A quote that is
not better than the standing one of its side is lost; one that reaches the other side's is a trade at the
standing price, and the quotes of the good are cleared. An agent that has bought a good does not sell it on
the same day, nor the other way round.

The market is sequential by nature, so this is a plain loop over floats. Random numbers come in blocks, and
one serves for a quote: the whole part of `n f` draws the seat among n, and what remains, uniform again, the
price.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

from market.errors import NumericalError
from market.mechanisms.trading.double_auction.limits import Limits
from market.mechanisms.trading.double_auction.traders import Margins, Prices, Quotes, draw, learn, quotes
from market.random_streams import generator
from market.tolerances import ROUNDING_OF_RESULTS
from market.trades import STOCK

BLOCK = 1 << 14  # random numbers made at a time


@dataclass(frozen=True)
class Book:
    """The view of the book that a trader of a user's class gets when it is asked for a quote.

    Prices are per unit of the good.

    Args:
        good: its name.
        buys: True if the trader is asked for a bid, False if for an offer.
        limit: what its next lot is worth to it, or costs it.
        bid: the standing bid; None without one.
        ask: the standing offer; None without one.
        low: the lowest price that can be said.
        high: the highest.
        lot: size of a lot, units.
        traded: lots that it has traded on this side today.
        last: price of the last trade today; None before the first.
        day: number of the day, from 1.
    """

    good: str
    buys: bool
    limit: float
    bid: float | None
    ask: float | None
    low: float
    high: float
    lot: float
    traded: int
    last: float | None
    day: int


Asked = Callable[[Book], "float | None"]
"""Answers with the price of a quote, or None if it has nothing to say."""


class Struck(NamedTuple):
    """A trade of one lot.

    Args:
        buyer: place of the buyer's seat.
        seller: place of the seller's seat.
        price: per unit.
        bid: the standing bid before the last quote; nan without one.
        ask: the standing offer before the last quote; nan without one.
        gain: value less cost of the lot, money (in exchange the numeraire).
        quotes: how many were made since the last trade, this one included.
    """

    buyer: int
    seller: int
    price: float
    bid: float
    ask: float
    gain: float
    quotes: int


@dataclass(frozen=True)
class Floor:
    """Seats, traders and prices, which do not change from day to day.

    Args:
        limits: seats and their limits.
        kinds: (seats,), kind of trader at each seat.
        prices: that can be said.
        budget: agent -> money that it may spend; inf without a limit. In exchange, of the numeraire.
        asked: seat -> its own quote, of traders of a user's class.
        random: (seed, label of the mechanism): the source of random numbers.
    """

    limits: Limits
    kinds: tuple[str, ...]
    prices: Prices
    budget: Mapping[int, float]
    asked: Mapping[int, Asked]
    random: tuple[int, str]

    @property
    def is_plain(self) -> bool:
        """True if all quotes are draws, so that no trader learns or answers by itself."""
        return not self.asked and "zip" not in self.kinds

    @cached_property
    def columns(self) -> tuple[list[int], list[int], list[bool]]:
        """Agents, goods and sides of all seats, each a list."""
        agents, goods, buys = map(list, zip(*self.limits.seats, strict=True))
        return agents, goods, buys

    @cached_property
    def sides(self) -> list[tuple[list[int], list[int]]]:
        """Seats of buyers and of sellers of each good."""
        found: dict[int, tuple[list[int], list[int]]] = {}
        for place, seat in enumerate(self.limits.seats):
            found.setdefault(seat.good, ([], []))[0 if seat.buys else 1].append(place)
        return list(found.values())

    def opening(self, number: int, margins: Margins | None = None) -> Day:
        """Return a day before its first quote.

        Args:
            number: of the day, from 1.
            margins: of `zip` traders after the day before.
        """
        day = self._first.copy()
        day.number = number
        if margins is not None:
            day.margins = margins
        return day

    @cached_property
    def _first(self) -> Day:
        """The first day before its first quote."""
        seats, goods = self.limits.seats, len(self.limits.economy.goods)
        day = Day(
            floor=self,
            number=1,
            counts=[0] * len(seats),
            limits=list(self.limits.opening),
            money=dict(self.budget),
            own=[None] * len(seats),
            base=[0.0] * len(seats),
            span=[0.0] * len(seats),
            reaches=[None] * len(seats),
            margins=Margins.first(self.columns[2], generator(*self.random, "margins")),
            bids=[-math.inf] * goods,
            bidders=[-1] * goods,
            asks=[math.inf] * goods,
            askers=[-1] * goods,
            last=[None] * goods,
        )
        for place in range(len(seats)):
            day.seated(place)
        day.turn()
        return day


@lru_cache(maxsize=4)
def block(seed: int, label: str, number: int) -> list[float]:
    """Return a block of random numbers of [0, 1) of a mechanism."""
    return generator(seed, label, "quotes", stream=number).random(BLOCK).tolist()


@dataclass
class Day:
    """A day in the course of it; changed by quotes and trades, and copied before.

    Args:
        floor: what does not change.
        number: from 1.
        counts: (seats,), lots traded.
        limits: (seats,), of the next lots.
        money: agent -> money that it has left.
        own: (seats,), quotes that each may say; None of a seat that cannot trade.
        base: (seats,), lowest of these quotes, and 0 without any.
        span: (seats,), their width.
        reaches: (seats,), prices up to (or from) which it would trade its last lot so far; None without any.
        margins: of `zip` traders.
        bids: (goods,), standing bids; -inf without one.
        bidders: (goods,), seats of them; -1 without one.
        asks: (goods,), standing offers; inf without one.
        askers: (goods,), seats of them.
        last: (goods,), prices of the last trades.
        wheel: seats, each agent's together as often as any other's: a draw from it draws an agent evenly.
        idle: quotes since the last trade.
    """

    floor: Floor
    number: int
    counts: list[int]
    limits: list[float]
    money: dict[int, float]
    own: list[Quotes | None]
    base: list[float]
    span: list[float]
    reaches: list[float | None]
    margins: Margins
    bids: list[float]
    bidders: list[int]
    asks: list[float]
    askers: list[int]
    last: list[float | None]
    wheel: list[int] = field(default_factory=list)
    idle: int = 0

    def copy(self) -> Day:
        """Return a copy that can be changed."""
        return Day(
            self.floor,
            self.number,
            self.counts.copy(),
            self.limits.copy(),
            self.money.copy(),
            self.own.copy(),
            self.base.copy(),
            self.span.copy(),
            self.reaches.copy(),
            self.margins.copy() if not self.floor.is_plain else self.margins,
            self.bids.copy(),
            self.bidders.copy(),
            self.asks.copy(),
            self.askers.copy(),
            self.last.copy(),
            self.wheel,
            self.idle,
        )

    # --- who can trade ---

    def seated(self, place: int) -> None:
        """Find out anew which quotes a seat may say."""
        floor = self.floor
        seat, limit = floor.limits.seats[place], self.limits[place]
        own = quotes(floor.kinds[place], seat.buys, limit, self._bound(place), floor.prices)
        self.own[place] = own
        if own is not None:
            self.base[place], self.span[place], self.reaches[place] = own

    def _bound(self, place: int) -> float:
        """Return the most that a buyer can pay for a unit, or the least that a seller must get."""
        agent, good, buys = self.floor.limits.seats[place]
        money, lot = self.money.get(agent, math.inf), float(self.floor.limits.lots[good])
        if buys:
            return money / lot
        return self.limits[place] - money / lot if self._makes(place) else 0.0

    def turn(self) -> None:
        """Make the wheel anew, of the seats that can trade."""
        able = [
            seats
            for places in self.floor.limits.own.values()
            if (seats := [place for place in places if self.own[place] is not None])
        ]
        turns = math.lcm(*map(len, able))
        self.wheel = [place for seats in able for place in seats for _ in range(turns // len(seats))]

    @property
    def over(self) -> bool:
        """True if no two that can trade could strictly gain, or with `zi_u` would trade."""
        own = self.own
        for buyers, sellers in self.floor.sides:
            bid = max([each.reach for place in buyers if (each := own[place])], default=-math.inf)
            ask = min([each.reach for place in sellers if (each := own[place])], default=math.inf)
            if self._gain(bid, ask):  # rare within one agent, with both a high value and a low cost
                return self.best_gain([each and each.reach for each in own]) <= 0
        return True

    def left(self) -> float:
        """Return the largest gain from one more lot, per unit, of two that may still trade today.

        The gain is at a price that can be said. Seats that are closed count for nothing: an agent that has
        bought a good does not sell it on the same day, nor the other way round.
        """
        low, high = self.floor.prices.low, self.floor.prices.high
        seats, within = self.floor.limits.seats, []
        for place, (seat, own) in enumerate(zip(seats, self.own, strict=True)):
            limit, bound = self.limits[place], self._bound(place)
            price = min(limit, high, bound) if seat.buys else max(limit, low, bound)
            within.append(None if own is None or not low <= price <= high else price)
        return self.best_gain(within)

    def best_gain(self, at: Sequence[float | None]) -> float:
        """Return the most by which the price of a buyer exceeds that of another agent that sells, >= 0.

        Args:
            at: (seats,), prices; None of seats that cannot trade.
        """
        buying: dict[int, list[tuple[float, int]]] = {}
        selling: dict[int, list[tuple[float, int]]] = {}
        for seat, price in zip(self.floor.limits.seats, at, strict=True):
            if price is not None:
                (buying if seat.buys else selling).setdefault(seat.good, []).append((price, seat.agent))
        best = 0.0
        for good in buying.keys() & selling.keys():
            bids, asks = buying[good], selling[good]
            (bid, bidder), (ask, asker) = max(bids), min(asks)
            if bidder == asker and self._gain(bid, ask):
                pairs = [(b, a) for b, i in bids for a, j in asks if i != j and self._gain(b, a)]
                bid, ask = max(pairs, key=lambda pair: pair[0] - pair[1], default=(0.0, 0.0))
            if self._gain(bid, ask):
                best = max(best, bid - ask)
        return best

    def _gain(self, bid: float, ask: float) -> bool:
        """Return True if a buyer and a seller gain at a price that can be said, a multiple of the tick."""
        prices = self.floor.prices
        return _gains(bid, ask) and prices.rounded(ask, up=True) <= prices.rounded(bid, up=False)

    def view(self, place: int, limit: float, traded: int) -> Book:
        """Return what the trader at a seat sees before its quote for a lot with this limit."""
        floor = self.floor
        _, good, buys = floor.limits.seats[place]
        bid, ask = self.bids[good], self.asks[good]
        return Book(
            good=floor.limits.economy.goods[good],
            buys=buys,
            limit=limit,
            bid=None if bid == -math.inf else bid,
            ask=None if ask == math.inf else ask,
            low=floor.prices.low,
            high=floor.prices.high,
            lot=float(floor.limits.lots[good]),
            traded=traded,
            last=self.last[good],
            day=self.number,
        )

    # --- trades ---

    def strike(self, buyer: int, seller: int, price: float, bid: float, ask: float) -> Struck:
        """Carry out a trade of one lot: what both have, what they can trade next, and an empty book."""
        floor, limits = self.floor, self.limits
        seats, good = floor.limits.seats, floor.limits.seats[buyer].good
        lot = float(floor.limits.lots[good])
        struck = Struck(buyer, seller, price, bid, ask, (limits[buyer] - limits[seller]) * lot, self.idle)
        cost = limits[seller] if self._makes(seller) else 0.0
        for place, paid in ((buyer, price * lot), (seller, (cost - price) * lot)):
            agent = seats[place].agent
            if agent in self.money:
                self.money[agent] = max(self.money[agent] - paid, 0.0)
            self.counts[place] += 1
        self.last[good] = price
        before = [self.own[place] is None for place in self._touched(buyer, seller)]
        for place in (buyer, seller):
            self._after(place)
        if before != [self.own[place] is None for place in self._touched(buyer, seller)]:
            self.turn()
        self._clear(good, {seats[buyer].agent, seats[seller].agent})
        self.idle = 0
        return struck

    def _touched(self, buyer: int, seller: int) -> list[int]:
        own, seats = self.floor.limits.own, self.floor.limits.seats
        return [*own[seats[buyer].agent], *own[seats[seller].agent]]

    def _makes(self, place: int) -> bool:
        """Return True if the next lot of a seller must be made, at a cost in money."""
        agent, good, _ = self.floor.limits.seats[place]
        return agent != STOCK and self.counts[place] >= self.floor.limits.owned[agent, good]

    def _after(self, place: int) -> None:
        """Find the limits of an agent after its trade at a seat; the other side of that good is closed."""
        limits, other = self.floor.limits, self._other(place)
        agent = limits.seats[place].agent
        own = limits.own[agent]
        paid = self.floor.budget.get(agent, 0.0) - self.money.get(agent, 0.0)
        found = limits.after(agent, tuple(self.counts[each] for each in own), paid)
        closed = {each for each in own if self.own[each] is None} | {other}
        for each, limit in zip(own, found, strict=True):
            self.limits[each] = limit
            if each in closed:
                self.own[each] = None
            else:
                self.seated(each)

    def _other(self, place: int) -> int | None:
        """Return the seat of the agent on the other side of the good; None if it has none."""
        agent, good, buys = self.floor.limits.seats[place]
        for each in self.floor.limits.own[agent]:
            if self.floor.limits.seats[each] == (agent, good, not buys):
                return each
        return None

    def _clear(self, good: int, traded: set[int]) -> None:
        """Clear the quotes of a good, and those of agents whose limits changed."""
        seats = self.floor.limits.seats
        for g in range(len(self.bids)):
            if g == good or (self.bidders[g] >= 0 and seats[self.bidders[g]].agent in traded):
                self.bids[g], self.bidders[g] = -math.inf, -1
            if g == good or (self.askers[g] >= 0 and seats[self.askers[g]].agent in traded):
                self.asks[g], self.askers[g] = math.inf, -1


def _gains(bid: float, ask: float) -> bool:
    """Return True if a buyer and a seller with these limits could strictly gain."""
    return bid - ask > ROUNDING_OF_RESULTS * max(abs(bid), abs(ask))


# --- the loop over quotes ------------------------------------------------------------------------------


def until_trade(day: Day, at: int, patience: int) -> tuple[Struck | None, int]:
    """Take quotes until the next trade, or until `patience` quotes made none; change the day in place.

    Args:
        day: in the course of it.
        at: how many random numbers were used so far.
        patience: quotes without a trade after which the day ends.

    Returns:
        The trade, if there was one, and the number of random numbers used.
    """
    if not day.wheel:
        return None, at
    if day.floor.is_plain:
        found, at = _drawn(day, at, patience - day.idle)
    else:
        found, at = _said(day, at, patience - day.idle)
    if found is None:
        return None, at
    buyer, seller, price, good = found
    standing = (_or_nan(day.bids[good]), _or_nan(day.asks[good]))
    return day.strike(buyer, seller, price, *standing), at


def _or_nan(price: float) -> float:
    return price if math.isfinite(price) else math.nan


Found = tuple[int, int, float, int]
"""Seats of buyer and seller, price and good of a trade."""


def _drawn(day: Day, at: int, most: int) -> tuple[Found | None, int]:
    """Take quotes that are all draws: the loop that has to be fast."""
    floor, wheel = day.floor, day.wheel
    agents, goods, buys = floor.columns
    base, span = day.base, day.span
    bids, bidders, asks, askers = day.bids, day.bidders, day.asks, day.askers
    tick, size = floor.prices.tick, len(wheel)
    number, place = divmod(at, BLOCK)
    shares = block(*floor.random, number)
    found = None
    said = 0
    while said < most:
        said += 1
        if place == BLOCK:
            number, place = number + 1, 0
            shares = block(*floor.random, number)
        share = shares[place] * size
        place += 1
        slot = int(share)
        seat = wheel[slot]
        price = base[seat] + (
            tick * int((share - slot) * span[seat]) if tick else (share - slot) * span[seat]
        )
        good = goods[seat]
        if buys[seat]:
            if price >= asks[good]:
                if agents[seat] != agents[askers[good]]:
                    found = (seat, askers[good], asks[good], good)
                    break
            elif price > bids[good]:
                bids[good], bidders[good] = price, seat
        elif price <= bids[good]:
            if agents[seat] != agents[bidders[good]]:
                found = (bidders[good], seat, bids[good], good)
                break
        elif price < asks[good]:
            asks[good], askers[good] = price, seat
    day.idle += said
    return found, number * BLOCK + place


def _said(day: Day, at: int, most: int) -> tuple[Found | None, int]:
    """Take quotes of traders that draw, learn, or answer by themselves."""
    floor = day.floor
    agents, goods, buys = floor.columns
    numbers = Numbers(floor.random, at)
    for _ in range(most):
        share = numbers.next() * len(day.wheel)
        seat = day.wheel[int(share)]
        good, bought = goods[seat], buys[seat]
        price = _quote(day, seat, share - int(share))
        day.idle += 1
        if price is None:
            continue
        standing, other = (day.asks, day.askers) if bought else (day.bids, day.bidders)
        crosses = price >= standing[good] if bought else price <= standing[good]
        if crosses and agents[seat] == agents[other[good]]:
            continue
        said = standing[good] if crosses else price
        _learn(day, good, said, crosses, bought != crosses, numbers)
        if crosses:
            pair = (seat, other[good]) if bought else (other[good], seat)
            return (*pair, said, good), numbers.at
        if bought and price > day.bids[good]:
            day.bids[good], day.bidders[good] = price, seat
        elif not bought and price < day.asks[good]:
            day.asks[good], day.askers[good] = price, seat
    return None, numbers.at


class Numbers:
    """Random numbers one by one, and how many were used."""

    def __init__(self, source: tuple[int, str], at: int) -> None:
        self._source, self.at = source, at

    def next(self) -> float:
        """Return the next one."""
        number, place = divmod(self.at, BLOCK)
        self.at += 1
        return block(*self._source, number)[place]


def _quote(day: Day, seat: int, share: float) -> float | None:
    """Return the price that a seat says, or None."""
    floor, own = day.floor, day.own[seat]
    assert own is not None
    if seat in floor.asked:
        return answer(day, seat, own, day.limits[seat], day.counts[seat])
    if floor.kinds[seat] != "zip":
        return draw(own, share, floor.prices.tick)
    buys = floor.limits.seats[seat].buys
    asked = day.margins.price(seat, buys, own.reach, floor.prices)
    return min(asked, own.base) if buys else max(asked, own.base)


def answer(day: Day, seat: int, own: Quotes, limit: float, traded: int) -> float | None:
    """Ask a trader of a user's class for its quote, and refuse one that is none.

    Args:
        day: in the course of it.
        seat: place of the seat.
        own: the quotes that it may say.
        limit: of the lot.
        traded: lots that it has traded at the seat before this one.
    """
    floor = day.floor
    agent, _, buys = floor.limits.seats[seat]
    name = floor.limits.economy.agents[agent]
    said = floor.asked[seat](day.view(seat, limit, traded))
    if said is None:
        return None
    try:
        price = float(said)
    except (TypeError, ValueError):
        price = math.nan
    what, low, high = "bid" if buys else "offer", floor.prices.low, floor.prices.high
    if not low <= price <= high:
        raise NumericalError(
            f"{name} quoted {said!r:.60}; a price from {low:g} to {high:g}, or None, is needed"
        )
    beyond = price - own.reach if buys else own.reach - price
    if beyond > ROUNDING_OF_RESULTS * max(abs(price), abs(own.reach)):
        of = "it can pay or take" if floor.kinds[seat] == "zi_u" else "its limit"
        raise NumericalError(
            f"{name} made the {what} {price:g}, {'above' if buys else 'below'} the {own.reach:g} that is "
            f"{of}; "
            f'traders that may trade at a loss are in a group with traders = "zi_u"'
        )
    within = min(price, own.reach) if buys else max(price, own.reach)
    return floor.prices.rounded(within, up=not buys)


def _learn(day: Day, good: int, price: float, accepted: bool, of_bid: bool, numbers: Numbers) -> None:
    """Let the `zip` traders of a good learn from a quote."""
    floor = day.floor
    sides = [
        (place, seat.buys, day.own[place] is not None, reach)
        for place, (seat, reach) in enumerate(zip(floor.limits.seats, day.reaches, strict=True))
        if reach is not None
        and seat.good == good
        and floor.kinds[place] == "zip"
        and place not in floor.asked
    ]
    learn(day.margins, price, accepted, of_bid, sides, floor.prices, numbers.next)
