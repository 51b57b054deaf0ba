"""Yardsticks: the best surplus in lots and in any amounts, and the competitive price.

*In lots.* With concave utilities and convex costs the values of an agent's next lots fall and its costs rise,
so the largest surplus takes pairs of the highest value and the lowest cost as long as the first is higher.
It bounds every order of trades in lots from above. It is not computed where it is not exact: where a utility
is not concave, or values of several goods depend on one another.

*In any amounts.* By duality the largest surplus is at most
`sum_i max_x (u_i - p.x) + sum_i max_y (p.y - C_i) + p.(q + sum e)` for every p, and equals it at competitive
prices.

*The competitive price* is where demand and supply of price takers cross, found by bisection between the
lowest and the highest price of the clearing ones; where there are several it is the middle. It depends on
no auction. Under exchange a market may have several equilibria; it is one of them.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.families.utilities import ADDITIVE
from market.economy.primitives import Economy, Money
from market.errors import NumericalError
from market.mechanisms.trading.double_auction.limits import Limits
from market.tolerances import ROUNDING_OF_RESULTS

MOST_LOTS = 50_000  # that the best reallocation moves; of more it is not computed
FARTHEST = 1e9  # times the highest price, or its inverse: where competitive prices are sought
BISECTIONS = 80


def best_in_lots(limits: Limits) -> float | None:
    """Return the largest total surplus in lots, `sum_i u_i - C_i`, money; None if it is not known."""
    economy = limits.economy
    additive = all(issubclass(block.family, ADDITIVE) for block in economy.utilities)
    if economy.money is not Money.QUASILINEAR or economy.not_concave.any():
        return None
    if np.count_nonzero(limits.lots) > 1 and not additive:
        return None
    counts = [0] * len(limits.seats)
    first = limits.opening
    for good in np.flatnonzero(limits.lots):
        if not _taken(limits, int(good), first, counts):
            return None
    x, y = economy.endowment.copy(), np.zeros(economy.shape)
    for agent, places in limits.own.items():
        if agent >= 0:
            x[agent], y[agent], _ = limits.holdings(agent, [counts[place] for place in places])
    return float(economy.welfare(x, y).sum())


def _taken(limits: Limits, good: int, first: tuple[float, ...], counts: list[int]) -> bool:
    """Count the lots of a good that the best reallocation moves; return False if there is no end of them."""
    buying = [(-first[s], s) for s, seat in enumerate(limits.seats) if seat.good == good and seat.buys]
    selling = [(first[s], s) for s, seat in enumerate(limits.seats) if seat.good == good and not seat.buys]
    heapq.heapify(buying)
    heapq.heapify(selling)
    for _ in range(MOST_LOTS):
        if not buying or not selling:
            return True
        value, cost = -buying[0][0], selling[0][0]
        if not value - cost > ROUNDING_OF_RESULTS * max(abs(value), abs(cost)) and value != math.inf:
            return True
        if cost == math.inf:
            return True
        for heap, sign in ((buying, -1.0), (selling, 1.0)):
            place = heap[0][1]
            counts[place] += 1
            agent = limits.seats[place].agent
            own = limits.own[agent]
            found = limits.after(agent, tuple(counts[each] for each in own))
            heapq.heapreplace(heap, (sign * found[own.index(place)], place))
    return False


def staircase(limits: Limits, good: int, buys: bool, most: int) -> Array:
    """Return the limits of the keenest lots on one side of a good, of which each agent's depend on no other.

    Args:
        limits: of an economy with quasilinear money.
        good: its place.
        buys: True for values, falling; False for costs, rising.
        most: lots at most.
    """
    sign = -1.0 if buys else 1.0
    counts = [0] * len(limits.seats)
    heap = [
        (sign * limits.opening[place], place)
        for place, seat in enumerate(limits.seats)
        if seat.good == good and seat.buys is buys
    ]
    heapq.heapify(heap)
    found: list[float] = []
    while heap and len(found) < most and heap[0][0] < (0.0 if buys else math.inf):
        limit, place = heap[0]
        found.append(sign * limit)
        counts[place] += 1
        own = limits.own[limits.seats[place].agent]
        after = limits.after(limits.seats[place].agent, tuple(counts[each] for each in own))
        heapq.heapreplace(heap, (sign * after[own.index(place)], place))
    return np.array(found)


@dataclass(frozen=True)
class Competitive:
    """Competitive prices and the surplus at them.

    Args:
        prices: (goods,), the middle of the clearing prices.
        surplus: the largest total surplus in any amounts; None where money is not quasilinear.
    """

    prices: Array
    surplus: float | None


def competitive(economy: Economy, lots: Array, high: float) -> Competitive | None:
    """Return the competitive prices; None if they are not found.

    With several goods each market is taken alone, which is right only where demand of a good does not depend
    on the prices of others.

    Args:
        economy: the primitives.
        lots: (goods,), 0 of goods that are not traded.
        high: the highest price that can be said: the scale of the search.
    """
    additive = all(issubclass(block.family, ADDITIVE) for block in economy.utilities)
    several = np.count_nonzero(lots) > 1 and not (additive and np.isinf(economy.budget).all())
    if several or economy.technologies:
        return None
    low, top = np.full(len(lots), high / FARTHEST), np.full(len(lots), high * FARTHEST)
    if economy.money is Money.EXCHANGE:
        assert economy.numeraire is not None
        low[economy.numeraire] = top[economy.numeraire] = 1.0
    try:
        lower, upper = (_edge(economy, low.copy(), top.copy(), short) for short in (True, False))
        p = (lower + upper) / 2.0
        best = None if economy.money is Money.EXCHANGE else _dual(economy, p)
    except NumericalError:
        return None
    inside = (lots == 0) | ((lower > 2.0 * low) & (upper < top / 2.0))
    return Competitive(p, best) if inside.all() else None


def _edge(economy: Economy, low: Array, high: Array, short: bool) -> Array:
    """Return the lowest price without excess demand, or the highest without excess supply, (goods,)."""
    for _ in range(BISECTIONS):
        p = np.sqrt(low * high)
        answers = economy.answers(p)
        wanted, offered = answers.total_demand, answers.total_supply
        if short:
            below = wanted.lowest > economy.resources + offered.highest
        else:
            below = wanted.highest >= economy.resources + offered.lowest
        low, high = np.where(below, p, low), np.where(below, high, p)
    return np.sqrt(low * high)


def _dual(economy: Economy, p: Array) -> float | None:
    """Return the bound on total surplus at prices p; None where budgets may bind."""
    if np.isfinite(economy.budget).any():
        return None
    answers = economy.answers(p)
    x, y = answers.demand.lowest, answers.supply.lowest
    gains = economy.utility(x) - x @ p - economy.cost(y) + y @ p
    return float(gains.sum() + p @ economy.resources)
