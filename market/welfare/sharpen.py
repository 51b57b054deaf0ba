"""Newton's method on the conditions for an optimum, to sharpen what an interior-point method found.

An interior-point method stops when its objective is right to about 1e-12; at a flat maximum that leaves
amounts right to only 1e-6. The conditions of `first_order_conditions.py` that bind,

    w_i m_ig(x_i) = p_g  where x_ig > 0,    w_i c_ig(y_i) = p_g  where 0 < y_ig < K_ig,
    sum_i x_ig - sum_i y_ig = r_g           where p_g > 0,

are solved for those x, y and p, with slopes of m and c by central differences (an agent's depend on its own
bundle only, so one pair of evaluations a good gives them for all agents). At a kink, where slopes are any
m >= 0 with sum_g b_ig m_ig = 1, they say of prices only one thing, and amounts stay in proportion:

    sum_g b_ig p_g = w_i,    x_ig / b_ig the same for all g with b_ig > 0.

In relative steps, and kept only if
the residual, recomputed from the primitives, is smaller.

Source: Nocedal and Wright (2006), *Numerical Optimization*, chapter 18, equality-constrained Newton steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.welfare.convex_program import Solution
from market.welfare.first_order_conditions import active, residual

Entries = tuple[Array, NDArray[np.intp], NDArray[np.intp]]
"""Values of a matrix, and their rows and columns."""

_LARGEST = 20_000  # unknowns; beyond that the interior-point answer is left as it is
_DENSE = 60  # unknowns up to which systems are dense
_STEP = 1e-6  # relative, of the differences


def sharpen(economy: Economy, found: Solution, weights: Array, steps: int = 8) -> Solution:
    """The solution with its residual driven down as far as Newton's method takes it.

    Args:
        economy: the primitives.
        found: near an optimum, with exact zeros where bounds bind.
        weights: (agents,), of the super-agent.
        steps: at most so many.
    """
    if found.production[economy.turns_goods_into_goods].any():  # their conditions are not solved here
        return found
    valued = replace(found, prices=_worth(economy, found, weights))
    ends = [_newton(economy, start, weights, steps) for start in (found, valued)]
    return min(ends, key=lambda end: end[1])[0]


def _newton(economy: Economy, start: Solution, weights: Array, steps: int) -> tuple[Solution, float]:
    """As many steps as make the residual smaller, and the residual at their end."""
    best, least = start, residual(economy, start.consumption, start.production, weights, start.prices)
    for _ in range(steps):
        with np.errstate(all="ignore"):
            tried = _newton_step(economy, best, weights)
        if tried is None:
            break
        violation = residual(economy, tried.consumption, tried.production, weights, tried.prices)
        if not violation < least:
            break
        best, least = tried, violation
    return best, least


def _worth(economy: Economy, found: Solution, weights: Array) -> Array:
    """What goods are worth to those who eat them, on average, (goods,); where free, still 0.

    A price that is tiny next to the others is lost in the rounding of an interior-point method's multipliers.
    """
    x, p = found.consumption, found.prices
    slopes = economy.marginal_utility_along(x, p)
    eats = (x > 0) & np.isfinite(slopes)
    worth = np.multiply(weights[:, None] * x, slopes, out=np.zeros_like(x), where=eats).sum(axis=0)
    amounts = np.where(eats, x, 0.0).sum(axis=0)
    return np.where(p > 0, np.divide(worth, amounts, out=p.copy(), where=(amounts > 0) & (worth > 0)), p)


def _newton_step(economy: Economy, at: Solution, weights: Array) -> Solution | None:
    """One step for all amounts that are not at a bound and all prices that are not zero."""
    x, y, p = at.consumption, at.production, at.prices
    binds = active(economy, x, y)
    priced = p > 0
    kinks = np.where((x > 0) & (weights[:, None] > 0), economy.kinks(x), 0.0)
    kinks[kinks @ p <= 0] = 0.0
    bent = kinks > 0
    eats = (x > 0) & (weights[:, None] > 0) & priced & ~bent
    makes = (y > 0) & binds.could_make & (weights[:, None] > 0) & priced
    size = int(eats.sum() + bent.sum() + makes.sum() + priced.sum())
    if size > _LARGEST or not (eats.any() or bent.any()):
        return None
    gap, slopes = _first_order(weights, p, eats, x, economy.marginal_utility)
    cost_gap, cost_slopes = _first_order(weights, p, makes, y, economy.marginal_cost)
    there = np.maximum(economy.resources + y.sum(axis=0), x.sum(axis=0))
    short = (x.sum(axis=0) - y.sum(axis=0) - economy.resources) / np.where(there > 0, there, 1.0)
    # Unknowns: relative changes of x where eaten, of y where made, of p where positive; as many conditions.
    first_bent, first_y = len(gap), len(gap) + int(bent.sum())
    first_p = first_y + len(cost_gap)
    price_of = first_p + np.cumsum(priced) - 1
    kink_gap, proportions, (told, row, good) = _at_kinks(kinks, weights, x, p)
    system = [slopes, _moved(cost_slopes, first_y), _moved(proportions, first_bent)]
    system += [(told, first_bent + row, price_of[good])]
    for where, first in ((eats, 0), (makes, first_y)):
        own = first + np.arange(int(where.sum()))
        system += [(-np.ones(len(own)), own, price_of[np.nonzero(where)[1]])]
    for used, where, first in ((x, eats, 0), (x, bent, first_bent), (-y, makes, first_y)):
        i, g = np.nonzero(where)
        own, paid = first + np.arange(len(g)), priced[g]
        system += [((used[i, g] / there[g])[paid], price_of[g][paid], own[paid])]
    step = _least_squares(system, -np.concatenate([gap, kink_gap, cost_gap, short[priced]]))
    if step is None:
        return None
    step *= min(1.0, 0.5 / max(float(np.abs(step).max()), 0.5))  # nothing more than halves in one step
    changes = np.split(step, [first_bent, first_y, first_p])
    x, y, p = x.copy(), y.copy(), p.copy()
    x[eats] *= 1.0 + changes[0]
    x[bent] *= 1.0 + changes[1]
    y[makes] *= 1.0 + changes[2]
    p[priced] *= 1.0 + changes[3]
    return Solution(x, np.minimum(y, economy.capacity), p, at.value)


def _least_squares(system: list[Entries], right: Array) -> Array | None:
    """The shortest of the least-squares solutions; None if a number is not finite.

    Small systems are solved as dense ones, in less time than sparse matrices take to be set up.
    """
    values, rows, columns = (np.concatenate(part) for part in zip(*system, strict=True))
    size = len(right)
    if not (np.isfinite(values).all() and np.isfinite(right).all()):
        return None
    if size <= _DENSE:
        matrix = np.zeros((size, size))
        matrix[rows, columns] = values
        try:
            step = np.linalg.lstsq(matrix, right, rcond=None)[0]
        except np.linalg.LinAlgError:  # no singular values were found
            return None
    else:
        from scipy.sparse.linalg import lsmr  # deferred: a fourteenth of a second, and few need it

        matrix = scipy.sparse.csr_matrix((values, (rows, columns)), shape=(size, size))
        step = lsmr(matrix, right, atol=1e-15, btol=1e-15, maxiter=20 * size)[0]
    return np.asarray(step, dtype=float) if np.isfinite(step).all() else None


def _moved(entries: Entries, first: int) -> Entries:
    """Entries of a block on the diagonal that begins there."""
    values, rows, columns = entries
    return values, rows + first, columns + first


def _at_kinks(kinks: Array, weights: Array, x: Array, p: Array) -> tuple[Array, Entries, Entries]:
    """What is not as it must be at kinks, with as many rows as amounts.

    In the row of an agent's first good w / sum_g b_g p_g - 1, in those of the others by how much they are out
    of proportion to it; and slopes in relative changes of amounts, and of prices (columns are goods).
    """
    i, g = np.nonzero(kinks)
    own, first, cost = np.arange(len(i)), np.searchsorted(i, i), kinks @ p
    other = own != first
    units = np.log(x[i, g] / kinks[i, g])
    gap = np.where(other, units - units[first], weights[i] / cost[i] - 1.0)
    ones = np.ones(int(other.sum()))
    rows, columns = np.tile(own[other], 2), np.concatenate([own[other], first[other]])
    return gap, (np.concatenate([ones, -ones]), rows, columns), (-(kinks * p)[i, g] / cost[i], first, g)


def _first_order(
    weights: Array, p: Array, where: NDArray[np.bool_], amounts: Array, marginal: Callable[[Array], Array]
) -> tuple[Array, Entries]:
    """(w m - p) / p where it must be 0, and its slopes in relative changes of the amounts."""
    goods = len(p)
    number = np.full(where.shape, -1)
    number[where] = np.arange(int(where.sum()))
    gap = (weights[:, None] * marginal(amounts) / p - 1.0)[where]
    rows, columns, values = [], [], []
    for h in range(goods):
        step = np.zeros_like(amounts)
        step[:, h] = np.where(where[:, h], _STEP * amounts[:, h], 0.0)
        change = (marginal(amounts + step) - marginal(amounts - step)) / (2.0 * _STEP)
        scaled = weights[:, None] * change / p
        moved = where & where[:, h : h + 1] & np.isfinite(scaled) & (scaled != 0)
        i, g = np.nonzero(moved)
        rows.append(number[i, g])
        columns.append(number[i, h])
        values.append(scaled[i, g])
    return gap, (np.concatenate(values), np.concatenate(rows), np.concatenate(columns))
