"""Excess demand: how far announced demand and supply are from balance, good by good.

Symbols: d (lowest, highest) demand and s (lowest, highest) supply of each agent, sets where an agent is
indifferent; r = q + sum e resources. Aggregate excess demand is the interval
[sum d_lowest - r - sum s_highest, sum d_highest - r - sum s_lowest]; `z` is its point nearest to zero. If
it contains zero the market for the good clears.

A good whose price is zero clears if nothing is lacking (complementary slackness); what is left over is not
consumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.assignment import Assigned, assign, needs_assignment
from market.tolerances import STANDS_FOR_UNBOUNDED, UNBOUNDED

if TYPE_CHECKING:
    from market.economy.primitives import Answers, Economy


@dataclass(frozen=True)
class Imbalance:
    """Distance of the market for each good from clearing, all (goods,).

    Args:
        z: excess demand, units; 0 where the market clears, infinite where an unbounded amount is.
        relative: z over the mean of the demand and supply that are compared, -2 to 2.
    """

    z: Array
    relative: Array

    @cached_property
    def disequilibrium(self) -> float:
        """The largest relative excess demand in absolute value."""
        return float(np.abs(self.relative).max())


def imbalance(economy: Economy, answers: Answers, p: Array) -> Imbalance:
    """Return excess demand, good by good."""
    if economy.technologies or needs_assignment(answers):
        return _imbalance_of(economy, assign(economy, answers, p), p)
    demand, supply = answers.total_demand, answers.total_supply
    if demand.single_valued and supply.single_valued:
        return _of_amounts(demand.lowest, economy.resources + supply.lowest, p)
    least, most = (np.minimum(total, STANDS_FOR_UNBOUNDED) for total in demand.bounds)
    offered_least, offered_most = (
        np.minimum(economy.resources + total, STANDS_FOR_UNBOUNDED) for total in supply.bounds
    )
    lacking, left_over = least - offered_most, offered_least - most
    z = np.where(lacking > 0, lacking, np.where(left_over > 0, -left_over, 0.0))
    z = np.where((p == 0) & (z < 0), 0.0, z)
    relative = _relative_to_mean(z, np.where(z > 0, least + offered_most, most + offered_least))
    return _with_unbounded(
        Imbalance(np.where(np.abs(z) < STANDS_FOR_UNBOUNDED / 2, z, np.copysign(np.inf, z)), relative),
        least,
        offered_least,
    )


def _imbalance_of(economy: Economy, assigned: Assigned, p: Array) -> Imbalance:
    """Return excess demand that is left after an assignment; inputs of producers count as demand."""
    y = assigned.production
    wanted = assigned.consumption.sum(axis=0) + np.maximum(-y, 0.0).sum(axis=0)
    offered = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    return _of_amounts(wanted, offered, p)


def _of_amounts(wanted: Array, offered: Array, p: Array) -> Imbalance:
    """Return excess demand of single-valued amounts, (goods,) each."""
    together = wanted + offered
    if p.min() > 0 and together.min() > 0 and together.max() < UNBOUNDED:  # nearly every round
        z = wanted - offered
        return Imbalance(z, 2.0 * (z / together))
    wanted, offered = np.minimum(wanted, STANDS_FOR_UNBOUNDED), np.minimum(offered, STANDS_FOR_UNBOUNDED)
    z = wanted - offered
    z = np.where((p == 0) & (z < 0), 0.0, z)
    relative = _relative_to_mean(z, wanted + offered)
    unbounded = np.abs(z) >= STANDS_FOR_UNBOUNDED / 2
    return _with_unbounded(
        Imbalance(np.where(unbounded, np.copysign(np.inf, z), z) if unbounded.any() else z, relative),
        wanted,
        offered,
    )


def _relative_to_mean(z: Array, together: Array) -> Array:
    """Return z over half the sum of both sides; the sum is not halved, as half the smallest float is 0."""
    return np.asarray(2.0 * np.divide(z, together, out=np.zeros_like(z), where=z != 0))


def _with_unbounded(found: Imbalance, wanted: Array, offered: Array) -> Imbalance:
    """Return the imbalance with infinite excess demand where the least demand or supply is unbounded."""
    sign = np.where(wanted >= UNBOUNDED, 1.0, np.where(offered >= UNBOUNDED, -1.0, 0.0))
    if not sign.any():
        return found
    return Imbalance(
        np.where(sign != 0, np.copysign(np.inf, sign), found.z),
        np.where(sign != 0, 2.0 * sign, found.relative),
    )
