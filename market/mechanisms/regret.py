"""Regret: the most that an agent could gain by deviating alone, in its payoff or as a share of its trades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.aggregate_demand import AnswersInTotal
from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy


def regret(economy: Economy, p: Array, payoffs: Array) -> Array:
    """Return the most that each agent could gain at prices p by another affordable bundle, (agents,).

    Best answers at p are computed anew; a rationed agent regrets what it could not have.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        payoffs: (agents,), present payoffs from the agents' own bundles (`Economy.payoff` of
            `Economy.own_welfare`): harm by others is the same whatever an agent does.
    """
    regrets = np.empty(len(economy.agents))
    for rows, part in economy.parts:
        regrets[rows] = gain(payoffs[rows], _best(part, p))
    return regrets


def _best(economy: Economy, p: Array) -> Array:
    """Return the payoffs of best answers to prices p, (agents,); inf of an unbounded answer."""
    best = economy.answers(p)
    eaten, made = best.demand.lowest, best.supply.lowest
    if not (np.isinf(eaten.max(initial=0.0)) or (economy.has_producers and np.isinf(made).any())):
        return economy.payoff(economy.own_welfare(eaten, made), p, eaten, made)
    unbounded = np.asarray((np.isinf(made) | np.isinf(eaten)).any(axis=1))
    made, eaten = (np.where(unbounded[:, None], 0.0, part) for part in (made, eaten))
    return np.where(unbounded, np.inf, economy.payoff(economy.own_welfare(eaten, made), p, eaten, made))


def gain(before: Array, after: Array) -> Array:
    """Return max(after - before, 0), also where `before` is -inf: 0 to -inf, inf to anything else."""
    same = before == after
    with np.errstate(invalid="ignore"):
        return np.where(same, 0.0, np.maximum(after - before, 0.0))


def relative_regret(economy: Economy, p: Array, x: Array, y: Array, regrets: Array) -> float:
    """Return the largest regret as a share of the worth of the agent's trades.

    The worth of a bundle is what it is at the margin (`Economy.worth`), of outputs p.y. The ratio has no
    unit: it does not change when a utility is multiplied by a number.
    """
    largest = 0.0
    for rows, part in economy.parts:
        had, gained = x[rows], regrets[rows]
        worth = part.worth(had)
        if part.has_producers:
            worth += y[rows] @ p
        shares = np.divide(
            gained, worth, out=np.where(gained > 0, np.inf, 0.0), where=(gained > 0) & (worth > 0)
        )
        largest = max(largest, float(shares.max(initial=0.0)))
    return largest


def answers_faithfully(economy: Economy, given: Answers, p: Array) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of agents that gave the answer that their preferences and costs imply."""
    faithful = np.ones(len(economy.agents), dtype=bool)
    if isinstance(given, AnswersInTotal) and given.own is None:  # the economy itself answered for all agents
        return faithful
    for rows, part in economy.parts:
        best = part.answers(p)
        pairs = zip(
            (*given.demand.bounds, *given.supply.bounds),
            (*best.demand.bounds, *best.supply.bounds),
            strict=True,
        )
        faithful[rows] = np.all([(had[rows] == right).all(axis=1) for had, right in pairs], axis=0)
    return faithful
