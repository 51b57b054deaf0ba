"""Prices as points on the graph of supply, so that excess demand is a function also where supply is a set.

With constant unit cost `c` supply jumps at `p = c`: as a function of the price excess demand jumps over zero
and has no root, though the market clears at `c`. The *graph* of supply has no jump: it is a staircase, and a
point that moves along it passes every price and, at `p = c`, every amount. Symbols: `s` (goods,) such a
position, in units of log price; a step of the staircase is `STEP_WIDTH` long, so that below the first step
`log p = s`, on a step `p = c` and the share of the way from the lowest to the highest supply is the way along
the step, and above it `log p = s - STEP_WIDTH`, and so on. Prices that are not unknowns are *held*: free
goods at 0, and in an exchange, where only relative prices matter, one good at its present price.

The gap of a good is `log((d + k t) / (t + k d))`, `d` demand and `t` supply, `k = 1e-3`: zero exactly where
the market clears, near `log(d / t)` around it, which is linear in log prices for constant elasticities, and
bounded.

Source: own construction; the graph of a monotone correspondence as a curve is Minty's parametrisation
(Rockafellar and Wets (1998), *Variational Analysis*, theorem 12.15).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium import budget
from market.equilibrium.constant_returns import ConstantReturns
from market.errors import UnboundedDemandError
from market.tolerances import STANDS_FOR_UNBOUNDED

STEP_WIDTH = 1.0  # of a step, in units of log price
BOUNDED = 1e-3  # `k`: so that the gap stays within log(1000) of 0
LARGEST_LOG_PRICE = (
    300.0  # further from 0 prices are cut off: exp(300) = 1e130 still multiplies within floats
)

STEP_DISTANCE = 1e-6
"""Relative distance from a step up to which a price is on it: solvers find prices to about 1e-7."""

PLENTIFUL_SUPPLY = 4.0
"""Factor by which the replacement of unbounded supply exceeds demand and stock: any above 1 would do."""


@dataclass(frozen=True)
class Staircase:
    """Positions of the goods whose prices are unknown; the other prices are held.

    Args:
        economy: the primitives.
        held: (goods,), the prices that are held; NaN where a price is unknown.
    """

    economy: Economy
    held: Array

    @cached_property
    def sought(self) -> NDArray[np.intp]:
        """Goods whose prices are unknown, by their numbers."""
        return np.flatnonzero(np.isnan(self.held))

    @cached_property
    def _steps(self) -> list[Array]:
        """Prices > 0 at which some producer is indifferent, ascending, for each good sought."""
        found = [self.economy.indifference_prices[g] for g in self.sought]
        return [prices[prices > 0] for prices in found]

    @cached_property
    def constant_returns(self) -> ConstantReturns:
        """Producers whose levels are unknowns as well."""
        return ConstantReturns(self.economy)

    def position(self, p: Array, made: Array | None = None) -> Array:
        """Return positions of prices (on a step, its middle), and levels to start from, (unknowns,).

        Args:
            p: (goods,), prices.
            made: (agents, goods), production from which levels follow; equal levels without it.
        """
        prices = [
            _find_position(steps, float(p[g])) for steps, g in zip(self._steps, self.sought, strict=True)
        ]
        constant = self.constant_returns
        makers = len(constant.rows)
        if made is None:
            levels = np.full(makers, 0.5 / max(makers, 1))
        else:
            used = constant.levels(p, made)
            levels = np.where(used > 0, used, -np.maximum(constant.log_costs(p), 0.0))
        return np.concatenate([prices, levels])

    def prices(self, s: Array) -> tuple[Array, Array]:
        """Return prices, (goods,), and the share of the way along a step, (goods,); 0 only off the steps."""
        p, share = self.held.copy(), np.zeros_like(self.held)
        for steps, g, where in zip(self._steps, self.sought, s, strict=False):
            p[g], share[g] = _find_price(steps, float(where))
        return p, share

    def made(self, s: Array) -> Array:
        """Return production with constant returns, (agents, goods)."""
        return self.constant_returns.netputs(self.prices(s)[0], s[len(self.sought) :])

    def gap(self, s: Array) -> Array:
        """Return the gap of each market sought and the loss at each level, (unknowns,): 0 in equilibrium."""
        budget.count()
        p, share = self.prices(s)
        levels = s[len(self.sought) :]
        try:
            with np.errstate(all="ignore"):
                demand, supply = self._totals(p, share, levels)
                losses = self.constant_returns.log_costs(p) - np.maximum(-levels, 0.0)
        except UnboundedDemandError:  # of a good that is held at 0, so no position is any better
            return np.full(len(s), -np.log(BOUNDED))
        top, bottom = demand + BOUNDED * supply, supply + BOUNDED * demand
        ratio = np.divide(top, bottom, out=np.ones_like(top), where=bottom > 0)
        return np.concatenate([np.log(ratio[self.sought]), losses])

    def _totals(self, p: Array, share: Array, levels: Array) -> tuple[Array, Array]:
        """Return finite demand and supply, (goods,); along a step supply rises and demand falls."""
        made = self.constant_returns.set_idle(self.economy.supply(p))
        demanded = self.economy.demand(p, made)
        anyway = self.constant_returns.netputs(p, levels) + np.minimum(
            np.maximum(made.lowest, -STANDS_FOR_UNBOUNDED), 0.0
        )
        used = np.maximum(-anyway, 0.0).sum(axis=0)
        d_low, d_high = (
            np.minimum(part.sum(axis=0) + used, STANDS_FOR_UNBOUNDED) for part in demanded.bounds
        )
        # Unbounded supply exceeds demand, and the more so the higher the price, so that the gap slopes.
        plenty = PLENTIFUL_SUPPLY * (d_low + self.economy.resources) * self._relate_to_first_step(p)
        totals = (np.maximum(part, 0.0).sum(axis=0) for part in made.bounds)
        low, high = (np.where(np.isinf(total), plenty, total) for total in totals)
        supply = self.economy.resources + np.maximum(anyway, 0.0).sum(axis=0) + low + share * (high - low)
        most = np.minimum(d_high, np.maximum(d_low, PLENTIFUL_SUPPLY * supply))
        return d_low + np.where(share > 0, 1.0 - share, 0.0) * (most - d_low), supply

    def _relate_to_first_step(self, p: Array) -> Array:
        """Return `p` over the lowest price at which a producer is indifferent, (goods,); at least 1."""
        times = np.ones_like(p)
        for steps, g in zip(self._steps, self.sought, strict=True):
            if len(steps):
                times[g] = max(p[g] / steps[0], 1.0)
        return times

    def slopes(self, s: Array, step: float = 1e-5) -> Array:
        """Compute the slopes of the gap by central differences, (unknowns, unknowns)."""
        columns = []
        for k in range(len(s)):
            ahead, behind = s.copy(), s.copy()
            ahead[k] += step
            behind[k] -= step
            columns.append((self.gap(ahead) - self.gap(behind)) / (2.0 * step))
        return np.array(columns).reshape(len(s), len(s)).T

    def is_on_step(self, s: Array) -> NDArray[np.bool_]:
        """Return a mask of goods sought whose price is on a step, (sought,)."""
        return np.asarray(self.prices(s)[1][self.sought] > 0)


def _find_position(steps: Array, price: float) -> float:
    """Return the position of a price on the staircase with these steps."""
    near = np.flatnonzero(np.abs(steps - price) <= STEP_DISTANCE * price)
    if len(near):
        return float(np.log(steps[near[0]]) + STEP_WIDTH * (near[0] + 0.5))
    return float(np.log(price) + STEP_WIDTH * np.count_nonzero(steps < price))


def _find_price(steps: Array, s: float) -> tuple[float, float]:
    """Return the price at a position, exactly that of its step, and the share of the way along it."""
    starts = np.log(steps) + STEP_WIDTH * np.arange(len(steps))
    passed = int(np.count_nonzero(starts < s))
    if passed and s - starts[passed - 1] <= STEP_WIDTH:
        return float(steps[passed - 1]), float((s - starts[passed - 1]) / STEP_WIDTH)
    price = float(np.exp(np.clip(s - STEP_WIDTH * passed, -LARGEST_LOG_PRICE, LARGEST_LOG_PRICE)))
    least = np.nextafter(steps[passed - 1], np.inf) if passed else 0.0
    most = np.nextafter(steps[passed], 0.0) if passed < len(steps) else np.inf
    return min(max(price, float(least)), float(most)), 0.0


def build_staircase(economy: Economy, p: Array) -> Staircase:
    """Build the staircase on which goods with price 0 in `p` are held and, in an exchange, one other good.

    The choice of the other good does not matter: by Walras' law its market clears when the others do, and
    callers evaluate all markets at the result.
    """
    held = np.where(p > 0, np.nan, 0.0)
    if economy.money is Money.EXCHANGE:
        worth = np.where(p > 0, p * np.maximum(economy.resources, np.finfo(float).tiny), -np.inf)
        anchor = int(worth.argmax())
        held[anchor] = p[anchor]
    return Staircase(economy, held)
