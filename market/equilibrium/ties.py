"""Prices at which those who are indifferent between goods really are.

Whoever values goods linearly and buys two of them is indifferent between them: a_ig / p_g = a_ih / p_h. A
solver finds such prices up to perhaps nine digits, and then everyone seems to prefer one of the goods
clearly. Here goods that are bought together by such agents are put into groups, and within a group all
prices are made to follow from one of them exactly: along a tree of indifferences from the good whose stock
is worth most, or from one at whose price some producer is indifferent too.

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
from market.equilibrium.clearing import Allocation, clearing

BOUGHT = 1e-6  # of all there is of a good: amounts from there on are bought on purpose
CLOSE = 1e-5  # relative: prices are moved by no more than that


def tied(economy: Economy, p: Array, x: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Prices near p at which those who buy several goods that they value linearly are indifferent.

    Args:
        economy: the primitives.
        p: (goods,), nearly right.
        x: (agents, goods), consumption that goes with them.

    Returns:
        Prices, and which of them hang together with others or are on a step, both (goods,).
    """
    there = np.maximum(x.sum(axis=0), economy.resources)
    buys = (economy.linear_weights > 0) & (x > BOUGHT * there) & (p > 0)
    exact, on_a_step = _on_steps(economy, p)
    reached, bound = np.zeros(len(p), dtype=bool), on_a_step.copy()
    for g in np.lexsort((-p * there, ~on_a_step)):  # those on a step come first
        if not reached[g]:
            before = reached.copy()
            _spread(economy.linear_weights, buys, int(g), exact, reached)
            bound |= (reached & ~before) & ((reached & ~before).sum() > 1)
    near = np.abs(exact - p) <= CLOSE * p
    return np.where(near, exact, p), bound & near


def _on_steps(economy: Economy, p: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The same prices, those next to one at which somebody is indifferent put on it, and which those are."""
    on, there = p.copy(), np.zeros(len(p), dtype=bool)
    for g, steps in enumerate(economy.indifference_prices):
        close = steps[np.abs(steps - p[g]) <= CLOSE * p[g]]
        if len(close):
            on[g], there[g] = close[np.abs(close - p[g]).argmin()], True
    return on, there


def _spread(
    worth: Array, buys: NDArray[np.bool_], start: int, exact: Array, reached: NDArray[np.bool_]
) -> None:
    """Let prices follow from that of one good, through all who buy it together with others."""
    reached[start] = True
    waiting = [start]
    while waiting:
        g = waiting.pop()
        for i in np.flatnonzero(buys[:, g]):
            for h in np.flatnonzero(buys[i] & ~reached):
                exact[h] = exact[g] * (worth[i, h] / worth[i, g])
                reached[h] = True
                waiting.append(int(h))


def balanced(economy: Economy, p: Array, near: Allocation) -> Allocation:
    """An allocation in which the amounts of the indifferent make markets balance and budgets bind.

    A maximum is flat along what the indifferent could have instead, and a solver leaves amounts right to
    perhaps six digits. Amounts x > 0 of theirs become x (1 + r), with the least r that solve the linear
    equations.

    Args:
        economy: the primitives.
        p: (goods,), prices, exactly those at which they are indifferent.
        near: the allocation that a solver found.
    """
    at = clearing(economy, p, near)
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
            sparse.hstack([_totals(movable[0], x / size), -_totals(movable[1], y / size)]),
            sparse.hstack([_spending(movable[0], x * p / spends[:, None]), _nothing(economy, movable[1])]),
        ]
    )
    lacking = (economy.resources + y.sum(axis=0) - x.sum(axis=0)) / size
    unspent = np.where(np.isfinite(spends), 1.0 - (x @ p) / spends, 0.0)
    change = lsmr(matrix.tocsr(), np.concatenate([lacking, unspent]), atol=1e-15, btol=1e-15)[0]
    return _moved(movable[0], x, change[: len(movable[0])]), _moved(movable[1], y, change[len(movable[0]) :])


def _totals(movable: NDArray[np.intp], shares: Array) -> sparse.csr_matrix:
    """What each movable amount is of the total of its good, (goods, movable)."""
    agents, goods = movable.T
    parts = (shares[agents, goods], (goods, np.arange(len(movable))))
    return sparse.csr_matrix(parts, shape=(shares.shape[1], len(movable)))


def _spending(movable: NDArray[np.intp], shares: Array) -> sparse.csr_matrix:
    """What each movable amount is of the spending of its agent, (agents, movable)."""
    agents, goods = movable.T
    parts = (shares[agents, goods], (agents, np.arange(len(movable))))
    return sparse.csr_matrix(parts, shape=(shares.shape[0], len(movable)))


def _nothing(economy: Economy, movable: NDArray[np.intp]) -> sparse.csr_matrix:
    """Outputs cost their producers nothing that they are bound to spend, (agents, movable)."""
    return sparse.csr_matrix((len(economy.agents), len(movable)))


def _moved(movable: NDArray[np.intp], amounts: Array, change: Array) -> Array:
    """The amounts with some of them changed by a share."""
    moved = amounts.copy()
    moved[tuple(movable.T)] *= np.maximum(1.0 + change, 0.0)
    return moved
