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

from market.economy import Answers, Economy
from market.errors import UnboundedDemandError
from market.interval import Array

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


def clearing(economy: Economy, p: Array, near: Allocation | None = None) -> Clearing | None:
    """What everyone answers to prices, and how far that is from balance.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        near: an allocation that says what the indifferent take and make, as far as it is in their sets.

    Returns:
        None where somebody's answer is not bounded.
    """
    if not np.isfinite(p).all():
        return None
    try:
        answers = economy.answers(p)
    except UnboundedDemandError:
        return None
    if not all(np.isfinite(answer.lowest).all() for answer in answers):
        return None
    single = answers.demand.single_valued and answers.supply.single_valued
    x, y = (answers.demand.lowest, answers.supply.lowest) if single else _choose(economy, answers, near)
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


def _choose(economy: Economy, answers: Answers, near: Allocation | None) -> Allocation:
    """One amount from everyone's set."""
    if near is not None:
        x, y = near
        return np.clip(x, *answers.demand.bounds), np.clip(y, *answers.supply.bounds)
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
