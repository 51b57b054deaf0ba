"""Formulas of demand that several families share: constant shares of income, ties, multiples of one bundle.

Symbols: p (goods,) prices; b (agents,) income; a weights; s shares of income, s_g = a_g / sum a.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import (
    Array,
    Correspondence,
    Coupling,
    good_by_good,
    sum_over_agents,
)
from market.economy.families.arithmetic import divide_where, refuse_free_goods
from market.tolerances import TIED


def over_prices(spent: Array, p: Array, out: Array | None = None) -> Array:
    """Return money `spent` over prices > 0, (agents, goods), as `divide_where` does; inf beyond floats.

    `out` may be `spent` itself.
    """
    with np.errstate(over="ignore"):
        return good_by_good(np.divide, spent, p, out)


def total_at(p: Array, wanted: Array, spent: Array) -> Array:
    """Return money spent on each good over its price, (goods,); 0 of goods that no agent wants.

    Args:
        p: (goods,), prices.
        wanted: (goods,), > 0 where an agent wants the good.
        spent: (goods,), money.

    Raises:
        UnboundedDemandError: a wanted good is free.
    """
    if p.min() > 0:
        with np.errstate(over="ignore"):
            return spent / p
    refuse_free_goods(p, (wanted > 0)[None, :])
    return divide_where(wanted > 0, spent, p)


def spend_shares(p: Array, b: Array, weights: Array) -> Correspondence:
    """Return the bundles that spend the share `a_g / sum a` of income b on good g."""
    total = np.einsum("ig->i", weights)[:, None]  # with few goods five times as fast as sum(axis=1)
    if (p > 0).all() and (total > 0).all():
        share = weights * (b[:, None] / total)
        return Correspondence.exactly(over_prices(share, p, out=share))
    refuse_free_goods(p, weights > 0)
    share = divide_where(weights > 0, weights, total)
    return Correspondence.exactly(divide_where(weights > 0, share * b[:, None], p[None, :]))


def spent_shares(fixed: Array, owned: Array, weights: Array) -> tuple[Array, ...]:
    """Return the sums that determine total `spend_shares` at incomes `b_i = fixed_i + owned_i.p`.

    From `sum_i s_i b_i = sum_i s_i fixed_i + (sum_i s_i owned_i').p` the sums are those of s, (goods,), of
    `s fixed`, (goods,), and of `s owned'`, a matrix (goods, goods): row g is the spending on g out of each
    good.
    """
    s = divide_where(weights > 0, weights, weights.sum(axis=1, keepdims=True))
    return sum_over_agents(s), s.T @ fixed, s.T @ owned


def total_spent(p: Array, shares: Array, money: Array, owned: Array) -> Array:
    """Return total demand, (goods,), of agents that spend constant shares, from `spent_shares`."""
    return total_at(p, shares, money + owned @ p)


def spend_rest(base: Array, rest: Array, p: Array, tied: NDArray[np.bool_], b: Array) -> Correspondence:
    """Return bundles that contain `base` and divide the money left over the tied goods in any way.

    Args:
        base: (agents, goods), bought in any case.
        rest: (agents,), money left over for the tied goods.
        p: (goods,), prices; > 0 for tied goods.
        tied: (agents, goods), the goods among which the agent is indifferent; a single one is no choice.
        b: (agents,), income, spent entirely where goods are tied.
    """
    amounts = divide_where(tied, rest[:, None], p[None, :])
    choice = np.asarray(tied.sum(axis=1) > 1) & (rest > 0)
    if not choice.any():
        return Correspondence.exactly(base + amounts)
    lowest = base + np.where(choice[:, None], 0.0, amounts)
    spent = np.where(choice, b, -np.inf), np.where(choice, b, np.inf)
    return Correspondence(lowest, base + amounts, Coupling(*spent, np.zeros_like(base)))


def ray(log_cost: Array, unit: Array, wanted: NDArray[np.bool_]) -> Correspondence:
    """Return quasilinear demand of utilities that are homogeneous of degree one.

    Args:
        log_cost: (agents,), log of what a unit of utility costs.
        unit: (agents, goods), the best bundle that one unit of money buys, utility 1 where that is the cost.
        wanted: (agents, goods).
    """
    indifferent = np.asarray(np.abs(log_cost) <= TIED)
    lowest = np.where(wanted & (log_cost < -TIED)[:, None], np.inf, 0.0)
    if not indifferent.any():
        return Correspondence.exactly(lowest)
    direction = np.where(indifferent[:, None], unit, 0.0)
    free = np.full(len(log_cost), np.inf)
    return Correspondence(lowest, np.where(direction > 0, np.inf, lowest), Coupling(-free, free, direction))
