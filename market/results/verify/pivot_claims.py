"""Claims about a pivot mechanism: the allocation is best, payments are what others lose, truth is best.

Symbols: N all agents, e_i endowments, r resources, w_i = u_i(x_i) - C_i(y_i) as recorded, t_i payments,
V(S) the largest total surplus of the agents in S with all of the commons.

The mechanism solved the planner's problem; here V(N without i) is found from its other side. For any p >= 0

    V(N without i) <= D_i(p) = p.(r - e_i) + sum_{j != i} max_{x, y} (u_j(x) - C_j(y) - p.x + p.y),

which is convex in p, and its least value is V. Prices are sought good by good, by halving until demand of
the others meets what there is; what the others choose there, made feasible, is a bound from below. A stated
`t_i + sum_{j != i} w_j` beyond these bounds is false; between them it holds if they are close, else it is
not checked. No report can gain more than `D(p) - sum w`, so a stated regret above that is false.

Payments of `MOST_CHECKED` agents are recomputed, of all types evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from market.economy.coalitions import types, without
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import UnboundedDemandError
from market.outcome import Status, shown
from market.results.verify.accounts import Due, worth
from market.results.verify.claim import Claim, difference
from market.results.verify.duality import most_surplus
from market.results.verify.record import Record
from market.tolerances import ROUNDING_OF_RESULTS

MOST_CHECKED = 40
"""Agents whose payments are recomputed: each takes some hundred evaluations of all demand."""

HALVINGS, PASSES = 100, 20
"""Of an interval of prices, from 1e-12 to 1e12 times a usual one; of all goods, until nothing improves."""

CLOSE = 1e-6
"""Share of the turnover: bounds of a largest surplus that are nearer than that prove it."""

AT_A_TIE = 1e-9
"""Relative difference up to which prices are moved to one at which an agent is indifferent."""


class Bounds(NamedTuple):
    """Bounds of a largest total surplus, money."""

    low: float
    high: float


def due_of_reports(economy: Economy, record: Record, options: Any) -> Due:  # noqa: ARG001
    """Return the recorded payments, with the revenue and payoffs that follow; `check_pivot` checks them."""
    welfare = economy.welfare(record.consumption, record.production)
    paid = record.payments
    return Due(paid, float(paid.sum()), welfare - paid)


def check_pivot(economy: Economy, record: Record, options: Any) -> Iterator[Claim]:
    """Check that the allocation is best, payments, the regret of truth and the status."""
    if record.status is not Status.OPTIMAL:
        kept = not record.payments.any() or "truth_regret" in record.evidence
        detail = "no money moves where no outcome was found"
        yield Claim(f"{record.name}: {record.status.value}", kept and record.status is Status.FAILED, detail)
        return
    welfare = economy.welfare(record.consumption, record.production)
    size = _turnover(economy, record)
    ends = [bounds(economy, None)]
    optimal, detail = _within(float(welfare.sum()), ends[0], size)
    residual = record.evidence_value("residual")
    fine = residual <= options.tolerance and record.rounds == 1
    yield Claim(f"{record.name}: total surplus is maximal", fine and optimal if fine else False, detail)
    yield from _payments(economy, record, welfare, size)
    yield from _truth(record, float(welfare.sum()), ends[0], size)


def _payments(economy: Economy, record: Record, welfare: Array, size: float) -> Iterator[Claim]:
    """Check payments of some agents, evenly over types, and that agents of one type pay alike."""
    label = types(economy)
    _, first = np.unique(label, return_index=True)
    chosen = first[
        np.unique(np.linspace(0, len(first) - 1, min(MOST_CHECKED, len(first))).round().astype(int))
    ]
    alike = difference(record.payments, record.payments[first][label], size)
    yield Claim(
        f"{record.name}: agents that are alike pay alike",
        alike <= ROUNDING_OF_RESULTS,
        f"largest relative difference: {shown(alike)}",
    )
    verdicts = []
    for agent in chosen.tolist():
        stated = float(record.payments[agent] + welfare.sum() - welfare[agent])
        holds, detail = _within(stated, bounds(economy, agent), size)
        verdicts.append((holds, f"without {economy.agents[agent]}: {detail}"))
        if holds is False:
            break
    holds, detail = min(verdicts, key=lambda each: {False: 0, None: 1, True: 2}[each[0]])
    name = f"{record.name}: payments are what the others lose"
    if holds is True and len(chosen) < len(first):
        yield Claim(
            name, None, f"not checked for all: true of {len(chosen)} of {len(first):,} types of agents"
        )
    else:
        yield Claim(name, holds, detail)


def _truth(record: Record, now: float, best: Bounds, size: float) -> Iterator[Claim]:
    """Check the gains from false reports and the deficit."""
    found = 0.0 if record.regret is None else float(record.regret.max(initial=0.0))
    stated, deficit = record.evidence_value("truth_regret"), record.evidence_value("deficit")
    most = best.high - now + ROUNDING_OF_RESULTS * size
    sound = found == stated and 0.0 <= stated <= most and record.regret is not None
    detail = f"stated: {shown(stated)}; no report gains more than {shown(most)}"
    yield Claim(f"{record.name}: truth is a best report", bool(sound), detail)
    short = max(-float(record.payments.sum()), 0.0)
    apart = difference(deficit, short, float(np.abs(record.payments).sum()))
    yield Claim(f"{record.name}: deficit", apart <= ROUNDING_OF_RESULTS, f"payments are short by {short:.6g}")


def _within(stated: float, ends: Bounds, size: float) -> tuple[bool | None, str]:
    """Check a stated surplus against its bounds; None if these are too far apart."""
    slack = CLOSE * max(size, 0.0)
    detail = f"stated: {stated:.9g}, proved to be from {ends.low:.9g} to {ends.high:.9g}"
    if not ends.low - slack <= stated <= ends.high + slack:
        return False, detail
    return (True, detail) if ends.high - ends.low <= 2.0 * slack else (None, f"not checked: {detail}")


def _turnover(economy: Economy, record: Record) -> float:
    """Return the value at the margin of all consumption and production, and of all payments, money."""
    y = record.production
    made = np.multiply(economy.marginal_cost(y), y, out=np.zeros_like(y), where=y > 0).sum()
    return float(worth(economy, record).sum() + made + np.abs(record.payments).sum())


# --- the dual ---------------------------------------------------------------------------------------------


def bounds(economy: Economy, absent: int | None) -> Bounds:
    """Return bounds of the largest total surplus without an agent, or of all agents.

    Args:
        economy: with quasilinear money and without budgets.
        absent: row of the agent left out; None for all.
    """
    others = economy if absent is None else without(economy, absent)
    if not len(others.agents):
        return Bounds(0.0, 0.0)
    p = _clearing(others, _usual(economy))
    candidates = [p, _at_ties(others, p)]
    return Bounds(
        max(_reached(others, each) for each in candidates),
        min(most_surplus(others, each) for each in candidates),
    )


def _usual(economy: Economy) -> Array:
    """Return a price of each good to start from, (goods,): a mean slope at equal shares."""
    share = np.where(economy.resources > 0, economy.resources / len(economy.agents), 1.0)
    slopes = economy.marginal_utility(np.tile(share, (len(economy.agents), 1)))
    known = np.isfinite(slopes) & (slopes > 0)
    mean = np.where(known, slopes, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(mean > 0, mean, 1.0)


def _clearing(economy: Economy, start: Array) -> Array:
    """Return prices near which demand is what there is, (goods,), good after good; 0 of unwanted goods."""
    wanted = (economy.bliss > 0).any(axis=0)
    p, before = np.where(wanted, start, 0.0), np.inf
    for _ in range(PASSES if wanted.sum() > 1 else 1):
        for good in np.flatnonzero(wanted).tolist():
            low, high = np.log(start[good]) - 28.0, np.log(start[good]) + 28.0
            for _ in range(HALVINGS):
                p[good] = np.exp((low + high) / 2.0)
                side = _excess(economy, p, good)
                if side == 0:
                    break
                low, high = ((low + high) / 2.0, high) if side > 0 else (low, (low + high) / 2.0)
        now = most_surplus(economy, p)
        if not before - now > 1e-13 * abs(now):
            break
        before = now
    return p


def _excess(economy: Economy, p: Array, good: int) -> int:
    """Return the sign of excess demand for a good; 0 where some answers balance it."""
    try:
        answers = economy.answers(p)
    except UnboundedDemandError:
        return 1
    demand, supply, there = answers.demand, answers.supply, economy.resources[good]
    least = demand.lowest[:, good].sum() - supply.highest[:, good].sum() - there
    most = demand.highest[:, good].sum() - supply.lowest[:, good].sum() - there
    return 1 if least > 0 else -1 if most < 0 else 0


def _at_ties(economy: Economy, p: Array) -> Array:
    """Return prices, (goods,), moved to nearby ones at which an agent is indifferent."""
    moved = p.copy()
    for good, known in enumerate(economy.indifference_prices):
        if len(known):
            nearest = known[np.abs(known - p[good]).argmin()]
            moved[good] = nearest if abs(nearest - p[good]) <= AT_A_TIE * nearest else p[good]
    return moved


def _reached(economy: Economy, p: Array) -> float:
    """Return the total surplus of answers to prices, made feasible; -inf where that fails."""
    try:
        answers = economy.answers(p)
    except UnboundedDemandError:
        return -np.inf
    x, most_x = answers.demand.bounds
    y, most_y = answers.supply.bounds
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return -np.inf
    there = economy.resources
    y = y + _share(x.sum(axis=0) - there - y.sum(axis=0), most_y - y)
    x = x + _share(there + y.sum(axis=0) - x.sum(axis=0), most_x - x)
    asked, given = x.sum(axis=0), there + y.sum(axis=0)
    x = x * np.divide(given, asked, out=np.ones_like(asked), where=asked > given)
    return float(economy.welfare(x, y).sum())


def _share(missing: Array, room: Array) -> Array:
    """Return what is missing of each good, (goods,), divided in proportion to room, (agents, goods)."""
    room = np.minimum(room, np.maximum(missing, 0.0))
    total = room.sum(axis=0)
    return room * np.divide(np.clip(missing, 0.0, total), total, out=np.zeros_like(total), where=total > 0)
