"""What can be proved of an outcome that is too large for the convex programmes of `pareto_improvement.py`.

Symbols: p (goods,) any prices >= 0; r (goods,) resources; m_i the slopes of a concave transform of u_i at
x_i, at kinks those along p. Both bounds hold for every p, and both are exact where p supports the outcome.

*Surplus* (quasilinear money). For every feasible (x', y'), sum x' - sum y' <= r, so

    sum_i (u_i(x'_i) - C_i(y'_i)) <= p.r + sum_i max_{x, y} (u_i(x) - C_i(y) - p.x + p.y),

and what is left on the table is at most sum_i g_i + p.(r - sum x + sum y): g_i is what i would gain at prices
p if nothing but p held it back, the rest the value of what is left over. Spending caps can only make it less.

*Debreu's coefficient* (no production). If everybody is as well off with x' and a share s of the resources,
m_i.(x'_i - x_i) >= 0. With w_i = min_g p_g / m_ig, p >= w_i m_i, so

    s p.r >= sum_i p.x'_i >= sum_i w_i m_i.x'_i >= sum_i w_i m_i.x_i.

Source: Lagrangian duality, own derivation; Boyd and Vandenberghe (2004), section 5.1, for the principle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from market.economy.correspondences import Array, sum_over_agents
from market.economy.primitives import Economy, Money
from market.errors import NumericalError, UnboundedDemandError

LARGEST = 300_000  # amounts, agents times goods: a programme of that size takes half a minute and 2 GB


def too_large(economy: Economy) -> bool:
    """Whether a convex programme over the allocations of an economy would take too long."""
    agents, goods = economy.shape
    return agents * goods > LARGEST


def refuse_large(economy: Economy) -> None:
    """See that a convex programme over the allocations of an economy can be solved.

    Raises:
        NumericalError: it cannot.
    """
    if too_large(economy):
        agents, goods = economy.shape
        raise NumericalError(
            f"the convex programme over {agents} agents and {goods} goods is too large to be solved"
        )


def proved(
    economy: Economy, x: Array, y: Array, prices: tuple[Array | None, ...], unknown: tuple[str, ...]
) -> tuple[str, ...]:
    """What can be said all the same of figures that are unknown, in sentences for `Alignment.unknown`.

    Args:
        economy: too large for programmes.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        prices: (goods,) each, some to prove it with, or None.
        unknown: "surplus_gap", "resource_utilisation", both or neither.
    """
    tried = [p for p in (*prices, usual_prices(economy)) if p is not None and np.isfinite(p).all()]
    sentences = []
    if "surplus_gap" in unknown and economy.money is Money.QUASILINEAR:
        gap = min(most_surplus_gap(economy, x, y, p) for p in tried)
        if np.isfinite(gap):
            sentences.append(f"surplus_gap: it is proved to be at most {gap:.6g}")
        elif spares_everyone(economy, x, y):
            sentences.append(
                "surplus_gap: it is proved to be infinite: an equal split of the resources leaves nobody "
                "at -inf"
            )
    if "resource_utilisation" in unknown and not (economy.costs or economy.technologies):
        share = max(least_utilisation(economy, x, p) for p in tried)
        sentences.append(f"resource_utilisation: it is proved to be at least {share:.6g}")
    return tuple(sentences)


def spares_everyone(economy: Economy, x: Array, y: Array) -> bool:
    """Whether somebody is at -inf who, with everybody else, is not so at an equal split of the resources."""
    ruined = False
    for rows, part in economy.parts:
        share = np.broadcast_to(economy.resources / len(economy.agents), x[rows].shape)
        if np.isneginf(part.utility(share)).any():
            return False
        ruined = ruined or bool(np.isneginf(part.welfare(x[rows], y[rows])).any())
    return ruined


def usual_prices(economy: Economy) -> Array:
    """What a little more of each good is worth on average to those who have an equal share, (goods,).

    In money where it is quasilinear; else utilities have no common unit, and each agent's share is worth 1.
    """
    agents = len(economy.agents)
    worth = np.zeros(len(economy.goods))
    for rows, part in economy.parts:
        share = np.broadcast_to(economy.resources / agents, (rows.stop - rows.start, len(worth)))
        slopes = part.marginal_utility(share)
        slopes = np.where(np.isfinite(slopes), slopes, 0.0)
        if economy.money is not Money.QUASILINEAR:
            scale = slopes.max(axis=1, keepdims=True)  # first, so that nothing overflows
            slopes = np.divide(slopes, scale, out=np.zeros_like(slopes), where=scale > 0)
            value = (slopes * share).sum(axis=1, keepdims=True)
            slopes = np.divide(slopes, value, out=np.zeros_like(slopes), where=value > 0)
        worth += slopes.sum(axis=0)
    return worth / agents


def most_surplus_gap(economy: Economy, x: Array, y: Array, p: Array) -> float:
    """An upper bound on the surplus left on the table, money; inf if p proves none.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        p: (goods,), any prices.

    Example:
        Ten units of water, two who value it log x, one of whom has 9: 2 log 5 - log 9 = 1.02 is left on the
        table, and the price that would clear the market, 2 / 10, proves that it is no more.

        >>> from market import build, loads
        >>> economy = build(loads('''
        ...     schema = 1
        ...     economy = "quasilinear"
        ...     goods = ["water"]
        ...     commons.water = 10
        ...     agents = [{ name = "a", count = 2, utility = { family = "log", weights = { water = 1 } } }]
        ...     mechanisms = [{ name = "planner", kind = "planner" }]
        ... '''))
        >>> x = np.array([[9.0], [1.0]])
        >>> round(most_surplus_gap(economy, x, np.zeros((2, 1)), np.array([0.2])), 4)
        1.0217
    """
    gained = 0.0
    for rows, part in economy.parts:
        free = replace(part, budget=np.full(len(part.agents), np.inf))
        try:
            best = free.answers(p)
        except UnboundedDemandError:
            return np.inf
        d, s = best.demand.lowest, best.supply.lowest
        if not (np.isfinite(d).all() and np.isfinite(s).all()):
            return np.inf
        now = part.welfare(x[rows], y[rows]) - (x[rows] - y[rows]) @ p
        gained += float((part.welfare(d, s) - (d - s) @ p - now).sum())
    left = economy.resources + sum_over_agents(y) - sum_over_agents(x)
    return gained + float(np.maximum(left, 0.0) @ p)


def least_utilisation(economy: Economy, x: Array, p: Array) -> float:
    """A lower bound on Debreu's coefficient, 0 to 1.

    Args:
        economy: without producers.
        x: (agents, goods), consumption.
        p: (goods,), any prices.
    """
    value = float(p @ economy.resources)
    needed = sum(float(each.sum()) for each in _needed(economy, x, p))
    return min(needed / value, 1.0) if value > 0 else 0.0


def _needed(economy: Economy, x: Array, p: Array) -> Iterator[Array]:
    """w_i m_i.x_i of the agents of each part."""
    for rows, part in economy.parts:
        slopes = part.concave_marginal_utility_along(x[rows], p)
        finite = np.isfinite(slopes)
        ratio = np.divide(p, slopes, out=np.full_like(slopes, np.inf), where=(slopes > 0) & finite)
        w = np.where(finite, ratio, 0.0).min(axis=1)
        worth = np.multiply(slopes, x[rows], out=np.zeros_like(slopes), where=finite).sum(axis=1)
        yield np.multiply(w, worth, out=np.zeros_like(w), where=np.isfinite(w))
