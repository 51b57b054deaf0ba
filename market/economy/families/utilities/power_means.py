"""Power means: the mathematics of utilities with a constant elasticity of substitution.

    M(x) = (sum_g s_g x_g^rho)^(1/rho),  shares s_g = a_g / A of the weights, A = sum a, sigma = 1 / (1 - rho)

lies between the least and the largest of the wanted amounts, tends to `prod_g x_g^s_g` as rho -> 0, and is
concave and homogeneous of degree one for `rho < 1`. It is 0 where a wanted good is missing if `rho <= 0`.

All is computed in logarithms, so that neither a large |rho| nor very large or small amounts overflow; near
`rho = 0`, where `(1/rho) log(1 + ...)` would lose digits, with expm1 and log1p.

To judges of efficiency `ordinal` gives M itself if `rho > 0`, where M is finite and has slopes also at x = 0,
and log M if `rho <= 0`, where M = 0 if a good is missing: both are concave.

Source: Hardy, Littlewood and Polya (1934), *Inequalities*, chapter 2; Arrow, Chenery, Minhas and Solow
(1961), "Capital-labor substitution and economic efficiency".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.arithmetic import (
    Expression,
    Held,
    Unit,
    divide_where,
    exp,
    log_where,
    refuse_free_goods,
    sum_by_agent,
)
from market.economy.families.utilities.base import Total
from market.economy.families.utilities.elementary import weighted_logs

LEAST_SUM = 1e-250  # least sum whose terms lost below 1e-308 are negligible
FEW = 32  # goods; arrays with fewer goods are laid out good by good, which is faster


def shares(weights: Array) -> Array:
    """Return `s_g = a_g / A`, (agents, goods); 0 for an agent that wants nothing."""
    total = np.einsum("ig->i", weights)
    if (total > 0).all():
        return weights / total[:, None]
    return divide_where(weights > 0, weights, weights.sum(axis=1, keepdims=True))


def log_sum(exponents: Array, where: NDArray[np.bool_]) -> Array:
    """Return `log sum_g exp(z_g)` over the marked goods, (agents,); -inf if none is marked."""
    marked = np.where(where, exponents, -np.inf)
    largest = marked.max(axis=1, initial=-np.inf)
    base = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        total: Array = np.log(exp(marked - base[:, None]).sum(axis=1)) + base
    return total


def log_mean(x: Array, weights: Array, rho: Array) -> Array:
    """Return `log M`, (agents,): -inf where M = 0; 0 for an agent that wants nothing.

    With `z_g = rho log x_g` and any reference m, `log M = (m + log1p(sum_g s_g expm1(z_g - m))) / rho`; m is
    the largest z_g.

    Args:
        x: (agents, goods), >= 0.
        weights: (agents, goods), a.
        rho: (agents,), < 1.
    """
    s = shares(weights)
    wanted, present = s > 0, (s > 0) & (x > 0)
    if present.all():
        return _log_mean_of_all(x, s, rho)
    missing = wanted & ~present
    logs = log_where(present, x)
    curved = rho != 0
    divisor = np.where(curved, rho, 1.0)
    z = np.where(present, rho[:, None] * logs, -np.inf)
    largest = z.max(axis=1, initial=-np.inf)
    m = np.where(np.isfinite(largest), largest, 0.0)
    shifted = np.where(present, z - m[:, None], 0.0)
    rest = (s * np.expm1(shifted)).sum(axis=1) - np.where(missing, s, 0.0).sum(axis=1)
    direct = np.where(present, s * np.exp(shifted), 0.0).sum(axis=1)
    with np.errstate(divide="ignore", over="ignore"):
        log_total = np.where(rest > -0.5, np.log1p(np.maximum(rest, -0.5)), np.log(direct))
        mean = np.where(curved, m / divisor + log_total / divisor, (s * logs).sum(axis=1))
    ruined = missing.any(axis=1) & (rho <= 0) | ~present.any(axis=1)
    return np.where(wanted.any(axis=1), np.where(ruined, -np.inf, mean), 0.0)


def _log_mean_of_all(x: Array, s: Array, rho: Array) -> Array:
    """Return `log M`, (agents,), given that all agents want, and have, all goods."""
    logs = np.log(x)
    curved = rho != 0
    if not curved.any():
        return np.asarray(np.einsum("ig,ig->i", s, logs))
    z = rho[:, None] * logs
    m = z.max(axis=1)
    z -= m[:, None]
    rest = np.einsum("ig,ig->i", s, np.expm1(z))
    near = rest > -0.5  # else 1 + rest has lost digits
    total = np.log1p(np.where(near, rest, 0.0))
    if not near.all():
        total[~near] = np.log(np.einsum("ig,ig->i", s[~near], np.exp(z[~near])))
    with np.errstate(over="ignore"):
        mean = (m + total) / np.where(curved, rho, 1.0)
    return mean if curved.all() else np.where(curved, mean, np.einsum("ig,ig->i", s, logs))


def log_slopes(x: Array, weights: Array, rho: Array) -> Array:
    """Return `log dM/dx_g = log s_g + (1 - rho) (log M - log x_g)`, (agents, goods).

    All wanted goods must be present; 0 of goods that are not wanted.
    """
    wanted, there = weights > 0, (weights > 0) & (x > 0)
    log_m = log_mean(x, weights, rho)
    behind = np.where(np.isfinite(log_m), log_m, 0.0)[:, None] - log_where(there, x)
    return np.where(wanted, log_where(wanted, shares(weights)) + (1.0 - rho)[:, None] * behind, 0.0)


def slopes_at_kinks(weights: Array, missing: NDArray[np.bool_], rho: Array) -> Array:
    """Return a supergradient of M where M = 0, (agents, goods), positive for the missing goods.

    There M behaves as the mean over the k missing goods alone, homogeneous of degree one; its slopes at the
    bundle with all `s_g x_g^rho` equal are `s_g^(1/rho) k^((1 - rho)/rho)`. With `rho = 0` there is no such
    bound and slopes are infinite.
    """
    count = np.maximum(missing.sum(axis=1), 1)
    curved = rho != 0
    inverse = np.divide(1.0, rho, out=np.zeros_like(rho), where=curved)
    with np.errstate(over="ignore"):
        exponent = (
            log_where(missing, shares(weights)) * inverse[:, None]
            + (np.log(count) * (inverse - 1.0))[:, None]
        )
    return np.where(missing, np.where(curved[:, None], exp(exponent), np.inf), 0.0)


def marginal(x: Array, weights: Array, rho: Array) -> Array:
    """Return `dM/dx_g`, (agents, goods); inf for a missing good if `rho >= 0` and M > 0."""
    wanted = weights > 0
    missing = wanted & (x <= 0)
    smooth = np.where(wanted, exp(log_slopes(x, weights, rho)), 0.0)
    if not missing.any():
        return smooth
    empty = (missing == wanted).all(axis=1)
    kinked = np.where(rho > 0, empty, missing.any(axis=1))
    sloped = np.where(missing, np.inf, smooth)
    return np.where(kinked[:, None], slopes_at_kinks(weights, missing, rho), sloped)


# --- demand ---------------------------------------------------------------------------------------------


def log_spending(p: Array, weights: Array, sigma: Array) -> Array:
    """Return `sigma log a_g + (1 - sigma) log p_g`, (agents, goods): log spending up to a constant.

    From `a_g x_g^(rho - 1) = mu p_g` follows `x_g = (a_g / (mu p_g))^sigma`.
    """
    wanted = weights > 0
    prices = np.log(np.where(p > 0, p, 1.0))
    return sigma[:, None] * log_where(wanted, weights) + (1.0 - sigma)[:, None] * prices


def budget_demand(p: Array, b: Array, weights: Array, sigma: Array) -> Correspondence:
    """Return `x_g = b t_g / (p_g sum_h t_h)` with `t_g = a_g^sigma p_g^(1 - sigma)`.

    Raises:
        UnboundedDemandError: a wanted good is free.
    """
    if (p > 0).all():
        return Correspondence.exactly(_spent(p, b, weights, sigma))
    wanted = weights > 0
    refuse_free_goods(p, wanted)
    logs = log_spending(p, weights, sigma)
    total = log_sum(logs, wanted)
    share = np.where(wanted, exp(logs - np.where(np.isfinite(total), total, 0.0)[:, None]), 0.0)
    return Correspondence.exactly(divide_where(wanted, share * b[:, None], p[None, :]))


def _spent(p: Array, b: Array, weights: Array, sigma: Array) -> Array:
    """Return the bundles of `budget_demand` at prices > 0, (agents, goods), computed in one array.

    With few goods the array is laid out good by good, so that every step runs along many numbers. A good that
    is not wanted has `log a = -inf` and `t = 0`.
    """
    by_good = weights.shape[1] < FEW
    agents, goods = ((None, ...), (..., None)) if by_good else ((..., None), (None, ...))
    axis = 0 if by_good else 1
    with np.errstate(divide="ignore"):
        t = np.log(weights.T, order="C") if by_good else np.log(weights)
    t *= sigma[agents]
    t += (1.0 - sigma)[agents] * np.log(p)[goods]
    largest = t.max(axis=axis)
    t -= np.where(np.isfinite(largest), largest, 0.0)[agents]
    np.exp(t, out=t)
    total = t.sum(axis=axis)
    t *= np.divide(b, total, out=np.zeros_like(b), where=total > 0)[agents]
    with np.errstate(over="ignore"):
        t /= p[goods]
    return np.ascontiguousarray(t.T) if by_good else t


def prepared_total(b: Array, weights: Array, sigma: Array) -> Total | None:
    """Return total demand as a function of prices, for fixed incomes and one sigma; else None.

    With `B_ig = a_ig^sigma` and `P_g = p_g^(1 - sigma)`,
    `sum_i x_ig = p_g^(-sigma) sum_i B_ig b_i / (B P)_i`: two products of a matrix and a vector, B being
    calculated once. Rows of B, and P, are scaled to a largest number of 1; the function returns None where
    some `(B P)_i` is too small to be precise all the same.
    """
    if not len(b) or (sigma != sigma[0]).any():
        return None
    s = float(sigma[0])
    largest = weights.max(axis=1)
    wants = largest > 0
    a = (weights / np.where(wants, largest, 1.0)[:, None]) ** s
    b = np.where(wants, b, 0.0)

    def total(p: Array) -> Array | None:
        if not p.min() > 0:
            return None
        logs = (1.0 - s) * np.log(p)
        priced = np.exp(logs - logs.max())
        spending = np.where(wants, a @ priced, 1.0)
        if spending.min() < LEAST_SUM:
            return None
        return np.asarray(priced * ((b / spending) @ a) / p)

    return total


def log_unit_cost(p: Array, weights: Array, rho: Array) -> Array:
    """Return the log of the least cost of M = 1, (agents,): -inf if free, inf if nothing is wanted.

    The least `p.x` with `M(x) >= 1` is the dual mean `(sum_g s_g^sigma p_g^(1 - sigma))^(1/(1 - sigma))`, for
    `rho = 0` `prod_g (p_g / s_g)^s_g`: the mean of `q_g = p_g / s_g` with weights s_g and the exponent
    `1 - sigma = -rho / (1 - rho)`, so that `log_mean` serves again.
    """
    wanted = weights > 0
    q = divide_where(wanted, p[None, :], shares(weights))
    cost = log_mean(q, weights, -rho / (1.0 - rho))
    return np.where(wanted.any(axis=1), cost, np.inf)


# --- programmes -----------------------------------------------------------------------------------------


def ordinal_value(x: Array, weights: Array, rho: Array) -> Array:
    """Return M where `rho > 0`, log M elsewhere, (agents,); 0 for an agent that wants nothing."""
    logs = log_mean(x, weights, rho)
    wants = (weights > 0).any(axis=1)
    with np.errstate(over="ignore"):
        return np.where(wants & (rho > 0), np.exp(np.where(rho > 0, logs, 0.0)), logs)


def ordinal_marginal(x: Array, weights: Array, rho: Array) -> Array:
    """Return the slopes of `ordinal_value`, (agents, goods); inf for goods missing where it is -inf."""
    wanted = weights > 0
    missing = wanted & (x <= 0)
    log_m = log_mean(x, weights, rho)
    ruined = np.isneginf(log_m)
    relative = log_slopes(x, weights, rho) - np.where(ruined, 0.0, log_m)[:, None]
    of_log = np.where(missing, np.inf, np.where(wanted & ~ruined[:, None], exp(relative), 0.0))
    return np.where((rho > 0)[:, None], marginal(x, weights, rho), of_log)


def in_units(weights: Array, rho: Array, unit: Unit) -> tuple[Array, Array]:
    """Return `log M(unit)`, (agents,), and the shares s' that M has when goods are counted in units.

    `M(unit x) = M(unit) (sum_g s'_g x_g^rho)^(1/rho)` with `s'_g = s_g (unit_g / M(unit))^rho`, which sum
    to 1.
    """
    bundle = np.broadcast_to(unit, weights.shape)
    log_m = log_mean(bundle, weights, rho)
    s = shares(weights)
    return log_m, s * exp(rho[:, None] * np.where(s > 0, np.log(bundle) - log_m[:, None], 0.0))


def ordinal(x: Expression, weights: Array, rho: Array, unit: Unit = 1.0) -> Held:
    """Return `ordinal_value` of unit * x as a cvxpy expression, (agents,), and its constraints.

    For `rho < 0` it is t with `sum_g s_g exp(rho (log x_g - t)) <= 1`, which says `t <= log M`; for
    `rho = 0`, `sum_g s_g log x_g`.
    """
    import cvxpy

    agents = len(weights)
    curved = np.where(rho > 0, rho, 0.5)
    direct, constraints = mean(x, weights, curved, wanted=(rho > 0)[:, None], unit=unit)
    log_m, s = in_units(weights, rho, unit)
    bound = cvxpy.Variable(agents)
    rows, goods = np.nonzero((s > 0) & (rho < 0)[:, None])
    if len(rows):
        less = cvxpy.multiply(rho[rows], cvxpy.log(x[rows, goods]) - bound[rows])
        terms = cvxpy.multiply(s[rows, goods], cvxpy.exp(less))
        constraints.append(sum_by_agent(terms, rows, agents) <= 1.0)
    geometric = np.asarray(rho == 0)
    wants = np.asarray((s > 0).any(axis=1))
    value = (
        direct
        + cvxpy.multiply((wants & (rho < 0)).astype(float), bound + log_m)
        + weighted_logs(x, np.where(geometric[:, None], s, 0.0), unit)
    )
    return value, constraints


def mean(
    x: Expression,
    weights: Array,
    rho: Array,
    wanted: Any = True,
    unit: Unit = 1.0,
    log_scale: Array | float = 0.0,
) -> Held:
    """Return M of unit * x as a cvxpy variable t, (agents,), for `rho != 0`, and its power cones.

    For `rho > 0`, `r_g <= x_g^rho t^(1 - rho)` and `t <= sum_g s_g r_g`. For `rho < 0`,
    `t <= x_g^theta r_g^(1 - theta)` with `theta = -rho / (1 - rho)` and `sum_g s_g r_g <= t`. Divided by t
    both say `t <= M`.

    Args:
        x: (agents, goods), >= 0.
        weights: (agents, goods).
        rho: (agents,), < 1 and not 0.
        wanted: broadcasts to (agents, goods); goods that are not marked count as unwanted.
        unit: (goods,), in which x is counted; t is counted in M(unit).
        log_scale: (agents,), the log of a factor.
    """
    import cvxpy

    agents = len(weights)
    log_m, s = in_units(np.where(wanted, weights, 0.0), rho, unit)
    bound, constraints = cvxpy.Variable(agents, nonneg=True), []
    for sign in (1.0, -1.0):
        rows, goods = np.nonzero((s > 0) & (sign * rho > 0)[:, None])
        if not len(rows):
            continue
        helped = cvxpy.Variable(len(rows), nonneg=True)
        total = sum_by_agent(cvxpy.multiply(s[rows, goods], helped), rows, agents)[np.unique(rows)]
        own = bound[rows]
        if sign > 0:
            constraints.append(cvxpy.PowCone3D(x[rows, goods], own, helped, rho[rows]))
            constraints.append(bound[np.unique(rows)] <= total)
        else:
            theta = -rho[rows] / (1.0 - rho[rows])
            constraints.append(cvxpy.PowCone3D(x[rows, goods], helped, own, theta))
            constraints.append(total <= bound[np.unique(rows)])
    return cvxpy.multiply(np.where((s > 0).any(axis=1), exp(log_m + log_scale), 0.0), bound), constraints
