"""Settlement of trades: amounts that balance at prices that clear, and rationing at prices that do not.

Where demand or supply is an interval, each agent gets a point the same fraction of the way from the lowest to
the highest, so that they balance; coupled amounts are assigned (`assignment.py`). What is then short or left
over only by rounding is trimmed off the long side. Otherwise the short side decides, and no agent spends what
it did not earn:

Symbols: p prices; e endowment, q commons; B purchases, S sales of endowments, Y netputs or outputs, (agents,
goods) each, so that consumption is e + B - S. Good by good the long side is cut in proportion:

    B_g -> B_g min(1, offered / wanted),    S_g, Y_g, q_g -> their share min(1, wanted / offered),

a technology being cut as a whole, by the good that it lacks most or sells least of. What was not sold brought
no income, so an agent that cannot pay for its purchases is cut too,

    B_i -> B_i min(1, (p.S_i + profits + share of the commons sold + budget) / p.B_i),

and then others sell less, and so on: amounts only fall, until all of this holds together. Under
`exchange` money has no other use. No agent can be left with unspent income unless another has spent more
than it earned, so an agent that is not served sells less as well. Owners keep what they do not sell.

Source: proportional rationing as in Benassy (1975), "Neo-Keynesian disequilibrium theory in a monetary
economy"; the passing on through incomes is our own derivation.

Agents of a part of an economy are settled by the same steps; sums over all agents are requested
(`reductions.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from market.economy.correspondences import Array, good_by_good, sum_over_agents
from market.economy.primitives import Answers, Economy, Money
from market.economy.reductions import Reduction, run_locally
from market.mechanisms.auction.assignment import assign, needs_assignment
from market.tolerances import STANDS_FOR_UNBOUNDED

BALANCED = 1e-8  # share of an offer: a smaller shortage or surplus is rounding, ten times a default tolerance
LARGEST_DEMAND = 1e12  # times all that is offered: stands for unbounded demand, of which shares are taken
UNMOVED = 1e-13  # share of a trade: a smaller change of it is rounding
VANISHED = 1e-9  # share of the trade that the short side first allows: what shrinks below it shrinks to 0
MOST_PASSES = 5000  # of lost income to others; if incomes do not balance after them, there is no trade


class Sides(NamedTuple):
    """Prices of buyers and sellers where they differ, as by a tax.

    Args:
        paid: (goods,), by a buyer for a unit.
        received: (agents, goods), by each seller for a unit.
    """

    paid: Array
    received: Array


def settle(economy: Economy, answers: Answers, p: Array, sides: Sides | None = None) -> tuple[Array, Array]:
    """Return consumption and production, (agents, goods) each: feasible, and balanced where possible.

    Args:
        economy: the primitives.
        answers: of all agents.
        p: (goods,), prices.
        sides: what buyers pay and sellers get, where that is not p.
    """
    if not (economy.technologies or needs_assignment(answers)):
        return run_locally(settling(economy, answers, p, sides))
    assigned = assign(economy, answers, p)
    x, y = assigned.consumption, assigned.production
    if not _nearly_balanced(economy.taken(x, y), economy.offered(y), p):
        return ration(economy, x, y, p, sides)
    if economy.technologies:
        return _trim_with_inputs(economy, x, y)
    return run_locally(_trimming(economy, x, y, sum_over_agents(x)))


def settling(
    economy: Economy, answers: Answers, p: Array, sides: Sides | None = None
) -> Reduction[tuple[Array, Array]]:
    """Settle a part of an economy without coupled amounts, requesting sums over all agents."""
    x, y = yield from _assigning(economy, answers)
    made = sum_over_agents(np.maximum(y, 0.0)) if economy.costs else np.zeros(len(p))
    eaten = answers.total_demand.lowest if x is answers.demand.lowest else sum_over_agents(x)
    eaten, owned, made = yield eaten, economy.owned, made
    if not _nearly_balanced(eaten, economy.commons + owned + made, p):
        return (yield from rationing(economy, x, y, p, sides))
    return (yield from _trimming(economy, x, y, eaten))


def _assigning(economy: Economy, answers: Answers) -> Reduction[tuple[Array, Array]]:
    """Choose from each agent's set so that demand and supply are as near as can be; always finite."""
    single = (
        answers.demand.single_valued
        and answers.supply.single_valued
        and not (economy.has_producers and np.isinf(answers.supply.lowest).any())
    )
    (several,) = yield (float(not single),)
    if not several:
        wanted, made = answers.demand.lowest, answers.supply.lowest
        return (
            wanted
            if wanted.max(initial=0.0) <= STANDS_FOR_UNBOUNDED
            else np.minimum(wanted, STANDS_FOR_UNBOUNDED)
        ), made
    certain = np.where(np.isfinite(answers.supply.lowest), answers.supply.lowest, 0.0).sum(axis=0)
    asked, owned, certain = yield answers.total_demand.lowest, economy.owned, certain
    resources = economy.commons + owned
    enough = np.minimum(asked + resources + certain, STANDS_FOR_UNBOUNDED)
    wanted = np.minimum(answers.demand.lowest, STANDS_FOR_UNBOUNDED)
    d_low, d_high = (np.minimum(amounts, np.maximum(enough, wanted)) for amounts in answers.demand.bounds)
    (most,) = yield (d_high.sum(axis=0),)
    enough = np.maximum(enough, np.minimum(most, STANDS_FOR_UNBOUNDED))
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
    """Return True if only rounding is short, or left over at a positive price; all (goods,)."""
    apart = np.where((p == 0) & (offered > wanted), 0.0, np.abs(wanted - offered))
    return bool((apart <= BALANCED * offered).all())


def _trimming(economy: Economy, x: Array, y: Array, eaten: Array) -> Reduction[tuple[Array, Array]]:
    """Scale the long side of each good down to the short side, from which it differs by rounding.

    Args:
        economy: the primitives, or a part of them.
        x: (agents, goods), consumption as demanded.
        y: (agents, goods), production as supplied.
        eaten: (goods,), consumption of all agents.
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
    """Return the shares of demand that is served and of supply that is taken, (goods,) each."""
    served = np.divide(offered, wanted, out=np.ones_like(wanted), where=wanted > offered)
    taken = np.divide(wanted, offered, out=np.ones_like(wanted), where=offered > wanted)
    return served, taken


def _trim_with_inputs(economy: Economy, x: Array, y: Array) -> tuple[Array, Array]:
    """Ration inputs in proportion, pass shortages on through the chain, then ration consumption.

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


def ration(economy: Economy, x: Array, y: Array, p: Array, sides: Sides | None = None) -> tuple[Array, Array]:
    """Return consumption and production that are feasible and paid for, (agents, goods) each.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption that agents demand; may be inf.
        y: (agents, goods), production that they supply, finite.
        p: (goods,), prices.
        sides: what buyers pay and sellers get, where that is not p.
    """
    return run_locally(rationing(economy, x, y, p, sides))


def rationing(
    economy: Economy, x: Array, y: Array, p: Array, sides: Sides | None = None
) -> Reduction[tuple[Array, Array]]:
    """Ration a part of an economy, requesting sums over all agents."""
    bought, sold = np.maximum(x - economy.endowment, 0.0), np.maximum(economy.endowment - x, 0.0)
    finite = np.where(np.isfinite(bought), bought, 0.0)
    for_sale, made, asked = yield sold.sum(axis=0), np.maximum(y, 0.0).sum(axis=0), finite.sum(axis=0)
    there = economy.commons + for_sale + made
    most = LARGEST_DEMAND * np.maximum(there, asked)
    bought, commons = np.minimum(bought, np.where(most > 0, most, LARGEST_DEMAND)), economy.commons
    moved = True
    for played in range(MOST_PASSES + 1):
        asked, used, for_sale, produced, anywhere = yield (
            bought.sum(axis=0),
            np.maximum(-y, 0.0).sum(axis=0),
            sold.sum(axis=0),
            np.maximum(y, 0.0).sum(axis=0),
            float(moved),
        )
        if not anywhere or played == MOST_PASSES:
            break
        before = bought, sold, y, commons
        wanted, offered = asked + used, commons + for_sale + produced
        bought, sold, y, commons = _short_side(economy, *before, wanted, offered)
        if played == 0:
            at_first = bought
        bought, sold = _within_income(economy, p, bought, sold, y, commons, sides)
        pairs = zip(before, (bought, sold, y, commons), strict=True)
        moved = not all((np.abs(old - new) <= UNMOVED * np.abs(old)).all() for old, new in pairs)
    if anywhere:
        at_first = np.full_like(bought, np.inf)  # so that nothing counts as traded
    (traded,) = yield (float((bought > VANISHED * at_first).any()),)
    if not traded:
        bought, sold, y = np.zeros_like(bought), np.zeros_like(sold), np.zeros_like(y)
    return economy.endowment + bought - sold, y


def _short_side(
    economy: Economy, bought: Array, sold: Array, y: Array, commons: Array, wanted: Array, offered: Array
) -> tuple[Array, Array, Array, Array]:
    """Cut the long side of each good; amounts of goods that balance stay exactly as they are."""
    served = np.divide(offered, wanted, out=np.ones_like(wanted), where=wanted > offered * (1.0 + UNMOVED))
    taken = np.divide(wanted, offered, out=np.ones_like(wanted), where=offered > wanted * (1.0 + UNMOVED))
    cut = np.where(y > 0, taken, np.where(y < 0, served, 1.0))
    whole = cut.min(axis=1, keepdims=True)
    made = y * np.where(economy.turns_goods_into_goods[:, None], whole, cut)
    return bought * served, sold * taken, made, commons * taken


def _within_income(
    economy: Economy,
    p: Array,
    bought: Array,
    sold: Array,
    y: Array,
    commons: Array,
    sides: Sides | None,
) -> tuple[Array, Array]:
    """Cut purchases that cannot be paid for; under `exchange` also sales for money that cannot be spent."""
    spent, earned = bought @ p, sold @ p
    if sides is not None:
        spent, earned = bought @ sides.paid, (sold * sides.received).sum(axis=1)
    other = _other_income(economy, p, y, commons, sides)
    income = earned + other
    beyond = (spent > income) & (spent > 0)  # losses by rounding are no spending
    affords = np.divide(np.maximum(income, 0.0), spent, out=np.ones_like(spent), where=beyond)
    bought = bought * affords[:, None]
    if economy.money is Money.EXCHANGE:
        needs = np.maximum(spent * affords - other, 0.0)
        idle = (earned > needs) & (earned > 0)
        share = np.divide(needs, earned, out=np.ones_like(earned), where=idle)
        sold = np.where(p > 0, sold * share[:, None], sold)
    return bought, sold


def _other_income(economy: Economy, p: Array, y: Array, commons: Array, sides: Sides | None = None) -> Array:
    """Return money to spend besides sales of the own endowment, (agents,); inf without a limit."""
    if economy.money is Money.EXCHANGE:
        return economy.dividends(y @ p) + economy.commons_share * float(commons @ p)
    if economy.money is Money.FISHER:
        return economy.budget
    limited, shared = np.isfinite(economy.budget), economy.lump_sums(float(commons @ p))
    made = y @ p if sides is None else (y * sides.received).sum(axis=1)
    return np.where(limited, economy.budget + shared + made - economy.cost(y), np.inf)
