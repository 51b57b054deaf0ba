"""Shapley values and the core of a game with side payments, by counting members of each type.

Symbols: T types, n_t agents of type t, n in all; k = (k_1, ..., k_T) the members of a coalition by type; v(k)
the largest surplus that such a coalition reaches, v(0) = 0; x_t a payoff to each agent of type t.

*Shapley value*: what an agent adds on average to those before it, over all orders of the agents. In a random
order k of the others come before an agent of type t with probability

    P_t(k) = 1/n  prod_s C(n_s - [s = t], k_s) / C(n - 1, |k|),

since each number of predecessors is as likely, and each set of that size. So `phi_t` is the sum over k of
`P_t(k) (v(k + 1_t) - v(k))`: as many surpluses as there are vectors k, instead of two to the n.

*Sampled.* In each of several random orders every agent adds something; the mean over agents of a type and
orders is unbiased, and its standard error is that of independent orders.

*Core*: payoffs with `sum_t n_t x_t = v(n)` and `sum_t k_t x_t >= v(k)` for every k. The largest excess of a
coalition, `v(k) - k.x`, shows whether payoffs are in it. Averaged over agents of a type a payoff in the core
is in it too, so the range of each x_t over these (a linear program) is that of mean payoffs of the type.

Source: Shapley (1953), "A value for n-person games"; Shapley and Shubik (1969), "On market games".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array

Counts = tuple[int, ...]
Value = Callable[[Counts], float]


class Blocking(NamedTuple):
    """The coalition that could gain most on its own.

    Args:
        excess: its largest surplus less its payoffs, money; > 0 if it blocks.
        members: their number by type.
    """

    excess: float
    members: Counts


def coalitions(counts: Counts) -> int:
    """Return the number of coalitions that differ in their members by type.

    Example:
        >>> coalitions((2, 3))
        12
    """
    return int(np.prod([float(n) + 1.0 for n in counts]))


def all_values(counts: Counts, value: Value) -> Array:
    """Return v of all coalitions, of shape (n_1 + 1, ..., n_T + 1)."""
    values = np.zeros([n + 1 for n in counts])
    for k in np.ndindex(*values.shape):
        values[k] = value(k) if any(k) else 0.0
    return values


def shapley(values: Array) -> Array:
    """Return the Shapley value of an agent of each type, (types,), exactly.

    Args:
        values: v by members of each type, as `all_values` has it; finite.

    Example:
        One left glove and two right ones, of which a pair is worth 1: 2/3 and 1/6.

        >>> values = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
        >>> shapley(values).round(6).tolist()
        [0.666667, 0.166667]
    """
    from scipy.special import gammaln  # deferred: a quarter second

    counts = np.array(values.shape) - 1
    found = np.empty(len(counts))
    for kind in range(len(counts)):
        others = counts - (np.arange(len(counts)) == kind)
        k = np.stack(np.meshgrid(*(np.arange(n + 1) for n in others), indexing="ij"))
        log = _log_choose(gammaln, others.reshape(-1, *[1] * len(others)), k).sum(axis=0)
        log = log - _log_choose(gammaln, np.asarray(others.sum()), k.sum(axis=0))
        before = tuple(slice(0, n + 1) for n in others)
        after = tuple(slice(i == kind, n + 1 + (i == kind)) for i, n in enumerate(others))
        found[kind] = (np.exp(log) * (values[after] - values[before])).sum() / counts.sum()
    return found


def _log_choose(gammaln: Callable[[Array], Array], n: Array, k: Array) -> Array:
    """Return the logarithm of the number of sets of k out of n."""
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def sampled_shapley(
    label: NDArray[np.intp], value: Value, orders: int, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Return estimates of the Shapley value of each type and their standard errors, (types,) each.

    Args:
        label: (agents,), the type of each, 0, 1, ...
        value: of a coalition by members of each type; finite.
        orders: number of random orders, at least 2.
        generator: of the orders.
    """
    counts = np.bincount(label)
    added = np.zeros((orders, len(counts)))
    for order in added:
        k, before = np.zeros(len(counts), dtype=int), 0.0
        for kind in generator.permutation(label).tolist():
            k[kind] += 1
            after = value(tuple(k.tolist()))
            order[kind] += after - before
            before = after
    means = added / counts
    return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(orders)


def blocking(values: Array, payoffs: Array) -> Blocking:
    """Return the coalition of largest excess, of all but the empty one.

    Args:
        values: v by members of each type; -inf of a coalition that cannot do alone.
        payoffs: (types,), to each agent of a type.
    """
    members = np.indices(values.shape)
    excess = values - np.tensordot(payoffs, members, axes=1)
    excess[(0,) * values.ndim] = -np.inf
    best = np.unravel_index(int(excess.argmax()), values.shape)
    return Blocking(float(excess[best]), tuple(int(n) for n in best))


def core_range(values: Array) -> tuple[Array, Array] | None:
    """Return the least and the largest mean payoff of each type in the core, (types,) each; None if empty.

    They are infinite where coalitions without a finite surplus bound nothing.

    Args:
        values: v by members of each type; that of all agents finite.
    """
    from scipy.optimize import linprog  # deferred: a quarter second

    members = np.indices(values.shape).reshape(values.ndim, -1).T.astype(float)
    v, all_of_them = values.ravel(), members[-1]
    kept = np.isfinite(v) & (members.sum(axis=1) > 0)
    size = float(np.abs(v[kept]).max(initial=0.0)) or 1.0
    ends = []
    for direction in (1.0, -1.0):
        for kind in range(values.ndim):
            goal = direction * np.eye(values.ndim)[kind]
            found = linprog(
                goal, A_ub=-members[kept], b_ub=-v[kept] / size, A_eq=all_of_them[None, :],
                b_eq=[v[-1] / size], bounds=(None, None),
            )  # fmt: skip
            if found.status == 3:  # a coalition at -inf bounds nothing
                ends.append(-direction * np.inf)
                continue
            if found.status != 0:
                return None
            ends.append(float(found.x[kind]) * size)
    return np.array(ends[: values.ndim]), np.array(ends[values.ndim :])
