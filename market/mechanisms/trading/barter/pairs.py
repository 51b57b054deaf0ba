"""Two agents and their goods, many such pairs at once: marginal rates, and demand at a price of the two.

Symbols, of each pair and of its agents one and other: g, h the goods traded; x holdings; t the amount of g
that an agent buys; p the price, units of h for a unit of g; `r = ln MRS = L_g - L_h` (`tastes.py`). An agent
that buys t at price p holds `x_g + t` and `x_h - p t`.

The arrays of a pair's two agents are stacked: those of all first agents, then those of all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.mechanisms.trading.barter.crossings import find
from market.mechanisms.trading.barter.demands import CLOSED, Line
from market.mechanisms.trading.barter.tastes import CAP, Rows, Tastes

SLACK = 1e-13  # of the size of a utility: the rounding of a sum of some terms; a smaller loss is none
MOVES = 1e-13  # of what both hold of a good: a smaller amount is the rounding of a search, and no trade


@dataclass(frozen=True)
class Pairs:
    """Pairs that meet, with what they hold.

    Args:
        tastes: of the agents, stacked.
        x: (2 pairs, goods), holdings.
        floor: (2 pairs, goods), the least holdings: 0 of goods, minus the budget of money.
        g: (pairs,), columns of the goods traded.
        h: (pairs,), columns of what they are traded against.
    """

    tastes: Tastes
    x: Array
    floor: Array
    g: Rows
    h: Rows

    @property
    def count(self) -> int:
        """Number of pairs."""
        return len(self.g)

    @cached_property
    def logs(self) -> Array:
        """L of the agents, (2 pairs, goods)."""
        return self.tastes.logs(self.x)

    @cached_property
    def rates(self) -> Array:
        """ln MRS of the goods traded, (2, pairs)."""
        return (of(self.logs, self.both(self.g)) - of(self.logs, self.both(self.h))).reshape(2, -1)

    @cached_property
    def room(self) -> Array:
        """Amounts that each agent can give, (2 pairs, goods); inf where money may go negative."""
        return self.x - self.floor

    @staticmethod
    def both(values: Any) -> Any:
        """Return numbers of pairs for both agents, (2 pairs,)."""
        return np.concatenate([values, values])

    def give_of(self, goods: Rows) -> Array:
        """Return what each agent can give of a good of its pair, (2, pairs)."""
        return of(self.room, self.both(goods)).reshape(2, -1)

    def moved(self, gets: Array) -> Pairs:
        """Return the pairs after the first agents got these amounts, (pairs, goods), from the others."""
        after = np.concatenate([self.x[: self.count] + gets, self.x[self.count :] - gets])
        return replace(self, x=after)

    def swap(self, t: Array, p: Array) -> Array:
        """Return what the first agents get, (pairs, goods), if they buy t at prices p as far as both can."""
        give_g, give_h = self.give_of(self.g), self.give_of(self.h)
        t = _all_or_less(t, give_g[0], give_g[1])
        paid = _all_or_less(p * t, give_h[1], give_h[0])
        short = np.abs(paid) < (1.0 - MOVES) * np.abs(p * t)
        t = np.where(short, np.divide(paid, p, out=np.zeros_like(p), where=p > 0), t)
        gets = np.zeros((self.count, self.tastes.goods))
        rows = np.arange(self.count)
        gets[rows, self.g], gets[rows, self.h] = t, -paid
        return gets

    def demand(self, p: Array) -> Array:
        """Return what each agent buys of g at the price of its pair, (2, pairs); negative if it sells.

        Utility along the budget line is quasi-concave in t, so that `L_g - L_h - ln p` changes sign once,
        from above. Purchases beyond twice what both have of g are not looked at.
        """
        price, g, h = self.both(p), self.both(self.g), self.both(self.h)
        give_g, give_h = of(self.room, g), of(self.room, h)
        most = np.minimum(give_h / price, self.both(2.0 * give_g.reshape(2, -1).sum(axis=0)))
        bought = self._closed(price, g, h)
        rows = np.flatnonzero(np.isnan(bought))
        if len(rows):
            bought[rows] = self._searched(rows, price[rows], -give_g[rows], most[rows])
        return np.clip(bought, -give_g, most).reshape(2, -1)

    def _closed(self, price: Array, g: Rows, h: Rows) -> Array:
        """Return purchases of g in closed form, (2 pairs,); nan where there is none."""
        bought = np.full(len(price), np.nan)
        if self.tastes.in_money:
            return bought
        for block in self.tastes.blocks:
            formula = CLOSED.get(block.family.name)
            if formula is None:
                continue
            rows, weights = block.rows, block.parameters["weights"]
            own = np.arange(len(weights))
            x, a = self.x[rows], weights.copy()
            a[own, g[rows]] = a[own, h[rows]] = 0.0
            with np.errstate(all="ignore"):
                rest = np.where(a > 0, x / a, np.inf).min(axis=1)
                line = Line(
                    x[own, g[rows]], x[own, h[rows]], price[rows],
                    weights[own, g[rows]], weights[own, h[rows]], rest,
                )  # fmt: skip
                bought[rows] = formula(line, block.parameters)
        return bought

    def _searched(self, rows: Rows, price: Array, least: Array, most: Array) -> Array:
        """Return purchases of g by a search along the budget lines of some agents, (rows,)."""
        tastes, x, floor = self.tastes.at(rows), self.x[rows], self.floor[rows]
        g, h, own = self.both(self.g)[rows], self.both(self.h)[rows], np.arange(len(rows))
        log_price = np.log(price)

        def wish(t: Array) -> Array:
            after = x.copy()
            after[own, g] = np.maximum(x[own, g] + t, 0.0)
            after[own, h] = np.maximum(x[own, h] - price * t, floor[own, h])
            logs = tastes.logs(after)
            of_g, of_h = logs[own, g], logs[own, h]
            indifferent = (of_g <= -CAP) & (of_h <= -CAP)
            return np.where(indifferent, -np.sign(t), of_g - of_h - log_price)

        return find(wish, least, most)

    def both_gain(self, gets: Array) -> NDArray[np.bool_]:
        """Return a mask of pairs, (pairs,), that these amounts hurt neither of, and that move something.

        Near the end gains are below the rounding of utilities, and a loss up to rounding is none. An agent
        without utility before and after, since it lacks something else, has no gain.
        """
        after = self.moved(gets)
        u, then = self.tastes.value(self.x), self.tastes.value(after.x)
        slopes, later = self.tastes.slopes(self.x), self.tastes.slopes(after.x)
        worth = np.where(
            np.isfinite(slopes), np.abs(self.x) * np.where(np.isfinite(slopes), slopes, 0.0), 0.0
        )
        size = np.where(np.isfinite(u), np.abs(u), 0.0) + np.where(np.isfinite(then), np.abs(then), 0.0)
        with np.errstate(invalid="ignore"):
            loses = then < u - SLACK * (size + worth.sum(axis=1))
        stuck = (then == u) & np.isinf(later).any(axis=1)
        fine = ~(loses | stuck | np.isnan(then)).reshape(2, -1).any(axis=0)
        held = np.abs(self.x[: self.count]) + np.abs(self.x[self.count :])
        return np.asarray(fine & (np.abs(gets) > MOVES * held).any(axis=1))


def _all_or_less(amount: Array, least: Array, most: Array) -> Array:
    """Return amounts between `-least` and `most`, all of it where hardly anything would be left."""
    low, high = amount <= -(1.0 - MOVES) * least, amount >= (1.0 - MOVES) * most
    return np.where(high & (amount > 0), most, np.where(low & (amount < 0), -least, amount))


def of(values: Array, columns: Rows) -> Array:
    """Return one column of each row, (rows,)."""
    return values[np.arange(len(values)), columns]
