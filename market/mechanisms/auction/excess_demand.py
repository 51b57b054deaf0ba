"""From answers to prices to what agents can really have: excess demand, assignment, rationing, regret.

Symbols: d (lowest, highest) demand and s (lowest, highest) supply of each agent, sets where somebody is
indifferent; r = q + sum e resources. Aggregate excess demand is the interval
[sum d_lowest - r - sum s_highest, sum d_highest - r - sum s_lowest]; `z` is its point nearest to zero. If
it contains zero the market for the good clears, and the indifferent are assigned amounts that balance,
each the same fraction of the way from its lowest to its highest.

A good whose price is zero clears if nothing is lacking (complementary slackness); what is left is nobody's.

At prices that do not clear, the short side decides and the long side is rationed in proportion, and nobody
spends what it did not earn (`rationing.py`).

Agents of a part of an economy are settled by the same steps; what is needed of all together, sums over
agents, is asked for (`reductions.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from market.economy.correspondences import Array, good_by_good, sum_over_agents
from market.economy.primitives import Answers, Economy
from market.economy.reductions import Reduction, run_locally
from market.mechanisms.auction.assignment import Assigned, assign, needs_assignment
from market.mechanisms.auction.rationing import ration, rationing

CLEARED = 1e-8  # shares of an offer up to which what is lacking or left over is rounding
ENDLESS = 1e199  # amounts from there on stand for more than any amount
_MOST = 1e200  # stands for an unbounded amount where amounts are added and subtracted


@dataclass(frozen=True)
class Imbalance:
    """How far the market for each good is from clearing, all (goods,).

    Args:
        z: excess demand, units; 0 where the market clears, infinite where an amount without bound is offered.
        relative: z over the mean of the demand and supply that are compared, -2 to 2.
    """

    z: Array
    relative: Array

    @cached_property
    def disequilibrium(self) -> float:
        """The largest relative excess demand in absolute value."""
        return float(np.abs(self.relative).max())


def imbalance(economy: Economy, answers: Answers, p: Array) -> Imbalance:
    """How far announced demand and supply are from balance, good by good."""
    if economy.technologies or needs_assignment(answers):
        return _imbalance_of(economy, assign(economy, answers, p), p)
    demand, supply = answers.total_demand, answers.total_supply
    if demand.single_valued and supply.single_valued:
        return _of_amounts(demand.lowest, economy.resources + supply.lowest, p)
    least, most = (np.minimum(total, _MOST) for total in demand.bounds)
    offered_least, offered_most = (np.minimum(economy.resources + total, _MOST) for total in supply.bounds)
    lacking, left_over = least - offered_most, offered_least - most
    z = np.where(lacking > 0, lacking, np.where(left_over > 0, -left_over, 0.0))
    z = np.where((p == 0) & (z < 0), 0.0, z)
    mean = np.where(z > 0, least / 2 + offered_most / 2, most / 2 + offered_least / 2)
    relative = np.divide(z, mean, out=np.zeros_like(z), where=z != 0)
    return _with_what_has_no_bound(
        Imbalance(np.where(np.abs(z) < _MOST / 2, z, np.copysign(np.inf, z)), relative), least, offered_least
    )


def _imbalance_of(economy: Economy, assigned: Assigned, p: Array) -> Imbalance:
    """How far an assignment leaves markets from balance; what producers use counts as demand."""
    y = assigned.production
    wanted = assigned.consumption.sum(axis=0) + np.maximum(-y, 0.0).sum(axis=0)
    offered = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    return _of_amounts(wanted, offered, p)


def _of_amounts(wanted: Array, offered: Array, p: Array) -> Imbalance:
    """How far single amounts are from balance, (goods,) each."""
    together = wanted + offered
    if p.min() > 0 and together.min() > 0 and together.max() < ENDLESS:  # nearly every round
        z = wanted - offered
        return Imbalance(z, z / (together / 2))
    wanted, offered = np.minimum(wanted, _MOST), np.minimum(offered, _MOST)
    z = wanted - offered
    z = np.where((p == 0) & (z < 0), 0.0, z)
    mean = wanted / 2 + offered / 2
    relative = np.divide(z, mean, out=np.zeros_like(z), where=z != 0)
    unbounded = np.abs(z) >= _MOST / 2
    return _with_what_has_no_bound(
        Imbalance(np.where(unbounded, np.copysign(np.inf, z), z) if unbounded.any() else z, relative),
        wanted,
        offered,
    )


def _with_what_has_no_bound(found: Imbalance, wanted: Array, offered: Array) -> Imbalance:
    """The same where at least more than any amount is wanted or offered: nothing is a match for that."""
    endless = np.where(wanted >= ENDLESS, 1.0, np.where(offered >= ENDLESS, -1.0, 0.0))
    if not endless.any():
        return found
    marked = endless != 0
    return Imbalance(
        np.where(marked, np.copysign(np.inf, endless), found.z),
        np.where(marked, 2.0 * endless, found.relative),
    )


def settle(economy: Economy, answers: Answers, p: Array) -> tuple[Array, Array]:
    """What everyone consumes and makes, (agents, goods) each: feasible, and balanced where it can be."""
    if not (economy.technologies or needs_assignment(answers)):
        return run_locally(settling(economy, answers, p))
    assigned = assign(economy, answers, p)
    x, y = assigned.consumption, assigned.production
    if not _nearly_balanced(economy.taken(x, y), economy.offered(y), p):
        return ration(economy, x, y, p)
    if economy.technologies:
        return _trim_with_inputs(economy, x, y)
    return run_locally(_trimming(economy, x, y, sum_over_agents(x)))


def settling(economy: Economy, answers: Answers, p: Array) -> Reduction[tuple[Array, Array]]:
    """The same of a part of an economy in which amounts do not hang together, asking for sums over all."""
    x, y = yield from _assigning(economy, answers)
    made = sum_over_agents(np.maximum(y, 0.0)) if economy.costs else np.zeros(len(p))
    eaten = answers.total_demand.lowest if x is answers.demand.lowest else sum_over_agents(x)
    eaten, owned, made = yield eaten, economy.owned, made
    if not _nearly_balanced(eaten, economy.commons + owned + made, p):
        return (yield from rationing(economy, x, y, p))
    return (yield from _trimming(economy, x, y, eaten))


def _assigning(economy: Economy, answers: Answers) -> Reduction[tuple[Array, Array]]:
    """Choose from everyone's set so that demand and supply are as near as they can be; always finite."""
    single = (
        answers.demand.single_valued
        and answers.supply.single_valued
        and not (economy.has_producers and np.isinf(answers.supply.lowest).any())
    )
    (several,) = yield (float(not single),)
    if not several:
        wanted, made = answers.demand.lowest, answers.supply.lowest
        return (wanted if wanted.max(initial=0.0) <= _MOST else np.minimum(wanted, _MOST)), made
    certain = np.where(np.isfinite(answers.supply.lowest), answers.supply.lowest, 0.0).sum(axis=0)
    asked, owned, certain = yield answers.total_demand.lowest, economy.owned, certain
    resources = economy.commons + owned
    enough = np.minimum(asked + resources + certain, _MOST)
    wanted = np.minimum(answers.demand.lowest, _MOST)
    d_low, d_high = (np.minimum(amounts, np.maximum(enough, wanted)) for amounts in answers.demand.bounds)
    (most,) = yield (d_high.sum(axis=0),)
    enough = np.maximum(enough, np.minimum(most, _MOST))
    s_low, s_high = (np.minimum(amounts, enough) for amounts in answers.supply.bounds)
    least, most_made, d_room, s_room = yield (
        d_low.sum(axis=0),
        s_high.sum(axis=0),
        (d_high - d_low).sum(axis=0),
        (s_high - s_low).sum(axis=0),
    )
    lacking, room = least - resources - most_made, d_room + s_room
    share = np.clip(np.divide(-lacking, room, out=np.zeros_like(room), where=room > 0), 0.0, 1.0)
    return d_low + share * (d_high - d_low), s_high - share * (s_high - s_low)


def _nearly_balanced(wanted: Array, offered: Array, p: Array) -> bool:
    """Whether only rounding is lacking, or left over at a price; all (goods,)."""
    apart = np.where((p == 0) & (offered > wanted), 0.0, np.abs(wanted - offered))
    return bool((apart <= CLEARED * offered).all())


def _trimming(economy: Economy, x: Array, y: Array, eaten: Array) -> Reduction[tuple[Array, Array]]:
    """Scale the long side of each good down to the short side, where that is hardly anything.

    Args:
        economy: the primitives, or a part of them.
        x: (agents, goods), what they would consume.
        y: (agents, goods), what they would make.
        eaten: (goods,), what all consume together.
    """
    made = sum_over_agents(y) if economy.costs else np.zeros(len(economy.goods))
    (owners,) = yield (float(economy.has_endowments),)
    if not owners:
        (made,) = yield (made,)
        served, taken = _shares(eaten, economy.commons + made)
        return good_by_good(np.multiply, x, served), y * taken if economy.costs else y
    wanted, for_sale = np.zeros_like(made), np.zeros_like(made)
    for rows in economy.pieces:
        net = x[rows] - economy.endowment[rows]
        wanted += sum_over_agents(np.maximum(net, 0.0))
        for_sale += sum_over_agents(np.maximum(-net, 0.0))
    wanted, for_sale, made = yield wanted, for_sale, made
    served, taken = _shares(wanted, economy.commons + for_sale + made)
    consumption = np.empty(economy.shape)
    for rows in economy.pieces:
        had, own = x[rows], economy.endowment[rows]
        bought = np.maximum(had - own, 0.0)
        consumption[rows] = np.where(bought > 0, own + bought * served, had)
    return consumption, y * taken if economy.costs else y


def _shares(wanted: Array, offered: Array) -> tuple[Array, Array]:
    """Which share of what is wanted is served, and of what is offered taken, (goods,) each."""
    served = np.divide(offered, wanted, out=np.ones_like(wanted), where=wanted > offered)
    taken = np.divide(wanted, offered, out=np.ones_like(wanted), where=offered > wanted)
    return served, taken


def _trim_with_inputs(economy: Economy, x: Array, y: Array) -> tuple[Array, Array]:
    """Ration inputs in proportion, pass what is not made on through the chain, then ration consumption.

    A share of a netput is allowed, since doing nothing is and technologies are convex.
    """
    wanted, offered = economy.taken(x, y), economy.offered(y)
    share = np.divide(offered, wanted, out=np.ones_like(wanted), where=wanted > offered)
    for _ in range(2 * len(wanted)):
        y = y * np.where(y < 0, share, 1.0).min(axis=1)[:, None]
        used, there = np.maximum(-y, 0.0).sum(axis=0), economy.offered(y)
        if (used <= there).all():
            break
        share = np.divide(there, used, out=np.ones_like(used), where=used > there)
    there = np.maximum(economy.resources + y.sum(axis=0), 0.0)
    eaten = x.sum(axis=0)
    return x * np.divide(there, eaten, out=np.ones_like(eaten), where=eaten > there), y


def regret(economy: Economy, p: Array, payoffs: Array) -> Array:
    """The most each agent could gain at prices p by another bundle that it can pay for, (agents,).

    Everyone's best answer at p is asked for anew; a rationed agent regrets what it could not have.

    Args:
        economy: the primitives.
        p: (goods,), prices.
        payoffs: (agents,), what everyone has now (`Economy.payoff`).
    """
    regrets = np.empty(len(economy.agents))
    for rows, part in economy.parts:
        regrets[rows] = gain(payoffs[rows], _best(part, p))
    return regrets


def _best(economy: Economy, p: Array) -> Array:
    """The payoff of everyone's best answer to prices p, (agents,); inf of one without bound."""
    best = economy.answers(p)
    eaten, made = best.demand.lowest, best.supply.lowest
    if not (np.isinf(eaten.max(initial=0.0)) or (economy.has_producers and np.isinf(made).any())):
        return economy.payoff(economy.welfare(eaten, made), p, eaten, made)
    unbounded = np.asarray((np.isinf(made) | np.isinf(eaten)).any(axis=1))
    made, eaten = (np.where(unbounded[:, None], 0.0, part) for part in (made, eaten))
    return np.where(unbounded, np.inf, economy.payoff(economy.welfare(eaten, made), p, eaten, made))


def gain(before: Array, after: Array) -> Array:
    """After - before where it is positive, else 0; 0 from -inf to -inf, inf from -inf to anything else."""
    same = before == after
    with np.errstate(invalid="ignore"):
        return np.where(same, 0.0, np.maximum(after - before, 0.0))


def relative_regret(economy: Economy, p: Array, x: Array, y: Array, regrets: Array) -> float:
    """The largest regret as a share of what the agent's trades are worth to it.

    The worth of a bundle is what it is at the margin (`Economy.worth`), of outputs p.y. The ratio has no
    unit: it does not change when a utility is multiplied by a number.
    """
    largest = 0.0
    for rows, part in economy.parts:
        had, gained = x[rows], regrets[rows]
        worth = part.worth(had)
        if part.has_producers:
            worth += y[rows] @ p
        shares = np.divide(
            gained, worth, out=np.where(gained > 0, np.inf, 0.0), where=(gained > 0) & (worth > 0)
        )
        largest = max(largest, float(shares.max(initial=0.0)))
    return largest
