"""Claims about barter, restated: no agent loses, goods are conserved, and no pair that may meet can gain.

Symbols: m_ig = du_i/dx_ig, of quasilinear money 1. Agents i and j that may meet can both gain if, for two
goods g, h with `x_ig > 0` and `x_jh > 0`, `m_ih / m_ig > m_jh / m_jg`. Their relative gain is the logarithm
of the ratio of both sides. Here it is computed from slopes at the recorded holdings, pair by pair for few
pairs, and for many by the extreme rates of each two goods.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.outcome import Status, shown
from market.results.verify.accounts import Due, worth
from market.results.verify.claim import Claim
from market.results.verify.record import Record
from market.tolerances import NEGLIGIBLE_AMOUNT, ROUNDING_OF_RESULTS, ROUNDING_OF_SUMS

if TYPE_CHECKING:
    from market.mechanisms import Barter

Mask = NDArray[np.bool_]

EXTREME = np.exp(300.0)  # slopes beyond, or below its inverse, count as this size
MOST_PAIRS = 20_000  # that are looked at one by one


def due_of_barter(economy: Economy, record: Record, options: Barter) -> Due:  # noqa: ARG001
    """Return the payments recorded, which trades explain, and the payoffs that they imply."""
    welfare = economy.utility(record.consumption)
    if economy.money is not Money.QUASILINEAR:
        return Due(np.zeros(len(economy.agents)), 0.0, welfare)
    return Due(record.payments, 0.0, welfare - record.payments)


def check_barter(economy: Economy, record: Record, options: Barter) -> Iterator[Claim]:
    """Check what barter claims of its end.

    Args:
        economy: rebuilt from the scenario.
        record: of the mechanism.
        options: of the mechanism, which knows the pairs that may meet.
    """
    x, name = record.consumption, record.name
    apart = np.abs(x.sum(axis=0) - economy.owned) / np.maximum(economy.owned, np.finfo(float).tiny)
    off = float(np.where(economy.owned > 0, apart, np.abs(x).sum(axis=0)).max(initial=0.0))
    untouched = not record.production.any()
    yield Claim(
        f"{name}: goods only change hands", off <= ROUNDING_OF_SUMS and untouched, f"off by {shown(off)}"
    )
    before, after = economy.utility(economy.endowment), economy.utility(x) - record.payments
    size = (
        np.where(np.isfinite(before), np.abs(before), 0.0) + worth(economy, record) + np.abs(record.payments)
    )
    worse = after < before - ROUNDING_OF_RESULTS * size
    yield Claim(
        f"{name}: no agent is worse off than at the start",
        not worse.any(),
        f"{int(worse.sum())} are worse off",
    )
    if economy.money is Money.QUASILINEAR:
        within = (record.payments <= economy.budget + ROUNDING_OF_RESULTS * (1.0 + size)).all()
        yield Claim(f"{name}: no agent pays more than it has", bool(within), "payments within budgets")
    yield from _observed(record)
    yield from _settled(economy, record, options)


def _observed(record: Record) -> Iterator[Claim]:
    """Check the number of trades and the mean of ln p of each round against single trades."""
    seen, trades = record.observations, record.trades
    if trades is None or not record.rounds:
        return
    names = {"trades", "mean_ln_price", "sd_ln_price", "sd_ln_mrs"}
    known = set(seen) == names and all(len(values) == record.rounds for values in seen.values())
    wrong = 0
    if known:
        count = np.bincount(trades.round - 1, minlength=record.rounds)
        priced = trades.price > 0
        logs = np.bincount(
            trades.round[priced] - 1, np.log(trades.price[priced]), minlength=record.rounds
        ) / np.maximum(np.bincount(trades.round[priced] - 1, minlength=record.rounds), 1)
        some = np.isfinite(seen["mean_ln_price"])
        size = 1.0 + np.abs(logs[some])
        wrong = int((count != seen["trades"]).sum())
        wrong += int((np.abs(seen["mean_ln_price"][some] - logs[some]) > ROUNDING_OF_RESULTS * size).sum())
    detail = f"{wrong} of {record.rounds:,} rounds differ from the trades"
    yield Claim(f"{record.name}: observations of each round", known and not wrong, detail)


def _settled(economy: Economy, record: Record, options: Barter) -> Iterator[Claim]:
    """Check the evidence, and that `settled` is claimed exactly if no pair that may meet can gain."""
    name = f"{record.name}: {record.status.value}, within {options.tolerance:.0e}"
    if economy.has_kinks:
        yield Claim(name, None, "not checked: where utilities have kinks, slopes do not show gains")
        return
    edges = options.network_of(economy)
    agents = len(economy.agents)
    pairs = agents * (agents - 1) // 2 if edges is None else len(edges)
    rates, gives, lifts = _margins(economy, record)
    all_goods = options.goods == "all"
    against = None if all_goods else _against(economy, options)
    if isinstance(options.goods, tuple):  # of other goods there is nothing to give
        kept = [good in options.goods for good in economy.goods]
        gives &= np.array(kept + [True] * (gives.shape[1] - len(kept)))
    if edges is None and pairs <= MOST_PAIRS:
        edges = np.array([(i, j) for i in range(agents) for j in range(i)], dtype=np.intp).reshape(-1, 2)
    if edges is None:
        found = _by_extremes(rates, gives, lifts, against)
    else:
        found = _by_pairs(rates, gives, lifts, edges, against)
    stated = record.evidence_value("pair_gain")
    same = abs(found - stated) <= ROUNDING_OF_RESULTS * max(1.0, found)
    counted = record.evidence_value("pairs_checked") == pairs
    none = found <= options.tolerance + ROUNDING_OF_SUMS
    status = none == (record.status is Status.SETTLED)
    ended = record.status is Status.SETTLED or record.rounds == options.max_rounds
    detail = f"largest joint gain of {pairs:,} pairs: {shown(found)}, stated: {shown(stated)}"
    yield Claim(name, bool(same and counted and status and ended), detail)


def _against(economy: Economy, options: Barter) -> int | None:
    """Return the good against which all others are traded; None if any two are."""
    if economy.money is Money.QUASILINEAR:
        return len(economy.goods)
    return economy.goods.index(options.against) if options.against else None


def _margins(economy: Economy, record: Record) -> tuple[Array, Mask, Mask]:
    """Return ln m, and masks of what each agent can give and gain by, (agents, goods and money)."""
    x = record.consumption
    slopes = economy.marginal_utility(x)
    can_give = x > NEGLIGIBLE_AMOUNT * economy.resources / len(economy.agents)
    lifts = slopes > 0
    lacking = np.isinf(slopes)
    if lacking.any():  # of several goods that are lacking none helps alone
        utility, step = economy.utility(x), economy.resources / len(economy.agents)
        for g in np.flatnonzero(lacking.any(axis=0)):
            more = x.copy()
            more[:, g] += step[g]
            lifts[:, g] &= economy.utility(more) > utility
        for g in np.flatnonzero(~lacking.any(axis=0)):
            more = x.copy()
            more[:, g] += step[g]
            lifts[:, g] &= (economy.utility(more) > utility) | ~lacking.any(axis=1)
    if economy.money is Money.QUASILINEAR:
        left = economy.budget - record.payments
        rich = np.isinf(left) | (left > NEGLIGIBLE_AMOUNT * (economy.budget + np.abs(record.payments)))
        slopes = np.column_stack([slopes, np.ones(len(x))])
        can_give, lifts = np.column_stack([can_give, rich]), np.column_stack([lifts, np.ones(len(x), bool)])
    return np.log(np.clip(slopes, 1.0 / EXTREME, EXTREME)), can_give, lifts


def _by_pairs(rates: Array, gives: Mask, lifts: Mask, edges: NDArray[np.intp], against: int | None) -> float:
    """Return the largest relative gain of the pairs, two goods at a time."""
    largest = 0.0
    one, other = edges[:, 0], edges[:, 1]
    for g, h in permutations(range(rates.shape[1]), 2):  # the first gives g, the other gives h
        if against is not None and against not in (g, h):
            continue
        can = gives[one, g] & lifts[one, h] & gives[other, h] & lifts[other, g]
        gain = (rates[one, h] - rates[one, g]) - (rates[other, h] - rates[other, g])
        largest = max(largest, float(gain[can].max(initial=0.0)))
    return largest


def _by_extremes(rates: Array, gives: Mask, lifts: Mask, against: int | None) -> float:
    """Return the largest relative gain of any two agents, from the extreme rates of each two goods."""
    largest = 0.0
    for g, h in permutations(range(rates.shape[1]), 2):
        if against is not None and against not in (g, h):
            continue
        rate = rates[:, h] - rates[:, g]
        keen, other = rate[gives[:, g] & lifts[:, h]], rate[gives[:, h] & lifts[:, g]]
        if len(keen) and len(other):
            largest = max(largest, float(keen.max() - other.min()))
    return largest
