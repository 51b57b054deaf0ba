"""Elementary utilities of one good: logarithm, power, quadratic; as numbers and as solver expressions.

Symbols: x amounts, a weights, k slopes, rho exponents, (agents, goods); unit amounts in which x is counted
in a solver's programme. Families and the terms of separable utilities are made of these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.arithmetic import Expression, Held, Unit, exp, log_where, sum_by_agent

SLOPE_ROUNDING = 1e-15  # relative to the weight: a smaller slope is rounding


def sum_of_logs(x: Array, weights: Array) -> Array:
    """Return `sum_g a_g log x_g` over wanted goods, (agents,); -inf where one of them is missing."""
    total: Array = np.einsum("ig,ig->i", weights, log_where(weights > 0, x))
    return total


def weighted_logs(x: Expression, weights: Array, unit: Unit = 1.0) -> Expression:
    """Return `sum_g a_g log(unit_g x_g)` over wanted goods as a cvxpy expression, (agents,)."""
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    rows, goods = np.nonzero(weights)
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(x[rows, goods]))
    return sum_by_agent(terms, rows, len(weights)) + (weights * np.log(unit)).sum(axis=1)


def weighted_log1ps(x: Expression, weights: Array, unit: Unit = 1.0) -> Expression:
    """Return `sum_g a_g log(1 + unit_g x_g)` as a cvxpy expression, (agents,).

    With a large unit as `log unit + log(1 / unit + x)`, in which no number is large.
    """
    import cvxpy

    rows, goods = np.nonzero(weights)
    large = np.broadcast_to(np.maximum(unit, 1.0), weights.shape)
    small = np.broadcast_to(np.minimum(unit, 1.0), weights.shape)[rows, goods]
    inside = 1.0 / large[rows, goods] + cvxpy.multiply(small, x[rows, goods])
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(inside))
    return sum_by_agent(terms, rows, len(weights)) + (weights * np.log(large)).sum(axis=1)


def power_terms(x: Array, weights: Array, rho: Array) -> Array:
    """Return `a_g x_g^rho / rho`, (agents, goods), for `rho < 1`, not 0; -inf at 0 if `rho < 0`."""
    wanted = weights > 0
    exponents = np.where(wanted, rho * log_where(wanted, x), 0.0)
    with np.errstate(over="ignore"):
        return np.where(wanted, weights / rho * exp(exponents), 0.0)


def powers_in_cones(x: Expression, weights: Array, rho: Array, unit: Unit = 1.0) -> Held:
    """Return `sum_g a_g (unit_g x_g)^rho / rho` as a cvxpy expression, (agents,), and constraints.

    For `0 < rho < 1`, `r <= x^rho 1^(1 - rho)` is a power cone; for `rho < 0`, `x^rho = exp(rho log x)` is
    convex.
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
    """Return a variable `t <= prod_g x_g^a_g`, (agents,), and its constraint, for `A = sum a <= 1`.

    The constraint is `sum_g a_g t log(t / x_g) + (1 - A) t log t <= 0`, convex for `A <= 1`; dividing by
    `t > 0` gives `log t <= sum_g a_g log x_g`, and `t log(t / x)` is the relative entropy. Counted in units,
    the product is `prod_g unit_g^a_g` times that of the numbers.
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
    """Return the slope `a_g - fall_g`; 0 beyond bliss and where the difference is rounding."""
    left = weights - fall
    return np.where(left > SLOPE_ROUNDING * weights, left, 0.0)


def up_to_bliss(x: Array, weights: Array, slope: Array, bliss: Array) -> Array:
    """Return `a x - k x^2 / 2` good by good up to bliss, and its maximum beyond.

    Beyond half of bliss it is computed as `k (bliss^2 - (bliss - x)^2) / 2`, which rounding leaves rising
    in x.
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
    """Return cvxpy terms `a z - k z^2 / 2` with `z <= x` for marked goods, their rows, constraints."""
    import cvxpy

    rows, goods = np.nonzero(where)
    used = cvxpy.Variable(len(rows), nonneg=True)
    a, k = weights[rows, goods], slope[rows, goods]
    terms = cvxpy.multiply(a, used) - cvxpy.multiply(k / 2.0, cvxpy.square(used))
    return terms, rows, [used <= x[rows, goods]]
