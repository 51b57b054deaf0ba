"""Gains that are left to pairs that may meet: the test of whether a barter has settled.

Symbols: L as in `tastes.py`. If i gives g to j for h, at any price between their marginal rates of
substitution, both gain, and `(L_ih - L_jh) + (L_jg - L_ig)` is their joint gain as a share of what changes
hands, to first order. The largest over goods that the givers hold and the receivers have a use for is the
gain of the pair.

If anyone may meet anyone the largest gain of all pairs is
`max_gh [max_i (L_ih - L_ig) + max_j (L_jg - L_jh)]`, so that it takes one pass over agents for each two
goods, and not one over pairs. On a network it takes one pass over the edges,
`max_h (L_ih - L_jh) + max_g (L_jg - L_ig)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.trading.barter.networks import Edges
from market.mechanisms.trading.barter.tastes import CAP, Tastes, capped
from market.tolerances import NEGLIGIBLE_AMOUNT

Mask = NDArray[np.bool_]
EDGES_AT_ONCE = 200_000


class Gains(NamedTuple):
    """Gains that are left.

    Args:
        pair_gain: largest joint gain of a pair that may meet, as a share of what it would exchange.
        mrs_spread: largest range of ln MRS against the unit over agents that hold and want both goods.
        pairs_checked: number of pairs that may meet.
    """

    pair_gain: float
    mrs_spread: float
    pairs_checked: int


@dataclass(frozen=True)
class Margins:
    """Agents at an allocation.

    Args:
        logs: (agents, goods), L of the next unit.
        last: (agents, goods), L of the last unit, which is given up; logs where slopes do not jump.
        gives: mask, (agents, goods), of goods of which the agent has more than a negligible amount.
        gains_by: mask, (agents, goods), of goods of which a little more raises the agent's utility.
    """

    logs: Array
    last: Array
    gives: Mask
    gains_by: Mask


def margins(economy: Economy, tastes: Tastes, x: Array, floor: Array) -> Margins:
    """Return the margins of all agents.

    Args:
        economy: for the scale of amounts.
        tastes: of all agents.
        x: (agents, goods), holdings, money included.
        floor: (agents, goods), least holdings.
    """
    slopes, room = tastes.slopes(x), x - floor
    each = economy.resources / max(len(economy.agents), 1)
    least = np.broadcast_to(NEGLIGIBLE_AMOUNT * each, (len(x), len(each)))
    if tastes.in_money:
        each = np.append(each, 1.0)
        purse = np.where(np.isinf(floor[:, -1]), 0.0, np.abs(floor[:, -1]) + np.abs(x[:, -1]))
        least = np.column_stack([least, NEGLIGIBLE_AMOUNT * purse])
    gives = room > least
    gains_by = slopes > 0
    if economy.has_kinks or np.isinf(slopes).any():
        gains_by = gains_by & _helps(tastes, x, np.where(each > 0, each, 1.0))
    logs = capped(slopes)
    last = capped(tastes.last_slopes(x)) if economy.has_steps else logs
    return Margins(logs, last, gives, gains_by)


def _helps(tastes: Tastes, x: Array, each: Array) -> Mask:
    """Return a mask, (agents, goods), of goods of which more alone raises utility.

    Where several wanted goods are lacking, slopes are infinite and yet no single good helps.
    """
    now, found = tastes.value(x), np.zeros(x.shape, dtype=bool)
    for g in range(x.shape[1]):
        more = x.copy()
        more[:, g] += each[g]
        then = tastes.value(more)
        rounding = np.where(np.isfinite(now), NEGLIGIBLE_AMOUNT * (np.abs(now) + np.abs(then)), 0.0)
        found[:, g] = then - rounding > now
    return found


def unit_of(margin: Margins, wanted: int | None) -> int:
    """Return the good against which rates are stated: `wanted`, else the one that most hold and want."""
    if wanted is not None:
        return wanted
    return int((margin.gives & margin.gains_by).sum(axis=0).argmax())


def gains(
    margin: Margins, edges: Edges | None, traded: NDArray[np.intp], against: int | None, unit: int
) -> Gains:
    """Return what pairs that may meet could still gain.

    Args:
        margin: of the agents.
        edges: pairs that may meet; None if all may.
        traded: the goods that are traded, ascending.
        against: the good against which all others are traded; None if any two are.
        unit: the good against which rates are stated.
    """
    agents, apart = len(margin.logs), spread(margin, unit)
    if len(traded) < margin.logs.shape[1]:
        margin = Margins(
            margin.logs[:, traded],
            margin.last[:, traded],
            margin.gives[:, traded],
            margin.gains_by[:, traded],
        )
        against = None if against is None else int(np.searchsorted(traded, against))
    if edges is None:
        return Gains(_of_anyone(margin, against), apart, agents * (agents - 1) // 2)
    largest = 0.0
    for start in range(0, len(edges), EDGES_AT_ONCE):
        some = edges[start : start + EDGES_AT_ONCE]
        largest = max(largest, float(gains_of_pairs(margin, some, against).max(initial=0.0)))
    return Gains(largest, apart, len(edges))


def gains_of_pairs(margin: Margins, edges: Edges, against: int | None) -> Array:
    """Return the joint gain of each pair, (pairs,); 0 if it has none."""
    ends = [
        (margin.logs[rows], margin.last[rows], margin.gives[rows], margin.gains_by[rows]) for rows in edges.T
    ]
    to_first, to_other = (
        np.where(gives & gains_by, mine - theirs, -np.inf)
        for (mine, _, _, gains_by), (_, theirs, gives, _) in (ends, ends[::-1])
    )
    if against is None:
        found = to_first.max(axis=1) + to_other.max(axis=1)
    else:
        others = np.arange(margin.logs.shape[1]) != against
        found = np.maximum(
            to_first[:, against] + to_other[:, others].max(axis=1),
            to_other[:, against] + to_first[:, others].max(axis=1),
        )
    return np.maximum(found, 0.0)


def _of_anyone(margin: Margins, against: int | None) -> float:
    """Return the largest joint gain of any two agents."""
    goods = margin.logs.shape[1]
    firsts = range(goods) if against is None else [against]
    largest = 0.0
    for g in firsts:
        others = np.arange(g + 1, goods) if against is None else np.delete(np.arange(goods), g)
        there, back = conversions(margin, g, others), conversions_into(margin, g, others)
        largest = max(largest, float((there + back).max(initial=0.0)))
    return largest


def conversions(margin: Margins, g: int, others: NDArray[np.intp]) -> Array:
    """Return the most that any agent gains by giving g for each other good, (others,); -inf if none can."""
    there = np.where(
        margin.gives[:, [g]] & margin.gains_by[:, others],
        margin.logs[:, others] - margin.last[:, [g]],
        -np.inf,
    )
    return np.asarray(there.max(axis=0, initial=-np.inf))


def conversions_into(margin: Margins, g: int, others: NDArray[np.intp]) -> Array:
    """Return the most that any agent gains by giving each other good for g, (others,); -inf if none can."""
    back = np.where(
        margin.gives[:, others] & margin.gains_by[:, [g]],
        margin.logs[:, [g]] - margin.last[:, others],
        -np.inf,
    )
    return np.asarray(back.max(axis=0, initial=-np.inf))


def spread(margin: Margins, unit: int) -> float:
    """Return the largest range of ln MRS against the unit, over agents that hold and want both goods."""
    inside = _inside(margin, unit)
    rates = margin.logs - margin.logs[:, [unit]]
    highest = np.where(inside, rates, -np.inf).max(axis=0, initial=-np.inf)
    lowest = np.where(inside, rates, np.inf).min(axis=0, initial=np.inf)
    return float(np.where(highest > lowest, highest - lowest, 0.0).max(initial=0.0))


def deviation(margin: Margins, unit: int) -> float:
    """Return the standard deviation of ln MRS over these agents; NaN if no two hold and want two goods.

    With several goods it is the root of the sum of their variances: how far an agent's rates are from the
    mean.
    """
    inside = _inside(margin, unit)
    inside[:, unit] = False
    rates = np.where(inside, margin.logs - margin.logs[:, [unit]], 0.0)
    count = inside.sum(axis=0)
    some = count > 1
    if not some.any():
        return np.nan
    mean = rates.sum(axis=0)[some] / count[some]
    apart = np.where(inside[:, some], rates[:, some] - mean, 0.0)
    return float(np.sqrt(((apart**2).sum(axis=0) / count[some]).sum()))


def _inside(margin: Margins, unit: int) -> Mask:
    """Return a mask, (agents, goods), of goods that an agent holds and wants, as it does the unit."""
    both = margin.gives & margin.gains_by & (np.abs(margin.logs) < CAP)
    return both & both[:, [unit]]
