"""Demand and supply of agents that pay more for a unit than they get for one.

Symbols: p_b what an agent pays, p_s <= p_b what it gets, (goods,) each; e its endowment, x consumption, y
production, n = x - e - y net purchases; T money handed to it.

Its problem with money is `max u(x) - C(y) - sum_g (p_b n_g^+ - p_s n_g^-)`, and under `exchange` `max u(x)`
subject to `sum_g (p_b n_g^+ - p_s n_g^-) <= T`. As `p_b n^+ - p_s n^- = max {pi n : p_s <= pi <= p_b}` and
both problems are convex in n, the order of max and min can be changed (Sion): there are *shadow prices* pi,
one for each good, at which the agent does what it would do if they were the only prices, with income `pi.e +
T` under `exchange`, and

    pi_g = p_b if it buys g,   pi_g = p_s if it sells g,   p_s <= pi_g <= p_b if it does neither.

In one good net purchases fall in pi: with money by the law of demand, and under `exchange` wherever n = 0,
since there the income effect of pi.e is cancelled (the Slutsky matrix is negative). So one good after another
is put to the end of its range at which the agent trades, or to where it trades nothing, until none moves:
this is coordinate descent of a function (the value of the problem at pi) that is convex, or quasiconvex.

Source: own derivation; Sion (1958), "On general minimax theorems"; Mas-Colell, Whinston and Green (1995),
3.F.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Economy, Money

PASSES = 60  # over the goods of an agent
SETTLED = 1e-14  # relative change of shadow prices from which they have settled


class Own(NamedTuple):
    """The answer of agents to shadow prices.

    Args:
        demand: (agents, goods).
        supply: (agents, goods).
    """

    demand: Correspondence
    supply: Correspondence

    def net(self, owned: Array) -> tuple[Array, Array]:
        """Return the least and the most net purchases, (agents, goods)."""
        return (
            self.demand.lowest - owned - self.supply.highest,
            self.demand.highest - owned - self.supply.lowest,
        )


def demand_at(economy: Economy, p: Array, means: Array) -> Correspondence:
    """Return the consumption demanded at prices p, (goods,), with given means, (agents,), money.

    Args:
        economy: the primitives, or a part of them.
        p: what each good costs.
        means: the most that can be spent; inf without a limit.
    """
    spends = Money.FISHER if economy.money is Money.EXCHANGE else economy.money
    nothing = np.zeros(len(economy.agents))
    buyers = replace(
        economy,
        money=spends,
        commons=np.zeros(len(p)),
        endowment=np.zeros(economy.shape),
        budget=means,
        commons_share=nothing,
        costs=(),
        technologies=(),
        ownership=None,
        shares_revenue=False,
    )
    return buyers.demand(p, Correspondence.exactly(np.broadcast_to(0.0, economy.shape)))


def means_at(economy: Economy, sells_at: Array, other: Array, supply: Correspondence) -> Array:
    """Return what agents can spend, (agents,), money: `Economy.spending_power` at their own selling prices.

    Args:
        economy: the primitives, or a part of them.
        sells_at: (agents, goods), what each gets for a unit.
        other: (agents,), money that depends on no choice: lump sums, and shares in the commons.
        supply: at these prices.
    """
    if economy.money is Money.FISHER:
        return economy.budget
    owned = (economy.endowment * sells_at).sum(axis=1)
    if economy.money is Money.EXCHANGE:
        return np.maximum(owned + other, 0.0)
    made = supply.lowest
    unbounded = np.asarray(np.isinf(made).any(axis=1))
    finite = np.where(unbounded[:, None], 0.0, made)
    profit = np.where(unbounded, np.inf, (finite * sells_at).sum(axis=1) - economy.cost(finite))
    return economy.budget + owned + other + profit


def at_shadow_prices(agent: Economy, pi: Array, other: Array) -> Own:
    """Return the answer of agents for which pi, (goods,), are the only prices."""
    supply = agent.supply(pi)
    return Own(demand_at(agent, pi, means_at(agent, pi[None, :], other, supply)), supply)


def answer(agent: Economy, bought_at: Array, sold_at: Array, kinked: NDArray[np.bool_], other: Array) -> Own:
    """Return the best demand and supply of one agent, (1, goods) each.

    Args:
        agent: an economy of this agent alone.
        bought_at: (goods,), p_b.
        sold_at: (goods,), p_s.
        kinked: (goods,), where p_s < p_b matters to it; elsewhere it only buys or only sells.
        other: (1,), money that depends on no choice of the agent.
    """
    base = np.where(agent.bliss[0] > 0, bought_at, sold_at)

    def at(pi: Array) -> Own:
        return at_shadow_prices(agent, pi, other)

    pi, idle = _settled(at, agent, base, sold_at, np.flatnonzero(kinked))
    found = at(pi)
    if not idle.any():
        return found
    x, y = found.demand.lowest.copy(), found.supply.lowest.copy()
    y[0, idle] = np.clip(x[0, idle] - agent.endowment[0, idle], y[0, idle], found.supply.highest[0, idle])
    x[0, idle] = agent.endowment[0, idle] + y[0, idle]  # exactly, so that no rounding is taxed
    return Own(Correspondence.exactly(x), Correspondence.exactly(y))


def _settled(
    at: Callable[[Array], Own], agent: Economy, high: Array, low: Array, goods: NDArray[np.intp]
) -> tuple[Array, NDArray[np.bool_]]:
    """Return shadow prices, (goods,), and a mask of the goods that the agent does not trade."""
    pi, idle = high.copy(), np.zeros(len(high), dtype=bool)
    for _ in range(PASSES):
        before = pi.copy()
        for g in goods:
            pi[g], idle[g] = _one_good(at, agent, pi, g, float(low[g]), float(high[g]))
        if (np.abs(pi - before) <= SETTLED * pi).all():
            break
    return pi, idle


def _one_good(
    at: Callable[[Array], Own], agent: Economy, pi: Array, g: int, low: float, high: float
) -> tuple[float, bool]:
    """Return the shadow price of a good at which the agent trades as the price allows, and if it is idle."""

    def net(price: float) -> float:
        tried = pi.copy()
        tried[g] = price
        least, most = (part[0, g] for part in at(tried).net(agent.endowment))
        return float(least if least > 0 else most if most < 0 else 0.0)

    if net(high) > 0 or low >= high:
        return high, False
    if net(low) < 0:
        return low, False
    price = brentq(net, low, high, xtol=1e-300, rtol=4e-15) if net(low) > 0 > net(high) else None
    if price is None:
        price = low if net(low) == 0 else high
    return float(price), True
