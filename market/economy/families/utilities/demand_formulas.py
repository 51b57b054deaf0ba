"""Formulas of demand that several families share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import (
    TIED,
    Array,
    Correspondence,
    Coupling,
    good_by_good,
    sum_over_agents,
)
from market.economy.families.arithmetic import divide_where, refuse_free_goods


def over_prices(spent: Array, p: Array, out: Array | None = None) -> Array:
    """What is spent over prices > 0, (agents, goods), as `divide_where` gives it; inf beyond floats.

    `out` may be `spent` itself.
    """
    with np.errstate(over="ignore"):
        return good_by_good(np.divide, spent, p, out)


def total_at(p: Array, wanted: Array, spent: Array) -> Array:
    """What is spent on each good over its price, (goods,); 0 of what nobody wants.

    Args:
        p: (goods,), prices.
        wanted: (goods,), > 0 where somebody wants the good.
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
    """Spend the share a_g / sum a of income b on good g."""
    total = np.einsum("ig->i", weights)[:, None]  # with few goods five times as fast as sum(axis=1)
    if (p > 0).all() and (total > 0).all():
        share = weights * (b[:, None] / total)
        return Correspondence.exactly(over_prices(share, p, out=share))
    refuse_free_goods(p, weights > 0)
    share = divide_where(weights > 0, weights, total)
    return Correspondence.exactly(divide_where(weights > 0, share * b[:, None], p[None, :]))


def spent_shares(fixed: Array, owned: Array, weights: Array) -> tuple[Array, ...]:
    """What `spend_shares` depends on in total: sum_i s_i b_i = sum_i s_i fixed_i + (sum_i s_i owned_i').p.

    Shares s_ig = a_ig / sum a_i. Returns the sums of s, (goods,), of s fixed, (goods,), and of s owned', a
    matrix (goods, goods) whose row g says how much of each good's value is spent on g.
    """
    s = divide_where(weights > 0, weights, weights.sum(axis=1, keepdims=True))
    return sum_over_agents(s), s.T @ fixed, s.T @ owned


def total_spent(p: Array, shares: Array, money: Array, owned: Array) -> Array:
    """Total demand of those who spend constant shares of income, from `spent_shares`."""
    return total_at(p, shares, money + owned @ p)


def spend_rest(base: Array, rest: Array, p: Array, tied: NDArray[np.bool_], b: Array) -> Correspondence:
    """Bundles with `base` for certain and the money that is left spent on the tied goods in any way.

    Args:
        base: (agents, goods), bought in any case.
        rest: (agents,), money left over for the tied goods.
        p: (goods,), prices; > 0 where somebody is tied.
        tied: (agents, goods), the goods among which the agent is indifferent; one of them is no choice.
        b: (agents,), income, all of it spent by those who are tied.
    """
    amounts = divide_where(tied, rest[:, None], p[None, :])
    choice = np.asarray(tied.sum(axis=1) > 1) & (rest > 0)
    if not choice.any():
        return Correspondence.exactly(base + amounts)
    lowest = base + np.where(choice[:, None], 0.0, amounts)
    spent = np.where(choice, b, -np.inf), np.where(choice, b, np.inf)
    return Correspondence(lowest, base + amounts, Coupling(*spent, np.zeros_like(base)))


def ray(log_cost: Array, unit: Array, wanted: NDArray[np.bool_]) -> Correspondence:
    """Quasilinear demand of utilities that are homogeneous of degree one.

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
