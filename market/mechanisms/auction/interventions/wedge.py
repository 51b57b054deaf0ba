"""The prices that buyers and sellers see when the auctioneer announces one price for each good.

Symbols, (goods,) each: p the announced price; t a specific tax, money a unit; r an ad valorem tax, in parts
of the seller's price; m the rent of a quota, money a unit; p_b what a buyer pays.

*All sales taxed.* The announced price is the seller's:

    p_b = (1 + r) p + t + m.

Who hands the tax in does not matter: with prices counted as buyers see them, sellers get
`(p_b - t - m) / (1 + r)`, and demand equals supply at one pair of prices, however it is called.

*Only the sales of some agents taxed* (a tariff). Then all other sellers get what buyers pay, and the
announced price is theirs; a taxed seller gets `(p - t) / (1 + r)`, or nothing where that is negative: it
sells elsewhere or keeps its good. Counted from the price of the taxed seller, p_b could not be below t,
although untaxed sellers may well supply the whole market there.

A subsidy (t < 0 or r < 0) lowers p_b, at most to nearly 0, `LEAST_SHARE` of the seller's price: buyers are
not paid to take a good, and a free good that more is always wanted of has no largest demand.

Source: Mas-Colell, Whinston and Green (1995), *Microeconomic Theory*, exercise 10.C and section 10.D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from market.economy.correspondences import Array

LEAST_SHARE = 1e-9  # of the seller's price: a subsidised buyer pays at least so much of it


class Seen(NamedTuple):
    """Prices as the two sides see them, (goods,) each.

    Args:
        buyers: paid by all buyers.
        sellers: what untaxed sellers get; all of them if all sales are taxed alike.
        taxed: what taxed sellers get; that of all sellers if all sales are taxed alike.
    """

    buyers: Array
    sellers: Array
    taxed: Array


@dataclass(frozen=True)
class Wedge:
    """Taxes on sales, and the rents of quotas.

    Args:
        tax: (goods,), t, money a unit.
        rate: (goods,), r, > -1.
        some_sellers: True if only some sellers are taxed.
        rent: (goods,), m >= 0, money a unit.
    """

    tax: Array
    rate: Array
    some_sellers: bool
    rent: Array

    def seen(self, p: Array) -> Seen:
        """Return the prices of each side at announced prices, (goods,)."""
        if self.some_sellers:
            return Seen(p + self.rent, p, np.maximum((p - self.tax) / (1.0 + self.rate), 0.0))
        return Seen(np.maximum((1.0 + self.rate) * p + self.tax, LEAST_SHARE * p) + self.rent, p, p)

    def elasticities(self, p: Array) -> tuple[Array, Array]:
        """Return d log of what buyers pay and of what taxed sellers get, by d log p > 0, (goods,) each."""
        at = self.seen(p)
        paid = p if self.some_sellers else (1.0 + self.rate) * p
        received = p / (1.0 + self.rate) if self.some_sellers else p
        return tuple(
            np.divide(part, whole, out=np.zeros_like(p), where=whole > 0)
            for part, whole in ((paid, at.buyers), (received, at.taxed))
        )  # type: ignore[return-value]

    @property
    def levied(self) -> Array:
        """Mask, (goods,), of goods that cost a buyer more than a seller gets."""
        return np.asarray((self.tax > 0) | (self.rate > 0) | (self.rent > 0))
