"""Meetings of a round: disjoint pairs, drawn at random, and the goods that each pair trades.

If anyone may meet anyone, agents are matched at random; of an odd number one stays alone. On a network every
edge draws a random number, and an edge acts if its number is the least at both of its ends: a random matching
of neighbours, in one pass over the edges.

Pairs are disjoint, so that the order in which they trade cannot matter within a round.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.mechanisms.trading.barter.networks import Edges

Rows = NDArray[np.intp]


def matched(rng: np.random.Generator, agents: int, edges: Edges | None) -> tuple[Rows, Rows]:
    """Return the rows of the two agents of each pair that meets."""
    if edges is None:
        order = rng.permutation(agents)
        half = agents // 2
        return order[:half], order[half : 2 * half]
    drawn = rng.random(len(edges))
    least = np.full(agents, np.inf)
    for end in edges.T:
        np.minimum.at(least, end, drawn)
    acts = (drawn == least[edges[:, 0]]) & (drawn == least[edges[:, 1]])
    return edges[acts, 0], edges[acts, 1]


def two_goods(rng: np.random.Generator, pairs: int, traded: Rows, against: int | None) -> tuple[Rows, Rows]:
    """Return the two goods that each pair trades, the earlier one first.

    Args:
        rng: the round's.
        pairs: their number.
        traded: the goods of which two are drawn, ascending.
        against: the good against which all others are traded; None if any two are.
    """
    goods = len(traded)
    if against is None:
        first, second = rng.integers(0, goods, pairs), rng.integers(0, goods - 1, pairs)
        one, other = traded[first], traded[second + (second >= first)]
    else:
        rest = traded[traded != against]
        one, other = rest[rng.integers(0, len(rest), pairs)], np.full(pairs, against)
    return np.minimum(one, other), np.maximum(one, other)
