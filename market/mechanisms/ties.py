"""Indifference between goods: prices at which somebody would as soon have one good as another.

Whoever values goods g and h linearly, a_g and a_h a unit, takes only one of them, but at p_g / p_h = a_g /
a_h any mix of both. Such relative prices are where markets with linear preferences clear, and steps from
announcement to announcement jump over them. So, whatever the price rule is:

- where excess demand changes sign between two announcements because somebody went over from one good to
  another, the tie between the two is announced next;
- goods that somebody mixes keep their relative prices: they move together, by the mean of what the rule
  proposes for them. The assignment that comes nearest to clearing leaves them the same relative excess
  demand, unless no mix is left to give, and then they are not linked any more and part.

Source: own derivation; ties as in the algorithms for linear Fisher markets, Devanur, Papadimitriou, Saberi
and Vazirani (2008), "Market equilibrium via a primal-dual algorithm for a convex program".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from market.interval import Array


def move_together(p: Array, proposed: Array, linked: NDArray[np.intp] | None) -> Array:
    """The proposed prices, with those of linked goods moved by the same factor.

    Args:
        p: (goods,), prices announced.
        proposed: (goods,), what the rule makes of them.
        linked: (links, 2), pairs of goods that somebody mixes.
    """
    if linked is None or not len(linked):
        return proposed
    goods = len(p)
    graph = sparse.csr_matrix((np.ones(len(linked)), (linked[:, 0], linked[:, 1])), shape=(goods, goods))
    count, whole = connected_components(graph, directed=False)
    members = np.bincount(whole, minlength=count)
    moves = np.log(np.maximum(proposed, 1e-300)) - np.log(np.maximum(p, 1e-300))
    together = np.exp((np.bincount(whole, moves, minlength=count) / members)[whole])
    return np.where(members[whole] > 1, p * together, proposed)


def stop_at_ties(
    proposed: Array, p: Array, z: Array, previous_p: Array, previous_z: Array, linear_weights: Array
) -> Array:
    """The proposed prices, with those between which somebody went over put to its tie.

    Args:
        proposed: (goods,), what would be announced next.
        p: (goods,), prices announced now; `previous_p` the round before.
        z: (goods,), excess demand now; `previous_z` the round before.
        previous_p: see p.
        previous_z: see z.
        linear_weights: (agents, goods), what a unit is worth to those who value a good linearly, else 0.
    """
    flipped = np.sign(z) * np.sign(previous_z) < 0
    wanted = linear_weights > 0
    concerned = flipped & wanted.any(axis=0)
    if not concerned.any() or not (p[concerned] > 0).all() or not (previous_p[concerned] > 0).all():
        return proposed
    log_worth = np.log(np.where(wanted, linear_weights, 1.0))
    now, before = (_favourites(log_worth, wanted, prices) for prices in (p, previous_p))
    stopped, fixed = proposed.copy(), proposed <= 0
    for i in np.flatnonzero((now != before) & wanted.any(axis=1)):
        g, h = int(now[i]), int(before[i])
        if (flipped[g] or flipped[h]) and not (fixed[g] and fixed[h]):
            _put_to_tie(stopped, fixed, g, h, log_worth[i, g] - log_worth[i, h])
    return stopped


def _favourites(log_worth: Array, wanted: NDArray[np.bool_], p: Array) -> NDArray[np.intp]:
    """The good of which a unit of money buys the most worth, (agents,)."""
    per_money = log_worth - np.log(np.maximum(p, 1e-300))
    return np.asarray(np.where(wanted, per_money, -np.inf).argmax(axis=1))


def _put_to_tie(prices: Array, fixed: NDArray[np.bool_], g: int, h: int, log_ratio: float) -> None:
    """Set log p_g - log p_h to the ratio, moving what is not fixed yet, and fix both."""
    gap = np.log(prices[g]) - np.log(prices[h]) - log_ratio
    if fixed[h]:
        prices[g] *= np.exp(-gap)
    elif fixed[g]:
        prices[h] *= np.exp(gap)
    else:
        prices[g] *= np.exp(-gap / 2.0)
        prices[h] *= np.exp(gap / 2.0)
    fixed[g] = fixed[h] = True
