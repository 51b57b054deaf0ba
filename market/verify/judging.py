"""What the alignment report says of an outcome, proved from what it recorded.

Symbols as in `economy.py`: x, y, p, q; w weights, U_i = u_i(x_i) - C_i(y_i), r = q + sum e resources.

*Support.* Recorded weights and prices support (x, y) if for each agent w_i du_i/dx_ig <= p_g (equal where it
consumes), w_i dC_i/dy_ig >= p_g where it could make more (<= where it makes some), and p_g = 0 where
something is left. Utilities being concave, that proves efficiency, except for what agents with w_i = 0 could
gain through free goods or by saving costs.

*Not efficient* is proved by the recorded improvement: feasible, nobody worse off, somebody better off.

*Degenerate*: that every support has a weight of zero. w_i = 0 follows where a slope is infinite; then goods
that i consumes or could make must be free, as are those left over, eaten without use or made at no cost;
whoever values a free good at the margin, or makes it at a cost, weighs nothing too; and so on.

*Resource utilisation.* For any prices p, whoever is to keep its utility must spend at least its least
expenditure m_i(p, u_i), so the coefficient is at least sum_i m_i / p.r (without producers). From above, what
is used of each good, as a share of r_g, is enough.

*Surplus gap*, with quasilinear money, at any prices p:
    max sum U <= p.r + sum_i max_x (u_i(x) - p.x) + sum_i max_y (p.y - C_i(y)),
the dual bound, exact at competitive prices; and every allocation in the folder bounds it from below.

Source: Negishi (1960); Debreu (1951); weak duality as in Boyd and Vandenberghe (2004), section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from market import netputs
from market.economy import Economy, Money
from market.errors import UnboundedDemandError
from market.interval import Array
from market.outcome import shown
from market.record import number
from market.verify.accounts import feasible, worth
from market.verify.claims import Claim
from market.verify.recorded import Record

SUPPORTED = 1e-6  # relative violation up to which the conditions prove efficiency
NEARLY = 3e-4  # up to here the loss, which is of second order, is below 1e-7, what a search can see
NONE = 1e-9  # amounts below this share of an equal share are none
LEFT = 1e-7  # shares of a good below this are not left over
HARDLY_LEFT = 1e-6  # shares of a good below this are less than a search for improvements can see
SEARCHED = 1e-5  # relative accuracy of what a convex programme reports


def judging(
    economy: Economy, record: Record, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """The claims of an alignment report.

    Args:
        economy: rebuilt from the scenario.
        record: what was recorded.
        prices: all prices in the folder, for bounds.
        others: all mechanisms of the folder, whose allocations are feasible too.
    """
    said = record.alignment
    found = np.inf
    if record.weights is not None and record.supporting_prices is not None:
        found = violation(economy, record, record.weights, record.supporting_prices)
        yield _weights(record, record.weights)
    both = (record.weights is None) == (record.supporting_prices is None)
    yield Claim(f"{record.name}: weights go with prices", both, "both or none" if both else "one is missing")
    yield _residual(record, found)
    proved = found <= SUPPORTED and not _leaks(economy, record)
    yield _efficient(economy, record, proved, found)
    yield _degenerate(economy, record, found)
    yield _utilisation(economy, record, proved, prices)
    if economy.money is Money.QUASILINEAR:
        yield from _with_transfers(economy, record, prices, others)
    else:
        none = said["efficient_with_transfers"] is None and said["surplus_gap"] is None
        yield Claim(f"{record.name}: nothing is said of transfers", none, "money is not quasilinear")


# --- weights ---------------------------------------------------------------------------------------


def _weights(record: Record, w: Array) -> Claim:
    total = float(w.sum())
    sound = bool(np.isfinite(w).all() and (w >= 0).all() and abs(total - 1.0) <= NONE)
    return Claim(f"{record.name}: weights add up to one", sound, f"sum {total:.12g}, smallest {w.min():.3g}")


def violation(economy: Economy, record: Record, w: Array, p: Array, left: float = LEFT) -> float:
    """The largest violation of the supporting conditions, relative to prices; 0 is full support.

    Args:
        economy: rebuilt from the scenario.
        record: what was recorded.
        w: (agents,), weights.
        p: (goods,), prices.
        left: shares of a good below this are not left over.
    """
    if not (np.isfinite(w).all() and np.isfinite(p).all()):
        return np.inf  # they support nothing, and a NaN must not get lost in what follows
    x, y = record.consumption, record.production
    there = economy.offered(y)
    none = NONE * there / len(economy.agents)
    slopes, costs = economy.marginal_utility(x), economy.marginal_cost(y)
    counts = np.broadcast_to(w[:, None] > 0, x.shape)
    valued = np.multiply(w[:, None], slopes, out=np.zeros_like(x), where=counts)
    spent = np.multiply(w[:, None], costs, out=np.zeros_like(x), where=counts)
    empty = np.asarray(~(x > 0).any(axis=1) & (economy.bliss > 0).any(axis=1))
    largest = valued.max(axis=0, initial=0.0)
    size = np.where(p > 0, p, np.where(largest > 0, largest, 1.0))
    # A bundle with nothing in it is judged along all directions at once, as slopes along axes may not exist.
    above = np.where(empty[:, None] & counts, 0.0, valued - p)
    wants = (x > none) & ((slopes > 0) | (p > 0))
    at_a_cost = ~economy.turns_goods_into_goods[:, None]
    can_more = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NONE))
    wrong = [
        np.maximum(above, 0.0),
        np.where(wants, np.maximum(p - valued, 0.0), 0.0),
        np.where(can_more, np.maximum(p - spent, 0.0), 0.0),
        np.where((y > none) & at_a_cost, np.maximum(spent - p, 0.0), 0.0),
        np.where(there - economy.taken(x, y) > left * there, p, 0.0)[None, :],
    ]
    worst = float(np.vstack([part / size for part in wrong]).max(initial=0.0))  # a NaN stays one
    hungry = empty & (w > 0)
    if hungry.any():
        worst = max(worst, float((w[hungry] * economy.first_worth(p)[hungry]).max() - 1.0))
    worst = max(worst, netputs.violation(economy, y, p))
    return np.inf if np.isnan(worst) else worst


def _residual(record: Record, found: float) -> Claim:
    stated = number(record.alignment["residual"])
    same = stated == found or abs(stated - found) <= NONE + 1e-6 * min(stated, found)
    return Claim(
        f"{record.name}: residual of the weights", same, f"{shown(stated)} stated, {shown(found)} recomputed"
    )


def _leaks(economy: Economy, record: Record) -> bool:
    """Whether an agent that weighs nothing could gain something that nobody who counts would miss."""
    assert record.weights is not None
    assert record.supporting_prices is not None
    idle = record.weights == 0
    if (idle & (economy.cost(record.production) > 0)).any():
        return True
    plenty = np.where(
        record.supporting_prices == 0, np.maximum(economy.most, record.consumption), record.consumption
    )
    return bool((idle & (economy.utility(plenty) > economy.utility(record.consumption))).any())


def _efficient(economy: Economy, record: Record, proved: bool, found: float) -> Claim:
    name, said = f"{record.name}: efficient", record.alignment["efficient"]
    if record.improvement is not None:
        better, detail = _improves(economy, record, *record.improvement)
        return Claim(name, better and said is False and not proved, detail)
    if said is None:
        return Claim(name, bool(record.alignment["unknown"]), "unknown, as is said")
    if not (economy.resources > 0).any() and not (economy.capacity > 0).any() and not economy.technologies:
        return Claim(name, said is True, "there is nothing to have, so nothing better")
    if said is False:
        return Claim(name, False, "said not to be, without a better allocation")
    if proved:
        return Claim(name, True, "weights and prices prove it")
    if found <= SUPPORTED and not _unused(economy, record):
        return Claim(
            name, True, "proved for those who count; among those who weigh nothing it rests on a search"
        )
    if SUPPORTED < found <= NEARLY and (record.weights is None or bool((record.weights > 0).all())):
        return Claim(name, True, f"weights and prices prove it up to {found**2:.0e} of what is traded")
    most = np.tile(economy.most, (len(economy.agents), 1))
    if (economy.utility(most) <= economy.utility(record.consumption)).all() and not record.production.any():
        return Claim(name, True, "nobody would gain by all that there can be")
    if record.weights is not None and (record.weights > 0).all() and record.supporting_prices is not None:
        nearly = violation(economy, record, record.weights, record.supporting_prices, HARDLY_LEFT)
        if nearly <= SUPPORTED:
            detail = f"weights and prices prove it, but for less than {HARDLY_LEFT:.0e} of a good left over"
            return Claim(name, True, detail)
    return Claim(name, False, "weights and prices do not prove it")


def _unused(economy: Economy, record: Record) -> bool:
    """Whether somebody who weighs nothing could gain from what is unused or costs nothing, or by exchange."""
    assert record.weights is not None
    idle, x, y = record.weights == 0, record.consumption, record.production
    left = np.maximum(economy.offered(y) - economy.taken(x, y), 0.0)
    left = np.where(left > LEFT * economy.offered(y), left, 0.0)
    at_no_cost = np.minimum(economy.supply(np.zeros(len(left))).highest, 1e100)
    more = left + np.maximum(at_no_cost - y, 0.0).sum(axis=0)
    gains = economy.utility(x + more) > economy.utility(x)
    exchanged = ((x > 0) & (economy.marginal_utility(x) > 0) & idle[:, None]).sum(axis=0) > 1
    return bool((idle & gains).any() or (idle & (economy.cost(y) > 0)).any() or exchanged.sum() > 1)


def _improves(economy: Economy, record: Record, x: Array, y: Array) -> tuple[bool, str]:
    """Whether an allocation can be had, hurts nobody and helps somebody."""
    possible, detail = feasible(economy, x, y)
    if not possible:
        return False, f"the better allocation is not feasible: {detail}"
    before, after = economy.welfare(record.consumption, record.production), economy.welfare(x, y)
    gain, hurt = int((after > before).sum()), int((after < before).sum())
    return gain > 0 and hurt == 0, f"in the better allocation {gain} gain and {hurt} lose"


# --- degenerate ------------------------------------------------------------------------------------


def _degenerate(economy: Economy, record: Record, found: float) -> Claim:
    name, said = f"{record.name}: degenerate", record.alignment["degenerate"]
    if not said:
        all_count = found > SUPPORTED or (record.weights is not None and bool((record.weights > 0).all()))
        if record.alignment["efficient"] is not True:
            return Claim(name, True, "not said to be: it is not efficient, or that is unknown")
        return Claim(name, all_count, "not said to be" if all_count else "some weight is zero")
    if found > SUPPORTED or record.weights is None:
        return Claim(name, False, "said to be, though no weights support it")
    forced = must_weigh_nothing(economy, record)
    zero = record.weights == 0
    return Claim(
        name,
        bool(zero.any() and (forced | ~zero).all()),
        f"{int(zero.sum())} weigh nothing, {int((zero & forced).sum())} of them under any supporting weights",
    )


def must_weigh_nothing(economy: Economy, record: Record) -> NDArray[np.bool_]:
    """Who weighs nothing under any weights that support the allocation, (agents,)."""
    x, y = record.consumption, record.production
    there = economy.offered(y)
    none = NONE * there / len(economy.agents)
    slopes, costs = economy.marginal_utility(x), economy.marginal_cost(y)
    wants = (economy.bliss > 0).any(axis=1)
    nothing = np.isinf(slopes).any(axis=1) | (wants & ~(x > 0).any(axis=1) & np.isinf(_first(economy)))
    at_a_cost = ~economy.turns_goods_into_goods[:, None]
    can_more = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NONE))
    useless = ((x > none) & (slopes == 0)).any(axis=0)
    free = (there - economy.taken(x, y) > LEFT * there) | (can_more & (costs == 0)).any(axis=0) | useless
    for _ in range(len(economy.goods) + 1):
        free = free | ((x > none) & (slopes > 0) & nothing[:, None]).any(axis=0)
        free = free | (can_more & np.isfinite(costs) & nothing[:, None]).any(axis=0)
        nothing = (
            nothing
            | ((slopes > 0) & free).any(axis=1)
            | ((y > none) & at_a_cost & (costs > 0) & free).any(axis=1)
        )
    return nothing


def _first(economy: Economy) -> Array:
    """What a first unit of money is worth to those who have nothing, at prices of one, (agents,)."""
    return economy.first_worth(np.ones(len(economy.goods)))


# --- resource utilisation --------------------------------------------------------------------------


def _utilisation(economy: Economy, record: Record, proved: bool, prices: Sequence[Array]) -> Claim:
    name, said = f"{record.name}: resource utilisation", record.alignment["resource_utilisation"]
    there = economy.resources
    if said is None:
        fine = not (there > 0).any() or any(
            "resource_utilisation" in why for why in record.alignment["unknown"]
        )
        return Claim(
            name, fine, "there are no resources to scale" if not (there > 0).any() else "unknown, as is said"
        )
    x, y = record.consumption, record.production
    used = np.divide(
        np.maximum(x.sum(axis=0) - y.sum(axis=0), 0.0), there, out=np.zeros_like(there), where=there > 0
    )
    highest = float(min(used.max(initial=0.0), 1.0))
    lowest = max((_least_spending(economy, record, p) for p in prices), default=0.0)
    supporting = record.supporting_prices
    if proved and supporting is not None and float(supporting @ there) > 0:
        lowest = 1.0
    within = lowest - SEARCHED <= said <= highest + SEARCHED
    return Claim(name, bool(within), f"{said:.6g}, proved to be from {lowest:.6g} to {highest:.6g}")


def _least_spending(economy: Economy, record: Record, p: Array) -> float:
    """sum_i m_i(p, u_i) / p.r: a lower bound on the coefficient; 0 where it says nothing."""
    worth_of_all = float(p @ economy.resources)
    if (
        (economy.capacity > 0).any()
        or economy.technologies
        or not np.isfinite(worth_of_all)
        or worth_of_all <= 0
    ):
        return 0.0
    goal = economy.utility(record.consumption)
    low, high = np.zeros_like(goal), np.full_like(goal, 2.0 * worth_of_all)
    for _ in range(60):
        income = (low + high) / 2
        try:
            reached = economy.utility(_bought(economy, p, income)) >= goal
        except UnboundedDemandError:
            return 0.0
        low, high = np.where(reached, low, income), np.where(reached, income, high)
    return float(np.where(np.isneginf(goal), 0.0, low).sum() / worth_of_all)


def _bought(economy: Economy, p: Array, income: Array) -> Array:
    """The best bundles that incomes can buy, (agents, goods)."""
    bundles = np.zeros(economy.shape)
    for block in economy.utilities:
        bundles[block.rows] = block.family.budget_demand(p, income[block.rows], **block.parameters).lowest
    return bundles


# --- transfers -------------------------------------------------------------------------------------


def _with_transfers(
    economy: Economy, record: Record, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """Whether the surplus gap is between its bounds, and efficiency with transfers what it implies."""
    gap, efficient = record.alignment["surplus_gap"], record.alignment["efficient_with_transfers"]
    name = f"{record.name}: surplus gap"
    if gap is None:
        unknown = any("surplus_gap" in why for why in record.alignment["unknown"])
        yield Claim(name, unknown and efficient is None, "unknown, as is said")
        return
    gap, now = number(gap), float(economy.welfare(record.consumption, record.production).sum())
    size = float(worth(economy, record).sum()) + float(economy.cost(record.production).sum())
    if np.isneginf(now):
        yield Claim(name, gap == np.inf and efficient is False, "somebody is at -inf")
        return
    feasible_totals = [economy.welfare(other.consumption, other.production).sum() for other in others]
    free = bool(np.isinf(economy.budget).all())
    lowest = max(float(max(feasible_totals, default=now)) - now, 0.0) if free else 0.0
    highest = min((_dual_bound(economy, p) for p in prices), default=np.inf) - now
    slack = SEARCHED * max(size, abs(gap))
    within = lowest - slack <= gap <= max(highest, 0.0) + slack
    yield Claim(name, bool(within), f"{gap:.6g}, proved to be from {lowest:.6g} to {max(highest, 0.0):.6g}")
    consistent = efficient is (gap <= SEARCHED * size) or (efficient is False and 0 < gap <= SEARCHED * size)
    yield Claim(
        f"{record.name}: efficient with transfers", bool(consistent), f"gap {shown(gap)} of {size:.3g} traded"
    )


def _dual_bound(economy: Economy, p: Array) -> float:
    """The most that total surplus can be, by weak duality at prices p; inf where they bound nothing."""
    supply = economy.supply(p).lowest
    if np.isinf(supply).any():
        return np.inf
    bundles = np.zeros(economy.shape)
    try:
        for block in economy.utilities:
            bundles[block.rows] = block.family.quasilinear_demand(p, **block.parameters).lowest
    except UnboundedDemandError:
        return np.inf
    if np.isinf(bundles).any():
        return np.inf
    consumers = economy.utility(bundles).sum() - float(bundles.sum(axis=0) @ p)
    producers = float(supply.sum(axis=0) @ p) - economy.cost(supply).sum()
    return float(p @ economy.resources + consumers + producers)
