"""Perfect complements: bundles in fixed proportions a.

Demand with quasilinear money is set-valued where a bundle is worth exactly its price: any number of bundles
(see `correspondences.Coupling`).

Source: Mas-Colell, Whinston and Green (1995), section 3.D.
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
    log_where,
    refuse_free_goods,
)
from market.economy.families.utilities.base import WEIGHTS, Utility
from market.economy.families.utilities.demand_formulas import ray
from market.registry import Parameter

EQUALLY = 1e-7  # relative difference up to which goods count as equally scarce; solvers leave less over


class Leontief(Utility):
    """u(x) = min over a_g > 0 of x_g / a_g."""

    name = "leontief"
    proportional = True
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """Return u; 0 where a wanted good is missing, and for an agent that wants nothing."""
        units = np.where(weights > 0, divide_where(weights > 0, x, weights), np.inf).min(axis=1)
        return np.where(np.isposinf(units) & ~(weights > 0).any(axis=1), 0.0, units)

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """Return `1 / a_g` of the scarcest good and 0 of others: no other good helps.

        Where k goods are equally scarce (up to `EQUALLY`) none of them helps by itself, and `1 / (k a_g)`
        is a supergradient.
        """
        scarce = _scarce(x, weights)
        count = np.maximum(scarce.sum(axis=1, keepdims=True), 1)
        return divide_where(scarce, np.ones_like(weights), weights * count)

    @staticmethod
    def kink(x: Array, *, weights: Array) -> Array:
        """Return `a_g` of goods that are equally scarce, if there are several; else 0.

        As the minimum of `x_g / a_g`, u has as supergradients the mixtures of the slopes of the minimal ones:
        `m_g = s_g / a_g`, `s_g >= 0`, `sum_g s_g = 1`, that is `sum_g a_g m_g = 1`.
        """
        scarce = _scarce(x, weights)
        return np.where(scarce & ~at_most_one(scarce)[:, None], weights, 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
        """Return no bundle where `p.a > 1`, inf where `p.a < 1`, and any multiple of a where `p.a = 1`.

        Raises:
            UnboundedDemandError: all goods that an agent wants are free.
        """
        wanted = weights > 0
        cost: Array = weights @ p
        _refuse_free_bundles(p, cost, wanted)
        wants = np.asarray(wanted.any(axis=1))
        log_cost = np.where(wants, log_where(wants & (cost > 0), cost), np.inf)
        return ray(log_cost, divide_where(wanted, weights, cost[:, None]), wanted)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:
        """Return `x_g = a_g b / (p.a)`: as many of the bundles a as income buys.

        A free good is taken only in proportion to the others.

        Raises:
            UnboundedDemandError: all goods that an agent wants are free.
        """
        wanted = weights > 0
        cost: Array = weights @ p
        _refuse_free_bundles(p, cost, wanted)
        bundles = np.divide(b, cost, out=np.zeros_like(cost), where=cost > 0)
        return Correspondence.exactly(weights * bundles[:, None])

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """Return a variable t with `a_g t <= x_g` for all wanted goods."""
        import cvxpy

        bound = cvxpy.Variable(len(weights), nonneg=True)
        rows, goods = np.nonzero(weights)
        bundle = np.broadcast_to(unit, weights.shape)
        size = Leontief.value(bundle, weights=weights)
        each = bundle[rows, goods] / weights[rows, goods] / size[rows]
        needed = [bound[rows] <= cvxpy.multiply(each, x[rows, goods])]
        return cvxpy.multiply(size, bound), needed if len(rows) else []

    @staticmethod
    def indifference_prices(*, weights: Array) -> Array:
        """Return `1 / a_g` if only good g is wanted; of several, a single price does not decide."""
        alone = (weights > 0) & at_most_one(weights > 0)[:, None]
        return np.where(alone, divide_where(alone, np.ones_like(weights), weights), np.nan)

    @staticmethod
    def unit_cost(p: Array, *, weights: Array) -> tuple[Array, Array]:
        """Return `log p.a` and the shares `a_g p_g / p.a`."""
        cost: Array = weights @ p
        priced = cost > 0
        shares = divide_where((weights > 0) & priced[:, None], weights * p, cost[:, None])
        return np.where(priced, log_where(priced, cost), np.inf), shares

    @classmethod
    def first_worth(cls, p: Array, tiny: float, *, weights: Array) -> Array:
        """Return `1 / p.a`, for any amount of money: inf if all wanted goods are free."""
        cost: Array = weights @ p
        nothing = np.where((weights > 0).any(axis=1), np.inf, 0.0)
        return np.divide(1.0, cost, out=nothing, where=cost > 0)

    @staticmethod
    def substitution(*, weights: Array) -> Array:
        """Return 0."""
        return np.zeros(len(weights))

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:
        """Return True with one wanted good: if one of several is dearer, less of all is bought."""
        return at_most_one(weights > 0)


def _scarce(x: Array, weights: Array) -> NDArray[np.bool_]:
    """Return a mask, (agents, goods), of the wanted goods with the least `x_g / a_g`."""
    wanted = weights > 0
    units = divide_where(wanted, x, weights)
    return wanted & (units <= Leontief.value(x, weights=weights)[:, None] * (1.0 + EQUALLY))


def _refuse_free_bundles(p: Array, cost: Array, wanted: NDArray[np.bool_]) -> None:
    """Raise `UnboundedDemandError` if all goods that an agent wants are free."""
    refuse_free_goods(p, wanted & (cost <= 0)[:, None])
