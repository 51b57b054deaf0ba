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

from market.economy import Economy
from market.interval import Array

BOUGHT = 1e-6  # of all there is of a good: amounts from there on are bought on purpose
CLOSE = 1e-5  # relative: prices are moved by no more than that


def tied(economy: Economy, p: Array, x: Array) -> Array:
    """Prices near p at which those who buy several goods that they value linearly are indifferent.

    Args:
        economy: the primitives.
        p: (goods,), nearly right.
        x: (agents, goods), consumption that goes with them.
    """
    there = np.maximum(x.sum(axis=0), economy.resources)
    buys = (economy.linear_weights > 0) & (x > BOUGHT * there) & (p > 0)
    exact, on_a_step = _on_steps(economy, p)
    reached = np.zeros(len(p), dtype=bool)
    for g in np.lexsort((-p * there, ~on_a_step)):  # those on a step come first
        if not reached[g]:
            _spread(economy.linear_weights, buys, int(g), exact, reached)
    return np.where(np.abs(exact - p) <= CLOSE * p, exact, p)


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
