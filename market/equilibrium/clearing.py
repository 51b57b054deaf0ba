"""What prices lead to: what everyone answers, whose set is chosen from how, and how far it is from balance.

Symbols: p (goods,) prices; x, y (agents, goods) consumption and production; r (goods,) resources;
z = sum x - sum y - r excess demand, and relative to the mean of demand and supply, so that it has no unit. A
free good (p_g = 0) that is left over clears: complementary slackness, in quantities.

Everything is asked of `Economy.answers` anew; nothing here trusts a solver. Where somebody is indifferent the
amounts of a given allocation are put into everyone's set, or, without one, each amount is the same fraction
of the way from its lowest to its highest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Answers, Economy
from market.errors import UnboundedDemandError

Allocation = tuple[Array, Array]
"""Consumption and production, (agents, goods) each."""

CLEARS = 1e-9  # relative excess demand up to which prices count as an equilibrium


@dataclass(frozen=True)
class Clearing:
    """What prices lead to.

    Args:
        prices: (goods,).
        consumption: (agents, goods), x, units.
        production: (agents, goods), y, units.
        excess: (goods,), relative excess demand, -2 to 2; 0 where a free good is left over.
        indifferent: whether somebody's answer is a set, from which x and y were chosen.
    """

    prices: Array
    consumption: Array
    production: Array
    excess: Array
    indifferent: bool

    @property
    def residual(self) -> float:
        """The largest relative excess demand."""
        return float(np.abs(self.excess).max(initial=0.0))


def clearing(
    economy: Economy, p: Array, near: Allocation | None = None, made: Array | None = None
) -> Clearing | None:
    """What everyone answers to prices, and how far that is from balance.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        near: an allocation that says what the indifferent take and make, as far as it is in their sets.
        made: (agents, goods), says the same of producers with constant returns, without an allocation.

    Returns:
        None where somebody's answer is not bounded.
    """
    if not np.isfinite(p).all():
        return None
    try:
        supply = economy.supply(p)
        if not np.isfinite(supply.lowest).all():  # and then incomes may be without bound as well
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
    excess = relative_excess(economy, p, x, y)
    if answers.demand.joint is not None:
        excess = np.append(excess, _off_budget(answers, p, x))
    return Clearing(p, x, y, excess, not single)


def relative_excess(economy: Economy, p: Array, x: Array, y: Array) -> Array:
    """Demand minus supply over their mean, (goods,); 0 where a free good is left over."""
    demand = x.sum(axis=0) + np.maximum(-y, 0.0).sum(axis=0)
    supply = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    z = np.where((p == 0) & (demand < supply), 0.0, demand - supply)
    return np.divide(z, demand / 2 + supply / 2, out=np.zeros_like(z), where=z != 0)


def _choose(
    economy: Economy, answers: Answers, near: Allocation | None, made: Array | None, p: Array
) -> Allocation:
    """One amount from everyone's set."""
    if near is None:
        x, y = _by_shares(economy, answers)
    else:
        x, y = np.clip(near[0], *answers.demand.bounds), np.clip(near[1], *answers.supply.bounds)
        made = near[1]
    x = _along(answers.demand, x, None if near is None else near[0], p)
    return x, _along(answers.supply, y, made, p)


def _along(answer: Correspondence, amounts: Array, wanted: Array | None, p: Array) -> Array:
    """The same amounts, with those that vary all together put where they are wanted."""
    if answer.joint is None or wanted is None:
        return amounts
    direction = answer.joint.direction
    size = np.abs(direction) @ p
    level = np.divide(np.abs(wanted - answer.lowest) @ p, size, out=np.zeros_like(size), where=size > 0)
    return np.where((size > 0)[:, None], answer.lowest + level[:, None] * direction, amounts)


def _by_shares(economy: Economy, answers: Answers) -> Allocation:
    """Each amount the same fraction of the way from its lowest to its highest, such that markets balance."""
    d_low, d_high = answers.demand.bounds
    s_low, s_high = answers.supply.bounds
    d_high = np.minimum(d_high, np.maximum(d_low, economy.resources + s_low.sum(axis=0)))
    s_high = np.minimum(s_high, np.maximum(s_low, d_high.sum(axis=0)))  # more than that could not be used
    lacking = d_low.sum(axis=0) - economy.resources - s_high.sum(axis=0)
    room = (d_high - d_low).sum(axis=0) + (s_high - s_low).sum(axis=0)
    share = np.clip(np.divide(-lacking, room, out=np.zeros_like(room), where=room > 0), 0.0, 1.0)
    return d_low + share * (d_high - d_low), s_high - share * (s_high - s_low)


def _off_budget(answers: Answers, p: Array, x: Array) -> float:
    """How far the indifferent are from spending what they must, as a share of it."""
    joint = answers.demand.joint
    assert joint is not None
    spent = x @ p
    off = np.maximum(np.maximum(joint.least_spent - spent, spent - joint.most_spent), 0.0)
    return float(np.divide(off, spent, out=np.zeros_like(off), where=off > 0).max(initial=0.0))


def better(one: Clearing | None, other: Clearing | None) -> Clearing | None:
    """The one that is nearer to balance, if any."""
    known = [found for found in (one, other) if found is not None]
    return min(known, key=lambda found: found.residual, default=None)
