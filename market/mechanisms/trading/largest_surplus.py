"""The largest total surplus of an economy, or of a coalition of its agents, with its evidence.

    V = max sum_i (u_i(x_i) - C_i(y_i))  subject to  sum x <= q + sum e + sum y, 0 <= y <= capacity.

It is -inf where some agent is at -inf in every allocation, and 0 of no agents. Otherwise it is the planner's
optimum with equal weights (or with others, for reports of another scale), by Newton's method from a nearby
optimum where one is known, else as the planner finds it. Either is accepted by its `residual` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import NumericalError
from market.mechanisms.planner import SHARP_ENOUGH, Planner
from market.welfare.convex_program import Solution
from market.welfare.first_order_conditions import residual
from market.welfare.newton import optimum


@dataclass(frozen=True)
class LargestSurplus:
    """The largest total surplus, and the allocation that reaches it.

    Args:
        value: V, money; -inf if an agent is at -inf in every allocation.
        found: the allocation; None where V is -inf.
        residual: largest relative violation of its first-order conditions; 0 where V is -inf.
    """

    value: float
    found: Solution | None
    residual: float


def largest_surplus(economy: Economy, near: Solution | None = None) -> LargestSurplus:
    """Return the largest total surplus of an economy.

    Args:
        economy: with quasilinear money; of any number of agents.
        near: an allocation of these agents that may be close to the optimum, to start from.

    Raises:
        NumericalError: it was not found; the message says why.

    Example:
        Ten units of water between two agents with utility log x: 2 log 5.

        >>> from market.scenario.building import build
        >>> from market.scenario.loading import load
        >>> round(largest_surplus(build(load("scenarios/commons.toml"))).value, 6)
        3.218876
    """
    nothing = np.zeros(economy.shape)
    if not len(economy.agents):
        return LargestSurplus(0.0, Solution(nothing, nothing, np.zeros(len(economy.goods)), 0.0), 0.0)
    if cannot_be_helped(economy):
        return LargestSurplus(-np.inf, None, 0.0)
    if not economy.most.any():  # the empty allocation is the only one
        value = float(economy.utility(nothing).sum())
        return LargestSurplus(value, Solution(nothing, nothing, np.zeros(len(economy.goods)), value), 0.0)
    ones = np.ones(len(economy.agents))
    found = best_allocation(economy, ones, near)
    x, y, p = found.consumption, found.production, found.prices
    return LargestSurplus(float(economy.welfare(x, y).sum()), found, residual(economy, x, y, ones, p))


def cannot_be_helped(economy: Economy) -> bool:
    """Return True if some agent is at -inf in every allocation: its own wants, or all together, exceed it."""
    plenty = np.tile(economy.most, (len(economy.agents), 1))
    needed = economy.subsistence.sum(axis=0)
    return bool(np.isneginf(economy.utility(plenty)).any() or ((needed > 0) & (needed >= economy.most)).any())


def best_allocation(economy: Economy, weights: Array, near: Solution | None = None) -> Solution:
    """Return the allocation of largest weighted welfare.

    Args:
        economy: the primitives.
        weights: (agents,), welfare weights > 0.
        near: an allocation to start from, if one is known.

    Raises:
        NumericalError: it was not found; the message says why.
    """
    if near is not None:
        found = optimum(economy, weights, near)
        if found is not None and _violation(economy, found, weights) <= SHARP_ENOUGH:
            return found
    others = dict(zip(economy.agents, weights.tolist(), strict=True))
    planner = Planner("planner", welfare_weights={name: w for name, w in others.items() if w != 1.0})
    state = planner.step(economy, planner.start(economy), economy.answers)
    if not isinstance(state.solution, Solution):
        raise NumericalError(state.solution or "the problem was not solved")
    return state.solution


def _violation(economy: Economy, found: Solution, weights: Array) -> float:
    return residual(economy, found.consumption, found.production, weights, found.prices)
