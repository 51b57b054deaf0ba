"""Bounds on lost surplus and on Debreu's coefficient that any prices prove, without a convex program.

Symbols: p (goods,) any prices >= 0; r (goods,) resources; m_i the slopes of a concave transform of u_i at
x_i, at kinks those along p. Both bounds hold for every p. They are exact where p supports the outcome, the
first with equal weights. For economies too large for the programs of `pareto_improvement.py` they are all
that is reported; `surplus_gap.py` proves with the first that an allocation has the largest surplus.

*Surplus* (quasilinear money). For every feasible (x', y'), sum x' - sum y' <= r, so

    sum_i (u_i(x'_i) - C_i(y'_i)) <= p.r + sum_i max_{x, y} (u_i(x) - C_i(y) - p.x + p.y),

so that the surplus lost is at most `sum_i g_i + p.(r - sum x + sum y)`, where g_i is the gain of agent i from
its best reply to p without a spending cap, and the rest is the value of what is left over. Spending caps can
only make the loss smaller.

*Harm* D (`economy/harm.py`) is convex in y, so that `sum_i D_i(Y'_-i) >= sum_i D_i(Y_-i) + sum_j h_j.(y'_j -
y_j)` with h_j the external cost at y: the bound holds with `p - h_j` in the place of the price that producer
j gets, in its best reply and in what it gains by it.

*Debreu's coefficient* (no production). If every agent is as well off with x' and a share s of the resources
is enough for x', then `m_i.(x'_i - x_i) >= 0`. With `w_i = min_g p_g / m_ig`, p >= w_i m_i, so

    s p.r >= sum_i p.x'_i >= sum_i w_i m_i.x'_i >= sum_i w_i m_i.x_i.

Source: Lagrangian duality, own derivation; Boyd and Vandenberghe (2004), section 5.1, for the principle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from market.economy.correspondences import Array, sum_over_agents
from market.economy.primitives import Economy, Money
from market.errors import UnboundedDemandError
from market.welfare.first_order_conditions import largest_weights


@dataclass(frozen=True)
class CertifiedValue:
    """The answer of a program with its proof from both sides (see `results/verify/duality.py`).

    Args:
        value: of the figure.
        consumption: (agents, goods), of the allocation that reaches the value.
        production: (agents, goods), of that allocation.
        prices: (goods,), multipliers of the resource constraints: no allocation does better. With public
            goods those of the personalised economy. kept: (agents,), multipliers of agents being no worse off
            where money may not go negative, else 0. capped: (agents,), multipliers of money not going
            negative, else 0.
    """

    value: float
    consumption: Array
    production: Array
    prices: Array
    kept: Array
    capped: Array


def proved_bounds(
    economy: Economy, x: Array, y: Array, prices: tuple[Array | None, ...], unknown: tuple[str, ...]
) -> dict[str, str]:
    """Return what is proved of unknown figures without a program: figure -> sentence.

    Args:
        economy: too large for programs.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        prices: (goods,) each, prices to try, or None; `usual_prices` are tried besides.
        unknown: names of figures; only "surplus_gap" and "resource_utilisation" have bounds here.
    """
    tried = [p for p in (*prices, usual_prices(economy)) if p is not None and np.isfinite(p).all()]
    found = {}
    if "surplus_gap" in unknown and economy.money is Money.QUASILINEAR:
        gap = min(most_surplus_gap(economy, x, y, p) for p in tried)
        if np.isfinite(gap):
            found["surplus_gap"] = f"it is proved to be at most {gap:.6g}"
        elif equal_shares_prevent_ruin(economy, x, y):
            found["surplus_gap"] = (
                "it is proved to be infinite: at equal shares of the resources no agent is at -inf"
            )
    if "resource_utilisation" in unknown and not (economy.costs or economy.technologies):
        share = max(least_utilisation(economy, x, p) for p in tried)
        found["resource_utilisation"] = f"it is proved to be at least {share:.6g}"
    return found


def equal_shares_prevent_ruin(economy: Economy, x: Array, y: Array) -> bool:
    """Return True if some agent is at -inf, while at equal shares of the resources none would be."""
    ruined = False
    for rows, part in economy.parts:
        share = np.broadcast_to(economy.resources / len(economy.agents), x[rows].shape)
        if np.isneginf(part.utility(share)).any():
            return False
        ruined = ruined or bool(np.isneginf(part.own_welfare(x[rows], y[rows])).any())
    return ruined


def usual_prices(economy: Economy) -> Array:
    """Return the mean marginal utility of each good at equal shares of the resources, (goods,).

    In money where it is quasilinear. Otherwise utilities have no common unit, and each agent's are divided by
    the value of its share. Infinite slopes count as 0.
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
    """Return an upper bound on the surplus lost, money; inf if p proves none, as where a gain is unbounded.

    No feasible allocation has a larger total surplus than that of x and y plus this bound. Prices above a
    unit cost without a capacity are lowered to it: any prices prove, and supply is bounded only up to there.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        p: (goods,), any prices >= 0.

    Example:
        Ten units of water and two agents with utility `log x`, one of which has 9: the loss is
        `2 log 5 - log 9 = 1.02`, and the price that would clear the market, 2 / 10, proves it.

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
    external = np.broadcast_to(0.0, economy.shape)
    if economy.harm is not None:
        external = economy.harm.external(y, np.ones(len(economy.agents)))
    gained, p = 0.0, np.minimum(p, np.maximum(_unit_costs_without_capacity(economy, external), 0.0))
    for rows, part in economy.parts:
        capped = np.isfinite(part.budget).any()
        free = replace(part, budget=np.full(len(part.agents), np.inf)) if capped else part
        try:
            best = free.answers(p)
        except UnboundedDemandError:
            return np.inf
        d, s = best.demand.lowest, best.supply.lowest
        if economy.harm is not None:
            s = supply_at(part, p - external[rows])
        if not (np.isfinite(d).all() and np.isfinite(s).all()):
            return np.inf
        now = part.own_welfare(x[rows], y[rows]) - (x[rows] - y[rows]) @ p
        gained += float((part.own_welfare(d, s) - (d - s) @ p - now).sum())
        if economy.harm is not None:
            gained -= float(np.vdot(external[rows], s - y[rows]))
    left = economy.resources + sum_over_agents(y) - sum_over_agents(x)
    return gained + float(np.maximum(left, 0.0) @ p)


def supply_at(economy: Economy, prices: Array) -> Array:
    """Return the least outputs that are best where each producer has prices of its own, (agents, goods).

    Args:
        economy: without technologies.
        prices: (agents, goods); negative ones count as 0.
    """
    made, prices = np.zeros(economy.shape), np.maximum(prices, 0.0)
    for block in economy.costs:
        own = prices[block.rows]
        agents = np.arange(len(economy.agents))[block.rows]
        different, group = np.unique(own, axis=0, return_inverse=True)
        for k, p in enumerate(different):
            chosen = group.ravel() == k
            parameters = {key: values[chosen] for key, values in block.parameters.items()}
            made[agents[chosen]] = block.family.supply(p, **parameters).lowest
    return made


def _unit_costs_without_capacity(economy: Economy, external: Array) -> Array:
    """Return the prices above which some supply is infinite, (goods,), money per unit; inf if none is.

    Args:
        economy: the primitives.
        external: (agents, goods), what producers are to pay besides their costs.
    """
    least = np.full(len(economy.goods), np.inf)
    for block in economy.costs:
        known, amounts = block.family.constant_steps(**block.parameters)
        known = known + external[block.rows][:, :, None]
        unlimited = np.isinf(amounts) & np.isfinite(known)
        least = np.minimum(least, np.where(unlimited, known, np.inf).min(axis=(0, 2)))
    return least


def least_utilisation(economy: Economy, x: Array, p: Array) -> float:
    """Return a lower bound on Debreu's coefficient, 0 to 1.

    Args:
        economy: without producers.
        x: (agents, goods), consumption.
        p: (goods,), any prices >= 0.
    """
    value = float(p @ economy.resources)
    needed = sum(float(each.sum()) for each in _needed(economy, x, p))
    return min(needed / value, 1.0) if value > 0 else 0.0


def _needed(economy: Economy, x: Array, p: Array) -> Iterator[Array]:
    """Yield `w_i m_i.x_i` of the agents of each part, (agents of the part,); 0 where a slope is infinite."""
    for rows, part in economy.parts:
        slopes = part.concave_marginal_utility_along(x[rows], p)
        finite, w = np.isfinite(slopes), largest_weights(slopes, p)
        worth = np.multiply(slopes, x[rows], out=np.zeros_like(slopes), where=finite).sum(axis=1)
        yield np.multiply(w, worth, out=np.zeros_like(w), where=np.isfinite(w))
