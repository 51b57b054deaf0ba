"""At the recorded prices: do demand and supply meet, and would anybody rather have traded otherwise?

Everybody's best answer at the prices, a set (lowest, highest) where somebody is indifferent, is asked of the
primitives. Excess demand of a good is how far the intervals of total demand and of total supply (stock,
endowments and outputs) are apart, and 0 where they meet; at a price of 0 only a lack counts.
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
from market.results.tables import number
from market.results.verify.accounts import worth
from market.results.verify.claim import ROUNDING, Claim, difference
from market.results.verify.record import Record

if TYPE_CHECKING:
    from market.mechanisms.auction.auctioneer import Auction

SEEN = 1e-11  # rounding of relative excess demand, whose size is 0 to 2
HUGE = 1e300  # stands for an unbounded amount in sums
ENDLESS = 1e199  # amounts from there on are more than any amount


def trading(economy: Economy, record: Record, options: Auction) -> Iterator[Claim]:
    """Everything that an auctioneer's outcome says of prices."""
    p = record.prices
    if p is None:
        yield Claim(f"{record.name}: prices", False, "an auctioneer's outcome without prices")
        return
    try:
        best = economy.answers(p)
    except UnboundedDemandError as error:
        yield Claim(f"{record.name}: demand is bounded", False, str(error))
        return
    joint = best.demand.joint is not None or best.supply.joint is not None
    together = joint or bool(economy.technologies)
    z, relative = balance(economy, record, p) if together else excess_demand(economy, best, p)
    largest = float(np.abs(relative).max(initial=0.0))
    stated = number(record.said["disequilibrium"])
    if together and record.status is not Status.CLEARED:
        largest = stated  # what was announced is not recorded where goods hang together, only what came of it
    near = 2 * options.tolerance * len(z)  # what is lacking is rationed, along a chain good by good
    rationed = stated <= options.tolerance + SEEN and largest <= near + SEEN
    yield Claim(
        f"{record.name}: disequilibrium",
        abs(stated - largest) <= SEEN or (together and rationed),
        f"{shown(stated)} stated, {shown(largest)} recomputed",
    )
    turnover = float((record.consumption + economy.endowment + np.abs(record.production)).sum())
    if not (together and record.status is not Status.CLEARED):
        owed = -float(np.abs(z).sum())
        apart = difference(number(record.said["auctioneer_payoff"]), owed, turnover)
        allowed = near if together else ROUNDING
        yield Claim(
            f"{record.name}: the auctioneer's payoff", apart <= allowed, f"difference {shown(apart)} of trade"
        )
    regret = regrets(economy, record, best, p)
    size = worth(economy, record) + np.abs(record.production) @ p
    if record.regret is not None:
        apart = difference(record.regret, regret, size)
        yield Claim(
            f"{record.name}: regret", apart <= ROUNDING, f"largest relative difference {shown(apart)}"
        )
    share = difference(regret, np.zeros_like(regret), size) if (regret > 0).any() else 0.0
    yield _ended(economy, record, options, stated if together and rationed else largest, share)
    if record.status is Status.CLEARED:
        yield _best_answers(economy, record, best, p, options.tolerance)
        yield _free_goods(economy, record, p, options.tolerance)


def balance(economy: Economy, record: Record, p: Array) -> tuple[Array, Array]:
    """What is taken beyond what is offered, as recorded: (units, share of their mean), (goods,) each."""
    taken = economy.taken(record.consumption, record.production)
    offered = economy.offered(record.production)
    z = np.where((p == 0) & (taken < offered), 0.0, taken - offered)
    return z, np.divide(2.0 * z, taken + offered, out=np.zeros_like(z), where=z != 0)


def excess_demand(economy: Economy, best: Answers, p: Array) -> tuple[Array, Array]:
    """(units, share of the mean of demand and supply), (goods,) each; 0 where demand and supply meet.

    Nothing meets a demand or a supply that is more than any amount, not even one of the other side.
    """
    demand = [np.minimum(np.minimum(part, HUGE).sum(axis=0), HUGE) for part in best.demand.bounds]
    offered = [np.minimum(part, HUGE).sum(axis=0) for part in best.supply.bounds]
    supply = [np.minimum(economy.resources + total, HUGE) for total in offered]
    z, relative = np.zeros(len(p)), np.zeros(len(p))
    for g, price in enumerate(p):
        if max(demand[0][g], supply[0][g]) >= ENDLESS:
            side = 1.0 if demand[0][g] >= ENDLESS else -1.0
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
    """What each agent's best answer at the prices would give it more than what it had, (agents,)."""
    made, bundles = best.supply.lowest, best.demand.lowest
    endless = np.asarray((np.isinf(made) | np.isinf(bundles)).any(axis=1))
    made, bundles = (np.where(endless[:, None], 0.0, part) for part in (made, bundles))
    could = economy.payoff(economy.welfare(bundles, made), p, bundles, made)
    have = economy.payoff(
        economy.welfare(record.consumption, record.production), p, record.consumption, record.production
    )
    with np.errstate(invalid="ignore"):
        missed = np.where(could == have, 0.0, could - have)
    return np.where(endless, np.inf, np.maximum(missed, 0.0))


def _ended(economy: Economy, record: Record, options: Auction, largest: float, share: float) -> Claim:
    """Whether the status says what the recomputed numbers show."""
    tolerance, rounds = options.tolerance, record.said["rounds"]
    cleared = largest <= tolerance + SEEN and share <= max(10 * tolerance, 1e-8) + ROUNDING
    detail = (
        f"relative excess demand {shown(largest)}, regret {shown(share)} of what is traded, {rounds} rounds"
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
    """How far amounts are outside of answers, (agents, goods), units; inf where spending is wrong."""
    outside = np.maximum(np.maximum(wanted.lowest - had, had - wanted.highest), 0.0)
    if wanted.joint is not None:
        direction = wanted.joint.direction
        along = (direction != 0).any(axis=1)
        squares = np.maximum((direction**2).sum(axis=1), 1e-300)
        level = np.maximum(((had - wanted.lowest) * direction).sum(axis=1) / squares, 0.0)
        off = np.abs(had - wanted.lowest - level[:, None] * direction)
        outside = np.where(along[:, None], off, outside)
        spent = had @ p
        slack = (2 * tolerance + ROUNDING) * np.maximum(spent, 1e-300)
        wrong = (spent < wanted.joint.least_spent - slack) | (spent > wanted.joint.most_spent + slack)
        outside = np.where((wrong & ~along)[:, None], np.inf, outside)
    return np.where(np.isfinite(outside), outside, np.inf)


def _best_answers(economy: Economy, record: Record, best: Answers, p: Array, tolerance: float) -> Claim:
    """Whether everybody has one of its best answers, up to what the tolerance lets be rationed."""
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
        f"{record.name}: everyone has what it asked for",
        worst <= 2 * tolerance + ROUNDING,
        f"largest difference {shown(worst)} of what there is of a good",
    )


def _free_goods(economy: Economy, record: Record, p: Array, tolerance: float) -> Claim:
    """Complementary slackness: nothing is left over of a good that has a price."""
    there = economy.offered(record.production)
    left = np.where(p > 0, there - economy.taken(record.consumption, record.production), 0.0)
    shares = np.divide(left, there, out=np.zeros_like(left), where=there > 0)
    worst = float(shares.max(initial=0.0))
    return Claim(
        f"{record.name}: what is left over is free",
        worst <= 2 * tolerance + ROUNDING,
        f"largest share left over of a good with a price {shown(worst)}",
    )
