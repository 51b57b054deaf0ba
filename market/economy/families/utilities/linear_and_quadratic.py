"""Marginal utilities that fall in a straight line, to a bliss point, or not at all (perfect substitutes).

Linear utility is the quadratic one with slope 0, and has its demand. At equal marginal utility per price
demand is set-valued: an agent divides its money in any way over the tied goods (see
`correspondences.Coupling`).

Source: Mas-Colell, Whinston and Green (1995), sections 3.B, on satiation, and 3.D; Gale (1960), *The Theory
of Linear Economic Models*, chapter 8, for linear utilities in markets; the demand is our own derivation.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.arithmetic import (
    Expression,
    Held,
    Unit,
    at_most_one,
    divide_where,
    refuse_free_goods,
    sum_by_agent,
)
from market.economy.families.utilities.base import WEIGHTS, Utility
from market.economy.families.utilities.demand_formulas import spend_rest
from market.economy.families.utilities.elementary import fallen, up_to_bliss, used_up_to_bliss
from market.economy.families.utilities.water_filling import heights
from market.registry import Parameter
from market.tolerances import TIED

STEEPEST = 1e300  # money for a unit of height: the largest that sums over goods can hold

SLOPE = Parameter(
    "good",
    meaning="how fast marginal utility falls, k; 0 is linear in that good",
    unit="utility per unit squared",
    absent=0.0,
)


class Quadratic(Utility):
    """u(x) = sum_g (a_g x_g - k_g x_g^2 / 2) up to bliss a_g / k_g, and no less beyond."""

    # Goods can be thrown away, so u stays at its top beyond bliss and its slope is 0 there.

    name = "quadratic"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "slope": SLOPE}

    @staticmethod
    def value(x: Array, *, weights: Array, slope: Array) -> Array:
        """Return u, (agents,); amounts beyond bliss are thrown away."""
        total: Array = up_to_bliss(x, weights, slope, Quadratic.bliss(weights=weights, slope=slope)).sum(
            axis=1
        )
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array, slope: Array) -> Array:
        """Return `a_g - k_g x_g`, and 0 beyond bliss."""
        return np.where(weights > 0, fallen(weights, slope * x), 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, slope: Array) -> Correspondence:
        """Return `x_g = max((a_g - p_g) / k_g, 0)`; if `k_g = 0`, 0 above `a_g`, inf below, any amount at it.

        Raises:
            UnboundedDemandError: a wanted good with `k_g = 0` is free.
        """
        wanted, sloped = weights > 0, slope > 0
        refuse_free_goods(p, wanted & ~sloped)
        gain = weights - p
        lowest = divide_where(wanted & sloped, np.maximum(gain, 0.0), slope)
        lowest = np.where(wanted & ~sloped & (gain > TIED * weights), np.inf, lowest)
        indifferent = wanted & ~sloped & (np.abs(gain) <= TIED * weights)
        if not indifferent.any():
            return Correspondence.exactly(lowest)
        return Correspondence(lowest, np.where(indifferent, np.inf, lowest))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, slope: Array) -> Correspondence:
        """Return `x_g = max(a_g - mu p_g, 0) / k_g` with mu such that `p.x = b`, or bliss if affordable.

        With `w_g = a_g / p_g`, `x_g = (p_g / k_g) (w_g - mu)^+`, which costs `p_g^2 / k_g` for every unit
        by which mu falls: `water_filling.heights` gives `w_g - mu`. The fall ends at `mu = 0`, bliss, or at
        the w of the best good with `k_g = 0`: that good, or all that tie with it, take the money left.

        Raises:
            UnboundedDemandError: a wanted good with `k_g = 0` is free.
        """
        priced, sloped = p > 0, slope > 0
        curved, straight = (weights > 0) & priced & sloped, (weights > 0) & ~sloped
        refuse_free_goods(p, straight)
        worth = divide_where(curved | straight, weights, p[None, :])
        floor = np.where(straight, worth, 0.0).max(axis=1, initial=0.0)[:, None]
        per_height = divide_where(curved, p[None, :], slope)
        most = np.where(curved, np.maximum(worth - floor, 0.0), 0.0)
        with np.errstate(over="ignore"):  # at the highest prices a unit of height costs more than any float
            cost = np.minimum(per_height * p, STEEPEST)
            at_floor = np.asarray((per_height * most) @ p <= b)
        above = np.where(at_floor[:, None], most, heights(-worth, cost, b))
        base = per_height * np.minimum(above, most)
        rest = np.where(at_floor & straight.any(axis=1), np.maximum(b - base @ p, 0.0), 0.0)
        tied = straight & (worth >= floor * (1.0 - TIED))
        free = np.where((weights > 0) & ~priced, Quadratic.bliss(weights=weights, slope=slope), 0.0)
        return spend_rest(base + free, rest, p, tied, b)

    @staticmethod
    def bliss(*, weights: Array, slope: Array) -> Array:
        """Return `a_g / k_g`; 0 if unwanted, inf if `k_g = 0`."""
        return divide_where(weights > 0, weights, slope)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array, slope: Array) -> Held:
        """Return the formula at amounts used, which are at most those available."""
        import cvxpy

        weights, slope = weights * unit, slope * np.square(unit)
        straight = np.where(slope > 0, 0.0, weights)
        value = cvxpy.sum(cvxpy.multiply(straight, x), axis=1)
        satiable = (weights > 0) & (slope > 0)
        if not satiable.any():
            return value, []
        terms, rows, needed = used_up_to_bliss(x, weights, slope, satiable)
        return value + sum_by_agent(terms, rows, len(weights)), needed

    @staticmethod
    def linear_weights(*, weights: Array, slope: Array) -> Array:
        """Return `a_g` of goods with `k_g = 0`."""
        return np.where(slope == 0, weights, 0.0)

    @staticmethod
    def indifference_prices(*, weights: Array, slope: Array) -> Array:
        """Return `a_g` of wanted goods with `k_g = 0`."""
        return np.where((weights > 0) & (slope == 0), weights, np.nan)

    @classmethod
    def other_purchases(
        cls, p: Array, b: Array, least: float, *, weights: Array, slope: Array
    ) -> tuple[Array, Array]:
        """Return `(p_g / k_g) (w_g - mu)^+`, mu that of the best linear good or of money, and money left."""
        curved, straight = (weights > 0) & (slope > 0) & (p > 0), (weights > 0) & (slope == 0)
        worth = divide_where(curved | straight, weights, p[None, :])
        floor = np.where(straight, worth, 0.0).max(axis=1, initial=least)[:, None]
        base = divide_where(curved, p * np.maximum(worth - floor, 0.0), slope)
        return base, np.maximum(b - base @ p, 0.0)

    @staticmethod
    def gross_substitutes(*, weights: Array, slope: Array) -> NDArray[np.bool_]:
        """Return True if linear, or if one good is wanted: near bliss a dearer good costs more in all."""
        return ~((weights > 0) & (slope > 0)).any(axis=1) | at_most_one(weights > 0)


class Linear(Utility):
    """u(x) = sum_g a_g x_g."""

    name = "linear"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """Return u, (agents,); 0 for the empty bundle."""
        total: Array = (weights * x).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """Return `a_g`, at every amount."""
        return np.broadcast_to(weights, x.shape)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
        """Return 0 at prices above `a_g`, inf below it, and any amount at it."""
        return Quadratic.quasilinear_demand(p, weights=weights, slope=np.zeros_like(weights))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:
        """Return bundles that spend all income on goods with the largest `a_g / p_g`, in any way.

        Example:
            The second good gives as much for its price as the first, so both share the income in any way:

            >>> weights = np.array([[1.0, 2.0]])
            >>> answer = Linear.budget_demand(np.array([1.0, 2.0]), np.array([4.0]), weights=weights)
            >>> answer.highest.tolist(), answer.joint.least_spent.tolist()
            ([[4.0, 2.0]], [4.0])
        """
        return Quadratic.budget_demand(p, b, weights=weights, slope=np.zeros_like(weights))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """Return u, which is linear."""
        import cvxpy  # deferred: takes a second to import, and only programmes need it

        return cvxpy.sum(cvxpy.multiply(weights * unit, x), axis=1), []

    @staticmethod
    def indifference_prices(*, weights: Array) -> Array:
        """Return `a_g` of wanted goods."""
        return np.where(weights > 0, weights, np.nan)

    @staticmethod
    def linear_weights(*, weights: Array) -> Array:
        """Return `a_g`."""
        return weights

    @classmethod
    def other_purchases(cls, p: Array, b: Array, least: float, *, weights: Array) -> tuple[Array, Array]:
        """Return no purchases: all money goes to linear goods."""
        return np.zeros_like(weights), b

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:
        """Return True: less is bought of a dearer good, and the money goes to the others."""
        return np.ones(len(weights), dtype=bool)
