"""Utilities with power functions: Cobb-Douglas, constant elasticity of substitution, constant risk aversion.

The mathematics of the last two is that of power means, in `means.py`.

Source: Mas-Colell, Whinston and Green (1995), sections 3.D and 6.C; Varian (1992), *Microeconomic Analysis*,
sections 1.8 and 7.3, for the elasticity of substitution.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from market.interval import Array, Interval, Joint
from market.registry import Parameter
from market.utilities import means
from market.utilities.base import (
    TIED,
    WEIGHTS,
    Expression,
    Held,
    Utility,
    at_most_one,
    divide_where,
    exp,
    log_where,
    never_satiated,
    refuse_free_goods,
    sum_by_agent,
)
from market.utilities.logs import Log, spend_shares, weighted_logs


def geometric_mean(x: Expression, weights: Array) -> Held:
    """T <= prod x_g^a_g as sum_g a_g t log(t / x_g) + (1 - A) t log t <= 0, convex for A <= 1.

    Dividing by t > 0 gives log t <= sum a_g log x_g; t log(t / x) is the relative entropy.
    """
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    agents = len(weights)
    bound = cvxpy.Variable(agents, nonneg=True)
    rows, goods = np.nonzero(weights)
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.rel_entr(bound[rows], x[rows, goods]))
    slack = 1.0 - weights.sum(axis=1)
    rest = cvxpy.multiply(np.maximum(slack, 0.0), cvxpy.rel_entr(bound, np.ones(agents)))
    return bound, [sum_by_agent(terms, rows, agents) + rest <= 0]


class CobbDouglas(Utility):
    """u(x) = prod_g x_g^a_g."""

    name = "cobb_douglas"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """0 where a wanted good is missing; 1 for an agent that wants nothing."""
        return exp(special.xlogy(weights, x).sum(axis=1))

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
    def quasilinear_demand(p: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = a_g u / p_g with u^(1 - A) = prod_g (a_g / p_g)^a_g, A = sum a < 1.

        The first-order condition a_g u / x_g = p_g put back into u = prod x_g^a_g.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        per_money = divide_where(wanted, weights, p[None, :])
        log_utility = special.xlogy(weights, per_money).sum(axis=1) / (1.0 - weights.sum(axis=1))
        with np.errstate(over="ignore"):  # near-free goods: more than any number
            utility = np.exp(log_utility)[:, None]
            demand = np.multiply(per_money, utility, out=np.zeros_like(per_money), where=wanted)
        return Interval.exactly(demand)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = (a_g / sum a) b / p_g: constant shares of income."""
        return spend_shares(p, b, weights)

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
    def concave(x: Expression, *, weights: Array) -> Held:  # type: ignore[override]
        """sum_g a_g log x_g."""
        return weighted_logs(x, weights), []

    @classmethod
    def stated(cls, x: Expression, *, weights: Array) -> Held:  # type: ignore[override]
        """U itself as `geometric_mean`."""
        return geometric_mean(x, weights)

    @staticmethod
    def not_concave(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Not concave where the weights sum to more than one (up to rounding)."""
        return weights.sum(axis=1) > 1.0 + 1e-12

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


ELASTICITY = Parameter(
    "agent",
    meaning="elasticity of substitution sigma; 1 is Cobb-Douglas with the weights' shares as exponents",
    unit="none",
    low=0.05,
    high=50.0,
)


class Ces(Utility):
    """u(x) = (sum_g a_g x_g^rho)^(1/rho), rho = (sigma - 1)/sigma.

    At sigma = 1 it is the limit prod_g x_g^(a_g / A) of normalised weights, A = sum a. The limit exists only
    for them: with A > 1 u grows beyond all bounds as sigma -> 1, with A < 1 it goes to 0 or back, so near 1
    the weights had better sum to one.
    """

    name = "ces"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "elasticity": ELASTICITY}

    @staticmethod
    def value(x: Array, *, weights: Array, elasticity: Array) -> Array:  # type: ignore[override]
        """0 where a wanted good is missing if sigma <= 1, and for an agent that wants nothing."""
        logs = _log_scale(weights, elasticity) + means.log_mean(x, weights, _rho(elasticity))
        return np.where((weights > 0).any(axis=1), exp(logs), 0.0)

    @staticmethod
    def marginal(x: Array, *, weights: Array, elasticity: Array) -> Array:  # type: ignore[override]
        """a_g (u / x_g)^(1 - rho); a supergradient where u = 0."""
        rho, scale = _rho(elasticity), _log_scale(weights, elasticity)[:, None]
        if not ((weights > 0) & (x <= 0)).any():
            return np.where(weights > 0, exp(scale + means.log_slopes(x, weights, rho)), 0.0)
        slopes = means.marginal(x, weights, rho)
        finite = np.isfinite(slopes)
        with np.errstate(over="ignore"):
            return np.multiply(
                slopes, exp(scale), out=np.where(finite, 0.0, np.inf), where=finite & (slopes > 0)
            )

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, elasticity: Array) -> Interval:  # type: ignore[override]
        """Nothing, everything, or any multiple of one bundle: u is homogeneous of degree one.

        A unit of utility costs e(p) = (sum a_g^sigma p_g^(1 - sigma))^(1/(1 - sigma)). Above 1 it is not
        worth its price and demand is 0; below 1 it always is and demand has no bound (inf of all that is
        wanted); at 1 every t d(p) is as good as another, t >= 0, d(p) the bundle with u = 1.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        cost = means.log_unit_cost(p, weights, _rho(elasticity)) - _log_scale(weights, elasticity)
        unit = means.budget_demand(p, np.ones(len(weights)), weights, elasticity).lowest
        return ray(cost, unit, wanted)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, elasticity: Array) -> Interval:  # type: ignore[override]
        """The share of g in spending is proportional to a_g^sigma p_g^(1 - sigma).

        Example:
            Two goods wanted alike, one at twice the price, sigma = 2: it gets half as much spending.

            >>> given = dict(weights=np.array([[1.0, 1.0]]), elasticity=np.array([2.0]))
            >>> Ces.budget_demand(np.array([1.0, 2.0]), np.array([3.0]), **given).lowest.round(12).tolist()
            [[2.0, 0.5]]
        """
        return means.budget_demand(p, b, weights, elasticity)

    @staticmethod
    def bliss(*, weights: Array, elasticity: Array) -> Array:  # type: ignore[override]  # noqa: ARG004
        """More of a wanted good helps wherever u is not stuck at 0."""
        return never_satiated(weights)

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array, elasticity: Array) -> Array:  # type: ignore[override]
        """The power mean M, or log M if sigma <= 1: free of the factor A^(1/rho)."""
        return means.ordinal_value(x, weights, _rho(elasticity))

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array, elasticity: Array) -> Array:  # type: ignore[override]
        """The slopes of M or log M."""
        return means.ordinal_marginal(x, weights, _rho(elasticity))

    @staticmethod
    def concave(x: Expression, *, weights: Array, elasticity: Array) -> Held:  # type: ignore[override]
        """M or log M."""
        return means.ordinal(x, weights, _rho(elasticity))

    @classmethod
    def stated(cls, x: Expression, *, weights: Array, elasticity: Array) -> Held:  # type: ignore[override]
        """A^(1/rho) M; the geometric mean where rho = 0."""
        import cvxpy

        rho = _rho(elasticity)
        geometric = np.asarray(rho == 0)
        scale = exp(_log_scale(weights, elasticity))
        curved, constraints = means.mean(x, weights, np.where(geometric, 0.5, rho), ~geometric[:, None])
        value = cvxpy.multiply(scale, curved)
        if geometric.any():
            chosen = np.where(geometric[:, None], means.shares(weights), 0.0)
            bound, needed = geometric_mean(x, chosen)
            wants = (chosen > 0).any(axis=1).astype(float)
            value, constraints = value + cvxpy.multiply(wants, bound), constraints + needed
        return value, constraints

    @staticmethod
    def indifference_prices(*, weights: Array, elasticity: Array) -> Array:  # type: ignore[override]
        """a_g^(1/rho) of the only good that is wanted: of several, one price alone does not tell."""
        alone = (weights > 0) & at_most_one(weights > 0)[:, None]
        return np.where(alone, exp(_log_scale(weights, elasticity))[:, None], np.nan)

    @staticmethod
    def homothetic(*, weights: Array, elasticity: Array) -> NDArray[np.bool_]:  # type: ignore[override]  # noqa: ARG004
        """Shares of income depend on prices alone."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes(*, weights: Array, elasticity: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Sigma >= 1: what becomes dearer gets a smaller share of income."""
        return np.asarray((elasticity >= 1.0) | at_most_one(weights > 0))

    @staticmethod
    def gross_substitutes_with_money(*, weights: Array, elasticity: Array) -> NDArray[np.bool_]:  # type: ignore[override]  # noqa: ARG004
        """Not with two goods or more: a dearer one can end the demand for all of them."""
        return at_most_one(weights > 0)


def _rho(elasticity: Array) -> Array:
    """(sigma - 1) / sigma; 0 where sigma is 1 up to rounding."""
    return np.where(np.abs(elasticity - 1.0) <= TIED, 0.0, (elasticity - 1.0) / elasticity)


def _log_scale(weights: Array, elasticity: Array) -> Array:
    """Log A^(1/rho), (agents,): u = A^(1/rho) M. 0 where rho = 0 or nothing is wanted."""
    rho, total = _rho(elasticity), weights.sum(axis=1)
    return np.divide(log_where(total > 0, total), rho, out=np.zeros_like(rho), where=rho != 0)


def ray(log_cost: Array, unit: Array, wanted: NDArray[np.bool_]) -> Interval:
    """Quasilinear demand of utilities that are homogeneous of degree one.

    Args:
        log_cost: (agents,), log of what a unit of utility costs.
        unit: (agents, goods), the best bundle that one unit of money buys, utility 1 where that is the cost.
        wanted: (agents, goods).
    """
    indifferent = np.asarray(np.abs(log_cost) <= TIED)
    lowest = np.where(wanted & (log_cost < -TIED)[:, None], np.inf, 0.0)
    if not indifferent.any():
        return Interval.exactly(lowest)
    direction = np.where(indifferent[:, None], unit, 0.0)
    free = np.full(len(log_cost), np.inf)
    return Interval(lowest, np.where(direction > 0, np.inf, lowest), Joint(-free, free, direction))


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
    def quasilinear_demand(p: Array, *, weights: Array, risk_aversion: Array) -> Interval:  # type: ignore[override]
        """x_g = (a_g / p_g)^(1/eta)."""
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        logs = log_where(wanted, weights) - np.log(np.where(p > 0, p, 1.0))
        return Interval.exactly(np.where(wanted, exp(logs / risk_aversion[:, None]), 0.0))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, risk_aversion: Array) -> Interval:  # type: ignore[override]
        """As for CES with sigma = 1/eta: u is an increasing function of the same power mean."""
        return means.budget_demand(p, b, weights, 1.0 / risk_aversion)

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
    def concave(x: Expression, *, weights: Array, risk_aversion: Array) -> Held:  # type: ignore[override]
        """M or log M."""
        return means.ordinal(x, weights, _one_minus(risk_aversion))

    @classmethod
    def stated(cls, x: Expression, *, weights: Array, risk_aversion: Array) -> Held:  # type: ignore[override]
        """Good by good."""
        rho = _one_minus(risk_aversion)
        curved = np.where((rho != 0)[:, None], weights, 0.0)
        value, constraints = powers_in_cones(x, curved, np.broadcast_to(rho[:, None], weights.shape))
        return value + weighted_logs(x, weights - curved), constraints

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


def powers_in_cones(x: Expression, weights: Array, rho: Array) -> Held:
    """sum_g a_g x_g^rho / rho as a cvxpy expression, (agents,).

    For 0 < rho < 1, r <= x^rho 1^(1 - rho) is a power cone; for rho < 0, x^rho = exp(rho log x) is convex.
    """
    import cvxpy

    agents, constraints, value = len(weights), [], 0.0
    rows, goods = np.nonzero((weights > 0) & (rho > 0))
    if len(rows):
        exponents = rho[rows, goods]
        powers = cvxpy.Variable(len(rows))
        constraints.append(cvxpy.PowCone3D(x[rows, goods], np.ones(len(rows)), powers, exponents))
        value = sum_by_agent(cvxpy.multiply(weights[rows, goods] / exponents, powers), rows, agents)
    rows, goods = np.nonzero((weights > 0) & (rho < 0))
    if len(rows):
        exponents = rho[rows, goods]
        powers = cvxpy.exp(cvxpy.multiply(exponents, cvxpy.log(x[rows, goods])))
        value = value + sum_by_agent(cvxpy.multiply(weights[rows, goods] / exponents, powers), rows, agents)
    return value, constraints
