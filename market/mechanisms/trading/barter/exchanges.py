"""Exchanges of three or more agents by which all gain, where no two who may meet can.

Symbols: L as in `tastes.py`. An agent i that holds g and gives it for h gains `W[g, h] = L_ih - L_ig` at
par, in logarithms; take the agent with the largest. Goods are nodes of a graph and W its arcs. *A cycle of
goods with a positive sum of W is an exchange by which all its agents gain:* with W and its sum T, let
amounts follow `ln q_h = ln q_g - W[g, h] + T / k` around a cycle of k arcs; they return to where they began,
since the sum is `-T + T`, and each agent gets `exp(T / k) > 1` times the worth of what it gives. Conversely,
without such a cycle there are potentials ln p with `L_ih - L_ig <= ln p_h - ln p_g` for all that i holds,
which are prices that support the allocation: it is Pareto efficient if utilities are concave and have slopes.

The shortest such cycle is found by products of W in (max, +). It is then tried with utilities as they are:
all that the givers have at first, then half of it, and so on, until all gain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.mechanisms.trading.barter.gains import Margins, conversions
from market.mechanisms.trading.barter.tastes import Tastes

MOST_GOODS = 60  # the search takes (goods)^3 for each length
MOST_WORK = 10**9  # agents times goods^2
LONGEST = 8  # agents of an exchange that is looked for
HALVINGS = 60
MOST_WORTH = 40.0  # of |W| in amounts: worth that is infinite or nearly so


class Gift(NamedTuple):
    """A gift of one agent to another.

    Args:
        giver: its row.
        receiver: its row.
        good: the column.
        amount: units.
    """

    giver: int
    receiver: int
    good: int
    amount: float


class Exchange(NamedTuple):
    """An exchange by which all its agents gain.

    Args:
        gifts: one for each good of the cycle.
        agents: rows, in the order of the gifts.
        before: utilities before, (agents,).
        after: utilities after it, (agents,).
    """

    gifts: tuple[Gift, ...]
    agents: tuple[int, ...]
    before: Array
    after: Array


def find_exchange(tastes: Tastes, x: Array, floor: Array, margin: Margins, least: float) -> Exchange | None:
    """Return the shortest exchange by which all its agents gain more than `least`; None if none is found.

    Args:
        tastes: of all agents.
        x: (agents, goods), holdings.
        floor: (agents, goods), least holdings.
        margin: of all agents there.
        least: of the joint gain, as a share of what changes hands.
    """
    goods = x.shape[1]
    if goods > MOST_GOODS or goods**2 * len(x) > MOST_WORK:
        return None
    worth = np.stack([conversions(margin, g, np.arange(goods)) for g in range(goods)])
    np.fill_diagonal(worth, -np.inf)
    cycle = _shortest(worth, least)
    return None if cycle is None else _tried(tastes, x, floor, margin, worth, cycle)


def _shortest(worth: Array, least: float) -> list[int] | None:
    """Return the goods of a shortest cycle with a sum above `least`, in order; None without one."""
    goods = len(worth)
    best, before = worth.copy(), []
    for length in range(2, min(goods, LONGEST) + 1):
        through = best[:, :, None] + worth[None, :, :]
        via = through.argmax(axis=1)
        best = through.max(axis=1)
        before.append(via)
        start = int(best.diagonal().argmax())
        if best[start, start] > max(least, 1e-12) * length:
            cycle = [start]
            for back in reversed(before):
                cycle.append(int(back[start, cycle[-1]]))
            return [cycle[0], *cycle[:0:-1]]
    return None


def _tried(
    tastes: Tastes, x: Array, floor: Array, margin: Margins, worth: Array, cycle: list[int]
) -> Exchange | None:
    """Return the exchange along a cycle of goods, as large as it can be in halves; None if not all gain."""
    arcs = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    each = np.clip([worth[g, h] for g, h in arcs], -MOST_WORTH, MOST_WORTH)
    agents = [_agent(margin, g, h) for g, h in arcs]
    steps = -each + each.sum() / len(arcs)
    q = np.exp(np.concatenate([[0.0], np.cumsum(steps[:-1])]))  # of the good that each arc begins with
    room = np.array([x[i, g] - floor[i, g] for i, (g, _) in zip(agents, arcs, strict=True)])
    scale = float(np.min(np.where(np.isfinite(room), room, 1.0) / q))
    rows = list(dict.fromkeys(agents))
    of_these = tastes.at(np.array(rows, dtype=np.intp))
    before = of_these.value(x[rows])
    for _ in range(HALVINGS):
        moved = x[rows].copy()
        for place, (i, (g, h)) in enumerate(zip(agents, arcs, strict=True)):
            moved[rows.index(i), g] -= scale * q[place]
            moved[rows.index(i), h] += scale * q[(place + 1) % len(arcs)]
        after = of_these.value(np.maximum(moved, floor[rows]))
        if (after > before).all():
            gifts = tuple(
                Gift(i, agents[place - 1], g, float(scale * q[place]))
                for place, (i, (g, _)) in enumerate(zip(agents, arcs, strict=True))
            )
            return Exchange(gifts, tuple(rows), before, after)
        scale *= 0.5
    return None


def _agent(margin: Margins, g: int, h: int) -> int:
    """Return the agent that gains most by giving g for h."""
    can: NDArray[np.bool_] = margin.gives[:, g] & margin.gains_by[:, h]
    return int(np.where(can, margin.logs[:, h] - margin.logs[:, g], -np.inf).argmax())
