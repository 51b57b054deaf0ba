"""Utilities with a constant elasticity of substitution: CES, and constant relative risk aversion (CRRA).

Both are increasing functions of a power mean M(x) of exponent rho (see `power_means.py`): CES is
`u = A^(1/rho) M` with `rho = (sigma - 1) / sigma`, CRRA `u = A M^rho / rho` with `rho = 1 - eta`, A = sum a.
So they share the demand at a given income, with sigma = 1 / (1 - rho), and the concave form for programmes.

Source: Arrow, Chenery, Minhas and Solow (1961), "Capital-labor substitution and economic efficiency"; Varian
(1992), *Microeconomic Analysis*, sections 1.8 and 7.3; Mas-Colell, Whinston and Green (1995), section 6.C.
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
    exp,
    log_where,
    refuse_free_goods,
)
from market.economy.families.utilities import power_means as means
from market.economy.families.utilities.base import WEIGHTS, Total, Utility
from market.economy.families.utilities.demand_formulas import ray
from market.economy.families.utilities.elementary import (
    geometric_mean,
    power_terms,
    powers_in_cones,
    sum_of_logs,
    weighted_logs,
)
from market.registry import Parameter
from market.tolerances import TIED

ELASTICITY = Parameter(
    "agent",
    meaning="elasticity of substitution sigma; 1 is Cobb-Douglas with the weights' shares as exponents",
    unit="none",
    low=0.05,
    high=50.0,
)
RISK_AVERSION = Parameter(
    "agent", meaning="relative risk aversion eta; 1 is log", unit="none", low=0.0, open_low=True
)

LARGEST_LOG_SCALE = 230.0  # largest |log A^(1/rho)|: scales of utility from 1e-100 to 1e100


class PowerMeanUtility(Utility):
    """Base of utilities that are increasing functions of a power mean M(x)."""

    @classmethod
    def exponent(cls, **parameters: Array) -> Array:
        """Return the exponent `rho < 1` of M, (agents,); 0 where it is 0 up to rounding."""
        raise NotImplementedError

    @classmethod
    def budget_demand(cls, p: Array, b: Array, *, weights: Array, **other: Array) -> Correspondence:
        """Return bundles with spending on g proportional to `a_g^sigma p_g^(1 - sigma)`.

        Example:
            Two goods wanted alike, one at twice the price, sigma = 2: it gets half as much spending.

            >>> given = dict(weights=np.array([[1.0, 1.0]]), elasticity=np.array([2.0]))
            >>> Ces.budget_demand(np.array([1.0, 2.0]), np.array([3.0]), **given).lowest.round(12).tolist()
            [[2.0, 0.5]]
        """
        return means.budget_demand(p, b, weights, cls.substitution(weights=weights, **other))

    @classmethod
    def prepared_total(cls, b: Array, *, weights: Array, **other: Array) -> Total | None:
        """Return a fast total where all agents have one elasticity, else None."""
        return means.prepared_total(b, weights, cls.substitution(weights=weights, **other))

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array, **other: Array) -> Array:
        """Return M, or log M where `rho <= 0`, (agents,): of a size that does not depend on rho."""
        return means.ordinal_value(x, weights, cls.exponent(weights=weights, **other))

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array, **other: Array) -> Array:
        """Return the slopes of M or log M."""
        return means.ordinal_marginal(x, weights, cls.exponent(weights=weights, **other))

    @classmethod
    def concave(cls, x: Expression, *, unit: Unit = 1.0, weights: Array, **other: Array) -> Held:
        """Return M or log M as a cvxpy expression, and its constraints."""
        return means.ordinal(x, weights, cls.exponent(weights=weights, **other), unit)


class Ces(PowerMeanUtility):
    """u(x) = (sum_g a_g x_g^rho)^(1/rho), rho = (sigma - 1)/sigma.

    At sigma = 1 it is the limit `prod_g x_g^(a_g / A)` for normalised weights, A = sum a. With other weights
    there is no limit: as sigma -> 1 the factor `A^(1/rho)` tends to infinity from one side and to 0 from the
    other. So near 1 weights should sum to one.
    """

    name = "ces"
    proportional = True
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "elasticity": ELASTICITY}

    @classmethod
    def exponent(cls, *, weights: Array, elasticity: Array) -> Array:
        """Return `(sigma - 1) / sigma`."""
        return _rho(elasticity)

    @classmethod
    def faults(cls, *, weights: Array, elasticity: Array) -> list[tuple[int, str]]:
        """List agents whose `A^(1/rho)` is too large or too small to compute with."""
        beyond = np.flatnonzero(np.abs(_log_scale(weights, elasticity)) > LARGEST_LOG_SCALE)
        return [
            (
                int(row),
                f"with an elasticity of {elasticity[row]:.12g}, so near to 1, weights that sum to "
                f"{weights[row].sum():g} make utility {'larger' if large else 'smaller'} than any number; "
                f"let them sum to 1, or write 1",
            )
            for row, large in zip(beyond, _log_scale(weights, elasticity)[beyond] > 0, strict=True)
        ]

    @staticmethod
    def value(x: Array, *, weights: Array, elasticity: Array) -> Array:
        """Return u, (agents,): 0 where a wanted good is missing if `sigma <= 1`, or if none is wanted."""
        logs = _log_scale(weights, elasticity) + means.log_mean(x, weights, _rho(elasticity))
        return np.where((weights > 0).any(axis=1), exp(logs), 0.0)

    @staticmethod
    def marginal(x: Array, *, weights: Array, elasticity: Array) -> Array:
        """Return `a_g (u / x_g)^(1 - rho)`; a supergradient where `u = 0`."""
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
    def quasilinear_demand(p: Array, *, weights: Array, elasticity: Array) -> Correspondence:
        """Return nothing, inf, or any multiple of one bundle: u is homogeneous of degree one.

        A unit of utility costs `e(p) = (sum_g a_g^sigma p_g^(1 - sigma))^(1/(1 - sigma))`. Above 1 demand
        is 0; below 1 it has no bound (inf of all wanted goods); at 1 every `t d(p)`, `t >= 0`, is as good
        as another, d(p) the cheapest bundle with `u = 1`.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        cost, shares = Ces.unit_cost(p, weights=weights, elasticity=elasticity)
        return ray(cost, divide_where(wanted, shares, p[None, :]), wanted)

    @staticmethod
    def unit_cost(p: Array, *, weights: Array, elasticity: Array) -> tuple[Array, Array]:
        """Return `log e(p)` and the shares of spending; `e(p)` is inf for an agent that wants nothing."""
        log_cost = means.log_unit_cost(p, weights, _rho(elasticity)) - _log_scale(weights, elasticity)
        unit = means.budget_demand(p, np.ones(len(weights)), weights, elasticity).lowest
        return log_cost, unit * p

    @classmethod
    def first_worth(cls, p: Array, tiny: float, *, weights: Array, elasticity: Array) -> Array:
        """Return `1 / e(p)`, for any amount of money; a free good makes it inf if `sigma >= 1`."""
        cost = means.log_unit_cost(p, weights, _rho(elasticity)) - _log_scale(weights, elasticity)
        return exp(-cost)

    @staticmethod
    def substitution(*, weights: Array, elasticity: Array) -> Array:
        """Return sigma."""
        return elasticity

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, weights: Array, elasticity: Array) -> Held:
        """Return `A^(1/rho) M`; the geometric mean where `rho = 0`."""
        import cvxpy

        rho = _rho(elasticity)
        geometric = np.asarray(rho == 0)
        scale = _log_scale(weights, elasticity)
        curved = np.where(geometric, 0.5, rho)
        value, constraints = means.mean(x, weights, curved, ~geometric[:, None], unit, scale)
        if geometric.any():
            chosen = np.where(geometric[:, None], means.shares(weights), 0.0)
            bound, needed = geometric_mean(x, chosen, unit)
            wants = (chosen > 0).any(axis=1).astype(float)
            value, constraints = value + cvxpy.multiply(wants, bound), constraints + needed
        return value, constraints

    @staticmethod
    def indifference_prices(*, weights: Array, elasticity: Array) -> Array:
        """Return `a_g^(1/rho)` if only good g is wanted; of several, a single price does not decide.

        Near an elasticity of 1 it may be beyond floats; then nan is returned.
        """
        alone = (weights > 0) & at_most_one(weights > 0)[:, None]
        prices = exp(_log_scale(weights, elasticity))[:, None]
        return np.where(alone & (prices > 0) & np.isfinite(prices), prices, np.nan)

    @staticmethod
    def gross_substitutes(*, weights: Array, elasticity: Array) -> NDArray[np.bool_]:
        """Return True if `sigma >= 1`, when a dearer good gets a smaller share, or one good is wanted."""
        return np.asarray((elasticity >= 1.0) | at_most_one(weights > 0))


def _rho(elasticity: Array) -> Array:
    """Return `(sigma - 1) / sigma`, (agents,); 0 where sigma is 1 up to rounding."""
    return np.where(np.abs(elasticity - 1.0) <= TIED, 0.0, (elasticity - 1.0) / elasticity)


def _log_scale(weights: Array, elasticity: Array) -> Array:
    """Return `log A^(1/rho)`, (agents,), as `u = A^(1/rho) M`; 0 where `rho = 0` or nothing is wanted."""
    rho, total = _rho(elasticity), weights.sum(axis=1)
    return np.divide(log_where(total > 0, total), rho, out=np.zeros_like(rho), where=rho != 0)


class Crra(PowerMeanUtility):
    """u(x) = sum_g a_g x_g^(1 - eta)/(1 - eta)."""

    name = "crra"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "risk_aversion": RISK_AVERSION}

    @classmethod
    def exponent(cls, *, weights: Array, risk_aversion: Array) -> Array:
        """Return `1 - eta`; 0 where eta is 1 up to rounding."""
        return np.where(np.abs(risk_aversion - 1.0) <= TIED, 0.0, 1.0 - risk_aversion)

    @staticmethod
    def substitution(*, weights: Array, risk_aversion: Array) -> Array:
        """Return `1 / eta`."""
        return 1.0 / risk_aversion

    @staticmethod
    def value(x: Array, *, weights: Array, risk_aversion: Array) -> Array:
        """Return u: `sum_g a_g log x_g` if `eta = 1`; -inf where a wanted good is missing if `eta >= 1`."""
        rho = Crra.exponent(weights=weights, risk_aversion=risk_aversion)
        curved = rho != 0
        powers = power_terms(x, weights, np.where(curved, rho, 1.0)[:, None])
        return np.where(curved, powers.sum(axis=1), sum_of_logs(x, weights))

    @staticmethod
    def marginal(x: Array, *, weights: Array, risk_aversion: Array) -> Array:
        """Return `a_g x_g^(-eta)`."""
        wanted = weights > 0
        slopes = exp(log_where(wanted, weights) - risk_aversion[:, None] * log_where(wanted, x))
        return np.where(wanted, slopes, 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, risk_aversion: Array) -> Correspondence:
        """Return `x_g = (a_g / p_g)^(1/eta)`."""
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        logs = log_where(wanted, weights) - np.log(np.where(p > 0, p, 1.0))
        return Correspondence.exactly(np.where(wanted, exp(logs / risk_aversion[:, None]), 0.0))

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, weights: Array, risk_aversion: Array) -> Held:
        """Return u good by good, as powers or logarithms."""
        rho = Crra.exponent(weights=weights, risk_aversion=risk_aversion)
        curved = np.where((rho != 0)[:, None], weights, 0.0)
        value, constraints = powers_in_cones(x, curved, np.broadcast_to(rho[:, None], weights.shape), unit)
        return value + weighted_logs(x, weights - curved, unit), constraints

    @staticmethod
    def gross_substitutes(*, weights: Array, risk_aversion: Array) -> NDArray[np.bool_]:
        """Return True if `eta <= 1`, when a dearer good gets a smaller share, or one good is wanted."""
        return np.asarray((risk_aversion <= 1.0) | at_most_one(weights > 0))
