"""Claims about an auction: demand and supply meet at the recorded prices, and no agent regrets its trades.

The best answers of all agents, correspondences where they are indifferent, are computed from the primitives.
Excess demand of a good is how far the intervals of total demand and of total supply (stock, endowments and
outputs) are apart, and 0 where they meet; at a price of 0 only a lack counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array, Correspondence
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Answers, Economy
from market.errors import UnboundedDemandError
from market.outcome import Status, shown
from market.results.schema import number
from market.results.verify.accounts import worth
from market.results.verify.claim import Claim, difference
from market.results.verify.intervention_claims import check_interventions, has_interventions
from market.tolerances import LEAST_POSITIVE, REGRET_THAT_IS_NONE, ROUNDING_OF_RESULTS, UNBOUNDED

if TYPE_CHECKING:
    from market.mechanisms.auction.auctioneer import Auction
    from market.results.verify.record import Record

SEEN = 1e-11  # rounding of relative excess demand, whose size is 0 to 2
HUGE = 1e300  # stands for an unbounded amount in sums


def check_auction(economy: Economy, record: Record, options: Auction) -> Iterator[Claim]:
    """Check the prices of an auctioneer's outcome."""
    if has_interventions(options):
        yield from check_interventions(economy, record, options)
        return
    p = record.prices
    if p is None:
        yield Claim(f"{record.name}: prices", False, "an auctioneer's outcome must have prices")
        return
    try:
        best = economy.answers(p)
    except UnboundedDemandError as error:
        yield Claim(f"{record.name}: demand is bounded", False, str(error))
        return
    joint = best.demand.joint is not None or best.supply.joint is not None
    coupled = joint or bool(economy.technologies)
    z, relative = balance(economy, record, p) if coupled else excess_demand(economy, best, p)
    largest = float(np.abs(relative).max(initial=0.0))
    stated = number(record.stated["disequilibrium"])
    if coupled and record.status is not Status.CLEARED:
        largest = (
            stated  # the answers to the prices are not recorded where goods are coupled, only the trades
        )
    near = 2 * options.tolerance * len(z)  # shortages are rationed, along a chain good by good
    rationed = stated <= options.tolerance + SEEN and largest <= near + SEEN
    yield Claim(
        f"{record.name}: disequilibrium",
        abs(stated - largest) <= SEEN or (coupled and rationed),
        f"stated: {shown(stated)}, recomputed: {shown(largest)}",
    )
    turnover = float((record.consumption + economy.endowment + np.abs(record.production)).sum())
    if not (coupled and record.status is not Status.CLEARED):
        owed = -float(np.abs(z).sum())
        apart = difference(number(record.stated["auctioneer_payoff"]), owed, turnover)
        allowed = near if coupled else ROUNDING_OF_RESULTS
        detail = f"difference relative to all trade: {shown(apart)}"
        yield Claim(f"{record.name}: the auctioneer's payoff", apart <= allowed, detail)
    regret = regrets(economy, record, best, p)
    size = worth(economy, record) + np.abs(record.production) @ p
    if record.regret is not None:
        apart = difference(record.regret, regret, size)
        yield Claim(
            f"{record.name}: regret",
            apart <= ROUNDING_OF_RESULTS,
            f"largest relative difference: {shown(apart)}",
        )
    share = difference(regret, np.zeros_like(regret), size) if (regret > 0).any() else 0.0
    yield _ended(economy, record, options, stated if coupled and rationed else largest, share)
    if record.status is Status.CLEARED:
        yield _best_answers(economy, record, best, p, options.tolerance)
        yield _free_goods(economy, record, p, options.tolerance)


def balance(economy: Economy, record: Record, p: Array) -> tuple[Array, Array]:
    """Return recorded use minus supply: (units, share of their mean), (goods,) each."""
    taken = economy.taken(record.consumption, record.production)
    offered = economy.offered(record.production)
    z = np.where((p == 0) & (taken < offered), 0.0, taken - offered)
    return z, np.divide(2.0 * z, taken + offered, out=np.zeros_like(z), where=z != 0)


def excess_demand(economy: Economy, best: Answers, p: Array) -> tuple[Array, Array]:
    """Return excess demand (units, share of the mean of both sides), (goods,) each; 0 where the sides meet.

    An unbounded demand or supply meets nothing, not even an unbounded other side.
    """
    demand = [np.minimum(np.minimum(part, HUGE).sum(axis=0), HUGE) for part in best.demand.bounds]
    offered = [np.minimum(part, HUGE).sum(axis=0) for part in best.supply.bounds]
    supply = [np.minimum(economy.resources + total, HUGE) for total in offered]
    z, relative = np.zeros(len(p)), np.zeros(len(p))
    for g, price in enumerate(p):
        if max(demand[0][g], supply[0][g]) >= UNBOUNDED:
            side = 1.0 if demand[0][g] >= UNBOUNDED else -1.0
            z[g], relative[g] = side * np.inf, side * 2.0
            continue
        if demand[0][g] > supply[1][g]:
            wanted, offered = demand[0][g], supply[1][g]
        elif demand[1][g] < supply[0][g] and price > 0:
            wanted, offered = demand[1][g], supply[0][g]
        else:
            continue
        z[g] = wanted - offered
        relative[g] = z[g] / (wanted / 2 + offered / 2)
    return np.where(np.abs(z) < HUGE / 2, z, np.copysign(np.inf, z)), relative


def regrets(economy: Economy, record: Record, best: Answers, p: Array) -> Array:
    """Return the gain in payoff of each agent's best answer at the prices over what it had, (agents,)."""
    made, bundles = best.supply.lowest, best.demand.lowest
    unbounded = np.asarray((np.isinf(made) | np.isinf(bundles)).any(axis=1))
    made, bundles = (np.where(unbounded[:, None], 0.0, part) for part in (made, bundles))
    could = economy.payoff(economy.own_welfare(bundles, made), p, bundles, made)
    have = economy.payoff(
        economy.own_welfare(record.consumption, record.production), p, record.consumption, record.production
    )
    with np.errstate(invalid="ignore"):
        missed = np.where(could == have, 0.0, could - have)
    return np.where(unbounded, np.inf, np.maximum(missed, 0.0))


def _ended(economy: Economy, record: Record, options: Auction, largest: float, share: float) -> Claim:
    """Check the status against the recomputed numbers."""
    tolerance, rounds = options.tolerance, record.rounds
    cleared = (
        largest <= tolerance + SEEN
        and share <= max(10 * tolerance, REGRET_THAT_IS_NONE) + ROUNDING_OF_RESULTS
    )
    detail = (
        f"relative excess demand {shown(largest)}, largest gain from deviating {shown(share)} of the "
        f"worth of trades, {rounds} rounds"
    )
    holds = {
        Status.CLEARED: cleared,
        Status.MAX_ROUNDS: largest > tolerance - SEEN and rounds == options.max_rounds,
        Status.DIVERGED: largest > tolerance - SEEN and rounds <= options.max_rounds,
        Status.FAILED: largest <= tolerance + SEEN and not cleared,
        Status.CYCLING: largest > tolerance - SEEN and rounds <= options.max_rounds,
        Status.NO_EQUILIBRIUM: largest > tolerance - SEEN and no_equilibrium(economy) is not None,
    }
    return Claim(
        f"{record.name}: {record.status.value}, within {tolerance:.0e}",
        holds.get(record.status, False),
        detail,
    )


def _outside(had: Array, wanted: Correspondence, p: Array, tolerance: float) -> Array:
    """Return the distance of amounts from the answers, (agents, goods); inf where spending is wrong."""
    outside = np.maximum(np.maximum(wanted.lowest - had, had - wanted.highest), 0.0)
    if wanted.joint is not None:
        direction = wanted.joint.direction
        along = (direction != 0).any(axis=1)
        squares = np.maximum((direction**2).sum(axis=1), LEAST_POSITIVE)
        level = np.maximum(((had - wanted.lowest) * direction).sum(axis=1) / squares, 0.0)
        off = np.abs(had - wanted.lowest - level[:, None] * direction)
        outside = np.where(along[:, None], off, outside)
        spent = had @ p
        slack = (2 * tolerance + ROUNDING_OF_RESULTS) * np.maximum(spent, LEAST_POSITIVE)
        wrong = (spent < wanted.joint.least_spent - slack) | (spent > wanted.joint.most_spent + slack)
        outside = np.where((wrong & ~along)[:, None], np.inf, outside)
    return np.where(np.isfinite(outside), outside, np.inf)


def _best_answers(economy: Economy, record: Record, best: Answers, p: Array, tolerance: float) -> Claim:
    """Check that every agent has one of its best answers, up to rationing within the tolerance."""
    worst, size = 0.0, economy.offered(record.production)
    for had, wanted in ((record.consumption, best.demand), (record.production, best.supply)):
        outside = _outside(had, wanted, p, tolerance)
        shares = np.divide(
            outside,
            size,
            out=np.where(outside > 0, np.inf, 0.0),
            where=np.broadcast_to(size > 0, outside.shape),
        )
        worst = max(worst, float(shares.max(initial=0.0)))
    return Claim(
        f"{record.name}: every agent has what it demanded",
        worst <= 2 * tolerance + ROUNDING_OF_RESULTS,
        f"largest difference, as a share of the good: {shown(worst)}",
    )


def _free_goods(economy: Economy, record: Record, p: Array, tolerance: float) -> Claim:
    """Check complementary slackness: no good with a price is left over."""
    there = economy.offered(record.production)
    left = np.where(p > 0, there - economy.taken(record.consumption, record.production), 0.0)
    shares = np.divide(left, there, out=np.zeros_like(left), where=there > 0)
    worst = float(shares.max(initial=0.0))
    detail = f"largest share left over of a good with a price: {shown(worst)}"
    return Claim(
        f"{record.name}: goods left over are free", worst <= 2 * tolerance + ROUNDING_OF_RESULTS, detail
    )
