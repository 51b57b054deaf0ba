"""Forms of one-good terms, of which `separable` utilities are sums.

Symbols: f(x) a term of the amount x of one good, d(x) = f'(x) its slope, which falls to 0 (but for `linear`);
D a slope; a weight > 0. Every function works element by element on arrays of any shape.

Slopes are given as logarithms, and `amount` inverts them: log d(x) = log D. So a slope may be as small as it
likes, as that of an exponential term is where somebody rich buys much of it.

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

WEIGHT = Parameter("good", "how much the good is wanted, a", unit="utility", absent=0.0, required=True)


class Form(Family):
    """Base of the forms; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]
    satiable: ClassVar[bool] = False

    @staticmethod
    def value(x: Array, **parameters: Array) -> Array:
        """f(x); 0 where the weight is 0; may be -inf."""
        raise NotImplementedError

    @staticmethod
    def log_slope(x: Array, **parameters: Array) -> Array:
        """Log d(x) where the weight is positive; -inf where more does not help."""
        raise NotImplementedError

    @staticmethod
    def bend(x: Array, **parameters: Array) -> Array:
        """-d log d(x) / dx, how fast the slope falls in relative terms; inf at infinite slopes."""
        raise NotImplementedError

    @staticmethod
    def amount(log_slope: Array, **parameters: Array) -> Array:
        """The x with d(x) = D; 0 where d(0) <= D."""
        raise NotImplementedError

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """Beyond which more does not help: inf unless overridden."""
        return np.full_like(parameters["weight"], np.inf)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """The sum over goods of f(unit x) as a cvxpy expression, (agents,)."""
        raise NotImplementedError

    @staticmethod
    def substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """Whether less is spent on the good as it becomes dearer: x |f''| <= f' everywhere."""
        return np.zeros_like(parameters["weight"], dtype=bool)


def _logs(numbers: Array) -> Array:
    """log, -inf of 0."""
    with np.errstate(divide="ignore"):
        return np.log(numbers)


def _over(numerator: Array | float, denominator: Array) -> Array:
    """The quotient, inf over 0."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(numerator, denominator)


class LinearForm(Form):
    """a x."""

    name = "linear"
    parameters: ClassVar[dict[str, Parameter]] = {"weight": WEIGHT}

    @staticmethod
    def value(x: Array, *, weight: Array) -> Array:
        """Proportional."""
        return weight * x

    @staticmethod
    def log_slope(x: Array, *, weight: Array) -> Array:
        """Log a, however much there is; `separable` treats this form by itself."""
        return np.broadcast_to(_logs(weight), x.shape)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array) -> Held:
        """As it is."""
        import cvxpy  # deferred: takes a second to import, and only programmes need it

        return cvxpy.sum(cvxpy.multiply(weight * unit, x), axis=1), []

    @staticmethod
    def substitutes(*, weight: Array) -> NDArray[np.bool_]:
        """F'' = 0."""
        return np.ones_like(weight, dtype=bool)


class LogForm(Form):
    """a log x."""

    name = "log"
    parameters: ClassVar[dict[str, Parameter]] = {"weight": WEIGHT}

    @staticmethod
    def value(x: Array, *, weight: Array) -> Array:
        """-inf of nothing."""
        return np.asarray(scipy.special.xlogy(weight, x))

    @staticmethod
    def log_slope(x: Array, *, weight: Array) -> Array:
        """Log (a / x)."""
        return _logs(weight) - _logs(x)

    @staticmethod
    def bend(x: Array, *, weight: Array) -> Array:
        """1 / x."""
        return _over(1.0, x)

    @staticmethod
    def amount(log_slope: Array, *, weight: Array) -> Array:
        """A / D."""
        return exp(_logs(weight) - log_slope)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array) -> Held:
        """As it is."""
        return weighted_logs(x, weight, unit), []

    @staticmethod
    def substitutes(*, weight: Array) -> NDArray[np.bool_]:
        """X |f''| = f'."""
        return np.ones_like(weight, dtype=bool)


class Log1pForm(Form):
    """a log(1 + x)."""

    name = "log1p"
    parameters: ClassVar[dict[str, Parameter]] = {"weight": WEIGHT}

    @staticmethod
    def value(x: Array, *, weight: Array) -> Array:
        """0 of nothing."""
        return np.asarray(scipy.special.xlog1py(weight, x))

    @staticmethod
    def log_slope(x: Array, *, weight: Array) -> Array:
        """Log (a / (1 + x))."""
        return _logs(weight) - np.log1p(x)

    @staticmethod
    def bend(x: Array, *, weight: Array) -> Array:
        """1 / (1 + x)."""
        return np.asarray(1.0 / (1.0 + x))

    @staticmethod
    def amount(log_slope: Array, *, weight: Array) -> Array:
        """A / D - 1."""
        with np.errstate(over="ignore"):
            return np.expm1(np.maximum(_logs(weight) - log_slope, 0.0))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array) -> Held:
        """As it is."""
        return weighted_log1ps(x, weight, unit), []

    @staticmethod
    def substitutes(*, weight: Array) -> NDArray[np.bool_]:
        """X |f''| = f' x / (1 + x)."""
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
        """-inf of nothing if rho < 0."""
        return power_terms(x, weight, exponent)

    @staticmethod
    def log_slope(x: Array, *, weight: Array, exponent: Array) -> Array:
        """Log (a x^(rho - 1))."""
        return _logs(weight) - (1.0 - exponent) * _logs(x)

    @staticmethod
    def bend(x: Array, *, weight: Array, exponent: Array) -> Array:
        """(1 - rho) / x."""
        return _over(1.0 - exponent, x)

    @staticmethod
    def amount(log_slope: Array, *, weight: Array, exponent: Array) -> Array:
        """(a / D)^(1 / (1 - rho))."""
        return exp((_logs(weight) - log_slope) / (1.0 - exponent))

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array, exponent: Array) -> Held:
        """As it is."""
        return powers_in_cones(x, weight, exponent, unit)

    @staticmethod
    def substitutes(*, weight: Array, exponent: Array) -> NDArray[np.bool_]:
        """X |f''| = (1 - rho) f'."""
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
        """0 of nothing, tends to a."""
        return -weight * np.expm1(-x / scale)

    @staticmethod
    def log_slope(x: Array, *, weight: Array, scale: Array) -> Array:
        """Log (a / k) - x / k: never 0, though soon too small for a number."""
        return _logs(weight) - np.log(scale) - x / scale

    @staticmethod
    def bend(x: Array, *, weight: Array, scale: Array) -> Array:
        """1 / k."""
        return np.broadcast_to(1.0 / scale, x.shape)

    @staticmethod
    def amount(log_slope: Array, *, weight: Array, scale: Array) -> Array:
        """K log(a / (k D))."""
        return scale * np.maximum(_logs(weight) - np.log(scale) - log_slope, 0.0)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array, scale: Array) -> Held:
        """As it is."""
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
        """What is beyond bliss is thrown away."""
        return up_to_bliss(x, weight, slope, weight / slope)

    @staticmethod
    def log_slope(x: Array, *, weight: Array, slope: Array) -> Array:
        """Log (a - k x)."""
        return _logs(fallen(weight, slope * x))

    @staticmethod
    def bend(x: Array, *, weight: Array, slope: Array) -> Array:
        """K / (a - k x)."""
        return _over(slope, np.maximum(weight - slope * x, 0.0))

    @staticmethod
    def amount(log_slope: Array, *, weight: Array, slope: Array) -> Array:
        """(a - D) / k."""
        return -weight / slope * np.expm1(np.minimum(log_slope - _logs(weight), 0.0))

    @staticmethod
    def bliss(*, weight: Array, slope: Array) -> Array:
        """A / k."""
        return weight / slope

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weight: Array, slope: Array) -> Held:
        """The formula of what is used, at most what there is."""
        terms, rows, needed = used_up_to_bliss(x, weight * unit, slope * np.square(unit), weight > 0)
        return sum_by_agent(terms, rows, len(weight)), needed


FORMS: Registry[Form] = Registry(
    "form", LinearForm, LogForm, Log1pForm, PowerForm, ExponentialForm, QuadraticForm
)
