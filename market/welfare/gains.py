"""Allocations that divide the gains over a disagreement point: Nash's product, or the least gain.

Symbols: U_i = u_i - C_i - D_i; d_i what agent i has without an agreement; g_i = U_i - d_i; a_i > 0 powers.

- *Nash*: max sum_i a_i log g_i. It is concave, so that an allocation is the maximum exactly if it is
  that of the weighted sum with `w_i = a_i / g_i`: prices and these weights prove it.
- *Least gain*: max min_i g_i. With multipliers w of `g_i >= t`, positive only where g_i is the least gain,
  any other allocation has `min g' <= sum w g' / sum w <= sum w g / sum w = min g`.

*With money that can be moved* (quasilinear utility) both are simpler: total surplus is maximal, and
payments give each agent d_i plus its share of the gain `G = sum U - sum d`, in proportion to a_i (equal
shares for the least gain).

Source: Nash (1950), "The bargaining problem"; Kalai (1977), "Proportional solutions to bargaining
situations: interpersonal utility comparisons", for equal gains.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.welfare.convex_program import ConvexProgram, Solution
from market.welfare.first_order_conditions import largest_weights

Welfare = Literal["sum", "nash", "min"]

LEAST = 1e-6
"""Part of an agent's `utility_scale`: gains that differ by less are both the least; a smaller one is none."""


class Division(NamedTuple):
    """An allocation with the units of the program that found it."""

    solution: Solution
    units: Array


def at_home(economy: Economy) -> Array:
    """Return what each agent has with its endowment alone, (agents,); -inf where it cannot live on it."""
    return economy.welfare(economy.endowment, np.zeros(economy.shape))


def divided(
    economy: Economy,
    welfare: Welfare,
    powers: Array,
    disagreement: Array,
    attempt: int,
) -> Division:
    """Return the allocation of the largest product of gains, or least gain, by a convex program.

    Args:
        economy: in which money cannot be moved.
        welfare: "nash" or "min".
        powers: (agents,), a; agents with 0, and those that want nothing, do not count.
        disagreement: (agents,), d.
        attempt: index of the solver's settings.

    Raises:
        NumericalError: the solver found no answer.
        InfeasibleError: no allocation gives every agent that counts a gain.
    """
    import cvxpy  # deferred: takes a second to import

    mask = counting(economy, powers)
    counted = np.flatnonzero(mask)
    programme = ConvexProgram.for_allocation(economy)
    utilities, constraints = programme.utilities(stated=True, counted=mask)
    size, scale = 1.0, programme.at_stake()[counted]
    gains = (utilities - programme.burdens())[counted] - disagreement[counted]
    if welfare == "nash":
        objective = cvxpy.sum(cvxpy.multiply(powers[counted], cvxpy.log(cvxpy.multiply(1.0 / scale, gains))))
    else:
        least = cvxpy.Variable()
        size = float(scale.mean())
        constraints = [*constraints, gains / size >= least]
        objective = least
    held = [*constraints, *programme.limits()]
    with np.errstate(invalid="ignore", divide="ignore"):  # the caller refuses gains of 0
        found = programme.solve(objective, held, programme.balance(), [attempt])
    return Division(replace(found, prices=size * found.prices), programme.units)


def counting(economy: Economy, powers: Array) -> NDArray[np.bool_]:
    """Return a mask of the agents whose gains count, (agents,): those that want something and have power."""
    return np.asarray(economy.wants_something & (powers > 0))


def supporting(
    economy: Economy, welfare: Welfare, powers: Array, disagreement: Array, found: Solution
) -> Array | None:
    """Return the welfare weights that an allocation and prices imply, (agents,); None if some gain is none.

    Args:
        economy: in which money cannot be moved.
        welfare: "nash" or "min".
        powers: (agents,), a.
        disagreement: (agents,), d.
        found: the allocation with its prices.
    """
    gains = economy.welfare(found.consumption, found.production) - disagreement
    counted, small = counting(economy, powers), LEAST * economy.utility_scale
    if welfare == "nash":
        if not (gains[counted] > small[counted]).all():
            return None
        return np.divide(powers, gains, out=np.zeros_like(gains), where=counted)
    if not np.isfinite(gains[counted]).all():
        return None
    slopes = economy.marginal_utility_along(found.consumption, found.prices)
    lowest = gains <= gains[counted].min() + small
    weights = largest_weights(slopes, found.prices)
    return np.where(counted & lowest, np.where(np.isinf(weights), 1.0, weights), 0.0)  # inf: satiated


def shares(welfare: Welfare, powers: Array) -> Array:
    """Return the share of each agent in a gain of money, (agents,), sum 1."""
    counted = powers if welfare == "nash" else np.ones_like(powers)
    return counted / counted.sum()
