"""Elementary utilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.arithmetic import Expression, Held, Unit, exp, log_where, sum_by_agent

ROUNDING = 1e-15  # of the first unit's worth: what is less is rounding, not a slope


def sum_of_logs(x: Array, weights: Array) -> Array:
    """sum_g a_g log x_g over wanted goods, (agents,); -inf where one of them is missing."""
    total: Array = np.einsum("ig,ig->i", weights, log_where(weights > 0, x))
    return total


def weighted_logs(x: Expression, weights: Array, unit: Unit = 1.0) -> Expression:
    """sum_g a_g log(unit_g x_g) over wanted goods as a cvxpy expression, (agents,)."""
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    rows, goods = np.nonzero(weights)
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(x[rows, goods]))
    return sum_by_agent(terms, rows, len(weights)) + (weights * np.log(unit)).sum(axis=1)


def weighted_log1ps(x: Expression, weights: Array, unit: Unit = 1.0) -> Expression:
    """sum_g a_g log(1 + unit_g x_g) as a cvxpy expression, (agents,).

    Of a large unit as log unit + log(1 / unit + x), in which nothing is large.
    """
    import cvxpy

    rows, goods = np.nonzero(weights)
    large = np.broadcast_to(np.maximum(unit, 1.0), weights.shape)
    small = np.broadcast_to(np.minimum(unit, 1.0), weights.shape)[rows, goods]
    inside = 1.0 / large[rows, goods] + cvxpy.multiply(small, x[rows, goods])
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(inside))
    return sum_by_agent(terms, rows, len(weights)) + (weights * np.log(large)).sum(axis=1)


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


def fallen(weights: Array, fall: Array) -> Array:
    """A_g - k_g x_g, and 0 beyond bliss and where the difference is rounding."""
    left = weights - fall
    return np.where(left > ROUNDING * weights, left, 0.0)


def up_to_bliss(x: Array, weights: Array, slope: Array, bliss: Array) -> Array:
    """Good by good, a x - k x^2 / 2 up to bliss and its top beyond.

    The second half is taken as k (bliss^2 - (bliss - x)^2) / 2, which rounding leaves rising in x.
    """
    used = np.minimum(x, bliss)
    near = np.isfinite(bliss) & (2.0 * used > bliss)
    top = np.where(near, bliss, 0.0)
    behind = top - np.where(near, used, 0.0)
    half = slope / 2.0
    return np.where(near, weights * top / 2.0 - half * behind * behind, used * (weights - half * used))


def used_up_to_bliss(
    x: Expression, weights: Array, slope: Array, where: NDArray[np.bool_]
) -> tuple[Expression, NDArray[np.intp], list[Expression]]:
    """A z - k z^2 / 2 for marked goods with z <= x, as a vector of cvxpy terms, their rows, and z <= x."""
    import cvxpy

    rows, goods = np.nonzero(where)
    used = cvxpy.Variable(len(rows), nonneg=True)
    a, k = weights[rows, goods], slope[rows, goods]
    terms = cvxpy.multiply(a, used) - cvxpy.multiply(k / 2.0, cvxpy.square(used))
    return terms, rows, [used <= x[rows, goods]]
