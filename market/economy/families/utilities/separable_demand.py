"""Demand of an additively separable utility: one good at a time, and all of them under a budget.

Symbols: for each agent and good, `u_g(x) = a x + curved terms`, a >= 0 the weight of the linear one; d(x)
the slope of the curved terms together, falling to 0, or 0 from `rest` on where all of them are satiable; D
a value of d; mu the marginal utility of money; W_g = a_g / p_g.

A good is bought until `a + d(x) = mu p`. With one curved term that has a closed form; with several, x lies
between the largest of the amounts that each term alone would have at `D = mu p - a` and at D / k, k terms.

Under a budget `mu >= W = max W_g`, since at W any amount of that good is worth its price. With
`mu = W + delta`,

    d_g(x_g) = (W - W_g + delta) p_g    for all g,

where nothing cancels however near mu comes to W. If spending at `delta = 0` is at most b, the money left goes
to the linear terms that tie at W (or remains, W = 0, where the agent is satiated). Else log delta is found by
`falling_root`, between the values at which one good alone would cost b and at which none of the k goods
would cost more than b / k.

Source: own derivation from the first-order conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.arithmetic import divide_where, exp, log_where, refuse_free_goods
from market.economy.families.utilities.demand_formulas import spend_rest
from market.economy.families.utilities.root_finding import falling_root
from market.tolerances import LEAST_POSITIVE, TIED

if TYPE_CHECKING:
    from market.economy.families.utilities.separable_terms import Form

_MOST = 1e300  # largest amount that is searched for
_WIDE = 745.0  # difference of logarithms at which the smaller number underflows


@dataclass(frozen=True)
class Curved:
    """Terms of one form and a mask of the agents and goods that have it; else parameters are harmless."""

    form: type[Form]
    parameters: Mapping[str, Array]
    where: NDArray[np.bool_]

    def log_slope(self, x: Array) -> Array:
        """Return `log d(x)`, (agents, goods); -inf where there is no such term."""
        return np.where(self.where, self.form.log_slope(x, **self.parameters), -np.inf)

    def amount(self, log_slope: Array) -> Array:
        """Return x at which this term alone has the slope, (agents, goods); 0 where there is no such term."""
        return np.where(self.where, self.form.amount(log_slope, **self.parameters), 0.0)


@dataclass(frozen=True)
class Terms:
    """Linear and curved terms of a block of agents, and the demand that follows from them.

    Args:
        straight: (agents, goods), a, the weights of linear terms.
        curved: the other terms, by form.
    """

    straight: Array
    curved: tuple[Curved, ...]

    @cached_property
    def bent(self) -> NDArray[np.bool_]:
        """Mask of goods with a curved term, (agents, goods)."""
        return np.any([terms.where for terms in self.curved], axis=0) | np.zeros(
            self.straight.shape, dtype=bool
        )

    @cached_property
    def wanted(self) -> NDArray[np.bool_]:
        """Mask of goods with any term, (agents, goods)."""
        return self.bent | (self.straight > 0)

    @cached_property
    def rest(self) -> Array:
        """Amounts from which on curved terms add nothing, (agents, goods); inf if they always add."""
        amounts = np.zeros(self.straight.shape)
        for terms in self.curved:
            amounts = np.where(
                terms.where, np.maximum(amounts, terms.form.bliss(**terms.parameters)), amounts
            )
        return amounts

    @cached_property
    def settled(self) -> Array:
        """Amounts from which on curved terms add less to the linear one than rounding, (agents, goods).

        At a price of a the slope d(x) of terms that never end has to be 0, and just above it `d(x) = p - a`:
        where d falls exponentially whole markets lie between a and the next price that a float can hold.
        """
        never_ends = np.isinf(self.rest) & (self.straight > 0)
        if not never_ends.any():
            return self.rest
        rounding = np.where(never_ends, np.log(TIED * np.where(never_ends, self.straight, 1.0)), 0.0)
        return np.where(never_ends, self.amount(rounding), self.rest)

    @cached_property
    def bliss(self) -> Array:
        """Amounts beyond which more does not help, (agents, goods)."""
        return np.where(self.straight > 0, np.inf, self.rest)

    # --- one good at a time ---

    def log_slope(self, x: Array) -> Array:
        """Return `log d(x)`, (agents, goods)."""
        total = np.full(self.straight.shape, -np.inf)
        for terms in self.curved:
            total = np.logaddexp(total, terms.log_slope(x))
        return total

    def bend(self, x: Array) -> Array:
        """Return `-d log d(x) / dx` at x > 0, (agents, goods): the mean over terms, weighted by slopes."""
        total, bent = self.log_slope(x), np.zeros(self.straight.shape)
        for terms in self.curved:
            log_share = np.where(
                np.isfinite(total), terms.log_slope(x) - np.where(np.isfinite(total), total, 0.0), -np.inf
            )
            share = np.exp(log_share)
            bent += np.multiply(
                share, terms.form.bend(x, **terms.parameters), out=np.zeros_like(x), where=share > 0
            )
        return bent

    def amount(self, log_slope: Array) -> Array:
        """Return x with `d(x) = D`, (agents, goods); 0 where `d(0) <= D` or there is no curved term."""
        least, count = np.zeros(self.straight.shape), np.zeros(self.straight.shape)
        for terms in self.curved:
            least = np.maximum(least, terms.amount(log_slope))
            count += terms.where
        several = (count > 1) & (least < _MOST) & (self.log_slope(least) > log_slope)
        if not several.any():
            return least
        highest = least
        for terms in self.curved:
            highest = np.maximum(highest, terms.amount(log_slope - np.log(np.maximum(count, 1.0))))
        return np.where(several, self._between(log_slope, least, highest, several), least)

    def _between(self, log_slope: Array, least: Array, highest: Array, where: NDArray[np.bool_]) -> Array:
        """Return x with `log d(x) = log D`, found in log x; d is convex, so Newton from below falls short."""
        excess = np.where(where, self.log_slope(least) - log_slope, 0.0)
        bend = np.where(where, self.bend(least), 1.0)
        step = np.divide(-np.expm1(-excess), bend, out=np.zeros_like(bend), where=bend > 0)  # 0 on underflow
        start = np.clip(np.where(where, least + step, 1.0), LEAST_POSITIVE, _MOST)
        end = np.clip(np.where(where, highest, 1.0), start, _MOST)

        def excess_at(log_x: Array) -> tuple[Array, Array]:
            x = np.exp(log_x)
            value = np.where(where, self.log_slope(x) - log_slope, 0.0)
            return value, -x * self.bend(x)

        return np.exp(falling_root(excess_at, np.log(start), np.log(end)))

    # --- demand ---

    def quasilinear_demand(self, p: Array) -> Correspondence:
        """Return x with `a + d(x) = p` for each good; see `Separable.quasilinear_demand`."""
        refuse_free_goods(p, self.wanted & np.isinf(self.bliss))
        beyond = p - self.straight
        tied = (self.straight > 0) & (np.abs(beyond) <= TIED * self.straight)
        above = (beyond > 0) & ~tied
        lowest = self.amount(log_where(above, np.where(above, beyond, 1.0)))
        lowest = np.where(above, lowest, np.where(tied | (beyond == 0), self.settled, np.inf))
        lowest = np.where(self.wanted, lowest, 0.0)
        if not tied.any():
            return Correspondence.exactly(lowest)
        return Correspondence(lowest, np.where(tied, np.inf, lowest))

    def budget_demand(self, p: Array, b: Array) -> Correspondence:
        """Return x with `a + d(x) = mu p`, mu such that `p.x = b`; see `Separable.budget_demand`."""
        refuse_free_goods(p, self.wanted & np.isinf(self.bliss))
        priced = (p > 0) & self.wanted
        free = np.where(~priced & self.wanted, self.rest, 0.0)
        worth = divide_where(priced, self.straight, p[None, :])
        best = worth.max(axis=1, keepdims=True, initial=0.0)
        gap = best - worth
        tied = priced & (self.straight > 0) & (gap <= TIED * best)
        log_gap = np.where(tied, -np.inf, np.log(np.where(gap > 0, gap, 1.0)))
        log_gap = np.where(gap > 0, log_gap, -np.inf)
        first = self._at(-np.inf, log_gap, p, priced & (b > 0)[:, None])
        short = np.asarray(first @ p > b)
        bought = first
        if short.any():
            bought = np.where(short[:, None], self._spending(p, b, log_gap, priced & short[:, None]), first)
        rest = np.where(
            tied.any(axis=1) & ~short, np.maximum(b - np.where(short[:, None], 0.0, first) @ p, 0.0), 0.0
        )
        return spend_rest(bought + free, rest, p, tied, b)

    def other_purchases(self, p: Array, b: Array, least: float) -> tuple[Array, Array]:
        """Return purchases at mu = W, at least `least`, and the money left; see `Utility.other_purchases`."""
        priced = (p > 0) & self.wanted
        worth = divide_where(priced, self.straight, p[None, :])
        gap = np.maximum(worth.max(axis=1, keepdims=True, initial=least) - worth, 0.0)
        bought = self._at(-np.inf, log_where(gap > 0, gap) + np.where(gap > 0, 0.0, -np.inf), p, priced)
        if least > 0:
            bought = np.minimum(bought, np.where(self.straight > 0, self.settled, np.inf))
        spent = np.nan_to_num(bought @ p, nan=np.inf)
        return bought, np.maximum(b - np.minimum(spent, b), 0.0)

    def _at(self, log_delta: Array | float, log_gap: Array, p: Array, where: NDArray[np.bool_]) -> Array:
        """Return amounts of the marked goods at `mu = W + delta`, (agents, goods); 0 of others."""
        log_worth = np.logaddexp(log_gap, log_delta)
        satiated = np.isneginf(log_worth)
        log_slope = np.where(satiated, 0.0, log_worth) + np.log(np.where(p > 0, p, 1.0))
        return np.where(where, np.where(satiated, self.rest, self.amount(log_slope)), 0.0)

    def _spending(self, p: Array, b: Array, log_gap: Array, where: NDArray[np.bool_]) -> Array:
        """Return amounts of the marked goods that cost b together, (agents, goods).

        At the root spending is b up to rounding, which a last Newton step removes, and then a factor near 1.
        """
        low, high = self._bracket(p, b, log_gap, where)
        money, wanted = np.where(b > 0, b, 1.0), where.any(axis=1)

        def excess(log_delta: Array) -> tuple[Array, Array]:
            x = self._at(log_delta[:, None], log_gap, p, where)
            value = np.where(wanted, (x @ p - b) / money, 0.0)
            return value, -(self._falls(x, log_delta, log_gap) @ p) / money

        root = falling_root(excess, low, high)
        found = self._at(root[:, None], log_gap, p, where)
        falls = self._falls(found, root, log_gap)
        step = np.divide(b - found @ p, falls @ p, out=np.zeros_like(b), where=falls @ p > 0)
        found = np.maximum(found + falls * step[:, None], 0.0)
        spent = found @ p
        return found * np.divide(b, spent, out=np.ones_like(b), where=spent > 0)[:, None]

    def _falls(self, x: Array, log_delta: Array, log_gap: Array) -> Array:
        """Return `-dx / d log delta`, (agents, goods)."""
        bends = self.bend(x)
        moves = exp(log_delta[:, None] - np.logaddexp(log_gap, log_delta[:, None]))
        return divide_where((x > 0) & (bends > 0), moves, bends)

    def _bracket(self, p: Array, b: Array, log_gap: Array, where: NDArray[np.bool_]) -> tuple[Array, Array]:
        """Return log delta at which one good alone costs b, and at which none of k goods exceeds b / k."""
        count = np.maximum(where.sum(axis=1), 1)
        ends = []
        for money in (b, b / count):
            amounts = divide_where(where, money[:, None], p[None, :])
            log_worth = self.log_slope(amounts) - np.log(np.where(p > 0, p, 1.0))
            more = where & (log_worth > log_gap)
            behind = np.where(more & np.isfinite(log_gap), log_gap - np.where(more, log_worth, 0.0), -np.inf)
            with np.errstate(divide="ignore"):
                log_delta = np.where(more, log_worth, 0.0) + np.log(-np.expm1(np.where(more, behind, -1.0)))
            ends.append(np.where(more, log_delta, -np.inf).max(axis=1))
        low, high = ends
        high = np.where(np.isfinite(high), high, 0.0)
        return np.where(np.isfinite(low), np.minimum(low, high), high - _WIDE), high
