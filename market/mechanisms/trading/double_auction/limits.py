"""Seats and limits: who may buy or sell which good, and what the next lot is worth to them.

A *seat* is one agent on one side of the book of one good. Prices are per unit of the good. The limit of a
buyer's seat is the most that it could pay for its next lot without a loss, that of a seller's seat the least
that it could take:

- quasilinear: `(u(x + l) - u(x)) / l` and, while it owns lots, `(u(x) - u(x - l)) / l`, then
  `(C(y + l) - C(y)) / l`, with l the lot;
- exchange: the price at which the lot leaves utility as it is, the root of
  `u(x_g + l, m - p l) = u(x_g, m)` in p, with m the numeraire. For small lots it is the marginal rate of
  substitution; for larger ones a trade at the marginal rate would be a loss.

The commons are lots that the auctioneer offers at a cost of 0.

Limits with quasilinear money depend only on the numbers of lots traded, and are remembered by them: every day
begins with the same endowments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Block, Economy, Money
from market.trades import STOCK

WHOLE = 1e-9  # of a lot: amounts that fall short of a whole lot by less are one
SECTIONS = 64  # prices tried at a time
TRIES = 10  # 64**10 = 2**60 parts of the price range


class Seat(NamedTuple):
    """One agent, or the auctioneer with the commons, on one side of the book of a good.

    Args:
        agent: its row, or `STOCK`.
        good: its place.
        buys: True on the buyers' side.
    """

    agent: int
    good: int
    buys: bool


@dataclass(frozen=True)
class Limits:
    """Seats of an economy, and the limits of their next lots.

    Args:
        economy: the primitives.
        lots: (goods,), size of a lot, units; 0 of a good that is not traded.
        high: the highest price that can be said; limits in exchange are not sought above it.
    """

    economy: Economy
    lots: Array
    high: float
    _known: dict[tuple[int, tuple[int, ...]], tuple[float, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _parts: dict[int, Economy] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def seats(self) -> tuple[Seat, ...]:
        """All seats, agent by agent, those of the commons last."""
        economy = self.economy
        owned, makes = economy.endowment > 0, economy.capacity > 0
        buyers = np.isin(np.arange(len(economy.agents)), np.flatnonzero(economy.wants_something))
        wanted = buyers[:, None] & (economy.bliss > 0)
        seats = [
            Seat(i, int(g), buys)
            for i in range(len(economy.agents))
            for g in np.flatnonzero(self.lots)
            for buys, there in ((True, wanted[i, g]), (False, owned[i, g] or makes[i, g]))
            if there
        ]
        return (*seats, *(Seat(STOCK, int(g), False) for g in np.flatnonzero(economy.commons * self.lots)))

    @cached_property
    def own(self) -> dict[int, tuple[int, ...]]:
        """Agent -> places of its seats."""
        found: dict[int, list[int]] = {}
        for place, seat in enumerate(self.seats):
            found.setdefault(seat.agent, []).append(place)
        return {agent: tuple(places) for agent, places in found.items()}

    def whole(self, amounts: Array) -> Array:
        """Return the number of whole lots in amounts, (..., goods); 0 of goods that are not traded."""
        share = np.divide(amounts, self.lots, out=np.zeros_like(amounts), where=self.lots > 0)
        return np.floor(share + WHOLE)

    @cached_property
    def owned(self) -> Array:
        """Number of lots that each agent owns, (agents, goods)."""
        return self.whole(self.economy.endowment)

    @cached_property
    def stock(self) -> Array:
        """Number of lots of the commons, (goods,)."""
        return self.whole(self.economy.commons)

    @cached_property
    def opening(self) -> tuple[float, ...]:
        """Limits of all seats before any trade."""
        if self.economy.money is Money.EXCHANGE:
            return tuple(limit for agent in self.own for limit in self._exchange(agent, 0, 0.0))
        shape = self.economy.shape
        values, costs = self._quasilinear(
            self.economy, self.economy.endowment, np.zeros(shape), np.zeros(shape), self.owned
        )
        first = [
            (0.0 if self.stock[seat.good] else math.inf)
            if seat.agent == STOCK
            else float((values if seat.buys else costs)[seat.agent, seat.good])
            for seat in self.seats
        ]
        for agent, places in self.own.items():
            self._known[agent, (0,) * len(places)] = tuple(first[place] for place in places)
        return tuple(first)

    def after(self, agent: int, counts: tuple[int, ...], paid: float = 0.0) -> tuple[float, ...]:
        """Return the limits of an agent's seats after it traded these numbers of lots at them.

        Args:
            agent: its row, or `STOCK`.
            counts: lots traded at each of its seats.
            paid: units of the numeraire that it paid so far, in exchange.
        """
        if self.economy.money is Money.EXCHANGE:
            bought = sum(
                count if self.seats[place].buys else -count
                for place, count in zip(self.own[agent], counts, strict=True)
            )
            return self._exchange(agent, bought, paid)
        found = self._known.get((agent, counts))
        if found is None:
            found = self._known[agent, counts] = self._found(agent, counts)
        return found

    def _found(self, agent: int, counts: tuple[int, ...]) -> tuple[float, ...]:
        """Return the limits of an agent's seats with quasilinear money."""
        seats = [self.seats[place] for place in self.own[agent]]
        if agent == STOCK:
            return tuple(
                0.0 if count < self.stock[seat.good] else math.inf
                for seat, count in zip(seats, counts, strict=True)
            )
        if agent not in self._parts:
            self._parts[agent] = self.economy.part(agent, agent + 1)
        x, y, sold = self.holdings(agent, counts)
        owned = self.owned[agent : agent + 1]
        values, costs = self._quasilinear(self._parts[agent], x[None], y[None], sold[None], owned)
        return tuple(float((values if seat.buys else costs)[0, seat.good]) for seat in seats)

    def holdings(self, agent: int, counts: Sequence[int]) -> tuple[Array, Array, Array]:
        """Return consumption, production and lots sold of an agent, (goods,) each, without the numeraire.

        It sells what it owns before it makes more.
        """
        goods = len(self.economy.goods)
        bought, sold = np.zeros(goods), np.zeros(goods)
        for place, count in zip(self.own[agent], counts, strict=True):
            seat = self.seats[place]
            (bought if seat.buys else sold)[seat.good] = count
        given = np.minimum(sold, self.owned[agent])
        x = np.maximum(self.economy.endowment[agent] + self.lots * (bought - given), 0.0)
        y = np.minimum(self.lots * (sold - given), self.economy.capacity[agent])
        return x, y, sold

    def _quasilinear(
        self, economy: Economy, x: Array, y: Array, sold: Array, owned: Array
    ) -> tuple[Array, Array]:
        """Return values and costs of the next lots, (agents, goods) each, money per unit.

        Args:
            economy: the agents', or a part of them.
            x: consumption.
            y: production.
            sold: numbers of lots sold.
            owned: numbers of lots owned at the opening.
        """
        values, costs = np.zeros(x.shape), np.full(x.shape, np.inf)
        now, spent = economy.utility(x), economy.cost(y)
        made = self.whole(np.where(np.isfinite(economy.capacity), economy.capacity, 0.0))
        makeable = np.where(np.isfinite(economy.capacity), made, np.inf)
        for g in np.flatnonzero(self.lots):
            lot = self.lots[g]
            more, less, further = x.copy(), x.copy(), y.copy()
            more[:, g] += lot
            less[:, g] = np.maximum(x[:, g] - lot, 0.0)
            further[:, g] = np.minimum(y[:, g] + lot, economy.capacity[:, g])
            values[:, g] = _rise(now, economy.utility(more)) / lot
            given = _rise(economy.utility(less), now) / lot
            cost = np.where(sold[:, g] < owned[:, g] + makeable[:, g], economy.cost(further) - spent, np.inf)
            costs[:, g] = np.where(sold[:, g] < owned[:, g], given, cost / lot)
        return values, costs

    def _exchange(self, agent: int, bought: int, paid: float) -> tuple[float, ...]:
        """Return the limits of an agent's seats in exchange, where there is one good for the numeraire."""
        economy, unit = self.economy, self.economy.numeraire
        assert unit is not None
        if agent not in self._parts:
            self._parts[agent] = _replicas(economy, agent, SECTIONS + 1)
        replicas = self._parts[agent]
        found = []
        for place in self.own[agent]:
            _, good, buys = self.seats[place]
            lot = float(self.lots[good])
            x = economy.endowment[agent].copy()
            x[good] = max(x[good] + bought * lot, 0.0)
            x[unit] = max(x[unit] - paid, 0.0)
            if buys:
                top = min(self.high, x[unit] / lot)
                found.append(_largest_price(replicas, x, good, unit, lot, top))
            elif bought <= -self.owned[agent, good]:
                found.append(math.inf)
            else:
                found.append(_smallest_price(replicas, x, good, unit, lot, self.high))
        return tuple(found)


def _rise(before: Array, after: Array) -> Array:
    """Return `after - before`; 0 from -inf to -inf, where a lot alone is of no use."""
    with np.errstate(invalid="ignore"):
        return np.where(before == after, 0.0, after - before)


def _replicas(economy: Economy, agent: int, count: int) -> Economy:
    """Return an economy of `count` agents like one of them."""
    alone = economy.part(agent, agent + 1)
    blocks = tuple(
        Block(block.family, slice(0, count), {key: np.repeat(a, count, axis=0) for key, a in own.items()})
        for block in alone.utilities
        for own in (block.parameters,)
    )
    return replace(alone, agents=tuple(f"{alone.agents[0]} {n}" for n in range(count)), utilities=blocks)


def _accepts(
    replicas: Economy, x: Array, good: int, unit: int, lot: float, prices: Array
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for which prices a trade of `lot` units of a good for the numeraire is no loss, (prices,)."""
    after = np.tile(x, (len(prices), 1))
    after[:, good] = max(x[good] + lot, 0.0)
    after[:, unit] = np.maximum(x[unit] - lot * prices, 0.0)
    here = replicas.utility(np.tile(x, (len(prices), 1)))
    there = replicas.utility(after)
    return np.asarray((there >= here) & (there > -np.inf))


def _largest_price(replicas: Economy, x: Array, good: int, unit: int, lot: float, top: float) -> float:
    """Return the largest price up to `top` at which buying a lot is no loss; 0 if there is none."""
    low, high = 0.0, top
    for _ in range(TRIES):
        prices = np.linspace(low, high, SECTIONS + 1)
        accepted = _accepts(replicas, x, good, unit, lot, prices)
        if accepted[-1]:
            return float(high)
        if not accepted.any():
            return low
        last = int(np.flatnonzero(accepted)[-1])
        low, high = float(prices[last]), float(prices[last + 1])
    return low


def _smallest_price(replicas: Economy, x: Array, good: int, unit: int, lot: float, high: float) -> float:
    """Return the smallest price up to `high` at which selling a lot is no loss; inf if there is none."""
    low = 0.0
    for _ in range(TRIES):
        prices = np.linspace(low, high, SECTIONS + 1)
        accepted = _accepts(replicas, x, good, unit, -lot, prices)
        if accepted[0]:
            return low
        if not accepted.any():
            return math.inf
        first = int(np.flatnonzero(accepted)[0])
        low, high = float(prices[first - 1]), float(prices[first])
    return high
