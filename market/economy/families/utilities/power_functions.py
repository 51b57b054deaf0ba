"""Utilities with power functions: Cobb-Douglas, and constant relative risk aversion.

Source: Mas-Colell, Whinston and Green (1995), sections 3.D and 6.C.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import TIED, Array, Correspondence
from market.economy.families.utilities import power_means as means
from market.economy.families.utilities.base import (
    WEIGHTS,
    Expression,
    Held,
    Sums,
    Total,
    Unit,
    Utility,
    at_most_one,
    divide_where,
    exp,
    log_where,
    never_satiated,
    refuse_free_goods,
    sum_by_agent,
)
from market.economy.families.utilities.logarithmic import (
    Log,
    spend_shares,
    spent_shares,
    total_spent,
    weighted_logs,
)
from market.registry import Parameter


def geometric_mean(x: Expression, weights: Array, unit: Unit = 1.0) -> Held:
    """T <= prod x_g^a_g as sum_g a_g t log(t / x_g) + (1 - A) t log t <= 0, convex for A <= 1.

    Dividing by t > 0 gives log t <= sum a_g log x_g; t log(t / x) is the relative entropy. Counted in units,
    the product is prod unit_g^a_g times that of the numbers.
    """
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    agents = len(weights)
    bound = cvxpy.Variable(agents, nonneg=True)
    rows, goods = np.nonzero(weights)
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.rel_entr(bound[rows], x[rows, goods]))
    slack = 1.0 - weights.sum(axis=1)
    rest = cvxpy.multiply(np.maximum(slack, 0.0), cvxpy.rel_entr(bound, np.ones(agents)))
    size = exp((weights * np.log(unit)).sum(axis=1))
    return cvxpy.multiply(size, bound), [sum_by_agent(terms, rows, agents) + rest <= 0]


class CobbDouglas(Utility):
    """u(x) = prod_g x_g^a_g."""

    name = "cobb_douglas"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """0 where a wanted good is missing; 1 for an agent that wants nothing."""
        return exp(scipy.special.xlogy(weights, x).sum(axis=1))

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g u / x_g.

        At x_g = 0 the slope is infinite if a_g < 1. That holds with other goods missing too: there u
        grows without bound relative to a small step along all of them.
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
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:  # type: ignore[override]
        """x_g = a_g u / p_g with u^(1 - A) = prod_g (a_g / p_g)^a_g, A = sum a < 1.

        The first-order condition a_g u / x_g = p_g put back into u = prod x_g^a_g.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        per_money = divide_where(wanted, weights, p[None, :])
        log_utility = scipy.special.xlogy(weights, per_money).sum(axis=1) / (1.0 - weights.sum(axis=1))
        with np.errstate(over="ignore"):  # near-free goods: more than any number
            utility = np.exp(log_utility)[:, None]
            demand = np.multiply(per_money, utility, out=np.zeros_like(per_money), where=wanted)
        return Correspondence.exactly(demand)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:  # type: ignore[override]
        """x_g = (a_g / sum a) b / p_g: constant shares of income."""
        return spend_shares(p, b, weights)

    @staticmethod
    def budget_sums(fixed: Array, owned: Array, *, weights: Array) -> Sums:  # type: ignore[override]
        """Shares of income times what it is made of."""
        return spent_shares(fixed, owned, weights)

    @staticmethod
    def budget_total(p: Array, *sums: Array) -> Array:
        """sum_g (sum_i s_ig b_i) / p_g."""
        return total_spent(p, *sums)

    @staticmethod
    def bliss(*, weights: Array) -> Array:  # type: ignore[override]
        """More of a wanted good helps wherever u is not stuck at 0."""
        return never_satiated(weights)

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """Log u = sum_g a_g log x_g is concave whatever the weights are."""
        return Log.value(x, weights=weights)

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g / x_g."""
        return Log.marginal(x, weights=weights)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:  # type: ignore[override]
        """sum_g a_g log x_g."""
        return weighted_logs(x, weights, unit), []

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:  # type: ignore[override]
        """U itself as `geometric_mean`."""
        return geometric_mean(x, weights, unit)

    @staticmethod
    def not_concave(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Not concave where the weights sum to more than one (up to rounding)."""
        return weights.sum(axis=1) > 1.0 + 1e-12

    @staticmethod
    def concave_form(*, weights: Array) -> dict[str, Array]:  # type: ignore[override]
        """The weights a / A where A = sum a > 1, which make it u^(1/A): homogeneous of degree one."""
        return {"weights": weights / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)}

    @staticmethod
    def unbounded_with_money(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Weights that sum to one or more: doubling the bundle at least doubles u."""
        return weights.sum(axis=1) >= 1.0

    @staticmethod
    def homothetic(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Constant shares of income."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Constant shares of income: other prices do not matter."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes_with_money(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Not with two goods or more: a dearer one lowers u, and with it the use of the others."""
        return at_most_one(weights > 0)


RISK_AVERSION = Parameter(
    "agent", meaning="relative risk aversion eta; 1 is log", unit="none", low=0.0, open_low=True
)


class Crra(Utility):
    """u(x) = sum_g a_g x_g^(1 - eta)/(1 - eta)."""

    name = "crra"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "risk_aversion": RISK_AVERSION}

    @staticmethod
    def value(x: Array, *, weights: Array, risk_aversion: Array) -> Array:  # type: ignore[override]
        """-inf where a wanted good is missing if eta >= 1; the sum of a_g log x_g if eta = 1."""
        rho = _one_minus(risk_aversion)
        curved = rho != 0
        powers = power_terms(x, weights, np.where(curved, rho, 1.0)[:, None])
        return np.where(curved, powers.sum(axis=1), Log.value(x, weights=weights))

    @staticmethod
    def marginal(x: Array, *, weights: Array, risk_aversion: Array) -> Array:  # type: ignore[override]
        """a_g x_g^(-eta)."""
        wanted = weights > 0
        slopes = exp(log_where(wanted, weights) - risk_aversion[:, None] * log_where(wanted, x))
        return np.where(wanted, slopes, 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, risk_aversion: Array) -> Correspondence:  # type: ignore[override]
        """x_g = (a_g / p_g)^(1/eta)."""
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        logs = log_where(wanted, weights) - np.log(np.where(p > 0, p, 1.0))
        return Correspondence.exactly(np.where(wanted, exp(logs / risk_aversion[:, None]), 0.0))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, risk_aversion: Array) -> Correspondence:  # type: ignore[override]
        """As for CES with sigma = 1/eta: u is an increasing function of the same power mean."""
        return means.budget_demand(p, b, weights, 1.0 / risk_aversion)

    @staticmethod
    def prepared_total(b: Array, *, weights: Array, risk_aversion: Array) -> Total | None:  # type: ignore[override]
        """Where all have the same elasticity."""
        return means.prepared_total(b, weights, 1.0 / risk_aversion)

    @staticmethod
    def bliss(*, weights: Array, risk_aversion: Array) -> Array:  # type: ignore[override]  # noqa: ARG004
        """More of a wanted good always helps."""
        return never_satiated(weights)

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array, risk_aversion: Array) -> Array:  # type: ignore[override]
        """The power mean M, or log M if eta >= 1: numbers of a size that does not depend on eta."""
        return means.ordinal_value(x, weights, _one_minus(risk_aversion))

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array, risk_aversion: Array) -> Array:  # type: ignore[override]
        """The slopes of M or log M."""
        return means.ordinal_marginal(x, weights, _one_minus(risk_aversion))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array, risk_aversion: Array) -> Held:  # type: ignore[override]
        """M or log M."""
        return means.ordinal(x, weights, _one_minus(risk_aversion), unit)

    @classmethod
    def stated(  # type: ignore[override]
        cls, x: Expression, *, unit: Unit = 1.0, weights: Array, risk_aversion: Array
    ) -> Held:
        """Good by good."""
        rho = _one_minus(risk_aversion)
        curved = np.where((rho != 0)[:, None], weights, 0.0)
        value, constraints = powers_in_cones(x, curved, np.broadcast_to(rho[:, None], weights.shape), unit)
        return value + weighted_logs(x, weights - curved, unit), constraints

    @staticmethod
    def homothetic(*, weights: Array, risk_aversion: Array) -> NDArray[np.bool_]:  # type: ignore[override]  # noqa: ARG004
        """Shares of income depend on prices alone."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes(*, weights: Array, risk_aversion: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Eta <= 1: what becomes dearer gets a smaller share of income."""
        return np.asarray((risk_aversion <= 1.0) | at_most_one(weights > 0))


def _one_minus(risk_aversion: Array) -> Array:
    """1 - eta; 0 where eta is 1 up to rounding."""
    return np.where(np.abs(risk_aversion - 1.0) <= TIED, 0.0, 1.0 - risk_aversion)


def power_terms(x: Array, weights: Array, rho: Array) -> Array:
    """a_g x_g^rho / rho, (agents, goods), for rho < 1 other than 0; -inf at 0 if rho < 0."""
    wanted = weights > 0
    exponents = np.where(wanted, rho * log_where(wanted, x), 0.0)
    with np.errstate(over="ignore"):
        return np.where(wanted, weights / rho * exp(exponents), 0.0)


def powers_in_cones(x: Expression, weights: Array, rho: Array, unit: Unit = 1.0) -> Held:
    """sum_g a_g (unit_g x_g)^rho / rho as a cvxpy expression, (agents,).

    For 0 < rho < 1, r <= x^rho 1^(1 - rho) is a power cone; for rho < 0, x^rho = exp(rho log x) is convex.
    """
    import cvxpy

    agents, constraints, value = len(weights), [], 0.0
    slopes = weights * exp(rho * np.log(unit)) / np.where(weights > 0, rho, 1.0)
    rows, goods = np.nonzero((weights > 0) & (rho > 0))
    if len(rows):
        exponents = rho[rows, goods]
        powers = cvxpy.Variable(len(rows))
        constraints.append(cvxpy.PowCone3D(x[rows, goods], np.ones(len(rows)), powers, exponents))
        value = sum_by_agent(cvxpy.multiply(slopes[rows, goods], powers), rows, agents)
    rows, goods = np.nonzero((weights > 0) & (rho < 0))
    if len(rows):
        exponents = rho[rows, goods]
        powers = cvxpy.exp(cvxpy.multiply(exponents, cvxpy.log(x[rows, goods])))
        value = value + sum_by_agent(cvxpy.multiply(slopes[rows, goods], powers), rows, agents)
    return value, constraints
