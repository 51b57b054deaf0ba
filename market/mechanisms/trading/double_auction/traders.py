"""Traders: the price that each says for its next lot, from its limit and the range of prices.

- `zi_u`, zero intelligence without constraint (Gode and Sunder 1993): any price of the range, evenly;
- `zi_c`, zero intelligence with the constraint that no trade may be a loss: a buyer any price from the lowest
  to its value, a seller any price from its cost to the highest, evenly. The buyer draws from that range, it
  does not draw from the whole one and cut the draw: the latter is another, slower model;
- `truthful`: its limit;
- `zip`, zero intelligence plus (Cliff 1997): its limit l with a margin, `l (1 + mu)`, that it learns from
  every quote (`Margins`).

Whatever its kind, a trader never says a price that it could not pay.

Sources: Gode and Sunder (1993), "Allocative efficiency of markets with zero-intelligence traders", Journal of
Political Economy 101(1); Cliff (1997), "Minimal-intelligence agents for bargaining behaviors in market-based
environments", HP Laboratories report HPL-97-91.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

KINDS = ("zi_u", "zi_c", "zip", "truthful")

ON_GRID = 1e-9  # of a tick: prices nearer to a multiple are one

MARGIN = (0.05, 0.35)  # of the limit, at first
RATE = (0.1, 0.5)  # of learning, beta
MOMENTUM = (0.0, 0.1)  # gamma
AIM = 0.05  # the farthest that a target is from the last price, relative to it
AIM_OF_RANGE = 1.25e-4  # and of the range besides: 0.05 of 400


class Prices(NamedTuple):
    """The prices that can be said.

    Args:
        low: the lowest.
        high: the highest.
        tick: all are `low` and a multiple of it; 0 if any price will do.
    """

    low: float
    high: float
    tick: float = 0.0

    def rounded(self, price: float, up: bool) -> float:
        """Return the next price of the grid, upwards or downwards."""
        if not self.tick:
            return price
        steps = (price - self.low) / self.tick
        whole = math.ceil(steps - ON_GRID) if up else math.floor(steps + ON_GRID)
        return self.low + self.tick * whole


class Quotes(NamedTuple):
    """Even quotes of a seat: `base + f span` with f in [0, 1), on a grid `base + tick int(f span)`.

    Args:
        base: the lowest.
        span: the width; with a tick, the number of prices.
        reach: the price at which it would trade at most (a buyer) or at least (a seller).
    """

    base: float
    span: float
    reach: float


def quotes(kind: str, buys: bool, limit: float, bound: float, prices: Prices) -> Quotes | None:
    """Return the quotes of a seat; None if it has no price to say.

    Args:
        kind: of trader.
        buys: True of a buyer.
        limit: of its next lot, per unit; a buyer without use for it has 0, a seller without a lot inf.
        bound: the most that a buyer can pay, or the least that a seller must get to pay its costs.
        prices: that can be said.
    """
    low, high, tick = prices
    if (limit <= 0) if buys else (limit == math.inf):
        return None
    own = limit if kind != "zi_u" else high if buys else low
    if buys:
        reach = min(own, high, bound)
        if reach < low:
            return None
        top = prices.rounded(reach, up=False)
        base = low if kind in ("zi_u", "zi_c") else top
    else:
        reach = max(own, low, bound)
        if reach > high:
            return None
        base, top = prices.rounded(reach, up=True), prices.rounded(high, up=False)
        if kind not in ("zi_u", "zi_c"):
            top = base
    if base > top and tick:
        return None  # no multiple of the tick is left
    return Quotes(base, round((top - base) / tick) + 1.0 if tick else top - base, reach)


def draw(own: Quotes, share: float, tick: float) -> float:
    """Return the quote at a share of its range, in [0, 1)."""
    return own.base + (tick * int(share * own.span) if tick else share * own.span)


@dataclass
class Margins:
    """Margins that `zip` traders have learnt, and the last changes of their prices.

    A trader's price is `p = l + mu s`, with `s = l`, and the width of the price range if l is 0 or not
    finite; mu is at most 0 for buyers and at least 0 for sellers. Let q be the last price said:

    - if it was accepted, sellers with `p <= q` aim higher and buyers with `p >= q` aim lower. If it accepted
      a bid, sellers that still can trade with `p >= q` aim lower; if it accepted an offer, buyers that still
      can trade with `p <= q` aim higher;
    - if it was not, and was a bid, buyers that can trade with `p <= q` aim higher; if it was an offer,
      sellers that can trade with `p >= q` aim lower. The trader that said it is one of them.

    The aim a is q, up to 5 % and a ten-thousandth of the price range above or below it, and the price moves
    by `d = (1 - gamma) beta (a - p) + gamma d`, with d on the right the change before. A margin that would
    change its sign stays.

    Args:
        mu: (seats,), margins.
        rate: (seats,), beta.
        momentum: (seats,), gamma.
        change: (seats,), d.
    """

    mu: list[float]
    rate: list[float]
    momentum: list[float]
    change: list[float]

    @classmethod
    def first(cls, buys: Sequence[bool], random: np.random.Generator) -> Margins:
        """Return the margins before the first day."""
        count = len(buys)
        margin, rate, momentum = (random.uniform(*ends, count).tolist() for ends in (MARGIN, RATE, MOMENTUM))
        signed = [-each if buyer else each for each, buyer in zip(margin, buys, strict=True)]
        return cls(signed, rate, momentum, [0.0] * count)

    def copy(self) -> Margins:
        """Return a copy that can be changed."""
        return Margins(self.mu.copy(), self.rate, self.momentum, self.change.copy())

    def price(self, seat: int, buys: bool, reach: float, prices: Prices) -> float:
        """Return the price of a trader, within the range and on its grid."""
        asked = reach + self.mu[seat] * self._scale(reach, prices)
        return prices.rounded(min(max(asked, prices.low), prices.high), up=not buys)

    def aim(self, seat: int, reach: float, target: float, prices: Prices) -> None:
        """Move the margin of a trader so that its price comes nearer to a target."""
        scale = self._scale(reach, prices)
        price = reach + self.mu[seat] * scale
        momentum = self.momentum[seat]
        change = (1.0 - momentum) * self.rate[seat] * (target - price) + momentum * self.change[seat]
        self.change[seat] = change
        margin = (price + change - reach) / scale
        if margin * self.mu[seat] > 0:
            self.mu[seat] = margin

    def _scale(self, reach: float, prices: Prices) -> float:
        return reach if reach > 0 else prices.high - prices.low


def learn(
    margins: Margins,
    price: float,
    accepted: bool,
    of_bid: bool,
    sides: Sequence[tuple[int, bool, bool, float]],
    prices: Prices,
    random: Callable[[], float],
) -> None:
    """Let the `zip` traders of a good learn from a quote.

    Args:
        margins: changed in place.
        price: q, said last, or the standing price that it accepted.
        accepted: True if it led to a trade.
        of_bid: True if the quote, or the standing one that was accepted, is a bid.
        sides: (seat, True of a buyer, True if it can trade, limit) of each.
        prices: that can be said.
        random: the next number of [0, 1).
    """
    width = AIM_OF_RANGE * (prices.high - prices.low)
    for seat, buys, can, reach in sides:
        own = margins.price(seat, buys, reach, prices)
        at_least, at_most = own >= price, own <= price
        if accepted:
            better = at_least if buys else at_most  # it could have had more
            missed = can and (at_most if buys else at_least) and of_bid is not buys
        else:
            better = False
            missed = can and (at_most if buys else at_least) and of_bid is buys
        if better or missed:
            up = better is not buys
            far = 1.0 if up else -1.0
            target = price * (1.0 + far * AIM * random()) + far * width * random()
            margins.aim(seat, reach, target, prices)
