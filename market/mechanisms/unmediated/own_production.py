"""The problem of somebody who makes things for itself: max u_i(base_i + s_i y_i) - C_i(y_i).

base (agents, goods) is what the agent has in any case, s (agents, goods) the share of its own output that it
keeps. With a technology y are netputs, and inputs come out of base. The agents' problems do not touch each
other, so one convex programme, the maximum of their sum, solves all of them. An agent that keeps nothing of
what it can make sees only the cost and makes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import InputError
from market.mechanisms.regret import gain
from market.welfare.convex_program import Programme, typical_amounts

SOLVED_TO = 1e-9  # gains below this share of utility are the solver's rounding, not gains


def best_outputs(economy: Economy, base: Array, share: Array, now: Array) -> tuple[Array, Array]:
    """The best outputs of each agent, (agents, goods), and what it gains by them over those now, (agents,).

    Raises:
        InputError: the utility of an agent with something to decide is not concave.
    """
    keeps = (share > 0) & (economy.capacity > 0)
    turns = economy.turns_goods_into_goods[:, None]
    best = np.zeros(economy.shape)
    if keeps.any() or turns.any():
        best = _solve(economy, base, share, keeps | turns)
    before = economy.welfare(np.maximum(base + share * now, 0.0), now)
    after, nothing = (
        economy.welfare(np.maximum(base + share * best, 0.0), best),
        economy.welfare(base, np.zeros(economy.shape)),
    )
    best = np.where((nothing >= after)[:, None], 0.0, best)
    gains = gain(before, np.maximum(after, nothing))
    size = np.where(np.isfinite(before), np.abs(before), 0.0)
    return best, np.where(gains > SOLVED_TO * np.maximum(size, economy.cost(now)), gains, 0.0)


def _solve(economy: Economy, base: Array, share: Array, keeps: NDArray[np.bool_]) -> Array:
    """One programme for all agents: what they eat is what they have and keep of their outputs."""
    import cvxpy  # deferred: takes a second to import

    decides = np.asarray(keeps.any(axis=1))
    _refuse_not_concave(economy, decides)
    programme = Programme(economy, typical_amounts(economy, base, np.zeros(economy.shape)))
    could = np.where(
        economy.turns_goods_into_goods[:, None], economy.most, np.minimum(economy.capacity, 1e100)
    )
    plenty = base + share * np.where(keeps, could, 0.0)
    counted = decides & np.isfinite(economy.utility(plenty))
    utilities, constraints = programme.utilities(stated=True, counted=counted)
    objective = cvxpy.sum(cvxpy.multiply(1.0 / programme.at_stake(), utilities - programme.costs()))
    eaten = (programme.x - cvxpy.multiply(share, programme.y) - base) @ np.diag(1.0 / programme.units) <= 0
    found = programme.solve(objective, [*constraints, *programme.limits()], eaten)
    outputs = np.where(keeps, found.production, 0.0)
    return _sharpen(economy, base, share, outputs) if not economy.technologies else outputs


def _sharpen(economy: Economy, base: Array, share: Array, y: Array, steps: int = 6) -> Array:
    """Newton's method on s du/dx = dC/dy, all agents at once, for outputs strictly between 0 and capacity.

    An interior-point method leaves amounts at a flat maximum right to 1e-4 or so.
    """
    typical = np.maximum(base, y).max(axis=0, initial=0.0)
    inside = (y > 1e-6 * typical) & (y < economy.capacity * (1.0 - 1e-6)) & (share > 0)

    def violation(outputs: Array) -> Array:
        with np.errstate(all="ignore"):
            gap = share * economy.marginal_utility(base + share * outputs) - economy.marginal_cost(outputs)
        return np.where(inside, gap, 0.0)

    size = np.abs(violation(y)).max(axis=1, initial=0.0)
    for _ in range(steps):
        tried = y - _newton(violation, y, inside)
        now = np.abs(violation(tried)).max(axis=1, initial=0.0)
        better = (now < size) & (tried >= 0).all(axis=1) & (tried <= economy.capacity).all(axis=1)
        if not better.any():
            break
        y, size = np.where(better[:, None], tried, y), np.where(better, now, size)
    return y


def _newton(violation: Callable[[Array], Array], y: Array, inside: NDArray[np.bool_]) -> Array:
    """The Newton step of each agent, (agents, goods), with slopes by central differences."""
    agents, goods = y.shape
    slopes = np.zeros((agents, goods, goods))
    for h in range(goods):
        step = np.zeros_like(y)
        step[:, h] = np.where(inside[:, h], 1e-6 * y[:, h], 1.0)
        moved = inside[:, h, None]
        change = (violation(y + moved * step) - violation(y - moved * step)) / (2.0 * step[:, h, None])
        slopes[:, :, h] = np.where(moved & inside & np.isfinite(change), change, 0.0)
    slopes += np.where(inside[:, :, None], 0.0, 1.0) * np.eye(goods)
    singular = np.abs(np.linalg.det(slopes)) == 0
    slopes[singular] = np.eye(goods)
    return np.where(singular[:, None], 0.0, np.linalg.solve(slopes, violation(y)[:, :, None])[:, :, 0])


def _refuse_not_concave(economy: Economy, deciding: NDArray[np.bool_]) -> None:
    for block in economy.utilities:
        bent = np.flatnonzero(block.family.not_concave(**block.parameters) & deciding[block.rows])
        if len(bent):
            name = economy.agents[np.arange(len(economy.agents))[block.rows][bent[0]]]
            raise InputError(
                f"the best output of {name} cannot be computed: its utility {block.family.name} is not "
                f"concave as stated; scale its weights down to a sum of at most 1"
            )
