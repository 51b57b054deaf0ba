"""Samuelson's condition solved for the amount of each public good, with quasilinear money.

Symbols: G_g the amount of a public good g; w welfare weights; r_g what exists of it; x private consumption.

For given x and other amounts the weighted surplus is concave in G_g, and its slope is

    V_g(G) - MC_g(G - r_g),  V_g(G) = sum_i w_i du_i/dG_g,

with MC_g the marginal cost of the cheapest outputs. Where V_g crosses MC_g, V_g is the multiplier p_g,
outputs are the supply at p_g, and the personal multipliers w_i du_i/dG_g add up to it. If the first unit is
worth less than it costs, nothing is made and p_g is its worth. One good follows the other until no amount
moves. An interior-point method has eight digits for these amounts; this has all of them.

Only for producers of equal weight: then supply at `p / w` is the cheapest way to an output.

Source: Samuelson (1954); own derivation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.public_goods import shared, wide_prices, widened
from market.welfare.convex_program import Solution

MOST_SWEEPS = 60  # over goods; one is enough where utilities are sums over goods
LARGEST, LEAST = 1e60, 1e-60  # amounts and prices between which roots are sought
ROOM = 1e-9  # relative: demand this near to supply is met by it
SAME = 1e-14  # relative: amounts this near are equal up to rounding


def public_amounts(economy: Economy, weights: Array, near: Solution | None = None) -> Solution | None:
    """Return an optimum of the personalised economy with amounts of public goods to full precision.

    Args:
        economy: with public goods.
        weights: (agents,), welfare weights.
        near: an optimum of the personalised economy, whose private consumption is kept; None if every good
            is public.

    Returns:
        None where the method does not apply, or finds no amount.
    """
    agents, goods = economy.shape
    making = (economy.capacity > 0).any(axis=1)
    if economy.money is not Money.QUASILINEAR or economy.technologies or not making.any():
        return None
    of_producers = weights[making]
    if (of_producers != of_producers[0]).any() or of_producers[0] == 0:
        return None
    if near is None and len(economy.public_goods) < goods:
        return None
    x, y, p = (
        (np.zeros(economy.shape), np.zeros(economy.shape), np.zeros(goods))
        if near is None
        else (near.consumption[:agents, :goods], near.production[:agents, :goods], near.prices[:goods].copy())
    )
    search = _Search(economy, weights, float(of_producers[0]))
    amount = economy.resources[list(economy.public_goods)]
    x = shared(economy, x, np.maximum(amount, 1.0))
    for _ in range(MOST_SWEEPS):
        before = x
        for g in economy.public_goods:
            found = search.amount(x, g)
            if found is None:
                return None
            x, y, p[g] = found[0], search.outputs(y, g, found[0], found[1]), found[1]
        if (np.abs(x - before) <= SAME * x).all():
            break
    personal = search.worth(x)
    at = widened(economy, x, y)
    prices = wide_prices(economy, p, personal)
    return Solution(*at, prices, float(weights @ economy.welfare(x, y)))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return a root of a function between two points of different sign."""
    from scipy.optimize import brentq  # deferred: an eighth of a second, and few need it

    return float(brentq(function, low, high, xtol=1e-15, rtol=1e-15))


class _Search:
    """A search for the amount of one public good at a time."""

    def __init__(self, economy: Economy, weights: Array, of_producers: float) -> None:
        self.economy, self.weights, self.of_producers = economy, weights, of_producers

    def worth(self, x: Array) -> Array:
        """Return `w_i du_i/dx_ig`, (agents, goods); 0 where the weight is 0."""
        slopes, counts = self.economy.marginal_utility(x), self.weights[:, None] > 0
        return np.multiply(self.weights[:, None], slopes, out=np.zeros_like(x), where=counts)

    def total(self, x: Array, g: int, amount: float) -> float:
        """Return V_g at an amount."""
        tried = x.copy()
        tried[:, g] = amount
        return float(self.worth(tried)[:, g].sum())

    def supplied(self, g: int, price: float) -> tuple[float, float]:
        """Return the least and the largest output of g at a price in weighted utility."""
        prices = np.zeros(len(self.economy.goods))
        prices[g] = price / self.of_producers
        supply = self.economy.supply(prices)
        return float(supply.lowest[:, g].sum()), float(supply.highest[:, g].sum())

    def amount(self, x: Array, g: int) -> tuple[Array, float] | None:
        """Return consumption with the best amount of g, and its multiplier; None if none is found."""
        there = float(self.economy.resources[g])
        first = self.total(x, g, there)
        if first == 0 or self.supplied(g, first)[1] == 0:
            return self._with(x, g, there), first
        for cost in self.economy.indifference_prices[g] * self.of_producers:
            wanted = self._wanted(x, g, float(cost))
            least, most = self.supplied(g, float(cost))
            if wanted is not None and least <= wanted - there <= most:
                return self._with(x, g, wanted), float(cost)

        def lacking(log_price: float) -> float:
            price = float(np.exp(log_price))
            wanted = self._wanted(x, g, price)
            made = self.supplied(g, price)[0]
            return np.inf if wanted is None else max(min(wanted - there - made, LARGEST), -LARGEST)

        try:
            log_price = _root(lacking, np.log(LEAST), np.log(min(first, LARGEST)))
        except ValueError:
            return None
        price = float(np.exp(log_price))
        wanted, (least, most) = self._wanted(x, g, price), self.supplied(g, price)
        slack = ROOM * (there + least)
        if wanted is None or not least - slack <= wanted - there <= most + slack:
            return None  # supply jumps over demand, or neither is bounded
        return self._with(x, g, wanted), price

    def _wanted(self, x: Array, g: int, price: float) -> float | None:
        """Return the amount at which V_g is a price, at least what there is; None if it never falls to it."""
        there = float(self.economy.resources[g])
        if self.total(x, g, there) <= price:
            return there
        if self.total(x, g, LARGEST) >= price:
            return None

        def above(log_amount: float) -> float:
            value = self.total(x, g, float(np.exp(log_amount)))
            return max(min(value, LARGEST), LEAST) / price - 1.0

        low = np.log(max(there, LEAST))
        return float(np.exp(_root(above, low, np.log(LARGEST))))

    def outputs(self, y: Array, g: int, x: Array, price: float) -> Array:
        """Return production with the outputs of g that make up its amount at a price."""
        prices = np.zeros(len(self.economy.goods))
        prices[g] = price / self.of_producers
        supply = self.economy.supply(prices)
        low, high = supply.lowest[:, g], np.minimum(supply.highest[:, g], self.economy.most[g])
        needed, room = float(x[:, g].max()) - float(self.economy.resources[g]), high - low
        more, y = needed - float(low.sum()), y.copy()
        share = more / float(room.sum()) if room.sum() > 0 else 0.0
        y[:, g] = low + np.clip(share, 0.0, 1.0) * room
        return y

    def _with(self, x: Array, g: int, amount: float) -> Array:
        x = x.copy()
        x[:, g] = amount
        return x
