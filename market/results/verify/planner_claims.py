"""The rules of a planner who divides gains over a disagreement point, restated for verification.

Symbols: U_i utility less costs and harm; d_i what i has without an agreement: stated, or with its endowment
alone; a_i powers; g_i = U_i - d_i. Where money moves one for one, payoffs are `d_i + (a_i / sum a) (sum U -
sum d)`, and the allocation is that of the largest sum. Else the allocation is the best for weights that it
implies: `a_i / g_i` for the product of gains; for the least gain those that recorded prices imply,
`min_g p_g / (du_i/dx_ig)`, of agents with the least gain, and 0 of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.outcome import Status
from market.results.verify.accounts import Due, without_money
from market.results.verify.harm_claims import welfare
from market.results.verify.record import Record

if TYPE_CHECKING:
    from market.mechanisms.planner import Planner

LEAST = 1e-6
"""Part of the scale of an agent's utility: gains within it of the least are the least."""


def moves_money(economy: Economy) -> bool:
    """Return True if payments move utility one for one."""
    return economy.money is Money.QUASILINEAR


def stated_powers(economy: Economy, options: Planner) -> Array:
    """Return the stated weights, (agents,)."""
    powers = np.ones(len(economy.agents))
    for agent, weight in options.welfare_weights.items():
        powers[economy.rows(agent)] = weight
    return powers


def without_agreement(economy: Economy, options: Planner) -> Array:
    """Return what agents have without an agreement, (agents,)."""
    d = welfare(economy, economy.endowment, np.zeros(economy.shape))
    for agent, value in options.disagreement.items():
        d[economy.rows(agent)] = value
    return d


def due_of_planner(economy: Economy, record: Record, options: Planner) -> Due:
    """Return no payments, or those that divide the gain of money."""
    found = without_money(economy, record)
    if options.welfare == "sum" or not moves_money(economy) or record.status is not Status.OPTIMAL:
        return found
    d, powers = without_agreement(economy, options), stated_powers(economy, options)
    gain = float(found.payoffs.sum() - d.sum())
    parts = powers / powers.sum() if options.welfare == "nash" else np.full(len(d), 1.0 / len(d))
    payoffs = d + gain * parts
    return Due(found.payoffs - payoffs, 0.0, payoffs)


def has_gain(economy: Economy, record: Record, options: Planner) -> bool:
    """Return True unless a product of gains is to be maximised and there is no money to divide."""
    if options.welfare != "nash" or not moves_money(economy):
        return True
    utilities = welfare(economy, record.consumption, record.production)
    gain = float(utilities.sum() - without_agreement(economy, options).sum())
    return gain > 0.5 * LEAST * float(economy.utility_scale.sum())  # half: sums are rounded otherwise here


def planned_weights(economy: Economy, record: Record, options: Planner) -> Array:
    """Return the weights for which the allocation must be the best, (agents,); nan if there are none."""
    powers = stated_powers(economy, options)
    if options.welfare == "sum":
        return powers
    if moves_money(economy):
        return np.ones_like(powers)
    gains = welfare(economy, record.consumption, record.production) - without_agreement(economy, options)
    counted = economy.wants_something & (powers > 0)
    if options.welfare == "nash":
        if not (gains[counted] > 0).all():
            return np.full(len(powers), np.nan)
        return np.where(counted, powers / np.where(counted, gains, 1.0), 0.0)
    assert record.prices is not None
    p = record.prices
    slopes = economy.marginal_utility_along(record.consumption, p)
    ratio = np.full_like(slopes, np.inf)
    ratio[slopes > 0] = (np.broadcast_to(p, slopes.shape)[slopes > 0]) / slopes[slopes > 0]
    lowest = gains <= gains[counted].min() + LEAST * economy.utility_scale
    most = ratio.min(axis=1)
    return np.where(counted & lowest, np.where(np.isinf(most), 1.0, most), 0.0)  # inf: satiated
