"""The call market: one sealed report for each lot, and one price.

Bids fall and offers rise; the longest list of pairs with a bid above the offer trades. With q pairs any price
from `low = max(offer_q, bid_{q+1})` to `high = min(bid_q, offer_{q+1})` clears the market, and the price is
`low + k (high - low)`: with k = 1 the marginal buyer sets it, with k = 0 the marginal seller. For one buyer
and one seller this is the k-double auction of Chatterjee and Samuelson (1983).

*The best lie.* Others report what they do. A buyer that wants m lots gets them at any price above the
(n + m)-th lowest of the others' reports, n the number of their bids: each of these, a bid that it displaces
or an offer that it takes, frees one lot, the first n go to others at lower prices. By bidding just above that
for m lots, and nothing for more, it makes this the price. So the most that it can gain is

    max_m  sum_{j <= m} (v_j - t_m) l,   t_m the (n + m)-th lowest report of the others,

a supremum, approached and not reached; a seller's is its mirror image.

Sources: Chatterjee and Samuelson (1983), "Bargaining under incomplete information", Operations Research 31;
Rustichini, Satterthwaite and Williams (1994), "Convergence to efficiency in a simple market with incomplete
information", Econometrica 62; the best lie: own derivation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Report(NamedTuple):
    """A sealed report for one lot.

    Args:
        price: said, per unit.
        limit: what the lot is worth, or costs.
        seat: place of the seat.
    """

    price: float
    limit: float
    seat: int


class Cross(NamedTuple):
    """The result of a call.

    Args:
        pairs: (bid, offer) of each trade.
        low: the lowest clearing price.
        high: the highest.
    """

    pairs: list[tuple[Report, Report]]
    low: float
    high: float

    def price(self, k: float) -> float:
        """Return the price at a share k of the way from the lowest to the highest."""
        return self.low + k * (self.high - self.low)


def cross(bids: Sequence[Report], offers: Sequence[Report]) -> Cross:
    """Match reports.

    Args:
        bids: in any order.
        offers: in any order.

    Example:
        Values 40 and 25 against costs 10 and 30: one pair gains, and any price from 25 to 30 clears.

        >>> bids = [Report(40.0, 40.0, 0), Report(25.0, 25.0, 1)]
        >>> offers = [Report(10.0, 10.0, 2), Report(30.0, 30.0, 3)]
        >>> found = cross(bids, offers)
        >>> len(found.pairs), found.low, found.high, found.price(0.5)
        (1, 25.0, 30.0, 27.5)
    """
    falling = sorted(bids, key=lambda each: -each.price)
    rising = sorted(offers, key=lambda each: each.price)
    count = 0
    for bid, offer in zip(falling, rising, strict=False):
        if bid.price <= offer.price:
            break
        count += 1
    next_bid = falling[count].price if count < len(falling) else -math.inf
    next_offer = rising[count].price if count < len(rising) else math.inf
    low = max(rising[count - 1].price if count else -math.inf, next_bid)
    high = min(falling[count - 1].price if count else math.inf, next_offer)
    return Cross(list(zip(falling[:count], rising[:count], strict=True)), low, high)


def best_lie(values: Sequence[float], others_bids: Sequence[float], others_offers: Sequence[float]) -> float:
    """Return the most that a buyer could gain by any report, per unit of the lot's size, a supremum.

    A seller's is `best_lie` with all prices negated and the others' bids and offers exchanged.

    Args:
        values: of its lots, per unit, falling.
        others_bids: all others' bids, per unit.
        others_offers: all others' offers.

    Example:
        A single seller at 10 and a buyer with value 40: the whole gain, at a price just above 10.

        >>> best_lie([40.0], [], [10.0])
        30.0
    """
    reports = sorted([*others_bids, *others_offers])[len(others_bids) :]
    best = total = 0.0
    for count, (value, threshold) in enumerate(zip(values, reports, strict=False), start=1):
        total += value
        best = max(best, total - count * threshold)
    return best
