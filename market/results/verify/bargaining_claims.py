"""Claims about bargaining: the markets that no agreement would lead to, and the shares of the gain.

Recorded are the prices p of these markets and the production y in them (`actions`). With p and y the payoffs
without an agreement follow from the primitives alone: each agent has the best of all bundles at p, `max_x
(u_i(x) - p.x) + p.e_i + p.y_i - C_i(y_i)`, less the harm by y. That p clears these markets is checked by
excess demand: what all want at p is what there is with y, up to `MISSED`, free goods apart, and y is each
producer's best. With the rights of victims y has none of the goods that harm others.

The gain is total surplus less these payoffs and the revenue of the commons; each payoff exceeds its d_i by
the agent's share of it. That no agreement gains more is the claim about the surplus gap (`figures.py`).

Source: as in `mechanisms/trading/bargaining.py`, with which nothing is shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import UnboundedDemandError
from market.outcome import Status, shown
from market.results.verify.accounts import worth
from market.results.verify.alignment_claims import violation
from market.results.verify.claim import Claim, difference
from market.results.verify.harm_claims import suffered, welfare
from market.results.verify.record import Record

if TYPE_CHECKING:
    from market.mechanisms.trading.bargaining import Bargaining

MISSED = 1e-6
"""Relative accuracy of markets found by a planner, whose own tolerance it is by default."""


def check_bargaining(economy: Economy, record: Record, options: Bargaining) -> Iterator[Claim]:
    """Check the status, the markets without an agreement, the gain, payoffs and payments."""
    name = record.name
    agreed = record.status is Status.SETTLED
    yield Claim(
        f"{name}: status", agreed or record.status is Status.FAILED, f"{record.status.value}, by the rules"
    )
    if not agreed:
        return
    if record.actions is None or record.prices is None:
        yield Claim(f"{name}: markets without an agreement", False, "their production or prices are missing")
        return
    p, y = record.prices, record.actions
    yield _markets(economy, record, options, p, y)
    alone, revenue, sizes = _without_agreement(economy, p, y)
    utilities = welfare(economy, record.consumption, record.production)
    gain = float(utilities.sum() - alone.sum()) - revenue
    size = float(sizes.sum() + worth(economy, record).sum() + np.abs(utilities).sum())
    apart = difference(record.evidence_value("gain"), max(gain, 0.0), size)
    yield Claim(f"{name}: gain by the agreement", apart <= MISSED, f"recomputed: {gain:.6g}")
    residual = record.evidence_value("residual")
    within = 0.0 <= residual <= options.tolerance
    p, w = record.supporting_prices, record.weights
    if p is not None and w is not None and np.ptp(w) == 0.0 and w[0] > 0:
        found = violation(economy, record, w / w[0], p / w[0])
        within = within and found <= options.tolerance
        detail = f"stated: {shown(residual)}, with the supporting prices: {shown(found)}"
    else:
        detail = f"stated: {shown(residual)}"
    yield Claim(f"{name}: conditions for an optimum, within {options.tolerance:.0e}", within, detail)
    payoffs = alone + max(gain, 0.0) * _shares(economy, options)
    apart = difference(record.payoffs, payoffs, size)
    detail = f"largest relative difference: {shown(apart)}"
    yield Claim(f"{name}: payoffs share the gain by power", apart <= MISSED, detail)
    apart = difference(record.payments, utilities - record.payoffs, np.abs(utilities) + sizes)
    apart = max(apart, difference(record.revenue, revenue, size) if abs(revenue) > MISSED * size else 0.0)
    detail = f"largest relative difference: {shown(apart)}"
    yield Claim(f"{name}: payments", apart <= MISSED, detail)


def _markets(economy: Economy, record: Record, options: Bargaining, p: Array, y: Array) -> Claim:
    """Check that p and y are those of markets that clear without regard to harm."""
    name = f"{record.name}: markets without an agreement"
    makes = economy.capacity
    if options.rights == "victims" and economy.harm is not None:
        bad = (economy.harm.rate > 0) | (economy.harm.slope > 0)
        forbidden = np.array([np.delete(bad, i, axis=0).any(axis=0) for i in range(len(bad))])
        if (forbidden & (y > 0)).any():
            return Claim(name, False, "a good that harms others is made against the right of its victims")
        makes = np.where(forbidden, 0.0, makes)
    if not ((y >= 0) & (y <= makes * (1.0 + MISSED)) & np.isfinite(y)).all() or not (p >= 0).all():
        return Claim(name, False, "production is impossible, or a price is below 0")
    try:
        wanted = economy.demand(p, economy.supply(p)).bounds
    except UnboundedDemandError:
        return Claim(name, False, "demand is unbounded at these prices")
    there = economy.resources + y.sum(axis=0)
    least, most = (each.sum(axis=0) for each in wanted)
    size = np.maximum(there, most)
    short = np.where(p > 0, np.maximum(there - most, 0.0), 0.0) + np.maximum(least - there, 0.0)
    apart = float(np.divide(short, size, out=np.zeros_like(p), where=size > 0).max(initial=0.0))
    _, ended = economy.at_ends_of_steps(np.zeros_like(y), y, MISSED * there)
    costs, last = economy.marginal_cost(ended), economy.marginal_cost_of_last(ended)
    room, some = y < makes * (1.0 - MISSED), y > MISSED * there
    wrong = np.where(room & np.isfinite(costs), np.maximum(p - costs, 0.0), 0.0)
    wrong = wrong + np.where(some, np.maximum(last - p, 0.0), 0.0)
    apart = max(apart, float(np.divide(wrong, p, out=np.where(wrong > 0, np.inf, 0.0), where=p > 0).max()))
    return Claim(name, apart <= 10 * MISSED, f"largest relative excess demand or cost: {shown(apart)}")


def _without_agreement(economy: Economy, p: Array, y: Array) -> tuple[Array, float, Array]:
    """Return payoffs without an agreement, (agents,), the auctioneer's revenue, and sizes for rounding."""
    best = economy.demand(p, economy.supply(p)).lowest
    value, cost = economy.utility(best) - best @ p, economy.cost(y)
    earned = (economy.endowment + y) @ p
    revenue = float(p @ economy.commons)
    shared = economy.commons_share * revenue if economy.shares_revenue else np.zeros(len(value))
    sizes = np.abs(economy.utility(best)) + best @ p + earned + cost + np.abs(suffered(economy, y))
    kept = revenue - float(shared.sum())
    return value + earned - cost - suffered(economy, y) + shared, kept, sizes


def _shares(economy: Economy, options: Bargaining) -> Array:
    """Return the share of each agent in the gain, (agents,)."""
    powers = np.ones(len(economy.agents))
    for agent, power in options.power.items():
        powers[economy.rows(agent)] = power
    return powers / powers.sum()
