"""Utility families for economies with several equilibria, as far as the tests of the search need them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import special

from market.interval import Interval
from market.registry import Parameter
from market.utilities import WEIGHTS, Utility, _refuse_free_goods


class PowerSum(Utility):
    """u(x) = sum_g a_g x_g^b / b, b < 1: constant elasticity of substitution 1 / (1 - b)."""

    name = "power_sum"
    parameters: ClassVar = {
        "weights": WEIGHTS,
        "power": Parameter("agent", meaning="b", unit="none", low=-99.0, high=1.0),
    }

    @staticmethod
    def value(x, *, weights, power):
        with np.errstate(divide="ignore"):
            return (weights * x ** power[:, None]).sum(axis=1) / power

    @staticmethod
    def marginal(x, *, weights, power):
        with np.errstate(divide="ignore"):
            return weights * x ** (power[:, None] - 1.0)

    @staticmethod
    def budget_demand(p, b, *, weights, power):
        """x_g in proportion to (a_g / p_g)^sigma, sigma = 1 / (1 - b), scaled to cost the income.

        The largest (a_g / p_g)^sigma is taken out first, so that no power overflows.
        """
        _refuse_free_goods(p, weights)
        wanted = weights > 0
        worth = np.divide(weights, p, out=np.ones_like(weights), where=wanted)
        logs = np.where(wanted, np.log(worth), -np.inf) / (1.0 - power[:, None])
        ratio = np.exp(logs - logs.max(axis=1, keepdims=True))
        return Interval.exactly(ratio * (b / (ratio @ p))[:, None])

    @staticmethod
    def bliss(*, weights, power):
        return np.where(weights > 0, np.inf, 0.0)


class OneLinear(Utility):
    """u(x) = x_k + v(x_h) in two goods: linear in good k, concave in the other; `linear` is 1 at k."""

    @classmethod
    def budget_demand(cls, p, b, *, linear, **parameters):
        """As much of h as is worth its price, v' = p_h / p_k, if that can be paid; the rest buys k."""
        _refuse_free_goods(p, np.ones_like(linear))
        k = linear.argmax(axis=1)
        h = 1 - k
        wanted = cls.inner_demand(p[h] / p[k], **parameters)
        other = np.minimum(wanted, b / p[h])
        x = np.zeros((len(b), 2))
        rows = np.arange(len(b))
        x[rows, h] = other
        x[rows, k] = np.maximum(b - other * p[h], 0.0) / p[k]
        return Interval.exactly(x)

    @staticmethod
    def bliss(*, linear, **parameters):
        return np.full(linear.shape, np.inf)


class LinearAndPower(OneLinear):
    """u(x) = x_k - x_h^-c / c."""

    name = "linear_and_power"

    @staticmethod
    def value(x, *, linear, exponent):
        k = linear.argmax(axis=1)
        rows = np.arange(len(k))
        with np.errstate(divide="ignore"):
            return x[rows, k] - x[rows, 1 - k] ** -exponent / exponent

    @staticmethod
    def inner_demand(ratio, *, exponent):
        return ratio ** (-1.0 / (exponent + 1.0))


class LinearAndExponential(OneLinear):
    """u(x) = x_k + a (1 - exp(-x_h / s))."""

    name = "linear_and_exponential"

    @staticmethod
    def value(x, *, linear, worth, scale):
        k = linear.argmax(axis=1)
        rows = np.arange(len(k))
        return x[rows, k] - worth * special.expm1(-x[rows, 1 - k] / scale)

    @staticmethod
    def inner_demand(ratio, *, worth, scale):
        return np.maximum(scale * np.log(worth / scale / ratio), 0.0)
