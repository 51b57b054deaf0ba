"""Single trades of a mechanism that makes them one by one: who sold how much to whom, and at which price.

A trade moves `amount` of a good from the seller to the buyer, and `price * amount` of the means of payment
from the buyer to the seller. The means of payment is money, or another good where goods are swapped for
goods. With these two rules the trades of a mechanism explain its outcome: what agents bought less what they
sold is `x - e - y`, and the money that they paid less what they got is their payment.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array

MONEY = -1  # in place of a good, where trades are paid in money
STOCK = -1  # in place of a seller, where the auctioneer sells the commons

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Trades:
    """Trades in the order in which they were made, each an array (trades,).

    Args:
        round: in which it was made, from 1.
        day: of the round, from 1; 1 where there are no days.
        good: place of the good among the economy's.
        paid_in: place of the good that was given for it, or `MONEY`.
        buyer: row of the agent.
        seller: row of the agent, or `STOCK`.
        amount: of the good, units, > 0.
        price: units of the means of payment for each unit of the good.
    """

    round: Places
    day: Places
    good: Places
    paid_in: Places
    buyer: Places
    seller: Places
    amount: Array
    price: Array

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.amount)

    def on_day(self, day: int) -> Trades:
        """Return the trades of one day."""
        own = self.day == day
        return Trades(*(getattr(self, each.name)[own] for each in fields(self)))

    def net(self, agents: int, goods: int) -> tuple[Array, Array]:
        """Return additions to each agent's goods, (agents, goods), and the money that it paid, (agents,).

        Args:
            agents: their number.
            goods: their number.
        """
        bought, paid = np.zeros((agents, goods)), np.zeros(agents)
        for who, sign in ((self.buyer, 1.0), (self.seller, -1.0)):
            own = who != STOCK
            np.add.at(bought, (who[own], self.good[own]), sign * self.amount[own])
            swapped = own & (self.paid_in != MONEY)
            given = sign * self.amount * self.price
            np.add.at(bought, (who[swapped], self.paid_in[swapped]), -given[swapped])
            in_money = own & (self.paid_in == MONEY)
            np.add.at(paid, who[in_money], given[in_money])
        return bought, paid
