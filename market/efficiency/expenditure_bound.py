"""A lower bound on Debreu's coefficient from prices: the resources that every allocation as good needs.

Symbols: p (goods,) prices; r (goods,) resources; u_i the utilities of an allocation; e_i(p, u_i) the
expenditure function, the least income that buys agent i a utility of u_i; Pi(p) the largest profit of all
technologies. Take any x', y' with
`u_i(x'_i) >= u_i` for which a share rho of the resources is enough, `sum x' <= rho r + sum y'`. Then

    sum_i e_i(p, u_i) <= p.(sum x') <= rho p.r + p.(sum y') <= rho p.r + Pi(p),

so that `rho >= (sum_i e_i(p, u_i) - Pi(p)) / p.r` for any prices. At the multipliers of the program for
the least rho the two sides meet. e_i is found by bisection of the income at which the best bundle of agent i
has utility u_i; with an income that is too low the bound stays true.

Source: Debreu (1951), "The coefficient of resource utilization"; weak duality.
"""

from __future__ import annotations

import numpy as np

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Economy
from market.economy.production import zero_profit_prices
from market.errors import UnboundedDemandError
from market.tolerances import ROUNDING_OF_SUMS

INCOME_BISECTIONS = 45
"""Halvings of an income: it is found to 3e-14 of the cost of the agent's own bundle, below
`ROUNDING_OF_SUMS`."""

PRICE_FLOORS = (0.0, 1e-12, 1e-9, 1e-7)
"""Least values of all there is of a good, relative to the mean over goods, that are tried in turn: a solver
reports the price of a free good as 0 or as noise, and a price slightly too high proves nearly as much."""


def share_needed(economy: Economy, p: Array, x: Array, enough: float = np.inf) -> float:
    """Return the largest lower bound that prices near p prove on the share of resources needed.

    Needed by every allocation in which no agent is worse off than with x.

    Args:
        economy: without costs in money.
        p: (goods,), prices.
        x: (agents, goods), consumption.
        enough: a bound after which no larger one is looked for.

    Returns:
        A share >= 0; 0 where these prices prove nothing.
    """
    there = economy.resources
    positive = np.where(np.isfinite(p), np.maximum(p, 0.0), 0.0)
    worth = float(positive @ there)
    if not 0 < worth < np.inf:
        return 0.0
    least = worth / len(p) / np.where(there > 0, there, np.inf)
    best = 0.0
    with np.errstate(all="ignore"):  # prices out of range prove nothing
        for floor in PRICE_FLOORS:
            tried = zero_profit_prices(economy, np.maximum(positive, floor * least))
            best = max(best, _share(economy, tried, x))
            if best >= enough:
                break
    return best


def _share(economy: Economy, p: Array, x: Array) -> float:
    """Return `(sum_i e_i - Pi(p)) / p.r`; 0 where it is not finite or profits are unbounded."""
    worth = float(p @ economy.resources)
    try:
        spent = float(expenditure(economy, p, x).sum())
        profit = float((economy.supply(p).lowest @ p).sum())
    except UnboundedDemandError:
        return 0.0
    share = (spent - profit) / worth
    return share if np.isfinite(share) else 0.0


def expenditure(economy: Economy, p: Array, x: Array, slack: float = ROUNDING_OF_SUMS) -> Array:
    """Return `e_i(p, u_i(x_i))`, (agents,), from below; 0 at -inf and where an empty bundle is as good.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        x: (agents, goods), consumption, whose utility is to be bought.
        slack: share of the utility that may be missed, as rounding.

    Raises:
        UnboundedDemandError: a wanted good is free.
    """
    now, slopes = economy.concave_utility(x), economy.concave_marginal_utility(x)
    worth = np.multiply(x, slopes, out=np.zeros_like(x), where=(x > 0) & np.isfinite(slopes)).sum(axis=1)
    size = np.abs(now) + worth
    goal = now - slack * np.where(np.isfinite(size), size, 0.0)
    held = np.isfinite(now) & (goal > economy.concave_utility(np.zeros_like(x)))
    low, high = np.zeros_like(now), np.where(held, x @ p, 0.0)  # its own bundle is enough
    for _ in range(INCOME_BISECTIONS):
        middle = (low + high) / 2.0
        reached = economy.concave_utility(_bought(economy, p, middle)) >= goal
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.where(held, low, 0.0)


def _bought(economy: Economy, p: Array, income: Array) -> Array:
    """Return best bundles, (agents, goods); where the agent is indifferent, the rest is spent on one good."""
    bundles = np.zeros(economy.shape)
    for block in economy.utilities:
        bundles[block.rows] = _one_of(block.family.budget_demand(p, income[block.rows], **block.parameters))
    return bundles


def _one_of(answer: Correspondence) -> Array:
    """Return one best bundle from each answer, (agents, goods)."""
    if answer.single_valued:
        return answer.lowest
    room = np.where(np.isfinite(answer.highest), answer.highest - answer.lowest, 0.0)
    if answer.joint is not None:
        room = np.where((answer.joint.direction != 0).any(axis=1)[:, None], 0.0, room)
    rows, chosen = np.arange(len(room)), room.argmax(axis=1)
    bundles = answer.lowest.copy()
    bundles[rows, chosen] += room[rows, chosen]
    return bundles
