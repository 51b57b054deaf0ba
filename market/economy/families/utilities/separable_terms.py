"""Forms of one-good terms, of which `separable` utilities are sums.

Symbols: f(x) a term of the amount x of one good, d(x) = f'(x) its slope, which falls to 0 (but for
`linear`); D a slope; a weight > 0; k scale or slope of the form. Functions work element by element on
arrays of any shape.

Slopes are given as logarithms, and `amount` inverts them: `log d(x) = log D`. So a slope may be arbitrarily
small, as that of an exponential term is where a rich agent buys much.

To add one: a class here and its name in `FORMS`.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.arithmetic import Expression, Held, Unit, exp, sum_by_agent
from market.economy.families.utilities.elementary import (
    fallen,
    power_terms,
    powers_in_cones,
    up_to_bliss,
    used_up_to_bliss,
    weighted_log1ps,
    weighted_logs,
)
from market.registry import Family, Parameter, Registry

WEIGHT = Parameter("good", "preference weight a", unit="utility", absent=0.0, required=True)


class Form(Family):
    """Base of the forms; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]
    satiable: ClassVar[bool] = False

    @staticmethod
    def value(x: Array, **parameters: Array) -> Array:
        """Return f(x); 0 where the weight is 0; may be -inf."""
        raise NotImplementedError

    @staticmethod
    def log_slope(x: Array, **parameters: Array) -> Array:
        """Return `log d(x)` where the weight is positive; -inf where more does not help."""
        raise NotImplementedError

    @staticmethod
    def bend(x: Array, **parameters: Array) -> Array:
        """Return `-d log d(x) / dx`, the relative fall of the slope; inf at infinite slopes."""
        raise NotImplementedError

    @staticmethod
    def amount(log_slope: Array, **parameters: Array) -> Array:
        """Return x with `d(x) = D`; 0 where `d(0) <= D`."""
        raise NotImplementedError

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """Return the amount beyond which more does not help: inf unless overridden."""
        return np.full_like(parameters["weight"], np.inf)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """Return the sum over goods of f(unit x) as a cvxpy expression, (agents,), and constraints."""
        raise NotImplementedError

    @staticmethod
    def substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """Return True where less is spent on the good as it becomes dearer: `x |f''| <= f'` everywhere."""
        return np.zeros_like(parameters["weight"], dtype=bool)


def _logs(numbers: Array) -> Array:
    """Return the logarithm; -inf of 0."""
    with np.errstate(divide="ignore"):
        return np.log(numbers)


def _over(numerator: Array | float, denominator: Array) -> Array:
    """Return the quotient; inf over 0."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(numerator, denominator)


class LinearForm(Form):
    """a x."""

    name = "linear"
    parameters: ClassVar[dict[str, Parameter]] = {"weight": WEIGHT}

    @staticmethod
    def value(x: Array, *, weight: Array) -> Array:
        """Return `a x`."""
        return weight * x

    @staticmethod
    def log_slope(x: Array, *, weight: Array) -> Array:
        """Return `log a`, at every amount; `separable` treats this form apart."""
        return np.broadcast_to(_logs(weight), x.shape)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array) -> Held:
        """Return the sum over goods of `a unit x`."""
        import cvxpy  # deferred: takes a second to import, and only programmes need it

        return cvxpy.sum(cvxpy.multiply(weight * unit, x), axis=1), []

    @staticmethod
    def substitutes(*, weight: Array) -> NDArray[np.bool_]:
        """Return True, as `f'' = 0`."""
        return np.ones_like(weight, dtype=bool)


class LogForm(Form):
    """a log x."""

    name = "log"
    parameters: ClassVar[dict[str, Parameter]] = {"weight": WEIGHT}

    @staticmethod
    def value(x: Array, *, weight: Array) -> Array:
        """Return `a log x`; -inf at 0."""
        return np.asarray(scipy.special.xlogy(weight, x))

    @staticmethod
    def log_slope(x: Array, *, weight: Array) -> Array:
        """Return `log(a / x)`."""
        return _logs(weight) - _logs(x)

    @staticmethod
    def bend(x: Array, *, weight: Array) -> Array:
        """Return `1 / x`."""
        return _over(1.0, x)

    @staticmethod
    def amount(log_slope: Array, *, weight: Array) -> Array:
        """Return `a / D`."""
        return exp(_logs(weight) - log_slope)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array) -> Held:
        """Return the sum of weighted logs."""
        return weighted_logs(x, weight, unit), []

    @staticmethod
    def substitutes(*, weight: Array) -> NDArray[np.bool_]:
        """Return True, as `x |f''| = f'`."""
        return np.ones_like(weight, dtype=bool)


class Log1pForm(Form):
    """a log(1 + x)."""

    name = "log1p"
    parameters: ClassVar[dict[str, Parameter]] = {"weight": WEIGHT}

    @staticmethod
    def value(x: Array, *, weight: Array) -> Array:
        """Return `a log(1 + x)`."""
        return np.asarray(scipy.special.xlog1py(weight, x))

    @staticmethod
    def log_slope(x: Array, *, weight: Array) -> Array:
        """Return `log(a / (1 + x))`."""
        return _logs(weight) - np.log1p(x)

    @staticmethod
    def bend(x: Array, *, weight: Array) -> Array:
        """Return `1 / (1 + x)`."""
        return np.asarray(1.0 / (1.0 + x))

    @staticmethod
    def amount(log_slope: Array, *, weight: Array) -> Array:
        """Return `a / D - 1`, at least 0."""
        with np.errstate(over="ignore"):
            return np.expm1(np.maximum(_logs(weight) - log_slope, 0.0))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array) -> Held:
        """Return the sum of weighted log1ps."""
        return weighted_log1ps(x, weight, unit), []

    @staticmethod
    def substitutes(*, weight: Array) -> NDArray[np.bool_]:
        """Return True, as `x |f''| = f' x / (1 + x)`."""
        return np.ones_like(weight, dtype=bool)


class PowerForm(Form):
    """a x^rho / rho."""

    name = "power"
    parameters: ClassVar[dict[str, Parameter]] = {
        "weight": WEIGHT,
        "exponent": Parameter(
            "good", "rho < 1, not 0", unit="none", low=-np.inf, high=1.0, open_high=True, nonzero=True,
            absent=0.5, required=True,
        ),
    }  # fmt: skip

    @staticmethod
    def value(x: Array, *, weight: Array, exponent: Array) -> Array:
        """Return `a x^rho / rho`; -inf at 0 if `rho < 0`."""
        return power_terms(x, weight, exponent)

    @staticmethod
    def log_slope(x: Array, *, weight: Array, exponent: Array) -> Array:
        """Return `log(a x^(rho - 1))`."""
        return _logs(weight) - (1.0 - exponent) * _logs(x)

    @staticmethod
    def bend(x: Array, *, weight: Array, exponent: Array) -> Array:
        """Return `(1 - rho) / x`."""
        return _over(1.0 - exponent, x)

    @staticmethod
    def amount(log_slope: Array, *, weight: Array, exponent: Array) -> Array:
        """Return `(a / D)^(1 / (1 - rho))`."""
        return exp((_logs(weight) - log_slope) / (1.0 - exponent))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array, exponent: Array) -> Held:
        """Return the sum of powers, and their cones."""
        return powers_in_cones(x, weight, exponent, unit)

    @staticmethod
    def substitutes(*, weight: Array, exponent: Array) -> NDArray[np.bool_]:
        """Return True where `rho > 0`, as `x |f''| = (1 - rho) f'`."""
        return np.asarray(exponent > 0)


class ExponentialForm(Form):
    """a (1 - exp(-x / k))."""

    name = "exponential"
    parameters: ClassVar[dict[str, Parameter]] = {
        "weight": WEIGHT,
        "scale": Parameter(
            "good", "k, the amount that brings 63 % of a", unit="units", open_low=True, absent=1.0,
            required=True,
        ),
    }  # fmt: skip

    @staticmethod
    def value(x: Array, *, weight: Array, scale: Array) -> Array:
        """Return `a (1 - exp(-x / k))`, which tends to a."""
        return -weight * np.expm1(-x / scale)

    @staticmethod
    def log_slope(x: Array, *, weight: Array, scale: Array) -> Array:
        """Return `log(a / k) - x / k`: the slope is never 0, but soon below floats."""
        return _logs(weight) - np.log(scale) - x / scale

    @staticmethod
    def bend(x: Array, *, weight: Array, scale: Array) -> Array:
        """Return `1 / k`."""
        return np.broadcast_to(1.0 / scale, x.shape)

    @staticmethod
    def amount(log_slope: Array, *, weight: Array, scale: Array) -> Array:
        """Return `k log(a / (k D))`, at least 0."""
        return scale * np.maximum(_logs(weight) - np.log(scale) - log_slope, 0.0)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array, scale: Array) -> Held:
        """Return the sum over goods of `a (1 - exp(-unit x / k))`."""
        import cvxpy

        rows, goods = np.nonzero(weight)
        a, k = weight[rows, goods], (scale / unit)[rows, goods]
        terms = a - cvxpy.multiply(a, cvxpy.exp(cvxpy.multiply(-1.0 / k, x[rows, goods])))
        return sum_by_agent(terms, rows, len(weight)), []


class QuadraticForm(Form):
    """a x - k x^2 / 2 up to bliss a / k, and no less beyond."""

    name = "quadratic"
    satiable = True
    parameters: ClassVar[dict[str, Parameter]] = {
        "weight": WEIGHT,
        "slope": Parameter(
            "good", "how fast marginal utility falls, k", unit="utility per unit squared", open_low=True,
            absent=1.0, required=True,
        ),
    }  # fmt: skip

    @staticmethod
    def value(x: Array, *, weight: Array, slope: Array) -> Array:
        """Return `a x - k x^2 / 2`; amounts beyond bliss are thrown away."""
        return up_to_bliss(x, weight, slope, weight / slope)

    @staticmethod
    def log_slope(x: Array, *, weight: Array, slope: Array) -> Array:
        """Return `log(a - k x)`; -inf from bliss on."""
        return _logs(fallen(weight, slope * x))

    @staticmethod
    def bend(x: Array, *, weight: Array, slope: Array) -> Array:
        """Return `k / (a - k x)`."""
        return _over(slope, np.maximum(weight - slope * x, 0.0))

    @staticmethod
    def amount(log_slope: Array, *, weight: Array, slope: Array) -> Array:
        """Return `(a - D) / k`, at least 0."""
        return -weight / slope * np.expm1(np.minimum(log_slope - _logs(weight), 0.0))

    @staticmethod
    def bliss(*, weight: Array, slope: Array) -> Array:
        """Return `a / k`."""
        return weight / slope

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array, slope: Array) -> Held:
        """Return the formula at amounts used, which are at most those available."""
        terms, rows, needed = used_up_to_bliss(x, weight * unit, slope * np.square(unit), weight > 0)
        return sum_by_agent(terms, rows, len(weight)), needed


FORMS: Registry[Form] = Registry(
    "form", LinearForm, LogForm, Log1pForm, PowerForm, ExponentialForm, QuadraticForm
)
