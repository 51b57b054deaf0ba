"""Bounds that prices and multipliers prove by weak duality, whatever their origin.

Symbols as in `primitives.py`: x, y, p; U_i = u_i(x_i) - C_i(y_i), r = q + sum e resources, m_i payments, b_i
budgets.

*Harm* D_i to i by the output of others is convex in y, and its tangent at any production is linear in the
y_j: producer j then gets p - h_j, and a constant is added (`harm_claims.py`).

*Surplus.* max sum U subject to sum x - sum y <= r is, for any p >= 0, at most

    p.r + sum_i max_x (u_i(x) - p.x) + sum_i max_y (p.y - C_i(y)).

Where budgets cap what may be paid, with new payments t, sum t >= sum m, t_i + C_i <= b_i (multiplier n_i) and
U'_i - t_i >= U_i - m_i for all (multiplier l_i), t drops out where l_i + n_i = k for all agents, n_i = 0 for
those without a cap, and the rest is at most

    p.r - k sum m - sum l_i (U_i - m_i) + sum n_i b_i
        + sum_i max_x ((1 + l_i) u_i(x) - p.x) + sum_i max_y (p.y - (1 + l_i + n_i) C_i(y)).

*Resources.* No agent may be worse off, so that sum_i e_i <= p.(sum x - sum y) <= rho p.r, e_i being the least
that i can do with at prices p: a consumer's expenditure for its utility; for an agent that makes goods at a
cost, for any l >= 0, at least l U_i - max_x (l u_i(x) - p.x) - max_y (p.y - l C_i(y)); for a technology -its
profit.

All bounds hold for any prices and multipliers; good ones make them tight. Where at recorded prices, right up
to rounding, demand or supply would be unbounded, prices are moved up, or down to unit costs, by a tiny
factor.

Source: weak duality, Boyd and Vandenberghe (2004), section 5.1; the multipliers are our own derivation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy import production
from market.economy.correspondences import Array
from market.economy.primitives import Block, Economy
from market.errors import UnboundedDemandError
from market.results.verify.harm_claims import charges, intercept, welfare

FACTORS = (1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8)  # relative moves of prices that are tried in turn
MULTIPLIER_TIE = 1e-12  # relative moves of a multiplier at which agents may be indifferent
BISECTIONS = 40  # of incomes: to 2e-12 of what all resources are worth
GOAL_REACHED = 1e-13  # of utility: a goal missed by less counts as reached


def most_surplus(economy: Economy, p: Array, made: Array | None = None) -> float:
    """Return an upper bound of total surplus, money; inf where these prices bound nothing.

    Args:
        economy: with quasilinear money.
        p: (goods,), prices.
        made: (agents, goods), the production at which harm is linearised; it bounds whatever that is. None
            for no production.
    """
    nothing = np.zeros(len(economy.agents))
    return _most(economy, p, nothing, nothing, made)


def most_surplus_with_caps(
    economy: Economy,
    p: Array,
    kept: Array,
    capped: Array,
    now: Array,
    payments: Array,
    made: Array | None = None,
) -> float:
    """Return an upper bound of total surplus where no money may go negative and no agent may lose.

    Args:
        economy: with budgets.
        p: (goods,), prices.
        kept: (agents,), l, multipliers of being no worse off.
        capped: (agents,), n, multipliers of budgets.
        now: (agents,), U, all finite.
        payments: (agents,), m, net money paid now.
        made: as for `most_surplus`.
    """
    has_cap = np.isfinite(economy.budget)
    common = float(np.maximum(kept + np.where(has_cap, capped, 0.0), 0.0).max(initial=0.0))
    held = np.where(has_cap, np.clip(kept, 0.0, common), common)
    tied = common - held
    fixed = -common * float(payments.sum()) - float(held @ (now - payments))
    budgets = float(tied[has_cap] @ economy.budget[has_cap])
    return fixed + budgets + _most(economy, p, held, tied, made)


def _most(economy: Economy, p: Array, held: Array, tied: Array, made: Array | None) -> float:
    """Return p.r plus the best of all agents: utility and harm weighted 1 + held, cost 1 + held + tied."""
    made = np.zeros(economy.shape) if made is None else made
    p, due = np.maximum(p, 0.0), charges(economy, made, 1.0 + held)
    fixed = intercept(economy, made, 1.0 + held)
    for factor in FACTORS:
        consumers, unbounded_demand = _best_bundles(economy, p, 1.0 + held)
        producers, unit_cost = _best_outputs(economy, p, 1.0 + held + tied, due)
        unbounded_supply = np.isfinite(unit_cost)
        if not unbounded_demand.any() and not unbounded_supply.any():
            return float(p @ economy.resources + consumers.sum() + producers.sum()) + fixed
        p = np.where(unbounded_demand, p * (1.0 + factor), p)
        at_cost = np.where(p == unit_cost, unit_cost * (1.0 - factor), unit_cost)
        p = np.where(unbounded_supply, np.minimum(p, at_cost), p)
    return np.inf


def _groups(
    blocks: tuple[Block[Any], ...], factors: Array
) -> Iterator[tuple[Any, Array, dict[str, Array], float]]:
    """Yield family, rows, parameters and factor of agents of a block with equal factors."""
    agents = np.arange(len(factors))
    for block in blocks:
        rows = agents[block.rows]
        for factor in np.unique(factors[rows]):
            chosen = factors[rows] == factor
            if not chosen.any():  # nan: not asked for
                continue
            parameters = {key: values[chosen] for key, values in block.parameters.items()}
            yield block.family, rows[chosen], parameters, float(factor)


def _best_bundles(economy: Economy, p: Array, factors: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return `max_x (f_i u_i(x) - p.x)`, (agents,), and a mask of goods with unbounded demand, (goods,)."""
    values, unbounded = np.zeros(len(factors)), np.zeros(len(p), dtype=bool)
    for family, rows, parameters, factor in _groups(economy.utilities, factors):
        try:
            bundles = family.quasilinear_demand(p / factor, **parameters).lowest
        except UnboundedDemandError as error:
            unbounded[list(error.goods)] = True
            continue
        unbounded |= np.isinf(bundles).any(axis=0)
        bundles = np.where(np.isinf(bundles), 0.0, bundles)
        values[rows] = factor * family.value(bundles, **parameters) - bundles @ p
    return values, unbounded


def _best_outputs(economy: Economy, p: Array, factors: Array, due: Array) -> tuple[Array, Array]:
    """Return `max_y ((p - h_i).y - f_i C_i(y))`, and the least unit cost of unbounded supply.

    (agents,) and (goods,), the unit cost with h; `due` is h, (agents, goods).
    """
    values, unit_cost = np.zeros(len(factors)), np.full(len(p), np.inf)
    for family, rows, parameters, factor in _groups(economy.costs, factors):
        for h in np.unique(due[rows], axis=0):
            some = (due[rows] == h).all(axis=1)
            own = {key: array[some] for key, array in parameters.items()}
            net = np.maximum(p - h, 0.0)
            made = family.supply(net / factor, **own).lowest
            unbounded = np.isinf(made)
            made = np.where(unbounded, 0.0, made)
            first = factor * family.marginal(np.zeros_like(made), **own) + h
            unit_cost = np.minimum(unit_cost, np.where(unbounded, first, np.inf).min(axis=0))
            values[rows[some]] = made @ net - factor * family.value(made, **own)
    return values, unit_cost


def least_share(economy: Economy, p: Array, x: Array, y: Array, like: tuple[Array, Array]) -> float:
    """Return a lower bound of the share of resources with which all agents could be as well off.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        like: an allocation (x', y') at whose slopes multipliers of producers are read off.

    Returns:
        0 where these prices bound nothing.
    """
    p = production.zero_profit_prices(economy, np.maximum(p, 0.0))
    worth = float(p @ economy.resources)
    if not (np.isfinite(worth) and worth > 0):
        return 0.0
    if economy.harm is not None:
        return 0.0  # harm ties the agents together: no bound is derived here
    makes = np.asarray((economy.capacity > 0).any(axis=1))
    try:
        spent = np.where(makes, 0.0, _least_spending(economy, p, x, worth))
        profits = float((economy.supply(p).lowest @ p).sum()) if economy.technologies else 0.0
        producers = sum(_least_net(economy, p, x, y, like, int(i)) for i in np.flatnonzero(makes))
    except UnboundedDemandError:
        return 0.0
    share = (float(spent.sum()) - profits + producers) / worth
    return max(share, 0.0) if np.isfinite(share) else 0.0


def _least_spending(economy: Economy, p: Array, x: Array, worth: float) -> Array:
    """Return the least spending that buys consumers their utility, (agents,), by bisection; 0 at -inf."""
    now, slopes = economy.utility(x), economy.marginal_utility(x)
    size = np.multiply(x, slopes, out=np.zeros_like(x), where=(x > 0) & np.isfinite(slopes)).sum(axis=1)
    goal = now - GOAL_REACHED * (np.abs(np.where(np.isfinite(now), now, 0.0)) + size)
    low, high = np.zeros_like(goal), np.full_like(goal, 2.0 * worth)
    for _ in range(BISECTIONS):
        income = (low + high) / 2
        reached = economy.utility(_bought(economy, p, income)) >= goal
        low, high = np.where(reached, low, income), np.where(reached, income, high)
    return np.where(np.isneginf(now) | (goal <= economy.utility(np.zeros_like(x))), 0.0, low)


def _bought(economy: Economy, p: Array, income: Array) -> Array:
    """Return best bundles for incomes, (agents, goods); indifferent agents spend all on one good."""
    bundles = np.zeros(economy.shape)
    for block in economy.utilities:
        found = block.family.budget_demand(p, income[block.rows], **block.parameters)
        own = found.lowest.copy()
        if found.joint is not None:
            room = np.where((found.joint.direction != 0).any(axis=1)[:, None], 0.0, found.highest - own)
            rows, goods = np.arange(len(own)), room.argmax(axis=1)
            own[rows, goods] += room[rows, goods]
        bundles[block.rows] = own
    return bundles


def _least_net(
    economy: Economy, p: Array, x: Array, y: Array, like: tuple[Array, Array], agent: int
) -> float:
    """Return the least net purchases, money, with which a producer at a cost is as well off."""
    now = float(welfare(economy, x, y)[agent])
    if np.isneginf(now) or economy.not_concave[agent]:
        return -np.inf
    wanted, costs = economy.marginal_utility_along(like[0], p), economy.marginal_cost(like[1])
    slopes = np.concatenate([wanted[agent], costs[agent]])
    known = np.isfinite(slopes) & (slopes > 0)
    multipliers = np.unique(np.tile(p, 2)[known] / slopes[known])
    tried = np.outer(multipliers, (1.0, 1.0 + MULTIPLIER_TIE, 1.0 - MULTIPLIER_TIE)).ravel()
    return max((_relaxed(economy, p, agent, now, float(each)) for each in tried), default=-np.inf)


def _relaxed(economy: Economy, p: Array, agent: int, now: float, multiplier: float) -> float:
    """Return `l U_i - max_x (l u_i(x) - p.x) - max_y (p.y - l C_i(y))` of one agent; -inf if unbounded."""
    if multiplier <= 0:
        return -np.inf
    factors = np.full(len(economy.agents), np.nan)
    factors[agent] = multiplier
    consumers, unbounded_demand = _best_bundles(economy, p, factors)
    producers, unit_cost = _best_outputs(economy, p, factors, np.zeros(economy.shape))
    if unbounded_demand.any() or np.isfinite(unit_cost).any():
        return -np.inf
    return multiplier * now - float(consumers[agent]) - float(producers[agent])
