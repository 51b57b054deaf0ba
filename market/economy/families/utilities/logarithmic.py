"""Utilities of logarithms: log, its exponential Cobb-Douglas, log with a subsistence, and log(1 + x).

The first two order bundles alike, so they share the demand at a given income: constant shares s_g = a_g /
A, A = sum a, of income for each good. A subsistence is paid for first. With log(1 + x) doing without is
possible, and goods enter the bundle one after the other as income rises.

Source: Mas-Colell, Whinston and Green (1995), sections 3.D and 10.C; Stone (1954), "Linear expenditure
systems and demand analysis", for the subsistence.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, sum_over_agents
from market.economy.families.arithmetic import (
    Expression,
    Held,
    Unit,
    at_most_one,
    divide_where,
    exp,
    refuse_free_goods,
)
from market.economy.families.utilities.base import WEIGHTS, Sums, Utility
from market.economy.families.utilities.demand_formulas import (
    over_prices,
    spend_shares,
    spent_shares,
    total_at,
    total_spent,
)
from market.economy.families.utilities.elementary import (
    geometric_mean,
    sum_of_logs,
    weighted_log1ps,
    weighted_logs,
)
from market.economy.families.utilities.water_filling import heights
from market.registry import Parameter
from market.tolerances import ROUNDING_OF_SUMS


class ConstantShares(Utility):
    """Base of utilities that order bundles by `sum_g a_g log x_g`."""

    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:
        """Return `x_g = s_g b / p_g`; nothing without income, where u is at its lowest in any case."""
        return spend_shares(p, b, weights)

    @staticmethod
    def budget_sums(fixed: Array, owned: Array, *, weights: Array) -> Sums:
        """Return sums of shares, and of shares of the sources of income; see `spent_shares`."""
        return spent_shares(fixed, owned, weights)

    @staticmethod
    def budget_total(p: Array, *sums: Array) -> Array:
        """Return `(sum_i s_ig b_i) / p_g`, (goods,)."""
        return total_spent(p, *sums)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """Return `sum_g a_g log x_g`."""
        return weighted_logs(x, weights, unit), []

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:
        """Return True: other prices do not matter to spending on a good."""
        return np.ones(len(weights), dtype=bool)


class Log(ConstantShares):
    """u(x) = sum_g a_g log x_g."""

    name = "log"
    direct = True

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """Return u, (agents,); -inf where a wanted good is missing."""
        return sum_of_logs(x, weights)

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """Return `a_g / x_g`."""
        return divide_where(weights > 0, weights, x)

    @classmethod
    def worth(cls, x: Array, *, weights: Array) -> Array:
        """Return `sum_g a_g` over goods with `x_g > 0`, as `x_g a_g / x_g = a_g`."""
        counted = weights if x.min(initial=1.0) > 0 else np.where(x > 0, weights, 0.0)
        return np.asarray(np.einsum("ig->i", counted))

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
        """Return `x_g = a_g / p_g`: each agent spends `a_g` on good g at every price.

        Args:
            p: (goods,), prices, money per unit; > 0 wherever a good is wanted.
            weights: (agents, goods), a, money; 0 means not wanted.

        Returns:
            (agents, goods), units of each good; 0 where the weight is 0.

        Raises:
            UnboundedDemandError: a wanted good is free, so there is no largest bundle.

        Example:
            Two agents share ten units of water; at p = (1 + 1) / 10 they buy exactly these:

            >>> Log.quasilinear_demand(np.array([0.2]), weights=np.array([[1.0], [1.0]])).lowest
            array([[5.],
                   [5.]])

        Source: Mas-Colell, Whinston and Green (1995), section 10.C.
        """
        if (p > 0).all():
            return Correspondence.exactly(over_prices(weights, p))
        refuse_free_goods(p, weights > 0)
        return Correspondence.exactly(divide_where(weights > 0, weights, p[None, :]))

    @staticmethod
    def quasilinear_sums(*, weights: Array) -> Sums:
        """Return `sum_i a_i`, (goods,)."""
        return (sum_over_agents(weights),)

    @staticmethod
    def quasilinear_total(p: Array, *sums: Array) -> Array:
        """Return `(sum_i a_ig) / p_g`, (goods,)."""
        return total_at(p, sums[0], sums[0])


class CobbDouglas(ConstantShares):
    """u(x) = prod_g x_g^a_g."""

    name = "cobb_douglas"

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """Return u, (agents,): 0 where a wanted good is missing, 1 for an agent that wants nothing."""
        return exp(scipy.special.xlogy(weights, x).sum(axis=1))

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """Return `a_g u / x_g`.

        At `x_g = 0` the slope is infinite if `a_g < 1`, also with other goods missing: relative to a small
        step along all of them u rises without bound.
        """
        wanted = weights > 0
        logs = np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)
        missing = wanted & (x <= 0)
        others_missing = missing.sum(axis=1, keepdims=True) - missing > 0
        smooth = exp((weights * logs).sum(axis=1, keepdims=True) - logs)
        at_zero = np.where(weights < 1, np.inf, np.where((weights == 1) & ~others_missing, smooth, 0.0))
        slope = np.where(missing, at_zero, np.where(others_missing, 0.0, smooth))
        return np.where(wanted, np.where(wanted, weights, 1.0) * slope, 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
        """Return `x_g = a_g u / p_g` with `u^(1 - A) = prod_g (a_g / p_g)^a_g`, for `A < 1`.

        This is the first-order condition `a_g u / x_g = p_g` put back into `u = prod_g x_g^a_g`.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        per_money = divide_where(wanted, weights, p[None, :])
        log_utility = scipy.special.xlogy(weights, per_money).sum(axis=1) / (1.0 - weights.sum(axis=1))
        with np.errstate(over="ignore"):  # inf where goods are nearly free
            utility = np.exp(log_utility)[:, None]
            demand = np.multiply(per_money, utility, out=np.zeros_like(per_money), where=wanted)
        return Correspondence.exactly(demand)

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array) -> Array:
        """Return `log u = sum_g a_g log x_g`, which is concave for all weights."""
        return sum_of_logs(x, weights)

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array) -> Array:
        """Return `a_g / x_g`."""
        return Log.marginal(x, weights=weights)

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """Return u as `geometric_mean`."""
        return geometric_mean(x, weights, unit)

    @staticmethod
    def not_concave(*, weights: Array) -> NDArray[np.bool_]:
        """Return a mask of agents with `A > 1` (up to rounding)."""
        return weights.sum(axis=1) > 1.0 + ROUNDING_OF_SUMS

    @staticmethod
    def concave_form(*, weights: Array) -> dict[str, Array]:
        """Return weights `a / A` where `A > 1`: they make it `u^(1/A)`, homogeneous of degree one."""
        return {"weights": weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)}

    @staticmethod
    def unbounded_with_money(*, weights: Array) -> NDArray[np.bool_]:
        """Return a mask of agents with `A >= 1`: doubling the bundle at least doubles u."""
        return weights.sum(axis=1) >= 1.0


SUBSISTENCE = Parameter(
    "good", meaning="the amount that a wanted good is needed beyond", unit="units", absent=0.0
)


class StoneGeary(Utility):
    """u(x) = sum_g a_g log(x_g - s_g)."""

    name = "stone_geary"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "subsistence": SUBSISTENCE}

    @staticmethod
    def value(x: Array, *, weights: Array, subsistence: Array) -> Array:
        """Return u, (agents,); -inf where a wanted good does not exceed its subsistence."""
        return Log.value(np.maximum(x - subsistence, 0.0), weights=weights)

    @staticmethod
    def marginal(x: Array, *, weights: Array, subsistence: Array) -> Array:
        """Return `a_g / (x_g - s_g)`; inf at subsistence and below, where u is -inf."""
        return Log.marginal(np.maximum(x - subsistence, 0.0), weights=weights)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, subsistence: Array) -> Correspondence:
        """Return `x_g = s_g + a_g / p_g`."""
        beyond = Log.quasilinear_demand(p, weights=weights).lowest
        return Correspondence.exactly(np.where(weights > 0, subsistence, 0.0) + beyond)

    @staticmethod
    def quasilinear_sums(*, weights: Array, subsistence: Array) -> Sums:
        """Return `sum_i a_i` and `sum_i s_i`, (goods,) each."""
        first = np.where(weights > 0, subsistence, 0.0)
        return sum_over_agents(weights), sum_over_agents(first)

    @staticmethod
    def quasilinear_total(p: Array, *sums: Array) -> Array:
        """Return `sum_i s_ig + (sum_i a_ig) / p_g`, (goods,)."""
        weights, first = sums
        return first + total_at(p, weights, weights)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, subsistence: Array) -> Correspondence:
        """Return the linear expenditure system `x_g = s_g + (a_g / A) (b - p.s) / p_g`.

        With `b <= p.s` no bundle has a finite utility, so all are equally good; the demand is then as much of
        subsistence as can be paid for, `s b / (p.s)`, to which the formula tends as b falls to `p.s`.

        Example:
            Two units of bread at a price of 1 come first; half of the other 6 goes to each good:

            >>> given = dict(weights=np.ones((2, 2)), subsistence=np.array([[2.0, 0.0]] * 2))
            >>> StoneGeary.budget_demand(np.ones(2), np.array([8.0, 1.0]), **given).lowest.tolist()
            [[5.0, 3.0], [1.0, 0.0]]

        Source: Stone (1954).
        """
        first = np.where(weights > 0, subsistence, 0.0)
        needed: Array = first @ p
        short = np.asarray((b <= needed) & (needed > 0))
        share = np.where(short, np.divide(b, needed, out=np.ones_like(b), where=short), 1.0)
        beyond = spend_shares(p, np.maximum(b - needed, 0.0), weights).lowest
        return Correspondence.exactly(share[:, None] * first + beyond)

    @staticmethod
    def subsistence(*, weights: Array, subsistence: Array) -> Array:
        """Return `s_g` of wanted goods."""
        return np.where(weights > 0, subsistence, 0.0)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array, subsistence: Array) -> Held:
        """Return u, which is concave."""
        return weighted_logs(x - subsistence / unit, weights, unit), []

    @staticmethod
    def gross_substitutes(*, weights: Array, subsistence: Array) -> NDArray[np.bool_]:
        """Return True without subsistence: when it is dearer, less is left for other goods."""
        return ~((weights > 0) & (subsistence > 0)).any(axis=1) | at_most_one(weights > 0)


class Log1p(Utility):
    """u(x) = sum_g a_g log(1 + x_g)."""

    name = "log1p"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """Return u, (agents,); 0 for the empty bundle."""
        total: Array = scipy.special.xlog1py(weights, x).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """Return `a_g / (1 + x_g)`, finite everywhere."""
        return weights / (1.0 + x)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
        """Return `x_g = max((a_g - p_g) / p_g, 0)`: nothing at a price above `a_g`."""
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        return Correspondence.exactly(divide_where(wanted, np.maximum(weights - p, 0.0), p[None, :]))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:
        """Return `x_g = max(a_g / (mu p_g) - 1, 0)` with mu such that `p.x = b`, by water-filling.

        With `T = 1 / mu`, `x_g = (a_g / p_g) (T - p_g / a_g)^+`, which costs `a_g` for every unit of T:
        goods enter in the order of `p_g / a_g`, and `water_filling.heights` gives `T - p_g / a_g`. With no
        income or no wanted good the bundle is empty.

        Source: own derivation from the first-order conditions; exact, no iteration.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        entry = divide_where(wanted, p[None, :], weights)
        per_height = divide_where(wanted, weights, p[None, :])
        return Correspondence.exactly(per_height * heights(entry, weights, b))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """Return u, which is concave."""
        return weighted_log1ps(x, weights, unit), []

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:
        """Return True: at relative risk aversion `x / (1 + x) <= 1` a dearer good never costs more in all."""
        return np.ones(len(weights), dtype=bool)
