"""Demand, supply and excess demand at given prices: the test that every equilibrium must pass.

Symbols: `p` (goods,) prices; `x`, `y` (agents, goods) consumption and production; `r` (goods,) resources; `z
= sum x - sum y - r` excess demand, and relative to the mean of demand and supply, so that it has no unit. A
free good (`p_g = 0`) that is left over clears: complementary slackness, in quantities.

Demand and supply are those of `Economy.answers`, recomputed; no solver's result is relied on. Where agents
are indifferent a given allocation is projected on the sets of their best choices, or, without one, each
amount is the same fraction of the way from its lowest to its highest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Answers, Economy
from market.errors import UnboundedDemandError

Allocation = tuple[Array, Array]
"""Consumption and production, (agents, goods) each."""

CLEARING_EXCESS = 1e-9
"""Relative excess demand up to which prices count as an equilibrium: the rounding of demand, whose relative
error is up to some thousand units in the last place times its elasticity."""


@dataclass(frozen=True)
class Clearing:
    """Allocation and relative excess demand at given prices.

    Args:
        prices: (goods,).
        consumption: (agents, goods), `x`, units.
        production: (agents, goods), `y`, units.
        excess: (goods,), relative excess demand, -2 to 2; 0 where a free good is left over. One more entry,
            the largest relative violation of a budget, where amounts of several goods are coupled.
        indifferent: True if demand or supply is a set, from which `x` and `y` were chosen.
    """

    prices: Array
    consumption: Array
    production: Array
    excess: Array
    indifferent: bool

    @property
    def residual(self) -> float:
        """Largest relative excess demand."""
        return float(np.abs(self.excess).max(initial=0.0))


def evaluate_prices(
    economy: Economy, p: Array, near: Allocation | None = None, made: Array | None = None
) -> Clearing | None:
    """Compute demand and supply at given prices, and their excess demand.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        near: an allocation from which the amounts of indifferent agents are taken, as far as it is in their
            sets.
        made: (agents, goods), production of producers with constant returns, without an allocation.

    Returns:
        None where some agent's demand or supply is unbounded.
    """
    if not np.isfinite(p).all():
        return None
    try:
        supply = economy.supply(p)
        if not np.isfinite(supply.lowest).all():  # and then incomes may be unbounded as well
            return None
        answers = Answers(economy.demand(p, supply), supply)
    except UnboundedDemandError:
        return None
    if not np.isfinite(answers.demand.lowest).all():
        return None
    single = answers.demand.single_valued and answers.supply.single_valued
    x, y = (
        (answers.demand.lowest, answers.supply.lowest) if single else _choose(economy, answers, near, made, p)
    )
    excess = compute_relative_excess(economy, p, x, y)
    if answers.demand.joint is not None:
        excess = np.append(excess, _measure_budget_violation(answers, p, x))
    return Clearing(p, x, y, excess, not single)


def compute_relative_excess(economy: Economy, p: Array, x: Array, y: Array) -> Array:
    """Return demand minus supply over their mean, (goods,); 0 where a free good is left over."""
    demand = x.sum(axis=0) + np.maximum(-y, 0.0).sum(axis=0)
    supply = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    z = np.where((p == 0) & (demand < supply), 0.0, demand - supply)
    return np.divide(z, demand / 2 + supply / 2, out=np.zeros_like(z), where=z != 0)


def _choose(
    economy: Economy, answers: Answers, near: Allocation | None, made: Array | None, p: Array
) -> Allocation:
    """Choose one bundle from each set of best choices."""
    if near is None:
        x, y = _by_shares(economy, answers)
    else:
        x, y = np.clip(near[0], *answers.demand.bounds), np.clip(near[1], *answers.supply.bounds)
        made = near[1]
    x = _follow_coupling(answers.demand, x, None if near is None else near[0], p)
    return x, _follow_coupling(answers.supply, y, made, p)


def _follow_coupling(answer: Correspondence, amounts: Array, wanted: Array | None, p: Array) -> Array:
    """Return `amounts`, those that are coupled moved along their ray to the value of `wanted`."""
    if answer.joint is None or wanted is None:
        return amounts
    direction = answer.joint.direction
    size = np.abs(direction) @ p
    level = np.divide(np.abs(wanted - answer.lowest) @ p, size, out=np.zeros_like(size), where=size > 0)
    return np.where((size > 0)[:, None], answer.lowest + level[:, None] * direction, amounts)


def _by_shares(economy: Economy, answers: Answers) -> Allocation:
    """Choose for each good one fraction of the way from lowest to highest, such that its market balances."""
    d_low, d_high = answers.demand.bounds
    s_low, s_high = answers.supply.bounds
    d_high = np.minimum(d_high, np.maximum(d_low, economy.resources + s_low.sum(axis=0)))
    s_high = np.minimum(s_high, np.maximum(s_low, d_high.sum(axis=0)))  # any more could not be used
    lacking = d_low.sum(axis=0) - economy.resources - s_high.sum(axis=0)
    room = (d_high - d_low).sum(axis=0) + (s_high - s_low).sum(axis=0)
    share = np.clip(np.divide(-lacking, room, out=np.zeros_like(room), where=room > 0), 0.0, 1.0)
    return d_low + share * (d_high - d_low), s_high - share * (s_high - s_low)


def _measure_budget_violation(answers: Answers, p: Array, x: Array) -> float:
    """Return the largest violation of the spending that indifferent agents are bound to, relative to it."""
    joint = answers.demand.joint
    assert joint is not None
    spent = x @ p
    off = np.maximum(np.maximum(joint.least_spent - spent, spent - joint.most_spent), 0.0)
    return float(np.divide(off, spent, out=np.zeros_like(off), where=off > 0).max(initial=0.0))


def choose_better(one: Clearing | None, other: Clearing | None) -> Clearing | None:
    """Return the one with the smaller residual; None if both are None."""
    known = [found for found in (one, other) if found is not None]
    return min(known, key=lambda found: found.residual, default=None)
