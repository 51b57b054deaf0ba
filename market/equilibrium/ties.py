"""Prices at which agents with linear utility are exactly indifferent, and allocations that balance there.

An agent that values goods linearly and buys two of them is indifferent between them: `a_ig / p_g = a_ih /
p_h`. A solver finds such prices up to perhaps nine digits, and at these agents strictly prefer one of the
goods. Here goods that such agents buy together are put into groups, and within a group all prices are made to
follow exactly from one of them: along a tree of indifferences from the good whose stock has the largest
value, or from one at whose price some producer is indifferent too.

Source: own derivation; the tree is one of the equality graph of linear markets (Devanur, Papadimitriou,
Saberi and Vazirani (2008), "Market equilibrium via a primal-dual algorithm for a convex program").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import lsmr

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.equilibrium.clearing import Allocation, evaluate_prices

LEAST_PURCHASE = 1e-6
"""Share of what there is of a good from which an agent buys it; less is the inaccuracy of a solver."""

LARGEST_CORRECTION = 1e-5
"""Relative change of a price up to which it is tied: solvers find prices to about 1e-6."""

BALANCING_ACCURACY = 1e-15  # relative, of the least-squares solution: that of floats


def tie_prices(economy: Economy, p: Array, x: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Find prices near `p` at which agents are indifferent between goods that they value linearly and buy.

    Args:
        economy: the primitives.
        p: (goods,), approximate equilibrium prices.
        x: (agents, goods), consumption at these prices.

    Returns:
        Prices, and a mask of those that are tied to others or to a unit cost, both (goods,).
    """
    there = np.maximum(x.sum(axis=0), economy.resources)
    buys = (economy.linear_weights > 0) & (x > LEAST_PURCHASE * there) & (p > 0)
    exact, on_a_step = _move_to_steps(economy, p)
    reached, bound = np.zeros(len(p), dtype=bool), on_a_step.copy()
    for g in np.lexsort((-p * there, ~on_a_step)):  # those at a unit cost come first
        if not reached[g]:
            before = reached.copy()
            _spread(economy.linear_weights, buys, int(g), exact, reached)
            bound |= (reached & ~before) & ((reached & ~before).sum() > 1)
    near = np.abs(exact - p) <= LARGEST_CORRECTION * p
    return np.where(near, exact, p), bound & near


def _move_to_steps(economy: Economy, p: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Move prices next to one at which a producer is indifferent onto it; return them and a mask of those."""
    on, there = p.copy(), np.zeros(len(p), dtype=bool)
    for g, steps in enumerate(economy.indifference_prices):
        close = steps[np.abs(steps - p[g]) <= LARGEST_CORRECTION * p[g]]
        if len(close):
            on[g], there[g] = close[np.abs(close - p[g]).argmin()], True
    return on, there


def _spread(
    worth: Array, buys: NDArray[np.bool_], start: int, exact: Array, reached: NDArray[np.bool_]
) -> None:
    """Derive prices from that of one good, through agents that buy it together with others."""
    reached[start] = True
    waiting = [start]
    while waiting:
        g = waiting.pop()
        for i in np.flatnonzero(buys[:, g]):
            for h in np.flatnonzero(buys[i] & ~reached):
                exact[h] = exact[g] * (worth[i, h] / worth[i, g])
                reached[h] = True
                waiting.append(int(h))


def balance_allocation(economy: Economy, p: Array, near: Allocation) -> Allocation:
    """Adjust the amounts of indifferent agents such that markets balance and budgets bind.

    A maximum is flat along their alternatives, and a solver leaves amounts right to perhaps six digits.
    Amounts `x > 0` of theirs become `x (1 + r)`, with the smallest `r` that solve the linear equations.

    Args:
        economy: the primitives.
        p: (goods,), prices at which they are exactly indifferent.
        near: the allocation that a solver found.
    """
    at = evaluate_prices(economy, p, near)
    if at is None or not at.indifferent:
        return near
    answers = economy.answers(p)
    x, y = at.consumption, at.production
    movable = [
        np.argwhere((amounts > 0) & (answer.highest > answer.lowest))
        for amounts, answer in ((x, answers.demand), (y, answers.supply))
    ]
    if not sum(map(len, movable)):
        return near
    size = np.maximum(x.sum(axis=0), economy.resources + np.maximum(y, 0.0).sum(axis=0))
    size = np.where(size > 0, size, 1.0)
    joint = answers.demand.joint
    must = np.zeros(len(economy.agents)) if joint is None else joint.least_spent
    spends = np.where(np.isfinite(must) & (must > 0), must, np.inf)
    matrix = sparse.vstack(
        [
            sparse.hstack(
                [_relate_to_totals(movable[0], x / size), -_relate_to_totals(movable[1], y / size)]
            ),
            sparse.hstack(
                [_relate_to_spending(movable[0], x * p / spends[:, None]), _build_zeros(economy, movable[1])]
            ),
        ]
    )
    lacking = (economy.resources + y.sum(axis=0) - x.sum(axis=0)) / size
    unspent = np.where(np.isfinite(spends), 1.0 - (x @ p) / spends, 0.0)
    change = lsmr(
        matrix.tocsr(), np.concatenate([lacking, unspent]), atol=BALANCING_ACCURACY, btol=BALANCING_ACCURACY
    )[0]
    return _change(movable[0], x, change[: len(movable[0])]), _change(
        movable[1], y, change[len(movable[0]) :]
    )


def _relate_to_totals(movable: NDArray[np.intp], shares: Array) -> sparse.csr_matrix:
    """Return the share of each movable amount in the total of its good, (goods, movable)."""
    agents, goods = movable.T
    parts = (shares[agents, goods], (goods, np.arange(len(movable))))
    return sparse.csr_matrix(parts, shape=(shares.shape[1], len(movable)))


def _relate_to_spending(movable: NDArray[np.intp], shares: Array) -> sparse.csr_matrix:
    """Return the share of each movable amount in the spending of its agent, (agents, movable)."""
    agents, goods = movable.T
    parts = (shares[agents, goods], (agents, np.arange(len(movable))))
    return sparse.csr_matrix(parts, shape=(shares.shape[0], len(movable)))


def _build_zeros(economy: Economy, movable: NDArray[np.intp]) -> sparse.csr_matrix:
    """Return zeros, (agents, movable): outputs are no part of the spending that is bound."""
    return sparse.csr_matrix((len(economy.agents), len(movable)))


def _change(movable: NDArray[np.intp], amounts: Array, change: Array) -> Array:
    """Return the amounts with the movable ones changed by a share."""
    moved = amounts.copy()
    moved[tuple(movable.T)] *= np.maximum(1.0 + change, 0.0)
    return moved
