"""Claims about resource utilisation and the surplus gap, between bounds that the folder proves.

One bound is an allocation that reaches the figure, the other prices and multipliers that show that no
allocation does better (`duality.py`); both are recorded where a program found the figure, and every other
allocation and price in the folder serves as well. A figure beyond its bounds is false. A figure between them
holds if they differ by the accuracy of the search at most, else it is *not checked*. "Unknown" is accepted
only if no program found it.

Source: Debreu (1951) for the coefficient of resource utilisation; weak duality as in `duality.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.outcome import shown
from market.results.schema import number
from market.results.verify.accounts import feasible, worth
from market.results.verify.claim import Claim
from market.results.verify.duality import least_share, most_surplus, most_surplus_with_caps
from market.results.verify.harm_claims import suffered, welfare
from market.results.verify.record import Proof, Record
from market.tolerances import NO_SURPLUS_GAP, ROUNDING_OF_RESULTS

SEARCHED = 1e-5  # relative accuracy of a figure from a convex program
SHARE_REACHED = 1e-6  # relative accuracy of a share of resources
LACKING = 1e-4  # the most that a share that was found may lack


def check_figures(
    economy: Economy,
    record: Record,
    proved: bool,
    prices: Sequence[Array],
    others: Sequence[Record],
) -> Iterator[Claim]:
    """Check resource utilisation and transfers.

    Args:
        economy: rebuilt from the scenario.
        record: of the mechanism.
        proved: True if weights and prices prove efficiency in goods.
        prices: all prices in the folder.
        others: all mechanisms of the folder.
    """
    yield _utilisation(economy, record, proved, prices)
    if economy.money is Money.QUASILINEAR:
        yield from _with_transfers(economy, record, prices, others)
    else:
        report = record.alignment
        none = report["efficient_with_transfers"] is None and report["surplus_gap"] is None
        yield Claim(f"{record.name}: transfers are left out", none, "money is not quasilinear")


def _between(stated: float, low: float, high: float, slack: float) -> tuple[bool | None, str]:
    """Check a figure against its bounds; None if these are too far apart."""
    within = low - slack <= stated <= high + slack
    detail = f"stated: {stated:.6g}, proved to be from {low:.6g} to {high:.6g}"
    tight = high - low <= 2.0 * slack
    return (None, f"not checked: {detail}") if within and not tight else (within, detail)


def _unknown(record: Record, figure: str, known: bool) -> tuple[bool | None, str]:
    """Refuse an unknown figure that a program found, or that follows from weights and prices."""
    if known or figure in record.proofs or figure not in record.unknown:
        return False, "null, though it is known or no reason is given"
    return None, "not checked: the report itself says unknown"


# --- resource utilisation --------------------------------------------------------------------------


def _utilisation(economy: Economy, record: Record, proved: bool, prices: Sequence[Array]) -> Claim:
    name, stated = f"{record.name}: resource utilisation", record.alignment["resource_utilisation"]
    if not (economy.resources > 0).any():
        return Claim(name, stated is None, "there are no resources to scale")
    found = record.proofs.get("resource_utilisation")
    if stated is None:
        supporting = record.supporting_prices
        known = proved and supporting is not None and float(supporting @ economy.resources) > 0
        return Claim(name, *_unknown(record, "resource_utilisation", known))
    used, lacking = (1.0, 0.0) if found is None else needed(economy, record, found)
    if not abs(stated - min(used, 1.0)) <= SHARE_REACHED + min(lacking, LACKING):
        return Claim(name, False, f"stated: {stated:.6g}, but the recorded allocation needs {used:.6g}")
    if lacking > LACKING:
        detail = f"not checked: {stated:.6g}; the share found may be too small by {shown(lacking)}"
        return Claim(name, None, detail)
    low, high = _shares(economy, record, found, used + lacking, proved, prices)
    return Claim(name, *_between(stated, low, high, SEARCHED + lacking))


def _shares(
    economy: Economy,
    record: Record,
    found: Proof | None,
    used: float,
    proved: bool,
    prices: Sequence[Array],
) -> tuple[float, float]:
    """Return bounds of the coefficient, the lower one from as many prices as it takes."""
    supporting = record.supporting_prices
    if proved and supporting is not None and float(supporting @ economy.resources) > 0:
        return 1.0, 1.0
    x, y = record.consumption, record.production
    high = min(_used(economy, x, y), 1.0)
    candidates, like = list(prices), (x, y)
    if found is not None:
        candidates = [found.prices, *prices]
        like = (found.consumption, found.production)
        high = min(high, used)
    low = 0.0
    for p in candidates:
        if high - low <= SEARCHED:
            break
        low = max(low, least_share(economy, p, x, y, like))
    return low, high


def _used(economy: Economy, x: Array, y: Array) -> float:
    """Return the share of the resources that an allocation uses; inf if it uses a good without resources."""
    net, there = x.sum(axis=0) - y.sum(axis=0), economy.resources
    beyond = net > SHARE_REACHED * np.maximum(x.sum(axis=0), np.abs(y).sum(axis=0))
    if (beyond & (there == 0)).any():
        return np.inf
    return float(np.divide(np.maximum(net, 0.0), there, out=np.zeros_like(net), where=there > 0).max())


def needed(economy: Economy, record: Record, found: Proof) -> tuple[float, float]:
    """Return the share of the resources found to be enough, and the share that it may lack.

    A search leaves agents worse off by rounding. To compensate for U_i - U'_i takes resources worth
    l_i (U_i - U'_i), l_i being the least price of a unit of utility: twice p_g / (du_i/dx_ig), for slopes
    fall on the way (to a point of bliss it is just twice), or p.y_i / C_i(y_i), since C is convex and making
    less of everything saves at least that much.
    """
    x, y, p = found.consumption, found.production, found.prices
    if not _possible(economy, found):
        return np.inf, np.inf
    used, worth_of_all = _used(economy, x, y), float(p @ economy.resources)
    before = welfare(economy, record.consumption, record.production)
    with np.errstate(invalid="ignore"):
        short = np.where(np.isneginf(before), 0.0, np.maximum(before - welfare(economy, x, y), 0.0))
    size = np.abs(np.where(np.isfinite(before), before, 0.0)) + worth(economy, record)
    size = size + np.abs(suffered(economy, record.production))
    short = np.where(short <= ROUNDING_OF_RESULTS * size, 0.0, short)
    if not short.any():
        return used, 0.0
    rates = economy.marginal_utility_along(x, p)
    unit = 2.0 * np.divide(p, rates, out=np.full_like(rates, np.inf), where=rates > 0).min(axis=1)
    cost = economy.cost(y)
    unit = np.minimum(unit, np.divide(y @ p, cost, out=np.full_like(cost, np.inf), where=cost > 0))
    with np.errstate(invalid="ignore"):  # 0 times inf where amounts are unbounded: unknown
        lacking = np.multiply(unit, short, out=np.zeros_like(short), where=short > 0).sum()
    if np.isnan(lacking):
        return used, np.inf
    return used, float(lacking / worth_of_all) if worth_of_all > 0 else np.inf


def _possible(economy: Economy, found: Proof) -> bool:
    """Return True if an allocation is feasible with enough resources."""
    y = found.production
    within = bool(
        (found.consumption >= 0).all() and (y <= economy.capacity * (1.0 + ROUNDING_OF_RESULTS)).all()
    )
    if not economy.technologies:
        return within and bool((y >= 0).all())
    negligible = np.asarray((np.abs(y) <= ROUNDING_OF_RESULTS * economy.resources).all(axis=1))
    slack = np.zeros(len(y))
    for block in economy.technologies:
        slack[block.rows] = block.family.slack(y[block.rows], **block.parameters)
    return bool((found.consumption >= 0).all() and (negligible | (slack >= -SHARE_REACHED)).all())


def least_needed(economy: Economy, record: Record, prices: Sequence[Array]) -> float:
    """Return the share of the resources below which, by some prices, an agent would be worse off."""
    found = record.proofs.get("resource_utilisation")
    used = 1.0 if found is None else sum(needed(economy, record, found))
    return _shares(economy, record, found, used, False, prices)[0]


# --- transfers -------------------------------------------------------------------------------------


def _with_transfers(
    economy: Economy, record: Record, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """Check the surplus gap against its bounds, and the verdict with transfers against the gap."""
    report, name = record.alignment, f"{record.name}: surplus gap"
    gap, efficient = report["surplus_gap"], report["efficient_with_transfers"]
    if np.isneginf(economy.utility(np.tile(economy.most, (len(economy.agents), 1)))).any():
        yield Claim(name, gap is None and efficient is None, "some agent is at -inf in every allocation")
        return
    if (gap is None) is not (efficient is None):
        yield Claim(name, False, "gap and verdict must be known together")
        return
    if gap is None:
        yield Claim(name, *_unknown(record, "surplus_gap", _no_gap_at_own_prices(economy, record)))
        return
    stated = number(gap)
    now = float(welfare(economy, record.consumption, record.production).sum())
    if np.isneginf(now):
        yield _rescue(economy, record, stated, others)
        return
    found = record.proofs.get("surplus_gap")
    low, high = _totals(economy, record, found, prices, others)
    size = _turnover(economy, record)
    reached = 0.0 if found is None else max(_total(economy, found.consumption, found.production) - now, 0.0)
    if abs(stated - reached) > ROUNDING_OF_RESULTS * max(size, abs(now), reached):
        yield Claim(name, False, f"stated: {stated:.6g}, but the recorded allocation reaches {reached:.6g}")
    else:
        slack = SEARCHED * max(size, stated)
        yield Claim(name, *_between(stated, max(low - now, 0.0), max(high - now, 0.0), slack))
    no_gap, edge = (
        stated <= NO_SURPLUS_GAP * size,
        abs(stated - NO_SURPLUS_GAP * size) <= ROUNDING_OF_RESULTS * size,
    )
    consistent = efficient is no_gap or edge
    detail = f"unrealised gains from trade {shown(stated)}, turnover {size:.3g}"
    yield Claim(f"{record.name}: efficient with transfers", consistent, detail)


def _no_gap_at_own_prices(economy: Economy, record: Record) -> bool:
    """Return True if the prices of the outcome itself prove that its total surplus is the largest."""
    now = float(welfare(economy, record.consumption, record.production).sum())
    if record.prices is None or not np.isfinite(now) or np.isfinite(economy.budget).any():
        return False
    most = most_surplus(economy, record.prices, record.production)
    return most - now <= ROUNDING_OF_RESULTS * _turnover(economy, record)


def _rescue(economy: Economy, record: Record, stated: float, others: Sequence[Record]) -> Claim:
    """Check the gap of an outcome with agents at -inf: all of them can be lifted above it at once, or not."""
    name = f"{record.name}: surplus gap"
    if np.isfinite(economy.budget).any() and stated < np.inf:
        no_gap = stated <= NO_SURPLUS_GAP * _turnover(economy, record)
        detail = "not checked: the report says that no transfers can lift the agents at -inf"
        consistent = record.alignment["efficient_with_transfers"] is no_gap
        return Claim(name, None if consistent else False, detail)
    if not (stated == np.inf and record.alignment["efficient_with_transfers"] is False):
        return Claim(name, False, f"stated: {stated:.6g}, though some agent is at -inf")
    pairs = _allocations(record.proofs.get("surplus_gap"), others)
    rescued = any(np.isfinite(_total(economy, x, y)) and feasible(economy, x, y)[0] for x, y in pairs)
    detail = "agents are at -inf and need not be" if rescued else "not checked: some agent is at -inf"
    return Claim(name, True if rescued else None, detail)


def _allocations(found: Proof | None, others: Sequence[Record]) -> list[tuple[Array, Array]]:
    """Return all (x, y) of the folder, with the one found for a figure."""
    pairs = [(other.consumption, other.production) for other in others]
    return pairs if found is None else [*pairs, (found.consumption, found.production)]


def _turnover(economy: Economy, record: Record) -> float:
    """Return the value of all consumption and production at the margin, money."""
    y, costs = record.production, economy.marginal_cost(record.production)
    at_a_cost = (y > 0) & np.isfinite(costs)  # not that of technologies, which use goods
    made = np.multiply(costs, y, out=np.zeros_like(y), where=at_a_cost).sum()
    return float(worth(economy, record).sum() + made)


def _total(economy: Economy, x: Array, y: Array) -> float:
    return float(welfare(economy, x, y).sum())


def _totals(
    economy: Economy,
    record: Record,
    found: Proof | None,
    prices: Sequence[Array],
    others: Sequence[Record],
) -> tuple[float, float]:
    """Return bounds of the largest total surplus, money."""
    if np.isfinite(economy.budget).any():
        return _totals_with_caps(economy, record, found)
    pairs = _allocations(found, others)
    low = max((_total(economy, x, y) for x, y in pairs if feasible(economy, x, y)[0]), default=-np.inf)
    candidates = list(prices) if found is None else [found.prices, *prices]
    high, slack = np.inf, SEARCHED * _turnover(economy, record)
    harms = economy.harm is not None
    productions = [y for _, y in reversed(pairs)] if harms else [record.production]  # to linearise harm at
    for p in candidates:
        if high - low <= slack:
            break
        for made in productions:
            high = min(high, most_surplus(economy, p, made))
    return low, high


def _totals_with_caps(economy: Economy, record: Record, found: Proof | None) -> tuple[float, float]:
    """Return these bounds where money may not go negative and no agent may lose."""
    now = welfare(economy, record.consumption, record.production)
    if found is None:
        return float(now.sum()), np.inf
    x, y = found.consumption, found.production
    then, low = welfare(economy, x, y), float(now.sum())
    can_pay = np.minimum(then - now + record.payments, economy.budget - economy.cost(y))
    size = max(_turnover(economy, record), float(np.abs(record.payments).sum()))
    enough = can_pay.sum() >= record.payments.sum() - SEARCHED * size
    if enough and feasible(economy, x, y)[0]:
        low = max(low, float(then.sum()))
    high = most_surplus_with_caps(economy, found.prices, found.kept, found.capped, now, record.payments, y)
    return low, high
