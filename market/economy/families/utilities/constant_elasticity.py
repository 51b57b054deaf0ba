"""Constant elasticity of substitution, and demand of what is homogeneous of degree one.

The mathematics is that of power means, in `power_means.py`.

Source: Arrow, Chenery, Minhas and Solow (1961), "Capital-labor substitution and economic efficiency"; Varian
(1992), *Microeconomic Analysis*, sections 1.8 and 7.3.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import TIED, Array, Correspondence
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

LARGEST = 230.0  # of |log A^(1/rho)|: 1e-100 to 1e100


class PowerMeanUtility(Utility):
    """Base of utilities that are increasing functions of a power mean M(x); see `power_means`."""

    @classmethod
    def exponent(cls, **parameters: Array) -> Array:
        """The exponent rho < 1 of M, (agents,); 0 where it is 0 up to rounding."""
        raise NotImplementedError

    @classmethod
    def budget_demand(cls, p: Array, b: Array, *, weights: Array, **other: Array) -> Correspondence:
        """The share of g in spending is proportional to a_g^sigma p_g^(1 - sigma).

        Example:
            Two goods wanted alike, one at twice the price, sigma = 2: it gets half as much spending.

            >>> given = dict(weights=np.array([[1.0, 1.0]]), elasticity=np.array([2.0]))
            >>> Ces.budget_demand(np.array([1.0, 2.0]), np.array([3.0]), **given).lowest.round(12).tolist()
            [[2.0, 0.5]]
        """
        return means.budget_demand(p, b, weights, cls.substitution(weights=weights, **other))

    @classmethod
    def prepared_total(cls, b: Array, *, weights: Array, **other: Array) -> Total | None:
        """Where all have the same elasticity."""
        return means.prepared_total(b, weights, cls.substitution(weights=weights, **other))

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array, **other: Array) -> Array:
        """The power mean M, or log M if rho <= 0: numbers of a size that does not depend on rho."""
        return means.ordinal_value(x, weights, cls.exponent(weights=weights, **other))

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array, **other: Array) -> Array:
        """The slopes of M or log M."""
        return means.ordinal_marginal(x, weights, cls.exponent(weights=weights, **other))

    @classmethod
    def concave(cls, x: Expression, *, unit: Unit = 1.0, weights: Array, **other: Array) -> Held:
        """M or log M."""
        return means.ordinal(x, weights, cls.exponent(weights=weights, **other), unit)


class Ces(PowerMeanUtility):
    """u(x) = (sum_g a_g x_g^rho)^(1/rho), rho = (sigma - 1)/sigma.

    At sigma = 1 it is the limit prod_g x_g^(a_g / A) of normalised weights, A = sum a. The limit exists only
    for them: with A > 1 u grows beyond all bounds as sigma -> 1, with A < 1 it goes to 0 or back, so near 1
    the weights had better sum to one.
    """

    name = "ces"
    proportional = True
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "elasticity": ELASTICITY}

    @classmethod
    def exponent(cls, *, weights: Array, elasticity: Array) -> Array:
        """(sigma - 1) / sigma; 0 where sigma is 1 up to rounding."""
        return _rho(elasticity)

    @classmethod
    def faults(cls, *, weights: Array, elasticity: Array) -> list[tuple[int, str]]:
        """Whose A^(1/rho) is beyond what can be computed with."""
        beyond = np.flatnonzero(np.abs(_log_scale(weights, elasticity)) > LARGEST)
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
        """0 where a wanted good is missing if sigma <= 1, and for an agent that wants nothing."""
        logs = _log_scale(weights, elasticity) + means.log_mean(x, weights, _rho(elasticity))
        return np.where((weights > 0).any(axis=1), exp(logs), 0.0)

    @staticmethod
    def marginal(x: Array, *, weights: Array, elasticity: Array) -> Array:
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
    def quasilinear_demand(p: Array, *, weights: Array, elasticity: Array) -> Correspondence:
        """Nothing, everything, or any multiple of one bundle: u is homogeneous of degree one.

        A unit of utility costs e(p) = (sum a_g^sigma p_g^(1 - sigma))^(1/(1 - sigma)). Above 1 it is not
        worth its price and demand is 0; below 1 it always is and demand has no bound (inf of all that is
        wanted); at 1 every t d(p) is as good as another, t >= 0, d(p) the bundle with u = 1.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        cost, shares = Ces.unit_cost(p, weights=weights, elasticity=elasticity)
        return ray(cost, divide_where(wanted, shares, p[None, :]), wanted)

    @staticmethod
    def unit_cost(p: Array, *, weights: Array, elasticity: Array) -> tuple[Array, Array]:
        """Log e(p), and the shares of spending; an agent that wants nothing never gets any utility."""
        log_cost = means.log_unit_cost(p, weights, _rho(elasticity)) - _log_scale(weights, elasticity)
        unit = means.budget_demand(p, np.ones(len(weights)), weights, elasticity).lowest
        return log_cost, unit * p

    @classmethod
    def first_worth(cls, p: Array, tiny: float, *, weights: Array, elasticity: Array) -> Array:
        """1 / e(p), for any amount of money; a free good makes it infinite from sigma = 1 on."""
        cost = means.log_unit_cost(p, weights, _rho(elasticity)) - _log_scale(weights, elasticity)
        return exp(-cost)

    @staticmethod
    def substitution(*, weights: Array, elasticity: Array) -> Array:
        """Sigma."""
        return elasticity

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, weights: Array, elasticity: Array) -> Held:
        """A^(1/rho) M; the geometric mean where rho = 0."""
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
        """a_g^(1/rho) of the only good that is wanted: of several, one price alone does not tell.

        Near an elasticity of 1 that may be more or less than any number: then there is no such price.
        """
        alone = (weights > 0) & at_most_one(weights > 0)[:, None]
        prices = exp(_log_scale(weights, elasticity))[:, None]
        return np.where(alone & (prices > 0) & np.isfinite(prices), prices, np.nan)

    @staticmethod
    def gross_substitutes(*, weights: Array, elasticity: Array) -> NDArray[np.bool_]:
        """Sigma >= 1: what becomes dearer gets a smaller share of income."""
        return np.asarray((elasticity >= 1.0) | at_most_one(weights > 0))


def _rho(elasticity: Array) -> Array:
    """(sigma - 1) / sigma; 0 where sigma is 1 up to rounding."""
    return np.where(np.abs(elasticity - 1.0) <= TIED, 0.0, (elasticity - 1.0) / elasticity)


def _log_scale(weights: Array, elasticity: Array) -> Array:
    """Log A^(1/rho), (agents,): u = A^(1/rho) M. 0 where rho = 0 or nothing is wanted."""
    rho, total = _rho(elasticity), weights.sum(axis=1)
    return np.divide(log_where(total > 0, total), rho, out=np.zeros_like(rho), where=rho != 0)


class Crra(PowerMeanUtility):
    """u(x) = sum_g a_g x_g^(1 - eta)/(1 - eta)."""

    name = "crra"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "risk_aversion": RISK_AVERSION}

    @classmethod
    def exponent(cls, *, weights: Array, risk_aversion: Array) -> Array:
        """1 - eta; 0 where eta is 1 up to rounding."""
        return np.where(np.abs(risk_aversion - 1.0) <= TIED, 0.0, 1.0 - risk_aversion)

    @staticmethod
    def substitution(*, weights: Array, risk_aversion: Array) -> Array:
        """1 / eta."""
        return 1.0 / risk_aversion

    @staticmethod
    def value(x: Array, *, weights: Array, risk_aversion: Array) -> Array:
        """-inf where a wanted good is missing if eta >= 1; the sum of a_g log x_g if eta = 1."""
        rho = Crra.exponent(weights=weights, risk_aversion=risk_aversion)
        curved = rho != 0
        powers = power_terms(x, weights, np.where(curved, rho, 1.0)[:, None])
        return np.where(curved, powers.sum(axis=1), sum_of_logs(x, weights))

    @staticmethod
    def marginal(x: Array, *, weights: Array, risk_aversion: Array) -> Array:
        """a_g x_g^(-eta)."""
        wanted = weights > 0
        slopes = exp(log_where(wanted, weights) - risk_aversion[:, None] * log_where(wanted, x))
        return np.where(wanted, slopes, 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, risk_aversion: Array) -> Correspondence:
        """x_g = (a_g / p_g)^(1/eta)."""
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        logs = log_where(wanted, weights) - np.log(np.where(p > 0, p, 1.0))
        return Correspondence.exactly(np.where(wanted, exp(logs / risk_aversion[:, None]), 0.0))

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, weights: Array, risk_aversion: Array) -> Held:
        """Good by good."""
        rho = Crra.exponent(weights=weights, risk_aversion=risk_aversion)
        curved = np.where((rho != 0)[:, None], weights, 0.0)
        value, constraints = powers_in_cones(x, curved, np.broadcast_to(rho[:, None], weights.shape), unit)
        return value + weighted_logs(x, weights - curved, unit), constraints

    @staticmethod
    def gross_substitutes(*, weights: Array, risk_aversion: Array) -> NDArray[np.bool_]:
        """Eta <= 1: what becomes dearer gets a smaller share of income."""
        return np.asarray((risk_aversion <= 1.0) | at_most_one(weights > 0))
