"""The two figures of the alignment report, between bounds that the folder proves.

From one side an allocation that reaches the figure, from the other prices and multipliers that show that none
does better (`duality.py`); both were recorded where a programme found the figure, and every other
allocation and price in the folder serves as well. A figure beyond its bounds is false. One between them holds
if they are as near to each other as the search was exact, else it is *not checked*; and where they are that
near, "unknown" is false.

Source: Debreu (1951) for the coefficient of resource utilisation; weak duality as in `duality.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from market.economy import Economy, Money
from market.interval import Array
from market.outcome import shown
from market.record import number
from market.verify.accounts import feasible, worth
from market.verify.claims import ROUNDING, Claim
from market.verify.duality import least_share, most_surplus, most_surplus_with_caps
from market.verify.recorded import Proof, Record

SEARCHED = 1e-5  # relative accuracy of what a convex programme reports
REACHED = 1e-6  # the same of a share of resources and of what is kept with it
NO_GAP = 1e-7  # share of what is traded: a gap below is rounding


def figures(
    economy: Economy, record: Record, proved: bool, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """The claims about resource utilisation and about transfers.

    Args:
        economy: rebuilt from the scenario.
        record: what was recorded.
        proved: whether weights and prices prove efficiency in goods.
        prices: all prices in the folder.
        others: all mechanisms of the folder.
    """
    yield _utilisation(economy, record, proved, prices)
    if economy.money is Money.QUASILINEAR:
        yield from _with_transfers(economy, record, prices, others)
    else:
        report = record.alignment
        none = report["efficient_with_transfers"] is None and report["surplus_gap"] is None
        yield Claim(f"{record.name}: nothing is said of transfers", none, "money is not quasilinear")


def _between(
    said: float | None, low: float, high: float, slack: float, unknown: bool
) -> tuple[bool | None, str]:
    """Whether a figure is between its bounds, and they near each other; None if they are too far apart."""
    tight = high - low <= 2.0 * slack
    bounds = f"proved to be from {low:.6g} to {high:.6g}"
    if said is None:
        return (
            (None, "not checked: unknown, as is said")
            if unknown and not tight
            else (False, f"null; {bounds}")
        )
    within = low - slack <= said <= high + slack
    told = f"{said:.6g}, {bounds}"
    return (None, f"not checked: {told}") if within and not tight else (within, told)


# --- resource utilisation --------------------------------------------------------------------------


def _utilisation(economy: Economy, record: Record, proved: bool, prices: Sequence[Array]) -> Claim:
    name, said = f"{record.name}: resource utilisation", record.alignment["resource_utilisation"]
    if not (economy.resources > 0).any():
        return Claim(name, said is None, "there are no resources to scale")
    found = record.proofs.get("resource_utilisation")
    low, high = _shares(economy, record, found, proved, prices)
    unknown = any("resource_utilisation" in why for why in record.alignment["unknown"])
    holds, detail = _between(said, low, high, SEARCHED, unknown)
    if holds is not False and said is not None:
        reached = 1.0 if found is None else needed(economy, record, found)
        if abs(said - min(reached, 1.0)) > REACHED:
            return Claim(name, False, f"{said:.6g}, but {reached:.6g} of the resources is what was found")
    return Claim(name, holds, detail)


def _shares(
    economy: Economy, record: Record, found: Proof | None, proved: bool, prices: Sequence[Array]
) -> tuple[float, float]:
    """Bounds on the coefficient."""
    x, y = record.consumption, record.production
    high = min(_used(economy, x, y), 1.0)
    candidates, like = list(prices), (x, y)
    if found is not None:
        high = min(high, needed(economy, record, found))
        candidates.append(found.prices)
        like = (found.consumption, found.production)
    low = max((least_share(economy, p, x, y, like) for p in candidates), default=0.0)
    supporting = record.supporting_prices
    if proved and supporting is not None and float(supporting @ economy.resources) > 0:
        low = 1.0
    return low, high


def _used(economy: Economy, x: Array, y: Array) -> float:
    """The share of the resources that an allocation uses; inf if it uses what there is none of."""
    net, there = x.sum(axis=0) - y.sum(axis=0), economy.resources
    beyond = net > REACHED * np.maximum(x.sum(axis=0), np.abs(y).sum(axis=0))
    if (beyond & (there == 0)).any():
        return np.inf
    return float(np.divide(np.maximum(net, 0.0), there, out=np.zeros_like(net), where=there > 0).max())


def needed(economy: Economy, record: Record, found: Proof) -> float:
    """The share of the resources with which everybody is as well off, as was found; inf if somebody is not."""
    before = economy.welfare(record.consumption, record.production)
    after = economy.welfare(found.consumption, found.production)
    size = np.maximum(worth(economy, record), economy.cost(record.production))
    if (after < before - REACHED * size).any() or not _possible(economy, found):
        return np.inf
    return _used(economy, found.consumption, found.production)


def _possible(economy: Economy, found: Proof) -> bool:
    """Whether an allocation could be had with enough resources."""
    y = found.production
    within = bool((found.consumption >= 0).all() and (y <= economy.capacity * (1.0 + ROUNDING)).all())
    if not economy.technologies:
        return within and bool((y >= 0).all())
    slack = [block.family.slack(y[block.rows], **block.parameters).min() for block in economy.technologies]
    return bool((found.consumption >= 0).all()) and min(slack) >= -REACHED


# --- transfers -------------------------------------------------------------------------------------


def _with_transfers(
    economy: Economy, record: Record, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """Whether the surplus gap is between its bounds, and efficiency with transfers what it implies."""
    report, name = record.alignment, f"{record.name}: surplus gap"
    gap, efficient = report["surplus_gap"], report["efficient_with_transfers"]
    if np.isneginf(economy.utility(np.tile(economy.most, (len(economy.agents), 1)))).any():
        yield Claim(name, gap is None and efficient is None, "somebody is at -inf whatever is done")
        return
    if (gap is None) is not (efficient is None):
        yield Claim(name, False, "one of the gap and the verdict is known, the other is not")
        return
    unknown = any("surplus_gap" in why for why in report["unknown"])
    said = None if gap is None else number(gap)
    now = float(economy.welfare(record.consumption, record.production).sum())
    if np.isneginf(now):
        yield _rescue(economy, record, said, unknown, others)
        return
    found = record.proofs.get("surplus_gap")
    low, high = _totals(economy, record, found, prices, others)
    size = _turnover(economy, record)
    slack = SEARCHED * max(size, high - now if np.isfinite(high) else 0.0)
    holds, detail = _between(said, max(low - now, 0.0), max(high - now, 0.0), slack, unknown)
    if holds is not False and said is not None:
        reached = (
            0.0 if found is None else max(_total(economy, found.consumption, found.production) - now, 0.0)
        )
        if abs(said - reached) > ROUNDING * max(size, abs(now), reached):
            holds, detail = False, f"{said:.6g}, but {reached:.6g} is what was found"
    yield Claim(name, holds, detail)
    if said is not None:
        no_gap = said <= NO_GAP * size
        edge = abs(said - NO_GAP * size) <= ROUNDING * size
        consistent = efficient is no_gap or edge
        detail = f"gap {shown(said)} of {size:.3g} traded"
        yield Claim(f"{record.name}: efficient with transfers", consistent, detail)


def _rescue(
    economy: Economy, record: Record, said: float | None, unknown: bool, others: Sequence[Record]
) -> Claim:
    """Whether those at -inf could be spared it, all together."""
    proofs = [other.proofs["surplus_gap"] for other in others if "surplus_gap" in other.proofs]
    pairs = [(each.consumption, each.production) for each in (*others, *proofs)]
    rescued = any(
        np.isfinite(_total(economy, x, y))
        and feasible(economy, x, y)[0]
        and np.isfinite(economy.budget).sum() == 0
        for x, y in pairs
    )
    own = record.proofs.get("surplus_gap")
    rescued = rescued or (
        own is not None and bool(np.isfinite(_total(economy, own.consumption, own.production)))
    )
    name = f"{record.name}: surplus gap"
    if said is None:
        fine = unknown and not rescued
        return Claim(name, None if fine else False, "not checked: unknown, as is said" if fine else "null")
    never = said == np.inf and record.alignment["efficient_with_transfers"] is False
    if not never or not rescued:
        return Claim(name, None if never else False, "somebody is at -inf")
    return Claim(name, True, "somebody is at -inf and need not be")


def _turnover(economy: Economy, record: Record) -> float:
    """What all that is consumed and made is worth at the margin, money."""
    y, costs = record.production, economy.marginal_cost(record.production)
    made = np.multiply(costs, y, out=np.zeros_like(y), where=y > 0).sum()
    return float(worth(economy, record).sum() + made)


def _total(economy: Economy, x: Array, y: Array) -> float:
    return float(economy.welfare(x, y).sum())


def _totals(
    economy: Economy, record: Record, found: Proof | None, prices: Sequence[Array], others: Sequence[Record]
) -> tuple[float, float]:
    """Bounds on the largest total surplus, money."""
    if np.isfinite(economy.budget).any():
        return _totals_with_caps(economy, record, found)
    proofs = [other.proofs["surplus_gap"] for other in others if "surplus_gap" in other.proofs]
    pairs = [(each.consumption, each.production) for each in (*others, *proofs)]
    low = max(_total(economy, x, y) for x, y in pairs if feasible(economy, x, y)[0])
    candidates = [*prices, *(each.prices for each in proofs)]
    return low, min((most_surplus(economy, p) for p in candidates), default=np.inf)


def _totals_with_caps(economy: Economy, record: Record, found: Proof | None) -> tuple[float, float]:
    """The same where money may not go negative and nobody may lose."""
    now = economy.welfare(record.consumption, record.production)
    if found is None:
        return float(now.sum()), np.inf
    x, y = found.consumption, found.production
    then, low = economy.welfare(x, y), float(now.sum())
    can_pay = np.minimum(then - now + record.payments, economy.budget - economy.cost(y))
    size = max(_turnover(economy, record), float(np.abs(record.payments).sum()))
    enough = can_pay.sum() >= record.payments.sum() - SEARCHED * size
    if enough and feasible(economy, x, y)[0]:
        low = max(low, float(then.sum()))
    high = most_surplus_with_caps(economy, found.prices, found.kept, found.capped, now, record.payments)
    return low, high
